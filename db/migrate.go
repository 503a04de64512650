package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
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
