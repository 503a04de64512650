package db

import (
	"context"

	"wardwatch/inventory"
)

// Health is inventory.Reader.
func (s Stock) Health(ctx context.Context, today inventory.Date) (h inventory.Health, err error) {
	const counts = `
		SELECT COUNT(*),
			COUNT(CASE WHEN low = 1 AND rank < 1000000 THEN 1 END),
			COUNT(CASE WHEN days_left < 0 THEN 1 END),
			COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM stock_balances b JOIN stock_lots l ON l.id = b.lot
				WHERE b.item = s.item AND b.free > 0 AND (l.expiry = 0 OR l.expiry >= $1)) THEN 1 END)
		FROM stock_summaries s`
	if err := s.QueryRow(ctx, counts, today).Scan(&h.Items, &h.Low, &h.Idle, &h.Empty); err != nil {
		return h, err
	}
	const cover = `
		SELECT COUNT(*)
		FROM stock_summaries
		WHERE days_left >= $1 AND ($2 = 0.0 OR days_left < $2)`
	for i, band := range inventory.CoverBands() {
		if err := s.QueryRow(ctx, cover, band.From, band.To).Scan(&h.Cover[i]); err != nil {
			return h, err
		}
	}
	const lots = `
		SELECT COUNT(DISTINCT CASE WHEN l.expiry < $1 THEN b.lot END),
			COUNT(DISTINCT CASE WHEN l.expiry >= $1 AND b.free > 0 THEN b.lot END)
		FROM stock_balances b
		JOIN stock_lots l ON l.id = b.lot
		WHERE l.expiry <> 0 AND l.expiry <= $2 AND (b.free > 0 OR b.held > 0)`
	if err := s.QueryRow(ctx, lots, today, today+inventory.ExpiringDays).Scan(&h.Expired, &h.Expiring); err != nil {
		return h, err
	}
	const held = `
		SELECT COUNT(*)
		FROM stock_holds
		WHERE decision = ''`
	return h, s.QueryRow(ctx, held).Scan(&h.Held)
}
