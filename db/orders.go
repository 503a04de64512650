package db

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// Orders keeps proposals, orders and the mail that carries them; it is reorder.Store.
type Orders struct{ *DB }

var _ reorder.Store = Orders{}

// InTx is DB.InTx with the transaction that the reorder desk needs.
func (o Orders) InTx(ctx context.Context, change func(reorder.Tx) error) error {
	return o.DB.InTx(ctx, func(tx *Tx) error { return change(ordersTx{stockTx{tx}}) })
}

// ordersTx is reorder.Tx.
type ordersTx struct{ stockTx }

func (tx ordersTx) MarkDue(ctx context.Context, spots []reorder.Spot) error {
	const q = `
		INSERT INTO stock_due (item, place)
		VALUES ($1, $2)
		ON CONFLICT (item, place) DO NOTHING`
	for _, spot := range spots {
		if _, err := tx.Exec(ctx, q, spot.Item, spot.Place); err != nil {
			return err
		}
	}
	return nil
}

func (tx ordersTx) TakeDue(ctx context.Context, limit int) ([]reorder.Spot, error) {
	const q = `
		DELETE FROM stock_due
		WHERE (item, place) IN (SELECT item, place FROM stock_due ORDER BY item, place LIMIT 0 + $1)
		RETURNING item, place`
	rows, err := tx.Query(ctx, q, limit)
	return collect(rows, err, func(s *reorder.Spot) []any { return []any{&s.Item, &s.Place} })
}

func (tx ordersTx) Situation(ctx context.Context, spot reorder.Spot, since inventory.Date) (s reorder.Situation, err error) {
	if s.Item, err = tx.Item(ctx, spot.Item); err != nil {
		return s, err
	}
	if s.Item.Breaks, err = priceBreaks(ctx, tx, spot.Item); err != nil {
		return s, err
	}
	if s.Place, err = tx.Place(ctx, spot.Place); err != nil {
		return s, err
	}
	if s.Supplier, err = tx.supplier(ctx, s.Item.Supplier); err != nil {
		return s, err
	}
	if s.Shelf, err = tx.Shelf(ctx, spot.Item, spot.Place); err != nil {
		return s, err
	}
	for _, read := range []func(context.Context, reorder.Spot, *reorder.Situation) error{tx.readLevel, tx.readOrders, tx.readHolds, tx.readPast} {
		if err := read(ctx, spot, &s); err != nil {
			return s, err
		}
	}
	if err := tx.readUse(ctx, spot, since, &s); err != nil {
		return s, err
	}
	return s, tx.readLike(ctx, spot, since, since+reorder.HistoryDays, &s)
}

// readPast reads what was learned: lead times, days without stock, the chosen method.
func (tx ordersTx) readPast(ctx context.Context, spot reorder.Spot, s *reorder.Situation) (err error) {
	const took = `
		SELECT arrived_day - sent_day
		FROM deliveries
		WHERE supplier = $1
		ORDER BY id DESC
		LIMIT 0 + $2`
	rows, err := tx.Query(ctx, took, s.Supplier.ID, reorder.DeliveriesKept)
	if s.Took, err = collect(rows, err, func(days *float64) []any { return []any{days} }); err != nil {
		return err
	}
	const empty = `
		SELECT since, until
		FROM stock_empty
		WHERE item = $1 AND place = $2
		ORDER BY since`
	rows, err = tx.Query(ctx, empty, spot.Item, spot.Place)
	if s.Empty, err = collect(rows, err, func(e *reorder.Stretch) []any { return []any{&e.Since, &e.Until} }); err != nil {
		return err
	}
	const method = `
		SELECT choice
		FROM stock_methods
		WHERE item = $1 AND place = $2`
	var choice jsonText
	err = tx.QueryRow(ctx, method, spot.Item, spot.Place).Scan(&choice)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(choice.raw, &s.Choice)
	}
	return err
}

