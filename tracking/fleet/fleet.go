// Package fleet tells a manager how equipment is used: how much of it is in use,
// free, dirty or broken, where it stands, what stands idle, what is lost, and how
// many pieces of a kind are needed.
//
// The path of data: the moments of one day and how each piece stood at its begin
// → Fold (pure) → the day's Summary and how each piece stands at its end → Clerk
// keeps them, a row a kind and unit, and never looks at that day's moments again
// → Report and Advise (pure) add days up. History grows; a page reads summaries.
package fleet

import (
	"slices"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Piece is what does not change of an asset within a day.
type Piece struct {
	Kind string
	Unit hospital.UnitID // who owns it; may be empty
}

// State is how an asset stands at a moment.
type State struct {
	Room   hospital.RoomID // empty while nobody knows
	Status tracking.Status
	Heard  bool // its tag is heard, or its place rests on a read or a look
}

// Event is one moment of an asset's timeline as Fold needs it.
type Event struct {
	Asset tracking.AssetID
	Kind  string // tracking.Arrival, Movement, Departure or Marked
	At    time.Time
	To    hospital.RoomID
	// Status is of a Marked moment.
	Status tracking.Status
}

// Use is for how long pieces were in each state, all pieces together.
type Use struct {
	Free, InUse, Dirty, Broken time.Duration
	// Unheard is the time in which nobody knew where a piece was.
	Unheard time.Duration
}

// Total is all of it.
func (u Use) Total() time.Duration { return u.Free + u.InUse + u.Dirty + u.Broken + u.Unheard }

// Share is a part of the total, from 0 to 1; 0 of nothing.
func (u Use) Share(part time.Duration) float64 {
	if u.Total() == 0 {
		return 0
	}
	return float64(part) / float64(u.Total())
}

func (u *Use) add(v Use) {
	u.Free += v.Free
	u.InUse += v.InUse
	u.Dirty += v.Dirty
	u.Broken += v.Broken
	u.Unheard += v.Unheard
}

// spend adds a stretch in a state.
func (u *Use) spend(s State, d time.Duration) {
	switch {
	case s.Status == tracking.Broken: // it waits for its repair, heard or not
		u.Broken += d
	case !s.Heard:
		u.Unheard += d
	case s.Status == tracking.InUse:
		u.InUse += d
	case s.Status == tracking.NeedsCleaning:
		u.Dirty += d
	default:
		u.Free += d
	}
}

// Owner is a kind of equipment of a unit.
type Owner struct {
	Kind string
	Unit hospital.UnitID
}

// Spot is a kind of equipment in a kind of room.
type Spot struct {
	Kind string
	Room hospital.RoomKind
}

// Stay is for how long and how often.
type Stay struct {
	Time  time.Duration
	Times int // arrivals
}

// Summary is one day, or a part of one.
type Summary struct {
	Use map[Owner]Use
	// Levels is for how long so many pieces of a kind were in use at once.
	Levels map[string]map[int]time.Duration
	Dwell  map[Spot]Stay
}

func newSummary() Summary {
	return Summary{Use: map[Owner]Use{}, Levels: map[string]map[int]time.Duration{}, Dwell: map[Spot]Stay{}}
}

// Rooms tells what a room is for; empty for one that nobody knows any more.
type Rooms func(hospital.RoomID) hospital.RoomKind

// Fold goes through the events of a stretch of time, in their order, and answers
// with its summary and how every piece stands at its end. Start is how they stood
// before; a piece that is not in it has not been heard of yet, and counts from
// its first event on. Folding two stretches one after the other gives the same
// as folding them as one.
func Fold(pieces map[tracking.AssetID]Piece, start map[tracking.AssetID]State, events []Event, from, to time.Time, rooms Rooms) (Summary, map[tracking.AssetID]State) {
	f := folding{summary: newSummary(), pieces: pieces, rooms: rooms, at: from,
		states: make(map[tracking.AssetID]State, len(start)), since: map[tracking.AssetID]time.Time{}, inUse: map[string]int{}, levelSince: map[string]time.Time{}}
	for id, state := range start {
		piece, known := pieces[id]
		if !known {
			continue // it left the fleet
		}
		f.states[id], f.since[id] = state, from
		f.count(piece.Kind, state, 1)
	}
	for _, e := range events {
		if e.At.Before(to) {
			f.take(e, from)
		}
	}
	f.finish(to)
	return f.summary, f.states
}

// folding is a fold in progress.
type folding struct {
	summary    Summary
	pieces     map[tracking.AssetID]Piece
	rooms      Rooms
	at         time.Time
	states     map[tracking.AssetID]State
	since      map[tracking.AssetID]time.Time
	inUse      map[string]int
	levelSince map[string]time.Time
}

func (f *folding) take(e Event, from time.Time) {
	piece, known := f.pieces[e.Asset]
	if !known {
		return
	}
	if e.At.Before(from) {
		e.At = from // decided late, of the day before
	}
	if e.At.Before(f.at) {
		e.At = f.at
	}
	f.at = e.At
	before, met := f.states[e.Asset]
	after := before.next(e)
	if met && after == before {
		return
	}
	if met {
		f.spend(e.Asset, piece, before, e.At)
		f.level(piece.Kind, before, -1, e.At)
	}
	f.states[e.Asset], f.since[e.Asset] = after, e.At
	f.level(piece.Kind, after, 1, e.At)
	if kind := f.rooms(after.Room); after.Room != before.Room && kind != "" {
		stay := f.summary.Dwell[Spot{piece.Kind, kind}]
		stay.Times++
		f.summary.Dwell[Spot{piece.Kind, kind}] = stay
	}
}

// next is the state after an event.
func (s State) next(e Event) State {
	if s.Status == "" {
		s.Status = tracking.Free
	}
	switch e.Kind {
	case tracking.Arrival, tracking.Movement:
		s.Room, s.Heard = e.To, true
	case tracking.Departure:
		s.Heard = false
	case tracking.Marked:
		s.Status = e.Status
	}
	return s
}

// spend books the time since a piece last changed.
func (f *folding) spend(id tracking.AssetID, piece Piece, s State, at time.Time) {
	d := at.Sub(f.since[id])
	owner := Owner(piece)
	use := f.summary.Use[owner]
	use.spend(s, d)
	f.summary.Use[owner] = use
	if kind := f.rooms(s.Room); s.Heard && kind != "" {
		stay := f.summary.Dwell[Spot{piece.Kind, kind}]
		stay.Time += d
		f.summary.Dwell[Spot{piece.Kind, kind}] = stay
	}
}

// count changes how many of a kind are in use by one piece's state.
func (f *folding) count(kind string, s State, by int) {
	if _, met := f.inUse[kind]; !met {
		f.inUse[kind], f.levelSince[kind] = 0, f.at
	}
	if s.busy() {
		f.inUse[kind] += by
	}
}

// busy says whether the piece is in use as far as anybody knows.
func (s State) busy() bool { return s.Status == tracking.InUse && s.Heard }

// level books the time at a level before it changes.
func (f *folding) level(kind string, s State, by int, at time.Time) {
	if _, met := f.inUse[kind]; met && s.busy() {
		f.book(kind, at)
	}
	f.count(kind, s, by)
}

func (f *folding) book(kind string, at time.Time) {
	if d := at.Sub(f.levelSince[kind]); d > 0 {
		if f.summary.Levels[kind] == nil {
			f.summary.Levels[kind] = map[int]time.Duration{}
		}
		f.summary.Levels[kind][f.inUse[kind]] += d
	}
	f.levelSince[kind] = at
}

func (f *folding) finish(to time.Time) {
	for id, state := range f.states {
		f.spend(id, f.pieces[id], state, to)
	}
	for kind := range f.inUse {
		f.book(kind, to)
	}
}

// Add puts another summary on top.
func (s *Summary) Add(t Summary) {
	if s.Use == nil {
		*s = newSummary()
	}
	for owner, use := range t.Use {
		sum := s.Use[owner]
		sum.add(use)
		s.Use[owner] = sum
	}
	for kind, levels := range t.Levels {
		if s.Levels[kind] == nil {
			s.Levels[kind] = map[int]time.Duration{}
		}
		for level, d := range levels {
			s.Levels[kind][level] += d
		}
	}
	for spot, stay := range t.Dwell {
		sum := s.Dwell[spot]
		sum.Time += stay.Time
		sum.Times += stay.Times
		s.Dwell[spot] = sum
	}
}

// leastPeak is how long, in all, so many must have been in use at once to count
// as the peak: the moment in which one replaces another buys no pump.
const leastPeak = 5 * time.Minute

// Peak is the most pieces of a kind that were in use at once, for five minutes or more in all.
func (s Summary) Peak(kind string) int {
	levels := s.Levels[kind]
	steps := make([]int, 0, len(levels))
	for level := range levels {
		steps = append(steps, level)
	}
	slices.Sort(steps)
	var above time.Duration
	for _, level := range slices.Backward(steps) {
		if above += levels[level]; above >= leastPeak {
			return level
		}
	}
	return 0
}

// Percentile is how many pieces of a kind were enough for a share of the time:
// the least level such that at most 1−p of the time more were in use at once.
func (s Summary) Percentile(kind string, p float64) int {
	levels := s.Levels[kind]
	var all time.Duration
	steps := make([]int, 0, len(levels))
	for level, d := range levels {
		all += d
		steps = append(steps, level)
	}
	slices.Sort(steps)
	var below time.Duration
	for _, level := range steps {
		below += levels[level]
		if float64(below) >= p*float64(all) {
			return level
		}
	}
	return 0
}
