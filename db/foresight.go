package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
)

// SaveHabit keeps what a stream's past says, in place of what it said before.
func (tx fridgesTx) SaveHabit(ctx context.Context, sensor coldchain.SensorID, h coldchain.Habit) error {
	const q = `
		INSERT INTO probe_habits (sensor, learnt_at, hours, cycle_ms, unrest_mc, trough_mc, peak_mc, recovery_ms, fast_ms, slow_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (sensor) DO UPDATE
		SET learnt_at = excluded.learnt_at, hours = excluded.hours, cycle_ms = excluded.cycle_ms, unrest_mc = excluded.unrest_mc,
			trough_mc = excluded.trough_mc, peak_mc = excluded.peak_mc, recovery_ms = excluded.recovery_ms,
			fast_ms = excluded.fast_ms, slow_ms = excluded.slow_ms`
	_, err := tx.Exec(ctx, q, sensor, ms(h.LearntAt), h.Hours, h.Cycle.Milliseconds(), h.Unrest, h.Trough, h.Peak,
		h.Recovery.Milliseconds(), h.Fast.Milliseconds(), h.Slow.Milliseconds())
	if err != nil {
		return fmt.Errorf("save habit of sensor %d: %w", sensor, err)
	}
	return nil
}

// Habit of a stream; the zero Habit where nothing is learnt.
func (f Fridges) Habit(ctx context.Context, sensor coldchain.SensorID) (h coldchain.Habit, err error) {
	const q = `
		SELECT ` + habitColumns + `
		FROM probe_habits
		WHERE sensor = $1`
	h, err = scanHabit(f.QueryRow(ctx, q, sensor))
	if errors.Is(err, sql.ErrNoRows) {
		return coldchain.Habit{}, nil
	}
	if err != nil {
		return coldchain.Habit{}, fmt.Errorf("habit of sensor %d: %w", sensor, err)
	}
	return h, nil
}

const habitColumns = `learnt_at, hours, cycle_ms, unrest_mc, trough_mc, peak_mc, recovery_ms, fast_ms, slow_ms`

// scanHabit reads habitColumns, after those that stand before them.
func scanHabit(row scanner, before ...any) (h coldchain.Habit, err error) {
	var learnt, cycle, recovery, fast, slow int64
	err = row.Scan(append(before, &learnt, &h.Hours, &cycle, &h.Unrest, &h.Trough, &h.Peak, &recovery, &fast, &slow)...)
	h.LearntAt, h.Cycle, h.Recovery = fromMS(learnt), millis(cycle), millis(recovery)
	h.Fast, h.Slow = millis(fast), millis(slow)
	return h, err
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// AddForewarning keeps a forewarning; false where one of the stream is open.
func (tx fridgesTx) AddForewarning(ctx context.Context, f coldchain.Forewarning) (bool, error) {
	const q = `
		INSERT INTO fridge_forewarnings (fridge, sensor, rule, power, at, temp_mc, soonest_at, latest_at, outcome, crossed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT DO NOTHING`
	done, err := tx.Exec(ctx, q, f.Fridge, f.Sensor, f.Rule, f.Power, ms(f.At), f.Temp, ms(f.Soonest), ms(f.Latest), f.Outcome, nullMS(f.CrossedAt))
	if err != nil {
		return false, fmt.Errorf("add forewarning: %w", err)
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// SettleForewarning keeps what became of an open one.
func (tx fridgesTx) SettleForewarning(ctx context.Context, f coldchain.Forewarning) error {
	const q = `
		UPDATE fridge_forewarnings
		SET outcome = $2, crossed_at = $3
		WHERE id = $1 AND outcome = ''`
	if _, err := tx.Exec(ctx, q, f.ID, f.Outcome, nullMS(f.CrossedAt)); err != nil {
		return fmt.Errorf("settle forewarning %d: %w", f.ID, err)
	}
	return nil
}

const forewarningColumns = `id, fridge, sensor, rule, power, at, temp_mc, soonest_at, latest_at, outcome, crossed_at`

func scanForewarning(row scanner) (f coldchain.Forewarning, err error) {
	var at, soonest, latest int64
	var crossed sql.NullInt64
	err = row.Scan(&f.ID, &f.Fridge, &f.Sensor, &f.Rule, &f.Power, &at, &f.Temp, &soonest, &latest, &f.Outcome, &crossed)
	f.At, f.Soonest, f.Latest, f.CrossedAt = fromMS(at), fromMS(soonest), fromMS(latest), fromNullMS(crossed)
	return f, err
}

// OpenForewarnings are those of which nobody knows yet what becomes.
func (f Fridges) OpenForewarnings(ctx context.Context) ([]coldchain.Forewarning, error) {
	const q = `
		SELECT ` + forewarningColumns + `
		FROM fridge_forewarnings
		WHERE outcome = ''
		ORDER BY id`
	rows, err := f.Query(ctx, q)
	open, err := scanAll(rows, err, scanForewarning)
	if err != nil {
		return nil, fmt.Errorf("open forewarnings: %w", err)
	}
	return open, nil
}

// Forewarnings of a fridge, newest first.
func (f Fridges) Forewarnings(ctx context.Context, id coldchain.FridgeID, since time.Time, limit int) ([]coldchain.Forewarning, error) {
	const q = `
		SELECT ` + forewarningColumns + `
		FROM fridge_forewarnings
		WHERE fridge = $1 AND at >= $2
		ORDER BY at DESC, id DESC
		LIMIT 0 + $3`
	rows, err := f.Query(ctx, q, id, ms(since), limit)
	said, err := scanAll(rows, err, scanForewarning)
	if err != nil {
		return nil, fmt.Errorf("forewarnings of %s: %w", id, err)
	}
	return said, nil
}

// Forewarnings are up to limit forewarnings, the last said first.
func (l Lists) Forewarnings(ctx context.Context, ask coldchain.ForewarningQuery, limit int) ([]coldchain.Forewarning, error) {
	q := `
		SELECT ` + forewarningColumns + `
		FROM fridge_forewarnings
		WHERE id < $1
			AND ` + named("fridge", "$2", ask.Fridge) + `
			AND at >= $3 AND at < $4
		ORDER BY id DESC
		LIMIT 0 + $5`
	rows, err := l.Query(ctx, q, below(ask.Before), ask.Fridge, ms(ask.From), untilMS(ask.To), limit)
	said, err := scanAll(rows, err, scanForewarning)
	if err != nil {
		return nil, fmt.Errorf("list forewarnings: %w", err)
	}
	return said, nil
}
