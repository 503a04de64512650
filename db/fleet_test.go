package db_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking"
	"wardwatch/tracking/fleet"
	"wardwatch/tracking/hospital"
)

// mark sets a status on somebody's or, with nobody, the room's word.
func (w *ward) mark(id tracking.AssetID, status tracking.Status, by string) {
	w.t.Helper()
	w.must(db.Equipment{DB: w.db}.InTx(w.t.Context(), func(tx tracking.Tx) error {
		return tx.SetStatus(w.t.Context(), id, status, by, "", w.at)
	}))
}

func (w *ward) manager() *fleet.Desk {
	return &fleet.Desk{Store: db.Fleet{DB: w.db}, Register: w.register, Now: func() time.Time { return w.at }}
}

func berlin(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestDaysAreAddedUpOnceOverANightOfTwentyFiveHours goes through the end of summer time.
func TestDaysAreAddedUpOnceOverANightOfTwentyFiveHours(t *testing.T) {
	w := openWard(t)
	clerk := &fleet.Clerk{Ledger: db.Fleet{DB: w.db}, Register: w.register}
	w.must(clerk.CatchUp(t.Context(), w.at)) // nothing has happened yet
	for _, step := range []struct {
		at     string
		room   hospital.RoomID
		status tracking.Status
	}{{"2026-10-24 00:00", "clean", tracking.Free}, {"2026-10-24 12:00", "bed1", tracking.InUse}, {"2026-10-25 12:00", "dirty", tracking.NeedsCleaning},
		{"2026-10-25 18:00", "clean", tracking.Free}} {
		w.at = berlin(t, step.at)
		w.carry("P-001", step.room)
		w.mark("P-001", step.status, "")
	}
	w.at = berlin(t, "2026-10-25 23:59")
	for range 2 {
		w.must(clerk.CatchUp(t.Context(), w.at))
	}
	d := w.manager()
	report, err := d.Utilisation(t.Context(), nurse, "2026-10-01", "2026-10-31", "", "")
	if err != nil || report.Days != 1 || report.Total != (fleet.Use{Free: 12 * time.Hour, InUse: 12 * time.Hour}) {
		t.Fatalf("before midnight %+v %v", report, err)
	}
	w.at = berlin(t, "2026-10-26 00:00")
	for range 2 {
		w.must(clerk.CatchUp(t.Context(), w.at))
	}
	report, err = d.Utilisation(t.Context(), nurse, "2026-10-01", "2026-10-31", "infusion pump", "4w")
	want := fleet.Use{Free: 18 * time.Hour, InUse: 25 * time.Hour, Dirty: 6 * time.Hour}
	if err != nil || report.Days != 2 || report.Total != want || len(report.Lines) != 1 || report.Lines[0].Name != "4 West" || len(report.Weeks) != 1 || report.Weeks[0].Name != "2026-W43" {
		t.Fatalf("after midnight %+v %v", report, err)
	}
	if other, err := d.Utilisation(t.Context(), nurse, "2026-10-01", "2026-10-31", "", "store"); err != nil || len(other.Lines) != 0 {
		t.Errorf("another unit: %+v %v", other, err)
	}
	sizes, err := d.Sizes(t.Context(), nurse, "2026-10-01", "2026-10-31")
	i := slices.IndexFunc(sizes, func(s fleet.Size) bool { return s.Kind == "infusion pump" })
	if err != nil || i < 0 || sizes[i].Have != 2 || sizes[i].Peak != 1 || sizes[i].Days != 2 || sizes[i].Known() {
		t.Errorf("sizes %+v %v", sizes, err)
	}
	dwell, err := d.Dwell(t.Context(), nurse, "2026-10-01", "2026-10-31", "infusion pump")
	if err != nil || len(dwell) != 3 || dwell[0].Room != hospital.PatientRoom || dwell[0].Mean() != 25*time.Hour {
		t.Errorf("dwell %+v %v", dwell, err)
	}
	if _, err := d.Sizes(t.Context(), hospital.Actor{}, "", ""); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a stranger is told %v", err)
	}
}

func TestIdleAndLostAreTheLongestFirst(t *testing.T) {
	w := openWard(t)
	w.carry("P-001", "clean")
	w.carry("W-001", "bed1")
	w.mark("W-001", tracking.InUse, "")
	w.at = w.at.Add(24 * time.Hour)
	w.carry("P-002", "depot")
	w.at = w.at.Add(6 * 24 * time.Hour)
	d := w.manager()
	list := func(assets []tracking.Asset, err error) string {
		t.Helper()
		w.must(err)
		var ids []string
		for _, a := range assets {
			ids = append(ids, string(a.ID))
		}
		return fmt.Sprint(ids)
	}
	if got := list(d.Idle(t.Context(), nurse, 7)); got != "[P-001]" { // the wheelchair is in use
		t.Errorf("idle for a week: %s", got)
	}
	if got := list(d.Idle(t.Context(), nurse, 6)); got != "[P-001 P-002]" {
		t.Errorf("idle for six days: %s", got)
	}
	w.mark("P-001", tracking.Free, "N. Okafor") // somebody looked after it
	if got := list(d.Idle(t.Context(), nurse, 6)); got != "[P-002]" {
		t.Errorf("idle since somebody looked: %s", got)
	}
	if got := list(d.Lost(t.Context(), nurse, 6)); got != "[P-001 W-001 P-002]" {
		t.Errorf("lost for six days: %s", got)
	}
	if got := list(d.Lost(t.Context(), nurse, 8)); got != "[]" {
		t.Errorf("lost for eight days: %s", got)
	}
}

