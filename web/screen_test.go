package web_test

import (
	"compress/gzip"
	"encoding/json"
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
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/notify"
	"wardwatch/web"
)

// visit is somebody's browser at the door of a small hospital that has everything.
type visit struct {
	t    *testing.T
	door *web.Door
	who  hospital.Actor
	jar  map[string]*http.Cookie
}

var smallHospital = document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"},
	Buildings: []document.Building{{ID: "b", Name: "Main"}},
	Floors:    []document.Floor{{ID: "f4", Building: "b", Name: "Fourth floor", Level: 4, WidthMetres: 20, HeightMetres: 10}},
	Units:     []document.Unit{{ID: "4w", Name: "4 West"}},
	Rooms:     []document.Room{{ID: "r1", Floor: "f4", Unit: "4w", Name: "Vaccine store", Kind: hospital.Storage}},
	Assets:    []document.Asset{{ID: "P-001", Kind: "infusion pump", Name: "Infusion pump 1", Unit: "4w"}},
	Fridges:   []document.Fridge{{ID: "f-1", Name: "Vaccine fridge", Profile: "refrigerator", Room: "r1"}},
	Suppliers: []document.Supplier{{ID: "medi", Name: "Medi", Email: "orders@medi.example", Currency: "EUR", LeadDays: 3}},
	Places:    []document.Place{{ID: "store", Name: "Store"}},
	Items: []document.Item{{ID: "flu", Name: "Influenza vaccine <adult>", UnitOfIssue: "dose", GTIN: "4000000000013", Pack: 10, Supplier: "medi", PriceMinor: 9000,
		Levels: []document.Level{{Place: "store", Minimum: 10, Maximum: 100}}}},
	Stock: []document.Lot{{Item: "flu", Place: "store", Lot: "A1", Expiry: "2026-09-30", Quantity: 30}}}

