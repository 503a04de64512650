package db_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// What a document says of refilling, packs, cabinets, goods that are not ours and
// budgets holds as if people had set it; a changed one changes that alone.
func TestADocumentSetsUpTheSupply(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	doc := linden(t)
	importing(t, d, doc, true)
	ctx, orders, room := t.Context(), db.Orders{DB: d}, db.Storeroom{DB: d}

	refills, err := orders.Refills(ctx)
	if err != nil {
		t.Fatal(err)
	}
	bins, par := refills[reorder.Spot{Item: "gloves-m", Place: "store-a"}], refills[reorder.Spot{Item: "gloves-m", Place: "fridge-1"}]
	if bins.Kind != policy.Kanban || bins.Bins != 2 || bins.BinSize != 200 || par.Kind != policy.RS || par.ReviewDays != 7 || par.Since == 0 {
		t.Errorf("refilled by %+v and %+v", bins, par)
	}
	cards, err := orders.Bins(ctx, "store-a")
	if err != nil || len(cards) != 2 {
		t.Errorf("cards %v, %v", cards, err)
	}
	packs, err := room.Packings(ctx, "gloves-m")
	if err != nil || len(packs) != 2 || packs[0].String() != "box of 100" || packs[0].GTIN != "04012345678918" {
		t.Errorf("packs %v, %v", packs, err)
	}
	cabinets, err := room.Cabinets(ctx)
	if err != nil || len(cabinets) != 1 || cabinets[0].Place.ID != "store-a" || cabinets[0].Gateway != "gw-01" {
		t.Errorf("cabinets %v, %v", cabinets, err)
	}
	owned, err := room.Consignments(ctx)
	if err != nil || len(owned) != 1 || owned[0].Supplier.ID != "nordmed" || owned[0].OnHand != 400 {
		t.Errorf("consigned %+v, %v", owned, err)
	}
	budgets, err := orders.Budgets(ctx, dateOf(t, "2026-06-30"), dateOf(t, "2026-06-30"))
	if err != nil || len(budgets) != 2 || budgets[0].Amount+budgets[1].Amount != 92_500_000 {
		t.Errorf("budgets %+v, %v", budgets, err)
	}

	doc.Items[1].Packs[1].Units = 500
	doc.Budgets[0].AmountMinor, doc.Budgets[0].Until = 2_000_000, "2026-07-15"
	doc.Items[1].Refills[0].Bins = 3
	var altered []string
	for _, change := range importing(t, d, doc, true) {
		if change.What != document.Same {
			altered = append(altered, change.What+" "+change.Path+" "+change.Thing)
		}
	}
	if want := []string{"change /items/1/packs/1 case of Gloves, medium", "change /items/1/refills/0 how Gloves, medium is refilled at store-a", "change /budgets/0 budget Ward A, second quarter"}; !slices.Equal(altered, want) {
		t.Errorf("did %q", altered)
	}
	again, err := orders.Bins(ctx, "store-a")
	if err != nil || len(again) != 3 || !slices.ContainsFunc(again, func(b reorder.Bin) bool { return b.Code == cards[0].Code }) {
		t.Errorf("the cards that hang there stay: %v, %v", again, err)
	}
	if kinds := policy.Kinds()[1:]; len(kinds) != len(document.RefillKinds()) || string(kinds[4]) != document.RefillKinds()[4] {
		t.Errorf("a document knows %v, the desk %v", document.RefillKinds(), kinds)
	}
}

func dateOf(t *testing.T, text string) inventory.Date {
	t.Helper()
	day, err := inventory.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// What the desk and the storeroom refuse of people they refuse of a document, by its path.
func TestADocumentIsRefusedAsAPersonWouldBe(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	importing(t, d, linden(t), true)
	for name, c := range map[string]struct {
		change func(*document.Document)
		want   string
	}{
		"a look without days": {func(doc *document.Document) { doc.Items[1].Refills[1].ReviewDays = 0 }, "/items/1/refills/1: The days between two looks are 1 to 90."},
		"one bin":             {func(doc *document.Document) { doc.Items[1].Refills[0].Bins = 1 }, "/items/1/refills/0: Kanban needs 2 to 20 bins"},
		"a full shelf": {func(doc *document.Document) {
			doc.Suppliers = append(doc.Suppliers, doc.Suppliers[0])
			doc.Suppliers[1].ID, doc.Items[1].Consigned[0].Supplier = "sudmed", "sudmed"
		}, "/items/1/consigned/0: Something of it lies there."},
		"a day budgeted twice": {func(doc *document.Document) { doc.Budgets[1].From = "2026-02-01" }, "/budgets/1: The house covers a part of that period already."},
		"another level": {func(doc *document.Document) {
			doc.Items[1].Refills = doc.Items[1].Refills[1:]
			doc.Items[1].Levels = []document.Level{{Place: "store-a", Minimum: 10, Maximum: 20}}
		}, "/items/1/levels/0: This place is refilled by kanban."},
	} {
		doc := linden(t)
		c.change(&doc)
		_, err := (db.Hospital{DB: d}).Import(t.Context(), hospital.Job("import"), doc, true)
		faults, is := errors.AsType[document.Faults](err)
		if !is || !strings.HasPrefix(faults[0].String(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
