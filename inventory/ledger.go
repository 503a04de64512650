package inventory

import (
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
)

// Kind is why stock came or went.
type Kind string

// The kinds of movement.
const (
	Opening Kind = "opening" // counted when the hospital was taken in
	Receive Kind = "receive"
	Use     Kind = "use"
	Return  Kind = "return" // came back unused
	MoveOut Kind = "move out"
	MoveIn  Kind = "move in"
	Count   Kind = "count" // the difference that a count found
	Adjust  Kind = "adjust"
	Discard Kind = "discard"
	Held    Kind = "hold"
	Release Kind = "release"
)

// Movement is one line of the ledger: what changed at one place for one lot. It
// is appended and never altered; a mistake is corrected by another movement.
type Movement struct {
	Seq   int64 // given when it is appended
	At    time.Time
	Day   Date // of the hospital's calendar
	Kind  Kind
	Item  ItemID
	Lot   LotID
	Place PlaceID
	// Free and Held are the changes of the balance's two parts.
	Free, Held int64
	By         hospital.PersonID
	ByName     string
	Why        string
	Source     string  // "form", "scan", "import", "order", "cold chain"
	Ref        string  // what it belongs to: an order's number, an excursion
	Other      PlaceID // of a move: the other end
}

// Quantity is what the movement changes of what lies there.
func (m Movement) Quantity() int64 { return m.Free + m.Held }

// Balance is what one place holds of one lot: the sum of its movements.
type Balance struct {
	Lot   Lot
	Place PlaceID
	Free  int64
	Held  int64
}

// OnHand is everything that lies there.
func (b Balance) OnHand() int64 { return b.Free + b.Held }

// Usable is what may be given out on a day.
func (b Balance) Usable(today Date) int64 {
	if !b.Lot.Usable(today) {
		return 0
	}
	return b.Free
}

// Expired is the free stock whose day is over.
func (b Balance) Expired(today Date) int64 { return b.Free - b.Usable(today) }

// Picked is how much to take of one lot.
type Picked struct {
	Lot      Lot
	Quantity int64
}

// Pick chooses usable lots for a quantity, those first that expire first. When
// there is not enough it picks nothing and says how much there is (ErrShort).
func Pick(shelf []Balance, quantity int64, today Date) ([]Picked, error) {
	sorted := slices.SortedFunc(slices.Values(shelf), fefo)
	var picked []Picked
	missing := quantity
	for _, b := range sorted {
		take := min(b.Usable(today), missing)
		if take <= 0 {
			continue
		}
		picked = append(picked, Picked{Lot: b.Lot, Quantity: take})
		missing -= take
	}
	if missing > 0 {
		return nil, short(quantity-missing, shelf, today)
	}
	return picked, nil
}

func short(usable int64, shelf []Balance, today Date) error {
	var held, expired int64
	for _, b := range shelf {
		held += b.Held
		expired += b.Expired(today)
	}
	sentence := fmt.Sprintf("Only %d can be used here", usable)
	if held > 0 {
		sentence += fmt.Sprintf(", %d more are held for a decision", held)
	}
	if expired > 0 {
		sentence += fmt.Sprintf(", %d have expired", expired)
	}
	return hospital.Refuse(ErrShort, sentence+". Nothing was taken.")
}

// Sum adds movements up to balances by lot and place. It is what the stored
// balances are verified against.
func Sum(movements []Movement) map[LotID]map[PlaceID]Balance {
	sums := map[LotID]map[PlaceID]Balance{}
	for _, m := range movements {
		if sums[m.Lot] == nil {
			sums[m.Lot] = map[PlaceID]Balance{}
		}
		b := sums[m.Lot][m.Place]
		b.Lot.ID, b.Place = m.Lot, m.Place
		b.Free += m.Free
		b.Held += m.Held
		sums[m.Lot][m.Place] = b
	}
	return sums
}
