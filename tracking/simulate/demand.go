package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// Use is something taken from a shelf for a patient.
type Use struct {
	Item, Place string
	Quantity    int64
	At          time.Time
}

// takingEvery is how often somebody takes something from some shelf by day.
const takingEvery = 20 * time.Second

// Demand is what the wards use up. It has randomness of its own for each day, so
// that a day's use does not depend on the days before.
type Demand struct {
	drawing *Drawing
	seed    uint64
	next    time.Time
	count   uint64
}

// NewDemand is the demand of a drawing from an instant on.
func NewDemand(d *Drawing, seed uint64, from time.Time) *Demand {
	return &Demand{drawing: d, seed: seed, next: from}
}

// Day is what is used on a day, one entry an item, at a plausible hour. Use
// varies more than a Poisson process: some days are busy.
func (d *Demand) Day(day time.Time) []Use {
	local := day.In(d.drawing.Site.Location())
	rng := rand.New(rand.NewPCG(d.seed, uint64(local.Year()*400+local.YearDay())))
	bustle := weekday(local.Weekday()) * (0.85 + 0.3*rng.Float64())
	morning := time.Date(local.Year(), local.Month(), local.Day(), 8, 0, 0, 0, local.Location())
	var uses []Use
	for _, item := range d.drawing.Items {
		n := poisson(rng, item.Daily*bustle*(0.7+0.6*rng.Float64()))
		at := morning.Add(time.Duration(rng.IntN(11*60)) * time.Minute)
		if n > 0 {
			uses = append(uses, Use{Item: item.ID, Place: item.Place, Quantity: n, At: at.UTC()})
		}
	}
	return uses
}

// weekday is how much of a Tuesday's use a day sees.
func weekday(day time.Weekday) float64 {
	switch day {
	case time.Saturday:
		return 0.7
	case time.Sunday:
		return 0.6
	case time.Monday:
		return 1.15
	default:
		return 1
	}
}

// Until gives what is taken up to an instant, one taking at a time.
func (d *Demand) Until(to time.Time) []Use {
	var uses []Use
	for ; !d.next.After(to); d.next = d.next.Add(takingEvery) {
		d.count++
		rng := rand.New(rand.NewPCG(d.seed, d.count<<32))
		item := d.drawing.Items[rng.IntN(len(d.drawing.Items))]
		mean := item.Daily * takingEvery.Hours() / 24 * float64(len(d.drawing.Items))
		if n := poisson(rng, mean); n > 0 {
			uses = append(uses, Use{Item: item.ID, Place: item.Place, Quantity: n, At: d.next})
		}
	}
	return uses
}

// poisson draws a count with a mean; above 60 the normal is as good.
func poisson(rng *rand.Rand, mean float64) int64 {
	if mean > 60 {
		return max(0, int64(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	limit, product, n := math.Exp(-mean), rng.Float64(), int64(0)
	for product > limit {
		product *= rng.Float64()
		n++
	}
	return n
}
