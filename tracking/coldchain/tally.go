package coldchain

import (
	"math"
	"time"
)

// Activation is ΔH/R in kelvin for ΔH = 83.144 kJ/mol and R = 8.3144 J/(mol·K):
// the default of USP <1079.2>.
const Activation = 10_000.0

const zeroCelsius = 273.15

// Tally sums up temperatures, each weighted by how long it held.
type Tally struct {
	Min, Max MilliCelsius
	// Held is the time that the sums speak for.
	Held time.Duration
	// Degrees is Σ w·T in milli-degrees and hours; Kinetic is Σ w·exp(-ΔH/RT) in hours.
	Degrees, Kinetic float64
	// Points is how many readings went in.
	Points int
}

// see takes note of a reading's extremes.
func (t Tally) see(temp MilliCelsius) Tally {
	if t.Points == 0 {
		t.Min, t.Max = temp, temp
	}
	t.Min, t.Max = min(t.Min, temp), max(t.Max, temp)
	t.Points++
	return t
}

// hold adds the time that a temperature held.
func (t Tally) hold(temp MilliCelsius, d time.Duration) Tally {
	t.Held += d
	t.Degrees += float64(temp) * d.Hours()
	t.Kinetic += math.Exp(-Activation/(temp.Celsius()+zeroCelsius)) * d.Hours()
	return t
}

// join puts two tallies together.
func (t Tally) join(u Tally) Tally {
	if u.Points > 0 {
		if t.Points == 0 {
			t.Min, t.Max = u.Min, u.Max
		}
		t.Min, t.Max = min(t.Min, u.Min), max(t.Max, u.Max)
		t.Points += u.Points
	}
	t.Held += u.Held
	t.Degrees += u.Degrees
	t.Kinetic += u.Kinetic
	return t
}

// Mean is the time-weighted mean; Max when no time has passed.
func (t Tally) Mean() MilliCelsius {
	if t.Held <= 0 {
		return t.Max
	}
	return MilliCelsius(math.Round(t.Degrees / t.Held.Hours()))
}

// MKT is the mean kinetic temperature, T_K = (ΔH/R) / -ln(Σ w·e^(-ΔH/RT) / Σ w)
// of USP <1079.2>, weighted by time because intervals vary; Max when no time has passed.
func (t Tally) MKT() MilliCelsius {
	if t.Held <= 0 || t.Kinetic <= 0 {
		return t.Max
	}
	return FromCelsius(Activation/-math.Log(t.Kinetic/t.Held.Hours()) - zeroCelsius)
}
