package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

func TestABinsCardIsScannedWhereItHangs(t *testing.T) {
	s := openStoreroom(t)
	s.page("/stock/gloves/refill", "How it is refilled", "A supply manager sets this", "!Set it")
	s.post("/stock/gloves/refill", 403, "place", "store", "kind", "kanban")
	s.page("/stock/bins", "No bins here")
	s.who = as(hospital.SupplyManager, "Sam")
	back := s.post("/stock/gloves/refill", 422, "place", "store", "kind", "kanban", "bins", "1", "size", "120").Body.String()
	s.holds("refused", back, "2 to 20 bins", `value="120"`)
	s.holds("no number", s.post("/stock/gloves/refill", 422, "place", "store", "kind", "par", "maximum", "lots").Body.String(), `value="lots"`, "whole number")
	s.post("/stock/gloves/refill", 303, "place", "store", "kind", "kanban", "bins", "2", "size", "100")
	s.page("/stock/gloves/refill", "Kanban: 2 bins of 100 pairs")
	bins, err := s.desk.Store.Bins(t.Context(), "")
	if err != nil || len(bins) != 2 {
		t.Fatal(bins, err)
	}
	code := bins[0].Code
	s.page("/stock/bins", `data-bin="`+code+`"`, `!class="qr"`)
	s.page("/stock/bins?cards=1&place=store", `data-bin="`+code+`"`, `class="qr"`)
	s.who = as(hospital.Nurse, "Nora")
	s.page("/stock/bins/"+code, "This bin is empty")
	// The telephone's button, the hand scanner on the card, and the address that the card holds are one thing.
	s.post("/stock/bins/"+code+"/empty", 303)
	s.page("/stock/bins/"+code, "Scanned empty by Nora", "!This bin is empty")
	s.post("/stock/scan", 303, "task", "find", "code", "http://ward.example/stock/bins/"+code)
	s.post("/stock/scan", 303, "task", "use", "code", bins[1].Code)
	s.holds("unknown", s.post("/stock/scan", 404, "task", "find", "code", "BIN-XXXXXX-9").Body.String(), "BIN-XXXXXX-9")
	if _, err := s.desk.Consider(t.Context()); err != nil {
		t.Fatal(err)
	}
	waiting, err := s.desk.Store.OpenProposals(t.Context())
	if err != nil || len(waiting) != 1 || waiting[0].Quantity != 200 || waiting[0].Cause != "empty bin" {
		t.Errorf("%+v %v", waiting, err)
	}
	if w := s.ask(http.MethodGet, "/stock/bins/"+url.PathEscape("BIN-NONE-1"), nil); w.Code != 404 {
		t.Errorf("no such bin: %d", w.Code)
	}
	if _, is := reorder.BinCode("BINGO"); is {
		t.Error("BINGO is a card")
	}
}
