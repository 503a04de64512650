// Package locate decides which room a tag is in.
//
// It is one Bayes filter per tag over rooms. Within a step of a second the
// signals of each receiver are averaged; closing the step first lets the
// weights leak through the doors (a tag mostly stays where it is), then
// multiplies each room by how likely it is to be heard as the tag was heard,
// silence of a working receiver included. The room with the most weight stands;
// another takes over only by a margin, in several steps running, and only steps
// whose own evidence favours it count: a single loud sighting never moves an
// asset, for metal doors reflect. A room-level read or a person's word moves it
// at once and holds against radio for half a minute.
//
// The package is pure: state and sightings in, state and events out. Times are
// arguments, nothing is stored, and nothing is allocated per sighting.
package locate

import "math"

// Event is a change of the answer.
type Event struct {
	From, To int // rooms; NoRoom on first arrival or when the tag leaves the taught area
	Answer   Answer
}

// Filter works a model. It holds scratch space, so each goroutine has its own.
type Filter struct {
	model *Model
	quiet []float32 // by room: no working receiver hears the tag

	slot   []int8    // by room: its place among candidates, or -1
	room   []int16   // the candidates
	prior  []float64 // their weights, before and after the step
	after  []float64
	proof  []float64 // log-likelihood of the step alone
	level  []float64 // by storey: leaving mass, then number of candidates
	levels []float64
	storey []int // by room: dense index of its level
}

const maxWork = MaxCandidates + MaxHeard*nearRooms

// Evidence below these weights is not worth the arithmetic.
const (
	faint      = 1e-5
	unknownLog = -5.9 // log-likelihood of a signal in an unknown place: any strength, seldom
)

// NewFilter prepares to work a model.
func NewFilter(m *Model) *Filter {
	f := &Filter{model: m, quiet: make([]float32, len(m.quiet)), slot: make([]int8, len(m.plan.Rooms)),
		room: make([]int16, 0, maxWork), prior: make([]float64, maxWork), after: make([]float64, maxWork),
		proof: make([]float64, maxWork), storey: make([]int, len(m.plan.Rooms))}
	for r := range f.slot {
		f.slot[r] = -1
	}
	dense := make(map[int]int)
	for r, room := range m.plan.Rooms {
		if _, ok := dense[room.Level]; !ok {
			dense[room.Level] = len(dense)
		}
		f.storey[r] = dense[room.Level]
	}
	f.level, f.levels = make([]float64, len(dense)), make([]float64, len(dense))
	f.Offline(nil)
	return f
}

// Model is the model that the filter works.
func (f *Filter) Model() *Model { return f.model }

// Offline names the receivers that do not work now: their silence says nothing.
func (f *Filter) Offline(receivers []int) {
	copy(f.quiet, f.model.quiet)
	rooms := len(f.quiet)
	for _, g := range receivers {
		for r := range rooms {
			f.quiet[r] -= f.model.silent[g*rooms+r]
		}
	}
}

// Sight takes one signal of one receiver. Sightings of a tag come in the order
// of their receive time; one that is older than the last closed step is left
// out, for late data never moves a tag back. The event tells of the step that
// this sighting closed, if that changed the answer.
func (f *Filter) Sight(s *State, receiver int, dbm float64, atMS int64) (Event, bool) {
	var event Event
	var changed bool
	if s.heard > 0 && atMS >= s.stepMS+f.model.tuning.StepMS {
		event, changed = f.Settle(s)
	}
	if atMS < s.lastMS {
		return event, changed
	}
	if s.heard == 0 {
		s.stepMS = atMS
	}
	s.hear(receiver, dbm)
	return event, changed
}

// Due says whether the open step has lasted long enough to be settled at this time.
func (f *Filter) Due(s *State, atMS int64) bool {
	return s.heard > 0 && atMS >= s.stepMS+f.model.tuning.StepMS
}

// Place puts a tag into a room at once, on the word of a room-level reader or of
// a person, and holds it there against radio for a while.
func (f *Filter) Place(s *State, room int, why Reason, atMS int64) (Event, bool) {
	if atMS < s.lastMS && why == RoomRead {
		return Event{}, false
	}
	from := s.answer.Room
	since := s.answer.SinceMS
	if int(from) != room {
		since = atMS
	}
	s.rooms[0], s.weighed, s.unknown = weight{room: int16(room), p: 1}, 1, 0
	s.heard, s.stepMS, s.lastMS = 0, 0, atMS
	s.challenger, s.wins = NoRoom, 0
	s.holdMS = atMS + f.model.tuning.HoldMS
	s.answer = Answer{Room: int16(room), Second: NoRoom, Confidence: 0.99, AtMS: atMS, SinceMS: since, Heard: 1, Why: why}
	return Event{From: int(from), To: room, Answer: s.answer}, int(from) != room
}

