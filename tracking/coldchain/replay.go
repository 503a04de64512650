package coldchain

import (
	"cmp"
	"errors"
	"slices"
	"time"
)

// Replay is a fold over readings in the order they were measured that keeps the
// excursions it finds. Late data is judged by it: from an Anchor before the
// oldest new reading, up to where the new readings can't matter any more.
type Replay struct {
	plan       Plan
	state      State
	found      []Excursion
	lastBeyond time.Time
}

// NewReplay begins at an anchor: a reading after which every rule is quiet. The
// zero Point begins at the start of the record.
func NewReplay(plan Plan, anchor Point) *Replay {
	return &Replay{plan: plan, state: State{Last: anchor}}
}

// Step judges the next reading.
func (r *Replay) Step(at Point) {
	state, events := r.state.Judge(r.plan, Reading{MeasuredAt: at.At, Temp: at.Temp})
	for _, e := range events {
		r.note(e)
	}
	for _, rule := range r.plan.At(at.At).Rules {
		if rule.Beyond(at.Temp) {
			r.lastBeyond = at.At
		}
	}
	r.state = state
}

func (r *Replay) note(e Event) {
	if e.Kind == ExcursionBegan {
		r.found = append(r.found, e.Excursion)
		return
	}
	for i := len(r.found) - 1; i >= 0; i-- {
		if r.found[i].Rule == e.Excursion.Rule {
			r.found[i] = e.Excursion
			return
		}
	}
}

// profile is what the last reading was judged by.
func (r *Replay) profile() Profile { return r.plan.At(r.state.Last.At) }

// State is where the fold stands after the last reading.
func (r *Replay) State() State { return r.state }

