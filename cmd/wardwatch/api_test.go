package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/web"
	"wardwatch/web/api"
)

// office is a program in front of the house, with a token for each role.
type office struct {
	*testing.T
	house    *house
	at       time.Time
	tokens   map[hospital.Role]string
	document map[string]any
	schemas  *jsonschema.Compiler
	// described are the operations that were answered as described.
	described map[string]bool
}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), tokens: map[hospital.Role]string{}, described: map[string]bool{}}
	c := config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: "sqlite:" + filepath.Join(t.TempDir(), "w.db")}
	importSmallHospital(t, c.DB)
	var err error
	if o.house, err = build(t.Context(), c, slog.New(slog.NewTextHandler(io.Discard, nil)), func() time.Time { return o.at }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.house.close(); err != nil {
			t.Error(err)
		}
	})
	for _, role := range hospital.Roles() {
		_, secret, err := o.house.parts.People.Keys.AddReader(t.Context(), atTheConsole, "reads as "+string(role), role)
		if err != nil {
			t.Fatal(err)
		}
		o.tokens[role] = secret.Reveal()
	}
	o.learn()
	return o
}

// learn reads the description that the house gives of itself.
func (o *office) learn() {
	o.Helper()
	w := o.ask(hospital.Nurse, http.MethodGet, "/api/v1/openapi.json", "")
	document, err := jsonschema.UnmarshalJSON(w.Body)
	if err != nil {
		o.Fatal(err)
	}
	o.document = document.(map[string]any)
	o.schemas = jsonschema.NewCompiler()
	o.schemas.AssertFormat()
	if err := o.schemas.AddResource("https://ward.example/openapi.json", document); err != nil {
		o.Fatal(err)
	}
}

func (o *office) ask(role hospital.Role, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	o.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token := o.tokens[role]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	o.house.door.ServeHTTP(w, r)
	return w
}

// tells asks as a role and holds the answer against its description.
func (o *office) tells(role hospital.Role, method, path, body string, status int) (answer map[string]any) {
	o.Helper()
	w := o.ask(role, method, path, body)
	if w.Code != status {
		o.Fatalf("%s %s %s: %d, want %d: %.400s", method, path, body, w.Code, status, w.Body)
	}
	text := w.Body.Bytes()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		o.Fatalf("%s %s: %v in %.200s", method, path, err, text)
	}
	kind := w.Header().Get("Content-Type")
	o.hold(method, path, status, kind, value)
	if err := json.Unmarshal(text, &answer); err != nil {
		o.Fatal(err)
	}
	return answer
}

// hold validates an answer with the schema that the document has for it.
func (o *office) hold(method, path string, status int, kind string, value any) {
	o.Helper()
	at, ok := o.describedPath(path)
	if !ok {
		o.Errorf("%s is not described", path)
		return
	}
	pointer := fmt.Sprintf("#/paths/%s/%s/responses/%d", escaped(at), strings.ToLower(method), status)
	if status != http.StatusOK {
		pointer, kind = "#/components/schemas/Problem", strings.TrimPrefix(kind, "application/problem+json")
		if kind != "" {
			o.Errorf("%s %s refuses as %q", method, path, kind)
		}
	} else {
		pointer += "/content/application~1json/schema"
		o.described[method+" "+at] = true
	}
	schema, err := o.schemas.Compile("https://ward.example/openapi.json" + pointer)
	if err != nil {
		o.Fatalf("%s %s: %v", method, path, err)
	}
	if err := schema.Validate(value); err != nil {
		o.Errorf("%s %s is not as described: %v", method, path, err)
	}
}

func escaped(path string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(path))
}

// describedPath is the document's path for an address, those without parameters first.
func (o *office) describedPath(address string) (string, bool) {
	address, _, _ = strings.Cut(address, "?")
	paths := o.document["paths"].(map[string]any)
	if paths[address] != nil {
		return address, true
	}
	steps := strings.Split(address, "/")
	for path := range paths {
		of := strings.Split(path, "/")
		if len(of) == len(steps) {
			fits := true
			for i := range of {
				fits = fits && (of[i] == steps[i] || strings.HasPrefix(of[i], "{"))
			}
			if fits {
				return path, true
			}
		}
	}
	return "", false
}

