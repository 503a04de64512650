package locate

// Sizes of a tag's state. A house has ten thousands of them, and most tags are heard by a
// few receivers: so each has room for what it has, and all of it stays below 1 KiB.
const (
	MaxHeard      = 12     // receivers that count within one step; the loudest are kept
	MaxCandidates = 40     // spots that keep a weight between steps
	restsAfterMS  = 10_000 // a tag rests that has counted no movement for so long
	lateCounts    = 8      // so many movements back a count is of before, and has not run over
	freshDB       = 10     // the change that a receiver stands for which had not heard the tag
)

// Motion is what a tag's accelerometer says.
type Motion uint8

// A tag without an accelerometer says nothing.
const (
	MotionUnknown Motion = iota
	Resting
	Moving
)

// Reason says what decided an answer.
type Reason uint8

// Reasons, in the order of how far they are to be trusted.
const (
	NotYet    Reason = iota
	Radio            // the filter over signal strengths
	RoomRead         // a reader that covers one room: RFID portal, cabinet, infrared
	Confirmed        // a person said so
	Restored         // taken from storage after a restart
)

func (r Reason) String() string {
	return [...]string{"not yet", "radio", "room read", "confirmed", "restored"}[r]
}

// Answer is where a tag is held to be.
type Answer struct {
	// Room is an index of the model, or NoRoom: not yet, or outside the taught area.
	Room int16
	// Second is the next best guess, or NoRoom.
	Second           int16
	Confidence       float32 // 0 to 1
	SecondConfidence float32
	// AtMS is the receive time of the sighting that the answer rests on, SinceMS
	// when the tag came to this room; both epoch milliseconds.
	AtMS, SinceMS int64
	// Heard is how many receivers heard the tag in the last step.
	Heard uint8
	Why   Reason
}

type signalSum struct {
	receiver int16
	n        uint16
	sum      float32
}

// lately is how a receiver has heard a tag of late.
type lately struct {
	receiver int16
	dbm      float32
	memory   memory
}

// State is what the filter remembers of one tag. Its zero value is not usable:
// begin with NewState.
type State struct {
	answer Answer

	stepMS int64 // when the open step began
	lastMS int64 // when the last closed step began; 0 before the first
	holdMS int64 // radio does not move the tag before this time
	// movedMS is when the last step was closed in which the tag did not say that it rests.
	movedMS  int64
	open     [MaxHeard]signalSum
	spots    []weight // those of the last step that have any; MaxCandidates at most
	past     []lately // most recent first; MaxHeard at most
	secondMS int64    // when the newest second of their memories began

	unknown    float32 // chance of being where nobody taught
	heard      uint8   // filled part of open
	wins       uint8
	challenger int16
	motion     Motion
	counting   bool    // the tag counts its movements:
	movements  int32   // how many it had counted
	countedMS  int64   // and since when it is that many
	familiar   float32 // how well the likeliest spots explained the last steps, as a log-likelihood a receiver; 0 before the first
	change     float32 // how much the signals change from step to step, dB²
}

// NewState is a tag that nobody has heard yet.
func NewState() State {
	return State{answer: Answer{Room: NoRoom, Second: NoRoom}, challenger: NoRoom}
}

// Answer is where the tag is held to be.
func (s *State) Answer() Answer { return s.answer }

// Feel notes what the tag's accelerometer said.
func (s *State) Feel(m Motion) { s.motion = m }

// Count notes how often the tag has moved by its own count, which runs over. Once that
// has not changed for a while the tag rests; a count of a little before, that came by
// another gateway's way, says nothing.
func (s *State) Count(movements int32, atMS int64) {
	switch since := movements - s.movements; {
	case !s.counting:
		s.counting, s.movements, s.countedMS = true, movements, atMS
	case since < 0 && since > -lateCounts:
	case since != 0:
		s.movements, s.countedMS, s.motion = movements, atMS, Moving
	case atMS-s.countedMS >= restsAfterMS:
		s.motion = Resting
	}
}

// hear adds one signal to the open step; when too many receivers hear the tag,
// the faintest is forgotten.
func (s *State) hear(receiver int, dbm float64) {
	faintest, level := -1, float32(dbm)
	for i := range s.open[:s.heard] {
		sum := &s.open[i]
		if int(sum.receiver) == receiver {
			sum.n++
			sum.sum += float32(dbm)
			return
		}
		if mean := sum.sum / float32(sum.n); mean < level {
			faintest, level = i, mean
		}
	}
	fresh := signalSum{receiver: int16(receiver), n: 1, sum: float32(dbm)}
	switch {
	case s.heard < MaxHeard:
		s.open[s.heard] = fresh
		s.heard++
	case faintest >= 0:
		s.open[faintest] = fresh
	}
}

// news is how much of the open step is new, from 0 to 1. Signals that do not
// change come from a tag that stands still, and then each step repeats what the
// last one said: how the walls happen to reflect at that one place. Only a tag
// that moves is heard afresh in every step.
func (s *State) news(t *Tuning, atMS int64) float64 {
	if s.heard == 0 {
		return 0
	}
	var squares float32
	var past [MaxHeard]lately
	n, older := 0, (atMS-s.secondMS)/secondMS
	if older > 0 {
		s.secondMS = atMS
	}
	for i := range s.open[:s.heard] {
		now := lately{receiver: s.open[i].receiver, dbm: s.open[i].sum / float32(s.open[i].n)}
		off := float32(freshDB)
		if before := s.recall(now.receiver); before != nil {
			off = now.dbm - before.dbm
			now.dbm, now.memory = before.dbm+off/2, before.memory.age(older)
		}
		now.memory = now.memory.hear(now.dbm)
		squares += off * off
		past[n] = now
		n++
	}
	for _, before := range s.past {
		if n < MaxHeard && !s.hears(before.receiver) {
			past[n] = before
			past[n].memory = before.memory.age(older)
			n++
		}
	}
	s.past = append(s.past[:0], past[:n]...)
	s.change += (squares/float32(s.heard) - s.change) / 2
	return min(t.LeastNews+float64(s.change)/t.ChangeDB2, 1)
}

func (s *State) recall(receiver int16) *lately {
	for i := range s.past {
		if s.past[i].receiver == receiver {
			return &s.past[i]
		}
	}
	return nil
}

func (s *State) hears(receiver int16) bool {
	for i := range s.open[:s.heard] {
		if s.open[i].receiver == receiver {
			return true
		}
	}
	return false
}
