package coldchain

import (
	"slices"
	"time"
)

// Term is a profile and the moment from which it is judged by.
type Term struct {
	From    time.Time
	Profile Profile
}

// Plan is what a fridge is judged by as time goes on: its terms, oldest first.
// The first holds for all time before the second, whatever its From.
type Plan []Term

// Always is a plan of one profile.
func Always(p Profile) Plan { return Plan{{Profile: p}} }

// At is the profile in force at a moment; the refrigerator's for an empty plan.
func (p Plan) At(at time.Time) Profile {
	if len(p) == 0 {
		return Refrigerator()
	}
	return p[p.index(at)].Profile
}

// index is the term in force at a moment.
func (p Plan) index(at time.Time) int {
	for i := len(p) - 1; i > 0; i-- {
		if !at.Before(p[i].From) {
			return i
		}
	}
	return 0
}

func (p Plan) longestWindow() time.Duration {
	var longest time.Duration
	for _, term := range p {
		longest = max(longest, term.Profile.longestWindow())
	}
	return longest
}

// mostRules is how many rules its longest profile has.
func (p Plan) mostRules() (most int) {
	for _, term := range p {
		most = max(most, len(term.Profile.Rules))
	}
	return most
}

// print tells the content of a plan.
func (p Plan) print() string {
	texts := make([]byte, 0, 1024)
	for _, term := range p {
		texts = append(texts, term.From.UTC().Format(time.RFC3339Nano)...)
		texts = append(texts, term.Profile.print()...)
	}
	return string(texts)
}

// Judge is Step under a plan. At the first reading of a new term, a rule that is
// the same in both goes on; an excursion of one that was changed or dropped ends
// there, and the new rule begins with nothing behind it.
func (s State) Judge(plan Plan, r Reading) (State, []Event) {
	if s.Last.At.IsZero() || !r.MeasuredAt.After(s.Last.At) {
		return s.Step(plan.At(r.MeasuredAt), r)
	}
	before, after := plan.index(s.Last.At), plan.index(r.MeasuredAt)
	if before == after {
		return s.Step(plan.At(r.MeasuredAt), r)
	}
	s, ended := s.under(plan[before].Profile, plan[after].Profile, Point{At: r.MeasuredAt, Temp: r.Temp})
	s, events := s.Step(plan[after].Profile, r)
	return s, append(ended, events...)
}

// under lays a state that was judged by one profile out for another.
func (s State) under(before, after Profile, now Point) (State, []Event) {
	var events []Event
	next := State{Last: s.Last}
	for i, rule := range before.Rules {
		j := slices.Index(after.Rules, rule)
		if j >= 0 {
			next.Rules[j] = s.Rules[i]
			continue
		}
		if s.Rules[i].Phase == Active {
			events = append(events, s.cutShort(before, i, now))
		}
	}
	return next, events
}

// cutShort ends a running excursion because its rule is no longer in force.
func (s State) cutShort(p Profile, i int, now Point) Event {
	rule, state, sp := p.Rules[i], s.Rules[i], between(s.Last, now, p.MaxGap())
	if rule.Beyond(sp.from.Temp) {
		state = state.count(sp)
	}
	e := state.excursion(rule)
	e.End, e.ClearedAt = now.At, now.At
	return Event{At: now.At, Kind: ExcursionEnded, Excursion: e}
}

// Assignment is the profile that a fridge was given from a moment on.
type Assignment struct {
	From    time.Time
	Profile ProfileID
}

// ProfileVersion is a profile of the site's own as it stood from a moment on.
// Versions are never changed; a later one takes over at its From.
type ProfileVersion struct {
	Profile Profile
	Version int // from 1
	From    time.Time
	MadeAt  time.Time
	By      string // the name of who made it
	Why     string
}

// PlanOf joins what a fridge was given, oldest first, with the versions of the
// site's own profiles, oldest first. A profile that nobody knows is judged as a
// refrigerator.
func PlanOf(given []Assignment, versions map[ProfileID][]ProfileVersion) Plan {
	var plan Plan
	for i, a := range given {
		until := time.Time{}
		if i+1 < len(given) {
			until = given[i+1].From
		}
		for _, term := range termsOf(a, until, versions[a.Profile]) {
			if n := len(plan); n > 0 && plan[n-1].Profile.print() == term.Profile.print() {
				continue
			}
			plan = append(plan, term)
		}
	}
	return plan
}

// termsOf are the versions in force from an assignment until the next; a zero until is no end.
func termsOf(a Assignment, until time.Time, versions []ProfileVersion) []Term {
	if len(versions) == 0 {
		p, known := sharedProfile(a.Profile)
		if !known {
			p = Refrigerator()
		}
		return []Term{{a.From, p}}
	}
	terms := []Term{{a.From, versions[0].Profile}}
	for _, v := range versions[1:] {
		switch {
		case !until.IsZero() && !v.From.Before(until):
		case v.From.After(a.From):
			terms = append(terms, Term{v.From, v.Profile})
		default:
			terms[0].Profile = v.Profile
		}
	}
	return terms
}
