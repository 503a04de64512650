package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// Storeroom keeps packs and counts; it is inventory.StoreroomStore.
type Storeroom struct{ *DB }

var _ inventory.StoreroomStore = Storeroom{}

// InTx is DB.InTx with the transaction that the storeroom needs.
func (s Storeroom) InTx(ctx context.Context, change func(inventory.StoreroomTx) error) error {
	return s.DB.InTx(ctx, func(tx *Tx) error { return change(storeroomTx{stockTx{tx}}) })
}

// storeroomTx is inventory.StoreroomTx.
type storeroomTx struct{ stockTx }

const selectPacking = `
		SELECT id, item, name, units, gtin, at, by_name
		FROM stock_packings p`

// counting is the condition of the packings that count now.
const counting = `p.units > 0 AND p.id = (SELECT MAX(n.id) FROM stock_packings n WHERE n.item = p.item AND n.name = p.name)`

func scanPacking(row scanner) (p inventory.Packing, err error) {
	var at int64
	err = row.Scan(&p.ID, &p.Item, &p.Name, &p.Units, &p.GTIN, &at, &p.By)
	p.At = fromMS(at)
	return p, err
}

// Packings is inventory.PackingReader.
func (s Storeroom) Packings(ctx context.Context, item inventory.ItemID) ([]inventory.Packing, error) {
	const q = selectPacking + `
		WHERE p.item = $1 AND ` + counting + `
		ORDER BY units, name`
	rows, err := s.Query(ctx, q, item)
	return scanAll(rows, err, scanPacking)
}

// PackingsEver is inventory.PackingReader.
func (s Storeroom) PackingsEver(ctx context.Context, item inventory.ItemID) ([]inventory.Packing, error) {
	const q = selectPacking + `
		WHERE p.item = $1
		ORDER BY id DESC
		LIMIT 100`
	rows, err := s.Query(ctx, q, item)
	return scanAll(rows, err, scanPacking)
}

// FindPackingByGTIN is inventory.Reader.
func (s Stock) FindPackingByGTIN(ctx context.Context, gtin string) (inventory.Packing, error) {
	const q = selectPacking + `
		WHERE p.gtin = $1 AND p.gtin <> '' AND ` + counting + `
		ORDER BY id
		LIMIT 1`
	return found(scanPacking(s.QueryRow(ctx, q, gtin)))(inventory.ErrUnknownPacking, gtin)
}

func (tx storeroomTx) AddPacking(ctx context.Context, p inventory.Packing) error {
	const q = `
		INSERT INTO stock_packings (item, name, units, gtin, at, by_name)
		VALUES ($1, $2, $3, $4, $5, $6)`
	_, err := tx.Exec(ctx, q, p.Item, p.Name, p.Units, p.GTIN, ms(p.At), p.By)
	return err
}

// CountSubjects is inventory.CountReader.
func (s Storeroom) CountSubjects(ctx context.Context, since inventory.Date) ([]inventory.CountSubject, error) {
	const q = `
		WITH lies AS (SELECT item, place, SUM(free + held) AS n FROM stock_balances GROUP BY item, place),
			used AS (SELECT item, place, SUM(quantity) AS n FROM stock_use WHERE day >= $1 GROUP BY item, place)
		SELECT lies.item, lies.place, COALESCE(used.n, 0), lies.n, i.price_minor, i.pack, i.criticality, COALESCE(c.counted_on, 0)
		FROM lies
		JOIN stock_items i ON i.id = lies.item
		LEFT JOIN used ON used.item = lies.item AND used.place = lies.place
		LEFT JOIN stock_count_plan c ON c.item = lies.item AND c.place = lies.place`
	rows, err := s.Query(ctx, q, since)
	return collect(rows, err, func(c *inventory.CountSubject) []any {
		return []any{&c.Item, &c.Place, &c.YearlyUse, &c.OnHand, &c.Price, &c.Pack, &c.Criticality, &c.CountedOn}
	})
}

// SaveCountPlan keeps the earlier day where something was due already: weighing it
// anew must not put a count off.
func (tx storeroomTx) SaveCountPlan(ctx context.Context, s inventory.CountSubject, class inventory.CountClass, due inventory.Date) error {
	const q = `
		INSERT INTO stock_count_plan (item, place, class, counted_on, due_on)
		VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (item, place) DO UPDATE SET class = excluded.class, due_on = min(due_on, excluded.due_on)
		WHERE class <> excluded.class OR due_on > excluded.due_on`
	_, err := tx.Exec(ctx, q, s.Item, s.Place, class, due)
	return err
}

// CountsDue is inventory.CountReader.
func (s Storeroom) CountsDue(ctx context.Context, today inventory.Date) ([]inventory.CountDue, error) {
	const q = `
		SELECT p.id, p.name, COUNT(c.item), COALESCE(SUM(c.class = 'A'), 0), COALESCE(MIN(c.due_on), 0), COALESCE(o.id, 0)
		FROM stock_places p
		LEFT JOIN stock_count_plan c ON c.place = p.id AND c.due_on <= $1
		LEFT JOIN stock_counts o ON o.place = p.id AND o.ended_at IS NULL
		GROUP BY p.id, p.name, o.id
		HAVING COUNT(c.item) > 0 OR o.id IS NOT NULL
		ORDER BY 4 DESC, 3 DESC, p.name`
	rows, err := s.Query(ctx, q, today)
	return collect(rows, err, func(d *inventory.CountDue) []any {
		return []any{&d.Place.ID, &d.Place.Name, &d.Due, &d.Urgent, &d.Oldest, &d.Open}
	})
}

