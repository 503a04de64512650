package db

import (
	"context"
	"encoding/json"
	"fmt"

	"wardwatch/inventory"
)

// MovementNumbered is inventory.Reader.
func (s Stock) MovementNumbered(ctx context.Context, item inventory.ItemID, seq int64) (m inventory.Movement, err error) {
	const q = `
		SELECT seq, at, day, kind, item, lot, place, free, held, actor, actor_name, why, source, ref, other
		FROM stock_movements
		WHERE seq = $1 AND item = $2`
	rows, err := s.Query(ctx, q, seq, item)
	all, err := movements(rows, err)
	if err != nil {
		return m, fmt.Errorf("line %d of %s: %w", seq, item, err)
	}
	if len(all) == 0 {
		return m, fmt.Errorf("line %d of %s: %w", seq, item, inventory.ErrUnknownLine)
	}
	return all[0], nil
}

// TakenBack is inventory.Tx.
func (tx stockTx) TakenBack(ctx context.Context, seq int64) (done bool, err error) {
	const q = `
		SELECT EXISTS (SELECT 1 FROM stock_movements WHERE ref = $1 AND ref >= 'line/' AND ref < 'line0')`
	err = tx.QueryRow(ctx, q, inventory.LineRef(seq)).Scan(&done)
	return done, err
}

// TakenBack is inventory.Reader.
func (s Stock) TakenBack(ctx context.Context, lines []int64) (map[int64]int64, error) {
	refs := make([]string, len(lines))
	for i, seq := range lines {
		refs[i] = inventory.LineRef(seq)
	}
	text, err := json.Marshal(refs)
	if err != nil {
		return nil, err
	}
	const q = `
		SELECT m.seq, m.ref
		FROM json_each($1) l
		CROSS JOIN stock_movements m ON m.ref = l.value AND m.ref >= 'line/' AND m.ref < 'line0'`
	rows, err := s.Query(ctx, q, string(text))
	taken, err := collect(rows, err, func(m *inventory.Movement) []any { return []any{&m.Seq, &m.Ref} })
	if err != nil {
		return nil, fmt.Errorf("which of %d lines were taken back: %w", len(lines), err)
	}
	by := make(map[int64]int64, len(taken))
	for _, m := range taken {
		by[m.Undoes()] = m.Seq
	}
	return by, nil
}
