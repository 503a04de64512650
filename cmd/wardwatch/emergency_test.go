package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

const emergencyForm = "why=cardiac arrest in the pharmacy&minutes=15&sign-password=tiger-lamp-cloud-seven"

// A nurse of one ward needs another's fridge now: she gets it at once, for
// minutes, and everybody can see that she did.
func TestEmergencyAccess(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	nurse := newVisitor(t, h, "nora", hospital.Nurse, hospital.Limits{hospital.Nurse: {"ward-a"}})
	admin := newVisitor(t, h, "ada", hospital.Administrator, nil)
	if answer := nurse.ask(http.MethodGet, "/fridges/f-01"); answer.Code != http.StatusNotFound {
		t.Fatalf("before: %d", answer.Code)
	}
	for form, want := range map[string]string{
		strings.Replace(emergencyForm, "cardiac arrest in the pharmacy", "because", 1):      "10 to 500 characters",
		strings.Replace(emergencyForm, "minutes=15", "minutes=61", 1):                       "an hour at most",
		strings.Replace(emergencyForm, "minutes=15", "minutes=0", 1):                        "an hour at most",
		strings.Replace(emergencyForm, "tiger-lamp-cloud-seven", "tiger-lamp-cloud-six", 1): "password is not right",
	} {
		if answer := nurse.send(http.MethodPost, "/me/emergency", form); answer.Code != http.StatusUnprocessableEntity || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s: %d", form, answer.Code)
		}
	}
	if answer := nurse.send(http.MethodPost, "/me/emergency", emergencyForm); answer.Code != http.StatusSeeOther {
		t.Fatalf("asked for: %d %s", answer.Code, answer.Body)
	}
	if answer := nurse.ask(http.MethodGet, "/fridges/f-01"); answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), "Emergency access") {
		t.Errorf("in it: %d", answer.Code)
	}
	if answer := nurse.ask(http.MethodGet, "/admin/people"); answer.Code != http.StatusForbidden {
		t.Errorf("it made her an administrator: %d", answer.Code)
	}
	if answer := nurse.send(http.MethodPost, "/fridges/f-01/checks", "note=took it out"); answer.Code != http.StatusSeeOther {
		t.Errorf("a check in it: %d %s", answer.Code, answer.Body)
	}
	if names := column(t, h.db, `SELECT actor_name FROM audit WHERE what = 'fridge.check'`); len(names) != 1 || names[0] != "nora (emergency)" {
		t.Errorf("the trail names %q", names)
	}
	// Administrators were told, by the bell and by mail.
	if told := column(t, h.db, `SELECT n.recipient FROM notices n JOIN alarms a ON a.id = n.alarm WHERE a.kind = 'emergency access'`); len(told) != 1 || told[0] != "ada@linden.example" {
		t.Errorf("told: %q", told)
	}
	if answer := admin.ask(http.MethodGet, "/alarms"); !strings.Contains(answer.Body.String(), "cardiac arrest in the pharmacy") {
		t.Error("the alarm is not in the inbox")
	}
	review := func(v visitor) int {
		return v.send(http.MethodPost, "/admin/emergencies/1/review", "found=in order").Code
	}
	if code := review(admin); code != http.StatusUnprocessableEntity {
		t.Errorf("reviewed while it goes on: %d", code)
	}
	nurse.send(http.MethodPost, "/me/emergency/end", "")
	if answer := nurse.ask(http.MethodGet, "/fridges/f-01"); answer.Code != http.StatusNotFound {
		t.Errorf("after it: %d", answer.Code)
	}
	if code := review(admin); code != http.StatusSeeOther {
		t.Errorf("reviewed: %d", code)
	}
	if code := review(admin); code != http.StatusConflict {
		t.Errorf("reviewed twice: %d", code)
	}
	if answer := admin.ask(http.MethodGet, "/admin/emergencies"); !strings.Contains(answer.Body.String(), "in order") {
		t.Error("the review is not on the list")
	}
}

func TestEmergencyAccessEndsByItselfAndIsReviewedByAnother(t *testing.T) {
	h, _ := wholeHouse(t)
	at := time.Now()
	admin := newVisitor(t, h, "ada", hospital.Administrator, nil)
	if answer := admin.send(http.MethodPost, "/me/emergency", emergencyForm); answer.Code != http.StatusSeeOther {
		t.Fatalf("asked for: %d", answer.Code)
	}
	e, err := h.parts.People.Porter.Emergencies(t.Context(), atTheConsole)
	if err != nil || len(e) != 1 {
		t.Fatal(e, err)
	}
	if end := e[0].EndsAt; end.Before(at.Add(15*time.Minute).Truncate(time.Millisecond)) || e[0].Open(end) || !e[0].Open(end.Add(-1)) || e[0].Until() != end {
		t.Errorf("it lasts until %s", end)
	}
	admin.send(http.MethodPost, "/me/emergency/end", "")
	if answer := admin.send(http.MethodPost, "/admin/emergencies/1/review", "found=fine"); answer.Code != http.StatusUnprocessableEntity || !strings.Contains(answer.Body.String(), "Somebody else") {
		t.Errorf("she reviewed herself: %d", answer.Code)
	}
	if _, err := h.parts.People.Porter.BreakGlass(t.Context(), hospital.Job("night"), "because of the night", time.Minute, account.Again{}, account.Origin{}); err == nil {
		t.Error("a job broke the glass")
	}
}
