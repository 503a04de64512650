package coldchain

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// profileFile is a profile as a person writes it.
type profileFile struct {
	ID              ProfileID  `json:"id"`
	Name            string     `json:"name"`
	Low             float64    `json:"low_celsius"`
	High            float64    `json:"high_celsius"`
	IntervalMinutes float64    `json:"interval_minutes"`
	SilentMinutes   float64    `json:"silent_after_minutes"`
	Source          string     `json:"source"`
	Rules           []ruleFile `json:"rules"`
}

type ruleFile struct {
	Name         string    `json:"name"`
	Direction    Direction `json:"direction"`
	Limit        float64   `json:"limit_celsius"`
	Inclusive    bool      `json:"inclusive"`
	Mode         Mode      `json:"mode"`
	Minutes      float64   `json:"minutes"`
	WindowHours  float64   `json:"window_hours"`
	Hysteresis   float64   `json:"hysteresis_celsius"`
	ClearMinutes float64   `json:"clear_minutes"`
	Severity     string    `json:"severity"`
	Source       string    `json:"source"`
}

// maxProfileFile bounds a profile's file, in bytes.
const maxProfileFile = 64 << 10

// ReadProfile reads a profile from JSON: id, name, low_celsius, high_celsius,
// interval_minutes (5), silent_after_minutes (20), source, and rules of name,
// direction ("too warm", "too cold"), limit_celsius, inclusive, mode
// ("consecutive", "cumulative"), minutes, window_hours, hysteresis_celsius,
// clear_minutes, severity ("notice", "warning", "serious", "critical"), source.
// What is wrong wraps ErrInvalidProfile.
func ReadProfile(r io.Reader) (Profile, error) {
	file := profileFile{ID: "custom", Name: "Custom", IntervalMinutes: 5, SilentMinutes: 20}
	decoder := json.NewDecoder(io.LimitReader(r, maxProfileFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return Profile{}, fmt.Errorf("%w: %s", ErrInvalidProfile, err)
	}
	p := Profile{ID: file.ID, Name: file.Name, Low: FromCelsius(file.Low), High: FromCelsius(file.High),
		Interval: minutes(file.IntervalMinutes), SilentAfter: minutes(file.SilentMinutes), Source: file.Source}
	for _, said := range file.Rules {
		rule, err := said.rule()
		if err != nil {
			return Profile{}, fmt.Errorf("%w: rule %q: %s", ErrInvalidProfile, said.Name, err)
		}
		p.Rules = append(p.Rules, rule)
	}
	return p, p.Validate()
}

func (f ruleFile) rule() (Rule, error) {
	r := Rule{Name: f.Name, Direction: f.Direction, Limit: FromCelsius(f.Limit), Inclusive: f.Inclusive, Mode: f.Mode,
		Duration: minutes(f.Minutes), Window: minutes(f.WindowHours * 60), Hysteresis: FromCelsius(f.Hysteresis),
		ClearHold: minutes(f.ClearMinutes), Severity: Serious, Source: f.Source}
	if r.Mode == "" {
		r.Mode = Consecutive
	}
	if f.Severity == "" {
		return r, nil
	}
	for _, severity := range []Severity{Notice, Warning, Serious, Critical} {
		if severity.String() == f.Severity {
			r.Severity = severity
			return r, nil
		}
	}
	return r, fmt.Errorf("there is no severity %q", f.Severity)
}

func minutes(n float64) time.Duration {
	return time.Duration(n * float64(time.Minute)).Round(time.Second)
}

// File is the profile as ReadProfile reads it.
func (p Profile) File() ([]byte, error) {
	file := profileFile{ID: p.ID, Name: p.Name, Low: p.Low.Celsius(), High: p.High.Celsius(),
		IntervalMinutes: p.Interval.Minutes(), SilentMinutes: p.SilentAfter.Minutes(), Source: p.Source}
	for _, r := range p.Rules {
		file.Rules = append(file.Rules, ruleFile{Name: r.Name, Direction: r.Direction, Limit: r.Limit.Celsius(), Inclusive: r.Inclusive,
			Mode: r.Mode, Minutes: r.Duration.Minutes(), WindowHours: r.Window.Hours(), Hysteresis: r.Hysteresis.Celsius(),
			ClearMinutes: r.ClearHold.Minutes(), Severity: r.Severity.String(), Source: r.Source})
	}
	text, err := json.Marshal(file)
	if err != nil {
		return nil, fmt.Errorf("write profile %s: %w", p.ID, err)
	}
	return text, nil
}
