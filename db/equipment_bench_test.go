package db_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// campus is a house with 50,000 assets of 25 kinds in 500 rooms.
func campus(b *testing.B) tracking.Equipment {
	b.Helper()
	const floors, rooms, assets = 10, 50, 50_000
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "Campus", Zone: "UTC"},
		Buildings: []document.Building{{ID: "b", Name: "Main"}}, Units: []document.Unit{{ID: "u", Name: "Unit"}}}
	for f := range floors {
		doc.Floors = append(doc.Floors, document.Floor{ID: hospital.FloorID(fmt.Sprint("f", f)), Building: "b", Name: fmt.Sprint(f), Level: f, WidthMetres: 300, HeightMetres: 10})
		for r := range rooms {
			room := document.Room{ID: hospital.RoomID(fmt.Sprintf("f%d-%d", f, r)), Floor: hospital.FloorID(fmt.Sprint("f", f)), Name: fmt.Sprint("Room ", r),
				Kind: hospital.CleanUtility, Outline: square(float64(r)*6, 0)}
			if r > 0 {
				room.Neighbours = append(room.Neighbours, hospital.RoomID(fmt.Sprintf("f%d-%d", f, r-1)))
			} else if f > 0 {
				room.Neighbours = append(room.Neighbours, hospital.RoomID(fmt.Sprintf("f%d-0", f-1)))
			}
			doc.Rooms = append(doc.Rooms, room)
		}
	}
	for i := range assets {
		doc.Assets = append(doc.Assets, document.Asset{ID: fmt.Sprintf("A-%05d", i), Kind: fmt.Sprintf("kind%02d pump", i%25), Name: fmt.Sprintf("Pump %d", i),
			Serial: fmt.Sprint("SN", i), Tags: []document.Tag{{ID: fmt.Sprintf("c3%010x", i)}}})
	}
	base := dbtest.Open(b, db.Options{})
	if _, err := (db.Hospital{DB: base}).Import(b.Context(), hospital.Job("bench"), doc, true); err != nil {
		b.Fatal(err)
	}
	directory, err := db.Hospital{DB: base}.Load(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	register, kept := hospital.NewRegister(directory), db.Equipment{DB: base}
	err = kept.InTx(b.Context(), func(tx tracking.Tx) error {
		for i := range assets {
			room := directory.Rooms[i%len(directory.Rooms)]
			place := tracking.Place{Room: room.ID, Floor: room.Floor, SeenAt: noon, Since: noon, Confidence: 0.9, Why: "radio", BatteryPct: 50}
			if err := tx.SetPlace(b.Context(), tracking.AssetID(fmt.Sprintf("A-%05d", i)), place); err != nil {
				return err
			}
			if i%3 > 0 {
				if err := tx.SetStatus(b.Context(), tracking.AssetID(fmt.Sprintf("A-%05d", i)), tracking.InUse, "", "", noon); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	tracker, err := tracking.NewTracker(b.Context(), register, kept, tracking.TrackerOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return tracking.Equipment{Register: register, Store: kept, Tracker: tracker, Now: func() time.Time { return noon }}
}

// BenchmarkNearest is the bar for search and nearest: under 20 ms at p99 with 50,000 assets.
func BenchmarkNearest(b *testing.B) {
	e := campus(b)
	for name, q := range map[string]tracking.Query{
		"nearest free of a kind": {Text: "kind07", Status: tracking.Free, Room: "f3-20"},
		"every kind of pump":     {Text: "pump", Status: tracking.Free, Room: "f9-49"},
		"rare status far away":   {Text: "kind07", Status: tracking.Broken, Room: "f0-0"},
		"a number":               {Text: "A-31234"},
		"a serial number":        {Text: "SN31234", Room: "f3-20"},
		"free first of a kind":   {Text: "kind07", Room: "f3-20"},
		"everything":             {Room: "f3-20"},
	} {
		b.Run(name, func(b *testing.B) {
			p99(b, func() error {
				_, err := e.Search(b.Context(), nurse, q)
				return err
			})
		})
	}
	b.Run("a floor's map", func(b *testing.B) {
		p99(b, func() error {
			_, err := e.Map(b.Context(), nurse, "f3")
			return err
		})
	})
}

// p99 reports how long the slowest hundredth takes at least.
func p99(b *testing.B, ask func() error) {
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := ask(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
