package locate

import "slices"

// A filter is too sure of itself: readings a second apart are alike, and a tag
// that has just gone through a door is still held to be in the room before. The
// scale below turns what the filter thinks into how often it is right, so that
// of all answers given with 80 %, 80 % are right. It is learned from the lessons
// themselves, half of which are kept back in turn to try the model on.

// scale is how often answers of a certain confidence are right, at scalePoints
// evenly spaced confidences.
type scale [scalePoints]float32

const (
	scalePoints = 11
	// untaughtTrust is what is left of a confidence where nobody has taught: BLE
	// alone makes a room likely, not certain.
	untaughtTrust = 0.85
	// scalePrior is how many steps weigh as much as taking the filter at its word,
	// less a little.
	scalePrior = 20.0
	priorTrust = 0.95
	// leastSteps of lessons are needed to learn a scale.
	leastSteps = 120
	// familiarSteps is over how many steps it is followed how well the lessons explain
	// what is heard, and oddShare of the lessons kept back sound odder than Model.oddest.
	familiarSteps = 8
	oddShare      = 0.05
)

func plainScale(trust float32) scale {
	var s scale
	for i := range s {
		s[i] = trust * float32(i) / (scalePoints - 1)
	}
	return s
}

// at reads the scale between its points.
func (s *scale) at(p float64) float32 {
	x := min(max(p, 0), 1) * (scalePoints - 1)
	i := min(int(x), scalePoints-2)
	part := float32(x) - float32(i)
	return s[i]*(1-part) + s[i+1]*part
}

// honest is how often an answer that names a room, and of which the filter is so
// sure, is right. Where the tag is heard as hardly any lesson was (another kind of
// tag, a hand around it, a part of the room that nobody taught), what teaching
// proved holds no longer, and it is trusted no further than an untaught house.
func (m *Model) honest(room int16, p float64, familiar float32) float32 {
	trust := float32(1)
	if familiar < m.oddest {
		trust = untaughtTrust
	}
	if m.trust != nil && room != NoRoom {
		trust *= m.trust[room]
	}
	return m.scale.at(p) * trust
}

// know follows how well the likeliest spot explains what is heard.
func (s *State) know(best float64) {
	now := float32(best) / float32(s.heard)
	if s.familiar == 0 {
		s.familiar = now
	}
	s.familiar += (now - s.familiar) / familiarSteps
}

// Trial is how a room fared when a model of one half of the lessons was tried on
// the other half.
type Trial struct {
	Steps, Right int
	// With is the room that it was taken for most often, or NoRoom.
	With, WithSteps int
}

// Trial is how well the model knows a room; no steps where it was never tried.
func (m *Model) Trial(room int) Trial {
	t := Trial{With: NoRoom}
	for said, steps := range m.trials[room] {
		t.Steps += steps
		switch {
		case said == room:
			t.Right = steps
		case steps > t.WithSteps || steps == t.WithSteps && said < t.With:
			t.With, t.WithSteps = said, steps
		}
	}
	return t
}

// learnScale tries models of one half of the lessons on the other half: how often
// they are right, and how oddly a lesson may sound that was not taught.
func (m *Model) learnScale(plan Plan, tuning Tuning, lessons []Lesson) (scale, float32) {
	m.trials = make(map[int]map[int]int)
	steps := 0
	for _, lesson := range lessons {
		steps += len(lesson.Steps)
	}
	if steps < leastSteps {
		return plainScale(untaughtTrust), m.oddest
	}
	var right, all [scalePoints]float64
	var familiar []float32
	deal := inHalves(lessons)
	for i := range 2 {
		half := newModel(plan, tuning, deal.half(1-i))
		half.scale = plainScale(1)
		deal.try(half, i, func(s *State, room int) {
			p, said := float64(s.answer.Confidence), int(s.answer.Room)
			familiar = append(familiar, s.familiar)
			if m.trials[room] == nil {
				m.trials[room] = make(map[int]int)
			}
			m.trials[room][said]++
			at := min(int(p*(scalePoints-1)+0.5), scalePoints-1)
			all[at]++
			if room == said {
				right[at]++
			}
		})
	}
	if len(familiar) == 0 {
		return rising(right, all), m.oddest
	}
	slices.Sort(familiar)
	return rising(right, all), familiar[int(oddShare*float64(len(familiar)))]
}

