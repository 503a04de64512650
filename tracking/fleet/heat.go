package fleet

import (
	"context"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// MaxHeat is the longest time that the heat of a floor is added up over.
const MaxHeat = 7 * 24 * time.Hour

// Heat is how long pieces stood in each room between two times, all pieces together.
// Events are those of that time, in their order; a piece that nobody hears stands nowhere.
func Heat(start []PlaceThen, events []Event, from, to time.Time) map[hospital.RoomID]time.Duration {
	type spot struct {
		room  hospital.RoomID
		since time.Time
	}
	heat, at := map[hospital.RoomID]time.Duration{}, map[tracking.AssetID]spot{}
	leave := func(id tracking.AssetID, when time.Time) {
		if s, ok := at[id]; ok && s.room != "" {
			heat[s.room] += when.Sub(s.since)
		}
		delete(at, id)
	}
	for _, p := range start {
		if !p.Gone {
			at[p.Asset] = spot{p.Room, from}
		}
	}
	for _, e := range events {
		switch e.Kind {
		case tracking.Arrival, tracking.Movement:
			leave(e.Asset, e.At)
			at[e.Asset] = spot{e.To, e.At}
		case tracking.Departure:
			leave(e.Asset, e.At)
		}
	}
	for id := range at {
		leave(id, to)
	}
	return heat
}

// Heat is how long pieces stood in each room in the time up to now, MaxHeat at most.
func (d *Desk) Heat(ctx context.Context, by hospital.Actor, span time.Duration) (map[hospital.RoomID]time.Duration, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	to := d.Now()
	from := to.Add(-min(span, MaxHeat))
	start, err := d.Store.PlacesAt(ctx, from)
	if err != nil {
		return nil, err
	}
	events, err := d.Store.Events(ctx, from, to)
	if err != nil {
		return nil, err
	}
	return Heat(start, events, from, to), nil
}
