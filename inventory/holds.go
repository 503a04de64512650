package inventory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// HoldID numbers holds.
type HoldID int64

// Decision is what a pharmacist says of held stock.
type Decision string

// The decisions. A hold without one is open.
const (
	Undecided  Decision = ""
	ReleaseLot Decision = "release"
	DiscardLot Decision = "discard"
	// MovedOn: all of it was carried to another place, where it has a hold of its own.
	MovedOn Decision = "moved"
)

// Hold keeps a lot at one place from use because of an excursion. There is at
// most one for an excursion, a lot and a place.
type Hold struct {
	ID        HoldID
	Excursion coldchain.ExcursionID // below zero: a cold delivery, see Delivery
	Fridge    coldchain.FridgeID    // where the excursion was
	Item      ItemID
	Lot       LotID
	Place     PlaceID // where the stock is
	Quantity  int64   // that it took off the shelf
	PlacedAt  time.Time
	// Withdrawn: late data showed that the excursion never was one. It still waits
	// for a person's decision.
	Withdrawn bool

	Decision  Decision
	DecidedAt time.Time
	DecidedBy string // the person's name
	Why       string // of the decision
}

// Open says whether the hold still waits for a decision.
func (h Hold) Open() bool { return h.Decision == Undecided }

// HoldTx is what holds need of a transaction.
type HoldTx interface {
	// SecondRelease says whether the site asks for two people to give a held lot free.
	SecondRelease(context.Context) (bool, error)
	// FirstRelease is who gave a held lot free first; false while nobody has.
	FirstRelease(context.Context, HoldID) (FirstRelease, bool, error)
	AddFirstRelease(context.Context, HoldID, FirstRelease) error
	// Sign keeps a signature in this change.
	Sign(context.Context, hospital.Actor, hospital.Signing) (hospital.Signature, error)
	// PlacesIn are the places inside a fridge.
	PlacesIn(ctx context.Context, fridge coldchain.FridgeID) ([]Place, error)
	// Standing is everything that a place holds.
	Standing(ctx context.Context, place PlaceID) ([]Balance, error)
	// RunningExcursions of a fridge, by their numbers.
	RunningExcursions(ctx context.Context, fridge coldchain.FridgeID) ([]coldchain.ExcursionID, error)
	// SetRunning notes that an excursion began or ended.
	SetRunning(ctx context.Context, fridge coldchain.FridgeID, excursion coldchain.ExcursionID, running bool) error
	// PlaceHold is false when the excursion already holds the lot at the place.
	PlaceHold(ctx context.Context, h Hold) (bool, error)
	// GrowHold adds to the quantity that the excursion holds of a lot at a place.
	GrowHold(ctx context.Context, h Hold) error
	// CopyHolds gives the open holds of a lot at one place to another place that
	// some of its held stock was carried to, and closes those whose place is empty.
	CopyHolds(ctx context.Context, lot LotID, from, to PlaceID, quantity int64) error
	// Hold answers ErrUnknownHold.
	Hold(ctx context.Context, id HoldID) (Hold, error)
	// OpenHolds of a lot at a place.
	OpenHolds(ctx context.Context, lot LotID, place PlaceID) ([]Hold, error)
	// Decide closes a hold. ErrStale when it was closed meanwhile.
	Decide(ctx context.Context, h Hold) error
	// Withdraw marks the holds of an excursion that never was one.
	Withdraw(ctx context.Context, excursion coldchain.ExcursionID) error

	// Expose notes what an excursion that is over did to every lot that it holds or
	// held; a later word replaces an earlier one.
	Expose(ctx context.Context, e Exposure) error

	// Cursor is how far the follower has come in the chain of events.
	Cursor(ctx context.Context, follower string) (int64, error)
	SetCursor(ctx context.Context, follower string, seq int64) error
}

