package db_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wardwatch/db/dbtest"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"

	"pgregory.net/rapid"
)

// The loop: stock runs low, an order is proposed, approved, sent, received in
// parts, and the ledger closes.
func TestFromLowStockToAClosedOrder(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	for range 3 {
		p.must(p.desk.Nightly(ctx))
	}
	open := p.open()
	if len(open) != 1 || open[0].Quantity != 800 || open[0].Cost().String() != "36.00 EUR" || open[0].RaisedName != "reorder run" {
		t.Fatalf("proposals %+v", open)
	}
	if _, err := p.desk.Approve(ctx, nora, reorder.Answer{ID: open[0].ID, Version: 1}); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse approves: %v", err)
	}
	approved, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: open[0].ID, Version: 1})
	p.must(err)
	if approved.Order != "2026-0001" || approved.Status != reorder.Approved {
		t.Errorf("approved %+v", approved)
	}
	if _, err := p.desk.Approve(ctx, second, reorder.Answer{ID: open[0].ID, Version: 1}); !errors.Is(err, hospital.ErrStale) || !strings.Contains(hospital.Sentence(err), "Sam has already approved") {
		t.Errorf("approved twice: %v", err)
	}
	p.must(p.desk.Nightly(ctx))
	if n := len(p.open()); n != 0 {
		t.Errorf("%d proposals although it is on order", n)
	}
	p.must(p.desk.SendDrafts(ctx))
	o, err := p.desk.Store.FindOrder(ctx, "2026-0001")
	p.must(err)
	if o.Status != reorder.Sent || o.Expected.String() != "2026-03-05" || o.Total().String() != "36.00 EUR" || len(o.Lines) != 1 {
		t.Fatalf("order %+v", o)
	}
	mail, err := p.desk.Store.MailOf(ctx, o.Number)
	p.must(err)
	if len(mail) != 1 || mail[0].Recipient != "orders@medi.example" || !strings.Contains(mail[0].Body, "8 packs of 100 pair: Gloves") {
		t.Errorf("mail %+v", mail)
	}
	if err := p.desk.Send(ctx, manager, o.Number, o.Version); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("sent twice: %v", err)
	}
	receive := func(version, n int64, over bool, why string) error {
		return p.desk.Receive(ctx, pharmacist, reorder.Receipt{Number: o.Number, Version: version, Over: over, Why: why,
			Parts: []reorder.Part{{Line: o.Lines[0].ID, Quantity: n, Lot: "G9"}}})
	}
	p.must(receive(o.Version, 300, false, ""))
	if err := receive(o.Version, 300, false, ""); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("received from an old page: %v", err)
	}
	p.expect("gloves", 580, 0, 580)
	o, err = p.desk.Store.FindOrder(ctx, o.Number)
	p.must(err)
	if o.Status != reorder.PartReceived || o.Outstanding() != 500 {
		t.Errorf("order %+v", o)
	}
	if err := receive(o.Version, 600, false, ""); !errors.Is(err, reorder.ErrOver) {
		t.Errorf("more than ordered: %v", err)
	}
	p.must(receive(o.Version, 600, true, "the box holds 600"))
	o, err = p.desk.Store.FindOrder(ctx, o.Number)
	p.must(err)
	if o.Status != reorder.Closed || o.ClosedAt.IsZero() {
		t.Errorf("order %+v", o)
	}
	p.expect("gloves", 1180, 0, 1180)
	p.sound()
}

func TestClosingShortLetsTheDeskProposeTheRest(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(ctx))
	approved, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: p.open()[0].ID, Version: 1})
	p.must(err)
	o, err := p.desk.Store.FindOrder(ctx, approved.Order)
	p.must(err)
	p.must(p.desk.Send(ctx, manager, o.Number, o.Version))
	p.must(p.desk.CloseShort(ctx, manager, o.Number, o.Version+1, "discontinued"))
	p.must(p.desk.Nightly(ctx))
	if open := p.open(); len(open) != 1 || open[0].Quantity != 800 {
		t.Errorf("proposals %+v", open)
	}
}

