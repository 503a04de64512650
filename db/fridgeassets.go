package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// Asset is a fridge with its facts and papers, the newest first.
func (f Fridges) Asset(ctx context.Context, of coldchain.Fridge) (coldchain.Asset, error) {
	return fridgeAsset(ctx, f.DB, of)
}

// Assets are fridges with their facts and papers, in their order.
func (f Fridges) Assets(ctx context.Context, of []coldchain.Fridge) ([]coldchain.Asset, error) {
	return fridgeAssets(ctx, f.DB, of)
}

func fridgeAsset(ctx context.Context, f asker, of coldchain.Fridge) (coldchain.Asset, error) {
	assets, err := fridgeAssets(ctx, f, []coldchain.Fridge{of})
	if err != nil {
		return coldchain.Asset{Fridge: of}, err
	}
	return assets[0], nil
}

func fridgeAssets(ctx context.Context, f asker, of []coldchain.Fridge) ([]coldchain.Asset, error) {
	assets := make([]coldchain.Asset, len(of))
	index := make(map[coldchain.FridgeID]int, len(of))
	ids := make([]coldchain.FridgeID, len(of))
	for i, fridge := range of {
		assets[i].Fridge, index[fridge.ID], ids[i] = fridge, i, fridge.ID
	}
	asked, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	const qFacts = `
		SELECT fridge, pqs, litres, units, holdover_minutes, backup_logger, at, by_name
		FROM fridge_facts
		WHERE fridge IN (SELECT value FROM json_each($1))
		ORDER BY seq`
	rows, err := f.Query(ctx, qFacts, string(asked))
	_, err = scanAll(rows, err, func(row scanner) (id coldchain.FridgeID, err error) {
		var facts coldchain.Facts
		var at, minutes int64
		err = row.Scan(&id, &facts.PQS, &facts.Litres, &facts.Units, &minutes, &facts.BackupLogger, &at, &facts.By)
		facts.At, facts.HoldOver = fromMS(at), time.Duration(minutes)*time.Minute
		assets[index[id]].Facts = facts // the last that was said holds
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("facts of %d fridges: %w", len(of), err)
	}
	const qPapers = `
		SELECT p.fridge, p.id, p.kind, p.device, p.done_on, p.due_on, p.number, p.note, p.at, p.by_name, COALESCE(f.name, ''), COALESCE(f.sha256, x'')
		FROM fridge_papers p
		LEFT JOIN fridge_paper_files f ON f.paper = p.id
		WHERE p.fridge IN (SELECT value FROM json_each($1))
		ORDER BY p.done_on DESC, p.id DESC`
	rows, err = f.Query(ctx, qPapers, string(asked))
	_, err = scanAll(rows, err, func(row scanner) (id coldchain.FridgeID, err error) {
		p, err := scanPaper(row, &id)
		assets[index[id]].Papers = append(assets[index[id]].Papers, p)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("papers of %d fridges: %w", len(of), err)
	}
	return assets, nil
}

func scanPaper(row scanner, before ...any) (p coldchain.Paper, err error) {
	var at int64
	var name string
	var sum []byte
	err = row.Scan(append(before, &p.ID, &p.Kind, &p.Device, &p.Done, &p.Due, &p.Number, &p.Note, &at, &p.By, &name, &sum)...)
	if name != "" {
		p.File = &coldchain.PaperFile{Name: name}
		copy(p.File.SHA256[:], sum)
	}
	p.At = fromMS(at)
	return p, err
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
