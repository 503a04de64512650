package db_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wardwatch/db"
)

// Every check of verify --deep has a fault that it alone names: were one blind, no other
// would speak for it. The faults of the readings, by age and by way, have one each.
func TestEachCheckNamesAFaultThatNoOtherNames(t *testing.T) {
	path := busyDay(t)
	const letGo = `INSERT INTO readings_let_go SELECT sensor, max(measured_at) - 3600000 FROM readings GROUP BY sensor;`
	checked := map[string]bool{}
	for name, c := range map[string]struct {
		plant, check, says string
		guards             []string
	}{
		"a value that can't be": {plant: `PRAGMA ignore_check_constraints = 1; INSERT INTO cold_events (at, kind, fridge, excursion) VALUES (1, '', 'f-01', '')`,
			check: "file", says: "CHECK constraint failed in cold_events"},
		"a strange trigger":    {plant: `CREATE TRIGGER helper AFTER INSERT ON audit BEGIN SELECT 1; END`, check: "schema", says: "a trigger helper that is not of this version"},
		"a role of nobody":     {plant: `PRAGMA foreign_keys = 0; INSERT INTO person_roles (person, role) VALUES ('nobody', 'nurse')`, check: "references", says: "refers to something in people"},
		"the trail is another": {plant: `UPDATE audit SET why = 'x' WHERE seq = 2`, check: "audit trail", says: "audit line 2", guards: []string{"audit_is_never_changed"}},
		"signed of another trail": {plant: `INSERT INTO audit_checkpoints SELECT seq, at, zeroblob(32), 'signed' FROM audit WHERE seq = 2`,
			check: "checkpoints", says: "audit line 2 is another than the checkpoint"},
		"stock out of thin air":  {plant: `UPDATE stock_balances SET free = free + 1`, check: "stock ledger", says: "the balance of lot"},
		"a follower is ahead":    {plant: `INSERT INTO stock_followers (name, seq) VALUES ('ahead', 9999)`, check: "chain", says: "ahead has followed the cold chain to event 9999"},
		"a summary is another":   {plant: `UPDATE reading_hours SET sum_mc = sum_mc + 1 WHERE hour = (SELECT min(hour) FROM reading_hours)`, check: "hours", says: "the summary of sensor"},
		"it was warmer":          {plant: `UPDATE excursions SET max_mc = max_mc + 1`, check: "excursions", says: "is stored otherwise than its readings give it"},
		"a version is forgotten": {plant: `DELETE FROM excursion_revisions`, check: "revisions", says: "former versions are kept"},
		"kept, and not summed up": {plant: letGo + `UPDATE reading_hours SET min_mc = max_mc + 1, max_mc = max_mc + 1 WHERE hour = (SELECT min(hour) FROM reading_hours)`,
			check: "readings let go", says: "that was kept is not in the summary of its hour"},
		"kept, and its hour is gone": {plant: letGo + `DELETE FROM reading_hours WHERE hour = (SELECT min(hour) FROM reading_hours)`,
			check: "readings let go", says: "that was kept is not in the summary of its hour"},
		"let go, and nothing is left": {plant: `INSERT INTO readings_let_go SELECT id, 1 FROM sensors`, check: "readings let go", says: "were let go, and no summary of them is there"},
		"readings of nobody":          {plant: `INSERT INTO readings SELECT 999, 1, 5000, 1, min(id) FROM reading_origins`, check: "readings", says: "there are readings of sensor 999, which is not there"},
		"readings from nowhere": {plant: `UPDATE readings SET origin = 999 WHERE measured_at = (SELECT min(measured_at) FROM readings)`,
			check: "readings", says: "there are readings that came by way 999, which is not there", guards: []string{"readings_are_never_changed"}},
		"a clock without a reading": {plant: `INSERT INTO reading_clocks SELECT id, 7, 8 FROM sensors`, check: "readings", says: "at 7, and the reading is not there"},
		"ordered undecided":         {plant: `UPDATE proposals SET status = 'waiting'`, check: "proposals", says: "is waiting and stands on 1 lines of orders"},
		"received, yet only sent":   {plant: `UPDATE order_lines SET received = 1`, check: "orders", says: "its lines say otherwise"},
		"sent without being tried":  {plant: `UPDATE notices SET tries = 0`, check: "ladders", says: "it was never tried"},
		"a ghost has signed": {plant: `INSERT INTO people (id, name, email) VALUES ('ghost', 'Ghost', 'ghost@wards.example');
			INSERT INTO signatures (id, subject, meaning, person, name, at, local, zone, content, why)
			VALUES ('s', 'excursion/1', 'approved', 'ghost', 'Ghost', 1, 'x', 'UTC', zeroblob(32), '')`, check: "signatures", says: "signature s is by ghost"},
	} {
		checked[c.check] = true
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := db.Backup(t.Context(), path, copied, db.CopyOptions{}); err != nil {
			t.Fatal(err)
		}
		unguarded(t, copied, c.plant, c.guards...)
		faults := slices.DeleteFunc(findings(t, copied), func(f db.Finding) bool { return f.Fault == nil })
		if len(faults) != 1 || faults[0].Check != c.check || !strings.Contains(faults[0].Fault.Error(), c.says) {
			t.Errorf("%s: found %v, want %s alone: %q", name, faults, c.check, c.says)
		}
	}
	for _, f := range findings(t, path) {
		if f.Fault != nil || !checked[f.Check] {
			t.Errorf("%s finds %v where all is well; a fault that it names alone is planted: %t", f.Check, f.Fault, checked[f.Check])
		}
	}
}
