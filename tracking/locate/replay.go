package locate

import "slices"

// Prediction is what the filter held of a tag at one time; Room is empty while unknown.
type Prediction struct {
	AtMS       int64
	Tag, Room  string
	Confidence float64
}

// receiverGoneMS is after how long a receiver that hears nobody counts as dead in
// a recording, where no heartbeat tells. Recordings hold few tags, so it is long.
const receiverGoneMS = 30 * 60_000

// Replay runs the model over observations in the order of time, as the server
// would have heard them, and emits a prediction at each settled step.
func Replay(m *Model, observations []Observation, emit func(Prediction)) {
	r := replay{filter: NewFilter(m), states: make(map[string]*State), last: make([]int64, len(m.plan.Receivers)), emit: emit}
	for _, o := range observations {
		r.take(o)
	}
	for _, tag := range r.open {
		r.settle(tag, r.states[tag])
	}
}

type replay struct {
	filter *Filter
	states map[string]*State
	open   []string // tags with an open step, in the order of its beginning
	last   []int64  // by receiver: when it last heard anybody
	sweep  int64
	emit   func(Prediction)
}

func (r *replay) take(o Observation) {
	receiver, known := r.filter.model.Receiver(o.Receiver)
	if !known {
		return
	}
	for len(r.open) > 0 {
		first := r.states[r.open[0]]
		if first.heard > 0 && !r.filter.Due(first, o.AtMS) {
			break
		}
		r.settle(r.open[0], first)
		r.open = r.open[1:]
	}
	fresh := r.last[receiver] == 0
	r.last[receiver] = o.AtMS
	if fresh || o.AtMS > r.sweep {
		r.sweep = o.AtMS + 60_000
		r.filter.Offline(r.dead(o.AtMS))
	}
	s := r.states[o.Tag]
	if s == nil {
		fresh := NewState()
		s = &fresh
		r.states[o.Tag] = s
	}
	if r.filter.Due(s, o.AtMS) { // its step was shorter than those before it
		r.settle(o.Tag, s)
		r.open = slices.DeleteFunc(r.open, func(tag string) bool { return tag == o.Tag })
	}
	if s.heard == 0 {
		r.open = append(r.open, o.Tag)
	}
	r.filter.Sight(s, receiver, o.DBm, o.AtMS)
}

func (r *replay) dead(atMS int64) []int {
	var dead []int
	for g, last := range r.last {
		if last == 0 || atMS-last > receiverGoneMS {
			dead = append(dead, g)
		}
	}
	return dead
}

func (r *replay) settle(tag string, s *State) {
	if s.heard == 0 {
		return
	}
	at := s.stepMS + r.filter.lasts(s)
	r.filter.Settle(s)
	a := s.Answer()
	if a.Room == NoRoom && a.SinceMS == 0 {
		return // nothing is held of it yet
	}
	r.emit(Prediction{AtMS: at, Tag: tag, Room: r.filter.model.RoomID(int(a.Room)), Confidence: float64(a.Confidence)})
}

// Teach turns observations whose truth is known into lessons, one a tag and
// room, and the moves seen among them into doors of rooms that have none.
func Teach(plan *Plan, observations []Observation, truth []Truth, stepMS int64) []Lesson {
	rooms := make(map[string]int)
	for i, room := range plan.Rooms {
		rooms[room.ID] = i
	}
	receivers := make(map[string]int)
	for i, receiver := range plan.Receivers {
		receivers[receiver.ID] = i
	}
	byTag := make(map[string][]Observation)
	for _, o := range observations {
		byTag[o.Tag] = append(byTag[o.Tag], o)
	}
	whole := make(map[string][]Truth)
	for _, t := range truth {
		whole[t.Tag] = append(whole[t.Tag], t)
	}
	learnDoors(plan, rooms, whole)
	var lessons []Lesson
	for _, tag := range sortedKeys(whole) {
		lessons = append(lessons, lessonsOf(byTag[tag], whole[tag], rooms, receivers, stepMS)...)
	}
	return lessons
}

// lessonsOf turns one tag's recording into a lesson for each visit to a room.
func lessonsOf(heard []Observation, truth []Truth, rooms, receivers map[string]int, stepMS int64) []Lesson {
	t := teacher{truth: truth, rooms: rooms, room: NoRoom}
	for _, o := range heard {
		receiver, ok := receivers[o.Receiver]
		if !ok {
			continue
		}
		if !slices.Contains(t.alive, receiver) {
			t.alive = append(t.alive, receiver)
		}
		if t.step == nil || o.AtMS >= t.began+stepMS {
			t.close()
			t.step, t.began = make(map[int][]float64), o.AtMS
		}
		t.step[receiver] = append(t.step[receiver], o.DBm)
	}
	t.close()
	for i := range t.lessons {
		t.lessons[i].Alive = t.alive
	}
	return t.lessons
}

