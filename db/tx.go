package db

import (
	"context"
	"database/sql"
	"time"

	"wardwatch/tracking/hospital/upkeep"
)

// Tx is one change in progress. It is used by one goroutine, inside InTx.
type Tx struct {
	now        time.Time
	statements *statements
	topics     []string
	told       map[string]struct{} // the topics, to find them fast
	undone     []func()
	trail      *trail
	pace       *upkeep.Pace // of an import; nil else
	wrote      bool         // a row was written while nothing could be stored; not told else
}

// Now is the change's instant: the same for everything that it writes.
func (tx *Tx) Now() time.Time { return tx.now }

// Announce names topics that have changed. They are told after the commit, or never.
func (tx *Tx) Announce(topics ...string) {
	if tx.told == nil {
		tx.told = make(map[string]struct{}, len(topics))
	}
	for _, topic := range topics {
		if _, told := tx.told[topic]; !told {
			tx.told[topic] = struct{}{}
			tx.topics = append(tx.topics, topic)
		}
	}
}

// IfUndone has forget called when nothing of this change is kept: it failed, or
// the commit that it shared did. It runs before any other change does, so that
// what is remembered outside the database never runs ahead of it.
func (tx *Tx) IfUndone(forget func()) { tx.undone = append(tx.undone, forget) }

func (tx *Tx) undo() {
	for _, forget := range tx.undone {
		forget()
	}
}

// Exec runs a statement that returns no rows. A change that has begun is
// carried through: ctx's end does not interrupt it.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx = context.WithoutCancel(ctx)
	statement, err := tx.statements.get(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args...)
}

// Query reads rows, this change's own writes included. Read them to the end and
// close them before the same query is asked again.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	statement, err := tx.statements.get(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRow reads one row, this change's own writes included.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) Row {
	ctx = context.WithoutCancel(ctx)
	statement, err := tx.statements.get(ctx, query)
	if err != nil {
		return Row{err: err}
	}
	return Row{row: statement.QueryRowContext(ctx, args...)}
}

// ms is an instant as it is stored: milliseconds since 1970, and 0 for no instant.
func ms(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

// fromMS is a stored instant in UTC; the zero time for 0.
func fromMS(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.UnixMilli(at).UTC()
}

// nullMS is an instant as it is stored in a column that may be NULL.
func nullMS(at time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: ms(at), Valid: !at.IsZero()}
}

// fromNullMS is a stored instant in UTC; the zero time for NULL.
func fromNullMS(at sql.NullInt64) time.Time {
	if !at.Valid {
		return time.Time{}
	}
	return fromMS(at.Int64)
}
