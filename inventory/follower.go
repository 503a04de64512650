package inventory

import (
	"context"
	"fmt"
	"log/slog"

	"wardwatch/tracking/coldchain"
)

// Chain is the cold chain's append-only list of what happened to excursions.
type Chain interface {
	// Events are those behind a number, oldest first, at most limit.
	Events(ctx context.Context, after int64, limit int) ([]coldchain.Event, error)
}

const (
	// followerName is the name of this follower's cursor.
	followerName = "inventory"
	// followAtOnce is how many events are dealt with in one transaction.
	followAtOnce = 100
)

// Follower holds the lots that stand in a fridge when an excursion begins there.
// It remembers how far it has come in the same transaction, so that a crash
// neither loses an event nor repeats one.
type Follower struct {
	Chain Chain
	Stock *Stock
	Log   *slog.Logger
}

// CatchUp deals with all events that it has not seen. It answers how many there
// were. It is safe to call at any time, by one goroutine.
func (f *Follower) CatchUp(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := f.some(ctx)
		total += n
		if err != nil {
			return total, fmt.Errorf("follow the cold chain: %w", err)
		}
		if n < followAtOnce {
			return total, nil
		}
	}
}

// Run catches up at the start and whenever it is woken, until ctx ends. A failure
// is logged and tried again at the next waking.
func (f *Follower) Run(ctx context.Context, woken <-chan struct{}) error {
	for {
		if _, err := f.CatchUp(ctx); err != nil && ctx.Err() == nil {
			f.Log.Error("could not hold lots", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		}
	}
}

func (f *Follower) some(ctx context.Context) (int, error) {
	after, err := f.Stock.Store.Followed(ctx, followerName)
	if err != nil {
		return 0, err
	}
	events, err := f.Chain.Events(ctx, after, followAtOnce)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	err = f.Stock.Store.InTx(ctx, func(tx Tx) error {
		now, err := tx.Cursor(ctx, followerName)
		if err != nil || now != after {
			return err
		}
		for _, event := range events {
			if err := f.follow(ctx, tx, event); err != nil {
				return fmt.Errorf("event %d: %w", event.Seq, err)
			}
		}
		return tx.SetCursor(ctx, followerName, events[len(events)-1].Seq)
	})
	return len(events), err
}

func (f *Follower) follow(ctx context.Context, tx Tx, event coldchain.Event) error {
	id := event.Excursion.ID
	switch event.Kind {
	case coldchain.ExcursionBegan:
		if err := tx.SetRunning(ctx, event.Fridge, id, event.Excursion.Running()); err != nil {
			return err
		}
		if err := f.holdAll(ctx, tx, event.Fridge, id); err != nil || event.Excursion.Running() {
			return err
		}
		return tx.Expose(ctx, ExposureTo(event.Excursion)) // found late, and over already
	case coldchain.ExcursionEnded, coldchain.ExcursionRevised:
		if event.Excursion.Running() {
			return nil
		}
		if err := tx.SetRunning(ctx, event.Fridge, id, false); err != nil {
			return err
		}
		return tx.Expose(ctx, ExposureTo(event.Excursion))
	case coldchain.ExcursionWithdrawn:
		if err := tx.SetRunning(ctx, event.Fridge, id, false); err != nil {
			return err
		}
		return tx.Withdraw(ctx, id)
	}
	return nil
}

// holdAll holds everything that stands in the fridge now, once for an excursion.
func (f *Follower) holdAll(ctx context.Context, tx Tx, fridge coldchain.FridgeID, id coldchain.ExcursionID) error {
	places, err := tx.PlacesIn(ctx, fridge)
	if err != nil {
		return err
	}
	for _, place := range places {
		standing, err := tx.Standing(ctx, place.ID)
		if err != nil {
			return err
		}
		for _, b := range standing {
			if err := f.Stock.hold(ctx, tx, id, place, b, false); err != nil {
				return err
			}
		}
	}
	return nil
}
