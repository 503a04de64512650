package policy

import (
	"fmt"
	"math"
)

const (
	daysOfWeek = 7
	// leastWeeks is how long an item must have been watched before a method is
	// chosen for it by trying; weeksOfUse in how many of them it must have been used.
	leastWeeks = 26
	weeksOfUse = 6
	// learnedShare is the part of a history that is learned from; the rest is the test.
	learnedShare = 2.0 / 3
	yearOfWeeks  = 52
)

// Choice is how an item's use is forecast and how much safety it needs, chosen by
// trying the methods on its own weeks, with how it would have done afterwards.
type Choice struct {
	Plan
	// Tried is the outcome of the last third of the weeks, which nothing was
	// learned from.
	Tried Outcome
}

// Subject is one history to choose a method for: the use of each whole week,
// oldest first, and the terms it is ordered on.
type Subject struct {
	Weeks []float64
	Terms Terms
}

// ChooseFor chooses for all subjects together, since those with little history
// learn from their class. Where a subject has too little of it the answer is nil.
func ChooseFor(subjects []Subject) []*Choice {
	out := make([]*Choice, len(subjects))
	byService := map[float64][]int{}
	for i, s := range subjects {
		if enough(s.Weeks) {
			byService[s.Terms.Service] = append(byService[s.Terms.Service], i)
		}
	}
	for service, members := range byService {
		histories, trials := make([][]float64, len(members)), make([]Trial, len(members))
		for n, i := range members {
			histories[n], trials[n] = subjects[i].Weeks, subjects[i].trial()
		}
		for n, plan := range Choose(histories, trials, service) {
			if plan.Learned {
				c := Choice{Plan: plan}
				c.Tried = subjects[members[n]].try(c)
				out[members[n]] = &c
			}
		}
	}
	return out
}

func enough(weeks []float64) bool {
	used := 0
	for _, y := range weeks {
		if y > 0 {
			used++
		}
	}
	return len(weeks) >= leastWeeks && used >= weeksOfUse
}

func (s Subject) trial() Trial {
	return Trial{From: int(float64(len(s.Weeks)) * learnedShare), Lead: inWeeks(s.Terms.LeadDays), Review: inWeeks(s.Terms.ReviewDays),
		Pack: s.Terms.Pack, Year: yearOfWeeks}
}

// try plays the levels that a choice would have set, week by week.
func (s Subject) try(c Choice) Outcome { return Try(s.Weeks, weekly{c, s.Terms}, s.trial()) }

// weekly is a choice as a rule: at each review the level of that day.
type weekly struct {
	Choice
	terms Terms
}

// At is Rule.
func (w weekly) At(history []float64) Level {
	level, _ := w.Choice.Level(history, Demand{}, w.terms)
	return level
}

// Compare plays a level that people have set, and the choice, over the last third
// of the weeks.
func (s Subject) Compare(set Level, c Choice) (before, after Outcome) {
	return Try(s.Weeks, Fixed(set), s.trial()), s.try(c)
}

func inWeeks(days float64) int { return max(int(math.Ceil(days/daysOfWeek)), 1) }

// Level is the level of today by the choice, and the demand that it rests on. The
// deviation was learned over whole weeks; it is scaled to the days that a
// delivery and the next look take, and lead times that vary add to it.
func (c Choice) Level(weeks []float64, d Demand, t Terms) (Level, Demand) {
	weeks = introduced(weeks, c.Interval)
	forecasts := c.Each(weeks)
	d.PerDay = forecasts[len(weeks)] / daysOfWeek
	d.Method = Method(c.Forecaster.String() + " by the week")
	if d.PerDay <= 0 {
		return Level{Basis: ByNothing}, d
	}
	interval := t.LeadDays + max(t.ReviewDays, 1)
	scale := math.Sqrt(interval / float64(c.Interval*daysOfWeek))
	use := c.deviation(weeks, forecasts) * scale
	d.SDPerDay = use / math.Sqrt(interval)
	safety := math.Hypot(max(c.Factor, 0)*use, NormalQuantile(min(max(t.Service, serviceLeast), serviceMost))*d.PerDay*t.LeadSDDays)
	level := Level{Expected: d.PerDay * interval, Safety: safety, Basis: ByTrying}
	level.Reorder = ceil(level.Expected + safety)
	level.Target = level.Reorder + max(ceil(d.PerDay*max(t.cover(), t.ReviewDays)), 1)
	return level.capped(d, t), d
}

// Sentence says how the choice did where it was tried.
func (c Choice) Sentence(unit string) string {
	return fmt.Sprintf("Tried on the last %d weeks, this forecast, %s, would have met %s.", c.Tried.Periods, c.Forecaster, c.Tried.sentence(unit))
}

// Contrast says how two levels did where they were tried.
func Contrast(before, after Outcome, unit string) string {
	return fmt.Sprintf("Tried on the last %d weeks, the level as it is set would have met %s; the one that follows the use %s.",
		before.Periods, before.sentence(unit), after.sentence(unit))
}

func (o Outcome) sentence(unit string) string {
	word := "orders"
	if o.Orders == 1 {
		word = "order"
	}
	return fmt.Sprintf("%.0f %% of the use with %.0f %s on the shelf and %d %s", 100*o.FillRate(), o.AverageStock(), plural(unit, 2), o.Orders, word)
}

// Weekly sums days into whole weeks that end with the last day; what is left over
// at the start is dropped. A day below zero says nothing, because nothing was
// there to use: its week is raised to what seven such days would have been, and a
// week without any other day repeats the one before.
func Weekly(days []float64) []float64 {
	weeks := make([]float64, 0, len(days)/daysOfWeek)
	for at := len(days) % daysOfWeek; at < len(days); at += daysOfWeek {
		sum, said := 0.0, 0
		for _, y := range days[at : at+daysOfWeek] {
			if y >= 0 {
				sum += y
				said++
			}
		}
		switch {
		case said > 0:
			weeks = append(weeks, sum*daysOfWeek/float64(said))
		case len(weeks) > 0:
			weeks = append(weeks, weeks[len(weeks)-1])
		}
	}
	return weeks
}
