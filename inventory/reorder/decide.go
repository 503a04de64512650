package reorder

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// Answer is what a person says to a proposal that she was shown at a version.
type Answer struct {
	ID      ProposalID
	Version int64
	// Quantity in units of issue; 0 leaves it as it is. One that differs needs Why.
	Quantity int64
	Why      string
	// Proof is for the signature, where approvals are signed.
	Proof hospital.Proof
}

// Approve lets a proposal go into the supplier's draft order, with another
// quantity if the answer names one and says why. A cost above the limit waits for
// a second person. It answers with the proposal as it then stands; ErrDecided
// when somebody was faster.
func (d *Desk) Approve(ctx context.Context, by hospital.Actor, a Answer) (Proposal, error) {
	return d.answer(ctx, by, a, "approve", func(tx Tx, p *Proposal) error { return d.approve(ctx, tx, by, a, p) })
}

func (d *Desk) approve(ctx context.Context, tx Tx, by hospital.Actor, a Answer, p *Proposal) error {
	if _, err := p.Approve(by, d.Limits); err != nil {
		return err
	}
	place, err := p.inWhosePlace(by)
	if err != nil {
		return err
	}
	if err := p.change(by, a); err != nil {
		return err
	}
	today := d.Stock.Today(tx.Now())
	all, err := tx.Budgets(ctx, today, today)
	if err != nil {
		return err
	}
	p.OverBudget = p.broken(all, today)    // with the new quantity
	status, err := p.Approve(by, d.Limits) // the new quantity may cross the limit
	if err != nil {
		return err
	}
	if err := d.sign(ctx, tx, by, a, p); err != nil {
		return err
	}
	if p.Status = status; status == HalfApproved {
		p.FirstBy, p.FirstName, p.FirstFor = by.Answers(), named(by, place), place.For
		return nil
	}
	p.DecidedAt, p.DecidedBy, p.DecidedName, p.DecidedFor, p.DecidedWhy = tx.Now(), by.ID, named(by, place), place.For, strings.TrimSpace(a.Why)
	return d.order(ctx, tx, p)
}

// named is an approver as the proposal shows her.
func named(by hospital.Actor, place hospital.StandIn) string {
	if place.For == "" {
		return by.Name
	}
	return by.Name + " for " + place.Name
}

// Ordering is what an approval is a signature of.
type Ordering struct {
	Proposal              ProposalID
	Item, Place, Supplier string
	Quantity, Pack, Price int64
	Currency              string
}

// Content is the ordering as it is signed, and Subject names it.
func (o Ordering) Content() (hospital.Content, error) { return hospital.ContentOf(o) }

// Subject names the ordering as the audit trail does.
func (o Ordering) Subject() string { return fmt.Sprintf("proposal/%d", o.Proposal) }

// Ordering is what an approval of the proposal signs.
func (p Proposal) Ordering() Ordering {
	return Ordering{Proposal: p.ID, Item: string(p.Item.ID), Place: string(p.Place.ID), Supplier: string(p.Supplier.ID),
		Quantity: p.Quantity, Pack: p.Pack, Price: p.Price, Currency: p.Supplier.Currency}
}

// Ordering is what was approved of an order's line, as the line says now.
func (o Order) Ordering(l Line) Ordering {
	return Ordering{Proposal: l.Proposal, Item: string(l.Item.ID), Place: string(l.Place.ID), Supplier: string(o.Supplier.ID),
		Quantity: l.Ordered, Pack: l.Pack, Price: l.Price, Currency: o.Supplier.Currency}
}

// sign keeps the approver's signature, where approvals are signed.
func (d *Desk) sign(ctx context.Context, tx Tx, by hospital.Actor, a Answer, p *Proposal) error {
	if !d.Limits.Signed {
		return nil
	}
	content, err := p.Ordering().Content()
	if err != nil {
		return err
	}
	_, err = tx.Sign(ctx, by, hospital.Signing{Subject: p.Ordering().Subject(), Meaning: hospital.Approved, Content: content, Proof: a.Proof, Why: strings.TrimSpace(a.Why)})
	return err
}

// Change gives an open proposal another quantity, with the reason. An approval
// that it already had is void.
func (d *Desk) Change(ctx context.Context, by hospital.Actor, a Answer) (Proposal, error) {
	return d.answer(ctx, by, a, "change", func(tx Tx, p *Proposal) error {
		if err := by.Need(hospital.ApproveOrders); err != nil {
			return err
		}
		if a.Quantity == 0 {
			return hospital.Refuse(hospital.ErrInvalid, "Give a quantity of at least 1. To order nothing, decline.")
		}
		if a.Quantity == p.Quantity {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("It is %d already. Type another quantity, or approve it.", a.Quantity))
		}
		return p.change(by, a)
	})
}

