package policy

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Forecaster turns a history into one forecast of the next period for each
// period of it and one more: forecast i knows only what lies before period i.
type Forecaster struct {
	Method Method
	Weight float64 // of the newest value, for the methods that smooth
	Span   int     // in periods, for the moving average
	// Year is the length of a year in periods where the forecast follows the
	// season, else 0; Ahead is how many periods it looks ahead for that.
	Year, Ahead int
}

// String names the forecaster with its setting.
func (f Forecaster) String() string {
	if f.Method == Average {
		return fmt.Sprintf("%s of %d", f.Method, f.Span)
	}
	if f.Year > 0 {
		return fmt.Sprintf("%s (%g) with the season", f.Method, f.Weight)
	}
	return fmt.Sprintf("%s (%g)", f.Method, f.Weight)
}

// Forecasters are those that a back-test chooses from, for histories whose year
// has so many periods and a look so many periods ahead.
func Forecasters(year, ahead int) []Forecaster {
	all := []Forecaster{
		{Method: SES, Weight: 0.02}, {Method: SES, Weight: 0.05}, {Method: SES, Weight: 0.1}, {Method: SES, Weight: 0.2}, {Method: SES, Weight: 0.3},
		{Method: TSB, Weight: 0.1}, {Method: TSB, Weight: 0.2}, {Method: SBA, Weight: 0.1}, {Method: Average, Span: 6}, {Method: Average, Span: 12},
	}
	if year > 0 {
		all = append(all, Forecaster{Method: Average, Span: year}, Forecaster{Method: Average, Span: 4 * year})
		if year > yearOfWeeks {
			all = append(all, Forecaster{Method: Average, Span: year / 4})
		}
		all = append(all, Forecaster{Method: SES, Weight: 0.05, Year: year, Ahead: ahead}, Forecaster{Method: SES, Weight: 0.1, Year: year, Ahead: ahead},
			Forecaster{Method: SES, Weight: 0.02, Year: year, Ahead: ahead})
	}
	return all
}

// Each is the forecast for every period and the one after the last.
func (f Forecaster) Each(history []float64) []float64 {
	switch f.Method {
	case Average:
		return f.averages(history)
	case TSB, SBA, Croston:
		return f.intermittent(history)
	}
	if f.Year > 0 {
		return f.seasonal(history)
	}
	return f.smoothed(history)
}

// trust is how much of last year's change is expected again.
const trust = 0.6

// seasonal adds to the smoothed level the change that the same time of last year
// brought: the mean of the periods ahead less that of the month before them.
func (f Forecaster) seasonal(history []float64) []float64 {
	out := f.smoothed(history)
	sums := make([]float64, len(history)+1)
	for i, y := range history {
		sums[i+1] = sums[i] + y
	}
	month := max(f.Year/12, 1)
	for i := f.Year + month; i < len(out); i++ {
		then := i - f.Year
		ahead := min(f.Ahead, f.Year)
		next := (sums[then+ahead] - sums[then]) / float64(ahead)
		before := (sums[then] - sums[then-month]) / float64(month)
		out[i] = max(out[i]+trust*(next-before), 0)
	}
	return out
}

func (f Forecaster) smoothed(history []float64) []float64 {
	out := make([]float64, len(history)+1)
	level := 0.0
	for i, y := range history {
		out[i] = level
		// The first values weigh equally: the start of a series is no better
		// known than what follows it.
		level += max(f.Weight, 1/float64(i+1)) * (y - level)
	}
	out[len(history)] = level
	return out
}

func (f Forecaster) averages(history []float64) []float64 {
	out := make([]float64, len(history)+1)
	sum := 0.0
	for i := range out {
		if n := min(i, f.Span); n > 0 {
			out[i] = sum / float64(n)
		}
		if i < len(history) {
			sum += history[i]
		}
		if i >= f.Span && i < len(history) {
			sum -= history[i-f.Span]
		}
	}
	return out
}

