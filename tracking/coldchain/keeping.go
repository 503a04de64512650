package coldchain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

const (
	// LeastKeepYears is the least that raw readings are kept: three years, by CDC's
	// Vaccine Storage and Handling Toolkit and the temperature logs of VFC providers.
	// States and the EU's good distribution practice ask for more.
	LeastKeepYears = 3
	// MostKeepYears is the most that can be asked for.
	MostKeepYears = 100
	// LeastKeepSource is where the least comes from, as a page names it.
	LeastKeepSource = "CDC Vaccine Storage and Handling Toolkit: three years, longer where the state says so; EU good distribution practice: five"

	// KeepBefore and KeepAfter are how much is kept about an excursion whatever its age: the
	// longest window that a rule looks back, and the day that a mean kinetic temperature speaks for.
	KeepBefore = 28 * 24 * time.Hour
	KeepAfter  = 24 * time.Hour
)

// Keeping is how long raw readings are kept.
type Keeping struct {
	Years int
	By    string
	At    time.Time // zero while nobody has said
}

// Until is the moment before which raw readings may go.
func (k Keeping) Until(at time.Time) time.Time {
	return at.AddDate(-max(k.Years, LeastKeepYears), 0, 0)
}

// LegalHold says that a fridge's readings are kept whatever their age.
type LegalHold struct {
	Fridge FridgeID
	By     string
	At     time.Time
	Why    string
}

// Thinned is what letting go did to one stream.
type Thinned struct {
	Sensor   SensorID
	Key      SensorKey
	Readings int64
}

// KeepingTx is what keeping needs of a transaction.
type KeepingTx interface {
	AddKeeping(ctx context.Context, by hospital.Actor, k Keeping, why string) error
	// HoldFridge notes that a fridge is held, or no longer.
	HoldFridge(ctx context.Context, by hospital.Actor, id FridgeID, held bool, why string) error
}

// KeepingStore is where keeping is read.
type KeepingStore interface {
	// Keeping is how long raw readings are kept; LeastKeepYears while nobody has said.
	Keeping(context.Context) (Keeping, error)
	// LetGoUntil is up to when a stream's raw readings were let go; zero while none were.
	LetGoUntil(context.Context, SensorID) (time.Time, error)
	// LegalHolds are the fridges that are held, by name.
	LegalHolds(context.Context) ([]LegalHold, error)
	// LetGoReadings lets raw readings go that were measured before a moment, in bounded changes,
	// each with its deed. What lies about an excursion stays, what is held too, and the hours' summaries.
	LetGoReadings(ctx context.Context, by hospital.Actor, before time.Time) ([]Thinned, error)
}

// Fridges are all fridges by name.
func (m *Monitor) Fridges(ctx context.Context) ([]Fridge, error) { return m.store.Fridges(ctx) }

// Whereabouts are all fridges by name, a carrier on a trip in the room that it is in now.
func (m *Monitor) Whereabouts(ctx context.Context) ([]Fridge, error) {
	fridges, err := m.store.Fridges(ctx)
	if err != nil {
		return nil, err
	}
	where, err := m.store.WhereNow(ctx)
	for i, f := range fridges {
		if room, moves := where[f.ID]; moves {
			fridges[i].Room = room
		}
	}
	return fridges, err
}

// Keeping is how long raw readings are kept, and the fridges that are held.
func (m *Monitor) Keeping(ctx context.Context) (Keeping, []LegalHold, error) {
	k, err := m.store.Keeping(ctx)
	if err != nil {
		return k, nil, err
	}
	held, err := m.store.LegalHolds(ctx)
	return k, held, err
}

// keeper checks who may say what is kept, and that a reason is given.
func keeper(by hospital.Actor, why string) (string, error) {
	if err := by.Need(hospital.ManageColdChain); err != nil {
		return "", err
	}
	if !by.Reach(hospital.ManageColdChain).Everywhere {
		return "", hospital.ErrForbidden
	}
	if why = strings.TrimSpace(why); why == "" || len(why) > maxCheckNote {
		return "", hospital.Refuse(hospital.ErrInvalid, "Say in a few words why this is changed.")
	}
	return why, nil
}

