package db

import (
	"context"
	"encoding/json"
	"fmt"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
)

// SaveSurges stores what the night found, and ends what it did not find again.
func (tx ordersTx) SaveSurges(ctx context.Context, all []reorder.Surge, today inventory.Date) error {
	const q = `
		INSERT INTO stock_surges (item, status, found_on, last_on, used, expected, most, places)
		VALUES ($1, 'open', $2, $2, $3, $4, $5, $6)
		ON CONFLICT (item) WHERE status <> 'over' DO UPDATE SET last_on = excluded.last_on, used = excluded.used,
			expected = excluded.expected, most = excluded.most, places = excluded.places`
	for _, s := range all {
		places, err := json.Marshal(append([]reorder.SurgePlace{}, s.Places...))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, q, s.Item.ID, today, int64(s.Used), s.Expected, s.Most, string(places)); err != nil {
			return err
		}
	}
	const end = `
		UPDATE stock_surges
		SET status = 'over'
		WHERE status <> 'over' AND last_on < $1`
	_, err := tx.Exec(ctx, end, today)
	return err
}

func (tx ordersTx) ExplainSurge(ctx context.Context, id reorder.SurgeID, note, by string) (item inventory.ItemID, err error) {
	const q = `
		UPDATE stock_surges
		SET status = 'explained', note = $1, noted_by = $2
		WHERE id = $3 AND status <> 'over'
		RETURNING item`
	return found(item, tx.QueryRow(ctx, q, note, by, id).Scan(&item))(reorder.ErrUnknownSurge, fmt.Sprint(id))
}

// Surges is reorder.Reader.
func (o Orders) Surges(ctx context.Context) ([]reorder.Surge, error) {
	const q = `
		SELECT s.id, s.found_on, s.last_on, s.used, s.expected, s.most, s.places, s.note, s.noted_by, i.id, i.name, i.unit
		FROM stock_surges s
		JOIN stock_items i ON i.id = s.item
		WHERE s.status <> 'over'
		ORDER BY s.used - s.expected DESC, s.id
		LIMIT 200`
	rows, err := o.Query(ctx, q)
	return scanAll(rows, err, func(row scanner) (s reorder.Surge, err error) {
		var places jsonText
		if err := row.Scan(&s.ID, &s.FoundOn, &s.LastOn, &s.Used, &s.Expected, &s.Most, &places, &s.Note, &s.NotedBy,
			&s.Item.ID, &s.Item.Name, &s.Item.Unit); err != nil {
			return s, err
		}
		return s, json.Unmarshal(places.raw, &s.Places)
	})
}
