package policy

import "math"

// Method names a way to forecast.
type Method string

// The methods. SBA and TSB are for demand that comes now and then: Croston's
// method forecasts too high (Syntetos and Boylan 2005 correct it by 1−β/2), and
// TSB lets the forecast of an item fall that is no longer used (Teunter,
// Syntetos and Babai 2011).
const (
	SES     Method = "exponential smoothing"
	Croston Method = "Croston"
	SBA     Method = "SBA"
	TSB     Method = "TSB"
	Average Method = "moving average"
	NoUse   Method = "no use yet"
)

// The classes of Syntetos, Boylan and Croston (2005): how often, and how unevenly.
const (
	Smooth       = "steady"
	Erratic      = "erratic"
	Intermittent = "now and then"
	Lumpy        = "lumpy"
)

const (
	sizeWeight     = 0.2 // of the newest size, in TSB and SES
	intervalWeight = 0.1 // of the newest interval or probability
	// adiCut and cv2Cut part the classes.
	adiCut = 1.32
	cv2Cut = 0.49
)

// Demand is what the history of use says of the days to come.
type Demand struct {
	PerDay float64 // forecast use of one day
	// SDPerDay is the standard deviation of one day's use around the forecast.
	SDPerDay float64
	Days     int // length of the history, days without stock left out
	UsedDays int // days with any use
	Used     int64
	Class    string
	Method   Method
}

// Measure reads a history of uses, one number a day, oldest first; a negative
// number is a day that says nothing because nothing was there to use. It
// forecasts by TSB, which is exponential smoothing where there is use every day.
func Measure(days []float64) Demand {
	days = observed(days)
	d := Demand{Days: len(days), Class: Classify(days), Method: TSB}
	for _, y := range days {
		d.Used += int64(math.Round(y))
		if y > 0 {
			d.UsedDays++
		}
	}
	if d.UsedDays == 0 {
		d.Method, d.Class = NoUse, ""
		return d
	}
	if d.Days >= weeks*7 {
		days = withoutLead(days)
	}
	d.PerDay, d.SDPerDay = steady(days)
	return d
}

// weeks of history from which a start without any use is taken for the time
// before the item was introduced.
const weeks = 4

// steady forecasts one day's use: TSB started at the mean of the first weeks, so
// that a first day without use does not weigh, with the deviation of its
// one-step errors.
func steady(days []float64) (perDay, sd float64) {
	warm := days[:min(len(days), weeks*7)]
	sum, used := 0.0, 0.0
	for _, y := range warm {
		sum += y
		if y > 0 {
			used++
		}
	}
	if used == 0 {
		used, sum = 1, firstUse(days)
	}
	f := tsb{size: sum / used, chance: used / float64(len(warm)), alpha: daily(sizeWeight), beta: daily(intervalWeight)}
	squares, n := 0.0, 0
	for i, y := range days {
		if i >= len(warm)/2 {
			e := y - f.forecast()
			squares += e * e
			n++
		}
		f.see(y)
	}
	return f.forecast(), math.Sqrt(squares / float64(max(n, 1)))
}

// daily turns a weight that is meant for a week or so into one for a day: a
// smoothing that is right for months would chase every weekday.
func daily(weight float64) float64 { return weight / 4 }

func firstUse(days []float64) float64 {
	for _, y := range days {
		if y > 0 {
			return y
		}
	}
	return 0
}

func observed(days []float64) []float64 {
	kept := make([]float64, 0, len(days))
	for _, y := range days {
		if y >= 0 {
			kept = append(kept, y)
		}
	}
	return kept
}

// withoutLead drops the days before the first use.
func withoutLead(days []float64) []float64 {
	for i, y := range days {
		if y > 0 {
			return days[i:]
		}
	}
	return days
}

// Classify names how demand comes, by its mean interval and the spread of its sizes.
func Classify(days []float64) string {
	n, sum, squares := 0.0, 0.0, 0.0
	for _, y := range days {
		if y > 0 {
			n++
			sum += y
			squares += y * y
		}
	}
	if n == 0 {
		return ""
	}
	mean := sum / n
	adi, cv2 := float64(len(days))/n, (squares/n-mean*mean)/(mean*mean)
	switch {
	case adi < adiCut && cv2 < cv2Cut:
		return Smooth
	case adi < adiCut:
		return Erratic
	case cv2 < cv2Cut:
		return Intermittent
	}
	return Lumpy
}

// tsb keeps size and chance of a use apart.
type tsb struct{ size, chance, alpha, beta float64 }

func (f *tsb) forecast() float64 { return f.size * f.chance }

func (f *tsb) see(y float64) {
	if y > 0 {
		f.size += f.alpha * (y - f.size)
		f.chance += f.beta * (1 - f.chance)
		return
	}
	f.chance -= f.beta * f.chance
}

// averageOf is the mean of the last n values.
func averageOf(series []float64, n int) float64 {
	last := series[max(len(series)-n, 0):]
	if len(last) == 0 {
		return 0
	}
	sum := 0.0
	for _, y := range last {
		sum += y
	}
	return sum / float64(len(last))
}
