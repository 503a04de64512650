package db

import (
	"context"
	"fmt"
	"strings"

	"wardwatch/tracking"
	"wardwatch/tracking/health"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/notify"
)

// Health keeps how the devices that tell of equipment do. It is health's Store.
type Health struct{ *DB }

var _ health.Store = Health{}

// InTx runs change in a transaction and returns once it is durable.
func (h Health) InTx(ctx context.Context, change func(notify.Tx) error) error {
	return Alarms(h).InTx(ctx, change)
}

// GatewayStates are all gateways that were ever heard.
func (h Health) GatewayStates(ctx context.Context) ([]ingest.GatewayState, error) {
	return Devices(h).GatewayStates(ctx)
}

// AtRisk are assets with a tag that is silent, was never heard or has at most pct of its battery left.
func (h Health) AtRisk(ctx context.Context, pct, limit int) ([]tracking.Asset, error) {
	const q = `
		SELECT ` + assetColumns + `
		FROM assets a
		WHERE (a.gone_at <> 0 OR a.seen_at = 0 OR a.battery_pct BETWEEN 0 AND $1)
			AND EXISTS (SELECT 1 FROM asset_tags t WHERE t.asset_id = a.id)
		ORDER BY a.id
		LIMIT 0 + $2`
	assets, err := scanAssets(h.Query(ctx, q, pct, limit))
	if err != nil {
		return nil, fmt.Errorf("read tags at risk: %w", err)
	}
	return assets, nil
}

// HeardLast counts the assets that each gateway heard last.
func (h Health) HeardLast(ctx context.Context) (map[hospital.GatewayID]int, error) {
	const q = `
		SELECT gateway_id, COUNT(*)
		FROM assets
		WHERE gateway_id <> ''
		GROUP BY gateway_id`
	rows, err := h.Query(ctx, q)
	counts := map[hospital.GatewayID]int{}
	_, err = scanAll(rows, err, func(row scanner) (id hospital.GatewayID, err error) {
		var n int
		err = row.Scan(&id, &n)
		counts[id] = n
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("count what gateways heard last: %w", err)
	}
	return counts, nil
}

// Ongoing are the alarms of the kinds that have neither returned nor been closed.
func (h Health) Ongoing(ctx context.Context, kinds []notify.Kind) ([]notify.Alarm, error) {
	var q strings.Builder
	var args []any
	q.WriteString(`SELECT ` + alarmColumns + ` FROM alarms WHERE returned_at IS NULL AND closed_at IS NULL AND kind IN `)
	args = among(&q, args, kinds)
	rows, err := h.Query(ctx, q.String(), args...)
	alarms, err := scanAlarms(rows, err)
	if err != nil {
		return nil, fmt.Errorf("read ongoing alarms: %w", err)
	}
	return alarms, nil
}