// hold takes what is free of a balance off the shelf because of an excursion.
// Doing it again for the same excursion changes nothing, unless the stock is
// arriving: what comes into a failing fridge is held with the rest.
func (s *Stock) hold(ctx context.Context, tx Tx, excursion coldchain.ExcursionID, place Place, b Balance, arriving bool) error {
	h := Hold{Excursion: excursion, Fridge: place.Fridge, Item: b.Lot.Item, Lot: b.Lot.ID, Place: place.ID,
		Quantity: b.Free, PlacedAt: tx.Now()}
	fresh, err := tx.PlaceHold(ctx, h)
	if err != nil {
		return err
	}
	if b.Free == 0 || !fresh && !arriving {
		return nil
	}
	if !fresh {
		if err := tx.GrowHold(ctx, h); err != nil {
			return err
		}
	}
	by := hospital.Job("cold chain")
	t := Taking{Item: b.Lot.Item, Place: place.ID, Source: "cold chain", Why: strings.Replace(causeRef(excursion), "/", " ", 1)}
	m := s.line(tx, by, t, Held, b.Lot, -b.Free, b.Free)
	m.Ref = causeRef(excursion)
	if err := tx.Append(ctx, m); err != nil {
		return err
	}
	after := fmt.Sprintf(`{"excursion":%d,"fridge":%q,"place":%q,"lot":%q,"quantity":%d}`, excursion, place.Fridge, place.ID, b.Lot.ID, b.Free)
	return tx.Record(ctx, hospital.Deed{By: by, What: "stock.hold", On: "stock/" + string(b.Lot.Item), Why: t.Why, After: after})
}

// Decide is Judge without a signature.
func (s *Stock) Decide(ctx context.Context, by hospital.Actor, id HoldID, decision Decision, why string) error {
	_, err := s.Judge(ctx, by, id, Judgement{Decision: decision, Why: why})
	return err
}

// Judgement is what a pharmacist says of a held lot, and how she signs it.
type Judgement struct {
	Decision Decision
	Why      string
	Proof    hospital.Proof
}

// FirstRelease is who gave a held lot free first, where the site asks for two.
type FirstRelease struct {
	By     hospital.PersonID
	ByName string
	Why    string
}

// Subject names a hold as the audit trail and its signatures do.
func (h Hold) Subject() string { return fmt.Sprintf("hold/%d", h.ID) }

// Signable is what a signature of a decision is bound to.
func (h Hold) Signable(decision Decision, why string) (hospital.Content, error) {
	return hospital.ContentOf(struct {
		Hold      HoldID
		Excursion coldchain.ExcursionID
		Item      ItemID
		Lot       LotID
		Decision  Decision
		Why       string
	}{h.ID, h.Excursion, h.Item, h.Lot, decision, why})
}

// Judge releases or discards what a hold keeps from use. A lot that several
// excursions hold at a place becomes usable with the last release; discarding it
// once settles all of its holds there. It needs hospital.DecideLots, a reason and,
// where the Stock is Signed, a signature; ErrStale when the hold was decided
// meanwhile. It is true when a second person must release the lot as well.
func (s *Stock) Judge(ctx context.Context, by hospital.Actor, id HoldID, j Judgement) (waits bool, err error) {
	if err := by.Need(hospital.DecideLots); err != nil {
		return false, err
	}
	if j.Decision != ReleaseLot && j.Decision != DiscardLot {
		return false, hospital.Refuse(hospital.ErrInvalid, "Choose release or discard.")
	}
	if j.Why = strings.TrimSpace(j.Why); j.Why == "" {
		return false, hospital.Refuse(hospital.ErrInvalid, "Say what the decision rests on.")
	}
	err = s.Store.InTx(ctx, func(tx Tx) error {
		h, err := s.judged(ctx, tx, by, id, j)
		if err != nil {
			return err
		}
		if waits, err = s.first(ctx, tx, by, h, j); err != nil || waits {
			return err
		}
		return s.settle(ctx, tx, by, h, j.Decision, j.Why)
	})
	if err != nil {
		return false, fmt.Errorf("decide hold %d: %w", id, err)
	}
	return waits, nil
}

// judged is a hold that the actor may decide so.
func (s *Stock) judged(ctx context.Context, tx Tx, by hospital.Actor, id HoldID, j Judgement) (Hold, error) {
	h, err := tx.Hold(ctx, id)
	if err != nil {
		return h, err
	}
	if !h.Open() {
		return h, hospital.Refuse(hospital.ErrStale, fmt.Sprintf("%s has already decided on this lot.", h.DecidedBy))
	}
	if err := Within(ctx, tx, by, hospital.DecideLots, h.Place); err != nil || j.Decision != ReleaseLot {
		return h, err
	}
	lot, err := tx.Lot(ctx, h.Lot)
	if err != nil {
		return h, err
	}
	return h, notRecalled(ctx, tx, h.Item, lot.Number, "released")
}

