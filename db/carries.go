package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
)

func (tx stockTx) AddCarry(ctx context.Context, c inventory.Carry) (id inventory.CarryID, err error) {
	const q = `
		INSERT INTO carries (excursion, from_fridge, to_fridge, to_place, box, started_at, started_by, started_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		RETURNING id`
	const line = `
		INSERT INTO carry_lines (carry, lot, place, quantity)
		VALUES ($1, $2, $3, $4)`
	if err := tx.QueryRow(ctx, q, c.Excursion, c.From, c.To, c.Place, c.Box, ms(c.StartedAt), c.StartedBy, c.StartedName).Scan(&id); err != nil {
		return 0, err
	}
	for _, l := range c.Lines {
		if _, err := tx.Exec(ctx, line, id, l.Lot, l.Place, l.Quantity); err != nil {
			return 0, err
		}
	}
	return id, nil
}

const selectCarry = `
		SELECT c.id, c.excursion, c.from_fridge, c.to_fridge, c.to_place, COALESCE(p.name, c.to_place), c.box, c.started_at, c.started_by, c.started_name, c.ended_at
		FROM carries c
		LEFT JOIN stock_places p ON p.id = c.to_place`

func scanCarry(row scanner) (c inventory.Carry, err error) {
	var started int64
	var ended sql.NullInt64
	err = row.Scan(&c.ID, &c.Excursion, &c.From, &c.To, &c.Place, &c.PlaceName, &c.Box, &started, &c.StartedBy, &c.StartedName, &ended)
	c.StartedAt, c.EndedAt = fromMS(started), fromNullMS(ended)
	return c, err
}

func carryLines(ctx context.Context, from asker, id inventory.CarryID) ([]inventory.CarryLine, error) {
	const q = `
		SELECT l.item, i.name, i.unit, c.lot, l.number, c.place, COALESCE(p.name, c.place), c.quantity, c.arrived, c.arrived_at, c.arrived_name, c.how
		FROM carry_lines c
		JOIN stock_lots l ON l.id = c.lot
		JOIN stock_items i ON i.id = l.item
		LEFT JOIN stock_places p ON p.id = c.place
		WHERE c.carry = $1
		ORDER BY i.name, l.number, c.place`
	rows, err := from.Query(ctx, q, id)
	return scanAll(rows, err, func(row scanner) (l inventory.CarryLine, err error) {
		var arrived sql.NullInt64
		err = row.Scan(&l.Item, &l.ItemName, &l.Unit, &l.Lot, &l.LotNumber, &l.Place, &l.PlaceName, &l.Quantity, &l.Arrived, &arrived, &l.By, &l.How)
		l.ArrivedAt = fromNullMS(arrived)
		return l, err
	})
}

func carriesWith(ctx context.Context, from asker, where string, arg any) ([]inventory.Carry, error) {
	rows, err := from.Query(ctx, selectCarry+where, arg)
	all, err := scanAll(rows, err, scanCarry)
	for i := range all {
		if all[i].Lines, err = carryLines(ctx, from, all[i].ID); err != nil {
			return nil, err
		}
	}
	return all, err
}

func (tx stockTx) Carry(ctx context.Context, id inventory.CarryID) (inventory.Carry, error) {
	c, err := scanCarry(theirs(tx).QueryRow(ctx, selectCarry+` WHERE c.id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("%d: %w", id, inventory.ErrUnknownCarry)
	}
	if err != nil {
		return c, err
	}
	c.Lines, err = carryLines(ctx, tx, id)
	return c, err
}

func (tx stockTx) ArriveLine(ctx context.Context, id inventory.CarryID, l inventory.CarryLine) error {
	const q = `
		UPDATE carry_lines
		SET arrived = $1, arrived_at = $2, arrived_name = $3, how = $4
		WHERE carry = $5 AND lot = $6 AND place = $7 AND how = ''`
	result, err := tx.Exec(ctx, q, l.Arrived, ms(l.ArrivedAt), l.By, l.How, id, l.Lot, l.Place)
	if err != nil {
		return err
	}
	return oneRow(result, inventory.ErrUnknownCarry)
}

func (tx stockTx) EndCarry(ctx context.Context, id inventory.CarryID, at time.Time) error {
	const q = `
		UPDATE carries
		SET ended_at = $1
		WHERE id = $2`
	_, err := tx.Exec(ctx, q, ms(at), id)
	return err
}

func (tx stockTx) BoxKnown(ctx context.Context, asset string) (known bool, err error) {
	const q = `
		SELECT EXISTS (SELECT 1 FROM assets WHERE id = $1)`
	err = tx.QueryRow(ctx, q, asset).Scan(&known)
	return known, err
}

// CarriesOf is inventory.Reader.
func (s Stock) CarriesOf(ctx context.Context, id coldchain.ExcursionID) ([]inventory.Carry, error) {
	return carriesWith(ctx, s, ` WHERE c.excursion = $1 ORDER BY c.id DESC`, id)
}

// Boxed is inventory.Reader.
func (s Stock) Boxed(ctx context.Context) ([]inventory.Carry, error) {
	return carriesWith(ctx, s, ` WHERE c.ended_at IS NULL AND c.box <> $1 ORDER BY c.id`, "")
}

// CaseTrail is coldchain.Store: what the audit chain holds of an excursion, oldest first.
func (f Fridges) CaseTrail(ctx context.Context, e coldchain.Excursion, alarms []string) ([]coldchain.CaseDeed, error) {
	const q = `
		SELECT seq, hash, at, actor_name, what, on_thing, why, after
		FROM audit
		WHERE on_thing = $1 OR on_thing IN (SELECT value FROM json_each($2))
		UNION
		SELECT seq, hash, at, actor_name, what, on_thing, why, after
		FROM audit
		WHERE on_thing = $3 AND what IN ('excursion.begin', 'excursion.end', 'excursion.revise', 'excursion.withdraw')
			AND json_valid(after) AND json_extract(after, '$.ID') = $4
		UNION
		SELECT seq, hash, at, actor_name, what, on_thing, why, after
		FROM audit
		WHERE on_thing IN (SELECT DISTINCT 'stock/' || item FROM main.stock_holds WHERE excursion = $4)
			AND json_valid(after) AND json_extract(after, '$.excursion') = $4
		ORDER BY seq`
	asked, err := asJSON(append([]string{}, alarms...), nil)
	if err != nil {
		return nil, err
	}
	rows, err := f.Query(ctx, q, e.Subject(), asked, e.Fridge.Topic(), e.ID)
	deeds, err := scanAll(rows, err, func(row scanner) (d coldchain.CaseDeed, err error) {
		var at int64
		err = row.Scan(&d.Seq, &d.Hash, &at, &d.ByName, &d.What, &d.On, &d.Why, &d.After)
		d.At = fromMS(at)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("audit trail of excursion %d: %w", e.ID, err)
	}
	return deeds, nil
}
