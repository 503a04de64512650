package db

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/notify"
)

// Lists reads long lists part by part, for programs and for files. Each part
// begins after the last line of the part before, by a key that the index holds, so
// that the thousandth part costs what the first does and nothing is told twice.
type Lists struct{ *DB }

// untilMS is the end of a stretch of time as it is stored: zero is no end.
func untilMS(at time.Time) int64 {
	if at.IsZero() {
		return math.MaxInt64
	}
	return ms(at)
}

// below is where a list that runs downwards goes on; 0 begins it.
func below[N ~int64](before N) N {
	if before <= 0 {
		return math.MaxInt64
	}
	return before
}

// named is a condition on a column where a value is given, so that the column's
// index serves; without one it is always true.
func named[S ~string](column, parameter string, value S) string {
	if value == "" {
		return parameter + ` = ''`
	}
	return column + ` = ` + parameter
}

// Assets are up to limit assets of the selection, by number, with their tags.
func (l Lists) Assets(ctx context.Context, s tracking.Selection, limit int) ([]tracking.Asset, error) {
	const q = `
		SELECT ` + assetColumns + `
		FROM assets a
		WHERE a.id > $1
			AND ($2 = '' OR a.kind = $2)
			AND ($3 = '' OR a.status = $3)
			AND ($4 = '' OR a.floor_id = $4)
			AND ($5 = '' OR a.room_id = $5)
			AND ($6 = '' OR a.unit_id = $6)
		ORDER BY a.id
		LIMIT 0 + $7`
	assets, err := scanAssets(l.Query(ctx, q, s.After, s.Kind, s.Status, s.Floor, s.Room, s.Unit, limit))
	if err == nil {
		err = l.addTags(ctx, assets)
	}
	if err != nil {
		return nil, fmt.Errorf("list assets after %q: %w", s.After, err)
	}
	return assets, nil
}

// addTags gives assets that are sorted by number their tags.
func (l Lists) addTags(ctx context.Context, assets []tracking.Asset) error {
	if len(assets) == 0 {
		return nil
	}
	const q = `
		SELECT asset_id, identity
		FROM asset_tags
		WHERE asset_id >= $1 AND asset_id <= $2
		ORDER BY asset_id, identity`
	type tag struct {
		asset    tracking.AssetID
		identity string
	}
	rows, err := l.Query(ctx, q, assets[0].ID, assets[len(assets)-1].ID)
	tags, err := collect(rows, err, func(t *tag) []any { return []any{&t.asset, &t.identity} })
	if err != nil {
		return err
	}
	at := 0
	for _, t := range tags {
		for at < len(assets) && assets[at].ID < t.asset {
			at++
		}
		if at < len(assets) && assets[at].ID == t.asset {
			assets[at].Tags = append(assets[at].Tags, t.identity)
		}
	}
	return nil
}

// RoomCounts are the rooms in which assets were last seen; the empty room is where nobody has located them yet.
func (l Lists) RoomCounts(ctx context.Context) ([]tracking.RoomCount, error) {
	const q = `
		SELECT room_id, COUNT(*), SUM(CASE status WHEN 'free' THEN 1 ELSE 0 END)
		FROM assets
		GROUP BY room_id
		ORDER BY room_id`
	rows, err := l.Query(ctx, q)
	return collect(rows, err, func(c *tracking.RoomCount) []any { return []any{&c.Room, &c.Total, &c.Free} })
}

// Moments are up to limit lines of an asset's timeline below the moment before
// (its time and number; the zero Moment begins), newest first.
func (l Lists) Moments(ctx context.Context, id tracking.AssetID, before tracking.Moment, limit int) ([]tracking.Moment, error) {
	const q = `
		SELECT id, kind, at, from_room, to_room, why, status, by_name, note
		FROM asset_moments
		WHERE asset_id = $1 AND (at, id) < ($2, $3)
		ORDER BY at DESC, id DESC
		LIMIT 0 + $4`
	rows, err := l.Query(ctx, q, id, untilMS(before.At), below(before.ID), limit)
	return gather(rows, err, func(rows *sql.Rows) (m tracking.Moment, err error) {
		var at int64
		err = rows.Scan(&m.ID, &m.Kind, &at, &m.From, &m.To, &m.Why, &m.Status, &m.By, &m.Note)
		m.At = fromMS(at)
		return m, err
	})
}

