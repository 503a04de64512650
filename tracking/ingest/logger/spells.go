package logger

import (
	"time"
)

// Spell is one time beyond a limit, put together from a device's daily alarms.
type Spell struct {
	Limit Limit
	// Cold is true for a lower limit.
	Cold bool
	// Start and End are of the device's clock and are estimates: a daily summary
	// tells when the alarm rang and for how long it was beyond, not when.
	Start, End time.Time
	Beyond     time.Duration
}

// Spells joins the daily alarms of a device over midnight: a day that begins
// beyond the limit goes on with the spell of the day before.
func Spells(r Recording) []Spell {
	var all []Spell
	for i, limit := range r.Limits {
		all = append(all, spellsOf(r.Days, limit, coldLimit(r.Limits, i))...)
	}
	return all
}

// coldLimit: Berlinger numbers limits from the coldest up, and half of them are lower ones.
func coldLimit(limits []Limit, i int) bool {
	colder := 0
	for _, other := range limits {
		if other.Temp < limits[i].Temp {
			colder++
		}
	}
	return len(limits) > 1 && colder < len(limits)/2
}

func spellsOf(days []Day, limit Limit, cold bool) []Spell {
	var spells []Spell
	var ended time.Time // the midnight at which the last spell may go on
	for _, day := range days {
		alarm, said := day.Beyond[limit.Index]
		midnight, err := time.Parse(time.DateOnly, day.Date)
		if err != nil || !said || alarm.RangAt < 0 || alarm.Beyond == 0 {
			continue
		}
		next := midnight.AddDate(0, 0, 1)
		n := len(spells)
		if goesOn := alarm.RangAt == 0 && n > 0 && ended.Equal(midnight); goesOn {
			spells[n-1].Beyond += alarm.Beyond
			spells[n-1].End = earlier(midnight.Add(alarm.Beyond), next)
		} else {
			// It rang once the delay was up, so it began that much earlier.
			start := midnight.Add(max(alarm.RangAt-limit.Duration, 0))
			spells = append(spells, Spell{Limit: limit, Cold: cold, Start: start, End: earlier(start.Add(alarm.Beyond), next), Beyond: alarm.Beyond})
		}
		ended = next
	}
	return spells
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