func TestAmountsAtTheLimit(t *testing.T) {
	for _, c := range []struct {
		limit int64
		two   bool
	}{{3600, false}, {3599, true}} {
		p, ctx := open(t), t.Context()
		p.desk.Limits.Alone = c.limit
		p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
		p.must(p.desk.Nightly(ctx))
		got, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: p.open()[0].ID, Version: 1})
		p.must(err)
		if (got.Status == reorder.HalfApproved) != c.two {
			t.Errorf("36.00 with a limit of %d: %s", c.limit, got.Status)
		}
		if !c.two {
			continue
		}
		if _, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: got.ID, Version: 2}); !errors.Is(err, hospital.ErrForbidden) {
			t.Errorf("one person approves twice: %v", err)
		}
		// another quantity is another decision: the first approval is void
		half, err := p.desk.Approve(ctx, second, reorder.Answer{ID: got.ID, Version: 2, Quantity: 900, Why: "stock-taking"})
		p.must(err)
		if half.Status != reorder.HalfApproved || half.FirstName != "Mo" || half.Quantity != 900 {
			t.Errorf("after a change: %+v", half)
		}
		done, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: got.ID, Version: 3})
		p.must(err)
		if done.Status != reorder.Approved {
			t.Errorf("after two: %s", done.Status)
		}
	}
}

func TestWhoAsksDoesNotApprove(t *testing.T) {
	p, ctx := open(t), t.Context()
	id, err := p.desk.Ask(ctx, manager, reorder.Spot{Item: "swabs", Place: "store"}, 120, "flu season")
	p.must(err)
	if _, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: id, Version: 1}); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("approved her own: %v", err)
	}
	got, err := p.desk.Approve(ctx, second, reorder.Answer{ID: id, Version: 1})
	p.must(err)
	if got.Quantity != 150 || got.Packs() != 3 {
		t.Errorf("%+v", got)
	}
}

func TestADeclinedProposalDoesNotComeBackTheNextDay(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(ctx))
	id := p.open()[0].ID
	if _, err := p.desk.Decline(ctx, manager, reorder.Answer{ID: id, Version: 1}); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("without reason: %v", err)
	}
	_, err := p.desk.Decline(ctx, manager, reorder.Answer{ID: id, Version: 1, Why: "budget"})
	p.must(err)
	for range 6 {
		p.pass(24 * time.Hour)
		p.must(p.desk.Nightly(ctx))
	}
	gloves := func() (n int) {
		for _, one := range p.open() {
			if one.Item.ID == "gloves" {
				n++
			}
		}
		return n
	}
	if n := gloves(); n != 0 {
		t.Errorf("%d proposals within the week", n)
	}
	p.pass(48 * time.Hour)
	p.must(p.desk.Nightly(ctx))
	if n := gloves(); n != 1 {
		t.Errorf("%d proposals after the week", n)
	}
}

func TestOneDraftForEachSupplier(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 300}))
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 40}))
	_, err := p.desk.Ask(ctx, nora, reorder.Spot{Item: "swabs", Place: "store"}, 50, "ward round")
	p.must(err)
	p.must(p.desk.Nightly(ctx))
	numbers := map[string]int{}
	for _, one := range p.open() {
		got, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: one.ID, Version: one.Version})
		p.must(err)
		numbers[got.Order]++
	}
	if len(numbers) != 2 || numbers["2026-0001"]+numbers["2026-0002"] != 3 {
		t.Errorf("orders %v", numbers)
	}
}

// Whatever happens in whatever order, stock is the ledger's sum and never below
// nothing, there is one open proposal for a spot, and a second run orders nothing.
func TestNothingIsLostDoubledOrOrderedTwice(t *testing.T) {
	p, ctx := open(t), t.Context() // one hospital lives through all of it
	rapid.Check(t, func(r *rapid.T) {
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			n := rapid.Int64Range(1, 200).Draw(r, "n")
			switch rapid.IntRange(0, 5).Draw(r, "what") {
			case 0:
				_ = p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: n})
			case 1:
				_ = p.stock.Use(ctx, nora, inventory.Taking{Item: "swabs", Place: "store", Quantity: n})
			case 2:
				p.must(p.stock.Receive(ctx, pharmacist, inventory.Receiving{Item: "gloves", Place: "store", Number: "X", Quantity: n}))
			case 3:
				p.pass(time.Duration(n) * time.Hour)
			case 4:
				for _, one := range p.open() {
					_, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: one.ID, Version: one.Version})
					p.must(err)
				}
			case 5:
				_, err := p.desk.Consider(ctx)
				p.must(err)
			}
		}
		p.must(p.desk.Nightly(ctx))
		before := p.open()
		p.must(p.desk.Nightly(ctx))
		after := p.open()
		if len(before) != len(after) {
			r.Fatalf("%d proposals, then %d", len(before), len(after))
		}
		for i := range before {
			if before[i].Quantity != after[i].Quantity || before[i].Version != after[i].Version {
				r.Fatalf("%+v, then %+v", before[i], after[i])
			}
		}
		p.sound()
	})
}

