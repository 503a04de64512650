package coldchain

import (
	"context"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
)

// Compliance is how all fridges kept their bands in a period of the site's calendar.
type Compliance struct {
	// From is the period's first midnight, To its last, or now while it runs.
	From, To time.Time
	Fridges  []FridgeCompliance
	// Parts are its days, of a day its hours: all fridges together.
	Parts []KeptPart
}

// KeptPart is one day or hour of a period; the last ends now while it runs.
type KeptPart struct {
	From, To time.Time
	Kept
}

// FridgeCompliance is one fridge's part of it.
type FridgeCompliance struct {
	Fridge Fridge
	Room   hospital.Room
	Kept
	// Excursions touched the time and were not withdrawn; Open of them are not closed and signed.
	Excursions, Open int
	// Workdays are those that are over and want a look; on Checked of them somebody looked as often as the site asks.
	Workdays, Checked int
}

// Kept is a time, and how much of it was beyond the band or is unknown.
type Kept struct{ Total, Beyond, Unknown time.Duration }

// Share is how much of the known time was in range, 0 to 1; false when nothing is known.
func (k Kept) Share() (share float64, known bool) {
	seen := k.Total - k.Unknown
	if seen <= 0 {
		return 0, false
	}
	return float64(seen-k.Beyond) / float64(seen), true
}

// Seen is how much of the time somebody knows about, 0 to 1.
func (k Kept) Seen() float64 {
	if k.Total <= 0 {
		return 0
	}
	return float64(k.Total-k.Unknown) / float64(k.Total)
}

func (k Kept) add(o Kept) Kept {
	return Kept{k.Total + o.Total, k.Beyond + o.Beyond, k.Unknown + o.Unknown}
}

// keptOf adds up a time's outsides. A time beyond the band counts as such even where
// nobody measured between two readings beyond it.
func keptOf(outs []Outside, from, to time.Time) Kept {
	k := Kept{Total: to.Sub(from)}
	for _, o := range outs {
		if o.Beyond {
			k.Beyond += o.To.Sub(o.From)
		} else {
			k.Unknown += o.To.Sub(o.From)
		}
	}
	return k
}

// Whole is all fridges together.
func (c Compliance) Whole() (sum FridgeCompliance) {
	for _, f := range c.Fridges {
		sum.Kept = sum.Kept.add(f.Kept)
		sum.Excursions += f.Excursions
		sum.Open += f.Open
		sum.Workdays += f.Workdays
		sum.Checked += f.Checked
	}
	return sum
}

// keptIn is keptOf for a part of the time that the outsides tell of.
func keptIn(outs []Outside, from, to time.Time) Kept {
	var within []Outside
	for _, o := range outs {
		if o.From, o.To = later(o.From, from), earlier(o.To, to); o.From.Before(o.To) {
			within = append(within, o)
		}
	}
	return keptOf(within, from, to)
}

// Compliance sums up a month, a week or a day of every fridge, in their order, up to now
// while it runs; what can't be read as one wraps hospital.ErrInvalid.
func (m *Monitor) Compliance(ctx context.Context, asked string, at time.Time) (Compliance, error) {
	period, err := ParsePeriod(asked, m.register.Current().Site.Location())
	if err != nil {
		return Compliance{}, err
	}
	from, to := period.From, earlier(period.To(), at)
	if !to.After(from) {
		return Compliance{}, hospital.Refuse(hospital.ErrInvalid, "That time has not begun.")
	}
	all := Compliance{From: from, To: to, Parts: period.parts(to)}
	fridges, err := m.store.Fridges(ctx)
	if err != nil {
		return all, err
	}
	policy, err := m.store.Policy(ctx)
	if err != nil {
		return all, err
	}
	return all, m.complianceOf(ctx, &all, fridges, policy.ChecksADay)
}

// complianceOf adds the fridges' lines, in their order.
func (m *Monitor) complianceOf(ctx context.Context, all *Compliance, fridges []Fridge, wanted int) error {
	cases, err := m.store.CasesWithin(ctx, all.From, all.To)
	if err != nil {
		return err
	}
	checks, err := m.store.ChecksWithin(ctx, all.From, all.To)
	if err != nil {
		return err
	}
	var spans []FridgeTime
	for _, f := range fridges {
		spans = append(spans, FridgeTime{f.ID, all.From, all.To})
	}
	if len(spans) == 0 {
		return nil
	}
	zone := m.register.Current().Site.Location()
	moves, err := m.carriersWithin(ctx, all.From, all.To)
	if err != nil {
		return err
	}
	err = m.eachOutsides(ctx, fridges, spans, func(f Fridge, outs []Outside) {
		line := FridgeCompliance{Fridge: f, Kept: keptOf(outs, all.From, all.To), Excursions: cases[f.ID].Excursions, Open: cases[f.ID].Open}
		line.Room, _ = m.register.Current().Room(f.Room)
		looks := lookedAt{f.ID, moves, zone, wanted}
		line.Workdays = len(looks.workdays(all.From, all.To))
		line.Checked = line.Workdays - len(looks.missed(checks[f.ID], all.From, all.To))
		for i, part := range all.Parts {
			all.Parts[i].Kept = part.Kept.add(keptIn(outs, part.From, part.To))
		}
		all.Fridges = append(all.Fridges, line)
	})
	if err != nil {
		return fmt.Errorf("compliance from %s: %w", all.From.Format(time.DateOnly), err)
	}
	return nil
}

// ComplianceStore is what is asked for all fridges at once, in one query however many they are.
type ComplianceStore interface {
	// AttendedAll is Store.Attended of each fridge.
	AttendedAll(ctx context.Context, from, to time.Time) (map[FridgeID][]Attendance, error)
	// CasesWithin counts the excursions that touched a time and were not withdrawn, by fridge.
	CasesWithin(ctx context.Context, from, to time.Time) (map[FridgeID]Cases, error)
	// ExcursionsOf are excursions by their numbers; one that is not there is left out.
	ExcursionsOf(ctx context.Context, ids []ExcursionID) (map[ExcursionID]Excursion, error)
	// ChecksWithin are the checks of from <= At < to by fridge, oldest first.
	ChecksWithin(ctx context.Context, from, to time.Time) (map[FridgeID][]Check, error)
}

// Cases are a fridge's excursions, and how many of them nobody has signed.
type Cases struct{ Excursions, Open int }
