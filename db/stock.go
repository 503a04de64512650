package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// Stock keeps items, places, lots, the ledger and holds; it is inventory.Store.
type Stock struct{ *DB }

var _ inventory.Store = Stock{}

// InTx is DB.InTx with the transaction that inventory needs.
func (s Stock) InTx(ctx context.Context, change func(inventory.Tx) error) error {
	return s.DB.InTx(ctx, func(tx *Tx) error { return change(stockTx{tx}) })
}

// stockTx is inventory.Tx.
type stockTx struct{ *Tx }

func scanItem(row scanner) (inventory.Item, error) {
	var i inventory.Item
	var supplier sql.NullString
	var stability string
	if err := row.Scan(&i.ID, &i.Name, &i.Unit, &i.GTIN, &i.Pack, &supplier, &i.SupplierCode, &i.Price,
		&i.LeastPacks, &i.ReviewDays, &i.ShelfLife, &i.Criticality, &i.Storage, &stability); err != nil {
		return i, err
	}
	i.Supplier = inventory.SupplierID(supplier.String)
	return i, json.Unmarshal([]byte(stability), &i.Stability)
}

func (tx stockTx) Item(ctx context.Context, id inventory.ItemID) (inventory.Item, error) {
	const q = `
		SELECT id, name, unit, gtin, pack, supplier, supplier_code, price_minor,
			least_packs, review_days, shelf_life, criticality, storage, stability
		FROM stock_items
		WHERE id = $1`
	return found(scanItem(tx.QueryRow(ctx, q, id)))(inventory.ErrUnknownItem, string(id))
}

func (tx stockTx) Place(ctx context.Context, id inventory.PlaceID) (inventory.Place, error) {
	const q = `
		SELECT p.id, p.name, p.room, ` + placeUnit + `, p.fridge
		FROM stock_places p
		LEFT JOIN rooms r ON r.id = p.room
		LEFT JOIN fridges f ON f.id = p.fridge
		LEFT JOIN rooms fr ON fr.id = f.room
		WHERE p.id = $1`
	var p inventory.Place
	err := theirs(tx).QueryRow(ctx, q, id).Scan(&p.ID, &p.Name, &p.Room, &p.Unit, &p.Fridge)
	return found(p, err)(inventory.ErrUnknownPlace, string(id))
}

func (tx stockTx) Lot(ctx context.Context, id inventory.LotID) (inventory.Lot, error) {
	const q = `
		SELECT id, item, number, expiry
		FROM stock_lots
		WHERE id = $1`
	var l inventory.Lot
	err := tx.QueryRow(ctx, q, id).Scan(&l.ID, &l.Item, &l.Number, &l.Expiry)
	return found(l, err)(inventory.ErrUnknownLot, string(id))
}

func (tx stockTx) EnsureLot(ctx context.Context, item inventory.ItemID, number string, expiry inventory.Date) (inventory.Lot, error) {
	const q = `
		INSERT INTO stock_lots (id, item, number, expiry)
		VALUES ('lot-' || (SELECT COALESCE(MAX(rowid), 0) + 1 FROM stock_lots), $1, $2, $3)
		ON CONFLICT (item, number, expiry) DO UPDATE SET number = excluded.number
		RETURNING id`
	lot := inventory.Lot{Item: item, Number: number, Expiry: expiry}
	err := tx.QueryRow(ctx, q, item, number, expiry).Scan(&lot.ID)
	return lot, err
}

func (tx stockTx) Shelf(ctx context.Context, item inventory.ItemID, place inventory.PlaceID) ([]inventory.Balance, error) {
	const q = `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held
		FROM stock_balances b
		JOIN stock_lots l ON l.id = b.lot
		WHERE b.item = $1 AND b.place = $2 AND (b.free > 0 OR b.held > 0)`
	rows, err := tx.Query(ctx, q, item, place)
	return balances(rows, err)
}

func (tx stockTx) Standing(ctx context.Context, place inventory.PlaceID) ([]inventory.Balance, error) {
	const q = `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held
		FROM stock_balances b
		JOIN stock_lots l ON l.id = b.lot
		WHERE b.place = $1 AND (b.free > 0 OR b.held > 0)
		ORDER BY b.lot`
	rows, err := tx.Query(ctx, q, place)
	return balances(rows, err)
}

