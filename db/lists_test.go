package db_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/notify"
)

// library is a house with enough of everything for lists that have several parts.
func library(t *testing.T) (*db.DB, db.Lists) {
	t.Helper()
	at := noon
	d := dbtest.Open(t, db.Options{Now: func() time.Time { at = at.Add(time.Second); return at }})
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"},
		Suppliers: []document.Supplier{{ID: "medi", Name: "Medi", Email: "orders@medi.example", Currency: "EUR", LeadDays: 3}},
		Places:    []document.Place{{ID: "a", Name: "A"}, {ID: "b", Name: "B"}},
		Fridges: []document.Fridge{{ID: "f-1", Name: "One", Profile: "refrigerator", Sensors: []document.Sensor{{ID: "aa"}, {ID: "bb"}, {ID: "cc"}}},
			{ID: "f-2", Name: "Two", Profile: "refrigerator", Sensors: []document.Sensor{{ID: "dd"}}}}}
	for i := range 7 {
		id := fmt.Sprint(i)
		doc.Items = append(doc.Items, document.Item{ID: "i" + id, Name: "Item " + id, UnitOfIssue: "piece", Pack: 1, Supplier: "medi", PriceMinor: 100})
		doc.Assets = append(doc.Assets, document.Asset{ID: "a" + id, Kind: "pump", Name: "Pump " + id, Tags: []document.Tag{{ID: "c3000000000" + id}}})
		for _, place := range []string{"a", "b"} {
			doc.Stock = append(doc.Stock, document.Lot{Item: "i" + id, Place: place, Lot: "L" + id, Quantity: 5})
		}
	}
	if _, err := (db.Hospital{DB: d}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	return d, db.Lists{DB: d}
}

// parts reads a list with parts of every size and holds that each line comes once, in one order.
func parts[T any](t *testing.T, list string, want int, read func(last *T, limit int) ([]T, error), key func(T) string) {
	t.Helper()
	var whole []string
	for limit := 1; limit <= want+1; limit++ {
		var told []string
		var last *T
		for {
			part, err := read(last, limit)
			if err != nil {
				t.Fatalf("%s: %v", list, err)
			}
			for _, line := range part {
				told = append(told, key(line))
			}
			if len(part) < limit {
				break
			}
			last = &part[len(part)-1]
		}
		if whole == nil {
			whole = told
		}
		if len(told) != want || !slices.Equal(told, whole) {
			t.Fatalf("%s in parts of %d: %q, want %d as in %q", list, limit, told, want, whole)
		}
		if once := slices.Compact(slices.Sorted(slices.Values(told))); len(once) != want {
			t.Fatalf("%s tells a line twice: %q", list, told)
		}
	}
}

func TestAListToldInPartsIsTheWholeList(t *testing.T) {
	d, lists := library(t)
	ctx := t.Context()
	parts(t, "assets", 7, func(last *tracking.Asset, limit int) ([]tracking.Asset, error) {
		var s tracking.Selection
		if last != nil {
			s.After = last.ID
		}
		return lists.Assets(ctx, s, limit)
	}, func(a tracking.Asset) string { return string(a.ID) + fmt.Sprint(a.Tags) })
	parts(t, "items", 7, func(last *inventory.Line, limit int) ([]inventory.Line, error) {
		var s inventory.ItemSelection
		if last != nil {
			s.After = last.Item.ID
		}
		return lists.Items(ctx, s, limit)
	}, func(l inventory.Line) string { return fmt.Sprint(l.Item.ID, l.OnHand) })
	parts(t, "lots", 14, func(last *inventory.Shelved, limit int) ([]inventory.Shelved, error) {
		var s inventory.LotSelection
		if last != nil {
			s.AfterLot, s.AfterPlace = last.Lot.ID, last.Place
		}
		return lists.Lots(ctx, s, limit)
	}, func(b inventory.Shelved) string { return fmt.Sprint(b.Lot.ID, b.Place) })
	for item, want := range map[inventory.ItemID]int{"": 14, "i3": 2, "none": 0} {
		parts(t, "ledger of "+string(item), want, func(last *inventory.Entry, limit int) ([]inventory.Entry, error) {
			s := inventory.LedgerSelection{Item: item}
			if last != nil {
				s.Before = last.Seq
			}
			return lists.Ledger(ctx, s, limit)
		}, func(e inventory.Entry) string { return fmt.Sprint(e.Seq) })
	}
	raiseAlarms(t, d)
	for subject, want := range map[string]int{"": 6, "fridge/f-1": 3} {
		parts(t, "alarms of "+subject, want, func(last *notify.Alarm, limit int) ([]notify.Alarm, error) {
			s := notify.Selection{State: notify.OpenAlarm, Subject: subject}
			if last != nil {
				s.Before = last.ID
			}
			return lists.Alarms(ctx, s, limit)
		}, func(a notify.Alarm) string { return fmt.Sprint(a.ID) })
	}
}

