package reorder

import (
	"context"
	"encoding/json"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// MaxChosen is how many items one reorder names: a page of the list.
const MaxChosen = inventory.PageSize

// Chosen is what came of an item that somebody chose to reorder, at one place.
type Chosen struct {
	Spot
	Name, Unit, PlaceName string
	// Proposal was made, of Quantity; 0: none was, and Why says why.
	Proposal ProposalID
	Quantity int64
	Why      Needless
}

// Needless is why nothing is proposed at a spot.
type Needless string

// Why nothing is proposed.
const (
	Unplaced Needless = "unplaced"
	Unsold   Needless = "unsold"
	Filled   Needless = "filled"
	Waits    Needless = "waits"
	Comes    Needless = "comes"
	Enough   Needless = "enough"
)

// Sentence says it to a person; empty for what is none of these.
func (n Needless) Sentence() string {
	switch n {
	case Unplaced:
		return "No place orders it yet: give one a level, or let it be used for some weeks."
	case Unsold:
		return "Nobody sells this item. Give it a supplier first."
	case Filled:
		return "This place is filled from others, which order it."
	case Waits:
		return "A proposal waits already."
	case Comes:
		return "Enough is on its way already."
	case Enough:
		return "There is enough."
	}
	return ""
}

// Reorder proposes to fill chosen items up to the level that the desk orders to, at each
// place that they are ordered for, in her name: somebody else approves. What is on its way
// counts as the nightly run counts it: the rest is proposed where the position is low all
// the same. Where a proposal waits or nothing is missing none is made; so a second time
// makes none.
func (d *Desk) Reorder(ctx context.Context, by hospital.Actor, items []inventory.ItemID) ([]Chosen, error) {
	if err := by.Need(hospital.ApproveOrders); err != nil {
		return nil, err
	}
	if len(items) == 0 || len(items) > MaxChosen {
		return nil, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Tick at least one item, and at most %d.", MaxChosen))
	}
	all, err := d.Store.SpotsOf(ctx, items)
	if err != nil {
		return nil, fmt.Errorf("reorder what was chosen: %w", err)
	}
	err = d.Store.InTx(ctx, func(tx Tx) error {
		for i := range all {
			all[i].Proposal, all[i].Quantity, all[i].Why = 0, 0, ""
			if err := d.reorder(ctx, tx, by, &all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reorder what was chosen: %w", err)
	}
	return all, nil
}

func (d *Desk) reorder(ctx context.Context, tx Tx, by hospital.Actor, c *Chosen) error {
	if c.Place == "" {
		c.Why = Unplaced
		return nil
	}
	if err := inventory.Within(ctx, tx, by, hospital.ApproveOrders, c.Place); err != nil {
		return err
	}
	today := d.Stock.Today(tx.Now())
	s, err := tx.Situation(ctx, c.Spot, today-HistoryDays)
	if err != nil {
		return err
	}
	advice := s.Advise(today)
	if c.Why = s.needless(advice); c.Why != "" {
		return nil
	}
	p := s.propose(fill(advice), today)
	if !advice.Due() {
		p.Cause, p.Reason = "asked for", fmt.Sprintf("Asked for by %s: up to the target of %d", by.Name, advice.Level.Target)
	}
	p.RaisedAt, p.RaisedBy, p.RaisedName = tx.Now(), by.Answers(), by.Name
	if p.Offers, err = d.offers(ctx, tx, s, advice, today); err != nil {
		return err
	}
	id, fresh, err := tx.Propose(ctx, p)
	if err != nil {
		return err
	}
	if !fresh {
		return hospital.Refuse(ErrDecided, "A proposal for this item and place is waiting already. Change that one.")
	}
	c.Proposal, c.Quantity = id, p.Quantity
	after, err := json.Marshal(map[string]any{"proposal": id, "place": c.Place, "quantity": p.Quantity})
	if err != nil {
		return err
	}
	return tx.Record(ctx, hospital.Deed{By: by, What: "proposal.ask", On: "stock/" + string(c.Item), Why: p.Reason, After: string(after)})
}

// needless says why nothing is to be ordered; empty where something is.
func (s Situation) needless(a policy.Advice) Needless {
	switch {
	case s.Supplier.ID == "":
		return Unsold
	case !s.OrderedFor:
		return Filled
	case s.Open != nil:
		return Waits
	case a.Due():
		return ""
	case s.OnOrder > 0:
		return Comes
	case !fill(a).Due():
		return Enough
	}
	return ""
}

// fill is the advice where something is due; else one that fills up to the target.
func fill(a policy.Advice) policy.Advice {
	if !a.Due() {
		a.Packs, a.Quantity = policy.RoundUp(a.Level.Target-a.Position.Projected(), a.Terms.Pack, a.Terms.LeastPacks)
	}
	return a
}
