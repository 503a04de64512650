package db_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/maintain"
)

// stand puts a piece into a room, a minute later.
func (w *ward) stand(id tracking.AssetID, room hospital.RoomID) {
	w.t.Helper()
	w.at = w.at.Add(time.Minute)
	at, _ := w.register.Current().Room(room)
	err := db.Equipment{DB: w.db}.InTx(w.t.Context(), func(tx tracking.Tx) error {
		if err := tx.SetPlace(w.t.Context(), id, tracking.Place{Room: room, Floor: at.Floor, Since: w.at, SeenAt: w.at, Confidence: 1, Why: "radio"}); err != nil {
			return err
		}
		if status, says := tracking.StatusFromRoom(at.Kind); says {
			return tx.SetStatus(w.t.Context(), id, status, "", "", w.at)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *ward) ofUnit(unit hospital.UnitID, limit int) string {
	w.t.Helper()
	found, err := w.equip.Ward(w.t.Context(), nurse, unit, limit)
	if err != nil {
		w.t.Fatal(err)
	}
	said := func(some tracking.Some) string {
		var ids []string
		for _, asset := range some.Assets {
			ids = append(ids, string(asset.ID))
		}
		return fmt.Sprintf("%s+%d", strings.Join(ids, " "), some.More())
	}
	return "dirty " + said(found.Dirty) + ", lent " + said(found.Lent) + ", borrowed " + said(found.Borrowed)
}

func TestAUnitSeesWhatWaitsToBeCleanedAndWhatIsLent(t *testing.T) {
	w := openWard(t)
	if got := w.ofUnit("4w", 5); got != "dirty +0, lent +0, borrowed +0" {
		t.Errorf("nothing was ever heard: %s", got)
	}
	w.stand("P-002", "dirty")
	w.stand("P-001", "dirty")
	w.stand("W-001", "dirty") // belongs to nobody: dirty here, and not borrowed
	if got := w.ofUnit("4w", 2); got != "dirty P-002 P-001+1, lent +0, borrowed +0" {
		t.Errorf("three wait, the longest first, and two are named: %s", got)
	}
	w.stand("P-001", "depot")
	w.stand("P-002", "hall") // a corridor is no unit
	if got := w.ofUnit("4w", 5); got != "dirty W-001+0, lent P-001+0, borrowed +0" {
		t.Errorf("one stands in the store: %s", got)
	}
	if got := w.ofUnit("store", 5); got != "dirty +0, lent +0, borrowed P-001+0" {
		t.Errorf("the store has one of 4 West: %s", got)
	}
	if _, err := w.equip.Ward(t.Context(), nurse, "nowhere", 5); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("of no unit: %v", err)
	}
	if _, err := w.equip.Ward(t.Context(), hospital.Actor{}, "4w", 5); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("by nobody: %v", err)
	}
}

// TestAUnitsBoardReadsItsOwnPiecesAlone holds that its cost does not grow with the house
// or with its years: SQLite says by which index it goes.
func TestAUnitsBoardReadsItsOwnPiecesAlone(t *testing.T) {
	w := openWard(t)
	before := w.db.Asked()
	w.ofUnit("4w", 5)
	desk := maintain.Desk{Register: w.register, Store: db.Maintenance{DB: w.db}, Now: func() time.Time { return w.at }}
	ben := hospital.Person{ID: "b", Name: "Ben", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	if err := desk.AddPlan(t.Context(), ben, maintain.Plan{Name: "Yearly service", Model: "Agilia", EveryDays: 365}); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.DueOf(t.Context(), ben, "4w"); err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, q := range w.db.Asked() {
		if slices.Contains(before, q) || !strings.Contains(q, "FROM assets a") {
			continue
		}
		looked++
		args := make([]any, 6)
		rows, err := w.db.Query(t.Context(), "EXPLAIN QUERY PLAN "+q, args[:highest(q)]...)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			for _, large := range []string{"SCAN a", "SCAN w", "SCAN l", "SCAN s", "SCAN repair_steps"} {
				if detail == large || strings.HasPrefix(detail, large+" ") {
					t.Errorf("%s\n%s", q, detail)
				}
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if looked != 6 {
		t.Errorf("%d queries were looked at", looked)
	}
}

// highest is the number of a query's last parameter.
func highest(q string) (n int) {
	for i := 1; i <= 9; i++ {
		if strings.Contains(q, fmt.Sprintf("$%d", i)) {
			n = i
		}
	}
	return n
}

func TestWhatIsDueInAUnitIsItsPartOfTheDueList(t *testing.T) {
	w := openWorkshop(t)
	w.must(w.desk.AddPlan(t.Context(), w.ben, maintain.Plan{Name: "Yearly service", Model: "Alba", EveryDays: 365}))
	w.must(w.desk.AddPlan(t.Context(), w.ben, maintain.Plan{Name: "Filters", Model: "Alba", EveryDays: 30}))
	dueOf := func(unit hospital.UnitID) (said string) {
		t.Helper()
		tasks, err := w.desk.DueOf(t.Context(), w.ben, unit)
		w.must(err)
		for _, task := range tasks {
			said += fmt.Sprintf(" %s of %s", task.Plan.Name, task.Piece.ID)
		}
		return said
	}
	if got := dueOf("4w"); got != " Filters of p-1 Yearly service of p-1" {
		t.Errorf("due: %q", got)
	}
	if got := dueOf("icu"); got != "" {
		t.Errorf("of a unit that owns none: %q", got)
	}
	for range 2 { // the newer work counts, and what failed never
		w.at = w.at.AddDate(0, 0, 1)
		w.must(w.desk.RecordWork(t.Context(), w.ben, maintain.Done{Plan: 2, Assets: []tracking.AssetID{"p-1"}, Result: maintain.Passed}))
	}
	w.must(w.desk.RecordWork(t.Context(), w.ben, maintain.Done{Plan: 1, Assets: []tracking.AssetID{"p-1"}, Result: maintain.Failed}))
	if got := dueOf("4w"); got != " Yearly service of p-1" {
		t.Errorf("due after the work: %q", got)
	}
	w.must(w.desk.Repair(t.Context(), w.ben, "p-1", maintain.Retired, "worn out"))
	if got := dueOf("4w"); got != "" {
		t.Errorf("what is retired is due: %q", got)
	}
}