func items(answer map[string]any) (lines []map[string]any) {
	for _, line := range answer["items"].([]any) {
		lines = append(lines, line.(map[string]any))
	}
	return lines
}

// warm has the fridge warm for half an hour: an excursion begins and an alarm rings.
func (o *office) warm() {
	o.Helper()
	var readings []coldchain.Reading
	for i := range 8 {
		at := o.at.Add(time.Duration(i-8) * 5 * time.Minute)
		for _, channel := range []string{"probe", "air"} {
			readings = append(readings, coldchain.Reading{Sensor: "c4000000000a", Channel: channel, Temp: coldchain.FromCelsius(9.5), MeasuredAt: at, ReceivedAt: at, Source: "http"})
		}
	}
	if _, err := o.house.monitor.Observe(o.Context(), readings); err != nil {
		o.Fatal(err)
	}
}

func (o *office) moveTo(asset tracking.AssetID, room hospital.RoomID, floor hospital.FloorID) {
	o.Helper()
	err := db.Equipment{DB: o.house.db}.InTx(o.Context(), func(tx tracking.Tx) error {
		o.at = o.at.Add(time.Second)
		place := tracking.Place{Room: room, Floor: floor, Since: o.at, SeenAt: o.at, Confidence: 0.9, Why: "radio", BatteryPct: tracking.NoBattery, Gateway: "gw-01"}
		if err := tx.SetPlace(o.Context(), asset, place); err != nil {
			return err
		}
		return tx.AddMove(o.Context(), tracking.Move{Asset: asset, Kind: tracking.Arrival, To: room, ToFloor: floor, At: o.at, Confidence: 0.9, Why: "radio"})
	})
	if err != nil {
		o.Fatal(err)
	}
}

func TestAProgramFindsAPump(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.moveTo("P-001", "f1-clean", "f1")
	found := items(o.tells(hospital.Nurse, "GET", "/api/v1/assets/nearest?kind=pump&room=g-pharmacy", "", 200))
	if len(found) != 1 || found[0]["asset"].(map[string]any)["id"] != "P-001" || found[0]["reason"] == "" {
		t.Errorf("nearest: %v", found)
	}
	o.tells(hospital.Nurse, "GET", "/api/v1/assets/nearest?kind=pump", "", 400)
	if found := items(o.tells(hospital.Nurse, "GET", "/api/v1/assets/search?q=wheel", "", 200)); len(found) != 1 {
		t.Errorf("search: %v", found)
	}
	pump := o.tells(hospital.Nurse, "GET", "/api/v1/assets/P-001", "", 200)
	if place := pump["place"].(map[string]any); place["room_name"] != "Clean utility" || pump["freshness"] != "fresh" {
		t.Errorf("pump: %v", pump)
	}
	if tags := pump["tags"].([]any); len(tags) != 2 {
		t.Errorf("tags: %v", tags)
	}
	marked := o.tells(hospital.Nurse, "POST", "/api/v1/assets/P-001/status", `{"status":"broken","note":"leaks"}`, 200)
	if marked["status"] != "broken" || marked["status_by"] != "reads as nurse" {
		t.Errorf("marked: %v", marked)
	}
	if free := items(o.tells(hospital.Nurse, "GET", "/api/v1/assets/nearest?kind=pump&room=g-pharmacy", "", 200)); len(free) != 0 {
		t.Errorf("a broken pump is offered: %v", free)
	}
	history := items(o.tells(hospital.Nurse, "GET", "/api/v1/assets/P-001/history", "", 200))
	if len(history) != 2 || history[0]["what"] != "mark" || history[1]["to_room"] != "f1-clean" {
		t.Errorf("history: %v", history)
	}
	places := o.tells(hospital.Nurse, "GET", "/api/v1/places", "", 200)
	floor := places["floors"].([]any)[1].(map[string]any)
	if floor["assets"] != 1.0 || places["unlocated"] != 1.0 {
		t.Errorf("places: %v", places)
	}
	o.tells(hospital.Nurse, "GET", "/api/v1/assets/Z-9", "", 404)
	o.tells(hospital.SupplyManager, "POST", "/api/v1/assets/P-001/status", `{"status":"free"}`, 403)
}

