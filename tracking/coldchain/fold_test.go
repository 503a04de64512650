package coldchain

import (
	"math/rand"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// every gives one reading an interval, beginning at noon.
func every(interval time.Duration, celsius ...float64) []Reading {
	rs := make([]Reading, len(celsius))
	for i, c := range celsius {
		rs[i] = Reading{Sensor: "s-1", Temp: FromCelsius(c), MeasuredAt: noon.Add(time.Duration(i) * interval)}
	}
	return rs
}

func stream(p Profile, rs []Reading) (State, []Event) {
	var state State
	var all []Event
	for _, r := range rs {
		next, events := state.Step(p, r)
		state, all = next, append(all, events...)
	}
	return state, all
}

func kinds(events []Event) []EventKind {
	var ks []EventKind
	for _, e := range events {
		ks = append(ks, e.Kind)
	}
	return ks
}

func TestADoorDoesNotRingButAWarmHourDoes(t *testing.T) {
	p := Refrigerator()
	_, events := stream(p, every(5*time.Minute, 4, 9.5, 10, 7, 5, 4))
	if len(events) != 0 {
		t.Errorf("ten minutes of an open door gave %v", kinds(events))
	}
	_, events = stream(p, every(5*time.Minute, 4, 8.5, 9, 9.4, 9.1, 8.9, 7.5, 7, 6.5, 5))
	if !slices.Equal(kinds(events), []EventKind{ExcursionBegan, ExcursionEnded}) {
		t.Fatalf("got %v", kinds(events))
	}
	began, ended := events[0], events[1].Excursion
	if want := noon.Add(20 * time.Minute); !began.At.Equal(want) {
		t.Errorf("rang at %v, want %v: 15 minutes after the first reading over 8", began.At, want)
	}
	if !ended.Start.Equal(noon.Add(5*time.Minute)) || !ended.End.Equal(noon.Add(30*time.Minute)) {
		t.Errorf("from %v to %v", ended.Start, ended.End)
	}
	if ended.Known != 25*time.Minute || ended.Possible != ended.Known || ended.Max != 9_400 || ended.Min != 8_500 {
		t.Errorf("known %v possible %v min %v max %v", ended.Known, ended.Possible, ended.Min, ended.Max)
	}
}

func TestEightPointNoughtIsInRangeUnlessTheRuleIsInclusive(t *testing.T) {
	p := Refrigerator()
	if _, events := stream(p, every(5*time.Minute, 8, 8, 8, 8, 8, 8, 8, 8)); len(events) != 0 {
		t.Errorf("8.0 °C gave %v", kinds(events))
	}
	p.Rules[0].Inclusive = true
	if _, events := stream(p, every(5*time.Minute, 8, 8, 8, 8, 8)); len(events) != 1 {
		t.Errorf("an inclusive limit at 8.0 °C gave %v", kinds(events))
	}
}

func TestFreezingRingsSoonerAndByItself(t *testing.T) {
	state, events := stream(Refrigerator(), every(5*time.Minute, 3, -0.5, -0.6))
	if len(events) != 1 || events[0].Excursion.Rule != "freeze" || events[0].Excursion.Severity != Critical {
		t.Fatalf("got %+v", events)
	}
	if rule, _, _ := state.Worst(Refrigerator()); rule.Name != "freeze" {
		t.Errorf("worst is %q", rule.Name)
	}
}

func TestASawtoothAroundTheLimitIsOneExcursion(t *testing.T) {
	saw := []float64{5, 8.5, 8.6, 8.4, 8.3}
	for range 6 {
		saw = append(saw, 7.9, 8.2, 7.8, 8.1)
	}
	saw = append(saw, 7, 6, 5)
	_, events := stream(Refrigerator(), every(5*time.Minute, saw...))
	if !slices.Equal(kinds(events), []EventKind{ExcursionBegan, ExcursionEnded}) {
		t.Errorf("got %v", kinds(events))
	}
	// A cycle that stays just below the limit for an hour is not back: it must be inside by the hysteresis.
	below := []float64{5, 8.5, 8.6, 8.4, 8.3}
	for range 12 {
		below = append(below, 7.8)
	}
	state, events := stream(Refrigerator(), every(5*time.Minute, below...))
	if len(events) != 1 || len(state.Running(Refrigerator())) != 1 {
		t.Errorf("just below the limit: %v", kinds(events))
	}
	if _, events = stream(Refrigerator(), every(5*time.Minute, append(below, 7.6, 7.6, 7.6)...)); len(events) != 2 {
		t.Errorf("inside by more than the hysteresis: %v", kinds(events))
	}
}

func TestAGapNeverClearsAndIsReportedAsPossible(t *testing.T) {
	rs := every(5*time.Minute, 4, 9, 9, 9, 9)
	after := Reading{Sensor: "s-1", Temp: 5_000, MeasuredAt: noon.Add(5 * time.Hour)}
	state, events := stream(Refrigerator(), append(rs, after))
	if len(events) != 1 || len(state.Running(Refrigerator())) != 1 {
		t.Fatalf("one good reading after a gap gave %v", kinds(events))
	}
	held := after
	held.MeasuredAt = after.MeasuredAt.Add(10 * time.Minute)
	_, events = stream(Refrigerator(), append(rs, after, held))
	ended := events[len(events)-1].Excursion
	if !ended.End.Equal(after.MeasuredAt) {
		t.Errorf("ended %v", ended.End)
	}
	if ended.Known != 26*time.Minute {
		t.Errorf("known %v, want 15 minutes between readings and 11 that the last speaks for", ended.Known)
	}
	if want := 4*time.Hour + 55*time.Minute; ended.Possible != want {
		t.Errorf("possible %v, want %v", ended.Possible, want)
	}
	// Good readings on both sides of a gap hold nothing either: nobody knows what lay between.
	before := Reading{Sensor: "s-1", Temp: 5_000, MeasuredAt: noon.Add(25 * time.Minute)}
	state, events = stream(Refrigerator(), append(rs, before, after))
	if len(events) != 1 || len(state.Running(Refrigerator())) != 1 {
		t.Errorf("a gap between two good readings cleared the alarm: %v", kinds(events))
	}
	_, events = stream(Refrigerator(), append(rs, before, after, held))
	if ended := events[len(events)-1].Excursion; len(events) != 2 || !ended.End.Equal(after.MeasuredAt) || ended.Possible <= ended.Known {
		t.Errorf("ended %v, possible %v", ended.End, ended.Possible)
	}
}

func TestShortWarmthsAddUpUnderACumulativeRule(t *testing.T) {
	p := Refrigerator()
	p.Rules = []Rule{{Name: "hour", Direction: TooWarm, Limit: 8_000, Mode: Cumulative, Duration: time.Hour, Window: 24 * time.Hour,
		Hysteresis: 300, ClearHold: 10 * time.Minute, Severity: Serious}}
	var door []float64
	for range 6 {
		door = append(door, 5, 5, 5, 9, 9, 5) // ten minutes each
	}
	door = append(door, 5, 5, 5)
	_, events := stream(p, every(5*time.Minute, door...))
	if !slices.Equal(kinds(events), []EventKind{ExcursionBegan, ExcursionEnded}) {
		t.Fatalf("got %v", kinds(events))
	}
	if began := events[0].Excursion; began.Known != time.Hour || !began.Start.Equal(noon.Add(15*time.Minute)) {
		t.Errorf("known %v from %v", began.Known, began.Start)
	}
	p.Rules[0].Window = time.Hour
	if _, events := stream(p, every(5*time.Minute, door...)); len(events) != 0 {
		t.Errorf("within one hour's window it gave %v", kinds(events))
	}
}

func TestAStateIsAValue(t *testing.T) {
	p := cumulative()
	state, _ := stream(p, every(5*time.Minute, 9, 9, 5, 9))
	a, _ := state.Step(p, Reading{Temp: 9_000, MeasuredAt: noon.Add(20 * time.Minute)})
	kept := slices.Clone(a.Rules[0].Spells)
	state.Step(p, Reading{Temp: 9_000, MeasuredAt: noon.Add(25 * time.Minute)})
	a.Step(p, Reading{Temp: 9_000, MeasuredAt: noon.Add(26 * time.Minute)})
	if !reflect.DeepEqual(kept, a.Rules[0].Spells) {
		t.Error("stepping changed a state that somebody held")
	}
}

func cumulative() Profile {
	p := Refrigerator()
	p.Rules = append(slices.Clone(p.Rules), Rule{Name: "hour", Direction: TooWarm, Limit: 8_000, Inclusive: true, Mode: Cumulative,
		Duration: time.Hour, Window: 6 * time.Hour, Hysteresis: 500, ClearHold: 5 * time.Minute, Severity: Warning})
	return p
}

// record is a stream's record in memory, judged as the Monitor judges.
type record struct {
	plan   Plan
	points []Point // sorted
	state  State
	stored []Excursion
	nextID ExcursionID
}

func (r *record) LastWithin(before time.Time, low, high MilliCelsius) (Point, bool, error) {
	for i := len(r.points) - 1; i >= 0; i-- {
		if p := r.points[i]; p.At.Before(before) && low <= p.Temp && p.Temp <= high {
			return p, true, nil
		}
	}
	return Point{}, false, nil
}

func (r *record) Covering(at time.Time) (time.Time, bool, error) {
	for _, e := range r.stored {
		if !e.Start.After(at) && (e.ClearedAt.IsZero() || at.Before(e.ClearedAt)) {
			return e.Start, true, nil
		}
	}
	return time.Time{}, false, nil
}

func (r *record) Each(after time.Time, next func(Point) bool) error {
	for _, p := range r.points {
		if (after.IsZero() || p.At.After(after)) && !next(p) {
			return nil
		}
	}
	return nil
}

func (r *record) Stored(from, to time.Time) ([]Excursion, error) {
	var in []Excursion
	for _, e := range r.stored {
		if !e.Start.Before(from) && !e.Start.After(to) {
			in = append(in, e)
		}
	}
	return in, nil
}

// add takes a batch in any order, as the Monitor does: what is newer than the
// last steps on, what is older is judged by replay.
func (r *record) add(t interface{ Fatal(...any) }, batch []Point) {
	slices.SortFunc(batch, func(a, b Point) int { return a.At.Compare(b.At) })
	var late []Point
	for _, p := range batch {
		if slices.ContainsFunc(r.points, func(q Point) bool { return q.At.Equal(p.At) }) {
			continue
		}
		if p.At.After(r.state.Last.At) {
			state, events := r.state.Judge(r.plan, Reading{MeasuredAt: p.At, Temp: p.Temp})
			r.state = state
			r.apply(events)
		} else {
			late = append(late, p)
		}
		i, _ := slices.BinarySearchFunc(r.points, p, func(a, b Point) int { return a.At.Compare(b.At) })
		r.points = slices.Insert(r.points, i, p)
	}
	r.refresh()
	if len(late) == 0 {
		return
	}
	judged, err := Rejudge(r.plan, r, late[0].At, late[len(late)-1].At)
	if err != nil {
		t.Fatal(err)
	}
	if judged.ToEnd {
		r.state = judged.State
	}
	for _, rev := range judged.Revisions {
		switch rev.Kind {
		case ExcursionBegan:
			r.nextID++
			rev.After.ID = r.nextID
			r.stored = append(r.stored, rev.After)
		case ExcursionWithdrawn:
			r.stored = slices.DeleteFunc(r.stored, func(e Excursion) bool { return e.ID == rev.Before.ID })
		default:
			r.put(rev.After)
		}
	}
	slices.SortStableFunc(r.stored, func(a, b Excursion) int { return a.Start.Compare(b.Start) })
}

func (r *record) apply(events []Event) {
	for _, e := range events {
		if e.Kind == ExcursionBegan {
			r.nextID++
			e.Excursion.ID = r.nextID
			r.stored = append(r.stored, e.Excursion)
			continue
		}
		for i := len(r.stored) - 1; i >= 0; i-- {
			if r.stored[i].Rule == e.Excursion.Rule && r.stored[i].Running() {
				e.Excursion.ID = r.stored[i].ID
				r.stored[i] = e.Excursion
				break
			}
		}
	}
}

// refresh keeps the running excursions as they stand.
func (r *record) refresh() {
	for _, running := range r.state.Running(r.plan.At(r.state.Last.At)) {
		for i := range r.stored {
			if r.stored[i].Rule == running.Rule && r.stored[i].Running() {
				running.ID = r.stored[i].ID
				r.stored[i] = running
			}
		}
	}
}

func (r *record) put(e Excursion) {
	for i := range r.stored {
		if r.stored[i].ID == e.ID {
			r.stored[i] = e
		}
	}
}

// series draws a random record: a walk that lingers about the limits, with gaps.
func series(t *rapid.T) []Point {
	n := rapid.IntRange(1, 150).Draw(t, "readings")
	at, temp := noon, MilliCelsius(5_000)
	points := make([]Point, n)
	for i := range points {
		step := rapid.SampledFrom([]int{1, 3, 5, 5, 5, 5, 5, 7, 11, 12, 40, 300}).Draw(t, "minutes")
		at = at.Add(time.Duration(step) * time.Minute)
		switch rapid.IntRange(0, 6).Draw(t, "move") {
		case 0:
			temp = rapid.SampledFrom([]MilliCelsius{8_000, 8_001, 7_700, 7_701, 2_000, 1_999, -500, -499, 5_000, 12_000, -3_000}).Draw(t, "jump")
		case 1, 2:
			temp += MilliCelsius(rapid.IntRange(-900, 900).Draw(t, "drift"))
		}
		points[i] = Point{At: at, Temp: temp}
	}
	return points
}

// drawProfile has rules of every kind: either side, inclusive or not, consecutive or
// cumulative, at once or after a while, with and without hysteresis and clear hold.
func drawProfile(t *rapid.T) Profile {
	minutes := func(what string, choices ...int) time.Duration {
		return time.Duration(rapid.SampledFrom(choices).Draw(t, what)) * time.Minute
	}
	p := Profile{ID: "drawn", Low: 2_000, High: 8_000, Interval: minutes("interval", 1, 5, 15)}
	for i := range rapid.IntRange(1, MaxRules).Draw(t, "rules") {
		r := Rule{Name: string(rune('a' + i)), Direction: TooWarm, Limit: rapid.SampledFrom([]MilliCelsius{7_700, 8_000}).Draw(t, "limit"),
			Inclusive: rapid.Bool().Draw(t, "inclusive"), Mode: Consecutive, Duration: minutes("duration", 0, 5, 15, 60),
			Hysteresis: rapid.SampledFrom([]MilliCelsius{0, 300, 2_000}).Draw(t, "hysteresis"), ClearHold: minutes("clear hold", 0, 10, 45)}
		if rapid.Bool().Draw(t, "cold") {
			r.Direction, r.Limit = TooCold, r.Limit-8_500
		}
		if rapid.Bool().Draw(t, "cumulative") {
			r.Mode, r.Window = Cumulative, r.Duration+minutes("window", 1, 60, 600)
		}
		p.Rules = append(p.Rules, r)
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	return p
}

// plans are one profile for ever, and profiles that take over from each other.
func plans(t *rapid.T) Plan {
	profiles := []Profile{Refrigerator(), cumulative(), WHORefrigerator(), WHOShipping(), CDCPharmacy(), drawProfile(t)}
	plan := Always(rapid.SampledFrom(profiles).Draw(t, "profile"))
	for at := noon; rapid.IntRange(0, 2).Draw(t, "another term") == 0; {
		at = at.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "minutes of the term")) * time.Minute)
		plan = append(plan, Term{at, rapid.SampledFrom(profiles).Draw(t, "next profile")})
	}
	return plan
}

