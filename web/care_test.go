package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
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
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/notify"
	"wardwatch/web"
)

// care is a door behind which fridges and what stands in them are kept together.
type care struct {
	*pharmacy
	stock    *inventory.Stock
	follower *inventory.Follower
}

// openCare is a hospital with two fridges in a room, of which the second has room for 40
// units, one elsewhere in which nothing can be booked, a vaccine, and a tagged box.
func openCare(t *testing.T) *care {
	t.Helper()
	p := &pharmacy{station: &station{t: t, at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), who: person("Pia", hospital.Pharmacist)}}
	now := func() time.Time { return p.at }
	p.base = dbtest.Open(t, db.Options{Now: now})
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"},
		Buildings: []document.Building{{ID: "b", Name: "Main"}},
		Floors:    []document.Floor{{ID: "f0", Building: "b", Name: "Ground floor", WidthMetres: 20, HeightMetres: 10}},
		Rooms:     []document.Room{{ID: "store", Floor: "f0", Name: "Pharmacy store", Kind: hospital.Pharmacy}, {ID: "ward", Floor: "f0", Name: "Ward B store", Kind: hospital.Storage}},
		Assets:    []document.Asset{{ID: "BOX-1", Kind: "cold box", Name: "Cold box 1", Tags: []document.Tag{{ID: "c30000000001"}}}},
		Fridges: []document.Fridge{{ID: "f-1", Name: "Vaccine fridge", Profile: "refrigerator", Room: "store", Sensors: []document.Sensor{{ID: "s-1"}}},
			{ID: "f-2", Name: "Second fridge", Profile: "refrigerator", Room: "store", RoomForUnits: 40, Sensors: []document.Sensor{{ID: "s-2"}}},
			{ID: "f-3", Name: "Ward fridge", Profile: "refrigerator", Room: "ward", Sensors: []document.Sensor{{ID: "s-3"}}}},
		Items: []document.Item{{ID: "flu", Name: "Influenza vaccine", UnitOfIssue: "dose", GTIN: "4000000000013", Pack: 10, Storage: "refrigerator",
			Stability: []document.Stability{{FromCelsius: 8, ToCelsius: 15, Hours: 1, Source: "leaflet 7"}, {FromCelsius: 15, ToCelsius: 25, Hours: 12, Source: "letter of May"}},
			BeyondUse: []document.BeyondUse{{Kind: "thawed", Hours: 6, Source: "leaflet 7"}}}},
		Places: []document.Place{{ID: "one", Name: "Shelf in the vaccine fridge", Fridge: "f-1"}, {ID: "two", Name: "Shelf in the second fridge", Fridge: "f-2"}},
		Stock:  []document.Lot{{Item: "flu", Place: "one", Lot: "A1", Expiry: "2027-03-31", Quantity: 30}, {Item: "flu", Place: "one", Lot: "B2", Expiry: "2027-06-30", Quantity: 20}}}
	if _, err := (db.Hospital{DB: p.base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: p.base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	register := hospital.NewRegister(directory)
	p.monitor = coldchain.NewMonitor(db.Fridges{DB: p.base}, notify.DefaultLadder(), register)
	p.desk = &notify.Desk{Store: db.Alarms{DB: p.base}, Ladder: notify.DefaultLadder(), Now: now}
	s := &care{pharmacy: p, stock: &inventory.Stock{Store: db.Stock{DB: p.base}, Register: register}}
	s.follower = &inventory.Follower{Chain: db.Fridges{DB: p.base}, Stock: s.stock, Log: slog.New(slog.DiscardHandler)}
	desk := &reorder.Desk{Store: db.Orders{DB: p.base}, Stock: s.stock, Register: register, Now: now, Paper: supplier.Paper}
	p.door, err = web.New(web.Parts{Register: register, Now: now, Version: "test", Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
		WhoAsks: func(*http.Request) (hospital.Actor, bool) { return p.who, !p.stranger }, ColdChain: p.monitor, Alarms: p.desk,
		Stock: s.stock, Desk: desk, Lists: db.Lists{DB: p.base},
		Around: func(ctx context.Context, _ hospital.Actor) (web.Around, error) {
			standing, err := p.desk.Standing(ctx)
			return web.AroundAlarms(standing, p.at), err
		}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// warms lets five minutes pass before each of these readings of the first fridge; the
// others stay cold, and what stands in it is held when an excursion begins.
func (s *care) warms(celsius ...float64) {
	s.t.Helper()
	for _, c := range celsius {
		s.at = s.at.Add(5 * time.Minute)
		var readings []coldchain.Reading
		for sensor, temp := range map[string]coldchain.MilliCelsius{"s-1": coldchain.FromCelsius(c), "s-2": 4_000, "s-3": 4_000} {
			readings = append(readings, coldchain.Reading{Sensor: sensor, Temp: temp, MeasuredAt: s.at, Source: "mqtt"})
		}
		if _, err := s.monitor.Observe(s.t.Context(), readings); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := s.follower.CatchUp(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// posts sends a form and wants a status; the answer's text is given back.
func (s *care) posts(path string, status int, fields ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	w := s.post(path, form)
	if w.Code != status {
		s.t.Fatalf("%s %v answers %d, want %d: %.600s", path, fields, w.Code, status, w.Body)
	}
	return w
}

// A case tells of each lot the minutes that it spent in each band of its product's budget,
// before, during and since, with the source of each: on its page, on paper, and to programs.
func TestACaseTellsTheMinutesInEachBand(t *testing.T) {
	s := openCare(t)
	s.warms(4, 10, 4, 4, 4)                                  // a door: five minutes at 10 °C that rang nobody
	s.warms(9, 9, 20, 20, 9, 4, 4, 4)                        // ten at 9, ten at 20, and five at 9 on the way down
	s.warms(12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 4, 4, 4) // and much later fifty at 12: a second excursion
	page := s.shows("/excursions/1", "Exposure by band", `data-band="A1, 8 to 15 °C"`, `data-band="B2, 15 to 25 °C"`, "leaflet 7", "letter of May")
	var told struct {
		Items []struct {
			Number string `json:"lot_number"`
			Bands  []struct {
				From, To                    *float64
				Before, During, Since, Left float64
			}
		}
	}
	code, text := s.get("/api/v1/excursions/1/lots")
	text = strings.NewReplacer("_celsius", "", "_minutes", "").Replace(text)
	if err := json.Unmarshal([]byte(text), &told); err != nil || code != http.StatusOK || len(told.Items) != 2 {
		t.Fatalf("%d %v %s", code, err, text)
	}
	for _, lot := range told.Items {
		if warm, hot := lot.Bands[0], lot.Bands[1]; warm.Before != 5 || warm.During != 15 || warm.Since != 50 || warm.Left != -10 || hot.Before != 0 || hot.During != 10 || hot.Since != 0 || hot.Left != 710 {
			t.Errorf("lot %s: %+v", lot.Number, lot.Bands)
		}
	}
	for _, says := range []string{"over by 10 min", "11 h 50 min"} {
		if !strings.Contains(page, says) {
			t.Errorf("the case does not say %q", says)
		}
	}
	if code, paper := s.get("/excursions/1/case.pdf"); code != http.StatusOK || !strings.HasPrefix(paper, "%PDF-") {
		t.Errorf("the case as PDF is %d", code)
	}
	if code, _ := s.get("/api/v1/excursions/99/lots"); code != http.StatusNotFound {
		t.Errorf("no such excursion: %d", code)
	}
}

// A nurse thaws two vials: she scans the box, says so once, and prints the label that tells
// until when they may be used. Its code leads back to them, and using them takes them.
func TestWhatIsThawedIsScannedAndLabelled(t *testing.T) {
	s := openCare(t)
	s.who = person("Nora", hospital.Nurse)
	s.shows("/stock/scan", "Opened or thawed", "Out of the cold")
	const box = "010400000000001310A1"
	if w := s.posts("/stock/scan", 422, "task", "start", "code", box, "place", "one", "kind", "opened"); !strings.Contains(w.Body.String(), "Nobody has said how long Influenza vaccine keeps once it is opened") {
		t.Errorf("what the product has no clock for: %.600s", w.Body)
	}
	s.posts("/stock/scan", 422, "task", "start", "code", box, "place", "one", "quantity", "900")
	started := s.posts("/stock/scan", 303, "task", "start", "code", box, "place", "one", "quantity", "2", "key", "k-1").Header().Get("Location")
	s.shows(started, "Thawed. Use it by", "20:00", "Print its label", `value="start"`)
	query, _ := url.Parse(started)
	part := query.Query().Get("started")
	code, label := s.get("/lots/" + part + "/label.pdf")
	if code != http.StatusOK || !strings.HasPrefix(label, "%PDF-") || strings.Count(label, "/Type /Page\n") != 2 {
		t.Errorf("the label answers %d with %d pages", code, strings.Count(label, "/Type /Page\n"))
	}
	s.shows("/lots/"+part, "thawed, use by", "Print its label")
	if w := s.posts("/stock/scan", 303, "task", "use", "code", "https://ward.example/lots/"+part, "place", "one"); w.Code == 303 {
		s.shows("/lots/"+part, "1 dose")
	}
	if code, _ := s.get("/lots/lot-1/label.pdf"); code != http.StatusNotFound {
		t.Errorf("a whole lot's label: %d", code)
	}
	// The code of the item alone takes the lot that expires first.
	whole := s.posts("/stock/scan", 303, "task", "start", "code", "4000000000013", "place", "one", "key", "k-2").Header().Get("Location")
	s.shows(whole, "Thawed. Use it by")
	s.posts("/stock/scan", 422, "task", "start", "code", "4000000000013", "place", "two")
	s.who = person("Ada", hospital.Auditor)
	s.posts("/stock/scan", 403, "task", "start", "code", box, "place", "one")
}

// multi sends a form with a file.
// slowly sends a form while the database has other work, stops what it asked for, and reads
// on its page that nothing was changed and where its form is.
func (s *care) slowly(send func() string, name, back string) {
	s.t.Helper()
	held, release, writing := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		writing <- s.base.InTx(context.Background(), func(*db.Tx) error { close(held); <-release; return nil })
	}()
	<-held
	s.door.Patience = time.Millisecond
	work := send()
	s.shows(work, "Take in a file", name, ">Stop</button>", "<progress")
	s.post(work, url.Values{})
	close(release)
	if err := <-writing; err != nil {
		s.t.Fatal(err)
	}
	s.door.Patience = time.Minute
	s.post(work, url.Values{}) // waits for its end
	s.shows(work, "Stopped. Nothing was changed.", back)
}

func (s *care) multi(path, name, content string, fields ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = form.WriteField(fields[i], fields[i+1])
	}
	if name != "" {
		part, _ := form.CreateFormFile("file", name)
		_, _ = io.WriteString(part, content)
	}
	_ = form.Close()
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	s.door.ServeHTTP(w, r)
	return w
}

// The chart goes back in time, to where an excursion was, and tells beside the temperature
// what devices told: a door, the mains, a planned opening.
func TestTheChartGoesBackAndShowsDoorsAndPower(t *testing.T) {
	s := openCare(t)
	s.warms(4, 4)
	sign := func(kind coldchain.SignKind, on bool) {
		t.Helper()
		if err := s.monitor.Sign(t.Context(), []coldchain.Sign{{Sensor: "s-1", Kind: kind, On: on, At: s.at, ReceivedAt: s.at, Source: "mqtt"}}); err != nil {
			t.Fatal(err)
		}
	}
	sign(coldchain.SignDoor, true)
	s.warms(4, 4)
	sign(coldchain.SignDoor, false)
	sign(coldchain.SignPower, true)
	s.posts("/fridges/f-1/openings", 303, "minutes", "20", "why", "restocking")
	s.warms(4, 9, 9, 9, 9, 4, 4, 4)
	s.shows("/fridges/f-1", "Door open, 10 min", "No power, 40 min", "Opened on purpose, 20 min", `class="lane"`, "Earlier", `?period=day#chart`)
	s.at = s.at.AddDate(0, 0, 3)
	page := s.shows("/fridges/f-1?period=hour", "No power, 1 h 00 min", `<a href="/fridges/f-1?period=day&amp;until=2026-05-05T04`)
	if strings.Contains(page, "Door open,") {
		t.Error("the last hour tells of a door that was open three days ago")
	}
	past := s.shows("/fridges/f-1?period=hour&until=2026-05-04T14:25", "Shows the past", "Door open, 10 min", "No power, 5 min", "Later", "until=2026-05-04T13%3A25", "until=2026-05-04T15%3A25")
	if strings.Contains(past, `class="excursion"`) {
		t.Error("an excursion of later stands in it")
	}
	s.shows("/fridges/f-1?period=day&until=2026-05-05T04:40", `class="excursion"`, "Shows the past")
	for _, wrong := range []string{"soon", "2099-01-01T00:00", "%00"} {
		if page := s.shows("/fridges/f-1?until=" + wrong); strings.Contains(page, "Shows the past") {
			t.Errorf("%q is taken for a time of the past", wrong)
		}
	}
}

// What a failing fridge holds is carried to one that has room: refused where it can't be,
// set out, and booked as each box or the fridge's own label is scanned at the other end.
func TestWhatAFailingFridgeHoldsIsCarriedAndScanned(t *testing.T) {
	s := openCare(t)
	s.warms(4, 9, 9, 9, 9)
	s.who = person("Nora", hospital.Nurse)
	s.shows("/excursions/1", "Pick list: 50 units", "no room for all (40 of 40 free)", "lot A1, 30 doses from Shelf in the vaccine fridge")
	s.who = person("Pia", hospital.Pharmacist)
	s.shows("/holds", "still out of range", `href="/excursions/1#move"`)
	s.who = person("Nora", hospital.Nurse)
	s.shows("/excursions/1", `id="move"`)
	says := func(w *httptest.ResponseRecorder, sentences ...string) {
		t.Helper()
		for _, sentence := range sentences {
			if !strings.Contains(w.Body.String(), sentence) {
				t.Errorf("it does not say %q", sentence)
			}
		}
	}
	says(s.posts("/excursions/1/carry", 422, "to", "f-2"), "has room for 40 units, and 50 are to be carried")
	says(s.posts("/excursions/1/carry", 422, "to", "f-3"), "not in range any more") // nothing can be booked there
	if err := s.monitor.SetFacts(t.Context(), person("Pia", hospital.Pharmacist), "f-2", coldchain.Facts{Units: 60}); err != nil {
		t.Fatal(err)
	}
	says(s.posts("/excursions/1/carry", 422, "to", "f-2", "box", "BOX-9"), "There is no tagged box of that number", `value="BOX-9"`)
	s.who = person("Ada", hospital.Auditor)
	s.posts("/excursions/1/carry", 403, "to", "f-2")
	s.who = person("Nora", hospital.Nurse)
	s.posts("/excursions/99/carry", 404, "to", "f-2")
	s.posts("/excursions/1/carry", 303, "to", "f-2", "box", "BOX-1")
	s.shows("/excursions/1", "Nora set out at", `href="/assets/BOX-1"`, "On its way")
	says(s.posts("/excursions/1/carry", 422, "to", "f-2"), "There is nothing to carry")

	says(s.posts("/excursions/1/carry/1", 422, "code", "f-1"), "neither the label of the fridge", `value="f-1"`)
	says(s.posts("/excursions/1/carry/1", 422, "code", "010400000000001310ZZ"), "Lot ZZ is not on the pick list")
	s.posts("/excursions/1/carry/77", 404, "code", "f-2")
	s.posts("/excursions/1/carry/1", 303, "code", "010400000000001310A1")
	s.shows("/excursions/1", "30 doses, scanned by Nora", "On its way")
	s.posts("/excursions/1/carry/1", 303, "code", "https://ward.example/fridges/f-2")
	page := s.shows("/excursions/1", "20 doses, scanned by Nora", "Carried to Shelf in the second fridge, arrival scanned", "set out with the goods", "booked what arrived")
	if strings.Contains(page, "Pick list") {
		t.Error("there is still something to carry")
	}
	says(s.posts("/excursions/1/carry/1", 409, "code", "f-2"), "All of it has arrived already")
	s.shows("/fridges/f-2", "Influenza vaccine", "30 on hold")
}

// A case's trail tells each deed with its proof; its checklist and its end are refused where
// they can't be, with what was typed.
func TestTheTrailOfACase(t *testing.T) {
	s := openCare(t)
	s.warms(4, 9, 9, 9, 9)
	refused := func(fields []string, path, sentence string) {
		t.Helper()
		if w := s.posts(path, 422, fields...); !strings.Contains(w.Body.String(), sentence) {
			t.Errorf("%s %v is not refused with %q", path, fields, sentence)
		}
	}
	refused([]string{"step", "moved"}, "/excursions/1/steps", "Say where the goods are now")
	refused([]string{"step", "maker", "note", strings.Repeat("x", 1001)}, "/excursions/1/steps", "The note is too long")
	refused([]string{"step", "dance", "note", "x"}, "/excursions/1/steps", "There is no such step.")
	s.posts("/excursions/x/steps", 404, "step", "label")
	s.posts("/excursions/99/steps", 404, "step", "label")
	s.posts("/alarms/1/acknowledge", 303, "reason", "power", "note", "fuse", "version", "1")
	s.who = person("Nora", hospital.Nurse)
	s.posts("/excursions/1/steps", 303, "step", "label")
	s.posts("/excursions/1/steps", 303, "step", "moved", "note", "<b>left</b> inside")
	s.posts("/excursions/1/close", 403)
	s.who = person("Ada", hospital.Auditor)
	s.posts("/excursions/1/steps", 403, "step", "cause", "note", "x")
	s.who = person("Pia", hospital.Pharmacist)
	s.warms(4, 4, 4)
	for _, hold := range []string{"1", "2"} {
		s.posts("/holds/"+hold, 303, "decision", "release", "why", "within the leaflet's hours")
	}
	s.posts("/excursions/1/steps", 303, "step", "maker", "note", "not needed")
	s.posts("/excursions/1/steps", 303, "step", "cause", "note", "fuse replaced")
	page := s.shows("/excursions/1", "&lt;b&gt;left&lt;/b&gt; inside")
	trail := page[strings.Index(page, `id="trail"`):]
	at := 0
	for _, deed := range []string{"found the excursion", "rang the alarm", "put a lot on hold", "Pia", "acknowledged the alarm", "Nora", "noted a step of the checklist", "found it over", "released a lot", "fuse replaced"} {
		next := strings.Index(trail[at:], deed)
		if next < 0 {
			t.Fatalf("the trail does not tell %q where it should: %s", deed, trail)
		}
		at += next
	}
	if n := strings.Count(trail, "line "); n < 9 {
		t.Errorf("%d of its lines have a proof", n)
	}
}

// A logger that travelled with a delivery, or the carrier that brought it, is attached to
// what came in. What was too warm goes on hold; what can't be read, or is of nothing, is refused.
func TestColdDeliveriesAreReadOrRefused(t *testing.T) {
	s := openCare(t)
	s.warms(4)
	refused := func(sentence, name, content string, fields ...string) {
		t.Helper()
		w := s.multi("/deliveries", name, content, fields...)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), sentence) {
			t.Errorf("%v with %q answers %d, not %q", fields, name, w.Code, sentence)
		}
	}
	const warm, cold = "time,celsius\n2026-05-04 08:00,5\n2026-05-04 08:05,11\n2026-05-04 09:30,11\n2026-05-04 09:35,5\n", "time,celsius\n2026-05-04 08:00,5\n2026-05-04 08:05,4\n"
	s.shows("/deliveries?ref=lot/lot-1", `value="lot/lot-1"`, "No cold delivery yet")
	refused("Choose the logger", "", "", "ref", "lot/lot-1", "note", "came <late>")
	refused("There is no such order or lot.", "t.csv", cold, "ref", "order/2026-0001", "profile", "refrigerator")
	refused("There is no such order or lot.", "t.csv", cold, "ref", "", "profile", "refrigerator")
	refused("Choose how it must be kept.", "t.csv", cold, "ref", "lot/lot-1")
	refused("be read as a logger", "t.csv", "hello", "ref", "lot/lot-1", "profile", "refrigerator")
	refused("The file is larger than 4 MB.", "t.csv", strings.Repeat("2026-05-04 08:00,5\n", 5<<20/19), "ref", "lot/lot-1", "profile", "refrigerator")
	refused("There is no such trip.", "", "", "ref", "lot/lot-1", "trip", "9")
	if w := s.multi("/deliveries", "", "", "ref", "lot/lot-9", "note", "came <late>"); !strings.Contains(w.Body.String(), "came &lt;late&gt;") {
		t.Error("what was typed is gone")
	}
	first := s.multi("/deliveries", "T-0412.csv", warm, "ref", "lot/lot-1", "profile", "refrigerator", "note", "driver told of a flat tyre").Header().Get("Location")
	s.shows(first, "11.0 °C", "driver told of a flat tyre", "A1")
	s.shows("/fridges/f-1", "30 on hold")
	s.shows("/deliveries", "Delivery 1 with")
	if code, file := s.get(first + "/file"); code != http.StatusOK || file != warm {
		t.Errorf("its file comes back with %d as %q", code, file)
	}
	if w := s.multi("/deliveries", "ok.csv", cold, "ref", "lot/lot-2", "profile", "refrigerator"); w.Code != http.StatusSeeOther {
		t.Errorf("a cold delivery answers %d", w.Code)
	}
	trip, err := s.monitor.StartTrip(t.Context(), s.who, "f-2", coldchain.TripPlan{Purpose: "vaccines", To: "Ward B"})
	if err != nil {
		t.Fatal(err)
	}
	s.warms(4, 4)
	third := s.multi("/deliveries", "", "", "ref", "lot/lot-2", "trip", "1").Header().Get("Location")
	s.shows(third, "trip 1 of Second fridge")
	if code, _ := s.get(third + "/file"); code != http.StatusNotFound || trip.ID != 1 {
		t.Errorf("the file of a trip answers %d", code)
	}
	for _, path := range []string{"/deliveries/99", "/deliveries/x", "/deliveries/99/file"} {
		if code, _ := s.get(path); code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, code)
		}
	}
	s.slowly(func() string {
		return s.multi("/deliveries", "slow.csv", cold, "ref", "lot/lot-2", "profile", "refrigerator").Header().Get("Location")
	}, "slow.csv", `href="/deliveries?ref=lot%2Flot-2"`)
	if page := s.shows("/deliveries"); strings.Contains(page, "slow.csv") {
		t.Error("what was stopped is there")
	}
	s.who = person("Ada", hospital.Auditor)
	if w := s.multi("/deliveries", "ok.csv", cold, "ref", "lot/lot-2", "profile", "refrigerator"); w.Code != http.StatusForbidden {
		t.Errorf("an auditor attaches a delivery: %d", w.Code)
	}
}