func (tx ordersTx) supplier(ctx context.Context, id inventory.SupplierID) (s inventory.Supplier, err error) {
	const q = `
		SELECT id, name, email, currency, account, lead_days, minimum_minor, calendar, channel
		FROM suppliers
		WHERE id = $1`
	err = tx.QueryRow(ctx, q, id).Scan(append([]any{&s.ID, &s.Name, &s.Email, &s.Currency, &s.Account, &s.LeadDays, &s.Minimum}, termsColumns(&s)...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return inventory.Supplier{}, nil
	}
	return s, err
}

// readLevel reads what people have set. A place without a level orders only
// items that have none anywhere.
func (tx ordersTx) readLevel(ctx context.Context, spot reorder.Spot, s *reorder.Situation) error {
	const q = `
		SELECT COALESCE(MAX(CASE WHEN place = $2 THEN minimum END), 0), COALESCE(MAX(CASE WHEN place = $2 THEN maximum END), 0),
			COUNT(CASE WHEN place = $2 THEN 1 END), COUNT(*)
		FROM stock_levels
		WHERE item = $1`
	var here, all int
	err := tx.QueryRow(ctx, q, spot.Item, spot.Place).Scan(&s.Minimum, &s.Maximum, &here, &all)
	if err != nil {
		return err
	}
	s.Refill, err = tx.Refill(ctx, spot)
	s.HasLevel, s.OrderedFor = here > 0, here > 0 || all == 0 || s.Refill.Kind != policy.ByUse
	return err
}

func (tx ordersTx) readOrders(ctx context.Context, spot reorder.Spot, s *reorder.Situation) error {
	const ordered = `
		SELECT COALESCE(SUM(ordered - received - cancelled), 0)
		FROM order_lines
		WHERE item = $1 AND place = $2 AND received + cancelled < ordered`
	if err := tx.QueryRow(ctx, ordered, spot.Item, spot.Place).Scan(&s.OnOrder); err != nil {
		return err
	}
	if err := tx.readTransfers(ctx, spot, s); err != nil {
		return err
	}
	const open = `
		SELECT id
		FROM proposals
		WHERE item = $1 AND place = $2 AND status IN ('waiting', 'half approved')`
	var id reorder.ProposalID
	err := tx.QueryRow(ctx, open, spot.Item, spot.Place).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := tx.Proposal(ctx, id)
	s.Open = &p
	return err
}

func (tx ordersTx) readHolds(ctx context.Context, spot reorder.Spot, s *reorder.Situation) error {
	const holds = `
		SELECT DISTINCT 'excursion ' || excursion || ' in ' || COALESCE((SELECT f.name FROM fridges f WHERE f.id = fridge), fridge)
		FROM stock_holds
		WHERE item = $1 AND place = $2 AND decision = ''`
	rows, err := tx.Query(ctx, holds, spot.Item, spot.Place)
	if s.Excursions, err = collect(rows, err, func(name *string) []any { return []any{name} }); err != nil {
		return err
	}
	const quiet = `
		SELECT until
		FROM reorder_quiet
		WHERE item = $1 AND place = $2`
	err = tx.QueryRow(ctx, quiet, spot.Item, spot.Place).Scan(&s.QuietUntil)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func (tx ordersTx) readUse(ctx context.Context, spot reorder.Spot, since inventory.Date, s *reorder.Situation) error {
	const first = `
		SELECT COALESCE(MIN(day), 0)
		FROM stock_use
		WHERE item = $1 AND place = $2`
	if err := tx.QueryRow(ctx, first, spot.Item, spot.Place).Scan(&s.FirstUse); err != nil {
		return err
	}
	const q = `
		SELECT day, quantity
		FROM stock_use
		WHERE item = $1 AND place = $2 AND day >= $3
		ORDER BY day`
	rows, err := tx.Query(ctx, q, spot.Item, spot.Place, since)
	s.Use, err = collect(rows, err, func(d *reorder.DayUse) []any { return []any{&d.Day, &d.Quantity} })
	return err
}

const (
	// isOrdered is true of an outlook of what a place orders when it runs low: a level is set, or was learnt.
	isOrdered = `target > 0`
	// runsLow is true of an outlook at or under its reorder point.
	runsLow = isOrdered + ` AND position <= reorder`
)

// SaveOutlooks stores what the desk saw, and sorts the list of items by it.
func (tx ordersTx) SaveOutlooks(ctx context.Context, all []inventory.Outlook) error {
	const q = `
		INSERT INTO stock_outlooks (item, place, at, usable, position, reorder, target, per_day, days_left, basis, evidence)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (item, place) DO UPDATE SET at = excluded.at, usable = excluded.usable, position = excluded.position,
			reorder = excluded.reorder, target = excluded.target, per_day = excluded.per_day, days_left = excluded.days_left, basis = excluded.basis, evidence = excluded.evidence`
	const sum = `
		UPDATE stock_summaries
		SET low = (SELECT MAX(` + runsLow + `) FROM stock_outlooks WHERE item = $1),
			days_left = (SELECT COALESCE(MIN(CASE WHEN days_left >= 0 THEN days_left END), -1) FROM stock_outlooks WHERE item = $1)
		WHERE item = $1`
	for i, o := range all {
		if _, err := tx.Exec(ctx, q, o.Item, o.Place, ms(tx.Now()), o.Usable, o.Position, o.Reorder, o.Target, o.PerDay, o.DaysLeft, o.Basis, o.Evidence); err != nil {
			return err
		}
		if i+1 < len(all) && all[i+1].Item == o.Item { // once, after the last of its places
			continue
		}
		if _, err := tx.Exec(ctx, sum, o.Item); err != nil {
			return err
		}
	}
	return nil
}

func (tx ordersTx) Propose(ctx context.Context, p reorder.Proposal) (id reorder.ProposalID, fresh bool, err error) {
	figures, err := json.Marshal(p.Figures)
	if err != nil {
		return 0, false, err
	}
	days, err := json.Marshal(p.UseDays)
	if err != nil {
		return 0, false, err
	}
	offers, err := json.Marshal(p.Offers)
	if err != nil {
		return 0, false, err
	}
	const q = `
		INSERT INTO proposals (item, place, supplier, status, version, quantity, suggested, pack, price_minor, cause, reason,
			figures, if_not, use_days, per_day, days_left, raised_at, raised_by, raised_name, offers, sd_per_day)
		VALUES ($1, $2, $3, 'waiting', 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (item, place) WHERE status IN ('waiting', 'half approved') DO NOTHING
		RETURNING id`
	err = tx.QueryRow(ctx, q, p.Item.ID, p.Place.ID, p.Supplier.ID, p.Quantity, p.Suggested, p.Pack, p.Price, p.Cause, p.Reason,
		string(figures), p.IfNot, string(days), p.PerDay, p.DaysLeft, ms(p.RaisedAt), p.RaisedBy, p.RaisedName, string(offers), p.SDPerDay).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	tx.Announce("proposals", "stock/"+string(p.Item.ID))
	return id, err == nil, err
}

const (
	selectProposal = `
		SELECT r.id, r.status, r.version, r.quantity, r.suggested, r.pack, r.price_minor, r.cause, r.reason, r.figures, r.if_not,
			r.use_days, r.offers, r.per_day, r.days_left, r.raised_at, r.raised_by, r.raised_name, r.changed_why, r.changed_name,
			r.first_by, r.first_name, r.decided_at, r.decided_by, r.decided_name, r.decided_why, COALESCE(r.order_number, ''), r.put_off_until, r.sd_per_day, r.first_for, r.decided_for, r.together,
			i.id, i.name, i.unit, i.pack, i.supplier_code, i.price_minor, i.criticality, i.storage,
			p.id, p.name, ` + unitOfPlace + `, s.id, s.name, s.email, s.currency, s.account, s.lead_days, s.minimum_minor, s.calendar, s.channel
		FROM proposals r
		JOIN stock_items i ON i.id = r.item
		JOIN stock_places p ON p.id = r.place
		JOIN suppliers s ON s.id = r.supplier`
	// openFirst are those that wait, the most urgent first.
	openFirst = `
		WHERE r.status IN ('waiting', 'half approved')
		ORDER BY CASE WHEN r.days_left < 0 THEN 1 ELSE 0 END, r.days_left - s.lead_days, r.id`
)

func scanProposal(row scanner) (p reorder.Proposal, err error) {
	var figures, days, offers string
	var raised int64
	var decided sql.NullInt64
	err = row.Scan(append([]any{&p.ID, &p.Status, &p.Version, &p.Quantity, &p.Suggested, &p.Pack, &p.Price, &p.Cause, &p.Reason, &figures, &p.IfNot,
		&days, &offers, &p.PerDay, &p.DaysLeft, &raised, &p.RaisedBy, &p.RaisedName, &p.ChangedWhy, &p.ChangedName,
		&p.FirstBy, &p.FirstName, &decided, &p.DecidedBy, &p.DecidedName, &p.DecidedWhy, &p.Order, &p.PutOffUntil, &p.SDPerDay, &p.FirstFor, &p.DecidedFor, &p.Together,
		&p.Item.ID, &p.Item.Name, &p.Item.Unit, &p.Item.Pack, &p.Item.SupplierCode, &p.Item.Price, &p.Item.Criticality, &p.Item.Storage,
		&p.Place.ID, &p.Place.Name, &p.Place.Unit, &p.Supplier.ID, &p.Supplier.Name, &p.Supplier.Email, &p.Supplier.Currency, &p.Supplier.Account,
		&p.Supplier.LeadDays, &p.Supplier.Minimum}, termsColumns(&p.Supplier)...)...)
	if err != nil {
		return p, err
	}
	p.RaisedAt, p.DecidedAt = fromMS(raised), fromNullMS(decided)
	return p, errors.Join(json.Unmarshal([]byte(figures), &p.Figures), json.Unmarshal([]byte(days), &p.UseDays), json.Unmarshal([]byte(offers), &p.Offers))
}

func proposal(ctx context.Context, from asker, id reorder.ProposalID) (reorder.Proposal, error) {
	const q = selectProposal + `
		WHERE r.id = $1`
	return found(scanProposal(from.QueryRow(ctx, q, id)))(reorder.ErrUnknownProposal, fmt.Sprint(id))
}

func proposals(rows *sql.Rows, err error) ([]reorder.Proposal, error) {
	return scanAll(rows, err, scanProposal)
}

func (tx ordersTx) Proposal(ctx context.Context, id reorder.ProposalID) (reorder.Proposal, error) {
	p, err := proposal(ctx, theirs{tx.Tx}, id)
	if err == nil {
		p.Item.Breaks, err = priceBreaks(ctx, tx, p.Item.ID)
	}
	return p, err
}

func (tx ordersTx) SaveProposal(ctx context.Context, p reorder.Proposal) error {
	figures, err := json.Marshal(p.Figures)
	if err != nil {
		return err
	}
	days, err := json.Marshal(p.UseDays)
	if err != nil {
		return err
	}
	offers, err := json.Marshal(p.Offers)
	if err != nil {
		return err
	}
	const q = `
		UPDATE proposals
		SET status = $1, version = version + 1, quantity = $2, suggested = $3, cause = $4, reason = $5, figures = $6, if_not = $7,
			use_days = $8, per_day = $9, days_left = $10, changed_why = $11, changed_name = $12, first_by = $13, first_name = $14,
			decided_at = $15, decided_by = $16, decided_name = $17, decided_why = $18, order_number = NULLIF($19, ''), put_off_until = $22, offers = $23, price_minor = $24, sd_per_day = $25, first_for = $26, decided_for = $27, together = $28
		WHERE id = $20 AND version = $21 AND status IN ('waiting', 'half approved')`
	result, err := tx.Exec(ctx, q, p.Status, p.Quantity, p.Suggested, p.Cause, p.Reason, string(figures), p.IfNot, string(days), p.PerDay, p.DaysLeft,
		p.ChangedWhy, p.ChangedName, p.FirstBy, p.FirstName, nullMS(p.DecidedAt), p.DecidedBy, p.DecidedName, p.DecidedWhy, p.Order, p.ID, p.Version, p.PutOffUntil, string(offers), p.Price, p.SDPerDay, p.FirstFor, p.DecidedFor, p.Together)
	if err != nil {
		return err
	}
	tx.Announce("proposals", "stock/"+string(p.Item.ID))
	return oneRow(result, reorder.ErrDecided)
}

func (tx ordersTx) KeepQuiet(ctx context.Context, spot reorder.Spot, until inventory.Date, why string) error {
	const q = `
		INSERT INTO reorder_quiet (item, place, until, why)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (item, place) DO UPDATE SET until = excluded.until, why = excluded.why`
	_, err := tx.Exec(ctx, q, spot.Item, spot.Place, until, why)
	return err
}

func (tx ordersTx) Reopen(ctx context.Context, p reorder.Proposal) error {
	const other = `
		SELECT COUNT(*)
		FROM proposals
		WHERE item = $1 AND place = $2 AND status IN ('waiting', 'half approved')`
	var open int
	if err := tx.QueryRow(ctx, other, p.Item.ID, p.Place.ID).Scan(&open); err != nil {
		return err
	}
	if open > 0 {
		return reorder.ErrDecided
	}
	const q = `
		UPDATE proposals
		SET status = 'waiting', version = version + 1, first_by = '', first_name = '', first_for = '', decided_at = NULL,
			decided_for = '', decided_by = '', decided_name = '', decided_why = '', order_number = NULL, together = ''
		WHERE id = $1 AND version = $2`
	result, err := tx.Exec(ctx, q, p.ID, p.Version)
	if err != nil {
		return err
	}
	tx.Announce("proposals", "stock/"+string(p.Item.ID))
	return oneRow(result, reorder.ErrDecided)
}

func (tx ordersTx) ApprovedTogether(ctx context.Context, mark string) ([]reorder.Proposal, error) {
	const q = selectProposal + `
		WHERE r.together = $1 AND r.together <> ''
		ORDER BY r.id`
	rows, err := theirs{tx.Tx}.Query(ctx, q, mark)
	return proposals(rows, err)
}

func (tx ordersTx) DropLine(ctx context.Context, number string, id reorder.ProposalID) error {
	const q = `
		DELETE FROM order_lines
		WHERE number = $1 AND proposal = $2 AND received = 0`
	if _, err := tx.Exec(ctx, q, number, id); err != nil {
		return err
	}
	const raise = `
		UPDATE purchase_orders
		SET version = version + 1
		WHERE number = $1`
	tx.Announce("order/" + number)
	_, err := tx.Exec(ctx, raise, number)
	return err
}

func (tx ordersTx) DraftFor(ctx context.Context, supplier inventory.Supplier, year int) (reorder.Order, error) {
	const find = `
		SELECT number
		FROM purchase_orders
		WHERE supplier = $1 AND status = 'draft'`
	var number string
	err := tx.QueryRow(ctx, find, supplier.ID).Scan(&number)
	if err == nil {
		return order(ctx, tx, number)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return reorder.Order{}, err
	}
	const next = `
		INSERT INTO order_numbers (year, last)
		VALUES ($1, 1)
		ON CONFLICT (year) DO UPDATE SET last = last + 1
		RETURNING last`
	var last int
	if err := tx.QueryRow(ctx, next, year).Scan(&last); err != nil {
		return reorder.Order{}, err
	}
	number = fmt.Sprintf("%04d-%04d", year, last)
	const q = `
		INSERT INTO purchase_orders (number, supplier, status, version, currency, created_at)
		VALUES ($1, $2, 'draft', 1, $3, $4)`
	if _, err := tx.Exec(ctx, q, number, supplier.ID, supplier.Currency, ms(tx.Now())); err != nil {
		return reorder.Order{}, err
	}
	return order(ctx, tx, number)
}

func (tx ordersTx) AddLine(ctx context.Context, number string, l reorder.Line) error {
	const q = `
		INSERT INTO order_lines (number, line, item, place, pack, price_minor, ordered, proposal)
		VALUES ($1, (SELECT COALESCE(MAX(line), 0) + 1 FROM order_lines WHERE number = $1), $2, $3, $4, $5, $6, $7)`
	if _, err := tx.Exec(ctx, q, number, l.Item.ID, l.Place.ID, l.Pack, l.Price, l.Ordered, l.Proposal); err != nil {
		return err
	}
	const raise = `
		UPDATE purchase_orders
		SET version = version + 1
		WHERE number = $1`
	tx.Announce("order/"+number, "stock/"+string(l.Item.ID))
	_, err := tx.Exec(ctx, raise, number)
	return err
}

// Order is whole, for whoever may see any of its lines: what is outstanding is of all.
func (tx ordersTx) Order(ctx context.Context, number string) (reorder.Order, error) {
	const q = `
		SELECT number
		FROM purchase_orders
		WHERE number = $1`
	var seen string
	if _, err := found("", theirs{tx.Tx}.QueryRow(ctx, q, number).Scan(&seen))(reorder.ErrUnknownOrder, number); err != nil {
		return reorder.Order{}, err
	}
	return order(ctx, tx, number)
}

const selectOrder = `
		SELECT o.number, o.status, o.version, o.currency, o.created_at, o.sent_at, o.sent_by, o.expected, o.closed_at, o.note,
			s.id, s.name, s.email, s.account, s.lead_days, s.minimum_minor, s.calendar, s.channel
		FROM purchase_orders o
		JOIN suppliers s ON s.id = o.supplier`

func scanOrder(row scanner) (o reorder.Order, err error) {
	var created int64
	var sent, closed sql.NullInt64
	err = row.Scan(append([]any{&o.Number, &o.Status, &o.Version, &o.Supplier.Currency, &created, &sent, &o.SentBy, &o.Expected, &closed, &o.Note,
		&o.Supplier.ID, &o.Supplier.Name, &o.Supplier.Email, &o.Supplier.Account, &o.Supplier.LeadDays, &o.Supplier.Minimum}, termsColumns(&o.Supplier)...)...)
	o.CreatedAt, o.SentAt, o.ClosedAt = fromMS(created), fromNullMS(sent), fromNullMS(closed)
	return o, err
}

func order(ctx context.Context, from asker, number string) (reorder.Order, error) {
	const q = selectOrder + `
		WHERE o.number = $1`
	o, err := found(scanOrder(from.QueryRow(ctx, q, number)))(reorder.ErrUnknownOrder, number)
	if err != nil {
		return o, err
	}
	lines, err := orderLines(ctx, from, []string{number})
	o.Lines = lines[number]
	return o, err
}

// orderLines are the lines of all these orders, by their numbers.
func orderLines(ctx context.Context, from asker, numbers []string) (map[string][]reorder.Line, error) {
	const q = `
		SELECT l.number, l.id, l.line, l.pack, l.price_minor, l.ordered, l.received, l.cancelled, l.returned, l.expected, COALESCE(l.proposal, 0),
			i.id, i.name, i.unit, i.gtin, i.supplier_code, i.storage, p.id, p.name, p.fridge
		FROM order_lines l
		JOIN stock_items i ON i.id = l.item
		JOIN stock_places p ON p.id = l.place
		WHERE l.number IN (SELECT value FROM json_each($1))
		ORDER BY l.number, l.line`
	asked, err := json.Marshal(numbers)
	if err != nil {
		return nil, err
	}
	type numbered struct {
		number string
		reorder.Line
	}
	rows, err := from.Query(ctx, q, string(asked))
	all, err := collect(rows, err, func(l *numbered) []any {
		return []any{&l.number, &l.ID, &l.No, &l.Pack, &l.Price, &l.Ordered, &l.Received, &l.Cancelled, &l.Returned, &l.Expected, &l.Proposal,
			&l.Item.ID, &l.Item.Name, &l.Item.Unit, &l.Item.GTIN, &l.Item.SupplierCode, &l.Item.Storage, &l.Place.ID, &l.Place.Name, &l.Place.Fridge}
	})
	lines := map[string][]reorder.Line{}
	for _, l := range all {
		lines[l.number] = append(lines[l.number], l.Line)
	}
	return lines, err
}

func (tx ordersTx) SaveOrder(ctx context.Context, o reorder.Order) error {
	const q = `
		UPDATE purchase_orders
		SET status = $1, version = version + 1, sent_at = $2, sent_by = $3, expected = $4, closed_at = $5, note = $6
		WHERE number = $7 AND version = $8`
	result, err := tx.Exec(ctx, q, o.Status, nullMS(o.SentAt), o.SentBy, o.Expected, nullMS(o.ClosedAt), o.Note, o.Number, o.Version)
	if err != nil {
		return err
	}
	tx.Announce("order/" + o.Number)
	return oneRow(result, fmt.Errorf("order %s: %w", o.Number, hospital.ErrStale))
}

func (tx ordersTx) SaveLine(ctx context.Context, l reorder.Line) error {
	const q = `
		UPDATE order_lines
		SET received = $1, cancelled = $2, returned = $4, expected = $5, price_minor = $6
		WHERE id = $3`
	if _, err := tx.Exec(ctx, q, l.Received, l.Cancelled, l.ID, l.Returned, l.Expected, l.Price); err != nil {
		return err
	}
	const due = `
		INSERT INTO stock_due (item, place)
		VALUES ($1, $2)
		ON CONFLICT (item, place) DO NOTHING`
	_, err := tx.Exec(ctx, due, l.Item.ID, l.Place.ID)
	tx.Announce("stock")
	return err
}

func (tx ordersTx) AddMail(ctx context.Context, m reorder.Mail) error {
	const q = `
		INSERT INTO order_mail (number, message_id, recipient, subject, body, paper, status, next_at, created_at, way, file_name, file, change_no)
		VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8, $9, $10, COALESCE($11, x''),
			CASE WHEN $12 THEN (SELECT COALESCE(MAX(change_no), 0) + 1 FROM order_mail WHERE number = $1) ELSE 0 END)`
	_, err := tx.Exec(ctx, q, m.Number, m.MessageID, m.Recipient, m.Subject, m.Body, m.Paper, ms(m.NextAt), ms(m.CreatedAt), cmp.Or(m.Way, reorder.ByMail), m.FileName, m.File, m.Change)
	tx.Announce("order/"+m.Number, "order-mail")
	return err
}

// FindProposal is reorder.Reader.
func (o Orders) FindProposal(ctx context.Context, id reorder.ProposalID) (reorder.Proposal, error) {
	return proposal(ctx, o, id)
}

// OpenProposals is reorder.Reader.
func (o Orders) OpenProposals(ctx context.Context) ([]reorder.Proposal, error) {
	rows, err := o.Query(ctx, selectProposal+openFirst)
	return proposals(rows, err)
}

// OpenBrief is reorder.Reader.
func (o Orders) OpenBrief(ctx context.Context) ([]reorder.Proposal, error) {
	const q = `
		SELECT r.id, r.status, r.version, r.quantity, r.pack, r.price_minor, r.raised_by, r.first_by, r.put_off_until, ` + unitOfPlace + `, s.id, s.name, s.currency
		FROM proposals r
		JOIN stock_places p ON p.id = r.place
		JOIN suppliers s ON s.id = r.supplier` + openFirst
	rows, err := o.Query(ctx, q)
	return collect(rows, err, func(p *reorder.Proposal) []any {
		return []any{&p.ID, &p.Status, &p.Version, &p.Quantity, &p.Pack, &p.Price, &p.RaisedBy, &p.FirstBy, &p.PutOffUntil, &p.Place.Unit, &p.Supplier.ID, &p.Supplier.Name, &p.Supplier.Currency}
	})
}

// SpotsOf is reorder.Reader.
func (o Orders) SpotsOf(ctx context.Context, items []inventory.ItemID) ([]reorder.Chosen, error) {
	const q = `
		SELECT i.id, i.name, i.unit, COALESCE(l.place, ''), COALESCE(p.name, '')
		FROM stock_items i
		LEFT JOIN stock_outlooks l ON l.item = i.id AND l.` + isOrdered + `
		LEFT JOIN stock_places p ON p.id = l.place
		WHERE i.id IN (SELECT value FROM json_each($1))
		ORDER BY i.name, i.id, p.name, p.id`
	asked, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	rows, err := o.Query(ctx, q, string(asked))
	return collect(rows, err, func(c *reorder.Chosen) []any { return []any{&c.Item, &c.Name, &c.Unit, &c.Place, &c.PlaceName} })
}

// ProposalsNumbered is reorder.Reader.
func (o Orders) ProposalsNumbered(ctx context.Context, ids []reorder.ProposalID) ([]reorder.Proposal, error) {
	asked, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	const q = selectProposal + `
		WHERE r.id IN (SELECT value FROM json_each($1))`
	rows, err := o.Query(ctx, q, string(asked))
	all, err := proposals(rows, err)
	slices.SortFunc(all, func(a, b reorder.Proposal) int { return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID)) })
	return all, err
}

