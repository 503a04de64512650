package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

// TestTheEngineersDay: a plan, what is due, work, a repair, a recall, a rental, a tag.
func TestTheEngineersDay(t *testing.T) {
	s := openStation(t)
	s.hear("g1")
	nurse := s.who
	s.shows("/maintenance", "Nothing is due")
	if w := s.post("/maintenance/plans", url.Values{"name": {"Check"}, "model": {"Alba"}, "days": {"365"}}); w.Code != http.StatusForbidden {
		t.Fatalf("a nurse's plan is answered %d", w.Code)
	}
	s.who = hospital.Person{ID: "b", Name: "Ben", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	does := func(path string, form url.Values, want string) {
		t.Helper()
		if w := s.post(path, form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Fatalf("%s %v is answered %d to %q: %.400s", path, form, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
	refused := func(path string, form url.Values, keeps ...string) {
		t.Helper()
		w := s.post(path, form)
		for _, kept := range keeps {
			if !strings.Contains(w.Body.String(), kept) {
				t.Errorf("%s does not keep %q", path, kept)
			}
		}
		if w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusConflict {
			t.Errorf("%s %v is answered %d", path, form, w.Code)
		}
	}
	refused("/maintenance/plans", url.Values{"name": {"Yearly <check>"}, "model": {"Alba"}}, "Yearly &lt;check&gt;")
	refused("/maintenance/plans", url.Values{"name": {"Check"}, "model": {"Alba"}, "days": {"many"}}, `value="many"`)
	does("/maintenance/plans", url.Values{"name": {"Yearly check"}, "model": {"Alba"}, "days": {"365"}}, "/maintenance/plans")
	does("/maintenance/plans", url.Values{"name": {"Calibration"}, "model": {"Alba"}, "days": {"365"}, "calibration": {"yes"}}, "/maintenance/plans")
	s.shows("/maintenance/plans", "Yearly check", "every 365 days, calibration")
	s.shows("/maintenance", "Yearly check, Alba", "Infusion pump 1", "Clean utility · Fourth floor", "/files/service.csv", `type="checkbox" name="asset" value="P-001"`, `type="radio"`, "Certificate number", "Your signature")
	s.shows("/", "overdue", "to repair", "open recalls")
	refused("/maintenance/work", url.Values{"plan": {"1"}, "result": {"passed"}, "note": {"all well"}}, "all well", "Tick the pieces")
	refused("/maintenance/work", url.Values{"plan": {"2"}, "asset": {"P-001"}, "result": {"passed"}}, "certificate")
	does("/maintenance/work", url.Values{"plan": {"1"}, "asset": {"P-001"}, "result": {"failed"}, "note": {"leaks"}}, "/maintenance")
	s.shows("/assets/P-001", "Yearly check: failed, Ben", "Broken")
	s.shows("/maintenance/repairs", "Infusion pump 1", "leaks", "Reported", "In the workshop")
	refused("/maintenance/repairs", url.Values{"asset": {"P-001"}, "stage": {"fit"}}, "Say what was done")
	does("/maintenance/repairs", url.Values{"asset": {"P-001"}, "stage": {"parts"}, "note": {"seal ordered"}}, "/maintenance/repairs")
	s.shows("/maintenance/repairs", "Waits for parts", "seal ordered")
	does("/maintenance/repairs", url.Values{"asset": {"P-001"}, "stage": {"fit"}, "note": {"new seal"}}, "/maintenance/repairs")
	s.shows("/maintenance/repairs", "Nothing is broken")
	refused("/maintenance/recalls", url.Values{"title": {"Battery"}}, `value="Battery"`)
	does("/maintenance/recalls", url.Values{"title": {"Battery swells"}, "from": {"A-9"}, "to": {"A-20"}, "out": {"yes"}}, "/maintenance/recalls/1")
	s.shows("/maintenance/recalls", "Battery swells", "S/N A-9 to A-20")
	s.shows("/assets/P-001", "Recalled, do not use", "Broken")
	s.shows("/maintenance/recalls/1", "1 of 1 still to do", "Infusion pump 1", "Tick off")
	refused("/maintenance/recalls/1/close", nil, "not ticked off")
	refused("/maintenance/recalls/1/tick", url.Values{"asset": {"P-001"}}, "in a few words")
	does("/maintenance/recalls/1/tick", url.Values{"asset": {"P-001"}, "outcome": {"new battery"}}, "/maintenance/recalls/1")
	does("/maintenance/recalls/1/close", nil, "/maintenance/recalls")
	s.shows("/maintenance/rentals", "Medirent", "was due back")
	does("/maintenance/rentals", url.Values{"asset": {"W-001"}}, "/maintenance/rentals")
	s.shows("/maintenance/rentals", "Nothing is rented")
	refused("/maintenance/tags", url.Values{"asset": {"P-404"}, "tag": {"aabbccddeeff"}}, `value="P-404"`, `value="aabbccddeeff"`)
	refused("/maintenance/tags", url.Values{"asset": {"W-001"}, "tag": {"C3:00:00:00:00:A1"}}, "P-001 bears this tag")
	does("/maintenance/tags", url.Values{"asset": {"http://ward.example/assets/W-001"}, "tag": {"C3:00:00:00:00:A2"}}, "/maintenance/tags")
	s.shows("/assets/W-001", "c300000000a2")
	for _, path := range []string{"/maintenance/recalls/7", "/maintenance/recalls/x"} {
		if code, _ := s.get(path); code != http.StatusNotFound {
			t.Errorf("%s is answered %d", path, code)
		}
	}
	s.who = nurse
	if page := s.shows("/maintenance", "Calibration, Alba"); strings.Contains(page, "Record work") {
		t.Error("a nurse is offered to record work")
	}
}
