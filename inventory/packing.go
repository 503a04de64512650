package inventory

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wardwatch/tracking/gs1"
	"wardwatch/tracking/hospital"
)

// Packing is what people call so many units of an item. It is a version: a box
// that holds another number from today on is another Packing of the same name, and
// what was booked before stays as it was booked, in units.
type Packing struct {
	ID    int64
	Item  ItemID
	Name  string // "box"
	Units int64  // of issue in one; 0: no longer said
	GTIN  string // of the pack itself, 14 digits; may be empty
	At    time.Time
	By    string
}

// String is "box of 10".
func (p Packing) String() string { return fmt.Sprintf("%s of %d", p.Name, p.Units) }

// ErrUnknownPacking: the item has no such pack, or no longer.
var ErrUnknownPacking = fmt.Errorf("pack %w", hospital.ErrUnknown)

// PackingReader answers which packs there are.
type PackingReader interface {
	// Packings are those of an item that count now, by name.
	Packings(ctx context.Context, item ItemID) ([]Packing, error)
	// PackingsEver are all versions, the newest first.
	PackingsEver(ctx context.Context, item ItemID) ([]Packing, error)
}

// PackingTx adds a version.
type PackingTx interface {
	AddPacking(ctx context.Context, p Packing) error
}

// Amount is a quantity of a packing in units of issue. It may have a part, as in
// "1.5" boxes, where that is a whole number of units: units are never parted, and
// nothing is rounded. The zero Packing counts units.
func (p Packing) Amount(text string) (int64, error) {
	units := max(p.Units, 1)
	whole, part, _ := strings.Cut(strings.Replace(strings.TrimSpace(text), ",", ".", 1), ".")
	if part = strings.TrimRight(part, "0"); len(part) > maxDecimals || len(whole) > maxDigits {
		return 0, p.refuse(text)
	}
	scale := int64(1)
	for range part {
		scale *= 10
	}
	if whole == "" && part == "" || strings.ContainsAny(whole+part, "+-") {
		return 0, p.refuse(text)
	}
	n, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil {
		return 0, p.refuse(text)
	}
	if n > MaxQuantity*scale/units {
		return 0, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A quantity is a whole number from 1 to %d.", MaxQuantity))
	}
	if n*units%scale != 0 {
		return 0, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s %s is no whole number of units. Nothing was booked.", text, p))
	}
	return n * units / scale, nil
}

const (
	// maxDecimals and maxDigits bound what is typed for a quantity.
	maxDecimals = 3
	maxDigits   = 8
	// maxPackings is how many packs one item may have.
	maxPackings = 20
)

func (p Packing) refuse(text string) error {
	if p.Units > 1 {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%q is no number of packs, such as 2 or 1.5.", text))
	}
	return hospital.Refuse(hospital.ErrInvalid, "A quantity is a whole number, such as 12.")
}

// SetPacking has a name stand for so many units from now on; 0 units withdraw it.
// It needs hospital.ManageItems.
func (r *Storeroom) SetPacking(ctx context.Context, by hospital.Actor, p Packing) error {
	if err := by.Need(hospital.ManageItems); err != nil {
		return err
	}
	p.Name = strings.ToLower(strings.TrimSpace(p.Name))
	if p.Name == "" || len(p.Name) > 40 {
		return hospital.Refuse(hospital.ErrInvalid, "Name the pack: box, case, tray.")
	}
	if p.Units == 1 || p.Units < 0 || p.Units > MaxQuantity {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A pack holds 2 to %d units; 0 withdraws it.", MaxQuantity))
	}
	if p.GTIN != "" {
		number, err := gs1.GTIN14(p.GTIN)
		if err != nil {
			return hospital.Refuse(hospital.ErrInvalid, "This GTIN is mistyped: its check digit does not fit.")
		}
		p.GTIN = number
	}
	all, err := r.Store.Packings(ctx, p.Item)
	if err != nil {
		return err
	}
	if len(all) >= maxPackings && p.Units > 0 {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("An item has at most %d packs.", maxPackings))
	}
	err = r.Store.InTx(ctx, func(tx StoreroomTx) error {
		if _, err := tx.Item(ctx, p.Item); err != nil {
			return err
		}
		p.At, p.By = tx.Now(), by.Name
		if err := tx.AddPacking(ctx, p); err != nil {
			return err
		}
		tx.Announce("stock/" + string(p.Item))
		return tx.Record(ctx, hospital.Deed{By: by, What: "packing.set", On: "stock/" + string(p.Item),
			After: fmt.Sprintf(`{"name":%q,"units":%d,"gtin":%q}`, p.Name, p.Units, p.GTIN)})
	})
	if err != nil {
		return fmt.Errorf("set the pack %s of %s: %w", p.Name, p.Item, err)
	}
	return nil
}

// InUnits is what was typed, of a packing by its number (0: of units), in units of
// issue, with the words that the ledger keeps. ErrStale when the pack means another
// number by now.
func (r *Storeroom) InUnits(ctx context.Context, item ItemID, packing int64, text string) (n int64, words string, err error) {
	if packing == 0 {
		n, err = Packing{}.Amount(text)
		return n, "", err
	}
	all, err := r.Store.Packings(ctx, item)
	if err != nil {
		return 0, "", err
	}
	for _, p := range all {
		if p.ID == packing {
			n, err = p.Amount(text)
			return n, strings.TrimSpace(text) + " × " + p.String(), err
		}
	}
	return 0, "", hospital.Refuse(hospital.ErrStale, "This pack was changed since you opened the page. Choose it again.")
}
