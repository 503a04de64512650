package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/notify"
	"wardwatch/views"
	"wardwatch/web"
)

// pharmacy is a door with two fridges behind it, over real storage.
type pharmacy struct {
	*station
	monitor  *coldchain.Monitor
	base     *db.DB
	desk     *notify.Desk
	stranger bool // nobody is signed in
}

func openPharmacy(t *testing.T) *pharmacy {
	t.Helper()
	p := &pharmacy{station: &station{t: t, at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), who: person("Pia", hospital.Pharmacist)}}
	now := func() time.Time { return p.at }
	base := dbtest.Open(t, db.Options{Now: now})
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"},
		Buildings: []document.Building{{ID: "b", Name: "Main"}},
		Units:     []document.Unit{{ID: "u", Name: "Pharmacy"}},
		Floors:    []document.Floor{{ID: "f0", Building: "b", Name: "Ground floor", WidthMetres: 20, HeightMetres: 10}},
		Rooms:     []document.Room{{ID: "store", Floor: "f0", Unit: "u", Name: "Pharmacy store", Kind: hospital.Pharmacy}, {ID: "ward", Floor: "f0", Name: "Ward B store", Kind: hospital.Storage}},
		Fridges: []document.Fridge{{ID: "f-1", Name: "Vaccine <fridge>", Profile: "refrigerator", Room: "store", Sensors: []document.Sensor{{ID: "s-1"}}},
			{ID: "f-2", Name: "Freezer 2", Profile: "freezer", Unit: "u", Sensors: []document.Sensor{{ID: "s-2"}}}}}
	for range 2 { // importing twice changes nothing
		if _, err := (db.Hospital{DB: base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
			t.Fatal(err)
		}
	}
	directory, err := db.Hospital{DB: base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	register := hospital.NewRegister(directory)
	p.base = base
	p.monitor = coldchain.NewMonitor(db.Fridges{DB: base}, notify.DefaultLadder(), register)
	desk := &notify.Desk{Store: db.Alarms{DB: base}, Ladder: notify.DefaultLadder(), Now: now}
	p.desk = desk
	p.door, err = web.New(web.Parts{Register: register, Now: now, Version: "test", Metrics: prometheus.NewRegistry(),
		Log:     slog.New(slog.NewTextHandler(io.Discard, nil)),
		WhoAsks: func(*http.Request) (hospital.Actor, bool) { return p.who, !p.stranger },
		Around: func(ctx context.Context, _ hospital.Actor) (web.Around, error) {
			s, err := desk.Standing(ctx)
			return web.AroundAlarms(s, p.at), err
		},
		ColdChain: p.monitor, Alarms: desk, Lists: db.Lists{DB: base}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func person(name string, role hospital.Role) hospital.Actor {
	return hospital.Person{ID: hospital.PersonID("p-" + name), Name: name, Roles: []hospital.Role{role}}.Actor()
}

// exec changes what is stored, as other parts of the house do.
func (p *pharmacy) exec(q string, args ...any) {
	p.t.Helper()
	if err := p.base.InTx(p.t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(p.t.Context(), q, args...)
		return err
	}); err != nil {
		p.t.Fatal(err)
	}
}

// warm lets five minutes pass before each of these readings of the first fridge.
func (p *pharmacy) warm(celsius ...float64) {
	p.t.Helper()
	for _, c := range celsius {
		p.at = p.at.Add(5 * time.Minute)
		if _, err := p.monitor.Observe(p.t.Context(), []coldchain.Reading{
			{Sensor: "s-1", Temp: coldchain.FromCelsius(c), MeasuredAt: p.at, Source: "mqtt"},
			{Sensor: "s-2", Temp: -20_000, MeasuredAt: p.at, Source: "mqtt"}}); err != nil {
			p.t.Fatal(err)
		}
	}
}

func TestPharmacistFollowsAFridgeThatWarms(t *testing.T) {
	p := openPharmacy(t)
	p.shows("/coldchain", `data-fridge="f-1"`, "No data", "Freezer 2")
	p.shows("/alarms", "No open alarms")
	p.warm(4.5)
	p.shows("/coldchain", "2 in range", "4.5 °C", "−20.0 °C", "Pharmacy store", "limits 2.0 °C to 8.0 °C")
	p.warm(8.6)
	p.shows("/coldchain", "Getting too warm", "1 in range")
	p.warm(9.2, 9.4, 9.4)
	p.shows("/coldchain", "Too warm", "9.4 °C", "is-alarm", "Vaccine &lt;fridge&gt;")
	page := p.shows("/alarms", `data-alarm="1"`, "Too warm, serious", "9.4 °C, limit 8.0 °C", "Still going on. Nobody has acknowledged it.",
		"Vaccine &lt;fridge&gt;, Pharmacy store", "Door was open", "peak 9.4 °C, beyond the limit for 15 min", `href="/excursions/1"`, `id="alarm-strip"`)
	if strings.Contains(page, "<fridge>") {
		t.Error("a fridge's name is not escaped")
	}

	if w := p.post("/alarms/1/acknowledge", url.Values{"reason": {"other"}, "note": {" "}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Say in a note what it was.") {
		t.Errorf("other without a note answers %d", w.Code)
	} else if !regexp.MustCompile(`<textarea id="note-1"[^>]* autofocus`).MatchString(w.Body.String()) {
		t.Error("the page that came back does not open at the note that is asked for")
	}
	if w := p.post("/alarms/1/acknowledge", url.Values{"reason": {"door"}, "note": {"kept <this>"}, "version": {"9"}}); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "kept &lt;this&gt;") {
		t.Errorf("a stale form answers %d", w.Code)
	}
	if w := p.post("/alarms/1/close", url.Values{"note": {"done"}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "not over yet") {
		t.Errorf("closing while it is warm answers %d", w.Code)
	}
	if w := p.post("/alarms/1/acknowledge", url.Values{"reason": {"door"}, "note": {"restocking"}, "version": {"1"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/alarms" {
		t.Fatalf("answers %d to %q: %s", w.Code, w.Header().Get("Location"), w.Body.String())
	}
	p.shows("/alarms", "No open alarms")
	p.shows("/alarms?tab=acknowledged", "Pia acknowledged 14:25: door was open, “restocking”", "quiet until 15:25")
	p.shows("/alarms/1", "The inbox alone")

	p.warm(7, 5, 5, 5)
	p.shows("/fridges/f-1", "In range", "Too warm", "Over", "9.4 °C", "20 min", `data-excursion="1"`, "Limits: Refrigerator", `class="excursion"`, "The numbers as a table")
	if w := p.post("/alarms/1/close", url.Values{"note": {"seal cleaned"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("closing answers %d: %s", w.Code, w.Body.String())
	}
	p.shows("/alarms?tab=closed", "Closed 14:45 by Pia: “seal cleaned”.")
	p.shows("/alarms", "No open alarms", "Last one: Vaccine &lt;fridge&gt;, Pharmacy store, closed by Pia", ">14:45</time>")
	for _, period := range []string{"hour", "week", "month", "year", "nonsense"} {
		p.shows("/fridges/f-1?period="+period, `class="chart"`)
	}
}

func TestWhatWasSaidOfTheFridgeBesideIsOfferedAgain(t *testing.T) {
	p := openPharmacy(t)
	p.warm(9, 9, 9, 9)
	for range 20 { // a power cut warms the freezer after the refrigerator
		p.at = p.at.Add(5 * time.Minute)
		if _, err := p.monitor.Observe(t.Context(), []coldchain.Reading{{Sensor: "s-2", Temp: -5_000, MeasuredAt: p.at, Source: "mqtt"}}); err != nil {
			t.Fatal(err)
		}
	}
	if page := p.shows("/alarms", `data-alarm="1"`, `data-alarm="2"`); strings.Contains(page, "data-precedent") {
		t.Error("a reason is offered that nobody gave")
	}
	if w := p.post("/alarms/1/acknowledge", url.Values{"reason": {"power"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("answers %d", w.Code)
	}
	const again = `value="power" data-precedent`
	p.shows("/alarms", `data-alarm="2"`, again, "As with Vaccine &lt;fridge&gt;, Pharmacy store: ")
	p.shows("/alarms/2", again)
	if page := p.shows("/alarms?tab=acknowledged", `data-alarm="1"`); strings.Contains(page, "data-precedent") {
		t.Error("an alarm is its own precedent")
	}
}

func TestWhoMayAnswerAnAlarm(t *testing.T) {
	p := openPharmacy(t)
	p.warm(9, 9, 9, 9)
	p.who = person("Sam", hospital.SupplyManager)
	if page := p.shows("/alarms", `data-alarm="1"`); strings.Contains(page, "/alarms/1/acknowledge") {
		t.Error("a supply manager is offered to acknowledge")
	}
	if w := p.post("/alarms/1/acknowledge", url.Values{"reason": {"door"}}); w.Code != http.StatusForbidden {
		t.Errorf("a supply manager's answer is answered %d", w.Code)
	}
	p.who = person("Nia", hospital.Nurse)
	if w := p.post("/alarms/1/acknowledge", url.Values{"reason": {"on-it"}}); w.Code != http.StatusSeeOther {
		t.Errorf("a nurse's answer is answered %d", w.Code)
	}
	for _, path := range []string{"/alarms/77", "/alarms/x", "/fridges/none"} {
		if code, _ := p.get(path); code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, code)
		}
	}
}

// What the hub pushes must be byte for byte what the page drew, or every open page flickers at once.
func TestLiveLeavesAreThePagesOwn(t *testing.T) {
	p := openPharmacy(t)
	p.warm(4, 9, 9, 9, 9)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.door.RunLive(ctx) }()
	defer func() { stop(); <-ended }()
	r := httptest.NewRequest(http.MethodGet, "/live.json?topics=coldchain,fridge/f-1,alarms", nil)
	w := httptest.NewRecorder()
	p.door.ServeHTTP(w, r)
	var pushed struct {
		Fragments []struct{ ID, HTML string } `json:"frags"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &pushed); err != nil {
		t.Fatal(err)
	}
	pages := p.shows("/coldchain") + p.shows("/fridges/f-1") + p.shows("/alarms") + p.shows("/")
	seen := map[string]bool{}
	for _, leaf := range pushed.Fragments {
		seen[leaf.ID] = true
		if !strings.Contains(pages, leaf.HTML) {
			t.Errorf("%s is pushed as %s, which no page drew", leaf.ID, leaf.HTML)
		}
	}
	for _, id := range []string{"fridges-summary", "fridge-f-1-face", "fridge-f-2-face", "bell", "alarm-strip", "alarm-1-state", "alarm-1-now", "alarm-news", "rail-alarms"} {
		if !seen[id] {
			t.Errorf("nothing is pushed for %s", id)
		}
	}
}

// A house with more fridges than a telephone should load shows them in parts, the worst in the
// first; on each part whoever looks sees what needs somebody, wherever it stands.
func TestABoardOfManyFridgesComesInParts(t *testing.T) {
	p := openPharmacy(t)
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"}, Units: []document.Unit{{ID: "u", Name: "Pharmacy"}}}
	for i := range 2*views.FridgesAPage - 10 {
		doc.Fridges = append(doc.Fridges, document.Fridge{ID: fmt.Sprintf("g-%03d", i), Name: fmt.Sprintf("Fridge %03d", i), Profile: "refrigerator",
			Unit: "u", Sensors: []document.Sensor{{ID: fmt.Sprintf("g-%03d", i)}}})
	}
	if _, err := (db.Hospital{DB: p.base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	p.warm(4, 9, 9, 9, 9) // f-1
	total, part := 2*views.FridgesAPage-8, views.FridgesAPage
	for where, has := range map[string]struct{ tiles, first int }{
		"/coldchain": {part, 1}, "/coldchain?from=120": {total - part, part + 1},
		"/coldchain?from=-3": {part, 1}, "/coldchain?from=9000": {part, 1}, "/coldchain?from=x": {part, 1},
	} {
		page := p.shows(where, `id="cold-summary"`, fmt.Sprintf("%d–%d of %d, the worst first", has.first, has.first+has.tiles-1, total))
		if n := strings.Count(page, "data-fridge="); n != has.tiles {
			t.Errorf("%s has %d tiles", where, n)
		}
		summary, _, _ := strings.Cut(page[strings.Index(page, `id="cold-summary"`):], `id="fridges"`)
		if !strings.Contains(summary, "Vaccine &lt;fridge&gt;") {
			t.Errorf("%s does not say above which fridge needs somebody", where)
		}
		if first := strings.Index(page, `data-fridge="f-1"`); (first >= 0) != (has.first == 1) || has.first == 1 && first > strings.Index(page, `data-fridge="g-`) {
			t.Errorf("%s has the warm fridge at %d", where, first)
		}
	}
}

// Whoever reads Fahrenheit and twelve hours does so on pages, charts and in what is pushed
// alike; a file for programs and what is stored keep what was measured.
func TestAPageAndWhatIsPushedAreInTheReadersUnits(t *testing.T) {
	p := openPharmacy(t)
	p.warm(4, 9, 9, 9, 9)
	p.who.Habits = hospital.Habits{Degrees: "F", Clock: "12"}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.door.RunLive(ctx) }()
	defer func() { stop(); <-ended }()
	_, pushed := p.get("/live.json?topics=coldchain,fridge/f-1,alarms")
	page := p.shows("/fridges/f-1", "48.2\u00a0°F", "46.4\u00a0°F", ">2:25\u00a0PM<")
	clock := regexp.MustCompile(`>[^<]*\b\d\d:\d\d\b(?:[^<:]|$)`)
	for where, text := range map[string]string{"the page": page, "what is pushed": pushed, "alarms": p.shows("/alarms"), "the list": p.shows("/coldchain")} {
		text = regexp.MustCompile(`Only what is shown[^<]*|UTC[+-]\d\d:\d\d`).ReplaceAllString(text, "")
		if found := regexp.MustCompile(`>[^<]*\d °C[^<]*<`).FindString(text); found != "" || !strings.Contains(text, "°F") {
			t.Errorf("%s says %q to who reads Fahrenheit", where, found)
		}
		if found := clock.FindString(text); found != "" && !strings.Contains(found, "M") {
			t.Errorf("%s says %q to who reads twelve hours", where, found)
		}
	}
	if file := p.shows("/files/readings.csv?fridge=f-1", "2026-05-04T", ",9"); strings.Contains(file, "PM") || strings.Contains(file, "48.2") {
		t.Errorf("the file is worded:\n%s", file)
	}
}

// hand sends a logger's file as the form does.
func (p *pharmacy) hand(fridge, file string, fields map[string]string) *httptest.ResponseRecorder {
	p.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		_ = form.WriteField(name, value)
	}
	if file != "" {
		part, err := form.CreateFormFile("file", "export.csv")
		if err != nil {
			p.t.Fatal(err)
		}
		_, _ = part.Write([]byte(file))
	}
	_ = form.Close()
	r := httptest.NewRequest(http.MethodPost, "/fridges/"+fridge+"/readings", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	p.door.ServeHTTP(w, r)
	return w
}

func TestALoggersFileBecomesPartOfTheRecord(t *testing.T) {
	p := openPharmacy(t)
	// In Berlin's summer 08:00 is 06:00 UTC; the excursion is long past.
	const file = "time,celsius\n2026-05-01 08:00,5\n2026-05-01 08:05,9\n2026-05-01 08:10,9.5\n2026-05-01 08:15,9\n2026-05-01 08:20,9\n2026-05-01 08:25,5\n2026-05-01 08:30,5\n2026-05-01 08:35,5\nrubbish\n"
	if w := p.hand("f-1", "hello", map[string]string{"serial": "L-1"}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "not a file of a logger") {
		t.Errorf("no logger's file answers %d", w.Code)
	}
	if w := p.hand("f-1", "", nil); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Choose a file.") {
		t.Errorf("no file answers %d", w.Code)
	}
	w := p.hand("f-1", file, map[string]string{"serial": "L-1"})
	dialogue := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(dialogue, "/fridges/f-1/readings/") {
		t.Fatalf("answers %d to %s: %s", w.Code, dialogue, w.Body.String())
	}
	p.shows(dialogue, "How the file begins", "1: time", "8 readings", "1 May 2026 08:00 CEST", "Rows that were skipped", `value="Europe/Berlin"`)
	choice := url.Values{"serial": {"L-1"}, "zone": {"Atlantis"}, "time": {"0"}, "time_of_day": {"-1"}, "temp": {"1"}, "clock": {"any"}, "unit": {"C"}, "comma": {"no"}}
	if w := p.post(dialogue, choice); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "no time zone of that name") {
		t.Errorf("no zone answers %d", w.Code)
	}
	choice.Set("zone", "Europe/Berlin")
	choice.Set("temp", "0")
	if w := p.post(dialogue, choice); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Choose others") {
		t.Errorf("the time as temperature answers %d", w.Code)
	}
	choice.Set("temp", "1")
	if w := p.post(dialogue, choice); w.Code != http.StatusSeeOther {
		t.Fatalf("answers %d: %s", w.Code, w.Body.String())
	}
	if code, _ := p.get(dialogue); code != http.StatusNotFound {
		t.Errorf("what was taken in waits still: %d", code)
	}
	p.shows("/fridges/f-1?period=week", "Over, found late", "9.5 °C", "1 May 08:05", "L-1", "20 min")
	p.shows("/alarms", "Excursion found late, notice", "told by data that came later")
	w = p.hand("f-1", file, map[string]string{"serial": "L-1"}) // remembered: no question
	if said, _ := url.QueryUnescape(w.Header().Get("Set-Cookie")); !strings.Contains(said, "0 readings taken in. 8 were there already.") {
		t.Errorf("the same file again says %q", said)
	}
	if w := p.hand("f-2", file, map[string]string{"serial": "L-1"}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "belongs to Vaccine &lt;fridge&gt;") {
		t.Errorf("another fridge's logger answers %d", w.Code)
	}
	p.who = person("Nia", hospital.Nurse)
	if w := p.hand("f-1", file, map[string]string{"serial": "L-1"}); w.Code != http.StatusForbidden {
		t.Errorf("a nurse's file answers %d", w.Code)
	}
}

func TestTheDailyCheckAndTheMonthOnPaper(t *testing.T) {
	p := openPharmacy(t)
	p.warm(4.5, 5)
	p.shows("/fridges/f-1", "Daily check", "Not checked yet today", "Lowest 4.5 °C, highest 5.0 °C", "I have checked this fridge", "Monthly record")
	p.shows("/", `id="home-checks" class="big number">2<`, "daily checks to do")
	if w := p.post("/fridges/f-1/checks", url.Values{}); w.Code != http.StatusSeeOther {
		t.Fatalf("a look answers %d: %s", w.Code, w.Body.String())
	}
	p.shows("/", `id="home-checks" class="big number">1<`, ">daily check to do<") // the freezer
	p.shows("/fridges/f-1", "Checked today", `<abbr title="Pia" translate="no">P</abbr>`)
	p.warm(9, 9, 9, 9, 5, 5, 5)
	if w := p.post("/fridges/f-1/checks", url.Values{}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Say what was done about it.") {
		t.Errorf("a look at a warm fridge without a word answers %d", w.Code)
	}
	if w := p.post("/fridges/f-1/checks", url.Values{"note": {"moved the stock"}}); w.Code != http.StatusSeeOther {
		t.Errorf("a look answers %d", w.Code)
	}
	p.who = person("Sam", hospital.SupplyManager)
	if w := p.post("/fridges/f-1/checks", url.Values{"note": {"x"}}); w.Code != http.StatusForbidden {
		t.Errorf("a supply manager's look answers %d", w.Code)
	}
	p.at = p.at.AddDate(0, 0, 3)
	code, text := p.get("/fridges/f-1/month?month=2026-05&as=csv")
	if code != http.StatusOK || !strings.Contains(text, "Vaccine <fridge>,s-1,2026-05-04T00:00:00+02:00,9,4.5,") || !strings.Contains(text, ",20,0,") {
		t.Errorf("the month as CSV is %d: %s", code, text)
	}
	code, paper := p.get("/fridges/f-1/month?month=2026-05&as=pdf")
	if code != http.StatusOK || !strings.HasPrefix(paper, "%PDF-") {
		t.Errorf("the month as PDF is %d", code)
	}
	if _, again := p.get("/fridges/f-1/month?month=2026-05&as=pdf"); again != paper {
		t.Error("the same month gives other bytes")
	}
	for _, month := range []string{"", "2026-13", "2027-01"} {
		if code, _ := p.get("/fridges/f-1/month?as=pdf&month=" + month); code != http.StatusUnprocessableEntity {
			t.Errorf("month %q answers %d", month, code)
		}
	}
	month, err := p.monitor.Month(t.Context(), "f-1", "2026-05", p.at)
	if err != nil || len(month.Checks) != 2 || month.Checks[1].Max != 9_000 || month.Checks[1].Note != "moved the stock" {
		t.Errorf("the month has %+v, %v", month.Checks, err)
	}
	var missed []string
	for _, day := range month.Missed {
		missed = append(missed, day.Format("2 Jan"))
	}
	if got := strings.Join(missed, " "); got != "1 May 5 May 6 May" {
		t.Errorf("missed %q", got)
	}
}

func TestTheCaseOfAnExcursion(t *testing.T) {
	p := openPharmacy(t)
	p.warm(5, 9, 9.5, 9, 9)
	if w := p.post("/alarms/1/acknowledge", url.Values{"reason": {"power"}}); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	p.shows("/excursions/1", "Running", "still running", "9.0 °C, 9.5 °C", "Pia acknowledged", "No lot was put on hold", "Case as PDF")
	p.warm(5, 5, 5)
	p.shows("/excursions/1", "Over", "20 min", "limit")
	if code, paper := p.get("/excursions/1/case.pdf"); code != http.StatusOK || !strings.HasPrefix(paper, "%PDF-") {
		t.Errorf("the case as PDF is %d", code)
	}
	for _, path := range []string{"/excursions/9", "/excursions/x", "/excursions/9/case.pdf"} {
		if code, _ := p.get(path); code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, code)
		}
	}
}

