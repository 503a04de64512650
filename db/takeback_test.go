package db_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// newest is the newest line of an item's ledger.
func (p *pharmacy) newest(item inventory.ItemID) inventory.Movement {
	p.t.Helper()
	lines, err := p.stock.Store.Movements(p.t.Context(), item, 0, 1)
	p.must(err)
	if len(lines) != 1 {
		p.t.Fatalf("%s has %d lines", item, len(lines))
	}
	return lines[0]
}

func (p *pharmacy) takeBack(by hospital.Actor, m inventory.Movement) error {
	return p.stock.TakeBack(p.t.Context(), by, inventory.TakingBack{Item: m.Item, Line: m.Seq, Why: "mistyped"})
}

// Each booking that a person makes alone is undone by a line of the same kind that names it.
func TestAWrongLineIsTakenBackOnce(t *testing.T) {
	p, ctx := open(t), t.Context()
	lot := p.newest("gloves").Lot
	at := inventory.Taking{Item: "gloves", Place: "store", Lot: lot, Quantity: 90, Why: "a slip"}
	for name, c := range map[string]struct {
		by   hospital.Actor
		book func() error
		then int64
	}{
		"use":     {nora, func() error { return p.stock.Use(ctx, nora, at) }, 410},
		"return":  {nora, func() error { return p.stock.Return(ctx, nora, at) }, 590},
		"discard": {manager, func() error { return p.stock.Discard(ctx, manager, at) }, 410},
		"less":    {manager, func() error { return p.stock.Count(ctx, manager, inventory.Counting{Taking: at}) }, 90},
		"more": {manager, func() error {
			many := at
			many.Quantity = 900
			return p.stock.Count(ctx, manager, inventory.Counting{Taking: many})
		}, 900},
	} {
		p.must(c.book())
		p.expect("gloves", c.then, 0, c.then)
		wrong := p.newest("gloves")
		if err := p.stock.TakeBack(ctx, c.by, inventory.TakingBack{Item: "gloves", Line: wrong.Seq, Why: " "}); !errors.Is(err, hospital.ErrInvalid) {
			t.Errorf("%s is taken back without a word: %v", name, err)
		}
		p.must(p.takeBack(c.by, wrong))
		p.expect("gloves", 500, 0, 500)
		undone := p.newest("gloves")
		if undone.Kind != wrong.Kind || undone.Undoes() != wrong.Seq || undone.Free != -wrong.Free || undone.Why != "mistyped" || undone.By != c.by.ID {
			t.Errorf("%s is undone by %+v", name, undone)
		}
		if err := p.takeBack(c.by, wrong); !errors.Is(err, hospital.ErrStale) {
			t.Errorf("%s is taken back twice: %v", name, err)
		}
		if err := p.takeBack(c.by, undone); !errors.Is(err, hospital.ErrInvalid) {
			t.Errorf("%s: what takes back is taken back: %v", name, err)
		}
		taken, err := p.stock.Store.TakenBack(ctx, []int64{undone.Seq, wrong.Seq})
		if err != nil || taken[wrong.Seq] != undone.Seq || len(taken) != 1 {
			t.Errorf("%s: %v are taken back, %v", name, taken, err)
		}
	}
	p.sound()
	var deeds int
	if err := p.db.QueryRow(ctx, `SELECT count(*) FROM audit WHERE what = 'stock.take-back' AND why LIKE 'line %: mistyped'`).Scan(&deeds); err != nil || deeds != 5 {
		t.Errorf("the trail tells of %d, %v", deeds, err)
	}
}

// A use that never was is taken off the day that it was booked on: no forecast is made from it.
func TestAUseThatIsTakenBackLeavesItsDay(t *testing.T) {
	p, ctx := open(t), t.Context()
	day := p.stock.Today(p.now())
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 90}))
	wrong := p.newest("gloves")
	p.pass(50 * time.Hour)
	p.must(p.takeBack(nora, wrong))
	use, err := p.stock.Store.UseByDay(ctx, "gloves", day)
	if err != nil || use[day] != 0 || use[day+2] != 0 {
		t.Errorf("use by day is %v, %v", use, err)
	}
}

// Who may not book a line may not take it back, and what hangs together with more than the
// line says how it is put right instead.
func TestWhatCannotBeTakenBackSaysHowItIsPutRight(t *testing.T) {
	p, ctx := open(t), t.Context()
	says := func(name, want string) {
		t.Helper()
		if err := p.takeBack(manager, p.newest("gloves")); !errors.Is(err, hospital.ErrInvalid) || !strings.Contains(hospital.Sentence(err), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	says("opening", "by a count")
	p.must(p.stock.Receive(ctx, manager, inventory.Receiving{Item: "gloves", Place: "store", Number: "X", Quantity: 5}))
	says("receipt", "sending it back")
	p.must(p.stock.Move(ctx, nora, inventory.Moving{Taking: inventory.Taking{Item: "gloves", Place: "store", Quantity: 5}, To: "fridge-1"}))
	says("move", "moving it back")
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 5, Source: "cabinet"}))
	says("cabinet", "more than itself")
	at := inventory.Taking{Item: "gloves", Place: "store", Lot: p.newest("gloves").Lot, Quantity: 7, Why: "torn"}
	p.must(p.stock.Discard(ctx, manager, at))
	if err := p.takeBack(nora, p.newest("gloves")); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse took back a discard: %v", err)
	}
	if err := p.stock.TakeBack(ctx, manager, inventory.TakingBack{Item: "flu", Line: p.newest("gloves").Seq, Why: "mistyped"}); !errors.Is(err, inventory.ErrUnknownLine) {
		t.Errorf("a line of another item: %v", err)
	}
}

// What a line brought and somebody has used since cannot be taken back; of many who take a
// line back at once, one does.
func TestTakingBackLeavesNoLessThanNothing(t *testing.T) {
	p, ctx := open(t), t.Context()
	at := inventory.Taking{Item: "gloves", Place: "store", Lot: p.newest("gloves").Lot, Quantity: 100}
	p.must(p.stock.Return(ctx, nora, at))
	wrong := p.newest("gloves")
	at.Quantity = 550
	p.must(p.stock.Use(ctx, nora, at))
	if err := p.takeBack(nora, wrong); !errors.Is(err, inventory.ErrShort) {
		t.Errorf("more than there is was taken back: %v", err)
	}
	used := p.newest("gloves")
	var done atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if p.takeBack(nora, used) == nil {
				done.Add(1)
			}
		})
	}
	all.Wait()
	if done.Load() != 1 {
		t.Errorf("%d took it back", done.Load())
	}
	p.expect("gloves", 600, 0, 600)
	p.sound()
	err := db.Stock{DB: p.db}.InTx(ctx, func(tx inventory.Tx) error {
		return tx.Append(ctx, inventory.Movement{At: p.now(), Day: used.Day, Kind: inventory.Use, Item: used.Item, Lot: used.Lot,
			Place: used.Place, Free: 1, By: "x", ByName: "X", Source: "form", Ref: inventory.LineRef(used.Seq)})
	})
	if err == nil {
		t.Error("the ledger took a second line that takes the same one back")
	}
}
