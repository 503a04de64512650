package coldchain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Facts are what is known of a fridge as an asset, beside its model and serial number.
type Facts struct {
	// PQS is its code in WHO's catalogue, such as E003/040; empty for none.
	PQS    string
	Litres int // that it holds; 0: not known
	// Units is how many units of issue it has room for, doses and vials alike; 0: not known.
	Units int
	// HoldOver is how long it stays in range without power, as its maker says; 0: not known.
	HoldOver time.Duration
	// BackupLogger is the serial number of the battery-driven logger that stands by.
	BackupLogger string
	By           string
	At           time.Time // zero while nobody has said
}

// PaperKind is what a paper of a fridge tells of.
type PaperKind string

// The kinds of papers.
const (
	Calibration PaperKind = "calibration"
	Service     PaperKind = "service"
	Repair      PaperKind = "repair"
)

// PaperKinds lists the kinds in the order pages show them.
func PaperKinds() []PaperKind { return []PaperKind{Calibration, Service, Repair} }

// Paper is a calibration certificate, a service or a repair of a fridge or its probe.
type Paper struct {
	ID   int64
	Kind PaperKind
	// Device is the probe or logger that was calibrated; empty: the fridge itself.
	Device string
	// Done and Due are days of the site, "2026-05-04"; an empty Due comes never.
	Done, Due string
	Number    string // of the certificate
	Note      string // who did it, with what result and uncertainty
	By        string
	At        time.Time
	// File is the certificate itself; nil when nobody has uploaded it. In a list its Bytes are left out.
	File *PaperFile
}

// Asset is a fridge with its facts and papers, the newest first.
type Asset struct {
	Fridge Fridge
	Facts  Facts
	Papers []Paper
}

// DueSoon is how long ahead a calibration or service is listed: laboratories take two to three months.
const DueSoon = 75 * 24 * time.Hour

// Due are the papers that must be renewed on a day or soon after: of each kind and
// device the newest alone counts, repairs never.
func (a Asset) Due(today time.Time) []Paper {
	var due []Paper
	seen := map[[2]string]bool{}
	for _, p := range a.Papers {
		key := [2]string{string(p.Kind), p.Device}
		if p.Kind == Repair || seen[key] {
			continue
		}
		seen[key] = true
		if p.Due != "" && p.Due <= today.Add(DueSoon).Format(time.DateOnly) {
			due = append(due, p)
		}
	}
	return due
}

// Overdue says whether the day that the paper was due on is past.
func (p Paper) Overdue(today time.Time) bool {
	return p.Due != "" && p.Due < today.Format(time.DateOnly)
}

// Assets are all fridges with their facts and papers, by name.
func (m *Monitor) Assets(ctx context.Context) ([]Asset, error) {
	fridges, err := m.store.Fridges(ctx)
	if err != nil {
		return nil, err
	}
	return m.store.Assets(ctx, fridges)
}

// Asset is one fridge with its facts and papers; ErrUnknownFridge when there is none.
func (m *Monitor) Asset(ctx context.Context, id FridgeID) (Asset, error) {
	f, err := m.store.Fridge(ctx, id)
	if err != nil {
		return Asset{}, err
	}
	return m.store.Asset(ctx, f)
}

// SetFacts says what is known of a fridge as an asset.
func (m *Monitor) SetFacts(ctx context.Context, by hospital.Actor, id FridgeID, facts Facts) error {
	facts.PQS, facts.BackupLogger = strings.TrimSpace(facts.PQS), strings.TrimSpace(facts.BackupLogger)
	if facts.Litres < 0 || facts.Litres > 100_000 || facts.Units < 0 || facts.Units > 10_000_000 || facts.HoldOver < 0 || facts.HoldOver > 366*24*time.Hour || len(facts.PQS)+len(facts.BackupLogger) > maxCheckNote {
		return hospital.Refuse(hospital.ErrInvalid, "Litres, room and hold-over time must be what a fridge can have.")
	}
	return m.keep(ctx, by, id, "fridge.facts", facts.PQS, func(tx Tx) error {
		facts.By, facts.At = by.Name, tx.Now()
		return tx.AddFacts(ctx, by, id, facts)
	})
}

