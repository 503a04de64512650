package tracking_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

func TestDeadGatewayIsToldOnceAndItsPumpIsNotCalledMissing(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	var told []string
	base := dbtest.Open(t, db.Options{Now: now, Announce: func(topics []string) { told = append(told, topics...) }})
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "S", Zone: "UTC"},
		Buildings: []document.Building{{ID: "b", Name: "B"}}, Floors: []document.Floor{{ID: "f", Building: "b", Name: "F", WidthMetres: 30, HeightMetres: 10}},
		Rooms:    []document.Room{{ID: "bay", Floor: "f", Name: "Bay", Kind: hospital.PatientRoom}},
		Gateways: []document.Gateway{{ID: "g", Name: "g", Make: "minew", Room: "bay"}},
		Assets:   []document.Asset{{ID: "P-1", Kind: "pump", Name: "Pump", Tags: []document.Tag{{ID: "c30000000001"}}}}}
	if _, err := (db.Hospital{DB: base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept := db.Equipment{DB: base}
	tracker, err := tracking.NewTracker(t.Context(), hospital.NewRegister(directory), kept, tracking.TrackerOptions{Now: now, Shards: 2})
	if err != nil {
		t.Fatal(err)
	}
	hear := func() {
		t.Helper()
		var heard []tracking.Sighting
		for range 5 {
			at = at.Add(time.Second)
			heard = append(heard, tracking.Sighting{Tag: "c30000000001", Gateway: "g", RSSIdBm: -55, HasRSSI: true, ReceivedAt: at, BatteryPct: tracking.NoBattery})
		}
		if err := tracker.Sight(t.Context(), heard); err != nil {
			t.Fatal(err)
		}
		ended, stop := context.WithCancel(t.Context())
		stop()
		if err := tracker.Run(ended); err != nil {
			t.Fatal(err)
		}
	}
	hear()
	tracker.SweepAt(t.Context(), at)
	told = nil
	tracker.SweepAt(t.Context(), at)
	if len(told) > 0 {
		t.Errorf("nothing changed, yet %v was told", told)
	}
	at = at.Add(tracking.QuietGateway + time.Second)
	tracker.SweepAt(t.Context(), at)
	if !slices.Contains(told, "floor/f") || !slices.Contains(told, "room/bay") {
		t.Errorf("the map should go blind: told %v", told)
	}
	told = nil
	tracker.SweepAt(t.Context(), at)
	if len(told) > 0 {
		t.Errorf("a dead gateway was told twice: %v", told)
	}
	at = at.Add(tracking.LostFor)
	tracker.SweepAt(t.Context(), at)
	moments, err := kept.Timeline(t.Context(), "P-1", at.Add(time.Hour), 1)
	if err != nil || len(moments) != 1 || moments[0].Kind != tracking.Departure || moments[0].Why != string(tracking.GatewayOffline) {
		t.Errorf("the pump's last moment should be a departure for the gateway's sake: %+v, %v", moments, err)
	}
	told = nil
	hear()
	tracker.SweepAt(t.Context(), at)
	if !slices.Contains(told, "floor/f") {
		t.Errorf("the map should see again: told %v", told)
	}
	asset, err := kept.Asset(t.Context(), "P-1")
	if err != nil || asset.Place.Room != "bay" || !asset.Place.GoneAt.IsZero() {
		t.Errorf("heard again, the pump is back: %+v, %v", asset.Place, err)
	}
}
