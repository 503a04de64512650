package hospital

import "slices"

// itemPages are the words that stand where an item's name stands in an address, /stock/NAME,
// and lead to a page of all items.
var itemPages = []string{"bins", "cabinets", "consignment", "counts", "expiring", "health", "new", "recalls", "reorder", "restock", "scan", "surges", "transfers", "usage"}

// ItemNameTaken says that an item of this short name could never be looked at: its address leads elsewhere.
func ItemNameTaken(id string) bool { return slices.Contains(itemPages, id) }
