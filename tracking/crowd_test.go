package tracking_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// Many gateways report, people confirm and doubt, and the hospital is imported
// anew, all at once: nothing is lost, and at the end every asset has its place.
func TestTrackerKeepsItsHeadInACrowd(t *testing.T) {
	const assets, rounds = 40, 60
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "S", Zone: "UTC"},
		Buildings: []document.Building{{ID: "b", Name: "B"}}, Floors: []document.Floor{{ID: "f", Building: "b", Name: "F", WidthMetres: 30, HeightMetres: 10}}}
	for r := range 4 {
		id := hospital.RoomID(fmt.Sprint("r", r))
		doc.Rooms = append(doc.Rooms, document.Room{ID: id, Floor: "f", Name: string(id), Kind: hospital.Storage})
		doc.Gateways = append(doc.Gateways, document.Gateway{ID: hospital.GatewayID(fmt.Sprint("g", r)), Name: "g", Make: "minew", Room: id})
	}
	for a := range assets {
		doc.Assets = append(doc.Assets, document.Asset{ID: fmt.Sprint("A", a), Kind: "pump", Name: "Pump", Tags: []document.Tag{{ID: fmt.Sprintf("c3%010x", a)}}})
	}
	base := dbtest.Open(t, db.Options{})
	if _, err := (db.Hospital{DB: base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	register, kept := hospital.NewRegister(directory), db.Equipment{DB: base}
	tracker, err := tracking.NewTracker(t.Context(), register, kept, tracking.TrackerOptions{Shards: 3})
	if err != nil {
		t.Fatal(err)
	}
	equipment := tracking.Equipment{Register: register, Store: kept, Tracker: tracker, Now: time.Now}
	working, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(working) }()

	at, by := time.Now(), hospital.Job("somebody")
	var crowd sync.WaitGroup
	for r := range 4 {
		crowd.Go(func() {
			for round := range rounds {
				var heard []tracking.Sighting
				for a := range assets {
					if a%4 == r {
						heard = append(heard, tracking.Sighting{Tag: fmt.Sprintf("c3%010x", a), Gateway: hospital.GatewayID(fmt.Sprint("g", r)), RSSIdBm: -55,
							HasRSSI: true, ReceivedAt: at.Add(time.Duration(round) * time.Second), BatteryPct: tracking.NoBattery})
					}
				}
				if err := tracker.Sight(t.Context(), heard); err != nil {
					t.Error(err)
				}
			}
		})
	}
	crowd.Go(func() {
		for range 10 {
			if err := tracker.Reload(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	crowd.Go(func() {
		for a := range 8 {
			id := tracking.AssetID(fmt.Sprint("A", a))
			if err := equipment.Here(t.Context(), by, id, hospital.RoomID(fmt.Sprint("r", a%4))); err != nil {
				t.Error(err)
			}
			if err := equipment.NotHere(t.Context(), by, id, ""); err != nil {
				t.Error(err)
			}
			if _, err := equipment.Search(t.Context(), by, tracking.Query{Text: "pump", Room: "r0"}); err != nil {
				t.Error(err)
			}
		}
	})
	crowd.Wait()
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for a := range assets {
		asset, err := kept.Asset(t.Context(), tracking.AssetID(fmt.Sprint("A", a)))
		if err != nil || asset.Place.Room != hospital.RoomID(fmt.Sprint("r", a%4)) {
			t.Errorf("asset %d is held to be in %q: %v", a, asset.Place.Room, err)
		}
	}
	if c := tracker.Counts(); c.Taken != assets*rounds || c.Dropped != 0 || c.Failed != 0 {
		t.Errorf("counts %+v", c)
	}
}
