package coldchain

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"wardwatch/tracking/hospital"
)

// ErrInvalidProfile: the profile can't be judged by; the wrapping sentence says why.
var ErrInvalidProfile = fmt.Errorf("profile %w", hospital.ErrInvalid)

// MaxRules bounds the rules of one profile, so that a State is a small value.
const MaxRules = 6

// ProfileID names a profile: "refrigerator", "freezer", "ultracold".
type ProfileID string

// Mode says how time beyond a limit is counted.
type Mode string

// The modes.
const (
	// Consecutive: one unbroken time beyond the limit.
	Consecutive Mode = "consecutive"
	// Cumulative: all times beyond the limit within the rule's window, added up.
	Cumulative Mode = "cumulative"
)

// Rule is one limit and how long it may be exceeded.
type Rule struct {
	// Name tells the rules of a profile apart: "warm", "cold", "freeze".
	Name      string
	Direction Direction
	Limit     MilliCelsius
	// Inclusive: the limit itself is already beyond. WHO's shipping indicators
	// are inclusive, Berlinger's loggers and CDC's ranges are not.
	Inclusive bool
	Mode      Mode
	// Duration is how long beyond the limit makes an excursion; 0 is at once.
	Duration time.Duration
	// Window is how far back a cumulative rule adds up; unused otherwise.
	Window time.Duration
	// Hysteresis is how far inside the limit counts as back, so that a
	// compressor's sawtooth does not end and begin an excursion every cycle.
	Hysteresis MilliCelsius
	// ClearHold is how long it must stay back before the excursion is over.
	ClearHold time.Duration
	Severity  Severity
	// Source is where the numbers come from.
	Source string
}

// Beyond is true when the temperature breaks the limit.
func (r Rule) Beyond(t MilliCelsius) bool {
	switch {
	case t == r.Limit:
		return r.Inclusive
	case r.Direction == TooWarm:
		return t > r.Limit
	default:
		return t < r.Limit
	}
}

// back is true when the temperature is inside the limit by the hysteresis.
func (r Rule) back(t MilliCelsius) bool {
	if r.Beyond(t) {
		return false
	}
	if r.Direction == TooWarm {
		return t <= r.Limit-r.Hysteresis
	}
	return t >= r.Limit+r.Hysteresis
}

// Profile is how a kind of fridge is judged.
type Profile struct {
	ID   ProfileID
	Name string
	// Low and High are the band that charts shade; both are still in range.
	Low, High MilliCelsius
	// Interval is how often a reading is expected.
	Interval time.Duration
	// SilentAfter is how long without any reading raises the silent alarm.
	SilentAfter time.Duration
	Rules       []Rule
	// Source is where the band comes from.
	Source string
}

// MaxGap is how long one reading speaks for the time after it: two intervals
// and a minute, as WHO's EMS receivers count a missed sample. What lies beyond
// it is a gap in which nobody knows.
func (p Profile) MaxGap() time.Duration { return 2*p.Interval + time.Minute }

// Live is how young a reading must be to ring: an older one tells of the past.
func (p Profile) Live() time.Duration { return max(3*p.Interval, 5*time.Minute) }

// longestWindow is how far back any rule looks.
func (p Profile) longestWindow() time.Duration {
	var longest time.Duration
	for _, rule := range p.Rules {
		longest = max(longest, rule.Duration, rule.Window, rule.ClearHold)
	}
	return longest
}

// InBand is true when the temperature is inside the band.
func (p Profile) InBand(t MilliCelsius) bool { return p.Low <= t && t <= p.High }

// Rule looks up a rule by name.
func (p Profile) Rule(name string) (Rule, bool) {
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		return Rule{}, false
	}
	return p.Rules[i], true
}

// Validate says what keeps the profile from being judged by.
func (p Profile) Validate() error {
	switch {
	case p.ID == "":
		return fmt.Errorf("%w: it has no id", ErrInvalidProfile)
	case p.Low >= p.High:
		return fmt.Errorf("%w: %s begins at %v and ends at %v", ErrInvalidProfile, p.ID, p.Low, p.High)
	case p.Interval <= 0:
		return fmt.Errorf("%w: %s has no interval", ErrInvalidProfile, p.ID)
	case len(p.Rules) == 0 || len(p.Rules) > MaxRules:
		return fmt.Errorf("%w: %s has %d rules, 1 to %d are possible", ErrInvalidProfile, p.ID, len(p.Rules), MaxRules)
	}
	for i, rule := range p.Rules {
		if err := rule.validate(); err != nil {
			return fmt.Errorf("%w: rule %d of %s: %s", ErrInvalidProfile, i+1, p.ID, err)
		}
		if j := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.Name == rule.Name }); j != i {
			return fmt.Errorf("%w: %s has two rules named %q", ErrInvalidProfile, p.ID, rule.Name)
		}
	}
	return nil
}

