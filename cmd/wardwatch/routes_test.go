package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/document"
	"wardwatch/web"
)

// wholeHouse is the house as serve builds it, with the small hospital in it; nothing runs.
func wholeHouse(t testing.TB) (*house, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	c := config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: "sqlite:" + filepath.Join(t.TempDir(), "w.db"), MailFrom: "wardwatch@linden.example"}
	importSmallHospital(t, c.DB)
	skew := new(atomic.Int64)
	h, err := build(t.Context(), c, newLog(&log, slog.LevelInfo), func() time.Time { return time.Now().Add(time.Duration(skew.Load())) })
	if err != nil {
		t.Fatal(err)
	}
	skews.Store(h, skew)
	t.Cleanup(func() {
		skews.Delete(h)
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
	return h, &log
}

// importSmallHospital makes the database at dsn, with the small hospital in it.
func importSmallHospital(t testing.TB, dsn string) {
	t.Helper()
	file, err := small()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.TrimPrefix(dsn, "sqlite:"), file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// small is the file of a database with the small hospital in it, imported once for all tests.
var small = sync.OnceValues(func() (file []byte, err error) {
	folder, err := os.MkdirTemp("", "wardwatch-small-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "w.db")
	if err := importAnew(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// importAnew makes a database at path with the small hospital in it, and a trail of its own.
func importAnew(path string) error {
	text, err := os.ReadFile(smallHospital)
	if err != nil {
		return err
	}
	doc, err := document.Read(bytes.NewReader(text))
	if err != nil {
		return err
	}
	d, err := db.Open(context.Background(), path, db.Options{})
	if err != nil {
		return err
	}
	_, err = db.Hospital{DB: d}.Import(context.Background(), hospital.Job("test"), doc, true)
	return errors.Join(err, d.Close())
}

// skews are how far the clocks of whole houses run ahead: a visitor who is told to come
// back later does so at once.
var skews sync.Map // *house → *atomic.Int64

// visitor is somebody in front of the house, with or without a session.
type visitor struct {
	house  *house
	name   string
	person hospital.Person
	secret account.Secret
}

func (v visitor) ask(method, path string) *httptest.ResponseRecorder { return v.send(method, path, "") }

// send is ask with a form. Who asked too often comes back when she was told to: what is
// looked at in bulk is looked at all the same.
func (v visitor) send(method, path, form string) *httptest.ResponseRecorder {
	answer := v.sendOnce(method, path, form)
	later, err := strconv.Atoi(answer.Header().Get("Retry-After"))
	skew, known := skews.Load(v.house)
	if answer.Code != http.StatusTooManyRequests || err != nil || !known {
		return answer
	}
	skew.(*atomic.Int64).Add(int64(later) * int64(time.Second))
	return v.sendOnce(method, path, form)
}

func (v visitor) sendOnce(method, path, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form))
	r.Host = "127.0.0.1"
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.secret != "" {
		r.AddCookie(&http.Cookie{Name: "ward", Value: v.secret.Reveal()})
	}
	answer := httptest.NewRecorder()
	v.house.door.ServeHTTP(answer, r)
	return answer
}

// visitors are one person a role, for the whole hospital and for Ward A alone.
func visitors(t *testing.T, h *house) []visitor {
	t.Helper()
	var all []visitor
	for _, role := range hospital.Roles() {
		all = append(all, newVisitor(t, h, string(role), role, nil), newVisitor(t, h, string(role)+"-of-ward-a", role, hospital.Limits{role: {"ward-a"}}))
	}
	return all
}

func newVisitor(t testing.TB, h *house, name string, role hospital.Role, limits hospital.Limits) visitor {
	t.Helper()
	return newVisitorOf(t, h, name, []hospital.Role{role}, limits)
}

// newVisitorOf is somebody in several roles.
func newVisitorOf(t testing.TB, h *house, name string, roles []hospital.Role, limits hospital.Limits) visitor {
	t.Helper()
	porter := h.parts.People.Porter
	person, link, err := porter.Add(t.Context(), atTheConsole, hospital.Person{Name: name, Email: name + "@linden.example", Roles: roles, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := porter.Redeem(t.Context(), link, account.Newcomer{Password: "tiger-lamp-cloud-seven"}, account.Origin{Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	return visitor{h, name, person, secret}
}

// placeOf fills a route's parameters with things of the small hospital.
func placeOf(r web.Route) string {
	path := r.Path
	for _, known := range [][2]string{{"/assets/:id", "/assets/P-001"}, {"/fridges/:id", "/fridges/f-01"}, {"/stock/:item", "/stock/mmr"}, {"/floors/:id", "/floors/g"},
		{"/rooms/:id", "/rooms/g-lift"}, {"/lots/:lot", "/lots/lot-1"},
		{"/admin/people/:id", "/admin/people/n.ode"}, {"/units/:id", "/units/ward-a"}} {
		if rest, ok := strings.CutPrefix(path, known[0]); ok {
			path = known[1] + rest
			break
		}
	}
	steps := strings.Split(path, "/")
	for i, step := range steps {
		if strings.HasPrefix(step, ":") || step == "*" {
			steps[i] = "1"
		}
	}
	return strings.Join(steps, "/")
}

func needsSession(r web.Route) bool { return r.Permission != web.Public && r.Permission != web.ByToken }

// An item whose short name is a page's could be imported and never be looked at.
func TestNoItemTakesTheNameOfAPage(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	for _, r := range h.door.Routes() {
		rest, under := strings.CutPrefix(r.Path, "/stock/")
		if first, _, _ := strings.Cut(rest, "/"); under && !strings.HasPrefix(first, ":") && !hospital.ItemNameTaken(first) {
			t.Errorf("an item may be called %q, and %s hides it", first, r.Path)
		}
	}
}

func TestAStrangerGetsTheSignInPageAndNothingElse(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	stranger := visitor{house: h, name: "stranger"}
	forged := visitor{house: h, name: "forger", secret: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
	for _, r := range h.door.Routes() {
		if !needsSession(r) {
			continue
		}
		for _, v := range []visitor{stranger, forged} {
			answer := v.ask(r.Method, placeOf(r))
			if answer.Code != http.StatusSeeOther || !strings.HasPrefix(answer.Header().Get("Location"), "/sign-in") {
				if answer.Code != http.StatusUnauthorized {
					t.Errorf("%s %s answers %d to a %s", r.Method, r.Path, answer.Code, v.name)
				}
			}
			if strings.Contains(answer.Body.String(), "P-001") {
				t.Errorf("%s %s tells a %s what is here", r.Method, r.Path, v.name)
			}
		}
	}
}

// Every route and method is tried with every role: who lacks the permission gets
// 403 and nothing else, who has it is never refused at the door, and nothing
// fails inside. What may be public is listed here by name.
func TestEveryRouteWithEveryRole(t *testing.T) {
	t.Parallel()
	h, log := wholeHouse(t)
	people := visitors(t, h)
	for _, r := range h.door.Routes() {
		if !needsSession(r) || r.Path == "/live" || r.Path == "/lock" { // who is locked sees nothing more
			continue
		}
		for _, v := range people {
			may := r.Permission == web.SignedIn || v.person.Actor().May(r.Permission)
			answer := v.ask(r.Method, placeOf(r))
			switch {
			case !may && answer.Code != http.StatusForbidden:
				t.Errorf("%s %s answers %d to the %s, who may not %s", r.Method, r.Path, answer.Code, v.name, r.Permission)
			case may && v.person.Limits == nil && (answer.Code == http.StatusForbidden || answer.Code == http.StatusUnauthorized):
				t.Errorf("%s %s answers %d to the %s, who may %s", r.Method, r.Path, answer.Code, v.name, r.Permission)
			case answer.Code >= http.StatusInternalServerError:
				t.Errorf("%s %s answers %d to the %s", r.Method, r.Path, answer.Code, v.name)
			}
		}
	}
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "level=ERROR") {
			t.Error(line)
		}
	}
}

func TestWhatIsPublicIsListed(t *testing.T) {
	h, _ := wholeHouse(t)
	answers := []string{"GET /answer/:link", "POST /answer/:link", // the link of a message is a secret of its own, and so is a display's
		"GET /wall/t/:link", "GET /wall/t/:link/live", "GET /wall/t/:link/live.json"}
	public := []string{"GET /healthz", "GET /readyz", "GET /metrics", "GET /version", "GET /sw.js", "GET /offline", "GET /static/*", "HEAD /static/*", "POST /me/theme", "POST /me/language",
		"GET /sign-in", "POST /sign-in", "POST /sign-in/code", "POST /sign-out", "POST /unlock", "POST /unlock/pin", "GET /sign-in/sso", "GET /sign-in/sso/back",
		"GET /scim/v2/ServiceProviderConfig", "GET /scim/v2/ResourceTypes", "GET /scim/v2/Schemas", "GET /scim/v2/Users", "POST /scim/v2/Users",
		"GET /scim/v2/Users/:id", "PUT /scim/v2/Users/:id", "PATCH /scim/v2/Users/:id", "DELETE /scim/v2/Users/:id", "POST /sign-in/passkey/begin", "POST /sign-in/passkey", "GET /setup/:link", "POST /setup/:link", "POST /ingest",
		"POST /suppliers/answers", "POST /oauth/token", "GET /.well-known/smart-configuration", "POST /ems", "POST /coldchain/v1/login", "PUT /coldchain/v1/sensor", "PUT /coldchain/v1/temperature-log", "PUT /coldchain/v1/temperature-breach"}
	for _, r := range h.door.Routes() {
		if name := r.Method + " " + r.Path; !needsSession(r) && !slices.Contains(public, name) && !slices.Contains(answers, name) {
			t.Errorf("%s is open to anybody", name)
		}
		if strings.HasPrefix(r.Path, "/demo") {
			t.Errorf("%s is in a real house", r.Path)
		}
	}
}

// A GET changes nothing, whoever asks; that somebody searched the audit trail is noted in it.
func TestNoGetWrites(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	people := visitors(t, h)
	tables := everyTable(t, h.db)
	before, commits := digest(t, h.db, tables), commitsTo(t, h)
	seen := commits()
	for _, r := range h.door.Routes() {
		if r.Method != http.MethodGet || r.Path == "/live" || r.Path == "/live.json" {
			continue
		}
		for _, v := range people {
			v.ask(r.Method, placeOf(r))
		}
		now := commits()
		if now == seen {
			continue // nothing at all was written
		}
		seen = now
		if after := digest(t, h.db, tables); after != before {
			t.Errorf("GET %s changed the database", r.Path)
			before = after
		}
	}
}

// commitsTo answers with another number each time that something was committed since.
func commitsTo(t *testing.T, h *house) func() int {
	t.Helper()
	watching, err := sql.Open("sqlite", strings.TrimPrefix(h.config.DB, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = watching.Close() })
	watching.SetMaxOpenConns(1) // each connection counts for itself
	return func() (version int) {
		if err := watching.QueryRowContext(t.Context(), `PRAGMA data_version`).Scan(&version); err != nil {
			t.Fatal(err)
		}
		return version
	}
}

// butLooks leaves out what a sensitive look leaves in the audit trail, and that somebody was
// there, which her session notes to the minute.
var butLooks = map[string]string{"audit": ` WHERE what NOT LIKE '%.look'`, "sessions": ` WHERE 1 = 0`}

// everything is a digest of all tables.
func everything(t *testing.T, d *db.DB) string {
	t.Helper()
	return digest(t, d, everyTable(t, d))
}

// everyTable is for each table the query that answers with all of it as one text.
func everyTable(t *testing.T, d *db.DB) (queries []string) {
	t.Helper()
	for _, table := range column(t, d, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name`) {
		row := `json_array(` + strings.Join(column(t, d, `SELECT 'quote("' || name || '")' FROM pragma_table_info('`+table+`')`), ",") + `)`
		queries = append(queries, `SELECT COALESCE(group_concat(line, char(10)), '') FROM (SELECT `+row+` AS line FROM "`+table+`"`+butLooks[table]+` ORDER BY 1)`)
	}
	return queries
}

func digest(t *testing.T, d *db.DB, tables []string) string {
	t.Helper()
	sum := sha256.New()
	for _, query := range tables {
		fmt.Fprintln(sum, query, column(t, d, query))
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func column(t *testing.T, d *db.DB, query string) (values []string) {
	t.Helper()
	rows, err := d.Query(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}