// AddPaper keeps a certificate, a service or a repair.
func (m *Monitor) AddPaper(ctx context.Context, by hospital.Actor, id FridgeID, p Paper) error {
	p.Device, p.Number, p.Note = strings.TrimSpace(p.Device), strings.TrimSpace(p.Number), strings.TrimSpace(p.Note)
	done, err := time.Parse(time.DateOnly, p.Done)
	_, wrongDue := time.Parse(time.DateOnly, p.Due)
	switch {
	case !slices.Contains(PaperKinds(), p.Kind):
		return hospital.Refuse(hospital.ErrInvalid, "Choose what was done.")
	case err != nil || done.Year() < oldestYear:
		return hospital.Refuse(hospital.ErrInvalid, "Say on which day it was done.")
	case p.Due != "" && (wrongDue != nil || p.Due <= p.Done):
		return hospital.Refuse(hospital.ErrInvalid, "It can be due again only after it was done.")
	case p.Kind == Calibration && (p.Due == "" || p.Number == ""):
		return hospital.Refuse(hospital.ErrInvalid, "A calibration needs its certificate's number and the day that the next is due.")
	case p.Note == "" || len(p.Note)+len(p.Device)+len(p.Number) > maxCheckNote:
		return hospital.Refuse(hospital.ErrInvalid, "Say who did it and what came of it, in at most 1,000 characters.")
	}
	return m.keep(ctx, by, id, "fridge.paper", p.Note, func(tx Tx) error {
		p.By, p.At = by.Name, tx.Now()
		paper, err := tx.AddPaper(ctx, by, id, p)
		if err != nil || p.File == nil {
			return err
		}
		return tx.AddPaperFile(ctx, paper, *p.File)
	})
}

// keep stores something of a fridge as an asset, with its deed.
func (m *Monitor) keep(ctx context.Context, by hospital.Actor, id FridgeID, what, why string, store func(Tx) error) error {
	if err := by.Need(hospital.ManageColdChain); err != nil {
		return err
	}
	err := m.store.InTx(ctx, func(tx Tx) error {
		f, err := tx.Fridge(ctx, id)
		if err != nil {
			return err
		}
		if err := m.within(by, hospital.ManageColdChain, f); err != nil {
			return err
		}
		if err := store(tx); err != nil {
			return err
		}
		tx.Announce(id.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: what, On: id.Topic(), Why: why})
	})
	if err != nil {
		return fmt.Errorf("%s of %s: %w", what, id, err)
	}
	return nil
}

// Missing is a fridge that has not been looked at as often as the site asks.
type Missing struct {
	Fridge Fridge
	Done   int // checks today that count
	Wanted int
	Last   time.Time // zero: not within a week
}

// MissingChecks are the fridges that still want a look today; none on a weekend.
func (m *Monitor) MissingChecks(ctx context.Context, at time.Time) ([]Missing, error) {
	local := at.In(m.register.Current().Site.Location())
	if weekend(local) {
		return nil, nil
	}
	policy, err := m.store.Policy(ctx)
	if err != nil {
		return nil, err
	}
	fridges, err := m.store.Fridges(ctx)
	if err != nil {
		return nil, err
	}
	checks, err := m.store.AllChecks(ctx, at.Add(-checkReach), at.Add(time.Millisecond))
	if err != nil {
		return nil, err
	}
	moves, err := m.carriersWithin(ctx, at, at.Add(time.Millisecond))
	if err != nil {
		return nil, err
	}
	of := map[FridgeID][]Check{}
	for _, c := range checks {
		of[c.Fridge] = append(of[c.Fridge], c)
	}
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	var missing []Missing
	for _, f := range fridges {
		one := Missing{Fridge: f, Wanted: policy.ChecksADay}
		checks := of[f.ID]
		one.Done = counting(looksSince(checks, midnight))
		if n := len(checks); n > 0 {
			one.Last = checks[n-1].At
		}
		if one.Done < one.Wanted && moves.wantsLook(f.ID, at) {
			missing = append(missing, one)
		}
	}
	return missing, nil
}

