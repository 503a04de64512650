package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Jobs remembers for which of the hospital's dates each daily job has run.
type Jobs struct{ *DB }

// LastRun is the last local date (YYYY-MM-DD) that the job ran for; empty for never.
func (j Jobs) LastRun(ctx context.Context, name string) (date string, err error) {
	const q = `
		SELECT local_date
		FROM job_runs
		WHERE name = $1
		ORDER BY local_date DESC
		LIMIT 1`
	err = j.QueryRow(ctx, q, name).Scan(&date)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("last run of job %s: %w", name, err)
	}
	return date, nil
}

// Ran says that the job has run for a local date (YYYY-MM-DD).
func (j Jobs) Ran(ctx context.Context, name, date string) error {
	err := j.InTx(ctx, func(tx *Tx) error {
		const q = `
			INSERT INTO job_runs (name, local_date, ran_at)
			VALUES ($1, $2, $3)
			ON CONFLICT (name, local_date) DO NOTHING`
		_, err := tx.Exec(ctx, q, name, date, ms(tx.Now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("note run of job %s for %s: %w", name, date, err)
	}
	return nil
}
