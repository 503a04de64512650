package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"wardwatch/tracking/coldchain"
)

// Finding is what one check of Verify found.
type Finding struct {
	Check string // "audit trail"
	// Says is what was looked at when all is well: "1234 lines".
	Says string
	// Fault is nil when all is well, else it names the first thing that is wrong.
	Fault error
}

// Report is what Verify found, in the order in which it looked.
type Report []Finding

// FirstFault is the first thing that is wrong; nil when all is well.
func (r Report) FirstFault() error {
	for _, finding := range r {
		if finding.Fault != nil {
			return fmt.Errorf("%s: %w", finding.Check, finding.Fault)
		}
	}
	return nil
}

// check is one thing that Verify looks at.
type check struct {
	name string
	look func(context.Context) (says string, fault, err error)
}

// Verify checks what can be checked quickly of what is stored: the file itself,
// that its schema and the triggers that guard it are ours, references, the audit
// trail, the stock's ledger and that its chain of events is whole. It changes
// nothing and may run beside a working server. An error says that a check could
// not be made.
func (d *DB) Verify(ctx context.Context) (Report, error) {
	return d.verify(ctx, d.checks())
}

// VerifyDeep is Verify and judges every stored reading anew: the excursions and
// the hourly summaries must be those that the readings give. Row by row it looks
// whether what alarms, orders and signatures promise is so. It takes as long as
// there are readings.
func (d *DB) VerifyDeep(ctx context.Context) (Report, error) {
	return d.verify(ctx, append(d.checks(), d.deepChecks()...))
}

func (d *DB) checks() []check {
	return []check{
		{"file", d.verifyFile},
		{"schema", d.verifySchema},
		{"references", d.verifyReferences},
		{"audit trail", d.verifyTrail},
		{"checkpoints", d.verifyCheckpoints},
		{"stock ledger", d.verifyLedger},
		{"chain", d.verifyChain},
	}
}

func (d *DB) verify(ctx context.Context, checks []check) (report Report, err error) {
	if d.writer == nil { // opened by Inspect, on one connection: all checks see the same instant
		if _, err := d.reading.ExecContext(ctx, `BEGIN`); err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
		defer func() {
			_, ended := d.reading.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
			err = errors.Join(err, ended)
		}()
	}
	for _, check := range checks {
		says, fault, err := check.look(ctx)
		if err != nil {
			return report, fmt.Errorf("verify %s: %w", check.name, err)
		}
		report = append(report, Finding{Check: check.name, Says: says, Fault: fault})
		if fault != nil && (check.name == "file" || check.name == "schema") {
			// What follows would read tables that may be damaged or missing.
			return report, nil
		}
	}
	return report, nil
}

func (d *DB) verifyFile(ctx context.Context) (says string, fault, err error) {
	var answer string
	if err := d.QueryRow(ctx, `PRAGMA integrity_check(1)`).Scan(&answer); err != nil {
		return "", fmt.Errorf("the file can't be read: %w", err), nil
	}
	if answer != "ok" {
		return "", errors.New(answer), nil
	}
	var pages, size int64
	if err := d.QueryRow(ctx, `SELECT page_count, page_size FROM pragma_page_count, pragma_page_size`).Scan(&pages, &size); err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("%.1f MB, every page sound", float64(pages*size)/1e6), nil, nil
}

// verifySchema compares tables, indexes and triggers with those that a new
// database has: a guard that somebody dropped is a fault.
func (d *DB) verifySchema(ctx context.Context) (says string, fault, err error) {
	want, err := freshSchema(ctx)
	if err != nil {
		return "", nil, err
	}
	have, err := schemaOf(ctx, d.Query)
	if err != nil {
		return "", nil, err
	}
	byName := byID(have, func(o schemaObject) string { return o.name })
	for _, object := range want {
		stored, ok := byName[object.name]
		switch {
		case !ok && len(have) < len(want) && object.kind == "table":
			return "", fmt.Errorf("the table %s is missing; a database of an older version is brought up to date by starting the server on it", object.name), nil
		case !ok:
			return "", fmt.Errorf("the %s %s is missing", object.kind, object.name), nil
		case stored != object:
			return "", fmt.Errorf("the %s %s is not as this version makes it", object.kind, object.name), nil
		}
		delete(byName, object.name)
	}
	for _, object := range have {
		if _, strange := byName[object.name]; strange {
			return "", fmt.Errorf("there is a %s %s that is not of this version", object.kind, object.name), nil
		}
	}
	return fmt.Sprintf("%d tables, indexes and triggers as they should be", len(want)), nil, nil
}

