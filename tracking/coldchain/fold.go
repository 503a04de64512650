package coldchain

import (
	"slices"
	"time"
)

// Point is what a rule needs of a reading.
type Point struct {
	At   time.Time
	Temp MilliCelsius
}

// Phase is where a rule stands.
type Phase string

// The phases.
const (
	Quiet   Phase = ""        // nothing beyond the limit
	Pending Phase = "pending" // beyond it, not yet for long enough
	Active  Phase = "active"  // an excursion runs
)

// Spell is one known time beyond a cumulative rule's limit.
type Spell struct {
	From, To time.Time
	Tally    Tally
	Gaps     time.Duration
}

// RuleState is what one rule remembers of the readings so far.
type RuleState struct {
	Phase       Phase
	Start       time.Time
	ConfirmedAt time.Time
	// Known and Possible are as in Excursion.
	Known, Possible time.Duration
	// Main speaks for Start to the last moment that belongs to the excursion;
	// Tail for the time since Back, which joins Main when the return did not last.
	Main, Tail Tally
	// Back is the first reading of a return that has not been held yet.
	Back time.Time
	// Spells are a cumulative rule's times beyond the limit within its window.
	Spells []Spell
}

// State is what the fold remembers of one stream of readings. The zero State
// has seen nothing. It is a value: Step never changes the one it is asked of.
type State struct {
	Last  Point
	Rules [MaxRules]RuleState // in the order of Profile.Rules
}

// Step is the judgement: what a reading means after all the readings before it.
// Readings must come in the order they were measured; one that is not newer
// than the last changes nothing, because late data is judged by replay. The
// events carry the excursion as it stands, without its identity.
func (s State) Step(p Profile, r Reading) (State, []Event) {
	now := Point{At: r.MeasuredAt, Temp: r.Temp}
	if !s.Last.At.IsZero() && !now.At.After(s.Last.At) {
		return s, nil
	}
	span := between(s.Last, now, p.MaxGap())
	var events []Event
	for i, rule := range p.Rules {
		before := s.Rules[i].Phase
		s.Rules[i] = s.Rules[i].step(rule, span)
		events = append(events, s.Rules[i].told(rule, before, now)...)
		s.Rules[i] = s.Rules[i].settled()
	}
	s.Last = now
	return s, events
}

// span is the time from one reading to the next: how much of it the first
// speaks for, and the gap in which nobody knows.
type span struct {
	from, to   Point
	known, gap time.Duration
}

func between(from, to Point, maxGap time.Duration) span {
	if from.At.IsZero() {
		return span{from: to, to: to}
	}
	d := to.At.Sub(from.At)
	return span{from: from, to: to, known: min(d, maxGap), gap: max(d-maxGap, 0)}
}

// over is the phase in which an excursion has just ended and is still told of.
const over Phase = "over"

func (s RuleState) step(rule Rule, sp span) RuleState {
	if s.Phase == Active {
		return s.run(rule, sp)
	}
	if rule.Mode == Cumulative {
		return s.gather(rule, sp)
	}
	return s.wait(rule, sp)
}

// wait is a consecutive rule before an excursion: time counts only while unbroken.
func (s RuleState) wait(rule Rule, sp span) RuleState {
	if !rule.Beyond(sp.to.Temp) {
		return RuleState{}
	}
	if s.Phase == Quiet {
		// Nobody knows when within a gap it went beyond.
		s = RuleState{Phase: Pending, Start: sp.to.At, Possible: sp.gap}
	} else {
		s = s.count(sp)
	}
	s.Main = s.Main.see(sp.to.Temp)
	// Only known time confirms: a gap between two bad readings proves nothing.
	if s.Known >= rule.Duration {
		s.Phase, s.ConfirmedAt = Active, sp.to.At
	}
	return s
}

// count adds a span whose first reading was beyond the limit.
func (s RuleState) count(sp span) RuleState {
	s.Known += sp.known
	s.Possible += sp.known + sp.gap
	s.Main = s.Main.hold(sp.from.Temp, sp.known)
	return s
}

// gather is a cumulative rule before an excursion.
func (s RuleState) gather(rule Rule, sp span) RuleState {
	if rule.Beyond(sp.from.Temp) && sp.known > 0 {
		s.Spells = addSpell(s.Spells, sp)
	}
	since := sp.to.At.Add(-rule.Window)
	s.Spells = spellsWithin(s.Spells, since)
	var known, gaps time.Duration
	var all Tally
	for _, spell := range s.Spells {
		known += spell.To.Sub(later(spell.From, since))
		gaps += spell.Gaps
		all = all.join(spell.Tally)
	}
	if len(s.Spells) == 0 || known < rule.Duration {
		return RuleState{Spells: s.Spells}
	}
	s = RuleState{Phase: Active, Start: s.Spells[0].From, ConfirmedAt: sp.to.At,
		Known: known, Possible: known + gaps, Main: all}
	return s.place(rule, sp)
}

