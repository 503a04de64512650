package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

// A wrong use is taken back from its line in the ledger, once; whoever may only look sees no form.
func TestALineOfTheLedgerIsTakenBackOnItsPage(t *testing.T) {
	s := openStoreroom(t)
	s.ask(http.MethodPost, "/stock/gloves/use", url.Values{"quantity": {"70"}, "place": {"store"}, "key": {"k"}})
	page := s.page("/stock/gloves", "430", "Take this line back", "Opening stock is put right by a count.")
	line := regexp.MustCompile(`name="line" value="(\d+)"`).FindStringSubmatch(page)
	if line == nil {
		t.Fatal("the page names no line")
	}
	form := url.Values{"line": line[1:], "why": {" "}, "key": {"a"}}
	opened := `<details class="sheet" open><summary class="button small quiet">Take back`
	if w := s.ask(http.MethodPost, "/stock/gloves/take-back", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), opened) || !strings.Contains(w.Body.String(), "Say what was wrong with it.") {
		t.Errorf("without a word, the form does not come back: %d", w.Code)
	}
	form = url.Values{"line": line[1:], "why": {"seven were meant"}, "key": {"b"}}
	if w := s.ask(http.MethodPost, "/stock/gloves/take-back", form); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/stock/gloves#ledger" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	page = s.page("/stock/gloves", "500", "takes line "+line[1]+" back", "Line "+line[1]+" was taken back by line ", "seven were meant")
	if strings.Contains(page, "Take this line back") {
		t.Error("the line can be taken back again")
	}
	form.Set("key", "c")
	if w := s.ask(http.MethodPost, "/stock/gloves/take-back", form); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "Somebody has taken this line back already.") || !strings.Contains(w.Body.String(), `id="ledger"`) {
		t.Errorf("taken back again: %d, not told in the ledger", w.Code)
	}
	s.who = as(hospital.Auditor, "Audra")
	if page := s.page("/stock/gloves", "Used"); strings.Contains(page, "put right") {
		t.Error("an auditor is told how to put a line right")
	}
	if w := s.ask(http.MethodPost, "/stock/gloves/take-back", form); w.Code != http.StatusForbidden {
		t.Errorf("an auditor took a line back: %d", w.Code)
	}
}
