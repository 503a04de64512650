package web_test

import (
	"net/url"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

// A scanner and nothing else: it types a code and ends with Enter. Cards say what is
// done, where and how many; boxes are received, used, moved and counted; a separator
// that the scanner swallowed is repaired, and that is said.
func TestReceiveUseMoveCountWithTheScannerAlone(t *testing.T) {
	s := openStoreroom(t)
	s.who = as(hospital.SupplyManager, "Sam")
	at := "/stock/scan"
	scan := func(code string, want ...string) {
		t.Helper()
		w := s.ask("GET", at, nil)
		form := url.Values{}
		for _, name := range []string{"task", "place", "to", "quantity", "why", "kind"} {
			asked, err := url.Parse(at)
			if err != nil {
				t.Fatal(err)
			}
			form.Set(name, asked.Query().Get(name)) // the page keeps its settings in its address
		}
		if !strings.Contains(w.Body.String(), "autofocus") {
			t.Fatal("the cursor is not in the box")
		}
		form.Set("code", code)
		answer := s.ask("POST", "/stock/scan", form)
		if answer.Code != 303 {
			t.Fatalf("%s: %d %.300s", code, answer.Code, answer.Body)
		}
		said, err := url.QueryUnescape(answer.Header().Get("Set-Cookie"))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(said, w) {
				t.Errorf("%s: %q is not said: %s", code, w, said)
			}
		}
		at = answer.Header().Get("Location")
	}
	scan("WW-DO-RECEIVE", "What is scanned now is received")
	scan("ww-at-STORE", "Place: Store <B>")
	scan("WW-N-20", "Quantity: 20")
	scan("010400000000001310G7717270430", "Received: 20 pairs of Gloves", "lot G77", "eparator")
	scan("WW-DO-USE", "is used")
	scan("WW-N-3")
	scan("0104000000000013"+"10G77", "Used: 3 pairs")
	scan("WW-DO-MOVE", "is moved")
	scan("WW-TO-ward", "Move to: Ward cupboard")
	scan("WW-N-5")
	scan("0104000000000013"+"10G77", "Moved: 5 pairs")
	scan("WW-DO-COUNT", "is counted")
	scan("WW-N-11")
	scan("WW-WHY-1", "Reason: ")
	scan("0104000000000013"+"10G77", "Counted: 11 pairs")
	balances, err := s.stock.Store.Balances(t.Context(), "gloves")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, b := range balances {
		got[b.Lot.Number+" at "+string(b.Place)] = b.Free
	}
	if got["G77 at store"] != 11 || got["G77 at ward"] != 5 || got["G1 at store"] != 500 {
		t.Errorf("the shelves hold %v", got)
	}
	s.page("/stock/scan", `href="/stock/scan/cards"`)
	s.page("/stock/scan/cards", `data-card="WW-DO-RECEIVE"`, `data-card="WW-AT-store"`, `data-card="WW-N-50"`, `class="qr"`)
	for _, code := range []string{"WW-DO-FLY", "WW-WHY-99", "WW-N-many"} {
		if w := s.ask("POST", "/stock/scan", url.Values{"task": {"find"}, "code": {code}}); w.Code != 422 {
			t.Errorf("%s: %d", code, w.Code)
		}
	}
	if w := s.ask("POST", "/stock/scan", url.Values{"task": {"find"}, "code": {"WW-AT-moon"}}); w.Code != 404 {
		t.Errorf("the card of no place: %d", w.Code)
	}
	s.who = as(hospital.Nurse, "Nora")
	if w := s.ask("POST", "/stock/scan", url.Values{"task": {"find"}, "code": {"WW-DO-RECEIVE"}}); w.Code != 422 {
		t.Errorf("a nurse receives by a card: %d", w.Code)
	}
}
