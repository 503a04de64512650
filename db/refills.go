package db

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
)

const selectRefill = `
		SELECT r.item, r.place, r.kind, COALESCE(l.minimum, 0), COALESCE(l.maximum, 0), r.review_days, r.since, r.bins, r.bin_size,
			(SELECT COUNT(*) FROM stock_bins b WHERE b.item = r.item AND b.place = r.place AND b.empty_at IS NOT NULL)
		FROM stock_refills r
		LEFT JOIN stock_levels l ON l.item = r.item AND l.place = r.place`

func scanRefill(row scanner) (spot reorder.Spot, r policy.Refill, err error) {
	err = row.Scan(&spot.Item, &spot.Place, &r.Kind, &r.Minimum, &r.Maximum, &r.ReviewDays, &r.Since, &r.Bins, &r.BinSize, &r.Empty)
	return spot, r, err
}

// Refill is reorder.RefillTx.
func (tx ordersTx) Refill(ctx context.Context, spot reorder.Spot) (policy.Refill, error) {
	const q = selectRefill + `
		WHERE r.item = $1 AND r.place = $2`
	_, r, err := scanRefill(tx.QueryRow(ctx, q, spot.Item, spot.Place))
	if errors.Is(err, sql.ErrNoRows) {
		return policy.Refill{}, nil
	}
	return r, err
}

// Refills is reorder.RefillReader.
func (o Orders) Refills(ctx context.Context) (map[reorder.Spot]policy.Refill, error) {
	rows, err := o.Query(ctx, selectRefill)
	all := map[reorder.Spot]policy.Refill{}
	_, err = scanAll(rows, err, func(row scanner) (r policy.Refill, err error) {
		spot, r, err := scanRefill(row)
		all[spot] = r
		return r, err
	})
	return all, err
}

// SaveRefill is reorder.RefillTx.
func (tx ordersTx) SaveRefill(ctx context.Context, spot reorder.Spot, r policy.Refill) error {
	if err := tx.saveRefillLevel(ctx, spot, r); err != nil {
		return err
	}
	if r.Kind == policy.ByUse {
		const forget = `
			DELETE FROM stock_refills
			WHERE item = $1 AND place = $2`
		_, err := tx.Exec(ctx, forget, spot.Item, spot.Place)
		return errors.Join(err, tx.dealBins(ctx, spot, 0))
	}
	const q = `
		INSERT INTO stock_refills (item, place, kind, review_days, since, bins, bin_size)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (item, place) DO UPDATE SET kind = excluded.kind, review_days = excluded.review_days, since = excluded.since,
			bins = excluded.bins, bin_size = excluded.bin_size`
	if _, err := tx.Exec(ctx, q, spot.Item, spot.Place, r.Kind, r.ReviewDays, r.Since, r.Bins, r.BinSize); err != nil {
		return err
	}
	if r.Kind != policy.Kanban {
		r.Bins = 0
	}
	return tx.dealBins(ctx, spot, r.Bins)
}

// saveRefillLevel keeps the level that a rule sets; one that is computed has none.
func (tx ordersTx) saveRefillLevel(ctx context.Context, spot reorder.Spot, r policy.Refill) error {
	level := r.Level(policy.Level{})
	if level.Target == 0 {
		const forget = `
			DELETE FROM stock_levels
			WHERE item = $1 AND place = $2`
		_, err := tx.Exec(ctx, forget, spot.Item, spot.Place)
		return err
	}
	const q = `
		INSERT INTO stock_levels (item, place, minimum, maximum)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (item, place) DO UPDATE SET minimum = excluded.minimum, maximum = excluded.maximum`
	_, err := tx.Exec(ctx, q, spot.Item, spot.Place, level.Reorder, level.Target)
	return err
}

// dealBins gives a spot as many cards as it has bins; those that it has stay.
func (tx ordersTx) dealBins(ctx context.Context, spot reorder.Spot, bins int64) error {
	const forget = `
		DELETE FROM stock_bins
		WHERE item = $1 AND place = $2 AND bin > $3`
	if _, err := tx.Exec(ctx, forget, spot.Item, spot.Place, bins); err != nil {
		return err
	}
	const q = `
		INSERT INTO stock_bins (code, item, place, bin)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (item, place, bin) DO NOTHING`
	mark := rand.Text()[:6]
	for bin := range bins {
		if _, err := tx.Exec(ctx, q, fmt.Sprintf("BIN-%s-%d", mark, bin+1), spot.Item, spot.Place, bin+1); err != nil {
			return err
		}
	}
	return nil
}

const selectBin = `
		SELECT b.code, b.bin, COALESCE(r.bin_size, 0), b.empty_at, b.empty_by, i.id, i.name, i.unit, i.pack, p.id, p.name
		FROM stock_bins b
		JOIN stock_items i ON i.id = b.item
		JOIN stock_places p ON p.id = b.place
		LEFT JOIN stock_refills r ON r.item = b.item AND r.place = b.place`

func scanBin(row scanner) (b reorder.Bin, err error) {
	var empty sql.NullInt64
	err = row.Scan(&b.Code, &b.Number, &b.Size, &empty, &b.EmptyBy, &b.Item.ID, &b.Item.Name, &b.Item.Unit, &b.Item.Pack, &b.Place.ID, &b.Place.Name)
	b.EmptyAt = fromNullMS(empty)
	return b, err
}

const binByCode = selectBin + `
		WHERE b.code = $1`

// Bin is reorder.RefillTx.
func (tx ordersTx) Bin(ctx context.Context, code string) (reorder.Bin, error) {
	return found(scanBin(theirs{tx.Tx}.QueryRow(ctx, binByCode, code)))(reorder.ErrUnknownBin, code)
}

// FindBin is reorder.RefillReader.
func (o Orders) FindBin(ctx context.Context, code string) (reorder.Bin, error) {
	return found(scanBin(o.QueryRow(ctx, binByCode, code)))(reorder.ErrUnknownBin, code)
}

// Bins is reorder.RefillReader.
func (o Orders) Bins(ctx context.Context, place inventory.PlaceID) ([]reorder.Bin, error) {
	const q = selectBin + `
		WHERE $1 = '' OR b.place = $1
		ORDER BY b.empty_at IS NULL, p.name, i.name, b.bin
		LIMIT 1000`
	rows, err := o.Query(ctx, q, place)
	return scanAll(rows, err, scanBin)
}

// EmptyBin is reorder.RefillTx.
func (tx ordersTx) EmptyBin(ctx context.Context, code, by string) (bool, error) {
	const q = `
		UPDATE stock_bins
		SET empty_at = $1, empty_by = $2
		WHERE code = $3 AND empty_at IS NULL`
	result, err := tx.Exec(ctx, q, ms(tx.Now()), by, code)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// fillBins takes the bins that wait longest as refilled by what came: one bin for
// each bin's worth, at least one.
func (tx stockTx) fillBins(ctx context.Context, m inventory.Movement) error {
	if m.Free <= 0 || m.Kind != inventory.Receive && m.Kind != inventory.MoveIn {
		return nil
	}
	const q = `
		UPDATE stock_bins
		SET empty_at = NULL, empty_by = ''
		WHERE code IN (
			SELECT b.code
			FROM stock_bins b
			WHERE b.item = $1 AND b.place = $2 AND b.empty_at IS NOT NULL
			ORDER BY b.empty_at, b.bin
			LIMIT COALESCE((SELECT max(1, $3 / max(1, r.bin_size)) FROM stock_refills r WHERE r.item = $1 AND r.place = $2), 0))`
	_, err := tx.Exec(ctx, q, m.Item, m.Place, m.Free)
	return err
}
