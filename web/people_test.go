package web

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/tls"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/audit"
	"wardwatch/web/auth"
	"wardwatch/web/live"
)

// ward is a house with accounts, and a browser in front of it.
type ward struct {
	t       *testing.T
	door    *Door
	people  *People
	newKeys func() *account.Keys // as after a restart
	now     time.Time
	log     bytes.Buffer
	cookies map[string]string
	host    string
	secure  bool
}

const passphrase = "tiger-lamp-cloud-seven"

func newWard(t *testing.T, https bool) *ward {
	t.Helper()
	w := &ward{t: t, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), cookies: map[string]string{}, host: "127.0.0.1:8080"}
	log := slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	clock := func() time.Time { return w.now }
	d := dbtest.Open(t, db.Options{Now: clock, Announce: func(topics []string) {
		if w.door != nil {
			w.door.Changed(topics)
		}
	}})
	porter, err := account.NewPorter(db.Accounts{DB: d}, account.DefaultLimits(), clock)
	if err != nil {
		t.Fatal(err)
	}
	w.newKeys = func() *account.Keys { return account.NewKeys(db.Accounts{DB: d}, clock) }
	w.people = &People{Porter: porter, Keys: w.newKeys(), Guard: auth.NewGuard(porter, https, log),
		Trail: audit.Trail{Store: db.Trail{DB: d}}}
	w.door, err = New(Parts{Register: hospital.NewRegister(nil), Log: log, Metrics: prometheus.NewRegistry(), People: w.people, Now: clock, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// another is a second browser in front of the same house.
func (w *ward) another() *ward {
	return &ward{t: w.t, door: w.door, people: w.people, now: w.now, cookies: map[string]string{}, host: w.host, secure: w.secure}
}

func (w *ward) send(r *http.Request) *httptest.ResponseRecorder {
	r.Host = w.host
	if w.secure {
		r.TLS = &tls.ConnectionState{}
	}
	for name, value := range w.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	answer := httptest.NewRecorder()
	w.door.ServeHTTP(answer, r)
	for _, cookie := range answer.Result().Cookies() {
		w.cookies[cookie.Name] = cookie.Value
		if cookie.MaxAge < 0 {
			delete(w.cookies, cookie.Name)
		}
	}
	return answer
}

func (w *ward) get(path string) *httptest.ResponseRecorder {
	return w.send(httptest.NewRequest(get, path, nil))
}

func (w *ward) post(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(post, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.send(r)
}

func (w *ward) expect(answer *httptest.ResponseRecorder, status int, says ...string) {
	w.t.Helper()
	if answer.Code != status {
		w.t.Fatalf("answered %d %s, want %d\n%s", answer.Code, answer.Header().Get("Location"), status, answer.Body)
	}
	for _, text := range says {
		if !strings.Contains(answer.Body.String()+answer.Header().Get("Location"), text) {
			w.t.Errorf("the answer does not say %q:\n%s", text, answer.Body)
		}
	}
}

// firstAdministrator comes in by the one-time link.
func (w *ward) firstAdministrator() {
	w.t.Helper()
	link, _, err := w.people.Porter.FirstLink(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	page := "/setup/" + link.Reveal()
	w.expect(w.get(page), 200, "first administrator")
	w.expect(w.post(page, "name", "Ada Root", "email", "ada@linden.example", "password", "password1"), 422, "easy to guess", "Ada Root", "ada@linden.example")
	w.expect(w.post(page, "name", "Ada Root", "email", "ada@linden.example", "password", passphrase), 303)
	w.expect(w.get(page), 404, "used already")
}

var linkOnPage = regexp.MustCompile(`/setup/[A-Za-z0-9_-]{43}`)

// colleague gets an account from the administrator and comes in with another browser.
func (w *ward) colleague(name, email, role string) *ward {
	w.t.Helper()
	answer := w.post("/admin/people", "name", name, "email", email, "role", role)
	w.expect(answer, 201, "not shown again")
	other := w.another()
	page := linkOnPage.FindString(answer.Body.String())
	other.expect(other.get(page), 200, "Welcome, "+name)
	other.expect(other.post(page, "password", passphrase), 303)
	return other
}

func TestFromTheFirstLinkToAColleagueAtWork(t *testing.T) {
	w := newWard(t, false)
	w.expect(w.get("/admin/people"), 303, "/sign-in?next=%2Fadmin%2Fpeople")
	w.firstAdministrator()
	w.expect(w.get("/admin/people"), 200, "Ada Root", "Administrator")
	nora := w.colleague("Nora Ode", "nora@linden.example", "nurse")
	nora.expect(nora.get("/"), 200, "Nora Ode")
	nora.expect(nora.get("/admin/people"), 403)
	nora.expect(nora.post("/admin/people", "name", "Eve", "email", "eve@linden.example", "role", "administrator"), 403)
	nora.expect(nora.get("/admin/audit"), 403)

	w.expect(w.post("/admin/people/nora/disable"), 303)
	nora.expect(nora.get("/"), 303, "/sign-in")
	w.expect(w.post("/admin/people/ada/disable"), 422, "last administrator")
	w.expect(w.post("/admin/people/nora/enable"), 303)
	w.expect(w.post("/admin/people/nora", "name", "Nora Ode", "email", "not an address", "role", "nurse", "sign-password", passphrase), 422, "Give an e-mail address", "not an address")
	w.expect(w.post("/admin/people/nora", "name", "Nora Ode", "email", "nora@linden.example"), 422, "at least one role")
	w.expect(w.post("/admin/people/nora", "name", "Nora Ode-Falk", "email", "nora@linden.example", "role", "nurse", "role", "pharmacist"), 303)
	w.expect(w.get("/admin/people/nora"), 200, "Nora Ode-Falk")
	w.expect(w.get("/admin/people/nobody"), 404)

	nora.expect(nora.post("/sign-in", "email", "nora@linden.example", "password", passphrase), 303)
	nora.expect(nora.get("/"), 200, "Nora Ode-Falk", "Pharmacist")

	w.expect(w.get("/admin/audit"), 200, "person.disable", "account.first-administrator", "somebody at 192.0.2.1")
	w.expect(w.get("/admin/audit?deed=person.change&thing=person/nora"), 200, "Nora Ode-Falk")
	if strings.Contains(w.get("/admin/audit?deed=person.change").Body.String(), "account.sign-in") {
		t.Error("the filter let another deed through")
	}
	w.expect(w.get("/admin/audit?from=2026-03-03"), 200, "Nothing found")
	w.expect(w.get("/admin/audit?until=2026-03-02&who=ADA"), 200, "account.sign-in")
	w.expect(w.get("/admin/audit?from=yesterday&before=x"), 200, "A day is written")
}

func TestTheTrailIsTakenAwayAsAFile(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	w.expect(w.post("/admin/people", "name", "=cmd|' /C calc'!A0", "email", "eve@linden.example", "role", "nurse"), 201)
	w.expect(w.post("/admin/people/eve", "name", "=1+1", "email", "eve@linden.example", "role", "nurse"), 303)
	eve := w.another()
	page := linkOnPage.FindString(w.post("/admin/people/eve/link").Body.String())
	eve.expect(eve.post(page, "password", passphrase), 303)

	file := w.post("/admin/audit/export", "format", "csv", "who", "eve")
	w.expect(file, 200)
	if kind := file.Header().Get("Content-Type"); kind != "text/csv; charset=utf-8" || !strings.Contains(file.Header().Get("Content-Disposition"), `attachment; filename="audit-20260302-080000.csv"`) {
		t.Errorf("sent as %s, %s", kind, file.Header().Get("Content-Disposition"))
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.Body.String(), byteOrderMark))).ReadAll()
	if err != nil || len(rows) < 3 || rows[1][3] != "'=1+1" {
		t.Errorf("%v, %v", rows, err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("the cell %q would be taken for a formula", cell)
			}
		}
	}
	lines := strings.Split(strings.TrimSpace(w.post("/admin/audit/export", "format", "jsonl").Body.String()), "\n")
	var newest audit.Line
	if err := json.Unmarshal([]byte(lines[0]), &newest); err != nil || newest.Deed != "audit.export" || int(newest.Seq) != len(lines) {
		t.Errorf("the newest of %d lines is %+v, %v", len(lines), newest, err)
	}
	eve.expect(eve.post("/admin/audit/export"), 403)
	if !strings.Contains(w.log.String(), `msg=refused method=POST path=/admin/audit/export actor=eve`) {
		t.Error("the refusal is not in the log")
	}
}

func TestSignInAndOut(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	w.expect(w.post("/sign-out"), 303, "/sign-in")
	w.expect(w.get("/me"), 303, "/sign-in")
	w.expect(w.get("/sign-in?next=/admin/people"), 200, `value="/admin/people"`)
	w.expect(w.post("/sign-in", "email", "ada@linden.example", "password", "wrong", "next", "/admin/people"), 422, "not right", "ada@linden.example", `value="/admin/people"`)
	w.expect(w.post("/sign-in", "email", "ada@linden.example", "password", passphrase, "next", "/admin/people"), 303, "/admin/people")
	w.expect(w.get("/sign-in?next=/me"), 303, "/me")
	w.expect(w.get("/me"), 200, "This one")
}

func TestTheLogTellsNoSecret(t *testing.T) {
	w := newWard(t, false)
	link, _, err := w.people.Porter.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.expect(w.post("/setup/"+link.Reveal(), "name", "Ada", "email", "ada@linden.example", "password", passphrase), 303)
	w.expect(w.get("/me"), 200)
	if log := w.log.String(); strings.Contains(log, link.Reveal()) || strings.Contains(log, passphrase) || strings.Contains(log, w.cookies["ward"]) {
		t.Errorf("the log holds a secret:\n%s", log)
	}
}

func TestTheCookieIsHardToSteal(t *testing.T) {
	for _, c := range []struct {
		name          string
		https, byTLS  bool
		cookie        string
		secure, works bool
	}{
		{"plain http on this machine", false, false, "ward", false, true},
		{"https by a proxy", true, false, "__Host-ward", true, true},
		{"our own https", false, true, "__Host-ward", true, true},
	} {
		w := newWard(t, c.https)
		w.secure = c.byTLS
		w.firstAdministrator()
		for _, cookie := range w.post("/sign-in", "email", "ada@linden.example", "password", passphrase).Result().Cookies() {
			if cookie.Name != c.cookie || cookie.Secure != c.secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.MaxAge > 0 {
				t.Errorf("%s: %+v", c.name, cookie)
			}
		}
		w.expect(w.get("/me"), 200)
	}
}

func TestNoPasswordOverPlainHTTPFromElsewhere(t *testing.T) {
	w := newWard(t, false)
	w.host = "ward.linden.example:8080"
	w.expect(w.get("/sign-in"), 200, "did not come over https")
	w.expect(w.post("/sign-in", "email", "a@b.example", "password", passphrase), 403, "did not come over https")
	link, _, err := w.people.Porter.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.expect(w.post("/setup/"+link.Reveal(), "name", "Eve", "email", "eve@linden.example", "password", passphrase), 403)
}

func TestSigningInLeadsToAPageOfOursAlone(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	for next, want := range map[string]string{"/me": "/me", "/search?q=a%20b": "/search?q=a%20b", "//evil.example": "/", "https://evil.example": "/",
		`/\evil.example`: "/", "/\t/evil.example": "/", "": "/", "me": "/", "javascript:alert(1)": "/"} {
		answer := w.post("/sign-in", "email", "ada@linden.example", "password", passphrase, "next", next)
		if got := answer.Header().Get("Location"); got != want {
			t.Errorf("%q leads to %q", next, got)
		}
	}
}

func TestATooEagerVisitorWaits(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	for range 6 {
		w.expect(w.post("/sign-in", "email", "ada@linden.example", "password", "wrong"), 422)
	}
	w.expect(w.post("/sign-in", "email", "ada@linden.example", "password", passphrase), 429, "Wait 2 seconds")
}

func TestAnIdleBrowserIsSignedOut(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	w.now = w.now.Add(14 * time.Minute)
	w.expect(w.get("/me"), 200)
	w.now = w.now.Add(15 * time.Minute)
	w.expect(w.get("/me"), 303, "/sign-in")
}

func TestPasswordAndSessions(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	other := w.another()
	other.expect(other.post("/sign-in", "email", "ada@linden.example", "password", passphrase), 303)
	w.expect(w.post("/me/password", "old", "wrong", "new", "kettle under violet snow"), 422, "present password is not right")
	w.expect(w.post("/me/password", "old", passphrase, "new", "short"), 422, "at least 8")
	other.expect(other.get("/me"), 200)
	w.expect(w.post("/me/password", "old", passphrase, "new", "kettle under violet snow"), 303, "/me")
	w.expect(w.get("/me"), 200, "Your password is changed")
	other.expect(other.get("/me"), 303, "/sign-in")
	other.expect(other.post("/sign-in", "email", "ada@linden.example", "password", "kettle under violet snow"), 303)
	w.expect(w.post("/me/sign-out-elsewhere"), 303)
	other.expect(other.get("/me"), 303, "/sign-in")
	w.expect(w.post("/me/unit", "unit", "nowhere"), 422, "no such unit")
}

func TestTheSecondStepOnThePages(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	w.expect(w.get("/me"), 200, "Set up")
	w.expect(w.post("/me/two-step"), 422, "present password is not right")
	w.expect(w.post("/me/two-step", "sign-password", passphrase), 303, "/me#two-step")
	ada := hospital.Actor{ID: "ada"}
	second, err := w.people.Porter.TwoStep(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	w.expect(w.get("/me"), 200, second.Text(), "otpauth://totp/")
	w.expect(w.post("/me/two-step/confirm", "code", "000000"), 422, "The code is not right")
	w.expect(w.post("/me/two-step/end", "password", "wrong"), 422, "present password is not right")
	if err := w.people.Porter.ConfirmTwoStep(t.Context(), ada, codeOf(second, w.now)); err != nil {
		t.Fatal(err)
	}
	w.expect(w.get("/me"), 200, "Turn the second step off")

	w.now = w.now.Add(time.Minute)
	other := w.another()
	page := other.post("/sign-in", "email", "ada@linden.example", "password", passphrase, "next", "/admin/people")
	other.expect(page, 200, "Code from your phone", `value="/admin/people"`)
	other.expect(other.get("/me"), 303, "/sign-in")
	waiting := regexp.MustCompile(`name="waiting" value="([^"]+)"`).FindStringSubmatch(page.Body.String())[1]
	other.expect(other.post("/sign-in/code", "waiting", waiting, "next", "/admin/people", "code", "000000"), 422, "The code is not right")
	other.expect(other.post("/sign-in/code", "waiting", waiting, "next", "/admin/people", "code", codeOf(second, w.now)), 303, "/admin/people")
	other.expect(other.get("/admin/people/ada"), 200, "Phone lost")
	other.expect(other.post("/sign-in/code", "waiting", waiting, "code", codeOf(second, w.now)), 403, "Begin again")
	w.expect(w.post("/admin/people/ada/two-step-reset"), 422, "present password is not right", "Phone lost")
	w.now = w.now.Add(time.Minute)
	w.expect(w.post("/admin/people/ada/two-step-reset", "sign-password", passphrase, "sign-code", codeOf(second, w.now)), 303)
	other.expect(other.post("/sign-in", "email", "ada@linden.example", "password", passphrase), 303, "/")
}

// codeOf is what an authenticator app shows: RFC 6238.
func codeOf(second account.TwoStep, at time.Time) string {
	mac := hmac.New(sha1.New, second.Secret)
	_ = binary.Write(mac, binary.BigEndian, uint64(at.Unix()/30))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// An open page hears at once that its reader may not be there any more.
func TestOpenPagesCloseWithTheSession(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(admin, nora *ward)
		code int
	}{
		"signed out":          {func(_, nora *ward) { nora.expect(nora.post("/sign-out"), 303) }, live.CloseSignedOut},
		"signed out by admin": {func(admin, _ *ward) { admin.expect(admin.post("/admin/people/nora/disable"), 303) }, live.CloseSignedOut},
		"another role": {func(admin, _ *ward) {
			admin.expect(admin.post("/admin/people/nora", "name", "Nora", "email", "nora@linden.example", "role", "auditor"), 303)
		}, live.CloseSignedOut},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWard(t, false)
			w.firstAdministrator()
			nora := w.colleague("Nora", "nora@linden.example", "nurse")
			server := httptest.NewServer(w.door)
			defer server.Close()
			header := http.Header{"Cookie": {"ward=" + nora.cookies["ward"]}, "Origin": {server.URL}}
			socket, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/live?topics=alarms", header)
			if err != nil {
				t.Fatal(err)
			}
			defer socket.Close()
			if _, _, err := socket.ReadMessage(); err != nil { // the greeting
				t.Fatal(err)
			}
			c.do(w, nora)
			_ = socket.SetReadDeadline(time.Now().Add(2 * time.Minute))
			for err == nil {
				_, _, err = socket.ReadMessage()
			}
			if !websocket.IsCloseError(err, c.code) {
				t.Errorf("the socket ended with %v", err)
			}
		})
	}
}