func TestADecisionCanBeTakenBackForAMinute(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(ctx))
	approved, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: p.open()[0].ID, Version: 1})
	p.must(err)
	if err := p.desk.Undo(ctx, second, approved.ID); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("another's decision was taken back: %v", err)
	}
	p.must(p.desk.Undo(ctx, manager, approved.ID))
	o, err := p.desk.Store.FindOrder(ctx, approved.Order)
	p.must(err)
	if open := p.open(); len(open) != 1 || open[0].Status != reorder.Waiting || len(o.Lines) != 0 {
		t.Fatalf("after undo: %+v, order %+v", open, o)
	}
	_, err = p.desk.Decline(ctx, manager, reorder.Answer{ID: approved.ID, Version: p.open()[0].Version, Why: "budget"})
	p.must(err)
	p.pass(reorder.UndoFor + time.Second)
	if err := p.desk.Undo(ctx, manager, approved.ID); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("taken back after the minute: %v", err)
	}
}

func TestPutOffIsHiddenAndStillCounts(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(ctx))
	_, err := p.desk.PutOff(ctx, manager, reorder.Answer{ID: p.open()[0].ID, Version: 1}, 3)
	p.must(err)
	p.must(p.desk.Nightly(ctx))
	today := p.stock.Today(p.now())
	waiting, err := p.desk.Store.CountOpen(ctx, today)
	p.must(err)
	later, err := p.desk.Store.CountOpen(ctx, today+3)
	p.must(err)
	if waiting != 0 || later != 1 || len(p.open()) != 1 {
		t.Errorf("%d now, %d in three days, %d in all", waiting, later, len(p.open()))
	}
}

func TestApprovingAllOfASupplierKeepsGoing(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 300}))
	_, err := p.desk.Ask(ctx, nora, reorder.Spot{Item: "swabs", Place: "store"}, 50, "ward round")
	p.must(err)
	p.must(p.desk.Nightly(ctx))
	var all []reorder.Answer
	for _, one := range p.open() {
		all = append(all, reorder.Answer{ID: one.ID, Version: one.Version})
	}
	all[0].Version = 99
	batch, err := p.desk.ApproveAll(ctx, manager, all)
	if n := batch.Approved; n != len(all)-1 || !errors.Is(err, hospital.ErrStale) {
		t.Errorf("%d of %d approved: %v", n, len(all), err)
	}
}

