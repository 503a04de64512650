package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. Numbers need not arrive in order: each
// subject of the house has its own range.
func migrate(ctx context.Context, pool *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if current, err := isCurrent(ctx, pool, files); current || err != nil {
		return err
	}
	if empty, err := isEmpty(ctx, pool); err != nil {
		return err
	} else if empty {
		return create(ctx, pool, files)
	}
	return update(ctx, pool, files)
}

// isEmpty says whether the file holds nothing at all.
func isEmpty(ctx context.Context, pool *sql.DB) (empty bool, err error) {
	return empty, pool.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)`).Scan(&empty)
}

// create makes the schema of a new file as update would, in one transaction: one flush
// to disk instead of one for each migration, and never half a schema.
func create(ctx context.Context, pool *sql.DB, files fs.FS) (err error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return err
	}
	versions, err := database.NewStore(goose.DialectSQLite3, goose.DefaultTablename)
	if err != nil {
		return err
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("make the schema: %w", err), tx.Rollback())
		}
	}()
	if err := versions.CreateVersionTable(ctx, tx); err != nil {
		return err
	}
	if err := versions.Insert(ctx, tx, database.InsertRequest{Version: 0}); err != nil {
		return err
	}
	for _, name := range names { // in their order: numbers have the same length
		version, err := goose.NumericComponent(name)
		if err != nil {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := versions.Insert(ctx, tx, database.InsertRequest{Version: version}); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// update applies the migrations that a file has not seen yet.
func update(ctx context.Context, pool *sql.DB, files fs.FS) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, pool, files,
		goose.WithAllowOutofOrder(true), goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}

// isCurrent says whether every migration has been applied already, as at most
// starts: one query instead of reading them all.
func isCurrent(ctx context.Context, pool *sql.DB, files fs.FS) (bool, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return false, err
	}
	const q = `
		SELECT count(DISTINCT version_id)
		FROM goose_db_version
		WHERE version_id > 0 AND is_applied = 1`
	var applied int
	if err := pool.QueryRowContext(ctx, q).Scan(&applied); err != nil {
		return false, nil // a new file has no such table
	}
	return applied == len(names), nil
}