// dealt are lessons in their order, each in one of two halves.
type dealt struct {
	lessons []Lesson
	halves  []int
}

func (d *dealt) deal(l Lesson, half int) {
	if len(l.Steps) > 0 {
		d.lessons, d.halves = append(d.lessons, l), append(d.halves, half)
	}
}

func (d dealt) half(of int) []Lesson {
	var lessons []Lesson
	for i, l := range d.lessons {
		if d.halves[i] == of {
			lessons = append(lessons, l)
		}
	}
	return lessons
}

// inHalves deals the lessons of each room out in turn; a room's only lesson is cut in two.
func inHalves(lessons []Lesson) dealt {
	perRoom := make(map[int]int)
	for _, lesson := range lessons {
		perRoom[lesson.Room]++
	}
	var d dealt
	turn := make(map[int]int)
	for _, lesson := range lessons {
		if perRoom[lesson.Room] > 1 {
			d.deal(lesson, turn[lesson.Room]%2)
			turn[lesson.Room]++
			continue
		}
		first, second := lesson, lesson
		middle := len(lesson.Steps) / 2
		first.Steps, second.Steps = lesson.Steps[:middle], lesson.Steps[middle:]
		if lesson.Changes != nil {
			first.Changes, second.Changes = lesson.Changes[:middle], lesson.Changes[middle:]
			first.Before, second.Before = lesson.Before[:middle], lesson.Before[middle:]
		}
		first.Left, second.Entered = false, second.Entered && middle == 0
		d.deal(first, 0)
		d.deal(second, 1)
	}
	return d
}

// comingSteps of the room before are lived through ahead of a visit that is tried: a tag
// comes through a door, and what was heard before it lingers.
const comingSteps = 60

// try lets a tag live through the lessons of one half, one after the other.
func (d dealt) try(m *Model, half int, tell func(s *State, room int)) {
	f, s := NewFilter(m), NewState()
	at := int64(1)
	for i, lesson := range d.lessons {
		steps := lesson.Steps
		told := d.halves[i] == half
		if !told {
			if i+1 == len(d.lessons) || d.halves[i+1] != half || !d.lessons[i+1].Entered {
				continue
			}
			steps = steps[max(len(steps)-comingSteps, 0):]
		}
		f.Offline(missing(lesson.Alive, len(m.plan.Receivers)))
		for _, step := range steps {
			at += m.tuning.StepMS
			for _, signal := range step {
				f.Sight(&s, signal.Receiver, signal.DBm, at)
			}
			f.Settle(&s)
			if told && s.answer.Room != NoRoom {
				tell(&s, lesson.Room)
			}
		}
	}
}

func missing(alive []int, receivers int) []int {
	if alive == nil {
		return nil
	}
	var dead []int
	for g := range receivers {
		if !slices.Contains(alive, g) {
			dead = append(dead, g)
		}
	}
	return dead
}

// rising turns counts into a scale that never falls as confidence grows: where
// it would, neighbours are taken together.
func rising(right, all [scalePoints]float64) scale {
	type pool struct {
		right, all float64
		points     int
	}
	var pools []pool
	for i := range right {
		word := priorTrust * float64(i) / (scalePoints - 1)
		pools = append(pools, pool{right: right[i] + scalePrior*word, all: all[i] + scalePrior, points: 1})
		for n := len(pools); n > 1 && pools[n-1].right/pools[n-1].all < pools[n-2].right/pools[n-2].all; n-- {
			pools[n-2].right += pools[n-1].right
			pools[n-2].all += pools[n-1].all
			pools[n-2].points += pools[n-1].points
			pools = pools[:n-1]
		}
	}
	var s scale
	at := 0
	for _, p := range pools {
		for range p.points {
			s[at] = float32(p.right / p.all)
			at++
		}
	}
	return s
}