// CountOpen is reorder.Reader.
func (o Orders) CountOpen(ctx context.Context, today inventory.Date) (n int, err error) {
	const q = `
		SELECT COUNT(*)
		FROM proposals
		WHERE status IN ('waiting', 'half approved') AND put_off_until <= $1`
	err = o.QueryRow(ctx, q, today).Scan(&n)
	return n, err
}

// DecidedBy is reorder.Reader.
func (o Orders) DecidedBy(ctx context.Context, who hospital.PersonID, since time.Time) ([]reorder.Proposal, error) {
	const q = selectProposal + `
		WHERE r.decided_by = $1 AND r.decided_at >= $2
		ORDER BY r.decided_at DESC, r.id DESC
		LIMIT 0 + $3`
	rows, err := o.Query(ctx, q, who, ms(since), reorder.MaxAtOnce)
	return proposals(rows, err)
}

// ProposalsOf is reorder.Reader.
func (o Orders) ProposalsOf(ctx context.Context, item inventory.ItemID, limit int) ([]reorder.Proposal, error) {
	const q = selectProposal + `
		WHERE r.item = $1
		ORDER BY r.id DESC
		LIMIT 0 + $2`
	rows, err := o.Query(ctx, q, item, limit)
	return proposals(rows, err)
}

// FindOrder is reorder.Reader.
func (o Orders) FindOrder(ctx context.Context, number string) (reorder.Order, error) {
	return order(ctx, o, number)
}