func raiseAlarms(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.InTx(t.Context(), func(tx *db.Tx) error {
		for _, kind := range []notify.Kind{"too warm", "too cold", "no data"} {
			for _, subject := range []string{"fridge/f-1", "fridge/f-2"} {
				if _, err := tx.AddAlarm(t.Context(), notify.Alarm{Kind: kind, Subject: subject, Name: "Fridge", RaisedAt: tx.Now(), Version: 1}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Several moments of one instant, and readings of one time at several probes, are
// where a list by time alone would lose lines.
func TestLinesOfOneInstantAreToldOnce(t *testing.T) {
	d, lists := library(t)
	ctx := t.Context()
	err := db.Equipment{DB: d}.InTx(ctx, func(tx tracking.Tx) error {
		for i := range 5 {
			at := noon
			if i > 3 {
				at = at.Add(time.Second)
			}
			if err := tx.AddMove(ctx, tracking.Move{Asset: "a1", Kind: tracking.Movement, To: hospital.RoomID(fmt.Sprint(i)), At: at}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	parts(t, "moments", 5, func(last *tracking.Moment, limit int) ([]tracking.Moment, error) {
		var before tracking.Moment
		if last != nil {
			before = *last
		}
		return lists.Moments(ctx, "a1", before, limit)
	}, func(m tracking.Moment) string { return string(m.To) })

	monitor := coldchain.NewMonitor(db.Fridges{DB: d}, notify.DefaultLadder(), hospital.NewRegister(nil))
	var readings []coldchain.Reading
	for i := range 4 {
		for _, sensor := range []string{"aa", "bb", "cc", "dd"} {
			at := noon.Add(time.Duration(i-10) * time.Minute)
			readings = append(readings, coldchain.Reading{Sensor: sensor, Temp: 5000, MeasuredAt: at, ReceivedAt: at, Gateway: "g-1", Source: "mqtt"})
		}
	}
	if _, err := monitor.Observe(ctx, readings); err != nil {
		t.Fatal(err)
	}
	for fridge, want := range map[coldchain.FridgeID]int{"f-1": 9, "f-2": 3, "f-3": 0} {
		parts(t, "readings of "+string(fridge), want, func(last *coldchain.Recorded, limit int) ([]coldchain.Recorded, error) {
			ask := coldchain.ReadingQuery{Fridge: fridge, From: noon.Add(-10 * time.Minute), To: noon.Add(-7 * time.Minute)}
			if last != nil {
				ask.AfterSensor, ask.AfterAt = last.Sensor, last.At
			}
			return lists.Readings(ctx, ask, limit)
		}, func(r coldchain.Recorded) string { return r.Key.Sensor + r.At.String() + string(r.Gateway) })
	}
}

func TestOrdersComeWithTheirLines(t *testing.T) {
	d, lists := library(t)
	ctx := t.Context()
	orders := db.Orders{DB: d}
	for n := range 3 {
		err := orders.InTx(ctx, func(tx reorder.Tx) error {
			o, err := tx.DraftFor(ctx, inventory.Supplier{ID: "medi", Currency: "EUR"}, 2026)
			if err != nil {
				return err
			}
			for i := range n + 1 {
				item := inventory.Item{ID: inventory.ItemID(fmt.Sprint("i", i))}
				id, _, err := tx.Propose(ctx, reorder.Proposal{Item: item, Place: inventory.Place{ID: "a"}, Supplier: inventory.Supplier{ID: "medi"},
					Quantity: 1, Suggested: 1, Pack: 1, RaisedAt: tx.Now(), RaisedBy: "x", RaisedName: "X"})
				if err != nil {
					return err
				}
				p, err := tx.Proposal(ctx, id)
				if err != nil {
					return err
				}
				p.Status, p.Order = reorder.Approved, o.Number
				if err := tx.SaveProposal(ctx, p); err != nil {
					return err
				}
				if err := tx.AddLine(ctx, o.Number, reorder.Line{Item: item, Place: inventory.Place{ID: "a"}, Pack: 1, Ordered: 1, Proposal: id}); err != nil {
					return err
				}
			}
			if o, err = tx.Order(ctx, o.Number); err != nil {
				return err
			}
			o.Status, o.SentAt = reorder.Sent, tx.Now()
			return tx.SaveOrder(ctx, o)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	parts(t, "orders", 3, func(last *reorder.Order, limit int) ([]reorder.Order, error) {
		var s reorder.OrderSelection
		if last != nil {
			s.Before = last.Number
		}
		return lists.Orders(ctx, s, limit)
	}, func(o reorder.Order) string { return fmt.Sprint(o.Number, len(o.Lines)) })
	all, err := lists.Orders(ctx, reorder.OrderSelection{}, 10)
	if err != nil || len(all) != 3 || len(all[0].Lines) != 3 || len(all[2].Lines) != 1 {
		t.Errorf("orders: %+v, %v", all, err)
	}
	parts(t, "proposals", 6, func(last *reorder.Proposal, limit int) ([]reorder.Proposal, error) {
		var s reorder.Selection
		if last != nil {
			s.Before = last.ID
		}
		return lists.Proposals(ctx, s, limit)
	}, func(p reorder.Proposal) string { return fmt.Sprint(p.ID) })
}
