package db_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// Two bins of swabs on the shelf: a nurse scans the card of the empty one.
func TestTwoBinsAreRefilledByTheirCards(t *testing.T) {
	p, ctx := open(t), t.Context()
	spot := reorder.Spot{Item: "swabs", Place: "store"}
	if err := p.desk.SetRefill(ctx, nora, spot, policy.Refill{Kind: policy.Kanban, Bins: 2, BinSize: 100}); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse sets how a place is refilled: %v", err)
	}
	if err := p.desk.SetRefill(ctx, manager, spot, policy.Refill{Kind: policy.Kanban, Bins: 1, BinSize: 100}); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("one bin: %v", err)
	}
	p.must(p.desk.SetRefill(ctx, manager, spot, policy.Refill{Kind: policy.Kanban, Bins: 2, BinSize: 100}))
	bins, err := p.desk.Store.Bins(ctx, "store")
	p.must(err)
	if len(bins) != 2 || bins[0].Size != 100 || bins[0].Empty() {
		t.Fatalf("bins %+v", bins)
	}
	empty := func(code string) bool {
		t.Helper()
		_, asked, err := p.desk.EmptyBin(ctx, nora, code)
		p.must(err)
		_, err = p.desk.Consider(ctx)
		p.must(err)
		return asked
	}
	if !empty(bins[0].Code) || empty(bins[0].Code) || empty(bins[0].Code) {
		t.Error("the first scan asks for it, the second and third do not")
	}
	waiting := p.open()
	if len(waiting) != 1 || waiting[0].Quantity != 100 || !strings.Contains(waiting[0].Reason, "1 of 2 bins of 100 pieces was scanned empty") {
		t.Fatalf("proposals %+v", waiting)
	}
	if !empty(bins[1].Code) {
		t.Error("the other bin was not taken")
	}
	if waiting = p.open(); len(waiting) != 1 || waiting[0].Quantity != 200 {
		t.Fatalf("with both empty: %+v", waiting)
	}
	p.must(p.desk.Nightly(ctx))
	if again := p.open(); len(again) != 1 || again[0].Quantity != 200 {
		t.Fatalf("the night doubled it: %+v", again)
	}
	p.must(p.stock.Receive(ctx, manager, inventory.Receiving{Item: "swabs", Place: "store", Quantity: 100, Number: "S9"}))
	bins, err = p.desk.Store.Bins(ctx, "store")
	p.must(err)
	if full := bins[1]; !bins[0].Empty() || full.Empty() || full.Number != 1 {
		t.Errorf("one bin's worth fills the bin that waited longest: %+v", bins)
	}
	if _, _, err := p.desk.EmptyBin(ctx, nora, "BIN-NOBODY-1"); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("an unknown card: %v", err)
	}
	p.must(p.desk.SetRefill(ctx, manager, spot, policy.Refill{}))
	if bins, err = p.desk.Store.Bins(ctx, ""); err != nil || len(bins) != 0 {
		t.Errorf("cards are left: %v %v", bins, err)
	}
}

// A cart is looked at every Monday: what was taken on Tuesday is ordered then.
func TestAParIsFilledUpOnItsDay(t *testing.T) {
	p, ctx := open(t), t.Context() // Monday, 2 March
	spot := reorder.Spot{Item: "swabs", Place: "store"}
	p.must(p.desk.SetRefill(ctx, manager, spot, policy.Refill{Kind: policy.Par, Maximum: 400, ReviewDays: 7}))
	p.pass(24 * time.Hour)
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "swabs", Place: "store", Quantity: 30}))
	proposed := func() (n int64) {
		t.Helper()
		p.must(p.desk.Nightly(ctx))
		for _, waits := range p.open() {
			if waits.Item.ID == "swabs" {
				n += waits.Quantity
			}
		}
		return n
	}
	if n := proposed(); n != 0 {
		t.Errorf("on Tuesday %d are proposed", n)
	}
	p.pass(6 * 24 * time.Hour)
	if n, again := proposed(), proposed(); n != 50 || again != 50 {
		t.Errorf("on Monday %d are proposed, in a second night %d", n, again)
	}
}
