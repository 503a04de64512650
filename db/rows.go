package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// scanner is a row, or rows at one of them.
type scanner interface{ Scan(into ...any) error }

// asker is the database, or a change in progress.
type asker interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) Row
}

// collect reads all rows into things, each by the columns that into names.
func collect[T any](rows *sql.Rows, err error, into func(*T) []any) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var things []T
	for rows.Next() {
		var thing T
		if err := rows.Scan(into(&thing)...); err != nil {
			return nil, err
		}
		things = append(things, thing)
	}
	return things, rows.Err()
}

// scanAll reads and closes rows; it takes a query's two answers as they come.
func scanAll[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// found turns "no row" into the kind of error that the domain knows, with the
// name that was asked for.
func found[T any](thing T, err error) func(unknown error, name string) (T, error) {
	return func(unknown error, name string) (T, error) {
		if errors.Is(err, sql.ErrNoRows) {
			return thing, fmt.Errorf("%s: %w", name, unknown)
		}
		return thing, err
	}
}

// oneRow is stale unless the statement changed exactly one row.
func oneRow(result sql.Result, stale error) error {
	n, err := result.RowsAffected()
	if err != nil || n == 1 {
		return err
	}
	return stale
}
