package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/parlevel"
)

// ParLevels keeps how much equipment units should have, and the tasks that follow.
type ParLevels struct{ *DB }

var _ parlevel.Store = ParLevels{}

// parTx is a change to levels and tasks in progress.
type parTx struct{ *Tx }

// InTx runs change in a transaction and returns once it is durable.
func (p ParLevels) InTx(ctx context.Context, change func(parlevel.Tx) error) error {
	return p.DB.InTx(ctx, func(tx *Tx) error { return change(parTx{tx}) })
}

// Kinds are all kinds of equipment, by name.
func (p ParLevels) Kinds(ctx context.Context) ([]string, error) { return Equipment(p).Kinds(ctx) }

// Snapshot is what is so at an instant.
func (p ParLevels) Snapshot(ctx context.Context, at time.Time) (parlevel.Snapshot, error) {
	return parSnapshot(ctx, p.DB, at)
}

// Snapshot is what is so as this change sees it.
func (tx parTx) Snapshot(ctx context.Context, at time.Time) (parlevel.Snapshot, error) {
	return parSnapshot(ctx, tx.Tx, at)
}

// Task is one task.
func (p ParLevels) Task(ctx context.Context, id parlevel.TaskID, at time.Time) (parlevel.Task, error) {
	return parTask(ctx, p.DB, id, at)
}

// Task is one task as this change sees it.
func (tx parTx) Task(ctx context.Context, id parlevel.TaskID, at time.Time) (parlevel.Task, error) {
	return parTask(ctx, tx.Tx, id, at)
}

func parSnapshot(ctx context.Context, from asker, at time.Time) (s parlevel.Snapshot, err error) {
	s.Counts, s.Since = map[parlevel.Key]parlevel.Count{}, map[parlevel.Key]parlevel.Since{}
	if err := parLevels(ctx, from, &s); err != nil {
		return s, fmt.Errorf("read par levels: %w", err)
	}
	if err := parCounts(ctx, from, &s); err != nil {
		return s, fmt.Errorf("count equipment for par levels: %w", err)
	}
	if s.Open, err = openTasks(ctx, from, at); err != nil {
		return s, fmt.Errorf("read open tasks: %w", err)
	}
	const q = selectTask + `
		WHERE state = 'declined' AND ended_at > $1
		ORDER BY id`
	rows, err := from.Query(ctx, q, ms(at.Add(-parlevel.DeclinedFor)))
	if s.Declined, err = scanAll(rows, err, scanTask); err != nil {
		return s, fmt.Errorf("read declined tasks: %w", err)
	}
	return s, nil
}

func parLevels(ctx context.Context, from asker, s *parlevel.Snapshot) error {
	const q = `
		SELECT l.unit, l.kind, l.target, l.critical, l.short_since, l.critical_since
		FROM par_levels l
		JOIN units u ON u.id = l.unit
		ORDER BY u.ordinal, l.unit, l.kind`
	rows, err := from.Query(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var l parlevel.Level
		var short, critical int64
		if err := rows.Scan(&l.Unit, &l.Kind, &l.Target, &l.Critical, &short, &critical); err != nil {
			return err
		}
		s.Levels = append(s.Levels, l)
		s.Since[l.Key()] = parlevel.Since{Short: fromMS(short), Critical: fromMS(critical)}
	}
	return rows.Err()
}

func parCounts(ctx context.Context, from asker, s *parlevel.Snapshot) error {
	const q = `
		SELECT r.unit, a.kind,
			SUM(CASE WHEN a.gone_at = 0 THEN 1 ELSE 0 END),
			SUM(CASE WHEN a.gone_at = 0 AND a.status = 'free' THEN 1 ELSE 0 END),
			SUM(CASE WHEN a.gone_at = 0 THEN 0 ELSE 1 END)
		FROM assets a
		JOIN rooms r ON r.id = a.room_id
		JOIN par_levels l ON l.unit = r.unit AND l.kind = a.kind
		GROUP BY r.unit, a.kind`
	rows, err := from.Query(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key parlevel.Key
		var c parlevel.Count
		if err := rows.Scan(&key.Unit, &key.Kind, &c.Have, &c.Free, &c.Silent); err != nil {
			return err
		}
		s.Counts[key] = c
	}
	return rows.Err()
}

