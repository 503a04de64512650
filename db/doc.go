// Package db is where everything is kept: the only folder with SQL.
//
// One file, one writer. A change is a function given to InTx; the writer
// goroutine gathers the changes that are waiting, runs each in its own savepoint
// of one SQLite transaction, commits them together with synchronous=FULL, and
// only then answers them and announces their topics. Readers have a pool of
// their own and never wait for the writer (WAL).
//
//	InTx(f) ─┐
//	InTx(g) ─┼─▶ writer: BEGIN · f · g · h · COMMIT ─▶ answers ─▶ topics
//	InTx(h) ─┘
//
// The packages of tracking and inventory declare the stores that they need; the
// files here satisfy them, one file a subject, each with its SQL beside its
// method in the subset that PostgreSQL accepts too: $1, ON CONFLICT, RETURNING,
// instants as integers of milliseconds since 1970 in UTC.
package db
