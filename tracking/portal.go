package tracking

import "wardwatch/tracking/locate"

// portal remembers the room-level reads of one asset, to tell a passage from a
// neighbouring antenna's cross-read. The rule is EdgeX's mobility profile: a
// read from another room counts when it is louder than the last room's by an
// allowance that shrinks with that room's silence: 6 dB for the first half
// second, nothing after 1.25 s, and less than nothing later. It takes two reads.
type portal struct {
	room  int16
	dbm   float32
	atMS  int64
	other int16 // the room that was read once since
	set   bool
}

const (
	portalAllowanceDB = 6.0
	portalHoldMS      = 500
	portalSlope       = 0.008 // dB a millisecond
	portalFreshMS     = 5_000 // after this silence a single read suffices
)

// admits says whether a read in room puts the asset there.
func (p *portal) admits(room int16, dbm float32, atMS int64) bool {
	silence := atMS - p.atMS
	switch {
	case !p.set, room == p.room, silence > portalFreshMS:
		*p = portal{room: room, dbm: dbm, atMS: atMS, other: locate.NoRoom, set: true}
		return true
	case silence < 0:
		return false
	}
	allowance := min(portalAllowanceDB, portalAllowanceDB-portalSlope*float64(silence-portalHoldMS))
	if float64(dbm) <= float64(p.dbm)+allowance {
		return false
	}
	if p.other != room {
		p.other = room
		return false
	}
	*p = portal{room: room, dbm: dbm, atMS: atMS, other: locate.NoRoom, set: true}
	return true
}
