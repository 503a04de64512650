package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/ingest"
	"wardwatch/web"
)

// openDesk is the door of a hospital with two gateways, at which an engineer stands.
func openDesk(t *testing.T) (*station, db.Devices) {
	t.Helper()
	s := &station{t: t, at: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC),
		who: hospital.Person{ID: "e", Name: "Eva", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()}
	now := func() time.Time { return s.at }
	base := dbtest.Open(t, db.Options{Now: now})
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"},
		Buildings: []document.Building{{ID: "b", Name: "Main"}},
		Floors:    []document.Floor{{ID: "f", Building: "b", Name: "Ground floor", WidthMetres: 20, HeightMetres: 10}},
		Rooms:     []document.Room{{ID: "r1", Floor: "f", Name: "Store <1>", Kind: hospital.Storage}},
		Gateways: []document.Gateway{{ID: "gw-a", Name: "Store gateway", Make: "minew", Room: "r1"},
			{ID: "gw-b", Name: "Dock reader", Make: "impinj", Antennas: map[int]hospital.RoomID{1: "r1"}}},
		Assets: []document.Asset{{ID: "P-001", Kind: "infusion pump", Name: "Pump 1"}}}
	if _, err := (db.Hospital{DB: base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	register, kept, log := hospital.NewRegister(directory), db.Devices{DB: base}, slog.New(slog.NewTextHandler(io.Discard, nil))
	book, err := ingest.OpenBook(t.Context(), kept, log)
	if err != nil {
		t.Fatal(err)
	}
	s.door, err = web.New(web.Parts{Register: register, Now: now, Version: "test", Metrics: prometheus.NewRegistry(), Log: log,
		WhoAsks: func(*http.Request) (hospital.Actor, bool) { return s.who, true },
		Devices: &ingest.Desk{Store: kept, Book: book, Register: register, Now: now}})
	if err != nil {
		t.Fatal(err)
	}
	return s, kept
}

func TestAnAdministratorSeesHowGatewaysDo(t *testing.T) {
	s, kept := openDesk(t)
	err := kept.Note(t.Context(), ingest.Notes{Gateways: []ingest.GatewayState{{ID: "gw-a", Format: "minew", FirstHeard: s.at.Add(-time.Hour),
		LastHeard: s.at.Add(-10 * time.Second), Messages: 5, Sightings: 12480, Offset: -3 * time.Minute, ClockAt: s.at}}})
	if err != nil {
		t.Fatal(err)
	}
	s.shows("/admin/gateways", "2 gateways", "Store gateway", "Clock wrong", "3 min ahead, corrected", "12\u202f480", "Store &lt;1&gt; · Ground floor", "Dock reader", "Never heard", "1 antenna")
	s.at = s.at.Add(5 * time.Minute)
	s.shows("/admin/gateways", "Silent")
	s.who = hospital.Person{ID: "n", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}}.Actor()
	if code, _ := s.get("/admin/gateways"); code != http.StatusForbidden {
		t.Errorf("a nurse was answered %d", code)
	}
}

func TestAnAdministratorReadsWhyMessagesWereRefused(t *testing.T) {
	s, kept := openDesk(t)
	var notes ingest.Notes
	for range 60 {
		notes.Refusals = append(notes.Refusals, ingest.Refusal{At: s.at, Gateway: "gw-a", Source: "mqtt", Topic: "wardwatch/v1/gw-a/readings",
			Reason: "celsius is no number", Records: 1, Sample: `{"celsius":"<b>warm</b>"}`})
	}
	if err := kept.Note(t.Context(), notes); err != nil {
		t.Fatal(err)
	}
	page := s.shows("/admin/devices/refused", "celsius is no number", "MQTT wardwatch/v1/gw-a/readings", "&lt;b&gt;warm&lt;/b&gt;", "/admin/devices/refused?before=11")
	if n := strings.Count(page, "celsius is no number"); n != 50 {
		t.Errorf("%d on the first page", n)
	}
	if n := strings.Count(s.shows("/admin/devices/refused?before=11", "celsius"), "celsius is no number"); n != 10 {
		t.Errorf("%d on the second", n)
	}
}

func TestAnAdministratorAdoptsWhatKnocks(t *testing.T) {
	s, kept := openDesk(t)
	err := kept.Note(t.Context(), ingest.Notes{Strangers: []ingest.Stranger{
		{Kind: ingest.GatewayStranger, ID: "ac233f000001", FirstHeard: s.at, LastHeard: s.at, TimesHeard: 4, Says: "knocked from 10.0.0.7 without a valid token"},
		{Kind: ingest.TagStranger, ID: "c0ffee000001", Gateway: "gw-a", FirstHeard: s.at, LastHeard: s.at, TimesHeard: 40, Says: "-63 dBm"}}})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Fridges(kept).InTx(t.Context(), func(tx coldchain.Tx) error {
		return tx.NoteStrangeSensor(t.Context(), coldchain.Reading{Sensor: "probe-9", Temp: 4200, Gateway: "gw-a"})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.shows("/admin/devices", "ac233f000001", "knocked from 10.0.0.7", "c0ffee000001", "-63 dBm", "Store gateway", "probe-9", ">4.2", "Ground floor · Store &lt;1&gt;")
	if w := s.post("/admin/devices/tags", url.Values{"tag": {"c0ffee000001"}, "asset": {"P-999"}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "There is no asset P-999.") || !strings.Contains(w.Body.String(), `value="P-999"`) {
		t.Errorf("an unknown asset: %d", w.Code)
	}
	// A name that the hospital's document can't hold would make all of it unreadable from then on.
	if w := s.post("/admin/devices/gateways", url.Values{"id": {"Zoë <3"}, "name": {"Ward 4"}, "make": {"minew"}}); w.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(w.Body.String(), `value="Zoë &lt;3"`) || !strings.Contains(w.Body.String(), "letters, digits, dots, dashes") || !strings.Contains(w.Body.String(), `id="new-gateway" open`) {
		t.Errorf("a gateway of an impossible name: %d %s", w.Code, w.Body)
	}
	for _, form := range []struct {
		path string
		url.Values
		next string
	}{
		{"/admin/devices/gateways", url.Values{"id": {"ac233f000001"}, "name": {"Ward 3"}, "make": {"minew"}, "room": {"r1"}}, "/admin/gateways/ac233f000001"},
		{"/admin/devices/tags", url.Values{"tag": {"c0ffee000001"}, "asset": {" P-001 "}}, "/admin/devices"},
	} {
		if w := s.post(form.path, form.Values); w.Code != http.StatusSeeOther || w.Header().Get("Location") != form.next {
			t.Errorf("%s: %d to %q %s", form.path, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
	if _, page := s.get("/admin/devices"); strings.Contains(page, "c0ffee000001") || strings.Contains(page, "ac233f000001") {
		t.Error("what was adopted is still listed")
	}
	s.who = hospital.Person{ID: "a", Name: "Ada", Roles: []hospital.Role{hospital.Auditor}}.Actor()
	if w := s.post("/admin/devices/dismiss", url.Values{"kind": {"tag"}, "id": {"x"}}); w.Code != http.StatusForbidden {
		t.Errorf("an auditor dismissed: %d", w.Code)
	}
	if page := s.shows("/admin/devices", "probe-9"); strings.Contains(page, "<form method=\"post\" action=\"/admin/devices") {
		t.Error("an auditor is offered forms")
	}
}
