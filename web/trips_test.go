package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

func TestACarriersTripIsARecordWithPlacesAndTemperatures(t *testing.T) {
	p := openPharmacy(t)
	p.shows("/trips", "No trips yet", "It sets out now")
	p.shows("/coldchain", `href="/trips"`)
	p.warm(5)
	start := url.Values{"fridge": {"f-1"}, "asset": {"P-404"}, "purpose": {"Vaccines <for> Ward B"}, "to": {"Ward B"}}
	if w := p.post("/trips", start); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "no asset of that number") || !strings.Contains(w.Body.String(), `value="P-404"`) {
		t.Errorf("a carrier that is not there: %d", w.Code)
	}
	start.Set("asset", "B-7")
	p.exec(`INSERT INTO assets (id, kind, name) VALUES ('B-7', 'carrier', 'Box 7')`)
	w := p.post("/trips", start)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/trips/1" {
		t.Fatalf("answered %d to %s", w.Code, w.Header().Get("Location"))
	}
	if w := p.post("/trips", start); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "on its way already") {
		t.Errorf("a second trip at once: %d", w.Code)
	}
	out := p.at
	p.exec(`INSERT INTO asset_moments (asset_id, kind, at, to_room) VALUES ('B-7', 'arrival', $1, 'store'), ('B-7', 'move', $2, 'ward')`,
		out.Add(-time.Hour).UnixMilli(), out.Add(20*time.Minute).UnixMilli())
	p.exec(`UPDATE assets SET room_id = 'ward' WHERE id = 'B-7'`)
	p.warm(5, 5.5, 6, 6, 7, 9.1)
	p.at = p.at.Add(time.Minute)
	p.shows("/trips/1", "Vaccines &lt;for&gt; Ward B", "On its way", "Pharmacy store", "Ward B store", "9.1 °C", "5.0 °C")
	p.shows("/coldchain", "Ward B store")
	if w := p.post("/trips/1/end", url.Values{"note": {"Nora took it"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("arrival: %d", w.Code)
	}
	if w := p.post("/trips/1/end", url.Values{}); w.Code != http.StatusConflict {
		t.Errorf("a second arrival: %d", w.Code)
	}
	p.warm(20)
	page := p.shows("/trips/1", "Nora took it", "highest 9.1 °C")
	if strings.Contains(page, "20.0 °C") || strings.Contains(page, "It has arrived") {
		t.Error("what came after the arrival is part of the trip")
	}
	if code, csv := p.get("/trips/1?as=csv"); code != http.StatusOK || !strings.Contains(csv, "Ward B store,2026-05-04T14:") || len(strings.Split(strings.TrimSpace(csv), "\n")) != 3 {
		t.Errorf("csv %d:\n%s", code, csv)
	}
	if code, pdf := p.get("/trips/1?as=pdf"); code != http.StatusOK || !strings.HasPrefix(pdf, "%PDF-") {
		t.Errorf("pdf %d", code)
	}
	if code, _ := p.get("/trips/77"); code != http.StatusNotFound {
		t.Errorf("no such trip: %d", code)
	}
	p.who = person("Ada", hospital.Auditor)
	if w := p.post("/trips", start); w.Code != http.StatusForbidden {
		t.Errorf("an auditor started a trip: %d", w.Code)
	}
}

// Nobody looks at a carrier that stands empty: its daily check is asked for while it is on
// its way, and was missed on the days at whose end it still was.
func TestAnEmptyCarrierWantsNoDailyCheck(t *testing.T) {
	p := openPharmacy(t)
	asked := func(when string, want ...coldchain.FridgeID) {
		t.Helper()
		missing, err := p.monitor.MissingChecks(t.Context(), p.at)
		var got []coldchain.FridgeID
		for _, one := range missing {
			got = append(got, one.Fridge.ID)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: a look is asked for at %v, %v; want %v", when, got, err, want)
		}
	}
	sets := func(out bool) {
		t.Helper()
		w := p.post("/trips", url.Values{"fridge": {"f-2"}, "purpose": {"Vaccines"}, "to": {"Ward B"}})
		if !out {
			w = p.post("/trips/1/end", url.Values{})
			if w.Code != http.StatusSeeOther {
				w = p.post("/trips/2/end", url.Values{})
			}
		}
		if w.Code != http.StatusSeeOther {
			t.Fatalf("answers %d: %s", w.Code, w.Body)
		}
	}
	p.warm(5)
	asked("before it ever set out", "f-2", "f-1")
	sets(true)
	asked("on its way", "f-2", "f-1")
	p.at = p.at.Add(time.Hour)
	sets(false)
	asked("back the same day", "f-1")
	if page := p.shows("/fridges/f-2"); strings.Contains(page, "Not checked today") {
		t.Error("the empty carrier's page asks for a look")
	}

	p.at = time.Date(2026, 5, 5, 18, 0, 0, 0, time.UTC)
	sets(true)
	p.at = time.Date(2026, 5, 6, 10, 0, 0, 0, time.UTC)
	sets(false)
	p.at = time.Date(2026, 5, 7, 10, 0, 0, 0, time.UTC)
	missed, err := p.monitor.MissedChecks(t.Context(), p.at)
	if err != nil || len(missed) != 2 || missed[0].Fridge.ID != "f-2" || len(missed[0].Days) != 1 || missed[0].Days[0].Day() != 5 {
		t.Errorf("missed %v, %v; it held goods in the night of 5 May alone", missed, err)
	}
	month, err := p.monitor.Compliance(t.Context(), "2026-05", p.at)
	if err != nil || len(month.Fridges) != 2 || month.Fridges[1].Workdays != 4 || month.Fridges[0].Workdays != 1 || month.Fridges[0].Checked != 0 {
		t.Errorf("the month %+v, %v", month.Fridges, err)
	}
	one, err := p.monitor.Month(t.Context(), "f-2", "2026-05", p.at)
	if err != nil || len(one.Missed) != 1 {
		t.Errorf("its own month: %v, %v", one.Missed, err)
	}

	p.exec(`INSERT INTO fridge_facts (fridge, pqs, litres, holdover_minutes, backup_logger, at, by, by_name) VALUES ('f-1', 'E004/012', 0, 0, '', 1, 'pia', 'Pia')`)
	asked("a cold box that never set out")
}
