package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// RecallID numbers recalls.
type RecallID int64

// RecallStatus is where a recall stands.
type RecallStatus string

// The states of a recall.
const (
	RecallOpen      RecallStatus = "open"
	RecallDone      RecallStatus = "done"
	RecallWithdrawn RecallStatus = "withdrawn" // the notice was taken back
)

// Recall keeps lots of an item from use because a maker or a supplier calls them
// back. While it is open nothing of them can be taken, released or received.
type Recall struct {
	ID         RecallID
	Item       Item
	Numbers    []string // of the lots; none: every lot of the item
	Notice     string   // the reference of the notice
	Why        string
	Status     RecallStatus
	RaisedAt   time.Time
	RaisedBy   hospital.PersonID
	RaisedName string
	EndedAt    time.Time
	EndedName  string
	EndedWhy   string
}

// Covers says whether a lot number is meant.
func (r Recall) Covers(number string) bool {
	return len(r.Numbers) == 0 || slices.Contains(r.Numbers, Printed(number))
}

// Outcome is what became of recalled stock.
type Outcome string

// The outcomes of a tick-off.
const (
	SentBack  Outcome = "sent back"
	Destroyed Outcome = "destroyed"
	NotFound  Outcome = "not found" // the ledger knew of it, the shelf did not
)

// Outcomes are all of them.
func Outcomes() []Outcome { return []Outcome{SentBack, Destroyed, NotFound} }

const (
	// maxRecallLots is how many lot numbers one recall names at most.
	maxRecallLots = 500
	recallTopic   = "stock"
)

// ErrUnknownRecall: there is none of that number.
var ErrUnknownRecall = fmt.Errorf("recall %w", hospital.ErrUnknown)

// RecallTx is what recalls need of a transaction.
type RecallTx interface {
	AddRecall(ctx context.Context, r Recall) (RecallID, error)
	// Recall answers ErrUnknownRecall.
	Recall(ctx context.Context, id RecallID) (Recall, error)
	EndRecall(ctx context.Context, r Recall) error
	// RecallOf is the open recall that covers a lot; false when there is none.
	RecallOf(ctx context.Context, item ItemID, number string) (Recall, bool, error)
	// Recalled is what lies anywhere of what a recall covers.
	Recalled(ctx context.Context, r Recall) ([]Balance, error)
}

