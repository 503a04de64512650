package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/coldchain"
)

// PointAt is the stored reading of a moment.
func (tx fridgesTx) PointAt(ctx context.Context, sensor coldchain.SensorID, at time.Time) (coldchain.Point, bool, error) {
	const q = `
		SELECT measured_at, temp_mc
		FROM readings
		WHERE sensor = $1 AND measured_at = $2`
	p, err := scanPoint(tx.QueryRow(ctx, q, sensor, ms(at)))
	if errors.Is(err, sql.ErrNoRows) {
		return coldchain.Point{}, false, nil
	}
	return p, err == nil, err
}

// KeepConflict keeps another value of a moment, once.
func (tx fridgesTx) KeepConflict(ctx context.Context, sensor coldchain.SensorID, origin coldchain.OriginID, r coldchain.Reading) error {
	const q = `
		INSERT INTO reading_conflicts (sensor, measured_at, temp_mc, received_at, origin)
		SELECT $1, $2, $3, $4, $5
		WHERE (SELECT count(*) FROM reading_conflicts WHERE sensor = $1 AND measured_at = $2) < $6
		ON CONFLICT (sensor, measured_at, temp_mc) DO NOTHING`
	if _, err := tx.Exec(ctx, q, sensor, ms(r.MeasuredAt), r.Temp, ms(r.ReceivedAt), origin, coldchain.MaxConflicts); err != nil {
		return fmt.Errorf("keep another value: %w", err)
	}
	return nil
}

// FridgeOf is the fridge that a device watches with any of its channels.
func (tx fridgesTx) FridgeOf(ctx context.Context, device string) (coldchain.FridgeID, bool, error) {
	const q = `
		SELECT COALESCE(fridge, '')
		FROM sensors
		WHERE sensor = $1
		ORDER BY fridge IS NULL, judged DESC, id
		LIMIT 1`
	var id coldchain.FridgeID
	err := tx.QueryRow(ctx, q, device).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("fridge of %s: %w", device, err)
	}
	return id, true, nil
}

const signColumns = `sensor, kind, is_on, said, at, received_at`

func scanSign(row scanner, more ...any) (coldchain.Sign, error) {
	var s coldchain.Sign
	var at, received int64
	err := row.Scan(append([]any{&s.Sensor, &s.Kind, &s.On, &s.Text, &at, &received}, more...)...)
	s.At, s.ReceivedAt = fromMS(at), fromMS(received)
	return s, err
}

// SignAt is the newest sign of a device and kind at or before a moment.
func (tx fridgesTx) SignAt(ctx context.Context, device string, kind coldchain.SignKind, at time.Time) (coldchain.Sign, bool, error) {
	return signAt(ctx, tx.Tx, device, kind, at)
}

// SignAt is the newest sign of a device and kind at or before a moment.
func (f Fridges) SignAt(ctx context.Context, device string, kind coldchain.SignKind, at time.Time) (coldchain.Sign, bool, error) {
	return signAt(ctx, f.DB, device, kind, at)
}

func signAt(ctx context.Context, tx asker, device string, kind coldchain.SignKind, at time.Time) (coldchain.Sign, bool, error) {
	const q = `
		SELECT ` + signColumns + `
		FROM device_signs
		WHERE sensor = $1 AND kind = $2 AND at <= $3
		ORDER BY at DESC
		LIMIT 1`
	s, err := scanSign(tx.QueryRow(ctx, q, device, kind, ms(at)))
	if errors.Is(err, sql.ErrNoRows) {
		return coldchain.Sign{}, false, nil
	}
	if err != nil {
		return coldchain.Sign{}, false, fmt.Errorf("sign of %s: %w", device, err)
	}
	return s, true, nil
}

// AddSign stores a sign of a device in a fridge.
func (tx fridgesTx) AddSign(ctx context.Context, fridge coldchain.FridgeID, s coldchain.Sign) error {
	const q = `
		INSERT INTO device_signs (sensor, kind, is_on, said, at, received_at, fridge)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (sensor, kind, at) DO NOTHING`
	if _, err := tx.Exec(ctx, q, s.Sensor, s.Kind, s.On, s.Text, ms(s.At), ms(s.ReceivedAt), fridge); err != nil {
		return fmt.Errorf("add sign of %s: %w", s.Sensor, err)
	}
	return nil
}