func balances(rows *sql.Rows, err error) ([]inventory.Balance, error) {
	return collect(rows, err, func(b *inventory.Balance) []any {
		return []any{&b.Lot.ID, &b.Lot.Item, &b.Lot.Number, &b.Lot.Expiry, &b.Place, &b.Free, &b.Held}
	})
}

func (tx stockTx) Balance(ctx context.Context, lot inventory.LotID, place inventory.PlaceID) (inventory.Balance, error) {
	const q = `
		SELECT free, held
		FROM stock_balances
		WHERE lot = $1 AND place = $2`
	b := inventory.Balance{Lot: inventory.Lot{ID: lot}, Place: place}
	err := tx.QueryRow(ctx, q, lot, place).Scan(&b.Free, &b.Held)
	if errors.Is(err, sql.ErrNoRows) {
		return b, nil
	}
	return b, err
}

// Append adds a movement to the ledger, its balance and its day's use, and has
// the reorder desk look at it again.
func (tx stockTx) Append(ctx context.Context, m inventory.Movement) error {
	if err := tx.addToBalance(ctx, m); err != nil {
		return err
	}
	const q = `
		INSERT INTO stock_movements (at, day, kind, item, lot, place, free, held, actor, actor_name, why, source, ref, other)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	appended, err := tx.Exec(ctx, q, ms(m.At), m.Day, m.Kind, m.Item, m.Lot, m.Place, m.Free, m.Held,
		m.By, m.ByName, m.Why, m.Source, m.Ref, m.Other)
	if err != nil {
		return err
	}
	seq, err := appended.LastInsertId()
	if err != nil {
		return err
	}
	if err := tx.consign(ctx, m, seq); err != nil {
		return err
	}
	if err := tx.addToUse(ctx, m); err != nil {
		return err
	}
	if err := tx.noteEmpty(ctx, m); err != nil {
		return err
	}
	if err := tx.fillBins(ctx, m); err != nil {
		return err
	}
	const due = `
		INSERT INTO stock_due (item, place)
		VALUES ($1, $2)
		ON CONFLICT (item, place) DO NOTHING`
	if _, err := tx.Exec(ctx, due, m.Item, m.Place); err != nil {
		return err
	}
	tx.Announce("stock", "stock/"+string(m.Item))
	return nil
}

// addToBalance refuses what would leave less than nothing.
func (tx stockTx) addToBalance(ctx context.Context, m inventory.Movement) error {
	if m.Free >= 0 && m.Held >= 0 {
		const q = `
			INSERT INTO stock_balances (lot, place, item, free, held)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (lot, place) DO UPDATE SET free = free + excluded.free, held = held + excluded.held`
		_, err := tx.Exec(ctx, q, m.Lot, m.Place, m.Item, m.Free, m.Held)
		return err
	}
	const q = `
		UPDATE stock_balances
		SET free = free + $1, held = held + $2
		WHERE lot = $3 AND place = $4 AND free + $1 >= 0 AND held + $2 >= 0`
	result, err := tx.Exec(ctx, q, m.Free, m.Held, m.Lot, m.Place)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	b, err := tx.Balance(ctx, m.Lot, m.Place)
	if err != nil {
		return err
	}
	return hospital.Refuse(inventory.ErrShort, fmt.Sprintf("Only %d of this lot are free here. Nothing was taken.", b.Free))
}

// noteEmpty keeps the stretches of whole days on which nothing free lay at a place.
func (tx stockTx) noteEmpty(ctx context.Context, m inventory.Movement) error {
	if m.Free < 0 {
		const begin = `
			INSERT INTO stock_empty (item, place, since)
			SELECT $1, $2, $3
			WHERE NOT EXISTS (SELECT 1 FROM stock_balances WHERE item = $1 AND place = $2 AND free > 0)
			ON CONFLICT (item, place, since) DO UPDATE SET until = 0`
		_, err := tx.Exec(ctx, begin, m.Item, m.Place, m.Day+1)
		return err
	}
	if m.Free == 0 {
		return nil
	}
	const never = `
		DELETE FROM stock_empty
		WHERE item = $1 AND place = $2 AND until = 0 AND since >= $3`
	if _, err := tx.Exec(ctx, never, m.Item, m.Place, m.Day); err != nil {
		return err
	}
	const end = `
		UPDATE stock_empty
		SET until = $3 - 1
		WHERE item = $1 AND place = $2 AND until = 0`
	_, err := tx.Exec(ctx, end, m.Item, m.Place, m.Day)
	return err
}

// addToUse counts uses by day; what comes back unused is taken off again. What was never used
// is taken off the day that it was booked on, or forecasts would be made from it.
func (tx stockTx) addToUse(ctx context.Context, m inventory.Movement) error {
	if m.Kind != inventory.Use && m.Kind != inventory.Return {
		return nil
	}
	const q = `
		INSERT INTO stock_use (item, place, day, quantity)
		VALUES ($1, $2, COALESCE((SELECT day FROM stock_movements WHERE seq = $5), $3), $4)
		ON CONFLICT (item, place, day) DO UPDATE SET quantity = quantity + excluded.quantity`
	_, err := tx.Exec(ctx, q, m.Item, m.Place, m.Day, -m.Free, m.Undoes())
	return err
}

func (tx stockTx) FirstTime(ctx context.Context, key string) (bool, error) {
	if key == "" {
		return true, nil
	}
	const q = `
		INSERT INTO stock_requests (key, at)
		VALUES ($1, $2)
		ON CONFLICT (key) DO NOTHING`
	result, err := tx.Exec(ctx, q, key, ms(tx.Now()))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func (tx stockTx) PlacesIn(ctx context.Context, fridge coldchain.FridgeID) ([]inventory.Place, error) {
	const q = `
		SELECT id, name, room, unit, fridge
		FROM stock_places
		WHERE fridge = $1
		ORDER BY id`
	rows, err := tx.Query(ctx, q, fridge)
	return collect(rows, err, placeColumns)
}

func placeColumns(p *inventory.Place) []any {
	return []any{&p.ID, &p.Name, &p.Room, &p.Unit, &p.Fridge}
}

func (tx stockTx) RunningExcursions(ctx context.Context, fridge coldchain.FridgeID) ([]coldchain.ExcursionID, error) {
	const q = `
		SELECT excursion
		FROM stock_excursions
		WHERE fridge = $1
		ORDER BY excursion`
	rows, err := tx.Query(ctx, q, fridge)
	return collect(rows, err, func(id *coldchain.ExcursionID) []any { return []any{id} })
}

func (tx stockTx) SetRunning(ctx context.Context, fridge coldchain.FridgeID, excursion coldchain.ExcursionID, running bool) error {
	const begin = `
		INSERT INTO stock_excursions (fridge, excursion)
		VALUES ($1, $2)
		ON CONFLICT (fridge, excursion) DO NOTHING`
	const end = `
		DELETE FROM stock_excursions
		WHERE fridge = $1 AND excursion = $2`
	q := end
	if running {
		q = begin
	}
	_, err := tx.Exec(ctx, q, fridge, excursion)
	return err
}

func (tx stockTx) PlaceHold(ctx context.Context, h inventory.Hold) (bool, error) {
	const q = `
		INSERT INTO stock_holds (excursion, fridge, item, lot, place, quantity, placed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (excursion, lot, place) DO NOTHING`
	result, err := tx.Exec(ctx, q, h.Excursion, h.Fridge, h.Item, h.Lot, h.Place, h.Quantity, ms(h.PlacedAt))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// GrowHold adds to a hold. One that was decided opens again: what came in since
// was not part of that decision.
func (tx stockTx) GrowHold(ctx context.Context, h inventory.Hold) error {
	const q = `
		UPDATE stock_holds
		SET quantity = CASE WHEN decision = '' THEN quantity ELSE 0 END + $1,
			decision = '', decided_at = NULL, decided_by = '', why = ''
		WHERE excursion = $2 AND lot = $3 AND place = $4`
	_, err := tx.Exec(ctx, q, h.Quantity, h.Excursion, h.Lot, h.Place)
	return err
}

func (tx stockTx) CopyHolds(ctx context.Context, lot inventory.LotID, from, to inventory.PlaceID, quantity int64) error {
	open, err := tx.OpenHolds(ctx, lot, from)
	if err != nil {
		return err
	}
	left, err := tx.Balance(ctx, lot, from)
	if err != nil {
		return err
	}
	for _, h := range open {
		there := h
		there.Place, there.Quantity, there.PlacedAt = to, quantity, tx.Now()
		fresh, err := tx.PlaceHold(ctx, there)
		if err == nil && !fresh {
			err = tx.GrowHold(ctx, there)
		}
		if err == nil && left.Held == 0 {
			h.Decision, h.DecidedAt, h.DecidedBy, h.Why = inventory.MovedOn, tx.Now(), "", "carried to "+string(to)
			err = tx.Decide(ctx, h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const holdColumns = `id, excursion, fridge, item, lot, place, quantity, placed_at, withdrawn, decision, decided_at, decided_by, why`

func scanHold(row scanner) (inventory.Hold, error) {
	var h inventory.Hold
	var placed int64
	var decided sql.NullInt64
	err := row.Scan(&h.ID, &h.Excursion, &h.Fridge, &h.Item, &h.Lot, &h.Place, &h.Quantity, &placed,
		&h.Withdrawn, &h.Decision, &decided, &h.DecidedBy, &h.Why)
	h.PlacedAt, h.DecidedAt = fromMS(placed), fromNullMS(decided)
	return h, err
}

func (tx stockTx) Hold(ctx context.Context, id inventory.HoldID) (inventory.Hold, error) {
	const q = `
		SELECT ` + holdColumns + `
		FROM stock_holds
		WHERE id = $1`
	return found(scanHold(theirs(tx).QueryRow(ctx, q, id)))(inventory.ErrUnknownHold, fmt.Sprint(id))
}

func (tx stockTx) OpenHolds(ctx context.Context, lot inventory.LotID, place inventory.PlaceID) ([]inventory.Hold, error) {
	const q = `
		SELECT ` + holdColumns + `
		FROM stock_holds
		WHERE lot = $1 AND place = $2 AND decision = ''
		ORDER BY id`
	rows, err := tx.Query(ctx, q, lot, place)
	return scanAll(rows, err, scanHold)
}

func (tx stockTx) Decide(ctx context.Context, h inventory.Hold) error {
	const q = `
		UPDATE stock_holds
		SET decision = $1, decided_at = $2, decided_by = $3, why = $4
		WHERE id = $5 AND decision = ''`
	result, err := tx.Exec(ctx, q, h.Decision, ms(h.DecidedAt), h.DecidedBy, h.Why, h.ID)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		tx.Announce("stock", "stock/"+string(h.Item), "fridge/"+string(h.Fridge))
		return err
	}
	return fmt.Errorf("hold %d: %w", h.ID, hospital.ErrStale)
}

func (tx stockTx) Expose(ctx context.Context, e inventory.Exposure) error {
	const q = `
		INSERT INTO stock_exposures (lot, excursion, minutes, peak)
		SELECT DISTINCT lot, excursion, $2, $3
		FROM stock_holds
		WHERE excursion = $1
		ON CONFLICT (lot, excursion) DO UPDATE SET minutes = excluded.minutes, peak = excluded.peak`
	_, err := tx.Exec(ctx, q, e.Excursion, e.Minutes, e.Peak)
	tx.Announce("stock")
	return err
}

func (tx stockTx) Withdraw(ctx context.Context, excursion coldchain.ExcursionID) error {
	const q = `
		UPDATE stock_holds
		SET withdrawn = 1
		WHERE excursion = $1`
	if _, err := tx.Exec(ctx, q, excursion); err != nil {
		return err
	}
	const forget = `
		DELETE FROM stock_exposures
		WHERE excursion = $1`
	_, err := tx.Exec(ctx, forget, excursion)
	return err
}

func (tx stockTx) Cursor(ctx context.Context, follower string) (int64, error) {
	return followed(ctx, tx, follower)
}

// Followed is inventory.Reader.
func (s Stock) Followed(ctx context.Context, follower string) (int64, error) {
	return followed(ctx, s, follower)
}

func followed(ctx context.Context, from asker, follower string) (seq int64, err error) {
	const q = `
		SELECT seq
		FROM stock_followers
		WHERE name = $1`
	err = from.QueryRow(ctx, q, follower).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

func (tx stockTx) SetCursor(ctx context.Context, follower string, seq int64) error {
	const q = `
		INSERT INTO stock_followers (name, seq)
		VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET seq = excluded.seq`
	_, err := tx.Exec(ctx, q, follower, seq)
	return err
}
