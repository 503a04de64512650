package reorder

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// Bin is one of the bins of a kanban place, with the card that is scanned when it is empty.
type Bin struct {
	Code    string // as printed on its card: "BIN-7QK2MD-1"
	Item    inventory.Item
	Place   inventory.Place
	Number  int64 // 1 is the first of the place
	Size    int64
	EmptyAt time.Time // zero: it is in use
	EmptyBy string
}

// Empty says whether it waits to be refilled.
func (b Bin) Empty() bool { return !b.EmptyAt.IsZero() }

// ErrUnknownBin: no card has that code.
var ErrUnknownBin = fmt.Errorf("bin %w", hospital.ErrUnknown)

// binMark begins the code of every bin's card.
const binMark = "BIN-"

// BinCode is the code of a bin's card in what was scanned, which may be the card's
// address too; false when it is something else.
func BinCode(scanned string) (string, bool) {
	code := strings.TrimSpace(scanned)
	if i := strings.LastIndex(code, "/stock/bins/"); i >= 0 {
		code = code[i+len("/stock/bins/"):]
	}
	code = strings.ToUpper(code)
	return code, strings.HasPrefix(code, binMark) && len(code) <= 24
}

// RefillTx is what refilling needs of a transaction.
type RefillTx interface {
	// Refill is how a spot is refilled; the zero Refill when nobody has said.
	Refill(ctx context.Context, spot Spot) (policy.Refill, error)
	// SaveRefill stores it with its level, and gives its bins cards.
	SaveRefill(ctx context.Context, spot Spot, r policy.Refill) error
	// Bin answers ErrUnknownBin.
	Bin(ctx context.Context, code string) (Bin, error)
	// EmptyBin is false when the bin was empty already.
	EmptyBin(ctx context.Context, code, by string) (bool, error)
}

// RefillReader answers what pages ask about refilling.
type RefillReader interface {
	// Refills are all that people have said.
	Refills(ctx context.Context) (map[Spot]policy.Refill, error)
	FindBin(ctx context.Context, code string) (Bin, error)
	// Bins are those of a place, or of all, the empty ones first.
	Bins(ctx context.Context, place inventory.PlaceID) ([]Bin, error)
}

// SetRefill says how a place is refilled from now on; what follows from it is
// proposed at once. It needs hospital.ApproveOrders.
func (d *Desk) SetRefill(ctx context.Context, by hospital.Actor, spot Spot, r policy.Refill) error {
	if err := by.Need(hospital.ApproveOrders); err != nil {
		return err
	}
	if fault := r.Fault(); fault != "" {
		return hospital.Refuse(hospital.ErrInvalid, fault)
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		if _, err := tx.Item(ctx, spot.Item); err != nil {
			return err
		}
		if err := inventory.Within(ctx, tx, by, hospital.ApproveOrders, spot.Place); err != nil {
			return err
		}
		before, err := tx.Refill(ctx, spot)
		if err != nil {
			return err
		}
		if r.Since = int(d.Stock.Today(tx.Now())); before.Periodic() && before.ReviewDays == r.ReviewDays {
			r.Since = before.Since
		}
		if err := tx.SaveRefill(ctx, spot, r); err != nil {
			return err
		}
		if err := tx.MarkDue(ctx, []Spot{spot}); err != nil {
			return err
		}
		tx.Announce("stock", "stock/"+string(spot.Item))
		return tx.Record(ctx, hospital.Deed{By: by, What: "refill.set", On: "stock/" + string(spot.Item), Before: said(spot, before), After: said(spot, r)})
	})
	if err != nil {
		return fmt.Errorf("set how %s is refilled at %s: %w", spot.Item, spot.Place, err)
	}
	return nil
}

func said(spot Spot, r policy.Refill) string {
	r.Empty = 0
	text, err := json.Marshal(struct {
		Place inventory.PlaceID
		policy.Refill
	}{spot.Place, r})
	if err != nil {
		return "" // a struct of numbers and texts always can
	}
	return string(text)
}

// EmptyBin notes that a bin is empty, so that one bin is proposed. A card that is
// scanned again before the bin was refilled changes nothing: asked is false then.
func (d *Desk) EmptyBin(ctx context.Context, by hospital.Actor, code string) (b Bin, asked bool, err error) {
	if err := by.Need(hospital.UseStock); err != nil {
		return b, false, err
	}
	err = d.Store.InTx(ctx, func(tx Tx) error {
		if b, err = tx.Bin(ctx, code); err != nil {
			return err
		}
		if err := inventory.Within(ctx, tx, by, hospital.UseStock, b.Place.ID); err != nil {
			return err
		}
		if asked, err = tx.EmptyBin(ctx, code, by.Name); err != nil || !asked {
			return err
		}
		if err := tx.MarkDue(ctx, []Spot{{b.Item.ID, b.Place.ID}}); err != nil {
			return err
		}
		tx.Announce("stock", "stock/"+string(b.Item.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "bin.empty", On: "stock/" + string(b.Item.ID),
			After: fmt.Sprintf(`{"bin":%q,"place":%q}`, code, b.Place.ID)})
	})
	if err != nil {
		return b, false, fmt.Errorf("empty bin %s: %w", code, err)
	}
	return b, asked, nil
}