// NoteStrangeSign lists a device for adoption under a channel that is never judged.
func (tx fridgesTx) NoteStrangeSign(ctx context.Context, s coldchain.Sign) error {
	if s.Kind != coldchain.SignDoor && s.Kind != coldchain.SignPower {
		return nil // what measures is listed by its readings
	}
	const heard = `
		SELECT 1
		FROM strange_sensors
		WHERE sensor = $1
		LIMIT 1`
	var one int
	err := tx.QueryRow(ctx, heard, s.Sensor).Scan(&one)
	if err == nil {
		return nil // it waits already
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("note strange sign: %w", err)
	}
	return tx.NoteStrangeSensor(ctx, coldchain.Reading{Sensor: s.Sensor, Channel: coldchain.DoorChannel, Gateway: s.Gateway})
}

// ofFridge asks one query for every fridge, with an empty id, and another for one: a
// single query for both could not look one fridge up, and would read the whole hospital.
func (f Fridges) ofFridge(ctx context.Context, id coldchain.FridgeID, every, one string) (*sql.Rows, error) {
	if id == "" {
		return f.Query(ctx, every)
	}
	return f.Query(ctx, one, id)
}

// SignsNow are the newest signs of every device and kind by fridge.
func (f Fridges) SignsNow(ctx context.Context, id coldchain.FridgeID) (map[coldchain.FridgeID][]coldchain.Sign, error) {
	const devices = `
		SELECT ` + signColumns + `, d.fridge
		FROM (
			SELECT DISTINCT s.sensor AS device, s.fridge
			FROM sensors s
			WHERE s.fridge `
	const newest = `) d
		JOIN device_signs n ON n.sensor = d.device
		WHERE n.at = (SELECT max(l.at) FROM device_signs l WHERE l.sensor = n.sensor AND l.kind = n.kind)
		ORDER BY n.sensor, n.kind`
	rows, err := f.ofFridge(ctx, id, devices+`IS NOT NULL`+newest, devices+`= $1`+newest)
	signs := map[coldchain.FridgeID][]coldchain.Sign{}
	if err == nil {
		_, err = scanAll(rows, nil, func(row scanner) (coldchain.Sign, error) {
			var fridge coldchain.FridgeID
			s, err := scanSign(row, &fridge)
			signs[fridge] = append(signs[fridge], s)
			return s, err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("signs of devices: %w", err)
	}
	return signs, nil
}

// Signs of a fridge, newest first.
func (f Fridges) Signs(ctx context.Context, id coldchain.FridgeID, limit int) ([]coldchain.Sign, error) {
	const q = `
		SELECT ` + signColumns + `
		FROM device_signs
		WHERE fridge = $1
		ORDER BY at DESC, id DESC
		LIMIT 0 + $2`
	rows, err := f.Query(ctx, q, id, limit)
	signs, err := scanAll(rows, err, func(row scanner) (coldchain.Sign, error) { return scanSign(row) })
	if err != nil {
		return nil, fmt.Errorf("signs of %s: %w", id, err)
	}
	return signs, nil
}

// SignsDuring are the signs of a fridge in a time, oldest first; of more than limit the newest.
func (f Fridges) SignsDuring(ctx context.Context, id coldchain.FridgeID, from, to time.Time, limit int) ([]coldchain.Sign, error) {
	const q = `
		SELECT ` + signColumns + `
		FROM device_signs
		WHERE fridge = $1 AND at >= $2 AND at < $3
		ORDER BY at DESC, id DESC
		LIMIT 0 + $4`
	rows, err := f.Query(ctx, q, id, ms(from), ms(to), limit)
	signs, err := scanAll(rows, err, func(row scanner) (coldchain.Sign, error) { return scanSign(row) })
	if err != nil {
		return nil, fmt.Errorf("signs of %s: %w", id, err)
	}
	slices.Reverse(signs)
	return signs, nil
}

// Openings of a fridge that touch a time, oldest first; of more than limit the newest.
func (f Fridges) Openings(ctx context.Context, id coldchain.FridgeID, from, to time.Time, limit int) ([]coldchain.Opening, error) {
	const q = `
		SELECT fridge, at, until, by, by_name, why
		FROM fridge_openings
		WHERE fridge = $1 AND until > $2 AND at < $3
		ORDER BY until DESC
		LIMIT 0 + $4`
	rows, err := f.Query(ctx, q, id, ms(from), ms(to), limit)
	all, err := scanAll(rows, err, func(row scanner) (o coldchain.Opening, err error) {
		var at, until int64
		err = row.Scan(&o.Fridge, &at, &until, &o.By, &o.ByName, &o.Why)
		o.At, o.Until = fromMS(at), fromMS(until)
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("openings of %s: %w", id, err)
	}
	slices.Reverse(all)
	return all, nil
}

const flagColumns = `s.sensor, s.channel, f.fridge, f.kind, f.since, f.until, f.from_mc, f.temp_mc`

func scanFlag(row scanner) (coldchain.Flag, error) {
	var f coldchain.Flag
	var since int64
	var until sql.NullInt64
	err := row.Scan(&f.Sensor.Sensor, &f.Sensor.Channel, &f.Fridge, &f.Kind, &since, &until, &f.From, &f.Temp)
	f.Since, f.Until = fromMS(since), fromNullMS(until)
	return f, err
}

// OpenFlagsOf are a stream's open flags.
func (tx fridgesTx) OpenFlagsOf(ctx context.Context, sensor coldchain.SensorID) ([]coldchain.Flag, error) {
	const q = `
		SELECT ` + flagColumns + `
		FROM sensor_flags f
		JOIN main.sensors s ON s.id = f.sensor
		WHERE f.sensor = $1 AND f.until IS NULL`
	rows, err := tx.Query(ctx, q, sensor)
	return scanAll(rows, err, scanFlag)
}

// AddFlag stores a flag.
func (tx fridgesTx) AddFlag(ctx context.Context, sensor coldchain.SensorID, f coldchain.Flag) error {
	const q = `
		INSERT INTO sensor_flags (sensor, fridge, kind, since, from_mc, temp_mc)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`
	if _, err := tx.Exec(ctx, q, sensor, f.Fridge, f.Kind, ms(f.Since), f.From, f.Temp); err != nil {
		return fmt.Errorf("flag %s: %w", f.Sensor, err)
	}
	return nil
}

// EndFlag ends an open flag.
func (tx fridgesTx) EndFlag(ctx context.Context, sensor coldchain.SensorID, f coldchain.Flag) error {
	const q = `
		UPDATE sensor_flags
		SET until = max(since, $3)
		WHERE sensor = $1 AND kind = $2 AND until IS NULL`
	if _, err := tx.Exec(ctx, q, sensor, f.Kind, ms(f.Until)); err != nil {
		return fmt.Errorf("end flag of %s: %w", f.Sensor, err)
	}
	return nil
}

// FlagsNow are the open flags of every fridge.
func (f Fridges) FlagsNow(ctx context.Context, id coldchain.FridgeID) (map[coldchain.FridgeID][]coldchain.Flag, error) {
	const open = `
		SELECT ` + flagColumns + `
		FROM sensor_flags f
		JOIN sensors s ON s.id = f.sensor AND s.fridge = f.fridge
		WHERE f.until IS NULL`
	const order = `
		ORDER BY f.since, f.id`
	rows, err := f.ofFridge(ctx, id, open+order, open+` AND f.fridge = $1`+order)
	all, err := scanAll(rows, err, scanFlag)
	if err != nil {
		return nil, fmt.Errorf("open flags: %w", err)
	}
	flags := map[coldchain.FridgeID][]coldchain.Flag{}
	for _, flag := range all {
		flags[flag.Fridge] = append(flags[flag.Fridge], flag)
	}
	return flags, nil
}

// Flags of a fridge, newest first.
func (f Fridges) Flags(ctx context.Context, id coldchain.FridgeID, limit int) ([]coldchain.Flag, error) {
	const q = `
		SELECT ` + flagColumns + `
		FROM sensor_flags f
		JOIN main.sensors s ON s.id = f.sensor
		WHERE f.fridge = $1
		ORDER BY f.since DESC, f.id DESC
		LIMIT 0 + $2`
	rows, err := f.Query(ctx, q, id, limit)
	flags, err := scanAll(rows, err, scanFlag)
	if err != nil {
		return nil, fmt.Errorf("flags of %s: %w", id, err)
	}
	return flags, nil
}
