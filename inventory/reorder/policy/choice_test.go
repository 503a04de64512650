package policy_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wardwatch/inventory/reorder/policy"

	"pgregory.net/rapid"
)

func TestALeadTimeIsLearnedFromDeliveries(t *testing.T) {
	agreed := policy.LearnLead(5, nil)
	near(t, "agreed", agreed.Days, 5, 1e-12)
	near(t, "agreed spread", agreed.SDDays, 1, 1e-12)
	once := policy.LearnLead(5, []float64{13})
	near(t, "after one late delivery", once.Days, 7, 1e-12)
	late := policy.LearnLead(5, slices.Repeat([]float64{12}, 17))
	near(t, "after seventeen", late.Days, (3*5+17*12)/20.0, 1e-12)
	if late.Deliveries != 17 || late.SDDays < 1 || late.SDDays > 4 {
		t.Errorf("%+v", late)
	}
}

// Weeks with empty days count as if the shelf had been full.
func TestDaysWithoutStockDoNotLowerTheWeek(t *testing.T) {
	days := []float64{9, 9, 2, 2, 2, 2, 2, 2, 2, 2, -1, -1, -1, 2, 2, 2, -1, -1, -1, -1, -1, -1, -1}
	if got := policy.Weekly(days); !slices.Equal(got, []float64{14, 14, 14}) {
		t.Errorf("weeks %v", got)
	}
}

func seasonless(dice *rand.Rand, weeks int, mean, chance float64) []float64 {
	out := make([]float64, weeks)
	for i := range out {
		if dice.Float64() < chance {
			out[i] = math.Round(mean * (0.5 + dice.Float64()))
		}
	}
	return out
}

func TestAChoiceNeedsAHistory(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	terms := policy.Terms{LeadDays: 10, ReviewDays: 1, Service: 0.95, Pack: 1}
	subjects := []policy.Subject{{seasonless(dice, 90, 20, 1), terms}, {seasonless(dice, 20, 20, 1), terms}, {make([]float64, 90), terms}}
	for range 8 {
		subjects = append(subjects, policy.Subject{Weeks: seasonless(dice, 90, 6, 0.4), Terms: terms})
	}
	chosen := policy.ChooseFor(subjects)
	if chosen[0] == nil || chosen[1] != nil || chosen[2] != nil || chosen[5] == nil {
		t.Fatalf("%+v", chosen)
	}
	if c := chosen[0]; c.Tried.FillRate() < 0.93 || c.Tried.Periods != 30 {
		t.Errorf("%+v", c.Tried)
	}
	if s := chosen[0].Sentence("pair"); !strings.HasPrefix(s, "Tried on the last 30 weeks, ") || !strings.Contains(s, "pairs on the shelf and ") {
		t.Error(s)
	}
}

func TestALevelIsComparedOnWhatWasUsed(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 6))
	s := policy.Subject{Weeks: seasonless(dice, 90, 70, 1), Terms: policy.Terms{LeadDays: 10, ReviewDays: 1, Service: 0.95, Pack: 10}}
	c := policy.ChooseFor([]policy.Subject{s})[0]
	for _, set := range []struct{ minimum, maximum int64 }{{10, 60}, {900, 1200}} {
		before, after := s.Compare(policy.Set(set.minimum, set.maximum), *c)
		starves, hoards := before.FillRate() < 0.7 && after.FillRate() > 0.9, before.AverageStock() > 2*after.AverageStock()
		if starves == hoards || starves != (set.minimum == 10) {
			t.Errorf("%+v: before %+v, after %+v", set, before, after)
		}
		if said := policy.Contrast(before, after, "pair"); strings.Count(said, "% of the use with") != 2 {
			t.Error(said)
		}
	}
}

// Whatever was chosen: what it orders lifts the position above its reorder point,
// and the level follows the use.
func TestTheLevelOfAChoiceHoldsTheInvariant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		weeks := seasonless(dice, rapid.IntRange(26, 80).Draw(t, "weeks"), 30, rapid.Float64Range(0.3, 1).Draw(t, "chance"))
		terms := policy.Terms{LeadDays: rapid.Float64Range(1, 40).Draw(t, "lead"), LeadSDDays: 2, ReviewDays: 1, Service: 0.95,
			Pack: rapid.Int64Range(1, 50).Draw(t, "pack"), ShelfLifeDays: float64(rapid.SampledFrom([]int{0, 0, 30, 90}).Draw(t, "shelf"))}
		c := policy.ChooseFor([]policy.Subject{{weeks, terms}})[0]
		if c == nil {
			return
		}
		level, d := c.Level(weeks, policy.Demand{}, terms)
		if level.Basis == policy.ByNothing {
			return
		}
		if level.Target <= level.Reorder || d.PerDay <= 0 || math.IsNaN(level.Safety) {
			t.Fatalf("%+v %+v", level, d)
		}
		held := rapid.Int64Range(0, level.Target+10).Draw(t, "held")
		a := policy.Decide(policy.Position{OnHand: held}, d, terms, level)
		if again := policy.Decide(policy.Position{OnHand: held, Proposed: a.Quantity}, d, terms, level); again.Due() {
			t.Fatalf("ordered %d, and again %d", a.Quantity, again.Quantity)
		}
	})
}
