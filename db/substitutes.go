package db

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital/document"
)

// substitutes are those of an item, the best first.
func substitutes(ctx context.Context, from asker, item inventory.ItemID) ([]inventory.ItemID, error) {
	const q = `
		SELECT substitute
		FROM stock_substitutes
		WHERE item = $1
		ORDER BY rank`
	rows, err := from.Query(ctx, q, item)
	return collect(rows, err, func(id *inventory.ItemID) []any { return []any{id} })
}

// allSubstitutes are those of every item.
func allSubstitutes(ctx context.Context, from asker) (map[inventory.ItemID][]inventory.ItemID, error) {
	const q = `
		SELECT item, substitute
		FROM stock_substitutes
		ORDER BY item, rank`
	type pair struct{ item, substitute inventory.ItemID }
	rows, err := from.Query(ctx, q)
	pairs, err := collect(rows, err, func(p *pair) []any { return []any{&p.item, &p.substitute} })
	all := map[inventory.ItemID][]inventory.ItemID{}
	for _, p := range pairs {
		all[p.item] = append(all[p.item], p.substitute)
	}
	return all, err
}

// Instead is inventory.SubstituteReader.
func (s Storeroom) Instead(ctx context.Context, item inventory.ItemID, today inventory.Date) ([]inventory.Line, error) {
	const q = `
		SELECT` + lineColumns + `
		FROM stock_substitutes x
		JOIN stock_items i ON i.id = x.substitute
		JOIN stock_summaries m ON m.item = i.id
		WHERE x.item = $2
		ORDER BY x.rank`
	rows, err := s.Query(ctx, q, today, item)
	return collect(rows, err, lineInto)
}

// ItemsAfter is inventory.SubstituteReader.
func (s Storeroom) ItemsAfter(ctx context.Context, after inventory.ItemID, limit int) ([]inventory.MasterItem, error) {
	const q = `
		SELECT id, name, unit, gtin, pack, supplier, supplier_code, price_minor,
			least_packs, review_days, shelf_life, criticality, storage, stability
		FROM stock_items
		WHERE id > $1
		ORDER BY id
		LIMIT 0 + $2`
	rows, err := s.Query(ctx, q, after, limit)
	items, err := scanAll(rows, err, scanItem)
	if err != nil {
		return nil, err
	}
	all, err := allSubstitutes(ctx, s)
	master := make([]inventory.MasterItem, len(items))
	for i, item := range items {
		master[i] = inventory.MasterItem{Item: item, Substitutes: all[item.ID]}
	}
	return master, err
}

// substitutesLater takes in the substitutes once every item of the document is there.
func (a *stockImport) substitutesLater() error {
	for i, d := range a.doc.Items {
		is, err := substitutes(a.ctx, a.tx, inventory.ItemID(d.ID))
		if err != nil {
			return err
		}
		wanted := make([]inventory.ItemID, len(d.Substitutes))
		for j, id := range d.Substitutes {
			wanted[j] = inventory.ItemID(id)
		}
		if slices.Equal(is, wanted) {
			continue
		}
		stored := ""
		if len(is) > 0 {
			if stored, err = asStored(is); err != nil {
				return err
			}
		}
		err = a.put(fmt.Sprintf("/items/%d/substitutes", i), "substitutes of "+d.Name, stored, wanted, func() error {
			return a.tx.setSubstitutes(a.ctx, inventory.ItemID(d.ID), wanted)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (tx stockTx) setSubstitutes(ctx context.Context, item inventory.ItemID, wanted []inventory.ItemID) error {
	const clear = `
		DELETE FROM stock_substitutes
		WHERE item = $1`
	const add = `
		INSERT INTO stock_substitutes (item, rank, substitute)
		VALUES ($1, $2, $3)`
	if _, err := tx.Exec(ctx, clear, item); err != nil {
		return err
	}
	for rank, substitute := range wanted {
		if _, err := tx.Exec(ctx, add, item, rank, substitute); err != nil {
			return err
		}
	}
	return nil
}

// describeSubstitutes puts substitutes to the items of a document.
func describeSubstitutes(ctx context.Context, tx *Tx, doc *document.Document) error {
	all, err := allSubstitutes(ctx, tx)
	for i := range doc.Items {
		for _, id := range all[inventory.ItemID(doc.Items[i].ID)] {
			doc.Items[i].Substitutes = append(doc.Items[i].Substitutes, string(id))
		}
	}
	return err
}

// readLike has a spot whose item is new there begin from the use of what it is like.
func (tx ordersTx) readLike(ctx context.Context, spot reorder.Spot, since, today inventory.Date, s *reorder.Situation) error {
	if !s.New(today) {
		return nil
	}
	like, err := substitutes(ctx, tx, spot.Item)
	if err != nil || len(like) == 0 {
		return err
	}
	item, err := tx.Item(ctx, like[0])
	if errors.Is(err, inventory.ErrUnknownItem) {
		return nil
	}
	if err != nil {
		return err
	}
	var other reorder.Situation
	if err := tx.readUse(ctx, reorder.Spot{Item: like[0], Place: spot.Place}, since, &other); err != nil {
		return err
	}
	*s = s.StartedFrom(item, other)
	return nil
}
