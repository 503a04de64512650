package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

var displayLink = regexp.MustCompile(`/wall/t/([A-Z2-7]+)<`)

// hang makes a display and gives the path of its link.
func hang(t *testing.T, by visitor, form url.Values) string {
	t.Helper()
	answer := by.send(http.MethodPost, "/admin/displays", form.Encode())
	found := displayLink.FindStringSubmatch(answer.Body.String())
	if answer.Code != http.StatusCreated || found == nil {
		t.Fatalf("%d and no link: %s", answer.Code, answer.Body)
	}
	return "/wall/t/" + found[1]
}

// TestADisplayOnTheWall: who has its link sees its boards and nothing else; who ends it
// makes it dark; what is kept of the link opens nothing.
func TestADisplayOnTheWall(t *testing.T) {
	h, log := wholeHouse(t)
	administrator := newVisitor(t, h, "adele", hospital.Administrator, nil)
	nurse := newVisitor(t, h, "nele", hospital.Nurse, nil)
	stranger := visitor{house: h, name: "stranger"}
	form := url.Values{"name": {"Pharmacy wall"}, "board": {"coldchain", "orders"}, "turn": {"20"}, "dim-from": {"22"}, "dim-until": {"6"}}
	if answer := nurse.send(http.MethodPost, "/admin/displays", form.Encode()); answer.Code != http.StatusForbidden {
		t.Errorf("a nurse makes a link: %d", answer.Code)
	}
	limited := newVisitor(t, h, "ada", hospital.Administrator, hospital.Limits{hospital.Administrator: {"ward-a"}})
	if answer := limited.send(http.MethodPost, "/admin/displays", form.Encode()); answer.Code != http.StatusForbidden {
		t.Errorf("who is limited to a unit makes a link: %d", answer.Code)
	}
	link := hang(t, administrator, form)
	page := stranger.ask(http.MethodGet, link)
	for _, want := range []string{`data-wall-board="coldchain"`, `data-wall-board="orders"`, `data-wall-turn="20"`, `data-wall-dim="22-6"`, `data-live="` + link + `/live?topics=`} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the wall lacks %s:\n%s", want, page.Body)
		}
	}
	for _, never := range []string{`data-wall-board="equipment"`, `class="rail`, `<form`} {
		if strings.Contains(page.Body.String(), never) {
			t.Errorf("the wall has %s", never)
		}
	}
	if news := stranger.ask(http.MethodGet, link+"/live.json?topics=wall/coldchain,wall/orders"); news.Code != http.StatusOK {
		t.Errorf("news of its boards: %d %s", news.Code, news.Body)
	}
	if other := stranger.ask(http.MethodGet, link+"/live.json?topics=gateways"); other.Code != http.StatusForbidden {
		t.Errorf("it listens to what it may not see: %d", other.Code)
	}
	if list := administrator.ask(http.MethodGet, "/admin/displays").Body.String(); strings.Contains(list, link) || !strings.Contains(list, "Pharmacy wall") {
		t.Error("the list shows the link, or not the display")
	}
	if kept := column(t, h.db, `SELECT hash || id FROM displays`); len(kept) != 1 || strings.Contains(kept[0], strings.TrimPrefix(link, "/wall/t/")) {
		t.Errorf("kept is %v", kept)
	}
	id := column(t, h.db, `SELECT id FROM displays`)[0]
	if answer := administrator.send(http.MethodPost, "/admin/displays/"+id+"/end", ""); answer.Code != http.StatusSeeOther {
		t.Fatalf("end it: %d", answer.Code)
	}
	if page := stranger.ask(http.MethodGet, link); page.Code != http.StatusGone || strings.Contains(page.Body.String(), "data-fridge") {
		t.Errorf("after its end it answers %d", page.Code)
	}
	if news := stranger.ask(http.MethodGet, link+"/live.json?topics=wall/coldchain"); news.Code != http.StatusUnauthorized {
		t.Errorf("after its end it hears news: %d", news.Code)
	}
	if again := administrator.send(http.MethodPost, "/admin/displays/"+id+"/end", ""); again.Code != http.StatusNotFound {
		t.Errorf("ended twice: %d", again.Code)
	}
	if deeds := column(t, h.db, `SELECT what FROM audit WHERE on_thing = 'display/`+id+`' ORDER BY seq`); strings.Join(deeds, " ") != "display.add display.end" {
		t.Errorf("the trail says %v", deeds)
	}
	if strings.Contains(log.String(), strings.TrimPrefix(link, "/wall/t/")) {
		t.Error("the log tells the link")
	}
}

// TestADisplayOfAUnitShowsThatUnit, and a form that can't be comes back with what was typed.
func TestADisplayOfAUnitShowsThatUnit(t *testing.T) {
	h, _ := wholeHouse(t)
	administrator, stranger := newVisitor(t, h, "adele", hospital.Administrator, nil), visitor{house: h}
	fridges := regexp.MustCompile(`data-fridge="`)
	form := url.Values{"name": {"Ward A"}, "board": {"coldchain"}, "turn": {"20"}, "dim-from": {"0"}, "dim-until": {"0"}}
	whole := len(fridges.FindAllString(stranger.ask(http.MethodGet, hang(t, administrator, form)).Body.String(), -1))
	form.Set("unit", "ward-a")
	of := len(fridges.FindAllString(stranger.ask(http.MethodGet, hang(t, administrator, form)).Body.String(), -1))
	if whole == 0 || of >= whole {
		t.Errorf("%d fridges of the ward, %d of the whole hospital", of, whole)
	}
	form["board"] = []string{"coldchain", "unit"}
	link := hang(t, administrator, form)
	page := stranger.ask(http.MethodGet, link)
	for _, want := range []string{`data-wall-board="unit"`, `id="unit-ward-a-wall"`, `id="unit-ward-a-wall-fridges"`, "wall/unit/ward-a"} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the unit's board on the wall lacks %s:\n%s", want, page.Body)
		}
	}
	if news := stranger.ask(http.MethodGet, link+"/live.json?topics=wall/unit/ward-a,wall/unit-cold/ward-a"); news.Code != http.StatusOK {
		t.Errorf("news of the unit's board: %d %s", news.Code, news.Body)
	}
	nowhere := url.Values{"name": {"Ward A"}, "board": {"unit"}, "turn": {"20"}, "dim-from": {"0"}, "dim-until": {"0"}}
	if answer := administrator.send(http.MethodPost, "/admin/displays", nowhere.Encode()); answer.Code != http.StatusUnprocessableEntity || !strings.Contains(answer.Body.String(), "Choose the unit") {
		t.Errorf("a unit's board of no unit: %d", answer.Code)
	}
	form["board"] = []string{"coldchain"}
	for field, wrong := range map[string]string{"name": "", "board": "weather", "turn": "4", "unit": "moon", "dim-until": "24"} {
		broken := url.Values{}
		for k, v := range form {
			broken[k] = v
		}
		broken.Set(field, wrong)
		answer := administrator.send(http.MethodPost, "/admin/displays", broken.Encode())
		if answer.Code != http.StatusUnprocessableEntity || !strings.Contains(answer.Body.String(), `value="Ward A"`) && field != "name" {
			t.Errorf("%s %q: %d", field, wrong, answer.Code)
		}
	}
}
