package db_test

import (
	"errors"
	"strings"
	"testing"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// spread has 400 swabs lie in the store, where none are used, and lets a ward's
// fridge place run low of its vaccine while the other fridge would waste some.
func (p *pharmacy) surplus() reorder.Proposal {
	p.t.Helper()
	ctx := p.t.Context()
	expiry, err := inventory.ParseDate("2026-04-15")
	p.must(err)
	p.used("flu", "fridge-1", 1)
	p.must(p.stock.Receive(ctx, pharmacist, inventory.Receiving{Item: "flu", Place: "fridge-2", Number: "E5", Expiry: expiry, Quantity: 25}))
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 35}))
	p.must(p.desk.Nightly(ctx))
	for _, one := range p.open() {
		if one.Item.ID == "flu" {
			return one
		}
	}
	p.t.Fatalf("nothing is proposed: %+v", p.open())
	return reorder.Proposal{}
}

func TestWhatWouldExpireElsewhereIsOfferedBeforeBuying(t *testing.T) {
	p, ctx := open(t), t.Context()
	proposal := p.surplus()
	if len(proposal.Offers) != 1 || proposal.Offers[0].From != "fridge-2" || proposal.Offers[0].Quantity != 25 || !proposal.Offers[0].Expiring {
		t.Fatalf("%+v", proposal.Offers)
	}
	answer := reorder.Answer{ID: proposal.ID, Version: proposal.Version}
	if _, err := p.desk.AskTransfer(ctx, nora, answer, "fridge-2"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse asks: %v", err)
	}
	rest, err := p.desk.AskTransfer(ctx, manager, answer, "fridge-2")
	p.must(err)
	if rest.Quantity >= proposal.Quantity && rest.Open() || len(rest.Offers) != 0 {
		t.Errorf("it still asks for all: %+v", rest)
	}
	p.must(p.desk.Nightly(ctx))
	for _, one := range p.open() {
		if one.Item.ID == "flu" && one.ID != proposal.ID {
			t.Errorf("proposed again although it comes: %+v", one)
		}
	}
	all, err := p.desk.Store.Transfers(ctx, 10)
	p.must(err)
	if len(all) != 1 || all[0].Status != reorder.Asked || all[0].To.ID != "fridge-1" {
		t.Fatalf("%+v", all)
	}
	p.must(p.desk.CarryTransfer(ctx, nora, all[0].ID, "k1"))
	if err := p.desk.CarryTransfer(ctx, nora, all[0].ID, "k2"); !errors.Is(err, hospital.ErrStale) || !strings.Contains(hospital.Sentence(err), "Nora has already ended this") {
		t.Errorf("carried twice: %v", err)
	}
	balances, err := p.stock.Store.Balances(ctx, "flu")
	p.must(err)
	for _, b := range balances {
		if b.Place == "fridge-2" && b.Free > 0 {
			t.Errorf("it still lies there: %+v", b)
		}
	}
	p.sound()
}

func TestATransferThatIsCalledOffIsBoughtAfterAll(t *testing.T) {
	p, ctx := open(t), t.Context()
	proposal := p.surplus()
	_, err := p.desk.AskTransfer(ctx, manager, reorder.Answer{ID: proposal.ID, Version: proposal.Version}, "fridge-2")
	p.must(err)
	all, err := p.desk.Store.Transfers(ctx, 10)
	p.must(err)
	if err := p.desk.CancelTransfer(ctx, manager, all[0].ID, ""); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	p.must(p.desk.CancelTransfer(ctx, manager, all[0].ID, "the box is damaged"))
	p.must(p.desk.Nightly(ctx))
	var asked int64
	for _, one := range p.open() {
		if one.Item.ID == "flu" {
			asked += one.Quantity
		}
	}
	if asked != proposal.Quantity {
		t.Errorf("%d are proposed, at first it was %d", asked, proposal.Quantity)
	}
}

func TestAPlaceThatHasNoneLeftIsNotAsked(t *testing.T) {
	p, ctx := open(t), t.Context()
	proposal := p.surplus()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-2", Quantity: 25}))
	_, err := p.desk.AskTransfer(ctx, manager, reorder.Answer{ID: proposal.ID, Version: proposal.Version}, "fridge-2")
	if !errors.Is(err, hospital.ErrStale) || !strings.Contains(hospital.Sentence(err), "none to spare") {
		t.Error(err)
	}
}
