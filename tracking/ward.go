package tracking

import (
	"context"
	"fmt"

	"wardwatch/tracking/hospital"
)

const (
	// WardShown is how many pieces of each sort a unit's board names; the rest is counted.
	WardShown = 12
	// WardListed is how many a list of one sort names.
	WardListed = 500
)

// Ward is what a unit's board tells of pieces that are not as, or where, they should be.
type Ward struct {
	// Dirty were last seen in the unit and need cleaning, those that wait longest first.
	Dirty Some
	// Lent belong to the unit and were last seen in another one; Borrowed the other way
	// round. Those that stand longest where they stand come first.
	Lent, Borrowed Some
}

// Some are the first of several pieces.
type Some struct {
	Assets []Asset
	Total  int
}

// More is how many are not named.
func (s Some) More() int { return s.Total - len(s.Assets) }

// Ward is what the unit waits for to be cleaned, has lent and has borrowed; at most limit pieces of each.
func (e Equipment) Ward(ctx context.Context, by hospital.Actor, unit hospital.UnitID, limit int) (w Ward, err error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return w, err
	}
	if _, ok := e.Register.Current().Unit(unit); !ok {
		return w, fmt.Errorf("unit %s: %w", unit, hospital.ErrUnknown)
	}
	if w.Dirty, err = e.Store.DirtyIn(ctx, unit, limit); err != nil {
		return w, err
	}
	if w.Lent, err = e.Store.LentBy(ctx, unit, limit); err != nil {
		return w, err
	}
	w.Borrowed, err = e.Store.BorrowedBy(ctx, unit, limit)
	return w, err
}