func TestTheBoardForetellsACrossing(t *testing.T) {
	p := openPharmacy(t)
	for range 13 {
		p.warm(4)
	}
	p.shows("/fridges/f-1", "Early warning", "No warning in the last 90 days.", "Nothing is learnt of this fridge yet")
	for i := range 13 {
		p.warm(4 + float64(i)*0.25) // three degrees an hour
	}
	p.shows("/coldchain", "In range", "At this rate over 8.0 °C in ", " to ")
	foretold := p.at
	if err := p.monitor.Forewarn(t.Context(), p.at); err != nil {
		t.Fatal(err)
	}
	p.shows("/fridges/f-1", "One is open now.", "warm in ", "; open")
	p.warm(7.5, 8.2)
	if err := p.monitor.Forewarn(t.Context(), p.at); err != nil {
		t.Fatal(err)
	}
	p.shows("/fridges/f-1", "The one warning in the last 90 days came true, 10 min ahead.", "came true after 10 min")
	// The mains are away: the fridge's own constant says how long it will do.
	p.exec(`INSERT INTO probe_habits (sensor, learnt_at, hours, cycle_ms, unrest_mc, trough_mc, peak_mc, recovery_ms, fast_ms, slow_ms)
		SELECT id, $1, 400, 3720000, 200, 3100, 5400, 7200000, 21600000, 32400000 FROM sensors WHERE sensor = 's-1'`, foretold.UnixMilli())
	p.warm(5)
	p.exec(`INSERT INTO device_signs (sensor, kind, is_on, said, at, received_at, fridge) VALUES ('s-1', 'power', 1, '', $1, $1, 'f-1')`, p.at.UnixMilli())
	p.shows("/fridges/f-1", "its cycle is 1 h 02 min", "Without power it would pass 8.0 °C from 5.4 °C in 58 min to 1 h 26 min.", "back within 2 h 00 min")
}