// Excursions are those found so far, oldest first; running ones as they stand.
func (r *Replay) Excursions() []Excursion {
	found := slices.Clone(r.found)
	for _, running := range r.state.Running(r.profile()) {
		for i := len(found) - 1; i >= 0; i-- {
			if found[i].Rule == running.Rule {
				found[i] = running
				break
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Excursion) int { return a.Start.Compare(b.Start) })
	return found
}

// Settled is true once nothing that came before newest can matter to what
// follows: every rule has been quiet for its longest window since. The caller
// must see to it that no stored excursion covers the last reading either.
func (r *Replay) Settled(newest time.Time) bool {
	window := r.plan.longestWindow()
	last := r.state.Last.At
	return last.After(newest.Add(window)) && !last.Before(r.lastBeyond.Add(window)) && r.state.quiet(r.profile())
}

func (s State) quiet(p Profile) bool {
	for i := range p.Rules {
		if s.Rules[i].Phase != Quiet || len(s.Rules[i].Spells) > 0 {
			return false
		}
	}
	return true
}

// Past is what Anchor needs to know of the record of one stream.
type Past interface {
	// LastWithin is the newest reading measured before `before` with low <= Temp <= high.
	LastWithin(before time.Time, low, high MilliCelsius) (Point, bool, error)
	// Covering is the start of the oldest stored excursion with Start <= at that was
	// not yet cleared at `at`.
	Covering(at time.Time) (start time.Time, found bool, err error)
}

// Anchor finds the newest reading, far enough before oldest, after which every
// rule was certainly quiet, so that a replay from there equals one of the whole
// record. The zero Point means that only the beginning of the record will do.
func Anchor(plan Plan, past Past, oldest time.Time) (Point, error) {
	before := oldest.Add(-plan.longestWindow())
	for {
		i := plan.index(before.Add(-time.Millisecond))
		low, high := plan.At(before.Add(-time.Millisecond)).harmless()
		at, found, err := past.LastWithin(before, low, high)
		if err != nil || !found && i == 0 {
			return Point{}, err
		}
		if i > 0 && (!found || at.At.Before(plan[i].From)) {
			before = plan[i].From // under the term before, other temperatures are harmless
			continue
		}
		start, covered, err := past.Covering(at.At)
		if err != nil {
			return Point{}, err
		}
		if !covered {
			return at, nil
		}
		before = start
	}
}

// harmless are the temperatures that break no rule.
func (p Profile) harmless() (low, high MilliCelsius) {
	low, high = coldestPossible, hottestPossible
	for _, rule := range p.Rules {
		step := MilliCelsius(0)
		if rule.Inclusive {
			step = 1
		}
		if rule.Direction == TooWarm {
			high = min(high, rule.Limit-step)
		} else {
			low = max(low, rule.Limit+step)
		}
	}
	return low, high
}

// Revision is one difference between the stored excursions and a replay.
type Revision struct {
	Kind   EventKind // ExcursionBegan for a new one, ExcursionEnded when it now ended, ExcursionRevised, ExcursionWithdrawn
	Before Excursion // zero for a new one
	After  Excursion // with the identity of Before; zero for a withdrawn one
}

// Diff compares what is stored with what a replay of the same time found. A
// stored excursion that overlaps a replayed one of its rule keeps its identity;
// of several that became one, the oldest does and the others are withdrawn.
func Diff(stored, replayed []Excursion) []Revision {
	var revisions []Revision
	taken := make([]bool, len(stored))
	for _, after := range replayed {
		i := match(stored, taken, after)
		if i < 0 {
			revisions = append(revisions, Revision{Kind: ExcursionBegan, After: after})
			continue
		}
		taken[i] = true
		after = stored[i].keepIdentity(after)
		if kind, changed := stored[i].changed(after); changed {
			revisions = append(revisions, Revision{Kind: kind, Before: stored[i], After: after})
		}
	}
	for i, before := range stored {
		if !taken[i] {
			revisions = append(revisions, Revision{Kind: ExcursionWithdrawn, Before: before})
		}
	}
	// What ends or falls away comes first: a rule has one running excursion at a time.
	slices.SortStableFunc(revisions, func(a, b Revision) int {
		return cmp.Or(cmp.Compare(a.runs(), b.runs()), a.start().Compare(b.start()))
	})
	return revisions
}

// runs is 1 when the revision leaves an excursion running, else 0.
func (r Revision) runs() int {
	if r.Kind != ExcursionWithdrawn && r.After.Running() {
		return 1
	}
	return 0
}

func (r Revision) start() time.Time { return r.about().Start }

// about is the excursion as the revision leaves it, or the one that it takes away.
func (r Revision) about() Excursion {
	if r.Kind == ExcursionWithdrawn {
		return r.Before
	}
	return r.After
}

func match(stored []Excursion, taken []bool, after Excursion) int {
	for i, before := range stored {
		if !taken[i] && before.Rule == after.Rule && before.overlaps(after) {
			return i
		}
	}
	return -1
}

func (e Excursion) overlaps(f Excursion) bool {
	return (e.End.IsZero() || f.Start.Before(e.End)) && (f.End.IsZero() || e.Start.Before(f.End))
}

func (e Excursion) keepIdentity(after Excursion) Excursion {
	after.ID, after.Fridge, after.Sensor = e.ID, e.Fridge, e.Sensor
	after.FoundLate, after.Revision, after.Cut = e.FoundLate, e.Revision, e.Cut
	return after
}

// changed says whether after tells another story. A running excursion that
// merely went on or came to its end has not been revised.
func (e Excursion) changed(after Excursion) (EventKind, bool) {
	switch {
	case e == after:
		return "", false
	case e.Running() && e.Start.Equal(after.Start) && after.Running():
		return excursionWentOn, true
	case e.Running() && e.Start.Equal(after.Start):
		return ExcursionEnded, true
	default:
		return ExcursionRevised, true
	}
}

// excursionWentOn is a running excursion with more time in it: stored, but no
// link of the chain.
const excursionWentOn EventKind = "excursion went on"

// Record is what Rejudge needs of the record of one stream.
type Record interface {
	Past
	// Each hands over the readings measured after `after`, oldest first, until it answers false.
	Each(after time.Time, next func(Point) bool) error
	// Stored lists the excursions, withdrawn ones left out, with from <= Start <= to; oldest first.
	Stored(from, to time.Time) ([]Excursion, error)
}

// Rejudged is what late data changed.
type Rejudged struct {
	Revisions []Revision
	// State is where the fold stands at the end of the record; it is only there
	// when the replay went ToEnd, else the state before still holds.
	State State
	ToEnd bool
}

// Rejudge judges a record anew after readings between oldest and newest have
// been added to it behind the last one: the result is the same as judging all
// of it in order.
func Rejudge(plan Plan, record Record, oldest, newest time.Time) (Rejudged, error) {
	anchor, err := Anchor(plan, record, oldest)
	if err != nil {
		return Rejudged{}, err
	}
	replay := NewReplay(plan, anchor)
	toEnd := true
	var failed error
	err = record.Each(anchor.At, func(at Point) bool {
		replay.Step(at)
		if !replay.Settled(newest) {
			return true
		}
		_, covered, err := record.Covering(at.At)
		failed, toEnd = err, covered
		return covered && err == nil
	})
	if err := errors.Join(err, failed); err != nil {
		return Rejudged{}, err
	}
	stored, err := record.Stored(anchor.At, replay.State().Last.At)
	if err != nil {
		return Rejudged{}, err
	}
	return Rejudged{Revisions: Diff(stored, replay.Excursions()), State: replay.State(), ToEnd: toEnd}, nil
}
