package locate

// Signal is one receiver's mean strength within one step.
type Signal struct {
	Receiver int
	DBm      float64
}

// Lesson is what was heard of a tag while it was known to be in one room:
// one set of signals for each step.
type Lesson struct {
	// Room is the index of the room that was taught.
	Room int
	// Alive are the receivers that worked at the time: only they can tell
	// something by their silence. Nil means all.
	Alive []int
	Steps [][]Signal
}

// Signals fall into bins of binDB from lowestDBm up.
const (
	lowestDBm = -104
	binDB     = 2
	bins      = 37 // up to -30 dBm
)

func bin(dbm float64) int {
	return max(min(int((dbm-lowestDBm)/binDB), bins-1), 0)
}

// cell is what teaching knows of one receiver in one room.
type cell struct {
	steps     float64 // steps in which the receiver was alive
	heard     float64 // of those, steps in which it heard the tag
	histogram [bins]float64
}

// fingerprints are all cells, by receiver then room.
type fingerprints [][]cell

func learn(plan Plan, lessons []Lesson) fingerprints {
	prints := make(fingerprints, len(plan.Receivers))
	for g := range prints {
		prints[g] = make([]cell, len(plan.Rooms))
	}
	for _, lesson := range lessons {
		for _, g := range lesson.alive(len(plan.Receivers)) {
			prints[g][lesson.Room].steps += float64(len(lesson.Steps))
		}
		for _, step := range lesson.Steps {
			for _, signal := range step {
				c := &prints[signal.Receiver][lesson.Room]
				c.heard++
				c.histogram[bin(signal.DBm)]++
			}
		}
	}
	return prints
}

func (l Lesson) alive(receivers int) []int {
	if l.Alive != nil {
		return l.Alive
	}
	all := make([]int, receivers)
	for g := range all {
		all[g] = g
	}
	return all
}
