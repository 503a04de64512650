package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// Fridges keeps fridges, sensors, readings, excursions and the chain's events.
type Fridges struct{ *DB }

type fridgesTx struct{ *Tx }

var (
	_ coldchain.Store = Fridges{}
	_ coldchain.Tx    = fridgesTx{}
)

// InTx runs change in a transaction.
func (f Fridges) InTx(ctx context.Context, change func(coldchain.Tx) error) error {
	return f.DB.InTx(ctx, func(tx *Tx) error { return change(fridgesTx{tx}) })
}

func scanFridge(row scanner) (f coldchain.Fridge, err error) {
	return f, row.Scan(&f.ID, &f.Name, &f.Profile, &f.Room, &f.Unit, &f.Model, &f.Serial)
}

func fridge(ctx context.Context, ask asker, id coldchain.FridgeID) (coldchain.Fridge, error) {
	const q = `
		SELECT id, name, profile, room, unit, model, serial
		FROM fridges
		WHERE id = $1`
	f, err := scanFridge(ask.QueryRow(ctx, q, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = coldchain.ErrUnknownFridge
	}
	one := []coldchain.Fridge{f}
	if err == nil {
		err = planned(ctx, ask, one)
	}
	if err != nil {
		return coldchain.Fridge{}, fmt.Errorf("fridge %s: %w", id, err)
	}
	return one[0], nil
}

// Fridge is one fridge.
func (f Fridges) Fridge(ctx context.Context, id coldchain.FridgeID) (coldchain.Fridge, error) {
	return fridge(ctx, f.DB, id)
}

// Fridge is one fridge, as this change has left it.
func (tx fridgesTx) Fridge(ctx context.Context, id coldchain.FridgeID) (coldchain.Fridge, error) {
	return fridge(ctx, theirs(tx), id)
}

// Fridges are all fridges by name.
func (f Fridges) Fridges(ctx context.Context) ([]coldchain.Fridge, error) {
	const q = `
		SELECT id, name, profile, room, unit, model, serial
		FROM fridges
		ORDER BY name, id`
	rows, err := f.Query(ctx, q)
	fridges, err := scanAll(rows, err, scanFridge)
	if err == nil {
		err = planned(ctx, f.DB, fridges)
	}
	if err != nil {
		return nil, fmt.Errorf("fridges: %w", err)
	}
	return fridges, nil
}

// FridgesVersion rises whenever a fridge or sensor is changed.
func (tx fridgesTx) FridgesVersion(ctx context.Context) (version int64, err error) {
	const q = `
		SELECT version
		FROM fridges_version
		WHERE only = 1`
	if err := tx.QueryRow(ctx, q).Scan(&version); err != nil {
		return 0, fmt.Errorf("version of the fridges: %w", err)
	}
	return version, nil
}

func fridgesChanged(ctx context.Context, tx *Tx) error {
	const q = `
		UPDATE fridges_version
		SET version = version + 1
		WHERE only = 1`
	_, err := tx.Exec(ctx, q)
	return err
}

const sensorColumns = `s.id, s.sensor, s.channel, s.name, s.fridge, s.judged, s.attached_at, s.battery_pct, s.logger, s.zone`

func sensorInto(s *coldchain.Sensor, fridge *sql.NullString, attached *int64, battery *sql.NullInt64) []any {
	return []any{&s.ID, &s.Key.Sensor, &s.Key.Channel, &s.Name, fridge, &s.Judged, attached, battery, &s.Logger, &s.Zone}
}

func scanSensor(row scanner, more ...any) (coldchain.Sensor, error) {
	var s coldchain.Sensor
	var fridge sql.NullString
	var attached int64
	var battery sql.NullInt64
	err := row.Scan(append(sensorInto(&s, &fridge, &attached, &battery), more...)...)
	s.Fridge, s.AttachedAt = coldchain.FridgeID(fridge.String), fromMS(attached)
	if battery.Valid {
		pct := int(battery.Int64)
		s.BatteryPct = &pct
	}
	return s, err
}

func sensor(ctx context.Context, ask asker, key coldchain.SensorKey) (coldchain.Sensor, error) {
	const q = `
		SELECT ` + sensorColumns + `
		FROM sensors s
		WHERE s.sensor = $1 AND s.channel = $2`
	s, err := scanSensor(ask.QueryRow(ctx, q, key.Sensor, key.Channel))
	if errors.Is(err, sql.ErrNoRows) {
		err = coldchain.ErrUnknownSensor
	}
	if err != nil {
		return coldchain.Sensor{}, fmt.Errorf("sensor %s: %w", key, err)
	}
	return s, nil
}

// Sensor is one stream.
func (f Fridges) Sensor(ctx context.Context, key coldchain.SensorKey) (coldchain.Sensor, error) {
	return sensor(ctx, f.DB, key)
}

// SensorByKey is one stream; false when nobody has adopted it.
func (tx fridgesTx) SensorByKey(ctx context.Context, key coldchain.SensorKey) (coldchain.Sensor, bool, error) {
	s, err := sensor(ctx, tx.Tx, key)
	if errors.Is(err, coldchain.ErrUnknownSensor) {
		return coldchain.Sensor{}, false, nil
	}
	return s, err == nil, err
}

// FridgesChanged makes every process load fridges and sensors anew.
func (tx fridgesTx) FridgesChanged(ctx context.Context) error { return fridgesChanged(ctx, tx.Tx) }

// NoteStrangeSensor lists a sensor for adoption.
func (tx fridgesTx) NoteStrangeSensor(ctx context.Context, r coldchain.Reading) error {
	const q = `
		INSERT INTO strange_sensors (sensor, channel, first_heard, last_heard, times, temp_mc, gateway)
		VALUES ($1, $2, $3, $3, 1, $4, $5)
		ON CONFLICT (sensor, channel) DO UPDATE
		SET last_heard = excluded.last_heard, times = times + 1, temp_mc = excluded.temp_mc, gateway = excluded.gateway`
	const trim = `
		DELETE FROM strange_sensors
		WHERE (SELECT count(*) FROM strange_sensors) > $1
			AND (sensor, channel) IN (
				SELECT sensor, channel
				FROM strange_sensors
				ORDER BY last_heard
				LIMIT 1)`
	if _, err := tx.Exec(ctx, q, r.Sensor, r.Key().Channel, ms(tx.Now()), r.Temp, r.Gateway); err != nil {
		return fmt.Errorf("note strange sensor: %w", err)
	}
	if _, err := tx.Exec(ctx, trim, coldchain.MaxStrangeSensors); err != nil {
		return fmt.Errorf("forget a strange sensor: %w", err)
	}
	tx.Announce("devices")
	return nil
}

// Strange are the sensors that wait for adoption, last heard first.
func (f Fridges) Strange(ctx context.Context) ([]coldchain.StrangeSensor, error) {
	const q = `
		SELECT sensor, channel, first_heard, last_heard, times, temp_mc, gateway
		FROM strange_sensors
		ORDER BY last_heard DESC, sensor, channel`
	rows, err := f.Query(ctx, q)
	strange, err := scanAll(rows, err, func(row scanner) (s coldchain.StrangeSensor, err error) {
		var first, last int64
		err = row.Scan(&s.Key.Sensor, &s.Key.Channel, &first, &last, &s.Times, &s.Temp, &s.Gateway)
		s.FirstHeard, s.LastHeard = fromMS(first), fromMS(last)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("strange sensors: %w", err)
	}
	return strange, nil
}

// Origin numbers how readings come.
func (tx fridgesTx) Origin(ctx context.Context, source string, gateway hospital.GatewayID) (id coldchain.OriginID, err error) {
	const q = `
		SELECT id
		FROM reading_origins
		WHERE source = $1 AND gateway = $2`
	const add = `
		INSERT INTO reading_origins (source, gateway)
		VALUES ($1, $2)
		RETURNING id`
	err = tx.QueryRow(ctx, q, source, gateway).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRow(ctx, add, source, gateway).Scan(&id)
	}
	if err != nil {
		return 0, fmt.Errorf("origin of readings: %w", err)
	}
	return id, nil
}

// Quarantine sets an impossible reading aside. What does not fit the column is
// held at its bound: the reason says that it is not a temperature.
func (tx fridgesTx) Quarantine(ctx context.Context, sensor coldchain.SensorID, r coldchain.Reading, reason string) error {
	const q = `
		INSERT INTO reading_quarantine (sensor, temp_mc, measured_at, received_at, origin, reason)
		VALUES ($1, $2, $3, $4, $5, $6)`
	const trim = `
		DELETE FROM reading_quarantine
		WHERE sensor = $1 AND id <= (
			SELECT id
			FROM reading_quarantine
			WHERE sensor = $1
			ORDER BY id DESC
			LIMIT 1 OFFSET $2)`
	origin, err := tx.Origin(ctx, r.Source, r.Gateway)
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	if _, err := tx.Exec(ctx, q, sensor, r.Temp, ms(r.MeasuredAt), ms(r.ReceivedAt), origin, reason); err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	if _, err := tx.Exec(ctx, trim, sensor, coldchain.MaxQuarantined); err != nil {
		return fmt.Errorf("trim quarantine: %w", err)
	}
	return nil
}

// Quarantined are a fridge's newest readings that were set aside.
func (f Fridges) Quarantined(ctx context.Context, id coldchain.FridgeID, limit int) ([]coldchain.Quarantined, error) {
	const q = `
		SELECT s.sensor, s.channel, q.temp_mc, q.measured_at, q.received_at, o.source, o.gateway, q.reason
		FROM (
			SELECT sensor, temp_mc, measured_at, received_at, origin, reason FROM reading_quarantine
			UNION ALL
			SELECT sensor, temp_mc, measured_at, received_at, origin, $3 FROM reading_conflicts) q
		JOIN main.sensors s ON s.id = q.sensor
		JOIN reading_origins o ON o.id = q.origin
		WHERE q.sensor IN (SELECT sensor FROM sensor_stays WHERE fridge = (SELECT id FROM fridges WHERE id = $1))
			AND $1 = (
				SELECT y.fridge
				FROM sensor_stays y
				WHERE y.sensor = q.sensor AND y.from_at <= q.received_at
				ORDER BY y.from_at DESC
				LIMIT 1)
		ORDER BY q.received_at DESC, q.measured_at DESC
		LIMIT 0 + $2`
	rows, err := f.Query(ctx, q, id, limit, coldchain.ReasonConflict)
	aside, err := scanAll(rows, err, func(row scanner) (a coldchain.Quarantined, err error) {
		var measured, received int64
		err = row.Scan(&a.Key.Sensor, &a.Key.Channel, &a.Temp, &measured, &received, &a.Source, &a.Gateway, &a.Reason)
		a.MeasuredAt, a.ReceivedAt = fromMS(measured), fromMS(received)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("quarantined readings of %s: %w", id, err)
	}
	return aside, nil
}

// AddReading is false when the record has the sensor's reading of that time already.
func (tx fridgesTx) AddReading(ctx context.Context, sensor coldchain.SensorID, origin coldchain.OriginID, r coldchain.Reading) (bool, error) {
	const q = `
		INSERT INTO readings (sensor, measured_at, temp_mc, received_after, origin)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (sensor, measured_at) DO NOTHING`
	const clock = `
		INSERT INTO reading_clocks (sensor, measured_at, device_at)
		VALUES ($1, $2, $3)`
	done, err := tx.Exec(ctx, q, sensor, ms(r.MeasuredAt), r.Temp, ms(r.ReceivedAt)-ms(r.MeasuredAt), origin)
	if err != nil {
		return false, fmt.Errorf("add reading: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	if !r.DeviceAt.IsZero() && !r.DeviceAt.Equal(r.MeasuredAt) {
		if _, err := tx.Exec(ctx, clock, sensor, ms(r.MeasuredAt), ms(r.DeviceAt)); err != nil {
			return false, fmt.Errorf("keep the device's own time: %w", err)
		}
	}
	return true, nil
}

// SetBattery keeps the last that the device said.
func (tx fridgesTx) SetBattery(ctx context.Context, sensor coldchain.SensorID, pct int) error {
	const q = `
		UPDATE sensors
		SET battery_pct = $2
		WHERE id = $1`
	_, err := tx.Exec(ctx, q, sensor, pct)
	return err
}

// SavedState is the fold's last checkpoint.
func (tx fridgesTx) SavedState(ctx context.Context, sensor coldchain.SensorID) (coldchain.Checkpoint, bool, error) {
	const q = `
		SELECT fridge, profile, as_of, state
		FROM sensor_states
		WHERE sensor = $1`
	var c coldchain.Checkpoint
	var asOf int64
	var state string
	err := tx.QueryRow(ctx, q, sensor).Scan(&c.Fridge, &c.Profile, &asOf, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(state), &c.State)
	}
	if err != nil {
		return c, false, fmt.Errorf("saved state: %w", err)
	}
	c.AsOf = fromMS(asOf)
	return c, true, nil
}

// SaveState keeps a checkpoint.
func (tx fridgesTx) SaveState(ctx context.Context, sensor coldchain.SensorID, c coldchain.Checkpoint) error {
	const q = `
		INSERT INTO sensor_states (sensor, fridge, profile, as_of, state)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (sensor) DO UPDATE
		SET fridge = excluded.fridge, profile = excluded.profile, as_of = excluded.as_of, state = excluded.state`
	state, err := json.Marshal(c.State)
	if err == nil {
		_, err = tx.Exec(ctx, q, sensor, c.Fridge, c.Profile, ms(c.AsOf), string(state))
	}
	if err != nil {
		return fmt.Errorf("save state: %w", err)
	}
	return nil
}

// LastPoint is the newest reading of a sensor.
func (tx fridgesTx) LastPoint(ctx context.Context, sensor coldchain.SensorID) (coldchain.Point, bool, error) {
	return record{tx: tx.Tx, sensor: sensor, to: math.MaxInt64}.LastWithin(time.UnixMilli(math.MaxInt64/2), math.MinInt32, math.MaxInt32)
}

// PastOf is the record of one stream.
func (tx fridgesTx) PastOf(_ context.Context, sensor coldchain.SensorID) coldchain.Record {
	return record{tx: tx.Tx, sensor: sensor, to: math.MaxInt64}
}

// PastDuring is the record of one stream in from <= at < to; a zero to is no end.
func (tx fridgesTx) PastDuring(sensor coldchain.SensorID, from, to time.Time) coldchain.Record {
	r := record{tx: tx.Tx, sensor: sensor, from: ms(from), to: math.MaxInt64}
	if !to.IsZero() {
		r.to = ms(to)
	}
	return r
}

// Stays are a sensor's stays, oldest first.
func (tx fridgesTx) Stays(ctx context.Context, sensor coldchain.SensorID) ([]coldchain.Stay, error) {
	return staysOf(ctx, tx.Tx, sensor)
}

func staysOf(ctx context.Context, ask asker, sensor coldchain.SensorID) ([]coldchain.Stay, error) {
	const q = `
		SELECT fridge, from_at
		FROM sensor_stays
		WHERE sensor = $1
		ORDER BY from_at`
	rows, err := ask.Query(ctx, q, sensor)
	stays, err := scanAll(rows, err, func(row scanner) (s coldchain.Stay, err error) {
		var from int64
		err = row.Scan(&s.Fridge, &from)
		s.From = fromMS(from)
		return s, err
	})
	for i := range stays {
		if i > 0 {
			stays[i-1].To = stays[i].From
		}
	}
	return stays, err
}

// record is one stream's readings and excursions inside a change, in from <= at < to.
type record struct {
	tx       *Tx
	sensor   coldchain.SensorID
	from, to int64
}

func scanPoint(row scanner) (p coldchain.Point, err error) {
	var at int64
	err = row.Scan(&at, &p.Temp)
	p.At = fromMS(at)
	return p, err
}

// LastWithin is the newest reading before a time whose temperature lies in a band.
func (r record) LastWithin(before time.Time, low, high coldchain.MilliCelsius) (coldchain.Point, bool, error) {
	const q = `
		SELECT measured_at, temp_mc
		FROM readings
		WHERE sensor = $1 AND measured_at < $2 AND measured_at >= $5 AND temp_mc BETWEEN $3 AND $4
		ORDER BY measured_at DESC
		LIMIT 1`
	p, err := scanPoint(r.tx.QueryRow(context.Background(), q, r.sensor, min(ms(before), r.to), low, high, r.from))
	if errors.Is(err, sql.ErrNoRows) {
		return coldchain.Point{}, false, nil
	}
	return p, err == nil, err
}

// Covering is the start of an excursion that runs at a time.
func (r record) Covering(at time.Time) (time.Time, bool, error) {
	const q = `
		SELECT start_at
		FROM excursions
		WHERE sensor = $1 AND start_at <= $2 AND start_at >= $3 AND withdrawn = 0 AND (cleared_at IS NULL OR cleared_at > $2)
		ORDER BY start_at
		LIMIT 1`
	var start int64
	err := r.tx.QueryRow(context.Background(), q, r.sensor, ms(at), r.from).Scan(&start)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return fromMS(start), err == nil, err
}

// firstPage is how many readings are fetched first while a record is replayed, and
// pageSize how many are held at once: each page is four times the one before, for what
// came late is mostly settled within the first, however much was measured since.
const firstPage, pageSize = 256, 5000

// Each hands over the readings after a time, oldest first, until next answers
// false. It reads in pages, so that next may ask the same change other things.
func (r record) Each(after time.Time, next func(coldchain.Point) bool) error {
	const q = `
		SELECT measured_at, temp_mc
		FROM readings
		WHERE sensor = $1 AND measured_at > $2 AND measured_at < $4
		ORDER BY measured_at
		LIMIT 0 + $3`
	from := max(ms(after), r.from-1)
	for size := firstPage; ; size = min(4*size, pageSize) {
		rows, err := r.tx.Query(context.Background(), q, r.sensor, from, size, r.to)
		page, err := scanAll(rows, err, scanPoint)
		if err != nil {
			return err
		}
		for _, p := range page {
			if !next(p) {
				return nil
			}
		}
		if len(page) < size {
			return nil
		}
		from = ms(page[len(page)-1].At)
	}
}

// Stored lists the excursions that began between two times, oldest first.
func (r record) Stored(from, to time.Time) ([]coldchain.Excursion, error) {
	const q = `
		SELECT ` + excursionColumns + `
		FROM excursions e
		JOIN main.sensors s ON s.id = e.sensor
		WHERE e.sensor = $1 AND e.start_at BETWEEN $2 AND $3 AND e.withdrawn = 0
		ORDER BY e.start_at, e.id`
	rows, err := r.tx.Query(context.Background(), q, r.sensor, max(ms(from), r.from), min(ms(to), r.to-1))
	return scanAll(rows, err, scanExcursion)
}

// SumHours brings the summaries up to date of the hours in which from to to lie.
func (tx fridgesTx) SumHours(ctx context.Context, sensor coldchain.SensorID, from, to time.Time) error {
	const q = `
		INSERT INTO reading_hours (sensor, hour, min_mc, max_mc, sum_mc, points)
		SELECT sensor, measured_at / 3600000, min(temp_mc), max(temp_mc), sum(temp_mc), count(*)
		FROM readings
		WHERE sensor = $1 AND measured_at >= $2 AND measured_at < $3
		GROUP BY sensor, measured_at / 3600000
		ON CONFLICT (sensor, hour) DO UPDATE
		SET min_mc = excluded.min_mc, max_mc = excluded.max_mc, sum_mc = excluded.sum_mc, points = excluded.points
		WHERE excluded.points >= reading_hours.points` // of an hour whose raw readings were let go more is known than is read
	begin, end := from.Truncate(time.Hour), to.Truncate(time.Hour).Add(time.Hour)
	if _, err := tx.Exec(ctx, q, sensor, ms(begin), ms(end)); err != nil {
		return fmt.Errorf("sum hours: %w", err)
	}
	return nil
}

// SaveHour stores the summary of one hour.
func (tx fridgesTx) SaveHour(ctx context.Context, sensor coldchain.SensorID, h coldchain.Hour) error {
	const q = `
		INSERT INTO reading_hours (sensor, hour, min_mc, max_mc, sum_mc, points)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (sensor, hour) DO UPDATE
		SET min_mc = excluded.min_mc, max_mc = excluded.max_mc, sum_mc = excluded.sum_mc, points = excluded.points`
	if h.Points == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, q, sensor, h.Start.Unix()/3600, h.Min, h.Max, h.Sum, h.Points); err != nil {
		return fmt.Errorf("save hour: %w", err)
	}
	return nil
}

const excursionColumns = `e.id, s.sensor, s.channel, e.fridge, e.rule, e.direction, e.severity, e.limit_mc,
	e.start_at, e.confirmed_at, e.end_at, e.cleared_at, e.known_ms, e.possible_ms,
	e.min_mc, e.max_mc, e.mkt_mc, e.found_late, e.revision, e.withdrawn, e.cut`

func scanExcursion(row scanner) (coldchain.Excursion, error) {
	var e coldchain.Excursion
	var start, confirmed, known, possible int64
	var end, cleared sql.NullInt64
	err := row.Scan(&e.ID, &e.Sensor.Sensor, &e.Sensor.Channel, &e.Fridge, &e.Rule, &e.Direction, &e.Severity, &e.Limit,
		&start, &confirmed, &end, &cleared, &known, &possible,
		&e.Min, &e.Max, &e.MKT, &e.FoundLate, &e.Revision, &e.Withdrawn, &e.Cut)
	e.Start, e.ConfirmedAt, e.End, e.ClearedAt = fromMS(start), fromMS(confirmed), fromNullMS(end), fromNullMS(cleared)
	e.Known, e.Possible = time.Duration(known)*time.Millisecond, time.Duration(possible)*time.Millisecond
	return e, err
}

// AddExcursion stores a new excursion.
func (tx fridgesTx) AddExcursion(ctx context.Context, sensor coldchain.SensorID, e coldchain.Excursion) (coldchain.ExcursionID, error) {
	const q = `
		INSERT INTO excursions (sensor, fridge, rule, direction, severity, limit_mc, start_at, confirmed_at, end_at, cleared_at,
			known_ms, possible_ms, min_mc, max_mc, mkt_mc, found_late, revision, withdrawn)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		RETURNING id`
	var id coldchain.ExcursionID
	err := tx.QueryRow(ctx, q, sensor, e.Fridge, e.Rule, e.Direction, e.Severity, e.Limit, ms(e.Start), ms(e.ConfirmedAt), nullMS(e.End), nullMS(e.ClearedAt),
		e.Known.Milliseconds(), e.Possible.Milliseconds(), e.Min, e.Max, e.MKT, e.FoundLate, e.Revision, e.Withdrawn).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("add excursion: %w", err)
	}
	return id, nil
}

