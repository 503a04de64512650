package coldchain

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"
)

// Outside is a stretch of time in which a fridge was beyond its band, or in which
// nobody knows. Between two of them it was known to be in range.
type Outside struct {
	From, To time.Time
	// Temp is how far it was; of an unknown time beside a reading that was beyond
	// the band it is the worse of the readings on both sides.
	Temp MilliCelsius
	// Beyond is false for an unknown time between two readings in range.
	Beyond bool
	// Known is false where nobody measured.
	Known bool
}

// Outsides are the times of a fridge that were not known to be in range, to the
// minute of its readings, oldest first. Of several judged probes each moment is told
// by the one that was worst, and is unknown when none measured. Whole hours that
// their summary knows in range cost one row each.
func (m *Monitor) Outsides(ctx context.Context, id FridgeID, from, to time.Time) ([]Outside, error) {
	f, err := m.store.Fridge(ctx, id)
	if err != nil {
		return nil, err
	}
	attended, err := m.store.Attended(ctx, id, from.Add(-time.Hour), to.Add(time.Hour))
	if err != nil {
		return nil, err
	}
	var outs []Outside
	err = m.outsides(ctx, []asked{{f, from, to, attended}}, func(_ Fridge, told []Outside) { outs = told })
	return outs, err
}

// FridgeTime is a fridge and a time of it.
type FridgeTime struct {
	Fridge   FridgeID
	From, To time.Time
}

// OutsidesOfAll are Outsides of many fridges, each asked for once; one that is not there
// is left out. What is asked of the store grows by a question for each judgedAtOnce of
// them, and not with each.
func (m *Monitor) OutsidesOfAll(ctx context.Context, spans []FridgeTime) (map[FridgeID][]Outside, error) {
	outs := make(map[FridgeID][]Outside, len(spans))
	if len(spans) == 0 {
		return outs, nil
	}
	fridges, err := m.store.Fridges(ctx)
	if err != nil {
		return nil, err
	}
	return outs, m.eachOutsides(ctx, fridges, spans, func(f Fridge, told []Outside) { outs[f.ID] = told })
}

// eachOutsides tells the outsides of those of the fridges that are asked for, one after the other.
func (m *Monitor) eachOutsides(ctx context.Context, fridges []Fridge, spans []FridgeTime, tell func(Fridge, []Outside)) error {
	first, last := spans[0].From, spans[0].To
	of := make(map[FridgeID]FridgeTime, len(spans))
	for _, s := range spans {
		first, last, of[s.Fridge] = earlier(first, s.From), later(last, s.To), s
	}
	attended, err := m.store.AttendedAll(ctx, first.Add(-time.Hour), last.Add(time.Hour))
	if err != nil {
		return err
	}
	var all []asked
	for _, f := range fridges {
		if s, wanted := of[f.ID]; wanted {
			all = append(all, asked{f, s.From, s.To, cut(attended[f.ID], s.From.Add(-time.Hour), s.To.Add(time.Hour))})
		}
	}
	for some := range slices.Chunk(all, judgedAtOnce) {
		if err := m.outsides(ctx, some, tell); err != nil {
			return err
		}
	}
	return nil
}

// cut keeps of stays what lies in a time.
func cut(attended []Attendance, from, to time.Time) (kept []Attendance) {
	for _, a := range attended {
		var stays []Stay
		for _, s := range a.Stays {
			if s.From, s.To = later(s.From, from), earlier(s.To, to); s.From.Before(s.To) {
				stays = append(stays, s)
			}
		}
		if a.Stays = stays; len(stays) > 0 {
			kept = append(kept, a)
		}
	}
	return kept
}

// judgedAtOnce is how many fridges' records lie in memory at the same time.
const judgedAtOnce = 32

// asked is a fridge whose outsides are asked for, with the probes that it had.
type asked struct {
	Fridge
	from, to time.Time
	attended []Attendance
}

