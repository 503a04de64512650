package coldchain

import "time"

// Travelled is how cold something was on its way, by a logger's readings or a trip's.
type Travelled struct {
	Profile           Profile
	From, To          time.Time
	Tally             Tally
	Above, Below, Gap time.Duration
	// Out: at some time it was beyond the band.
	Out bool
}

// TravelledBy sums readings of a way up under a profile. A single reading beyond the
// band counts: a delivery has no delay in which to be brought back. Without readings
// nothing is known, and Tally has no Points.
func TravelledBy(p Profile, points []Point) Travelled {
	points = InOrder(points)
	if len(points) == 0 {
		return Travelled{Profile: p}
	}
	from, to := points[0].At, points[len(points)-1].At
	sum := sumUp(p.Fitting(points), points, from, to)
	t := Travelled{Profile: p, From: from, To: to, Tally: sum.Tally, Above: sum.Above, Below: sum.Below, Gap: sum.Gap}
	for _, point := range points {
		t.Tally.Min, t.Tally.Max = min(t.Tally.Min, point.Temp), max(t.Tally.Max, point.Temp) // the last one too
		t.Out = t.Out || !p.InBand(point.Temp)
	}
	t.Tally.Points = len(points)
	return t
}

// Travelled is a trip as what came with it was kept.
func (r TripRecord) Travelled(now time.Time) Travelled {
	t := Travelled{Profile: r.Profile, From: r.Trip.StartedAt, To: r.Trip.Until(now), Tally: r.Tally, Above: r.Above, Below: r.Below, Gap: r.Gap}
	t.Out = r.Tally.Points > 0 && (!r.Profile.InBand(r.Tally.Min) || !r.Profile.InBand(r.Tally.Max))
	return t
}