func TestTokensAreShownOnce(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	answer := w.post("/admin/tokens", "name", "Pharmacy ceiling", "gateway", " gw-01 ")
	w.expect(answer, 201, "not shown again")
	secret := regexp.MustCompile(`ww_[A-Za-z0-9_-]{43}`).FindString(answer.Body.String())
	if gateway, err := w.people.Keys.Check(t.Context(), secret); err != nil || gateway != "gw-01" {
		t.Errorf("the token %q speaks for %q, %v", secret, gateway, err)
	}
	page := w.get("/admin/tokens")
	w.expect(page, 200, "Pharmacy ceiling", "gw-01", "Good")
	if strings.Contains(page.Body.String(), secret) {
		t.Error("the token is shown again")
	}
	id := regexp.MustCompile(`t-[a-z0-9]{8}`).FindString(page.Body.String())
	w.expect(w.post("/admin/tokens/"+id+"/rotate"), 201, "not shown again", "Good until")
	w.expect(w.post("/admin/tokens/"+id+"/revoke"), 303)
	w.expect(w.get("/admin/tokens"), 200, "Revoked")
	w.expect(w.post("/admin/tokens", "name", ""), 422, "Give the token a name")
	w.expect(w.post("/admin/tokens/t-none/revoke"), 404)
}