// outsides tells what judged probes say of each fridge.
func (m *Monitor) outsides(ctx context.Context, all []asked, tell func(Fridge, []Outside)) error {
	var stays []stayed
	for i, one := range all {
		for _, a := range one.attended {
			for _, stay := range a.Stays {
				if a.Sensor.Judged && later(stay.From, one.from).Before(earlier(stay.To, one.to)) {
					stays = append(stays, stayed{fridge: i, Stretch: Stretch{a.Sensor.ID, stay.From, stay.To}})
				}
			}
		}
	}
	if err := m.read(ctx, all, stays); err != nil {
		return fmt.Errorf("times out of range of %d fridges: %w", len(all), err)
	}
	for i, one := range all {
		var tellers []teller
		for _, s := range stays {
			if s.fridge != i {
				continue
			}
			t := teller{from: later(s.From, one.from), to: earlier(s.To, one.to)}
			t.outs = OutsidesOf(one.plan(), s.telling(one.Fridge), t.from, t.to)
			tellers = append(tellers, t)
		}
		tell(one.Fridge, worstOf(one.plan(), tellers, one.from, one.to))
	}
	return nil
}

// stayed is a probe's stay in one of the fridges that are asked for.
type stayed struct {
	Stretch
	fridge int
	quiet  []time.Time // hours that were wholly in range, by their summary
	maxima []MilliCelsius
	points []Point // what it measured in all other hours
}

// teller is what one stay of a probe says of its time.
type teller struct {
	from, to time.Time
	outs     []Outside
	next     int // the first of outs that is not over
}

// at is what the teller says of a moment; quiet when it knows it in range.
func (t *teller) at(moment time.Time) (said Outside, quiet, there bool) {
	if moment.Before(t.from) || !moment.Before(t.to) {
		return said, false, false
	}
	for t.next < len(t.outs) && !moment.Before(t.outs[t.next].To) {
		t.next++
	}
	if t.next < len(t.outs) && !moment.Before(t.outs[t.next].From) {
		return t.outs[t.next], false, true
	}
	return said, true, true
}

// worstOf tells each moment by the teller that was worst.
func worstOf(plan Plan, tellers []teller, from, to time.Time) []Outside {
	edges := []time.Time{from, to}
	for _, t := range tellers {
		edges = append(edges, t.from, t.to)
		for _, o := range t.outs {
			edges = append(edges, o.From, o.To)
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	edges = slices.CompactFunc(edges, time.Time.Equal)
	var outs outsides
	for i := 0; i+1 < len(edges); i++ {
		worst, quiet := Outside{}, false
		for j := range tellers {
			said, inRange, there := tellers[j].at(edges[i])
			quiet = quiet || inRange
			if there && said.Beyond && (!worst.Beyond || plan.At(edges[i]).off(said.Temp) > plan.At(edges[i]).off(worst.Temp)) {
				worst = said
			}
		}
		if worst.Beyond || !quiet {
			worst.From, worst.To = edges[i], edges[i+1]
			outs.add(worst)
		}
	}
	return outs
}

// read reads of each stay what tells all there is to tell of it: the readings of the hours
// in which something was beyond the band or missing, and the names of those that were
// wholly in range.
func (m *Monitor) read(ctx context.Context, all []asked, stays []stayed) error {
	for round := range rounds(stays) {
		var long []Stretch
		for _, i := range round {
			if s := stays[i].Stretch; s.To.Sub(s.From) > rawFor {
				long = append(long, s)
			}
		}
		hours, err := m.hoursWithin(ctx, long, m.summed)
		if err != nil {
			return err
		}
		var raw []Stretch
		for _, i := range round {
			s := &stays[i]
			raw = append(raw, s.split(all[s.fridge].Fridge, hours[s.Sensor])...)
		}
		points, err := m.store.PointsWithin(ctx, raw)
		if err != nil {
			return err
		}
		for _, i := range round {
			stays[i].points = points[stays[i].Sensor]
		}
	}
	return nil
}

// rounds are the stays in as many parts as the most that one probe had: in each a probe is there once.
func rounds(stays []stayed) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		had, parts := map[SensorID]int{}, [][]int(nil)
		for i, s := range stays {
			if had[s.Sensor]++; had[s.Sensor] > len(parts) {
				parts = append(parts, nil)
			}
			parts[had[s.Sensor]-1] = append(parts[had[s.Sensor]-1], i)
		}
		for _, part := range parts {
			if !yield(part) {
				return
			}
		}
	}
}

