package policy

import "math"

const (
	// statedWeight is how many deliveries the stated lead time counts for.
	statedWeight = 3
	// statedSpread is the standard deviation of a stated lead time as a share of it.
	statedSpread = 0.2
)

// LeadTime is what a supplier's deliveries say of the next one.
type LeadTime struct {
	Days, SDDays float64 // mean and standard deviation
	Stated       float64 // what was agreed
	Deliveries   int     // how many it was learned from; 0: only what was agreed
}

// LearnLead mixes the stated lead time, which counts for three deliveries with a
// spread of a fifth, with the days that deliveries took. So one late delivery
// says a little, and twenty say nearly all.
func LearnLead(stated float64, took []float64) LeadTime {
	n := statedWeight + float64(len(took))
	sum := statedWeight * stated
	for _, days := range took {
		sum += days
	}
	mean := sum / n
	spread := statedSpread * stated
	squares := statedWeight * (spread*spread + (stated-mean)*(stated-mean))
	for _, days := range took {
		squares += (days - mean) * (days - mean)
	}
	return LeadTime{Days: mean, SDDays: math.Sqrt(squares / n), Stated: stated, Deliveries: len(took)}
}
