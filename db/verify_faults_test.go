package db_test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
)

// unguarded plants a fault past the guards that are named, and puts those back letter
// for letter: who can write the file can do so, and the schema looks untouched.
func unguarded(t *testing.T, path, statement string, guards ...string) {
	t.Helper()
	pool, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	var again []string
	for _, guard := range guards {
		var kind, definition string
		if err := pool.QueryRow(`SELECT type, sql FROM sqlite_schema WHERE name = $1`, guard).Scan(&kind, &definition); err != nil {
			t.Fatalf("%s: %v", guard, err)
		}
		if _, err := pool.Exec(`DROP ` + kind + ` ` + guard); err != nil {
			t.Fatal(err)
		}
		if kind == "trigger" { // an index that what was planted breaks can't come back
			again = append(again, definition)
		}
	}
	for _, q := range append([]string{statement}, again...) {
		if _, err := pool.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// What the guards keep the house itself from doing, somebody does with the file: a
// reading is lost or another one put in its place, stock comes out of thin air, a
// movement disappears, the audit trail is written anew, an item gets two open proposals.
func TestVerifyingDeepFindsWhatWasDonePastTheGuards(t *testing.T) {
	path := busyDay(t)
	const hourOld = ` WHERE measured_at < (SELECT max(measured_at) FROM readings) - 7200000`
	for name, c := range map[string]struct {
		plant, says string
		guards      []string
	}{
		"a reading is lost": {`DELETE FROM readings WHERE measured_at = (SELECT min(measured_at) FROM readings)`, "hours: the summary of sensor",
			[]string{"readings_are_never_deleted"}},
		"a reading is another": {`UPDATE readings SET temp_mc = temp_mc + 1` + hourOld, "hours: the summary of sensor", []string{"readings_are_never_changed"}},
		"a reading and its summary are others": {`UPDATE readings SET temp_mc = 5000` + hourOld + `;
			UPDATE reading_hours SET min_mc = 5000, max_mc = 5000, sum_mc = 5000 * points WHERE hour < (SELECT max(measured_at) FROM readings) / 3600000 - 2`,
			"excursions: sensor", []string{"readings_are_never_changed"}},
		"stock out of thin air":  {`UPDATE stock_balances SET free = free + 1`, "stock ledger: the balance of lot", nil},
		"a movement disappeared": {`DELETE FROM stock_movements WHERE seq = (SELECT max(seq) FROM stock_movements)`, "stock ledger:", []string{"stock_movements_no_delete"}},
		"the trail was changed":  {`UPDATE audit SET why = 'x' WHERE seq = 2`, "audit trail: audit line 2", []string{"audit_is_never_changed"}},
		"the trail lacks a line": {`DELETE FROM audit WHERE seq = 2`, "audit trail: audit line 3", []string{"audit_is_never_deleted"}},
		"two open proposals": {`INSERT INTO proposals SELECT * FROM (SELECT * FROM proposals LIMIT 1)`, "schema: the index proposals_one_open is missing",
			[]string{"proposals_one_open"}},
	} {
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := db.Backup(t.Context(), path, copied, db.CopyOptions{}); err != nil {
			t.Fatal(err)
		}
		statement := c.plant
		if name == "two open proposals" {
			statement = twice(t, copied, "proposals", "id", `'waiting' AS status`)
		}
		unguarded(t, copied, statement, c.guards...)
		if fault := deeply(t, copied); fault == nil || !strings.Contains(fault.Error(), c.says) {
			t.Errorf("%s: found %v, want %q", name, fault, c.says)
		}
		if name == "two open proposals" {
			d, err := db.Inspect(t.Context(), copied)
			if err != nil {
				t.Fatal(err)
			}
			if _, fault, err := d.Look(t.Context(), "proposals"); err != nil || fault == nil || !strings.Contains(fault.Error(), "has 2 open proposals") {
				t.Errorf("%s: looking at the proposals alone found %v, %v", name, fault, err)
			}
			_ = d.Close()
		}
	}
}

// twice is a statement that adds each row of a table again, under a number of its own
// and with one column otherwise, and makes the first ones so, too.
func twice(t *testing.T, path, table, key, otherwise string) string {
	t.Helper()
	pool, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	rows, err := pool.Query(`SELECT name FROM pragma_table_info($1)`, table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	value, column, _ := strings.Cut(otherwise, " AS ")
	var names, values []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		switch name {
		case key:
			name += " + 1000"
		case column:
			name = value
		}
		values = append(values, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return `UPDATE ` + table + ` SET ` + column + ` = ` + value + `;
		INSERT INTO ` + table + ` (` + strings.Join(names, ", ") + `) SELECT ` + strings.Join(values, ", ") + ` FROM ` + table
}

// A fridge that became a freezer, and a probe that moved, are judged for what they were
// at the time: a fault in either half of the record is found.
func TestVerifyingDeepJudgesByWhatHeldAtTheTime(t *testing.T) {
	w := newColdWard(t)
	w.live(4, 4, 4)
	w.live(slices.Repeat([]float64{12}, 8)...)
	w.live(4, 4, 4)
	w.at = w.at.Add(time.Minute)
	if err := w.monitor.GiveProfile(t.Context(), pat, "f-1", "freezer", "it is a freezer now"); err != nil {
		t.Fatal(err)
	}
	w.live(slices.Repeat([]float64{-20}, 4)...)
	w.live(slices.Repeat([]float64{-8}, 16)...)
	w.live(-20, -20, -20)
	if all := w.excursions(); len(all) != 2 || all[0].Limit == all[1].Limit {
		t.Fatalf("excursions %+v", all)
	}
	var path string
	if err := w.db.QueryRow(t.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ plant, says string }{
		"all is well":             {`SELECT 1`, ""},
		"the fridge was warmer":   {`UPDATE excursions SET max_mc = max_mc + 1 WHERE limit_mc = 8000`, "excursions: sensor"},
		"the freezer was warmer":  {`UPDATE excursions SET max_mc = max_mc + 1 WHERE limit_mc < 0`, "excursions: sensor"},
		"the fridge's was hidden": {`UPDATE excursions SET withdrawn = 1 WHERE limit_mc = 8000`, "excursions: sensor"},
		// One that an older version judged by another limit is left as it stands, and said; the others are not.
		"an older version's":        {`UPDATE excursions SET limit_mc = 8001, rule = 'heat' WHERE limit_mc = 8000`, "excursions: sensor"},
		"an older version's beside": {`UPDATE excursions SET limit_mc = -14000 WHERE limit_mc = -15000; UPDATE excursions SET max_mc = max_mc + 1 WHERE limit_mc = 8000`, "excursions: sensor"},
		"an older version's alone":  {`UPDATE excursions SET limit_mc = -14000 WHERE limit_mc = -15000`, ""},
	} {
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := db.Backup(t.Context(), path, copied, db.CopyOptions{}); err != nil {
			t.Fatal(err)
		}
		plant(t, copied, []string{c.plant})
		fault := deeply(t, copied)
		if c.says == "" && fault != nil || c.says != "" && (fault == nil || !strings.Contains(fault.Error(), c.says)) {
			t.Errorf("%s: found %v, want %q", name, fault, c.says)
		}
	}
}
