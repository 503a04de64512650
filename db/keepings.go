package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

func keepings(ctx context.Context, from asker, items ...inventory.ItemID) ([]inventory.KeepingVersion, error) {
	const q = `
		SELECT item, version, content, from_at, made_at, by_name, why
		FROM item_keepings
		WHERE item IN (SELECT value FROM json_each($1))
		ORDER BY item, version`
	asked, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	rows, err := from.Query(ctx, q, string(asked))
	return scanAll(rows, err, scanKeeping)
}

func scanKeeping(row scanner) (v inventory.KeepingVersion, err error) {
	var content string
	var begins, made int64
	if err := row.Scan(&v.Item, &v.Version, &content, &begins, &made, &v.By, &v.Why); err != nil {
		return v, err
	}
	v.From, v.MadeAt = fromMS(begins), fromMS(made)
	return v, json.Unmarshal([]byte(content), &v.Keeping)
}

func (tx stockTx) Keepings(ctx context.Context, item inventory.ItemID) ([]inventory.KeepingVersion, error) {
	return keepings(ctx, tx, item)
}

// Keepings is inventory.Reader.
func (s Stock) Keepings(ctx context.Context, items ...inventory.ItemID) ([]inventory.KeepingVersion, error) {
	return keepings(ctx, s, items...)
}

