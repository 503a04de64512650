package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

var biomed = hospital.Person{ID: "e", Name: "Emil", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()

func TestAFenceIsSetByFormAndWhatWasTypedStays(t *testing.T) {
	s := openStation(t)
	s.shows("/fences", "No fence yet")
	if code, _ := s.get("/fences/new"); code != http.StatusForbidden {
		t.Errorf("a nurse may open the form: %d", code)
	}
	s.who = biomed
	s.shows("/fences/new", "infusion pump", "Fourth floor", "4 West", "Clean utility")
	form := url.Values{"name": {"Pumps stay"}, "rule": {"stay_in"}, "kind": {"infusion pump"}, "assets": {"W-001"}, "after": {"30"}, "grace": {"soon"}, "unit": {"4w"}}
	w := s.post("/fences", form)
	if page := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, "between nothing and 24 hours") ||
		!strings.Contains(page, `value="Pumps stay"`) || !strings.Contains(page, `value="infusion pump" checked`) || !strings.Contains(page, `value="W-001"`) || !strings.Contains(page, `value="soon"`) || !strings.Contains(page, `value="30"`) {
		t.Fatalf("a wrong wait: %d\n%s", w.Code, page)
	}
	form.Set("grace", "60")
	if w := s.post("/fences", form); w.Code != http.StatusSeeOther {
		t.Fatalf("saving answers %d", w.Code)
	}
	s.shows("/fences", "Pumps stay", "Stay in 4 West", "infusion pump, W-001", "30 s", "1 min", "Kept")
	if w := s.post("/fences", form); w.Code != http.StatusSeeOther { // another of the same name gets a name of its own
		t.Fatalf("a second one answers %d", w.Code)
	}
	s.shows("/fences/pumps-stay-2", "Pumps stay")
	if w := s.post("/fences/pumps-stay/remove", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("removing answers %d", w.Code)
	}
	if code, _ := s.get("/fences/pumps-stay"); code != http.StatusNotFound {
		t.Errorf("it is still there: %d", code)
	}
	s.who = hospital.Person{ID: "n", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}}.Actor()
	if page := s.shows("/fences", "Pumps stay"); strings.Contains(page, `href="/fences/pumps-stay-2"`) {
		t.Error("a nurse is led to the form")
	}
	if w := s.post("/fences", form); w.Code != http.StatusForbidden {
		t.Errorf("a nurse set a fence: %d", w.Code)
	}
}

func TestThePagesOfTheFleetSayWhatThereIsAndWhatIsNot(t *testing.T) {
	s := openStation(t)
	s.shows("/fleet", "No day is added up yet")
	s.shows("/fleet/size", "Infusion pump", "Too early")
	s.shows("/fleet/rooms", "No day is added up yet")
	s.shows("/fleet/idle", "Nothing is idle")
	s.shows("/fleet/lost", "Nothing is lost")
	s.shows("/fleet/near", "No isolation room")
	s.hear("g1")
	s.hear("g2")
	page := s.shows("/assets/P-001/trail", "Clean utility", "Room &lt;2&gt;", "Step 2 of 2", "Step back")
	if strings.Contains(page, "Step on") || strings.Contains(page, "<2>") {
		t.Error("the last step leads on, or a name was not escaped")
	}
	s.shows("/assets/P-001/trail?step=1", "Step 1 of 2", "Step on")
	s.shows("/assets/P-001/trail?step=99&day=nonsense", "Step 2 of 2")
	s.shows("/floors/f4/replay", `type="range"`, "P-001", "Fourth floor as it was")
	if page := s.shows("/floors/f4/replay?day=2026-05-03&minute=1435", "+10 min", "day=2026-05-04&amp;minute=5"); strings.Contains(page, "P-001") {
		t.Error("it stood there before it came")
	}
	if code, _ := s.get("/floors/none/replay"); code != http.StatusNotFound {
		t.Errorf("no such floor: %d", code)
	}
	s.shows("/floors/f4", `href="/floors/f4/replay"`)
	s.shows("/assets/P-001", `href="/assets/P-001/trail"`)
}