// spellsWithin forgets what lies before the window.
func spellsWithin(spells []Spell, since time.Time) []Spell {
	i := 0
	for i < len(spells) && !spells[i].To.After(since) {
		i++
	}
	if i == len(spells) {
		return nil
	}
	return spells[i:]
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// addSpell lengthens the last spell when the span follows on, else adds one. It
// copies: a State is a value.
func addSpell(spells []Spell, sp span) []Spell {
	end := sp.from.At.Add(sp.known)
	if n := len(spells); n > 0 && spells[n-1].To.Equal(sp.from.At) && spells[n-1].Gaps == 0 {
		spells = slices.Clone(spells)
		last := &spells[n-1]
		last.To, last.Gaps = end, sp.gap
		last.Tally = last.Tally.see(sp.from.Temp).hold(sp.from.Temp, sp.known)
		return spells
	}
	fresh := Spell{From: sp.from.At, To: end, Gaps: sp.gap}
	fresh.Tally = fresh.Tally.see(sp.from.Temp).hold(sp.from.Temp, sp.known)
	return append(slices.Clip(spells), fresh)
}

// run is a rule while its excursion runs.
func (s RuleState) run(rule Rule, sp span) RuleState {
	switch {
	case rule.Beyond(sp.from.Temp):
		s = s.count(sp)
	case !s.Back.IsZero():
		s.Tail = s.Tail.hold(sp.from.Temp, sp.known)
		s.Possible += sp.gap
	default:
		s.Main = s.Main.hold(sp.from.Temp, sp.known)
		s.Possible += sp.gap
	}
	return s.place(rule, sp)
}

// place says where the newest reading puts a running excursion: beyond, on the
// way back, or over.
func (s RuleState) place(rule Rule, sp span) RuleState {
	if !rule.back(sp.to.Temp) {
		s.Main = s.Main.join(s.Tail).see(sp.to.Temp)
		s.Tail, s.Back = Tally{}, time.Time{}
		return s
	}
	if s.Back.IsZero() || sp.gap > 0 {
		// A gap never clears: the return must be held by readings that follow each other.
		s.Main = s.Main.join(s.Tail)
		s.Tail, s.Back = Tally{}, sp.to.At
	}
	s.Tail = s.Tail.see(sp.to.Temp)
	if sp.to.At.Sub(s.Back) >= rule.ClearHold {
		s.Phase = over
	}
	return s
}

// told says what the step meant. A cumulative excursion may be confirmed and
// over by the same reading; then both are told.
func (s RuleState) told(rule Rule, before Phase, now Point) []Event {
	var events []Event
	if before != Active && (s.Phase == Active || s.Phase == over) {
		began := s.excursion(rule)
		began.End = time.Time{}
		events = append(events, Event{At: now.At, Kind: ExcursionBegan, Excursion: began})
	}
	if s.Phase == over {
		ended := s.excursion(rule)
		ended.ClearedAt = now.At
		events = append(events, Event{At: now.At, Kind: ExcursionEnded, Excursion: ended})
	}
	return events
}

// settled forgets an excursion that is over.
func (s RuleState) settled() RuleState {
	if s.Phase == over {
		return RuleState{}
	}
	return s
}

// excursion is the state as an excursion without identity.
func (s RuleState) excursion(rule Rule) Excursion {
	e := Excursion{
		Rule: rule.Name, Direction: rule.Direction, Severity: rule.Severity, Limit: rule.Limit,
		Start: s.Start, ConfirmedAt: s.ConfirmedAt, Known: s.Known, Possible: s.Possible,
		Min: s.Main.Min, Max: s.Main.Max, MKT: s.Main.MKT(),
	}
	if s.Phase == over {
		e.End = s.Back
	}
	return e
}

// Running lists the excursions that run in this state, without identity.
func (s State) Running(p Profile) []Excursion {
	var running []Excursion
	for i, rule := range p.Rules {
		if s.Rules[i].Phase == Active {
			running = append(running, s.Rules[i].excursion(rule))
		}
	}
	return running
}

// Worst is the rule that is furthest on: active before pending, then the most
// severe; false when every rule is quiet.
func (s State) Worst(p Profile) (Rule, RuleState, bool) {
	best := -1
	for i := range p.Rules {
		if s.Rules[i].Phase == Quiet {
			continue
		}
		if best < 0 || worse(p.Rules[i], s.Rules[i], p.Rules[best], s.Rules[best]) {
			best = i
		}
	}
	if best < 0 {
		return Rule{}, RuleState{}, false
	}
	return p.Rules[best], s.Rules[best], true
}

func worse(a Rule, as RuleState, b Rule, bs RuleState) bool {
	if (as.Phase == Active) != (bs.Phase == Active) {
		return as.Phase == Active
	}
	return a.Severity > b.Severity
}
