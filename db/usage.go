package db

import (
	"context"
	"encoding/json"
	"slices"

	"wardwatch/inventory"
)

// Usage is inventory.UsageReader. Use is read from its days, waste by the index of
// what was lost: neither looks at every movement.
func (s Storeroom) Usage(ctx context.Context, from, to inventory.Date, currency string, top int) (u inventory.Usage, err error) {
	u.From, u.To = from, to
	if u.Currencies, err = s.currencies(ctx); err != nil {
		return u, err
	}
	if len(u.Currencies) > 0 {
		u.Currency = u.Currencies[0]
	}
	if slices.Contains(u.Currencies, currency) {
		u.Currency = currency
	}
	only := ""
	if len(u.Currencies) > 1 {
		only = u.Currency
	}
	for _, read := range []func(context.Context, *inventory.Usage, string, int) error{s.usageMonths, s.usageTops, s.usageWorth} {
		if err := read(ctx, &u, only, top); err != nil {
			return u, err
		}
	}
	return u, nil
}

// currencies are those that items cost something in, the commonest first.
func (s Storeroom) currencies(ctx context.Context) ([]string, error) {
	const q = `
		SELECT s.currency
		FROM stock_items i
		JOIN suppliers s ON s.id = i.supplier
		WHERE i.price_minor > 0
		GROUP BY s.currency
		ORDER BY COUNT(*) DESC, s.currency`
	rows, err := s.Query(ctx, q)
	return collect(rows, err, func(c *string) []any { return []any{c} })
}

// inCurrency holds for items i that cost in one currency; empty: for all. Amounts in
// two currencies are never added.
const inCurrency = `($3 = '' OR (SELECT c.currency FROM suppliers c WHERE c.id = i.supplier) = $3)`

// usageMonths sums use, waste and what counts found, month by month.
func (s Storeroom) usageMonths(ctx context.Context, u *inventory.Usage, currency string, _ int) error {
	const q = `
		WITH used AS (
				SELECT item, day, SUM(quantity) AS n FROM stock_use WHERE day BETWEEN $1 AND $2 GROUP BY item, day),
			lost AS (
				SELECT item, day, SUM(CASE WHEN kind = 'discard' THEN -(free + held) ELSE 0 END) AS wasted,
					SUM(CASE WHEN kind <> 'discard' THEN -(free + held) ELSE 0 END) AS missing
				FROM stock_movements
				WHERE kind IN ('discard', 'count', 'adjust') AND day BETWEEN $1 AND $2
				GROUP BY item, day),
			both_of AS (
				SELECT item, day, n, 0 AS wasted, 0 AS missing FROM used
				UNION ALL
				SELECT item, day, 0, wasted, missing FROM lost)
		SELECT strftime('%Y-%m', a.day * 86400, 'unixepoch') AS month,
			CAST(SUM(CAST(a.n AS REAL) * i.price_minor / i.pack) AS INTEGER),
			CAST(SUM(CAST(a.wasted AS REAL) * i.price_minor / i.pack) AS INTEGER),
			CAST(SUM(CAST(a.missing AS REAL) * i.price_minor / i.pack) AS INTEGER)
		FROM both_of a
		JOIN stock_items i ON i.id = a.item
		WHERE ` + inCurrency + `
		GROUP BY month
		ORDER BY month`
	rows, err := s.Query(ctx, q, u.From, u.To, currency)
	u.Months, err = collect(rows, err, func(m *inventory.MonthSum) []any { return []any{&m.Month, &m.Used, &m.Wasted, &m.Lost} })
	return err
}

// usageTops are the items and reasons that make the most of it.
func (s Storeroom) usageTops(ctx context.Context, u *inventory.Usage, currency string, top int) error {
	const used = `
		WITH sums AS (SELECT item, SUM(quantity) AS n FROM stock_use WHERE day BETWEEN $1 AND $2 GROUP BY item)
		SELECT i.id, i.name, i.unit, a.n, a.n * i.price_minor / i.pack AS minor
		FROM sums a
		JOIN stock_items i ON i.id = a.item
		WHERE ` + inCurrency + `
		ORDER BY minor DESC, a.n DESC, i.id
		LIMIT 0 + $4`
	const wasted = `
		WITH sums AS (
			SELECT item, -SUM(free + held) AS n
			FROM stock_movements
			WHERE kind IN ('discard', 'count', 'adjust') AND kind = 'discard' AND day BETWEEN $1 AND $2
			GROUP BY item)
		SELECT i.id, i.name, i.unit, a.n, a.n * i.price_minor / i.pack AS minor
		FROM sums a
		JOIN stock_items i ON i.id = a.item
		WHERE ` + inCurrency + `
		ORDER BY minor DESC, a.n DESC, i.id
		LIMIT 0 + $4`
	for q, into := range map[string]*[]inventory.TopItem{used: &u.Used, wasted: &u.Wasted} {
		rows, err := s.Query(ctx, q, u.From, u.To, currency, top)
		if *into, err = collect(rows, err, func(t *inventory.TopItem) []any {
			return []any{&t.Item.ID, &t.Item.Name, &t.Item.Unit, &t.Quantity, &t.Minor}
		}); err != nil {
			return err
		}
	}
	const reasons = `
		SELECT m.why, COUNT(*), CAST(SUM(CAST(-(m.free + m.held) AS REAL) * i.price_minor / i.pack) AS INTEGER) AS minor
		FROM stock_movements m
		JOIN stock_items i ON i.id = m.item
		WHERE m.kind IN ('discard', 'count', 'adjust') AND m.kind = 'discard' AND m.day BETWEEN $1 AND $2 AND ` + inCurrency + `
		GROUP BY m.why
		ORDER BY minor DESC, m.why
		LIMIT 0 + $4`
	rows, err := s.Query(ctx, reasons, u.From, u.To, currency, top)
	u.Reasons, err = collect(rows, err, func(r *inventory.TopReason) []any { return []any{&r.Why, &r.Times, &r.Minor} })
	return err
}

