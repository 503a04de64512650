package db

import (
	"context"

	"wardwatch/inventory"
)

// Health is inventory.Reader.
func (s Stock) Health(ctx context.Context, today inventory.Date) (inventory.Health, error) {
	return stockHealth(ctx, s, today)
}

func stockHealth(ctx context.Context, from asker, today inventory.Date) (h inventory.Health, err error) {
	const counts = `
		SELECT COUNT(*),
			COUNT(CASE WHEN low = 1 AND rank < 1000000 THEN 1 END),
			COUNT(CASE WHEN days_left < 0 THEN 1 END),
			COUNT(CASE WHEN NOT EXISTS (SELECT 1 FROM stock_balances b JOIN stock_lots l ON l.id = b.lot
				WHERE b.item = s.item AND b.free > 0 AND (l.expiry = 0 OR l.expiry >= $1)) THEN 1 END)
		FROM stock_summaries s`
	if err := from.QueryRow(ctx, counts, today).Scan(&h.Items, &h.Low, &h.Idle, &h.Empty); err != nil {
		return h, err
	}
	const cover = `
		SELECT COUNT(*)
		FROM stock_summaries
		WHERE days_left >= $1 AND ($2 = 0.0 OR days_left < $2)`
	for i, band := range inventory.CoverBands() {
		if err := from.QueryRow(ctx, cover, band.From, band.To).Scan(&h.Cover[i]); err != nil {
			return h, err
		}
	}
	const lots = `
		SELECT COUNT(DISTINCT CASE WHEN l.expiry < $1 THEN b.lot END),
			COUNT(DISTINCT CASE WHEN l.expiry >= $1 AND b.free > 0 THEN b.lot END)
		FROM stock_balances b
		JOIN stock_lots l ON l.id = b.lot
		WHERE l.expiry <> 0 AND l.expiry <= $2 AND (b.free > 0 OR b.held > 0)`
	if err := from.QueryRow(ctx, lots, today, today+inventory.ExpiringDays).Scan(&h.Expired, &h.Expiring); err != nil {
		return h, err
	}
	const held = `
		SELECT COUNT(*)
		FROM stock_holds
		WHERE decision = ''`
	return h, from.QueryRow(ctx, held).Scan(&h.Held)
}

// KeepHealth is inventory.HealthTx.
func (tx stockTx) KeepHealth(ctx context.Context, today inventory.Date) error {
	h, err := stockHealth(ctx, tx, today)
	if err != nil {
		return err
	}
	const clear = `
		DELETE FROM stock_health_days
		WHERE day = $1`
	if _, err := tx.Exec(ctx, clear, today); err != nil {
		return err
	}
	const whole = `
		INSERT INTO stock_health_days (day, place, items, empty, low, expired, expiring, held)
		VALUES ($1, '', $2, $3, $4, $5, $6, $7)`
	if _, err := tx.Exec(ctx, whole, today, h.Items, h.Empty, h.Low, h.Expired, h.Expiring, h.Held); err != nil {
		return err
	}
	const places = `
		INSERT INTO stock_health_days (day, place, items, empty, low)
		SELECT $1, place, COUNT(*), COUNT(CASE WHEN usable <= 0 THEN 1 END), COUNT(CASE WHEN ` + runsLow + ` THEN 1 END)
		FROM stock_outlooks
		GROUP BY place`
	tx.Announce("stock")
	_, err = tx.Exec(ctx, places, today)
	return err
}

// days are those from $1 up to before $2.
const healthDays = `
		WITH RECURSIVE days (day) AS (
			SELECT $1 WHERE $1 < $2
			UNION ALL
			SELECT day + 1 FROM days WHERE day + 1 < $2
		), gone (day, item, place) AS (
			SELECT d.day, e.item, e.place
			FROM stock_empty e
			JOIN days d ON d.day >= e.since AND (e.until = 0 OR d.day <= e.until)
			JOIN stock_outlooks o ON o.item = e.item AND o.place = e.place
		)`

// TellHealth is inventory.HealthTx. An item is told as empty where each place that orders it
// was.
func (tx stockTx) TellHealth(ctx context.Context, from, today inventory.Date) error {
	const known = `
		SELECT (SELECT COUNT(*) FROM stock_health_days), COALESCE((SELECT day FROM stock_movements ORDER BY seq LIMIT 1), $1)`
	var noted int
	var first inventory.Date
	if err := tx.QueryRow(ctx, known, today).Scan(&noted, &first); err != nil || noted > 0 {
		return err
	}
	const places = `
		INSERT INTO stock_health_days (day, place, items, empty, told)` + healthDays + `
		SELECT d.day, o.place, o.items, COALESCE(g.empty, 0), 1
		FROM days d
		CROSS JOIN (SELECT place, COUNT(*) AS items FROM stock_outlooks GROUP BY place) o
		LEFT JOIN (SELECT day, place, COUNT(*) AS empty FROM gone GROUP BY day, place) g ON g.day = d.day AND g.place = o.place`
	const whole = `
		INSERT INTO stock_health_days (day, place, items, empty, told)` + healthDays + `
		SELECT d.day, '', (SELECT COUNT(DISTINCT item) FROM stock_outlooks), COALESCE(g.empty, 0), 1
		FROM days d
		LEFT JOIN (
			SELECT day, COUNT(*) AS empty
			FROM (SELECT day, item, COUNT(*) AS places FROM gone GROUP BY day, item) e
			WHERE e.places = (SELECT COUNT(*) FROM stock_outlooks o WHERE o.item = e.item)
			GROUP BY day
		) g ON g.day = d.day`
	for _, q := range []string{places, whole} {
		if _, err := tx.Exec(ctx, q, max(from, first), today); err != nil {
			return err
		}
	}
	return nil
}

// ForgetHealth is inventory.HealthTx.
func (tx stockTx) ForgetHealth(ctx context.Context, before inventory.Date) error {
	const q = `
		DELETE FROM stock_health_days
		WHERE day < $1`
	_, err := tx.Exec(ctx, q, before)
	return err
}

// HealthDays is inventory.HealthReader.
func (s Stock) HealthDays(ctx context.Context, place inventory.PlaceID, since inventory.Date) ([]inventory.HealthDay, error) {
	const q = `
		SELECT day, place, items, empty, COALESCE(low, -1), COALESCE(expired, -1), COALESCE(expiring, -1), COALESCE(held, -1), told
		FROM stock_health_days
		WHERE place = $1 AND day >= $2
		ORDER BY day`
	rows, err := s.Query(ctx, q, place, since)
	return collect(rows, err, func(h *inventory.HealthDay) []any {
		return []any{&h.Day, &h.Place, &h.Items, &h.Empty, &h.Low, &h.Expired, &h.Expiring, &h.Held, &h.Told}
	})
}