func (r Rule) validate() error {
	switch {
	case r.Name == "":
		return fmt.Errorf("it has no name")
	case r.Direction != TooWarm && r.Direction != TooCold:
		return fmt.Errorf("direction is %q, not %q or %q", r.Direction, TooWarm, TooCold)
	case r.Mode != Consecutive && r.Mode != Cumulative:
		return fmt.Errorf("mode is %q, not %q or %q", r.Mode, Consecutive, Cumulative)
	case r.Mode == Cumulative && r.Window < r.Duration:
		return fmt.Errorf("its window is shorter than its duration")
	case r.Duration < 0 || r.ClearHold < 0 || r.Hysteresis < 0:
		return fmt.Errorf("a duration or hysteresis is negative")
	}
	return nil
}

const (
	sourceCDC    = "CDC Vaccine Storage and Handling Toolkit"
	sourceFreeze = "limit: WHO PQS E006 freeze alarm (-0.5 °C); delay shortened from 60 min, because freezing can't be undone"
)

// Refrigerator is a vaccine or medicine fridge: 2 to 8 °C, both still in range.
func Refrigerator() Profile {
	return Profile{
		ID: "refrigerator", Name: "Refrigerator", Low: 2_000, High: 8_000,
		Interval: 5 * time.Minute, SilentAfter: 20 * time.Minute, Source: sourceCDC,
		Rules: []Rule{
			{Name: "warm", Direction: TooWarm, Limit: 8_000, Mode: Consecutive, Duration: 15 * time.Minute,
				Hysteresis: 300, ClearHold: 10 * time.Minute, Severity: Serious,
				Source: sourceCDC + "; 15 min delay so that a door does not ring"},
			{Name: "cold", Direction: TooCold, Limit: 2_000, Mode: Consecutive, Duration: 15 * time.Minute,
				Hysteresis: 300, ClearHold: 10 * time.Minute, Severity: Serious,
				Source: sourceCDC + "; 15 min delay so that a defrost does not ring"},
			{Name: "freeze", Direction: TooCold, Limit: -500, Inclusive: true, Mode: Consecutive, Duration: 5 * time.Minute,
				Hysteresis: 500, ClearHold: 10 * time.Minute, Severity: Critical, Source: sourceFreeze},
		},
	}
}

// Freezer is a vaccine freezer: -50 to -15 °C.
func Freezer() Profile {
	return Profile{
		ID: "freezer", Name: "Freezer", Low: -50_000, High: -15_000,
		Interval: 5 * time.Minute, SilentAfter: 20 * time.Minute, Source: sourceCDC,
		Rules: []Rule{
			{Name: "warm", Direction: TooWarm, Limit: -15_000, Mode: Consecutive, Duration: 15 * time.Minute,
				Hysteresis: 500, ClearHold: 10 * time.Minute, Severity: Serious, Source: sourceCDC},
			{Name: "cold", Direction: TooCold, Limit: -50_000, Mode: Consecutive, Duration: 15 * time.Minute,
				Hysteresis: 500, ClearHold: 10 * time.Minute, Severity: Warning, Source: sourceCDC},
		},
	}
}

// UltraCold is an ultra-cold freezer: -90 to -60 °C.
func UltraCold() Profile {
	return Profile{
		ID: "ultracold", Name: "Ultra-cold freezer", Low: -90_000, High: -60_000,
		Interval: 5 * time.Minute, SilentAfter: 20 * time.Minute, Source: sourceCDC + "; Comirnaty label",
		Rules: []Rule{
			{Name: "warm", Direction: TooWarm, Limit: -60_000, Mode: Consecutive, Duration: 10 * time.Minute,
				Hysteresis: 1_000, ClearHold: 10 * time.Minute, Severity: Serious, Source: sourceCDC},
			{Name: "cold", Direction: TooCold, Limit: -90_000, Mode: Consecutive, Duration: 15 * time.Minute,
				Hysteresis: 1_000, ClearHold: 10 * time.Minute, Severity: Warning, Source: sourceCDC},
		},
	}
}

