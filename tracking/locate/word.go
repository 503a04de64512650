package locate

import (
	"math"
	"slices"
)

// People teach in passing: who confirms where an asset is, or does not find it
// where it was said to be, says what the room sounds like, or what it does not,
// and whether the answer was right.

const (
	// verdictPrior is how many right answers weigh as much as what the scale says.
	verdictPrior = 4.0
	// alikeDB is how near a step must sound, as a root mean square over receivers,
	// to what was heard elsewhere, for the room to be told by it no longer.
	alikeDB = 6.0
)

// Words counts what people said of answers that named a room.
type Words struct{ Right, Wrong int }

// Words is what people said of the answers that named a room.
func (m *Model) Words(room int) Words {
	if m.words == nil {
		return Words{}
	}
	return m.words[room]
}

// hearWords counts the verdicts by room, and so how far each room's confidence is to be believed.
func (m *Model) hearWords(lessons []Lesson) {
	m.words, m.trust = make([]Words, len(m.plan.Rooms)), make([]float32, len(m.plan.Rooms))
	for _, l := range lessons {
		switch {
		case !l.Verdict.Given:
		case l.Verdict.Right:
			m.words[l.Verdict.Room].Right++
		default:
			m.words[l.Verdict.Room].Wrong++
		}
	}
	for room, w := range m.words {
		m.trust[room] = float32((float64(w.Right) + verdictPrior) / (float64(w.Right+w.Wrong) + verdictPrior))
	}
}

// sound are the lessons that say how a room sounds: without those that say how it
// does not, and without the steps that these contradict.
func sound(lessons []Lesson) []Lesson {
	var kept []Lesson
	for _, l := range lessons {
		if !l.NotThere && len(l.Steps) > 0 {
			kept = append(kept, l)
		}
	}
	for _, l := range lessons {
		if l.NotThere {
			for _, step := range l.Steps {
				forget(kept, l.Room, step)
			}
		}
	}
	return slices.DeleteFunc(kept, func(l Lesson) bool { return len(l.Steps) == 0 })
}

// forget takes the step out of a room's lessons that sounds most like one that was
// heard elsewhere, if any sounds like it at all.
func forget(lessons []Lesson, room int, elsewhere []Signal) {
	from, at, least := -1, -1, alikeDB
	for i, l := range lessons {
		if l.Room != room {
			continue
		}
		for j, step := range l.Steps {
			if off := apartDB(step, elsewhere); off < least {
				from, at, least = i, j, off
			}
		}
	}
	if from >= 0 {
		l := &lessons[from]
		l.Steps = slices.Concat(l.Steps[:at], l.Steps[at+1:])
		if l.Changes != nil {
			l.Changes, l.Before = slices.Concat(l.Changes[:at], l.Changes[at+1:]), slices.Concat(l.Before[:at], l.Before[at+1:])
		}
	}
}

// apartDB is how differently two steps sound: the root mean square over the
// receivers that heard either.
func apartDB(a, b []Signal) float64 {
	var squares, n float64
	for _, s := range a {
		off := s.DBm - heardAs(b, s.Receiver)
		squares, n = squares+off*off, n+1
	}
	for _, s := range b {
		if heardAs(a, s.Receiver) == unheardDBm {
			off := s.DBm - unheardDBm
			squares, n = squares+off*off, n+1
		}
	}
	return math.Sqrt(squares / max(n, 1))
}

func heardAs(step []Signal, receiver int) float64 {
	for _, s := range step {
		if s.Receiver == receiver {
			return s.DBm
		}
	}
	return unheardDBm
}