// Orders is reorder.Reader. Each order comes with its lines.
func (o Orders) Orders(ctx context.Context, status reorder.OrderStatus, limit int) ([]reorder.Order, error) {
	const q = selectOrder + `
		WHERE $1 = '' OR o.status = $1
		ORDER BY o.number DESC
		LIMIT 0 + $2`
	rows, err := o.Query(ctx, q, status, limit)
	return o.withLines(ctx, rows, err)
}

// withLines are the orders of rows, or of the error that came instead, each with its lines.
func (o Orders) withLines(ctx context.Context, rows *sql.Rows, err error) ([]reorder.Order, error) {
	all, err := scanAll(rows, err, scanOrder)
	if err != nil {
		return nil, err
	}
	numbers := make([]string, len(all))
	for i := range all {
		numbers[i] = all[i].Number
	}
	lines, err := orderLines(ctx, o, numbers)
	for i := range all {
		all[i].Lines = lines[all[i].Number]
	}
	return all, err
}

// MailOf is reorder.Reader.
func (o Orders) MailOf(ctx context.Context, number string) ([]reorder.Mail, error) {
	const q = `
		SELECT id, number, message_id, recipient, subject, body, status, attempts, next_at, created_at, sent_at, trouble, way, file_name
		FROM order_mail
		WHERE number = $1
		ORDER BY id DESC`
	rows, err := o.Query(ctx, q, number)
	return mails(rows, err)
}

