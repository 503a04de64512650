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
	// Workdays are those that are over; on Checked of them somebody looked as often as the site asks.
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
	for _, f := range fridges {
		line, outs, err := m.complianceOf(ctx, f, from, to, policy.ChecksADay)
		if err != nil {
			return all, fmt.Errorf("compliance of %s in %s: %w", f.ID, asked, err)
		}
		for i, part := range all.Parts {
			all.Parts[i].Kept = part.Kept.add(keptIn(outs, part.From, part.To))
		}
		all.Fridges = append(all.Fridges, line)
	}
	return all, nil
}

func (m *Monitor) complianceOf(ctx context.Context, f Fridge, from, to time.Time, wanted int) (line FridgeCompliance, outs []Outside, err error) {
	zone := m.register.Current().Site.Location()
	line.Fridge = f
	line.Room, _ = m.register.Current().Room(f.Room)
	if outs, err = m.Outsides(ctx, f.ID, from, to); err != nil {
		return line, nil, err
	}
	line.Kept = keptOf(outs, from, to)
	excursions, err := m.store.Excursions(ctx, f.ID, maxChartExcursions)
	if err != nil {
		return line, nil, err
	}
	for _, e := range excursions {
		if e.Withdrawn || !e.Start.Before(to) || !e.End.IsZero() && !e.End.After(from) {
			continue
		}
		line.Excursions++
		signed, err := m.store.Signatures(ctx, e.Subject())
		if err != nil {
			return line, nil, err
		}
		if len(signed) == 0 {
			line.Open++
		}
	}
	checks, err := m.store.Checks(ctx, f.ID, from, to)
	if err != nil {
		return line, nil, err
	}
	line.Workdays = workdays(from, to, zone)
	line.Checked = line.Workdays - len(missedDays(checks, from, to, zone, wanted))
	return line, outs, nil
}

// workdays counts the whole days from Monday to Friday.
func workdays(from, to time.Time, zone *time.Location) int {
	return len(missedDays(nil, from, to, zone, 1))
}
