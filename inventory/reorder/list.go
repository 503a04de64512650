package reorder

import "wardwatch/inventory"

// Selection chooses proposals for a list, the last raised first.
type Selection struct {
	Open   bool             // only those that wait
	Status Status           // empty: any
	Item   inventory.ItemID // empty: of all
	// Before is the last number of the list's part before; 0 begins the list.
	Before ProposalID
}

// OrderSelection chooses orders for a list, the last number first.
type OrderSelection struct {
	Status OrderStatus // empty: any
	// Before is the last number of the list's part before; empty begins the list.
	Before string
}
