package db_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

func TestASurgeIsFoundNotedAndOver(t *testing.T) {
	p, ctx := open(t), t.Context()
	doc, units := stockDocument, []hospital.Unit{{ID: "ward-b", Name: "Ward B"}}
	doc.Units, doc.Places = []document.Unit{{ID: "ward-b", Name: "Ward B"}}, slices.Clone(doc.Places)
	doc.Places[0].Unit = "ward-b"
	_, err := db.Hospital{DB: p.db}.Import(ctx, hospital.Job("import"), doc, true)
	p.must(err)
	p.desk.Register = hospital.NewRegister(hospital.NewDirectory(p.desk.Register.Current().Site, nil, nil, units, nil, nil))
	today := p.stock.Today(p.now())
	var all []inventory.PastUse
	for day := today - 200; day < today; day++ {
		use := 10 + int64(day%4)
		if day >= today-4 {
			use = 60
		}
		all = append(all, inventory.PastUse{Item: "gloves", Place: "store", Day: day, Quantity: use}, inventory.PastUse{Item: "swabs", Place: "store", Day: day, Quantity: 10})
	}
	_, err = db.Stock{DB: p.db}.ImportPastUse(ctx, hospital.Job("import"), all, true)
	p.must(err)
	for range 2 { // a night that runs twice finds it once
		p.must(p.desk.Nightly(ctx))
	}
	surges, err := p.desk.Store.Surges(ctx)
	p.must(err)
	if len(surges) != 1 || surges[0].Item.ID != "gloves" || len(surges[0].Places) != 1 || surges[0].Places[0].Since < today-6 || surges[0].Used < 250 || surges[0].Places[0].Unit != "Ward B" {
		t.Fatalf("%+v", surges)
	}
	if err := p.desk.ExplainSurge(ctx, nora, surges[0].ID, "norovirus"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse: %v", err)
	}
	p.must(p.desk.ExplainSurge(ctx, pharmacist, surges[0].ID, "norovirus on ward B"))
	p.pass(24 * time.Hour)
	p.must(p.desk.Nightly(ctx))
	if surges, err = p.desk.Store.Surges(ctx); err != nil || len(surges) != 1 || surges[0].Note != "norovirus on ward B" || surges[0].FoundOn != today {
		t.Errorf("%+v, %v", surges, err)
	}
	p.pass(9 * 24 * time.Hour)
	p.must(p.desk.Nightly(ctx))
	if surges, err = p.desk.Store.Surges(ctx); err != nil || len(surges) != 0 {
		t.Errorf("not over: %+v, %v", surges, err)
	}
}
