package db

import (
	"context"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// SetPurchase is reorder.PurchaseTx.
func (tx ordersTx) SetPurchase(ctx context.Context, item inventory.ItemID, p reorder.Purchase) error {
	if seller, err := tx.supplier(ctx, p.Supplier); err != nil || seller.ID != p.Supplier {
		if err == nil {
			err = hospital.ErrUnknown
		}
		return err
	}
	const save = `
		UPDATE stock_items
		SET supplier = NULLIF($1, ''), supplier_code = $2, pack = $3, least_packs = $4
		WHERE id = $5`
	if _, err := tx.Exec(ctx, save, p.Supplier, p.Code, p.Pack, p.LeastPacks, item); err != nil {
		return err
	}
	tx.Announce("stock/" + string(item))
	return tx.lookAgain(ctx, item)
}

// Sellers is reorder.PurchaseReader.
func (o Orders) Sellers(ctx context.Context) ([]inventory.Supplier, error) {
	const q = `
		SELECT id, name, currency, lead_days
		FROM suppliers
		ORDER BY name, id`
	rows, err := o.Query(ctx, q)
	return collect(rows, err, func(s *inventory.Supplier) []any { return []any{&s.ID, &s.Name, &s.Currency, &s.LeadDays} })
}
