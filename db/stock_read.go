package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/gs1"
)

// FindItem is inventory.Reader.
func (s Stock) FindItem(ctx context.Context, id inventory.ItemID) (inventory.Item, error) {
	const q = `
		SELECT id, name, unit, gtin, pack, supplier, supplier_code, price_minor,
			least_packs, review_days, shelf_life, criticality, storage, stability
		FROM stock_items
		WHERE id = $1`
	return found(scanItem(s.QueryRow(ctx, q, id)))(inventory.ErrUnknownItem, string(id))
}

// FindItemByGTIN is inventory.Reader.
func (s Stock) FindItemByGTIN(ctx context.Context, gtin string) (inventory.Item, error) {
	const q = `
		SELECT id, name, unit, gtin, pack, supplier, supplier_code, price_minor,
			least_packs, review_days, shelf_life, criticality, storage, stability
		FROM stock_items
		WHERE gtin = $1 AND gtin <> ''
		ORDER BY id
		LIMIT 1`
	return found(scanItem(s.QueryRow(ctx, q, gtin)))(inventory.ErrUnknownItem, gtin)
}

// FindLot is inventory.Reader.
func (s Stock) FindLot(ctx context.Context, item inventory.ItemID, number string) (l inventory.Lot, err error) {
	const q = `
		SELECT id, item, number, expiry
		FROM stock_lots
		WHERE item = $1 AND number = $2
		ORDER BY expiry DESC
		LIMIT 1`
	err = s.QueryRow(ctx, q, item, number).Scan(&l.ID, &l.Item, &l.Number, &l.Expiry)
	return found(l, err)(inventory.ErrUnknownLot, number)
}

// LotsNumbered is inventory.Reader. Numbers are compared as they are printed, in capitals.
func (s Stock) LotsNumbered(ctx context.Context, begins string, limit int) ([]inventory.NamedLot, error) {
	const q = `
		SELECT l.id, l.item, l.number, l.expiry, i.name
		FROM stock_lots l JOIN stock_items i ON i.id = l.item
		WHERE upper(l.number) >= $1 AND upper(l.number) < $1 || char(1114111)
		ORDER BY l.expiry DESC, l.id
		LIMIT 0 + $2`
	rows, err := s.Query(ctx, q, strings.ToUpper(begins), limit)
	return collect(rows, err, func(l *inventory.NamedLot) []any { return []any{&l.ID, &l.Item, &l.Number, &l.Expiry, &l.ItemName} })
}

// Places is inventory.Reader.
func (s Stock) Places(ctx context.Context) ([]inventory.Place, error) {
	const q = `
		SELECT id, name, room, unit, fridge
		FROM stock_places
		ORDER BY name, id`
	rows, err := s.Query(ctx, q)
	return collect(rows, err, placeColumns)
}

// chosen are the conditions of the filters, over stock_summaries as m; $1 is today.
var chosen = map[inventory.Filter]string{
	inventory.AllItems: `$1 = $1`,
	inventory.Low:      `m.low = 1 AND m.rank < 1000000 AND $1 = $1`, // the second says the same, by the index
	inventory.OnHold:   `m.item IN (SELECT b.item FROM stock_balances b WHERE b.held > 0) AND $1 = $1`,
	inventory.Expired: `m.item IN (SELECT b.item FROM stock_lots l JOIN stock_balances b ON b.lot = l.id
			WHERE l.expiry <> 0 AND l.expiry < $1 AND b.free > 0)`,
	inventory.Expiring: `m.item IN (SELECT b.item FROM stock_lots l JOIN stock_balances b ON b.lot = l.id
			WHERE l.expiry <> 0 AND l.expiry >= $1 AND l.expiry <= $1 + ` + strconv.Itoa(inventory.ExpiringDays) + ` AND b.free > 0)`,
}

// matching is the condition of what was typed and chosen: $2 is a pattern, $3 a GTIN, $4 a supplier.
const matching = `
			AND ($2 = '' OR m.item IN (SELECT i.id FROM stock_items i
				WHERE i.name LIKE $2 ESCAPE '\' OR i.id LIKE $2 ESCAPE '\' OR ($3 <> '' AND i.gtin = $3)))
			AND ($4 = '' OR m.item IN (SELECT i.id FROM stock_items i WHERE i.supplier = $4))`

// fitting is the condition of a query, with what stands for $1 to $4 in it.
func fitting(ask inventory.Query) (where string, values []any) {
	where, known := chosen[ask.Filter]
	if !known {
		where = chosen[inventory.AllItems]
	}
	pattern, gtin := "", ""
	if ask.Text != "" {
		pattern, gtin = "%"+likeEscaper.Replace(ask.Text)+"%", asGTIN(ask.Text)
	}
	return where + matching, []any{ask.Today, pattern, gtin, ask.Supplier}
}

