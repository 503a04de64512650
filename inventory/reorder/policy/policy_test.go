package policy_test

import (
	"math"
	"strings"
	"testing"

	"wardwatch/inventory/reorder/policy"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// The worked example of the textbooks: 12 ± 4 a day, 5 ± 1.5 days to deliver.
func TestReorderPointOfTheWorkedExample(t *testing.T) {
	d := policy.Demand{PerDay: 12, SDPerDay: 4}
	terms := policy.Terms{LeadDays: 4, ReviewDays: 1, LeadSDDays: 1.5, Service: 0.95, Pack: 1}
	level := policy.LevelFor(d, terms)
	near(t, "safety", level.Safety, 33.061149, 1e-5)
	if level.Reorder != 94 || level.Target != 94+12*policy.DefaultCover {
		t.Errorf("%+v", level)
	}
	terms.LeadDays, terms.ReviewDays = 5, 7
	if level = policy.LevelFor(d, terms); level.Reorder != 182 {
		t.Errorf("with a weekly review: %+v", level)
	}
}

func TestNumbersOfTheFormulas(t *testing.T) {
	near(t, "z(0.99)", policy.NormalQuantile(0.99), 2.326348, 1e-6)
	near(t, "Poisson(6) at 0.75", policy.PoissonQuantile(6, 0.75), 8, 0)
	if n := policy.NegativeBinomialQuantile(2, 9, 0.95); n < 7 || n > 9 {
		t.Errorf("negative binomial quantile %v", n)
	}
	for _, mean := range []float64{79, 200, 5000} { // no running away where q^r underflows
		near(t, "large mean", policy.NegativeBinomialQuantile(mean, mean*1.0001, 0.95)/(mean+1.645*math.Sqrt(mean)), 1, 0.05)
	}
	series := []float64{0, 0, 3, 0, 0, 0, 2, 0, 1, 0, 0, 4, 0, 0, 0, 0}
	if class := policy.Classify(series); class != policy.Intermittent {
		t.Errorf("class %q", class)
	}
}

func TestRoundingToPacks(t *testing.T) {
	for _, c := range []struct{ position, s, S, pack, least, want int64 }{
		{10, 20, 50, 1, 0, 40}, {10, 20, 50, 12, 0, 48}, {50, 20, 50, 12, 0, 0}, {2, 20, 50, 10, 0, 50},
		{21, 20, 50, 1, 0, 0}, {20, 20, 50, 1, 0, 30}, {-4, 20, 50, 25, 4, 100}, {0, 0, 0, 1, 0, 0},
	} {
		a := policy.Decide(policy.Position{OnHand: c.position}, policy.Demand{}, policy.Terms{Pack: c.pack, LeastPacks: c.least}, policy.Set(c.s, c.S))
		if a.Quantity != c.want {
			t.Errorf("%+v: %d", c, a.Quantity)
		}
	}
}

func TestWhatIsHeldExpiredOrWillExpireDoesNotCount(t *testing.T) {
	d := policy.Demand{PerDay: 2, SDPerDay: 1, Days: 60, UsedDays: 60}
	terms := policy.Terms{LeadDays: 5, Service: 0.95, Pack: 10}
	full := policy.Decide(policy.Position{OnHand: 60}, d, terms, policy.Level{})
	if full.Due() {
		t.Fatalf("60 are enough: %s", full.Sentence("dose"))
	}
	for name, p := range map[string]policy.Position{
		"held": {OnHand: 60, Held: 50}, "expired": {OnHand: 60, Expired: 50}, "wasting": {OnHand: 60, Wasting: 50},
	} {
		if a := policy.Decide(p, d, terms, policy.Level{}); !a.Due() {
			t.Errorf("%s stock was counted", name)
		}
	}
}

func TestWasteOfTheFirstToExpire(t *testing.T) {
	lots := []policy.LotLeft{{Quantity: 30, Days: 20}, {Quantity: 20, Days: 5}, {Quantity: 9, Days: policy.NeverExpires}}
	if w := policy.Waste(lots, 2, 30); w != 10 { // 10 of the first, then 30 in the 15 days after
		t.Errorf("waste %d", w)
	}
	if w := policy.Waste(lots, 2, 4); w != 0 {
		t.Errorf("waste within 4 days %d", w)
	}
	if w := policy.Waste(lots, 0, 30); w != 50 {
		t.Errorf("waste without use %d", w)
	}
}

func TestShelfLifeKeepsTheTargetLow(t *testing.T) {
	d := policy.Demand{PerDay: 3, SDPerDay: 2}
	level := policy.LevelFor(d, policy.Terms{LeadDays: 2, Service: 0.99, ShelfLifeDays: 7})
	if !level.ShelfLifeCap || level.Target > 12 || level.Reorder >= level.Target {
		t.Errorf("%+v", level)
	}
}

func TestSentenceRecomputesToTheQuantity(t *testing.T) {
	d := policy.Measure(use(90, 6))
	a := policy.Decide(policy.Position{OnHand: 30, Held: 8}, d, policy.Terms{LeadDays: 9, Service: 0.95, Pack: 10}, policy.Level{})
	if a.Position.Projected()+a.Quantity < a.Level.Target || a.Packs*10 != a.Quantity {
		t.Errorf("%+v", a)
	}
	if s := a.Sentence("dose"); !strings.HasPrefix(s, "22 usable, enough for 3.7 days at 6.0 a day; a delivery takes 9 days. The position of 22 is under the reorder point of ") {
		t.Error(s)
	}
	if s := a.IfNot("dose"); !strings.Contains(s, "runs out in about 3.7 days") {
		t.Error(s)
	}
}

func TestAnItemThatIsNoLongerUsedFades(t *testing.T) {
	days := append(use(100, 5), use(200, 0)...)
	if d := policy.Measure(days); d.PerDay > 0.1 {
		t.Errorf("still %v a day", d.PerDay)
	}
}

func TestDaysWithoutStockDoNotLowerTheForecast(t *testing.T) {
	days := use(120, 4)
	for i := 60; i < 100; i++ {
		days[i] = -1
	}
	near(t, "forecast", policy.Measure(days).PerDay, 4, 1e-6)
}

func use(days int, each float64) []float64 {
	out := make([]float64, days)
	for i := range out {
		out[i] = each
	}
	return out
}

// A second run orders nothing, whatever the item.
func TestAskingAgainAdvisesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.SliceOfN(rapid.Float64Range(-1, 40), 0, 200).Draw(t, "days")
		for i := range days {
			days[i] = math.Floor(days[i])
		}
		n := func(name string, most int64) int64 { return rapid.Int64Range(0, most).Draw(t, name) }
		p := policy.Position{OnHand: n("on hand", 500), Reserved: n("reserved", 30), OnOrder: n("on order", 100), Proposed: n("proposed", 100)}
		p.Held = n("held", p.OnHand)
		p.Expired = n("expired", p.OnHand-p.Held)
		p.Wasting = n("wasting", p.Usable())
		terms := policy.Terms{LeadDays: float64(n("lead", 60)), LeadSDDays: float64(n("lead sd", 9)), ReviewDays: float64(n("review", 30)),
			Service: rapid.Float64Range(0, 1).Draw(t, "service"), Pack: n("pack", 48), LeastPacks: n("least", 9), ShelfLifeDays: float64(n("shelf", 90))}
		level := policy.Level{}
		if rapid.Bool().Draw(t, "set") {
			level = policy.Set(n("minimum", 200), n("maximum", 400))
		}
		first := policy.Decide(p, policy.Measure(days), terms, level)
		if first.Quantity%max(terms.Pack, 1) != 0 || first.Quantity < 0 {
			t.Fatalf("%d is no whole number of packs of %d", first.Quantity, terms.Pack)
		}
		p.Proposed += first.Quantity
		if again := policy.Decide(p, policy.Measure(days), terms, level); again.Due() {
			t.Fatalf("first %d, then %d more (%+v)", first.Quantity, again.Quantity, first.Level)
		}
	})
}
