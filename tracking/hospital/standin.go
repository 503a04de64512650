package hospital

import "slices"

// StandIn is a colleague in whose place somebody approves orders while she is away.
type StandIn struct {
	For  PersonID
	Name string
	// Reach is how far the colleague herself may approve.
	Reach Reach
}

// stoodIn adds what those who are away may do to a reach of approving orders, and
// of what that takes: to see what they cost.
func (a Actor) stoodIn(own Reach, p Permission) Reach {
	if p != ApproveOrders && p != SeePrices || own.Everywhere {
		return own
	}
	for _, s := range a.StandsIn {
		if s.Reach.Everywhere {
			return s.Reach
		}
		own.Units = append(own.Units, s.Reach.Units...)
	}
	slices.Sort(own.Units)
	own.Units = slices.Compact(own.Units)
	return own
}

// Own is the actor without those in whose place she may act.
func (a Actor) Own() Actor {
	a.StandsIn = nil
	return a
}
