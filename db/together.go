package db

import (
	"context"
	"errors"
	"time"
)

// Together lets many changes share one commit: each InTx of the DB that work is
// given runs at once, in a savepoint of its own and at an instant of its own, and
// sees what those before it wrote. All of it is durable when Together returns, or
// none of it when work answers an error. It is for bringing in much at once: the
// writer does nothing else meanwhile. The DB must not be kept.
func (d *DB) Together(ctx context.Context, work func(together *DB) error) error {
	return d.InTx(ctx, func(tx *Tx) error {
		return work(&DB{now: d.now, announce: d.announce, log: d.log, joined: tx})
	})
}

// within runs a change inside tx, as attempt does inside a group.
func (tx *Tx) within(ctx context.Context, now func() time.Time, change func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "SAVEPOINT together"); err != nil {
		return err
	}
	mine := *tx.trail
	inner := &Tx{now: now().UTC().Truncate(time.Millisecond), statements: tx.statements, trail: &mine}
	if err := guarded(change, inner); err != nil {
		inner.undo()
		for _, undo := range []string{"ROLLBACK TO together", "RELEASE together"} {
			_, undone := tx.Exec(ctx, undo)
			err = errors.Join(err, undone)
		}
		return err
	}
	if _, err := tx.Exec(ctx, "RELEASE together"); err != nil {
		return err
	}
	*tx.trail = mine
	tx.undone = append(tx.undone, inner.undone...)
	tx.Announce(inner.topics...)
	return nil
}
