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

const (
	tagA = "3034257BF7194E4000001A85"
	tagB = "3034257BF7194E4000001A86"
)

// Two tagged packs of vaccine are taken from a cabinet, one comes back, and the
// ledger follows without anybody touching a key.
func TestACabinetBooksByItself(t *testing.T) {
	p, ctx := open(t), t.Context()
	room := p.room()
	room.Stock.Register = hospital.NewRegister(hospital.NewDirectory(hospital.Site{ID: "st-anna", Name: "St Anna", Zone: "Europe/Berlin"}, nil, nil, nil, nil,
		[]hospital.Gateway{{ID: "rd-1", Reads: hospital.ReadsCabinet}}))
	if err := room.SetCabinet(ctx, manager, "store", "rd-9"); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("a reader that is not there: %v", err)
	}
	p.must(room.SetCabinet(ctx, manager, "store", "rd-1"))
	cabinets := &inventory.Cabinets{Room: room}
	p.must(cabinets.Listen(ctx))
	hear := func(d time.Duration, tags ...string) {
		t.Helper()
		for range int(d / (10 * time.Second)) {
			p.pass(10 * time.Second)
			cabinets.Hear("rd-1", "ping", p.now())
			cabinets.Hear("rd-2", "epc:"+tagA, p.now()) // another reader hears nothing of ours
			for _, tag := range tags {
				cabinets.Hear("rd-1", "epc:"+strings.ToLower(tag), p.now())
			}
			p.must(cabinets.Look(ctx, p.now()))
		}
	}
	troubles := func(kinds ...string) {
		t.Helper()
		waiting, err := room.Store.TagTroubles(ctx, "store")
		p.must(err)
		var got []string
		for _, w := range waiting {
			got = append(got, w.Kind)
		}
		if strings.Join(got, " ") != strings.Join(kinds, " ") {
			t.Errorf("troubles %v, want %v", got, kinds)
		}
	}
	hear(time.Minute, tagA, tagB)
	troubles(inventory.TagUnknown, inventory.TagUnknown) // once each, however often they are read
	lots, err := p.stock.Store.Balances(ctx, "flu")
	p.must(err)
	lot := lots[1].Lot.ID // B2
	p.must(room.Tag(ctx, nora, inventory.Tagging{Place: "store", EPC: tagA, Item: "flu", Lot: lot, Quantity: 5, From: "fridge-1", Key: "k"}))
	p.must(room.Tag(ctx, nora, inventory.Tagging{Place: "store", EPC: tagA, Item: "flu", Lot: lot, Quantity: 5, From: "fridge-1", Key: "k"}))
	p.must(room.Tag(ctx, nora, inventory.Tagging{Place: "store", EPC: tagB, Item: "flu", Lot: lot, Quantity: 10})) // nobody has booked it here
	troubles()
	p.expect("flu", 50, 0, 50)
	hear(2*time.Minute, tagA, tagB)
	p.expect("flu", 50, 0, 50)
	hear(50*time.Second, tagB) // a body shades the tag
	p.expect("flu", 50, 0, 50)
	hear(time.Minute, tagB)
	p.expect("flu", 45, 0, 45) // it was taken
	moves, err := p.stock.Store.Movements(ctx, "flu", 0, 1)
	p.must(err)
	if m := moves[0]; m.Kind != inventory.Use || m.Free != -5 || m.Source != "cabinet" || m.Ref != "tag/"+tagA {
		t.Errorf("the ledger's line %+v", m)
	}
	hear(20*time.Second, tagA, tagB)
	p.expect("flu", 50, 0, 50) // it came back
	p.pass(10 * time.Minute)   // the reader is cut off: nothing follows from its silence
	p.must(cabinets.Look(ctx, p.now()))
	p.expect("flu", 50, 0, 50)
	hear(2*time.Minute, tagA)
	p.expect("flu", 50, 0, 50) // of the other the ledger has none to take: it never falls below nothing
	troubles(inventory.TagShort)
	short := inventory.TagTrouble{Place: "store", EPC: tagB, Kind: inventory.TagShort}
	if err := room.Resolve(ctx, nora, short, "x"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse resolves it: %v", err)
	}
	if err := room.Resolve(ctx, manager, short, " "); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("without a word: %v", err)
	}
	p.must(room.Resolve(ctx, manager, short, "was never booked in"))
	if err := room.Resolve(ctx, manager, short, "again"); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("twice: %v", err)
	}
	troubles()
	p.sound()
}

// An implant lies here unpaid: its use raises the bill and its replacement.
func TestConsignedGoodsAreBilledWhenTheyAreUsed(t *testing.T) {
	p, ctx := open(t), t.Context()
	room := p.room()
	if err := room.SetConsignment(ctx, manager, "swabs", "store", "medi"); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("stock that we have paid changes hands: %v", err)
	}
	p.must(room.SetConsignment(ctx, manager, "swabs", "fridge-2", "medi"))
	p.must(p.stock.Receive(ctx, manager, inventory.Receiving{Item: "swabs", Place: "fridge-2", Number: "S1", Quantity: 60}))
	for _, n := range []int64{20, 15} {
		p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "swabs", Place: "fridge-2", Quantity: n}))
	}
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "swabs", Place: "store", Quantity: 7})) // ours
	uses, err := room.Store.ConsignedUses(ctx, 10)
	p.must(err)
	all, err := room.Store.Consignments(ctx)
	p.must(err)
	if len(uses) != 2 || uses[0].Quantity != 20 || uses[0].Worth() != 120 || uses[1].Worth() != 90 || len(all) != 1 || all[0].OnHand != 25 {
		t.Fatalf("uses %+v of %+v", uses, all)
	}
	today := p.stock.Today(p.now())
	if u, err := room.Store.Usage(ctx, today, today, "", 5); err != nil || u.Consigned != 150 || u.Used[0].Quantity != 42 {
		t.Errorf("usage %+v %v", u, err)
	}
	if _, err := room.BillConsigned(ctx, manager, "medi", ""); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("a bill without a number: %v", err)
	}
	if n, err := room.BillConsigned(ctx, manager, "medi", "R-7"); err != nil || n != 2 {
		t.Errorf("%d on the bill: %v", n, err)
	}
	if _, err := room.BillConsigned(ctx, manager, "medi", "R-8"); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("billed twice: %v", err)
	}
	p.sound()
}