// Excursions are up to limit excursions, the last found first, withdrawn ones included.
func (l Lists) Excursions(ctx context.Context, ask coldchain.ExcursionQuery, limit int) ([]coldchain.Excursion, error) {
	q := `
		SELECT ` + excursionColumns + `
		FROM excursions e
		JOIN main.sensors s ON s.id = e.sensor
		WHERE e.id < $1
			AND ` + named("e.fridge", "$2", ask.Fridge) + `
			AND ($3 = 0 OR (e.end_at IS NULL AND e.withdrawn = 0))
			AND e.start_at >= $4 AND e.start_at < $5
		ORDER BY e.id DESC
		LIMIT 0 + $6`
	rows, err := l.Query(ctx, q, below(ask.Before), ask.Fridge, ask.Running, ms(ask.From), untilMS(ask.To), limit)
	excursions, err := scanAll(rows, err, scanExcursion)
	if err != nil {
		return nil, fmt.Errorf("list excursions: %w", err)
	}
	return excursions, nil
}

// Excursion is one excursion; coldchain.ErrUnknownExcursion when there is none.
func (l Lists) Excursion(ctx context.Context, id coldchain.ExcursionID) (coldchain.Excursion, error) {
	const q = `
		SELECT ` + excursionColumns + `
		FROM excursions e
		JOIN main.sensors s ON s.id = e.sensor
		WHERE e.id = $1`
	return found(scanExcursion(l.QueryRow(ctx, q, id)))(coldchain.ErrUnknownExcursion, fmt.Sprint(id))
}

// Alarms are up to limit alarms of the selection, the last raised first.
func (l Lists) Alarms(ctx context.Context, s notify.Selection, limit int) ([]notify.Alarm, error) {
	q := `
		SELECT ` + alarmColumns + `
		FROM alarms
		WHERE id < $1
			AND ($2 = '' OR ($2 = 'open' AND closed_at IS NULL) OR ($2 = 'closed' AND closed_at IS NOT NULL))
			AND ` + named("subject", "$3", s.Subject) + `
		ORDER BY id DESC
		LIMIT 0 + $4`
	rows, err := l.Query(ctx, q, below(s.Before), s.State, s.Subject, limit)
	alarms, err := scanAlarms(rows, err)
	if err != nil {
		return nil, fmt.Errorf("list alarms: %w", err)
	}
	return alarms, nil
}

// Proposals are up to limit proposals of the selection, the last raised first.
func (l Lists) Proposals(ctx context.Context, s reorder.Selection, limit int) ([]reorder.Proposal, error) {
	q := selectProposal + `
		WHERE r.id < $1
			AND ($2 = 0 OR r.status IN ('waiting', 'half approved'))
			AND ($3 = '' OR r.status = $3)
			AND ` + named("r.item", "$4", s.Item) + `
		ORDER BY r.id DESC
		LIMIT 0 + $5`
	rows, err := l.Query(ctx, q, below(s.Before), s.Open, s.Status, s.Item, limit)
	return proposals(rows, err)
}

// Orders are up to limit orders of the selection, the last number first, with their lines.
func (l Lists) Orders(ctx context.Context, s reorder.OrderSelection, limit int) ([]reorder.Order, error) {
	const q = selectOrder + `
		WHERE ($1 = '' OR o.status = $1) AND ($2 = '' OR o.number < $2)
		ORDER BY o.number DESC
		LIMIT 0 + $3`
	rows, err := l.Query(ctx, q, s.Status, s.Before, limit)
	orders, err := scanAll(rows, err, func(row scanner) (reorder.Order, error) { return scanOrder(row) })
	if err != nil || len(orders) == 0 {
		return nil, err
	}
	return orders, l.addLines(ctx, orders)
}

// addLines gives orders, the last number first, their lines.
func (l Lists) addLines(ctx context.Context, orders []reorder.Order) error {
	const q = `
		SELECT l.number, l.id, l.line, l.pack, l.price_minor, l.ordered, l.received, l.cancelled, COALESCE(l.proposal, 0),
			i.id, i.name, i.unit, i.gtin, i.supplier_code, i.storage, p.id, p.name, p.fridge
		FROM order_lines l
		JOIN stock_items i ON i.id = l.item
		JOIN stock_places p ON p.id = l.place
		WHERE l.number >= $1 AND l.number <= $2
		ORDER BY l.number DESC, l.line`
	type numbered struct {
		number string
		reorder.Line
	}
	rows, err := l.Query(ctx, q, orders[len(orders)-1].Number, orders[0].Number)
	lines, err := collect(rows, err, func(l *numbered) []any {
		return []any{&l.number, &l.ID, &l.No, &l.Pack, &l.Price, &l.Ordered, &l.Received, &l.Cancelled, &l.Proposal,
			&l.Item.ID, &l.Item.Name, &l.Item.Unit, &l.Item.GTIN, &l.Item.SupplierCode, &l.Item.Storage, &l.Place.ID, &l.Place.Name, &l.Place.Fridge}
	})
	at := 0
	for _, line := range lines {
		for at < len(orders) && orders[at].Number > line.number {
			at++
		}
		if at < len(orders) && orders[at].Number == line.number {
			orders[at].Lines = append(orders[at].Lines, line.Line)
		}
	}
	return err
}