func TestWhatStoodInAnIsolationRoomIsListedUntilSomebodyCleanedIt(t *testing.T) {
	w := openWard(t)
	doc := wardDocument()
	doc.Rooms[1].Isolation = true // bed1
	_, err := db.Hospital{DB: w.db}.Import(t.Context(), hospital.Job("test"), doc, true)
	w.must(err)
	directory, err := db.Hospital{DB: w.db}.Load(t.Context())
	w.must(err)
	w.register.Replace(directory)
	d := w.manager()
	said := func() (lines []string) {
		t.Helper()
		list, err := d.Near(t.Context(), nurse, "", w.at.Add(-24*time.Hour))
		w.must(err)
		for _, n := range list {
			lines = append(lines, fmt.Sprintf("%s %s %s", n.Asset, n.Cleaning.State, n.Cleaning.By))
		}
		return lines
	}
	expect := func(when string, want ...string) {
		t.Helper()
		if got := said(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	later := func() { w.at = w.at.Add(10 * time.Minute) }
	w.carry("P-002", "clean") // it never was there
	w.carry("P-001", "bed1")
	expect("in the room", "P-001 still there ")
	later()
	w.carry("P-001", "hall")
	later()
	w.carry("P-001", "clean")
	w.mark("P-001", tracking.Free, "") // the room's word makes nothing clean
	expect("in the clean utility", "P-001 not cleaned ")
	later()
	w.carry("P-001", "dirty")
	expect("in the dirty utility", "P-001 in the dirty utility since ")
	later()
	w.mark("P-001", tracking.Free, "N. Okafor")
	expect("marked free by a person", "P-001 cleaned N. Okafor")
	later()
	w.carry("P-001", "bed1")
	later()
	w.carry("P-001", "hall")
	expect("there once more", "P-001 not cleaned ", "P-001 cleaned N. Okafor")
	w.must(d.Clean(t.Context(), nurse, "P-001", "bed1", "wiped with chlorine"))
	expect("cleaned by hand", "P-001 cleaned N. Okafor", "P-001 cleaned N. Okafor")
	if err := d.Clean(t.Context(), hospital.Person{ID: "s", Roles: []hospital.Role{hospital.SupplyManager}}.Actor(), "P-001", "bed1", ""); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("who may not mark: %v", err)
	}
	if err := d.Clean(t.Context(), nurse, "P-999", "bed1", ""); !errors.Is(err, tracking.ErrUnknownAsset) {
		t.Errorf("an unknown piece: %v", err)
	}
}

func TestTheTrailAndTheHouseAsItWas(t *testing.T) {
	w := openWard(t)
	noon := w.at
	w.carry("P-001", "clean")
	for _, room := range []hospital.RoomID{"hall", "bed1"} {
		w.at = w.at.Add(time.Hour)
		w.carry("P-001", room)
	}
	w.carry("P-002", "depot")
	d := w.manager()
	trail, err := d.Trail(t.Context(), nurse, "P-001", noon, noon.Add(24*time.Hour))
	if err != nil || len(trail) != 3 || trail[0].Room != "clean" || !trail[0].Until.Equal(noon.Add(time.Hour)) || !trail[2].Until.IsZero() {
		t.Errorf("trail %+v %v", trail, err)
	}
	where := func(at time.Time) string {
		t.Helper()
		places, err := d.Then(t.Context(), nurse, at)
		w.must(err)
		var said []string
		for _, p := range places {
			said = append(said, string(p.Asset)+" "+string(p.Room))
		}
		return fmt.Sprint(said)
	}
	for hours, want := range map[float64]string{-1: "[]", 0: "[P-001 clean]", 0.99: "[P-001 clean]", 1: "[P-001 hall]", 5: "[P-001 bed1 P-002 depot]"} {
		if got := where(noon.Add(time.Duration(hours * float64(time.Hour)))); got != want {
			t.Errorf("after %g h: %s, want %s", hours, got, want)
		}
	}
}

// TestTheDaysPagesNeverReadAllOfHistory holds that summaries, replay and stays go
// by an index: SQLite says so itself.
func TestTheDaysPagesNeverReadAllOfHistory(t *testing.T) {
	w := openWard(t)
	for name, q := range map[string]string{
		"a day":      `SELECT id FROM asset_moments WHERE at >= 1 AND at < 2 AND kind <> 'doubt' ORDER BY at, id`,
		"since":      `SELECT id FROM asset_moments WHERE asset_id = 'x' AND at >= 1 ORDER BY at, id LIMIT 5`,
		"a room":     `SELECT id FROM asset_moments WHERE at >= 1 AND at < 2 AND to_room IN ('a', 'b') AND to_room <> '' ORDER BY at DESC LIMIT 5`,
		"the newest": `SELECT id FROM asset_moments WHERE id > 7 ORDER BY id LIMIT 5`,
		"the first":  `SELECT MIN(at) FROM asset_moments`,
	} {
		rows, err := w.db.Query(t.Context(), `EXPLAIN QUERY PLAN `+q)
		w.must(err)
		for rows.Next() {
			var id, parent, unused int
			var detail string
			w.must(rows.Scan(&id, &parent, &unused, &detail))
			if len(detail) > 18 && detail[:18] == "SCAN asset_moments" && name != "the first" {
				t.Errorf("%s: %s", name, detail)
			}
		}
		w.must(rows.Err())
		w.must(rows.Close())
	}
}
