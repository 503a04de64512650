// Package policy decides when to order, how much, and says why. It is pure: it
// takes what is held, what was used and on which terms, and answers with an
// Advice whose figures recompute to its quantity.
//
//	uses by day ─▶ Demand ─▶ Level (reorder point, target) ─┐
//	lots, orders, proposals ─▶ Position ────────────────────┴▶ Decide ─▶ Advice
//
// Quantities are whole units of issue. The one invariant that everything rests
// on: after an Advice is counted in the position, the position is above the
// reorder point, so asking again advises nothing.
package policy

import "math"

// Position is what one place can count on for one item.
type Position struct {
	OnHand  int64 // everything that lies there
	Held    int64 // waiting for a pharmacist's decision
	Expired int64 // past its last day of use, and not held
	// Wasting will expire before forecast use reaches it; see Waste.
	Wasting  int64
	Reserved int64
	OnOrder  int64 // ordered and not yet received or cancelled
	Proposed int64 // in open proposals, and in approved ones not yet ordered
}

// Usable is what may be given out today.
func (p Position) Usable() int64 { return p.OnHand - p.Held - p.Expired }

// Projected is what the reorder point is compared with.
func (p Position) Projected() int64 {
	return p.Usable() - p.Wasting - p.Reserved + p.OnOrder + p.Proposed
}

// Terms are the conditions on which an item is ordered for a place.
type Terms struct {
	LeadDays   float64 // mean days from order to delivery
	LeadSDDays float64 // their standard deviation
	Deliveries int     // how many deliveries these two were learned from; 0: they are what was agreed
	ReviewDays float64 // days between two looks at the item; less than 1 counts as 1
	CoverDays  float64 // days of use that one order should last; DefaultCover when 0
	Service    float64 // wanted chance of no stock-out in a cycle, 0.5 to 0.9999
	Pack       int64   // units of issue in a pack; less than 1 counts as 1
	LeastPacks int64   // least number of packs in one order
	// ShelfLifeDays is how long a delivery lasts; 0: not perishable.
	ShelfLifeDays float64
}

// DefaultCover is how many days of use an order should last when nobody says.
const DefaultCover = 14

// Level is when to order and up to where.
type Level struct {
	Reorder int64 // at or under it an order is due
	Target  int64 // order up to it; always above Reorder, or both are 0
	// Expected is the forecast use until a delivery ordered at the next review
	// arrives; Safety is what stands on top of it against chance.
	Expected float64
	Safety   float64
	// Basis names the rule: "normal", "poisson", "negative binomial", "back-tested", "set by people".
	Basis string
	// ShelfLifeCap is true when the target was lowered so that stock is used before it expires.
	ShelfLifeCap bool
}

// Set is a level that people have chosen: order at or under minimum, up to
// maximum. A maximum that is not above the minimum is raised to one more, or the
// same order would come back for ever.
func Set(minimum, maximum int64) Level {
	if minimum <= 0 && maximum <= 0 {
		return Level{Basis: BySet}
	}
	return Level{Reorder: max(minimum, 0), Target: max(maximum, minimum+1), Basis: BySet}
}

// Advice is what the policy says of one item at one place.
type Advice struct {
	Quantity int64 // units of issue to order; 0: nothing to do
	Packs    int64
	Position Position
	Level    Level
	Demand   Demand
	Terms    Terms
}

// Due says whether there is something to order.
func (a Advice) Due() bool { return a.Quantity > 0 }

// DaysLeft is how long usable stock lasts at the forecast use, not counting what
// will expire first; +Inf without use.
func (a Advice) DaysLeft() float64 {
	if a.Demand.PerDay <= 0 {
		return math.Inf(1)
	}
	return float64(max(a.Position.Usable()-a.Position.Wasting, 0)) / a.Demand.PerDay
}

// Decide compares the position with the level and rounds what is missing up to
// whole packs and the least order. Pass the zero Level to have it computed from
// the demand; one from Set is taken as it is.
func Decide(p Position, d Demand, t Terms, level Level) Advice {
	if level.Basis == "" {
		level = LevelFor(d, t)
	}
	a := Advice{Position: p, Demand: d, Terms: t, Level: level}
	projected := p.Projected()
	if level.Target <= 0 || projected > level.Reorder {
		return a
	}
	a.Packs, a.Quantity = RoundUp(level.Target-projected, t.Pack, t.LeastPacks)
	return a
}

// RoundUp is the least number of whole packs that holds quantity and keeps the
// least order. Nothing is rounded to nothing.
func RoundUp(quantity, pack, leastPacks int64) (packs, units int64) {
	if quantity <= 0 {
		return 0, 0
	}
	pack = max(pack, 1)
	packs = max((quantity+pack-1)/pack, leastPacks)
	return packs, packs * pack
}
