// Package dbtest opens databases for tests, and holds the exercise that every
// engine must pass before a hospital may keep its data in it.
package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
)

// Open is a new, empty database in a folder of the test's own, closed when it ends.
func Open(t testing.TB, options db.Options) *db.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ward.db")
	blank, err := blank()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, blank, 0o600); err != nil {
		t.Fatal(err)
	}
	return OpenAt(t, path, options)
}

// blank is the file of a database with the schema and nothing in it. It is made
// once: building the schema takes most of the time that opening does.
var blank = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "wardwatch-blank-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "ward.db")
	d, err := db.Open(context.Background(), path, db.Options{})
	if err != nil {
		return nil, err
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// OpenAt opens the database at path, closed when the test ends.
func OpenAt(t testing.TB, path string, options db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// Engine opens the same database each time it is called within one test.
type Engine func(t *testing.T, options db.Options) *db.DB

// Exercise is what every engine must pass.
func Exercise(t *testing.T, fresh func(t *testing.T) Engine) {
	t.Run("a change that fails leaves nothing behind", func(t *testing.T) { failureLeavesNothing(t, fresh(t)) })
	t.Run("a panic costs its neighbours nothing", func(t *testing.T) { panicIsContained(t, fresh(t)) })
	t.Run("one instant in a change", func(t *testing.T) { oneInstant(t, fresh(t)) })
	t.Run("topics are told after the commit only", func(t *testing.T) { topicsAfterCommit(t, fresh(t)) })
	t.Run("what is remembered of a change is undone with it", func(t *testing.T) { memoryIsUndone(t, fresh(t)) })
	t.Run("changes from many hands are all kept", func(t *testing.T) { manyHands(t, fresh(t)) })
	t.Run("what was answered is there after opening again", func(t *testing.T) { survivesReopening(t, fresh(t)) })
	t.Run("the audit trail refuses to be rewritten", func(t *testing.T) { auditIsAppendOnly(t, fresh(t)) })
	t.Run("the audit trail shows where it was changed", func(t *testing.T) { auditShowsTampering(t, fresh(t)) })
	t.Run("changes made together share one commit", func(t *testing.T) { togetherIsOneCommit(t, fresh(t)) })
	t.Run("nothing is taken after closing", func(t *testing.T) { closedTakesNothing(t, fresh(t)) })
}

var errOnPurpose = errors.New("on purpose")

func record(on string) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		tx.Announce(on)
		return tx.Record(context.Background(), hospital.Deed{By: hospital.Job("exercise"), What: "test.write", On: on})
	}
}