// teacher gathers the steps of one recording into visits.
type teacher struct {
	truth   []Truth
	rooms   map[string]int
	alive   []int
	step    map[int][]float64
	began   int64
	room    int
	closed  int64 // when the last step with a known room began
	ear     State // follows how much the signals change
	lessons []Lesson
}

// visitMS is how long a pause may be within one visit, or between two.
const visitMS = 5_000

func (t *teacher) close() {
	if len(t.step) == 0 {
		return
	}
	signals := means(t.step)
	t.listen(signals)
	room, ok := t.rooms[roomAt(t.truth, t.began)]
	if !ok {
		return
	}
	follows := len(t.lessons) > 0 && t.began-t.closed <= visitMS
	if !follows || room != t.room {
		if follows {
			t.lessons[len(t.lessons)-1].Left = true
		}
		t.lessons = append(t.lessons, Lesson{Room: room, Entered: follows})
		t.room = room
	}
	last := &t.lessons[len(t.lessons)-1]
	last.Steps, last.Changes = append(last.Steps, signals), append(last.Changes, t.ear.change)
	last.Before = append(last.Before, t.ear.recollect())
	t.closed = t.began
}

// listen follows how much the signals change, as the filter does.
func (t *teacher) listen(signals []Signal) {
	for _, signal := range signals {
		t.ear.hear(signal.Receiver, signal.DBm)
	}
	tuning := DefaultTuning()
	t.ear.news(&tuning, t.began)
	t.ear.heard = 0
}

// Step is what was heard of a tag at one time.
type Step struct {
	AtMS    int64
	Signals []Signal
}

// Visit is the lesson of a whole visit to a room: lead is what was heard in the last
// seconds before the tag came in, steps what was heard until it left.
func Visit(room int, lead, steps []Step) Lesson {
	var t teacher
	for _, s := range lead {
		t.began = s.AtMS
		t.listen(s.Signals)
	}
	l := Lesson{Room: room}
	for _, s := range steps {
		t.began = s.AtMS
		t.listen(s.Signals)
		l.Steps, l.Changes, l.Before = append(l.Steps, s.Signals), append(l.Changes, t.ear.change), append(l.Before, t.ear.recollect())
	}
	return l
}

func means(step map[int][]float64) []Signal {
	var signals []Signal
	for _, receiver := range sortedKeys(step) {
		var sum float64
		for _, dbm := range step[receiver] {
			sum += dbm
		}
		signals = append(signals, Signal{Receiver: receiver, DBm: sum / float64(len(step[receiver]))})
	}
	return signals
}

// roomAt is the true room at a time; empty between the intervals.
func roomAt(truth []Truth, atMS int64) string {
	i, _ := slices.BinarySearchFunc(truth, atMS, func(t Truth, at int64) int {
		if t.ToMS < at {
			return -1
		}
		return 1
	})
	if i < len(truth) && truth[i].FromMS <= atMS {
		return truth[i].Room
	}
	return ""
}

// learnDoors takes a move between two rooms within doorMS as a door between them,
// in plans where nobody has told of any door.
func learnDoors(plan *Plan, rooms map[string]int, truth map[string][]Truth) {
	const doorMS = 20_000
	for _, room := range plan.Rooms {
		if len(room.Doors) > 0 {
			return
		}
	}
	plan.Rooms = slices.Clone(plan.Rooms)
	for _, tag := range sortedKeys(truth) {
		spans := truth[tag]
		for i := 1; i < len(spans); i++ {
			from, okFrom := rooms[spans[i-1].Room]
			to, okTo := rooms[spans[i].Room]
			if !okFrom || !okTo || from == to || spans[i].FromMS-spans[i-1].ToMS > doorMS {
				continue
			}
			plan.Rooms[from].Doors = addDoor(plan.Rooms[from].Doors, to)
			plan.Rooms[to].Doors = addDoor(plan.Rooms[to].Doors, from)
		}
	}
}

func addDoor(doors []int, to int) []int {
	if slices.Contains(doors, to) {
		return doors
	}
	return append(slices.Clone(doors), to)
}
