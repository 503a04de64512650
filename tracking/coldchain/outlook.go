package coldchain

import (
	"slices"
	"time"
)

// Outlook is what will happen if the temperature goes on as it has: which limit
// it crosses, and between when and when. It warns and never rings.
type Outlook struct {
	Rule            Rule
	Soonest, Latest time.Duration
	DegreesAnHour   float64
	// Power is true when the mains are away and the room warms the fridge.
	Power bool
}

const (
	// outlookStep is how finely the record is looked at: one value every five minutes.
	outlookStep = 5 * time.Minute
	// outlookLeast is how many steps a cycle must have to be looked at.
	outlookLeast = 4
	// outlookLatest is how many cycles ahead the later end of a forecast lies at most.
	outlookLatest = 2
)

// Foresee looks ahead from the readings of a probe's last two cycles or more, in
// the order they were measured. Within a cycle every compressor climbs, so one
// slope foretells nothing: what counts is that the last cycle was, as a whole,
// nearer to the limit than the one before, and that its peak with as much again
// on top, by more than this fridge's peaks differ anyway, lies beyond the limit.
// It is false while nothing is to be feared, where a limit is crossed already, and for
// two cycles after that: somebody has been told, and every fridge swings as it recovers.
func Foresee(p Profile, h Habit, points []Point) (Outlook, bool) {
	steps := medians(points)
	if len(steps) < 2 {
		return Outlook{}, false
	}
	last, cycle := steps[len(steps)-1], h.cycle()
	this, before := since(steps, last.At.Add(-cycle)), since(steps, last.At.Add(-2*cycle))
	if !p.unbroken(before, last.At.Add(-2*cycle)) || len(this) < outlookLeast {
		return Outlook{}, false
	}
	before = before[:len(before)-len(this)]
	if slices.ContainsFunc(this, p.beyondAny) || slices.ContainsFunc(before, p.beyondAny) {
		return Outlook{}, false
	}
	for _, rule := range p.Rules {
		if rule.nears(h, before, this) {
			return rule.outlook(this, cycle), true
		}
	}
	return Outlook{}, false
}

// unbroken says that steps follow each other from a time on without a gap.
func (p Profile) unbroken(steps []Point, from time.Time) bool {
	for _, s := range steps {
		if s.At.Sub(from) > p.MaxGap()+outlookStep {
			return false
		}
		from = s.At
	}
	return true
}

func (p Profile) beyondAny(s Point) bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Beyond(s.Temp) })
}

// since are the steps after a time.
func since(steps []Point, at time.Time) []Point {
	i, _ := slices.BinarySearchFunc(steps, at.Add(time.Nanosecond), func(s Point, at time.Time) int { return s.At.Compare(at) })
	return steps[i:]
}

// side is 1 for what grows worse upwards, else -1.
func (r Rule) side() float64 {
	if r.Direction == TooCold {
		return -1
	}
	return 1
}

// nears says whether the cycle to come will cross the limit, as this one goes on from the one before.
func (r Rule) nears(h Habit, before, this []Point) bool {
	side := r.side()
	drift := side * (meanOf(this) - meanOf(before))
	peak := side * float64(this[0].Temp)
	for _, s := range this {
		peak = max(peak, side*float64(s.Temp))
	}
	n := len(this)
	climbs := side*float64(this[n-1].Temp-this[n-2].Temp) >= 0
	return climbs && drift > 0 && peak+drift > side*float64(r.Limit)+float64(h.unrest())
}

// outlook is when the limit will be crossed: at the earliest if the fastest climb
// of this cycle goes on, at the latest by the slow one, or with the peak of the next cycle.
func (r Rule) outlook(this []Point, cycle time.Duration) Outlook {
	last := this[len(this)-1]
	slopes := slopesOf(this)
	if r.Direction == TooCold {
		slices.Reverse(slopes)
	}
	slow, middle, fast := slopes[len(slopes)/4], slopes[len(slopes)/2], slopes[len(slopes)*9/10]
	o := Outlook{Rule: r, Latest: cycle, DegreesAnHour: middle / 1000}
	if late, crosses := timeTo(r, last.Temp, slow); crosses {
		o.Latest = min(late, outlookLatest*cycle)
	}
	if soon, crosses := timeTo(r, last.Temp, fast); crosses {
		o.Soonest = min(soon, o.Latest)
	}
	return o
}

func meanOf(steps []Point) float64 {
	sum := 0.0
	for _, s := range steps {
		sum += float64(s.Temp)
	}
	return sum / float64(len(steps))
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
