package coldchain

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Spot is what a chart draws at one place: one reading, or several summed up.
type Spot struct {
	At             time.Time // the middle of what it stands for
	Min, Mean, Max MilliCelsius
}

// Curve is a probe's temperatures over a chart's time. Between two runs lies a
// gap: a chart draws it as a gap.
type Curve struct {
	Probe Watched
	// Stays are the parts of the chart's time in which it was in this fridge.
	Stays []Stay
	Runs  [][]Spot
}

// Chart is what one fridge's chart shows.
type Chart struct {
	From, To time.Time
	Profile  Profile
	Curves   []Curve
	// Excursions that touch the time, oldest first.
	Excursions []Excursion
	// Summed is true when each spot stands for an hour or more.
	Summed bool
	// Lanes are what devices told beside temperatures, and planned openings: one for each
	// kind of which there is something in the time.
	Lanes []Lane
}

// Lane is when one thing was so, beside a chart's temperatures.
type Lane struct {
	// Kind is the sign; empty for planned openings.
	Kind SignKind
	// Spans are within the chart's time, oldest first, apart from each other.
	Spans []Span
}

// Span is a time from a moment to another.
type Span struct{ From, To time.Time }

const (
	// chartSpots is about how many places a chart can tell apart.
	chartSpots = 720
	// rawFor is the longest time that is drawn from the readings themselves; longer ones use hours.
	rawFor = 50 * time.Hour
	// MaxChart is the longest time that one chart shows.
	MaxChart = 400 * 24 * time.Hour
	// maxLaneSigns is how many signs and openings a chart is drawn from, the newest ones.
	maxLaneSigns = 2_000
	// maxChartExcursions is how many excursions a chart marks.
	maxChartExcursions = 500
)

// Chart is a fridge's temperatures from a time to another; at most MaxChart is shown.
func (m *Monitor) Chart(ctx context.Context, id FridgeID, from, to time.Time) (Chart, error) {
	f, err := m.store.Fridge(ctx, id)
	if err != nil {
		return Chart{}, err
	}
	if to.Sub(from) > MaxChart {
		from = to.Add(-MaxChart)
	}
	probes, err := m.store.Attended(ctx, id, from, to)
	if err != nil {
		return Chart{}, err
	}
	chart := Chart{From: from, To: to, Profile: f.JudgedBy(to), Summed: to.Sub(from) > rawFor}
	for _, probe := range probes {
		curve := Curve{Probe: probe.Watched, Stays: probe.Stays}
		for _, stay := range probe.Stays {
			spots, reach, err := m.spots(ctx, probe.Sensor.ID, chart, stay)
			if err != nil {
				return Chart{}, err
			}
			curve.Runs = append(curve.Runs, runs(spots, reach)...)
		}
		chart.Curves = append(chart.Curves, curve)
	}
	slices.SortStableFunc(chart.Curves, func(a, b Curve) int { return cmp.Compare(a.left(to), b.left(to)) })
	all, err := m.store.Excursions(ctx, id, maxChartExcursions)
	if err != nil {
		return Chart{}, err
	}
	for _, e := range all {
		if !e.Withdrawn && e.Start.Before(to) && (e.End.IsZero() || e.End.After(from)) {
			chart.Excursions = append([]Excursion{e}, chart.Excursions...)
		}
	}
	return chart, m.lanes(ctx, id, &chart)
}

// lanes adds what devices told in a chart's time, and the planned openings in it.
func (m *Monitor) lanes(ctx context.Context, id FridgeID, c *Chart) error {
	signs, err := m.store.SignsDuring(ctx, id, c.From, c.To, maxLaneSigns)
	if err != nil {
		return err
	}
	now, err := m.store.SignsNow(ctx, id)
	if err != nil {
		return err
	}
	before, err := m.signsBefore(ctx, signs, now[id], *c)
	if err != nil {
		return err
	}
	for _, kind := range SignKinds() {
		if spans := spansOf(kind, signs, before, *c); len(spans) > 0 {
			c.Lanes = append(c.Lanes, Lane{kind, spans})
		}
	}
	openings, err := m.store.Openings(ctx, id, c.From, c.To, maxLaneSigns)
	if err != nil || len(openings) == 0 {
		return err
	}
	var spans []Span
	for _, o := range openings {
		spans = append(spans, Span{later(o.At, c.From), earlier(o.Until, c.To)})
	}
	c.Lanes = append(c.Lanes, Lane{Spans: joined(spans)})
	return nil
}

// signsBefore are what held when a chart's time began, of devices that told nothing in it;
// now is the newest sign of each.
func (m *Monitor) signsBefore(ctx context.Context, signs, now []Sign, c Chart) ([]Sign, error) {
	var before []Sign
	for _, s := range now {
		if slices.ContainsFunc(signs, func(told Sign) bool { return told.Sensor == s.Sensor && told.Kind == s.Kind }) {
			continue
		}
		if !s.At.Before(c.From) { // it was told later: look further back
			was, there, err := m.store.SignAt(ctx, s.Sensor, s.Kind, c.From)
			if err != nil {
				return nil, err
			}
			if !there {
				continue
			}
			s = was
		}
		before = append(before, s)
	}
	return before, nil
}

