package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
)

// An American logger: month first, two columns for the time, Fahrenheit. It is asked
// once, below zero; its next file is taken in as it is dropped.
func TestALoggersColumnsAreAskedOnce(t *testing.T) {
	p := openPharmacy(t)
	first := "Date;Time;Reading\n05/01/2026;08:00;31,1\n05/01/2026;08:05;41\n05/01/2026;08:10;--.-\n"
	w := p.hand("f-1", first, nil)
	dialogue := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || dialogue == "" {
		t.Fatalf("answers %d", w.Code)
	}
	choice := url.Values{"serial": {"US-9"}, "zone": {"America/New_York"}, "time": {"0"}, "time_of_day": {"1"}, "temp": {"2"}, "clock": {"mdy"}, "unit": {"F"}, "comma": {"yes"}}
	p.shows(dialogue+"?"+choice.Encode(), "2 readings", "\u22120.5", "1 May 2026 14:00 CEST", "The probe was out in 1 row", `value="US-9"`)
	pia := p.who
	p.who = person("Per", hospital.Pharmacist)
	if code, _ := p.get(dialogue); code != http.StatusNotFound {
		t.Errorf("another person's file is shown: %d", code)
	}
	p.who = pia
	if code, _ := p.get(strings.Replace(dialogue, "f-1", "f-2", 1)); code != http.StatusNotFound {
		t.Errorf("it is shown on another fridge's page: %d", code)
	}
	choice.Set("serial", "")
	if w := p.post(dialogue, choice); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "serial number") {
		t.Errorf("without a serial number: %d", w.Code)
	}
	choice.Set("serial", "US-9")
	if w := p.post(dialogue, choice); w.Code != http.StatusSeeOther {
		t.Fatalf("answers %d", w.Code)
	}
	p.shows("/fridges/f-1", "US-9", "Probe unplugged since")
	second := "Date;Time;Reading\n05/02/2026;08:00;40\n"
	w = p.hand("f-1", second, map[string]string{"serial": "US-9"})
	if said, _ := url.QueryUnescape(w.Header().Get("Set-Cookie")); !strings.Contains(said, "1 reading taken in.") {
		t.Errorf("the next file: %d %q", w.Code, said)
	}
	other := "when\tvalue\n2026-05-03 08:00\t5\n"
	if w := p.hand("f-1", other, map[string]string{"serial": "US-9"}); !strings.HasPrefix(w.Header().Get("Location"), "/fridges/f-1/readings/") {
		t.Errorf("a file that reads otherwise is not asked about: %d", w.Code)
	}
}

// A file that takes its time has a page that says so, also without script; stopped, it leaves
// nothing, and what it left out is taken in the next time.
func TestALoggersFileThatTakesItsTimeCanBeStopped(t *testing.T) {
	p := openPharmacy(t)
	held, release := make(chan struct{}), make(chan struct{})
	writing := make(chan error, 1)
	go func() {
		writing <- p.base.InTx(context.Background(), func(*db.Tx) error { close(held); <-release; return nil })
	}()
	<-held
	p.door.Patience = time.Millisecond
	const file = "time,celsius\n2026-05-01T08:00:00Z,4\n2026-05-01T08:05:00Z,5\n"
	dialogue := p.hand("f-1", file, map[string]string{"serial": "L-1"}).Header().Get("Location")
	if strings.HasPrefix(dialogue, "/work/") { // looking at it took longer than a millisecond
		p.door.Patience = time.Minute
		dialogue = p.hand("f-1", file, map[string]string{"serial": "L-1"}).Header().Get("Location")
		p.door.Patience = time.Millisecond
	}
	choice := url.Values{"serial": {"L-1"}, "zone": {"UTC"}, "time": {"0"}, "time_of_day": {"-1"}, "temp": {"1"}, "clock": {"any"}, "unit": {"C"}, "comma": {"no"}}
	work := p.post(dialogue, choice).Header().Get("Location")
	p.shows(work, "Take in a file", "export.csv", `<noscript><meta http-equiv="refresh" content="3">`, ">Stop</button>", "<progress", `hx-trigger="every 1s"`)
	p.shows(work, "Stopping keeps the parts that are in it")
	p.shows("/fridges/f-1", `href="`+work+`"`, "Under way")
	pia := p.who
	p.who = person("Per", hospital.Pharmacist)
	if code, _ := p.get(work); code != http.StatusNotFound {
		t.Errorf("another sees it: %d", code)
	}
	p.who = pia
	if w := p.post(work, url.Values{}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != work {
		t.Fatalf("stop answers %d", w.Code)
	}
	close(release)
	if err := <-writing; err != nil {
		t.Fatal(err)
	}
	p.door.Patience = time.Minute
	p.post(work, url.Values{}) // waits for its end
	p.shows(work, "Stopped. Nothing was changed.", `href="`+dialogue+`"`)
	if page := p.shows("/fridges/f-1"); strings.Contains(page, "L-1") {
		t.Error("the logger is there")
	}
	w := p.post(dialogue, choice)
	if said, _ := url.QueryUnescape(w.Header().Get("Set-Cookie")); !strings.Contains(said, "2 readings taken in.") || !strings.HasPrefix(w.Header().Get("Location"), "/fridges/f-1?") {
		t.Errorf("taken in again: %d %q", w.Code, said)
	}
}

// What fails while nobody waits for it is logged once, however often its page is looked at.
func TestAnErrandThatFailsAloneIsLoggedOnce(t *testing.T) {
	p := openPharmacy(t)
	var log bytes.Buffer
	p.door.Log = slog.New(slog.NewTextHandler(&log, nil))
	dialogue := p.hand("f-1", "time,celsius\n2026-05-01T08:00:00Z,4\n", map[string]string{"serial": "L-1"}).Header().Get("Location")
	p.exec("CREATE TRIGGER broken BEFORE INSERT ON logger_layouts BEGIN SELECT RAISE(ABORT, 'out of sorts'); END")
	held, release, writing := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		writing <- p.base.InTx(context.Background(), func(*db.Tx) error { close(held); <-release; return nil })
	}()
	<-held
	p.door.Patience = time.Millisecond
	work := p.post(dialogue, url.Values{"serial": {"L-1"}, "zone": {"UTC"}, "time": {"0"}, "time_of_day": {"-1"}, "temp": {"1"}, "clock": {"any"}, "unit": {"C"}, "comma": {"no"}}).Header().Get("Location")
	close(release)
	if err := <-writing; err != nil {
		t.Fatal(err)
	}
	for _, page := p.get(work); strings.Contains(page, "<progress"); _, page = p.get(work) {
	}
	for range 3 {
		if page := p.shows(work, "Wardwatch could not do this", `href="`+dialogue+`"`); strings.Contains(page, "out of sorts") {
			t.Error("the page shows what is inside")
		}
	}
	if n := strings.Count(log.String(), "an errand failed"); n != 1 || !strings.Contains(log.String(), "out of sorts") {
		t.Errorf("logged %d times:\n%s", n, log.String())
	}
}

