package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the engine

	"wardwatch/tracking/hospital/upkeep"
)

// ErrClosed says that the database is shutting down and takes no more changes.
var ErrClosed = errors.New("the database is shutting down")

// Options of a database. The zero value is ready for use.
type Options struct {
	// Now is the clock that transactions take their instant from; time.Now when nil.
	Now func() time.Time
	// Announce is told, after each commit, the topics that its changes announced,
	// each once. It is called by the writer: it must not block.
	Announce func(topics []string)
	// Log receives what an operator should know; slog.Default when nil.
	Log *slog.Logger
}

// DB is an open database. Its methods may be called by any goroutine.
type DB struct {
	now      func() time.Time
	announce func(topics []string)
	log      *slog.Logger
	path     string
	health   condition

	writing *sql.DB
	writer  *writer
	reading *sql.DB
	queries statements
	closing sync.Once
	closed  error

	// overheard is told each query; see Overhear.
	overheard atomic.Pointer[func(query string)]

	// joined is the open change that this DB's changes are part of; nil but in Together.
	joined *Tx
}

// Open opens or creates the database at dsn, "sqlite:PATH" or a bare path, and
// brings its schema up to date. Close it when done.
func Open(ctx context.Context, dsn string, options Options) (*DB, error) {
	path, err := pathOf(dsn)
	if err != nil {
		return nil, err
	}
	d := &DB{now: options.Now, announce: options.Announce, log: options.Log, path: path}
	if d.now == nil {
		d.now = time.Now
	}
	if d.announce == nil {
		d.announce = func([]string) {}
	}
	if d.log == nil {
		d.log = slog.Default()
	}
	if err := d.open(ctx, path); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, unkept(errors.Join(err, d.Close())))
	}
	return d, nil
}

func pathOf(dsn string) (string, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return "", errors.New("this build keeps its data in SQLite: use --db sqlite:PATH")
	}
	path := strings.TrimPrefix(dsn, "sqlite:")
	if path == "" || strings.Contains(path, ":memory:") {
		return "", errors.New("a database needs a file: use --db sqlite:PATH")
	}
	return filepath.Abs(path)
}

func (d *DB) open(ctx context.Context, path string) error {
	if err := createPrivate(path); err != nil {
		return err
	}
	var err error
	if d.writing, err = sql.Open("sqlite", source(path, "synchronous(FULL)", "wal_autocheckpoint(4000)")); err != nil {
		return err
	}
	d.writing.SetMaxOpenConns(1)
	if err := migrate(ctx, d.writing); err != nil {
		return err
	}
	if d.reading, err = sql.Open("sqlite", source(path, "query_only(1)", "cache_size(-500)")); err != nil {
		return err
	}
	d.reading.SetMaxOpenConns(readers())
	d.reading.SetMaxIdleConns(readers())
	d.queries.prepare = d.reading.PrepareContext
	d.writer, err = startWriter(ctx, d.writing, d.now, func(topics []string) { d.announce(topics) }, d.meet, d.health.ill)
	return err
}

// createPrivate makes the file, where there is none, for its owner alone; the
// engine gives its log the same rights.
func createPrivate(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// source is the data source name of a file, with the settings that every connection
// shares. The cache of 4 MB is the writer's, which changes pages all over the file;
// each reader has half of one, which each commit makes void anyway: behind it lies the
// system's cache of the same file, which all share and which costs a page no more than
// a copy. In memory each page takes twice its size: the engine asks for a little more
// than 4 KiB, and gets the next power of two.
func source(path string, pragmas ...string) string {
	return sourceOf(path, append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)",
		"cache_size(-4000)", "temp_store(MEMORY)"}, pragmas...))
}

func sourceOf(path string, pragmas []string) string {
	values := url.Values{}
	for _, pragma := range pragmas {
		values.Add("_pragma", pragma)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: values.Encode()}).String()
}

func readers() int { return max(4, runtime.NumCPU()) }

