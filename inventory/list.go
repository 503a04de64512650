package inventory

import "time"

// ItemSelection chooses items for a list in the order of their identifiers.
type ItemSelection struct {
	Query
	// After is the last item of the list's part before.
	After ItemID
}

// LotSelection chooses what lies where for a list, by lot and place. All of it may be empty.
type LotSelection struct {
	Item      ItemID
	Place     PlaceID
	Held      bool // only where some is held
	ExpiresBy Date // only lots that expire on that day or before
	// AfterLot and AfterPlace are the last line of the list's part before.
	AfterLot   LotID
	AfterPlace PlaceID
}

// Shelved is a balance with the names that people know it by.
type Shelved struct {
	Balance
	ItemName, Unit, PlaceName string
}

// LedgerSelection chooses movements for a list, the newest first.
type LedgerSelection struct {
	Item     ItemID    // empty: of all
	From, To time.Time // From <= At < To; zero: no bound
	// Before is the last number of the list's part before; 0 begins the list.
	Before int64
}

// Entry is a movement with the names that people know its things by.
type Entry struct {
	Movement
	ItemName, Unit, LotNumber, PlaceName string
	Expiry                               Date
}
