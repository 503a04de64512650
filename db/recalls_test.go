package db_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

func (p *pharmacy) recallFlu() inventory.RecallID {
	p.t.Helper()
	id, err := p.stock.Recall(p.t.Context(), pharmacist, inventory.Recall{Item: inventory.Item{ID: "flu"}, Numbers: []string{"A1", "C3"},
		Notice: "FSN-26-7", Why: "glass in the vial"})
	p.must(err)
	return id
}

func TestARecalledLotIsHeldWhereverItLies(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Move(ctx, nora, inventory.Moving{To: "fridge-2", Taking: inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-1", Quantity: 12}}))
	p.recallFlu()
	p.expect("flu", 50, 30, 20)
	if err := p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-2", Quantity: 1}); !errors.Is(err, inventory.ErrShort) {
		t.Errorf("a recalled dose was given out: %v", err)
	}
	// What comes back unused is held too, and a box that comes in later is refused.
	p.must(p.stock.Return(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-1", Quantity: 2}))
	p.expect("flu", 52, 32, 20)
	err := p.stock.Receive(ctx, pharmacist, inventory.Receiving{Item: "flu", Place: "fridge-1", Number: "C3", Quantity: 10})
	if !errors.Is(err, inventory.ErrUnusable) || !strings.Contains(hospital.Sentence(err), "FSN-26-7: glass in the vial") {
		t.Errorf("a recalled lot was received: %v", err)
	}
	p.must(p.stock.Receive(ctx, pharmacist, inventory.Receiving{Item: "flu", Place: "fridge-1", Number: "D4", Quantity: 10}))
	p.expect("flu", 62, 32, 30)
	p.sound()
}

func TestARecallIsDoneWhenEveryShelfIsTickedOff(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-1", Quantity: 3}))
	id := p.recallFlu()
	if err := p.stock.EndRecall(ctx, pharmacist, id, false, ""); !errors.Is(err, hospital.ErrInvalid) || !strings.Contains(hospital.Sentence(err), "1 shelves") {
		t.Errorf("done with a shelf left: %v", err)
	}
	if err := p.stock.TickRecalled(ctx, nora, id, "lot-1", "fridge-1", inventory.SentBack, ""); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse ticks off: %v", err)
	}
	p.must(p.stock.TickRecalled(ctx, pharmacist, id, "lot-1", "fridge-1", inventory.SentBack, "by courier"))
	if err := p.stock.TickRecalled(ctx, pharmacist, id, "lot-1", "fridge-1", inventory.SentBack, ""); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("ticked off twice: %v", err)
	}
	p.must(p.stock.EndRecall(ctx, pharmacist, id, false, ""))
	p.expect("flu", 20, 0, 20)
	r, lies, went, err := p.stock.Store.FindRecall(ctx, id)
	p.must(err)
	if r.Status != inventory.RecallDone || len(lies) != 0 || len(went) != 3 || went[0].Kind != inventory.Discard || went[1].Kind != inventory.Use || went[1].ByName != "Nora" {
		t.Errorf("%+v\n%+v\n%+v", r, lies, went)
	}
	p.sound()
}

// An excursion and a recall hold the same lot: neither lets go what the other keeps.
func TestARecallAndAnExcursionDoNotFreeEachOthersLots(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.chain.events = append(p.chain.events, coldchain.Event{Seq: 1, At: p.now(), Kind: coldchain.ExcursionBegan, Fridge: "f-01", Excursion: coldchain.Excursion{ID: 7, Fridge: "f-01"}})
	_, err := p.follow.CatchUp(ctx)
	p.must(err)
	id := p.recallFlu()
	held, err := p.stock.Store.HeldLots(ctx, "f-01")
	p.must(err)
	seen := false
	for _, h := range held {
		seen = seen || h.LotNumber == "A1"
		err := p.stock.Decide(ctx, pharmacist, h.ID, inventory.ReleaseLot, "within its stability")
		if h.LotNumber == "A1" && (!errors.Is(err, inventory.ErrUnusable) || !strings.Contains(hospital.Sentence(err), "recalled")) {
			t.Errorf("a recalled lot was released: %v", err)
		}
	}
	if !seen {
		t.Error("the excursion holds no lot that is recalled")
	}
	p.must(p.stock.EndRecall(ctx, pharmacist, id, true, "the maker tested again"))
	for _, b := range mustBalances(p) {
		if b.Lot.Number == "A1" && b.Free > 0 {
			t.Errorf("freed although the excursion holds it: %+v", b)
		}
	}
	p.sound()
}

func TestANoticeThatIsTakenBackFreesTheLot(t *testing.T) {
	p, ctx := open(t), t.Context()
	id := p.recallFlu()
	if err := p.stock.EndRecall(ctx, pharmacist, id, true, " "); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	p.pass(time.Hour)
	p.must(p.stock.EndRecall(ctx, pharmacist, id, true, "wrong lot printed"))
	p.expect("flu", 50, 0, 50)
	if err := p.stock.EndRecall(ctx, pharmacist, id, true, "again"); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("ended twice: %v", err)
	}
}

func mustBalances(p *pharmacy) []inventory.Balance {
	p.t.Helper()
	all, err := p.stock.Store.Balances(p.t.Context(), "flu")
	p.must(err)
	return all
}
