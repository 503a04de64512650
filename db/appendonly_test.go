package db_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wardwatch/db"
	"wardwatch/db/dbtest"
)

// appendOnly are the tables that hold a record: nothing in them is ever changed
// or deleted. A table with both guards belongs here, and what stands here has both.
var appendOnly = []string{
	"asset_moments", "audit", "audit_checkpoints", "cleanings", "cold_events", "deliveries", "device_signs", "fridge_checks", "fridge_openings", "fridge_profiles", "par_arrivals", "profile_versions", "reading_conflicts", "invoice_lines", "order_answers", "order_returns", "order_sendings", "sensor_stays", "signatures", "stock_movements", "stock_packings",
	"service_work", "repair_steps", "equipment_recall_ticks", "rental_returns", // equipment
}

// Readings are append-only until they have grown old: keeping_test.go.

// neverDeleted are the tables whose rows live on and may change.
var neverDeleted = []string{"order_replies", "excursions", "fridge_trips", "emergencies", "stand_ins", "fridge_forewarnings"}

// guards are the tables that refuse an UPDATE or a DELETE of any row, by the
// schema's triggers. A guard with a condition or for some columns is not one.
func guards(t *testing.T, pool *sql.DB) (update, remove []string) {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), `SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY tbl_name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, text string
		if err := rows.Scan(&table, &text); err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(text, "BEGIN")
		switch {
		case !strings.Contains(text, "RAISE(ABORT"), strings.Contains(head, "WHEN"):
		case strings.Contains(head, "BEFORE UPDATE ON"):
			update = append(update, table)
		case strings.Contains(head, "BEFORE DELETE ON"):
			remove = append(remove, table)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return update, remove
}

// strangerTo is a connection that keeps nothing of ours but the triggers: checks
// and references are off, so that any row may be planted.
func strangerTo(t *testing.T) *sql.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ward.db")
	if err := dbtest.OpenAt(t, path, db.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	pool, err := sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(0)&_pragma=ignore_check_constraints(1)")
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// plantRow puts one row of dummy values into a table and names its columns.
func plantRow(t *testing.T, pool *sql.DB, table string) []string {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), `SELECT name, type FROM pragma_table_info($1)`, table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var columns, values []string
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, `"`+name+`"`)
		values = append(values, map[string]string{"TEXT": "'x'", "BLOB": "x'00'", "REAL": "1.0"}[kind])
		if values[len(values)-1] == "" {
			values[len(values)-1] = "1"
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	q := fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, table, strings.Join(columns, ", "), strings.Join(values, ", "))
	if _, err := pool.ExecContext(t.Context(), q); err != nil {
		t.Fatalf("plant a row in %s: %v", table, err)
	}
	return columns
}

// Every record refuses to be rewritten, column by column, and to be shortened.
func TestEveryRecordIsAppendOnly(t *testing.T) {
	pool := strangerTo(t)
	update, remove := guards(t, pool)
	guarded := map[string]bool{}
	for _, table := range update {
		guarded[table] = slices.Contains(remove, table)
	}
	for table, whole := range guarded {
		if whole != slices.Contains(records(), table) {
			t.Errorf("the schema makes %s append-only: %v; make the list appendOnly at the head of this file say the same", table, whole)
		}
	}
	for _, table := range append(records(), neverDeleted...) {
		if !slices.Contains(remove, table) {
			t.Errorf("%s has lost its guard against DELETE", table)
			continue
		}
		columns := plantRow(t, pool, table)
		if _, err := pool.ExecContext(t.Context(), `DELETE FROM `+table); err == nil {
			t.Errorf("%s: a row could be deleted", table)
		}
		if slices.Contains(neverDeleted, table) {
			continue
		}
		for _, column := range columns {
			if _, err := pool.ExecContext(t.Context(), fmt.Sprintf(`UPDATE %s SET %s = %s`, table, column, column)); err == nil {
				t.Errorf("%s: %s could be updated", table, column)
			}
		}
	}
	for _, table := range remove {
		if _, both := guarded[table]; !both && !slices.Contains(neverDeleted, table) {
			t.Errorf("%s refuses DELETE alone; name it in neverDeleted", table)
		}
	}
}

// REPLACE deletes what it replaces without asking the guards: nothing of ours may say it.
func TestNobodyReplacesRows(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	migrations, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(migrations) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	for _, file := range append(files, migrations...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		upper := bytes.ToUpper(text)
		for _, words := range []string{"OR REPLACE", "REPLACE INTO", "ON CONFLICT REPLACE"} {
			if bytes.Contains(upper, []byte(words)) {
				t.Errorf("%s says %s, which deletes rows behind the guards' back", file, words)
			}
		}
	}
}
