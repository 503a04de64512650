package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
)

// rawSensors is how many sensors RawInserts spreads its rows over.
const rawSensors = 400

// RawInserts is how many rows a second the driver alone stores in a new file at
// path, with the very table of readings and the very settings of the writer, batch
// rows a commit, measured for some time: the limit that a whole server is held against.
func RawInserts(ctx context.Context, path string, length time.Duration, batch int) (perSecond float64, err error) {
	pool, err := sql.Open("sqlite", source(path, "synchronous(FULL)", "wal_autocheckpoint(4000)"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	pool.SetMaxOpenConns(1)
	if err := migrate(ctx, pool); err != nil {
		return 0, err
	}
	const q = `
		INSERT INTO readings (sensor, measured_at, temp_mc, received_after, origin)
		VALUES ($1, $2, $3, $4, 1)
		ON CONFLICT (sensor, measured_at) DO NOTHING`
	insert, err := pool.PrepareContext(ctx, q)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	start, begun, rows := time.Now().Add(-24*time.Hour).UnixMilli(), time.Now(), 0
	for rows == 0 || time.Since(begun) < length {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return 0, err
		}
		bound := tx.StmtContext(ctx, insert)
		for i := rows; i < rows+batch; i++ {
			if _, err := bound.ExecContext(ctx, i%rawSensors+1, start+int64(i/rawSensors)*1000, 4000+i%900, 5); err != nil {
				return 0, errors.Join(err, tx.Rollback())
			}
		}
		if err := tx.Commit(); err != nil {
			return 0, err
		}
		rows += batch
	}
	return float64(rows) / time.Since(begun).Seconds(), nil
}

// FillPast stores n readings of a sensor straight into their tables, summed up by the
// hour, so that much can be behind a measurement: one each so many, the last before an
// instant, a compressor's saw around 5 °C. They are not judged.
func (d *DB) FillPast(ctx context.Context, sensor coldchain.SensorID, before time.Time, every time.Duration, n int) error {
	const q = `
		WITH RECURSIVE past (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM past WHERE n + 1 < $4)
		INSERT INTO readings (sensor, measured_at, temp_mc, received_after, origin)
		SELECT $1, $2 + n * $3, 4100 + abs(n % 76 - 38) * 47, 900 + n % 13, $5
		FROM past`
	from := before.Add(-time.Duration(n) * every)
	err := Fridges{DB: d}.InTx(ctx, func(tx coldchain.Tx) error {
		origin, err := tx.Origin(ctx, "past", "")
		if err != nil {
			return err
		}
		if _, err := tx.(fridgesTx).Exec(ctx, q, sensor, ms(from), every.Milliseconds(), n, origin); err != nil {
			return err
		}
		return tx.SumHours(ctx, sensor, from, before)
	})
	if err != nil {
		return fmt.Errorf("fill the past of sensor %d: %w", sensor, err)
	}
	return nil
}

// WeighReadings counts the readings of the database at dsn and the bytes of the
// pages that hold them. It takes as long as there are readings.
func WeighReadings(ctx context.Context, dsn string) (readings, bytes int64, err error) {
	d, err := Inspect(ctx, dsn)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.QueryRow(ctx, `SELECT count(*) FROM readings`).Scan(&readings); err != nil {
		return 0, 0, fmt.Errorf("count readings: %w", err)
	}
	if err := d.QueryRow(ctx, `SELECT sum(pgsize) FROM dbstat WHERE name = 'readings'`).Scan(&bytes); err != nil {
		return 0, 0, fmt.Errorf("weigh readings: %w", err)
	}
	return readings, bytes, nil
}
