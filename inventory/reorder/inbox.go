package reorder

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

const (
	// UndoFor is how long a decision can be taken back by who took it.
	UndoFor = time.Minute
	// PutOffDays is for how long the inbox's button puts a proposal off.
	PutOffDays = 3
	// MaxPutOff is how many days a proposal can be put off for.
	MaxPutOff = 30
	// MaxAtOnce is how many proposals can be approved with one button.
	MaxAtOnce = 200
)

// InOneGo says whether a person may approve the proposal together with others.
// What takes two people, or was raised by herself, wants a look of its own.
func (l Limits) InOneGo(p Proposal, by hospital.Actor) bool {
	return !l.Signed && !p.NeedsTwo(l) && p.RaisedBy != by.Answers()
}

// Batch is what was approved with one button, and can be taken back with one.
type Batch struct {
	Mark     string // of the proposals that were approved; see Proposal.Together
	Approved int
}

// ApproveAll approves several proposals as they were shown, each in its own
// right: one that somebody has changed meanwhile, or that is not for approving in
// one go, does not keep back the others. It answers what was approved, and the
// refusals joined; any other fault ends it.
func (d *Desk) ApproveAll(ctx context.Context, by hospital.Actor, answers []Answer) (Batch, error) {
	if len(answers) > MaxAtOnce {
		return Batch{}, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Approve at most %d at once.", MaxAtOnce))
	}
	batch, refused := Batch{Mark: rand.Text()}, []error{}
	for _, a := range answers {
		_, err := d.answer(ctx, by, a, "approve", func(tx Tx, p *Proposal) error {
			if !d.Limits.InOneGo(*p, by) {
				return hospital.Refuse(hospital.ErrInvalid, "What takes two people or a signature, or you raised yourself, is approved one by one.")
			}
			p.Together = batch.Mark
			return d.approve(ctx, tx, by, a, p)
		})
		switch {
		case err == nil:
			batch.Approved++
		case refusal(err):
			refused = append(refused, err)
		default:
			return batch, err
		}
	}
	return batch, errors.Join(refused...)
}

// refusal says whether an error is one that leaves the others of a batch alone.
func refusal(err error) bool {
	return errors.Is(err, hospital.ErrInvalid) || errors.Is(err, hospital.ErrStale)
}

// PutOff hides a proposal from the inbox for some days. It stays open: what it
// proposes still counts, so it is not proposed a second time.
func (d *Desk) PutOff(ctx context.Context, by hospital.Actor, a Answer, days int) (Proposal, error) {
	if days < 1 || days > MaxPutOff {
		return Proposal{}, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Put it off for 1 to %d days.", MaxPutOff))
	}
	return d.answer(ctx, by, a, "put off", func(tx Tx, p *Proposal) error {
		p.PutOffUntil = d.Stock.Today(tx.Now()) + inventory.Date(days)
		return nil
	})
}

// PutOffOn says whether the proposal is hidden on a day.
func (p Proposal) PutOffOn(today inventory.Date) bool { return p.PutOffUntil > today }

// CanUndo says whether a person may still take her decision back.
func (p Proposal) CanUndo(by hospital.Actor, at time.Time) bool {
	return !p.Open() && p.DecidedBy == by.ID && at.Sub(p.DecidedAt) <= UndoFor
}

// Undo takes back a decision of the last minute: the proposal is open again as it
// was, and its line leaves the draft order. ErrDecided when the order has gone
// out, somebody else decided, or the minute is over.
func (d *Desk) Undo(ctx context.Context, by hospital.Actor, id ProposalID) error {
	if err := by.Need(hospital.ApproveOrders); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		p, err := tx.Proposal(ctx, id)
		if err != nil {
			return err
		}
		return d.undo(ctx, tx, by, p)
	})
	if err != nil {
		return fmt.Errorf("undo proposal %d: %w", id, err)
	}
	return nil
}

// TakenBack is what became of a batch that was taken back: so Many of All wait again.
type TakenBack struct{ Many, All int }

// UndoAll takes back, in one change, what was approved with one button, by the rules
// of Undo. What can't be taken back any more stays approved and does not keep back the
// rest: the refusals come joined beside what was. ErrDecided when nothing of it is left.
func (d *Desk) UndoAll(ctx context.Context, by hospital.Actor, mark string) (back TakenBack, err error) {
	if err := by.Need(hospital.ApproveOrders); err != nil {
		return back, err
	}
	var refused []error
	err = d.Store.InTx(ctx, func(tx Tx) error {
		back, refused = TakenBack{}, nil
		all, err := tx.ApprovedTogether(ctx, mark)
		if err != nil {
			return err
		}
		if back.All = len(all); back.All == 0 {
			return hospital.Refuse(ErrDecided, "Nothing of this is left to take back.")
		}
		for _, p := range all {
			switch err := d.undo(ctx, tx, by, p); {
			case err == nil:
				back.Many++
			case refusal(err):
				refused = append(refused, err)
			default:
				return err
			}
		}
		return nil
	})
	if err != nil {
		return TakenBack{}, fmt.Errorf("undo what was approved together: %w", err)
	}
	return back, errors.Join(refused...)
}

// undo takes one decision back. It refuses before it changes anything, so that a
// refusal leaves the change that it is part of as it was.
func (d *Desk) undo(ctx context.Context, tx Tx, by hospital.Actor, p Proposal) error {
	if !p.CanUndo(by, tx.Now()) {
		return hospital.Refuse(ErrDecided, "Only a decision of your own can be taken back, and only for a minute.")
	}
	if p.Order != "" {
		o, err := tx.Order(ctx, p.Order)
		if err != nil {
			return err
		}
		if o.Status != Draft {
			return hospital.Refuse(ErrDecided, "The order has been sent already. Ask the supplier, then close it short.")
		}
	}
	before := p.deed()
	if err := tx.Reopen(ctx, p); errors.Is(err, ErrDecided) {
		return hospital.Refuse(ErrDecided, "The same was proposed anew meanwhile. Decide that one.")
	} else if err != nil {
		return err
	}
	if p.Order != "" {
		if err := tx.DropLine(ctx, p.Order, p.ID); err != nil {
			return err
		}
	}
	if err := tx.KeepQuiet(ctx, Spot{p.Item.ID, p.Place.ID}, 0, ""); err != nil {
		return err
	}
	return tx.Record(ctx, hospital.Deed{By: by, What: "proposal.undo", On: "stock/" + string(p.Item.ID), Before: before})
}
