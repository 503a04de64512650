package db

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
)

// Set changes a setting of the connection that writes, as a failing disk would.
func (d *DB) Set(ctx context.Context, pragma string) error {
	_, err := d.writer.conn.ExecContext(ctx, "PRAGMA "+pragma)
	return err
}

// Look makes one of the deep checks alone.
func (d *DB) Look(ctx context.Context, name string) (says string, fault, err error) {
	for _, check := range append(d.checks(), d.deepChecks()...) {
		if check.name == name {
			return check.look(ctx)
		}
	}
	return "", nil, fmt.Errorf("there is no check %s", name)
}

// Prepared is how many queries are kept prepared for those who look.
func (d *DB) Prepared() int {
	d.queries.mu.RLock()
	defer d.queries.mu.RUnlock()
	return len(d.queries.byText)
}

// Asked are the queries that are kept prepared.
func (d *DB) Asked() []string {
	d.queries.mu.RLock()
	defer d.queries.mu.RUnlock()
	return slices.Collect(maps.Keys(d.queries.byText))
}

// Narrowed is a query as somebody asks it who sees a part of everything.
func Narrowed(query string) string { return narrow(asking{query: query, cold: true, stock: true}).text }

// Schemas are what the migrations make of an empty file: all at once, and one by one.
func Schemas(ctx context.Context, folder string) (made [2][]string, err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return made, err
	}
	for i, make := range []func(context.Context, *sql.DB, fs.FS) error{create, update} {
		pool, err := sql.Open("sqlite", plainSource(filepath.Join(folder, fmt.Sprint(i, ".db")), "synchronous(OFF)"))
		if err != nil {
			return made, err
		}
		defer pool.Close()
		if err := make(ctx, pool, files); err != nil {
			return made, err
		}
		for _, q := range []string{`SELECT type || ' ' || name || ': ' || COALESCE(sql, '') FROM sqlite_schema ORDER BY rowid`,
			`SELECT version_id || ' ' || is_applied FROM goose_db_version ORDER BY id`} {
			rows, err := pool.QueryContext(ctx, q)
			lines, err := collect(rows, err, func(line *string) []any { return []any{line} })
			if err != nil {
				return made, err
			}
			made[i] = append(made[i], lines...)
		}
	}
	return made, nil
}
