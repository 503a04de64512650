package db_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// used takes in a year and more of use, the given quantity every second day.
func (p *pharmacy) used(item inventory.ItemID, place inventory.PlaceID, quantity int64) {
	p.t.Helper()
	today := p.stock.Today(p.now())
	var all []inventory.PastUse
	for day := today - 364; day < today; day += 2 {
		all = append(all, inventory.PastUse{Item: item, Place: place, Day: day, Quantity: quantity + int64(day%5)})
	}
	fresh, err := db.Stock{DB: p.db}.ImportPastUse(p.t.Context(), hospital.Job("import"), all, true)
	p.must(err)
	if fresh != len(all) {
		p.t.Fatalf("%d of %d days were new", fresh, len(all))
	}
}

func (p *pharmacy) outlook(item inventory.ItemID) inventory.Outlook {
	p.t.Helper()
	all, err := p.stock.Store.Outlooks(p.t.Context(), item)
	p.must(err)
	if len(all) != 1 {
		p.t.Fatalf("%d outlooks", len(all))
	}
	return all[0]
}

func TestAMethodIsChosenByTryingAndSaidWithItsEvidence(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.used("swabs", "store", 20)
	p.must(p.desk.Nightly(ctx))
	o := p.outlook("swabs")
	if o.Basis != "back-tested" || !strings.HasPrefix(o.Evidence, "Tried on the last ") || o.PerDay < 8 || o.PerDay > 14 {
		t.Fatalf("%+v", o)
	}
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "swabs", Place: "store", Quantity: 390}))
	p.must(p.desk.Nightly(ctx))
	open := p.open()
	if len(open) != 1 || !strings.Contains(open[0].Reason, "Tried on the last ") {
		t.Errorf("%+v", open)
	}
}

func TestALevelThatNoLongerFitsIsReviewedByAPerson(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.used("gloves", "store", 200) // a hundred a day, against a level of 300 to 1000
	p.must(p.desk.Nightly(ctx))
	waiting, err := p.desk.Store.LevelReviews(ctx)
	p.must(err)
	if len(waiting) != 1 || waiting[0].OldMin != 300 || waiting[0].OldMax != 1000 || waiting[0].Minimum <= 400 || waiting[0].Maximum <= waiting[0].Minimum {
		t.Fatalf("%+v", waiting)
	}
	id := waiting[0].ID
	if err := p.desk.TakeLevel(ctx, nora, id, ""); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse sets a level: %v", err)
	}
	if err := p.desk.KeepLevel(ctx, manager, id, " "); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("kept without a reason: %v", err)
	}
	p.must(p.desk.TakeLevel(ctx, manager, id, ""))
	if err := p.desk.TakeLevel(ctx, second, id, ""); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("taken twice: %v", err)
	}
	_, err = p.desk.Consider(ctx)
	p.must(err)
	if o := p.outlook("gloves"); o.Reorder != waiting[0].Minimum || o.Target != waiting[0].Maximum {
		t.Errorf("%+v", o)
	}
	var deeds int
	p.must(p.db.QueryRow(ctx, `SELECT COUNT(*) FROM audit WHERE what = 'level.take' AND actor = 'sam'`).Scan(&deeds))
	if deeds != 1 {
		t.Errorf("%d deeds", deeds)
	}
}

func TestALevelThatWasKeptIsLeftAlone(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.used("gloves", "store", 200)
	p.must(p.desk.Nightly(ctx))
	waiting, err := p.desk.Store.LevelReviews(ctx)
	p.must(err)
	p.must(p.desk.KeepLevel(ctx, manager, waiting[0].ID, "the ward moves out in May"))
	for range 30 {
		p.pass(24 * time.Hour)
		p.must(p.desk.Nightly(ctx))
	}
	if waiting, err = p.desk.Store.LevelReviews(ctx); err != nil || len(waiting) != 0 {
		t.Errorf("%+v, %v", waiting, err)
	}
}

func TestLeadTimesAreThoseOfTheDeliveries(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.must(p.desk.Nightly(ctx))
	approved, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: p.open()[0].ID, Version: 1})
	p.must(err)
	p.must(p.desk.SendDrafts(ctx))
	p.pass(11 * 24 * time.Hour) // three were agreed
	o, err := p.desk.Store.FindOrder(ctx, approved.Order)
	p.must(err)
	p.must(p.desk.Receive(ctx, pharmacist, reorder.Receipt{Number: o.Number, Version: o.Version, Parts: []reorder.Part{{Line: o.Lines[0].ID, Quantity: 800}}}))
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 900}))
	p.must(p.desk.Nightly(ctx))
	figures := fmt.Sprint(p.open()[0].Figures)
	if want := "{Delivery takes 5 days by 1 delivery}"; !strings.Contains(figures, want) { // (3·3 + 11) / 4
		t.Errorf("%s lacks %s", figures, want)
	}
}

// What is used up on a day and comes back on the fourth was missing for two whole days.
func TestDaysWithoutStockAreKnown(t *testing.T) {
	p, ctx := open(t), t.Context()
	take := func(n int64) {
		p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "swabs", Place: "store", Quantity: n}))
	}
	give := func(n int64) {
		p.must(p.stock.Receive(ctx, pharmacist, inventory.Receiving{Item: "swabs", Place: "store", Quantity: n}))
	}
	take(400)
	first := p.stock.Today(p.now())
	p.pass(3 * 24 * time.Hour)
	give(50)
	take(50) // and again, but it comes the same day
	give(10)
	var empty []reorder.Stretch
	spot := reorder.Spot{Item: "swabs", Place: "store"}
	p.must(p.desk.Store.InTx(ctx, func(tx reorder.Tx) error {
		s, err := tx.Situation(ctx, spot, first-30)
		empty = s.Empty
		return err
	}))
	if len(empty) != 1 || empty[0].Since != first+1 || empty[0].Until != first+2 {
		t.Errorf("%+v, first %v", empty, first)
	}
}

func TestPastUseIsTakenInOnceAndOnlyForWhatIsKnown(t *testing.T) {
	p, ctx := open(t), t.Context()
	kept := db.Stock{DB: p.db}
	use := []inventory.PastUse{{Item: "swabs", Place: "store", Day: 20000, Quantity: 5}}
	for _, c := range []struct {
		apply bool
		fresh int
	}{{false, 1}, {true, 1}, {true, 0}} {
		if fresh, err := kept.ImportPastUse(ctx, hospital.Job("import"), use, c.apply); err != nil || fresh != c.fresh {
			t.Errorf("apply %v: %d new, %v", c.apply, fresh, err)
		}
	}
	use[0].Item = "nothing"
	if _, err := kept.ImportPastUse(ctx, hospital.Job("import"), use, true); !errors.Is(err, inventory.ErrUnknownItem) {
		t.Errorf("an unknown item: %v", err)
	}
	if _, err := kept.ImportPastUse(ctx, nora, use, true); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse: %v", err)
	}
}