// Doubt takes the standing room away from a tag, on the word of a person who
// looked and did not find it; radio decides anew.
func (f *Filter) Doubt(s *State, atMS int64) {
	stood := s.answer.Room
	for i := range s.rooms[:s.weighed] {
		if s.rooms[i].room == stood {
			s.rooms[i].p *= 0.05
		}
	}
	s.answer = Answer{Room: NoRoom, Second: stood, SecondConfidence: 0.05, AtMS: s.answer.AtMS, SinceMS: atMS}
	s.challenger, s.wins, s.holdMS = NoRoom, 0, 0
}

// Settle closes the open step and weighs it; false when the answer's room stays.
func (f *Filter) Settle(s *State) (Event, bool) {
	if s.heard == 0 {
		return Event{}, false
	}
	atMS := s.stepMS
	held := atMS < s.holdMS
	if !held {
		f.gather(s)
		f.leak(s, atMS)
		f.weigh(s)
		f.keep(s)
	}
	heard := s.heard
	s.heard, s.lastMS = 0, atMS
	if held {
		s.answer.AtMS, s.answer.Heard = atMS, heard
		f.clear()
		return Event{}, false
	}
	event, changed := f.decide(s, atMS, heard)
	f.clear()
	return event, changed
}

// gather lists the rooms worth weighing: those that had weight, and those near
// any receiver that heard the tag.
func (f *Filter) gather(s *State) {
	for _, w := range s.rooms[:s.weighed] {
		f.candidate(w.room, float64(w.p))
	}
	for _, sum := range s.open[:s.heard] {
		for _, room := range f.model.near[sum.receiver] {
			f.candidate(room, 0)
		}
	}
}

func (f *Filter) candidate(room int16, p float64) {
	if f.slot[room] >= 0 {
		return
	}
	f.slot[room] = int8(len(f.room))
	f.prior[len(f.room)] = p
	f.room = append(f.room, room)
}

func (f *Filter) clear() {
	for _, room := range f.room {
		f.slot[room] = -1
	}
	f.room = f.room[:0]
}

// leak moves the weights on by the time since the last step: most stays, most of
// the rest goes through doors, a little anywhere near, seldom to another storey.
func (f *Filter) leak(s *State, atMS int64) {
	n := len(f.room)
	if s.lastMS == 0 || s.weighed == 0 {
		for i := range n {
			f.after[i] = 1 / float64(n)
		}
		return
	}
	leave, lost := f.leaving(s, atMS)
	through := f.model.tuning.ThroughDoors
	clear(f.level)
	clear(f.levels)
	for i, room := range f.room {
		f.levels[f.storey[room]]++
		f.after[i] = f.prior[i]
	}
	var anywhere float64
	for i, room := range f.room {
		p := f.prior[i]
		if p < faint {
			continue
		}
		out := p * leave
		f.after[i] -= out
		if doors := f.model.doors[room]; len(doors) > 0 {
			each := out * through / float64(len(doors))
			for _, door := range doors {
				if j := f.slot[door]; j >= 0 {
					f.after[j] += each
				} else {
					f.after[i] += each
				}
			}
			out *= 1 - through
		}
		f.level[f.storey[room]] += out
		anywhere += out
	}
	across := f.model.tuning.AcrossFloors
	found := float64(s.unknown) * lost * 10
	anywhere = anywhere*across + found
	for i, room := range f.room {
		level := f.storey[room]
		f.after[i] += (1-across)*f.level[level]/f.levels[level] + anywhere/float64(n)
	}
	s.unknown = s.unknown*float32(1-lost*10) + float32(lost)
}

// leaving are the chances of leaving the room, and of being lost, since the last step.
func (f *Filter) leaving(s *State, atMS int64) (leave, lost float64) {
	t := &f.model.tuning
	seconds := min(max(float64(atMS-s.lastMS)/1000, 0.1), 60)
	rate := t.LeavePerSecond
	switch {
	case s.motion == Moving:
		rate *= t.Moving
	case s.motion == Resting:
		rate *= t.Resting
	case s.answer.Room != NoRoom && atMS-s.answer.SinceMS > t.SettledAfterMS:
		rate *= t.Settled
	}
	return min(rate*seconds, 0.4), min(t.Lost*seconds, 0.05)
}