func TestAFridgeIsOpenedOnPurpose(t *testing.T) {
	p := openPharmacy(t)
	p.warm(5)
	if w := p.post("/fridges/f-1/openings", url.Values{"minutes": {"600"}, "why": {"a long time"}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "at most two hours") {
		t.Errorf("ten hours answer %d", w.Code)
	}
	if w := p.post("/fridges/f-1/openings", url.Values{"minutes": {"30"}, "why": {"restocking"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("answers %d: %s", w.Code, w.Body.String())
	}
	p.shows("/fridges/f-1", "Opened on purpose", "Pia: restocking, until")
	p.warm(9, 9, 9, 9)
	p.shows("/alarms", "No open alarms")
	p.at = p.at.Add(time.Hour)
	if page := p.shows("/fridges/f-1"); strings.Contains(page, "Pia: restocking, until") {
		t.Error("the opening did not end by itself")
	}
}

// Who runs the cold chain says for how long readings are kept, and holds a fridge that
// somebody looks into; what was typed wrongly comes back.
func TestHowLongReadingsAreKept(t *testing.T) {
	p := openPharmacy(t)
	p.shows("/coldchain/policy", `href="/coldchain/keeping"`)
	p.shows("/coldchain/keeping", "kept for 3 years", "Never less than 3 years (CDC", "No fridge is held.", "Vaccine &lt;fridge&gt;")
	if w := p.post("/coldchain/keeping", url.Values{"years": {"2"}, "why": {"room <b>"}}); w.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(w.Body.String(), "3 to 100 years") || !strings.Contains(w.Body.String(), `value="room &lt;b&gt;"`) || !strings.Contains(w.Body.String(), `value="2"`) {
		t.Errorf("two years answer %d", w.Code)
	}
	if w := p.post("/coldchain/keeping", url.Values{"years": {"5"}, "why": {"good distribution practice"}}); w.Code != http.StatusSeeOther {
		t.Errorf("five years answer %d", w.Code)
	}
	if w := p.post("/coldchain/keeping/hold", url.Values{"fridge": {"f-1"}, "why": {""}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", w.Code)
	}
	if w := p.post("/coldchain/keeping/hold", url.Values{"fridge": {"f-77"}, "why": {"x"}}); w.Code != http.StatusNotFound {
		t.Errorf("no such fridge: %d", w.Code)
	}
	if w := p.post("/coldchain/keeping/hold", url.Values{"fridge": {"f-1"}, "why": {"the coroner asks"}}); w.Code != http.StatusSeeOther {
		t.Errorf("a hold answers %d", w.Code)
	}
	p.shows("/coldchain/keeping", "kept for 5 years", "Set by Pia", "the coroner asks (Pia", "Lift the hold of Vaccine &lt;fridge&gt;")
	p.who = person("Nora", hospital.Nurse)
	if page := p.shows("/coldchain/keeping", "the coroner asks"); strings.Contains(page, "<button class=\"button primary\">Save") {
		t.Error("a nurse is offered to change it")
	}
	if w := p.post("/coldchain/keeping/hold", url.Values{"fridge": {"f-1"}, "held": {"no"}, "why": {"x"}}); w.Code != http.StatusForbidden {
		t.Errorf("a nurse lifts it: %d", w.Code)
	}
	p.who = person("Pia", hospital.Pharmacist)
	if w := p.post("/coldchain/keeping/hold", url.Values{"fridge": {"f-1"}, "held": {"no"}, "why": {"he has done"}}); w.Code != http.StatusSeeOther {
		t.Errorf("lifting answers %d", w.Code)
	}
	p.shows("/coldchain/keeping", "No fridge is held.")
}