func (f Forecaster) intermittent(history []float64) []float64 {
	out := make([]float64, len(history)+1)
	size, chance, interval, since, uses := 0.0, 0.0, 0.0, 0.0, 0
	for i, y := range history {
		out[i] = f.rate(size, chance, interval)
		since++
		if y > 0 {
			uses++
			weight := max(f.Weight, 1/float64(uses))
			size += weight * (y - size)
			interval += weight * (since - interval)
			since = 0
		}
		chance += max(f.Weight/2, 1/float64(i+1)) * (happened(y) - chance)
	}
	out[len(history)] = f.rate(size, chance, interval)
	return out
}

func (f Forecaster) rate(size, chance, interval float64) float64 {
	switch {
	case f.Method == TSB:
		return size * chance
	case interval == 0:
		return 0
	case f.Method == SBA:
		return (1 - f.Weight/2) * size / interval
	}
	return size / interval
}

// firstUseAt is the period of the first use: nothing can be ready for that one.
func firstUseAt(history []float64) int {
	for i, y := range history {
		if y > 0 {
			return i
		}
	}
	return len(history)
}

func happened(y float64) float64 {
	if y > 0 {
		return 1
	}
	return 0
}

// Plan is an order-up-to rule that is worked out anew at each review: the
// forecast use of the protection interval and a safety that is so many times the
// deviation that such forecasts have had lately.
type Plan struct {
	Forecaster
	// Factor is the number of deviations that stand as safety stock.
	Factor float64
	// Interval is lead and review together, in periods.
	Interval int
	Class    string
	// Learned is false where there was too little history to learn the factor from.
	Learned bool
}

// fade is how much an error of one period ago weighs beside the newest.
const fade = 0.95

// introduced is a history without the time before an item was there at all: what lies
// more than one interval before its first use says nothing of how it is used.
func introduced(history []float64, interval int) []float64 {
	return history[max(firstUseAt(history)-interval, 0):]
}

// At is the level after a history.
func (p Plan) At(history []float64) Level {
	history = introduced(history, p.Interval)
	forecasts := p.Each(history)
	mean := forecasts[len(history)] * float64(p.Interval)
	deviation := p.deviation(history, forecasts)
	target := ceil(mean + p.Factor*deviation)
	if target <= 0 {
		return Level{Basis: ByNothing}
	}
	return Level{Reorder: target - 1, Target: target, Expected: mean, Safety: max(float64(target)-mean, 0), Basis: string(p.Method)}
}

// deviation is that of the sums over the protection interval from what was
// forecast for them, the newest weighing most. The next sum strays further than the
// few that were seen: of n intervals by √((n+1)/n), as a prediction from n does.
func (p Plan) deviation(history, forecasts []float64) float64 {
	squares, weights, weight := 0.0, 0.0, 1.0
	sum := 0.0
	for i := len(history) - 1; i >= 1 && weight > 0.01; i-- {
		sum += history[i]
		if len(history)-i < p.Interval {
			continue
		}
		if len(history)-i > p.Interval {
			sum -= history[i+p.Interval]
		}
		e := sum - forecasts[i]*float64(p.Interval)
		squares += weight * e * e
		weights += weight
		weight *= fade
	}
	if weights == 0 {
		return math.Sqrt(max(forecasts[len(history)], 0) * float64(p.Interval)) // as if by chance alone
	}
	intervals := max(float64(len(history)-p.Interval)/float64(p.Interval), 1)
	return math.Sqrt(squares / weights * (intervals + 1) / intervals)
}

const (
	// leastHistory is how many periods a plan needs to learn from.
	leastHistory = 8
	// factorMost bounds the safety factor: use that comes now and then in any amount needs
	// more than two deviations.
	// factorLeast is below nothing: where deliveries come within days the use of the last
	// review is not waited for, and a share of the use may go unmet on purpose.
	factorLeast, factorMost = -3.0, 4.0
	factorStep              = 0.12
	// caution is the share of the missing service that is aimed for on top, because
	// the future differs from the past that the factor was learned from.
	caution = 0.4
	// few is that share times the root of how many protection intervals were seen: a
	// factor learned from four of them is a guess, one from a hundred is not.
	few = 1.0
	// poolLeast is how many items of a class are needed to learn its factor from
	// them alone.
	poolLeast = 5
	// aloneFrom is how many protection intervals an item must have been watched
	// for to learn from itself alone.
	aloneFrom = 10
)

