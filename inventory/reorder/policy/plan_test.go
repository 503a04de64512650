package policy_test

import (
	"math"
	"testing"

	"wardwatch/inventory/reorder/policy"

	"pgregory.net/rapid"
)

// A forecast knows only what lies before its period.
func TestForecastsDoNotSeeTheFuture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := rapid.SliceOfN(rapid.Float64Range(0, 50), 2, 80).Draw(t, "history")
		cut := rapid.IntRange(1, len(history)-1).Draw(t, "cut")
		for _, f := range policy.Forecasters(12, 3) {
			whole, part := f.Each(history), f.Each(history[:cut])
			for i := range part {
				if math.Abs(whole[i]-part[i]) > 1e-9 || whole[i] < 0 || math.IsNaN(whole[i]) {
					t.Fatalf("%s: period %d is %v with the future and %v without", f, i, whole[i], part[i])
				}
			}
		}
	})
}

// Six of something every third period are two a period, whatever the method; SBA
// takes half its weight off.
func TestForecastsOfASteadyInterval(t *testing.T) {
	var history []float64
	for range 60 {
		history = append(history, 0, 0, 6)
	}
	for f, want := range map[policy.Forecaster]float64{
		{Method: policy.Croston, Weight: 0.1}:  2,
		{Method: policy.SBA, Weight: 0.1}:      2 * 0.95,
		{Method: policy.SES, Weight: 0.0001}:   2,
		{Method: policy.Average, Span: 12}:     2,
		{Method: policy.TSB, Weight: 0.000001}: 2,
	} {
		if got := f.Each(history); math.Abs(got[len(history)]-want) > 1e-9 {
			t.Errorf("%s forecasts %v, want %v", f, got[len(history)], want)
		}
	}
}

// Whatever the rule: nothing is served that was not wanted or not there, and with
// more on the shelf no less is served.
func TestATrialKeepsItsBooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		use := rapid.SliceOfN(rapid.Float64Range(0, 30), 1, 60).Draw(t, "use")
		trial := policy.Trial{From: rapid.IntRange(0, len(use)-1).Draw(t, "from"), Lead: rapid.IntRange(0, 6).Draw(t, "lead"),
			Review: rapid.IntRange(0, 6).Draw(t, "review"), Pack: rapid.Int64Range(1, 9).Draw(t, "pack")}
		level := rapid.Int64Range(0, 100).Draw(t, "level")
		low := policy.Try(use, policy.Fixed(policy.Set(level, level+1)), trial)
		high := policy.Try(use, policy.Fixed(policy.Set(level+50, level+51)), trial)
		if low.Served > low.Used+1e-9 || low.StockSum < -1e-9 || low.FillRate() > high.FillRate()+1e-9 && trial.Pack == 1 {
			t.Fatalf("%+v, with more %+v", low, high)
		}
	})
}
