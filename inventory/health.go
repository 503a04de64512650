package inventory

import (
	"context"
	"fmt"
)

// Health is how stock does on a day, counted over items.
type Health struct {
	Items int
	// Empty have nothing that may be used today; Low are at or under a reorder point.
	Empty, Low int
	// Cover counts items by how long what is usable lasts at the present use.
	Cover [len(coverBands)]int
	// Idle are used nowhere, as far as the forecast knows.
	Idle int
	// Expired and Expiring count lots on the shelves that are past their day, or will be
	// within ExpiringDays; Held those that wait for a decision.
	Expired, Expiring, Held int
}

// CoverBand is a stretch of days that stock lasts: from, and up to but without, To; 0: no end.
type CoverBand struct{ From, To float64 }

var coverBands = [...]CoverBand{{0, 3}, {3, 7}, {7, 14}, {14, 30}, {30, 90}, {90, 0}}

// CoverBands are the stretches that Health.Cover counts, in its order.
func CoverBands() []CoverBand { return coverBands[:] }

// Available is the share of items of which something may be used today, 0 to 1; 1 of none.
func (h Health) Available() float64 {
	if h.Items == 0 {
		return 1
	}
	return float64(h.Items-h.Empty) / float64(h.Items)
}

const (
	// HealthKept is for how many days it is kept how stock stood.
	HealthKept = 731
	// healthTold is how many days before the first note are told from the ledger.
	healthTold = 90
)

// HealthDay is how stock stood in the morning of a day, over all places or at one.
type HealthDay struct {
	Day   Date
	Place PlaceID // empty: the whole hospital
	// Items are those of all places; of one place, what it orders for itself. Empty of them
	// had nothing that could be used.
	Items, Empty int
	// Low were at or under a reorder point; Expired, Expiring and Held are lots, and known of
	// the whole hospital alone. Negative: not known.
	Low, Expired, Expiring, Held int
	// Told says that the day was told later, from when places were empty: what had expired
	// counted as there.
	Told bool
}

// Available is the share of items of which something could be used, 0 to 1; 1 of none.
func (h HealthDay) Available() float64 { return Health{Items: h.Items, Empty: h.Empty}.Available() }

// HealthTx keeps how stock stood.
type HealthTx interface {
	// KeepHealth notes how stock stands on a day, in the place of what was noted of it before.
	KeepHealth(ctx context.Context, today Date) error
	// TellHealth tells days before the first that was noted, from a day on; it does nothing
	// where any day is noted.
	TellHealth(ctx context.Context, from, today Date) error
	// ForgetHealth lets go what is older than a day.
	ForgetHealth(ctx context.Context, before Date) error
}

// HealthReader answers how stock stood.
type HealthReader interface {
	// HealthDays are those of a place, or of the whole hospital, since a day, the first first.
	HealthDays(ctx context.Context, place PlaceID, since Date) ([]HealthDay, error)
}

// KeepHealth notes how stock stands today, once a day after reorders were looked at; done
// twice it is the same. The first time it also tells the days before.
func (s *Stock) KeepHealth(ctx context.Context) error {
	err := s.Store.InTx(ctx, func(tx Tx) error {
		today := s.Today(tx.Now())
		if err := tx.TellHealth(ctx, today-healthTold, today); err != nil {
			return err
		}
		if err := tx.KeepHealth(ctx, today); err != nil {
			return err
		}
		return tx.ForgetHealth(ctx, today-HealthKept)
	})
	if err != nil {
		return fmt.Errorf("keep how stock stands: %w", err)
	}
	return nil
}
