// Package locate decides which room a tag is in.
//
// It is one Bayes filter per tag. Each room is a few spots: parts that are heard
// in one way, found by teaching, or by the room's outline, or by where its
// receivers hang. Within a step of a third of a second the signals of each
// receiver are averaged; closing the step first lets the weights leak (a tag
// mostly stays where it is, and leaves through doors), then multiplies each spot
// by how likely it is to be heard as the tag was heard, the silence of a working
// receiver included. Steady signals are a tag that stands still: they count for
// little, whatever they say, and it hardly leaves; where visits were taught, it is
// more likely where tags rest than where they pass, and what the last eight seconds
// were like tells where it came from. The room with the most weight
// stands; another takes over only in steps whose own evidence favours it. What one
// step can say is bounded, so a single loud sighting never moves an asset: metal
// doors reflect. A room-level read or a person's word moves it at once and holds
// against radio for half a minute. Confidence is put right by trying the model on
// lessons kept back.
//
// A plan and lessons make a Model; a Filter works it on each tag's State. The
// package is pure: state and sightings in, state and events out. Times are
// arguments, nothing is stored, and nothing is allocated per sighting, but where a
// tag is heard in more places at once than before.
package locate

import (
	"math"
	"slices"
)

// Event is a change of the answer.
type Event struct {
	From, To int // rooms; NoRoom on first arrival or when the tag leaves the taught area
	Answer   Answer
}

// Filter works a model. It holds scratch space, so each goroutine has its own.
type Filter struct {
	model     *Model
	quiet     []float32 // by spot: no working receiver hears the tag
	forgotten []float32 // by spot: none remembers it
	fresh     float64   // how much of the step is new: see State.news

	slot        []int16   // by spot: its place among candidates, or -1
	spots       []int16   // the candidates
	prior       []float64 // their weights, before and after the step
	after       []float64
	proof       []float64 // log-likelihood of the step alone
	lean, stiff []float32
	far         []farther // see expects
	past        []float32 // what memories say
	byRoom      []int16   // by room: its place among the candidates' rooms, or -1
	rooms       []share   // the candidates' rooms
	storey      []int     // by room: dense index of its level
	levels      []level   // by storey
	spotsOf     [][]int16 // by room
}

// share is what the candidates of one room have together.
type share struct {
	room   int16
	spots  float64 // how many
	mass   float64 // before the step, then after it
	out    float64 // what leaves
	here   float64 // sum of the candidates' shares of those that come in
	coming float64 // through doors and from anywhere
	best   float64 // log-likelihood of the step at its best spot
	loud   float32 // dBm of the loudest of its own receivers in this step
}

// farther is what a receiver should hear of a spot on a far storey, once it was worked out.
type farther struct {
	pair uint32 // of receiver and spot, from 1; 0 for none
	gauss
}

// farBits is for how many such pairs there is room, as a power of two: 128 KiB.
const farBits = 13

// level is what the candidates of one storey have together.
type level struct{ rooms, leaving float64 }

const maxWork = MaxCandidates + MaxHeard*nearSpots

// severalReceivers that hear a tag at once are more than one loud sighting.
const severalReceivers = 3

// muchFainterDB is how much fainter than the loudest receiver a room's own are at the
// most: what is fainter still, or silent, says no more against it.
const muchFainterDB = 10

// faint is a weight that is not worth the arithmetic.
const faint = 1e-5

// NewFilter prepares to work a model.
func NewFilter(m *Model) *Filter {
	f := &Filter{model: m, quiet: make([]float32, len(m.quiet)), slot: make([]int16, len(m.roomOf)),
		spots: make([]int16, 0, maxWork), prior: make([]float64, maxWork), after: make([]float64, maxWork),
		proof: make([]float64, maxWork), lean: make([]float32, maxWork), past: make([]float32, maxWork), forgotten: make([]float32, len(m.forgotten)), stiff: make([]float32, maxWork), byRoom: make([]int16, len(m.plan.Rooms)), rooms: make([]share, 0, maxWork),
		storey: make([]int, len(m.plan.Rooms)), spotsOf: make([][]int16, len(m.plan.Rooms)), far: make([]farther, 1<<farBits)}
	for s, room := range m.roomOf {
		f.slot[s] = -1
		f.spotsOf[room] = append(f.spotsOf[room], int16(s))
	}
	dense := make(map[int]int)
	for r, room := range m.plan.Rooms {
		f.byRoom[r] = -1
		if _, ok := dense[room.Level]; !ok {
			dense[room.Level] = len(dense)
		}
		f.storey[r] = dense[room.Level]
	}
	f.levels = make([]level, len(dense))
	f.Offline(nil)
	return f
}

