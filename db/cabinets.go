package db

import (
	"context"
	"fmt"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// Cabinets is inventory.CabinetReader.
func (s Storeroom) Cabinets(ctx context.Context) ([]inventory.Cabinet, error) {
	const q = `
		SELECT p.id, p.name, c.gateway
		FROM stock_cabinets c
		JOIN stock_places p ON p.id = c.place
		ORDER BY p.name`
	rows, err := s.Query(ctx, q)
	return collect(rows, err, func(c *inventory.Cabinet) []any { return []any{&c.Place.ID, &c.Place.Name, &c.Gateway} })
}

const selectTags = `
		SELECT t.epc, t.place, i.id, i.name, i.unit, l.id, l.item, l.number, l.expiry, t.quantity, t.inside, t.changed_at
		FROM stock_tags t
		JOIN stock_items i ON i.id = t.item
		JOIN stock_lots l ON l.id = t.lot
		WHERE t.place = $1
		ORDER BY t.inside DESC, i.name, l.expiry, t.epc`

func cabinetTags(ctx context.Context, from asker, place inventory.PlaceID) ([]inventory.CabinetTag, error) {
	rows, err := from.Query(ctx, selectTags, place)
	return scanAll(rows, err, func(row scanner) (t inventory.CabinetTag, err error) {
		var changed int64
		err = row.Scan(&t.EPC, &t.Place, &t.Item.ID, &t.Item.Name, &t.Item.Unit, &t.Lot.ID, &t.Lot.Item, &t.Lot.Number, &t.Lot.Expiry, &t.Quantity, &t.Inside, &changed)
		t.ChangedAt = fromMS(changed)
		return t, err
	})
}

// CabinetTags is inventory.CabinetReader.
func (s Storeroom) CabinetTags(ctx context.Context, place inventory.PlaceID) ([]inventory.CabinetTag, error) {
	return cabinetTags(ctx, s, place)
}

func (tx storeroomTx) TagsIn(ctx context.Context, place inventory.PlaceID) ([]inventory.CabinetTag, error) {
	return cabinetTags(ctx, tx, place)
}

// TagTroubles is inventory.CabinetReader.
func (s Storeroom) TagTroubles(ctx context.Context, place inventory.PlaceID) ([]inventory.TagTrouble, error) {
	const q = `
		SELECT id, place, epc, kind, since
		FROM stock_tag_troubles
		WHERE ended_at IS NULL AND ($1 = '' OR place = $1)
		ORDER BY since, id
		LIMIT 500`
	rows, err := s.Query(ctx, q, place)
	return scanAll(rows, err, func(row scanner) (t inventory.TagTrouble, err error) {
		var since int64
		err = row.Scan(&t.ID, &t.Place, &t.EPC, &t.Kind, &since)
		t.Since = fromMS(since)
		return t, err
	})
}

func (tx storeroomTx) SetCabinet(ctx context.Context, place inventory.PlaceID, gateway hospital.GatewayID) error {
	const forget = `
		DELETE FROM stock_cabinets
		WHERE place = $1 OR gateway = $2`
	if _, err := tx.Exec(ctx, forget, place, gateway); err != nil || gateway == "" {
		return err
	}
	const q = `
		INSERT INTO stock_cabinets (place, gateway)
		VALUES ($1, $2)`
	_, err := tx.Exec(ctx, q, place, gateway)
	return err
}

func (tx storeroomTx) SaveTag(ctx context.Context, t inventory.CabinetTag) error {
	const q = `
		INSERT INTO stock_tags (epc, place, item, lot, quantity, inside, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (epc) DO UPDATE SET place = excluded.place, item = excluded.item, lot = excluded.lot, quantity = excluded.quantity,
			inside = excluded.inside, changed_at = excluded.changed_at`
	_, err := tx.Exec(ctx, q, t.EPC, t.Place, t.Item.ID, t.Lot.ID, t.Quantity, t.Inside, ms(t.ChangedAt))
	return err
}

func (tx storeroomTx) RaiseTrouble(ctx context.Context, t inventory.TagTrouble) (bool, error) {
	const q = `
		INSERT INTO stock_tag_troubles (place, epc, kind, since)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`
	result, err := tx.Exec(ctx, q, t.Place, t.EPC, t.Kind, ms(t.Since))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func (tx storeroomTx) EndTrouble(ctx context.Context, place inventory.PlaceID, epc, kind, by, why string) error {
	const q = `
		UPDATE stock_tag_troubles
		SET ended_at = $1, ended_by = $2, why = $3
		WHERE place = $4 AND epc = $5 AND kind = $6 AND ended_at IS NULL`
	result, err := tx.Exec(ctx, q, ms(tx.Now()), by, why, place, epc, kind)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return fmt.Errorf("%s at %s: %w", epc, place, inventory.ErrUnknownTrouble)
}

// Consignments is inventory.ConsignReader.
func (s Storeroom) Consignments(ctx context.Context) ([]inventory.Consignment, error) {
	const q = `
		SELECT i.id, i.name, i.unit, i.pack, i.price_minor, p.id, p.name, u.id, u.name, u.currency, c.since,
			COALESCE((SELECT SUM(b.free + b.held) FROM stock_balances b WHERE b.item = c.item AND b.place = c.place), 0)
		FROM stock_consignments c
		JOIN stock_items i ON i.id = c.item
		JOIN stock_places p ON p.id = c.place
		JOIN suppliers u ON u.id = c.supplier
		ORDER BY u.name, p.name, i.name`
	rows, err := s.Query(ctx, q)
	return scanAll(rows, err, func(row scanner) (c inventory.Consignment, err error) {
		var since int64
		err = row.Scan(&c.Item.ID, &c.Item.Name, &c.Item.Unit, &c.Item.Pack, &c.Item.Price, &c.Place.ID, &c.Place.Name, &c.Supplier.ID, &c.Supplier.Name, &c.Supplier.Currency, &since, &c.OnHand)
		c.Since = fromMS(since)
		return c, err
	})
}

// ConsignedUses is inventory.ConsignReader.
func (s Storeroom) ConsignedUses(ctx context.Context, limit int) ([]inventory.ConsignedUse, error) {
	const q = `
		SELECT u.movement, u.supplier, i.id, i.name, i.unit, i.pack, i.price_minor, p.id, p.name, l.number, u.at, u.quantity, u.bill
		FROM stock_consigned u
		JOIN stock_items i ON i.id = u.item
		JOIN stock_places p ON p.id = u.place
		JOIN stock_lots l ON l.id = u.lot
		ORDER BY u.billed_at IS NOT NULL, u.billed_at DESC, u.movement
		LIMIT 0 + $1`
	rows, err := s.Query(ctx, q, limit)
	return scanAll(rows, err, func(row scanner) (u inventory.ConsignedUse, err error) {
		var at int64
		err = row.Scan(&u.Movement, &u.Supplier, &u.Item.ID, &u.Item.Name, &u.Item.Unit, &u.Item.Pack, &u.Item.Price, &u.Place.ID, &u.Place.Name, &u.Lot, &at, &u.Quantity, &u.Bill)
		u.At = fromMS(at)
		return u, err
	})
}

func (tx storeroomTx) SetConsignment(ctx context.Context, item inventory.ItemID, place inventory.PlaceID, supplier inventory.SupplierID) error {
	const forget = `
		DELETE FROM stock_consignments
		WHERE item = $1 AND place = $2`
	if _, err := tx.Exec(ctx, forget, item, place); err != nil || supplier == "" {
		return err
	}
	const q = `
		INSERT INTO stock_consignments (item, place, supplier, since)
		VALUES ($1, $2, $3, $4)`
	_, err := tx.Exec(ctx, q, item, place, supplier, ms(tx.Now()))
	return err
}

func (tx storeroomTx) BillConsigned(ctx context.Context, supplier inventory.SupplierID, until time.Time, bill string) (int, error) {
	const q = `
		UPDATE stock_consigned
		SET billed_at = $1, bill = $2
		WHERE supplier = $3 AND billed_at IS NULL AND at <= $4`
	result, err := tx.Exec(ctx, q, ms(tx.Now()), bill, supplier, ms(until))
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// consign notes what is used of goods that belong to their supplier, by the
// movement that was appended last.
func (tx stockTx) consign(ctx context.Context, m inventory.Movement, seq int64) error {
	if m.Kind != inventory.Use && m.Kind != inventory.Return {
		return nil
	}
	const q = `
		INSERT INTO stock_consigned (movement, supplier, item, place, lot, at, quantity)
		SELECT $1, c.supplier, $2, $3, $4, $5, $6
		FROM stock_consignments c
		WHERE c.item = $2 AND c.place = $3`
	_, err := tx.Exec(ctx, q, seq, m.Item, m.Place, m.Lot, ms(m.At), -m.Free)
	return err
}

// ParLines is inventory.ParReader.
func (s Storeroom) ParLines(ctx context.Context, place, from inventory.PlaceID, today inventory.Date) ([]inventory.ParLine, error) {
	const q = `
		WITH usable AS (
			SELECT b.item, b.place, SUM(b.free) AS n
			FROM stock_balances b
			JOIN stock_lots l ON l.id = b.lot
			WHERE b.place IN ($1, $2) AND (l.expiry = 0 OR l.expiry >= $3)
			GROUP BY b.item, b.place)
		SELECT i.id, i.name, i.unit, v.maximum, COALESCE(here.n, 0), COALESCE(there.n, 0)
		FROM stock_levels v
		JOIN stock_items i ON i.id = v.item
		LEFT JOIN usable here ON here.item = v.item AND here.place = $1
		LEFT JOIN usable there ON there.item = v.item AND there.place = $2
		WHERE v.place = $1 AND COALESCE(here.n, 0) < v.maximum
		ORDER BY i.name
		LIMIT 100`
	rows, err := s.Query(ctx, q, place, from, today)
	lines, err := collect(rows, err, func(l *inventory.ParLine) []any {
		return []any{&l.Item.ID, &l.Item.Name, &l.Item.Unit, &l.Par, &l.Usable, &l.There}
	})
	for i := range lines {
		lines[i].Bring = max(min(lines[i].Par-lines[i].Usable, lines[i].There), 0)
	}
	return lines, err
}
