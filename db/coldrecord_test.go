package db_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

var eva = hospital.Actor{ID: "p-eva", Name: "Eva", Roles: []hospital.Role{hospital.BiomedicalEngineer}}

func (w *coldWard) aside() []coldchain.Quarantined {
	w.t.Helper()
	aside, err := w.monitor.Quarantined(w.t.Context(), "f-1", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return aside
}

func (w *coldWard) standing() coldchain.Standing {
	w.t.Helper()
	s, err := w.monitor.Standing(w.t.Context(), "f-1", w.at)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestAnotherValueOfAMomentIsKeptBesideTheFirst(t *testing.T) {
	w := newColdWard(t)
	w.live(4)
	at := w.at
	for i := range 3 { // however often it is sent
		outcome := w.observe(coldReading(at, -0.5), coldReading(at, 4))
		if outcome[0].Verdict != coldchain.Refused || outcome[0].Reason != coldchain.ReasonConflict || outcome[1].Verdict != coldchain.Duplicate {
			t.Fatalf("time %d: %+v", i, outcome)
		}
	}
	aside := w.aside()
	if len(aside) != 1 || aside[0].Temp != -500 || !aside[0].MeasuredAt.Equal(at) || aside[0].Reason != coldchain.ReasonConflict || aside[0].Gateway != "g-1" {
		t.Errorf("set aside %+v", aside)
	}
	for i := range coldchain.MaxConflicts + 5 {
		w.observe(coldReading(at, 5+float64(i)))
	}
	if aside := w.aside(); len(aside) != coldchain.MaxConflicts {
		t.Errorf("%d other values of one moment are kept", len(aside))
	}
	if s := w.standing(); s.Last.Temp != 4000 {
		t.Errorf("the record says %v", s.Last.Temp)
	}
}

func TestAProbeThatStandsStillIsFlaggedUntilItMovesAndRingsNobody(t *testing.T) {
	w := newColdWard(t)
	w.live(slices.Repeat([]float64{4.2}, 12*12)...)
	if s := w.standing(); len(s.Flags) != 0 {
		t.Fatalf("flagged too early: %+v", s.Flags)
	}
	w.open() // a restart in between changes nothing
	w.live(4.2)
	s := w.standing()
	if len(s.Flags) != 1 || s.Flags[0].Kind != coldchain.FlagFlat || s.Flags[0].Temp != 4200 || s.Condition != coldchain.InRange {
		t.Fatalf("flags %+v, %v", s.Flags, s.Condition)
	}
	if alarms := w.alarms(); len(alarms) != 0 {
		t.Errorf("a flag rang: %+v", alarms)
	}
	w.open()
	w.live(4.3)
	flags, err := w.monitor.Flags(t.Context(), "f-1", 10)
	if err != nil || len(flags) != 1 || flags[0].Open() || len(w.standing().Flags) != 0 {
		t.Errorf("it moves again: %+v, %v", flags, err)
	}
}

func TestADeviceThatRepeatsItsReadingIsFlagged(t *testing.T) {
	w := newColdWard(t)
	w.live(4, 4.1)
	stuck := coldReading(w.at, 4.1)
	w.at = w.at.Add(coldchain.StuckAfter)
	stuck.ReceivedAt = w.at
	w.observe(stuck)
	if s := w.standing(); len(s.Flags) != 1 || s.Flags[0].Kind != coldchain.FlagStuck {
		t.Errorf("flags %+v", s.Flags)
	}
	w.live(4.2)
	if s := w.standing(); len(s.Flags) != 0 {
		t.Errorf("a newer reading did not end it: %+v", s.Flags)
	}
}

func (w *coldWard) sign(signs ...coldchain.Sign) {
	w.t.Helper()
	for i := range signs {
		if signs[i].Sensor == "" {
			signs[i].Sensor = "aabbccddee01"
		}
		signs[i].ReceivedAt = w.at
	}
	if err := w.monitor.Sign(w.t.Context(), signs); err != nil {
		w.t.Fatal(err)
	}
}

func TestWhatDevicesTellOfDoorsAndPowerIsKeptOnceAndShown(t *testing.T) {
	w := newColdWard(t)
	door := func(at time.Time, on bool) coldchain.Sign {
		return coldchain.Sign{Kind: coldchain.SignDoor, On: on, At: at}
	}
	w.sign(door(w.at, false), coldchain.Sign{Kind: coldchain.SignPower, On: true})
	opened := w.at.Add(time.Minute)
	for minute := range 5 {
		w.at = w.at.Add(time.Minute)
		w.sign(door(opened.Add(time.Duration(minute)*time.Minute), true))
	}
	w.open()
	w.sign(door(w.at, true)) // after a restart it is no news either
	now := w.standing().Signs
	if len(now) != 2 || now[0].Kind != coldchain.SignDoor || !now[0].On || !now[0].At.Equal(opened) || now[1].Kind != coldchain.SignPower || !now[1].On {
		t.Fatalf("now %+v", now)
	}
	// A block that comes late finds its place: the door had been open before as well.
	w.sign(door(coldNoon.Add(-time.Hour), true))
	all, err := w.monitor.Signs(t.Context(), "f-1", 10)
	if err != nil || len(all) != 4 {
		t.Fatalf("%+v, %v", all, err)
	}
	if now := w.standing().Signs; !now[0].At.Equal(opened) {
		t.Errorf("late word changed what holds now: %+v", now)
	}
	if alarms := w.alarms(); len(alarms) != 0 {
		t.Errorf("rang: %+v", alarms)
	}
}

func TestADoorContactThatNobodyHasAdoptedWaitsForIt(t *testing.T) {
	w := newColdWard(t)
	w.sign(coldchain.Sign{Sensor: "fridge-7-door", Kind: coldchain.SignDoor, On: true}, coldchain.Sign{Sensor: "fridge-7-door", Kind: coldchain.SignBattery, On: true})
	strange, err := w.monitor.Strange(t.Context())
	if err != nil || len(strange) != 1 || strange[0].Key != (coldchain.SensorKey{Sensor: "fridge-7-door", Channel: coldchain.DoorChannel}) {
		t.Fatalf("%+v, %v", strange, err)
	}
	if err := w.monitor.Adopt(t.Context(), eva, strange[0].Key, "f-1"); err != nil {
		t.Fatal(err)
	}
	w.sign(coldchain.Sign{Sensor: "fridge-7-door", Kind: coldchain.SignDoor, On: false})
	s := w.standing()
	if len(s.Signs) != 1 || s.Signs[0].Sensor != "fridge-7-door" || s.Condition != coldchain.Silent {
		t.Errorf("%+v, %v", s.Signs, s.Condition)
	}
}

func TestAnExcursionEndsHonestlyWhenItsProbeIsTakenOff(t *testing.T) {
	w := newColdWard(t)
	w.live(slices.Repeat([]float64{12}, 30)...)
	last := w.at
	if e := w.excursions(); len(e) != 1 || !e[0].Running() {
		t.Fatalf("excursions %+v", e)
	}
	w.at = w.at.Add(time.Minute)
	key := coldchain.SensorKey{Sensor: "aabbccddee01", Channel: coldchain.Probe}
	if err := w.monitor.Detach(t.Context(), pat, "f-1", key, "calibration"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a pharmacist was answered %v", err)
	}
	if err := w.monitor.Detach(t.Context(), eva, "f-1", key, ""); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	if err := w.monitor.Detach(t.Context(), eva, "f-1", key, "calibration"); err != nil {
		t.Fatal(err)
	}
	if err := w.monitor.Detach(t.Context(), eva, "f-1", key, "again"); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("twice: %v", err)
	}
	e := w.excursions()[0]
	if !e.Cut || e.Running() || !e.End.Equal(last) {
		t.Errorf("it ended %+v", e)
	}
	if alarms := w.alarms(); len(alarms) != 1 || alarms[0].ReturnedAt.IsZero() {
		t.Errorf("its alarm goes on: %+v", alarms)
	}
}

func TestAProbeThatTheDocumentMovedLeavesNothingRunningBehind(t *testing.T) {
	w := newColdWard(t)
	w.live(slices.Repeat([]float64{12}, 30)...)
	w.exec(`INSERT INTO fridges (id, name, profile) VALUES ('f-2', 'Vaccine fridge 2', 'refrigerator')`)
	w.attach("aabbccddee01", "f-2") // as an import in another process does
	w.at = w.at.Add(time.Minute)
	if err := w.monitor.CheckSilence(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := w.excursions()[0]; !e.Cut || e.Running() {
		t.Errorf("%+v", e)
	}
	running, err := db.Fridges{DB: w.db}.Running(t.Context())
	if err != nil || len(running) != 0 {
		t.Errorf("running: %+v, %v", running, err)
	}
}

// move takes the probe to another fridge, as an import of the hospital document does.
func (w *coldWard) move(to coldchain.FridgeID) {
	w.t.Helper()
	w.at = w.at.Add(time.Minute)
	w.attach("aabbccddee01", to)
}

// What a probe recorded in one fridge and sent from the next is judged for the first; it
// ends what it left behind, and the deep check finds the same.
func TestLateReadingsAreJudgedForTheFridgeThatTheProbeWatchedThen(t *testing.T) {
	w := newColdWard(t)
	w.exec(`INSERT INTO fridges (id, name, profile) VALUES ('f-2', 'Freezer 2', 'freezer')`)
	w.live(4, 4)
	kept := w.at
	w.at = w.at.Add(2 * time.Hour) // it measures on, and nobody hears it
	w.move("f-2")
	w.live(-20, -20)
	var late []coldchain.Reading
	for i := range 12 {
		late = append(late, coldReading(kept.Add(time.Duration(i+1)*10*time.Minute), 12))
	}
	w.observe(late...)
	all := w.excursions()
	if len(all) != 1 || all[0].Fridge != "f-1" || !all[0].Cut || all[0].Max != 12_000 || !all[0].End.Equal(kept.Add(2*time.Hour)) {
		t.Fatalf("in the first fridge: %+v", all)
	}
	if s, err := w.monitor.Standing(t.Context(), "f-2", w.at); err != nil || s.Condition != coldchain.InRange || s.Last.Temp != -20_000 {
		t.Errorf("in the freezer: %v at %v, %v", s.Condition, s.Last.Temp, err)
	}
	w.move("f-1") // and back: the freezer's cold is not this fridge's
	w.live(4, 4, 4)
	w.open()
	w.live(4, 4)
	if running, err := (db.Fridges{DB: w.db}).Running(t.Context()); err != nil || len(running) != 0 {
		t.Errorf("running: %+v, %v", running, err)
	}
	w.observe(coldReading(kept.Add(15*time.Minute), 13))
	if all := w.excursions(); len(all) != 1 || all[0].Max != 13_000 || all[0].Revision != 1 || !all[0].Cut {
		t.Errorf("later still: %+v", all)
	}
	fault, err := w.deepFault()
	if err != nil || fault != nil {
		t.Errorf("the deep check: %v, %v", fault, err)
	}
	w.exec(`UPDATE excursions SET max_mc = 99000`)
	if fault, err := w.deepFault(); err != nil || fault == nil {
		t.Errorf("a planted fault in a fridge that the probe has left was not found: %v", err)
	}
}

// What was measured in a fridge stays with it when the probe goes elsewhere: in the chart,
// the month, the list, the daily check and for who may see that fridge alone; and the fridge
// that it comes to begins with nothing.
func TestAMovedProbesReadingsStayWithTheFridge(t *testing.T) {
	w := newColdWard(t)
	w.exec(`UPDATE fridges SET unit = 'ward-a'`)
	w.exec(`INSERT INTO fridges (id, name, profile, unit) VALUES ('f-2', 'Freezer 2', 'freezer', 'ward-b')`)
	began := w.at
	w.live(slices.Repeat([]float64{12}, 30)...)
	w.observe(coldReading(w.at.Add(time.Second), 999)) // set aside as impossible
	w.move("f-2")
	moved := w.at
	if s, err := w.monitor.Standing(t.Context(), "f-2", w.at); err != nil || !s.Last.At.IsZero() || s.Condition != coldchain.Silent {
		t.Errorf("before its first reading the freezer is %v at %v, %v", s.Condition, s.Last, err)
	}
	w.live(slices.Repeat([]float64{-20}, 30)...)

	fridges, lists := db.Fridges{DB: w.db}, db.Lists{DB: w.db}
	nurse := hospital.Actor{ID: "x", Roles: []hospital.Role{hospital.Nurse}, Limits: hospital.Limits{hospital.Nurse: {"ward-a"}}}
	for _, look := range []struct {
		ctx     context.Context
		fridge  coldchain.FridgeID
		temp    coldchain.MilliCelsius
		aside   int
		visible bool
	}{
		{t.Context(), "f-1", 12_000, 1, true}, {t.Context(), "f-2", -20_000, 0, true},
		{hospital.Looking(t.Context(), nurse), "f-1", 12_000, 1, true}, {hospital.Looking(t.Context(), nurse), "f-2", 0, 0, false},
	} {
		probes, err := fridges.Attended(look.ctx, look.fridge, began, w.at)
		if err != nil || (len(probes) == 1) != look.visible {
			t.Fatalf("%s: %+v, %v", look.fridge, probes, err)
		}
		readings, err := lists.Readings(look.ctx, coldchain.ReadingQuery{Fridge: look.fridge, From: began}, 100)
		if err != nil || look.visible != (len(readings) == 30) || slices.ContainsFunc(readings, func(r coldchain.Recorded) bool { return r.Temp != look.temp }) {
			t.Errorf("%s lists %+v, %v", look.fridge, readings, err)
		}
		if aside, err := w.monitor.Quarantined(look.ctx, look.fridge, 10); err != nil || len(aside) != look.aside {
			t.Errorf("%s has set aside %+v, %v", look.fridge, aside, err)
		}
		if !look.visible {
			continue
		}
		excursions := map[coldchain.FridgeID]int{"f-1": 1}[look.fridge]
		if found, err := w.monitor.Excursions(look.ctx, look.fridge, 10); err != nil || len(found) != excursions {
			t.Errorf("%s had %+v, %v", look.fridge, found, err)
		}
		for _, reach := range []time.Duration{6 * time.Hour, 30 * 24 * time.Hour} { // from readings, and from hours
			chart, err := w.monitor.Chart(look.ctx, look.fridge, w.at.Add(-reach), w.at)
			if err != nil || len(chart.Curves) != 1 || len(chart.Curves[0].Runs) == 0 {
				t.Fatalf("%s over %v: %+v, %v", look.fridge, reach, chart.Curves, err)
			}
			for _, run := range chart.Curves[0].Runs {
				for _, spot := range run {
					if spot.Min != look.temp || spot.Max != look.temp {
						t.Errorf("%s over %v draws %+v", look.fridge, reach, spot)
					}
				}
			}
		}
		month, err := w.monitor.Month(look.ctx, look.fridge, "2026-03", w.at.Add(time.Second))
		if err != nil || len(month.Probes) != 1 || month.Probes[0].Tally.Points != 30 || month.Probes[0].Tally.Min != look.temp || month.Probes[0].Tally.Max != look.temp {
			t.Errorf("%s's month: %+v, %v", look.fridge, month.Probes, err)
		}
		if check, err := w.monitor.NextCheck(look.ctx, look.fridge, w.at); err != nil || check.Points != 30 || check.Min != look.temp || check.Max != look.temp {
			t.Errorf("%s's check: %+v, %v", look.fridge, check, err)
		}
	}
	s, err := w.monitor.Standing(t.Context(), "f-2", w.at)
	if err != nil || len(s.Probes) != 1 || !s.Probes[0].Since.Equal(moved) {
		t.Fatalf("%+v, %v", s.Probes, err)
	}
	if seen, err := w.monitor.Glances(t.Context(), []coldchain.Standing{s}, w.at); err != nil || seen[0].Trend.Today.Max != -20_000 || seen[0].Trend.Today.Points != 30 {
		t.Errorf("the freezer's tile shows %+v, %v", seen, err)
	}
}

func (w *coldWard) deepFault() (fault, err error) {
	w.t.Helper()
	report, err := w.db.VerifyDeep(w.t.Context())
	return report.FirstFault(), err
}
