package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// Asset is a fridge with its facts and papers, the newest first.
func (f Fridges) Asset(ctx context.Context, of coldchain.Fridge) (coldchain.Asset, error) {
	return fridgeAsset(ctx, f.DB, of)
}

func fridgeAsset(ctx context.Context, f asker, of coldchain.Fridge) (coldchain.Asset, error) {
	const qFacts = `
		SELECT pqs, litres, units, holdover_minutes, backup_logger, at, by_name
		FROM fridge_facts
		WHERE fridge = $1
		ORDER BY seq DESC
		LIMIT 1`
	const qPapers = `
		SELECT p.id, p.kind, p.device, p.done_on, p.due_on, p.number, p.note, p.at, p.by_name, COALESCE(f.name, ''), COALESCE(f.sha256, x'')
		FROM fridge_papers p
		LEFT JOIN fridge_paper_files f ON f.paper = p.id
		WHERE p.fridge = $1
		ORDER BY p.done_on DESC, p.id DESC`
	asset := coldchain.Asset{Fridge: of}
	var at, minutes int64
	facts := &asset.Facts
	err := f.QueryRow(ctx, qFacts, of.ID).Scan(&facts.PQS, &facts.Litres, &facts.Units, &minutes, &facts.BackupLogger, &at, &facts.By)
	if err == nil {
		facts.At, facts.HoldOver = fromMS(at), time.Duration(minutes)*time.Minute
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return asset, fmt.Errorf("facts of %s: %w", of.ID, err)
	}
	rows, err := f.Query(ctx, qPapers, of.ID)
	asset.Papers, err = scanAll(rows, err, func(row scanner) (p coldchain.Paper, err error) {
		var at int64
		var name string
		var sum []byte
		err = row.Scan(&p.ID, &p.Kind, &p.Device, &p.Done, &p.Due, &p.Number, &p.Note, &at, &p.By, &name, &sum)
		if name != "" {
			p.File = &coldchain.PaperFile{Name: name}
			copy(p.File.SHA256[:], sum)
		}
		p.At = fromMS(at)
		return p, err
	})
	if err != nil {
		return asset, fmt.Errorf("papers of %s: %w", of.ID, err)
	}
	return asset, nil
}

// AddFacts stores what is known of a fridge as an asset.
func (tx fridgesTx) AddFacts(ctx context.Context, by hospital.Actor, id coldchain.FridgeID, facts coldchain.Facts) error {
	const q = `
		INSERT INTO fridge_facts (fridge, pqs, litres, units, holdover_minutes, backup_logger, at, by, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	_, err := tx.Exec(ctx, q, id, facts.PQS, facts.Litres, facts.Units, int64(facts.HoldOver/time.Minute), facts.BackupLogger, ms(facts.At), by.ID, facts.By)
	return err
}

// AddPaper stores a certificate, a service or a repair, and numbers it.
func (tx fridgesTx) AddPaper(ctx context.Context, by hospital.Actor, id coldchain.FridgeID, p coldchain.Paper) (paper int64, err error) {
	const q = `
		INSERT INTO fridge_papers (fridge, kind, device, done_on, due_on, number, note, at, by, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		RETURNING id`
	err = tx.QueryRow(ctx, q, id, p.Kind, p.Device, p.Done, p.Due, p.Number, p.Note, ms(p.At), by.ID, p.By).Scan(&paper)
	return paper, err
}
