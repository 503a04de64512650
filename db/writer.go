package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// maxGroup is the most changes that share one commit: enough to amortise the
	// disk's flush, few enough that the first does not wait long for the last.
	maxGroup = 256
	// maxWaiting is how many changes may stand in line before InTx waits to hand in its own.
	maxWaiting = 1024
)

// writer owns the one connection that writes.
type writer struct {
	conn       *sql.Conn
	statements statements
	now        func() time.Time
	announce   func([]string)
	met        func(error) // is told how each commit went, so far as the disk is concerned
	ill        func() bool // says whether nothing can be stored, as far as is known

	waiting chan *change
	mu      sync.RWMutex // held for reading while a change is handed in; for writing to stop
	stopped bool
	done    chan struct{}
}

type change struct {
	ctx    context.Context
	run    func(*Tx) error
	answer chan error
	err    error
	tx     *Tx // what it did, when it did not fail
}

func startWriter(ctx context.Context, pool *sql.DB, now func() time.Time, announce func([]string), met func(error), ill func() bool) (*writer, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, now: now, announce: announce, met: met, ill: ill,
		waiting: make(chan *change, maxWaiting), done: make(chan struct{})}
	w.statements.prepare = conn.PrepareContext
	go w.loop()
	return w, nil
}

func (w *writer) do(ctx context.Context, run func(*Tx) error) error {
	c := &change{ctx: ctx, run: run, answer: make(chan error, 1)}
	if err := w.hand(ctx, c); err != nil {
		return err
	}
	return <-c.answer
}

func (w *writer) hand(ctx context.Context, c *change) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.stopped {
		return ErrClosed
	}
	select {
	case w.waiting <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) stop() error {
	w.mu.Lock()
	if !w.stopped {
		w.stopped = true
		close(w.waiting)
	}
	w.mu.Unlock()
	<-w.done
	w.statements.close()
	return w.conn.Close()
}

func (w *writer) loop() {
	defer close(w.done)
	group := make([]*change, 0, maxGroup)
	for first := range w.waiting {
		group = w.gather(append(group[:0], first))
		w.commit(group)
		w.learn(group)
		w.answer(group)
		clear(group)
	}
}

// gather takes what stands in line without waiting for more: while one group is
// being flushed to disk, the next one forms by itself.
func (w *writer) gather(group []*change) []*change {
	for len(group) < maxGroup {
		select {
		case c, ok := <-w.waiting:
			if !ok {
				return group
			}
			group = append(group, c)
		default:
			return group
		}
	}
	return group
}

// commit runs the group in one transaction and leaves each change's outcome in it.
func (w *writer) commit(group []*change) {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		fail(group, err)
		return
	}
	audit := &trail{}
	kept := 0
	for _, c := range group {
		if c.err = w.attempt(c, audit, len(group) == 1); c.err == nil {
			kept++
		} else if errors.Is(c.err, errLost) {
			_ = w.exec("ROLLBACK") // the engine may have rolled back already
			fail(group, c.err)
			return
		}
	}
	if kept == 0 {
		_ = w.exec("ROLLBACK")
		return
	}
	if err := w.exec("COMMIT"); err != nil {
		_ = w.exec("ROLLBACK")
		fail(group, err)
	}
}

// learn tells what the group's outcome says of the disk, and puts its trouble into
// the errors of those who asked. A commit of nothing does not reach the disk and says nothing of it.
func (w *writer) learn(group []*change) {
	var trouble error
	kept := false
	for _, c := range group {
		if c.err == nil {
			kept = kept || c.tx.wrote
		} else if c.err = unkept(c.err); troubleOf(c.err) != "" {
			trouble = c.err
		}
	}
	if trouble != nil || kept {
		w.met(trouble)
	}
}

// errLost says that the engine gave up the whole transaction, not one change in it.
var errLost = errors.New("the transaction was lost")

func fail(group []*change, err error) {
	for _, c := range group {
		if c.err != nil {
			continue
		}
		c.err = fmt.Errorf("commit: %w", err)
		if c.tx != nil {
			c.tx.undo()
		}
	}
}

// attempt runs one change in its savepoint. What it adds to the audit trail is
// kept only when the change is. One that is alone in its transaction needs no savepoint,
// which costs a copy of every page that it changes: it is undone with the transaction.
func (w *writer) attempt(c *change, audit *trail, alone bool) error {
	if err := c.ctx.Err(); err != nil {
		return err // whoever asked has gone
	}
	if err := w.unless(alone, "SAVEPOINT change"); err != nil {
		return errors.Join(errLost, err)
	}
	mine := *audit
	tx := &Tx{now: w.now().UTC().Truncate(time.Millisecond), statements: &w.statements, trail: &mine}
	ill := w.ill()
	before := w.rowsWritten(ill)
	if err := guarded(c.run, tx); err != nil {
		tx.undo()
		if undo := w.unless(alone, "ROLLBACK TO change", "RELEASE change"); undo != nil {
			return errors.Join(errLost, err, undo)
		}
		return err
	}
	if err := w.unless(alone, "RELEASE change"); err != nil {
		tx.undo()
		return errors.Join(errLost, err)
	}
	tx.wrote = w.rowsWritten(ill) > before
	*audit = mine
	c.tx = tx
	return nil
}

// rowsWritten is how many rows this connection ever changed; 0 unless asked, for it costs a query.
func (w *writer) rowsWritten(asked bool) (n int64) {
	if !asked {
		return 0
	}
	statement, err := w.statements.get(context.Background(), "SELECT total_changes()")
	if err != nil || statement.QueryRow().Scan(&n) != nil {
		return 0 // then nothing is proved yet
	}
	return n
}

func (w *writer) unless(alone bool, queries ...string) error {
	if alone {
		return nil
	}
	return w.exec(queries...)
}

// guarded turns a panic into an error: one bad change must not take down its neighbours.
func guarded(run func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("a change to the database panicked: %v\n%s", reason, debug.Stack())
		}
	}()
	return run(tx)
}

func (w *writer) exec(queries ...string) error {
	for _, query := range queries {
		statement, err := w.statements.get(context.Background(), query)
		if err != nil {
			return err
		}
		if _, err := statement.Exec(); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	return nil
}

func (w *writer) answer(group []*change) {
	var topics []string
	told := map[string]bool{}
	for _, c := range group {
		if c.err == nil {
			for _, topic := range c.tx.topics {
				if !told[topic] {
					told[topic] = true
					topics = append(topics, topic)
				}
			}
		}
	}
	// Announced first: whoever waits for its answer finds its listeners already told.
	if len(topics) > 0 {
		w.announce(topics)
	}
	for _, c := range group {
		c.answer <- c.err
	}
}
