package coldchain

import (
	"slices"
	"time"
)

// Day sums up one calendar day of a stream at the site.
type Day struct {
	// Start is the day's first midnight, in the site's zone; a day of a clock
	// change has 23 or 25 hours.
	Start time.Time
	// Tally speaks for the readings of the day and for the time that they held.
	Tally Tally
	// Above and Below are the known time over the band's high and under its low.
	Above, Below time.Duration
	// Gap is the time of the day within the record in which nobody knows.
	Gap time.Duration
}

// Date is the day's date: "2026-03-29".
func (d Day) Date() string { return d.Start.Format(time.DateOnly) }

// Gap is a time in which nobody knows.
type Gap struct{ From, To time.Time }

// Days sums points up by the calendar days of a zone. The points are in the
// order they were measured; each holds until the next, but for no longer than
// the profile's MaxGap; what is held over midnight is split there.
func Days(p Profile, points []Point, zone *time.Location) []Day {
	var days []Day
	for i, at := range points {
		day := dayOf(&days, at.At, zone)
		day.Tally = day.Tally.see(at.Temp)
		if i+1 < len(points) {
			sp := between(at, points[i+1], p.MaxGap())
			days = p.hold(days, at, sp.known, zone)
			days = gapOver(days, at.At.Add(sp.known), points[i+1].At, zone)
		}
	}
	return days
}

// joinDays adds the days of a later stay; a day on which both have a part is one.
func joinDays(days, more []Day) []Day {
	for _, day := range more {
		n := len(days)
		if n == 0 || !days[n-1].Start.Equal(day.Start) {
			days = append(days, day)
			continue
		}
		last := &days[n-1]
		last.Tally = last.Tally.join(day.Tally)
		last.Above, last.Below, last.Gap = last.Above+day.Above, last.Below+day.Below, last.Gap+day.Gap
	}
	return days
}

// dayOf is the day of a moment; it is added when it is a new one. Moments never go back.
func dayOf(days *[]Day, at time.Time, zone *time.Location) *Day {
	local := at.In(zone)
	start := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	if n := len(*days); n == 0 || !(*days)[n-1].Start.Equal(start) {
		*days = append(*days, Day{Start: start})
	}
	return &(*days)[len(*days)-1]
}

// hold spreads the time that a temperature held over the days it touches.
func (p Profile) hold(days []Day, at Point, known time.Duration, zone *time.Location) []Day {
	for from, left := at.At, known; left > 0; {
		day := dayOf(&days, from, zone)
		part := min(left, day.Start.AddDate(0, 0, 1).Sub(from))
		day.Tally = day.Tally.hold(at.Temp, part)
		if at.Temp > p.High {
			day.Above += part
		}
		if at.Temp < p.Low {
			day.Below += part
		}
		from, left = from.Add(part), left-part
	}
	return days
}

func gapOver(days []Day, from, to time.Time, zone *time.Location) []Day {
	for from.Before(to) {
		day := dayOf(&days, from, zone)
		end := day.Start.AddDate(0, 0, 1)
		if end.After(to) {
			end = to
		}
		day.Gap += end.Sub(from)
		from = end
	}
	return days
}

// Gaps are the times in which the points leave the temperature unknown.
func Gaps(p Profile, points []Point) []Gap {
	var gaps []Gap
	for i := 1; i < len(points); i++ {
		if sp := between(points[i-1], points[i], p.MaxGap()); sp.gap > 0 {
			gaps = append(gaps, Gap{From: points[i-1].At.Add(sp.known), To: points[i].At})
		}
	}
	return gaps
}

// InOrder sorts points by the time they were measured and drops those whose time is there already.
func InOrder(points []Point) []Point {
	points = slices.Clone(points)
	slices.SortStableFunc(points, func(a, b Point) int { return a.At.Compare(b.At) })
	return slices.CompactFunc(points, func(a, b Point) bool { return a.At.Equal(b.At) })
}

// Fitting is the profile for a recording whose interval may be a longer one: the
// median time between its readings counts as the interval then.
func (p Profile) Fitting(points []Point) Profile {
	if len(points) < 2 {
		return p
	}
	steps := make([]time.Duration, len(points)-1)
	for i := range steps {
		steps[i] = points[i+1].At.Sub(points[i].At)
	}
	slices.Sort(steps)
	p.Interval = max(p.Interval, steps[len(steps)/2])
	return p
}