// WHORefrigerator judges by the alarms that WHO's standard makes a device raise.
func WHORefrigerator() Profile {
	const source = "WHO PQS E006/DS01: HEAT over 8 °C for 10 h, FRZE at or under -0.5 °C for 60 min"
	return Profile{
		ID: "who-refrigerator", Name: "Refrigerator by WHO PQS", Low: 2_000, High: 8_000,
		Interval: 15 * time.Minute, SilentAfter: 45 * time.Minute, Source: source,
		Rules: []Rule{
			{Name: "warm", Direction: TooWarm, Limit: 8_000, Mode: Consecutive, Duration: 10 * time.Hour,
				Hysteresis: 300, ClearHold: 15 * time.Minute, Severity: Serious, Source: source},
			{Name: "freeze", Direction: TooCold, Limit: -500, Inclusive: true, Mode: Consecutive, Duration: time.Hour,
				Hysteresis: 500, ClearHold: 15 * time.Minute, Severity: Critical, Source: source},
		},
	}
}

// CDCPharmacy judges a vaccine fridge with a second, urgent rule: an hour outside
// is no door any more, and short warmths add up.
func CDCPharmacy() Profile {
	p := Refrigerator()
	p.ID, p.Name = "cdc-pharmacy", "Vaccine refrigerator, urgent after an hour"
	p.Source = sourceCDC + "; urgency after 60 min by pharmacies' practice"
	p.Rules = append(p.Rules, Rule{Name: "warm for an hour", Direction: TooWarm, Limit: 8_000, Mode: Consecutive, Duration: time.Hour,
		Hysteresis: 300, ClearHold: 10 * time.Minute, Severity: Critical, Source: p.Source},
		Rule{Name: "warm in all", Direction: TooWarm, Limit: 8_000, Mode: Cumulative, Duration: time.Hour, Window: 72 * time.Hour,
			Hysteresis: 300, ClearHold: 10 * time.Minute, Severity: Serious, Source: "60 min in 72 h, as open mSupply's cold chain app counts"})
	return p
}

// WHOShipping judges a transport by the limits of WHO's type 2 shipping
// indicators, which are inclusive and partly cumulative.
func WHOShipping() Profile {
	const source = "WHO PQS E006/TR07, shipping indicator type 2"
	rule := func(name string, direction Direction, limit MilliCelsius, mode Mode, hours time.Duration, severity Severity) Rule {
		r := Rule{Name: name, Direction: direction, Limit: limit, Inclusive: true, Mode: mode, Duration: hours * time.Hour,
			Hysteresis: 300, ClearHold: 15 * time.Minute, Severity: severity, Source: source}
		if mode == Cumulative {
			r.Window = 28 * 24 * time.Hour
		}
		return r
	}
	return Profile{
		ID: "who-shipping", Name: "Vaccine shipment by WHO PQS", Low: 2_000, High: 8_000,
		Interval: 10 * time.Minute, SilentAfter: 0, Source: source,
		Rules: []Rule{
			rule("hot", TooWarm, 45_000, Consecutive, 1, Critical),
			rule("warm", TooWarm, 30_000, Cumulative, 10, Serious),
			rule("mild", TooWarm, 10_000, Cumulative, 20, Warning),
			rule("freeze", TooCold, -500, Consecutive, 1, Critical),
		},
	}
}

// ReadyMade lists the profiles that every site has, in the order pages show them.
func ReadyMade() []Profile {
	return []Profile{Refrigerator(), CDCPharmacy(), Freezer(), UltraCold(), WHORefrigerator(), WHOShipping()}
}

// readyMade are made once: a board asks for one with each of its fridges.
var readyMade = sync.OnceValue(ReadyMade)

// ReadyMadeProfile looks up a ready-made profile; its rules may be changed.
func ReadyMadeProfile(id ProfileID) (Profile, bool) {
	p, known := sharedProfile(id)
	p.Rules = slices.Clone(p.Rules)
	return p, known
}

// sharedProfile is ReadyMadeProfile for those who only read it: thousands of fridges are judged by one.
func sharedProfile(id ProfileID) (Profile, bool) {
	all := readyMade()
	i := slices.IndexFunc(all, func(p Profile) bool { return p.ID == id })
	if i < 0 {
		return Profile{}, false
	}
	return all[i], true
}
