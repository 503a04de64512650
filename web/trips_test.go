package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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