// weigh multiplies each candidate by how well it explains what was heard.
func (f *Filter) weigh(s *State) {
	m := f.model
	rooms := len(m.plan.Rooms)
	best := math.Inf(-1)
	for i, room := range f.room {
		f.proof[i] = float64(f.quiet[room])
	}
	for _, sum := range s.open[:s.heard] {
		row := int(sum.receiver) * rooms * bins
		b := bin(float64(sum.sum) / float64(sum.n))
		for i, room := range f.room {
			f.proof[i] += float64(m.signal[row+int(room)*bins+b])
		}
	}
	for i := range f.room {
		best = max(best, f.proof[i])
	}
	var total float64
	for i := range f.room {
		f.after[i] *= math.Exp(m.tuning.Temper * (f.proof[i] - best))
		total += f.after[i]
	}
	if m.anyTaught {
		nowhere := float64(s.heard) * unknownLog
		p := float64(s.unknown) * math.Exp(min(m.tuning.Temper*(nowhere-best), 50))
		total += p
		s.unknown = float32(p / total)
	} else {
		s.unknown = 0
	}
	for i := range f.room {
		f.after[i] /= total
	}
}

// keep stores the heaviest candidates back into the tag's state.
func (f *Filter) keep(s *State) {
	s.weighed = 0
	lightest := 0
	for i, room := range f.room {
		p := float32(f.after[i])
		if p < faint {
			continue
		}
		if s.weighed < MaxCandidates {
			s.rooms[s.weighed] = weight{room: room, p: p}
			s.weighed++
		} else if p > s.rooms[lightest].p {
			s.rooms[lightest] = weight{room: room, p: p}
		} else {
			continue
		}
		if s.weighed == MaxCandidates {
			lightest = s.lightest()
		}
	}
}

func (s *State) lightest() int {
	least := 0
	for i := range s.rooms[:s.weighed] {
		if s.rooms[i].p < s.rooms[least].p {
			least = i
		}
	}
	return least
}

// decide lets a challenger take over when it has earned it.
func (f *Filter) decide(s *State, atMS int64, heard uint8) (Event, bool) {
	top, second := s.leaders()
	stood := s.answer.Room
	won := top != NoRoom && top != stood && f.beats(s, top, stood)
	lost := s.unknown > 0.5 && stood != NoRoom
	switch {
	case lost:
		top, won = NoRoom, true
	case !won:
		s.challenger, s.wins = NoRoom, 0
	}
	if won {
		if s.wins == 0 || s.challenger != top {
			s.challenger, s.wins = top, 0
		}
		s.wins++
		won = int(s.wins) >= f.needed(stood, top)
	}
	if !won {
		f.stand(s, top, second, atMS, heard)
		return Event{}, false
	}
	s.challenger, s.wins = NoRoom, 0
	s.answer.Room, s.answer.SinceMS, s.answer.Why = top, atMS, Radio
	f.stand(s, top, second, atMS, heard)
	return Event{From: int(stood), To: int(top), Answer: s.answer}, true
}

// stand brings confidence and second guess of the standing room up to date.
func (f *Filter) stand(s *State, top, second int16, atMS int64, heard uint8) {
	a := &s.answer
	a.AtMS, a.Heard = atMS, heard
	if top == a.Room {
		top = second
	}
	a.Second = top
	a.Confidence, a.SecondConfidence = float32(s.chance(a.Room)), float32(s.chance(top))
	if a.Room == NoRoom {
		a.Confidence = s.unknown
	}
	if a.Why == Restored || a.Why == RoomRead || a.Why == Confirmed {
		a.Why = Radio
	}
}

// leaders are the two likeliest rooms.
func (s *State) leaders() (top, second int16) {
	top, second = NoRoom, NoRoom
	var p, q float32
	for _, w := range s.rooms[:s.weighed] {
		switch {
		case w.p > p:
			second, q = top, p
			top, p = w.room, w.p
		case w.p > q:
			second, q = w.room, w.p
		}
	}
	return top, second
}

func (s *State) chance(room int16) float64 {
	for _, w := range s.rooms[:s.weighed] {
		if w.room == room {
			return float64(w.p)
		}
	}
	return 0
}

// beats says whether this step counts as a win of the challenger: it leads by the
// margin, and this step's own evidence is for it.
func (f *Filter) beats(s *State, challenger, stood int16) bool {
	if stood == NoRoom {
		return s.chance(challenger) > float64(s.unknown)
	}
	if s.chance(challenger) < f.model.tuning.Margin*s.chance(stood) {
		return false
	}
	i, j := f.slot[challenger], f.slot[stood]
	return i < 0 || j < 0 || f.proof[i] > f.proof[j]
}

func (f *Filter) needed(stood, challenger int16) int {
	if stood != NoRoom && challenger != NoRoom && f.storey[stood] != f.storey[challenger] {
		return f.model.tuning.WinsAcrossFloors
	}
	return f.model.tuning.Wins
}
