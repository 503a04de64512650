package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
)

// Attended are the streams that watched a fridge within a time, by number, each with
// its stays there. Where a sensor is today does not matter: whoever may see the
// fridge may see what was measured in it.
func (f Fridges) Attended(ctx context.Context, id coldchain.FridgeID, from, to time.Time) ([]coldchain.Attendance, error) {
	const q = `
		SELECT ` + sensorColumns + `, y.fridge, y.from_at, y.to_at
		FROM (
			SELECT sensor, fridge, from_at, lead(from_at) OVER (PARTITION BY sensor ORDER BY from_at) AS to_at
			FROM sensor_stays
			WHERE sensor IN (SELECT sensor FROM sensor_stays WHERE fridge = $1)) y
		JOIN main.sensors s ON s.id = y.sensor
		WHERE y.fridge = $1 AND y.from_at < $3 AND (y.to_at IS NULL OR y.to_at > $2)
			AND EXISTS (SELECT 1 FROM fridges f WHERE f.id = $1)
		ORDER BY s.id, y.from_at`
	rows, err := f.Query(ctx, q, id, ms(from), untilMS(to))
	parts, err := scanAll(rows, err, func(row scanner) (coldchain.Attendance, error) { return scanAttendance(row, from, to) })
	if err != nil {
		return nil, fmt.Errorf("probes that %s has had: %w", id, err)
	}
	return joinStays(parts), nil
}

// AttendedAll is Attended of each fridge.
func (f Fridges) AttendedAll(ctx context.Context, from, to time.Time) (map[coldchain.FridgeID][]coldchain.Attendance, error) {
	const q = `
		SELECT ` + sensorColumns + `, y.fridge, y.from_at, y.to_at
		FROM (
			SELECT sensor, fridge, from_at, lead(from_at) OVER (PARTITION BY sensor ORDER BY from_at) AS to_at
			FROM sensor_stays) y
		JOIN main.sensors s ON s.id = y.sensor
		JOIN fridges f ON f.id = y.fridge
		WHERE y.from_at < $2 AND (y.to_at IS NULL OR y.to_at > $1)
		ORDER BY y.fridge, s.id, y.from_at`
	rows, err := f.Query(ctx, q, ms(from), untilMS(to))
	parts, err := scanAll(rows, err, func(row scanner) (coldchain.Attendance, error) { return scanAttendance(row, from, to) })
	if err != nil {
		return nil, fmt.Errorf("probes of all fridges: %w", err)
	}
	byFridge := map[coldchain.FridgeID][]coldchain.Attendance{}
	for _, part := range parts {
		byFridge[part.Stays[0].Fridge] = append(byFridge[part.Stays[0].Fridge], part)
	}
	for id, parts := range byFridge {
		byFridge[id] = joinStays(parts)
	}
	return byFridge, nil
}

// scanAttendance is one stay of a sensor, cut to a time.
func scanAttendance(row scanner, from, to time.Time) (a coldchain.Attendance, err error) {
	var stay coldchain.Stay
	var begun int64
	var ended sql.NullInt64
	a.Sensor, err = scanSensor(row, &stay.Fridge, &begun, &ended)
	if stay.From, stay.To = fromMS(begun), fromNullMS(ended); stay.From.Before(from) {
		stay.From = from
	}
	if stay.To.IsZero() || !to.IsZero() && stay.To.After(to) {
		stay.To = to
	}
	a.Stays = []coldchain.Stay{stay}
	return a, err
}

// joinStays puts the stays of a sensor, which follow one another, together.
func joinStays(parts []coldchain.Attendance) (all []coldchain.Attendance) {
	for _, part := range parts {
		if n := len(all); n > 0 && all[n-1].Sensor.ID == part.Sensor.ID {
			all[n-1].Stays = append(all[n-1].Stays, part.Stays...)
			continue
		}
		all = append(all, part)
	}
	return all
}

// Readings are up to limit readings that were measured in a fridge, one probe after the other, oldest first.
func (l Lists) Readings(ctx context.Context, ask coldchain.ReadingQuery, limit int) ([]coldchain.Recorded, error) {
	probes, err := Fridges(l).Attended(ctx, ask.Fridge, ask.From, ask.To)
	if err != nil {
		return nil, fmt.Errorf("list readings of %s: %w", ask.Fridge, err)
	}
	var all []coldchain.Recorded
	for _, probe := range probes {
		if probe.Sensor.ID < ask.AfterSensor {
			continue
		}
		for _, stay := range probe.Stays {
			from, to := ms(stay.From), untilMS(stay.To)
			if probe.Sensor.ID == ask.AfterSensor {
				from = max(from, ms(ask.AfterAt)+1)
			}
			part, err := l.readingsOf(ctx, probe.Sensor, from, to, limit-len(all))
			if err != nil {
				return nil, fmt.Errorf("list readings of %s: %w", ask.Fridge, err)
			}
			if all = append(all, part...); len(all) >= limit {
				return all, nil
			}
		}
	}
	return all, nil
}

// readingsOf are up to limit readings of one stream with from <= measured < to.
func (l Lists) readingsOf(ctx context.Context, s coldchain.Sensor, from, to int64, limit int) ([]coldchain.Recorded, error) {
	const q = `
		SELECT r.measured_at, r.temp_mc, r.received_after, COALESCE(o.source, ''), COALESCE(o.gateway, '')
		FROM readings r
		LEFT JOIN reading_origins o ON o.id = r.origin
		WHERE r.sensor = $1 AND r.measured_at >= $2 AND r.measured_at < $3
		ORDER BY r.measured_at
		LIMIT 0 + $4`
	rows, err := l.Query(ctx, q, s.ID, from, to, limit)
	return gather(rows, err, func(rows *sql.Rows) (coldchain.Recorded, error) {
		r := coldchain.Recorded{Sensor: s.ID, Key: s.Key, Judged: s.Judged}
		var measured, after int64
		err := rows.Scan(&measured, &r.Temp, &after, &r.Source, &r.Gateway)
		r.At, r.ReceivedAt = fromMS(measured), fromMS(measured+after)
		return r, err
	})
}
