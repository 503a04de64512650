package db_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking"
	"wardwatch/tracking/fence"
	"wardwatch/tracking/health"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/notify"
)

func noLadder() notify.Ladder { return notify.Ladder{Silence: time.Hour} }

// carry puts an asset into a room, as the tracker would have.
func (w *ward) carry(id tracking.AssetID, room hospital.RoomID) {
	w.t.Helper()
	r, ok := w.register.Current().Room(room)
	if !ok {
		w.t.Fatal("no room", room)
	}
	err := db.Equipment{DB: w.db}.InTx(w.t.Context(), func(tx tracking.Tx) error {
		place := tracking.Place{Room: room, Floor: r.Floor, Since: w.at, SeenAt: w.at, Confidence: 0.9, Why: "radio", Gateway: "g-clean", BatteryPct: tracking.NoBattery}
		if err := tx.SetPlace(w.t.Context(), id, place); err != nil {
			return err
		}
		return tx.AddMove(w.t.Context(), tracking.Move{Asset: id, Kind: tracking.Movement, To: room, ToFloor: r.Floor, At: w.at, Why: "radio"})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *ward) alarms() []string {
	w.t.Helper()
	open, err := db.Alarms{DB: w.db}.OpenAlarms(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var said []string
	for _, a := range slices.Backward(open) {
		said = append(said, fmt.Sprintf("%s %s %s: %s", a.Life(w.at), a.Kind, a.Subject, a.Text))
	}
	slices.Sort(said)
	return said
}

func (w *ward) guard() *fence.Guard {
	return &fence.Guard{Store: db.Fences{DB: w.db}, Register: w.register, Ladder: noLadder, Now: func() time.Time { return w.at }, Log: slog.New(slog.DiscardHandler)}
}

func (w *ward) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestAPumpThatLeavesItsUnitRingsOnceAndIsOverWhenItIsBack(t *testing.T) {
	w := openWard(t)
	g := w.guard()
	f := fence.Fence{ID: "pumps", Name: "Pumps stay in 4 West", Rule: fence.StayIn, Kinds: []string{"infusion pump"}, Units: []hospital.UnitID{"4w"},
		After: 30 * time.Second, Grace: time.Minute}
	w.must(g.Set(t.Context(), engineer, f))
	w.carry("P-001", "clean")
	w.carry("W-001", "depot") // no pump: it may
	w.must(g.Begin(t.Context()))
	w.carry("P-001", "depot")
	w.must(g.Check(t.Context()))
	if got := w.alarms(); len(got) != 0 {
		t.Fatalf("rang at once: %q", got)
	}
	w.at = w.at.Add(30 * time.Second)
	w.must(g.Check(t.Context()))
	want := []string{"active outside its area asset/P-001: in Store B, First; the rule is “Pumps stay in 4 West”"}
	if got := w.alarms(); !slices.Equal(got, want) {
		t.Fatalf("after half a minute %q, want %q", got, want)
	}
	// It is moved about outside, and the server starts anew: still one alarm.
	w.carry("P-001", "hall")
	g = w.guard()
	w.must(g.Begin(t.Context()))
	w.must(g.Check(t.Context()))
	if got := w.alarms(); !slices.Equal(got, want) {
		t.Fatalf("after a restart %q", got)
	}
	list, err := g.List(t.Context(), nurse)
	if err != nil || len(list) != 1 || list[0].Ringing != 1 || list[0].Waiting != 0 {
		t.Errorf("the list says %+v %v", list, err)
	}
	w.carry("P-001", "bed1")
	w.must(g.Check(t.Context()))
	w.at = w.at.Add(59 * time.Second)
	w.must(g.Check(t.Context()))
	if got := w.alarms(); got[0][:6] != "active" {
		t.Fatalf("over before its grace: %q", got)
	}
	w.at = w.at.Add(time.Second)
	w.must(g.Check(t.Context()))
	if got := w.alarms(); len(got) != 1 || got[0][:8] != "returned" {
		t.Fatalf("after its grace: %q", got)
	}
	w.carry("P-001", "depot")
	w.must(g.Check(t.Context()))
	w.carry("P-001", "clean")
	w.must(g.Check(t.Context()))
	w.at = w.at.Add(time.Hour)
	w.must(g.Check(t.Context()))
	if got := w.alarms(); len(got) != 1 {
		t.Errorf("a short way out rang: %q", got)
	}
}

func TestTwoFencesOfOneKindAreOneAlarmUntilBothAreKept(t *testing.T) {
	w := openWard(t)
	g := w.guard()
	for _, id := range []fence.ID{"a", "b"} {
		w.must(g.Set(t.Context(), engineer, fence.Fence{ID: id, Name: "Fence " + string(id), Rule: fence.StayIn, Rooms: []hospital.RoomID{"clean"}}))
	}
	w.carry("P-001", "depot")
	w.must(g.Begin(t.Context()))
	if got := w.alarms(); len(got) != 1 {
		t.Fatalf("two fences gave %q", got)
	}
	w.carry("P-001", "clean")
	w.must(g.Check(t.Context()))
	if got := w.alarms(); len(got) != 1 || got[0][:8] != "returned" {
		t.Errorf("both are kept again: %q", got)
	}
}

func TestAFenceIsForThoseWhoManageEquipmentAndItsEndEndsItsAlarms(t *testing.T) {
	w := openWard(t)
	g := w.guard()
	exit := fence.Fence{ID: "exit", Name: "Not into the dirty utility", Rule: fence.KeepOut, RoomKinds: []hospital.RoomKind{hospital.DirtyUtility}, Serious: true}
	if err := g.Set(t.Context(), nurse, exit); err == nil {
		t.Error("a nurse set a fence")
	}
	w.must(g.Set(t.Context(), engineer, exit))
	w.carry("P-001", "dirty")
	w.must(g.Begin(t.Context()))
	if got := w.alarms(); len(got) != 1 || got[0] != "active at an exit asset/P-001: in Dirty utility, Ground; the rule is “Not into the dirty utility”" {
		t.Fatalf("got %q", got)
	}
	if err := g.Drop(t.Context(), nurse, "exit"); err == nil {
		t.Error("a nurse dropped a fence")
	}
	w.must(g.Drop(t.Context(), engineer, "exit"))
	if got := w.alarms(); got[0][:8] != "returned" {
		t.Errorf("its alarm goes on: %q", got)
	}
	if list, err := g.List(t.Context(), nurse); err != nil || len(list) != 0 {
		t.Errorf("still listed: %v %v", list, err)
	}
	if _, err := g.Fence(t.Context(), nurse, "exit"); err == nil {
		t.Error("still found")
	}
}

func TestADeadGatewayRingsOnceForAllItsTagsAndReturns(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearClean)
	w.hear(10, "c300000000a2", nearClean)
	heard := map[hospital.GatewayID]time.Time{"g-clean": w.at, "g-bed1": w.at, "g-dirty": w.at}
	k := &health.Keeper{Store: db.Health{DB: w.db}, Register: w.register, Ladder: noLadder, Log: slog.New(slog.DiscardHandler), Began: w.at.Add(-time.Hour),
		Now: func() time.Time { return w.at }, Heard: func(id hospital.GatewayID) time.Time { return heard[id] }}
	w.must(k.Check(t.Context()))
	if got := w.alarms(); len(got) != 0 {
		t.Fatalf("all is well, and yet %q", got)
	}
	w.at = w.at.Add(health.OfflineAfter + time.Second)
	heard["g-bed1"], heard["g-dirty"] = w.at, w.at
	w.work() // the tracker gives the tags up
	for range 3 {
		w.must(k.Check(t.Context()))
	}
	want := []string{"active gateway offline gateway/g-clean: silent for more than 5 minutes in Clean utility; look at its power and its network; 2 pieces of equipment were heard by it last"}
	if got := w.alarms(); !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	jobs, err := k.Worklist(t.Context(), engineer, "clean")
	if err != nil || len(jobs) == 0 || jobs[0].Subject != "gateway/g-clean" || jobs[0].Near != "in this room" || jobs[0].Causes != 2 {
		t.Errorf("the worklist begins with %+v %v", jobs, err)
	}
	if _, err := k.Worklist(t.Context(), nurse, ""); err == nil {
		t.Error("a nurse sees the devices")
	}
	heard["g-clean"] = w.at
	w.must(k.Check(t.Context()))
	if got := w.alarms(); len(got) != 1 || got[0][:8] != "returned" {
		t.Errorf("it is heard again: %q", got)
	}
}

func TestFencesAndIsolationRoomsComeWithTheDocument(t *testing.T) {
	w := openWard(t)
	doc := wardDocument()
	doc.Rooms[1].Isolation = true
	doc.Fences = []document.Fence{{ID: "pumps", Name: "Pumps stay", Rule: "stay_in", Kinds: []string{"infusion pump"}, Assets: []string{"W-001"},
		Floors: []hospital.FloorID{"f0"}, Units: []hospital.UnitID{"4w"}, Rooms: []hospital.RoomID{"hall"}, RoomKinds: []hospital.RoomKind{hospital.Exit},
		AfterSeconds: 30, GraceSeconds: 60, Serious: true, Off: true}}
	kept := db.Hospital{DB: w.db}
	take := func() (what []string) {
		t.Helper()
		changes, err := kept.Import(t.Context(), hospital.Job("test"), doc, true)
		w.must(err)
		for _, c := range changes {
			if c.Path == "/fences/0" || c.Path == "/rooms/1" {
				what = append(what, c.What)
			}
		}
		return what
	}
	if got := take(); !slices.Equal(got, []string{document.Alter, document.Add}) {
		t.Errorf("the first import %v", got)
	}
	if got := take(); !slices.Equal(got, []string{document.Same, document.Same}) {
		t.Errorf("the second import %v", got)
	}
	written, err := kept.Describe(t.Context(), hospital.Job("test"))
	w.must(err)
	if !reflect.DeepEqual(written.Fences, doc.Fences) || !written.Rooms[1].Isolation || written.Rooms[0].Isolation {
		t.Errorf("it is written as %+v", written.Fences)
	}
	doc.Fences[0].Floors[0], doc.Fences[0].Assets[0] = "f9", "W-009"
	text, err := json.Marshal(doc)
	w.must(err)
	faults, ok := errors.AsType[document.Faults](func() error { _, err := document.Parse(text); return err }())
	if !ok || len(faults) < 2 || faults[0].Path != "/fences/0/assets/0" || faults[1].Path != "/fences/0/floors/0" {
		t.Errorf("names that point nowhere: %q", []document.Fault(faults))
	}
}
