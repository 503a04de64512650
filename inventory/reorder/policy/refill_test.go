package policy_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wardwatch/inventory/reorder/policy"
)

// The demand and the terms of the worked example in A2.4: d=12, σd=4, L=5, σL=1.5, 95 %.
var (
	worked      = policy.Demand{PerDay: 12, SDPerDay: 4}
	workedTerms = policy.Terms{LeadDays: 5, LeadSDDays: 1.5, Service: 0.95}
)

func TestEachKindOrdersByItsOwnRule(t *testing.T) {
	for name, c := range map[string]struct {
		rule     policy.Refill
		position policy.Position
		quantity int64
	}{
		"min/max above the minimum":                 {policy.Refill{Kind: policy.MinMax, Minimum: 10, Maximum: 30}, policy.Position{OnHand: 11}, 0},
		"min/max at the minimum":                    {policy.Refill{Kind: policy.MinMax, Minimum: 10, Maximum: 30}, policy.Position{OnHand: 10}, 20},
		"par with one missing":                      {policy.Refill{Kind: policy.Par, Maximum: 30, ReviewDays: 7}, policy.Position{OnHand: 29}, 1},
		"par that is full":                          {policy.Refill{Kind: policy.Par, Maximum: 30, ReviewDays: 7}, policy.Position{OnHand: 30}, 0},
		"(R,S) of the worked example":               {policy.Refill{Kind: policy.RS, ReviewDays: 7}, policy.Position{}, 182},
		"(R,S) with one missing":                    {policy.Refill{Kind: policy.RS, ReviewDays: 7}, policy.Position{OnHand: 181}, 1},
		"kanban with every bin full":                {policy.Refill{Kind: policy.Kanban, Bins: 2, BinSize: 50}, policy.Position{OnHand: 3}, 0},
		"kanban with one bin empty":                 {policy.Refill{Kind: policy.Kanban, Bins: 2, BinSize: 50, Empty: 1}, policy.Position{OnHand: 60}, 50},
		"kanban with that bin on its way":           {policy.Refill{Kind: policy.Kanban, Bins: 2, BinSize: 50, Empty: 1}, policy.Position{OnOrder: 50}, 0},
		"kanban with that bin proposed":             {policy.Refill{Kind: policy.Kanban, Bins: 2, BinSize: 50, Empty: 1}, policy.Position{Proposed: 50}, 0},
		"kanban with both empty and one on its way": {policy.Refill{Kind: policy.Kanban, Bins: 2, BinSize: 50, Empty: 2}, policy.Position{OnOrder: 50}, 50},
	} {
		if fault := c.rule.Fault(); fault != "" {
			t.Errorf("%s: %s", name, fault)
		}
		terms := c.rule.Terms(workedTerms)
		a := c.rule.Decide(c.position, worked, terms, c.rule.Level(policy.LevelFor(worked, terms)))
		if a.Quantity != c.quantity {
			t.Errorf("%s: orders %d, want %d (level %+v)", name, a.Quantity, c.quantity, a.Level)
		}
	}
	// (s,S) is the computed level: its reorder point is under its target, and nothing is ordered between them.
	level := policy.Refill{Kind: policy.SS}.Level(policy.LevelFor(worked, workedTerms))
	if level.Reorder <= 0 || level.Target <= level.Reorder {
		t.Errorf("(s,S) has the level %+v", level)
	}
}

func TestAPeriodicRuleLooksOnItsDays(t *testing.T) {
	r := policy.Refill{Kind: policy.Par, Maximum: 10, ReviewDays: 7, Since: 20_000}
	for day, due := range map[int]bool{20_000: true, 20_001: false, 20_006: false, 20_007: true, 19_993: true, 19_999: false} {
		if r.DueOn(day) != due {
			t.Errorf("day %d: %v", day, !due)
		}
	}
	if !(policy.Refill{Kind: policy.MinMax}).DueOn(3) {
		t.Error("min/max waits for a day")
	}
}

func TestRulesThatWouldLoopAreRefused(t *testing.T) {
	for _, r := range []policy.Refill{{Kind: policy.MinMax, Minimum: 5, Maximum: 5}, {Kind: policy.Par, Maximum: 0, ReviewDays: 1}, {Kind: policy.Par, Maximum: 5},
		{Kind: policy.RS, ReviewDays: 91}, {Kind: policy.Kanban, Bins: 1, BinSize: 5}, {Kind: policy.Kanban, Bins: 21, BinSize: 5}, {Kind: "guess"}} {
		if r.Fault() == "" {
			t.Errorf("%+v is taken", r)
		}
	}
}

// Whatever the kind: once its advice is counted, asking again advises nothing.
func TestNoKindOrdersTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.Int64Range(0, 100).Draw(t, "minimum")
		bins := rapid.Int64Range(2, 5).Draw(t, "bins")
		r := policy.Refill{Kind: rapid.SampledFrom(policy.Kinds()).Draw(t, "kind"), Minimum: least, Maximum: least + rapid.Int64Range(1, 100).Draw(t, "above"),
			ReviewDays: rapid.IntRange(1, 30).Draw(t, "days"), Bins: bins, BinSize: rapid.Int64Range(1, 60).Draw(t, "size"), Empty: rapid.Int64Range(0, bins).Draw(t, "empty")}
		terms := r.Terms(policy.Terms{LeadDays: 4, Service: 0.95, Pack: rapid.Int64Range(1, 25).Draw(t, "pack"), LeastPacks: rapid.Int64Range(0, 4).Draw(t, "least")})
		demand := policy.Demand{PerDay: rapid.Float64Range(0, 20).Draw(t, "use"), SDPerDay: 2}
		level := r.Level(policy.LevelFor(demand, terms))
		p := policy.Position{OnHand: rapid.Int64Range(0, 300).Draw(t, "hand"), OnOrder: rapid.Int64Range(0, 60).Draw(t, "order")}
		first := r.Decide(p, demand, terms, level)
		if first.Quantity%terms.Pack != 0 {
			t.Fatalf("%d is not whole packs of %d", first.Quantity, terms.Pack)
		}
		p.Proposed += first.Quantity
		if again := r.Decide(p, demand, terms, level); again.Due() {
			t.Fatalf("%+v orders %d, then %d more", r, first.Quantity, again.Quantity)
		}
	})
}

func TestAKanbanSaysWhyInFiguresThatRecompute(t *testing.T) {
	r := policy.Refill{Kind: policy.Kanban, Bins: 2, BinSize: 50, Empty: 2}
	a := r.Decide(policy.Position{OnOrder: 30}, policy.Demand{}, policy.Terms{Pack: 10}, r.Level(policy.Level{}))
	if s := r.Sentence(a, "pair"); !strings.Contains(s, "2 of 2 bins of 50 pairs") || !strings.Contains(s, "30 on the way") || a.Quantity != 70 || !strings.Contains(s, "7 packs of 10") {
		t.Errorf("%d: %s", a.Quantity, s)
	}
}
