package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wardwatch/inventory"
)

func (tx stockTx) AddRecall(ctx context.Context, r inventory.Recall) (id inventory.RecallID, err error) {
	numbers, err := json.Marshal(append([]string{}, r.Numbers...))
	if err != nil {
		return 0, err
	}
	const q = `
		INSERT INTO stock_recalls (item, numbers, notice, why, status, raised_at, raised_by, raised_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		RETURNING id`
	err = tx.QueryRow(ctx, q, r.Item.ID, string(numbers), r.Notice, r.Why, r.Status, ms(r.RaisedAt), r.RaisedBy, r.RaisedName).Scan(&id)
	return id, err
}

const selectRecall = `
		SELECT r.id, r.numbers, r.notice, r.why, r.status, r.raised_at, r.raised_by, r.raised_name, r.ended_at, r.ended_name, r.ended_why,
			i.id, i.name, i.unit
		FROM stock_recalls r
		JOIN stock_items i ON i.id = r.item`

func scanRecall(row scanner) (r inventory.Recall, err error) {
	var numbers jsonText
	var raised int64
	var ended sql.NullInt64
	if err := row.Scan(&r.ID, &numbers, &r.Notice, &r.Why, &r.Status, &raised, &r.RaisedBy, &r.RaisedName, &ended, &r.EndedName, &r.EndedWhy,
		&r.Item.ID, &r.Item.Name, &r.Item.Unit); err != nil {
		return r, err
	}
	r.RaisedAt, r.EndedAt = fromMS(raised), fromNullMS(ended)
	return r, json.Unmarshal(numbers.raw, &r.Numbers)
}

func recall(ctx context.Context, from asker, id inventory.RecallID) (inventory.Recall, error) {
	const q = selectRecall + `
		WHERE r.id = $1`
	return found(scanRecall(from.QueryRow(ctx, q, id)))(inventory.ErrUnknownRecall, fmt.Sprint(id))
}

func (tx stockTx) Recall(ctx context.Context, id inventory.RecallID) (inventory.Recall, error) {
	return recall(ctx, tx, id)
}

func (tx stockTx) EndRecall(ctx context.Context, r inventory.Recall) error {
	const q = `
		UPDATE stock_recalls
		SET status = $1, ended_at = $2, ended_name = $3, ended_why = $4
		WHERE id = $5 AND status = 'open'`
	result, err := tx.Exec(ctx, q, r.Status, ms(r.EndedAt), r.EndedName, r.EndedWhy, r.ID)
	if err != nil {
		return err
	}
	return oneRow(result, inventory.ErrUnknownRecall)
}

func (tx stockTx) RecallOf(ctx context.Context, item inventory.ItemID, number string) (inventory.Recall, bool, error) {
	const q = selectRecall + `
		WHERE r.item = $1 AND r.status = 'open' AND (r.numbers = '[]' OR $2 IN (SELECT value FROM json_each(r.numbers)))
		ORDER BY r.id
		LIMIT 1`
	r, err := scanRecall(tx.QueryRow(ctx, q, item, inventory.Printed(number)))
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, err
}

// covered is the condition of lots l that the recall $1 covers.
const covered = `
			l.item = (SELECT item FROM main.stock_recalls WHERE id = $1)
			AND ((SELECT numbers FROM main.stock_recalls WHERE id = $1) = '[]'
				OR CASE WHEN instr(l.number, ' · ') > 0 THEN substr(l.number, 1, instr(l.number, ' · ') - 1) ELSE l.number END IN (SELECT value FROM json_each((SELECT numbers FROM main.stock_recalls WHERE id = $1))))`

func (tx stockTx) Recalled(ctx context.Context, r inventory.Recall) ([]inventory.Balance, error) {
	const q = `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held
		FROM stock_lots l
		JOIN stock_balances b ON b.lot = l.id
		WHERE` + covered + ` AND (b.free > 0 OR b.held > 0)
		ORDER BY l.number, b.place`
	rows, err := tx.Query(ctx, q, r.ID)
	return balances(rows, err)
}

// Recalls is inventory.Reader.
func (s Stock) Recalls(ctx context.Context, limit int) ([]inventory.Recall, error) {
	const q = selectRecall + `
		ORDER BY CASE WHEN r.status = 'open' THEN 0 ELSE 1 END, r.id DESC
		LIMIT 0 + $1`
	rows, err := s.Query(ctx, q, limit)
	return scanAll(rows, err, scanRecall)
}

// recallTrail is how many movements of a recall's lots are told.
const recallTrail = 200

// FindRecall is inventory.Reader.
func (s Stock) FindRecall(ctx context.Context, id inventory.RecallID) (r inventory.Recall, lies []inventory.Shelved, went []inventory.Entry, err error) {
	if r, err = recall(ctx, s, id); err != nil {
		return r, nil, nil, err
	}
	const now = `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held, p.name
		FROM stock_lots l
		JOIN stock_balances b ON b.lot = l.id
		JOIN stock_places p ON p.id = b.place
		WHERE` + covered + ` AND (b.free > 0 OR b.held > 0)
		ORDER BY p.name, l.number`
	rows, err := s.Query(ctx, now, id)
	lies, err = collect(rows, err, func(b *inventory.Shelved) []any {
		return []any{&b.Lot.ID, &b.Lot.Item, &b.Lot.Number, &b.Lot.Expiry, &b.Place, &b.Free, &b.Held, &b.PlaceName}
	})
	if err != nil {
		return r, nil, nil, err
	}
	went, err = s.recallTrail(ctx, id)
	return r, lies, went, err
}

func (s Stock) recallTrail(ctx context.Context, id inventory.RecallID) ([]inventory.Entry, error) {
	const q = `
		SELECT m.seq, m.at, m.day, m.kind, m.item, m.lot, m.place, m.free, m.held, m.actor_name, m.why, m.source, m.ref, m.other, l.number, p.name
		FROM stock_lots l
		JOIN stock_movements m ON m.lot = l.id
		JOIN stock_places p ON p.id = m.place
		WHERE` + covered + ` AND m.free + m.held <> 0
		ORDER BY m.seq DESC
		LIMIT 0 + $2`
	rows, err := s.Query(ctx, q, id, recallTrail)
	return scanAll(rows, err, func(row scanner) (e inventory.Entry, err error) {
		var at int64
		err = row.Scan(&e.Seq, &at, &e.Day, &e.Kind, &e.Item, &e.Lot, &e.Place, &e.Free, &e.Held, &e.ByName, &e.Why, &e.Source, &e.Ref, &e.Other,
			&e.LotNumber, &e.PlaceName)
		e.At = fromMS(at)
		return e, err
	})
}
