package inventory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Consignment is an item at a place that belongs to its supplier until it is used:
// it is counted, picked, held and recalled like any other, and is not ours.
type Consignment struct {
	Item     Item
	Place    Place
	Supplier Supplier
	Since    time.Time
	OnHand   int64
}

// ConsignedUse is what was used of a consignment and is to be billed; what came
// back unused is below nothing.
type ConsignedUse struct {
	Movement int64
	Supplier SupplierID
	Item     Item
	Place    Place
	Lot      string
	At       time.Time
	Quantity int64
	Bill     string // its number; empty while nobody has billed it
}

// Worth is what it costs, in the supplier's minor units, rounded to the nearest one.
func (u ConsignedUse) Worth() int64 {
	pack, n := max(u.Item.Pack, 1), u.Quantity*u.Item.Price
	if n < 0 {
		return -((-n + pack/2) / pack)
	}
	return (n + pack/2) / pack
}

// ConsignReader answers what pages ask about consignment.
type ConsignReader interface {
	Consignments(ctx context.Context) ([]Consignment, error)
	// ConsignedUses are those that nobody has billed, then those billed last.
	ConsignedUses(ctx context.Context, limit int) ([]ConsignedUse, error)
}

// ConsignTx is what consignment needs of a transaction.
type ConsignTx interface {
	// SetConsignment has an item at a place belong to a supplier; none: to us.
	SetConsignment(ctx context.Context, item ItemID, place PlaceID, supplier SupplierID) error
	// BillConsigned puts a bill's number on all open uses of a supplier up to an instant, and says how many.
	BillConsigned(ctx context.Context, supplier SupplierID, until time.Time, bill string) (int, error)
}

// SetConsignment says whose the item at a place is. What lies there at that moment
// must be counted out first, or a purchase would change hands unseen. It needs
// hospital.ManageItems.
func (r *Storeroom) SetConsignment(ctx context.Context, by hospital.Actor, item ItemID, place PlaceID, supplier SupplierID) error {
	if err := by.Need(hospital.ManageItems); err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(tx StoreroomTx) error {
		if _, err := tx.Item(ctx, item); err != nil {
			return err
		}
		if err := Within(ctx, tx, by, hospital.ManageItems, place); err != nil {
			return err
		}
		if err := ConsignIn(ctx, tx, item, place, supplier); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "consignment.set", On: "stock/" + string(item), After: fmt.Sprintf(`{"place":%q,"supplier":%q}`, place, supplier)})
	})
}

// ConsignIn has an item at a place belong to a supplier inside a transaction that does
// more. The caller has checked who asks, and records the deed.
func ConsignIn(ctx context.Context, tx StoreroomTx, item ItemID, place PlaceID, supplier SupplierID) error {
	shelf, err := tx.Shelf(ctx, item, place)
	if err != nil {
		return err
	}
	if len(shelf) > 0 {
		return hospital.Refuse(hospital.ErrInvalid, "Something of it lies there. Whose it is can change on an empty shelf alone: move it first.")
	}
	tx.Announce("stock", "stock/"+string(item))
	return tx.SetConsignment(ctx, item, place, supplier)
}

// BillConsigned notes that a supplier's bill covers what was used of its goods until
// now. It needs hospital.ApproveOrders and the bill's number.
func (r *Storeroom) BillConsigned(ctx context.Context, by hospital.Actor, supplier SupplierID, bill string) (n int, err error) {
	if err := by.Need(hospital.ApproveOrders); err != nil {
		return 0, err
	}
	if bill = strings.TrimSpace(bill); bill == "" || len(bill) > 60 {
		return 0, hospital.Refuse(hospital.ErrInvalid, "Give the number of the supplier's bill.")
	}
	err = r.Store.InTx(ctx, func(tx StoreroomTx) error {
		if n, err = tx.BillConsigned(ctx, supplier, tx.Now(), bill); err != nil {
			return err
		}
		if n == 0 {
			return hospital.Refuse(hospital.ErrInvalid, "Nothing of this supplier waits to be billed.")
		}
		tx.Announce("stock")
		return tx.Record(ctx, hospital.Deed{By: by, What: "consignment.bill", On: "supplier/" + string(supplier), After: fmt.Sprintf(`{"bill":%q,"lines":%d}`, bill, n)})
	})
	return n, err
}

// ParLine is an item of a cart or cupboard that is filled up by hand.
type ParLine struct {
	Item   Item
	Par    int64
	Usable int64
	// Bring is what is missing, at most what the other place has.
	Bring, There int64
}

// ParReader answers what a round brings.
type ParReader interface {
	// ParLines are the items of a place that are below their par on a day, with what
	// another place has of them.
	ParLines(ctx context.Context, place, from PlaceID, today Date) ([]ParLine, error)
}

// Bringing is one line of a round.
type Bringing struct {
	Item     ItemID
	Quantity int64
}

// Restock carries what a round brings to a place, in one: either all of it is
// booked or nothing. It needs hospital.UseStock.
func (r *Storeroom) Restock(ctx context.Context, by hospital.Actor, place, from PlaceID, all []Bringing, key string) error {
	if err := by.Need(hospital.UseStock); err != nil {
		return err
	}
	if from == place || from == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Choose where it is brought from.")
	}
	err := r.Store.InTx(ctx, func(tx StoreroomTx) error {
		first, err := tx.FirstTime(ctx, key)
		if err != nil || !first {
			return err
		}
		if err := Within(ctx, tx, by, hospital.UseStock, from); err != nil {
			return err
		}
		for _, b := range all {
			if err := quantity(b.Quantity); err != nil {
				return err
			}
			t := Taking{Item: b.Item, Place: from, Quantity: b.Quantity, Why: "restocking round"}
			if err := r.Stock.MoveIn(ctx, tx, by, Moving{Taking: t, To: place}); err != nil {
				return err
			}
			if err := tx.Record(ctx, hospital.Deed{By: by, What: "stock.move", On: "stock/" + string(b.Item), Why: t.Why,
				After: fmt.Sprintf(`{"place":%q,"to":%q,"quantity":%d}`, from, place, b.Quantity)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("restock %s: %w", place, err)
	}
	return nil
}
