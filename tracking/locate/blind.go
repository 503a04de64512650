package locate

import "math"

// In a house that nobody drew nor taught, but where each room has a receiver of its own,
// who hears a tag loudest mostly hangs in its room, and nothing better is known. It is
// asked of the last seconds as a whole: added up step by step, what the walls get wrong
// would only be got wrong more surely, and a tag that goes would be shown late.

const (
	blindSeconds = 3    // over which strengths are averaged
	blindPerDB   = 0.5  // by how much likelier a room is for each dB it hears the tag louder, as a logarithm
	blindMargin  = 1.65 // by how much likelier the next room must be: a decibel louder
	silence      = -1000
)

// lately is the mean strength over the newest seconds in which the tag was heard.
func (m memory) lately(newest int) (dbm float32, heard bool) {
	mean, _ := (m & memory(1<<(8*newest)-1)).sum()
	return mean, mean != 0
}

// askTheLoudest weighs each room by the loudest of its receivers over the last seconds.
func (f *Filter) askTheLoudest(s *State) {
	m := f.model
	for i := range f.rooms {
		f.rooms[i].loud = silence
	}
	loudest := float32(silence)
	for _, l := range s.past {
		dbm, heard := l.memory.lately(blindSeconds)
		if !heard {
			continue
		}
		room := m.plan.Receivers[l.receiver].Room
		if room == NoRoom || f.byRoom[room] < 0 {
			continue
		}
		loudest = max(loudest, dbm)
		r := &f.rooms[f.byRoom[room]]
		r.loud = max(r.loud, dbm)
	}
	if loudest == silence { // only receivers that hang nobody knows where
		copy(f.after, f.prior[:len(f.spots)])
		return
	}
	var total float64
	for i := range f.rooms {
		r := &f.rooms[i]
		r.loud = max(r.loud, loudest-muchFainterDB)
		r.mass, r.best = math.Exp(blindPerDB*float64(r.loud-loudest)), float64(r.loud)
		total += r.mass
	}
	for i := range f.rooms {
		f.rooms[i].mass /= total
	}
	for i, spot := range f.spots {
		r := &f.rooms[f.byRoom[m.roomOf[spot]]]
		f.after[i] = r.mass / r.spots
	}
	s.unknown = 0
}
