package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

// A pharmacist says how a vaccine keeps; a nurse thaws five doses from the lot's page;
// both read what is left, and the lot's history is one PDF.
func TestHowAVaccineKeepsAndFiveDosesThawed(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	pharmacist := newVisitor(t, h, "pharmacist", hospital.Pharmacist, nil)
	nurse := newVisitor(t, h, "nurse", hospital.Nurse, nil)
	typed := "band-from=8&band-to=25&band-hours=72&band-single=&band-then=&band-source=leaflet+7&band-from=25&band-to=40&band-hours=abc&band-single=&band-then=call&band-source=leaflet+7" +
		"&clock-kind=thawed&clock-hours=6&clock-source=leaflet+7&from=&why=new+leaflet"
	if answer := pharmacist.send(http.MethodPost, "/stock/mmr/keeping", typed); answer.Code != http.StatusUnprocessableEntity || !strings.Contains(answer.Body.String(), `value="abc"`) {
		t.Fatalf("a number that is none answers %d", answer.Code)
	}
	typed = strings.ReplaceAll(typed, "abc", "24")
	if answer := nurse.send(http.MethodPost, "/stock/mmr/keeping", typed); answer.Code != http.StatusForbidden {
		t.Errorf("a nurse changes how it keeps: %d", answer.Code)
	}
	if answer := pharmacist.send(http.MethodPost, "/stock/mmr/keeping", typed); answer.Code != http.StatusSeeOther {
		t.Fatalf("saving answers %d: %s", answer.Code, answer.Body)
	}
	page := pharmacist.ask(http.MethodGet, "/stock/mmr/keeping").Body.String()
	for _, says := range []string{"24 h at 25 to 40 °C, then ask the maker (leaflet 7)", "usable for 6 h, never beyond its expiry", "Version 1, from"} {
		if !strings.Contains(page, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	if answer := nurse.send(http.MethodPost, "/lots/lot-1/clock", "kind=thawed&place=fridge-1&quantity=900"); answer.Code != http.StatusUnprocessableEntity || !strings.Contains(answer.Body.String(), `value="900"`) {
		t.Errorf("more than there is answers %d", answer.Code)
	}
	answer := nurse.send(http.MethodPost, "/lots/lot-1/clock", "kind=thawed&place=fridge-1&quantity=5&key=k1")
	if answer.Code != http.StatusSeeOther {
		t.Fatalf("starting the clock answers %d: %s", answer.Code, answer.Body)
	}
	part := answer.Header().Get("Location")
	page = nurse.ask(http.MethodGet, part).Body.String()
	for _, says := range []string{"thawed, use by", "5 doses", "The lot that it was taken from", "72 h 00 min left"} {
		if !strings.Contains(page, says) {
			t.Errorf("the page of the part does not say %q", says)
		}
	}
	if paper := nurse.ask(http.MethodGet, part+"/history.pdf"); !bytes.HasPrefix(paper.Body.Bytes(), []byte("%PDF")) {
		t.Errorf("the paper answers %d", paper.Code)
	}
	if table := nurse.ask(http.MethodGet, part+"/history.csv").Body.String(); !strings.Contains(table, "stood there") || !strings.HasPrefix(table, "item,lot,place") {
		t.Errorf("the table is %q", table)
	}
	if page := pharmacist.ask(http.MethodGet, "/coldchain/budgets").Body.String(); !strings.Contains(page, "thawed: 6 h (leaflet 7)") {
		t.Error("the list of products does not tell of it")
	}
}