// schemaObject is a table, index or trigger.
type schemaObject struct{ kind, name, definition string }

func schemaOf(ctx context.Context, query func(context.Context, string, ...any) (*sql.Rows, error)) ([]schemaObject, error) {
	const q = `
		SELECT type, name, sql
		FROM sqlite_schema
		WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE 'goose\_%' ESCAPE '\' AND sql IS NOT NULL
		ORDER BY type DESC, name`
	rows, err := query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (o schemaObject, err error) {
		return o, rows.Scan(&o.kind, &o.name, &o.definition)
	})
}

// fresh keeps what freshSchema found: the migrations are part of the program.
var fresh struct {
	sync.Mutex
	objects []schemaObject
}

// freshSchema is what the migrations make of an empty file.
func freshSchema(ctx context.Context) (objects []schemaObject, err error) {
	fresh.Lock()
	defer fresh.Unlock()
	if fresh.objects == nil {
		fresh.objects, err = migratedSchema(ctx)
	}
	return fresh.objects, err
}

func migratedSchema(ctx context.Context) (objects []schemaObject, err error) {
	folder, err := os.MkdirTemp("", "wardwatch-schema-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	pool, err := sql.Open("sqlite", plainSource(filepath.Join(folder, "fresh.db"), "synchronous(OFF)"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := migrate(ctx, pool); err != nil {
		return nil, err
	}
	return schemaOf(ctx, func(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
		return pool.QueryContext(ctx, q, args...)
	})
}

