package db_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

func (p *pharmacy) room() *inventory.Storeroom {
	return &inventory.Storeroom{Stock: p.stock, Store: db.Storeroom{DB: p.db}, Now: p.now}
}

// The plan says what is due, two people count blind, and the ledger follows.
func TestACycleCountFromThePlanToTheLedger(t *testing.T) {
	p, ctx := open(t), t.Context()
	room := p.room()
	p.must(room.PlanCounts(ctx))
	p.pass(200 * 24 * time.Hour)
	p.must(room.PlanCounts(ctx)) // weighing anew puts nothing off
	due, err := room.Store.CountsDue(ctx, p.stock.Today(p.now()))
	p.must(err)
	if len(due) != 2 || due[0].Place.ID != "fridge-1" || due[0].Urgent != 1 || due[1].Due != 2 {
		t.Fatalf("due %+v", due)
	}
	if _, err := room.OpenCount(ctx, nora, "fridge-1"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse begins a count: %v", err)
	}
	id, err := room.OpenCount(ctx, pharmacist, "fridge-1")
	p.must(err)
	if again, err := room.OpenCount(ctx, manager, "fridge-1"); err != nil || again != id {
		t.Errorf("a second sheet of one place: %d %v", again, err)
	}
	sheet, err := room.Store.FindCount(ctx, id)
	p.must(err)
	if len(sheet.Lines) != 2 || sheet.Lines[0].Class != inventory.ClassA {
		t.Fatalf("lines %+v", sheet.Lines)
	}
	a1, b2 := sheet.Lines[0].ID, sheet.Lines[1].ID // 30 and 20 doses
	enter := func(by hospital.Actor, entries ...inventory.CountEntry) (int, int, error) {
		return room.EnterCounts(ctx, by, id, entries, "")
	}
	if taken, again, err := enter(pharmacist, inventory.CountEntry{Line: a1, Counted: 30}, inventory.CountEntry{Line: b2, Counted: 18}); err != nil || taken != 1 || again != 1 {
		t.Fatalf("%d taken, %d again: %v", taken, again, err)
	}
	if _, _, err := enter(pharmacist, inventory.CountEntry{Line: b2, Counted: 18}); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("the same person counts class A again: %v", err)
	}
	if _, _, err := enter(manager, inventory.CountEntry{Line: b2, Counted: 18}); err == nil || !strings.Contains(hospital.Sentence(err), "Say why") {
		t.Errorf("a difference without a reason: %v", err)
	}
	if _, _, err := enter(manager, inventory.CountEntry{Line: a1, Counted: 1}); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("a line that is done is entered again: %v", err)
	}
	if taken, _, err := enter(manager, inventory.CountEntry{Line: b2, Counted: 18, Reason: "used and not booked"}); err != nil || taken != 1 {
		t.Fatalf("%d taken: %v", taken, err)
	}
	if onHand, _, _ := p.holds("flu"); onHand != 48 {
		t.Errorf("the ledger says %d", onHand)
	}
	moves, err := p.stock.Store.Movements(ctx, "flu", 0, 1)
	p.must(err)
	if m := moves[0]; m.Kind != inventory.Count || m.Free != -2 || m.Why != "used and not booked" || m.Ref != "count/1" {
		t.Errorf("the ledger's line %+v", m)
	}
	if due, err = room.Store.CountsDue(ctx, p.stock.Today(p.now())); err != nil || len(due) != 1 || due[0].Place.ID != "store" {
		t.Errorf("still due: %+v %v", due, err)
	}
	if _, err := room.OpenCount(ctx, pharmacist, "fridge-1"); !errors.Is(err, inventory.ErrUnknownCount) {
		t.Errorf("a count of nothing: %v", err)
	}
	p.sound()
}

// A box is ten doses until somebody says that it is five; what was booked stays.
func TestPacksAreVersions(t *testing.T) {
	p, ctx := open(t), t.Context()
	room := p.room()
	box := inventory.Packing{Item: "flu", Name: "Box", Units: 10, GTIN: "4000000000020"}
	if err := room.SetPacking(ctx, nora, box); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse says what a box is: %v", err)
	}
	for _, wrong := range []inventory.Packing{{Item: "flu", Units: 10}, {Item: "flu", Name: "box", Units: 1}, {Item: "flu", Name: "box", Units: -2}, {Item: "flu", Name: "box", Units: 5, GTIN: "4000000000021"}, {Item: "none", Name: "box", Units: 5}} {
		if err := room.SetPacking(ctx, manager, wrong); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
	p.must(room.SetPacking(ctx, manager, box))
	now, err := room.Store.Packings(ctx, "flu")
	p.must(err)
	n, words, err := room.InUnits(ctx, "flu", now[0].ID, "1.5")
	if err != nil || n != 15 || words != "1.5 × box of 10" {
		t.Errorf("%d %q %v", n, words, err)
	}
	if _, _, err := room.InUnits(ctx, "flu", now[0].ID, "0.25"); err == nil || !strings.Contains(hospital.Sentence(err), "no whole number of units") {
		t.Errorf("a quarter of a box: %v", err)
	}
	// The box's own code means ten doses, received and used.
	_, got, err := p.stock.Scan(ctx, manager, inventory.Scanning{Task: inventory.ScanReceive, Place: "fridge-1", Code: "(01)04000000000020(17)270430(10)C3", Quantity: 2}, p.now())
	if err != nil || got != 20 {
		t.Errorf("two boxes received: %d %v", got, err)
	}
	p.expect("flu", 70, 0, 70)
	box.Units = 5
	p.must(room.SetPacking(ctx, manager, box))
	if _, _, err := room.InUnits(ctx, "flu", now[0].ID, "1"); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("the box of an old page: %v", err)
	}
	if _, got, err = p.stock.Scan(ctx, nora, inventory.Scanning{Task: inventory.ScanUse, Place: "fridge-1", Code: "(01)04000000000020(10)C3"}, p.now()); err != nil || got != 5 {
		t.Errorf("one box used: %d %v", got, err)
	}
	p.expect("flu", 65, 0, 65)
	box.Units = 0
	p.must(room.SetPacking(ctx, manager, box))
	if now, err = room.Store.Packings(ctx, "flu"); err != nil || len(now) != 0 {
		t.Errorf("withdrawn: %+v %v", now, err)
	}
	if ever, err := room.Store.PackingsEver(ctx, "flu"); err != nil || len(ever) != 3 {
		t.Errorf("versions: %+v %v", ever, err)
	}
}
