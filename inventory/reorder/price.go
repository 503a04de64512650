package reorder

import (
	"context"
	"encoding/json"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// breakCoverDays is how long at most a quantity may last that is only ordered for its price.
const breakCoverDays = 90

// atBest raises an advice to the next price break where that order costs no more
// in all, and is used up within breakCoverDays and its shelf life; and answers
// with the price of a pack. What it did is said among the figures.
func (s Situation) atBest(a policy.Advice) (policy.Advice, int64, []policy.Figure) {
	price := s.Item.PriceOf(a.Packs)
	if len(s.Item.Breaks) == 0 || a.Packs == 0 {
		return a, price, nil
	}
	best, cost := a.Packs, a.Packs*price
	for _, b := range s.Item.Breaks {
		if b.Packs > best && b.Packs*b.Price <= cost && s.usedUp(a, b.Packs*max(a.Terms.Pack, 1)) {
			best, cost = b.Packs, b.Packs*b.Price
		}
	}
	figures := []policy.Figure{{Name: "Price of a pack", Value: inventory.Money{Minor: s.Item.PriceOf(best), Currency: s.Supplier.Currency}.String()}}
	if best > a.Packs {
		figures = append(figures, policy.Figure{Name: "Price break",
			Value: fmt.Sprintf("%d packs cost %s in all, the %d that are needed %s", best, inventory.Money{Minor: cost, Currency: s.Supplier.Currency},
				a.Packs, inventory.Money{Minor: a.Packs * price, Currency: s.Supplier.Currency})})
		a.Packs, a.Quantity = best, best*max(a.Terms.Pack, 1)
	}
	return a, s.Item.PriceOf(best), figures
}

// usedUp says whether an order of so much is used before it is too much to keep.
func (s Situation) usedUp(a policy.Advice, quantity int64) bool {
	if a.Demand.PerDay <= 0 {
		return false
	}
	lasts := float64(max(a.Position.Projected(), 0)+quantity) / a.Demand.PerDay
	if life := a.Terms.ShelfLifeDays; life > 0 && lasts > (life-a.Terms.LeadDays)*shelfShare {
		return false
	}
	return lasts <= breakCoverDays
}

// shelfShare is how much of its shelf life stock may take to be used.
const shelfShare = 0.8

// repriced gives a proposal the price that its quantity has now.
func (p *Proposal) repriced() {
	if len(p.Item.Breaks) > 0 {
		p.Price = p.Item.PriceOf(p.Packs())
	}
}

const (
	// maxBreaks is how many price breaks an item may have.
	maxBreaks = 10
	// maxPrice is the most that a pack may cost, in minor units, and maxBreakPacks the most packs a break may begin at.
	maxPrice, maxBreakPacks = 100_000_000, 1_000_000
)

// SetPrices says what a pack of an item costs, and what it costs from so many packs on.
// Breaks stand in order: each from more packs, and for less, than the one before.
// Proposals that wait keep the price that they were raised at. It needs
// hospital.ManageItems, for the whole hospital.
func (d *Desk) SetPrices(ctx context.Context, by hospital.Actor, item inventory.ItemID, price int64, breaks []inventory.PriceBreak) error {
	if err := by.NeedEverywhere(hospital.ManageItems); err != nil {
		return err
	}
	if err := checkPrices(price, breaks); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		before, err := tx.Item(ctx, item)
		if err != nil {
			return err
		}
		if err := tx.SetPrices(ctx, item, price, breaks); err != nil {
			return err
		}
		after, err := json.Marshal(map[string]any{"price_minor": price, "price_breaks": breaks})
		if err != nil {
			return err
		}
		tx.Announce("stock/" + string(item))
		return tx.Record(ctx, hospital.Deed{By: by, What: "item.prices", On: "stock/" + string(item), Before: fmt.Sprintf(`{"price_minor":%d}`, before.Price), After: string(after)})
	})
	if err != nil {
		return fmt.Errorf("set the prices of %s: %w", item, err)
	}
	return nil
}

func checkPrices(price int64, breaks []inventory.PriceBreak) error {
	if price < 0 || price > maxPrice {
		return hospital.Refuse(hospital.ErrInvalid, "Give the price of a pack.")
	}
	if len(breaks) > maxBreaks {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("An item has at most %d price breaks.", maxBreaks))
	}
	packs := int64(1)
	for _, b := range breaks {
		if b.Packs <= packs || b.Packs > maxBreakPacks {
			return hospital.Refuse(hospital.ErrInvalid, "Price breaks stand in order, each from more packs than the one before, the first from 2 on.")
		}
		if b.Price >= price || b.Price < 0 {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("From %d packs on a pack costs less than of fewer; that is what a break is.", b.Packs))
		}
		packs, price = b.Packs, b.Price
	}
	return nil
}