// split notes the stay's hours that were wholly in range and answers the stretches
// between them, of which the readings themselves are asked.
func (s *stayed) split(f Fridge, hours []Hour) (raw []Stretch) {
	from := s.From
	for i, h := range hours {
		p := f.JudgedBy(h.Start)
		if i == 0 || i+1 == len(hours) || !p.InBand(h.Min) || !p.InBand(h.Max) || time.Duration(h.Points)*p.Interval < time.Hour-p.Interval {
			continue
		}
		if from.Before(h.Start) {
			raw = append(raw, Stretch{s.Sensor, from, h.Start})
		}
		s.quiet, s.maxima = append(s.quiet, h.Start), append(s.maxima, h.Max)
		from = h.Start.Add(time.Hour)
	}
	if from.Before(s.To) {
		raw = append(raw, Stretch{s.Sensor, from, s.To})
	}
	return raw
}

// telling are the readings that tell all there is to tell of the stay, oldest first:
// quiet ones stand for the hours that were wholly in range.
func (s *stayed) telling(f Fridge) []Point {
	points, left := make([]Point, 0, len(s.points)+60*len(s.quiet)), s.points
	for i, start := range s.quiet {
		for len(left) > 0 && left[0].At.Before(start) {
			points, left = append(points, left[0]), left[1:]
		}
		interval := f.JudgedBy(start).Interval
		for at := start; at.Before(start.Add(time.Hour)); at = at.Add(interval) {
			points = append(points, Point{At: at, Temp: s.maxima[i]})
		}
	}
	return append(points, left...)
}

// outsides are added to in the order of time; what goes on is joined.
type outsides []Outside

func (all *outsides) add(o Outside) {
	if !o.From.Before(o.To) {
		return
	}
	if n := len(*all); n > 0 {
		last := &(*all)[n-1]
		if last.To.Equal(o.From) && last.Temp == o.Temp && last.Beyond == o.Beyond && last.Known == o.Known {
			last.To = o.To
			return
		}
	}
	*all = append(*all, o)
}

// OutsidesOf are the times from one to another, by readings in the order they were
// measured, that were not known to be in range.
func OutsidesOf(plan Plan, points []Point, from, to time.Time) []Outside {
	var outs outsides
	add := func(o Outside) {
		o.From, o.To = later(o.From, from), earlier(o.To, to)
		outs.add(o)
	}
	known := from
	for i, at := range points {
		p := plan.At(at.At)
		next := to
		if i+1 < len(points) {
			next = points[i+1].At
		}
		if i == 0 {
			add(Outside{From: known, To: at.At})
		}
		held := earlier(at.At.Add(p.MaxGap()), next)
		if !p.InBand(at.Temp) {
			add(Outside{From: at.At, To: held, Temp: at.Temp, Beyond: true, Known: true})
		}
		if held.Before(next) {
			add(p.gap(at, points, i, held, next))
		}
		known = next
	}
	if len(points) == 0 {
		add(Outside{From: from, To: to})
	}
	return outs
}

// gap is the unknown time behind a reading: charged when one of its ends was beyond the band.
func (p Profile) gap(at Point, points []Point, i int, from, to time.Time) Outside {
	gap := Outside{From: from, To: to}
	worse := func(t MilliCelsius) {
		if p.InBand(t) {
			return
		}
		if !gap.Beyond || p.off(t) > p.off(gap.Temp) {
			gap.Temp, gap.Beyond = t, true
		}
	}
	worse(at.Temp)
	if i+1 < len(points) {
		worse(points[i+1].Temp)
	}
	return gap
}

// off is how far a temperature is beyond the band.
func (p Profile) off(t MilliCelsius) MilliCelsius { return max(t-p.High, p.Low-t, 0) }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Summed is what a fridge's judged probes measured in a time: lowest, highest, mean.
func (m *Monitor) Summed(ctx context.Context, id FridgeID, from, to time.Time) (Hour, error) {
	attended, err := m.store.Attended(ctx, id, from, to)
	if err != nil {
		return Hour{}, err
	}
	var sum Hour
	for _, a := range attended {
		if !a.Sensor.Judged {
			continue
		}
		hours, err := m.hoursOf(ctx, a)
		if err != nil {
			return Hour{}, err
		}
		for _, h := range hours {
			sum = sum.merge(h)
		}
	}
	return sum, nil
}