// The heart of the matter: whatever the order of arrival, the batches and the
// duplicates, the excursions are those of one replay of the sorted record.
func TestAnyOrderOfArrivalGivesTheExcursionsOfOneReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plans(t)
		points := series(t)
		want := NewReplay(p, Point{})
		for _, at := range points {
			want.Step(at)
		}

		arrival := slices.Clone(points)
		switch rapid.IntRange(0, 2).Draw(t, "arrival") {
		case 1: // any order, with duplicates
			rnd := rand.New(rand.NewSource(rapid.Int64().Draw(t, "shuffle")))
			arrival = append(arrival, arrival[:len(arrival)/3]...)
			rnd.Shuffle(len(arrival), func(i, j int) { arrival[i], arrival[j] = arrival[j], arrival[i] })
		case 2: // a block arrives after everything else
			i := rapid.IntRange(0, len(arrival)-1).Draw(t, "block from")
			j := rapid.IntRange(i, len(arrival)-1).Draw(t, "block to")
			block := slices.Clone(arrival[i:j])
			arrival = append(slices.Delete(arrival, i, j), block...)
		}
		got := &record{plan: p}
		for len(arrival) > 0 {
			n := rapid.IntRange(1, len(arrival)).Draw(t, "batch")
			got.add(t, slices.Clone(arrival[:n]))
			arrival = arrival[n:]
		}
		if !reflect.DeepEqual(got.state, want.State()) {
			t.Errorf("the state differs:\n got %+v\nwant %+v", got.state, want.State())
		}
		if a, b := anonymous(got.stored), anonymous(want.Excursions()); !slices.Equal(a, b) {
			t.Errorf("the excursions differ:\n got %+v\nwant %+v", a, b)
		}
	})
}

