package coldchain

import (
	"context"
	"fmt"
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
	var tellers []teller
	for _, a := range attended {
		if !a.Sensor.Judged {
			continue
		}
		for _, stay := range a.Stays {
			one := teller{from: later(stay.From, from), to: earlier(stay.To, to)}
			if !one.from.Before(one.to) {
				continue
			}
			points, err := m.telling(ctx, a.Sensor.ID, f, stay)
			if err != nil {
				return nil, fmt.Errorf("times out of range of %s: %w", id, err)
			}
			one.outs = OutsidesOf(f.plan(), points, one.from, one.to)
			tellers = append(tellers, one)
		}
	}
	return worstOf(f.plan(), tellers, from, to), nil
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

// telling are the readings that tell all there is to tell of a stay, and an hour
// around it: every one of the hours in which something was beyond the band or
// missing, and quiet ones in place of the hours that were wholly in range.
func (m *Monitor) telling(ctx context.Context, sensor SensorID, f Fridge, stay Stay) ([]Point, error) {
	if stay.To.Sub(stay.From) <= rawFor {
		return m.store.Points(ctx, sensor, stay.From, stay.To)
	}
	hours, err := m.hours(ctx, sensor, stay.From, stay.To)
	if err != nil {
		return nil, err
	}
	var points []Point
	raw := stay.From // from here on the readings themselves are asked
	flush := func(until time.Time) error {
		if !raw.Before(until) {
			return nil
		}
		more, err := m.store.Points(ctx, sensor, raw, until)
		points = append(points, more...)
		return err
	}
	for i, h := range hours {
		p := f.JudgedBy(h.Start)
		quiet := i > 0 && i+1 < len(hours) && p.InBand(h.Min) && p.InBand(h.Max) && time.Duration(h.Points)*p.Interval >= time.Hour-p.Interval
		if !quiet {
			continue
		}
		if err := flush(h.Start); err != nil {
			return nil, err
		}
		for at := h.Start; at.Before(h.Start.Add(time.Hour)); at = at.Add(p.Interval) {
			points = append(points, Point{At: at, Temp: h.Max})
		}
		raw = h.Start.Add(time.Hour)
	}
	return points, flush(stay.To)
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
