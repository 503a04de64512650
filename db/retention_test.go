package db_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
)

// Messages about alarms go once they are old; those about a fridge whose lots still
// wait for a decision stay, and so does every record.
func TestRetentionLetsOldNoticesGoAndKeepsWhatIsHeld(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	d := dbtest.Open(t, db.Options{Now: func() time.Time { return at }})
	old, fresh := at.AddDate(-4, 0, 0).UnixMilli(), at.AddDate(0, -1, 0).UnixMilli()
	err := d.InTx(t.Context(), func(tx *db.Tx) error {
		plant := func(q string, args ...any) {
			t.Helper()
			if _, err := tx.Exec(context.Background(), q, args...); err != nil {
				t.Fatal(err)
			}
		}
		plant(`PRAGMA defer_foreign_keys = 1`)
		for id, closed := range map[int]int64{1: old, 2: fresh, 3: old} {
			plant(`INSERT INTO alarms (id, kind, subject, name, text, severity, raised_at, returned_at, closed_at, closed_by, close_note, version)
				VALUES ($1, 'too warm', CASE WHEN $1 = 3 THEN 'fridge/f-held' ELSE 'fridge/f-1' END, 'F', 'x', 2, $2, $2, $2, 'n', 'done', 1)`, id, closed)
			plant(`INSERT INTO notices (alarm, step, way, recipient, recipient_name, due_at, status, tries, try_at) VALUES ($1, 0, 'email', 'a', 'A', $2, 'sent', 1, $2)`, id, closed)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	holdLotIn(t, d, "f-held")
	gone, err := d.LetGo(t.Context(), hospital.Job("retention"), at.AddDate(-3, 0, 0))
	if err != nil || gone["notices"] != 1 {
		t.Fatalf("went %v, %v", gone, err)
	}
	left, err := db.Alarms{DB: d}.Sent(t.Context(), 0, 10)
	if err != nil || len(left) != 2 || left[0].Alarm == 1 || left[1].Alarm == 1 {
		t.Errorf("left %+v, %v", left, err)
	}
	if gone, err := d.LetGo(t.Context(), hospital.Job("retention"), at.AddDate(-3, 0, 0)); err != nil || len(gone) != 0 {
		t.Errorf("once more: %v, %v", gone, err)
	}
}

// holdLotIn plants a lot on hold in a fridge, which nobody has decided.
func holdLotIn(t *testing.T, d *db.DB, fridge string) {
	t.Helper()
	err := d.InTx(t.Context(), func(tx *db.Tx) error {
		for _, q := range []string{
			`INSERT INTO stock_items (id, name, unit, gtin, pack, supplier_code, price_minor, least_packs, review_days, shelf_life, criticality, storage, stability)
				VALUES ('mmr', 'MMR', 'dose', '', 1, '', 0, 0, 0, 0, '', '', '[]')`,
			`INSERT INTO stock_places (id, name, room, unit, fridge) VALUES ('p', 'P', '', '', $1)`,
			`INSERT INTO stock_lots (id, item, number, expiry) VALUES ('l', 'mmr', '1', 0)`,
			`INSERT INTO stock_holds (excursion, fridge, item, lot, place, quantity, placed_at) VALUES (1, $1, 'mmr', 'l', 'p', 5, 1)`,
		} {
			args := []any{}
			if strings.Contains(q, "$1") {
				args = append(args, fridge)
			}
			if _, err := tx.Exec(t.Context(), q, args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
