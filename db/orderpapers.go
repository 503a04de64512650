package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// AddSaid is reorder.Tx.
func (tx ordersTx) AddSaid(ctx context.Context, number string, s reorder.Said) error {
	const q = `
		INSERT INTO order_answers (number, line, kind, reference, before, quantity, expected, old_price, price_minor, why, at, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	_, err := tx.Exec(ctx, q, number, s.Line, s.Kind, s.Reference, s.Before, s.Quantity, s.Expected, s.OldPrice, s.Price, s.Why, ms(s.At), s.ByName)
	return err
}

// SaidOf is reorder.Reader.
func (o Orders) SaidOf(ctx context.Context, number string) ([]reorder.Said, error) {
	const q = `
		SELECT a.line, i.name, a.kind, a.reference, a.before, a.quantity, a.expected, a.old_price, a.price_minor, a.why, a.at, a.by_name
		FROM order_answers a
		JOIN order_lines l ON l.id = a.line
		JOIN stock_items i ON i.id = l.item
		WHERE a.number = $1
		ORDER BY a.id DESC`
	rows, err := o.Query(ctx, q, number)
	return scanAll(rows, err, func(row scanner) (s reorder.Said, err error) {
		var at int64
		err = row.Scan(&s.Line, &s.Item, &s.Kind, &s.Reference, &s.Before, &s.Quantity, &s.Expected, &s.OldPrice, &s.Price, &s.Why, &at, &s.ByName)
		s.At = fromMS(at)
		return s, err
	})
}

// AddSentBack is reorder.Tx.
func (tx ordersTx) AddSentBack(ctx context.Context, s reorder.SentBack) error {
	const q = `
		INSERT INTO order_returns (number, line, lot, place, quantity, replaced, why, at, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	_, err := tx.Exec(ctx, q, s.Number, s.Line, s.Lot, s.Place, s.Quantity, s.Replaced, s.Why, ms(s.At), s.ByName)
	return err
}

// SentBackOf is reorder.Reader.
func (o Orders) SentBackOf(ctx context.Context, number string) ([]reorder.SentBack, error) {
	const q = `
		SELECT r.number, r.line, r.lot, t.number, i.name, r.place, r.quantity, r.replaced, r.why, r.at, r.by_name
		FROM order_returns r
		JOIN stock_lots t ON t.id = r.lot
		JOIN order_lines l ON l.id = r.line
		JOIN stock_items i ON i.id = l.item
		WHERE r.number = $1
		ORDER BY r.id DESC`
	rows, err := o.Query(ctx, q, number)
	return scanAll(rows, err, func(row scanner) (s reorder.SentBack, err error) {
		var at int64
		err = row.Scan(&s.Number, &s.Line, &s.Lot, &s.LotName, &s.Item, &s.Place, &s.Quantity, &s.Replaced, &s.Why, &at, &s.ByName)
		s.At = fromMS(at)
		return s, err
	})
}

// LotsOf is reorder.Reader: what lies free of the items of an order, where she may see it.
func (o Orders) LotsOf(ctx context.Context, number string) ([]inventory.Balance, error) {
	const q = `
		SELECT b.lot, b.item, t.number, t.expiry, b.place, b.free, b.held
		FROM stock_balances b
		JOIN stock_lots t ON t.id = b.lot
		WHERE b.free > 0 AND b.item IN (SELECT item FROM order_lines WHERE number = $1)
		ORDER BY b.item, t.expiry, b.lot, b.place
		LIMIT 500`
	rows, err := o.Query(ctx, q, number)
	return collect(rows, err, func(b *inventory.Balance) []any {
		return []any{&b.Lot.ID, &b.Lot.Item, &b.Lot.Number, &b.Lot.Expiry, &b.Place, &b.Free, &b.Held}
	})
}

// Charged is reorder.Tx: packs of each line that invoices charge, without those that are disputed.
func (tx ordersTx) Charged(ctx context.Context, number string) (map[int64]int64, error) {
	return charged(ctx, tx, number, 0)
}

func charged(ctx context.Context, from asker, number string, but reorder.InvoiceID) (map[int64]int64, error) {
	const q = `
		SELECT il.line, SUM(il.packs)
		FROM invoice_lines il
		JOIN invoices v ON v.id = il.invoice
		WHERE v.number = $1 AND v.status <> 'disputed' AND v.id <> $2
		GROUP BY il.line`
	rows, err := from.Query(ctx, q, number, but)
	all, err := collect(rows, err, func(pair *[2]int64) []any { return []any{&pair[0], &pair[1]} })
	packs := map[int64]int64{}
	for _, pair := range all {
		packs[pair[0]] = pair[1]
	}
	return packs, err
}

// ChargedBeside is reorder.Reader.
func (o Orders) ChargedBeside(ctx context.Context, number string, but reorder.InvoiceID) (map[int64]int64, error) {
	return charged(ctx, o, number, but)
}

// AddInvoice is reorder.Tx.
func (tx ordersTx) AddInvoice(ctx context.Context, v reorder.Invoice) (id reorder.InvoiceID, err error) {
	const q = `
		INSERT INTO invoices (supplier, invoice, number, day, total_minor, status, entered_at, entered_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (supplier, invoice) DO NOTHING
		RETURNING id`
	err = tx.QueryRow(ctx, q, v.Supplier.ID, v.Invoice, v.Number, v.Day, v.Total, v.Status, ms(v.EnteredAt), v.EnteredName).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, hospital.Refuse(hospital.ErrStale, fmt.Sprintf("Invoice %s of this supplier has been entered already.", v.Invoice))
	}
	const line = `
		INSERT INTO invoice_lines (invoice, line, packs, price_minor)
		VALUES ($1, $2, $3, $4)`
	for _, l := range v.Lines {
		if err != nil {
			break
		}
		_, err = tx.Exec(ctx, line, id, l.Line, l.Packs, l.Price)
	}
	tx.Announce("order/" + v.Number)
	return id, err
}

