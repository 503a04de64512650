package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

func TestABoxIsBookedFromTheItemsPage(t *testing.T) {
	s := openStoreroom(t)
	s.page("/stock/gloves/packs", "No packs yet", "!Set it from now on")
	s.post("/stock/gloves/packs", 403, "name", "box", "units", "50")
	s.who = as(hospital.SupplyManager, "Sam")
	s.holds("one", s.post("/stock/gloves/packs", 422, "name", "box", "units", "1").Body.String(), "2 to", `value="box"`)
	s.page("/stock/gloves", `!name="in"`)
	s.post("/stock/gloves/packs", 303, "name", "box", "units", "50", "gtin", "4000000000020")
	s.page("/stock/gloves/packs", "50 pairs", "04000000000020", "Sam, ")
	s.page("/stock/gloves", `name="in"`, "box of 50")
	s.post("/stock/gloves/use", 303, "quantity", "1.5", "in", "1", "place", "store")
	s.page("/stock/gloves", `<span class="big number">425</span>`, "1.5 × box of 50")
	s.holds("part", s.post("/stock/gloves/use", 422, "quantity", "0.25", "in", "1", "place", "store").Body.String(), "no whole number of units", `value="0.25"`)
	if w := s.ask("GET", "/stock?q=4000000000020", nil); w.Header().Get("Location") != "/stock/gloves" {
		t.Errorf("the box's code leads to %q", w.Header().Get("Location"))
	}
}

func TestCountingBlindThroughThePages(t *testing.T) {
	s := openStoreroom(t)
	s.page("/stock/counts", "Nothing is due")
	if err := s.room.PlanCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.at = s.at.Add(180 * 24 * time.Hour)
	s.page("/stock/counts", "Store &lt;B&gt;", "!Begin to count")
	s.post("/stock/counts", 403, "place", "store")
	s.who = as(hospital.SupplyManager, "Sam")
	s.page("/stock/counts", "Begin to count")
	s.post("/stock/counts", 303, "place", "store")
	s.page("/stock/counts/1", "Gloves &amp; mittens", `name="counted-1"`, "!500")
	s.holds("text", s.post("/stock/counts/1", 422, "counted-1", "many").Body.String(), `value="many"`, "whole number")
	s.post("/stock/counts/1", 303, "counted-1", "400", "key", "k")
	s.post("/stock/counts/1", 303, "counted-1", "400", "key", "k")
	s.page("/stock/counts/1", "Count it once more, 1 count so far", "!500")
	s.who = as(hospital.Pharmacist, "Priya")
	s.holds("no reason", s.post("/stock/counts/1", 422, "counted-1", "400").Body.String(), "Say why", `value="400"`)
	s.post("/stock/counts/1", 303, "counted-1", "400", "reason-1", "damaged or lost")
	s.page("/stock/counts/1", "Every line is counted", ">500<", ">-100<", "damaged or lost")
	s.page("/stock/counts", "Count 1 of Store")
	s.page("/stock/gloves", `<span class="big number">400</span>`)
	if w := s.ask("GET", fmt.Sprint("/stock/counts/", 99), nil); w.Code != 404 {
		t.Errorf("no such count: %d", w.Code)
	}
}

// The item master goes out with the columns in which it comes in.
func TestTheItemMasterAsAFile(t *testing.T) {
	s := openStoreroom(t)
	s.who = as(hospital.SupplyManager, "Sam")
	w := s.ask("GET", "/files/items.csv", nil)
	lines := strings.Split(strings.TrimPrefix(w.Body.String(), "\ufeff"), "\r\n")
	table, _ := document.TableOf("items")
	if w.Code != 200 || lines[0] != table.Header() {
		t.Fatalf("%d %q, want %q", w.Code, lines[0], table.Header())
	}
	if want := "flu,Influenza vaccine,dose,,10,medi,,9000,0,0,0,,,gloves"; lines[1] != want {
		t.Errorf("%q, want %q", lines[1], want)
	}
	s.page("/stock", "/files/items.csv")
	s.page("/stock/flu", "Instead of it", "500 pairs usable", "!These may be given instead")
	s.post("/stock/flu/move", 303, "quantity", "30", "place", "fridge", "to", "ward")
	s.post("/stock/flu/use", 303, "quantity", "30", "place", "ward")
	s.page("/stock/flu", "These may be given instead")
}
