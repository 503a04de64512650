package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wardwatch/tracking/hospital"
)

// LoggerLayout is how a logger's CSV files are to be read; empty when nobody has said.
func (f Fridges) LoggerLayout(ctx context.Context, serial string) (layout string, err error) {
	const q = `
		SELECT layout
		FROM logger_layouts
		WHERE sensor = $1`
	err = f.QueryRow(ctx, q, serial).Scan(&layout)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("layout of logger %s: %w", serial, err)
	}
	return layout, nil
}

// KeepLayout keeps how a logger's CSV files are to be read.
func (tx fridgesTx) KeepLayout(ctx context.Context, by hospital.Actor, serial, layout string) error {
	const q = `
		INSERT INTO logger_layouts (sensor, layout, set_at, set_by)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (sensor) DO UPDATE
		SET layout = excluded.layout, set_at = excluded.set_at, set_by = excluded.set_by`
	if _, err := tx.Exec(ctx, q, serial, layout, ms(tx.Now()), by.ID); err != nil {
		return fmt.Errorf("keep the layout of logger %s: %w", serial, err)
	}
	return nil
}
