package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
)

// fill types into a step's fields, saves it and waits for the page that comes of it.
func (b *tab) fill(step string, values map[string]string) {
	b.t.Helper()
	b.until("step "+step+" is open", `!!document.querySelector('form[action="/admin/start/`+step+`"]')`)
	for name, value := range values {
		b.put("#start-"+step+"-"+name, value)
	}
	b.eval(mark)
	b.tap(`form[action="/admin/start/` + step + `"] button.primary`)
	b.until("step "+step+" is answered", unmarked+` && document.readyState === "complete"`)
}

// TestFromAnEmptyHospitalToTheFirstOfEverything: the one-time link makes the administrator, and
// the set-up leads her on: rooms, a gateway that is heard, a pump that is found, a fridge whose
// reading appears on its open page, an item. What is refused comes back with what was typed.
func TestFromAnEmptyHospitalToTheFirstOfEverything(t *testing.T) {
	s, link := house(t)
	b := s.look(t, hospital.Administrator, desk)
	b.tolerate = []string{"422"} // the form that is refused
	b.open(link)
	b.put(`input[name="name"]`, "Ada Root")
	b.put(`input[name="email"]`, "ada@linden.example")
	b.put(`input[name="password"]`, "tiger-lamp-cloud-seven")
	b.click(`main form button.primary`)
	b.until("home leads to the set-up", `!!document.querySelector('main a[href="/admin/start"]')`)
	if b.eval(`!!document.querySelector('main a[href="/admin/imports"]')`) != "true" {
		t.Error("home names the document and does not lead to where it is taken in")
	}
	for _, empty := range []string{"/coldchain", "/floors", "/stock", "/stock/restock", "/search", "/admin/suppliers"} {
		b.open(empty)
		b.until(empty+" leads to the set-up", `!!document.querySelector('main .empty a[href="/admin/start"]')`)
	}
	b.open("/")
	b.tap(`main a[href="/admin/start"]`)
	b.until("nothing is done yet", `document.querySelector("main").innerText.includes("0 of 5 done")`)
	b.check("the set-up of an empty hospital")
	b.fill("house", map[string]string{"site": "Linden", "zone": "Europe/Nowhere", "floor": "Ground floor", "unit": "Ward A", "rooms": "Store\nRoom 1\nPharmacy"})
	b.until("what can't be is refused, what was typed is kept", `!!document.querySelector("form .notice") && document.querySelector("#start-house-rooms").value.includes("Pharmacy")`)
	if said := b.text("form .notice"); !strings.HasSuffix(said, ".") || strings.HasSuffix(said, "..") {
		t.Errorf("a refusal is no sentence: %q", said)
	}
	b.check("the set-up with a form that came back")
	b.fill("house", map[string]string{"zone": "Europe/Dublin"})
	b.until("one is done", `document.querySelector("main").innerText.includes("1 of 5 done")`)

	b.fill("gateway", map[string]string{"id": "aa:bb:cc:00:00:01", "name": "Store, ceiling"})
	b.until("its page asks for a token", `!!document.querySelector('form[action$="/token"]')`)
	b.tap(`form[action$="/token"] button`)
	b.until("the token is shown", `!!document.querySelector("#token code")`)
	if b.eval(`document.querySelector("#token .notice").offsetHeight < 150`) != "true" {
		t.Error("the token stands far under the sentence that tells of it")
	}
	gateway, token := b.eval(`decodeURIComponent(location.pathname.split("/")[3])`), b.eval(`document.querySelector("#token code").innerText`)

	b.tap(`#set-up a`)
	b.until("the gateway's page leads on", `location.pathname === "/admin/start"`)
	b.fill("asset", map[string]string{"kind": "infusion pump", "id": "P-001", "tag": "c0ffee000001"})
	b.fill("fridge", map[string]string{"name": "Vaccine fridge A", "sensor": "aabbccddeeff"})
	b.until("the fridge's page waits for its probe", `location.pathname === "/fridges/vaccine-fridge-a" && document.body.dataset.liveState === "live"`)
	b.eval(mark)
	at := func(secondsAgo int) string {
		return time.Now().Add(-time.Duration(secondsAgo) * time.Second).UTC().Format(time.RFC3339)
	}
	s.deliver(token, fmt.Sprintf(`{"gateway":%q,"readings":[{"sensor":"aabbccddeeff","gateway":%q,"celsius":5.2,"at":%q}]}`, gateway, gateway, at(1)))
	b.until("its reading appears by itself", `document.querySelector("main").innerText.includes("5.2")`)
	if b.eval(unmarked) == "true" {
		t.Error("the page was loaded anew")
	}
	b.open("/")
	b.until("home tells how far the set-up is", `/^Set up: [1-4] of 5 done/.test(document.getElementById("set-up").innerText)`)
	b.tap("#set-up a")
	b.fill("item", map[string]string{"name": "Measles vaccine", "unit": "dose", "pack": "10", "quantity": "40", "lot": "L1",
		"seller": "Medi", "email": "orders", "price": "82.50"})
	b.until("an address that is none is refused, what was typed is kept", `!!document.querySelector("form .notice") && document.querySelector("#start-item-seller").value === "Medi"`)
	b.fill("item", map[string]string{"email": "orders@medi.example"})
	b.until("the item is entered", `document.querySelector("#step-item .status").innerText.includes("Done")`)
	// A room is decided by what is heard for a while: the pump lies there and its tag goes on.
	for end := time.Now().Add(storyTime); b.eval(`document.querySelector("main").innerText.includes("5 of 5 done")`) != "true"; b.open("/admin/start") {
		s.deliver(token, fmt.Sprintf(`{"gateway":%q,"sightings":[{"tag":"c0ffee000001","gateway":%q,"rssi_dbm":-50,"at":%q}]}`, gateway, gateway, at(0)))
		if time.Now().After(end) {
			t.Fatalf("the pump is found nowhere: %s", b.text("main"))
		}
	}
	b.check("the set-up, done")
	b.open("/")
	b.until("home has nothing of it any more", `!document.getElementById("set-up") && document.readyState === "complete"`)
	b.open("/stock/measles-vaccine")
	b.until("the item is there, with whom it is bought from", `document.querySelector("main").innerText.includes("40") && document.querySelector("main").innerText.includes("from Medi")`)
	b.open("/stock/measles-vaccine/prices")
	b.until("it can be ordered", `document.querySelector("main").innerText.includes("from Medi, in EUR") && [...document.querySelectorAll("main input")].some((e) => e.value === "82.50")`)
	b.check("who sells it")
}

// deliver posts what a gateway says, and again when it is told to.
func (s *server) deliver(token, message string) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		status, said := s.post(token, message)
		switch {
		case status == http.StatusOK && strings.Contains(said, `"rejected":[]`):
			return
		case status != http.StatusTooManyRequests || time.Now().After(end):
			s.t.Fatalf("%d %s", status, said)
		}
	}
}

// post is one try of deliver.
func (s *server) post(token, message string) (status int, said string) {
	s.t.Helper()
	request, err := http.NewRequest(http.MethodPost, s.url+"/ingest", strings.NewReader(message))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
