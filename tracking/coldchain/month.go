package coldchain

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
)

// Month is a fridge's record of one calendar month of the site.
type Month struct {
	Fridge  Fridge
	Room    hospital.Room
	Profile Profile
	// From is the month's first midnight, To its last, or now while the month runs.
	From, To   time.Time
	Probes     []ProbeMonth
	Excursions []Excursion
	Checks     []Check
	// Missed are the workdays, Monday to Friday, on which nobody looked.
	Missed []time.Time
}

// ProbeMonth is one probe's month.
type ProbeMonth struct {
	Probe Watched
	// Stays are the parts of the month in which it watched the fridge.
	Stays        []Stay
	Days         []Day
	Tally        Tally
	Above, Below time.Duration
	Gap          time.Duration
	Gaps         []Gap
	// Summed is how many hours are told by their summaries, because their readings were let go by their age.
	Summed int
}

// Month sums up a fridge's month, whose first day is given as "2026-05"; while it
// runs, up to now. What can't be read as a month wraps hospital.ErrInvalid.
func (m *Monitor) Month(ctx context.Context, id FridgeID, month string, at time.Time) (Month, error) {
	zone := m.register.Current().Site.Location()
	from, to, err := m.monthSpan(month, at)
	if err != nil {
		return Month{}, err
	}
	report := Month{From: from, To: to}
	if report.Fridge, err = m.store.Fridge(ctx, id); err != nil {
		return Month{}, err
	}
	report.Profile = report.Fridge.JudgedBy(report.To)
	report.Room, _ = m.register.Current().Room(report.Fridge.Room)
	if err := m.monthOfProbes(ctx, &report, zone); err != nil {
		return Month{}, fmt.Errorf("month %s of %s: %w", month, id, err)
	}
	if err := m.monthOfPeople(ctx, &report, zone); err != nil {
		return Month{}, fmt.Errorf("month %s of %s: %w", month, id, err)
	}
	return report, nil
}

// monthSpan is a month of the site's calendar, up to now while it runs.
func (m *Monitor) monthSpan(month string, at time.Time) (from, to time.Time, err error) {
	from, err = time.ParseInLocation("2006-01", month, m.register.Current().Site.Location())
	if err != nil {
		return from, to, hospital.Refuse(hospital.ErrInvalid, "Choose a month, such as 2026-05.")
	}
	if to = from.AddDate(0, 1, 0); to.After(at) {
		to = at
	}
	if !to.After(from) {
		return from, to, hospital.Refuse(hospital.ErrInvalid, "That month has not begun.")
	}
	return from, to, nil
}

func (m *Monitor) monthOfProbes(ctx context.Context, report *Month, zone *time.Location) error {
	watched, err := m.store.Attended(ctx, report.Fridge.ID, report.From, report.To)
	if err != nil {
		return err
	}
	for _, w := range watched {
		stays, err := m.pointsOf(ctx, w)
		if err != nil {
			return err
		}
		fitting := report.Profile.Fitting(slices.Concat(stays...))
		probe := ProbeMonth{Probe: w.Watched, Stays: w.Stays}
		for _, points := range stays {
			probe.Days = joinDays(probe.Days, Days(fitting, points, zone))
			probe.Gaps = append(probe.Gaps, Gaps(fitting, points)...)
		}
		if err := m.fillOld(ctx, &probe, slices.Concat(stays...), w, zone); err != nil {
			return err
		}
		for _, day := range probe.Days {
			probe.Tally = probe.Tally.join(day.Tally)
			probe.Above += day.Above
			probe.Below += day.Below
			probe.Gap += day.Gap
		}
		report.Probes = append(report.Probes, probe)
	}
	return nil
}

func (m *Monitor) monthOfPeople(ctx context.Context, report *Month, zone *time.Location) error {
	all, err := m.store.Excursions(ctx, report.Fridge.ID, maxChartExcursions)
	if err != nil {
		return err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if e := all[i]; e.Start.Before(report.To) && (e.End.IsZero() || e.End.After(report.From)) {
			report.Excursions = append(report.Excursions, e)
		}
	}
	if report.Checks, err = m.store.Checks(ctx, report.Fridge.ID, report.From, report.To); err != nil {
		return err
	}
	policy, err := m.store.Policy(ctx)
	if err != nil {
		return err
	}
	moves, err := m.carriersWithin(ctx, report.From, report.To)
	if err != nil {
		return err
	}
	report.Missed = lookedAt{report.Fridge.ID, moves, zone, policy.ChecksADay}.missed(report.Checks, report.From, report.To)
	return nil
}
