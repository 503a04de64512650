package db_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// sentOrder is 8 packs of gloves at 4.50 that are with their supplier, due on 5 March.
func sentOrder(t *testing.T) (*pharmacy, func() reorder.Order) {
	t.Helper()
	p := lowGloves(t)
	approved, err := p.desk.Approve(t.Context(), manager, reorder.Answer{ID: p.open()[0].ID, Version: 1})
	p.must(err)
	find := func() reorder.Order {
		t.Helper()
		o, err := p.desk.Store.FindOrder(t.Context(), approved.Order)
		p.must(err)
		return o
	}
	p.must(p.desk.Send(t.Context(), manager, approved.Order, find().Version))
	return p, find
}

// The supplier confirms less, later and dearer; we change the order once more and
// it is told; a part comes, a part of that goes back; what is charged is compared
// with what stayed and was agreed; and the ledger closes.
func TestFromConfirmationToInvoice(t *testing.T) {
	p, find := sentOrder(t)
	ctx, o := t.Context(), find()
	line := o.Lines[0].ID
	terms := func(quantity int64, expected string, price int64, why string) error {
		return p.desk.Confirm(ctx, manager, reorder.Confirmation{Number: o.Number, Version: find().Version, Reference: "SO-9", Why: why,
			Lines: []reorder.LineTerms{{Line: line, Quantity: quantity, Expected: day(expected), Price: price}}})
	}
	for name, err := range map[string]error{"more than ordered": terms(900, "2026-03-06", 450, ""), "dearer without a reason": terms(700, "2026-03-06", 460, ""),
		"by who only receives": p.desk.Confirm(ctx, pharmacist, reorder.Confirmation{Number: o.Number, Version: o.Version})} {
		if !errors.Is(err, hospital.ErrInvalid) && !errors.Is(err, hospital.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.must(terms(700, "2026-03-06", 460, "new price list"))
	if o := find(); o.Outstanding() != 700 || o.Lines[0].Price != 460 || o.ExpectedOf(o.Lines[0]).String() != "2026-03-06" {
		t.Errorf("confirmed: %+v", o)
	}
	p.must(p.desk.Amend(ctx, manager, reorder.Confirmation{Number: o.Number, Version: find().Version, Why: "a ward closes",
		Lines: []reorder.LineTerms{{Line: line, Quantity: 600}}}))
	mail, err := p.desk.Store.MailOf(ctx, o.Number)
	p.must(err)
	if len(mail) != 2 || !strings.Contains(mail[0].Subject, "Change of order") || !strings.Contains(mail[0].Body, "600 pair instead of 800") {
		t.Errorf("letters: %+v", mail)
	}

	p.pass(5 * 24 * time.Hour) // 7 March
	today := p.stock.Today(p.now())
	late, err := p.desk.Store.Late(ctx, today)
	p.must(err)
	if len(late) != 1 || len(late[0].LateLines(today)) != 1 || len(late[0].LateLines(day("2026-03-06"))) != 0 {
		t.Errorf("late: %+v", late)
	}
	if n, err := p.desk.Store.CountLate(ctx, today); err != nil || n != 1 {
		t.Errorf("%d are late, %v", n, err)
	}
	p.must(p.desk.Receive(ctx, pharmacist, reorder.Receipt{Number: o.Number, Version: find().Version, Parts: []reorder.Part{{Line: line, Quantity: 500, Lot: "G9"}}}))
	lots, err := p.desk.Store.LotsOf(ctx, o.Number)
	p.must(err)
	back := reorder.SentBack{Number: o.Number, Line: line, Place: "store", Quantity: 100, Why: "torn", Key: "k1"}
	for _, b := range lots {
		if b.Lot.Number == "G9" {
			back.Lot = b.Lot.ID
		}
	}
	back.Version = find().Version
	p.must(p.desk.SendBack(ctx, pharmacist, back))
	p.must(p.desk.SendBack(ctx, pharmacist, back)) // the button was pressed twice
	back.Version, back.Quantity, back.Replaced, back.Key = find().Version, 200, true, "k2"
	p.must(p.desk.SendBack(ctx, pharmacist, back))
	back.Version, back.Quantity, back.Key = find().Version, 300, "k3"
	if err := p.desk.SendBack(ctx, pharmacist, back); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("more goes back than came: %v", err)
	}
	p.expect("gloves", 280+500-300, 0, 280+500-300)
	if o := find(); o.Status != reorder.PartReceived || o.Outstanding() != 300 || o.Lines[0].Returned != 100 || o.Lines[0].Received != 300 {
		t.Errorf("after returns: %+v", o)
	}
	p.sound()

	charge := func(number string, packs, price, total int64) reorder.Invoice {
		t.Helper()
		v, err := p.desk.EnterInvoice(ctx, manager, reorder.Invoice{Invoice: number, Number: o.Number, Day: today, Total: total,
			Lines: []reorder.InvoiceLine{{Line: line, Packs: packs, Price: price}}})
		p.must(err)
		return v
	}
	if v := charge("R-1", 1, 460, 460); v.Status != reorder.Matched {
		t.Errorf("one of the two packs that stayed: %+v", v)
	}
	wrong := charge("R-2", 2, 470, 990)
	if wrong.Status != reorder.Pending {
		t.Errorf("two more, dearer, with freight: %+v", wrong)
	}
	says := ""
	for _, m := range reorder.Match(find(), map[int64]int64{line: 1}, wrong) {
		says += m.Says + "\n"
	}
	for _, want := range []string{"3 packs charged, 2 packs came in and stayed", "1 pack of them are on other invoices", "charged at 4.70 EUR, agreed was 4.60 EUR", "9.90 EUR is not the sum of its lines, 9.40 EUR"} {
		if !strings.Contains(says, want) {
			t.Errorf("a person is not told %q:\n%s", want, says)
		}
	}
	if _, err := p.desk.EnterInvoice(ctx, manager, reorder.Invoice{Invoice: "R-2", Number: o.Number, Day: today, Total: 1, Lines: wrong.Lines}); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("an invoice is entered twice: %v", err)
	}
	p.must(p.desk.DecideInvoice(ctx, manager, wrong.ID, false, "asked for another"))
	if err := p.desk.DecideInvoice(ctx, second, wrong.ID, true, "fine"); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("it is decided twice: %v", err)
	}
	if v := charge("R-3", 1, 460, 460); v.Status != reorder.Matched {
		t.Errorf("what a disputed invoice charged still counts: %+v", v)
	}
	p.must(p.desk.CloseShort(ctx, manager, o.Number, find().Version, "no more"))
	all, err := p.desk.Store.Performances(ctx, today-365, today)
	p.must(err)
	if s := all[0]; s.Orders != 1 || s.Deliveries != 1 || s.OnTime != 0 || s.Ordered != 800 || s.Came != 300 || s.Invoices != 3 || s.Mismatched != 1 || s.LateNow != 0 {
		t.Errorf("how the supplier did: %+v", s)
	}
	_, err = p.db.VerifyDeep(ctx)
	p.must(err)
}

// What is charged may differ from what was agreed by half a percent and rounding, not by more.
func TestInvoicesAtTheTolerance(t *testing.T) {
	o := reorder.Order{Supplier: inventory.Supplier{Currency: "EUR"}, Lines: []reorder.Line{{ID: 1, Pack: 10, Price: 1000, Ordered: 100, Received: 95}}}
	for _, c := range []struct {
		packs, price, extra int64
		fits                bool
	}{{10, 1000, 0, true}, {10, 1005, 0, true}, {10, 995, 0, true}, {10, 1006, 0, false}, {10, 994, 0, false}, {11, 1000, 0, false}, {10, 1000, 2, true}, {10, 1000, 3, false}, {10, 1000, -3, false}} {
		v := reorder.Invoice{Total: c.packs*c.price + c.extra, Lines: []reorder.InvoiceLine{{Line: 1, Packs: c.packs, Price: c.price}}}
		if got := reorder.Match(o, nil, v); len(got) == 0 != c.fits {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if got := reorder.Match(o, nil, reorder.Invoice{Lines: []reorder.InvoiceLine{{Line: 7, Packs: 1}}}); len(got) != 1 {
		t.Errorf("what was never ordered: %v", got)
	}
}
