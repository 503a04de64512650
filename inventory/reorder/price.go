package reorder

import (
	"fmt"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder/policy"
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
