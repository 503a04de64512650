package db

import (
	"context"
	"encoding/json"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
)

// MasterItem is inventory.MasterReader.
func (s Storeroom) MasterItem(ctx context.Context, id inventory.ItemID) (m inventory.MasterItem, err error) {
	if m.Item, err = Stock(s).FindItem(ctx, id); err != nil {
		return m, err
	}
	m.Substitutes, err = substitutes(ctx, s, id)
	return m, err
}

// MasterItem is inventory.MasterTx.
func (tx storeroomTx) MasterItem(ctx context.Context, id inventory.ItemID) (m inventory.MasterItem, err error) {
	if m.Item, err = tx.Item(ctx, id); err != nil {
		return m, err
	}
	m.Substitutes, err = substitutes(ctx, tx, id)
	return m, err
}

// SaveMasterItem is inventory.MasterTx.
func (tx storeroomTx) SaveMasterItem(ctx context.Context, m inventory.MasterItem) error {
	if err := tx.saveItem(ctx, m.Item); err != nil {
		return err
	}
	if err := tx.setSubstitutes(ctx, m.ID, m.Substitutes); err != nil {
		return err
	}
	return tx.lookAgain(ctx, m.ID)
}

// saveItem adds an item or changes it, without its substitutes and price breaks.
func (tx stockTx) saveItem(ctx context.Context, item inventory.Item) error {
	const save = `
		INSERT INTO stock_items (id, name, unit, gtin, pack, supplier, supplier_code, price_minor,
			least_packs, review_days, shelf_life, criticality, storage, stability)
		VALUES ($1, $2, $3, $4, $5, NULLIF($6, ''), $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, unit = excluded.unit, gtin = excluded.gtin, pack = excluded.pack,
			supplier = excluded.supplier, supplier_code = excluded.supplier_code, price_minor = excluded.price_minor,
			least_packs = excluded.least_packs, review_days = excluded.review_days, shelf_life = excluded.shelf_life,
			criticality = excluded.criticality, storage = excluded.storage, stability = excluded.stability`
	const list = `
		INSERT INTO stock_summaries (item, name)
		VALUES ($1, $2)
		ON CONFLICT (item) DO UPDATE SET name = excluded.name`
	stability, err := json.Marshal(item.Stability)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, save, item.ID, item.Name, item.Unit, item.GTIN, item.Pack, item.Supplier, item.SupplierCode, item.Price,
		item.LeastPacks, item.ReviewDays, item.ShelfLife, item.Criticality, item.Storage, string(stability))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, list, item.ID, item.Name)
	return err
}

// lookAgain has the desk look at an item wherever it lies or has a level.
func (tx stockTx) lookAgain(ctx context.Context, item inventory.ItemID) error {
	const q = `
		INSERT INTO stock_due (item, place)
		SELECT item, place FROM stock_balances WHERE item = $1
		UNION
		SELECT item, place FROM stock_levels WHERE item = $1
		ON CONFLICT (item, place) DO NOTHING`
	_, err := tx.Exec(ctx, q, item)
	return err
}

// ItemsCalled is inventory.MasterTx.
func (tx storeroomTx) ItemsCalled(ctx context.Context, text string) ([]inventory.ItemID, error) {
	const q = `
		SELECT id
		FROM stock_items
		WHERE id = $1 OR gtin = $1 OR name = $1 COLLATE NOCASE
		LIMIT 2`
	rows, err := tx.Query(ctx, q, text)
	return collect(rows, err, func(id *inventory.ItemID) []any { return []any{id} })
}

// Booked is inventory.MasterTx.
func (tx storeroomTx) Booked(ctx context.Context, item inventory.ItemID) (booked bool, err error) {
	const q = `SELECT EXISTS (SELECT 1 FROM stock_movements WHERE item = $1)`
	return booked, tx.QueryRow(ctx, q, item).Scan(&booked)
}

// SellerKnown is inventory.MasterTx; nobody is known.
func (tx storeroomTx) SellerKnown(ctx context.Context, id inventory.SupplierID) (known bool, err error) {
	const q = `SELECT $1 = '' OR EXISTS (SELECT 1 FROM suppliers WHERE id = $1)`
	return known, tx.QueryRow(ctx, q, id).Scan(&known)
}

// StorageKnown is inventory.MasterTx; the temperature of a room is known.
func (tx storeroomTx) StorageKnown(ctx context.Context, profile string) (known bool, err error) {
	if profile == "" {
		return true, nil
	}
	for _, p := range coldchain.ReadyMade() {
		if string(p.ID) == profile {
			return true, nil
		}
	}
	const q = `SELECT EXISTS (SELECT 1 FROM profile_versions WHERE id = $1)`
	return known, tx.QueryRow(ctx, q, profile).Scan(&known)
}
