package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking"
	"wardwatch/tracking/fence"
	"wardwatch/tracking/fleet"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/hospital/floorplan"
	"wardwatch/tracking/maintain"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/parlevel"
	"wardwatch/web"
)

// station is the door of a small ward over real storage, with somebody at it.
type station struct {
	t       *testing.T
	at      time.Time
	who     hospital.Actor
	door    *web.Door
	tracker *tracking.Tracker
	follow  func() // what the hospital was changed to is known at the door
	base    *db.DB
	levels  *parlevel.Desk
}

func openStation(t *testing.T) *station {
	t.Helper()
	s := &station{t: t, at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC),
		who: hospital.Person{ID: "n", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}, Unit: "4w"}.Actor()}
	now := func() time.Time { return s.at }
	base := dbtest.Open(t, db.Options{Now: now})
	s.base = base
	box := func(x float64) []hospital.Point {
		return []hospital.Point{{X: x, Y: 0}, {X: x + 5, Y: 0}, {X: x + 5, Y: 5}, {X: x, Y: 5}}
	}
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"},
		Buildings: []document.Building{{ID: "b", Name: "Main"}},
		Floors:    []document.Floor{{ID: "f4", Building: "b", Name: "Fourth floor", Level: 4, WidthMetres: 20, HeightMetres: 10}},
		Units:     []document.Unit{{ID: "4w", Name: "4 West"}, {ID: "icu", Name: "ICU"}},
		Rooms: []document.Room{{ID: "r1", Floor: "f4", Unit: "4w", Name: "Clean utility", Kind: hospital.CleanUtility, Outline: box(0), Neighbours: []hospital.RoomID{"r2"}},
			{ID: "r2", Floor: "f4", Unit: "4w", Name: "Room <2>", Kind: hospital.PatientRoom, Outline: box(10), Neighbours: []hospital.RoomID{"r1"}},
			{ID: "r3", Floor: "f4", Unit: "icu", Name: "ICU store", Kind: hospital.CleanUtility}},
		Gateways: []document.Gateway{{ID: "g1", Name: "g1", Make: "minew", Room: "r1"}, {ID: "g2", Name: "g2", Make: "minew", Room: "r2"}},
		Assets: []document.Asset{{ID: "P-001", Kind: "infusion pump", Name: "Infusion pump 1", Model: "Alba", Serial: "A-10", Unit: "4w", Tags: []document.Tag{{ID: "c300000000a1"}}},
			{ID: "W-001", Kind: "wheelchair", Name: "Wheelchair 1", RentedFrom: "Medirent", DueBack: "2026-05-01", Tags: []document.Tag{{ID: "epc:3414257BF4C0000000000042"}}}}}
	if _, err := (db.Hospital{DB: base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	register, kept := hospital.NewRegister(directory), db.Equipment{DB: base}
	s.follow = func() {
		changed, err := db.Hospital{DB: base}.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		register.Replace(changed)
	}
	if s.tracker, err = tracking.NewTracker(t.Context(), register, kept, tracking.TrackerOptions{Now: now}); err != nil {
		t.Fatal(err)
	}
	s.levels = &parlevel.Desk{Register: register, Store: db.ParLevels{DB: base}, Ladder: notify.DefaultLadder(), Now: now}
	s.door, err = web.New(web.Parts{Service: &maintain.Desk{Register: register, Store: db.Maintenance{DB: base}, Now: now}, Levels: s.levels, Lists: db.Lists{DB: base}, Register: register, Now: now, Version: "test", Metrics: prometheus.NewRegistry(),
		Log:       slog.New(slog.NewTextHandler(io.Discard, nil)),
		WhoAsks:   func(*http.Request) (hospital.Actor, bool) { return s.who, true },
		Board:     &floorplan.Board{Keeper: db.Hospital{DB: base}, Register: register},
		Fences:    &fence.Guard{Store: db.Fences{DB: base}, Register: register, Now: now},
		Fleet:     &fleet.Desk{Store: db.Fleet{DB: base}, Register: register, Now: now},
		Equipment: &tracking.Equipment{Register: register, Store: kept, Tracker: s.tracker, Now: now}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hear lets ten seconds pass in which a gateway hears the pump well.
func (s *station) hear(gateway hospital.GatewayID) {
	s.t.Helper()
	var all []tracking.Sighting
	for range 10 {
		s.at = s.at.Add(time.Second)
		all = append(all, tracking.Sighting{Tag: "c300000000a1", Gateway: gateway, RSSIdBm: -56, HasRSSI: true, ReceivedAt: s.at, BatteryPct: 80})
	}
	if err := s.tracker.Sight(s.t.Context(), all); err != nil {
		s.t.Fatal(err)
	}
	ended, stop := context.WithCancel(s.t.Context())
	stop()
	if err := s.tracker.Run(ended); err != nil {
		s.t.Fatal(err)
	}
}

func (s *station) get(path string) (int, string) {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.door.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func (s *station) post(path string, form url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	s.door.ServeHTTP(w, r)
	return w
}

func (s *station) shows(path string, wanted ...string) string {
	s.t.Helper()
	code, page := s.get(path)
	if code != http.StatusOK {
		s.t.Fatalf("%s answers %d", path, code)
	}
	for _, want := range wanted {
		if !strings.Contains(page, want) {
			s.t.Errorf("%s does not show %q", path, want)
		}
	}
	return page
}

func TestNurseFindsThePumpAndFollowsIt(t *testing.T) {
	s := openStation(t)
	s.shows("/search?q=pump", "Infusion pump 1", "Not located yet", `data-asset="P-001"`)
	s.hear("g1")
	s.shows("/search?q=pump", "Clean utility · Fourth floor", "same unit", "Free")
	s.shows("/assets/P-001", "Clean utility · Fourth floor", "Came into Clean utility", "80 %", `id="asset-P-001-where"`, "I have it")
	s.shows("/floors", "Fourth floor", `id="house-f4-clusters"`, "4 West 1", "1 free", `class="cluster"`)
	s.shows("/floors/f4", `data-room="r1"`, `data-asset="P-001"`, `data-in="r1"`, `id="floor-f4-pins"`)
	s.shows("/rooms/r1", "Infusion pump 1")
	s.hear("g2")
	s.shows("/floors/f4", `data-in="r2"`)
	page := s.shows("/assets/P-001", "Room &lt;2&gt;", "In use")
	if strings.Contains(page, "Room <2>") {
		t.Error("a room's name is not escaped")
	}
	if code, _ := s.get("/assets/P-001/floor"); code != http.StatusSeeOther {
		t.Errorf("the way to the map answers %d", code)
	}
}

func TestNurseMarksThePump(t *testing.T) {
	s := openStation(t)
	s.hear("g1")
	if w := s.post("/assets/P-001/status", url.Values{"status": {"broken"}, "note": {"rattles"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/assets/P-001" {
		t.Fatalf("marking answers %d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	s.shows("/assets/P-001", "Broken, said Nora", "rattles")
	if w := s.post("/assets/P-001/not-here", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("not here answers %d", w.Code)
	}
	s.shows("/assets/P-001", "Nora looked at", "Nora did not find it in Clean utility")
	if w := s.post("/assets/P-001/here", url.Values{"room": {"r2"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("here answers %d", w.Code)
	}
	s.shows("/assets/P-001", "Room &lt;2&gt; · Fourth floor", "Seen by a person")
	for path, form := range map[string]url.Values{"/assets/P-001/status": {"status": {"stolen"}}, "/assets/P-001/here": {"room": {"nowhere"}},
		"/assets/W-001/not-here": nil, "/assets/P-001/not-here": {"note": {strings.Repeat("x", tracking.MaxNote+1)}}} {
		if w := s.post(path, form); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s %v answers %d", path, form, w.Code)
		}
	}
	if w := s.post("/assets/P-001/not-here", url.Values{"note": {strings.Repeat("x", tracking.MaxNote)}}); w.Code != http.StatusSeeOther {
		t.Errorf("the longest note answers %d", w.Code)
	}
}

func TestWhatNobodyHasIsNotFound(t *testing.T) {
	s := openStation(t)
	for _, path := range []string{"/assets/P-404", "/floors/f9", "/rooms/r9"} {
		if code, _ := s.get(path); code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, code)
		}
	}
	s.shows("/search?q=unicorn", "Nothing known as", "Try the kind")
	s.shows("/search?kind=wheelchair", "Wheelchair 1")
}

// A slip of the finger is answered with what may have been meant, on the page and while
// somebody types; a code that nobody knows leads whoever may to where it is adopted.
func TestASlipIsAnsweredWithWhatWasMeant(t *testing.T) {
	s := openStation(t)
	s.shows("/search?q=whelchair&status=free", "Nothing known as", "Did you mean one of these?", "/search?q=wheelchair&amp;status=free")
	s.shows("/search/answers?q=infuson+pmup", "Did you mean infusion pump?")
	const unknown, adopt = "/search?q=ac233fc0ffee99", "Adopt it as a tag"
	if page := s.shows(unknown, "Nothing known as"); strings.Contains(page, adopt) || strings.Contains(page, "Did you mean") {
		t.Error("a nurse is offered to adopt a tag, or a number is guessed")
	}
	s.who = hospital.Person{ID: "e", Name: "Eve", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	s.shows(unknown, adopt, "/admin/devices")
	if page := s.shows("/search?q=unicorn", "Nothing known as"); strings.Contains(page, adopt) {
		t.Error("a word is taken for a tag")
	}
}

func TestWhenNoneIsFreeSheLearnsWhomToAsk(t *testing.T) {
	s := openStation(t)
	engineer := hospital.Person{ID: "e", Name: "Eve", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	if err := s.levels.SetLevel(t.Context(), engineer, parlevel.Level{Unit: "4w", Kind: "infusion pump"}); err != nil {
		t.Fatal(err)
	}
	s.hear("g1")
	const ask = "Ask 4 West: has 1, target 0"
	if page := s.shows("/search?q=pump", "Infusion pump 1"); strings.Contains(page, "None free") || strings.Contains(page, ask) {
		t.Error("somebody is to be asked although one is free")
	}
	if w := s.post("/assets/P-001/status", url.Values{"status": {"in_use"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("marking answers %d", w.Code)
	}
	s.shows("/search?q=pump", "None free. The nearest of the others come first.", ask, "Infusion pump 1")
	s.shows("/search?q=pump&status=free", "None free", ask, "/units/4w")
	if page := s.shows("/search?q=pump&floor=elsewhere", "Nothing known as"); strings.Contains(page, "There are some in use") {
		t.Error("some are said to be in use where there is none at all")
	}
}

func TestAuditorSeesButDoesNotMark(t *testing.T) {
	s := openStation(t)
	s.who = hospital.Person{ID: "a", Name: "Ada", Roles: []hospital.Role{hospital.Auditor}}.Actor()
	if page := s.shows("/assets/P-001", "Infusion pump 1"); strings.Contains(page, "I have it") {
		t.Error("an auditor is offered to mark equipment")
	}
	if w := s.post("/assets/P-001/status", url.Values{"status": {"free"}}); w.Code != http.StatusForbidden {
		t.Errorf("an auditor's mark answers %d", w.Code)
	}
}

func TestSilentTagIsSaidAsSuch(t *testing.T) {
	s := openStation(t)
	s.hear("g1")
	s.at = s.at.Add(20 * time.Minute)
	s.tracker.GatewayAlive("g1", s.at)
	s.shows("/assets/P-001", "Last seen in Clean utility", "Tag silent")
	s.shows("/search?q=pump", "last seen")
}

func TestOfflineGatewayIsNotALostPump(t *testing.T) {
	s := openStation(t)
	s.hear("g1")
	s.at = s.at.Add(20 * time.Minute)
	s.shows("/assets/P-001", "Gateway offline", "probably still where it was")
	s.shows("/floors/f4", "Blind")
	s.shows("/rooms/r1", "gateways of this room are offline")
}

func TestEngineerTeachesARoom(t *testing.T) {
	s := openStation(t)
	if code, _ := s.get("/rooms/r1/teach"); code != http.StatusForbidden {
		t.Errorf("a nurse is answered %d", code)
	}
	s.who = hospital.Person{ID: "b", Name: "Ben", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	s.shows("/rooms/r1", "Teach this room")
	s.shows("/rooms/r1/teach", "Nobody has taught this room", "Nothing yet")
	if w := s.post("/rooms/r1/teach", url.Values{"asset": {"P-404"}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="P-404"`) {
		t.Errorf("an unknown asset is answered %d, and what was typed should stay", w.Code)
	}
	if w := s.post("/rooms/r1/teach", url.Values{"asset": {" https://ward.example/assets/P-001 "}}); w.Code != http.StatusSeeOther {
		t.Fatalf("a lesson is answered %d: %s", w.Code, w.Body)
	}
	s.shows("/rooms/r1/teach", "Listening", `id="room-r1-class"`)
	for range 7 { // ten seconds each
		s.hear("g1")
	}
	s.shows("/floors", `href="/rooms/known"`)
	s.shows("/rooms/known", "1 room of", `href="/rooms/r1/teach"`, "told by distance and walls alone")
	page := s.shows("/rooms/r1/teach", "Learned", "by Ben with the tag of P-001", "Take back")
	_, rest, _ := strings.Cut(page, `action="/rooms/r1/lessons/`)
	lesson, _, _ := strings.Cut(rest, "/")
	if w := s.post("/rooms/r1/lessons/"+lesson+"/undo", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("taking back is answered %d", w.Code)
	}
	s.shows("/rooms/r1/teach", "Nothing yet")
	if w := s.post("/rooms/r1/lessons/"+lesson+"/undo", nil); w.Code != http.StatusNotFound {
		t.Errorf("taking back twice is answered %d", w.Code)
	}
}

// What a nurse says in passing stands on the room's page, for the engineer to take back.
func TestNursesWordIsALessonThatCanBeTakenBack(t *testing.T) {
	s := openStation(t)
	s.hear("g1")
	s.shows("/assets/P-001", "It is here", "Not here")
	if w := s.post("/assets/P-001/here", url.Values{"room": {"r1"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("answered %d", w.Code)
	}
	for range 3 { // ten seconds each
		s.hear("g1")
	}
	if w := s.post("/assets/P-001/not-here", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("answered %d", w.Code)
	}
	s.shows("/assets/P-001", "Not found in", "looked at")
	for range 3 {
		s.hear("g1")
	}
	s.who = hospital.Person{ID: "b", Name: "Ben", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	s.shows("/rooms/r1/teach", "saw P-001 here", "looked for P-001 and did not find it here", "Take back")
	if code, _ := s.get("/rooms/known"); code != http.StatusOK {
		t.Errorf("answered %d", code)
	}
}

// A nurse scans what stands in a room; what is noted is what she saw, in one go.
func TestARoomIsCheckedByScanning(t *testing.T) {
	s := openStation(t)
	s.hear("g2")
	s.shows("/rooms/r1", `href="/rooms/r1/round"`, "Check this room")
	s.shows("/rooms/r1/round", "Nothing is said to be here", "disabled")
	s.shows("/rooms/r2/round", "Not scanned yet (1)", "Infusion pump 1")
	w := s.post("/rooms/r1/round", url.Values{"code": {"nonsense"}, "seen": {"W-001"}})
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "No equipment has this code.") ||
		!strings.Contains(w.Body.String(), `value="nonsense"`) || !strings.Contains(w.Body.String(), `name="seen" value="W-001"`) {
		t.Errorf("an unknown code is answered %d; what was scanned and typed should stay", w.Code)
	}
	w = s.post("/rooms/r1/round", url.Values{"code": {"C3:00:00:00:00:A1"}, "seen": {"W-001"}, "do": {"scan"}})
	for _, want := range []string{"Here, but said to be elsewhere (2)", "was said to be in Room &lt;2&gt;", "nobody knew where it was", "Note that 2 pieces are here"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the tag's scan is answered %d without %q", w.Code, want)
		}
	}
	if w = s.post("/rooms/r1/round", url.Values{"seen": {"W-001", "P-001"}, "do": {"drop:W-001"}}); strings.Contains(w.Body.String(), `name="seen" value="W-001"`) {
		t.Error("what was taken out is still there")
	}
	if w = s.post("/rooms/r1/round", url.Values{"do": {"note"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a round without a scan is answered %d", w.Code)
	}
	if w = s.post("/rooms/r1/round", url.Values{"seen": {"P-001"}, "do": {"note"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/rooms/r1" {
		t.Fatalf("the round is answered %d: %s", w.Code, w.Body)
	}
	s.shows("/assets/P-001", "Clean utility · Fourth floor", "Seen by a person")
	s.who = hospital.Person{ID: "a", Name: "Ada", Roles: []hospital.Role{hospital.Auditor}}.Actor()
	if w = s.post("/rooms/r1/round", url.Values{"seen": {"P-001"}, "do": {"note"}}); w.Code != http.StatusForbidden {
		t.Errorf("an auditor's round is answered %d", w.Code)
	}
}

// Search, the asset's page, the room's list, the map and the interface for programs
// say the same of a pump, whatever has become of its tag.
func TestEveryViewAgreesOnWhereAPumpIs(t *testing.T) {
	for _, c := range []struct {
		name                         string
		later                        time.Duration
		alive                        bool
		search, asset, room, program string
		lastSeen                     bool
	}{
		{"heard a moment ago", 0, true, "Clean utility · Fourth floor", "Clean utility · Fourth floor", "Infusion pump 1", `"freshness":"fresh"`, false},
		{"heard five minutes ago", 5 * time.Minute, true, "Clean utility · Fourth floor", "Clean utility · Fourth floor", "Infusion pump 1", `"freshness":"ageing"`, false},
		{"silent", 20 * time.Minute, true, "last seen", "Tag silent", "Tag silent", `"freshness":"tag silent"`, true},
		{"silent with its gateway", 20 * time.Minute, false, "last seen", "Gateway offline", "Gateway offline", `"freshness":"gateway offline"`, true},
		{"silent for a month", 30 * 24 * time.Hour, true, "last seen", "Tag silent", "Tag silent", `"freshness":"tag silent"`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openStation(t)
			s.hear("g1")
			s.at = s.at.Add(c.later)
			if c.alive {
				s.tracker.GatewayAlive("g1", s.at)
			}
			search := s.shows("/search?q=pump", c.search, "Clean utility · Fourth floor")
			asset := s.shows("/assets/P-001", c.asset, "Clean utility · Fourth floor")
			if strings.Contains(search, "last seen") != c.lastSeen || strings.Contains(asset, "Last seen in") != c.lastSeen {
				t.Error("search and the asset's page don't agree on whether that is now")
			}
			s.shows("/rooms/r1", "Infusion pump 1", c.room)
			s.shows("/floors/f4", `data-asset="P-001" data-in="r1"`)
			s.shows("/api/v1/assets/P-001", c.program, `"room":"r1"`)
			s.shows("/api/v1/assets/search?q=pump", c.program, `"room":"r1"`)
		})
	}
}