// SaveExcursion stores how an excursion now stands.
func (tx fridgesTx) SaveExcursion(ctx context.Context, e coldchain.Excursion) error {
	const q = `
		UPDATE excursions
		SET direction = $2, severity = $3, limit_mc = $4, start_at = $5, confirmed_at = $6, end_at = $7, cleared_at = $8,
			known_ms = $9, possible_ms = $10, min_mc = $11, max_mc = $12, mkt_mc = $13, found_late = $14, revision = $15, withdrawn = $16, cut = $17
		WHERE id = $1`
	_, err := tx.Exec(ctx, q, e.ID, e.Direction, e.Severity, e.Limit, ms(e.Start), ms(e.ConfirmedAt), nullMS(e.End), nullMS(e.ClearedAt),
		e.Known.Milliseconds(), e.Possible.Milliseconds(), e.Min, e.Max, e.MKT, e.FoundLate, e.Revision, e.Withdrawn, e.Cut)
	if err != nil {
		return fmt.Errorf("save excursion %d: %w", e.ID, err)
	}
	return nil
}

// KeepRevision keeps what an excursion was before it was revised.
func (tx fridgesTx) KeepRevision(ctx context.Context, e coldchain.Excursion) error {
	const q = `
		INSERT INTO excursion_revisions (excursion, revision, at, before)
		VALUES ($1, $2, $3, $4)`
	if _, err := tx.Exec(ctx, q, e.ID, e.Revision, ms(tx.Now()), e.JSON()); err != nil {
		return fmt.Errorf("keep revision %d of excursion %d: %w", e.Revision, e.ID, err)
	}
	return nil
}

