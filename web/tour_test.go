package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

// An engineer walks with a pump from the utility room into the room next door and back; the
// page leads through the doors, and says in the end what was learned.
func TestAnEngineerWalksThroughRooms(t *testing.T) {
	s := openStation(t)
	if code, _ := s.get("/rooms/walk"); code != http.StatusForbidden {
		t.Errorf("a nurse is answered %d", code)
	}
	s.who = hospital.Person{ID: "b", Name: "Ben", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	s.shows("/rooms/known", `href="/rooms/walk"`)
	s.shows("/rooms/walk", "Begin here", "I stand in")
	if w := s.post("/rooms/walk", url.Values{"asset": {"P-404"}, "room": {"r1"}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="P-404"`) || !strings.Contains(w.Body.String(), `value="r1" selected`) {
		t.Errorf("an unknown asset is answered %d, and what was typed should stay", w.Code)
	}
	if w := s.post("/rooms/walk", url.Values{"asset": {"P-001"}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Choose the room that you are in.") {
		t.Errorf("no room is answered %d", w.Code)
	}
	for _, stay := range []struct {
		room    string
		gateway hospital.GatewayID
		shows   []string
	}{{"r1", "g1", []string{"Listening", "to P-001 in Clean utility", `name="room" value="r2"`}}, {"r2", "g2", []string{`name="room" value="r1"`, "End the walk here"}}, {"r1", "g1", []string{"The way"}}} {
		w := s.post("/rooms/walk", url.Values{"asset": {" p-001 "}, "room": {stay.room}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/rooms/walk?asset=P-001" {
			t.Fatalf("into %s: %d", stay.room, w.Code)
		}
		for range 2 { // ten seconds each
			s.hear(stay.gateway)
		}
		s.shows("/rooms/walk?asset=P-001", stay.shows...)
	}
	if w := s.post("/rooms/walk/end", url.Values{"asset": {"P-001"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("the end is answered %d", w.Code)
	}
	s.hear("g1")
	s.shows("/rooms/walk?asset=P-001", "Learned", "3 visits.", "Begin here", `value="P-001"`)
	if w := s.post("/rooms/walk/end", url.Values{"asset": {"P-001"}}); w.Code != http.StatusConflict {
		t.Errorf("ended twice: %d", w.Code)
	}
	s.shows("/rooms/r2/teach", "by Ben, who came through with the tag of P-001", "Take back")
}