func mails(rows *sql.Rows, err error) ([]reorder.Mail, error) {
	return scanAll(rows, err, func(row scanner) (m reorder.Mail, err error) {
		var next, created int64
		var sent sql.NullInt64
		err = row.Scan(&m.ID, &m.Number, &m.MessageID, &m.Recipient, &m.Subject, &m.Body, &m.Status, &m.Attempts,
			&next, &created, &sent, &m.Trouble, &m.Way, &m.FileName)
		m.NextAt, m.CreatedAt, m.SentAt = fromMS(next), fromMS(created), fromNullMS(sent)
		return m, err
	})
}

// Paper is reorder.Reader.
func (o Orders) Paper(ctx context.Context, number string) ([]byte, error) {
	const q = `
		SELECT paper
		FROM order_mail
		WHERE number = $1
		ORDER BY id DESC
		LIMIT 1`
	var paper []byte
	err := o.QueryRow(ctx, q, number).Scan(&paper)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return paper, err
}

// MailAgain is reorder.Tx.
func (tx ordersTx) MailAgain(ctx context.Context, number, recipient string, way reorder.Way) (bool, error) {
	const q = `
		UPDATE order_mail
		SET status = 'waiting', attempts = 0, next_at = $1, recipient = $2, trouble = ''
		WHERE id = (SELECT max(id) FROM order_mail WHERE number = $3) AND status IN ('unsure', 'failed') AND way = $4`
	result, err := tx.Exec(ctx, q, ms(tx.Now()), recipient, number, way)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	tx.Announce("order/"+number, "order-mail")
	return n > 0, err
}

