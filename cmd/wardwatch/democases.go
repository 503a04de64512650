package main

import (
	"context"
	"fmt"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// keepings is what the made-up pharmacist wrote down of how two products keep, and
// a box that was thawed this morning.
func (s *shelves) keepings(ctx context.Context) error {
	by := s.actor(hospital.Pharmacist)
	thawed := false
	for _, item := range s.drawing.Items {
		if item.Storage == "" {
			continue
		}
		id := inventory.ItemID(item.ID)
		is, err := s.stock.Store.FindItem(ctx, id)
		if err != nil {
			return err
		}
		source := "leaflet of " + item.Name + ", edition 3, made up"
		keeping := inventory.Keeping{Bands: is.Stability, Clocks: []inventory.BeyondUse{{Kind: inventory.Opened, Hours: 28 * 24, Source: source}}}
		if item.Storage == "refrigerator" {
			keeping.Bands = append(keeping.Bands, inventory.Stability{FromCelsius: -60, ToCelsius: 0, Hours: 0, Source: source, Then: inventory.ThenCallFor})
			keeping.Clocks = append(keeping.Clocks, inventory.BeyondUse{Kind: inventory.OutOfTheCold, Hours: 12, Source: source})
		}
		if _, err := s.stock.SaveKeeping(ctx, by, id, keeping, time.Time{}, "leaflets read anew at the start of the year"); err != nil {
			return err
		}
		if !thawed && item.Storage == "refrigerator" {
			if thawed, err = s.takeOut(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeOut takes a few doses of an item out of the cold for the day's clinic; false when none are free.
func (s *shelves) takeOut(ctx context.Context, id inventory.ItemID) (bool, error) {
	all, err := s.stock.Store.Balances(ctx, id)
	if err != nil {
		return false, err
	}
	today := s.stock.Today(s.clock.Now())
	for _, b := range all {
		if b.Usable(today) < 10 || b.Lot.Expiry == today {
			continue
		}
		_, err := s.stock.StartClock(ctx, s.actor(hospital.Nurse), inventory.Starting{Kind: inventory.OutOfTheCold, At: s.clock.Now().Add(-90 * time.Minute),
			Taking: inventory.Taking{Item: id, Lot: b.Lot.ID, Place: b.Place, Quantity: 3, Why: "for this morning's clinic"}})
		if err != nil {
			return false, fmt.Errorf("take some of %s out: %w", id, err)
		}
		return true, nil
	}
	return false, nil
}

// equip notes what is known of the fridges as assets, one certificate with its file,
// a door that stood open, and a profile of the hospital's own.
func (f *fridges) equip(ctx context.Context) error {
	by := f.actor(hospital.Pharmacist)
	day := func(days int) string {
		return f.clock.Now().In(f.drawing.Site.Location()).AddDate(0, 0, days).Format(time.DateOnly)
	}
	for i, one := range f.drawing.Fridges {
		facts := coldchain.Facts{PQS: "E003/0" + one.ID[len(one.ID)-2:], Litres: 120, Units: 2_000, HoldOver: 5 * time.Hour}
		if err := f.monitor.SetFacts(ctx, by, coldchain.FridgeID(one.ID), facts); err != nil {
			return err
		}
		if i == 0 || i%6 == 5 { // the first's has a file, and some have none
			continue
		}
		paper := coldchain.Paper{Kind: coldchain.Calibration, Device: one.Sensor, Done: day(-400 + i), Due: day(330 + i), Number: fmt.Sprintf("DKD-K-%d", 10_441+i), Note: "Made-up laboratory, ± 0.2 °C, passed"}
		if err := f.monitor.AddPaper(ctx, by, coldchain.FridgeID(one.ID), paper); err != nil {
			return err
		}
	}
	first := f.drawing.Fridges[0]
	certificate, err := coldchain.NewPaperFile("calibration "+first.Sensor+".pdf", []byte("%PDF-1.4\n% a made-up certificate\n"))
	if err != nil {
		return err
	}
	err = f.monitor.AddPaper(ctx, by, coldchain.FridgeID(first.ID), coldchain.Paper{Kind: coldchain.Calibration, Device: first.Sensor, Done: day(-680), Due: day(50),
		Number: "DKD-K-10441", Note: "Made-up laboratory, ± 0.2 °C, passed", File: &certificate})
	if err != nil {
		return err
	}
	now := f.clock.Now()
	door := coldchain.Sign{Sensor: first.Sensor, Kind: coldchain.SignDoor, On: true, At: now.Add(-50 * time.Minute), ReceivedAt: now, Source: "mqtt"}
	shut := door
	shut.On, shut.At = false, now.Add(-48*time.Minute)
	if err := f.monitor.Sign(ctx, []coldchain.Sign{door, shut}); err != nil {
		return err
	}
	ours := coldchain.Refrigerator()
	ours.ID, ours.Name, ours.Source = "insulin-shelf", "Insulin shelf, ours", "pharmacy committee, minutes of spring (made up)"
	_, err = f.monitor.SaveProfile(ctx, by, ours, time.Time{}, "insulin has a shelf of its own")
	return err
}
