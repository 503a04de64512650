package reorder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// Purchase is from whom an item is bought, and in what packs.
type Purchase struct {
	Supplier   inventory.SupplierID `json:"supplier"`      // empty: nobody sells it, and it is never proposed
	Code       string               `json:"supplier_code"` // the supplier's number for it
	Pack       int64                `json:"pack"`          // units of issue in an orderable pack
	LeastPacks int64                `json:"minimum_packs"` // of one order; 0: one
}

const (
	// maxPack is the most units that a pack holds, and maxLeastPacks the most packs that an order has to have.
	maxPack, maxLeastPacks = 1_000_000, 100_000
	// maxCode is how long a supplier's number for an item is at most.
	maxCode = 80
)

// PurchaseTx stores from whom items are bought.
type PurchaseTx interface {
	// SetPurchase has the item looked at again wherever it lies or has a level;
	// hospital.ErrUnknown for a supplier that is not there.
	SetPurchase(ctx context.Context, item inventory.ItemID, p Purchase) error
}

// PurchaseReader answers what pages ask about suppliers.
type PurchaseReader interface {
	// Sellers are all suppliers, by name.
	Sellers(ctx context.Context) ([]inventory.Supplier, error)
}

// SetPurchase says from whom an item is bought from now on. What waits for approval
// keeps the supplier and the pack that it was raised with. It needs
// hospital.ManageItems, for the whole hospital.
func (d *Desk) SetPurchase(ctx context.Context, by hospital.Actor, item inventory.ItemID, p Purchase) error {
	if err := by.NeedEverywhere(hospital.ManageItems); err != nil {
		return err
	}
	p.Code = strings.TrimSpace(p.Code)
	if err := p.check(); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		is, err := tx.Item(ctx, item)
		if err != nil {
			return err
		}
		if err := tx.SetPurchase(ctx, item, p); errors.Is(err, hospital.ErrUnknown) {
			return hospital.Refuse(hospital.ErrInvalid, "Choose a supplier from the list.")
		} else if err != nil {
			return err
		}
		before, err := json.Marshal(Purchase{is.Supplier, is.SupplierCode, is.Pack, is.LeastPacks})
		if err != nil {
			return err
		}
		after, err := json.Marshal(p)
		if err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "item.supplier", On: "stock/" + string(item), Before: string(before), After: string(after)})
	})
	if err != nil {
		return fmt.Errorf("set the supplier of %s: %w", item, err)
	}
	return nil
}

func (p Purchase) check() error {
	switch {
	case p.Pack < 1 || p.Pack > maxPack:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A pack holds 1 to %d units.", maxPack))
	case p.LeastPacks < 0 || p.LeastPacks > maxLeastPacks:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("An order has at least 0 to %d packs.", maxLeastPacks))
	case len(p.Code) > maxCode:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The supplier's number has at most %d characters.", maxCode))
	}
	return nil
}
