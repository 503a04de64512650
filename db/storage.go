package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"wardwatch/tracking/hospital/upkeep"
)

// StorageTopic is announced when storing has stopped working, or works again.
const StorageTopic = "storage"

// tryEvery is how often it is tried whether storing works again.
const tryEvery = 2 * time.Second

// health is whether anything can be stored.
type condition struct {
	mu      sync.Mutex
	trouble upkeep.Trouble
	since   time.Time
}

// met notes how a commit went, and says whether that is news. A damaged database
// stays so: what it answers to one more change proves nothing.
func (h *condition) met(trouble upkeep.Trouble, at time.Time) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.trouble == trouble || h.trouble == upkeep.Damaged {
		return false
	}
	h.trouble, h.since = trouble, at
	return true
}

func (h *condition) now() (upkeep.Trouble, time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.trouble, h.since
}

// ill says whether nothing can be stored, as far as is known.
func (h *condition) ill() bool {
	trouble, _ := h.now()
	return trouble != ""
}

// troubleOf is why the engine, or the disk below it, refused; empty when the fault
// is the change's own.
func troubleOf(err error) upkeep.Trouble {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return upkeep.DiskFull
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return upkeep.ReadOnly
	}
	engine, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return ""
	}
	switch engine.Code() & 0xff { // the upper bits tell more of the same
	case lib.SQLITE_FULL:
		return upkeep.DiskFull
	case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CANTOPEN:
		return upkeep.ReadOnly
	case lib.SQLITE_IOERR:
		return upkeep.DiskFails
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return upkeep.Damaged
	}
	return ""
}

// unkept puts the trouble that err tells of into its chain.
func unkept(err error) error {
	if trouble := troubleOf(err); trouble != "" && upkeep.TroubleOf(err) == "" {
		return fmt.Errorf("%w: %w", trouble, err)
	}
	return err
}

// meet notes what one change's outcome says of the disk. A fault of the change's own says nothing.
func (d *DB) meet(err error) {
	trouble := troubleOf(err)
	if err != nil && trouble == "" || !d.health.met(trouble, d.now()) {
		return
	}
	if trouble == "" {
		d.log.Info("storing works again")
	} else {
		d.log.Error("nothing can be stored", "trouble", string(trouble), "error", err)
	}
	d.announce([]string{StorageTopic})
}

// Storage is whether anything can be stored, and how much room is left.
func (d *DB) Storage() upkeep.Storage {
	s := upkeep.Storage{Free: freeSpace(d.path)}
	s.Trouble, s.Since = d.health.now()
	if info, err := os.Stat(d.path); err == nil {
		s.Size = info.Size()
	}
	return s
}

// Storable is nil when changes can be stored, else the trouble.
func (d *DB) Storable(context.Context) error {
	if trouble, _ := d.health.now(); trouble != "" {
		return trouble
	}
	return nil
}

// Watch tries, while nothing can be stored, whether it works again, until ctx ends.
// It goes by the real clock, whatever the house's does.
func (d *DB) Watch(ctx context.Context) error {
	tick := time.NewTicker(tryEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if trouble, _ := d.health.now(); trouble != "" && trouble != upkeep.Damaged {
				_ = d.TryStoring(ctx) // how it went is noted
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// TryStoring makes a change of no meaning, to see whether one can be stored.
func (d *DB) TryStoring(ctx context.Context) error {
	const q = `
		INSERT INTO storing_tried (id, at)
		VALUES (1, $1)
		ON CONFLICT (id) DO UPDATE SET at = excluded.at`
	return d.InTx(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, q, ms(tx.Now()))
		return err
	})
}
