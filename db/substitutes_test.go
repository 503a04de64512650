package db_test

import (
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// The item master names substitutes: they are offered where an item is out, and a
// new item is forecast from the first of them.
func TestSubstitutesAreTakenInOfferedAndForecastFrom(t *testing.T) {
	p, ctx := open(t), t.Context()
	doc := stockDocument
	doc.Items = append([]document.Item(nil), doc.Items...)
	doc.Items[0].Substitutes = []string{"swabs", "gloves"}
	doc.Items = append(doc.Items, document.Item{ID: "tufts", Name: "Tufts", UnitOfIssue: "piece", Pack: 10, Supplier: "medi", Substitutes: []string{"swabs"}})
	altered := func(path string) (n int) {
		t.Helper()
		changes, err := (db.Hospital{DB: p.db}).Import(ctx, hospital.Job("import"), doc, true)
		p.must(err)
		for _, c := range changes {
			if c.Path == path && c.What != document.Same {
				n++
			}
		}
		return n
	}
	if altered("/items/0/substitutes") != 1 || altered("/items/0/substitutes") != 0 {
		t.Error("taken in once, they change once")
	}
	instead, err := p.room().Store.Instead(ctx, "flu", p.stock.Today(p.now()))
	p.must(err)
	if len(instead) != 2 || instead[0].Item.ID != "swabs" || instead[0].Usable() != 400 {
		t.Errorf("instead %+v", instead)
	}
	master, err := p.room().Store.ItemsAfter(ctx, "flu", 10)
	p.must(err)
	if len(master) != 3 || master[2].ID != "tufts" || len(master[2].Substitutes) != 1 {
		t.Errorf("master %+v", master)
	}
	described, err := (db.Hospital{DB: p.db}).Describe(ctx, hospital.Job("test"))
	if err == nil && len(described.Items[0].Substitutes) != 2 {
		t.Errorf("described %+v", described.Items[0])
	}
	for range 40 { // swabs are used every day; the first tuft is used today
		p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "swabs", Place: "store", Quantity: 5}))
		p.pass(24 * time.Hour)
	}
	p.must(p.stock.Receive(ctx, manager, inventory.Receiving{Item: "tufts", Place: "store", Quantity: 20}))
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "tufts", Place: "store", Quantity: 1}))
	for name, look := range map[string]func() error{
		"after the movement": func() error { _, err := p.desk.Consider(ctx); return err },
		"in the night":       func() error { return p.desk.Nightly(ctx) },
	} {
		p.must(look())
		outlooks, err := p.stock.Store.Outlooks(ctx, "tufts")
		p.must(err)
		if len(outlooks) != 1 || outlooks[0].PerDay < 4 || outlooks[0].PerDay > 6 {
			t.Errorf("%s a new item is forecast at %+v", name, outlooks)
		}
	}
}
