package policy

import "math"

// Simple is a rule of thumb with one figure for all items, as a storekeeper uses it:
// so many times the mean use, or the mean and so many deviations.
type Simple struct {
	Name string
	// Span is how many of the last periods it looks at; 0: at all that was known when
	// it was tuned, after which its levels stay as they are.
	Span int
	// Factor is the figure that was tuned.
	Factor float64
}

// Simples are those that are tried, for histories whose year has so many periods (0: 12).
func Simples(year int) []Simple {
	if year == 0 {
		year = monthsOfYear
	}
	return []Simple{{Name: FixedOfUse}, {Name: MovingAverage, Span: max(year/4, 2)}, {Name: MovingAverage, Span: max(year/2, 2)},
		{Name: MovingAverage, Span: year}, {Name: MovingAverage, Span: 2 * year}}
}

// The names of simple rules.
const (
	FixedOfUse    = "fixed at so many times the use"
	MovingAverage = "moving average and so many deviations"
)

const (
	monthsOfYear = 12
	// simpleMost bounds a simple rule's figure; simpleSteps is how finely it is searched.
	simpleMost, simpleSteps = 64.0, 16
)

// For is the rule for one item, with what is known of it before its trial.
func (s Simple) For(history []float64, t Trial) Rule {
	interval := float64(max(t.Lead, 1) + max(t.Review, 1))
	if s.Span == 0 {
		known := history[:t.From]
		return Fixed(upTo(s.Factor * averageOf(known, len(known)) * interval))
	}
	return moving{s, interval}
}

// moving orders up to the mean of the last periods and so many of their deviations.
type moving struct {
	Simple
	interval float64
}

// At is Rule.
func (m moving) At(history []float64) Level {
	last := history[max(len(history)-m.Span, 0):]
	mean, squares := averageOf(last, len(last)), 0.0
	for _, y := range last {
		squares += (y - mean) * (y - mean)
	}
	return upTo(mean*m.interval + m.Factor*math.Sqrt(squares/float64(max(len(last)-1, 1))*m.interval))
}

func upTo(x float64) Level {
	target := ceil(x)
	return Level{Reorder: max(target-1, 0), Target: target, Basis: BySet}
}

// Tune is the rule with the least figure with which all items together reach the
// service on the second half of what lies before their trials, and the stock that
// this takes there. Where none reaches it the figure is the greatest that is tried.
func (s Simple) Tune(histories [][]float64, trials []Trial, service float64) (tuned Simple, stock float64) {
	play := func(factor float64) (sum Outcome) {
		s.Factor = factor
		for i, history := range histories {
			known, t := history[:trials[i].From], trials[i]
			t.From = len(known) / 2
			sum = sum.Plus(Try(known, s.For(known, t), t))
		}
		return sum
	}
	low, high := -1.0, simpleMost
	for range simpleSteps {
		if middle := (low + high) / 2; play(middle).FillRate() >= service {
			high = middle
		} else {
			low = middle
		}
	}
	stock = play(high).AverageStock()
	s.Factor = high
	return s, stock
}

// TuneSimples tunes all of them, and keeps of each name the one that needs the least stock.
func TuneSimples(histories [][]float64, trials []Trial, service float64) map[string]Simple {
	best, least := map[string]Simple{}, map[string]float64{}
	year := 0
	if len(trials) > 0 {
		year = trials[0].Year
	}
	for _, s := range Simples(year) {
		tuned, stock := s.Tune(histories, trials, service)
		if before, there := least[s.Name]; !there || stock < before {
			best[s.Name], least[s.Name] = tuned, stock
		}
	}
	return best
}
