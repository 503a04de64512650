package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// CaseSteps are what was noted of a case's checklist, oldest first.
func (f Fridges) CaseSteps(ctx context.Context, id coldchain.ExcursionID) ([]coldchain.CaseStep, error) {
	const q = `
		SELECT step, at, by, by_name, note
		FROM case_steps
		WHERE excursion = $1
		ORDER BY id`
	rows, err := f.Query(ctx, q, id)
	steps, err := scanAll(rows, err, func(row scanner) (s coldchain.CaseStep, err error) {
		var at int64
		err = row.Scan(&s.Step, &at, &s.By, &s.ByName, &s.Note)
		s.At = fromMS(at)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("steps of the case of excursion %d: %w", id, err)
	}
	return steps, nil
}

// AddCaseStep notes a step of a case's checklist.
func (tx fridgesTx) AddCaseStep(ctx context.Context, id coldchain.ExcursionID, s coldchain.CaseStep) error {
	const q = `
		INSERT INTO case_steps (excursion, step, at, by, by_name, note)
		VALUES ($1, $2, $3, $4, $5, $6)`
	if _, err := tx.Exec(ctx, q, id, s.Step, ms(s.At), s.By, s.ByName, s.Note); err != nil {
		return fmt.Errorf("add a step to the case of excursion %d: %w", id, err)
	}
	return nil
}

func coldPolicy(ctx context.Context, ask asker) (coldchain.Policy, error) {
	const q = `
		SELECT second_release, checks_a_day, by_name, at
		FROM cold_policies
		ORDER BY version DESC
		LIMIT 1`
	var p coldchain.Policy
	var at int64
	err := ask.QueryRow(ctx, q).Scan(&p.SecondRelease, &p.ChecksADay, &p.By, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return coldchain.Policy{ChecksADay: 1}, nil
	}
	if err != nil {
		return p, fmt.Errorf("policy of the cold chain: %w", err)
	}
	p.At = fromMS(at)
	return p, nil
}

// Policy is what the site asks for.
func (f Fridges) Policy(ctx context.Context) (coldchain.Policy, error) { return coldPolicy(ctx, f.DB) }

// AddPolicy stores what the site asks for from now on.
func (tx fridgesTx) AddPolicy(ctx context.Context, by hospital.Actor, p coldchain.Policy, why string) error {
	const q = `
		INSERT INTO cold_policies (version, second_release, checks_a_day, at, by, by_name, why)
		SELECT COALESCE(max(version), 0) + 1, $1, $2, $3, $4, $5, $6
		FROM cold_policies`
	if _, err := tx.Exec(ctx, q, p.SecondRelease, p.ChecksADay, ms(p.At), by.ID, p.By, why); err != nil {
		return fmt.Errorf("add policy of the cold chain: %w", err)
	}
	return nil
}

// SecondRelease says whether the site asks for two people to give a held lot free.
func (tx stockTx) SecondRelease(ctx context.Context) (bool, error) {
	p, err := coldPolicy(ctx, tx.Tx)
	return p.SecondRelease, err
}

// FirstRelease is who gave a held lot free first; false while nobody has.
func (tx stockTx) FirstRelease(ctx context.Context, id inventory.HoldID) (inventory.FirstRelease, bool, error) {
	const q = `
		SELECT by, by_name, why
		FROM hold_releases
		WHERE hold = $1`
	var r inventory.FirstRelease
	err := tx.QueryRow(ctx, q, id).Scan(&r.By, &r.ByName, &r.Why)
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("first release of hold %d: %w", id, err)
	}
	return r, true, nil
}

// AddFirstRelease notes who gave a held lot free first.
func (tx stockTx) AddFirstRelease(ctx context.Context, id inventory.HoldID, r inventory.FirstRelease) error {
	const q = `
		INSERT INTO hold_releases (hold, at, by, by_name, why)
		VALUES ($1, $2, $3, $4, $5)`
	if _, err := tx.Exec(ctx, q, id, ms(tx.Now()), r.By, r.ByName, r.Why); err != nil {
		return fmt.Errorf("note the first release of hold %d: %w", id, err)
	}
	return nil
}