// Model is the model that the filter works.
func (f *Filter) Model() *Model { return f.model }

// Offline names the receivers that do not work now: their silence says nothing.
func (f *Filter) Offline(receivers []int) {
	copy(f.quiet, f.model.quiet)
	copy(f.forgotten, f.model.forgotten)
	spots := len(f.quiet)
	for _, g := range receivers {
		for s := range spots {
			f.quiet[s] -= f.model.notHearing(g, s)
		}
		for s := range f.forgotten {
			f.forgotten[s] -= f.model.unheard[g*spots+s]
		}
	}
}

// Restore is a tag whose last place is known from storage.
func (f *Filter) Restore(room int, confidence float64, atMS, sinceMS int64) State {
	s := NewState()
	if room == NoRoom {
		return s
	}
	s.answer = Answer{Room: int16(room), Second: NoRoom, Confidence: float32(confidence), AtMS: atMS, SinceMS: sinceMS, Why: Restored}
	s.lastMS = atMS
	f.fill(&s, room)
	return s
}

// fill puts all weight evenly on the spots of a room.
func (f *Filter) fill(s *State, room int) {
	spots := f.spotsOf[room]
	spots = spots[:min(len(spots), MaxCandidates)]
	s.spots, s.unknown = slices.Grow(s.spots[:0], len(spots)), 0
	for _, spot := range spots {
		s.spots = append(s.spots, weight{spot: spot, p: chanceOf(1 / float32(len(spots)))})
	}
}

