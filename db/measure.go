package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
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
