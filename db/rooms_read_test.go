package db_test

import (
	"testing"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

const (
	beacon = "c300000000a1"
	label  = "epc:3034257BF7194E4000000001" // on the same pump
)

// sight hands over single reads, and lets the tracker work.
func (w *ward) sight(reads ...tracking.Sighting) {
	w.t.Helper()
	for i := range reads {
		reads[i].BatteryPct = tracking.NoBattery
		if reads[i].ReceivedAt.IsZero() {
			reads[i].ReceivedAt = w.at
		}
	}
	if err := w.tracker.Sight(w.t.Context(), reads); err != nil {
		w.t.Fatal(err)
	}
	w.work()
}

func (w *ward) read(gateway hospital.GatewayID, antenna int, dbm float64, after time.Duration) tracking.Sighting {
	return tracking.Sighting{Tag: label, Gateway: gateway, Antenna: antenna, RSSIdBm: dbm, HasRSSI: true, At: w.at.Add(after)}
}

func (w *ward) stands(id tracking.AssetID, room hospital.RoomID, why string) {
	w.t.Helper()
	if p := w.asset(id).Place; p.Room != room || p.Why != why {
		w.t.Fatalf("%s should stand in %s by %s: %+v", id, room, why, p)
	}
}

// Out of the clean utility and, a minute later, in again; both antennas read it on its way.
func TestDoorwayTellsInWhichDirectionAPumpWent(t *testing.T) {
	w := openWard(t)
	w.hear(60, beacon, nearClean)
	out := []tracking.Sighting{w.read("r-clean", 1, -50, 0), w.read("r-clean", 2, -58, 100*time.Millisecond),
		w.read("r-clean", 1, -60, 700*time.Millisecond), w.read("r-clean", 2, -50, 900*time.Millisecond)}
	w.sight(out...)
	w.stands("P-001", "hall", "room read")
	w.at = w.at.Add(time.Minute)
	in := []tracking.Sighting{w.read("r-clean", 2, -50, 0), w.read("r-clean", 1, -59, 80*time.Millisecond),
		w.read("r-clean", 1, -51, 600*time.Millisecond), w.read("r-clean", 2, -60, 650*time.Millisecond)}
	w.sight(in...)
	w.stands("P-001", "clean", "room read")
	w.at = w.at.Add(time.Minute)
	w.sight(w.read("r-clean", 1, -50, 0), w.read("r-clean", 2, -50, 10*time.Millisecond))
	w.stands("P-001", "clean", "room read") // it stood in the doorway: nobody knows better
	if got := w.timeline("P-001"); len(got) < 3 || got[len(got)-1] != "move hall>clean" {
		t.Errorf("timeline %q", got)
	}
}

// Infrared doesn't pass a wall: heard by that receiver, the beacon is in its room at
// once, whatever radio says, and stays there against radio for half a minute.
func TestInfraredReadOverridesRadioAtOnce(t *testing.T) {
	w := openWard(t)
	w.hear(60, beacon, nearClean)
	w.stands("P-001", "clean", "radio")
	w.at = w.at.Add(time.Second)
	w.sight(tracking.Sighting{Tag: beacon, Gateway: "ir-bed1"})
	w.stands("P-001", "bed1", "room read")
	w.hear(25, beacon, nearClean)
	w.stands("P-001", "bed1", "room read")
	w.hear(180, beacon, nearClean) // steady signals take their time
	w.stands("P-001", "clean", "radio")
}

func TestPressedButtonPutsAPumpBesideTheGateway(t *testing.T) {
	for _, c := range []struct {
		dbm  float64
		want hospital.RoomID
		why  string
	}{{tracking.PressedDBm, "bed1", "room read"}, {tracking.PressedDBm - 1, "clean", "radio"}} {
		w := openWard(t)
		w.hear(60, beacon, nearClean)
		w.at = w.at.Add(time.Second)
		w.sight(tracking.Sighting{Tag: beacon, Gateway: "g-bed1", RSSIdBm: c.dbm, HasRSSI: true, Pressed: true})
		w.stands("P-001", c.want, c.why)
	}
}

// A read that comes late, after a beacon was heard elsewhere, moves nothing.
func TestLateReadMovesNothing(t *testing.T) {
	w := openWard(t)
	w.hear(60, beacon, nearBed)
	late := w.read("r-door", 1, -40, 0)
	late.ReceivedAt = w.at.Add(-30 * time.Second)
	w.sight(late)
	w.stands("P-001", "bed1", "radio")
	if got := w.timeline("P-001"); got[0] != "arrival >bed1" || len(got) > 2 {
		t.Errorf("timeline %q", got)
	}
}
