package locate

// Signal is one receiver's mean strength within one step.
type Signal struct {
	Receiver int
	DBm      float64
}

// Lesson is what was heard of a tag while it was known to be in one room:
// one set of signals for each step, in the order of time.
type Lesson struct {
	// Room is the index of the room that was taught.
	Room int
	// Alive are the receivers that worked at the time: only they can tell
	// something by their silence. Nil means all.
	Alive []int
	Steps [][]Signal
	// NotThere says that the tag was not in the room: a person looked.
	NotThere bool
	// Verdict is what the lesson says of an earlier answer.
	Verdict Verdict
	// Entered and Left say that the lesson is a whole visit: the tag came through a
	// door before its first step, or went through one after its last.
	Entered, Left bool
	// Changes is by how much the signals of each step had changed of late, in dB²;
	// nil unless the lesson is a whole visit.
	Changes []float32
	// Before is what receivers remembered at each step; nil with Changes.
	Before [][]Recollection
}

// Verdict is a person's word on what the filter had answered.
type Verdict struct {
	Given bool
	Room  int // the answer, of which she spoke
	Right bool
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

// cell is what teaching knows of one receiver at one spot.
type cell struct {
	steps     float64 // steps in which the receiver was alive
	heard     float64 // of those, steps in which it heard the tag
	histogram [bins]float64
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