func visitHospital(t *testing.T, demo *web.Demo, roles ...hospital.Role) *visit {
	t.Helper()
	v := &visit{t: t, who: hospital.Person{ID: "x", Name: "Xenia Young", Roles: roles, Unit: "4w"}.Actor(), jar: map[string]*http.Cookie{}}
	at := time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	base := dbtest.Open(t, db.Options{Now: now})
	if _, err := (db.Hospital{DB: base}).Import(t.Context(), hospital.Job("test"), smallHospital, true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	register := hospital.NewRegister(directory)
	tracker, err := tracking.NewTracker(t.Context(), register, db.Equipment{DB: base}, tracking.TrackerOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	stock := &inventory.Stock{Store: db.Stock{DB: base}, Register: register}
	v.door, err = web.New(web.Parts{Register: register, Now: now, Version: "test", Metrics: prometheus.NewRegistry(), Demo: demo,
		Log:       slog.New(slog.NewTextHandler(io.Discard, nil)),
		WhoAsks:   func(*http.Request) (hospital.Actor, bool) { return v.who, v.who.ID != "" },
		Equipment: &tracking.Equipment{Register: register, Store: db.Equipment{DB: base}, Tracker: tracker, Now: now},
		ColdChain: coldchain.NewMonitor(db.Fridges{DB: base}, notify.DefaultLadder(), register),
		Alarms:    &notify.Desk{Store: db.Alarms{DB: base}, Ladder: notify.DefaultLadder(), Now: now},
		Stock:     stock, Desk: &reorder.Desk{Store: db.Orders{DB: base}, Stock: stock, Register: register, Now: now}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *visit) send(method, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	v.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for _, cookie := range v.jar {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	v.door.ServeHTTP(w, r)
	for _, cookie := range w.Result().Cookies() {
		if v.jar[cookie.Name] = cookie; cookie.MaxAge < 0 {
			delete(v.jar, cookie.Name)
		}
	}
	return w
}

// shows asks for a page and holds what must and (after a "!") must not be on it.
func (v *visit) shows(path string, wanted ...string) string {
	v.t.Helper()
	w := v.send(http.MethodGet, path, nil)
	page := w.Body.String()
	if w.Code != http.StatusOK {
		v.t.Fatalf("%s answers %d: %s", path, w.Code, page)
	}
	for _, want := range wanted {
		if text, not := strings.CutPrefix(want, "!"); strings.Contains(page, text) == not {
			v.t.Errorf("%s: %q is there: %v", path, text, not)
		}
	}
	return page
}

func TestOneSearchFindsEverythingThatOneMaySee(t *testing.T) {
	v := visitHospital(t, nil, hospital.Nurse)
	v.shows("/search?q=pump", "Infusion pump 1", "!Influenza")
	v.shows("/search?q=vaccine", `href="/rooms/r1"`, `href="/fridges/f-1"`, `href="/stock/flu"`, "Influenza vaccine &lt;adult&gt;", "30 doses usable")
	v.shows("/search?q=v", "!/rooms/r1") // one letter names nothing
	v.shows("/search?q=zzz", "Nothing known as")
	// While somebody types: the first few of the same, without a page around them.
	v.shows("/search/answers?q=pu", "Infusion pump 1", `href="/assets/`, `href="/search?q=pu"`, "1 found so far", "!<html", "!<main")
	v.shows("/search/answers?q=vaccine", `href="/fridges/f-1"`, `href="/stock/flu"`)
	v.shows("/search/answers?q=zzz", "Nothing found yet", `href="/search?q=zzz"`)
	if w := v.send(http.MethodGet, "/search/answers?q=p", nil); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != "" {
		t.Errorf("one letter: %d %q", w.Code, w.Body)
	}
	v.shows("/", `hx-get="/search/answers"`, `id="answers"`)
	// A code on a box means one thing.
	for _, code := range []string{"4000000000013", "(01)04000000000013(17)270930(10)A1", "flu"} {
		if w := v.send(http.MethodGet, "/search?q="+url.QueryEscape(code), nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/stock/flu" {
			t.Errorf("%s leads to %d %q", code, w.Code, w.Header().Get("Location"))
		}
	}
	v.shows("/search?q=a1", `href="/stock/flu"`, "Lot A1")
	v.who.Roles = []hospital.Role{hospital.BiomedicalEngineer} // sees no stock
	v.shows("/search?q=vaccine", `href="/fridges/f-1"`, "!/stock/flu")
	v.shows("/search?q=a1", "!Lot A1")
	v.shows("/search/answers?q=vaccine", `href="/fridges/f-1"`, "!/stock/flu")
	v.shows("/search?q=4000000000013", "!/stock/flu")
}

func TestHomeBeginsWithWhatTheRoleLooksAtFirst(t *testing.T) {
	for role, first := range map[hospital.Role]string{hospital.Nurse: `id="free"`, hospital.Pharmacist: `id="needs"`, hospital.SupplyManager: `id="supplies"`} {
		page := visitHospital(t, nil, role).shows("/", "Good morning, Xenia", `data-live="/live?topics=alarms`)
		at := strings.Index(page, first)
		for _, block := range []string{`id="free"`, `id="needs"`, `id="cold"`, `id="supplies"`} {
			if other := strings.Index(page, block); at < 0 || other >= 0 && other < at {
				t.Errorf("%s looks at %s first, not at %s", role, block, first)
			}
		}
	}
	visitHospital(t, nil, hospital.Nurse).shows("/", "!wait for approval", "!/orders/proposals", "!/orders/late", "!/coldchain/due")
	visitHospital(t, nil, hospital.SupplyManager).shows("/", "wait for approval", "approvals", `href="/orders/late"`, "orders are late", "expire within 30 days")
	// Monday morning: nobody has looked at the fridge yet.
	v := visitHospital(t, nil, hospital.Pharmacist)
	page := v.shows("/", `id="home-checks" class="big number">1<`, `href="/coldchain/due"`, ">daily check to do<", "alarms to acknowledge", "lots to decide", `id="home-alarms" class="big number">0<`)
	if strings.Count(page, `id="home-decide"`) != 1 {
		t.Error("lots on hold are counted twice")
	}
	for _, leaf := range leavesOf(t, v.send(http.MethodGet, "/live.json?topics=needs", nil).Body.Bytes()) {
		if !strings.Contains(page, leaf.HTML) {
			t.Errorf("%s is pushed as %s, which the page does not draw", leaf.ID, leaf.HTML)
		}
	}
	v.who.Roles = []hospital.Role{hospital.Nurse}
	if w := v.send(http.MethodGet, "/live.json?topics=needs", nil); w.Code != http.StatusForbidden {
		t.Errorf("a nurse hears what a pharmacist has to do: %d", w.Code)
	}
}

// What is pushed to the home page and the wall must be what they drew, byte for byte.
func TestHomeAndWallAreFedWithTheirOwnLeaves(t *testing.T) {
	v := visitHospital(t, nil, hospital.SupplyManager)
	v.who.Roles = []hospital.Role{hospital.Pharmacist} // whose tile of what is on hold says that she decides
	pages := v.shows("/")
	v.who.Roles = []hospital.Role{hospital.SupplyManager}
	pages += v.shows("/") + v.shows("/wall/coldchain", "Vaccine fridge", `data-theme="wall"`, "!topbar")
	answer := v.send(http.MethodGet, "/live.json?topics=equipment/all,supplies,approvals,coldchain,wall/coldchain", nil)
	for _, leaf := range leavesOf(t, answer.Body.Bytes()) {
		if strings.Contains(leaf.ID, "fridge-") || leaf.ID == "fridges-summary" {
			continue // the board's
		}
		if !strings.Contains(pages, leaf.HTML) {
			t.Errorf("%s is pushed as %s, which no page drew", leaf.ID, leaf.HTML)
		}
	}
	if n := len(leavesOf(t, answer.Body.Bytes())); n < 9 {
		t.Errorf("%d leaves only: %s", n, answer.Body)
	}
	v.who.Roles = []hospital.Role{hospital.Nurse}
	if w := v.send(http.MethodGet, "/live.json?topics=approvals", nil); w.Code != http.StatusForbidden {
		t.Errorf("a nurse hears of approvals: %d", w.Code)
	}
}

func TestColoursAreChosenForThisBrowser(t *testing.T) {
	v := visitHospital(t, nil, hospital.Nurse)
	v.shows("/", "!data-theme")
	w := v.send(http.MethodPost, "/me/theme", url.Values{"theme": {"dark"}}, "Referer", "http://example.com/stock?show=low")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/stock?show=low" {
		t.Errorf("answered %d, led to %q", w.Code, w.Header().Get("Location"))
	}
	v.shows("/", `data-theme="dark"`)
	for _, elsewhere := range []string{"http://evil.example/x", "http://example.com//evil.example", "::", ""} {
		if w := v.send(http.MethodPost, "/me/theme", url.Values{"theme": {"light"}}, "Referer", elsewhere); w.Header().Get("Location") != "/" {
			t.Errorf("from %q led to %q", elsewhere, w.Header().Get("Location"))
		}
	}
	if w := v.send(http.MethodPost, "/me/theme", url.Values{"theme": {"plaid"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("plaid: %d", w.Code)
	}
	v.send(http.MethodPost, "/me/theme", url.Values{"theme": {""}})
	v.shows("/", "!data-theme")
	v.jar["wardwatch-theme"] = &http.Cookie{Name: "wardwatch-theme", Value: "<script>"}
	v.shows("/", "!data-theme", "!<script>")
}

func TestAFormSaysOnceWhatItDid(t *testing.T) {
	v := visitHospital(t, nil, hospital.Nurse)
	if w := v.send(http.MethodPost, "/assets/P-001/status", url.Values{"status": {"broken"}, "note": {"<b>"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	v.shows("/assets/P-001", `class="notice is-ok said"`, "Marked: Broken.")
	v.shows("/assets/P-001", `!class="notice is-ok said"`)
}

func TestVisitorsOfADemoPlayARole(t *testing.T) {
	people := []hospital.Person{{ID: "n", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}, Unit: "4w"}, {ID: "r", Name: "Ruth", Roles: []hospital.Role{hospital.SupplyManager}}}
	v := visitHospital(t, &web.Demo{Speed: func() float64 { return 60 }, Players: people})
	v.shows("/", "whole hospital") // nothing is known to be in her unit yet
	if w := v.send(http.MethodPost, "/assets/P-001/here", url.Values{"room": {"r1"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("answered %d", w.Code)
	}
	v.shows("/", "Nora", "nothing here is real", "clock × 60", `data-speed="60"`, "counted for 4 West")
	if w := v.send(http.MethodPost, "/demo/role", url.Values{"role": {"supply_manager"}}); w.Code != http.StatusSeeOther {
		t.Errorf("answered %d", w.Code)
	}
	v.shows("/", "Ruth", "wait for approval", "whole hospital")
	if w := v.send(http.MethodPost, "/demo/role", url.Values{"role": {"administrator"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a role that nobody has: %d", w.Code)
	}
	if w := v.send(http.MethodPost, "/me/unit", url.Values{"unit": {"4w"}}); w.Code != http.StatusSeeOther {
		t.Errorf("a unit: %d", w.Code)
	}
	v.shows("/", "counted for 4 West")
	if w := v.send(http.MethodPost, "/me/unit", url.Values{"unit": {"moon"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a unit that is not there: %d", w.Code)
	}
	// A real hospital has no such door.
	if w := visitHospital(t, nil, hospital.Nurse).send(http.MethodPost, "/demo/role", url.Values{"role": {"nurse"}}); w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a real hospital answers %d", w.Code)
	}
}

// TestPagesAreSentCompressed: what a browser unpacks, and only that.
func TestPagesAreSentCompressed(t *testing.T) {
	v := visitHospital(t, nil, hospital.Nurse)
	plain := v.shows("/search?q=pump", "Infusion pump 1")
	w := v.send(http.MethodGet, "/search?q=pump", nil, "Accept-Encoding", "gzip")
	packed := w.Body.Len()
	text, err := gzip.NewReader(w.Body)
	if err != nil || w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") {
		t.Fatalf("%v: %v", w.Header(), err)
	}
	page, err := io.ReadAll(text)
	if err != nil || !strings.Contains(string(page), "Infusion pump 1") || packed > len(plain)/3 {
		t.Errorf("%d bytes of %d, %v", packed, len(plain), err)
	}
	if w := v.send(http.MethodGet, "/healthz", nil, "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" {
		t.Error("two bytes are compressed")
	}
}

// TestEveryAnswerCarriesItsArmour: pages, refusals and static files alike.
func TestEveryAnswerCarriesItsArmour(t *testing.T) {
	v := visitHospital(t, nil, hospital.Nurse)
	for _, path := range []string{"/", "/search?q=pump", "/nowhere", "/orders", "/static/css/app.css"} {
		header := v.send(http.MethodGet, path, nil).Header()
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if !strings.Contains(header.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, header.Get(name))
			}
		}
		if policy := header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if cached := header.Get("Cache-Control"); !strings.HasPrefix(path, "/static") && cached != "no-store" {
			t.Errorf("%s may be kept: %q", path, cached)
		}
	}
	for _, path := range []string{"/nowhere", "/orders", "/assets/none"} {
		page := v.send(http.MethodGet, path, nil)
		if body := page.Body.String(); !strings.Contains(body, "Reference") || !strings.Contains(body, `href="/"`) || page.Header().Get("X-Request-Id") == "" {
			t.Errorf("%s answers %d without a way on: %s", path, page.Code, body)
		}
	}
}

type pushedLeaf struct{ ID, HTML string }

func leavesOf(t *testing.T, answer []byte) []pushedLeaf {
	t.Helper()
	var pushed struct {
		Fragments []pushedLeaf `json:"frags"`
	}
	if err := json.Unmarshal(answer, &pushed); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return pushed.Fragments
}
