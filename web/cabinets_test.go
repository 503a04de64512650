package web_test

import (
	"testing"

	"wardwatch/tracking/hospital"
)

func TestCabinetsRoundsAndConsignmentThroughThePages(t *testing.T) {
	s := openStoreroom(t)
	s.page("/stock/cabinets", "No cabinets yet", "!Set it")
	s.post("/stock/cabinets", 403, "place", "store", "gateway", "")
	if w := s.ask("GET", "/stock/cabinets/store", nil); w.Code != 404 {
		t.Errorf("no cabinet: %d", w.Code)
	}
	if w := s.ask("GET", "/stock/usage", nil); w.Code != 403 {
		t.Errorf("a nurse sees what things cost: %d", w.Code)
	}
	s.page("/stock/restock", "Choose a place")
	s.page("/stock/restock?place=store&from=ward", "Gloves &amp; mittens", `name="bring-gloves" value="0"`)
	s.page("/stock/expiring?within=180", "A1", "30 Sep 2026", "!would be wasted")
	s.holds("round", s.post("/stock/restock", 422, "place", "store", "from", "ward", "bring-gloves", "70").Body.String(), "Only 0 can be used here", `value="70"`)
	s.post("/stock/gloves/move", 303, "quantity", "100", "place", "store", "to", "ward")
	s.post("/stock/restock", 303, "place", "store", "from", "ward", "bring-gloves", "70")
	s.page("/stock/restock?place=store&from=ward", ">470<", ">30<")
	s.who = as(hospital.SupplyManager, "Sam")
	s.holds("reader", s.post("/stock/cabinets", 422, "place", "store", "gateway", "rd-9").Body.String(), "There is no such reader")
	s.page("/stock/usage", "Most used", "None.", "on hand")
	s.post("/stock/gloves/use", 303, "quantity", "7", "place", "ward")
	s.page("/stock/usage?days=30", "/files/use-and-waste.csv?days=30", "/files/use-and-waste-items.pdf?days=30")
	s.holds("months", s.ask("GET", "/files/use-and-waste.csv?days=30", nil).Body.String(), "Month,Used,Discarded,Missing,Currency", "2026-05,0.31,0.00,0.00,EUR")
	s.holds("items", s.ask("GET", "/files/use-and-waste-items.csv?days=30", nil).Body.String(), "used,gloves,Gloves & mittens,7,pair,0.31,EUR")
	for _, file := range []string{"/files/use-and-waste.xlsx", "/files/use-and-waste.pdf", "/files/use-and-waste-items.xlsx", "/files/use-and-waste-items.pdf"} {
		if w := s.ask("GET", file, nil); w.Code != 200 || w.Body.Len() < 500 {
			t.Errorf("%s: %d, %d bytes", file, w.Code, w.Body.Len())
		}
	}
	s.who = as(hospital.Nurse, "Nora")
	if w := s.ask("GET", "/files/use-and-waste.csv", nil); w.Code != 403 {
		t.Errorf("a nurse keeps what things cost: %d", w.Code)
	}
	s.who = as(hospital.SupplyManager, "Sam")
	s.page("/stock/expiring?within=180", "would be wasted")
	s.holds("paid", s.post("/stock/consignment", 422, "item", "gloves", "place", "store").Body.String(), "Something of it lies there", `value="gloves"`)
	s.post("/stock/consignment", 303, "item", "4000000000013", "place", "fridge")
	s.page("/stock/consignment", "Medi", "Fridge 1")
	s.post("/stock/gloves/receive", 303, "quantity", "10", "place", "fridge", "number", "I1")
	s.post("/stock/gloves/use", 303, "quantity", "4", "place", "fridge")
	s.page("/stock/consignment", "To be billed by Medi", "0.18 EUR")
	s.holds("no number", s.post("/stock/consignment/bill", 422, "supplier", "medi").Body.String(), "number of the supplier")
	s.post("/stock/consignment/bill", 303, "supplier", "medi", "bill", "R-7")
	s.page("/stock/consignment", "R-7", "!To be billed")
}