// RunningOf are a sensor's running excursions.
func (tx fridgesTx) RunningOf(ctx context.Context, sensor coldchain.SensorID) ([]coldchain.Excursion, error) {
	const q = `
		SELECT ` + excursionColumns + `
		FROM excursions e
		JOIN main.sensors s ON s.id = e.sensor
		WHERE e.sensor = $1 AND e.end_at IS NULL AND e.withdrawn = 0
		ORDER BY e.id`
	rows, err := tx.Query(ctx, q, sensor)
	return scanAll(rows, err, scanExcursion)
}

// RunningIn are a fridge's running excursions.
func (tx fridgesTx) RunningIn(ctx context.Context, id coldchain.FridgeID) ([]coldchain.Excursion, error) {
	const q = `
		SELECT ` + excursionColumns + `
		FROM sensors s
		JOIN excursions e ON e.sensor = s.id AND e.end_at IS NULL AND e.withdrawn = 0
		WHERE e.fridge = $1
		ORDER BY e.id`
	rows, err := tx.Query(ctx, q, id)
	return scanAll(rows, err, scanExcursion)
}

// Running are all running excursions.
func (f Fridges) Running(ctx context.Context) ([]coldchain.Excursion, error) {
	const q = `
		SELECT ` + excursionColumns + `
		FROM excursions e
		JOIN main.sensors s ON s.id = e.sensor
		WHERE e.end_at IS NULL AND e.withdrawn = 0
		ORDER BY e.start_at, e.id`
	rows, err := f.Query(ctx, q)
	running, err := scanAll(rows, err, scanExcursion)
	if err != nil {
		return nil, fmt.Errorf("running excursions: %w", err)
	}
	return running, nil
}