func recorded(t *testing.T, d *db.DB) []string {
	t.Helper()
	rows, err := d.Query(t.Context(), `SELECT on_thing FROM audit ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var things []string
	for rows.Next() {
		var thing string
		if err := rows.Scan(&thing); err != nil {
			t.Fatal(err)
		}
		things = append(things, thing)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return things
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func failureLeavesNothing(t *testing.T, open Engine) {
	d := open(t, db.Options{})
	must(t, d.InTx(t.Context(), record("kept")))
	err := d.InTx(t.Context(), func(tx *db.Tx) error {
		if err := record("dropped")(tx); err != nil {
			return err
		}
		return errOnPurpose
	})
	if !errors.Is(err, errOnPurpose) {
		t.Errorf("the change's own error should come back, got %v", err)
	}
	must(t, d.InTx(t.Context(), record("kept too")))
	if got := recorded(t, d); !slices.Equal(got, []string{"kept", "kept too"}) {
		t.Errorf("recorded %q", got)
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func panicIsContained(t *testing.T, open Engine) {
	d := open(t, db.Options{})
	err := d.InTx(t.Context(), func(tx *db.Tx) error {
		_ = record("dropped")(tx)
		panic("on purpose")
	})
	if err == nil || !strings.Contains(err.Error(), "on purpose") {
		t.Errorf("a panic should come back as an error, got %v", err)
	}
	must(t, d.InTx(t.Context(), record("kept")))
	if got := recorded(t, d); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("recorded %q", got)
	}
}

func oneInstant(t *testing.T, open Engine) {
	at := time.Date(2026, 3, 29, 0, 59, 59, 999_999_999, time.UTC)
	d := open(t, db.Options{Now: func() time.Time { at = at.Add(time.Hour); return at }})
	must(t, d.InTx(t.Context(), func(tx *db.Tx) error {
		if first, second := tx.Now(), tx.Now(); !first.Equal(second) || first.Nanosecond()%1e6 != 0 {
			return fmt.Errorf("one change saw %v and %v", first, second)
		}
		return nil
	}))
}

func topicsAfterCommit(t *testing.T, open Engine) {
	var told []string
	var d *db.DB
	d = open(t, db.Options{Announce: func(topics []string) {
		told = append(told, topics...)
		if got := recorded(t, d); !slices.Contains(got, "fridge/1") {
			t.Errorf("told of %q before it could be read: %q", topics, got)
		}
	}})
	must(t, d.InTx(t.Context(), func(tx *db.Tx) error {
		tx.Announce("fridge/1", "coldchain", "fridge/1")
		return record("fridge/1")(tx)
	}))
	_ = d.InTx(t.Context(), func(tx *db.Tx) error {
		tx.Announce("fridge/2")
		return errOnPurpose
	})
	if !slices.Equal(told, []string{"fridge/1", "coldchain"}) {
		t.Errorf("told %q", told)
	}
}

func memoryIsUndone(t *testing.T, open Engine) {
	d := open(t, db.Options{})
	orphan := func(tx *db.Tx) error { // found out by the commit only
		for _, q := range []string{`PRAGMA defer_foreign_keys = ON`,
			`INSERT INTO buildings (id, site, name, ordinal) VALUES ('b', 'nowhere', 'B', 0)`} {
			if _, err := tx.Exec(t.Context(), q); err != nil {
				return err
			}
		}
		return nil
	}
	for name, c := range map[string]struct {
		change func(*db.Tx) error
		undone bool
	}{
		"kept":             {record("kept"), false},
		"failed":           {func(*db.Tx) error { return errOnPurpose }, true},
		"panicked":         {func(*db.Tx) error { panic("on purpose") }, true},
		"failed to commit": {orphan, true},
	} {
		undone := 0
		err := d.InTx(t.Context(), func(tx *db.Tx) error {
			tx.IfUndone(func() { undone++ })
			return c.change(tx)
		})
		if (err != nil) != c.undone || undone != map[bool]int{true: 1}[c.undone] {
			t.Errorf("%s: undone %d times, %v", name, undone, err)
		}
	}
	if got := recorded(t, d); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("recorded %q", got)
	}
}

func manyHands(t *testing.T, open Engine) {
	const hands, each = 16, 20
	d := open(t, db.Options{})
	var all sync.WaitGroup
	for hand := range hands {
		all.Go(func() {
			for i := range each {
				err := d.InTx(t.Context(), func(tx *db.Tx) error {
					if i%5 == 4 {
						return errOnPurpose
					}
					return record(fmt.Sprintf("%d/%d", hand, i))(tx)
				})
				if (i%5 == 4) != errors.Is(err, errOnPurpose) {
					t.Errorf("hand %d change %d: %v", hand, i, err)
				}
			}
		})
	}
	all.Wait()
	if got := len(recorded(t, d)); got != hands*each*4/5 {
		t.Errorf("kept %d changes", got)
	}
	if lines, err := d.VerifyAudit(t.Context()); err != nil || lines != hands*each*4/5 {
		t.Errorf("the trail has %d good lines, then %v", lines, err)
	}
}

func survivesReopening(t *testing.T, open Engine) {
	d := open(t, db.Options{})
	must(t, d.InTx(t.Context(), record("before")))
	must(t, d.Close())
	d = open(t, db.Options{})
	must(t, d.InTx(t.Context(), record("after")))
	if got := recorded(t, d); !slices.Equal(got, []string{"before", "after"}) {
		t.Errorf("recorded %q", got)
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func auditIsAppendOnly(t *testing.T, open Engine) {
	d := open(t, db.Options{})
	must(t, d.InTx(t.Context(), record("once")))
	for _, q := range []string{`UPDATE audit SET why = 'another'`, `DELETE FROM audit`} {
		err := d.InTx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), q)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", q, err)
		}
	}
}

func auditShowsTampering(t *testing.T, open Engine) {
	d := open(t, db.Options{})
	for _, on := range []string{"one", "two", "three"} {
		must(t, d.InTx(t.Context(), record(on)))
	}
	must(t, d.InTx(t.Context(), func(tx *db.Tx) error {
		for _, q := range []string{`DROP TRIGGER audit_is_never_changed`, `UPDATE audit SET on_thing = 'zwei' WHERE seq = 2`} {
			if _, err := tx.Exec(t.Context(), q); err != nil {
				return err
			}
		}
		return nil
	}))
	lines, err := d.VerifyAudit(t.Context())
	if err == nil || lines != 1 || !strings.Contains(err.Error(), "audit line 2") {
		t.Errorf("after %d good lines: %v", lines, err)
	}
}

func togetherIsOneCommit(t *testing.T, open Engine) {
	at, told := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC), 0
	d := open(t, db.Options{Now: func() time.Time { return at }, Announce: func(topics []string) { told += len(topics) }})
	must(t, d.Together(t.Context(), func(together *db.DB) error {
		for _, on := range []string{"one", "two", "dropped", "three"} {
			at = at.Add(24 * time.Hour)
			err := together.InTx(t.Context(), func(tx *db.Tx) error {
				if err := record(on)(tx); err != nil || on != "dropped" {
					return err
				}
				return errOnPurpose
			})
			if (on == "dropped") != errors.Is(err, errOnPurpose) {
				t.Errorf("%s: %v", on, err)
			}
		}
		var seen, days int
		const q = `SELECT COUNT(*), COUNT(DISTINCT at) FROM audit`
		if err := together.QueryRow(t.Context(), q).Scan(&seen, &days); err != nil || seen != 3 || days != 3 {
			t.Errorf("inside there are %d lines of %d days, %v", seen, days, err)
		}
		if told != 0 || len(recorded(t, d)) != 0 {
			t.Errorf("outside %d topics were told and %q recorded before the commit", told, recorded(t, d))
		}
		return nil
	}))
	if got := recorded(t, d); !slices.Equal(got, []string{"one", "two", "three"}) || told != 3 {
		t.Errorf("recorded %q, told of %d topics", got, told)
	}
	must(t, d.InTx(t.Context(), record("four")))
	err := d.Together(t.Context(), func(together *db.DB) error {
		return errors.Join(together.InTx(t.Context(), record("never")), errOnPurpose)
	})
	if got := recorded(t, d); !errors.Is(err, errOnPurpose) || len(got) != 4 {
		t.Errorf("recorded %q after %v", got, err)
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func closedTakesNothing(t *testing.T, open Engine) {
	d := open(t, db.Options{})
	must(t, d.Close())
	if err := d.InTx(t.Context(), record("late")); !errors.Is(err, db.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
