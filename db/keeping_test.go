package db_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// count is what a query counts.
func (w *coldWard) count(q string, args ...any) (n int) {
	w.t.Helper()
	if err := w.db.QueryRow(w.t.Context(), q, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *coldWard) letGo() []coldchain.Thinned {
	w.t.Helper()
	thinned, err := w.monitor.LetGo(w.t.Context(), hospital.Job("old readings"), w.at)
	if err != nil {
		w.t.Fatal(err)
	}
	return thinned
}

// A year with one excursion grows old. What is let go leaves its summaries; what lies about
// the excursion stays; a hold and a shorter wish than the law's change nothing; the deep
// check knows of it; and what comes late once more is taken without harm to the summaries.
func TestRawReadingsGrowOldButNotAboutAnExcursion(t *testing.T) {
	w := newColdWard(t)
	var past []coldchain.Reading
	for i := range 100 * 24 { // a hundred days, hourly
		celsius := 5.0
		if i >= 60*24 && i < 60*24+3 {
			celsius = 12
		}
		for _, minute := range []int{0, 5, 10, 30} {
			past = append(past, coldReading(coldNoon.Add(time.Duration(i)*time.Hour+time.Duration(minute)*time.Minute), celsius))
		}
	}
	w.at = coldNoon.Add(100 * 24 * time.Hour)
	for batch := range slices.Chunk(past, 2000) {
		w.observe(batch...)
	}
	if len(w.excursions()) == 0 {
		t.Fatal("there is no excursion to be kept")
	}
	excursions := w.excursions()
	hours := w.count(`SELECT count(*) FROM reading_hours`)
	month := func() coldchain.Month {
		m, err := w.monitor.Month(t.Context(), "f-1", "2026-05", w.at)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	before := month()

	w.at = coldNoon.AddDate(3, 0, 99)
	if err := w.monitor.SetKeeping(t.Context(), pat, 2, "to save space"); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("two years: %v", err)
	}
	if err := w.monitor.SetKeeping(t.Context(), pat, 5, "the state asks for five"); err != nil {
		t.Fatal(err)
	}
	if gone := w.letGo(); len(gone) != 0 {
		t.Errorf("after three of five years %+v were let go", gone)
	}
	if err := w.monitor.SetKeeping(t.Context(), pat, 3, "it does not"); err != nil {
		t.Fatal(err)
	}
	if err := w.monitor.Hold(t.Context(), pat, "f-1", true, "the coroner asks"); err != nil {
		t.Fatal(err)
	}
	if gone := w.letGo(); len(gone) != 0 {
		t.Errorf("of a held fridge %+v were let go", gone)
	}
	if err := w.monitor.Hold(t.Context(), pat, "f-1", false, "he has done"); err != nil {
		t.Fatal(err)
	}
	gone := w.letGo()
	first := coldNoon.Add(60 * 24 * time.Hour)
	kept := w.count(`SELECT count(*) FROM readings WHERE measured_at BETWEEN $1 AND $2`,
		first.Add(-coldchain.KeepBefore).UnixMilli(), excursions[0].ClearedAt.Add(coldchain.KeepAfter).UnixMilli())
	if want := 4 * (28*24 + 3 + 24); kept < want || kept > want+8 {
		t.Errorf("about the excursion %d readings are kept, want about %d", kept, want)
	}
	if old := w.count(`SELECT count(*) FROM readings WHERE measured_at < $1`, first.Add(-coldchain.KeepBefore-time.Hour).UnixMilli()); old != 0 {
		t.Errorf("%d readings of old are kept", old)
	}
	if len(gone) != 1 || gone[0].Readings < 5_000 || gone[0].Readings != int64(len(past)-w.count(`SELECT count(*) FROM readings`)) {
		t.Errorf("it says %+v", gone)
	}
	if deeds := w.count(`SELECT count(*) FROM audit WHERE what = 'readings.let-go'`); deeds != 2 { // of 5,000 each, at most
		t.Errorf("%d deeds", deeds)
	}
	if again := w.letGo(); len(again) != 0 {
		t.Errorf("a second time %+v went", again)
	}
	if n := w.count(`SELECT count(*) FROM reading_hours`); n != hours {
		t.Errorf("%d summaries of %d are left", n, hours)
	}
	// The chart of those days is what it was; the month of the excursion, too.
	chart, err := w.monitor.Chart(t.Context(), "f-1", coldNoon, coldNoon.Add(20*24*time.Hour))
	if err != nil || len(chart.Curves) != 1 || len(chart.Curves[0].Runs) != 1 {
		t.Errorf("the chart of what was let go: %+v, %v", chart.Curves, err)
	}
	after := month()
	if is, was := after.Probes[0], before.Probes[0]; is.Tally.Max != was.Tally.Max || is.Tally.Points != was.Tally.Points || is.Above != was.Above || len(is.Days) != len(was.Days) ||
		max(is.Tally.MKT(), was.Tally.MKT())-min(is.Tally.MKT(), was.Tally.MKT()) > 50 || is.Summed < 700 || was.Summed != 0 {
		t.Errorf("the month was %+v and is %+v", before.Probes[0].Tally, after.Probes[0].Tally)
	}
	w.observe(past[:100]...) // a logger's file is handed in again
	w.live(5, 5)
	if n := w.count(`SELECT sum(points) FROM reading_hours WHERE hour < $1`, coldNoon.Add(99*24*time.Hour).Unix()/3600); n != 99*24*4 {
		t.Errorf("the summaries speak for %d readings", n)
	}
	if now := w.excursions(); !slices.Equal(now, excursions) {
		t.Errorf("the excursions were %+v and are %+v", excursions, now)
	}
	if fault, err := w.deepFault(); err != nil || fault != nil {
		t.Errorf("the deep check: %v, %v", fault, err)
	}
	// Nobody takes one out of the excursion, nor of what is young, whatever he says.
	for _, q := range []string{`DELETE FROM readings WHERE temp_mc = 12000`, `DELETE FROM readings WHERE measured_at > ` + "(SELECT until FROM readings_let_go)"} {
		err := w.db.InTx(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(t.Context(), q); return err })
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", q, err)
		}
	}
	w.exec(`DELETE FROM reading_hours WHERE hour < $1`, coldNoon.Add(10*24*time.Hour).Unix()/3600)
	w.exec(`DELETE FROM reading_hours WHERE hour = $1`, first.Unix()/3600)
	if fault, err := w.deepFault(); err != nil || fault == nil {
		t.Errorf("a summary that is missing was not found: %v", err)
	}
}
