package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// slot takes every message and remembers the last.
type slot struct {
	mu   sync.Mutex
	last notify.Message
}

func (s *slot) Send(_ context.Context, m notify.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = m
	return nil
}

func TestTheAdministratorSetsWhoIsToldByShift(t *testing.T) {
	p := openPharmacy(t)
	p.shows("/ladder", "No mail server, webhook or SMS is set up", "If an alarm rang now: Always", "Not set up")
	if w := p.post("/ladder", url.Values{}); w.Code != http.StatusForbidden {
		t.Errorf("a pharmacist's ladder answers %d", w.Code)
	}
	p.who = person("Ada", hospital.Administrator)
	p.shows("/ladder", "Change the ladder", "Another shift", "Another rung", "Send a test alarm now")
	form := url.Values{"silence": {"45"}, "holidays": {"2026-12-25"}, "test": {"1", "4"}, "why": {"nights go to the porter"},
		"shift0-name": {"Night <1>"}, "shift0-from": {"20:00"}, "shift0-to": {"06:00"}, "shift0-day": {"0", "1", "2", "3", "4", "5", "6"},
		"shift0-rung0-after": {"0"}, "shift0-rung0-phones": {"+49 30 12345, +49 30 54321"}, "shift0-rung0-way": {"text message"},
		"shift1-name": {"Day"}, "shift1-from": {"00:00"}, "shift1-to": {"00:00"}, "shift1-rung0-after": {"0"}, "shift1-rung0-role": {"pharmacist"},
		"shift1-rung1-after": {"15"}, "shift1-rung1-role": {"nurse", "administrator"}}
	for field, wrong := range map[string]string{"silence": "1", "shift0-from": "late", "shift0-rung0-phones": "porter", "why": " ", "holidays": "Easter"} {
		bad := url.Values{}
		for name, values := range form {
			bad[name] = values
		}
		bad.Set(field, wrong)
		if w := p.post("/ladder", bad); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Night &lt;1&gt;") {
			t.Errorf("%s %q answers %d, or loses what was typed", field, wrong, w.Code)
		}
	}
	if w := p.post("/ladder", form); w.Code != http.StatusSeeOther {
		t.Fatalf("answers %d: %s", w.Code, w.Body.String())
	}
	p.shows("/ladder", "If an alarm rang now: Day", "Version 1", "nights go to the porter", `value="+49 30 12345, +49 30 54321"`, `value="2026-12-25"`)
	p.at = time.Date(2026, 5, 4, 19, 0, 0, 0, time.UTC) // nine in the evening in Berlin
	p.shows("/ladder", "If an alarm rang now: Night &lt;1&gt;")
	if w := p.post("/ladder/test", nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/alarms/1" {
		t.Errorf("a test answers %d", w.Code)
	}
	p.shows("/alarms/1", "Test of the alarm ladder", "this is a test")
}

// strange asks without a session.
func strange(p *pharmacy, method, path, kind, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	p.door.ServeHTTP(w, r)
	return w
}

func TestWhoeverGotTheMessageAnswersByItsLink(t *testing.T) {
	const form, program = "application/x-www-form-urlencoded", "application/json"
	p := openPharmacy(t)
	p.desk.Ladder.Rota, p.desk.Ladder.Ways = true, notify.Ways()
	rota := notify.Rota{SilenceMinutes: 60, Shifts: []notify.Shift{{Name: "Always", Rungs: []notify.Rung{{Addresses: []string{"oncall@st-anne.example"}}}}}}
	if err := p.desk.SaveRota(t.Context(), hospital.Job("test"), rota, "test"); err != nil {
		t.Fatal(err)
	}
	box := &slot{}
	post := notify.Dispatcher{Outbox: p.desk.Store.(notify.Outbox), Now: p.desk.Now, URL: "", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Ways: map[notify.Way]notify.Sender{notify.Email: box}}
	post.URL = "https://ward.example"
	if _, err := p.desk.Test(t.Context(), hospital.Job("test")); err != nil {
		t.Fatal(err)
	}
	if _, err := post.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	link := strings.TrimPrefix(box.last.Answer, "https://ward.example")
	if !strings.Contains(box.last.Body, "Acknowledge it here: https://ward.example/answer/") {
		t.Errorf("the message says %q", box.last.Body)
	}
	p.stranger = true
	w := strange(p, http.MethodGet, link, "", "")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "You answer as <strong>oncall@st-anne.example</strong>") || w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Fatalf("the link answers %d: %s", w.Code, w.Body.String())
	}
	if strings.Contains(w.Body.String(), "Nobody has acknowledged it") == false {
		t.Error("opening the link acknowledged")
	}
	if w := strange(p, http.MethodPost, link, form, "reason=other&note="); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Say in a note") {
		t.Errorf("other without a note answers %d", w.Code)
	}
	if w := strange(p, http.MethodPost, link, program, `{"reason":"on-it","minutes":9999}`); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a week of silence answers %d", w.Code)
	}
	if w := strange(p, http.MethodPost, link, program, `{"reason":`); w.Code != http.StatusBadRequest {
		t.Errorf("half an answer is answered %d", w.Code)
	}
	if w := strange(p, http.MethodPost, link, form, "reason=on-it&quiet=120"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != link+"?done=1" {
		t.Fatalf("answers %d", w.Code)
	}
	if w := strange(p, http.MethodGet, link+"?done=1", "", ""); !strings.Contains(w.Body.String(), "Acknowledged. Nobody else is told") || !strings.Contains(w.Body.String(), "quiet until 16:00") {
		t.Error(w.Body.String())
	}
	if w := strange(p, http.MethodPost, link, program, `{"reason":"on-it","note":"again"}`); w.Code != http.StatusNoContent {
		t.Errorf("a program's answer is answered %d", w.Code)
	}
	if w := strange(p, http.MethodGet, "/answer/AAAAAAAAAAAAAAAAAAAAAAAAAA", "", ""); w.Code != http.StatusNotFound {
		t.Errorf("a guess is answered %d", w.Code)
	}
}
