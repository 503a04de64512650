package db

import (
	"context"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// unitOfPlace is the unit of a place p, as placeUnit has it, without joins.
const unitOfPlace = `COALESCE(NULLIF(p.unit, ''), (SELECT NULLIF(r.unit, '') FROM rooms r WHERE r.id = p.room),
		(SELECT COALESCE(NULLIF(f.unit, ''), fr.unit) FROM fridges f LEFT JOIN rooms fr ON fr.id = f.room WHERE f.id = p.fridge), '')`

// Budgets is reorder.Reader.
func (o Orders) Budgets(ctx context.Context, from, until inventory.Date) ([]reorder.Budget, error) {
	zone, err := zoneOf(ctx, o)
	if err != nil {
		return nil, err
	}
	return budgets(ctx, o, from, until, zone)
}

// Budgets is reorder.Tx.
func (tx ordersTx) Budgets(ctx context.Context, from, until inventory.Date) ([]reorder.Budget, error) {
	zone, err := zoneOf(ctx, tx)
	if err != nil {
		return nil, err
	}
	return budgets(ctx, tx, from, until, zone)
}

// zoneOf is the hospital's time zone.
func zoneOf(ctx context.Context, from asker) (*time.Location, error) {
	const q = `
		SELECT COALESCE((SELECT zone FROM sites LIMIT 1), 'UTC')`
	var name string
	if err := from.QueryRow(ctx, q).Scan(&name); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, nil
	}
	return zone, nil
}

// budgets are those whose period shares a day with the one asked for, with what
// became of each. A line counts by the day on which it was approved; of one that
// has no proposal, by the day on which its order was made.
func budgets(ctx context.Context, from asker, first, last inventory.Date, zone *time.Location) ([]reorder.Budget, error) {
	const q = `
		SELECT b.id, b.name, b.unit, COALESCE((SELECT u.name FROM units u WHERE u.id = b.unit), ''), b.currency, b.from_day, b.until_day, b.amount_minor, b.version, b.set_name
		FROM budgets b
		WHERE b.from_day <= $2 AND b.until_day >= $1
		ORDER BY b.from_day DESC, b.unit, b.id`
	const sums = `
		SELECT COALESCE(SUM((l.received * l.price_minor + l.pack - 1) / l.pack), 0),
			COALESCE(SUM((max(l.ordered - l.received - l.cancelled, 0) * l.price_minor + l.pack - 1) / l.pack), 0)
		FROM proposals r
		JOIN order_lines l ON l.proposal = r.id
		JOIN purchase_orders o ON o.number = l.number
		JOIN stock_places p ON p.id = l.place
		WHERE r.decided_at >= $1 AND r.decided_at < $2 AND r.status = 'approved' AND o.currency = $3 AND ($4 = '' OR ` + unitOfPlace + ` = $4)`
	rows, err := from.Query(ctx, q, first, last)
	all, err := collect(rows, err, func(b *reorder.Budget) []any {
		return []any{&b.ID, &b.Name, &b.Unit, &b.UnitName, &b.Currency, &b.From, &b.Until, &b.Amount, &b.Version, &b.SetName}
	})
	for i := range all {
		if err != nil {
			break
		}
		b := &all[i]
		err = from.QueryRow(ctx, sums, ms(b.From.In(zone)), ms((b.Until+1).In(zone)), b.Currency, b.Unit).Scan(&b.Spent, &b.Committed)
	}
	return all, err
}

// SaveBudget is reorder.Tx.
func (tx ordersTx) SaveBudget(ctx context.Context, b reorder.Budget) (id reorder.BudgetID, err error) {
	tx.Announce("proposals")
	if b.ID == 0 {
		const q = `
			INSERT INTO budgets (name, unit, currency, from_day, until_day, amount_minor, set_at, set_name)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			RETURNING id`
		err = tx.QueryRow(ctx, q, b.Name, b.Unit, b.Currency, b.From, b.Until, b.Amount, ms(tx.Now()), b.SetName).Scan(&id)
		return id, err
	}
	const q = `
		UPDATE budgets
		SET name = $1, unit = $2, currency = $3, from_day = $4, until_day = $5, amount_minor = $6, set_at = $7, set_name = $8, version = version + 1
		WHERE id = $9 AND version = $10`
	result, err := tx.Exec(ctx, q, b.Name, b.Unit, b.Currency, b.From, b.Until, b.Amount, ms(tx.Now()), b.SetName, b.ID, b.Version)
	if err != nil {
		return 0, err
	}
	return b.ID, oneRow(result, hospital.Refuse(hospital.ErrStale, "This budget was changed since you opened it. Look at it again."))
}

