package db

import (
	"context"
	"database/sql"
	"fmt"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// DirtyIn are pieces that need cleaning and were last seen in a unit, those that wait longest first.
func (e Equipment) DirtyIn(ctx context.Context, unit hospital.UnitID, limit int) (tracking.Some, error) {
	const q = `
		SELECT ` + assetColumns + `, COUNT(*) OVER ()
		FROM assets a
		WHERE a.room_id IN (SELECT id FROM rooms WHERE unit = $1) AND a.status = 'needs_cleaning'
		ORDER BY a.status_at, a.id
		LIMIT 0 + $2`
	some, err := scanSome(e.Query(ctx, q, unit, limit))
	if err != nil {
		return some, fmt.Errorf("what waits to be cleaned in %s: %w", unit, err)
	}
	return some, nil
}

// LentBy are pieces of a unit that were last seen in another one, those that stand there longest first.
func (e Equipment) LentBy(ctx context.Context, unit hospital.UnitID, limit int) (tracking.Some, error) {
	const q = `
		SELECT ` + assetColumns + `, COUNT(*) OVER ()
		FROM assets a
		WHERE a.unit_id = $1 AND a.room_id IN (SELECT id FROM rooms WHERE unit NOT IN ('', $1))
		ORDER BY a.since, a.id
		LIMIT 0 + $2`
	some, err := scanSome(e.Query(ctx, q, unit, limit))
	if err != nil {
		return some, fmt.Errorf("what %s has lent: %w", unit, err)
	}
	return some, nil
}

// BorrowedBy are pieces of other units that were last seen in this one, those that stand there longest first.
func (e Equipment) BorrowedBy(ctx context.Context, unit hospital.UnitID, limit int) (tracking.Some, error) {
	const q = `
		SELECT ` + assetColumns + `, COUNT(*) OVER ()
		FROM assets a
		WHERE a.room_id IN (SELECT id FROM rooms WHERE unit = $1) AND +a.unit_id NOT IN ('', $1)
		ORDER BY a.since, a.id
		LIMIT 0 + $2`
	some, err := scanSome(e.Query(ctx, q, unit, limit))
	if err != nil {
		return some, fmt.Errorf("what %s has borrowed: %w", unit, err)
	}
	return some, nil
}

// scanSome reads assets that each come with how many there are.
func scanSome(rows *sql.Rows, err error) (some tracking.Some, _ error) {
	some.Assets, err = scanAll(rows, err, func(row scanner) (tracking.Asset, error) {
		return scanAsset(paperedRow{row, []any{&some.Total}})
	})
	return some, err
}