const selectTask = `
	SELECT id, kind, from_unit, to_unit, quantity, raised_at, state, taken_by, taken_at, ended_at, ended_by, why, version
	FROM par_tasks`

func scanTask(row scanner) (parlevel.Task, error) {
	var t parlevel.Task
	var raised, taken, ended int64
	err := row.Scan(&t.ID, &t.Kind, &t.From, &t.To, &t.Quantity, &raised, &t.State, &t.TakenBy, &taken, &ended, &t.EndedBy, &t.Why, &t.Version)
	t.RaisedAt, t.TakenAt, t.EndedAt = fromMS(raised), fromMS(taken), fromMS(ended)
	return t, err
}

func openTasks(ctx context.Context, from asker, at time.Time) ([]parlevel.Task, error) {
	const q = selectTask + `
		WHERE state = 'open'
		ORDER BY id`
	rows, err := from.Query(ctx, q)
	tasks, err := scanAll(rows, err, scanTask)
	for i := range tasks {
		if err == nil {
			err = followPieces(ctx, from, &tasks[i], at)
		}
	}
	return tasks, err
}

func parTask(ctx context.Context, from asker, id parlevel.TaskID, at time.Time) (parlevel.Task, error) {
	const q = selectTask + `
		WHERE id = $1`
	task, err := scanTask(from.QueryRow(ctx, q, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = parlevel.ErrUnknownTask
	}
	if err == nil {
		err = followPieces(ctx, from, &task, at)
	}
	if err != nil {
		return task, fmt.Errorf("task %d: %w", id, err)
	}
	return task, nil
}

// followPieces says which pieces of a task's kind left the giver since it was
// raised, and where they are now: with the receiver, once noted for ever, or on the way.
func followPieces(ctx context.Context, from asker, task *parlevel.Task, at time.Time) error {
	const qNoted = `
		SELECT asset
		FROM par_arrivals
		WHERE task = $1
		ORDER BY asset`
	rows, err := from.Query(ctx, qNoted, task.ID)
	noted, err := scanAll(rows, err, func(row scanner) (id tracking.AssetID, err error) { return id, row.Scan(&id) })
	if err != nil {
		return err
	}
	task.Arrived = noted
	if task.State != parlevel.Open {
		return nil
	}
	const q = `
		SELECT a.id, COALESCE(r.unit, ''), MAX(m.at)
		FROM assets a
		JOIN asset_moments m ON m.asset_id = a.id AND m.at >= $2
		JOIN rooms f ON f.id = m.from_room AND f.unit = $3
		JOIN rooms r ON r.id = a.room_id
		WHERE a.kind = $1 AND m.kind IN ('move', 'departure') AND COALESCE(r.unit, '') <> $3
		GROUP BY a.id, r.unit
		ORDER BY a.id`
	type piece struct {
		id   tracking.AssetID
		unit hospital.UnitID
		left int64
	}
	rows, err = from.Query(ctx, q, task.Kind, ms(task.RaisedAt), task.From)
	pieces, err := collect(rows, err, func(p *piece) []any { return []any{&p.id, &p.unit, &p.left} })
	for _, p := range pieces {
		switch {
		case slices.Contains(task.Arrived, p.id):
		case p.unit == task.To:
			task.Arrived = append(task.Arrived, p.id)
		case at.Sub(fromMS(p.left)) < parlevel.WayTime:
			task.OnTheWay = append(task.OnTheWay, p.id)
		}
	}
	return err
}

// Ended are the tasks that ended last.
func (p ParLevels) Ended(ctx context.Context, limit int) ([]parlevel.Task, error) {
	const q = selectTask + `
		WHERE state <> 'open'
		ORDER BY ended_at DESC
		LIMIT 0 + $1`
	rows, err := p.Query(ctx, q, limit)
	tasks, err := scanAll(rows, err, scanTask)
	if err != nil {
		return nil, fmt.Errorf("ended tasks: %w", err)
	}
	return tasks, nil
}

// SetLevel adds or changes a level; false when it was so already.
func (tx parTx) SetLevel(ctx context.Context, l parlevel.Level) (bool, error) {
	const q = `
		INSERT INTO par_levels (unit, kind, target, critical)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (unit, kind) DO UPDATE SET target = excluded.target, critical = excluded.critical
		WHERE par_levels.target <> excluded.target OR par_levels.critical <> excluded.critical`
	done, err := tx.Exec(ctx, q, l.Unit, l.Kind, l.Target, l.Critical)
	if err != nil {
		return false, fmt.Errorf("set level: %w", err)
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// RemoveLevel takes a level away.
func (tx parTx) RemoveLevel(ctx context.Context, key parlevel.Key) error {
	const q = `
		DELETE FROM par_levels
		WHERE unit = $1 AND kind = $2`
	done, err := tx.Exec(ctx, q, key.Unit, key.Kind)
	if err != nil {
		return err
	}
	return oneRow(done, hospital.ErrUnknown)
}

// SetSince notes since when a unit is short.
func (tx parTx) SetSince(ctx context.Context, key parlevel.Key, since parlevel.Since) error {
	const q = `
		UPDATE par_levels
		SET short_since = $3, critical_since = $4
		WHERE unit = $1 AND kind = $2`
	_, err := tx.Exec(ctx, q, key.Unit, key.Kind, ms(since.Short), ms(since.Critical))
	return err
}

// AddTask raises a task, or adds to the open one of the same kind and units.
func (tx parTx) AddTask(ctx context.Context, t parlevel.Transfer) (id parlevel.TaskID, err error) {
	const q = `
		INSERT INTO par_tasks (kind, from_unit, to_unit, quantity, raised_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, from_unit, to_unit) WHERE state = 'open'
		DO UPDATE SET quantity = par_tasks.quantity + excluded.quantity, version = par_tasks.version + 1
		RETURNING id`
	err = tx.QueryRow(ctx, q, t.Kind, t.From, t.To, t.Quantity, ms(tx.Now())).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("raise a task: %w", err)
	}
	return id, nil
}

// SaveTask stores a changed task.
func (tx parTx) SaveTask(ctx context.Context, t parlevel.Task) error {
	const q = `
		UPDATE par_tasks
		SET quantity = $3, state = $4, taken_by = $5, taken_at = $6, ended_at = $7, ended_by = $8, why = $9, version = $2
		WHERE id = $1 AND version = $2 - 1`
	done, err := tx.Exec(ctx, q, t.ID, t.Version, t.Quantity, t.State, t.TakenBy, ms(t.TakenAt), ms(t.EndedAt), t.EndedBy, t.Why)
	if err != nil {
		return fmt.Errorf("save task %d: %w", t.ID, err)
	}
	return oneRow(done, parlevel.ErrTaskEnded)
}

// AddArrivals notes pieces that came.
func (tx parTx) AddArrivals(ctx context.Context, task parlevel.TaskID, pieces []tracking.AssetID) (fresh int, err error) {
	const q = `
		INSERT INTO par_arrivals (task, asset, at)
		VALUES ($1, $2, $3)
		ON CONFLICT (task, asset) DO NOTHING`
	for _, piece := range pieces {
		done, err := tx.Exec(ctx, q, task, piece, ms(tx.Now()))
		if err != nil {
			return fresh, fmt.Errorf("note arrivals of task %d: %w", task, err)
		}
		n, err := done.RowsAffected()
		if err != nil {
			return fresh, err
		}
		fresh += int(n)
	}
	return fresh, nil
}