// Choose learns, for each history, a forecaster and a safety factor by a rolling
// back-test on what lies before its trial's From: that forecaster which reaches
// the service with the least stock. Items of one class learn together, because
// one item's past holds too few stock-outs to learn from. What is compared is
// stock at a reached fill rate, never a forecast error: those prefer forecasting
// nothing for items that are used now and then.
func Choose(histories [][]float64, trials []Trial, service float64) []Plan {
	plans := make([]Plan, len(histories))
	groups, alone := map[string][]int{}, [][]int{}
	for i, history := range histories {
		plans[i] = Plan{Class: Classify(history[:trials[i].From]), Interval: max(trials[i].Lead, 1) + max(trials[i].Review, 1)}
		if trials[i].From/2 >= aloneFrom*plans[i].Interval {
			alone = append(alone, []int{i})
			continue
		}
		groups[plans[i].Class] = append(groups[plans[i].Class], i)
	}
	for _, members := range append(merge(groups), alone...) {
		best := learn(histories, trials, plans, members, service)
		for _, i := range members {
			plans[i].Forecaster, plans[i].Factor, plans[i].Learned = best.Forecaster, best.Factor, best.Learned
		}
	}
	return plans
}

// merge puts classes with few items together.
func merge(groups map[string][]int) [][]int {
	var large [][]int
	var small []int
	for _, class := range []string{Smooth, Erratic, Intermittent, Lumpy, ""} {
		if members := groups[class]; len(members) >= poolLeast {
			large = append(large, members)
		} else {
			small = append(small, members...)
		}
	}
	if len(small) > 0 {
		large = append(large, small)
	}
	return large
}

