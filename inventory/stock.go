package inventory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Store keeps items, places, lots and the ledger.
type Store interface {
	// InTx runs change in one transaction and returns once it is durable.
	InTx(ctx context.Context, change func(Tx) error) error
	Reader
}

// Tx is one change in progress.
type Tx interface {
	Now() time.Time
	Announce(topics ...string)
	Record(ctx context.Context, deed hospital.Deed) error

	// Item, Place and Lot answer ErrUnknownItem, ErrUnknownPlace, ErrUnknownLot. A
	// place's Unit is then its own, or that of the room or fridge that it is in.
	Item(ctx context.Context, id ItemID) (Item, error)
	Place(ctx context.Context, id PlaceID) (Place, error)
	Lot(ctx context.Context, id LotID) (Lot, error)
	// EnsureLot is the item's lot of that number and expiry, made when it is new.
	EnsureLot(ctx context.Context, item ItemID, number string, expiry Date) (Lot, error)
	// Shelf is what a place holds of an item, empty balances left out.
	Shelf(ctx context.Context, item ItemID, place PlaceID) ([]Balance, error)
	// Balance is what a place holds of a lot; zero when it holds nothing.
	Balance(ctx context.Context, lot LotID, place PlaceID) (Balance, error)
	// Append adds a line to the ledger and to the balance, in one. ErrShort when a
	// part of the balance would fall below nothing.
	Append(ctx context.Context, m Movement) error
	// TakenBack says whether another line has taken this one back.
	TakenBack(ctx context.Context, line int64) (bool, error)
	// FirstTime is false when a request with this key was already carried out.
	// An empty key is always a first time.
	FirstTime(ctx context.Context, key string) (bool, error)

	HoldTx
	RecallTx
	KeepingTx
	CarryTx
	DeliveryTx
	HealthTx
}

// Stock changes what is held. Each change is one transaction with its line in
// the ledger and in the audit trail.
type Stock struct {
	// Signed: what is decided of a held lot needs an electronic signature.
	Signed   bool
	Store    Store
	Register *hospital.Register
}

// Taking is a use, a return, a count, an adjustment or a discard at one place.
type Taking struct {
	Item     ItemID
	Place    PlaceID
	Lot      LotID // empty: the lots that expire first
	Quantity int64
	Why      string
	Source   string // "form" when empty
	// Key makes a repeated request harmless: it is carried out once. May be empty.
	Key string
}

