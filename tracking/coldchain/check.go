package coldchain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Check is a person's daily look at a fridge: the least and the most since the
// look before (CDC: once each workday, with time and initials).
type Check struct {
	Fridge   FridgeID
	At       time.Time
	By       hospital.PersonID
	ByName   string
	Since    time.Time
	Points   int // readings since; 0 when nothing is known
	Min, Max MilliCelsius
	Note     string
}

// ChecksApart is how far apart two looks of a day must be to count as two: where the site
// asks for two, one is meant for the beginning of the work and one for its end.
const ChecksApart = 3 * time.Hour

// counting is how many looks of one day count, oldest first.
func counting(looks []Check) int {
	n := 0
	var last time.Time
	for _, c := range looks {
		if n == 0 || c.At.Sub(last) >= ChecksApart {
			n, last = n+1, c.At
		}
	}
	return n
}

// Initials are those of whoever looked: "FA" of "Felix Amadi".
func (c Check) Initials() string { return Initials(c.ByName) }

// Initials are the first letters of a name's words, as staff write them on a log.
func Initials(name string) string {
	var letters strings.Builder
	for _, word := range strings.Fields(name) {
		letters.WriteString(string([]rune(word)[:1]))
	}
	return letters.String()
}

// Checked is how often a fridge was looked at lately.
type Checked struct {
	Checks []Check // of the last week, the newest first
	// Today is how many looks since midnight of the site count, Wanted how many should; 0 on a weekend,
	// and of a carrier that stands empty.
	Today, Wanted int
}

// Checked tells the looks at a fridge of the last week.
func (m *Monitor) Checked(ctx context.Context, id FridgeID, at time.Time) (Checked, error) {
	checks, err := m.store.Checks(ctx, id, at.Add(-checkReach), at.Add(time.Millisecond))
	if err != nil {
		return Checked{}, err
	}
	policy, err := m.store.Policy(ctx)
	if err != nil {
		return Checked{}, err
	}
	local := at.In(m.register.Current().Site.Location())
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	told := Checked{Checks: checks, Today: counting(looksSince(checks, midnight))}
	slices.Reverse(told.Checks)
	moves, err := m.carriersWithin(ctx, at, at.Add(time.Millisecond))
	if err != nil {
		return Checked{}, err
	}
	if !weekend(local) && moves.wantsLook(id, at) {
		told.Wanted = policy.ChecksADay
	}
	return told, nil
}

// looksSince are the looks from a moment on, of looks that stand oldest first.
func looksSince(checks []Check, at time.Time) []Check {
	i := slices.IndexFunc(checks, func(c Check) bool { return !c.At.Before(at) })
	if i < 0 {
		return nil
	}
	return checks[i:]
}

const (
	// checkReach is how far back a look may go when nobody has looked for long.
	checkReach = 7 * 24 * time.Hour
	// maxCheckNote is the longest note, in bytes.
	maxCheckNote = 1000
)

// NextCheck is what a look at a fridge would say now; nothing is stored.
func (m *Monitor) NextCheck(ctx context.Context, id FridgeID, at time.Time) (Check, error) {
	before, err := m.store.Checks(ctx, id, at.Add(-checkReach), at)
	if err != nil {
		return Check{}, err
	}
	c := Check{Fridge: id, At: at, Since: at.Add(-24 * time.Hour)}
	if n := len(before); n > 0 {
		c.Since = before[n-1].At
	}
	watched, err := m.store.Attended(ctx, id, c.Since, at.Add(time.Millisecond))
	if err != nil {
		return Check{}, err
	}
	var sum Hour
	for _, w := range watched {
		if !w.Sensor.Judged {
			continue
		}
		hours, err := m.hoursOf(ctx, w)
		if err != nil {
			return Check{}, err
		}
		for _, h := range hours {
			sum = sum.merge(h)
		}
	}
	c.Points, c.Min, c.Max = sum.Points, sum.Min, sum.Max
	return c, nil
}

// Look stores that somebody has looked at a fridge. A temperature out of the
// band, or none at all, is never noted without what was done about it.
func (m *Monitor) Look(ctx context.Context, by hospital.Actor, id FridgeID, note string) (Check, error) {
	if err := by.Need(hospital.Acknowledge); err != nil {
		return Check{}, err
	}
	note = strings.TrimSpace(note)
	if len(note) > maxCheckNote {
		return Check{}, hospital.Refuse(hospital.ErrInvalid, "The note is too long: 1,000 characters are possible.")
	}
	fridge, err := m.store.Fridge(ctx, id)
	if err != nil {
		return Check{}, err
	}
	if err := m.within(by, hospital.Acknowledge, fridge); err != nil {
		return Check{}, err
	}
	var c Check
	// Read inside the change, so that what is noted is what the record says at its instant.
	err = m.store.InTx(ctx, func(tx Tx) error {
		if c, err = m.NextCheck(ctx, id, tx.Now()); err != nil {
			return err
		}
		profile := fridge.JudgedBy(tx.Now())
		if fine := c.Points > 0 && profile.InBand(c.Min) && profile.InBand(c.Max); !fine && note == "" {
			return hospital.Refuse(hospital.ErrInvalid, "It was out of range or not known. Say what was done about it.")
		}
		c.By, c.ByName, c.Note = by.ID, by.Name, note
		if err := tx.AddCheck(ctx, c); err != nil {
			return err
		}
		tx.Announce(id.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "fridge.check", On: id.Topic(), Why: note,
			After: fmt.Sprintf(`{"min":%d,"max":%d,"readings":%d}`, c.Min, c.Max, c.Points)})
	})
	if err != nil {
		return Check{}, fmt.Errorf("check fridge %s: %w", id, err)
	}
	return c, nil
}

// Former is an excursion as it was before late data changed it.
type Former struct {
	RevisedAt time.Time
	Excursion Excursion
}

// Excursion is one excursion with what it was before.
func (m *Monitor) Excursion(ctx context.Context, id ExcursionID) (Excursion, []Former, error) {
	e, err := m.store.Excursion(ctx, id)
	if err != nil {
		return Excursion{}, nil, err
	}
	former, err := m.store.Revisions(ctx, id)
	return e, former, err
}

// ExcursionsOf are excursions by their numbers; one that is not there is left out.
func (m *Monitor) ExcursionsOf(ctx context.Context, ids []ExcursionID) (map[ExcursionID]Excursion, error) {
	return m.store.ExcursionsOf(ctx, ids)
}

// ExcursionChart shows an excursion with as much before and after it as it lasted, at least three hours.
func (m *Monitor) ExcursionChart(ctx context.Context, e Excursion, at time.Time) (Chart, error) {
	end := e.End
	if end.IsZero() {
		end = at
	}
	margin := max(end.Sub(e.Start), 3*time.Hour)
	to := end.Add(margin)
	if to.After(at) {
		to = at
	}
	return m.Chart(ctx, e.Fridge, e.Start.Add(-margin), to)
}
