package db

import (
	"context"
	"fmt"
	"strings"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/display"
)

// Displays keeps the screens on walls; it is a display.Store.
type Displays struct{ *DB }

var _ display.Store = Displays{}

type displaysTx struct{ *Tx }

// InTx runs a change to displays in a transaction and returns once it is durable.
func (d Displays) InTx(ctx context.Context, change func(display.Tx) error) error {
	return d.DB.InTx(ctx, func(tx *Tx) error { return change(displaysTx{tx}) })
}

const displayColumns = `id, name, unit, boards, turn, dim_from, dim_until, made_at, made_by, last_seen, ended_at`

func scanDisplay(s scanner) (n display.Display, err error) {
	var boards string
	var made, seen, ended int64
	err = s.Scan(&n.ID, &n.Name, &n.Unit, &boards, &n.Turn, &n.DimFrom, &n.DimUntil, &made, &n.MadeBy, &seen, &ended)
	for b := range strings.FieldsSeq(boards) {
		n.Boards = append(n.Boards, display.Board(b))
	}
	n.MadeAt, n.LastSeen, n.EndedAt = fromMS(made), fromMS(seen), fromMS(ended)
	return n, err
}

// Display is the one whose link has this hash, or hospital.ErrUnknown.
func (d Displays) Display(ctx context.Context, hash display.Hash) (display.Display, error) {
	const q = `
		SELECT ` + displayColumns + `
		FROM displays
		WHERE hash = $1`
	return found(scanDisplay(d.QueryRow(ctx, q, hash)))(hospital.ErrUnknown, "display")
}

// DisplayByID is one of them, or hospital.ErrUnknown.
func (d Displays) DisplayByID(ctx context.Context, id display.ID) (display.Display, error) {
	const q = `
		SELECT ` + displayColumns + `
		FROM displays
		WHERE id = $1`
	return found(scanDisplay(d.QueryRow(ctx, q, id)))(hospital.ErrUnknown, "display "+string(id))
}

// Displays are all, those in use first, by name.
func (d Displays) Displays(ctx context.Context) ([]display.Display, error) {
	const q = `
		SELECT ` + displayColumns + `
		FROM displays
		ORDER BY ended_at <> 0, name, id`
	rows, err := d.Query(ctx, q)
	all, err := scanAll(rows, err, scanDisplay)
	if err != nil {
		return nil, fmt.Errorf("list displays: %w", err)
	}
	return all, nil
}

// InUse counts the displays whose link is good.
func (tx displaysTx) InUse(ctx context.Context) (n int, err error) {
	const q = `
		SELECT count(*)
		FROM displays
		WHERE ended_at = 0`
	return n, tx.QueryRow(ctx, q).Scan(&n)
}

// AddDisplay keeps a new one.
func (tx displaysTx) AddDisplay(ctx context.Context, n display.Display, hash display.Hash) error {
	const q = `
		INSERT INTO displays (id, name, hash, unit, boards, turn, dim_from, dim_until, made_at, made_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	names := make([]string, len(n.Boards))
	for i, b := range n.Boards {
		names[i] = string(b)
	}
	_, err := tx.Exec(ctx, q, n.ID, n.Name, hash, n.Unit, strings.Join(names, " "), n.Turn, n.DimFrom, n.DimUntil, ms(n.MadeAt), n.MadeBy)
	return err
}

// TouchDisplay notes that it was seen.
func (tx displaysTx) TouchDisplay(ctx context.Context, id display.ID) error {
	const q = `
		UPDATE displays
		SET last_seen = max(last_seen, $2)
		WHERE id = $1`
	_, err := tx.Exec(ctx, q, id, ms(tx.Now()))
	return err
}

// EndDisplay ends a link that is good.
func (tx displaysTx) EndDisplay(ctx context.Context, id display.ID) error {
	const q = `
		UPDATE displays
		SET ended_at = $2
		WHERE id = $1 AND ended_at = 0`
	result, err := tx.Exec(ctx, q, id, ms(tx.Now()))
	if err != nil {
		return err
	}
	return oneRow(result, hospital.ErrUnknown)
}
