package reorder

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// TransferID numbers transfers.
type TransferID int64

// TransferStatus is where a transfer stands.
type TransferStatus string

// The states of a transfer. While it is asked for, it counts as on order where it
// goes and as reserved where it comes from.
const (
	Asked     TransferStatus = "asked"
	Carried   TransferStatus = "carried"
	CalledOff TransferStatus = "cancelled"
)

// Transfer is stock that is carried from one place to another instead of being bought.
type Transfer struct {
	ID        TransferID
	Item      inventory.Item
	From, To  inventory.Place
	Quantity  int64
	Status    TransferStatus
	Why       string
	AskedAt   time.Time
	AskedBy   hospital.PersonID
	AskedName string
	EndedAt   time.Time
	EndedBy   hospital.PersonID
	EndedName string
	EndedWhy  string
}

// ErrUnknownTransfer: there is none of that number.
var ErrUnknownTransfer = fmt.Errorf("transfer %w", hospital.ErrUnknown)

// Offer is what another place could give before anything is bought.
type Offer struct {
	From     inventory.PlaceID `json:"from"`
	Name     string            `json:"name"`
	Quantity int64             `json:"quantity"`
	// Expiring: it would expire there unused. Else it stands above what the place needs.
	Expiring bool `json:"expiring,omitempty"`
}

const (
	// offersKept is how many offers a proposal shows.
	offersKept = 3
	// giversAsked is how many places are looked at for them.
	giversAsked = 50
)

// offers are what other places could give to a spot: what would expire there
// first, then the most.
func (d *Desk) offers(ctx context.Context, tx Tx, s Situation, a policy.Advice, today inventory.Date) ([]Offer, error) {
	places, err := tx.Holders(ctx, s.Item.ID, giversAsked)
	if err != nil {
		return nil, err
	}
	var all []Offer
	for _, place := range places {
		if place == s.Place.ID {
			continue
		}
		offer, err := d.offer(ctx, tx, s, a, place, today)
		if err != nil {
			return nil, err
		}
		if offer.Quantity > 0 {
			all = append(all, offer)
		}
	}
	slices.SortStableFunc(all, func(a, b Offer) int {
		if a.Expiring != b.Expiring {
			return map[bool]int{true: -1, false: 1}[a.Expiring]
		}
		return cmp.Compare(b.Quantity, a.Quantity)
	})
	return all[:min(len(all), offersKept)], nil
}

func (d *Desk) offer(ctx context.Context, tx Tx, s Situation, a policy.Advice, from inventory.PlaceID, today inventory.Date) (Offer, error) {
	giver, err := tx.Situation(ctx, Spot{s.Item.ID, from}, today-HistoryDays)
	if err != nil {
		return Offer{}, err
	}
	theirs := giver.Advise(today)
	spare := policy.SpareOf(theirs.Position, theirs.Level, giver.lots(today), theirs.Demand.PerDay)
	quantity, expiring := spare.For(a.Level.Target-a.Position.Projected()+a.Position.Proposed, a.Demand.PerDay)
	return Offer{From: from, Name: giver.Place.Name, Quantity: quantity, Expiring: expiring}, nil
}

// AskTransfer has stock carried from another place instead of being bought. What
// the proposal still asks for gets less by it; one that is not needed any more is
// closed. ErrStale when the place has none to spare any more.
func (d *Desk) AskTransfer(ctx context.Context, by hospital.Actor, a Answer, from inventory.PlaceID) (Proposal, error) {
	return d.answer(ctx, by, a, "transfer", func(tx Tx, p *Proposal) error {
		if err := inventory.Within(ctx, tx, by, hospital.ApproveOrders, from); err != nil {
			return err
		}
		today := d.Stock.Today(tx.Now())
		s, err := tx.Situation(ctx, Spot{p.Item.ID, p.Place.ID}, today-HistoryDays)
		if err != nil {
			return err
		}
		s.Open = nil
		offer, err := d.offer(ctx, tx, s, s.Advise(today), from, today)
		if err != nil {
			return err
		}
		if offer.Quantity == 0 {
			return hospital.Refuse(hospital.ErrStale, "That place has none to spare any more.")
		}
		why := strings.TrimSpace(a.Why)
		if why == "" {
			why = fmt.Sprintf("instead of buying, proposal %d", p.ID)
		}
		transfer := Transfer{Item: p.Item, From: inventory.Place{ID: from}, To: p.Place, Quantity: offer.Quantity, Status: Asked, Why: why,
			AskedAt: tx.Now(), AskedBy: by.ID, AskedName: by.Name}
		if err := tx.AddTransfer(ctx, transfer); err != nil {
			return err
		}
		s.OnOrder += offer.Quantity
		p.afterTransfer(s, offer, by, tx.Now(), today)
		return nil
	})
}