func (d *DB) verifyReferences(ctx context.Context) (says string, fault, err error) {
	const q = `
		SELECT "table", COALESCE(rowid, 0), parent
		FROM pragma_foreign_key_check
		LIMIT 1`
	var table, parent string
	var row int64
	err = d.QueryRow(ctx, q).Scan(&table, &row, &parent)
	if errors.Is(err, sql.ErrNoRows) {
		return "every reference leads somewhere", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	return "", fmt.Errorf("row %d of %s refers to something in %s that is not there", row, table, parent), nil
}

func (d *DB) verifyTrail(ctx context.Context) (says string, fault, err error) {
	lines, fault := d.VerifyAudit(ctx)
	if ctx.Err() != nil {
		return "", nil, ctx.Err()
	}
	if fault != nil {
		return "", fault, nil
	}
	anchor, err := d.AuditAnchor(ctx)
	return fmt.Sprintf("%d lines, each follows from the one before; anchor %s", lines, anchor), nil, err
}

func (d *DB) verifyLedger(ctx context.Context) (says string, fault, err error) {
	fault = Stock{DB: d}.Verify(ctx)
	if ctx.Err() != nil {
		return "", nil, ctx.Err()
	}
	var movements int64
	if err := d.QueryRow(ctx, `SELECT count(*) FROM stock_movements`).Scan(&movements); err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("%d movements add up to the stock", movements), fault, nil
}

// verifyChain looks whether whoever follows the cold chain's events stands at one that there is.
func (d *DB) verifyChain(ctx context.Context) (says string, fault, err error) {
	const q = `
		SELECT f.name, f.seq, (SELECT COALESCE(max(seq), 0) FROM cold_events)
		FROM stock_followers f
		WHERE f.seq > (SELECT COALESCE(max(seq), 0) FROM cold_events)
		LIMIT 1`
	var follower string
	var at, last int64
	err = d.QueryRow(ctx, q).Scan(&follower, &at, &last)
	if err == nil {
		return "", fmt.Errorf("%s has followed the cold chain to event %d and the last one is %d: events were lost", follower, at, last), nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return "", nil, err
	}
	const qDangling = `
		SELECT e.seq, json_extract(e.excursion, '$.ID')
		FROM cold_events e
		WHERE COALESCE(json_extract(NULLIF(e.excursion, ''), '$.ID'), 0) <> 0
			AND NOT EXISTS (SELECT 1 FROM excursions x WHERE x.id = json_extract(e.excursion, '$.ID'))
		LIMIT 1`
	var seq, excursion int64
	err = d.QueryRow(ctx, qDangling).Scan(&seq, &excursion)
	if err == nil {
		return "", fmt.Errorf("event %d tells of excursion %d, which is not there", seq, excursion), nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return "", nil, err
	}
	return "every event tells of something that is there", nil, nil
}

// verifyHours compares the hourly summaries with the readings that they sum up.
// The hour that a sensor is in is summed up when it is over.
func (d *DB) verifyHours(ctx context.Context) (says string, fault, err error) {
	const q = `
		SELECT s.sensor, r.hour * 3600000
		FROM (
			SELECT sensor, hour, min_mc, max_mc, sum_mc, points FROM reading_hours
			UNION ALL
			SELECT sensor, measured_at / 3600000, min(temp_mc), max(temp_mc), sum(temp_mc), count(*)
			FROM readings
			GROUP BY sensor, measured_at / 3600000
		) r
		JOIN sensors s ON s.id = r.sensor
		WHERE r.hour < (SELECT max(measured_at) / 3600000 FROM readings WHERE sensor = r.sensor)
			AND r.hour >= COALESCE((SELECT until / 3600000 FROM readings_let_go WHERE sensor = r.sensor), 0)
		GROUP BY r.sensor, r.hour
		HAVING count(*) <> 2 OR min(min_mc) <> max(min_mc) OR min(max_mc) <> max(max_mc) OR min(sum_mc) <> max(sum_mc) OR min(points) <> max(points)
		LIMIT 1`
	var sensor string
	var hour int64
	switch err := d.QueryRow(ctx, q).Scan(&sensor, &hour); {
	case err == nil:
		return "", fmt.Errorf("the summary of sensor %s for the hour of %s differs from its readings", sensor, fromMS(hour).Format(time.RFC3339)), nil
	case !errors.Is(err, sql.ErrNoRows):
		return "", nil, err
	}
	var readings int64
	if err := d.QueryRow(ctx, `SELECT count(*) FROM readings`).Scan(&readings); err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("%d readings, summed up rightly", readings), nil, nil
}

// judged is a stay of a sensor in a fridge, the record of which was judged for it.
type judged struct {
	id   coldchain.SensorID
	name string
	stay coldchain.Stay
	plan coldchain.Plan
	// letGo is up to when raw readings were let go but for those about excursions.
	letGo time.Time
}

// verifyExcursions judges the record of each sensor in each fridge from the beginning of
// its stay and compares what it finds with what is stored.
func (d *DB) verifyExcursions(ctx context.Context) (says string, fault, err error) {
	sensors, err := d.judgedSensors(ctx)
	if err != nil {
		return "", nil, err
	}
	excursions, aside := 0, 0
	for _, s := range sensors {
		found, err := d.replay(ctx, s)
		if err != nil {
			return "", nil, err
		}
		stored, err := d.storedExcursions(ctx, s)
		if err != nil {
			return "", nil, err
		}
		before := len(stored)
		found, stored = s.comparable(found, stored)
		if fault := sameExcursions(s, found, stored); fault != nil {
			return "", fault, nil
		}
		excursions, aside = excursions+len(found), aside+before-len(stored)
	}
	says = fmt.Sprintf("%d in %d stays of sensors, as their readings give them", excursions, len(sensors))
	if aside > 0 {
		says += fmt.Sprintf("; %d more by rules that this version does not have", aside)
	}
	return says, nil, nil
}

func (d *DB) judgedSensors(ctx context.Context) ([]judged, error) {
	const q = `
		SELECT s.id, s.sensor || '/' || s.channel, COALESCE(g.until, 0)
		FROM sensors s
		LEFT JOIN readings_let_go g ON g.sensor = s.id
		WHERE s.judged = 1
		ORDER BY s.id`
	rows, err := d.Query(ctx, q)
	sensors, err := gather(rows, err, func(rows *sql.Rows) (j judged, err error) {
		var until int64
		err = rows.Scan(&j.id, &j.name, &until)
		j.letGo = fromMS(until)
		return j, err
	})
	if err != nil {
		return nil, err
	}
	var all []judged
	for _, j := range sensors {
		stays, err := staysOf(ctx, d, j.id)
		if err != nil {
			return nil, err
		}
		for _, j.stay = range stays {
			if j.stay.Fridge == "" {
				continue
			}
			if j.plan, err = d.planOf(ctx, j.stay.Fridge); err != nil {
				return nil, err
			}
			all = append(all, j)
		}
	}
	return all, nil
}

// until is where a stay's record ends.
func (j judged) until() int64 {
	if j.stay.To.IsZero() {
		return math.MaxInt64
	}
	return ms(j.stay.To)
}

// planOf is what a fridge was judged by.
func (d *DB) planOf(ctx context.Context, id coldchain.FridgeID) (coldchain.Plan, error) {
	f, err := fridge(ctx, d, id)
	return f.Plan, err
}

// comparable leaves out what was found by a rule that the fridge's plan does not have
// for that moment: a ready-made profile of another version of this program. Whatever
// else its fridges were given stands in the plan, so everything else is compared.
func (j judged) comparable(found, stored []coldchain.Excursion) (theirs, ours []coldchain.Excursion) {
	type rule struct {
		profile coldchain.ProfileID
		name    string
	}
	ruleOf := func(e coldchain.Excursion) rule { return rule{j.plan.At(e.ConfirmedAt).ID, e.Rule} }
	gone := map[rule]bool{}
	for _, e := range stored {
		if is, ok := j.plan.At(e.ConfirmedAt).Rule(e.Rule); !ok || is.Limit != e.Limit {
			gone[ruleOf(e)] = true
		}
	}
	of := func(e coldchain.Excursion) bool { return gone[ruleOf(e)] }
	return slices.DeleteFunc(found, of), slices.DeleteFunc(stored, of)
}

func (d *DB) replay(ctx context.Context, s judged) ([]coldchain.Excursion, error) {
	const q = `
		SELECT measured_at, temp_mc
		FROM readings
		WHERE sensor = $1 AND measured_at >= $2 AND measured_at < $3
		ORDER BY measured_at`
	rows, err := d.Query(ctx, q, s.id, ms(s.stay.From), s.until())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	replay := coldchain.NewReplay(s.plan, coldchain.Point{})
	var found []coldchain.Excursion
	for rows.Next() {
		point, err := scanPoint(rows)
		if err != nil {
			return nil, err
		}
		if last := replay.State().Last.At; point.At.Before(s.letGo) && !last.IsZero() && point.At.Sub(last) > coldchain.KeepAfter {
			// What lay between was let go: both sides were quiet, or it would have been kept.
			found = append(found, replay.Excursions()...)
			replay = coldchain.NewReplay(s.plan, coldchain.Point{})
		}
		replay.Step(point)
	}
	found = append(found, replay.Excursions()...)
	for i := range found {
		if found[i].Running() && !s.stay.To.IsZero() { // nothing runs on after the probe was taken off
			found[i].End = replay.State().Last.At
		}
	}
	return found, rows.Err()
}

func (d *DB) storedExcursions(ctx context.Context, s judged) ([]coldchain.Excursion, error) {
	const q = `
		SELECT ` + excursionColumns + `
		FROM excursions e
		JOIN sensors s ON s.id = e.sensor
		WHERE e.sensor = $1 AND e.withdrawn = 0 AND e.start_at >= $2 AND e.start_at < $3
		ORDER BY e.start_at, e.rule`
	rows, err := d.Query(ctx, q, s.id, ms(s.stay.From), s.until())
	return gather(rows, err, func(rows *sql.Rows) (coldchain.Excursion, error) { return scanExcursion(rows) })
}

// sameExcursions compares what matters to people: which rule, from when to when, how far.
func sameExcursions(s judged, found, stored []coldchain.Excursion) error {
	slices.SortFunc(found, func(a, b coldchain.Excursion) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Rule, b.Rule))
	})
	for i, want := range found {
		if i >= len(stored) {
			return fmt.Errorf("sensor %s: its readings give an excursion (%s) from %s on that is not stored", s.name, want.Rule, want.Start.Format(time.RFC3339))
		}
		if is := stored[i]; is.Rule != want.Rule || !is.Start.Equal(want.Start) || !is.End.Equal(want.End) || is.Min != want.Min || is.Max != want.Max || is.Known != want.Known {
			return fmt.Errorf("sensor %s: excursion %d is stored otherwise than its readings give it", s.name, is.ID)
		}
	}
	if len(stored) > len(found) {
		return fmt.Errorf("sensor %s: excursion %d does not follow from its readings", s.name, stored[len(found)].ID)
	}
	return nil
}
