package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"wardwatch/tracking/gs1"
	"wardwatch/tracking/hospital"
)

// MasterReader answers what the item master holds.
type MasterReader interface {
	// MasterItem answers ErrUnknownItem.
	MasterItem(ctx context.Context, id ItemID) (MasterItem, error)
}

// MasterTx keeps the item master.
type MasterTx interface {
	MasterReader
	// SaveMasterItem adds an item or changes it, with its substitutes, and has the desk look at it again wherever it lies.
	SaveMasterItem(ctx context.Context, m MasterItem) error
	// ItemsCalled are the items of an identifier, a GTIN of 14 digits or a whole name, whatever its case; two at most.
	ItemsCalled(ctx context.Context, text string) ([]ItemID, error)
	// Booked says whether anything of an item was ever booked.
	Booked(ctx context.Context, item ItemID) (bool, error)
	// SellerKnown and StorageKnown say whether there is such a supplier, or profile to keep something at.
	SellerKnown(ctx context.Context, id SupplierID) (bool, error)
	StorageKnown(ctx context.Context, profile string) (bool, error)
}

// Criticalities are how badly an item may be needed (VEN), the worst first.
var Criticalities = []string{"vital", "essential", "desirable"}

// Bounds of an item, as the hospital document has them.
const (
	maxItemName    = 200
	maxItemUnit    = 40
	maxItemPack    = 1_000_000
	maxItemPrice   = 100_000_000
	maxShelfLife   = 36_500
	maxReviewDays  = 365
	maxSubstitutes = 12
)

var itemID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// AddItem enters an item; its Substitutes are named in instead: each by its short name, its
// GTIN or its whole name. It needs hospital.ManageItems, for the whole hospital.
func (r *Storeroom) AddItem(ctx context.Context, by hospital.Actor, m MasterItem, instead []string) error {
	return r.saveItem(ctx, by, "item.added", m.ID, instead, func(tx StoreroomTx, stored MasterItem, known bool) (MasterItem, error) {
		if known {
			return m, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("There is an item “%s” already: %s. Choose another short name.", m.ID, stored.Name))
		}
		known, err := tx.SellerKnown(ctx, m.Supplier)
		if err == nil && !known {
			err = hospital.Refuse(hospital.ErrInvalid, "Choose a supplier from the list.")
		}
		return m, err
	})
}

// ChangeItem says anew what an item is. From whom it is bought, its packs and its prices are
// set elsewhere and stay (reorder.Desk). It needs hospital.ManageItems, for the whole hospital.
func (r *Storeroom) ChangeItem(ctx context.Context, by hospital.Actor, m MasterItem, instead []string) error {
	return r.saveItem(ctx, by, "item.changed", m.ID, instead, func(tx StoreroomTx, stored MasterItem, known bool) (MasterItem, error) {
		if !known {
			return m, fmt.Errorf("%s: %w", m.ID, ErrUnknownItem)
		}
		booked, err := tx.Booked(ctx, m.ID)
		if err != nil {
			return m, err
		}
		if booked && strings.TrimSpace(m.Unit) != stored.Unit {
			return m, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("It is booked by the “%s” already; what was booked would mean something else. Enter a new item for another unit.", stored.Unit))
		}
		stored.Name, stored.Unit, stored.GTIN, stored.Criticality = m.Name, m.Unit, m.GTIN, m.Criticality
		stored.Storage, stored.ShelfLife, stored.ReviewDays = m.Storage, m.ShelfLife, m.ReviewDays
		return stored, nil
	})
}

// saveItem stores what an item becomes, with the deed.
func (r *Storeroom) saveItem(ctx context.Context, by hospital.Actor, what string, id ItemID, instead []string, become func(tx StoreroomTx, stored MasterItem, known bool) (MasterItem, error)) error {
	if err := by.NeedEverywhere(hospital.ManageItems); err != nil {
		return err
	}
	err := r.Store.InTx(ctx, func(tx StoreroomTx) error {
		stored, err := tx.MasterItem(ctx, id)
		known := err == nil
		if err != nil && !errors.Is(err, ErrUnknownItem) {
			return err
		}
		m, err := become(tx, stored, known)
		if err != nil {
			return err
		}
		if err := m.check(ctx, tx, stored); err != nil {
			return err
		}
		if m.Substitutes, err = readSubstitutes(ctx, tx, id, instead); err != nil {
			return err
		}
		if err := tx.SaveMasterItem(ctx, m); err != nil {
			return err
		}
		deed := hospital.Deed{By: by, What: what, On: "stock/" + string(id), After: m.facts()}
		if known {
			deed.Before = stored.facts()
		}
		tx.Announce("stock/" + string(id))
		return tx.Record(ctx, deed)
	})
	if err != nil {
		return fmt.Errorf("save item %s: %w", id, err)
	}
	return nil
}

