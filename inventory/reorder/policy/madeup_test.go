package policy_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"wardwatch/inventory/reorder/policy"
)

const madeUpDays = 3 * 365

// poisson draws a count by Knuth's method; above 30 from the normal distribution.
func poisson(dice *rand.Rand, mean float64) float64 {
	if mean > 30 {
		return math.Max(math.Round(mean+math.Sqrt(mean)*dice.NormFloat64()), 0)
	}
	n, chance, end := 0.0, 1.0, math.Exp(-mean)
	for {
		if chance *= dice.Float64(); chance <= end {
			return n
		}
		n++
	}
}

// madeUpOf draws a day's use by its kind.
func madeUpOf(dice *rand.Rand, kind string, mean float64, day int) float64 {
	switch kind {
	case "lumpy": // on one day in eight, a few or many
		if dice.IntN(8) > 0 {
			return 0
		}
		return math.Ceil(mean * 8 * dice.ExpFloat64())
	case "negative binomial": // a Poisson whose mean is drawn anew each day
		return poisson(dice, mean*(dice.ExpFloat64()+dice.ExpFloat64())/2)
	case "seasonal":
		return poisson(dice, mean*(1+0.5*math.Sin(2*math.Pi*float64(day)/365)))
	case "trend": // half as much again in three years
		return poisson(dice, mean*(1+0.5*float64(day)/madeUpDays))
	case "weekly": // nothing at week-ends
		if day%7 >= 5 {
			return 0
		}
		return poisson(dice, mean*7/5)
	case "normal":
		return math.Max(math.Round(mean*(1+0.3*dice.NormFloat64())), 0)
	}
	return poisson(dice, mean)
}

// madeUpKinds are how use may come.
var madeUpKinds = []string{"poisson", "negative binomial", "normal", "weekly", "lumpy", "seasonal", "trend"}

// madeUpStore is three years of days of four items of one kind, from one in five days to
// twenty a day.
func madeUpStore(dice *rand.Rand, kind string) (use [][]float64) {
	for _, mean := range []float64{0.2, 1, 5, 20} {
		days := make([]float64, madeUpDays)
		for day := range days {
			days[day] = madeUpOf(dice, kind, mean, day)
		}
		use = append(use, days)
	}
	return use
}

// played is what rules come to over all items together.
func played(use [][]float64, trials []policy.Trial, rule func(int) policy.Rule) (sum policy.Outcome) {
	for i := range use {
		sum = sum.Plus(policy.Try(use[i], rule(i), trials[i]))
	}
	return sum
}

// bestSimple is the simple rule with the least stock of those that meet a fill rate; the
// greatest stock there is where none does.
func bestSimple(use [][]float64, trials []policy.Trial, wanted, least float64) (stock float64, name string) {
	stock = math.Inf(1)
	common := policy.TuneSimples(use, trials, wanted)
	for _, rule := range []struct {
		name string
		of   func(int) policy.Rule
	}{
		{"PAR", func(i int) policy.Rule { return policy.TunePAR(use[i], trials[i], wanted) }},
		{"minimum and maximum", func(i int) policy.Rule { return policy.TuneMinMax(use[i], trials[i], wanted) }},
		{policy.FixedOfUse, func(i int) policy.Rule { return common[policy.FixedOfUse].For(use[i], trials[i]) }},
		{policy.MovingAverage, func(i int) policy.Rule { return common[policy.MovingAverage].For(use[i], trials[i]) }},
	} {
		if o := played(use, trials, rule.of); o.FillRate() >= least && o.AverageStock() < stock {
			stock, name = o.AverageStock(), fmt.Sprintf("%s meets %.3f", rule.name, o.FillRate())
		}
	}
	return stock, name
}

// On stores that a hospital might have the planner meets what it is asked, less two in the
// hundred, and in the mean holds hardly more than the simple rule that turned out best: of
// four tuned on the same two years the one with the least stock of those that met as much in
// the third. Nobody knows beforehand which that is. Single misses are told.
func TestThePlannerOnMadeUpStores(t *testing.T) {
	const wanted, least, hardly = 0.95, 0.93, 1.15
	dice := rand.New(rand.NewPCG(2, 11))
	fills, ratios, n, compared := 0.0, 0.0, 0, 0
	for _, kind := range madeUpKinds {
		for _, lead := range []int{2, 10} {
			use := madeUpStore(dice, kind)
			trials := slices.Repeat([]policy.Trial{{From: madeUpDays * 2 / 3, Lead: lead, Review: 1, Pack: 1, Year: 365}}, len(use))
			plans := policy.Choose(use, trials, wanted)
			mine := played(use, trials, func(i int) policy.Rule { return plans[i] })
			stock, name := bestSimple(use, trials, wanted, least)
			fills += mine.FillRate()
			if n++; mine.FillRate() < least || mine.AverageStock() > stock {
				t.Logf("%s, lead %d: meets %.3f with %.1f; %s with %.1f", kind, lead, mine.FillRate(), mine.AverageStock(), name, stock)
			}
			if name != "" {
				ratios += mine.AverageStock() / stock
				compared++
			}
		}
	}
	fill, ratio := fills/float64(n), ratios/float64(compared)
	t.Logf("in the mean %.3f is met with %.3f of the stock of the best simple rule that meets %.2f", fill, ratio, least)
	if fill < least || ratio > hardly {
		t.Errorf("in the mean %.3f is met with %.3f of the stock of the best simple rule", fill, ratio)
	}
}