const fridgeTag2 = "Device: Q-tag Fridge-tag 2\r\nVers: 1.0\r\nConf:\r\n Serial: 990000000002\r\n Alarm:\r\n  0:\r\n   T AL: -0.5, t AL: 60\r\n  1:\r\n   T AL: +8.0, t AL: 600\r\nHist:\r\n" +
	" 1:\r\n  Date: 2026-05-03\r\n  Min T: +9.0, TS Min T: 00:10\r\n  Max T: +11.0, TS Max T: 04:57\r\n  Avrg T: +9.5\r\n  Alarm:\r\n   1:\r\n    t Acc: 300, TS A: 00:00, C A: 0\r\n" +
	" 2:\r\n  Date: 2026-05-02\r\n  Min T: +3.0, TS Min T: 00:00\r\n  Max T: +10.5, TS Max T: 23:57\r\n  Avrg T: +6.0\r\n  Alarm:\r\n   1:\r\n    t Acc: 720, TS A: 22:00, C A: 1\r\n"

// A Fridge-tag 2 keeps no readings; when it rang is kept, joined over midnight.
func TestAFridgeTagsDailyAlarmsAreKeptAsOneTime(t *testing.T) {
	p := openPharmacy(t)
	w := p.hand("f-1", fridgeTag2, nil)
	dialogue := w.Header().Get("Location")
	p.shows(dialogue, "Logger 990000000002", "no readings, only the device", "2 days", "Zone of the logger")
	if w := p.post(dialogue, url.Values{"serial": {"990000000002"}, "zone": {"Europe/Berlin"}, "clock": {"any"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("answers %d: %s", w.Code, w.Body.String())
	}
	p.shows("/fridges/f-1", "Device rings itself (over 8.0 °C for 1020 min by its daily summary) since", "Device no longer rings")
	w = p.hand("f-1", fridgeTag2, nil) // its zone is known by now
	if w.Header().Get("Location") != "/fridges/f-1?period=month#chart" {
		t.Errorf("asked again: %s", w.Header().Get("Location"))
	}
}

func TestAFileThatWaitsTooLongIsForgotten(t *testing.T) {
	p := openPharmacy(t)
	dialogue := p.hand("f-1", "a,b\n2026-05-01 08:00,4\n", nil).Header().Get("Location")
	p.shows(dialogue, "How the file begins")
	for range 8 {
		p.hand("f-1", "a,b\n2026-05-01 08:00,4\n", nil)
	}
	if code, _ := p.get(dialogue); code != http.StatusNotFound {
		t.Errorf("a ninth file waits: %d", code)
	}
	dialogue = p.hand("f-1", "a,b\n2026-05-01 08:00,4\n", nil).Header().Get("Location")
	p.at = p.at.Add(31 * time.Minute)
	if code, page := p.get(dialogue); code != http.StatusNotFound || !strings.Contains(page, "waits no longer") {
		t.Errorf("after half an hour: %d", code)
	}
}