// A round brings what is missing of each par, all of it or nothing.
func TestARoundFillsUpAPlace(t *testing.T) {
	p, ctx := open(t), t.Context()
	room := p.room()
	p.must(p.stock.Receive(ctx, manager, inventory.Receiving{Item: "flu", Place: "fridge-2", Number: "C3", Expiry: 20_700, Quantity: 8}))
	lines, err := room.Store.ParLines(ctx, "fridge-1", "fridge-2", p.stock.Today(p.now()))
	p.must(err)
	if len(lines) != 1 || lines[0].Par != 60 || lines[0].Usable != 50 || lines[0].Bring != 8 {
		t.Fatalf("lines %+v", lines)
	}
	if err := room.Restock(ctx, nora, "fridge-1", "fridge-2", []inventory.Bringing{{Item: "flu", Quantity: 3}, {Item: "flu", Quantity: 9}}, ""); !errors.Is(err, inventory.ErrShort) {
		t.Errorf("more than is there: %v", err)
	}
	p.must(room.Restock(ctx, nora, "fridge-1", "fridge-2", []inventory.Bringing{{Item: "flu", Quantity: 8}}, "k"))
	p.must(room.Restock(ctx, nora, "fridge-1", "fridge-2", []inventory.Bringing{{Item: "flu", Quantity: 8}}, "k"))
	if lines, err = room.Store.ParLines(ctx, "fridge-1", "fridge-2", p.stock.Today(p.now())); err != nil || lines[0].Usable != 58 || lines[0].Bring != 0 {
		t.Errorf("after the round %+v %v", lines, err)
	}
}

// What expires, what was discarded and what was used, in one look.
func TestUseAndWasteAreSummed(t *testing.T) {
	p, ctx := open(t), t.Context()
	room := p.room()
	lots, err := p.stock.Store.Balances(ctx, "flu")
	p.must(err)
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 4}))
	p.must(p.stock.Discard(ctx, manager, inventory.Taking{Item: "flu", Place: "fridge-1", Lot: lots[0].Lot.ID, Quantity: 2, Why: "broken"}))
	p.must(p.stock.Count(ctx, manager, inventory.Counting{Taking: inventory.Taking{Item: "swabs", Place: "store", Lot: "lot-4", Quantity: 390, Why: "missing"}}))
	today := p.stock.Today(p.now())
	u, err := room.Store.Usage(ctx, today-29, today, "", 5)
	p.must(err)
	used, wasted, lost := u.Sums()
	if used != 4*1205 || wasted != 2*1205 || lost != 60 || len(u.Months) != 1 || u.Months[0].Month != "2026-03" {
		t.Errorf("used %d, wasted %d, lost %d: %+v", used, wasted, lost, u.Months)
	}
	if len(u.Reasons) != 1 || u.Reasons[0].Why != "broken" || u.OnHand != 44*1205+500*450/100+390*300/50 {
		t.Errorf("%+v", u)
	}
	soon, err := room.WillExpire(ctx, today, today+30, 1)
	p.must(err)
	if len(soon) != 1 || soon[0].Lot.Number != "A1" || soon[0].Waste != 24 || soon[0].Minor != 24*1205 {
		t.Errorf("will expire %+v", soon)
	}
}

// What costs in two currencies is told in each by itself, and never added.
func TestCurrenciesAreKeptApart(t *testing.T) {
	p, ctx := open(t), t.Context()
	room := p.room()
	p.must(p.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE suppliers SET currency = 'CHF' WHERE id = 'vax'`)
		return err
	}))
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 4}))
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 100}))
	today := p.stock.Today(p.now())
	for currency, want := range map[string][2]int64{"": {450, 400*450/100 + 400*300/50}, "EUR": {450, 400*450/100 + 400*300/50}, "CHF": {4 * 1205, 46 * 1205}, "USD": {450, 400*450/100 + 400*300/50}} {
		u, err := room.Store.Usage(ctx, today, today, currency, 5)
		p.must(err)
		used, _, _ := u.Sums()
		if used != want[0] || u.OnHand != want[1] || len(u.Used) != 1 || len(u.Currencies) != 2 || u.Currencies[0] != "EUR" || currency == "CHF" && u.Currency != "CHF" {
			t.Errorf("in %q: used %d, on hand %d of %+v", currency, used, u.OnHand, u)
		}
	}
	soon, err := room.WillExpire(ctx, today, today+400, 1)
	p.must(err)
	for i := range soon {
		if named := soon[i].ItemName != ""; named != (i == 0) {
			t.Errorf("of %d lots one is shown, number %d has the name %q", len(soon), i, soon[i].ItemName)
		}
		soon[i].Minor = 100
	}
	soon = append(soon, inventory.Perishing{Minor: 7, Currency: "EUR"})
	if sums := inventory.Worths(soon); len(sums) != 2 || sums[0] != (inventory.Money{Minor: 200, Currency: "CHF"}) || sums[1] != (inventory.Money{Minor: 7, Currency: "EUR"}) {
		t.Errorf("%+v", sums)
	}
}
