package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// selectReply reads answers; an order that is out of reach takes its answers along.
const selectReply = `
		SELECT r.id, r.supplier, s.name, s.currency, r.reply, r.number, r.reference, r.says, r.note, r.currency, r.expected, r.lines, r.format, r.way, r.digest,
			r.taken_at, r.taken_name, r.status, r.decided_at, r.decided_name, r.why
		FROM order_replies r
		JOIN suppliers s ON s.id = r.supplier
		JOIN purchase_orders o ON o.number = r.number`

func scanReply(row scanner) (r reorder.Reply, err error) {
	var lines string
	var taken int64
	var decided sql.NullInt64
	if err := row.Scan(&r.ID, &r.Supplier.ID, &r.Supplier.Name, &r.Supplier.Currency, &r.Number, &r.Order, &r.Reference, &r.Says, &r.Note, &r.Currency, &r.Expected, &lines,
		&r.Format, &r.Way, &r.Digest, &taken, &r.TakenName, &r.Status, &decided, &r.DecidedName, &r.Why); err != nil {
		return r, err
	}
	r.TakenAt, r.DecidedAt = fromMS(taken), fromNullMS(decided)
	return r, json.Unmarshal([]byte(lines), &r.Lines)
}

const replyByID = selectReply + `
		WHERE r.id = $1`

// Reply is reorder.ReplyTx.
func (tx ordersTx) Reply(ctx context.Context, id reorder.ReplyID) (reorder.Reply, error) {
	return found(scanReply(theirs{tx.Tx}.QueryRow(ctx, replyByID, id)))(reorder.ErrUnknownReply, fmt.Sprint(id))
}

// FindReply is reorder.ReplyReader.
func (o Orders) FindReply(ctx context.Context, id reorder.ReplyID) (reorder.Reply, error) {
	r, err := found(scanReply(o.QueryRow(ctx, replyByID, id)))(reorder.ErrUnknownReply, fmt.Sprint(id))
	if err != nil {
		return r, err
	}
	const q = `
		SELECT file
		FROM order_replies
		WHERE id = $1`
	return r, o.QueryRow(ctx, q, id).Scan(&r.File)
}

// ReplyNumbered is reorder.ReplyTx.
func (tx ordersTx) ReplyNumbered(ctx context.Context, supplier inventory.SupplierID, number string) (reorder.Reply, error) {
	const q = selectReply + `
		WHERE r.supplier = $1 AND r.reply = $2`
	return found(scanReply(tx.QueryRow(ctx, q, supplier, number)))(reorder.ErrUnknownReply, number)
}

// RepliesOf is reorder.ReplyReader.
func (o Orders) RepliesOf(ctx context.Context, order string) ([]reorder.Reply, error) {
	const q = selectReply + `
		WHERE r.number = $1
		ORDER BY r.id DESC
		LIMIT 50`
	rows, err := o.Query(ctx, q, order)
	return scanAll(rows, err, scanReply)
}

// RepliesWaiting is reorder.ReplyReader.
func (o Orders) RepliesWaiting(ctx context.Context, limit int) ([]reorder.Reply, error) {
	const q = selectReply + `
		WHERE r.status = 'waiting'
		ORDER BY r.id
		LIMIT 0 + $1`
	rows, err := o.Query(ctx, q, limit)
	return scanAll(rows, err, scanReply)
}

// AddReply is reorder.ReplyTx.
func (tx ordersTx) AddReply(ctx context.Context, r reorder.Reply) (id reorder.ReplyID, err error) {
	lines, err := json.Marshal(r.Lines)
	if err != nil {
		return 0, err
	}
	const q = `
		INSERT INTO order_replies (supplier, reply, number, reference, says, note, currency, expected, lines, format, way, file, digest, taken_at, taken_name, status, why)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		RETURNING id`
	err = tx.QueryRow(ctx, q, r.Supplier.ID, r.Number, r.Order, r.Reference, r.Says, r.Note, r.Currency, r.Expected, string(lines), r.Format, r.Way, r.File, r.Digest,
		ms(r.TakenAt), r.TakenName, r.Status, r.Why).Scan(&id)
	return id, err
}

// EndReply is reorder.ReplyTx.
func (tx ordersTx) EndReply(ctx context.Context, id reorder.ReplyID, status reorder.ReplyStatus, name, why string) error {
	const q = `
		UPDATE order_replies
		SET status = $1, decided_at = $2, decided_name = $3, why = $4
		WHERE id = $5 AND status = 'waiting'`
	result, err := tx.Exec(ctx, q, status, ms(tx.Now()), name, why, id)
	if err != nil {
		return err
	}
	return oneRow(result, reorder.ErrUnknownReply)
}

// OvertakeReplies is reorder.ReplyTx.
func (tx ordersTx) OvertakeReplies(ctx context.Context, order string) error {
	const q = `
		UPDATE order_replies
		SET status = 'overtaken', decided_at = $1
		WHERE number = $2 AND status = 'waiting'`
	_, err := tx.Exec(ctx, q, ms(tx.Now()), order)
	return err
}

// LastMessage is reorder.ReplyTx.
func (tx ordersTx) LastMessage(ctx context.Context, order string) (message string, changes int, err error) {
	const q = `
		SELECT message_id, change_no
		FROM order_mail
		WHERE number = $1
		ORDER BY id DESC
		LIMIT 1`
	err = tx.QueryRow(ctx, q, order).Scan(&message, &changes)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	return message, changes, err
}

// Answering is reorder.ReplyReader.
func (o Orders) Answering(ctx context.Context) ([]inventory.Supplier, error) {
	const q = `
		SELECT id, name, channel
		FROM suppliers
		WHERE json_extract(channel, '$.answers') <> ''
		ORDER BY id`
	rows, err := o.Query(ctx, q)
	return collect(rows, err, func(s *inventory.Supplier) []any { return []any{&s.ID, &s.Name, channelText{&s.Channel}} })
}

// SupplierNamed is reorder.ReplyReader.
func (o Orders) SupplierNamed(ctx context.Context, id inventory.SupplierID) (s inventory.Supplier, err error) {
	const q = `
		SELECT id, name, currency
		FROM suppliers
		WHERE id = $1`
	err = o.QueryRow(ctx, q, id).Scan(&s.ID, &s.Name, &s.Currency)
	return found(s, err)(hospital.ErrUnknown, string(id))
}