// Close waits for the changes already handed in, then closes the file. It may be called twice.
func (d *DB) Close() error {
	d.closing.Do(func() {
		if d.writer != nil {
			d.closed = errors.Join(d.closed, d.writer.stop())
		}
		d.queries.close()
		for _, pool := range []*sql.DB{d.reading, d.writing} {
			if pool != nil {
				d.closed = errors.Join(d.closed, pool.Close())
			}
		}
	})
	return d.closed
}

// Now is the database's clock: the one that transactions take their instant from.
func (d *DB) Now() time.Time { return d.now() }

// InTx runs change inside a transaction and returns once it is durable. When
// change returns an error or panics nothing of it is kept and the error comes
// back unchanged, but for a disk or file that fails: that is upkeep.ErrUnkept, with its
// Trouble. change must do nothing but database work, must not call InTx,
// and must not keep tx. It may share its commit with other changes.
func (d *DB) InTx(ctx context.Context, change func(tx *Tx) error) error {
	if d.joined != nil {
		return d.joined.within(ctx, d.now, change)
	}
	if trouble, _ := d.health.now(); trouble == upkeep.Damaged {
		return trouble
	}
	return d.writer.do(ctx, change)
}

// Waiting is how many changes stand in line for the next commit.
func (d *DB) Waiting() int { return len(d.writer.waiting) }

// Query reads rows from what was last committed, within the reach of whoever looks
// (hospital.Looking). The caller closes them.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if d.joined != nil {
		return d.joined.Query(ctx, query, args...)
	}
	d.ask(query)
	query, args = d.queries.within(ctx, query, args)
	statement, err := d.queries.get(ctx, query)
	if err != nil {
		return nil, d.read(err)
	}
	rows, err := statement.QueryContext(ctx, args...)
	return rows, d.read(err)
}

// read notes when what is stored can't be read for the disk's or the file's fault.
func (d *DB) read(err error) error {
	if trouble := troubleOf(err); trouble == upkeep.Damaged || trouble == upkeep.DiskFails {
		d.meet(err)
	}
	return unkept(err)
}

// QueryRow reads one row from what was last committed, within reach as Query does.
func (d *DB) QueryRow(ctx context.Context, query string, args ...any) Row {
	if d.joined != nil {
		return d.joined.QueryRow(ctx, query, args...)
	}
	d.ask(query)
	query, args = d.queries.within(ctx, query, args)
	statement, err := d.queries.get(ctx, query)
	if err != nil {
		return Row{err: d.read(err)}
	}
	return Row{row: statement.QueryRowContext(ctx, args...), read: d.read}
}

// Overhear has told called with each query that is asked outside of changes from now on,
// from whichever goroutine asks; nil ends it. It is for tests that count.
func (d *DB) Overhear(told func(query string)) {
	if told == nil {
		d.overheard.Store(nil)
		return
	}
	d.overheard.Store(&told)
}

func (d *DB) ask(query string) {
	if told := d.overheard.Load(); told != nil {
		(*told)(query)
	}
}

// Ping says whether the database can be read.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	return d.QueryRow(ctx, `SELECT 1`).Scan(&one)
}

// Row is the answer to a query for one row.
type Row struct {
	row  *sql.Row
	err  error
	read func(error) error // what becomes of an error; nil: nothing
}

// Scan copies the row's columns; sql.ErrNoRows when there is none.
func (r Row) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	err := r.row.Scan(into...)
	if err != nil && r.read != nil {
		return r.read(err)
	}
	return err
}

// statements keeps each query prepared, by its text. Queries are constants of
// this package, so their number is bounded by the program.
type statements struct {
	prepare  func(context.Context, string) (*sql.Stmt, error)
	mu       sync.RWMutex
	byText   map[string]*sql.Stmt
	narrowed map[asking]narrowing
}

func (s *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.RLock()
	statement := s.byText[query]
	s.mu.RUnlock()
	if statement != nil {
		return statement, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if statement := s.byText[query]; statement != nil {
		return statement, nil
	}
	statement, err := s.prepare(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	if s.byText == nil {
		s.byText = map[string]*sql.Stmt{}
	}
	s.byText[query] = statement
	return statement, nil
}

func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, statement := range s.byText {
		_ = statement.Close() // the pool is closed next; a statement has nothing to lose
	}
	s.byText = nil
}