// Excursions of a fridge, newest first, withdrawn ones included.
func (f Fridges) Excursions(ctx context.Context, id coldchain.FridgeID, limit int) ([]coldchain.Excursion, error) {
	const q = `
		SELECT ` + excursionColumns + `
		FROM excursions e
		JOIN main.sensors s ON s.id = e.sensor
		WHERE e.fridge = $1
		ORDER BY e.start_at DESC, e.id DESC
		LIMIT 0 + $2`
	rows, err := f.Query(ctx, q, id, limit)
	excursions, err := scanAll(rows, err, scanExcursion)
	if err != nil {
		return nil, fmt.Errorf("excursions of %s: %w", id, err)
	}
	return excursions, nil
}

// Excursion is one excursion.
func (f Fridges) Excursion(ctx context.Context, id coldchain.ExcursionID) (coldchain.Excursion, error) {
	const q = `
		SELECT ` + excursionColumns + `
		FROM excursions e
		JOIN main.sensors s ON s.id = e.sensor
		WHERE e.id = $1`
	e, err := scanExcursion(f.QueryRow(ctx, q, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = coldchain.ErrUnknownExcursion
	}
	if err != nil {
		return coldchain.Excursion{}, fmt.Errorf("excursion %d: %w", id, err)
	}
	return e, nil
}

// Revisions are what an excursion was before late data changed it, oldest first.
func (f Fridges) Revisions(ctx context.Context, id coldchain.ExcursionID) ([]coldchain.Former, error) {
	const q = `
		SELECT at, before
		FROM excursion_revisions
		WHERE excursion = $1
		ORDER BY revision`
	rows, err := f.Query(ctx, q, id)
	former, err := scanAll(rows, err, func(row scanner) (former coldchain.Former, err error) {
		var at int64
		var before string
		if err := row.Scan(&at, &before); err != nil {
			return former, err
		}
		former.RevisedAt = fromMS(at)
		return former, json.Unmarshal([]byte(before), &former.Excursion)
	})
	if err != nil {
		return nil, fmt.Errorf("revisions of excursion %d: %w", id, err)
	}
	return former, nil
}

// AddOpening stores a planned opening.
func (tx fridgesTx) AddOpening(ctx context.Context, o coldchain.Opening) error {
	const q = `
		INSERT INTO fridge_openings (fridge, at, until, by, by_name, why)
		VALUES ($1, $2, $3, $4, $5, $6)`
	if _, err := tx.Exec(ctx, q, o.Fridge, ms(o.At), ms(o.Until), o.By, o.ByName, o.Why); err != nil {
		return fmt.Errorf("add opening of %s: %w", o.Fridge, err)
	}
	return nil
}

func opened(ctx context.Context, ask asker, id coldchain.FridgeID, at time.Time) (coldchain.Opening, bool, error) {
	const q = `
		SELECT fridge, at, until, by, by_name, why
		FROM fridge_openings
		WHERE fridge = $1 AND until > $2 AND at <= $2
		ORDER BY until DESC
		LIMIT 1`
	var o coldchain.Opening
	var from, until int64
	err := ask.QueryRow(ctx, q, id, ms(at)).Scan(&o.Fridge, &from, &until, &o.By, &o.ByName, &o.Why)
	if errors.Is(err, sql.ErrNoRows) {
		return o, false, nil
	}
	if err != nil {
		return o, false, fmt.Errorf("opening of %s: %w", id, err)
	}
	o.At, o.Until = fromMS(from), fromMS(until)
	return o, true, nil
}

// Opened is the planned opening that a fridge is in at a time.
func (f Fridges) Opened(ctx context.Context, id coldchain.FridgeID, at time.Time) (coldchain.Opening, bool, error) {
	return opened(ctx, f.DB, id, at)
}

// Opened is the planned opening that a fridge is in, as this change has left it.
func (tx fridgesTx) Opened(ctx context.Context, id coldchain.FridgeID, at time.Time) (coldchain.Opening, bool, error) {
	return opened(ctx, tx.Tx, id, at)
}

// AddCheck stores a look at a fridge.
func (tx fridgesTx) AddCheck(ctx context.Context, c coldchain.Check) error {
	const q = `
		INSERT INTO fridge_checks (fridge, at, by, by_name, since, points, min_mc, max_mc, note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	if _, err := tx.Exec(ctx, q, c.Fridge, ms(c.At), c.By, c.ByName, ms(c.Since), c.Points, c.Min, c.Max, c.Note); err != nil {
		return fmt.Errorf("add check of %s: %w", c.Fridge, err)
	}
	return nil
}

// Checks of a fridge with from <= At < to, oldest first.
func (f Fridges) Checks(ctx context.Context, id coldchain.FridgeID, from, to time.Time) ([]coldchain.Check, error) {
	const q = `
		SELECT ` + checkColumns + `
		FROM fridge_checks
		WHERE fridge = $1 AND at >= $2 AND at < $3
		ORDER BY at, id`
	rows, err := f.Query(ctx, q, id, ms(from), ms(to))
	checks, err := scanAll(rows, err, scanCheck)
	if err != nil {
		return nil, fmt.Errorf("checks of %s: %w", id, err)
	}
	return checks, nil
}

// AllChecks are those of every fridge with from <= At < to, by fridge and the oldest first.
func (f Fridges) AllChecks(ctx context.Context, from, to time.Time) ([]coldchain.Check, error) {
	const q = `
		SELECT c.fridge, c.at, c.by, c.by_name, c.since, c.points, c.min_mc, c.max_mc, c.note
		FROM fridges f
		JOIN fridge_checks c ON c.fridge = f.id
		WHERE c.at >= $1 AND c.at < $2
		ORDER BY c.fridge, c.at, c.id`
	rows, err := f.Query(ctx, q, ms(from), ms(to))
	return scanAll(rows, err, scanCheck)
}

const checkColumns = `fridge, at, by, by_name, since, points, min_mc, max_mc, note`

func scanCheck(row scanner) (c coldchain.Check, err error) {
	var at, since int64
	err = row.Scan(&c.Fridge, &at, &c.By, &c.ByName, &since, &c.Points, &c.Min, &c.Max, &c.Note)
	c.At, c.Since = fromMS(at), fromMS(since)
	return c, err
}

// Append adds a link to the chain.
func (tx fridgesTx) Append(ctx context.Context, e coldchain.Event) error {
	const q = `
		INSERT INTO cold_events (at, kind, fridge, excursion)
		VALUES ($1, $2, $3, $4)`
	if _, err := tx.Exec(ctx, q, ms(e.At), e.Kind, e.Fridge, e.Excursion.JSON()); err != nil {
		return fmt.Errorf("append %s: %w", e.Kind, err)
	}
	return nil
}

// Events are the links of the chain after a number.
func (f Fridges) Events(ctx context.Context, after int64, limit int) ([]coldchain.Event, error) {
	const q = `
		SELECT seq, at, kind, fridge, excursion
		FROM cold_events
		WHERE seq > $1
		ORDER BY seq
		LIMIT 0 + $2`
	rows, err := f.Query(ctx, q, after, limit)
	events, err := scanAll(rows, err, func(row scanner) (e coldchain.Event, err error) {
		var at int64
		var excursion string
		if err := row.Scan(&e.Seq, &at, &e.Kind, &e.Fridge, &excursion); err != nil {
			return e, err
		}
		e.At = fromMS(at)
		return e, json.Unmarshal([]byte(excursion), &e.Excursion)
	})
	if err != nil {
		return nil, fmt.Errorf("events of the cold chain after %d: %w", after, err)
	}
	return events, nil
}

const watched = `
	SELECT ` + sensorColumns + `, r.measured_at, r.temp_mc, o.gateway,
		(SELECT max(y.from_at) FROM sensor_stays y WHERE y.sensor = s.id)
	FROM sensors s
	LEFT JOIN readings r ON r.sensor = s.id AND r.measured_at = (
		SELECT max(n.measured_at)
		FROM readings n
		WHERE n.sensor = s.id AND n.measured_at >= (SELECT max(y.from_at) FROM sensor_stays y WHERE y.sensor = s.id))
	LEFT JOIN reading_origins o ON o.id = r.origin`

func scanWatched(row scanner) (w coldchain.Watched, err error) {
	var at, temp, since sql.NullInt64
	var gateway sql.NullString
	w.Sensor, err = scanSensor(row, &at, &temp, &gateway, &since)
	w.Gateway, w.Since = hospital.GatewayID(gateway.String), fromNullMS(since)
	if at.Valid {
		w.Last = coldchain.Point{At: fromMS(at.Int64), Temp: coldchain.MilliCelsius(temp.Int64)}
	}
	return w, err
}

// Watched are the streams that belong to fridges, each with its newest reading.
func (f Fridges) Watched(ctx context.Context) ([]coldchain.Watched, error) {
	const q = watched + `
		WHERE s.fridge IS NOT NULL
		ORDER BY s.id`
	rows, err := f.Query(ctx, q)
	all, err := scanAll(rows, err, scanWatched)
	if err != nil {
		return nil, fmt.Errorf("watched sensors: %w", err)
	}
	return all, nil
}

func watchedIn(ctx context.Context, ask asker, id coldchain.FridgeID) ([]coldchain.Watched, error) {
	const q = watched + `
		WHERE s.fridge = $1
		ORDER BY s.id`
	rows, err := ask.Query(ctx, q, id)
	all, err := scanAll(rows, err, scanWatched)
	if err != nil {
		return nil, fmt.Errorf("sensors in %s: %w", id, err)
	}
	return all, nil
}

// WatchedIn are the streams of one fridge.
func (f Fridges) WatchedIn(ctx context.Context, id coldchain.FridgeID) ([]coldchain.Watched, error) {
	return watchedIn(ctx, f.DB, id)
}

// WatchedIn are the streams of one fridge, as this change has left them.
func (tx fridgesTx) WatchedIn(ctx context.Context, id coldchain.FridgeID) ([]coldchain.Watched, error) {
	return watchedIn(ctx, tx.Tx, id)
}

// Points are a stream's readings with from <= At < to, oldest first.
func (f Fridges) Points(ctx context.Context, sensor coldchain.SensorID, from, to time.Time) ([]coldchain.Point, error) {
	const q = `
		SELECT measured_at, temp_mc
		FROM readings
		WHERE sensor = $1 AND measured_at >= $2 AND measured_at < $3
		ORDER BY measured_at`
	rows, err := f.Query(ctx, q, sensor, ms(from), ms(to))
	points, err := scanAll(rows, err, scanPoint)
	if err != nil {
		return nil, fmt.Errorf("readings of sensor %d: %w", sensor, err)
	}
	return points, nil
}

// Hours are the summaries of the hours that begin in from <= hour < to, oldest first.
func (f Fridges) Hours(ctx context.Context, sensor coldchain.SensorID, from, to time.Time) ([]coldchain.Hour, error) {
	const q = `
		SELECT hour, min_mc, max_mc, sum_mc, points
		FROM reading_hours
		WHERE sensor = $1 AND hour >= $2 AND hour < $3
		ORDER BY hour`
	rows, err := f.Query(ctx, q, sensor, (from.Unix()+3599)/3600, (to.Unix()+3599)/3600)
	hours, err := scanAll(rows, err, func(row scanner) (h coldchain.Hour, err error) {
		var hour int64
		err = row.Scan(&hour, &h.Min, &h.Max, &h.Sum, &h.Points)
		h.Start = time.Unix(hour*3600, 0).UTC()
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("hours of sensor %d: %w", sensor, err)
	}
	return hours, nil
}

// Attach makes a sensor known and says which fridge it watches.
func (tx fridgesTx) Attach(ctx context.Context, s coldchain.Sensor) (coldchain.SensorID, error) {
	return attach(ctx, tx.Tx, s)
}

func attach(ctx context.Context, tx *Tx, s coldchain.Sensor) (coldchain.SensorID, error) {
	const q = `
		INSERT INTO sensors (sensor, channel, name, fridge, judged, attached_at, logger, zone)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (sensor, channel) DO UPDATE
		SET name = excluded.name, fridge = excluded.fridge, judged = excluded.judged, attached_at = excluded.attached_at,
			logger = excluded.logger, zone = excluded.zone
		RETURNING id`
	const known = `
		DELETE FROM strange_sensors
		WHERE sensor = $1 AND channel = $2`
	var id coldchain.SensorID
	fridge := sql.NullString{String: string(s.Fridge), Valid: s.Fridge != ""}
	err := tx.QueryRow(ctx, q, s.Key.Sensor, s.Key.Channel, s.Name, fridge, s.Judged, ms(s.AttachedAt), s.Logger, s.Zone).Scan(&id)
	if err == nil {
		_, err = tx.Exec(ctx, known, s.Key.Sensor, s.Key.Channel)
	}
	if err == nil {
		err = fridgesChanged(ctx, tx)
	}
	if err != nil {
		return 0, fmt.Errorf("attach sensor %s: %w", s.Key, err)
	}
	tx.Announce(coldchain.Topic, "devices")
	return id, nil
}

// applyFridges brings fridges and their sensors to what the document says.
func applyFridges(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	var changes []document.Change
	for i, said := range doc.Fridges {
		if err := tx.pace.On(1); err != nil {
			return nil, err
		}
		path := fmt.Sprintf("/fridges/%d", i)
		what, err := applyFridge(ctx, tx, said)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		changes = append(changes, document.Change{Path: path, What: what, Thing: "fridge " + said.ID})
		papers, err := applyFridgeAsset(ctx, tx, path, said)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		changes = append(changes, papers...)
		for j, sensor := range said.Sensors {
			path := fmt.Sprintf("%s/sensors/%d", path, j)
			what, err := applySensor(ctx, tx, coldchain.FridgeID(said.ID), sensor)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			changes = append(changes, document.Change{Path: path, What: what, Thing: "sensor " + sensor.ID})
		}
	}
	return changes, nil
}

func applyFridge(ctx context.Context, tx *Tx, said document.Fridge) (string, error) {
	const q = `
		INSERT INTO fridges (id, name, profile, room, unit, model, serial)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE
		SET name = excluded.name, profile = excluded.profile, room = excluded.room, unit = excluded.unit,
			model = excluded.model, serial = excluded.serial`
	want := coldchain.Fridge{ID: coldchain.FridgeID(said.ID), Name: said.Name, Profile: coldchain.ProfileID(said.Profile),
		Room: said.Room, Unit: said.Unit, Model: said.Model, Serial: said.Serial}
	if err := profileKnown(ctx, tx, want.Profile); err != nil {
		return "", err
	}
	is, err := fridge(ctx, tx, want.ID)
	if err != nil && !errors.Is(err, coldchain.ErrUnknownFridge) {
		return "", err
	}
	given := is.Profile
	is.Plan = nil
	if err == nil && reflect.DeepEqual(is, want) {
		return document.Same, nil
	}
	what := document.Alter
	if err != nil {
		what = document.Add
	}
	if _, err := tx.Exec(ctx, q, want.ID, want.Name, want.Profile, want.Room, want.Unit, want.Model, want.Serial); err != nil {
		return "", err
	}
	if what == document.Alter && given != want.Profile {
		if err := giveProfile(ctx, tx, want.ID, want.Profile, tx.Now()); err != nil {
			return "", err
		}
	}
	tx.Announce(coldchain.Topic, want.ID.Topic())
	return what, fridgesChanged(ctx, tx)
}

// profileKnown refuses a profile that is neither ready-made nor the site's own.
func profileKnown(ctx context.Context, tx *Tx, id coldchain.ProfileID) error {
	if _, known := coldchain.ReadyMadeProfile(id); known {
		return nil
	}
	versions, err := profileVersions(ctx, tx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(versions, func(v coldchain.ProfileVersion) bool { return v.Profile.ID == id }) {
		return fmt.Errorf("there is no profile %q: %w", id, coldchain.ErrInvalidProfile)
	}
	return nil
}

func applySensor(ctx context.Context, tx *Tx, fridge coldchain.FridgeID, said document.Sensor) (string, error) {
	key := coldchain.Reading{Sensor: said.ID, Channel: said.Channel}.Key()
	want := coldchain.Sensor{Key: key, Name: said.Name, Fridge: fridge, Judged: key.Judged(), AttachedAt: tx.Now()}
	is, known, err := fridgesTx{tx}.SensorByKey(ctx, key)
	if err != nil {
		return "", err
	}
	want.Logger, want.Zone = is.Logger, is.Zone
	if known && is.Name == want.Name && is.Fridge == want.Fridge && is.Judged == want.Judged {
		return document.Same, nil
	}
	what := document.Add
	if known {
		what = document.Alter
	}
	_, err = attach(ctx, tx, want)
	return what, err
}