// SetKeeping says for how many years raw readings are kept: never less than LeastKeepYears.
func (m *Monitor) SetKeeping(ctx context.Context, by hospital.Actor, years int, why string) error {
	why, err := keeper(by, why)
	if err != nil {
		return err
	}
	if years < LeastKeepYears || years > MostKeepYears {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Readings are kept for %d to %d years.", LeastKeepYears, MostKeepYears))
	}
	err = m.store.InTx(ctx, func(tx Tx) error {
		if err := tx.AddKeeping(ctx, by, Keeping{Years: years, By: by.Name, At: tx.Now()}, why); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "readings.keep", On: "coldchain", Why: why, After: fmt.Sprintf(`{"years":%d}`, years)})
	})
	if err != nil {
		return fmt.Errorf("set how long readings are kept: %w", err)
	}
	return nil
}

// Hold has a fridge's readings kept whatever their age, or ends that.
func (m *Monitor) Hold(ctx context.Context, by hospital.Actor, id FridgeID, held bool, why string) error {
	why, err := keeper(by, why)
	if err != nil {
		return err
	}
	err = m.store.InTx(ctx, func(tx Tx) error {
		if _, err := tx.Fridge(ctx, id); err != nil {
			return err
		}
		if err := tx.HoldFridge(ctx, by, id, held, why); err != nil {
			return err
		}
		tx.Announce(id.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "readings.hold", On: id.Topic(), Why: why, After: fmt.Sprintf(`{"held":%t}`, held)})
	})
	if err != nil {
		return fmt.Errorf("hold the readings of %s: %w", id, err)
	}
	return nil
}

// LetGo lets raw readings go that are older than the site keeps them.
func (m *Monitor) LetGo(ctx context.Context, by hospital.Actor, at time.Time) ([]Thinned, error) {
	k, err := m.store.Keeping(ctx)
	if err != nil {
		return nil, err
	}
	return m.store.LetGoReadings(ctx, by, k.Until(at))
}

// fillOld tells the hours of a month whose readings were let go by their summaries. Each holds
// its mean; there was no excursion in it, or its readings would be there.
func (m *Monitor) fillOld(ctx context.Context, probe *ProbeMonth, points []Point, a Attendance, zone *time.Location) error {
	until, err := m.store.LetGoUntil(ctx, a.Sensor.ID)
	if err != nil || until.IsZero() || len(a.Stays) == 0 || !a.Stays[0].From.Before(until) {
		return err
	}
	told := map[time.Time]bool{}
	for _, p := range points {
		told[p.At.Truncate(time.Hour)] = true
	}
	for _, stay := range a.Stays {
		hours, err := m.store.Hours(ctx, a.Sensor.ID, stay.From, stay.To)
		if err != nil {
			return err
		}
		for _, h := range hours {
			if h.Start.Before(until) && !told[h.Start] {
				probe.Days = addHour(probe.Days, h, zone)
				probe.Summed++
			}
		}
	}
	probe.Gaps = slices.DeleteFunc(probe.Gaps, func(g Gap) bool { return g.From.Before(until) })
	return nil
}

// addHour adds a summary to its day, which is put in its place where it is a new one.
func addHour(days []Day, h Hour, zone *time.Location) []Day {
	var one []Day
	day := dayOf(&one, h.Start, zone)
	i, found := slices.BinarySearchFunc(days, day.Start, func(d Day, at time.Time) int { return d.Start.Compare(at) })
	if !found {
		days = slices.Insert(days, i, *day)
	}
	tally := Tally{Min: h.Min, Max: h.Max, Points: h.Points}.hold(h.Mean(), time.Hour)
	days[i].Tally = days[i].Tally.join(tally)
	days[i].Gap = max(days[i].Gap-time.Hour, 0)
	return days
}
