package policy

import "math"

// The names of a level's basis.
const (
	ByNormal   = "normal"
	ByPoisson  = "poisson"
	ByNegative = "negative binomial"
	BySet      = "set by people"
	ByTrying   = "back-tested"
	ByNothing  = "no use to plan for"
)

const (
	// slow is the mean over the protection interval below which counts are too
	// few for the normal distribution.
	slow = 10
	// servicesLeast and servicesMost bound what may be asked for.
	serviceLeast = 0.5
	serviceMost  = 0.9999
	// shelfShare is how much of its shelf life stock may take to be used.
	shelfShare = 0.8
)

// LevelFor computes the level from demand: the reorder point covers the use until
// a delivery ordered at the next review arrives, L + R days, with the safety of
// the wanted service: d·(L+R) + z·√((L+R)·σd² + d²·σL²), or the quantile of a
// count distribution for slow movers. The target adds the use that one order
// should last, and at least a pack.
func LevelFor(d Demand, t Terms) Level {
	if d.PerDay <= 0 {
		return Level{Basis: ByNothing}
	}
	interval := t.LeadDays + max(t.ReviewDays, 1)
	mean := d.PerDay * interval
	variance := interval*d.SDPerDay*d.SDPerDay + d.PerDay*d.PerDay*t.LeadSDDays*t.LeadSDDays
	service := min(max(t.Service, serviceLeast), serviceMost)
	level := Level{Expected: mean}
	point := mean + NormalQuantile(service)*math.Sqrt(variance)
	level.Basis = ByNormal
	if mean < slow {
		point, level.Basis = countQuantile(mean, variance, service)
	}
	level.Reorder = ceil(point)
	level.Safety = max(point-mean, 0)
	level.Target = level.Reorder + max(ceil(d.PerDay*max(t.cover(), t.ReviewDays)), 1)
	return level.capped(d, t)
}

// cover is how many days of use an order should last.
func (t Terms) cover() float64 {
	if t.CoverDays <= 0 {
		return DefaultCover
	}
	return t.CoverDays
}

// capped lowers the level so that what is ordered is used before it expires. The
// target stays above the reorder point.
func (l Level) capped(d Demand, t Terms) Level {
	if t.ShelfLifeDays <= 0 {
		return l
	}
	most := max(int64(d.PerDay*(t.ShelfLifeDays-t.LeadDays)*shelfShare), 1)
	if l.Target <= most {
		return l
	}
	l.Target, l.ShelfLifeCap = most, true
	l.Reorder = min(l.Reorder, l.Target-1)
	l.Safety = max(float64(l.Reorder)-l.Expected, 0)
	return l
}

// ceil rounds up, and forgives what floating point adds to a whole number.
func ceil(x float64) int64 { return int64(math.Ceil(x - 1e-9)) }

// countQuantile is the least whole number whose cumulative chance is the service:
// Poisson where the variance is not above the mean, else negative binomial.
func countQuantile(mean, variance, service float64) (float64, string) {
	if variance <= mean {
		return PoissonQuantile(mean, service), ByPoisson
	}
	return NegativeBinomialQuantile(mean, variance, service), ByNegative
}

// NormalQuantile is the z whose chance below it is p, for 0 < p < 1.
func NormalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// NormalLoss is G(k) = φ(k) − k·(1 − Φ(k)): the expected shortage in units of σ.
func NormalLoss(k float64) float64 {
	density := math.Exp(-k*k/2) / math.Sqrt(2*math.Pi)
	return density - k*0.5*math.Erfc(k/math.Sqrt2)
}

// PoissonQuantile is the least n with P(X ≤ n) ≥ p. Above a mean of 80 the normal
// distribution takes over, since e^−mean is lost in floating point.
func PoissonQuantile(mean, p float64) float64 {
	if mean > countMost {
		return math.Max(math.Ceil(mean+NormalQuantile(p)*math.Sqrt(mean)-0.5), 0)
	}
	chance := math.Exp(-mean)
	n, sum := 0.0, chance
	for sum < p && n < countEnd {
		n++
		chance *= mean / n
		sum += chance
	}
	return n
}

// NegativeBinomialQuantile is the least n with P(X ≤ n) ≥ p for counts whose
// variance is above their mean.
func NegativeBinomialQuantile(mean, variance, p float64) float64 {
	if mean > countMost || variance <= mean {
		return math.Max(math.Ceil(mean+NormalQuantile(p)*math.Sqrt(variance)-0.5), 0)
	}
	q := mean / variance // chance of success
	r := mean * mean / (variance - mean)
	chance := math.Exp(r * math.Log(q)) // q^r would run to zero for large r
	n, sum := 0.0, chance
	for sum < p && n < countEnd {
		chance *= (n + r) / (n + 1) * (1 - q)
		n++
		sum += chance
	}
	return n
}

const (
	countMost = 80     // greatest mean that is summed term by term
	countEnd  = 10_000 // where a sum that does not arrive is given up
)

// FillRate is the expected share of use that is met from stock with safety factor
// k, the deviation over the protection interval and the order quantity.
func FillRate(k, sd, quantity float64) float64 {
	if quantity <= 0 {
		return 0
	}
	return min(max(1-sd*NormalLoss(k)/quantity, 0), 1)
}