// usageWorth is what lies on the shelves, and on how many days some were empty.
func (s Storeroom) usageWorth(ctx context.Context, u *inventory.Usage, currency string, _ int) error {
	const worth = `
		SELECT CAST(COALESCE(SUM(CASE WHEN c.item IS NULL THEN CAST(b.free + b.held AS REAL) * i.price_minor / i.pack END), 0) AS INTEGER),
			CAST(COALESCE(SUM(CASE WHEN c.item IS NOT NULL THEN CAST(b.free + b.held AS REAL) * i.price_minor / i.pack END), 0) AS INTEGER)
		FROM stock_balances b
		JOIN stock_items i ON i.id = b.item
		LEFT JOIN stock_consignments c ON c.item = b.item AND c.place = b.place
		WHERE b.free + b.held > 0 AND ($1 = '' OR (SELECT s.currency FROM suppliers s WHERE s.id = i.supplier) = $1)`
	if err := s.QueryRow(ctx, worth, currency).Scan(&u.OnHand, &u.Consigned); err != nil {
		return err
	}
	const expired = `
		SELECT CAST(COALESCE(SUM(CAST(b.free AS REAL) * i.price_minor / i.pack), 0) AS INTEGER)
		FROM stock_lots l
		JOIN stock_balances b ON b.lot = l.id
		JOIN stock_items i ON i.id = b.item
		WHERE l.expiry <> 0 AND l.expiry < $1 AND b.free > 0 AND ($2 = '' OR (SELECT s.currency FROM suppliers s WHERE s.id = i.supplier) = $2)`
	if err := s.QueryRow(ctx, expired, u.To, currency).Scan(&u.Expired); err != nil {
		return err
	}
	const empty = `
		SELECT COALESCE(SUM(min(CASE WHEN until = 0 THEN $2 ELSE until END, $2) - max(since, $1) + 1), 0)
		FROM stock_empty
		WHERE since <= $2 AND (until = 0 OR until >= $1)`
	return s.QueryRow(ctx, empty, u.From, u.To).Scan(&u.EmptyDays)
}

// ExpiringSoon is inventory.UsageReader. It may be thousands of lots, and asks of each
// only what its waste is reckoned from.
func (s Storeroom) ExpiringSoon(ctx context.Context, today, by inventory.Date) ([]inventory.Perishing, error) {
	currencies, err := s.currencyOf(ctx)
	if err != nil {
		return nil, err
	}
	const q = `
		SELECT b.lot, b.item, l.expiry, b.place, b.free, COALESCE(o.per_day, 0), i.price_minor, i.pack, COALESCE(i.supplier, '')
		FROM stock_lots l
		JOIN stock_balances b ON b.lot = l.id
		JOIN stock_items i ON i.id = b.item
		LEFT JOIN stock_outlooks o ON o.item = b.item AND o.place = b.place
		WHERE l.expiry <> 0 AND l.expiry >= $1 AND l.expiry <= $2 AND b.free > 0`
	rows, err := s.Query(ctx, q, today, by)
	all, err := collect(rows, err, func(e *inventory.Perishing) []any {
		return []any{&e.Lot.ID, &e.Lot.Item, &e.Lot.Expiry, &e.Place, &e.Free, &e.PerDay, &e.Price, &e.Pack, &e.Currency}
	})
	for i := range all {
		all[i].Currency = currencies[all[i].Currency] // as read it was the supplier
	}
	return all, err
}

// currencyOf is what each supplier is paid in.
func (s Storeroom) currencyOf(ctx context.Context) (map[string]string, error) {
	rows, err := s.Query(ctx, `SELECT id, currency FROM suppliers`)
	pairs, err := collect(rows, err, func(p *[2]string) []any { return []any{&p[0], &p[1]} })
	currencies := make(map[string]string, len(pairs))
	for _, p := range pairs {
		currencies[p[0]] = p[1]
	}
	return currencies, err
}

// NameExpiring is inventory.UsageReader.
func (s Storeroom) NameExpiring(ctx context.Context, lots []inventory.Perishing) error {
	const q = `
		SELECT e.key, l.number, b.held, i.name, i.unit, p.name
		FROM json_each($1) e
		JOIN stock_balances b ON b.lot = json_extract(e.value, '$[0]') AND b.place = json_extract(e.value, '$[1]')
		JOIN stock_lots l ON l.id = b.lot
		JOIN stock_items i ON i.id = b.item
		JOIN stock_places p ON p.id = b.place`
	asked := make([][2]string, len(lots))
	for i, e := range lots {
		asked[i] = [2]string{string(e.Lot.ID), string(e.Place)}
	}
	list, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	rows, err := s.Query(ctx, q, string(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var e inventory.Perishing
		if err := rows.Scan(&i, &e.Lot.Number, &e.Held, &e.ItemName, &e.Unit, &e.PlaceName); err != nil {
			return err
		}
		to := &lots[i]
		to.Lot.Number, to.Held, to.ItemName, to.Unit, to.PlaceName = e.Lot.Number, e.Held, e.ItemName, e.Unit, e.PlaceName
	}
	return rows.Err()
}
