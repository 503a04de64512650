package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/hospital/upkeep"
)

// TestAnImportThatIsStoppedLeavesNothing: it tells its eleven steps in their order; stopped in
// the middle of a step, all is as it was before.
func TestAnImportThatIsStoppedLeavesNothing(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	doc := linden(t)
	for i := range 600 {
		doc.Assets = append(doc.Assets, document.Asset{ID: fmt.Sprintf("X-%03d", i), Kind: "infusion pump"})
	}
	rows := func() (assets, sites, audit int) {
		const q = `SELECT (SELECT COUNT(*) FROM assets), (SELECT COUNT(*) FROM sites), (SELECT COUNT(*) FROM audit)`
		if err := d.QueryRow(t.Context(), q).Scan(&assets, &sites, &audit); err != nil {
			t.Fatal(err)
		}
		return assets, sites, audit
	}
	ctx, stop := context.WithCancelCause(t.Context())
	var told []upkeep.Step
	_, err := db.Hospital{DB: d}.ImportSaying(ctx, hospital.Job("test"), doc, true, func(s upkeep.Step) {
		if told = append(told, s); s.What == "equipment" && s.Done > 0 {
			stop(upkeep.ErrStopped)
		}
	})
	if !errors.Is(err, upkeep.ErrStopped) {
		t.Fatalf("it went on: %v", err)
	}
	if last := told[len(told)-1]; last.No != 2 || last.Of != document.ImportSteps || last.Total != len(doc.Assets) || last.Done >= last.Total {
		t.Errorf("it was stopped at %+v", last)
	}
	if assets, sites, audit := rows(); assets+sites+audit != 0 {
		t.Errorf("left are %d assets, %d sites, %d lines of the audit trail", assets, sites, audit)
	}
	steps := map[int]bool{}
	if _, err := (db.Hospital{DB: d}).ImportSaying(t.Context(), hospital.Job("test"), doc, true, func(s upkeep.Step) { steps[s.No] = true }); err != nil {
		t.Fatal(err)
	}
	if assets, sites, _ := rows(); assets != len(doc.Assets) || sites != 1 || len(steps) != document.ImportSteps {
		t.Errorf("afterwards %d assets, %d sites, %d steps told", assets, sites, len(steps))
	}
}

// TestALoggersFileThatIsStoppedLeavesNothing: neither readings nor the logger; and the monitor
// has forgotten what it saw, so that the same file is taken in whole afterwards.
func TestALoggersFileThatIsStoppedLeavesNothing(t *testing.T) {
	w := newColdWard(t)
	file := coldchain.LoggerFile{Serial: "L-7", Zone: "Europe/Berlin", Name: "year.csv", Signs: []coldchain.Sign{{Kind: coldchain.SignProbeOut, On: true, At: w.at, ReceivedAt: w.at}}}
	for i := range 6000 {
		file.Points = append(file.Points, coldchain.Point{At: w.at.Add(time.Duration(i-6000) * time.Minute), Temp: 9000})
	}
	rows := func() (readings, sensors, excursions int) {
		const q = `SELECT (SELECT COUNT(*) FROM readings), (SELECT COUNT(*) FROM sensors), (SELECT COUNT(*) FROM excursions)`
		if err := w.db.QueryRow(t.Context(), q).Scan(&readings, &sensors, &excursions); err != nil {
			t.Fatal(err)
		}
		return readings, sensors, excursions
	}
	readings, sensors, excursions := rows()
	ctx, stop := context.WithCancelCause(t.Context())
	file.Says = func(s upkeep.Step) {
		if s.Done >= 4000 {
			stop(upkeep.ErrStopped)
		}
	}
	if _, err := w.monitor.Import(ctx, hospital.Job("test"), "f-1", file); !errors.Is(err, upkeep.ErrStopped) {
		t.Fatalf("it went on: %v", err)
	}
	if r, s, e := rows(); r != readings || s != sensors || e != excursions {
		t.Errorf("left are %d readings, %d sensors, %d excursions", r-readings, s-sensors, e-excursions)
	}
	file.Says = nil
	if done, err := w.monitor.Import(t.Context(), hospital.Job("test"), "f-1", file); err != nil || done.Accepted != 6000 {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, _, e := rows(); e <= excursions {
		t.Error("four days at 9 °C are no excursion")
	}
	if done, err := w.monitor.Import(t.Context(), hospital.Job("test"), "f-1", file); err != nil || done.Duplicates != 6000 {
		t.Errorf("taken in again: %+v, %v", done, err)
	}
}
