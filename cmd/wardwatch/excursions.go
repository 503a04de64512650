package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/ingest/logger"
)

// excursionsCommand judges recordings by the very rules that the server uses.
type excursionsCommand struct {
	Profile string   `default:"refrigerator" placeholder:"NAME|FILE.json" help:"refrigerator, freezer, ultracold, who-refrigerator, or a profile as a JSON file."`
	Zone    string   `default:"UTC" help:"Time zone, or UTC+1 and the like, of loggers that write their own clock's time; days are counted in it."`
	Files   []string `arg:"" name:"file" help:"Logger files (Berlinger Fridge-tag, Q-tag) or CSV with a time and a temperature; - is standard input."`
}

// Run prints one JSON object for each file.
func (e excursionsCommand) Run(p process) error {
	profile, err := profileNamed(e.Profile)
	if err != nil {
		return err
	}
	zone, err := coldchain.ClockZone(e.Zone)
	if err != nil {
		return usageError{fmt.Errorf("there is no time zone %q; use a name such as Europe/Berlin, or UTC+1 for a clock that nobody moves", e.Zone)}
	}
	out := json.NewEncoder(p.stdout)
	out.SetEscapeHTML(false)
	var errs []error
	for _, name := range e.Files {
		judged, err := judgeFile(p, name, profile, zone)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		if len(e.Files) > 1 {
			judged.File = name
		}
		if err := out.Encode(judged); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// profileNamed is a ready-made profile or one from a file.
func profileNamed(name string) (coldchain.Profile, error) {
	if p, known := coldchain.ReadyMadeProfile(coldchain.ProfileID(name)); known {
		return p, nil
	}
	if !strings.HasSuffix(name, ".json") {
		return coldchain.Profile{}, usageError{fmt.Errorf("there is no profile %q; use refrigerator, freezer, ultracold, who-refrigerator or a .json file", name)}
	}
	file, err := os.Open(name)
	if err != nil {
		return coldchain.Profile{}, usageError{err}
	}
	defer file.Close()
	p, err := coldchain.ReadProfile(file)
	if err != nil {
		return coldchain.Profile{}, usageError{fmt.Errorf("%s: %w", name, err)}
	}
	return p, nil
}

func judgeFile(p process, name string, profile coldchain.Profile, zone *time.Location) (judged, error) {
	var from io.Reader = p.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return judged{}, err
		}
		defer file.Close()
		from = file
	}
	recording, err := logger.Read(from)
	if err != nil {
		return judged{}, err
	}
	return judge(recording.In(zone), profile, zone), nil
}

// judged is what the tool prints of one recording.
type judged struct {
	File       string            `json:"file,omitempty"`
	Device     string            `json:"device,omitempty"`
	Serial     string            `json:"serial,omitempty"`
	Profile    string            `json:"profile"`
	Readings   int               `json:"readings"`
	Skipped    int               `json:"skipped,omitempty"`
	Faults     []string          `json:"faults,omitempty"`
	Unplugged  int               `json:"probe_out_readings,omitempty"`
	Gaps       []judgedGap       `json:"gaps"`
	Days       []judgedDay       `json:"days"`
	Excursions []judgedExcursion `json:"excursions"`
	// DeviceDays are the device's own summaries; DeviceExcursions what its daily
	// alarms add up to, for a device without a log.
	DeviceDays       []deviceDay       `json:"device_days,omitempty"`
	DeviceExcursions []judgedExcursion `json:"device_excursions,omitempty"`
}

type judgedGap struct {
	Start   string  `json:"start"`
	End     string  `json:"end"`
	Minutes float64 `json:"minutes"`
}

type judgedDay struct {
	Date         string  `json:"date"`
	Min          float64 `json:"min"`
	Max          float64 `json:"max"`
	Mean         float64 `json:"mean"`
	MKT          float64 `json:"mkt"`
	Readings     int     `json:"readings"`
	MinutesAbove float64 `json:"minutes_above"`
	MinutesBelow float64 `json:"minutes_below"`
	KnownMinutes float64 `json:"known_minutes"`
	GapMinutes   float64 `json:"gap_minutes"`
}

type judgedExcursion struct {
	Rule      string   `json:"rule"`
	Direction string   `json:"direction"`
	Severity  string   `json:"severity,omitempty"`
	Limit     float64  `json:"limit"`
	Start     string   `json:"start"`
	End       *string  `json:"end"` // null while it runs at the end of the recording
	Known     float64  `json:"known_minutes"`
	Possible  float64  `json:"possible_minutes"`
	Min       *float64 `json:"min,omitempty"`
	Max       *float64 `json:"max,omitempty"`
	MKT       *float64 `json:"mkt,omitempty"`
	// Estimated: start and end follow from a device's daily minutes, not from readings.
	Estimated bool `json:"estimated,omitempty"`
}

