package db_test

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
)

// stocked is a database at a path with the small hospital in it.
func stocked(t *testing.T) (path string, d *db.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ward.db")
	d = dbtest.OpenAt(t, path, db.Options{})
	importing(t, d, linden(t), true)
	return path, d
}

func verified(t *testing.T, path string) db.Report {
	t.Helper()
	d, err := db.Inspect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	report, err := d.Verify(t.Context())
	if err = errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	return report
}

func renameSite(t *testing.T, d *db.DB, name string) {
	t.Helper()
	doc := linden(t)
	doc.Site.Name = name
	importing(t, d, doc, true)
}

func siteName(t *testing.T, path string) string {
	t.Helper()
	d := dbtest.OpenAt(t, path, db.Options{})
	loaded, err := db.Hospital{DB: d}.Load(t.Context())
	if err = errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	return loaded.Site.Name
}

func TestABackupIsTakenWhileTheHouseWorks(t *testing.T) {
	path, d := stocked(t)
	copied := filepath.Join(t.TempDir(), "copy.db")
	var stop atomic.Bool
	var writing sync.WaitGroup
	writing.Go(func() {
		for !stop.Load() {
			if err := d.InTx(t.Context(), func(tx *db.Tx) error {
				return tx.Record(context.Background(), hospital.Deed{By: hospital.Job("busy"), What: "test.write"})
			}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	err := db.Backup(t.Context(), path, copied, db.CopyOptions{})
	stop.Store(true)
	writing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if fault := verified(t, copied).FirstFault(); fault != nil {
		t.Error(fault)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy is %v, %v", info.Mode(), err)
	}
	if siteName(t, copied) != "Linden Hospital" {
		t.Error("the copy holds something else")
	}
	if err := db.Backup(t.Context(), path, copied, db.CopyOptions{}); !errors.Is(err, db.ErrExists) {
		t.Errorf("over a file that exists: %v", err)
	}
	if err := db.Backup(t.Context(), path, copied, db.CopyOptions{Force: true}); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(copied), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := db.Backup(t.Context(), filepath.Join(t.TempDir(), "none.db"), copied+"2", db.CopyOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a database that is not there: %v", err)
	}
}

func TestARestoreBringsYesterdayBack(t *testing.T) {
	path, d := stocked(t)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := db.Backup(t.Context(), path, copied, db.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	renameSite(t, d, "Linden, after the mistake")

	if _, err := db.Restore(t.Context(), path, copied, db.CopyOptions{}); !errors.Is(err, db.ErrExists) {
		t.Errorf("without force: %v", err)
	}
	if _, err := db.Restore(t.Context(), path, copied, db.CopyOptions{Force: true}); !errors.Is(err, db.ErrInUse) {
		t.Errorf("under a running house: %v", err)
	}
	renameSite(t, d, "Linden, still at work") // the refusals did no harm
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := db.Restore(t.Context(), path, copied, db.CopyOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := siteName(t, path); got != "Linden Hospital" {
		t.Errorf("restored %q", got)
	}
	if got := siteName(t, kept); got != "Linden, still at work" {
		t.Errorf("kept %q", got)
	}
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	if kept, err := db.Restore(t.Context(), fresh, copied, db.CopyOptions{}); err != nil || kept != "" {
		t.Errorf("to a new place: %q, %v", kept, err)
	}
	if got := siteName(t, fresh); got != "Linden Hospital" {
		t.Errorf("restored %q", got)
	}
}

// lies is what lies in a folder, byte for byte.
func lies(t *testing.T, folder string) map[string]string {
	t.Helper()
	all, err := os.ReadDir(folder)
	found := map[string]string{}
	for _, entry := range all {
		content, wrong := os.ReadFile(filepath.Join(folder, entry.Name()))
		err = errors.Join(err, wrong)
		found[entry.Name()] = string(content)
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A restore that somebody stops has said how far it was, and leaves all as it was.
func TestARestoreThatIsStoppedChangesNothing(t *testing.T) {
	path, d := stocked(t)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := db.Backup(t.Context(), path, copied, db.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	renameSite(t, d, "Linden, at work")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	before := lies(t, filepath.Dir(path))
	for n, step := range []string{"step 1 of 3: checking", "step 2 of 3: copying", "step 3 of 3"} {
		ctx, stop := context.WithCancel(t.Context())
		var said []string
		_, err := db.Restore(ctx, path, copied, db.CopyOptions{Force: true, Says: func(now string) {
			if said = append(said, now); strings.Contains(now, step) {
				stop()
			}
		}})
		stop()
		if !errors.Is(err, context.Canceled) || errors.Is(err, db.ErrNoBackup) || errors.Is(err, db.ErrInUse) || len(said) < n+1 || !strings.Contains(said[len(said)-1], step) {
			t.Errorf("stopped at %q: %v", said, err)
		}
		if after := lies(t, filepath.Dir(path)); !maps.Equal(before, after) {
			t.Errorf("%s: %d files are %d now, or another", step, len(before), len(after))
		}
	}
	if got := siteName(t, path); got != "Linden, at work" {
		t.Errorf("afterwards the site is %q", got)
	}
}

// A backup that is stopped, or whose copy has a fault, leaves the one before it as it was.
func TestABackupThatIsStoppedLeavesTheOneBefore(t *testing.T) {
	path, d := stocked(t)
	folder := t.TempDir()
	copied := filepath.Join(folder, "copy.db")
	if err := db.Backup(t.Context(), path, copied, db.CopyOptions{Check: true}); err != nil {
		t.Fatal(err)
	}
	renameSite(t, d, "Linden, at work")
	before := lies(t, folder)
	for _, step := range []string{"copying", "checking the copy"} {
		ctx, stop := context.WithCancel(t.Context())
		err := db.Backup(ctx, path, copied, db.CopyOptions{Force: true, Check: true, Says: func(now string) {
			if strings.Contains(now, step) {
				stop()
			}
		}})
		stop()
		if !errors.Is(err, context.Canceled) || !maps.Equal(before, lies(t, folder)) {
			t.Errorf("stopped while %s: %v", step, err)
		}
	}
	if err := d.InTx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `DROP TRIGGER audit_is_never_deleted`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), path, copied, db.CopyOptions{Force: true, Check: true}); err == nil || errors.Is(err, db.ErrNoBackup) || !maps.Equal(before, lies(t, folder)) {
		t.Errorf("a copy with a fault: %v", err)
	}
}

func TestADamagedBackupIsNotRestored(t *testing.T) {
	path, d := stocked(t)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := db.Backup(t.Context(), path, copied, db.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	garbled := strings.Replace(string(whole), "hospital.import", "hospital.forged", 1)
	for name, content := range map[string]string{"cut short": string(whole[:len(whole)/2]), "another file": "%PDF-1.7 hello", "empty": "", "rewritten": garbled} {
		bad := filepath.Join(t.TempDir(), "bad.db")
		if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Restore(t.Context(), path, bad, db.CopyOptions{Force: true}); !errors.Is(err, db.ErrNoBackup) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := db.Restore(t.Context(), path, "no-such-file", db.CopyOptions{Force: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if got := siteName(t, path); got != "Linden Hospital" {
		t.Errorf("the database is now %q", got)
	}
}

// Each fault is planted with the plain engine, behind our back, as an intruder or a bad disk would.
func TestVerifyNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		plant []string
		says  string
	}{
		"all is well":           {nil, ""},
		"a line was changed":    {[]string{`DROP TRIGGER audit_is_never_changed`, `UPDATE audit SET what = 'x'`, auditTrigger}, "audit trail: audit line 1"},
		"a line was removed":    {[]string{`DROP TRIGGER audit_is_never_deleted`, `DELETE FROM audit WHERE seq = 1`, auditDeleteTrigger}, "audit trail: audit line 2"},
		"a guard is gone":       {[]string{`DROP TRIGGER audit_is_never_changed`}, "schema: the trigger audit_is_never_changed is missing"},
		"a guard is weaker":     {[]string{`DROP TRIGGER audit_is_never_changed`, `CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT 1; END`}, "schema: the trigger audit_is_never_changed is not as this version makes it"},
		"a strange trigger":     {[]string{`CREATE TRIGGER helper AFTER INSERT ON audit BEGIN SELECT 1; END`}, "schema: there is a trigger helper that is not of this version"},
		"an older version":      {[]string{`DROP TABLE hospital_version`}, "schema: the table hospital_version is missing"},
		"a dangling room":       {[]string{`PRAGMA foreign_keys=0`, `UPDATE rooms SET floor = 'f9' WHERE id = 'g-lift'`}, "references: row"},
		"stock out of thin air": {[]string{`UPDATE stock_balances SET free = free + 1`}, "stock ledger: the balance of lot"},
	} {
		t.Run(name, func(t *testing.T) {
			path, d := stocked(t)
			if err := d.InTx(t.Context(), func(tx *db.Tx) error {
				return tx.Record(t.Context(), hospital.Deed{By: hospital.Job("test"), What: "test.second"})
			}); err != nil {
				t.Fatal(err)
			}
			plant(t, path, c.plant)
			fault := verified(t, path).FirstFault()
			if c.says == "" && fault != nil || c.says != "" && (fault == nil || !strings.HasPrefix(fault.Error(), c.says)) {
				t.Errorf("found %v, want %q", fault, c.says)
			}
		})
	}
}

// The triggers as the migrations make them, letter for letter.
const (
	auditTrigger = `CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END`
	auditDeleteTrigger = `CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END`
)

func plant(t *testing.T, path string, statements []string) {
	t.Helper()
	pool, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	for _, statement := range statements {
		if _, err := pool.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestVerifyingDeepJudgesEveryReadingAnew(t *testing.T) {
	w := newColdWard(t)
	w.at = coldNoon.Add(24 * time.Hour)
	for minute := range 6 * 60 {
		celsius := 5.0
		if minute >= 60 && minute < 150 {
			celsius = 11.0
		}
		if minute%5 == 0 {
			w.observe(coldReading(coldNoon.Add(time.Duration(minute)*time.Minute), celsius))
		}
	}
	var path string
	if err := w.db.QueryRow(t.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	deep := func(path string) error {
		t.Helper()
		d, err := db.Inspect(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		report, err := d.VerifyDeep(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return report.FirstFault()
	}
	for name, c := range map[string]struct{ plant, says string }{
		"all is well":        {`SELECT 1`, ""},
		"a warmer excursion": {`UPDATE excursions SET max_mc = max_mc + 1`, "excursions: sensor"},
		"one was hidden":     {`UPDATE excursions SET withdrawn = 1`, "that is not stored"},
		"one was made up": {`INSERT INTO excursions (sensor, fridge, rule, direction, severity, limit_mc, start_at, confirmed_at, end_at, cleared_at, known_ms, possible_ms, min_mc, max_mc, mkt_mc, found_late, revision, withdrawn)
			SELECT sensor, fridge, rule, direction, severity, limit_mc, start_at + 9000000, confirmed_at, end_at, cleared_at, known_ms, possible_ms, min_mc, max_mc, mkt_mc, found_late, revision, withdrawn FROM excursions`, "does not follow from its readings"},
		"a summary is wrong":   {`UPDATE reading_hours SET sum_mc = sum_mc + 1`, "hours: the summary of sensor"},
		"a summary is missing": {`DELETE FROM reading_hours WHERE hour = (SELECT min(hour) FROM reading_hours)`, "hours: the summary of sensor"},
		"an event of nothing":  {`INSERT INTO cold_events (at, kind, fridge, excursion) VALUES (1, 'excursion began', 'f', '{"ID":99}')`, "chain: event"},
		"a follower is ahead":  {`INSERT INTO stock_followers (name, seq) VALUES ('holds', 9999)`, "chain: holds has followed"},
	} {
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := db.Backup(t.Context(), path, copied, db.CopyOptions{}); err != nil {
			t.Fatal(err)
		}
		plant(t, copied, []string{c.plant})
		if fault := deep(copied); c.says == "" && fault != nil || c.says != "" && (fault == nil || !strings.Contains(fault.Error(), c.says)) {
			t.Errorf("%s: found %v, want %q", name, fault, c.says)
		}
	}
}

// The chain alone can't tell that its end was cut off; an anchor kept elsewhere can.
func TestAnAnchorShowsATrailThatWasCutShort(t *testing.T) {
	path, d := stocked(t)
	if err := d.InTx(t.Context(), func(tx *db.Tx) error {
		return tx.Record(t.Context(), hospital.Deed{By: hospital.Job("test"), What: "test.second"})
	}); err != nil {
		t.Fatal(err)
	}
	anchor, err := d.AuditAnchor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := db.ParseAnchor(anchor.String())
	if err != nil || d.HoldsAnchor(t.Context(), kept) != nil {
		t.Fatalf("the anchor %s does not hold: %v", anchor, err)
	}
	for _, c := range []struct {
		plant []string
		says  string
	}{
		{[]string{`DROP TRIGGER audit_is_never_deleted`, `DELETE FROM audit WHERE seq = 2`, auditDeleteTrigger}, "cut short"},
		{[]string{`INSERT INTO audit (seq, at, actor, actor_name, what, on_thing, why, before, after, previous, hash) VALUES (2, 1, 'x', '', 'x', '', '', '', '', x'', zeroblob(32))`}, "written anew"},
	} {
		plant(t, path, c.plant)
		if c.says == "cut short" {
			if fault := verified(t, path).FirstFault(); fault != nil {
				t.Errorf("the chain alone found %v", fault)
			}
		}
		if err := d.HoldsAnchor(t.Context(), kept); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %q", err, c.says)
		}
	}
	for _, bad := range []string{"", "x", "1", "1:zz", "-1:", "1:00"} {
		if _, err := db.ParseAnchor(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
