package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// Keeping is how long raw readings are kept.
func (f Fridges) Keeping(ctx context.Context) (coldchain.Keeping, error) {
	return readingKeeping(ctx, f.DB)
}

func readingKeeping(ctx context.Context, ask asker) (coldchain.Keeping, error) {
	const q = `
		SELECT years, by_name, at
		FROM reading_keeping
		ORDER BY version DESC
		LIMIT 1`
	var k coldchain.Keeping
	var at int64
	err := ask.QueryRow(ctx, q).Scan(&k.Years, &k.By, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return coldchain.Keeping{Years: coldchain.LeastKeepYears}, nil
	}
	if err != nil {
		return k, fmt.Errorf("how long readings are kept: %w", err)
	}
	k.At = fromMS(at)
	return k, nil
}

// AddKeeping stores how long readings are kept from now on.
func (tx fridgesTx) AddKeeping(ctx context.Context, by hospital.Actor, k coldchain.Keeping, why string) error {
	const q = `
		INSERT INTO reading_keeping (version, years, at, by, by_name, why)
		SELECT COALESCE(max(version), 0) + 1, $1, $2, $3, $4, $5
		FROM reading_keeping`
	_, err := tx.Exec(ctx, q, k.Years, ms(k.At), by.ID, k.By, why)
	return err
}

// HoldFridge notes that a fridge is held, or no longer.
func (tx fridgesTx) HoldFridge(ctx context.Context, by hospital.Actor, id coldchain.FridgeID, held bool, why string) error {
	const q = `
		INSERT INTO legal_holds (fridge, held, at, by, by_name, why)
		VALUES ($1, $2, $3, $4, $5, $6)`
	_, err := tx.Exec(ctx, q, id, held, ms(tx.Now()), by.ID, by.Name, why)
	return err
}

// LetGoUntil is up to when a stream's raw readings were let go.
func (f Fridges) LetGoUntil(ctx context.Context, sensor coldchain.SensorID) (time.Time, error) {
	const q = `
		SELECT COALESCE(max(until), 0)
		FROM readings_let_go
		WHERE sensor = $1`
	var until int64
	if err := f.QueryRow(ctx, q, sensor).Scan(&until); err != nil {
		return time.Time{}, fmt.Errorf("what of sensor %d was let go: %w", sensor, err)
	}
	return fromMS(until), nil
}