// missedReach is how many days back missed checks are listed.
const missedReach = 14

// MissedChecks are the workdays of the last two weeks, before today, on which a fridge was not
// looked at as often as the site asks.
type MissedChecks struct {
	Fridge Fridge
	Days   []time.Time // midnights of the site, oldest first
}

// MissedChecks lists the fridges with missed workdays, in their order.
func (m *Monitor) MissedChecks(ctx context.Context, at time.Time) ([]MissedChecks, error) {
	policy, err := m.store.Policy(ctx)
	if err != nil {
		return nil, err
	}
	fridges, err := m.store.Fridges(ctx)
	if err != nil {
		return nil, err
	}
	zone := m.register.Current().Site.Location()
	local := at.In(zone)
	to := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	from := to.AddDate(0, 0, -missedReach)
	checks, err := m.store.ChecksWithin(ctx, from, to)
	if err != nil {
		return nil, err
	}
	watched, err := m.store.Watched(ctx)
	if err != nil {
		return nil, err
	}
	moves, err := m.carriersWithin(ctx, from, to)
	if err != nil {
		return nil, err
	}
	begun := beginnings(watched)
	var all []MissedChecks
	for _, f := range fridges {
		since, measured := begun[f.ID]
		if !measured {
			continue // nothing hangs in it yet
		}
		if days := (lookedAt{f.ID, moves, zone, policy.ChecksADay}).missed(checks[f.ID], fromDay(later(from, since), zone), to); len(days) > 0 {
			all = append(all, MissedChecks{f, days})
		}
	}
	return all, nil
}

// fromDay is the first midnight from a moment on.
func fromDay(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	if midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone); midnight.Equal(at) {
		return midnight
	}
	return time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, zone)
}

// beginnings is since when each fridge has had a probe that it is judged by.
func beginnings(watched []Watched) map[FridgeID]time.Time {
	begun := map[FridgeID]time.Time{}
	for _, w := range watched {
		if !w.Sensor.Judged {
			continue
		}
		if at, known := begun[w.Sensor.Fridge]; !known || w.Sensor.AttachedAt.Before(at) {
			begun[w.Sensor.Fridge] = w.Sensor.AttachedAt
		}
	}
	return begun
}

// Unproven is a probe or logger of which no calibration was noted: nobody can say how right it measures.
type Unproven struct {
	Fridge Fridge
	Device string
	Backup bool // it stands by for another
}

// Unproven lists the probes and loggers that fridges are judged by, and those that stand by,
// without a calibration, in the order of the fridges.
func (m *Monitor) Unproven(ctx context.Context) ([]Unproven, error) {
	assets, err := m.Assets(ctx)
	if err != nil {
		return nil, err
	}
	watched, err := m.store.Watched(ctx)
	if err != nil {
		return nil, err
	}
	probes := map[FridgeID][]Sensor{}
	for _, w := range watched {
		if w.Sensor.Judged {
			probes[w.Sensor.Fridge] = append(probes[w.Sensor.Fridge], w.Sensor)
		}
	}
	var all []Unproven
	for _, a := range assets {
		all = append(all, a.unproven(probes[a.Fridge.ID])...)
	}
	return all, nil
}

// unproven are the devices of a fridge of which no certificate speaks. One without a device's
// name speaks of the only probe.
func (a Asset) unproven(probes []Sensor) []Unproven {
	proven := func(names ...string) bool {
		return slices.ContainsFunc(a.Papers, func(p Paper) bool {
			return p.Kind == Calibration && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(p.Device, name) })
		})
	}
	var all []Unproven
	seen := map[string]bool{}
	for _, s := range probes {
		device := s.Key.Sensor
		if seen[device] || proven(device, s.Key.String()) || s.Name != "" && proven(s.Name) || len(probes) == 1 && proven("") {
			continue
		}
		seen[device] = true
		all = append(all, Unproven{Fridge: a.Fridge, Device: device})
	}
	if backup := a.Facts.BackupLogger; backup != "" && !proven(backup) {
		all = append(all, Unproven{Fridge: a.Fridge, Device: backup, Backup: true})
	}
	return all
}