// TakeMail claims the next message that is due at an instant and goes one of the
// ways (any, where none is named); false when none is. The claim is stored before
// anything is sent, so that a crash can never send twice. A change waits until the
// order before it has left.
func (o Orders) TakeMail(ctx context.Context, at time.Time, ways ...reorder.Way) (m reorder.Mail, due bool, err error) {
	list, err := json.Marshal(ways)
	if err != nil {
		return m, false, err
	}
	err = o.DB.InTx(ctx, func(tx *Tx) error {
		const q = `
			UPDATE order_mail
			SET status = 'sending', attempts = attempts + 1
			WHERE id = (SELECT id FROM order_mail WHERE status = 'waiting' AND next_at <= $1 AND ($3 OR way IN (SELECT value FROM json_each($2)))
				AND NOT EXISTS (SELECT 1 FROM order_mail e WHERE e.number = order_mail.number AND e.id < order_mail.id AND e.status IN ('waiting', 'sending')) ORDER BY next_at, id LIMIT 1)
			RETURNING id, number, message_id, recipient, subject, body, paper, attempts, created_at, way, file_name, file,
				(SELECT supplier FROM purchase_orders o WHERE o.number = order_mail.number),
				(SELECT s.channel FROM purchase_orders o JOIN suppliers s ON s.id = o.supplier WHERE o.number = order_mail.number)`
		var created int64
		err := tx.QueryRow(ctx, q, ms(at), string(list), len(ways) == 0).Scan(&m.ID, &m.Number, &m.MessageID, &m.Recipient, &m.Subject, &m.Body, &m.Paper, &m.Attempts, &created,
			&m.Way, &m.FileName, &m.File, &m.Supplier, channelText{&m.Channel})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		m.Status, m.CreatedAt, due = reorder.MailSending, fromMS(created), err == nil
		return err
	})
	return m, due && err == nil, err
}

