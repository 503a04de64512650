package main

import (
	"fmt"

	"wardwatch/inventory/reorder/policy"
)

// sumOf adds outcomes of items up.
type sumOf struct {
	policy.Outcome
	fills float64 // the sum of their fill rates
	used  int     // items that were wanted at all
}

func (s *sumOf) add(o policy.Outcome) {
	s.Outcome = s.Plus(o)
	if o.Used > 0 {
		s.fills += o.FillRate()
		s.used++
	}
}

func (s *sumOf) result() tried {
	t := result(s.Outcome)
	if s.used > 0 {
		t.ItemFill = round(s.fills / float64(s.used))
	}
	return t
}

// The names of the simple rules in the answer, in the order in which they are looked at.
const (
	rulePAR, ruleMinMax, ruleFixed, ruleMoving = "par", "min_max", "par_of_use", "moving_average"
)

// planBar is what the planner is held against: the wanted service, but for what no
// forecast foresees, with no more stock than the best simple rule that was tuned on
// the same part.
type planBar struct {
	LeastFill float64 `json:"least_fill_rate"`
	// Best is the simple rule with the least stock of those that meet that much; where
	// none does, the one that meets most.
	Best    string `json:"best_simple_rule"`
	Reached bool   `json:"reached"`
	Says    string `json:"says"`
}

// forgiven is how far below the wanted service the bar lies.
const forgiven = 0.02

// compare plays the simple rules over what the planner was tried on.
func (p planCommand) compare(r *planReport, use [][]float64, trials []policy.Trial, plans []policy.Plan) {
	sums := map[string]*sumOf{rulePAR: {}, ruleMinMax: {}, ruleFixed: {}, ruleMoving: {}}
	common := policy.TuneSimples(use, trials, p.Service)
	for i := range use {
		r.Items[i].Compare = map[string]tried{}
		for name, rule := range map[string]policy.Rule{rulePAR: policy.TunePAR(use[i], trials[i], p.Service), ruleMinMax: policy.TuneMinMax(use[i], trials[i], p.Service),
			ruleFixed: common[policy.FixedOfUse].For(use[i], trials[i]), ruleMoving: common[policy.MovingAverage].For(use[i], trials[i])} {
			o := policy.Try(use[i], rule, trials[i])
			r.Items[i].Compare[name] = result(o)
			sums[name].add(o)
		}
	}
	r.Compare = map[string]tried{}
	for name, sum := range sums {
		r.Compare[name] = sum.result()
	}
	r.say(ruleFixed, fmt.Sprintf("%.2f times the mean use of a delivery and a review, fixed", common[policy.FixedOfUse].Factor))
	r.say(ruleMoving, fmt.Sprintf("mean of the last %d periods and %.2f deviations", common[policy.MovingAverage].Span, common[policy.MovingAverage].Factor))
	r.Bar = r.bar(p.Service)
	r.Compare["par_raised"] = result(parRaised(use, trials, p.Service, r.Total.FillRate))
	r.Compare["planner_lowered"] = result(plannerLowered(use, trials, plans, r.Compare[rulePAR].AverageStock))
}

func (r *planReport) say(name, rule string) {
	t := r.Compare[name]
	t.Rule = rule
	r.Compare[name] = t
}

// bar holds the planner against the best simple rule.
func (r *planReport) bar(service float64) *planBar {
	b := planBar{LeastFill: round(service - forgiven)}
	for _, name := range []string{rulePAR, ruleMinMax, ruleFixed, ruleMoving} {
		if b.Best == "" || b.better(r.Compare[name], r.Compare[b.Best]) {
			b.Best = name
		}
	}
	best := r.Compare[b.Best]
	b.Reached = r.Total.FillRate >= b.LeastFill && (r.Total.AverageStock <= best.AverageStock || best.FillRate < b.LeastFill)
	word := map[bool]string{true: "reached", false: "not reached"}[b.Reached]
	beside := fmt.Sprintf("the best simple rule that meets as much, %s, holds %.1f and meets %.1f %%", b.Best, best.AverageStock, 100*best.FillRate)
	if best.FillRate < b.LeastFill {
		beside = fmt.Sprintf("no simple rule meets as much: %s, which meets most, meets %.1f %% with %.1f", b.Best, 100*best.FillRate, best.AverageStock)
	}
	b.Says = fmt.Sprintf("The bar is %s: at %.0f %% wanted the planner meets %.1f %% (at least %.1f) with %.1f on the shelf; %s.",
		word, 100*service, 100*r.Total.FillRate, 100*b.LeastFill, r.Total.AverageStock, beside)
	return &b
}

// better says whether a simple rule is the better one to be held against.
func (b *planBar) better(one, other tried) bool {
	meets, met := one.FillRate >= b.LeastFill, other.FillRate >= b.LeastFill
	switch {
	case meets && met:
		return one.AverageStock < other.AverageStock
	case meets != met:
		return meets
	}
	return one.FillRate > other.FillRate
}