func (tx stockTx) AddKeeping(ctx context.Context, by hospital.Actor, v inventory.KeepingVersion) error {
	content, err := json.Marshal(v.Keeping)
	if err != nil {
		return err
	}
	const q = `
		INSERT INTO item_keepings (item, version, content, from_at, made_at, made_by, by_name, why)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	_, err = tx.Exec(ctx, q, v.Item, v.Version, string(content), ms(v.From), ms(v.MadeAt), by.ID, v.By, v.Why)
	return err
}

func (tx stockTx) SetBands(ctx context.Context, item inventory.ItemID, bands []inventory.Stability) error {
	stability, err := json.Marshal(bands)
	if err != nil {
		return err
	}
	const q = `
		UPDATE stock_items
		SET stability = $1
		WHERE id = $2`
	_, err = tx.Exec(ctx, q, string(stability), item)
	return err
}

// BandsDue are the keepings in force whose bands are not the item's.
func (tx stockTx) BandsDue(ctx context.Context, at time.Time) ([]inventory.KeepingVersion, error) {
	rows, err := tx.Query(ctx, bandsDue, ms(at))
	return scanAll(rows, err, scanKeeping)
}

const bandsDue = `
		SELECT k.item, k.version, k.content, k.from_at, k.made_at, k.by_name, k.why
		FROM item_keepings k
		JOIN stock_items i ON i.id = k.item
		WHERE k.from_at <= $1 AND k.from_at > k.made_at
			AND k.version = (SELECT max(v.version) FROM item_keepings v WHERE v.item = k.item AND v.from_at <= $1)
			AND COALESCE(json_extract(k.content, '$.bands'), 'null') <> i.stability`

const clockColumns = `lot, parent, kind, started_at, use_by, source, by_name, passed_at`

func scanClock(row scanner) (c inventory.RunningClock, err error) {
	var started, useBy int64
	var passed sql.NullInt64
	err = row.Scan(&c.Lot, &c.Parent, &c.Kind, &started, &useBy, &c.Source, &c.By, &passed)
	c.StartedAt, c.UseBy, c.PassedAt = fromMS(started), fromMS(useBy), fromNullMS(passed)
	return c, err
}

func clockOf(ctx context.Context, from asker, lot inventory.LotID) (inventory.RunningClock, bool, error) {
	const q = `
		SELECT ` + clockColumns + `
		FROM lot_clocks
		WHERE lot = $1`
	c, err := scanClock(from.QueryRow(ctx, q, lot))
	if errors.Is(err, sql.ErrNoRows) {
		return inventory.RunningClock{}, false, nil
	}
	return c, err == nil, err
}

func (tx stockTx) Clock(ctx context.Context, lot inventory.LotID) (inventory.RunningClock, bool, error) {
	return clockOf(ctx, tx, lot)
}

// ClockOf is inventory.Reader.
func (s Stock) ClockOf(ctx context.Context, lot inventory.LotID) (inventory.RunningClock, bool, error) {
	return clockOf(ctx, s, lot)
}

// PartsOf is inventory.Reader.
func (s Stock) PartsOf(ctx context.Context, lot inventory.LotID) ([]inventory.RunningClock, error) {
	const q = `
		SELECT ` + clockColumns + `
		FROM lot_clocks
		WHERE parent = $1
		ORDER BY started_at, lot`
	rows, err := s.Query(ctx, q, lot)
	return scanAll(rows, err, scanClock)
}

func (tx stockTx) AddClock(ctx context.Context, by hospital.Actor, c inventory.RunningClock) error {
	const q = `
		INSERT INTO lot_clocks (lot, parent, kind, started_at, use_by, source, by, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (lot) DO NOTHING`
	const inherit = `
		INSERT INTO stock_exposures (lot, excursion, minutes, peak)
		SELECT $1, excursion, minutes, peak
		FROM stock_exposures
		WHERE lot = $2
		ON CONFLICT (lot, excursion) DO NOTHING`
	if _, err := tx.Exec(ctx, q, c.Lot, c.Parent, c.Kind, ms(c.StartedAt), ms(c.UseBy), c.Source, by.ID, by.Name); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, inherit, c.Lot, c.Parent)
	return err
}

// PassClocks has the lots whose clock is over expire: their last day becomes the one
// before the day on which it was over, so that every rule leaves them alone at once.
func (tx stockTx) PassClocks(ctx context.Context, at time.Time) (int, error) {
	const q = `
		SELECT c.lot, l.item
		FROM lot_clocks c
		JOIN stock_lots l ON l.id = c.lot
		WHERE c.passed_at IS NULL AND c.use_by <= $1`
	const pass = `
		UPDATE lot_clocks
		SET passed_at = $1
		WHERE lot = $2`
	const expire = `
		UPDATE stock_lots
		SET expiry = expiry - 1
		WHERE id = $1`
	const due = `
		INSERT INTO stock_due (item, place)
		SELECT item, place
		FROM stock_balances
		WHERE lot = $1 AND free > 0
		ON CONFLICT (item, place) DO NOTHING`
	type over struct {
		lot  inventory.LotID
		item inventory.ItemID
	}
	rows, err := tx.Query(ctx, q, ms(at))
	all, err := collect(rows, err, func(o *over) []any { return []any{&o.lot, &o.item} })
	for _, o := range all {
		if _, err := tx.Exec(ctx, pass, ms(at), o.lot); err != nil {
			return 0, err
		}
		for _, q := range []string{expire, due} {
			if _, err := tx.Exec(ctx, q, o.lot); err != nil {
				return 0, err
			}
		}
		tx.Announce("stock", "stock/"+string(o.item))
	}
	return len(all), err
}

// clocksToTell are the clocks that are over; $1 is whether they ring already.
const clocksToTell = `
		SELECT ` + clockColumns + `
		FROM lot_clocks
		WHERE passed_at IS NOT NULL AND rung < 2 AND rung = $1`

const nothingLeft = `
			AND NOT EXISTS (SELECT 1 FROM stock_balances b WHERE b.lot = lot_clocks.lot AND b.free + b.held > 0)`

func (tx stockTx) ClocksToTell(ctx context.Context) (ring, settle []inventory.RunningClock, err error) {
	rows, err := tx.Query(ctx, clocksToTell, 0)
	if ring, err = scanAll(rows, err, scanClock); err != nil {
		return nil, nil, err
	}
	rows, err = tx.Query(ctx, clocksToTell+nothingLeft, 1)
	settle, err = scanAll(rows, err, scanClock)
	return ring, settle, err
}

func (tx stockTx) ToldClock(ctx context.Context, lot inventory.LotID, over bool) error {
	const q = `
		UPDATE lot_clocks
		SET rung = $1
		WHERE lot = $2`
	rung := 1
	if over {
		rung = 2
	}
	_, err := tx.Exec(ctx, q, rung, lot)
	return err
}

func (tx stockTx) LiesAt(ctx context.Context, lot inventory.LotID) ([]inventory.Balance, error) {
	const q = `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held
		FROM stock_balances b
		JOIN stock_lots l ON l.id = b.lot
		WHERE b.lot = $1 AND (b.free > 0 OR b.held > 0)
		ORDER BY b.place`
	rows, err := tx.Query(ctx, q, lot)
	return balances(rows, err)
}

// ClocksWait is inventory.Reader.
func (s Stock) ClocksWait(ctx context.Context, at time.Time) (waits bool, err error) {
	const q = `
		SELECT EXISTS (SELECT 1 FROM lot_clocks WHERE passed_at IS NULL AND use_by <= $1)
			OR EXISTS (SELECT 1 FROM lot_clocks WHERE passed_at IS NOT NULL AND rung < 2)
			OR EXISTS (` + bandsDue + `)`
	if err := s.QueryRow(ctx, q, ms(at)).Scan(&waits); err != nil {
		return false, fmt.Errorf("clocks that wait: %w", err)
	}
	return waits, nil
}

// LotByID is inventory.Reader. Of a lot that lay only in units that she does not see nobody tells her.
func (s Stock) LotByID(ctx context.Context, id inventory.LotID) (l inventory.Lot, err error) {
	const q = `
		SELECT id, item, number, expiry
		FROM stock_lots
		WHERE id = $1 AND EXISTS (SELECT 1 FROM stock_movements m WHERE m.lot = stock_lots.id)`
	err = s.QueryRow(ctx, q, id).Scan(&l.ID, &l.Item, &l.Number, &l.Expiry)
	return found(l, err)(inventory.ErrUnknownLot, string(id))
}

// LotMovements is inventory.Reader.
func (s Stock) LotMovements(ctx context.Context, lot inventory.LotID) ([]inventory.Movement, error) {
	const q = `
		SELECT seq, at, day, kind, item, lot, place, free, held, actor, actor_name, why, source, ref, other
		FROM stock_movements
		WHERE lot = $1
		ORDER BY seq
		LIMIT 0 + $2`
	rows, err := s.Query(ctx, q, lot, inventory.MaxLotMovements)
	return movements(rows, err)
}

// LotsMovements is inventory.Reader.
func (s Stock) LotsMovements(ctx context.Context, lots []inventory.LotID) (map[inventory.LotID][]inventory.Movement, error) {
	const q = `
		SELECT m.seq, m.at, m.day, m.kind, m.item, m.lot, m.place, m.free, m.held, m.actor, m.actor_name, m.why, m.source, m.ref, m.other
		FROM json_each($1) l
		CROSS JOIN stock_movements m ON m.lot = l.value
		ORDER BY m.lot, m.seq`
	text, err := json.Marshal(lots)
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(ctx, q, string(text))
	moved, err := movements(rows, err)
	if err != nil {
		return nil, fmt.Errorf("movements of %d lots: %w", len(lots), err)
	}
	all := make(map[inventory.LotID][]inventory.Movement, len(lots))
	for _, m := range moved {
		if len(all[m.Lot]) < inventory.MaxLotMovements {
			all[m.Lot] = append(all[m.Lot], m)
		}
	}
	return all, nil
}

// ClocksOf is inventory.Reader.
func (s Stock) ClocksOf(ctx context.Context, lots []inventory.LotID) (map[inventory.LotID]inventory.RunningClock, error) {
	const q = `
		SELECT ` + clockColumns + `
		FROM lot_clocks
		WHERE lot IN (SELECT value FROM json_each($1))`
	text, err := json.Marshal(lots)
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(ctx, q, string(text))
	clocks, err := scanAll(rows, err, scanClock)
	if err != nil {
		return nil, fmt.Errorf("clocks of %d lots: %w", len(lots), err)
	}
	all := make(map[inventory.LotID]inventory.RunningClock, len(clocks))
	for _, c := range clocks {
		all[c.Lot] = c
	}
	return all, nil
}

// ColdItems is inventory.Reader.
func (s Stock) ColdItems(ctx context.Context) ([]inventory.Item, error) {
	const q = `
		SELECT id, name, unit, gtin, pack, supplier, supplier_code, price_minor,
			least_packs, review_days, shelf_life, criticality, storage, stability
		FROM stock_items
		WHERE storage <> ''
		ORDER BY name, id`
	rows, err := s.Query(ctx, q)
	return scanAll(rows, err, scanItem)
}