func TestAProgramReadsTheColdChainAndAcknowledges(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.tells(hospital.Nurse, "GET", "/api/v1/fridges/f-01", "", 200) // before anything has come
	o.warm()
	board := items(o.tells(hospital.Nurse, "GET", "/api/v1/fridges", "", 200))
	if board[0]["condition"] != "out of range" || board[0]["celsius"] != 9.5 || len(board[0]["running"].([]any)) == 0 {
		t.Errorf("board: %v", board)
	}
	running := items(o.tells(hospital.Nurse, "GET", "/api/v1/excursions?running=true&fridge=f-01", "", 200))
	if len(running) == 0 || running[0]["limit_celsius"] != 8.0 {
		t.Fatalf("excursions: %v", running)
	}
	o.tells(hospital.Nurse, "GET", fmt.Sprintf("/api/v1/excursions/%v", running[0]["id"]), "", 200)
	o.tells(hospital.Nurse, "GET", "/api/v1/excursions/999", "", 404)
	open := items(o.tells(hospital.Nurse, "GET", "/api/v1/alarms?state=open", "", 200))
	if len(open) != 1 || open[0]["state"] != "active" || open[0]["subject"] != "fridge/f-01" {
		t.Fatalf("alarms: %v", open)
	}
	path := fmt.Sprintf("/api/v1/alarms/%v", open[0]["id"])
	answer := fmt.Sprintf(`{"reason":"door","note":"stocktaking","version":%v}`, open[0]["version"])
	o.tells(hospital.Auditor, "POST", path+"/acknowledge", answer, 403)
	o.tells(hospital.Nurse, "POST", path+"/acknowledge", `{"reason":"tired","version":1}`, 422)
	o.tells(hospital.Nurse, "POST", path+"/acknowledge", `{"reason":"door"}`, 422)
	done := o.tells(hospital.Nurse, "POST", path+"/acknowledge", answer, 200)
	if done["state"] != "acknowledged" || done["acknowledgement"].(map[string]any)["by"] != "reads as nurse" {
		t.Errorf("acknowledged: %v", done)
	}
	o.tells(hospital.Nurse, "POST", path+"/acknowledge", answer, 409)
	o.tells(hospital.Nurse, "POST", path+"/close", fmt.Sprintf(`{"note":"over","version":%v}`, done["version"]), 422)
	o.tells(hospital.Nurse, "GET", path, "", 200)
	for range 4 { // it cools
		o.at = o.at.Add(5 * time.Minute)
		at := o.at
		for _, channel := range []string{"probe", "air"} {
			_, err := o.house.monitor.Observe(t.Context(), []coldchain.Reading{{Sensor: "c4000000000a", Channel: channel, Temp: 5000, MeasuredAt: at, ReceivedAt: at}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	now := o.tells(hospital.Nurse, "GET", path, "", 200)["alarm"].(map[string]any)
	closed := o.tells(hospital.Nurse, "POST", path+"/close", fmt.Sprintf(`{"note":"door shut","version":%v}`, now["version"]), 200)
	if closed["state"] != "closed" {
		t.Errorf("closed: %v", closed)
	}
}

func TestALongListIsToldPartByPart(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.warm()
	var whole []map[string]any
	cursor, parts := "", 0
	for {
		part := o.tells(hospital.Nurse, "GET", "/api/v1/readings?fridge=f-01&limit=3&cursor="+cursor, "", 200)
		whole = append(whole, items(part)...)
		parts++
		next, more := part["next"].(string)
		if !more {
			break
		}
		cursor = next
	}
	if len(whole) != 16 || parts != 6 {
		t.Errorf("%d readings in %d parts", len(whole), parts)
	}
	once := items(o.tells(hospital.Nurse, "GET", "/api/v1/readings?fridge=f-01&limit=1000", "", 200))
	if fmt.Sprint(once) != fmt.Sprint(whole) {
		t.Errorf("part by part and at once differ:\n%v\n%v", whole, once)
	}
	within := items(o.tells(hospital.Nurse, "GET", "/api/v1/readings?fridge=f-01&from=2026-05-04T11:30:00Z&to=2026-05-04T11:40:00%2B00:00", "", 200))
	if len(within) != 4 {
		t.Errorf("of ten minutes: %v", within)
	}
	for _, wrong := range []string{"limit=0", "limit=1001", "limit=x", "cursor=AAAA", "cursor=" + strings.Repeat("A", 700), "from=yesterday", "fridges=f-01", "fridge=f-01&fridge=f-02"} {
		o.tells(hospital.Nurse, "GET", "/api/v1/readings?fridge=f-01&"+wrong, "", 400)
	}
	o.tells(hospital.Nurse, "GET", "/api/v1/readings", "", 400)
	o.tells(hospital.Nurse, "GET", "/api/v1/readings?fridge=f-99", "", 404)
	// A cursor of one list is none of another.
	o.tells(hospital.Nurse, "GET", "/api/v1/alarms?cursor="+cursor, "", 400)
	first := o.tells(hospital.Nurse, "GET", "/api/v1/assets?limit=1", "", 200)
	second := o.tells(hospital.Nurse, "GET", "/api/v1/assets?limit=1&cursor="+first["next"].(string), "", 200)
	if items(first)[0]["id"] != "P-001" || items(second)[0]["id"] != "W-001" || second["next"] != nil {
		t.Errorf("assets: %v then %v", first, second)
	}
}

func TestAProgramSeesStockAndAnswersProposals(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	pharmacist := hospital.Person{ID: "p.falk", Name: "Petra", Roles: []hospital.Role{hospital.Pharmacist}}.Actor()
	use := inventory.Taking{Item: "mmr", Place: "fridge-1", Quantity: 20, Why: "clinic"}
	if err := o.house.parts.Stock.Use(t.Context(), pharmacist, use); err != nil {
		t.Fatal(err)
	}
	if err := o.house.reorders.Nightly(t.Context()); err != nil {
		t.Fatal(err)
	}
	manager := hospital.SupplyManager
	low := items(o.tells(manager, "GET", "/api/v1/stock?show=low", "", 200))
	if len(low) != 1 || low[0]["usable"] != 14.0 {
		t.Errorf("low: %v", low)
	}
	first := o.tells(manager, "GET", "/api/v1/stock?limit=1", "", 200)
	second := o.tells(manager, "GET", "/api/v1/stock?limit=1&cursor="+first["next"].(string), "", 200)
	if items(first)[0]["id"] != "gloves-m" || items(second)[0]["id"] != "mmr" {
		t.Errorf("items: %v then %v", first, second)
	}
	o.tells(manager, "GET", "/api/v1/stock/mmr", "", 200)
	o.tells(manager, "GET", "/api/v1/stock/none", "", 404)
	ledger := items(o.tells(manager, "GET", "/api/v1/stock/mmr/ledger", "", 200))
	if len(ledger) != 2 || ledger[0]["quantity"] != -20.0 || ledger[1]["kind"] != "opening" {
		t.Errorf("ledger: %v", ledger)
	}
	if lots := items(o.tells(manager, "GET", "/api/v1/lots?expires_by=2028-02-29", "", 200)); len(lots) != 1 || lots[0]["usable"] != 14.0 {
		t.Errorf("lots: %v", lots)
	}
	o.tells(manager, "GET", "/api/v1/lots?expires_by=soon", "", 400)
	o.tells(manager, "GET", "/api/v1/holds", "", 200)
	open := items(o.tells(manager, "GET", "/api/v1/proposals?open=true", "", 200))
	if len(open) != 1 || open[0]["item"] != "mmr" {
		t.Fatalf("proposals: %v", open)
	}
	path := fmt.Sprintf("/api/v1/proposals/%v", open[0]["id"])
	o.tells(hospital.Auditor, "POST", path+"/approve", `{"version":1}`, 403)
	o.tells(manager, "POST", path+"/approve", `{"version":7}`, 409)
	o.tells(manager, "POST", path+"/decline", `{"version":1,"why":""}`, 422)
	o.tells(manager, "POST", path+"/change", `{"version":1,"quantity":20,"why":"a small clinic","id":9}`, 400)
	o.tells(manager, "POST", path+"/change", `{"version":1,"quantity":20,"why":"a small clinic","ID":9}`, 400)
	changed := o.tells(manager, "POST", path+"/change", `{"version":1,"quantity":20,"why":"a small clinic"}`, 200)
	approved := o.tells(manager, "POST", path+"/approve", fmt.Sprintf(`{"version":%v}`, changed["version"]), 200)
	if approved["status"] != "approved" || approved["decided_by"] != "reads as supply_manager" {
		t.Errorf("approved: %v", approved)
	}
	o.tells(manager, "GET", path, "", 200)
	orders := items(o.tells(manager, "GET", "/api/v1/orders", "", 200))
	if len(orders) != 1 || orders[0]["total"].(map[string]any)["minor"] != 82500.0 || len(orders[0]["lines"].([]any)) != 1 {
		t.Errorf("orders: %v", orders)
	}
	o.tells(manager, "GET", "/api/v1/orders/2026-0001", "", 200)
	o.tells(manager, "GET", "/api/v1/orders/2026-9999", "", 404)
	trail := items(o.tells(hospital.Auditor, "GET", "/api/v1/audit?deed=proposal.approve", "", 200))
	if len(trail) != 1 || !strings.HasPrefix(trail[0]["by"].(string), "token:t-") {
		t.Errorf("trail: %v", trail)
	}
	waits := o.tells(manager, "POST", path+"/undo", "", 200)
	batch := o.tells(manager, "POST", "/api/v1/proposals/approve-all", fmt.Sprintf(`{"proposals":[{"id":%[1]v,"version":%[2]v},{"id":%[1]v,"version":1}]}`, waits["id"], waits["version"]), 200)
	if waits["status"] != "waiting" || batch["approved"] != 1.0 || batch["of"] != 2.0 || batch["refused"] == nil {
		t.Errorf("waits %v, approved together %v", waits, batch)
	}
	together := fmt.Sprintf("/api/v1/proposals/together/%v/undo", batch["together"])
	o.tells(hospital.Auditor, "POST", together, "", 403)
	if back := o.tells(manager, "POST", together, "", 200); back["taken_back"] != 1.0 || back["of"] != 1.0 || back["refused"] != nil {
		t.Errorf("taken back: %v", back)
	}
	o.tells(manager, "POST", together, "", 409)
	if err := o.house.reorders.Nightly(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.tells(manager, "GET", "/api/v1/audit", "", 403)
	part := o.tells(hospital.Auditor, "GET", "/api/v1/audit?limit=2", "", 200)
	next := items(o.tells(hospital.Auditor, "GET", "/api/v1/audit?limit=2&cursor="+part["next"].(string), "", 200))
	if next[0]["seq"].(float64) >= items(part)[1]["seq"].(float64) {
		t.Errorf("the trail's second part begins with %v", next[0])
	}
}

func TestATokenIsLetInForWhatItsRoleMayAndNoMore(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, r := range o.house.door.Routes() {
		if !strings.HasPrefix(r.Path, "/api/v1") {
			continue
		}
		for role := range o.tokens {
			w := o.ask(role, r.Method, placeOf(r), "")
			may := r.Permission == web.SignedIn || hospital.Person{Roles: []hospital.Role{role}}.Actor().May(r.Permission)
			if refused := w.Code == http.StatusForbidden || w.Code == http.StatusUnauthorized; refused == may || w.Code >= 500 {
				t.Errorf("%s %s answers %d to the token of a %s", r.Method, r.Path, w.Code, role)
			}
		}
	}
	keys := o.house.parts.People.Keys
	_, gateway, err := keys.Add(t.Context(), atTheConsole, "gateway", "gw-01")
	if err != nil {
		t.Fatal(err)
	}
	_, deliverer, err := keys.Add(t.Context(), atTheConsole, "any gateway", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{gateway.Reveal(), deliverer.Reveal(), "ww_nonsense", "x"} {
		w := o.ask("", "GET", "/api/v1/assets", "", "Authorization", "Bearer "+secret)
		if w.Code != http.StatusUnauthorized || !strings.Contains(w.Header().Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("a token that reads nothing: %d %v", w.Code, w.Header())
		}
	}
	// And one that reads delivers nothing, and opens no page.
	if w := o.ask(hospital.Administrator, "POST", "/ingest", `{"readings":[]}`); w.Code != http.StatusUnauthorized {
		t.Errorf("a reader delivers: %d", w.Code)
	}
	if w := o.ask(hospital.Administrator, "GET", "/admin/people", ""); w.Code != http.StatusSeeOther {
		t.Errorf("a token opens a page: %d", w.Code)
	}
	engineer := hospital.Person{ID: "bo", Name: "Bo", Roles: []hospital.Role{hospital.BiomedicalEngineer}}.Actor()
	if _, _, err := keys.AddReader(t.Context(), engineer, "ladder", hospital.Administrator); err == nil {
		t.Error("whoever manages devices gave herself the administrator's role")
	}
	tokens, err := keys.Tokens(t.Context(), atTheConsole)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range tokens {
		if token.Role == hospital.Pharmacist {
			if _, _, err := keys.Rotate(t.Context(), engineer, token.ID, time.Hour); !errors.Is(err, hospital.ErrForbidden) {
				t.Errorf("whoever manages devices took over a role by rotating its token: %v", err)
			}
			fresh, secret, err := keys.Rotate(t.Context(), atTheConsole, token.ID, time.Hour)
			if err != nil || fresh.Role != hospital.Pharmacist {
				t.Errorf("rotated: %+v, %v", fresh, err)
			}
			if w := o.ask("", "GET", "/api/v1/orders", "", "Authorization", "Bearer "+secret.Reveal()); w.Code != http.StatusOK {
				t.Errorf("the rotated token: %d", w.Code)
			}
		}
		if token.Role == hospital.Nurse {
			if err := keys.Revoke(t.Context(), atTheConsole, token.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if w := o.ask(hospital.Nurse, "GET", "/api/v1/assets", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d", w.Code)
	}
}

func TestWhatIsUnchangedIsNotToldAgain(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	first := o.ask(hospital.Nurse, "GET", "/api/v1/assets", "")
	tag := first.Header().Get("ETag")
	for _, shown := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		again := o.ask(hospital.Nurse, "GET", "/api/v1/assets", "", "If-None-Match", shown)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d %q", shown, again.Code, again.Body)
		}
	}
	o.moveTo("P-001", "f1-clean", "f1")
	if after := o.ask(hospital.Nurse, "GET", "/api/v1/assets", "", "If-None-Match", tag); after.Code != http.StatusOK {
		t.Errorf("after a move: %d", after.Code)
	}
}

func TestBodiesThatAreNone(t *testing.T) {
	o := openOffice(t)
	path := "/api/v1/assets/P-001/status"
	for body, status := range map[string]int{"{": 400, `[]`: 400, `{"status":"free"}{}`: 400, `{"status":"free","place":"roof"}`: 400, `{"status":7}`: 400,
		`{"status":"` + strings.Repeat("x", api.MaxBody) + `"}`: 413, `{"status":"lost"}`: 422} {
		if w := o.ask(hospital.Nurse, "POST", path, body); w.Code != status || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/problem+json") {
			t.Errorf("%.40s: %d, want %d", body, w.Code, status)
		}
	}
	if w := o.ask(hospital.Nurse, "POST", path, `{"status":"free"}`, "Content-Type", "text/plain"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("plain text: %d", w.Code)
	}
	if w := o.ask(hospital.Nurse, "GET", "/api/v1/assets?kind="+strings.Repeat("x", api.MaxText+1), ""); w.Code != 400 {
		t.Errorf("a long text: %d", w.Code)
	}
	if w := o.ask(hospital.Nurse, "GET", "/api/v1/assets?kind="+strings.Repeat("x", api.MaxText), ""); w.Code != 200 {
		t.Errorf("the longest text: %d", w.Code)
	}
	// Another site's page can't act in the name of a browser that is signed in.
	if w := o.ask("", "POST", path, `{"status":"free"}`, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
}

// The document and the table of routes are the same list.
func TestEveryRouteOfTheAPIIsDescribed(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	paths := o.document["paths"].(map[string]any)
	ids := map[any]bool{}
	count := 0
	for _, r := range o.house.door.Routes() {
		if !strings.HasPrefix(r.Path, "/api/v1/") || r.Path == "/api/v1/openapi.json" {
			continue
		}
		count++
		at, ok := o.describedPath(r.Path)
		if !ok {
			t.Errorf("%s is not described", r.Path)
			continue
		}
		operation, ok := paths[at].(map[string]any)[strings.ToLower(r.Method)].(map[string]any)
		if !ok {
			t.Errorf("%s %s is not described", r.Method, r.Path)
			continue
		}
		if ids[operation["operationId"]] {
			t.Errorf("two operations are called %v", operation["operationId"])
		}
		ids[operation["operationId"]] = true
		if !strings.Contains(operation["description"].(string), string(r.Permission)) {
			t.Errorf("%s %s needs %s, the document says %q", r.Method, r.Path, r.Permission, operation["description"])
		}
	}
	for _, path := range paths {
		count -= len(path.(map[string]any))
	}
	if count != 0 {
		t.Errorf("the document describes %d operations that do not exist", -count)
	}
	page := o.ask(hospital.Nurse, "GET", "/api/v1", "")
	if page.Code != 200 || !strings.Contains(page.Body.String(), "/api/v1/alarms/{id}/acknowledge") {
		t.Errorf("the page: %d %.300s", page.Code, page.Body)
	}
}

// Whatever is asked of an empty house or of things that do not exist is answered
// as it is described, refusals too.
func TestEveryAnswerIsAsDescribed(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, r := range o.house.door.Routes() {
		path := placeOf(r)
		if !strings.HasPrefix(path, "/api/v1/") || r.Path == "/api/v1/openapi.json" {
			continue
		}
		role := hospital.Administrator
		for _, one := range hospital.Roles() {
			if (hospital.Person{Roles: []hospital.Role{one}}).Actor().May(r.Permission) {
				role = one
			}
		}
		w := o.ask(role, r.Method, path, "")
		value, err := jsonschema.UnmarshalJSON(w.Body)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, path, err)
			continue
		}
		o.hold(r.Method, path, w.Code, w.Header().Get("Content-Type"), value)
	}
}

func TestAProgramIsToldWhatChanged(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	server := httptest.NewServer(o.house.door)
	defer server.Close()
	dial := func(role hospital.Role, query string) (*websocket.Conn, *http.Response, error) {
		return websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http")+"/api/v1/live?"+query,
			http.Header{"Authorization": {"Bearer " + o.tokens[role]}})
	}
	for query, status := range map[string]int{"topics=proposals": 403, "topics=weather": 404, "topics=": 404, "topics=alarms,proposals": 403} {
		_, answer, err := dial(hospital.Nurse, query)
		if err == nil || answer.StatusCode != status {
			t.Errorf("%s: %v %v", query, answer, err)
		}
	}
	if w := o.ask(hospital.Nurse, "GET", "/api/v1/live?topics=alarms", ""); w.Code != http.StatusUpgradeRequired {
		t.Errorf("without an upgrade: %d", w.Code)
	}
	socket, _, err := dial(hospital.Nurse, "topics=alarms,fridge/*")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	begun := hear(t, socket)
	o.warm()
	heard := map[string]bool{}
	for !heard["alarms"] || !heard["fridge/f-01"] {
		for _, topic := range hear(t, socket).Topics {
			heard[topic] = true
		}
	}
	if heard["coldchain"] {
		t.Error("it was told what it did not ask for")
	}
	socket.Close()
	// Whoever comes back is told what it missed.
	again, _, err := dial(hospital.Nurse, "topics=alarms&since="+begun.Cursor)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if missed := hear(t, again); !slices.Equal(missed.Topics, []string{"alarms"}) || missed.All {
		t.Errorf("missed: %+v", missed)
	}
	lost, _, err := dial(hospital.Nurse, "topics=alarms&since=another.7")
	if err != nil {
		t.Fatal(err)
	}
	defer lost.Close()
	if missed := hear(t, lost); !missed.All {
		t.Errorf("a cursor of another life: %+v", missed)
	}
}

// hear is the next message that says what changed.
func hear(t *testing.T, socket *websocket.Conn) api.Changed {
	t.Helper()
	for {
		if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		var message api.Changed
		if err := socket.ReadJSON(&message); err != nil {
			t.Fatal(err)
		}
		if message.Cursor != "" {
			return message
		}
	}
}