// Lines is inventory.Reader. An item is low where the desk last saw one of its
// places at or under its reorder point.
func (s Stock) Lines(ctx context.Context, ask inventory.Query) ([]inventory.Line, int, error) {
	where, values := fitting(ask)
	count := `
		SELECT COUNT(*)
		FROM stock_summaries m
		WHERE ` + where
	var total int
	if err := s.QueryRow(ctx, count, values...).Scan(&total); err != nil {
		return nil, 0, err
	}
	// The bare LIMIT tells the planner how short the page is, so that it begins with it.
	page := `
		WITH page AS MATERIALIZED (
			SELECT m.item
			FROM stock_summaries m
			WHERE ` + where + `
			ORDER BY m.rank, m.name, m.item
			LIMIT $5 OFFSET $6)
		SELECT` + lineColumns + `
		FROM page
		JOIN stock_items i ON i.id = page.item
		JOIN stock_summaries m ON m.item = page.item
		ORDER BY m.rank, m.name, m.item`
	rows, err := s.Query(ctx, page, append(values, inventory.PageSize, ask.Offset)...)
	lines, err := collect(rows, err, lineInto)
	return lines, total, err
}

// lineColumns sum the item i with its summary m up over all its places; $1 is today.
const lineColumns = `
			i.id, i.name, i.unit, i.pack, COALESCE(i.supplier, ''), i.storage, i.criticality, m.low, m.days_left,
			(SELECT COALESCE(SUM(b.free + b.held), 0) FROM stock_balances b WHERE b.item = i.id),
			(SELECT COALESCE(SUM(b.held), 0) FROM stock_balances b WHERE b.item = i.id),
			(SELECT COALESCE(SUM(b.free), 0) FROM stock_balances b JOIN stock_lots l ON l.id = b.lot
				WHERE b.item = i.id AND l.expiry <> 0 AND l.expiry < $1),
			(SELECT COALESCE(MIN(l.expiry), 0) FROM stock_balances b JOIN stock_lots l ON l.id = b.lot
				WHERE b.item = i.id AND b.free > 0 AND l.expiry >= $1),
			(SELECT COALESCE(SUM(o.ordered - o.received - o.cancelled), 0) FROM order_lines o
				WHERE o.item = i.id AND o.received + o.cancelled < o.ordered),
			(SELECT COALESCE(SUM(r.quantity), 0) FROM proposals r WHERE r.item = i.id AND r.status IN ('waiting', 'half approved')),
			(SELECT COALESCE(SUM(o.reorder), 0) FROM stock_outlooks o WHERE o.item = i.id AND o.` + isOrdered + `),
			(SELECT COUNT(*) FROM stock_outlooks o WHERE o.item = i.id AND o.` + isOrdered + `)`

