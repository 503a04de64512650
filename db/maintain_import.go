package db

import (
	"context"
	"fmt"
	"time"

	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/maintain"
)

// papersOf is what a document says of an asset beyond where it is, as it is
// stored: days as midnight by the site's clock.
func papersOf(a document.Asset, zone *time.Location) (p [5]any) {
	day := func(d document.Date) int64 {
		at, known := d.Time()
		if !known {
			return 0
		}
		return ms(time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone))
	}
	return [5]any{a.Lot, day(a.InService), day(a.LastService), a.RentedFrom, day(a.DueBack)}
}

// applyPapers brings an asset's papers to what a document says; false when they were so.
func applyPapers(ctx context.Context, tx *Tx, a document.Asset, zone *time.Location) (bool, error) {
	const q = `
		INSERT INTO asset_papers (asset, lot, in_service, last_service, rented_from, due_back)
		SELECT $1, $2, $3, $4, $5, $6
		WHERE EXISTS (SELECT 1 FROM asset_papers WHERE asset = $1) OR $2 <> '' OR $3 <> 0 OR $4 <> 0 OR $5 <> ''
		ON CONFLICT (asset) DO UPDATE
		SET lot = excluded.lot, in_service = excluded.in_service, last_service = excluded.last_service,
		    rented_from = excluded.rented_from, due_back = excluded.due_back
		WHERE lot <> excluded.lot OR in_service <> excluded.in_service OR last_service <> excluded.last_service
		    OR rented_from <> excluded.rented_from OR due_back <> excluded.due_back`
	papers := papersOf(a, zone)
	done, err := tx.Exec(ctx, q, append([]any{a.ID}, papers[:]...)...)
	if err != nil {
		return false, fmt.Errorf("papers of asset %s: %w", a.ID, err)
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// describePapers adds papers to the assets of a document.
func describePapers(ctx context.Context, tx *Tx, doc *document.Document) error {
	const q = `
		SELECT asset, lot, in_service, last_service, rented_from, due_back
		FROM asset_papers`
	rows, err := tx.Query(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	at := make(map[string]int, len(doc.Assets))
	for i, a := range doc.Assets {
		at[a.ID] = i
	}
	zone := doc.Site.Hospital().Location()
	day := func(ms int64) document.Date {
		if ms == 0 {
			return ""
		}
		return document.Date(fromMS(ms).In(zone).Format(time.DateOnly))
	}
	for rows.Next() {
		var id string
		var a document.Asset
		var inService, lastService, dueBack int64
		if err := rows.Scan(&id, &a.Lot, &inService, &lastService, &a.RentedFrom, &dueBack); err != nil {
			return err
		}
		into := &doc.Assets[at[id]]
		into.Lot, into.RentedFrom = a.Lot, a.RentedFrom
		into.InService, into.LastService, into.DueBack = day(inService), day(lastService), day(dueBack)
	}
	return rows.Err()
}

// applyPlans brings plans to what a document says. Of a plan that changes the work
// that was done under it stays; one that the document does not name stays as it is.
func applyPlans(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	if len(doc.Plans) == 0 {
		return nil, nil
	}
	change := maintainTx{tx, readsMaintenance{tx}}
	plans, err := change.Plans(ctx)
	if err != nil {
		return nil, fmt.Errorf("import plans: %w", err)
	}
	known := make(map[document.Plan]maintain.Plan, len(plans))
	for _, p := range plans {
		known[document.Plan{Name: p.Name, Model: p.Model, Lot: p.Lot}] = p
	}
	var changes []document.Change
	for i, said := range doc.Plans {
		plan := maintain.Plan{Name: said.Name, Model: said.Model, Lot: said.Lot, EveryDays: said.EveryDays, EveryHours: said.EveryHours, Calibration: said.Calibration}
		was, there := known[document.Plan{Name: said.Name, Model: said.Model, Lot: said.Lot}]
		plan.ID = was.ID
		what := document.Same
		switch {
		case !there:
			what = document.Add
			_, err = change.AddPlan(ctx, plan)
		case was != plan:
			what = document.Alter
			err = change.alterPlan(ctx, plan)
		}
		if err != nil {
			return nil, fmt.Errorf("import plan %s of %s: %w", said.Name, said.Model, err)
		}
		changes = append(changes, document.Change{Path: fmt.Sprintf("/service_plans/%d", i), What: what, Thing: said.Name + " of " + said.Model})
	}
	tx.Announce(maintain.Topic)
	return changes, nil
}

// alterPlan gives a plan in force other intervals.
func (tx maintainTx) alterPlan(ctx context.Context, p maintain.Plan) error {
	const q = `
		UPDATE service_plans
		SET every_days = $2, every_hours = $3, calibration = $4
		WHERE id = $1`
	_, err := tx.Exec(ctx, q, p.ID, p.EveryDays, p.EveryHours, p.Calibration)
	return err
}

func describePlans(ctx context.Context, tx *Tx, doc *document.Document) error {
	plans, err := readsMaintenance{tx}.Plans(ctx)
	for _, p := range plans {
		doc.Plans = append(doc.Plans, document.Plan{Name: p.Name, Model: p.Model, Lot: p.Lot, EveryDays: p.EveryDays, EveryHours: p.EveryHours, Calibration: p.Calibration})
	}
	return err
}
