package coldchain

import (
	"context"
	"slices"
	"time"
)

// Outlook is what will happen if the temperature goes on as it has: which limit
// it crosses, and between when and when. It warns and never rings.
type Outlook struct {
	Rule            Rule
	Soonest, Latest time.Duration
	DegreesAnHour   float64
}

const (
	// outlookWindow is at least one cycle of a compressor (60 to 65 minutes measured):
	// a shorter one takes every upstroke of the sawtooth for a fault.
	outlookWindow = 65 * time.Minute
	// outlookHorizon is how far ahead a warning looks.
	outlookHorizon = 30 * time.Minute
	// outlookStep is how finely the window is looked at.
	outlookStep = 5 * time.Minute
	// outlookLeast is how many steps must hold readings.
	outlookLeast = 8
	// outlookInARow is how many steps in a row must say the same before it is said.
	outlookInARow = 3
)

// Foresee looks ahead from the readings of the last outlookWindow and a little
// more, in the order they were measured. It is false while nothing is to be
// feared, and where a limit is crossed already.
func Foresee(p Profile, points []Point) (Outlook, bool) {
	steps := medians(points)
	if len(steps) == 0 {
		return Outlook{}, false
	}
	var said Outlook
	for back := range outlookInARow {
		if back >= len(steps) {
			return Outlook{}, false
		}
		end := len(steps) - back
		outlook, warns := foreseeAt(p, steps[:end])
		if !warns || back > 0 && outlook.Rule.Name != said.Rule.Name {
			return Outlook{}, false
		}
		if back == 0 {
			said = outlook
		}
	}
	return said, true
}

// medians are one point a step, so that neither a fast probe nor a single jump weighs more.
func medians(points []Point) []Point {
	var steps []Point
	var temps []MilliCelsius
	flush := func() {
		if len(temps) > 0 {
			slices.Sort(temps)
			steps[len(steps)-1].Temp = temps[len(temps)/2]
			temps = temps[:0]
		}
	}
	for _, p := range points {
		at := p.At.Truncate(outlookStep)
		if n := len(steps); n == 0 || !steps[n-1].At.Equal(at) {
			flush()
			steps = append(steps, Point{At: at})
		}
		temps = append(temps, p.Temp)
	}
	flush()
	return steps
}

func foreseeAt(p Profile, steps []Point) (Outlook, bool) {
	last := steps[len(steps)-1]
	i, _ := slices.BinarySearchFunc(steps, last.At.Add(-outlookWindow), func(s Point, at time.Time) int { return s.At.Compare(at) })
	steps = steps[i:]
	if len(steps) < outlookLeast {
		return Outlook{}, false
	}
	slopes := slopesOf(steps)
	// Theil-Sen: the median slope; the quartiles tell how sure it is.
	slow, middle, fast := slopes[len(slopes)/4], slopes[len(slopes)/2], slopes[len(slopes)*3/4]
	for _, rule := range p.Rules {
		if rule.Beyond(last.Temp) {
			return Outlook{}, false
		}
		if left, crosses := timeTo(rule, last.Temp, middle); crosses && left <= outlookHorizon {
			o := Outlook{Rule: rule, Soonest: left, Latest: left, DegreesAnHour: middle / 1000}
			for _, slope := range []float64{slow, fast} {
				if other, crosses := timeTo(rule, last.Temp, slope); crosses {
					o.Soonest, o.Latest = min(o.Soonest, other), max(o.Latest, other)
				}
			}
			return o, true
		}
	}
	return Outlook{}, false
}

// slopesOf are the slopes between all pairs, in thousandths of a degree an hour, smallest first.
func slopesOf(steps []Point) []float64 {
	var slopes []float64
	for i := range steps {
		for j := range i {
			slopes = append(slopes, float64(steps[i].Temp-steps[j].Temp)/steps[i].At.Sub(steps[j].At).Hours())
		}
	}
	slices.Sort(slopes)
	return slopes
}

// timeTo is how long until the limit at a slope; false when it leads away from it.
func timeTo(rule Rule, from MilliCelsius, slope float64) (time.Duration, bool) {
	way := float64(rule.Limit - from)
	if rule.Direction == TooWarm && slope <= 0 || rule.Direction == TooCold && slope >= 0 || way/slope < 0 {
		return 0, false
	}
	return min(time.Duration(way/slope*float64(time.Hour)), 24*time.Hour), true
}

// Outlook is what a probe's last hour lets expect.
func (m *Monitor) Outlook(ctx context.Context, p Profile, w Watched, at time.Time) (Outlook, bool, error) {
	points, err := m.store.Points(ctx, w.Sensor.ID, later(w.Since, at.Add(-outlookWindow-outlookInARow*outlookStep)), at.Add(futureTolerance))
	if err != nil || len(points) == 0 || at.Sub(points[len(points)-1].At) > p.MaxGap() {
		return Outlook{}, false, err // what is silent foretells nothing
	}
	o, warns := Foresee(p, points)
	return o, warns, nil
}