// SaveMail stores what became of a message.
func (o Orders) SaveMail(ctx context.Context, m reorder.Mail) error {
	return o.DB.InTx(ctx, func(tx *Tx) error {
		const q = `
			UPDATE order_mail
			SET status = $1, next_at = $2, sent_at = $3, trouble = $4
			WHERE id = $5 AND status = 'sending'`
		if _, err := tx.Exec(ctx, q, m.Status, ms(m.NextAt), nullMS(m.SentAt), m.Trouble, m.ID); err != nil {
			return err
		}
		const try = `
			INSERT INTO order_sendings (mail, number, attempt, at, way, recipient, outcome, trouble)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
		_, err := tx.Exec(ctx, try, m.ID, m.Number, m.Attempts, ms(tx.Now()), cmp.Or(m.Way, reorder.ByMail), m.Recipient, m.Status, m.Trouble)
		tx.Announce("order/" + m.Number)
		return err
	})
}

// Doubt marks letters whose sending was cut off by a crash: nobody knows whether
// they arrived, so a person has to ask the supplier. What goes through a channel
// is tried again: its number tells the supplier that it is the same order.
func (o Orders) Doubt(ctx context.Context) error {
	return o.DB.InTx(ctx, func(tx *Tx) error {
		const q = `
			UPDATE order_mail
			SET status = CASE way WHEN 'mail' THEN 'unsure' ELSE 'waiting' END, trouble = 'Wardwatch stopped while this was being sent.'
			WHERE status = 'sending'`
		_, err := tx.Exec(ctx, q)
		return err
	})
}
