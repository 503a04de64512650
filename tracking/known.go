package tracking

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"wardwatch/tracking/hospital"
)

// Known is how well a room is told from others, and by how many lessons.
type Known struct {
	RoomTrial
	// Taught counts the lessons that a person gave on purpose.
	Taught int
}

// Known lists every room by how well it is known: those that do worst in the trial
// first, then those that were not tried, in the house's order.
func (e Equipment) Known(ctx context.Context, by hospital.Actor) ([]Known, error) {
	if err := by.Need(hospital.ManageEquipment); err != nil {
		return nil, err
	}
	taught, err := e.Store.TaughtRooms(ctx)
	if err != nil {
		return nil, fmt.Errorf("how well rooms are known: %w", err)
	}
	var all []Known
	for _, room := range e.Register.Current().Rooms {
		all = append(all, Known{RoomTrial: e.Tracker.Trial(room.ID), Taught: taught[room.ID]})
	}
	slices.SortStableFunc(all, func(a, b Known) int {
		return cmp.Or(order(a.Steps == 0, b.Steps == 0), cmp.Compare(a.Accuracy(), b.Accuracy()), order(a.Taught == 0, b.Taught == 0))
	})
	return all, nil
}
