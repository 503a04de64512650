package inventory

import (
	"context"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// Reader answers what pages ask. Every answer is of what was last committed.
type Reader interface {
	// FindItem answers ErrUnknownItem; so does FindItemByGTIN (14 digits).
	FindItem(ctx context.Context, id ItemID) (Item, error)
	FindItemByGTIN(ctx context.Context, gtin string) (Item, error)
	// FindPackingByGTIN answers ErrUnknownPacking.
	FindPackingByGTIN(ctx context.Context, gtin string) (Packing, error)
	// FindLot is the item's lot of a number, the one that expires last where there are several; ErrUnknownLot.
	FindLot(ctx context.Context, item ItemID, number string) (Lot, error)
	// LotsNumbered are the lots whose number begins with a text in either case, those
	// first that expire last.
	LotsNumbered(ctx context.Context, begins string, limit int) ([]NamedLot, error)
	// Places are all places, by name.
	Places(ctx context.Context) ([]Place, error)
	// Lines are the items that fit the query, low ones first, with how many there are in all.
	Lines(ctx context.Context, q Query) ([]Line, int, error)
	// Tally counts what somebody should look at, on a day.
	Tally(ctx context.Context, today Date) (Tally, error)
	// Health counts how stock does on a day.
	Health(ctx context.Context, today Date) (Health, error)
	// Balances are what all places hold of an item, those first that expire first.
	Balances(ctx context.Context, item ItemID) ([]Balance, error)
	// InFridge is what stands in fridges, with its items.
	InFridge(ctx context.Context, fridges ...coldchain.FridgeID) ([]Content, error)
	// Movements are the newest lines of an item's ledger, before a sequence number when it is not 0.
	Movements(ctx context.Context, item ItemID, before int64, limit int) ([]Movement, error)
	// MovementNumbered is one line of an item's ledger; ErrUnknownLine.
	MovementNumbered(ctx context.Context, item ItemID, seq int64) (Movement, error)
	// TakenBack says which of some lines have been taken back, each with the line that did so.
	TakenBack(ctx context.Context, lines []int64) (map[int64]int64, error)
	// UseByDay is the use of an item in all places since a day, days without use left out.
	UseByDay(ctx context.Context, item ItemID, since Date) (map[Date]int64, error)
	// HeldLots are the holds that wait for a decision, oldest first; of one fridge when it is named.
	HeldLots(ctx context.Context, fridge coldchain.FridgeID) ([]HeldLot, error)
	// Signatures of a record, the first first.
	Signatures(ctx context.Context, subject string) ([]hospital.Signature, error)
	// SignaturesOf several records at once, by their subject.
	SignaturesOf(ctx context.Context, subjects []string) (map[string][]hospital.Signature, error)
	// HoldsOf are all holds of an excursion, decided ones too, with who decided what and why.
	HoldsOf(ctx context.Context, excursion coldchain.ExcursionID) ([]HeldLot, error)
	// Followed is how far a follower has come in the chain of events.
	Followed(ctx context.Context, follower string) (int64, error)
	// Recalls are the open ones, then those that ended last.
	Recalls(ctx context.Context, limit int) ([]Recall, error)
	// FindRecall answers ErrUnknownRecall; with where what it covers lies now, and
	// where it went: the newest movements of those lots that took stock out of a place.
	FindRecall(ctx context.Context, id RecallID) (Recall, []Shelved, []Entry, error)
	// Outlooks are where an item stands at each place, as the reorder desk last saw it.
	Outlooks(ctx context.Context, item ItemID) ([]Outlook, error)
	LotReader
	HealthReader
	CarryReader
	DeliveryReader
}

// Tally counts items that run low, items with usable stock that expires within
// ExpiringDays, and holds that wait for a decision.
type Tally struct{ Low, Expiring, Held int }

// NamedLot is a lot with the name of its item.
type NamedLot struct {
	Lot
	ItemName string
}

// PageSize is how many lines a list shows at once.
const PageSize = 50

// Query chooses items.
type Query struct {
	Text   string // part of a name or identifier, or a GTIN
	Filter Filter
	// Supplier is who sells it; empty: whoever does.
	Supplier SupplierID
	Today    Date
	Offset   int
}

// Filter is a preset choice of items.
type Filter string

// The filters.
const (
	AllItems Filter = ""
	Low      Filter = "low"
	Expiring Filter = "expiring" // within ExpiringDays
	OnHold   Filter = "held"
	Expired  Filter = "expired"
)

// ExpiringDays is how near an expiry is listed as near.
const ExpiringDays = 30

// Line is one item of the list.
type Line struct {
	Item     Item
	OnHand   int64
	Held     int64
	Expired  int64
	NextDay  Date // the first expiry of usable stock; zero when none
	OnOrder  int64
	Proposed int64
	// Low is true where a place is at or under its reorder point.
	Low      bool
	DaysLeft float64 // at the place where it is least; negative when it is not known
	// Reorder is at or under what the desk orders, summed over the OrderedAt places that order it.
	Reorder   int64
	OrderedAt int
}

// Usable is what may be given out today.
func (l Line) Usable() int64 { return l.OnHand - l.Held - l.Expired }

// Outlook is how one place stands with an item, as the reorder desk last saw it.
type Outlook struct {
	Item     ItemID
	Place    PlaceID
	Usable   int64
	Position int64 // open proposals left out: what is only proposed is still low
	Reorder  int64
	Target   int64
	PerDay   float64
	DaysLeft float64 // negative: no use, no end in sight
	Basis    string  // where the reorder point comes from
	Evidence string  // how the forecast did where it was tried; empty while too little is known
}

// Low says whether the position is at or under the reorder point.
func (o Outlook) Low() bool { return o.Target > 0 && o.Position <= o.Reorder }

// HeldLot is a hold with what a pharmacist needs to see of it.
type HeldLot struct {
	Hold
	FridgeName string
	ItemName   string
	Unit       string
	LotNumber  string
	Expiry     Date
	PlaceName  string
	Waiting    int64 // held there now
	Storage    string
	Stability  []Stability
	// First is who has released it while a second person must; empty while nobody has.
	First string
	// Exposures are all that the lot went through; an excursion that still runs is not among them.
	Exposures []Exposure
	// Weighed is its budget minute by minute; nil where nobody has asked Histories.
	Weighed *Weighed
}

// Budget is what the lot's history has left of its stability: minute by minute, or
// by whole excursions where that was not asked for.
func (h HeldLot) Budget() Budget {
	if h.Weighed != nil {
		return h.Weighed.Now
	}
	return BudgetOf(h.Stability, h.Exposures)
}

// Running says whether the excursion that holds the lot has not ended yet.
func (h HeldLot) Running() bool {
	for _, e := range h.Exposures {
		if e.Excursion == h.Excursion {
			return false
		}
	}
	return !h.Withdrawn && h.Excursion > 0
}

// Content is a lot that stands in a fridge.
type Content struct {
	Balance
	Item      Item
	PlaceName string
}
