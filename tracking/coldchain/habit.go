package coldchain

import (
	"math"
	"slices"
	"time"
)

// Habit is what one probe's past says of its fridge when all is well: how long its
// compressor's cycle is, how far it swings, how fast it warms when nothing cools it.
// The zero Habit has learnt nothing; forecasts then go by what most fridges do.
type Habit struct {
	// Cycle is from one peak of the compressor's sawtooth to the next; 0: none was found.
	Cycle time.Duration
	// Unrest is by how much its peaks usually differ from one hour to the next.
	Unrest MilliCelsius
	// Trough and Peak are what it stays between in nineteen hours of twenty.
	Trough, Peak MilliCelsius
	// Recovery is how long it usually takes to come back from over its Peak, in whole hours; 0: it was never over it.
	Recovery time.Duration
	// Fast and Slow are the time constants of its warming towards the room when it is not
	// cooled, between which half of what was seen lies (Newton: dT/dt = (room - T)/τ); 0: nothing was seen.
	Fast, Slow time.Duration
	// Hours is how many hourly summaries it was learnt from.
	Hours    int
	LearntAt time.Time
}

const (
	// HabitReach is how far back the hourly summaries go that a habit is learnt from.
	HabitReach = 30 * 24 * time.Hour
	// CycleReach is how far back the readings go in which the cycle is looked for.
	CycleReach = 24 * time.Hour
	// leastHours is how many summaries teach anything.
	leastHours = 24
	// usualCycle is what compressors take: 60 to 65 minutes were measured.
	usualCycle = time.Hour
	// shortestCycle and longestCycle bound the cycles that are looked for.
	shortestCycle, longestCycle = 20 * time.Minute, 150 * time.Minute
	// leastUnrest is what a probe's last digit does.
	leastUnrest = MilliCelsius(100)
	// cycleSure is the correlation from which a cycle counts as found.
	cycleSure = 0.3
	// roomTemp is taken for the room where no probe measures it.
	roomTemp = MilliCelsius(23_000)
	// leastSpread is how far apart the ends of a forecast without power lie at least: what
	// stands in the fridge, and the room, differ from day to day by more than its past shows.
	leastSpread = 1.25
	// cycleShare of the best correlation is as good as the best.
	cycleShare = 0.8
	// leastRise, riseShare of the way from trough to peak, and leastRiseSteps make a climb one
	// that says how fast a fridge warms when nothing cools it.
	leastRise      = MilliCelsius(300)
	riseShare      = 0.5
	leastRiseSteps = 3
)

func (h Habit) cycle() time.Duration {
	if h.Cycle == 0 {
		return usualCycle
	}
	return h.Cycle
}

func (h Habit) unrest() MilliCelsius { return max(h.Unrest, leastUnrest) }

// Learnt is true once there was enough to learn from.
func (h Habit) Learnt() bool { return h.Hours >= leastHours }

// LearnHabit learns from the hourly summaries of up to HabitReach and the readings of
// up to CycleReach, each oldest first.
func LearnHabit(hours []Hour, recent []Point, at time.Time) Habit {
	h := Habit{Hours: len(hours), LearntAt: at}
	if len(hours) < leastHours {
		return h
	}
	steps := medians(recent)
	h.Cycle = cycleOf(steps)
	var peaks, troughs, changes []MilliCelsius
	for i, hour := range hours {
		peaks, troughs = append(peaks, hour.Max), append(troughs, hour.Min)
		if i > 0 && hour.Start.Sub(hours[i-1].Start) == time.Hour {
			changes = append(changes, MilliCelsius(abs(hour.Max-hours[i-1].Max)))
		}
	}
	h.Peak, h.Trough, h.Unrest = quantile(peaks, 0.95), quantile(troughs, 0.05), quantile(changes, 0.5)
	h.Recovery = recoveryOf(hours, h.Peak)
	h.Fast, h.Slow = warmingOf(hours, steps, max(leastRise, MilliCelsius(riseShare*float64(h.Peak-h.Trough))))
	return h
}

