package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
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

var _ upkeep.Store = Jobs{}

// Ended notes a run, and who asked for it where that was not the clock.
func (j Jobs) Ended(ctx context.Context, run upkeep.Run, deed *hospital.Deed) error {
	err := j.InTx(ctx, func(tx *Tx) error {
		if deed != nil {
			if err := tx.Record(ctx, *deed); err != nil {
				return err
			}
		}
		const q = `
			INSERT INTO job_outcomes (job, started_at, ended_at, actor, actor_name, says, fault, good_at, runs, failures)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)
			ON CONFLICT (job) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at, actor = excluded.actor,
				actor_name = excluded.actor_name, says = excluded.says, fault = excluded.fault,
				good_at = max(job_outcomes.good_at, excluded.good_at), runs = job_outcomes.runs + 1,
				failures = job_outcomes.failures + excluded.failures`
		good, failures := ms(run.EndedAt), 0
		if run.Fault != "" {
			good, failures = 0, 1
		}
		_, err := tx.Exec(ctx, q, run.Job, ms(run.StartedAt), ms(run.EndedAt), run.By, run.ByName, run.Says, run.Fault, good, failures)
		return err
	})
	if err != nil {
		return fmt.Errorf("note how job %s went: %w", run.Job, err)
	}
	return nil
}

// Histories are what is kept of all jobs, by name.
func (j Jobs) Histories(ctx context.Context) (map[string]upkeep.History, error) {
	const q = `
		SELECT job, started_at, ended_at, actor, actor_name, says, fault, good_at, runs, failures
		FROM job_outcomes`
	rows, err := j.Query(ctx, q)
	all, err := scanAll(rows, err, func(s scanner) (h upkeep.History, err error) {
		var started, ended, good int64
		err = s.Scan(&h.Last.Job, &started, &ended, &h.Last.By, &h.Last.ByName, &h.Last.Says, &h.Last.Fault, &good, &h.Runs, &h.Failures)
		h.Last.StartedAt, h.Last.EndedAt, h.GoodAt = fromMS(started), fromMS(ended), fromMS(good)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("how jobs went: %w", err)
	}
	return byID(all, func(h upkeep.History) string { return h.Last.Job }), nil
}