// EndInvoice is reorder.Tx.
func (tx ordersTx) EndInvoice(ctx context.Context, id reorder.InvoiceID, status reorder.InvoiceStatus, name, why string) (v reorder.Invoice, err error) {
	const q = `
		UPDATE invoices
		SET status = $1, decided_at = $2, decided_name = $3, why = $4
		WHERE id = $5 AND status = 'waiting'
		RETURNING invoice, number`
	err = tx.QueryRow(ctx, q, status, ms(tx.Now()), name, why, id).Scan(&v.Invoice, &v.Number)
	tx.Announce("order/" + v.Number)
	return found(v, err)(reorder.ErrUnknownInvoice, fmt.Sprint(id))
}

const selectInvoice = `
		SELECT v.id, v.supplier, s.name, s.currency, v.invoice, v.number, v.day, v.total_minor, v.status, v.entered_at, v.entered_name, v.decided_at, v.decided_name, v.why
		FROM invoices v
		JOIN suppliers s ON s.id = v.supplier
		JOIN purchase_orders o ON o.number = v.number`

// InvoicesOf is reorder.Reader.
func (o Orders) InvoicesOf(ctx context.Context, number string) ([]reorder.Invoice, error) {
	const q = selectInvoice + `
		WHERE v.number = $1
		ORDER BY v.id DESC`
	rows, err := o.Query(ctx, q, number)
	return o.invoices(ctx, rows, err)
}

// Invoices is reorder.Reader.
func (o Orders) Invoices(ctx context.Context, status reorder.InvoiceStatus, limit int) ([]reorder.Invoice, error) {
	const q = selectInvoice + `
		WHERE $1 = '' OR v.status = $1
		ORDER BY v.id DESC
		LIMIT 0 + $2`
	rows, err := o.Query(ctx, q, status, limit)
	return o.invoices(ctx, rows, err)
}

func (o Orders) invoices(ctx context.Context, rows *sql.Rows, err error) ([]reorder.Invoice, error) {
	all, err := scanAll(rows, err, func(row scanner) (v reorder.Invoice, err error) {
		var entered int64
		var decided sql.NullInt64
		err = row.Scan(&v.ID, &v.Supplier.ID, &v.Supplier.Name, &v.Supplier.Currency, &v.Invoice, &v.Number, &v.Day, &v.Total, &v.Status,
			&entered, &v.EnteredName, &decided, &v.DecidedName, &v.Why)
		v.EnteredAt, v.DecidedAt = fromMS(entered), fromNullMS(decided)
		return v, err
	})
	const q = `
		SELECT line, packs, price_minor
		FROM invoice_lines
		WHERE invoice = $1
		ORDER BY line`
	for i := range all {
		if err != nil {
			break
		}
		rows, asked := o.Query(ctx, q, all[i].ID)
		all[i].Lines, err = collect(rows, asked, func(l *reorder.InvoiceLine) []any { return []any{&l.Line, &l.Packs, &l.Price} })
	}
	return all, err
}