// check tidies an item and refuses what can't be, and a name or number that it would newly share with another.
func (m *MasterItem) check(ctx context.Context, tx MasterTx, stored MasterItem) error {
	m.Name, m.Unit = strings.TrimSpace(m.Name), strings.TrimSpace(m.Unit)
	if wrong := m.wrong(); wrong != "" {
		return hospital.Refuse(hospital.ErrInvalid, wrong)
	}
	if m.GTIN != "" {
		number, err := gs1.GTIN14(m.GTIN)
		if err != nil {
			return hospital.Refuse(hospital.ErrInvalid, "This GTIN is mistyped: its check digit does not fit.")
		}
		m.GTIN = number
	}
	if known, err := tx.StorageKnown(ctx, m.Storage); err != nil {
		return err
	} else if !known {
		return hospital.Refuse(hospital.ErrInvalid, "Choose how it is kept from the list.")
	}
	for called, is := range map[string]string{m.Name: stored.Name, m.GTIN: stored.GTIN} {
		if called == "" || called == is {
			continue
		}
		all, err := tx.ItemsCalled(ctx, called)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(other ItemID) bool { return other != m.ID }) {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("There is another item of “%s” already.", called))
		}
	}
	return nil
}

// wrong says what of an item can't be; "" when all can.
func (m *MasterItem) wrong() string {
	switch {
	case !itemID.MatchString(string(m.ID)):
		return "A short name has up to 64 letters, digits, dots and dashes."
	case hospital.ItemNameTaken(string(m.ID)):
		return "A page of ours has this short name. Choose another."
	case m.Name == "" || len(m.Name) > maxItemName:
		return "Give the item a name, as people search for it."
	case m.Unit == "" || len(m.Unit) > maxItemUnit:
		return "Say what one of it is called: dose, piece, bag."
	case m.Pack < 1 || m.Pack > maxItemPack:
		return fmt.Sprintf("A pack holds 1 to %d units.", maxItemPack)
	case m.LeastPacks < 0 || m.LeastPacks > maxItemPack:
		return fmt.Sprintf("An order has at least 0 to %d packs.", maxItemPack)
	case m.Price < 0 || m.Price > maxItemPrice:
		return "Give the price of a pack."
	case m.ShelfLife < 0 || m.ShelfLife > maxShelfLife:
		return fmt.Sprintf("A delivery lasts 0 to %d days; 0 for what does not perish.", maxShelfLife)
	case m.ReviewDays < 0 || m.ReviewDays > maxReviewDays:
		return fmt.Sprintf("It is looked at every 0 to %d days; 0 for every day.", maxReviewDays)
	case m.Criticality != "" && !slices.Contains(Criticalities, m.Criticality):
		return "Choose how badly it is needed from the list."
	}
	return ""
}

// readSubstitutes are the items that were named to be given instead, the best first.
func readSubstitutes(ctx context.Context, tx MasterTx, item ItemID, named []string) (all []ItemID, err error) {
	for _, name := range named {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		text := name
		if number, err := gs1.GTIN14(name); err == nil {
			text = number
		}
		found, err := tx.ItemsCalled(ctx, text)
		switch {
		case err != nil:
			return nil, err
		case len(found) != 1:
			return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("No one item is called “%s”. Give its short name, its GTIN or its whole name.", name))
		case found[0] == item || slices.Contains(all, found[0]):
			return nil, hospital.Refuse(hospital.ErrInvalid, "A substitute is another item, and stands once.")
		}
		all = append(all, found[0])
	}
	if len(all) > maxSubstitutes {
		return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("An item has at most %d substitutes.", maxSubstitutes))
	}
	return all, nil
}

// facts are what the audit trail keeps of an item.
func (m MasterItem) facts() string {
	text, err := json.Marshal(map[string]any{"name": m.Name, "unit_of_issue": m.Unit, "gtin": m.GTIN, "pack": m.Pack, "supplier": m.Supplier, "price_minor": m.Price,
		"criticality": m.Criticality, "storage": m.Storage, "shelf_life_days": m.ShelfLife, "review_days": m.ReviewDays, "substitutes": m.Substitutes})
	if err != nil {
		return "" // texts and numbers alone
	}
	return string(text)
}
