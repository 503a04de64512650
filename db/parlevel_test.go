package db_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/parlevel"
)

// parWard is a small hospital whose equipment moves as a test says.
type parWard struct {
	t    *testing.T
	at   time.Time
	base *db.DB
	desk parlevel.Desk
	by   hospital.Actor
}

const parPump = "infusion pump"

func openParWard(t *testing.T) *parWard {
	t.Helper()
	w := &parWard{t: t, at: noon, by: hospital.Person{ID: "n", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}}.Actor()}
	now := func() time.Time { return w.at }
	w.base = dbtest.Open(t, db.Options{Now: now})
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"},
		Buildings: []document.Building{{ID: "b", Name: "Main"}},
		Floors:    []document.Floor{{ID: "f1", Building: "b", Name: "First", WidthMetres: 20, HeightMetres: 10}},
		Units:     []document.Unit{{ID: "icu", Name: "ICU"}, {ID: "store", Name: "Store B"}, {ID: "ed", Name: "ED"}},
		Rooms: []document.Room{{ID: "icu-clean", Floor: "f1", Unit: "icu", Name: "ICU clean", Kind: hospital.CleanUtility, Neighbours: []hospital.RoomID{"hall"}},
			{ID: "icu-bed", Floor: "f1", Unit: "icu", Name: "ICU bed", Kind: hospital.PatientRoom},
			{ID: "store-1", Floor: "f1", Unit: "store", Name: "Store B", Kind: hospital.Storage, Neighbours: []hospital.RoomID{"hall"}},
			{ID: "hall", Floor: "f1", Name: "Hall", Kind: hospital.Corridor, Neighbours: []hospital.RoomID{"icu-clean", "store-1"}}},
		ParLevels: []document.ParLevel{{Unit: "icu", Kind: parPump, Target: 2, Critical: 1}, {Unit: "store", Kind: parPump, Target: 1}}}
	for _, id := range []string{"p-1", "p-2", "p-3"} {
		doc.Assets = append(doc.Assets, document.Asset{ID: id, Kind: parPump, Name: "Pump " + id})
	}
	if _, err := (db.Hospital{DB: w.base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: w.base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.desk = parlevel.Desk{Register: hospital.NewRegister(directory), Store: db.ParLevels{DB: w.base}, Ladder: parlevel.DefaultLadder(notify.DefaultLadder()), Now: now}
	for _, id := range []tracking.AssetID{"p-1", "p-2", "p-3"} {
		w.move(id, "store-1")
	}
	return w
}

// move carries a piece into a room a second later, as the tracker would note it.
func (w *parWard) move(id tracking.AssetID, to hospital.RoomID) {
	w.t.Helper()
	w.at = w.at.Add(time.Second)
	err := db.Equipment{DB: w.base}.InTx(w.t.Context(), func(tx tracking.Tx) error {
		asset, err := tx.Asset(w.t.Context(), id)
		if err != nil {
			return err
		}
		room, _ := w.desk.Register.Current().Room(to)
		if err := tx.AddMove(w.t.Context(), tracking.Move{Asset: id, Kind: tracking.Movement, From: asset.Place.Room, To: to, At: w.at}); err != nil {
			return err
		}
		if err := tx.SetPlace(w.t.Context(), id, tracking.Place{Room: to, Floor: room.Floor, Since: w.at, SeenAt: w.at, Confidence: 1, Why: "radio"}); err != nil {
			return err
		}
		if status, says := tracking.StatusFromRoom(room.Kind); says {
			err = tx.SetStatus(w.t.Context(), id, status, "", "", w.at)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *parWard) review() parlevel.Overview {
	w.t.Helper()
	if err := w.desk.Review(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	all, err := w.desk.Overview(w.t.Context(), w.by)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *parWard) alarms() []notify.Alarm {
	w.t.Helper()
	open, err := db.Alarms{DB: w.base}.OpenAlarms(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return open
}

// TestAShortICUIsSuppliedAndTheTaskClosesByItself is the whole way: short → task
// and alarm → one pump in the corridor → it arrives → the second → done.
func TestAShortICUIsSuppliedAndTheTaskClosesByItself(t *testing.T) {
	w := openParWard(t)
	if all := w.review(); len(all.Open) != 0 || len(w.alarms()) != 0 {
		t.Fatalf("asked at once: %+v", all.Open)
	}
	w.at = w.at.Add(parlevel.DefaultGrace)
	all := w.review()
	if len(all.Open) != 1 || all.Open[0].Quantity != 2 || all.Open[0].From != "store" || all.Open[0].To != "icu" {
		t.Fatalf("tasks: %+v", all.Open)
	}
	if a := w.alarms(); len(a) != 1 || a[0].Kind != parlevel.Shortage || a[0].Subject != "unit/icu/infusion%20pump" || a[0].Severity != notify.Serious || a[0].Name != "ICU, infusion pump" {
		t.Fatalf("alarms: %+v", a)
	}
	for reach, want := range map[hospital.UnitID]int{"icu": 1, "ed": 0, "ic": 0} {
		near := hospital.LookingWithin(t.Context(), hospital.Reach{Units: []hospital.UnitID{reach}})
		if open, err := (db.Alarms{DB: w.base}).OpenAlarms(near); err != nil || len(open) != want {
			t.Errorf("whoever reaches %s alone hears of %d alarms, %v", reach, len(open), err)
		}
	}
	if again := w.review(); len(again.Open) != 1 || len(w.alarms()) != 1 || again.Open[0].Version != all.Open[0].Version {
		t.Fatalf("a second review: %+v", again.Open)
	}
	if err := w.desk.Take(t.Context(), w.by, all.Open[0].ID); err != nil {
		t.Fatal(err)
	}
	w.move("p-1", "hall")
	if all = w.review(); len(all.Open) != 1 || !slices.Equal(all.Open[0].OnTheWay, []tracking.AssetID{"p-1"}) || all.Open[0].TakenBy != "Nora" {
		t.Fatalf("on the way: %+v", all.Open)
	}
	w.move("p-1", "icu-clean")
	if all = w.review(); all.Open[0].Left() != 1 || len(all.Open[0].OnTheWay) != 0 {
		t.Fatalf("one arrived: %+v", all.Open)
	}
	if a := w.alarms(); len(a) != 1 || a[0].ReturnedAt.IsZero() {
		t.Fatalf("one free is as many as must be: %+v", a)
	}
	w.move("p-1", "icu-bed") // in use: it did arrive, and stays counted
	w.move("p-1", "hall")
	w.move("p-2", "icu-clean")
	if all = w.review(); len(all.Open) != 0 {
		t.Fatalf("not closed: %+v", all.Open)
	}
	ended, err := w.desk.Ended(t.Context(), w.by, 5)
	if err != nil || len(ended) != 1 || ended[0].State != parlevel.Done || ended[0].EndedBy != "par levels" {
		t.Fatalf("ended: %+v, %v", ended, err)
	}
}

func TestATaskThatCantBeDoneIsNotAskedAgainForAWhile(t *testing.T) {
	w := openParWard(t)
	w.review()
	w.at = w.at.Add(parlevel.DefaultGrace)
	task := w.review().Open[0]
	auditor := hospital.Person{ID: "a", Name: "Ada", Roles: []hospital.Role{hospital.Auditor}}.Actor()
	if err := w.desk.Decline(t.Context(), auditor, task.ID, "no"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("an auditor declines: %v", err)
	}
	if err := w.desk.Decline(t.Context(), w.by, task.ID, " "); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("no reason: %v", err)
	}
	if err := w.desk.Decline(t.Context(), w.by, task.ID, "locked away"); err != nil {
		t.Fatal(err)
	}
	if err := w.desk.Take(t.Context(), w.by, task.ID); !errors.Is(err, parlevel.ErrTaskEnded) {
		t.Errorf("taking what has ended: %v", err)
	}
	if err := w.desk.Take(t.Context(), w.by, 99); !errors.Is(err, parlevel.ErrUnknownTask) {
		t.Errorf("taking nothing: %v", err)
	}
	if all := w.review(); len(all.Open) != 0 {
		t.Errorf("asked again: %+v", all.Open)
	}
	w.at = w.at.Add(parlevel.DeclinedFor + time.Second)
	if all := w.review(); len(all.Open) != 1 {
		t.Errorf("not asked again after a while: %+v", all.Open)
	}
}

func TestASilentPumpIsNotCountedOn(t *testing.T) {
	w := openParWard(t)
	err := db.Equipment{DB: w.base}.InTx(t.Context(), func(tx tracking.Tx) error {
		asset, err := tx.Asset(t.Context(), "p-1")
		if err != nil {
			return err
		}
		asset.Place.GoneAt = w.at
		return tx.SetPlace(t.Context(), "p-1", asset.Place)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range w.review().Lines {
		if line.Unit == "store" && (line.Free != 2 || line.Have != 2 || line.Silent != 1) {
			t.Errorf("%+v", line)
		}
	}
}

func TestLevelsAreSetByWhoeverManagesEquipment(t *testing.T) {
	w := openParWard(t)
	engineer := hospital.Person{ID: "b", Name: "Ben", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	ctx := t.Context()
	if err := w.desk.SetLevel(ctx, w.by, parlevel.Level{Unit: "ed", Kind: parPump, Target: 1}); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse sets a level: %v", err)
	}
	for _, wrong := range []parlevel.Level{{Unit: "nowhere", Kind: parPump}, {Unit: "ed", Kind: "unicorn"}, {Unit: "ed", Kind: parPump, Target: 1, Critical: 2}} {
		if err := w.desk.SetLevel(ctx, engineer, wrong); !errors.Is(err, hospital.ErrInvalid) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	if err := w.desk.SetLevel(ctx, engineer, parlevel.Level{Unit: "ed", Kind: parPump, Target: 3, Critical: 1}); err != nil {
		t.Fatal(err)
	}
	doc, err := db.Hospital{DB: w.base}.Describe(ctx, hospital.Job("test"))
	if err != nil || !slices.Contains(doc.ParLevels, document.ParLevel{Unit: "ed", Kind: parPump, Target: 3, Critical: 1}) || len(doc.ParLevels) != 3 {
		t.Errorf("the document says %+v, %v", doc.ParLevels, err)
	}
	changes, err := db.Hospital{DB: w.base}.Import(ctx, hospital.Job("test"), doc, false)
	for _, change := range changes {
		if change.What != document.Same {
			t.Errorf("taken in again: %+v", change)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	w.review()
	w.at = w.at.Add(parlevel.DefaultGrace)
	if w.review(); len(w.alarms()) != 2 {
		t.Errorf("alarms: %+v", w.alarms())
	}
	if err := w.desk.RemoveLevel(ctx, engineer, parlevel.Key{Unit: "ed", Kind: parPump}); err != nil {
		t.Fatal(err)
	}
	for _, a := range w.alarms() {
		if a.Name == "ED, infusion pump" && a.ReturnedAt.IsZero() {
			t.Error("the alarm of a level that is gone goes on")
		}
	}
	if err := w.desk.RemoveLevel(ctx, engineer, parlevel.Key{Unit: "ed", Kind: parPump}); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("removing twice: %v", err)
	}
}
