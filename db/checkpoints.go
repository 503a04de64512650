package db

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/audit"
)

// Checkpoint is the text of the newest signed checkpoint, or hospital.ErrUnknown.
func (t Trail) Checkpoint(ctx context.Context) (text string, err error) {
	const q = `
		SELECT text
		FROM audit_checkpoints
		ORDER BY seq DESC
		LIMIT 1`
	err = t.QueryRow(ctx, q).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("checkpoint: %w", hospital.ErrUnknown)
	}
	return text, err
}

// KeepCheckpoint stores a signed checkpoint; one of the same line is there already.
func (t Trail) KeepCheckpoint(ctx context.Context, c audit.Checkpoint, text string) error {
	return t.InTx(ctx, func(tx *Tx) error {
		const q = `
			INSERT INTO audit_checkpoints (seq, at, hash, text)
			VALUES ($1, $2, $3, $4)
			ON CONFLICT (seq) DO NOTHING`
		_, err := tx.Exec(ctx, q, c.Seq, ms(c.At), c.Hash, text)
		return err
	})
}

// verifyCheckpoints sees to it that the trail holds every line that a checkpoint was signed of.
func (d *DB) verifyCheckpoints(ctx context.Context) (says string, fault, err error) {
	const q = `
		SELECT c.seq, c.at, c.hash, a.hash
		FROM audit_checkpoints c
		LEFT JOIN audit a ON a.seq = c.seq
		ORDER BY c.seq`
	rows, err := d.Query(ctx, q)
	if err != nil {
		return "", nil, err
	}
	defer rows.Close()
	checkpoints := 0
	for rows.Next() {
		var seq, at int64
		var signed, stored []byte
		if err := rows.Scan(&seq, &at, &signed, &stored); err != nil {
			return "", nil, err
		}
		if !bytes.Equal(signed, stored) {
			return "", fmt.Errorf("audit line %d is another than the checkpoint of %s was signed of: the trail was written anew",
				seq, fromMS(at).Format(time.RFC3339)), nil
		}
		checkpoints++
	}
	return fmt.Sprintf("%d signed, the trail holds what each was signed of", checkpoints), nil, rows.Err()
}

// Forwarded is up to which line the trail has been handed on to a target.
func (t Trail) Forwarded(ctx context.Context, target string) (seq int64, err error) {
	const q = `
		SELECT seq
		FROM audit_forwarded
		WHERE target = $1`
	err = t.QueryRow(ctx, q, target).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

// NoteForwarded notes that the trail has been handed on up to a line.
func (t Trail) NoteForwarded(ctx context.Context, target string, seq int64) error {
	return t.InTx(ctx, func(tx *Tx) error {
		const q = `
			INSERT INTO audit_forwarded (target, seq)
			VALUES ($1, $2)
			ON CONFLICT (target) DO UPDATE SET seq = max(audit_forwarded.seq, excluded.seq)`
		_, err := tx.Exec(ctx, q, target, seq)
		return err
	})
}

// After are up to limit lines behind one, the oldest first.
func (t Trail) After(ctx context.Context, seq int64, limit int) ([]audit.Line, error) {
	const q = `
		SELECT seq, at, actor, actor_name, what, on_thing, why, before, after
		FROM audit
		WHERE seq > $1
		ORDER BY seq
		LIMIT 0 + $2`
	rows, err := t.Query(ctx, q, seq, limit)
	return scanAll(rows, err, scanAuditLine)
}

func scanAuditLine(s scanner) (l audit.Line, err error) {
	var at int64
	err = s.Scan(&l.Seq, &at, &l.By, &l.Name, &l.Deed, &l.Thing, &l.Why, &l.Before, &l.After)
	l.At = fromMS(at)
	return l, err
}
