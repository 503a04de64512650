package db

import (
	"context"
	"slices"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// keeping takes in how an item keeps, as another version where people have set
// some or the document names clocks. A document that says neither changes nothing of it.
func (a *stockImport) keeping(path string, item inventory.Item, d document.Item) error {
	versions, err := a.tx.Keepings(a.ctx, item.ID)
	if err != nil || len(versions) == 0 && len(d.BeyondUse) == 0 {
		return err
	}
	now := item.KeepingAt(versions, a.tx.Now())
	if len(d.Stability) == 0 && len(d.BeyondUse) == 0 {
		return a.tx.SetBands(a.ctx, item.ID, now.Bands)
	}
	wanted := inventory.Keeping{Bands: item.Stability}
	for _, c := range d.BeyondUse {
		wanted.Clocks = append(wanted.Clocks, inventory.BeyondUse{Kind: inventory.ClockKind(c.Kind), Hours: c.Hours, Source: c.Source})
	}
	stored, err := asJSON(now, nil)
	if err != nil {
		return err
	}
	return a.put(path, "how "+d.Name+" keeps", stored, wanted, func() error {
		by := hospital.Job("import")
		return a.tx.AddKeeping(a.ctx, by, inventory.KeepingVersion{Keeping: wanted, Item: item.ID, Version: len(versions) + 1,
			From: a.tx.Now(), MadeAt: a.tx.Now(), By: by.Name, Why: "hospital document"})
	})
}

// describeClocks adds the beyond-use clocks in force to the items of a document.
func describeClocks(ctx context.Context, tx *Tx, doc *document.Document) error {
	const q = `
		SELECT DISTINCT item
		FROM item_keepings`
	rows, err := tx.Query(ctx, q)
	all, err := collect(rows, err, func(id *inventory.ItemID) []any { return []any{id} })
	if err != nil {
		return err
	}
	for i := range doc.Items {
		id := inventory.ItemID(doc.Items[i].ID)
		if !slices.Contains(all, id) {
			continue
		}
		versions, err := keepings(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, c := range (inventory.Item{ID: id}).KeepingAt(versions, tx.Now()).Clocks {
			doc.Items[i].BeyondUse = append(doc.Items[i].BeyondUse, document.BeyondUse{Kind: string(c.Kind), Hours: c.Hours, Source: c.Source})
		}
	}
	return nil
}
