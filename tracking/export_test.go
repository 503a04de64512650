package tracking

import (
	"context"
	"time"
)

// SweepAt takes what waits and does what the shards do every few seconds. The tracker must not be running.
func (t *Tracker) SweepAt(ctx context.Context, at time.Time) {
	for _, s := range t.shards {
		s.drain(ctx)
		s.sweep(at)
		s.keep(ctx, at)
	}
}