// first signs the decision. It is true when it is a release that a second person
// must give too: then that is all that happens.
func (s *Stock) first(ctx context.Context, tx Tx, by hospital.Actor, h Hold, j Judgement) (bool, error) {
	two, err := tx.SecondRelease(ctx)
	if err != nil || !two || j.Decision != ReleaseLot {
		return false, s.sign(ctx, tx, by, h, j, meaningOf(j.Decision), err)
	}
	before, found, err := tx.FirstRelease(ctx, h.ID)
	switch {
	case err != nil:
		return false, err
	case found && before.By == by.ID:
		return false, hospital.Refuse(hospital.ErrInvalid, "You have released it already. Somebody else must release it too.")
	case found:
		return false, s.sign(ctx, tx, by, h, j, hospital.Reviewed, nil)
	}
	if err := s.sign(ctx, tx, by, h, j, hospital.Released, nil); err != nil {
		return false, err
	}
	tx.Announce("stock")
	if err := tx.AddFirstRelease(ctx, h.ID, FirstRelease{By: by.ID, ByName: by.Name, Why: j.Why}); err != nil {
		return false, err
	}
	return true, tx.Record(ctx, hospital.Deed{By: by, What: "stock.release.first", On: "stock/" + string(h.Item), Why: j.Why,
		After: fmt.Sprintf(`{"excursion":%d,"lot":%q,"place":%q}`, h.Excursion, h.Lot, h.Place)})
}

func meaningOf(d Decision) hospital.Meaning {
	if d == DiscardLot {
		return hospital.Discarded
	}
	return hospital.Released
}

// sign keeps the signature of a decision; err is passed on.
func (s *Stock) sign(ctx context.Context, tx Tx, by hospital.Actor, h Hold, j Judgement, meaning hospital.Meaning, err error) error {
	if err != nil || !s.Signed {
		return err
	}
	content, err := h.Signable(j.Decision, j.Why)
	if err != nil {
		return err
	}
	_, err = tx.Sign(ctx, by, hospital.Signing{Subject: h.Subject(), Meaning: meaning, Content: content, Proof: j.Proof, Why: j.Why})
	return err
}

func (s *Stock) settle(ctx context.Context, tx Tx, by hospital.Actor, h Hold, decision Decision, why string) error {
	open, err := tx.OpenHolds(ctx, h.Lot, h.Place)
	if err != nil {
		return err
	}
	b, err := tx.Balance(ctx, h.Lot, h.Place)
	if err != nil {
		return err
	}
	closing := []Hold{h}
	switch {
	case decision == DiscardLot:
		closing = open
		err = s.unhold(ctx, tx, by, h, Discard, why, 0, -b.Held)
	case len(open) == 1:
		err = s.unhold(ctx, tx, by, h, Release, why, b.Held, -b.Held)
	}
	if err != nil {
		return err
	}
	for _, one := range closing {
		one.Decision, one.DecidedAt, one.DecidedBy, one.Why = decision, tx.Now(), by.Name, why
		if err := tx.Decide(ctx, one); err != nil {
			return err
		}
	}
	after := fmt.Sprintf(`{"excursion":%d,"lot":%q,"place":%q,"quantity":%d,"decision":%q}`, h.Excursion, h.Lot, h.Place, b.Held, decision)
	return tx.Record(ctx, hospital.Deed{By: by, What: "stock." + string(decision), On: "stock/" + string(h.Item), Why: why, After: after})
}

func (s *Stock) unhold(ctx context.Context, tx Tx, by hospital.Actor, h Hold, kind Kind, why string, free, held int64) error {
	if held == 0 {
		return nil
	}
	lot, err := tx.Lot(ctx, h.Lot)
	if err != nil {
		return err
	}
	m := s.line(tx, by, Taking{Place: h.Place, Why: why}, kind, lot, free, held)
	m.Ref = causeRef(h.Excursion)
	return tx.Append(ctx, m)
}