// Items are up to limit items of the selection, by identifier, with what is held of them.
func (l Lists) Items(ctx context.Context, s inventory.ItemSelection, limit int) ([]inventory.Line, error) {
	where, values := fitting(s.Query)
	q := `
		SELECT` + lineColumns + `
		FROM stock_summaries m
		JOIN stock_items i ON i.id = m.item
		WHERE ` + where + ` AND m.item > $5
		ORDER BY m.item
		LIMIT 0 + $6`
	rows, err := l.Query(ctx, q, append(values, s.After, limit)...)
	lines, err := collect(rows, err, lineInto)
	if err != nil {
		return nil, fmt.Errorf("list items after %q: %w", s.After, err)
	}
	return lines, nil
}

// Lots are up to limit balances of the selection, by lot and place, empty ones left out.
func (l Lists) Lots(ctx context.Context, s inventory.LotSelection, limit int) ([]inventory.Shelved, error) {
	q := `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held, i.name, i.unit, p.name
		FROM stock_balances b
		JOIN stock_lots l ON l.id = b.lot
		JOIN stock_items i ON i.id = b.item
		JOIN stock_places p ON p.id = b.place
		WHERE (b.lot, b.place) > ($1, $2) AND (b.free > 0 OR b.held > 0)
			AND ` + named("b.item", "$3", s.Item) + `
			AND ($4 = '' OR b.place = $4)
			AND ($5 = 0 OR b.held > 0)
			AND ($6 = 0 OR (l.expiry > 0 AND l.expiry <= $6))
		ORDER BY b.lot, b.place
		LIMIT 0 + $7`
	rows, err := l.Query(ctx, q, s.AfterLot, s.AfterPlace, s.Item, s.Place, s.Held, s.ExpiresBy, limit)
	lots, err := collect(rows, err, func(b *inventory.Shelved) []any {
		return []any{&b.Lot.ID, &b.Lot.Item, &b.Lot.Number, &b.Lot.Expiry, &b.Place, &b.Free, &b.Held, &b.ItemName, &b.Unit, &b.PlaceName}
	})
	if err != nil {
		return nil, fmt.Errorf("list lots: %w", err)
	}
	return lots, nil
}

// Ledger are up to limit movements of the selection, the newest first.
func (l Lists) Ledger(ctx context.Context, s inventory.LedgerSelection, limit int) ([]inventory.Entry, error) {
	q := `
		SELECT m.seq, m.at, m.day, m.kind, m.item, m.lot, m.place, m.free, m.held, m.actor, m.actor_name, m.why, m.source, m.ref, m.other,
			i.name, i.unit, l.number, l.expiry, p.name
		FROM stock_movements m
		JOIN stock_items i ON i.id = m.item
		JOIN stock_lots l ON l.id = m.lot
		JOIN stock_places p ON p.id = m.place
		WHERE m.seq < $1 AND ` + named("m.item", "$2", s.Item) + ` AND m.at >= $3 AND m.at < $4
		ORDER BY m.seq DESC
		LIMIT 0 + $5`
	rows, err := l.Query(ctx, q, below(s.Before), s.Item, ms(s.From), untilMS(s.To), limit)
	entries, err := gather(rows, err, func(rows *sql.Rows) (e inventory.Entry, err error) {
		var at int64
		err = rows.Scan(&e.Seq, &at, &e.Day, &e.Kind, &e.Item, &e.Lot, &e.Place, &e.Free, &e.Held, &e.By, &e.ByName, &e.Why, &e.Source,
			&e.Ref, &e.Other, &e.ItemName, &e.Unit, &e.LotNumber, &e.Expiry, &e.PlaceName)
		e.At = fromMS(at)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the ledger: %w", err)
	}
	return entries, nil
}
