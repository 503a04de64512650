package db

import (
	"context"
	"database/sql"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
)

// readTransfers adds what is to be carried here and from here.
func (tx ordersTx) readTransfers(ctx context.Context, spot reorder.Spot, s *reorder.Situation) error {
	const q = `
		SELECT COALESCE(SUM(CASE WHEN to_place = $2 THEN quantity END), 0), COALESCE(SUM(CASE WHEN from_place = $2 THEN quantity END), 0)
		FROM transfers
		WHERE item = $1 AND status = 'asked'`
	var coming int64
	err := tx.QueryRow(ctx, q, spot.Item, spot.Place).Scan(&coming, &s.Reserved)
	s.OnOrder += coming
	return err
}

func (tx ordersTx) Holders(ctx context.Context, item inventory.ItemID, limit int) ([]inventory.PlaceID, error) {
	const q = `
		SELECT place
		FROM stock_balances
		WHERE item = $1 AND free > 0
		GROUP BY place
		ORDER BY SUM(free) DESC, place
		LIMIT 0 + $2`
	rows, err := tx.Query(ctx, q, item, limit)
	return collect(rows, err, func(id *inventory.PlaceID) []any { return []any{id} })
}

func (tx ordersTx) AddTransfer(ctx context.Context, t reorder.Transfer) error {
	const q = `
		INSERT INTO transfers (item, from_place, to_place, quantity, status, why, asked_at, asked_by, asked_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	_, err := tx.Exec(ctx, q, t.Item.ID, t.From.ID, t.To.ID, t.Quantity, t.Status, t.Why, ms(t.AskedAt), t.AskedBy, t.AskedName)
	tx.Announce("stock", "stock/"+string(t.Item.ID))
	return err
}

const selectTransfer = `
		SELECT t.id, t.quantity, t.status, t.why, t.asked_at, t.asked_by, t.asked_name, t.ended_at, t.ended_by, t.ended_name, t.ended_why,
			i.id, i.name, i.unit, f.id, f.name, o.id, o.name
		FROM transfers t
		JOIN stock_items i ON i.id = t.item
		JOIN main.stock_places f ON f.id = t.from_place -- who sees one end may know the name of the other
		JOIN main.stock_places o ON o.id = t.to_place`

func scanTransfer(row scanner) (t reorder.Transfer, err error) {
	var asked int64
	var ended sql.NullInt64
	err = row.Scan(&t.ID, &t.Quantity, &t.Status, &t.Why, &asked, &t.AskedBy, &t.AskedName, &ended, &t.EndedBy, &t.EndedName, &t.EndedWhy,
		&t.Item.ID, &t.Item.Name, &t.Item.Unit, &t.From.ID, &t.From.Name, &t.To.ID, &t.To.Name)
	t.AskedAt, t.EndedAt = fromMS(asked), fromNullMS(ended)
	return t, err
}

func (tx ordersTx) Transfer(ctx context.Context, id reorder.TransferID) (reorder.Transfer, error) {
	const q = selectTransfer + `
		WHERE t.id = $1`
	return found(scanTransfer(tx.QueryRow(ctx, q, id)))(reorder.ErrUnknownTransfer, fmt.Sprint(id))
}

func (tx ordersTx) EndTransfer(ctx context.Context, t reorder.Transfer) error {
	const q = `
		UPDATE transfers
		SET status = $1, ended_at = $2, ended_by = $3, ended_name = $4, ended_why = $5
		WHERE id = $6 AND status = 'asked'`
	result, err := tx.Exec(ctx, q, t.Status, ms(t.EndedAt), t.EndedBy, t.EndedName, t.EndedWhy, t.ID)
	if err != nil {
		return err
	}
	tx.Announce("stock", "stock/"+string(t.Item.ID))
	if err := oneRow(result, reorder.ErrUnknownTransfer); err != nil {
		return err
	}
	return tx.MarkDue(ctx, []reorder.Spot{{Item: t.Item.ID, Place: t.From.ID}, {Item: t.Item.ID, Place: t.To.ID}})
}

// Transfers is reorder.Reader.
func (o Orders) Transfers(ctx context.Context, limit int) ([]reorder.Transfer, error) {
	const q = selectTransfer + `
		WHERE t.id IN (SELECT id FROM transfers WHERE status = 'asked')
			OR t.id IN (SELECT id FROM transfers WHERE status <> 'asked' ORDER BY id DESC LIMIT 0 + $1)
		ORDER BY CASE WHEN t.status = 'asked' THEN 0 ELSE 1 END, COALESCE(-t.ended_at, t.asked_at), t.id
		LIMIT 0 + $1`
	rows, err := o.Query(ctx, q, limit)
	return scanAll(rows, err, scanTransfer)
}