type deviceDay struct {
	Date          string             `json:"date"`
	Min           *float64           `json:"min"`
	Max           *float64           `json:"max"`
	Mean          *float64           `json:"mean"`
	Minutes       map[string]float64 `json:"minutes_beyond"`
	OutOfProbe    float64            `json:"probe_out_minutes,omitempty"`
	AlarmsBeganAt map[string]string  `json:"alarms_began_at,omitempty"`
}

func judge(r logger.Recording, profile coldchain.Profile, zone *time.Location) judged {
	points := coldchain.InOrder(r.Rows)
	profile = profile.Fitting(points)
	j := judged{Device: r.Device, Serial: r.Serial, Profile: string(profile.ID), Readings: len(points), Skipped: r.Skipped, Faults: r.Faults,
		Unplugged: len(r.Unplugged), Gaps: []judgedGap{}, Days: []judgedDay{}, Excursions: []judgedExcursion{}}
	for _, gap := range coldchain.Gaps(profile, points) {
		j.Gaps = append(j.Gaps, judgedGap{Start: stamp(gap.From, zone), End: stamp(gap.To, zone), Minutes: gap.To.Sub(gap.From).Minutes()})
	}
	for _, day := range coldchain.Days(profile, points, zone) {
		if day.Tally.Points > 0 || day.Tally.Held > 0 {
			j.Days = append(j.Days, dayOf(day))
		}
	}
	replay := coldchain.NewReplay(coldchain.Always(profile), coldchain.Point{})
	for _, point := range points {
		replay.Step(point)
	}
	for _, e := range replay.Excursions() {
		j.Excursions = append(j.Excursions, excursionOf(e, zone))
	}
	for _, day := range r.Days {
		j.DeviceDays = append(j.DeviceDays, deviceDayOf(day))
	}
	for _, spell := range logger.Spells(r) {
		j.DeviceExcursions = append(j.DeviceExcursions, spellOf(spell))
	}
	return j
}

func stamp(at time.Time, zone *time.Location) string { return at.In(zone).Format(time.RFC3339) }

func dayOf(d coldchain.Day) judgedDay {
	return judgedDay{Date: d.Date(), Min: d.Tally.Min.Celsius(), Max: d.Tally.Max.Celsius(), Mean: d.Tally.Mean().Celsius(), MKT: d.Tally.MKT().Celsius(),
		Readings: d.Tally.Points, MinutesAbove: d.Above.Minutes(), MinutesBelow: d.Below.Minutes(),
		KnownMinutes: d.Tally.Held.Minutes(), GapMinutes: d.Gap.Minutes()}
}

func excursionOf(e coldchain.Excursion, zone *time.Location) judgedExcursion {
	low, high, mkt := e.Min.Celsius(), e.Max.Celsius(), e.MKT.Celsius()
	j := judgedExcursion{Rule: e.Rule, Direction: string(e.Direction), Severity: e.Severity.String(), Limit: e.Limit.Celsius(), Start: stamp(e.Start, zone),
		Known: e.Known.Minutes(), Possible: e.Possible.Minutes(), Min: &low, Max: &high, MKT: &mkt}
	if !e.End.IsZero() {
		end := stamp(e.End, zone)
		j.End = &end
	}
	return j
}

func deviceDayOf(d logger.Day) deviceDay {
	said := deviceDay{Date: d.Date, Minutes: map[string]float64{}, OutOfProbe: d.Unplugged.Minutes()}
	if d.Known {
		low, mean, high := d.Min.Celsius(), d.Mean.Celsius(), d.Max.Celsius()
		said.Min, said.Mean, said.Max = &low, &mean, &high
	}
	for index, alarm := range d.Beyond {
		name := fmt.Sprint(index)
		said.Minutes[name] = alarm.Beyond.Minutes()
		if alarm.RangAt >= 0 {
			if said.AlarmsBeganAt == nil {
				said.AlarmsBeganAt = map[string]string{}
			}
			said.AlarmsBeganAt[name] = time.Time{}.Add(alarm.RangAt).Format("15:04")
		}
	}
	return said
}

// spellOf keeps the device's own clock: its zone is not known from the file.
func spellOf(s logger.Spell) judgedExcursion {
	end := s.End.Format("2006-01-02T15:04")
	direction := coldchain.TooWarm
	if s.Cold {
		direction = coldchain.TooCold
	}
	return judgedExcursion{Rule: fmt.Sprintf("alarm %d", s.Limit.Index), Direction: string(direction), Limit: s.Limit.Temp.Celsius(),
		Start: s.Start.Format("2006-01-02T15:04"), End: &end, Known: s.Beyond.Minutes(), Possible: s.Beyond.Minutes(), Estimated: true}
}
