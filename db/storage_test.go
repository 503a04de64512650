package db_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
)

// told remembers which topics were announced.
type told struct {
	mu     sync.Mutex
	topics []string
}

func (a *told) tell(topics []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.topics = append(a.topics, topics...)
}

func (a *told) count(topic string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Count(strings.Join(a.topics, " ")+" ", topic+" ")
}

func note(ctx context.Context, d *db.DB, what string) error {
	return d.InTx(ctx, func(tx *db.Tx) error {
		return tx.Record(ctx, hospital.Deed{By: hospital.Job("test"), What: what, On: "x", Why: strings.Repeat("long ", 2000)})
	})
}

// The disk fills up, is made read-only, and each time goes on by itself once it may.
func TestADiskThatFillsUpIsSaidAndGoesOnByItself(t *testing.T) {
	for name, c := range map[string]struct {
		stop, goOn string
		trouble    upkeep.Trouble
	}{
		"full":      {"max_page_count = 1", "max_page_count = 1000000", upkeep.DiskFull},
		"read-only": {"query_only = 1", "query_only = 0", upkeep.ReadOnly},
	} {
		t.Run(name, func(t *testing.T) {
			var heard told
			d := dbtest.Open(t, db.Options{Announce: heard.tell})
			if err := note(t.Context(), d, "before"); err != nil {
				t.Fatal(err)
			}
			if err := d.Set(t.Context(), c.stop); err != nil {
				t.Fatal(err)
			}
			var err error
			for range 3 {
				err = note(t.Context(), d, "during")
			}
			if !errors.Is(err, upkeep.ErrUnkept) || upkeep.TroubleOf(err) != c.trouble {
				t.Fatalf("storing on: %v", err)
			}
			// Who only looked, or changed what is not there, proves nothing.
			err = d.InTx(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(t.Context(), "DELETE FROM storing_tried WHERE id = 99")
				return err
			})
			err = errors.Join(err, d.InTx(t.Context(), func(*db.Tx) error { return nil }))
			if err != nil && c.trouble != upkeep.ReadOnly { // there not even a change can be begun
				t.Errorf("a change of nothing: %v", err)
			}
			if s := d.Storage(); s.Trouble != c.trouble || s.Since.IsZero() || s.Size == 0 {
				t.Errorf("it says %+v", s)
			}
			if err := d.Storable(t.Context()); !errors.Is(err, c.trouble) {
				t.Errorf("storable: %v", err)
			}
			if lines, err := d.VerifyAudit(t.Context()); err != nil || lines != 1 {
				t.Errorf("reading goes on with %d lines: %v", lines, err)
			}
			if err := d.Set(t.Context(), c.goOn); err != nil {
				t.Fatal(err)
			}
			if err := d.TryStoring(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := note(t.Context(), d, "after"); err != nil || d.Storage().Trouble != "" {
				t.Errorf("once it may: %v, %+v", err, d.Storage())
			}
			if lines, err := d.VerifyAudit(t.Context()); err != nil || lines != 2 {
				t.Errorf("afterwards %d lines: %v", lines, err)
			}
			if n := heard.count(db.StorageTopic); n != 2 {
				t.Errorf("announced %d times", n)
			}
		})
	}
}

// A change that is wrong by itself says nothing of the disk.
func TestAFaultyChangeIsNotTheDisksFault(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	err := d.InTx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO storing_tried (id, at) VALUES (7, 1)")
		return err
	})
	if err == nil || errors.Is(err, upkeep.ErrUnkept) || d.Storage().Trouble != "" {
		t.Errorf("%v, %+v", err, d.Storage())
	}
}

// What is damaged is read no further than it can be and written to no more.
func TestADamagedDatabaseIsWrittenToNoMore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ward.db")
	d := dbtest.OpenAt(t, path, db.Options{})
	for range 300 {
		if err := note(t.Context(), d, "before"); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	spoil(t, path)
	d = dbtest.OpenAt(t, path, db.Options{})
	_, _ = d.VerifyAudit(t.Context())
	err := note(t.Context(), d, "during")
	if upkeep.TroubleOf(err) != upkeep.Damaged {
		t.Fatalf("a change: %v", err)
	}
	if err := d.TryStoring(t.Context()); upkeep.TroubleOf(err) != upkeep.Damaged {
		t.Errorf("tried once more: %v", err)
	}
}

func TestADatabaseThatIsNoneIsToldApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ward.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(t.Context(), path, db.Options{}); upkeep.TroubleOf(err) != upkeep.Damaged {
		t.Errorf("opened: %v", err)
	}
}

// spoil overwrites the last quarter of a file with nonsense.
func spoil(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	quarter := info.Size() * 3 / 4
	if _, err := file.WriteAt([]byte(strings.Repeat("\xa5", int(info.Size()-quarter))), quarter); err != nil {
		t.Fatal(err)
	}
}
