package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/parlevel"
)

func TestAUnitsBoardTellsWhatIsShortAndTheTaskIsTaken(t *testing.T) {
	s := openStation(t)
	s.hear("g1") // the pump stands in 4 West
	s.shows("/units", "No levels yet", "no unit is short")
	if w := s.post("/units/4w/levels", url.Values{"kind": {"infusion pump"}, "target": {"2"}, "critical": {"2"}}); w.Code != http.StatusForbidden {
		t.Fatalf("a nurse's level is answered %d", w.Code)
	}
	nurse := s.who
	s.who = hospital.Person{ID: "b", Name: "Ben", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	s.shows("/units/4w", "No levels yet", "Set a level")
	for target, critical := range map[string]string{"two": "1", "1": "2", "-1": "0"} {
		w := s.post("/units/4w/levels", url.Values{"kind": {"wheelchair"}, "target": {target}, "critical": {critical}})
		if page := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, fmt.Sprintf("value=%q", target)) || !strings.Contains(page, "<option value=\"wheelchair\" selected") {
			t.Errorf("%s/%s is answered %d, and what was typed should stay", target, critical, w.Code)
		}
	}
	for unit, target := range map[string]string{"4w": "0", "icu": "2"} {
		if w := s.post("/units/"+unit+"/levels", url.Values{"kind": {"infusion pump"}, "target": {target}, "critical": {"0"}}); w.Code != http.StatusSeeOther {
			t.Fatalf("a level is answered %d: %s", w.Code, w.Body)
		}
	}
	s.who = nurse
	page := s.shows("/units/icu", `id="unit-icu-board"`, "2 short", "<meter")
	if strings.Contains(page, "Set a level") {
		t.Error("a nurse is offered to set levels")
	}
	s.who.Unit = "icu"
	s.shows("/", "My unit", `href="/units/icu"`, `id="unit-icu-state"`, "2 short")
	s.who.Unit = ""
	if strings.Contains(s.shows("/"), `id="unit-icu-state"`) {
		t.Error("who said no unit has one")
	}
	for range 2 {
		if err := s.levels.Review(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.at = s.at.Add(parlevel.DefaultGrace)
	}
	s.shows("/units", "Take 1 infusion pump from 4 West to ICU", "I do it", "0 of 1 arrived", "2 short", "/files/units.csv")
	s.shows("/", "Take 1 infusion pump from 4 West to ICU")
	if w := s.post("/tasks/1/take", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("taking is answered %d", w.Code)
	}
	if page := s.shows("/units", "Nora does it"); strings.Contains(page, "I do it") {
		t.Error("a second person is offered to do it")
	}
	if w := s.post("/tasks/1/decline", url.Values{"why": {" "}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Say why") {
		t.Errorf("declining without a reason is answered %d", w.Code)
	}
	if w := s.post("/tasks/1/decline", url.Values{"why": {"locked"}}); w.Code != http.StatusSeeOther {
		t.Errorf("declining is answered %d", w.Code)
	}
	s.shows("/units", "Nora could not: “locked”")
	if w := s.post("/tasks/1/take", nil); w.Code != http.StatusConflict {
		t.Errorf("taking what has ended is answered %d", w.Code)
	}
	for path, want := range map[string]int{"/units/nowhere": 404, "/tasks/99/take": 404, "/tasks/x/take": 404} {
		code, _ := s.get(path)
		if strings.HasSuffix(path, "take") {
			code = s.post(path, nil).Code
		}
		if code != want {
			t.Errorf("%s is answered %d", path, code)
		}
	}
}

// TestTheTaskOfAnOpenPageClosesWhenTheTagArrives is the same door, with the tag doing the work.
func TestTheTaskOfAnOpenPageClosesWhenTheTagArrives(t *testing.T) {
	s := openStation(t)
	s.hear("g1")
	s.who = hospital.Person{ID: "b", Name: "Ben", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	for unit, target := range map[string]string{"4w": "0", "icu": "1"} {
		s.post("/units/"+unit+"/levels", url.Values{"kind": {"infusion pump"}, "target": {target}, "critical": {"0"}})
	}
	review := func(want string) {
		t.Helper()
		if err := s.levels.Review(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.shows("/units", want)
	}
	review("no unit is short")
	s.at = s.at.Add(parlevel.DefaultGrace)
	review("0 of 1 arrived")
	s.at = s.at.Add(time.Second)
	err := db.Equipment{DB: s.base}.InTx(t.Context(), func(tx tracking.Tx) error {
		if err := tx.AddMove(t.Context(), tracking.Move{Asset: "P-001", Kind: tracking.Movement, From: "r1", To: "r3", At: s.at}); err != nil {
			return err
		}
		return tx.SetPlace(t.Context(), "P-001", tracking.Place{Room: "r3", Floor: "f4", Since: s.at, SeenAt: s.at, Confidence: 1, Why: "radio"})
	})
	if err != nil {
		t.Fatal(err)
	}
	review("The tags arrived")
}

// put carries the pump into a room, in a state.
func (s *station) put(room hospital.RoomID, status tracking.Status) {
	s.t.Helper()
	s.at = s.at.Add(time.Minute)
	err := db.Equipment{DB: s.base}.InTx(s.t.Context(), func(tx tracking.Tx) error {
		if err := tx.SetPlace(s.t.Context(), "P-001", tracking.Place{Room: room, Floor: "f4", Since: s.at, SeenAt: s.at, Confidence: 1, Why: "radio"}); err != nil {
			return err
		}
		return tx.SetStatus(s.t.Context(), "P-001", status, "", "", s.at)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestAUnitsBoardTellsWhatWaitsAndWhoHasWhat(t *testing.T) {
	s := openStation(t)
	ben := hospital.Person{ID: "b", Name: "Ben", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	s.put("r1", tracking.NeedsCleaning)
	s.shows("/units/4w", "Waits to be cleaned (1)", `href="/assets/P-001"`, "Clean utility", "dirty since")
	if page := s.shows("/units/icu"); strings.Contains(page, "P-001") || strings.Contains(page, "Nothing needed") {
		t.Error("the ICU has none of it, and no level that could be met")
	}
	s.put("r3", tracking.Free)
	s.shows("/units/4w", "Lent to others (1)", "in ICU", "there since")
	s.shows("/units/icu", "Borrowed from others (1)", "belongs to 4 West", "ICU store")
	s.shows("/units/icu/equipment?show=borrowed", "1 piece", "belongs to 4 West")
	s.shows("/units/4w/equipment?show=dirty", "None")
	if code, _ := s.get("/units/nowhere/equipment"); code != http.StatusNotFound {
		t.Errorf("the equipment of no unit is answered %d", code)
	}

	s.who = ben
	if w := s.post("/units/icu/levels", url.Values{"kind": {"infusion pump"}, "target": {"1"}, "critical": {"0"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("a level is answered %d", w.Code)
	}
	s.shows("/units/icu", "Nothing needed")
	s.shows("/units/icu?wall=1", `data-theme="wall"`, "Nothing needed", "free, 1 wanted", `data-clock`)
	if page := s.shows("/units/icu?wall=1"); strings.Contains(page, "<form") || strings.Contains(page, `class="topbar"`) {
		t.Error("a wall has something to press")
	}
	s.put("r3", tracking.NeedsCleaning)
	if page := s.shows("/units/icu", "1 short", "Waits to be cleaned (1)"); strings.Contains(page, "Nothing needed") {
		t.Error("something is needed")
	}
	s.shows("/units/icu?wall=1", "1 short", "1 to clean")

	if w := s.post("/maintenance/plans", url.Values{"name": {"Yearly service"}, "model": {"Alba"}, "every_days": {"365"}, "days": {"365"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("a plan is answered %d: %s", w.Code, w.Body)
	}
	s.shows("/units/4w", "Due for service (1)", "Yearly service", `href="/maintenance"`)
	if page := s.shows("/units/icu"); strings.Contains(page, "Due for service") {
		t.Error("what another unit owns is due there")
	}
}