// Recall holds everything that a notice covers, wherever it lies, in one
// transaction. It takes hospital.CountStock in the whole hospital.
func (s *Stock) Recall(ctx context.Context, by hospital.Actor, r Recall) (RecallID, error) {
	if err := by.Need(hospital.CountStock); err != nil {
		return 0, err
	}
	if !by.Reach(hospital.CountStock).Everywhere {
		return 0, hospital.Refuse(hospital.ErrForbidden, "A recall concerns the whole hospital; your role is limited to units.")
	}
	r.Notice, r.Why = strings.TrimSpace(r.Notice), strings.TrimSpace(r.Why)
	if r.Notice == "" || r.Why == "" {
		return 0, hospital.Refuse(hospital.ErrInvalid, "Give the number of the notice, and what is wrong with the goods.")
	}
	if len(r.Numbers) > maxRecallLots {
		return 0, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Name at most %d lots; for more, recall the whole item.", maxRecallLots))
	}
	var id RecallID
	err := s.Store.InTx(ctx, func(tx Tx) (err error) {
		id, err = s.recall(ctx, tx, by, r)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("recall %s: %w", r.Item.ID, err)
	}
	return id, nil
}

func (s *Stock) recall(ctx context.Context, tx Tx, by hospital.Actor, r Recall) (RecallID, error) {
	item, err := tx.Item(ctx, r.Item.ID)
	if err != nil {
		return 0, err
	}
	r.Item, r.Status, r.RaisedAt, r.RaisedBy, r.RaisedName = item, RecallOpen, tx.Now(), by.ID, by.Name
	if r.ID, err = tx.AddRecall(ctx, r); err != nil {
		return 0, err
	}
	found, err := tx.Recalled(ctx, r)
	if err != nil {
		return 0, err
	}
	for _, b := range found {
		if err := s.holdRecalled(ctx, tx, by, r, b); err != nil {
			return 0, err
		}
	}
	tx.Announce(recallTopic, "stock/"+string(item.ID))
	after := fmt.Sprintf(`{"recall":%d,"notice":%q,"lots":%d,"places":%d}`, r.ID, r.Notice, len(r.Numbers), len(found))
	return r.ID, tx.Record(ctx, hospital.Deed{By: by, What: "stock.recall", On: "stock/" + string(item.ID), Why: r.Why, After: after})
}

func (r Recall) ref() string { return fmt.Sprintf("recall/%d", r.ID) }

func (s *Stock) holdRecalled(ctx context.Context, tx Tx, by hospital.Actor, r Recall, b Balance) error {
	if b.Free == 0 {
		return nil
	}
	m := s.line(tx, by, Taking{Place: b.Place, Why: "recalled, notice " + r.Notice, Source: "recall"}, Held, b.Lot, -b.Free, b.Free)
	m.Ref = r.ref()
	return tx.Append(ctx, m)
}

// TickRecalled books what became of a recalled lot at a place: all that is held
// there leaves the ledger, and with it whatever an excursion held of it.
func (s *Stock) TickRecalled(ctx context.Context, by hospital.Actor, id RecallID, lot LotID, place PlaceID, outcome Outcome, why string) error {
	if err := by.Need(hospital.CountStock); err != nil {
		return err
	}
	if !slices.Contains(Outcomes(), outcome) {
		return hospital.Refuse(hospital.ErrInvalid, "Say what became of it: sent back, destroyed or not found.")
	}
	err := s.Store.InTx(ctx, func(tx Tx) error {
		r, err := openRecall(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := Within(ctx, tx, by, hospital.CountStock, place); err != nil {
			return err
		}
		found, err := tx.Recalled(ctx, r)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(found, func(b Balance) bool { return b.Lot.ID == lot && b.Place == place })
		if i < 0 {
			return hospital.Refuse(hospital.ErrStale, "That was ticked off already.")
		}
		return s.tick(ctx, tx, by, r, found[i], outcome, strings.TrimSpace(why))
	})
	if err != nil {
		return fmt.Errorf("tick off recall %d: %w", id, err)
	}
	return nil
}

func (s *Stock) tick(ctx context.Context, tx Tx, by hospital.Actor, r Recall, b Balance, outcome Outcome, why string) error {
	reason := string(outcome)
	if why != "" {
		reason += ": " + why
	}
	m := s.line(tx, by, Taking{Place: b.Place, Why: reason, Source: "recall"}, Discard, b.Lot, -b.Free, -b.Held)
	m.Ref = r.ref()
	if err := tx.Append(ctx, m); err != nil {
		return err
	}
	open, err := tx.OpenHolds(ctx, b.Lot.ID, b.Place)
	if err != nil {
		return err
	}
	for _, h := range open {
		h.Decision, h.DecidedAt, h.DecidedBy, h.Why = DiscardLot, tx.Now(), by.Name, "recalled, notice "+r.Notice
		if err := tx.Decide(ctx, h); err != nil {
			return err
		}
	}
	after := fmt.Sprintf(`{"recall":%d,"lot":%q,"place":%q,"quantity":%d,"outcome":%q}`, r.ID, b.Lot.ID, b.Place, b.OnHand(), outcome)
	return tx.Record(ctx, hospital.Deed{By: by, What: "recall.tick", On: "stock/" + string(r.Item.ID), Why: reason, After: after})
}

// EndRecall closes a recall: as done once everything is ticked off, or as
// withdrawn, with a reason, when the notice was taken back; what lies there is
// then free again unless an excursion holds it.
func (s *Stock) EndRecall(ctx context.Context, by hospital.Actor, id RecallID, withdrawn bool, why string) error {
	if err := by.Need(hospital.CountStock); err != nil {
		return err
	}
	if why = strings.TrimSpace(why); withdrawn && why == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say who took the notice back, and why.")
	}
	err := s.Store.InTx(ctx, func(tx Tx) error {
		r, err := openRecall(ctx, tx, id)
		if err != nil {
			return err
		}
		if !by.Reach(hospital.CountStock).Everywhere {
			return hospital.Refuse(hospital.ErrForbidden, "A recall concerns the whole hospital; your role is limited to units.")
		}
		left, err := tx.Recalled(ctx, r)
		if err != nil {
			return err
		}
		if !withdrawn && len(left) > 0 {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%d shelves still hold some of it. Tick them off first.", len(left)))
		}
		r.Status, r.EndedAt, r.EndedName, r.EndedWhy = RecallDone, tx.Now(), by.Name, why
		if withdrawn {
			r.Status = RecallWithdrawn
		}
		if err := tx.EndRecall(ctx, r); err != nil {
			return err
		}
		for _, b := range left {
			if err := s.freeRecalled(ctx, tx, by, r, b); err != nil {
				return err
			}
		}
		tx.Announce(recallTopic, "stock/"+string(r.Item.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "recall." + string(r.Status), On: "stock/" + string(r.Item.ID), Why: why,
			After: fmt.Sprintf(`{"recall":%d,"status":%q}`, r.ID, r.Status)})
	})
	if err != nil {
		return fmt.Errorf("end recall %d: %w", id, err)
	}
	return nil
}

// freeRecalled frees what nothing else keeps: no excursion, no other recall.
func (s *Stock) freeRecalled(ctx context.Context, tx Tx, by hospital.Actor, r Recall, b Balance) error {
	open, err := tx.OpenHolds(ctx, b.Lot.ID, b.Place)
	if err != nil || len(open) > 0 || b.Held == 0 {
		return err
	}
	if _, again, err := tx.RecallOf(ctx, r.Item.ID, b.Lot.Number); err != nil || again {
		return err
	}
	m := s.line(tx, by, Taking{Place: b.Place, Why: "notice " + r.Notice + " was taken back", Source: "recall"}, Release, b.Lot, b.Held, -b.Held)
	m.Ref = r.ref()
	return tx.Append(ctx, m)
}

func openRecall(ctx context.Context, tx Tx, id RecallID) (Recall, error) {
	r, err := tx.Recall(ctx, id)
	if err == nil && r.Status != RecallOpen {
		err = hospital.Refuse(hospital.ErrStale, fmt.Sprintf("%s has ended this recall: it is %s.", r.EndedName, r.Status))
	}
	return r, err
}

// notRecalled refuses a lot that an open recall covers.
func notRecalled(ctx context.Context, tx Tx, item ItemID, number, what string) error {
	r, recalled, err := tx.RecallOf(ctx, item, number)
	if err != nil || !recalled {
		return err
	}
	return hospital.Refuse(ErrUnusable, fmt.Sprintf("This lot is recalled (notice %s: %s). It can't be %s.", r.Notice, r.Why, what))
}
