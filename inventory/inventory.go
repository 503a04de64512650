// Package inventory is what the hospital holds: items, lots with their expiry,
// the places where they stand, and the ledger that says how they came and went.
//
//	scan, form, receipt, import ─▶ Stock ─▶ Movement (appended, never changed) ─▶ Balance
//	cold-chain Event ─▶ Follower ─▶ Hold on what stood in that fridge ─▶ a pharmacist decides
//
// Stock is always the sum of the ledger's movements. Quantities are whole units
// of issue; money is whole minor units of a currency. A balance has two parts:
// free, and held until somebody decides. Expired stock is neither: it is free
// stock whose lot's day is over, and no rule here counts it as usable.
package inventory

import (
	"cmp"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// Identifiers are those of the hospital document; a lot that comes in later gets
// one made of its item, number and expiry.
type (
	ItemID     string
	LotID      string
	PlaceID    string
	SupplierID string
)

// What goes wrong with stock. Each is one of hospital's kinds.
var (
	// ErrUnknownItem, ErrUnknownPlace, ErrUnknownLot, ErrUnknownHold, ErrUnknownLine: there is none of that name.
	ErrUnknownItem  = fmt.Errorf("item %w", hospital.ErrUnknown)
	ErrUnknownPlace = fmt.Errorf("place %w", hospital.ErrUnknown)
	ErrUnknownLot   = fmt.Errorf("lot %w", hospital.ErrUnknown)
	ErrUnknownHold  = fmt.Errorf("hold %w", hospital.ErrUnknown)
	ErrUnknownLine  = fmt.Errorf("line %w", hospital.ErrUnknown)
	// ErrShort: there is not that much to take. Nothing was taken.
	ErrShort = fmt.Errorf("not enough stock: %w", hospital.ErrInvalid)
	// ErrUnusable: the lot is expired or held, and may only be discarded or decided.
	ErrUnusable = fmt.Errorf("lot not usable: %w", hospital.ErrInvalid)
)

// MaxQuantity is the most units that one movement may carry: far above any
// hospital's delivery, far below where sums could overflow.
const MaxQuantity = 10_000_000

// Item is something that is held, used up and ordered again.
type Item struct {
	ID   ItemID
	Name string
	Unit string // of issue: "dose", "piece"
	GTIN string // 14 digits; empty when nobody has said
	// Pack is how many units one orderable pack holds, at least 1.
	Pack         int64
	Supplier     SupplierID // empty: never proposed
	SupplierCode string
	Price        int64 // of one pack, in the supplier's minor units
	// Breaks are lower prices of larger orders.
	Breaks      []PriceBreak
	LeastPacks  int64
	ReviewDays  int // 0: every day
	ShelfLife   int // days that a delivery lasts; 0: does not perish
	Criticality string
	// Storage is the temperature profile that it must be kept at; empty: room temperature.
	Storage   string
	Stability []Stability
}

// Stability is one temperature band that an item tolerates for a time, all
// excursions together, as its maker says in Source.
type Stability struct {
	FromCelsius float64 `json:"from_celsius"`
	ToCelsius   float64 `json:"to_celsius"`
	Hours       float64 `json:"hours"`
	Source      string  `json:"source,omitempty"`
	// Single: no one stay may be longer; otherwise all of them together.
	Single bool `json:"single,omitempty"`
	// Then is what the maker has done with goods that were in the band within its time.
	Then Then `json:"then,omitempty"`
}

// Service is the wanted chance of no stock-out in a cycle, by how badly the item
// is needed (VEN).
func (i Item) Service() float64 {
	switch i.Criticality {
	case "vital":
		return 0.99
	case "desirable":
		return 0.90
	}
	return 0.95
}

// Place is where stock is kept: a shelf, a cabinet, a fridge.
type Place struct {
	ID     PlaceID
	Name   string
	Room   hospital.RoomID
	Unit   hospital.UnitID
	Fridge coldchain.FridgeID // the place is inside this fridge; empty for a shelf
}

// Lot is one batch of an item.
type Lot struct {
	ID     LotID
	Item   ItemID
	Number string // as printed on the box; empty when it has none
	Expiry Date   // usable through the end of this day; zero: does not expire
}

// Usable says whether the lot may be given out on a day. Everything that asks
// about expiry asks here.
func (l Lot) Usable(today Date) bool { return l.Expiry.IsZero() || l.Expiry >= today }

// Supplier is whom orders are sent to.
type Supplier struct {
	ID       SupplierID
	Name     string
	Email    string
	Currency string // ISO 4217
	Account  string // our customer number there
	LeadDays int
	Minimum  int64 // least worth of an order, in minor units
	Calendar Calendar
	Channel  Channel
}

// Date is a day of the site's calendar, counted from 1 January 1970; zero is no date.
type Date int32

// DateOf is the day at a place's clock.
func DateOf(at time.Time, clock *time.Location) Date {
	local := at.In(clock)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	return Date(midnight.Unix() / 86400)
}

// ParseDate reads "2027-03-31"; an empty text is no date.
func ParseDate(text string) (Date, error) {
	if text == "" {
		return 0, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil || at.Year() < 1971 || at.Year() > 2200 {
		return 0, fmt.Errorf("%q is no date like 2027-03-31: %w", text, hospital.ErrInvalid)
	}
	return DateOf(at, time.UTC), nil
}

// IsZero is true when there is no date.
func (d Date) IsZero() bool { return d == 0 }

// Time is midnight UTC at the beginning of the date.
func (d Date) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is "2027-03-31", empty for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

// Money is an amount in minor units (cents) of an ISO 4217 currency.
type Money struct {
	Minor    int64
	Currency string
}

// String is "1,234.50 EUR".
func (m Money) String() string {
	sign, minor := "", m.Minor
	if minor < 0 {
		sign, minor = "−", -minor
	}
	whole := fmt.Sprint(minor / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s%s.%02d %s", sign, whole, minor%100, m.Currency)
}

// fefo orders lots by what should be given out first: the earliest expiry, lots
// without one last, then by identifier so that the order is always the same.
func fefo(a, b Balance) int {
	switch {
	case a.Lot.Expiry == b.Lot.Expiry:
		return cmp.Compare(a.Lot.ID, b.Lot.ID)
	case a.Lot.Expiry.IsZero():
		return 1
	case b.Lot.Expiry.IsZero():
		return -1
	}
	return cmp.Compare(a.Lot.Expiry, b.Lot.Expiry)
}