func quantile[T int32 | int64 | MilliCelsius | time.Duration](all []T, share float64) T {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

// cycleOf is the lag at which the record is most like itself; 0 where it is like itself nowhere.
func cycleOf(steps []Point) time.Duration {
	even := evenly(steps)
	if len(even) < int(3*longestCycle/outlookStep) {
		return 0
	}
	mean := 0.0
	for _, v := range even {
		mean += v / float64(len(even))
	}
	power := 0.0
	for i := range even {
		even[i] -= mean
		power += even[i] * even[i]
	}
	if power == 0 {
		return 0
	}
	likes := make([]float64, int(longestCycle/outlookStep)+1)
	best, fell := cycleSure, false
	for n := 1; n < len(likes); n++ {
		like := 0.0
		for i := n; i < len(even); i++ {
			like += even[i] * even[i-n]
		}
		like /= power
		fell = fell || like < cycleSure/2 // what follows is another stroke, not the same one
		if fell && n >= int(shortestCycle/outlookStep) {
			likes[n] = like
			best = max(best, like)
		}
	}
	for n := 1; n < len(likes)-1; n++ { // the first peak that is about as good: two cycles look like one, too
		if likes[n] >= cycleShare*best && likes[n] >= cycleSure && likes[n] >= likes[n+1] {
			return time.Duration(n) * outlookStep
		}
	}
	return 0
}

// evenly are the values at each step, those that are missing in between as the last one was.
func evenly(steps []Point) []float64 {
	var even []float64
	for i, s := range steps {
		for i > 0 && len(even) > 0 && time.Duration(len(even))*outlookStep < s.At.Sub(steps[0].At) {
			even = append(even, even[len(even)-1])
		}
		even = append(even, float64(s.Temp))
	}
	return even
}

// recoveryOf is the median number of hours that it stayed over its usual peak.
func recoveryOf(hours []Hour, peak MilliCelsius) time.Duration {
	var runs []time.Duration
	run := time.Duration(0)
	for _, h := range hours {
		if h.Max > peak {
			run += time.Hour
			continue
		}
		if run > 0 {
			runs = append(runs, run)
		}
		run = 0
	}
	return quantile(runs, 0.5)
}

// warmingOf are the quartiles of the time constants that its climbs show: while the
// compressor rests, in a defrost, with the mains away, door open or after one.
func warmingOf(hours []Hour, steps []Point, least MilliCelsius) (fast, slow time.Duration) {
	means := make([]Point, len(hours))
	for i, h := range hours {
		means[i] = Point{At: h.Start.Add(time.Hour / 2), Temp: h.Mean()}
	}
	all := append(climbs(steps, outlookStep, least), climbs(means, time.Hour, 2*least)...)
	return quantile(all, 0.25), quantile(all, 0.75)
}

// climbs are the time constants of unbroken climbs by at least so much.
func climbs(points []Point, step time.Duration, least MilliCelsius) []time.Duration {
	var all []time.Duration
	begin := 0
	for i := 1; i <= len(points); i++ {
		if i < len(points) && points[i].Temp > points[i-1].Temp && points[i].At.Sub(points[i-1].At) <= 2*step {
			continue
		}
		from, to := points[begin], points[i-1]
		rise := to.Temp - from.Temp
		if middle := (from.Temp + to.Temp) / 2; i-1-begin >= leastRiseSteps && rise >= least && middle < roomTemp {
			all = append(all, time.Duration(float64(to.At.Sub(from.At))*float64(roomTemp-middle)/float64(rise)))
		}
		begin = i
	}
	return all
}

// HoldOver is the habit of a fridge of which nothing is learnt, by how long its maker says
// that it stays in range without power.
func (h Habit) HoldOver(p Profile, holdOver time.Duration) Habit {
	start := (p.Low + p.High) / 2
	if h.Fast > 0 || holdOver <= 0 || p.High >= roomTemp {
		return h
	}
	h.Slow = time.Duration(float64(holdOver) / math.Log(float64(roomTemp-start)/float64(roomTemp-p.High)))
	h.Fast = h.Slow / 2 // a full fridge on a good day is what makers measure
	return h
}

// ForeseeWithoutPower is when the room will have warmed a fridge that nothing cools over
// its limit. It is false where nothing is known of how it warms, or a limit is crossed already.
func ForeseeWithoutPower(p Profile, h Habit, now MilliCelsius) (Outlook, bool) {
	best, found := Outlook{}, false
	for _, rule := range p.Rules {
		if rule.Beyond(now) {
			return Outlook{}, false
		}
		if rule.Direction != TooWarm || h.Fast <= 0 || rule.Limit >= roomTemp || now >= roomTemp {
			continue
		}
		// T(t) = room - (room - now)·e^(-t/τ), so the limit is reached at τ·ln((room - now)/(room - limit)).
		share := math.Log(float64(roomTemp-now) / float64(roomTemp-rule.Limit))
		o := Outlook{Rule: rule, Power: true, DegreesAnHour: float64(roomTemp-now) / 1000 / h.Fast.Hours(),
			Soonest: time.Duration(share * float64(h.Fast)), Latest: time.Duration(share * max(float64(h.Slow), leastSpread*float64(h.Fast)))}
		if !found || o.Soonest < best.Soonest {
			best, found = o, true
		}
	}
	return best, found
}

// powerAway says whether a device tells that the mains are away.
func powerAway(signs []Sign) bool {
	return slices.ContainsFunc(signs, func(s Sign) bool { return s.Kind == SignPower && s.On })
}
