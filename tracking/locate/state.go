package locate

// Sizes of a tag's state; all of it stays below 1 KiB.
const (
	MaxHeard      = 12 // receivers that count within one step; the loudest are kept
	MaxCandidates = 40 // spots that keep a weight between steps
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

type weight struct {
	spot int16
	p    float32
}

type signalSum struct {
	receiver int16
	n        uint16
	sum      float32
}

// State is what the filter remembers of one tag. Its zero value is not usable:
// begin with NewState.
type State struct {
	answer Answer

	stepMS int64 // when the open step began
	lastMS int64 // when the last closed step began; 0 before the first
	holdMS int64 // radio does not move the tag before this time
	open   [MaxHeard]signalSum
	spots  [MaxCandidates]weight

	unknown    float32 // chance of being where nobody taught
	heard      uint8   // filled part of open
	weighed    uint8   // filled part of spots
	wins       uint8
	challenger int16
	motion     Motion
}

// NewState is a tag that nobody has heard yet.
func NewState() State {
	return State{answer: Answer{Room: NoRoom, Second: NoRoom}, challenger: NoRoom}
}

// Answer is where the tag is held to be.
func (s *State) Answer() Answer { return s.answer }

// Feel notes what the tag's accelerometer said.
func (s *State) Feel(m Motion) { s.motion = m }

// HeardAtMS is when the open step began, or the last closed one; 0 before any.
func (s *State) HeardAtMS() int64 {
	if s.heard > 0 {
		return s.stepMS
	}
	return s.lastMS
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
