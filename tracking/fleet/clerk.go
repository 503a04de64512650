package fleet

import (
	"context"
	"fmt"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Ledger is where the clerk keeps the days.
type Ledger interface {
	// LastDay is the last day that was added up; false before the first.
	LastDay(context.Context) (day string, made bool, err error)
	// FirstMoment is when history begins; false while there is none.
	FirstMoment(context.Context) (time.Time, bool, error)
	Pieces(context.Context) (map[tracking.AssetID]Piece, error)
	// Ends is how each piece stood at the end of the last day that was added up.
	Ends(context.Context) (map[tracking.AssetID]State, error)
	// Events of a stretch of time, in their order.
	Events(ctx context.Context, from, to time.Time) ([]Event, error)
	// KeepDay stores a day's summary and how pieces stood at its end; a day is kept once.
	KeepDay(ctx context.Context, day string, s Summary, ends map[tracking.AssetID]State) error
}

// Clerk adds up each day once, after it is over.
type Clerk struct {
	Ledger   Ledger
	Register *hospital.Register
}

// MaxDays is how many days one catching up adds up; the next one goes on.
const MaxDays = 400

// CatchUp adds up every whole day of the site's calendar that is over at a time
// and was not added up yet.
func (c *Clerk) CatchUp(ctx context.Context, at time.Time) error {
	zone := c.Register.Current().Site.Location()
	day, any, err := c.next(ctx, zone)
	if err != nil || !any {
		return err
	}
	for range MaxDays {
		end := day.AddDate(0, 0, 1)
		if end.After(at) {
			return nil
		}
		if err := c.AddUp(ctx, day, end); err != nil {
			return err
		}
		day = end
	}
	return nil
}

// next is the midnight at which the next day to add up begins.
func (c *Clerk) next(ctx context.Context, zone *time.Location) (time.Time, bool, error) {
	last, made, err := c.Ledger.LastDay(ctx)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("add days up: %w", err)
	}
	if made {
		day, err := time.ParseInLocation(time.DateOnly, last, zone)
		return day.AddDate(0, 0, 1), err == nil, err
	}
	first, any, err := c.Ledger.FirstMoment(ctx)
	if err != nil || !any {
		return time.Time{}, false, err
	}
	y, m, d := first.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone), true, nil
}

// AddUp adds up one day, between two midnights of the site.
func (c *Clerk) AddUp(ctx context.Context, from, to time.Time) error {
	day := from.Format(time.DateOnly)
	pieces, err := c.Ledger.Pieces(ctx)
	if err != nil {
		return fmt.Errorf("add up %s: %w", day, err)
	}
	ends, err := c.Ledger.Ends(ctx)
	if err != nil {
		return fmt.Errorf("add up %s: %w", day, err)
	}
	events, err := c.Ledger.Events(ctx, from, to)
	if err != nil {
		return fmt.Errorf("add up %s: %w", day, err)
	}
	summary, last := Fold(pieces, ends, events, from, to, RoomsOf(c.Register.Current()))
	if err := c.Ledger.KeepDay(ctx, day, summary, last); err != nil {
		return fmt.Errorf("add up %s: %w", day, err)
	}
	return nil
}

// RoomsOf tells what the rooms of a hospital are for.
func RoomsOf(d *hospital.Directory) Rooms {
	return func(id hospital.RoomID) hospital.RoomKind {
		room, _ := d.Room(id)
		return room.Kind
	}
}
