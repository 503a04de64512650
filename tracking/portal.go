package tracking

import (
	"math"

	"wardwatch/tracking/locate"
)

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

// passage is what the antennas on both sides of a doorway read of one asset, from
// the first read until they have been silent for a while. Both antennas read it on
// its way, often at once; where each read it on the whole, weighed by loudness, says
// in which direction it went.
type passage struct {
	sides   [2]side
	firstMS int64 // by the reader's clock
	begunMS int64 // by ours, as
	lastMS  int64
	open    bool
}

// doorwork is what doorways and portals know of one asset.
type doorwork struct {
	portal  portal
	passage passage
}

// side is what the antennas on one side read.
type side struct {
	room       int16
	weight, at float64 // at is the weighed sum of milliseconds since the first read
}

const (
	passageGapMS     = 1_500  // after this silence the passage is over
	longestPassageMS = 10_000 // what stands in the doorway is asked again and again
	directionMS      = 150    // by less than this the two sides read it at once
	passageHalfDB    = 6.0    // a read this much louder weighs twice as much
)

// read notes one read; false when the passage had begun already.
func (p *passage) read(h *heard) bool {
	begins := !p.open
	if begins {
		*p = passage{open: true, firstMS: h.readMS, begunMS: h.atMS, sides: [2]side{{room: h.certain}, {room: locate.NoRoom}}}
	}
	p.lastMS = max(p.lastMS, h.atMS)
	for i := range p.sides {
		s := &p.sides[i]
		if s.room == locate.NoRoom {
			s.room = h.certain
		}
		if s.room == h.certain {
			weight := math.Exp2(float64(h.dbm+60) / passageHalfDB)
			s.weight += weight
			s.at += weight * float64(h.readMS-p.firstMS)
			break
		}
	}
	return begins
}

func (p *passage) over(atMS int64) bool {
	return atMS-p.lastMS >= passageGapMS || p.lastMS-p.begunMS >= longestPassageMS
}

// to is the room on the side that read it later; locate.NoRoom when both read it at
// once: it stood in the doorway.
func (p *passage) to() int16 {
	a, b := p.sides[0], p.sides[1]
	if b.room == locate.NoRoom {
		return a.room
	}
	switch later := b.at/b.weight - a.at/a.weight; {
	case later >= directionMS:
		return b.room
	case later <= -directionMS:
		return a.room
	}
	return locate.NoRoom
}

// beside says whether the room is on either side.
func (p *passage) beside(room int16) bool {
	return room != locate.NoRoom && (p.sides[0].room == room || p.sides[1].room == room)
}