func (tx storeroomTx) OpenCount(ctx context.Context, place inventory.PlaceID, by hospital.Actor, today inventory.Date, limit int) (id inventory.CountID, err error) {
	const open = `
		SELECT id
		FROM stock_counts
		WHERE place = $1 AND ended_at IS NULL`
	if err = tx.QueryRow(ctx, open, place).Scan(&id); !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	const q = `
		INSERT INTO stock_counts (place, opened_at, opened_name)
		VALUES ($1, $2, $3)
		RETURNING id`
	if err := tx.QueryRow(ctx, q, place, ms(tx.Now()), by.Name).Scan(&id); err != nil {
		return 0, err
	}
	const lines = `
		INSERT INTO stock_count_lines (sheet, item, lot, class)
		SELECT $1, c.item, b.lot, c.class
		FROM (SELECT item, class, due_on FROM stock_count_plan WHERE place = $2 AND due_on <= $3 ORDER BY class, due_on, item LIMIT 0 + $4) c
		JOIN stock_balances b ON b.item = c.item AND b.place = $2 AND b.free + b.held > 0`
	result, err := tx.Exec(ctx, lines, id, place, today, limit)
	if err != nil {
		return 0, err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return id, err
	}
	return 0, hospital.Refuse(inventory.ErrUnknownCount, "Nothing is due to be counted here.")
}

const selectSheet = `
		SELECT s.id, p.id, p.name, s.opened_at, s.opened_name, s.ended_at
		FROM stock_counts s
		JOIN stock_places p ON p.id = s.place`

func scanSheet(row scanner) (s inventory.CountSheet, err error) {
	var opened int64
	var ended sql.NullInt64
	err = row.Scan(&s.ID, &s.Place.ID, &s.Place.Name, &opened, &s.OpenedBy, &ended)
	s.OpenedAt, s.EndedAt = fromMS(opened), fromNullMS(ended)
	return s, err
}

func countSheet(ctx context.Context, from asker, id inventory.CountID) (inventory.CountSheet, error) {
	const q = selectSheet + `
		WHERE s.id = $1`
	s, err := found(scanSheet(from.QueryRow(ctx, q, id)))(inventory.ErrUnknownCount, fmt.Sprint(id))
	if err != nil {
		return s, err
	}
	const lines = `
		SELECT n.id, i.id, i.name, i.unit, l.id, l.item, l.number, l.expiry, n.class, n.counted, n.done, n.ledger, n.reason
		FROM stock_count_lines n
		JOIN stock_items i ON i.id = n.item
		JOIN stock_lots l ON l.id = n.lot
		WHERE n.sheet = $1
		ORDER BY n.class, i.name, l.expiry, n.id`
	rows, err := from.Query(ctx, lines, id)
	s.Lines, err = scanAll(rows, err, func(row scanner) (l inventory.CountLine, err error) {
		var counted jsonText
		if err := row.Scan(&l.ID, &l.Item.ID, &l.Item.Name, &l.Item.Unit, &l.Lot.ID, &l.Lot.Item, &l.Lot.Number, &l.Lot.Expiry, &l.Class, &counted, &l.Done, &l.Ledger, &l.Reason); err != nil {
			return l, err
		}
		return l, json.Unmarshal(counted.raw, &l.Counted)
	})
	return s, err
}

func (tx storeroomTx) Count(ctx context.Context, id inventory.CountID) (inventory.CountSheet, error) {
	return countSheet(ctx, theirs{tx.Tx}, id)
}

// FindCount is inventory.CountReader.
func (s Storeroom) FindCount(ctx context.Context, id inventory.CountID) (inventory.CountSheet, error) {
	return countSheet(ctx, s, id)
}

// Counts is inventory.CountReader.
func (s Storeroom) Counts(ctx context.Context, limit int) ([]inventory.CountSheet, error) {
	const q = selectSheet + `
		WHERE s.ended_at IS NOT NULL
		ORDER BY s.id DESC
		LIMIT 0 + $1`
	rows, err := s.Query(ctx, q, limit)
	return scanAll(rows, err, scanSheet)
}

func (tx storeroomTx) SaveCountLine(ctx context.Context, l inventory.CountLine) error {
	counted, err := json.Marshal(l.Counted)
	if err != nil {
		return err
	}
	const q = `
		UPDATE stock_count_lines
		SET counted = $1, done = $2, ledger = $3, reason = $4
		WHERE id = $5 AND done = 0`
	_, err = tx.Exec(ctx, q, string(counted), l.Done, l.Ledger, l.Reason, l.ID)
	return err
}

func (tx storeroomTx) EndCount(ctx context.Context, s inventory.CountSheet, today inventory.Date) error {
	const end = `
		UPDATE stock_counts
		SET ended_at = $1
		WHERE id = $2 AND ended_at IS NULL`
	if _, err := tx.Exec(ctx, end, ms(tx.Now()), s.ID); err != nil {
		return err
	}
	const plan = `
		UPDATE stock_count_plan
		SET counted_on = $1, due_on = $2
		WHERE item = $3 AND place = $4`
	for _, l := range s.Lines {
		if _, err := tx.Exec(ctx, plan, today, today+inventory.Date(l.Class.Every()), l.Item.ID, s.Place.ID); err != nil {
			return err
		}
	}
	return nil
}