// spansOf are the times in which some device of a fridge said so: signs are those within
// the chart's time, oldest first, before what held when it began, of the other devices.
func spansOf(kind SignKind, signs, before []Sign, c Chart) []Span {
	began, seen := map[string]time.Time{}, map[string]bool{}
	var spans []Span
	for _, s := range signs {
		if s.Kind != kind {
			continue
		}
		begun, on := began[s.Sensor]
		switch {
		case s.On && !on:
			began[s.Sensor] = s.At
		case !s.On && on:
			spans = append(spans, Span{begun, s.At})
			delete(began, s.Sensor)
		case !s.On && !seen[s.Sensor]: // it was so when the chart's time began
			spans = append(spans, Span{c.From, s.At})
		}
		seen[s.Sensor] = true
	}
	for _, s := range before {
		if s.Kind == kind && s.On {
			began[s.Sensor] = c.From
		}
	}
	for _, at := range began {
		spans = append(spans, Span{at, c.To})
	}
	return joined(spans)
}

// joined are spans in their order, those that meet made into one.
func joined(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return a.From.Compare(b.From) })
	var all []Span
	for _, s := range spans {
		if n := len(all) - 1; n >= 0 && !s.From.After(all[n].To) {
			all[n].To = later(all[n].To, s.To)
			continue
		}
		if s.To.After(s.From) {
			all = append(all, s)
		}
	}
	return all
}

// left is 1 for a probe that was taken elsewhere before a time, else 0.
func (c Curve) left(to time.Time) int {
	if n := len(c.Stays); n > 0 && c.Stays[n-1].To.Before(to) {
		return 1
	}
	return 0
}

// spots are what a chart draws of one stay of a stream, and how far apart two may be without a gap between them.
func (m *Monitor) spots(ctx context.Context, id SensorID, c Chart, stay Stay) ([]Spot, time.Duration, error) {
	width := c.To.Sub(c.From) / chartSpots
	if !c.Summed {
		points, err := m.store.Points(ctx, id, stay.From, stay.To)
		return sumPoints(points, width), max(c.Profile.MaxGap(), 2*width), err
	}
	hours, err := m.hours(ctx, id, stay.From, stay.To)
	width = max(width, time.Hour)
	return sumHours(hours, width), 2*width + c.Profile.MaxGap(), err
}

// HoursOf sums readings up by whole hours of UTC. They are in the order they were measured.
func HoursOf(points []Point) []Hour { return addPoints(nil, points) }

// addPoints adds readings to the hours before them.
func addPoints(hours []Hour, points []Point) []Hour {
	for _, p := range points {
		n := len(hours)
		if n > 0 && hours[n-1].Start.Equal(p.At.Truncate(time.Hour)) {
			hours[n-1] = hours[n-1].see(p.At, p.Temp)
			continue
		}
		hours = append(hours, Hour{}.see(p.At, p.Temp))
	}
	return hours
}

func sumPoints(points []Point, width time.Duration) []Spot {
	if len(points) <= 2*chartSpots || width <= 0 {
		spots := make([]Spot, len(points))
		for i, p := range points {
			spots[i] = Spot{At: p.At, Min: p.Temp, Mean: p.Temp, Max: p.Temp}
		}
		return spots
	}
	var spots []Spot
	var bin Hour
	for _, p := range points {
		start := p.At.Truncate(width)
		if bin.Points > 0 && !bin.Start.Equal(start) {
			spots = append(spots, bin.spot(width))
			bin = Hour{}
		}
		bin = bin.merge(Hour{Start: start, Min: p.Temp, Max: p.Temp, Sum: int64(p.Temp), Points: 1})
	}
	if bin.Points > 0 {
		spots = append(spots, bin.spot(width))
	}
	return spots
}

func sumHours(hours []Hour, width time.Duration) []Spot {
	var spots []Spot
	var bin Hour
	for _, h := range hours {
		if bin.Points > 0 && h.Start.Sub(bin.Start) >= width {
			spots = append(spots, bin.spot(width))
			bin = Hour{}
		}
		bin = bin.merge(h)
	}
	if bin.Points > 0 {
		spots = append(spots, bin.spot(width))
	}
	return spots
}

// merge adds another time to an hour, or to the wider bin that began as one.
func (h Hour) merge(other Hour) Hour {
	if h.Points == 0 {
		return other
	}
	h.Min, h.Max = min(h.Min, other.Min), max(h.Max, other.Max)
	h.Sum += other.Sum
	h.Points += other.Points
	return h
}

func (h Hour) spot(width time.Duration) Spot {
	return Spot{At: h.Start.Add(width / 2), Min: h.Min, Mean: h.Mean(), Max: h.Max}
}

// runs cuts spots where they lie further apart than reach.
func runs(spots []Spot, reach time.Duration) [][]Spot {
	var all [][]Spot
	begin := 0
	for i := range spots {
		if i > 0 && spots[i].At.Sub(spots[i-1].At) > reach {
			all = append(all, spots[begin:i])
			begin = i
		}
	}
	if begin < len(spots) {
		all = append(all, spots[begin:])
	}
	return all
}