// afterTransfer asks for less, or closes the proposal. It is closed in the desk's
// name: taking that back would order what is on its way.
func (p *Proposal) afterTransfer(s Situation, offer Offer, by hospital.Actor, at time.Time, today inventory.Date) {
	p.Offers = slices.DeleteFunc(p.Offers, func(o Offer) bool { return o.From == offer.From })
	advice := s.Advise(today)
	if !advice.Due() {
		p.Status, p.DecidedAt, p.DecidedBy, p.DecidedName = Declined, at, reorderJob.ID, by.Name
		p.DecidedWhy = fmt.Sprintf("%d come from %s instead", offer.Quantity, offer.Name)
		return
	}
	rest := s.propose(advice, today)
	p.Quantity, p.Suggested, p.Reason, p.Figures, p.IfNot = rest.Quantity, rest.Suggested, rest.Reason, rest.Figures, rest.IfNot
	p.Status, p.FirstBy, p.FirstName = Waiting, "", "" // an approval was of another quantity
}

// CarryTransfer books that it was carried: the lots that expire first go along.
// ErrShort when there is no longer that much; then nothing is moved.
func (d *Desk) CarryTransfer(ctx context.Context, by hospital.Actor, id TransferID, key string) error {
	return d.endTransfer(ctx, by, hospital.UseStock, id, Carried, "", func(tx Tx, t Transfer) error {
		return d.Stock.MoveIn(ctx, tx, by, inventory.Moving{To: t.To.ID, Taking: inventory.Taking{Item: t.Item.ID, Place: t.From.ID,
			Quantity: t.Quantity, Why: fmt.Sprintf("transfer %d", t.ID), Source: "transfer", Key: key}})
	})
}

// CancelTransfer takes it back, with a reason; the desk looks at the place again.
func (d *Desk) CancelTransfer(ctx context.Context, by hospital.Actor, id TransferID, why string) error {
	if why = strings.TrimSpace(why); why == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say why it is not carried.")
	}
	return d.endTransfer(ctx, by, hospital.ApproveOrders, id, CalledOff, why, func(Tx, Transfer) error { return nil })
}

func (d *Desk) endTransfer(ctx context.Context, by hospital.Actor, need hospital.Permission, id TransferID, status TransferStatus, why string, do func(Tx, Transfer) error) error {
	if err := by.Need(need); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		t, err := tx.Transfer(ctx, id)
		if err != nil {
			return err
		}
		if t.Status != Asked {
			return hospital.Refuse(hospital.ErrStale, fmt.Sprintf("%s has already ended this: it is %s.", t.EndedName, t.Status))
		}
		if err := inventory.Within(ctx, tx, by, need, t.To.ID); err != nil {
			return err
		}
		if err := do(tx, t); err != nil {
			return err
		}
		t.Status, t.EndedAt, t.EndedBy, t.EndedName, t.EndedWhy = status, tx.Now(), by.ID, by.Name, why
		if err := tx.EndTransfer(ctx, t); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "transfer." + string(status), On: "stock/" + string(t.Item.ID), Why: why,
			After: fmt.Sprintf(`{"transfer":%d,"from":%q,"to":%q,"quantity":%d}`, t.ID, t.From.ID, t.To.ID, t.Quantity)})
	})
	if err != nil {
		return fmt.Errorf("end transfer %d: %w", id, err)
	}
	return nil
}