// Sight takes one signal of one receiver. Sightings of a tag come in the order
// of their receive time; one that is older than the last closed step is left
// out, for late data never moves a tag back. The event tells of the step that
// this sighting closed, if that changed the answer.
func (f *Filter) Sight(s *State, receiver int, dbm float64, atMS int64) (Event, bool) {
	var event Event
	var changed bool
	if f.Due(s, atMS) {
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
	return s.heard > 0 && atMS >= s.stepMS+max(f.lasts(s), 1)
}

// lasts is how long the open step of a tag lasts: that of one heard for the first time
// but the moment, so that it is shown at once.
func (f *Filter) lasts(s *State) int64 {
	if s.lastMS == 0 {
		return 0
	}
	return f.model.tuning.StepMS
}

// Place puts a tag into a room at once, on the word of a room-level reader or of
// a person, and holds it there against radio for a while. A read that is older
// than what is known already is left out.
func (f *Filter) Place(s *State, room int, why Reason, atMS int64) (Event, bool) {
	if atMS < s.lastMS && why == RoomRead {
		return Event{}, false
	}
	from, since := s.answer.Room, s.answer.SinceMS
	if int(from) != room {
		since = atMS
	}
	f.fill(s, room)
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
	for i := range s.spots {
		if f.model.roomOf[s.spots[i].spot] == stood {
			s.spots[i].p = chanceOf(0.05 * s.spots[i].p.float())
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
	atMS, heard := s.stepMS, s.heard
	if atMS < s.holdMS {
		s.news(&f.model.tuning, atMS)
		s.heard, s.lastMS = 0, atMS
		s.answer.AtMS, s.answer.Heard = atMS, heard
		return Event{}, false
	}
	f.fresh = f.news(s, atMS)
	f.gather(s)
	f.leak(s, atMS)
	f.weigh(s)
	f.keep(s)
	pauseMS := atMS - s.lastMS
	s.heard, s.lastMS = 0, atMS
	event, changed := f.decide(s, atMS, pauseMS, heard)
	f.clear()
	return event, changed
}

// news is how much of the open step is new: as its signals tell, and as the tag's
// accelerometer does. What changes in the signal of a tag that has rested for a while
// is the people and the metal around it, not its place; one that moves is heard afresh.
func (f *Filter) news(s *State, atMS int64) float64 {
	t, fresh := &f.model.tuning, s.news(&f.model.tuning, atMS)
	if s.motion != Resting {
		s.movedMS = atMS
	}
	switch {
	case s.motion == Moving:
		return max(fresh, t.MovingNews)
	case s.motion == Resting && s.answer.Room != NoRoom && atMS-s.movedMS >= t.RestAfterMS:
		return fresh * t.RestingNews
	}
	return fresh
}

// gather lists the spots worth weighing: those that had weight, and those near
// any receiver that heard the tag.
func (f *Filter) gather(s *State) {
	for _, w := range s.spots {
		f.candidate(w.spot, float64(w.p.float()))
	}
	for i := range s.open[:s.heard] {
		for _, spot := range f.model.near[s.open[i].receiver] {
			f.candidate(spot, 0)
		}
	}
}

func (f *Filter) candidate(spot int16, p float64) {
	if f.slot[spot] >= 0 {
		return
	}
	f.slot[spot] = int16(len(f.spots))
	f.prior[len(f.spots)] = p
	f.spots = append(f.spots, spot)
	room := f.model.roomOf[spot]
	if f.byRoom[room] < 0 {
		f.byRoom[room] = int16(len(f.rooms))
		f.rooms = append(f.rooms, share{room: room})
	}
	r := &f.rooms[f.byRoom[room]]
	r.spots++
	r.mass += p
}

func (f *Filter) clear() {
	for _, spot := range f.spots {
		f.slot[spot] = -1
	}
	for i := range f.rooms {
		f.byRoom[f.rooms[i].room] = -1
	}
	f.spots, f.rooms = f.spots[:0], f.rooms[:0]
}

// leak moves the weights on by the time since the last step: most stays in its
// room, most of the rest goes through doors, a little anywhere near, seldom to
// another storey. Within a room a tag wanders freely.
func (f *Filter) leak(s *State, atMS int64) {
	if s.lastMS == 0 || len(s.spots) == 0 {
		for i, spot := range f.spots {
			f.after[i] = 1 / (float64(len(f.rooms)) * f.rooms[f.byRoom[f.model.roomOf[spot]]].spots)
		}
		return
	}
	pace, lost, wander := f.leaving(s, atMS)
	f.depart(pace)
	f.walk()
	t := &f.model.tuning
	var anywhere float64
	for i := range f.levels {
		anywhere += f.levels[i].leaving
	}
	anywhere = (anywhere*t.AcrossFloors + float64(s.unknown)*lost*10) / float64(len(f.rooms))
	s.unknown = s.unknown*float32(1-lost*10) + float32(lost)
	for i := range f.rooms {
		r := &f.rooms[i]
		l := &f.levels[f.storey[r.room]]
		r.coming += (1-t.AcrossFloors)*l.leaving/l.rooms + anywhere
	}
	for i, spot := range f.spots {
		r := &f.rooms[f.byRoom[f.model.roomOf[spot]]]
		f.after[i] = (1-wander)*f.after[i] + wander*(r.mass-r.out)/r.spots + r.coming*float64(f.model.enter[spot])/r.here
	}
}

// depart takes what leaves its room off each spot.
func (f *Filter) depart(pace float64) {
	for i, spot := range f.spots {
		r := &f.rooms[f.byRoom[f.model.roomOf[spot]]]
		x := float64(f.model.leave[spot]) * pace
		out := f.prior[i] * x / (1 + x)
		f.after[i] = f.prior[i] - out
		r.out += out
		r.here += float64(f.model.enter[spot])
	}
}

// walk sends what leaves each room through its doors, and the rest to its storey.
func (f *Filter) walk() {
	clear(f.levels)
	through := f.model.tuning.ThroughDoors
	for i := range f.rooms {
		r := &f.rooms[i]
		l := &f.levels[f.storey[r.room]]
		l.rooms++
		out := r.out
		if doors := f.model.doors[r.room]; len(doors) > 0 && out > 0 {
			each := out * through / float64(len(doors))
			for _, door := range doors {
				if j := f.byRoom[door]; j >= 0 {
					f.rooms[j].coming += each
				} else {
					r.coming += each // no receiver speaks for the room behind: it stays
				}
			}
			out *= 1 - through
		}
		l.leaving += out
	}
}

// leaving is for how many seconds' worth of leaving the tag was unheard, and the
// chances since then of being lost and of wandering to another part of the room.
func (f *Filter) leaving(s *State, atMS int64) (pace, lost, wander float64) {
	t := &f.model.tuning
	seconds := max(float64(atMS-s.lastMS)/1000, 0.1)
	pace, wandering := f.fresh*seconds, t.WanderPerSecond*seconds
	switch {
	case s.motion == Moving:
		pace *= t.Moving
	case s.motion == Resting:
		pace, wandering = pace*t.Resting, wandering*t.Resting
	case s.answer.Room != NoRoom && atMS-s.answer.SinceMS > t.SettledAfterMS:
		pace *= t.Settled
	}
	return pace, min(t.Lost*seconds, 0.05), wandering / (1 + wandering)
}

// expects is Model.expects. What had to be worked out is remembered until another pair takes
// its place: the same few tags ask for it again a second later.
func (f *Filter) expects(g, spot int) gauss {
	if e := f.model.tabled(g, spot); e != nil {
		return *e
	}
	pair := uint32(g*len(f.model.spots)+spot) + 1
	kept := &f.far[pair*2654435769>>(32-farBits)&uint32(len(f.far)-1)] // Knuth's multiplicative hash
	if kept.pair != pair {
		*kept = farther{pair, f.model.workOut(g, spot)}
	}
	return kept.gauss
}

// weigh multiplies each candidate by how well it explains what was heard.
func (f *Filter) weigh(s *State) {
	m := f.model
	if m.blind {
		f.askTheLoudest(s)
		return
	}
	for i, spot := range f.spots {
		f.proof[i] = float64(f.quiet[spot])
	}
	for j := range f.spots {
		f.lean[j], f.stiff[j] = 0, 0
	}
	for i := range s.open[:s.heard] {
		sum := &s.open[i]
		cells := m.cells[int(sum.receiver)*m.ofTaught:]
		dbm := sum.sum / float32(sum.n)
		b := int32(1 + bin(float64(dbm)))
		for j, spot := range f.spots {
			if !m.untaught[spot] {
				f.proof[j] += float64(m.tables[cells[m.column[spot]]+b])
				continue
			}
			g := f.expects(int(sum.receiver), int(spot))
			off := dbm - g.mean
			f.proof[j] += float64(g.norm - off*off*g.precision/2)
			f.lean[j] += off * g.precision
			f.stiff[j] += g.precision
		}
	}
	// A tag's own power is not known: what is off by the same amount at every
	// receiver says nothing of the place, so it is integrated out.
	for j, spot := range f.spots {
		if m.untaught[spot] {
			f.proof[j] += float64(f.lean[j] * f.lean[j] / (f.stiff[j] + 1/(tagVagueDB*tagVagueDB)) / 2)
		}
	}
	if m.anyUndrawn {
		f.ask(s)
	}
	best, temper, guessed := math.Inf(-1), f.fresh, false
	for i, spot := range f.spots {
		if f.proof[i] > best {
			best, guessed = f.proof[i], m.untaught[spot]
		}
	}
	if guessed {
		temper *= m.tuning.TemperUntaught
	}
	if !guessed {
		s.know(best)
	}
	if !guessed && s.familiar < m.oddest {
		temper *= m.tuning.OddNews
	}
	if m.recalls != nil {
		f.recall(s)
	}
	total, calm, calmness := f.unknown(s, best, guessed), calmClass(s.change), m.tuning.Calmness
	for i, spot := range f.spots {
		said, rests := temper*(f.proof[i]-best), calmness*float64(m.calm[spot][calm])
		if m.recalls != nil {
			said += m.tuning.Memory * f.fresh * float64(f.past[i])
		}
		f.after[i] *= math.Exp(max(said, -m.tuning.MostEvidence) + rests)
		f.proof[i] = said + rests
		total += f.after[i]
	}
	s.unknown /= float32(total)
	for i := range f.rooms {
		f.rooms[i].mass, f.rooms[i].best = 0, math.Inf(-1)
	}
	for i, spot := range f.spots {
		f.after[i] /= total
		r := &f.rooms[f.byRoom[m.roomOf[spot]]]
		r.mass += f.after[i]
		r.best = max(r.best, f.proof[i])
	}
}

// ask lets rooms that nobody drew speak by the loudest of their own receivers: how far
// away their walls are is not known, and who hears a tag loudest mostly hangs in its room.
func (f *Filter) ask(s *State) {
	m, loudest := f.model, float32(math.Inf(-1))
	for i := range s.open[:s.heard] {
		loudest = max(loudest, s.open[i].sum/float32(s.open[i].n))
	}
	for i := range f.rooms {
		f.rooms[i].loud = loudest - muchFainterDB
	}
	for i := range s.open[:s.heard] {
		room := m.plan.Receivers[s.open[i].receiver].Room
		if room == NoRoom || f.byRoom[room] < 0 {
			continue
		}
		r := &f.rooms[f.byRoom[room]]
		r.loud = max(r.loud, s.open[i].sum/float32(s.open[i].n))
	}
	for j, spot := range f.spots {
		if m.undrawn[spot] {
			f.proof[j] += m.tuning.LoudestPerDB * float64(f.rooms[f.byRoom[m.roomOf[spot]]].loud-loudest)
		}
	}
}

// unknown weighs the chance of being where nobody taught, as heard from a place
// that has any strength seldom. A house that nobody has taught has no such place, nor
// one of which most rooms were not: any of those is a place where nobody taught. Where
// geometry guesses best nothing was taught that could speak against it.
func (f *Filter) unknown(s *State, best float64, guessed bool) float64 {
	if !f.model.mostTaught {
		s.unknown = 0
		return 0
	}
	if guessed {
		return float64(s.unknown)
	}
	nowhere := float64(s.heard) * f.model.tuning.UnknownLog
	s.unknown *= float32(math.Exp(min(f.fresh*(nowhere-best), 50)))
	return float64(s.unknown)
}

// keep stores the heaviest candidates back into the tag's state.
func (f *Filter) keep(s *State) {
	s.spots = slices.Grow(s.spots[:0], min(f.worthKeeping(), MaxCandidates))
	lightest := 0
	for i, spot := range f.spots {
		if float32(f.after[i]) < faint {
			continue
		}
		p := chanceOf(float32(f.after[i]))
		if len(s.spots) < MaxCandidates {
			s.spots = append(s.spots, weight{spot: spot, p: p})
		} else if p > s.spots[lightest].p {
			s.spots[lightest] = weight{spot: spot, p: p}
		} else {
			continue
		}
		if len(s.spots) == MaxCandidates {
			lightest = s.lightest()
		}
	}
}

// worthKeeping counts the candidates that have a weight, so that a tag's room fits them.
func (f *Filter) worthKeeping() (n int) {
	for i := range f.spots {
		if float32(f.after[i]) >= faint {
			n++
		}
	}
	return n
}

func (s *State) lightest() int {
	least := 0
	for i := range s.spots {
		if s.spots[i].p < s.spots[least].p {
			least = i
		}
	}
	return least
}

// decide lets a challenger take over when it has earned it.
func (f *Filter) decide(s *State, atMS, pauseMS int64, heard uint8) (Event, bool) {
	top, second := f.leaders()
	stood := s.answer.Room
	won := top != NoRoom && top != stood && f.beats(s, top, stood)
	if s.unknown > 0.5 && stood != NoRoom {
		top, won = NoRoom, true
	}
	switch {
	case !won:
		s.challenger, s.wins = NoRoom, 0
	case s.wins == 0 || s.challenger != top:
		s.challenger, s.wins = top, 1
	default:
		s.wins++
	}
	if !won || int(s.wins) < f.needed(stood, top, pauseMS, heard) {
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
	a.Confidence, a.SecondConfidence = f.model.honest(a.Room, f.chance(a.Room), s.familiar), f.model.honest(top, f.chance(top), s.familiar)
	if a.Room == NoRoom {
		a.Confidence = s.unknown
	} else {
		a.Why = Radio
	}
}

// leaders are the two likeliest rooms.
func (f *Filter) leaders() (top, second int16) {
	top, second = NoRoom, NoRoom
	var p, q float64
	for i := range f.rooms {
		r := &f.rooms[i]
		switch {
		case r.mass > p:
			second, q = top, p
			top, p = r.room, r.mass
		case r.mass > q:
			second, q = r.room, r.mass
		}
	}
	return top, second
}

func (f *Filter) chance(room int16) float64 {
	if room == NoRoom || f.byRoom[room] < 0 {
		return 0
	}
	return f.rooms[f.byRoom[room]].mass
}

// beats says whether this step counts as a win of the challenger: it leads by the
// margin, and this step's own evidence is for it.
func (f *Filter) beats(s *State, challenger, stood int16) bool {
	if stood == NoRoom {
		return f.chance(challenger) > float64(s.unknown)
	}
	margin := f.model.tuning.Margin
	if f.model.blind {
		margin = blindMargin
	} else if !f.model.taught[challenger] || !f.model.taught[stood] {
		margin = f.model.tuning.MarginUntaught
	}
	if f.chance(challenger) <= margin*f.chance(stood) {
		return false
	}
	i, j := f.byRoom[challenger], f.byRoom[stood]
	return i < 0 || j < 0 || f.rooms[i].best > f.rooms[j].best
}

// needed is how many steps running a challenger must win. While a tag is heard
// all the time one is enough: the little that leaks and the bound on a step's
// evidence see to it that several steps have spoken for it already.
func (f *Filter) needed(stood, challenger int16, pauseMS int64, heard uint8) int {
	t := &f.model.tuning
	switch {
	case stood == NoRoom && heard >= severalReceivers:
		return 1
	case stood != NoRoom && challenger != NoRoom && f.storey[stood] != f.storey[challenger]:
		return t.WinsAcrossFloors
	case stood != NoRoom && (pauseMS <= t.DenseMS || heard >= severalReceivers):
		return t.WinsDense
	}
	return t.Wins
}