// change takes the answer's quantity over, rounded up to packs.
func (p *Proposal) change(by hospital.Actor, a Answer) error {
	if a.Quantity == 0 || a.Quantity == p.Quantity {
		return nil
	}
	if a.Quantity < 0 {
		return hospital.Refuse(hospital.ErrInvalid, "Give a quantity of at least 1. To order nothing, decline.")
	}
	if a.Quantity > inventory.MaxQuantity {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A quantity is a whole number from 1 to %d.", inventory.MaxQuantity))
	}
	if strings.TrimSpace(a.Why) == "" {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Say why it should be %d and not %d.", a.Quantity, p.Quantity))
	}
	packs := (a.Quantity + p.Pack - 1) / p.Pack
	p.Quantity = packs * p.Pack
	p.repriced()
	p.Status, p.FirstBy, p.FirstName, p.FirstFor = Waiting, "", "", "" // an approval was of another quantity
	p.ChangedWhy, p.ChangedName = strings.TrimSpace(a.Why), by.Name
	return nil
}

// Decline closes a proposal with a reason. The desk says nothing of that item and
// place for a week, unless nothing usable is left.
func (d *Desk) Decline(ctx context.Context, by hospital.Actor, a Answer) (Proposal, error) {
	return d.answer(ctx, by, a, "decline", func(tx Tx, p *Proposal) error {
		if err := by.Need(hospital.ApproveOrders); err != nil {
			return err
		}
		if strings.TrimSpace(a.Why) == "" {
			return hospital.Refuse(hospital.ErrInvalid, "Say why it is declined.")
		}
		p.Status, p.DecidedAt, p.DecidedBy, p.DecidedName, p.DecidedWhy = Declined, tx.Now(), by.ID, by.Name, strings.TrimSpace(a.Why)
		return tx.KeepQuiet(ctx, Spot{p.Item.ID, p.Place.ID}, d.Stock.Today(tx.Now())+quietDays, p.DecidedWhy)
	})
}

// answer runs one answer to a proposal: only to the version that was shown, only
// while it is open, with its line in the audit trail.
func (d *Desk) answer(ctx context.Context, by hospital.Actor, a Answer, what string, decide func(Tx, *Proposal) error) (Proposal, error) {
	if err := by.Need(hospital.ApproveOrders); err != nil {
		return Proposal{}, err
	}
	var p Proposal
	err := d.Store.InTx(ctx, func(tx Tx) (err error) {
		if p, err = tx.Proposal(ctx, a.ID); err != nil {
			return err
		}
		if !p.Open() {
			return hospital.Refuse(ErrDecided, fmt.Sprintf("%s has already %s this.", p.DecidedName, p.Status))
		}
		if p.Version != a.Version {
			return hospital.Refuse(ErrDecided, "This was changed since you opened it. Look at it as it stands now, and decide again.")
		}
		if err := inventory.Within(ctx, tx, by, hospital.ApproveOrders, p.Place.ID); err != nil {
			return err
		}
		before := p.deed()
		if err := decide(tx, &p); err != nil {
			return err
		}
		if err := tx.SaveProposal(ctx, p); err != nil {
			return err
		}
		p.Version++
		return tx.Record(ctx, hospital.Deed{By: by, What: "proposal." + what, On: "stock/" + string(p.Item.ID), Why: strings.TrimSpace(a.Why),
			Before: before, After: p.deed()})
	})
	if err != nil {
		return Proposal{}, fmt.Errorf("%s proposal %d: %w", what, a.ID, err)
	}
	return p, nil
}

func (p Proposal) deed() string {
	more := ""
	if place := cmp.Or(p.DecidedFor, p.FirstFor); place != "" {
		more += fmt.Sprintf(`,"in_place_of":%q`, place)
	}
	if p.Together != "" {
		more += fmt.Sprintf(`,"together":%q`, p.Together)
	}
	if len(p.OverBudget) > 0 {
		more += fmt.Sprintf(`,"over_budget":%q`, strings.Join(p.OverBudget, "; "))
	}
	return fmt.Sprintf(`{"proposal":%d,"status":%q,"quantity":%d,"cost_minor":%d,"order":%q%s}`, p.ID, p.Status, p.Quantity, p.Cost().Minor, p.Order, more)
}

// order puts an approved proposal into the supplier's draft.
func (d *Desk) order(ctx context.Context, tx Tx, p *Proposal) error {
	today := d.Stock.Today(tx.Now())
	draft, err := tx.DraftFor(ctx, p.Supplier, today.Time().Year())
	if err != nil {
		return err
	}
	p.Order = draft.Number
	if p.Quantity < p.Suggested {
		if err := tx.KeepQuiet(ctx, Spot{p.Item.ID, p.Place.ID}, today+quietDays, p.ChangedWhy); err != nil {
			return err
		}
	}
	return tx.AddLine(ctx, draft.Number, Line{Item: p.Item, Place: p.Place, Pack: p.Pack, Price: p.Price, Ordered: p.Quantity, Proposal: p.ID})
}