// What one button approved one button takes back: by whoever pressed it, within the
// minute, in one change. What can't be taken back any more stays, and that is told.
func TestWhatOneButtonApprovedOneButtonTakesBack(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 300}))
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 35}))
	_, err := p.desk.Ask(ctx, nora, reorder.Spot{Item: "swabs", Place: "store"}, 50, "ward round")
	p.must(err)
	p.must(p.desk.Nightly(ctx))
	approve := func(want int) reorder.Batch {
		t.Helper()
		var all []reorder.Answer
		for _, one := range p.open() {
			all = append(all, reorder.Answer{ID: one.ID, Version: one.Version})
		}
		batch, err := p.desk.ApproveAll(ctx, manager, all)
		p.must(err)
		if batch.Approved != want || len(p.open()) != 0 {
			t.Fatalf("%+v of %d approved", batch, want)
		}
		return batch
	}
	undo := func(by hospital.Actor, mark string, many, all int, told string) {
		t.Helper()
		back, err := p.desk.UndoAll(ctx, by, mark)
		if back != (reorder.TakenBack{Many: many, All: all}) || (err != nil) != (told != "") || !strings.Contains(hospital.Sentence(err), told) {
			t.Errorf("taken back %+v, told %v", back, err)
		}
		if err != nil && !errors.Is(err, hospital.ErrStale) {
			t.Errorf("told %v", err)
		}
	}
	lines := func() (n int) {
		t.Helper()
		orders, err := p.desk.Store.Orders(ctx, "", 10)
		p.must(err)
		for _, o := range orders {
			n += len(o.Lines)
		}
		return n
	}

	batch := approve(3)
	if _, err := p.desk.UndoAll(ctx, nora, batch.Mark); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse takes it back: %v", err)
	}
	undo(second, batch.Mark, 0, 3, "a decision of your own")
	undo(manager, "", 0, 0, "Nothing of this is left")
	undo(manager, batch.Mark, 3, 3, "")
	if len(p.open()) != 3 || lines() != 0 {
		t.Fatalf("%d wait, %d lines ordered", len(p.open()), lines())
	}
	undo(manager, batch.Mark, 0, 0, "Nothing of this is left")

	batch = approve(3) // then one supplier's order goes out, and somebody asks for swabs again
	orders, err := p.desk.Store.Orders(ctx, reorder.Draft, 10)
	p.must(err)
	for _, o := range orders {
		if o.Supplier.ID == "vax" {
			p.must(p.desk.Send(ctx, manager, o.Number, o.Version))
		}
	}
	_, err = p.desk.Ask(ctx, nora, reorder.Spot{Item: "swabs", Place: "store"}, 50, "another round")
	p.must(err)
	undo(manager, batch.Mark, 1, 3, "proposed anew")
	var trail int
	p.must(p.db.QueryRow(ctx, `SELECT COUNT(*) FROM audit WHERE what = 'proposal.undo' AND actor = 'sam'`).Scan(&trail))
	if trail != 4 || len(p.open()) != 2 || lines() != 2 {
		t.Errorf("%d lines in the trail, %d wait, %d lines ordered", trail, len(p.open()), lines())
	}
	p.pass(reorder.UndoFor + time.Second)
	undo(manager, batch.Mark, 0, 2, "only for a minute")
	p.sound()
}

// Where approvals are signed, none goes through without a proof, each signs what
// was approved as it then stood, and nobody approves in one go.
func TestApprovalsAreSignedWhereTheSiteAsks(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.desk.Limits.Signed = true
	id, err := p.desk.Ask(ctx, nora, reorder.Spot{Item: "swabs", Place: "store"}, 120, "flu season")
	p.must(err)
	if _, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: id, Version: 1}); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("without a signature: %v", err)
	}
	if _, err := p.desk.ApproveAll(ctx, manager, []reorder.Answer{{ID: id, Version: 1}}); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("in one go: %v", err)
	}
	got, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: id, Version: 1, Proof: dbtest.Proof(t, p.db, manager)})
	p.must(err)
	signed, err := p.desk.Store.Signatures(ctx, got.Ordering().Subject())
	p.must(err)
	order, err := p.desk.Store.FindOrder(ctx, got.Order)
	p.must(err)
	line := order.Lines[0]
	content, err := order.Ordering(line).Content()
	p.must(err)
	if len(signed) != 1 || signed[0].Name != manager.Name || signed[0].Meaning != hospital.Approved || !signed[0].Stands(content) {
		t.Errorf("signed: %+v", signed)
	}
	line.Ordered *= 2
	if content, err = order.Ordering(line).Content(); err != nil || signed[0].Stands(content) {
		t.Errorf("the signature stands over twice as much: %v", err)
	}
}

// Two programs of one owner, or a program and its owner, are one approver.
func TestProgramsOfOneOwnerAreOneApprover(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.desk.Limits.Alone = 1
	id, err := p.desk.Ask(ctx, nora, reorder.Spot{Item: "swabs", Place: "store"}, 120, "flu season")
	p.must(err)
	program := func(id hospital.PersonID) hospital.Actor {
		return hospital.Actor{ID: id, Name: string(id), Roles: []hospital.Role{hospital.SupplyManager}, Owner: manager.ID}
	}
	half, err := p.desk.Approve(ctx, program("token:t-1"), reorder.Answer{ID: id, Version: 1})
	p.must(err)
	for _, by := range []hospital.Actor{program("token:t-2"), manager} {
		if _, err := p.desk.Approve(ctx, by, reorder.Answer{ID: id, Version: half.Version}); !errors.Is(err, hospital.ErrForbidden) {
			t.Errorf("%s was the second approver: %v", by.ID, err)
		}
	}
	done, err := p.desk.Approve(ctx, second, reorder.Answer{ID: id, Version: half.Version})
	if p.must(err); done.Status != reorder.Approved {
		t.Errorf("after two people: %s", done.Status)
	}
}