// LegalHolds are the fridges that are held, by name.
func (f Fridges) LegalHolds(ctx context.Context) ([]coldchain.LegalHold, error) {
	const q = `
		SELECT h.fridge, h.by_name, h.at, h.why
		FROM legal_holds h
		JOIN fridges f ON f.id = h.fridge
		WHERE h.held = 1 AND h.seq = (SELECT max(l.seq) FROM legal_holds l WHERE l.fridge = h.fridge)
		ORDER BY f.name, f.id`
	rows, err := f.Query(ctx, q)
	held, err := scanAll(rows, err, func(row scanner) (h coldchain.LegalHold, err error) {
		var at int64
		err = row.Scan(&h.Fridge, &h.By, &at, &h.Why)
		h.At = fromMS(at)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("legal holds: %w", err)
	}
	return held, nil
}

// LetGoReadings lets raw readings go that were measured before a moment, at most maxLetGo
// in one change, so that nobody waits long for it. An hour goes or stays as a whole.
func (f Fridges) LetGoReadings(ctx context.Context, by hospital.Actor, before time.Time) ([]coldchain.Thinned, error) {
	const q = `
		SELECT s.id, s.sensor, s.channel
		FROM sensors s
		WHERE EXISTS (SELECT 1 FROM readings r WHERE r.sensor = s.id AND r.measured_at < $1)
			AND NOT EXISTS (
				SELECT 1
				FROM sensor_stays y
				JOIN legal_holds h ON h.fridge = y.fridge
				WHERE y.sensor = s.id AND h.held = 1
					AND h.seq = (SELECT max(l.seq) FROM legal_holds l WHERE l.fridge = h.fridge))
			AND NOT EXISTS (
				SELECT 1
				FROM sensor_stays y
				JOIN stock_holds o ON o.fridge = y.fridge
				WHERE y.sensor = s.id AND o.decision = '' AND o.withdrawn = 0)
		ORDER BY s.id`
	rows, err := f.Query(ctx, q, ms(before))
	streams, err := scanAll(rows, err, func(row scanner) (t coldchain.Thinned, err error) {
		return t, row.Scan(&t.Sensor, &t.Key.Sensor, &t.Key.Channel)
	})
	if err != nil {
		return nil, fmt.Errorf("readings that are old enough: %w", err)
	}
	var thinned []coldchain.Thinned
	for _, t := range streams {
		for more := true; more; {
			var gone int64
			if gone, more, err = f.letGo(ctx, by, t, before); err != nil {
				return thinned, fmt.Errorf("let readings of %s go: %w", t.Key, err)
			}
			t.Readings += gone
		}
		if t.Readings > 0 {
			thinned = append(thinned, t)
		}
	}
	return thinned, nil
}

// letGo lets one portion of a stream go; more is true when another may follow.
func (f Fridges) letGo(ctx context.Context, by hospital.Actor, t coldchain.Thinned, before time.Time) (gone int64, more bool, err error) {
	const upTo = `
		INSERT INTO readings_let_go (sensor, until)
		VALUES ($1, $2)
		ON CONFLICT (sensor) DO UPDATE
		SET until = max(until, excluded.until)`
	const remove = `
		DELETE FROM readings
		WHERE sensor = $1 AND measured_at IN (
			SELECT r.measured_at
			FROM readings r
			WHERE r.sensor = $1 AND r.measured_at < $2
				AND NOT EXISTS (
					SELECT 1
					FROM excursions e
					WHERE e.sensor = $1 AND e.start_at <= r.measured_at / 3600000 * 3600000 + 3600000 + $3
						AND (e.cleared_at IS NULL OR e.cleared_at >= r.measured_at / 3600000 * 3600000 - $4))
			ORDER BY r.measured_at
			LIMIT 0 + $5)`
	const clocks = `
		DELETE FROM reading_clocks
		WHERE sensor = $1 AND measured_at < $2
			AND NOT EXISTS (SELECT 1 FROM readings r WHERE r.sensor = $1 AND r.measured_at = reading_clocks.measured_at)`
	whole := before.Truncate(time.Hour) // a summary's hour goes as a whole
	err = f.DB.InTx(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, upTo, t.Sensor, ms(whole)); err != nil {
			return err
		}
		done, err := tx.Exec(ctx, remove, t.Sensor, ms(whole), coldchain.KeepBefore.Milliseconds(), coldchain.KeepAfter.Milliseconds(), maxLetGo)
		if err != nil {
			return err
		}
		if gone, err = done.RowsAffected(); err != nil || gone == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, clocks, t.Sensor, ms(whole)); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "readings.let-go", On: "sensor/" + t.Key.Sensor, Why: "older than the hospital keeps raw readings; hourly summaries remain",
			After: fmt.Sprintf(`{"readings":%d,"channel":%q,"until":%q}`, gone, t.Key.Channel, whole.UTC().Format(time.RFC3339))})
	})
	return gone, gone == maxLetGo, err
}

// verifyLetGo: whatever was let go has its hourly summary, and each letting go its deed.
func (d *DB) verifyLetGo(ctx context.Context) (says string, fault, err error) {
	return d.look(ctx, []faultQuery{
		{`
		SELECT r.sensor, r.measured_at / 3600000
		FROM readings_let_go g
		JOIN readings r ON r.sensor = g.sensor AND r.measured_at < g.until
		LEFT JOIN reading_hours h ON h.sensor = r.sensor AND h.hour = r.measured_at / 3600000
		WHERE h.sensor IS NULL OR r.temp_mc < h.min_mc OR r.temp_mc > h.max_mc
		LIMIT 1`, "a reading of sensor %s that was kept is not in the summary of its hour, %s", 2},
		{`
		SELECT s.sensor
		FROM readings_let_go g
		JOIN sensors s ON s.id = g.sensor
		WHERE NOT EXISTS (SELECT 1 FROM reading_hours h WHERE h.sensor = g.sensor AND h.hour < g.until / 3600000)
		LIMIT 1`, "readings of sensor %s were let go, and no summary of them is there", 1},
	}, `SELECT count(*) FROM readings_let_go`, "of %d sensors raw readings were let go by their age; their summaries are there")
}
