package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// Verify checks everything that can be checked of what is stored: the file
// itself, that its schema and the triggers that guard it are ours, references,
// the audit trail and the stock's ledger. It changes nothing and may run beside
// a working server. An error says that a check could not be made.
func (d *DB) Verify(ctx context.Context) (Report, error) {
	var report Report
	for _, check := range []struct {
		name string
		look func(context.Context) (says string, fault, err error)
	}{
		{"file", d.verifyFile},
		{"schema", d.verifySchema},
		{"references", d.verifyReferences},
		{"audit trail", d.verifyTrail},
		{"stock ledger", d.verifyLedger},
	} {
		says, fault, err := check.look(ctx)
		if err != nil {
			return report, fmt.Errorf("verify %s: %w", check.name, err)
		}
		report = append(report, Finding{Check: check.name, Says: says, Fault: fault})
		if fault != nil && check.name != "references" {
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

// freshSchema is what the migrations make of an empty file.
func freshSchema(ctx context.Context) (objects []schemaObject, err error) {
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
	return fmt.Sprintf("%d lines, each follows from the one before", lines), fault, nil
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
