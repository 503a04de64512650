package db_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wardwatch/db"
	"wardwatch/db/dbtest"
)

func TestSQLitePassesTheExercise(t *testing.T) {
	dbtest.Exercise(t, func(t *testing.T) dbtest.Engine {
		path := filepath.Join(t.TempDir(), "ward & co.db")
		return func(t *testing.T, options db.Options) *db.DB {
			return dbtest.OpenAt(t, "sqlite:"+path, options)
		}
	})
}

func TestSettingsOfTheFile(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	for pragma, want := range map[string]string{"journal_mode": "wal", "foreign_keys": "1"} {
		var got string
		if err := d.QueryRow(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v)", pragma, got, err)
		}
	}
	err := d.InTx(t.Context(), func(tx *db.Tx) error {
		var full int
		if err := tx.QueryRow(t.Context(), "PRAGMA synchronous").Scan(&full); err != nil || full != 2 {
			t.Errorf("synchronous is %d (%v), not FULL", full, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Query(t.Context(), `DELETE FROM audit RETURNING seq`); err == nil {
		t.Error("a reader could write")
	}
}

func TestEveryTableIsStrict(t *testing.T) {
	d := dbtest.Open(t, db.Options{})
	const q = `
		SELECT name
		FROM pragma_table_list
		WHERE schema = 'main' AND type = 'table' AND strict = 0
			AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'`
	rows, err := d.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		t.Errorf("table %s is not STRICT", name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// A new file's schema, made at once, is what a file has that lived through every migration.
func TestASchemaMadeAtOnceIsAsOneByOne(t *testing.T) {
	made, err := db.Schemas(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(made[0]) < 300 || !slices.Equal(made[0], made[1]) {
		for i := range min(len(made[0]), len(made[1])) {
			if made[0][i] != made[1][i] {
				t.Fatalf("at once %q, one by one %q", made[0][i], made[1][i])
			}
		}
		t.Fatalf("%d lines at once, %d one by one", len(made[0]), len(made[1]))
	}
}

func TestOpenRefusesWhatItCannotKeep(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://u:secret@db/ward": "use --db sqlite:PATH",
		"sqlite:":                     "needs a file",
		"sqlite::memory:":             "needs a file",
		"/no/such/folder/ward.db":     "open database",
	} {
		_, err := db.Open(t.Context(), dsn, db.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

func TestNobodyElseMayReadTheFile(t *testing.T) {
	folder := t.TempDir()
	d := dbtest.OpenAt(t, filepath.Join(folder, "ward.db"), db.Options{})
	if _, err := (db.Hospital{DB: d}).Version(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) < 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v, %v", file.Name(), info.Mode(), err)
		}
	}
}
