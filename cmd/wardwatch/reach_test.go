package main

import (
	"net/http"
	"strings"
	"testing"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// ofThePharmacy is what nobody of Ward A may read anywhere: the pharmacy's fridge, its lot and its alarm.
var ofThePharmacy = []string{"Vaccine fridge 1", "L-2301", "warm-in-the-pharmacy"}

// pharmacyAlarm rings for the pharmacy's fridge.
func pharmacyAlarm(t *testing.T, h *house) {
	t.Helper()
	err := h.db.InTx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.AddAlarm(t.Context(), notify.Alarm{Kind: "too warm", Subject: "fridge/f-01", Name: "Vaccine fridge 1", Text: "warm-in-the-pharmacy",
			RaisedAt: tx.Now(), Version: 1})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every page, file and answer of the API is read by everybody whose role is
// limited to Ward A, and nothing of the pharmacy is in any of them. The same
// pages tell those who reach the whole hospital, so the test looks where there
// is something to see.
func TestWhoWorksInOneWardNeverReadsAnothers(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	pharmacyAlarm(t, h)
	seen := map[string]bool{}
	for _, v := range visitors(t, h) {
		for _, r := range h.door.Routes() {
			if r.Method != http.MethodGet || !needsSession(r) || r.Path == "/live" {
				continue
			}
			for _, path := range []string{placeOf(r), placeOf(r) + "?q=vaccine&topics=alarms,coldchain,fridge/f-01,stock/mmr"} {
				body := v.ask(r.Method, path).Body.String()
				for _, secret := range ofThePharmacy {
					if !strings.Contains(body, secret) {
						continue
					}
					if seen[secret+r.Path] = true; v.person.Limits != nil {
						t.Errorf("GET %s tells the %s of %q", r.Path, v.name, secret)
					}
				}
			}
		}
	}
	if len(seen) < 12 {
		t.Errorf("the pharmacy was told of only %d times, to anybody", len(seen))
	}
}

// What stands in another ward does not exist for who is limited to hers: 404, for looking and for changing.
func TestWhatIsOfAnotherWardIsNotFound(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	pharmacyAlarm(t, h)
	nurse := newVisitor(t, h, "nurse-a", hospital.Nurse, hospital.Limits{hospital.Nurse: {"ward-a"}})
	chemist := newVisitor(t, h, "chemist-a", hospital.Pharmacist, hospital.Limits{hospital.Pharmacist: {"ward-a"}})
	everywhere := newVisitor(t, h, "nurse", hospital.Nurse, nil)
	for _, c := range []struct {
		who                visitor
		method, path, form string
	}{
		{nurse, http.MethodGet, "/fridges/f-01", ""},
		{nurse, http.MethodGet, "/fridges/f-01/month?month=2026-03", ""},
		{nurse, http.MethodGet, "/alarms/1", ""},
		{nurse, http.MethodGet, "/api/v1/fridges/f-01", ""},
		{nurse, http.MethodGet, "/api/v1/alarms/1", ""},
		{nurse, http.MethodPost, "/alarms/1/acknowledge", "reason=looking&note=x"},
		{nurse, http.MethodPost, "/fridges/f-01/checks", "note=looked"},
		{nurse, http.MethodPost, "/fridges/f-01/openings", "minutes=10&why=stocktaking"},
		{nurse, http.MethodPost, "/stock/mmr/use", "place=fridge-1&quantity=1"},
		{nurse, http.MethodPost, "/stock/gloves-m/move", "place=store-a&to=fridge-1&quantity=1"},
		{nurse, http.MethodPost, "/stock/mmr/ask", "place=fridge-1&quantity=1&why=soon"},
		{chemist, http.MethodPost, "/stock/mmr/count", "place=fridge-1&quantity=1"},
		{chemist, http.MethodPost, "/stock/mmr/receive", "place=fridge-1&quantity=1&number=X"},
	} {
		before := everything(t, h.db)
		if answer := c.who.send(c.method, c.path, c.form); answer.Code != http.StatusNotFound {
			t.Errorf("%s %s answers %d to the %s: %s", c.method, c.path, answer.Code, c.who.name, answer.Body)
		}
		if everything(t, h.db) != before {
			t.Errorf("%s %s changed something for the %s", c.method, c.path, c.who.name)
		}
		if c.who.name == "nurse-a" && c.method == http.MethodGet {
			if answer := everywhere.send(c.method, c.path, ""); answer.Code != http.StatusOK {
				t.Errorf("%s answers %d to who may see it", c.path, answer.Code)
			}
		}
	}
	if answer := nurse.send(http.MethodPost, "/stock/gloves-m/use", "place=store-a&quantity=5"); answer.Code != http.StatusSeeOther {
		t.Errorf("her own ward's gloves: %d %s", answer.Code, answer.Body)
	}
}

// A unit's board tells of its fridges only to who sees them, on the page and on the wall.
func TestAUnitsBoardShowsFridgesWithinReachAlone(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	limited := newVisitor(t, h, "nurse-a", hospital.Nurse, hospital.Limits{hospital.Nurse: {"ward-a"}})
	everywhere := newVisitor(t, h, "nurse", hospital.Nurse, nil)
	for _, path := range []string{"/units/pharmacy", "/units/pharmacy?wall=1"} {
		for _, who := range []visitor{limited, everywhere} {
			answer, sees := who.ask(http.MethodGet, path), who.person.Limits == nil
			if body := answer.Body.String(); answer.Code != http.StatusOK || strings.Contains(body, "Vaccine fridge") != sees {
				t.Errorf("%s answers %d to the %s, and whether it tells of the fridge is wrong", path, answer.Code, who.name)
			}
		}
	}
}