func anonymous(es []Excursion) []Excursion {
	es = slices.Clone(es)
	for i := range es {
		es[i].ID = 0
	}
	slices.SortStableFunc(es, func(a, b Excursion) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return slices.Compare([]byte(a.Rule), []byte(b.Rule))
	})
	return es
}

func TestLateDataKeepsTheIdentityOfWhatItRevises(t *testing.T) {
	r := &record{plan: Always(Refrigerator())}
	var warm, held []Point
	for i, c := range []float64{5, 9, 9, 9, 9, 9, 7, 6, 5, 5} {
		p := Point{At: noon.Add(time.Duration(i) * 5 * time.Minute), Temp: FromCelsius(c)}
		if i == 2 {
			p.Temp = 14_000
			held = append(held, p)
			continue
		}
		warm = append(warm, p)
	}
	r.add(t, warm)
	if len(r.stored) != 1 || r.stored[0].Max != 9_000 {
		t.Fatalf("stored %+v", r.stored)
	}
	id := r.stored[0].ID
	r.add(t, held)
	if len(r.stored) != 1 || r.stored[0].ID != id || r.stored[0].Max != 14_000 {
		t.Errorf("after the late reading: %+v", r.stored)
	}
}

func FuzzStepNeverPanicsNorRunsBackwards(f *testing.F) {
	f.Add(int64(0), int32(5_000), int64(600_000), int32(-70_000))
	f.Fuzz(func(t *testing.T, a int64, ta int32, b int64, tb int32) {
		for _, p := range ReadyMade() {
			s, _ := State{}.Step(p, Reading{MeasuredAt: time.UnixMilli(a), Temp: MilliCelsius(ta)})
			s, _ = s.Step(p, Reading{MeasuredAt: time.UnixMilli(b), Temp: MilliCelsius(tb)})
			for _, r := range s.Rules {
				if r.Known < 0 || r.Possible < r.Known {
					t.Errorf("known %v, possible %v", r.Known, r.Possible)
				}
			}
		}
	})
}