// Late is reorder.Reader: orders with their lines, those that wait longest first.
func (o Orders) Late(ctx context.Context, today inventory.Date) ([]reorder.Order, error) {
	const q = selectOrder + late + `
		ORDER BY o.expected, o.number
		LIMIT 500`
	rows, err := o.Query(ctx, q, today)
	return o.withLines(ctx, rows, err)
}

// CountLate is reorder.Reader.
func (o Orders) CountLate(ctx context.Context, today inventory.Date) (n int, err error) {
	const q = `
		SELECT COUNT(*)
		FROM purchase_orders o` + late
	return n, o.QueryRow(ctx, q, today).Scan(&n)
}

// late is the condition of orders o of which something should have come before the day $1.
const late = `
		WHERE o.status IN ('sent', 'part received')
			AND EXISTS (SELECT 1 FROM order_lines l WHERE l.number = o.number AND l.received + l.cancelled < l.ordered
				AND COALESCE(NULLIF(l.expected, 0), o.expected) < $1)`

// Performances is reorder.Reader.
func (o Orders) Performances(ctx context.Context, since, today inventory.Date) ([]reorder.Performance, error) {
	const q = `
		WITH d AS (SELECT supplier, COUNT(*) AS n, SUM(arrived_day <= expected) AS ontime, AVG(arrived_day - sent_day) AS mean, MAX(arrived_day - sent_day) AS most
				FROM deliveries WHERE arrived_day >= $1 AND number IN (SELECT number FROM purchase_orders) GROUP BY supplier),
			l AS (SELECT o.supplier, COUNT(DISTINCT o.number) AS orders, SUM(CASE WHEN o.status = 'closed' THEN l.ordered ELSE 0 END) AS ordered,
				SUM(CASE WHEN o.status = 'closed' THEN min(l.received, l.ordered) ELSE 0 END) AS came, SUM(l.returned) AS returned,
				COUNT(DISTINCT CASE WHEN o.status IN ('sent', 'part received') AND l.received + l.cancelled < l.ordered
					AND COALESCE(NULLIF(l.expected, 0), o.expected) < $2 THEN o.number END) AS late
				FROM purchase_orders o JOIN order_lines l ON l.number = o.number
				WHERE o.sent_at >= $1 * 86400000 GROUP BY o.supplier),
			v AS (SELECT supplier, COUNT(*) AS n, SUM(status <> 'matched') AS wrong FROM invoices WHERE day >= $1 GROUP BY supplier),
			t AS (SELECT o.supplier, COUNT(*) AS n, SUM(x.outcome <> 'sent') AS failed FROM order_sendings x JOIN purchase_orders o ON o.number = x.number
				WHERE x.at >= $1 * 86400000 GROUP BY o.supplier)
		SELECT s.id, s.name, s.currency, s.lead_days, COALESCE(l.orders, 0), COALESCE(d.n, 0), COALESCE(d.ontime, 0), COALESCE(d.mean, 0), COALESCE(d.most, 0),
			COALESCE(l.ordered, 0), COALESCE(l.came, 0), COALESCE(l.returned, 0), COALESCE(l.late, 0), COALESCE(v.n, 0), COALESCE(v.wrong, 0), COALESCE(t.n, 0), COALESCE(t.failed, 0)
		FROM suppliers s
		LEFT JOIN d ON d.supplier = s.id
		LEFT JOIN l ON l.supplier = s.id
		LEFT JOIN v ON v.supplier = s.id
		LEFT JOIN t ON t.supplier = s.id
		ORDER BY s.name, s.id`
	rows, err := o.Query(ctx, q, since, today)
	return collect(rows, err, func(p *reorder.Performance) []any {
		return []any{&p.Supplier.ID, &p.Supplier.Name, &p.Supplier.Currency, &p.Supplier.LeadDays, &p.Orders, &p.Deliveries, &p.OnTime, &p.MeanDays, &p.MostDays,
			&p.Ordered, &p.Came, &p.Returned, &p.LateNow, &p.Invoices, &p.Mismatched, &p.Sendings, &p.Failed}
	})
}