// Use takes usable stock for a patient or a ward: of the lot, or of those that
// expire first. ErrShort when there is not that much; then nothing is taken.
func (s *Stock) Use(ctx context.Context, by hospital.Actor, t Taking) error {
	if err := s.check(by, hospital.UseStock, t.Quantity); err != nil {
		return err
	}
	return s.change(ctx, by, hospital.UseStock, "stock.use", t, func(tx Tx, today Date) error {
		picked, err := pickFrom(ctx, tx, t, today)
		if err != nil {
			return err
		}
		for _, p := range picked {
			if err := tx.Append(ctx, s.line(tx, by, t, Use, p.Lot, -p.Quantity, 0)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Return puts back what was taken and not used.
func (s *Stock) Return(ctx context.Context, by hospital.Actor, t Taking) error {
	if err := s.check(by, hospital.UseStock, t.Quantity); err != nil {
		return err
	}
	return s.change(ctx, by, hospital.UseStock, "stock.return", t, func(tx Tx, today Date) error {
		lot, err := lotOf(ctx, tx, t)
		if err != nil {
			return err
		}
		return s.add(ctx, tx, s.line(tx, by, t, Return, lot, t.Quantity, 0), lot)
	})
}

// Moving takes stock from one place to another.
type Moving struct {
	Taking
	To PlaceID
}

// Move carries stock to another place: of the lot, or of those that expire
// first. Held stock moves too when its lot is named, and stays held: in a failing
// fridge it must go somewhere cold before anybody can decide on it.
func (s *Stock) Move(ctx context.Context, by hospital.Actor, m Moving) error {
	if err := s.check(by, hospital.UseStock, m.Quantity); err != nil {
		return err
	}
	if m.To == m.Place {
		return hospital.Refuse(hospital.ErrInvalid, "Choose another place to move to.")
	}
	return s.change(ctx, by, hospital.UseStock, "stock.move", m.Taking, func(tx Tx, _ Date) error { return s.MoveIn(ctx, tx, by, m) })
}

// MoveIn is Move inside a transaction that does more, such as a transfer's end.
// The caller has checked who asks and whether the place is within reach, and
// records the deed.
func (s *Stock) MoveIn(ctx context.Context, tx Tx, by hospital.Actor, m Moving) error {
	if err := Within(ctx, tx, by, hospital.UseStock, m.To); err != nil {
		return err
	}
	if m.Lot != "" {
		return s.moveLot(ctx, tx, by, m)
	}
	picked, err := pickFrom(ctx, tx, m.Taking, s.today(tx))
	if err != nil {
		return err
	}
	for _, p := range picked {
		if err := s.carry(ctx, tx, by, m, p.Lot, p.Quantity, 0); err != nil {
			return err
		}
	}
	return nil
}

// moveLot moves free stock of one lot, and held stock where that is not enough.
func (s *Stock) moveLot(ctx context.Context, tx Tx, by hospital.Actor, m Moving) error {
	lot, err := lotOf(ctx, tx, m.Taking)
	if err != nil {
		return err
	}
	b, err := tx.Balance(ctx, lot.ID, m.Place)
	if err != nil {
		return err
	}
	if b.OnHand() < m.Quantity {
		return hospital.Refuse(ErrShort, fmt.Sprintf("Only %d of this lot are here. Nothing was moved.", b.OnHand()))
	}
	free := min(b.Free, m.Quantity)
	return s.carry(ctx, tx, by, m, lot, free, m.Quantity-free)
}

// carry writes the two ends of a move. Open holds go along with held stock.
func (s *Stock) carry(ctx context.Context, tx Tx, by hospital.Actor, m Moving, lot Lot, free, held int64) error {
	out := s.line(tx, by, m.Taking, MoveOut, lot, -free, -held)
	out.Other = m.To
	in := s.line(tx, by, m.Taking, MoveIn, lot, free, held)
	in.Place, in.Other = m.To, m.Place
	if err := tx.Append(ctx, out); err != nil {
		return err
	}
	if held > 0 {
		if err := tx.CopyHolds(ctx, lot.ID, m.Place, m.To, held); err != nil {
			return err
		}
	}
	return s.add(ctx, tx, in, lot)
}

// add appends a movement that brings stock, and holds it at once where the lot is
// recalled, or the place is in a fridge whose excursion is still running.
func (s *Stock) add(ctx context.Context, tx Tx, m Movement, lot Lot) error {
	if err := tx.Append(ctx, m); err != nil {
		return err
	}
	recall, recalled, err := tx.RecallOf(ctx, lot.Item, lot.Number)
	if err != nil {
		return err
	}
	if recalled && m.Free > 0 {
		by := hospital.Actor{ID: m.By, Name: m.ByName}
		return s.holdRecalled(ctx, tx, by, recall, Balance{Lot: lot, Place: m.Place, Free: m.Free})
	}
	place, err := tx.Place(ctx, m.Place)
	if err != nil || place.Fridge == "" || m.Free == 0 {
		return err
	}
	running, err := tx.RunningExcursions(ctx, place.Fridge)
	if err != nil {
		return err
	}
	for _, excursion := range running {
		if err := s.hold(ctx, tx, excursion, place, Balance{Lot: lot, Place: place.ID, Free: m.Free}, true); err != nil {
			return err
		}
		m.Free = 0
	}
	return nil
}

// Receiving is goods that came in.
type Receiving struct {
	Item     ItemID
	Place    PlaceID
	Number   string // of the lot
	Expiry   Date
	Quantity int64
	Why      string
	Source   string
	Ref      string // the order
	Key      string
}

// Receive books goods in. ErrUnusable when the lot has already expired.
func (s *Stock) Receive(ctx context.Context, by hospital.Actor, r Receiving) error {
	if err := s.check(by, hospital.ReceiveStock, r.Quantity); err != nil {
		return err
	}
	t := Taking{Item: r.Item, Place: r.Place, Quantity: r.Quantity, Why: r.Why, Source: r.Source, Key: r.Key}
	return s.change(ctx, by, hospital.ReceiveStock, "stock.receive", t, func(tx Tx, today Date) error {
		return s.ReceiveIn(ctx, tx, by, r)
	})
}

// ReceiveIn is Receive inside a transaction that does more, such as an order's
// receipt. The caller has checked who asks, and records the deed.
func (s *Stock) ReceiveIn(ctx context.Context, tx Tx, by hospital.Actor, r Receiving) error {
	if err := quantity(r.Quantity); err != nil {
		return err
	}
	if !r.Expiry.IsZero() && r.Expiry < s.today(tx) {
		return hospital.Refuse(ErrUnusable, fmt.Sprintf("Lot %s expired on %s. Send it back; it can't be received.", r.Number, r.Expiry))
	}
	if _, err := tx.Item(ctx, r.Item); err != nil {
		return err
	}
	if err := notRecalled(ctx, tx, r.Item, strings.TrimSpace(r.Number), "received; send it back"); err != nil {
		return err
	}
	lot, err := tx.EnsureLot(ctx, r.Item, strings.TrimSpace(r.Number), r.Expiry)
	if err != nil {
		return err
	}
	t := Taking{Item: r.Item, Place: r.Place, Why: r.Why, Source: r.Source}
	m := s.line(tx, by, t, Receive, lot, r.Quantity, 0)
	m.Ref = r.Ref
	if err := s.add(ctx, tx, m, lot); err != nil {
		return err
	}
	return s.holdReceived(ctx, tx, m)
}

// Counting is what somebody counted of one lot at one place.
type Counting struct {
	Taking // Quantity is what was counted: it may be nothing
}

// Count books the difference between what was counted and what the ledger says.
// Counting exactly what is there writes no movement, only the audit line.
func (s *Stock) Count(ctx context.Context, by hospital.Actor, c Counting) error {
	if err := by.Need(hospital.CountStock); err != nil {
		return err
	}
	if c.Quantity < 0 || c.Quantity > MaxQuantity {
		return hospital.Refuse(hospital.ErrInvalid, "A count is a whole number, 0 or more.")
	}
	return s.change(ctx, by, hospital.CountStock, "stock.count", c.Taking, func(tx Tx, today Date) error {
		lot, err := lotOf(ctx, tx, c.Taking)
		if err != nil {
			return err
		}
		b, err := tx.Balance(ctx, lot.ID, c.Place)
		if err != nil {
			return err
		}
		difference := c.Quantity - b.OnHand()
		if difference == 0 {
			return nil
		}
		if difference != 0 && strings.TrimSpace(c.Why) == "" {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The ledger says %d. Say why the count differs.", b.OnHand()))
		}
		if b.Free+difference < 0 {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%d of this lot are held for a decision. Have them decided before they are counted away.", b.Held))
		}
		return tx.Append(ctx, s.line(tx, by, c.Taking, Count, lot, difference, 0))
	})
}

// Discard takes free stock of a lot out for good, expired or not. Held stock is
// decided, not discarded here.
func (s *Stock) Discard(ctx context.Context, by hospital.Actor, t Taking) error {
	if err := s.check(by, hospital.CountStock, t.Quantity); err != nil {
		return err
	}
	if strings.TrimSpace(t.Why) == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say why it is discarded.")
	}
	return s.change(ctx, by, hospital.CountStock, "stock.discard", t, func(tx Tx, today Date) error {
		lot, err := lotOf(ctx, tx, t)
		if err != nil {
			return err
		}
		return tx.Append(ctx, s.line(tx, by, t, Discard, lot, -t.Quantity, 0))
	})
}

// change runs one change of stock: once for its key, with its deed and topics.
func (s *Stock) change(ctx context.Context, by hospital.Actor, p hospital.Permission, what string, t Taking, do func(tx Tx, today Date) error) error {
	err := s.Store.InTx(ctx, func(tx Tx) error {
		first, err := tx.FirstTime(ctx, t.Key)
		if err != nil || !first {
			return err
		}
		if _, err := tx.Item(ctx, t.Item); err != nil {
			return err
		}
		if err := Within(ctx, tx, by, p, t.Place); err != nil {
			return err
		}
		if _, err := tx.PassClocks(ctx, tx.Now()); err != nil {
			return err
		}
		if err := do(tx, s.today(tx)); err != nil {
			return err
		}
		after := fmt.Sprintf(`{"place":%q,"lot":%q,"quantity":%d}`, t.Place, t.Lot, t.Quantity)
		return tx.Record(ctx, hospital.Deed{By: by, What: what, On: "stock/" + string(t.Item), Why: t.Why, After: after})
	})
	if err != nil {
		return fmt.Errorf("%s of %s: %w", what, t.Item, err)
	}
	return nil
}

// Within is nil when the place is there and the actor's permission reaches it,
// else ErrUnknownPlace.
func Within(ctx context.Context, tx Tx, by hospital.Actor, p hospital.Permission, id PlaceID) error {
	place, err := tx.Place(ctx, id)
	if err != nil {
		return err
	}
	if err := by.NeedIn(p, place.Unit); err != nil && !errors.Is(err, hospital.ErrUnknown) {
		return err
	} else if err != nil {
		return fmt.Errorf("%s: %w", id, ErrUnknownPlace)
	}
	return nil
}

func (s *Stock) today(tx Tx) Date { return DateOf(tx.Now(), s.Register.Current().Site.Location()) }

// Today is the hospital's date at an instant.
func (s *Stock) Today(at time.Time) Date { return DateOf(at, s.Register.Current().Site.Location()) }

// line is a movement of one lot at the taking's place.
func (s *Stock) line(tx Tx, by hospital.Actor, t Taking, kind Kind, lot Lot, free, held int64) Movement {
	source := t.Source
	if source == "" {
		source = "form"
	}
	return Movement{At: tx.Now(), Day: s.today(tx), Kind: kind, Item: lot.Item, Lot: lot.ID, Place: t.Place,
		Free: free, Held: held, By: by.ID, ByName: by.Name, Why: t.Why, Source: source}
}

func (s *Stock) check(by hospital.Actor, p hospital.Permission, n int64) error {
	if err := by.Need(p); err != nil {
		return err
	}
	return quantity(n)
}

func quantity(n int64) error {
	if n < 1 || n > MaxQuantity {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A quantity is a whole number from 1 to %d.", MaxQuantity))
	}
	return nil
}

// pickFrom is what to take: of the named lot, or of those that expire first.
func pickFrom(ctx context.Context, tx Tx, t Taking, today Date) ([]Picked, error) {
	if t.Lot == "" {
		shelf, err := tx.Shelf(ctx, t.Item, t.Place)
		if err != nil {
			return nil, err
		}
		return Pick(shelf, t.Quantity, today)
	}
	lot, err := lotOf(ctx, tx, t)
	if err != nil {
		return nil, err
	}
	if !lot.Usable(today) {
		return nil, hospital.Refuse(ErrUnusable, fmt.Sprintf("Lot %s expired on %s and must not be used. Discard it.", lot.Number, lot.Expiry))
	}
	b, err := tx.Balance(ctx, lot.ID, t.Place)
	if err != nil {
		return nil, err
	}
	b.Lot = lot
	return Pick([]Balance{b}, t.Quantity, today)
}

// lotOf is the named lot, which must be one of the item.
func lotOf(ctx context.Context, tx Tx, t Taking) (Lot, error) {
	lot, err := tx.Lot(ctx, t.Lot)
	if err != nil {
		return Lot{}, err
	}
	if lot.Item != t.Item {
		return Lot{}, hospital.Refuse(ErrUnknownLot, "This lot is of another item.")
	}
	return lot, nil
}
