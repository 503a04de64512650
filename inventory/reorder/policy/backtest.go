package policy

import "math"

// Rule says, at a review, when to order and up to where, knowing the use of all
// periods before it.
type Rule interface {
	At(history []float64) Level
}

// Fixed is a level that stays what it is: PAR, or minimum and maximum.
type Fixed Level

// At is the level itself.
func (f Fixed) At([]float64) Level { return Level(f) }

// Trial is how a rule is tried on a history.
type Trial struct {
	// From is the first period that counts; what lies before it is known.
	From int
	// Lead and Review are in periods of the history: an order of the end of one
	// period is there before the use of the period Lead later, at least the next.
	Lead, Review int
	Pack         int64
	// Year is how many periods a year has, for what goes with the season; 0: none does.
	Year int
}

// Outcome is what a trial came to. Use that finds nothing is lost.
type Outcome struct {
	Periods   int
	Used      float64 // what was wanted
	Served    float64
	StockOuts int     // periods in which something was missing
	StockSum  float64 // of the stock at the end of each period
	Orders    int
}

// FillRate is the share of what was wanted that was there; 1 when nothing was.
func (o Outcome) FillRate() float64 {
	if o.Used == 0 {
		return 1
	}
	return o.Served / o.Used
}

// AverageStock is the mean of the stock at the ends of the periods.
func (o Outcome) AverageStock() float64 {
	if o.Periods == 0 {
		return 0
	}
	return o.StockSum / float64(o.Periods)
}

// Plus adds two outcomes; the average stock of a sum over items is that of all
// of them together only where their periods are the same.
func (o Outcome) Plus(other Outcome) Outcome {
	return Outcome{Periods: o.Periods + other.Periods, Used: o.Used + other.Used, Served: o.Served + other.Served,
		StockOuts: o.StockOuts + other.StockOuts, StockSum: o.StockSum + other.StockSum, Orders: o.Orders + other.Orders}
}

// Try plays a rule against a history, one period after the other: deliveries
// come in, use is served as far as stock goes, and at each review the rule may
// order. It begins with the rule's own target on the shelf.
func Try(use []float64, rule Rule, t Trial) Outcome {
	lead, review := max(t.Lead, 1), max(t.Review, 1)
	arriving := make([]float64, len(use)+lead+1)
	stock := float64(rule.At(use[:t.From]).Target)
	onOrder := 0.0
	var o Outcome
	for now := t.From; now < len(use); now++ {
		stock += arriving[now]
		onOrder -= arriving[now]
		served := math.Min(stock, use[now])
		stock -= served
		o.Periods++
		o.Used += use[now]
		o.Served += served
		if served < use[now]-1e-9 {
			o.StockOuts++
		}
		o.StockSum += stock
		if (now-t.From+1)%review != 0 {
			continue
		}
		if q := order(rule.At(use[:now+1]), stock+onOrder, t.Pack); q > 0 {
			arriving[now+lead] += q
			onOrder += q
			o.Orders++
		}
	}
	return o
}

// order is what Decide would order at a position.
func order(level Level, position float64, pack int64) float64 {
	if level.Target <= 0 || position > float64(level.Reorder)+1e-9 {
		return 0
	}
	_, units := RoundUp(ceil(float64(level.Target)-position), pack, 0)
	return float64(units)
}
