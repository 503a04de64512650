package inventory

import "context"

// MasterItem is an item with all that the item master holds of it.
type MasterItem struct {
	Item
	Substitutes []ItemID // the best first
}

// SubstituteReader answers what may be given instead.
type SubstituteReader interface {
	// Instead are the substitutes of an item, the best first, with what there is of each on a day.
	Instead(ctx context.Context, item ItemID, today Date) ([]Line, error)
	// ItemsAfter are up to limit items of the master behind one, by their identifiers.
	ItemsAfter(ctx context.Context, after ItemID, limit int) ([]MasterItem, error)
}