func lineInto(l *inventory.Line) []any {
	return []any{&l.Item.ID, &l.Item.Name, &l.Item.Unit, &l.Item.Pack, &l.Item.Supplier, &l.Item.Storage, &l.Item.Criticality,
		&l.Low, &l.DaysLeft, &l.OnHand, &l.Held, &l.Expired, &l.NextDay, &l.OnOrder, &l.Proposed, &l.Reorder, &l.OrderedAt}
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// asGTIN is a number as a GTIN of 14 digits; empty when it is none.
func asGTIN(number string) string {
	gtin, err := gs1.GTIN14(number)
	if err != nil {
		return ""
	}
	return gtin
}

// Tally is inventory.Reader.
func (s Stock) Tally(ctx context.Context, today inventory.Date) (t inventory.Tally, err error) {
	const q = `
		SELECT
			(SELECT COUNT(*) FROM stock_summaries WHERE low = 1 AND rank < 1000000),
			(SELECT COUNT(DISTINCT b.item) FROM stock_balances b JOIN stock_lots l ON l.id = b.lot
				WHERE b.free > 0 AND l.expiry >= $1 AND l.expiry <= $2),
			(SELECT COUNT(*) FROM stock_holds WHERE decision = '')`
	err = s.QueryRow(ctx, q, today, today+inventory.ExpiringDays).Scan(&t.Low, &t.Expiring, &t.Held)
	return t, err
}

// Balances is inventory.Reader.
func (s Stock) Balances(ctx context.Context, item inventory.ItemID) ([]inventory.Balance, error) {
	const q = `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held
		FROM stock_balances b
		JOIN stock_lots l ON l.id = b.lot
		WHERE b.item = $1 AND (b.free > 0 OR b.held > 0)
		ORDER BY CASE WHEN l.expiry = 0 THEN 1 ELSE 0 END, l.expiry, b.lot, b.place`
	rows, err := s.Query(ctx, q, item)
	return balances(rows, err)
}

// InFridge is inventory.Reader.
func (s Stock) InFridge(ctx context.Context, fridges ...coldchain.FridgeID) ([]inventory.Content, error) {
	const q = `
		SELECT b.lot, b.item, l.number, l.expiry, b.place, b.free, b.held, i.name, i.unit, i.storage, i.stability, p.name
		FROM stock_balances b
		JOIN stock_places p ON p.id = b.place
		JOIN stock_lots l ON l.id = b.lot
		JOIN stock_items i ON i.id = b.item
		WHERE p.fridge IN (SELECT value FROM json_each($1)) AND (b.free > 0 OR b.held > 0)
		ORDER BY i.name, l.expiry, b.lot`
	asked, err := json.Marshal(fridges)
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(ctx, q, string(asked))
	var stabilities []*jsonText
	contents, err := collect(rows, err, func(c *inventory.Content) []any {
		text := &jsonText{}
		stabilities = append(stabilities, text)
		return []any{&c.Lot.ID, &c.Lot.Item, &c.Lot.Number, &c.Lot.Expiry, &c.Place, &c.Free, &c.Held,
			&c.Item.Name, &c.Item.Unit, &c.Item.Storage, text, &c.PlaceName}
	})
	for i := range contents {
		contents[i].Item.ID = contents[i].Lot.Item
		if err := json.Unmarshal(stabilities[i].raw, &contents[i].Item.Stability); err != nil {
			return nil, err
		}
	}
	return contents, err
}

// jsonText is a column that holds JSON.
type jsonText struct{ raw []byte }

// Scan is sql.Scanner.
func (j *jsonText) Scan(from any) error {
	if text, ok := from.(string); ok {
		j.raw = []byte(text)
	}
	return nil
}

// Movements is inventory.Reader.
func (s Stock) Movements(ctx context.Context, item inventory.ItemID, before int64, limit int) ([]inventory.Movement, error) {
	const q = `
		SELECT seq, at, day, kind, item, lot, place, free, held, actor, actor_name, why, source, ref, other
		FROM stock_movements
		WHERE item = $1 AND ($2 = 0 OR seq < $2)
		ORDER BY seq DESC
		LIMIT 0 + $3`
	rows, err := s.Query(ctx, q, item, before, limit)
	return movements(rows, err)
}

func movements(rows *sql.Rows, err error) ([]inventory.Movement, error) {
	return scanAll(rows, err, func(row scanner) (m inventory.Movement, err error) {
		var at int64
		err = row.Scan(&m.Seq, &at, &m.Day, &m.Kind, &m.Item, &m.Lot, &m.Place, &m.Free, &m.Held,
			&m.By, &m.ByName, &m.Why, &m.Source, &m.Ref, &m.Other)
		m.At = fromMS(at)
		return m, err
	})
}

// UseByDay is inventory.Reader.
func (s Stock) UseByDay(ctx context.Context, item inventory.ItemID, since inventory.Date) (map[inventory.Date]int64, error) {
	const q = `
		SELECT day, SUM(quantity)
		FROM stock_use
		WHERE item = $1 AND day >= $2
		GROUP BY day`
	type dayUse struct {
		day inventory.Date
		n   int64
	}
	rows, err := s.Query(ctx, q, item, since)
	days, err := collect(rows, err, func(d *dayUse) []any { return []any{&d.day, &d.n} })
	use := make(map[inventory.Date]int64, len(days))
	for _, d := range days {
		use[d.day] = d.n
	}
	return use, err
}

// HeldLots is inventory.Reader.
func (s Stock) HeldLots(ctx context.Context, fridge coldchain.FridgeID) ([]inventory.HeldLot, error) {
	const q = `
		SELECT h.id, h.excursion, h.fridge, h.item, h.lot, h.place, h.quantity, h.placed_at, h.withdrawn,
			COALESCE((SELECT f.name FROM fridges f WHERE f.id = h.fridge), h.fridge), i.name, i.unit, i.storage, i.stability, l.number, l.expiry, p.name, COALESCE(b.held, 0),
			COALESCE((SELECT r.by_name FROM hold_releases r WHERE r.hold = h.id), '')
		FROM stock_holds h
		JOIN stock_items i ON i.id = h.item
		JOIN stock_lots l ON l.id = h.lot
		JOIN stock_places p ON p.id = h.place
		LEFT JOIN stock_balances b ON b.lot = h.lot AND b.place = h.place
		WHERE h.decision = '' AND ($1 = '' OR h.fridge = $1)
		ORDER BY h.placed_at, h.id`
	rows, err := s.Query(ctx, q, fridge)
	held, err := scanAll(rows, err, scanHeldLot)
	if err != nil {
		return nil, err
	}
	return held, s.expose(ctx, held)
}

func scanHeldLot(row scanner) (h inventory.HeldLot, err error) {
	var placed int64
	var stability string
	if err := row.Scan(&h.ID, &h.Excursion, &h.Fridge, &h.Item, &h.Lot, &h.Place, &h.Quantity, &placed, &h.Withdrawn,
		&h.FridgeName, &h.ItemName, &h.Unit, &h.Storage, &stability, &h.LotNumber, &h.Expiry, &h.PlaceName, &h.Waiting, &h.First); err != nil {
		return h, err
	}
	h.PlacedAt = fromMS(placed)
	return h, json.Unmarshal([]byte(stability), &h.Stability)
}

// expose tells each held lot what it went through.
func (s Stock) expose(ctx context.Context, held []inventory.HeldLot) error {
	lots := make([]inventory.LotID, len(held))
	for i := range held {
		lots[i] = held[i].Lot
	}
	exposures, err := s.exposures(ctx, lots)
	for i := range held {
		held[i].Exposures = exposures[held[i].Lot]
	}
	return err
}

// exposures are what these lots went through, by lot.
func (s Stock) exposures(ctx context.Context, lots []inventory.LotID) (map[inventory.LotID][]inventory.Exposure, error) {
	const q = `
		SELECT lot, excursion, minutes, peak
		FROM stock_exposures
		WHERE lot IN (SELECT value FROM json_each($1))
		ORDER BY lot, excursion`
	asked, err := json.Marshal(lots)
	if err != nil {
		return nil, err
	}
	type exposed struct {
		lot inventory.LotID
		inventory.Exposure
	}
	rows, err := s.Query(ctx, q, string(asked))
	all, err := collect(rows, err, func(e *exposed) []any { return []any{&e.lot, &e.Excursion, &e.Minutes, &e.Peak} })
	exposures := map[inventory.LotID][]inventory.Exposure{}
	for _, e := range all {
		exposures[e.lot] = append(exposures[e.lot], e.Exposure)
	}
	return exposures, err
}

// HoldsOf is inventory.Reader.
func (s Stock) HoldsOf(ctx context.Context, excursion coldchain.ExcursionID) ([]inventory.HeldLot, error) {
	const q = `
		SELECT h.id, h.excursion, h.fridge, h.item, h.lot, h.place, h.quantity, h.placed_at, h.withdrawn, h.decision, h.decided_at, h.decided_by, h.why,
			i.name, i.unit, l.number, l.expiry, p.name, i.stability, COALESCE((SELECT r.by_name FROM hold_releases r WHERE r.hold = h.id), ''),
			COALESCE((SELECT b.held FROM stock_balances b WHERE b.lot = h.lot AND b.place = h.place), 0)
		FROM stock_holds h
		JOIN stock_items i ON i.id = h.item
		JOIN stock_lots l ON l.id = h.lot
		JOIN stock_places p ON p.id = h.place
		WHERE h.excursion = $1
		ORDER BY i.name, l.number, h.id`
	rows, err := s.Query(ctx, q, excursion)
	held, err := scanAll(rows, err, func(row scanner) (h inventory.HeldLot, err error) {
		var placed int64
		var stability string
		var decided sql.NullInt64
		err = row.Scan(&h.ID, &h.Excursion, &h.Fridge, &h.Item, &h.Lot, &h.Place, &h.Quantity, &placed, &h.Withdrawn, &h.Decision, &decided, &h.DecidedBy, &h.Why,
			&h.ItemName, &h.Unit, &h.LotNumber, &h.Expiry, &h.PlaceName, &stability, &h.First, &h.Waiting)
		h.PlacedAt, h.DecidedAt = fromMS(placed), fromNullMS(decided)
		if err == nil {
			err = json.Unmarshal([]byte(stability), &h.Stability)
		}
		return h, err
	})
	if err != nil {
		return nil, err
	}
	return held, s.expose(ctx, held)
}

// Outlooks is inventory.Reader.
func (s Stock) Outlooks(ctx context.Context, item inventory.ItemID) ([]inventory.Outlook, error) {
	const q = `
		SELECT item, place, usable, position, reorder, target, per_day, days_left, basis, evidence
		FROM stock_outlooks
		WHERE item = $1
		ORDER BY place`
	rows, err := s.Query(ctx, q, item)
	return collect(rows, err, func(o *inventory.Outlook) []any {
		return []any{&o.Item, &o.Place, &o.Usable, &o.Position, &o.Reorder, &o.Target, &o.PerDay, &o.DaysLeft, &o.Basis, &o.Evidence}
	})
}
