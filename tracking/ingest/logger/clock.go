package logger

import (
	"time"

	"wardwatch/tracking/coldchain"
)

// In is the recording with its times in a zone, as instants. It changes nothing when
// the file told the offset itself. A time that a clock change skips is the same wait
// later. Of an hour that comes twice, rows that follow what is later by the clock are of
// the second time: a file goes one way, so nothing of either is lost.
func (r Recording) In(zone *time.Location) Recording {
	if !r.Local {
		return r
	}
	rows := make([]coldchain.Point, len(r.Rows))
	at := instants(zone, len(rows), func(i int) time.Time { return r.Rows[i].At })
	for i, row := range r.Rows {
		rows[i] = coldchain.Point{At: at[i], Temp: row.Temp}
	}
	unplugged := instants(zone, len(r.Unplugged), func(i int) time.Time { return r.Unplugged[i] })
	r.Rows, r.Unplugged, r.Local = rows, unplugged, false
	return r
}

// instants are the times of rows, in the order of a file that goes forward or backward.
func instants(zone *time.Location, n int, clock func(int) time.Time) []time.Time {
	all := make([]time.Time, n)
	if n == 0 {
		return all
	}
	backward := clock(n - 1).Before(clock(0))
	hourly := leastStep(n, clock) >= time.Hour
	var last time.Time
	for k := range n {
		i := k
		if backward {
			i = n - 1 - k
		}
		first, second := readings(clock(i), zone)
		all[i] = first
		// The same time again is the same row twice, unless rows are an hour apart.
		if first.Before(last) && !second.Before(last) || hourly && first.Equal(last) {
			all[i] = second
		}
		last = all[i]
	}
	return all
}

// leastStep is the shortest time by the clock from one row to the next.
func leastStep(n int, clock func(int) time.Time) time.Duration {
	least := 24 * time.Hour
	for i := 1; i < n; i++ {
		if step := clock(i).Sub(clock(i - 1)).Abs(); step > 0 {
			least = min(least, step)
		}
	}
	return least
}

// readings are the instants at which a clock in a zone shows a time: the same one
// twice, but in the hour that autumn brings twice.
func readings(t time.Time, zone *time.Location) (first, second time.Time) {
	first = placed(t, zone)
	for _, near := range []time.Duration{-3 * time.Hour, 3 * time.Hour} { // on either side of a change
		_, off := first.Add(near).In(zone).Zone()
		at := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).Add(-time.Duration(off) * time.Second)
		if shown := at.In(zone); shown.Hour() != t.Hour() || shown.Minute() != t.Minute() {
			continue
		}
		if second.IsZero() {
			first = at
		}
		second = at
	}
	if second.IsZero() { // the clock never showed it
		second = first
	}
	return first, second
}

// placed is a time of the device's clock as an instant, the first where there are two.
func placed(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone).UTC()
}