// Colleague is reorder.Tx.
func (tx ordersTx) Colleague(ctx context.Context, id hospital.PersonID) (hospital.Person, error) {
	return personByID(ctx, tx.Tx, id)
}

// AddDeputy is reorder.Tx.
func (tx ordersTx) AddDeputy(ctx context.Context, s reorder.Deputy, by hospital.PersonID, begins, ends time.Time) error {
	const q = `
		INSERT INTO stand_ins (away, stands_in, from_day, until_day, begins_at, ends_at, why, set_at, set_by, set_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	_, err := tx.Exec(ctx, q, s.Away, s.StandsIn, s.From, s.Until, ms(begins), ms(ends), s.Why, ms(tx.Now()), by, s.SetName)
	return err
}

// EndDeputy is reorder.Tx.
func (tx ordersTx) EndDeputy(ctx context.Context, id int64, name string) (s reorder.Deputy, err error) {
	const q = `
		UPDATE stand_ins
		SET ended_at = $1, ended_name = $2
		WHERE id = $3 AND ended_at IS NULL AND ends_at > $1
		RETURNING away, stands_in`
	err = tx.QueryRow(ctx, q, ms(tx.Now()), name, id).Scan(&s.Away, &s.StandsIn)
	return found(s, err)(reorder.ErrUnknownDeputy, "")
}

// Deputies is reorder.Reader.
func (o Orders) Deputies(ctx context.Context, limit int) ([]reorder.Deputy, error) {
	const q = `
		SELECT s.id, s.away, s.stands_in, a.name, d.name, s.from_day, s.until_day, s.why, s.set_at, s.set_name, COALESCE(s.ended_at, 0), s.ended_name
		FROM stand_ins s
		JOIN people a ON a.id = s.away
		JOIN people d ON d.id = s.stands_in
		ORDER BY s.until_day DESC, s.id DESC
		LIMIT 0 + $1`
	rows, err := o.Query(ctx, q, limit)
	return scanAll(rows, err, func(row scanner) (s reorder.Deputy, err error) {
		var set, ended int64
		err = row.Scan(&s.ID, &s.Away, &s.StandsIn, &s.AwayName, &s.DoesName, &s.From, &s.Until, &s.Why, &set, &s.SetName, &ended, &s.EndedName)
		s.SetAt, s.EndedAt = fromMS(set), fromMS(ended)
		return s, err
	})
}

// Colleagues is reorder.Reader.
func (o Orders) Colleagues(ctx context.Context) ([]hospital.Person, error) {
	return Accounts(o).People(ctx)
}

// standsIn are those in whose place a person approves orders at an instant. Their
// own rights count alone, so that none goes on to a third.
func (a Accounts) standsIn(ctx context.Context, person hospital.PersonID, at time.Time) (all []hospital.StandIn, err error) {
	const q = `
		SELECT ` + personColumns + `
		FROM stand_ins s
		JOIN people p ON p.id = s.away
		WHERE s.stands_in = $1 AND s.begins_at <= $2 AND s.ends_at > $2 AND s.ended_at IS NULL AND p.disabled_at IS NULL
		ORDER BY s.id`
	rows, err := a.Query(ctx, q, person, ms(at))
	away, err := scanAll(rows, err, func(row scanner) (hospital.Person, error) { return scanPerson(row.Scan) })
	for _, p := range away {
		if reach := p.Actor().Reach(hospital.ApproveOrders); reach.Everywhere || len(reach.Units) > 0 {
			all = append(all, hospital.StandIn{For: p.ID, Name: p.Name, Reach: reach})
		}
	}
	return all, err
}