func learn(histories [][]float64, trials []Trial, plans []Plan, members []int, service float64) Plan {
	fallback := Plan{Forecaster: Forecaster{Method: TSB, Weight: 0.2}, Factor: NormalQuantile(min(max(service, serviceLeast), serviceMost))}
	var found []candidate
	for _, f := range Forecasters(trials[members[0]].Year, plans[members[0]].Interval) {
		if c, ok := tune(histories, trials, plans, members, f, service); ok {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return fallback
	}
	best := slices.MinFunc(found, func(a, b candidate) int { return cmp.Compare(a.stock, b.stock) })
	return Plan{Forecaster: best.forecaster, Factor: best.factor, Learned: true}
}

type candidate struct {
	forecaster Forecaster
	factor     float64
	stock      float64
}

// foreseen is what a forecaster knew after each number of periods: the use of the
// protection interval and its deviation. A back-test with many safety factors
// works them out once.
type foreseen struct{ mean, deviation []float64 }

// foresee works out what is known from a number of periods on.
func (p Plan) foresee(history []float64, from int) foreseen {
	forecasts := p.Each(history)
	f := foreseen{mean: make([]float64, len(history)+1), deviation: make([]float64, len(history)+1)}
	for n := from; n <= len(history); n++ {
		f.mean[n] = forecasts[n] * float64(p.Interval)
		f.deviation[n] = p.deviation(history[:n], forecasts[:n+1])
	}
	return f
}

// safely is a rule over what was foreseen.
type safely struct {
	foreseen
	factor float64
}

// At is Rule.
func (s safely) At(history []float64) Level {
	target := ceil(s.mean[len(history)] + s.factor*s.deviation[len(history)])
	return Level{Reorder: target - 1, Target: target}
}

// rehearsal is one history that a factor is tried on. It counts in units of its
// own mean use, so that no large one drowns the rest.
type rehearsal struct {
	known []float64
	trial Trial
	mean  float64
	foreseen
}

// tune finds the least factor with which the members together reach the service.
func tune(histories [][]float64, trials []Trial, plans []Plan, members []int, f Forecaster, service float64) (candidate, bool) {
	all := rehearsals(histories, trials, plans, members, f)
	if len(all) == 0 {
		return candidate{}, false
	}
	factor := leastFactor(all, service+min(fewness(all), caution)*(1-service))
	_, stock := rehearse(all, factor)
	return candidate{forecaster: f, factor: factor, stock: stock}, true
}

// fewness is the share of the missing service that is aimed for on top because few
// protection intervals were seen, on average over the rehearsals.
func fewness(all []rehearsal) float64 {
	seen := 0.0
	for _, r := range all {
		interval := float64(max(r.trial.Lead, 1) + max(r.trial.Review, 1) - 1)
		seen += float64(len(r.known)-r.trial.From) / interval / float64(len(all))
	}
	return few / math.Sqrt(max(seen, 1))
}

// leastFactor is the least factor with which rehearsals together reach the service.
func leastFactor(all []rehearsal, service float64) float64 {
	low, high := factorLeast, factorMost
	if reachable, _ := rehearse(all, high); reachable < service { // some uses no level can foresee: reach the service of the rest
		service *= reachable
	}
	for high-low > factorStep {
		middle := (low + high) / 2
		if fill, _ := rehearse(all, middle); fill >= service {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// rehearsals are the second parts of what lies before each trial.
func rehearsals(histories [][]float64, trials []Trial, plans []Plan, members []int, f Forecaster) []rehearsal {
	var all []rehearsal
	for _, i := range members {
		known := introduced(histories[i][:trials[i].From], plans[i].Interval)
		r := rehearsal{known: known, trial: trials[i], mean: averageOf(known, len(known))}
		if len(known) < leastHistory || r.mean == 0 {
			continue
		}
		r.trial.From = max(len(known)/2, firstUseAt(known)+plans[i].Interval+1)
		if r.trial.From >= len(known) {
			continue
		}
		r.foreseen = Plan{Forecaster: f, Interval: plans[i].Interval}.foresee(known, r.trial.From)
		all = append(all, r)
	}
	return all
}

// rehearse plays a safety factor over them.
func rehearse(all []rehearsal, factor float64) (fill, stock float64) {
	used, served := 0.0, 0.0
	for _, r := range all {
		o := Try(r.known, safely{r.foreseen, factor}, r.trial)
		used += o.Used / r.mean
		served += o.Served / r.mean
		stock += o.AverageStock() / r.mean
	}
	if used == 0 {
		return 1, stock
	}
	return served / used, stock
}

// Lowered is the plan with its safety taken down to a share of itself, for saying what
// it would meet with less stock.
func (p Plan) Lowered(share float64) Plan {
	p.Factor -= (1 - share) * math.Abs(p.Factor)
	return p
}

// TunePAR is the least fixed order-up-to level that reaches the service on what
// lies before the trial: what a good keeper of PAR levels would set.
func TunePAR(history []float64, t Trial, service float64) Fixed {
	return tuneFixed(history, t, service, 0)
}

// TuneMinMax is the least fixed reorder point that reaches the service there,
// with an order of one review's mean use on top.
func TuneMinMax(history []float64, t Trial, service float64) Fixed {
	known := history[:t.From]
	return tuneFixed(history, t, service, ceil(averageOf(known, len(known))*float64(max(t.Review, 1))))
}

func tuneFixed(history []float64, t Trial, service float64, batch int64) Fixed {
	known := history[:t.From]
	t.From = len(known) / 2
	level := func(target int64) Fixed {
		return Fixed{Reorder: max(target-1, 0), Target: target + batch, Basis: BySet}
	}
	low, high := int64(0), ceil(float64(max(t.Lead, 1)+max(t.Review, 1)+1)*most(known))+1
	for low < high {
		middle := (low + high) / 2
		if Try(known, level(middle), t).FillRate() >= service {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return level(high)
}

func most(series []float64) float64 {
	top := 0.0
	for _, y := range series {
		top = max(top, y)
	}
	return top
}