func TestMetricsAreForThisMachineOrAToken(t *testing.T) {
	w := newWard(t, false)
	_, secret, err := w.people.Keys.Add(t.Context(), hospital.Job("test"), "Prometheus", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		remote, host, bearer, forwarded string
		want                            int
	}{
		"on this machine":   {"127.0.0.1:5000", "localhost:8080", "", "", 200},
		"on this machine 6": {"[::1]:5000", "[::1]:8080", "", "", 200},
		"from elsewhere":    {"10.0.0.9:5000", "ward.example", "", "", 401},
		"by a proxy":        {"127.0.0.1:5000", "ward.example", "", "", 401},
		"by a proxy 2":      {"127.0.0.1:5000", "127.0.0.1:8080", "", "10.0.0.9", 401},
		"with a token":      {"10.0.0.9:5000", "ward.example", secret.Reveal(), "", 200},
		"with a wrong one":  {"10.0.0.9:5000", "ward.example", "ww_wrong", "", 403},
	} {
		w.host = c.host
		r := httptest.NewRequest(get, "/metrics", nil)
		r.RemoteAddr = c.remote
		if c.bearer != "" {
			r.Header.Set("Authorization", "Bearer "+c.bearer)
		}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := w.send(r).Code; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// What people type stays text on every page that shows it.
func TestHostileNamesStayText(t *testing.T) {
	const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	w := newWard(t, false)
	w.firstAdministrator()
	w.expect(w.post("/admin/people", "name", hostile, "email", "eve@linden.example", "role", "nurse"), 201)
	w.expect(w.post("/admin/tokens", "name", hostile, "gateway", hostile), 201)
	w.expect(w.post("/admin/people/eve", "name", hostile, "email", hostile, "role", "nurse"), 422)
	w.expect(w.post("/sign-in", "email", hostile, "password", "x", "next", hostile), 422)
	for _, path := range []string{"/admin/people", "/admin/people/eve", "/admin/tokens", "/admin/audit", "/admin/audit?who=" + url.QueryEscape(hostile)} {
		body := w.get(path).Body.String()
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") {
			t.Errorf("%s holds the script", path)
		}
	}
}

// An outsider gets the sign-in page and nothing else.
func TestAStrangerGetsNothing(t *testing.T) {
	w := newWard(t, false)
	for _, r := range w.door.routes() {
		if r.permission == Public || r.permission == ByToken {
			continue
		}
		request := httptest.NewRequest(r.method, strings.NewReplacer(":id", "x", "*", "x").Replace(r.path), nil)
		if answer := w.send(request); answer.Code != 303 || !strings.HasPrefix(answer.Header().Get("Location"), "/sign-in") {
			t.Errorf("%s %s: %d", r.method, r.path, answer.Code)
		}
	}
}
