package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

func (tx stockTx) AddColdDelivery(ctx context.Context, by hospital.Actor, d inventory.Delivery) (id inventory.DeliveryID, err error) {
	const q = `
		INSERT INTO cold_deliveries (ref, source, trip, profile, from_at, to_at, readings, min_mc, max_mc, mkt_mc,
			above_ms, below_ms, gap_ms, out, note, at, by, by_name, bytes, sha256)
		VALUES ($1, $2, NULLIF($3, 0), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		RETURNING id`
	err = tx.QueryRow(ctx, q, d.Ref, d.Source, d.Trip, d.Profile.ID, ms(d.From), ms(d.To), d.Tally.Points, d.Tally.Min, d.Tally.Max, d.Tally.MKT(),
		d.Above.Milliseconds(), d.Below.Milliseconds(), d.Gap.Milliseconds(), d.Out, d.Note, ms(d.At), by.ID, by.Name, append([]byte{}, d.File...), d.SHA256[:]).Scan(&id)
	return id, err
}

func (tx stockTx) OutDelivery(ctx context.Context, ref string) (id inventory.DeliveryID, out bool, err error) {
	const q = `
		SELECT id
		FROM cold_deliveries
		WHERE ref = $1 AND out = 1
		ORDER BY id DESC
		LIMIT 1`
	err = tx.QueryRow(ctx, q, ref).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return id, err == nil, err
}

func (tx stockTx) CameWith(ctx context.Context, ref string) ([]inventory.Balance, error) {
	const byOrder = `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held
		FROM stock_balances b
		JOIN stock_lots l ON l.id = b.lot
		WHERE (b.lot, b.place) IN (
			SELECT m.lot, m.place
			FROM stock_movements m
			WHERE m.item IN (SELECT item FROM order_lines WHERE number = $1) AND m.kind = 'receive' AND m.ref = 'order/' || $1)
		ORDER BY b.lot, b.place`
	const byLot = `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held
		FROM stock_balances b
		JOIN stock_lots l ON l.id = b.lot
		WHERE b.lot = $1 AND (b.free > 0 OR b.held > 0)
		ORDER BY b.place`
	if lot, is := strings.CutPrefix(ref, "lot/"); is {
		rows, err := tx.Query(ctx, byLot, lot)
		return balances(rows, err)
	}
	rows, err := tx.Query(ctx, byOrder, strings.TrimPrefix(ref, "order/"))
	return balances(rows, err)
}

const deliveryColumns = `id, ref, source, COALESCE(trip, 0), profile, from_at, to_at, readings, min_mc, max_mc, mkt_mc, above_ms, below_ms, gap_ms, out, note, at, by_name, sha256`

func scanDelivery(row scanner, more ...any) (d inventory.Delivery, mkt coldchain.MilliCelsius, err error) {
	var from, to, at, above, below, gap int64
	var sum []byte
	err = row.Scan(append([]any{&d.ID, &d.Ref, &d.Source, &d.Trip, &d.ProfileID, &from, &to, &d.Tally.Points, &d.Tally.Min, &d.Tally.Max, &mkt,
		&above, &below, &gap, &d.Out, &d.Note, &at, &d.By, &sum}, more...)...)
	d.From, d.To, d.At = fromMS(from), fromMS(to), fromMS(at)
	d.Above, d.Below, d.Gap = time.Duration(above)*time.Millisecond, time.Duration(below)*time.Millisecond, time.Duration(gap)*time.Millisecond
	copy(d.SHA256[:], sum)
	return d, mkt, err
}

// Deliveries is inventory.Reader.
func (s Stock) Deliveries(ctx context.Context, ref string, limit int) ([]inventory.Delivery, error) {
	const q = `
		SELECT ` + deliveryColumns + `
		FROM cold_deliveries
		WHERE $1 = '' OR ref = $1
		ORDER BY id DESC
		LIMIT 0 + $2`
	rows, err := s.Query(ctx, q, ref, limit)
	return scanAll(rows, err, func(row scanner) (inventory.Delivery, error) {
		d, _, err := scanDelivery(row)
		return d, err
	})
}

// FindDelivery is inventory.Reader.
func (s Stock) FindDelivery(ctx context.Context, id inventory.DeliveryID) (inventory.Delivery, error) {
	const q = `
		SELECT ` + deliveryColumns + `, bytes
		FROM cold_deliveries
		WHERE id = $1`
	var file []byte
	d, _, err := scanDelivery(s.QueryRow(ctx, q, id), &file)
	d.File = file
	return found(d, err)(inventory.ErrUnknownDelivery, fmt.Sprint(id))
}

// AddPaperFile keeps the file of a paper.
func (tx fridgesTx) AddPaperFile(ctx context.Context, paper int64, f coldchain.PaperFile) error {
	const q = `
		INSERT INTO fridge_paper_files (paper, name, media_type, bytes, sha256)
		VALUES ($1, $2, $3, $4, $5)`
	_, err := tx.Exec(ctx, q, paper, f.Name, f.MediaType, f.Bytes, f.SHA256[:])
	return err
}

// PaperFile is the file of a paper of a fridge; coldchain.ErrNoPaperFile when it has none.
func (f Fridges) PaperFile(ctx context.Context, id coldchain.FridgeID, paper int64) (file coldchain.PaperFile, err error) {
	const q = `
		SELECT d.name, d.media_type, d.bytes, d.sha256
		FROM fridge_paper_files d
		JOIN fridge_papers p ON p.id = d.paper
		WHERE p.fridge = $1 AND p.id = $2`
	var sum []byte
	err = f.QueryRow(ctx, q, id, paper).Scan(&file.Name, &file.MediaType, &file.Bytes, &sum)
	copy(file.SHA256[:], sum)
	return found(file, err)(coldchain.ErrNoPaperFile, fmt.Sprint(paper))
}
