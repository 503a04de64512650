package web_test

import (
	"strings"
	"testing"

	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// A supply manager enters an item on a page, books it, has it refilled, and it is proposed;
// what can't be comes back with all that was typed.
func TestAnItemIsEnteredOnAPage(t *testing.T) {
	s := openStoreroom(t)
	s.page("/stock?q=measles", "No item fits", "!/stock/new")
	s.who = as(hospital.SupplyManager, "Sam")
	s.page("/stock", `href="/stock/new"`, "New item")
	s.page("/stock?q=measles", `href="/stock/new?name=measles"`)
	s.page("/stock/new?name=measles", `value="measles"`, "Medi, EUR", "Refrigerator", "Vital: 99 %", `name="price"`)
	s.page("/stock/new?name=4000000000020", `name="gtin" type="text" value="04000000000020"`)

	fields := []string{"name", "Measles vaccine", "unit", "dose", "gtin", "(01)04000000000020(17)270930(10)X1", "criticality", "vital", "storage", "refrigerator", "shelf_life", "540",
		"instead", "flu\nGloves & MITTENS\r\n", "supplier", "medi", "code", "M-55", "pack", "10", "least", "2", "price", "93.50"}
	but := func(name, value string) []string {
		other := append([]string{}, fields...)
		for i := 0; i < len(other); i += 2 {
			if other[i] == name {
				other[i+1] = value
				return other
			}
		}
		return append(other, name, value)
	}
	for _, c := range []struct{ name, value, says string }{
		{"name", "", "Give the item a name"},
		{"name", "gloves & mittens", "another item of “gloves &amp; mittens”"},
		{"unit", " ", "Say what one of it is called"},
		{"gtin", "4000000000021", "check digit"},
		{"gtin", "4000000000013", "another item of “04000000000013”"},
		{"id", "gloves", "There is an item “gloves” already: Gloves"},
		{"id", "a b", "A short name has"},
		{"id", "health", "A page of ours has this short name"},
		{"criticality", "very", "Choose how badly it is needed"},
		{"storage", "the attic", "Choose how it is kept"},
		{"shelf_life", "long", "whole number"},
		{"shelf_life", "36501", "0 to 36500 days"},
		{"instead", "rabies", "No one item is called “rabies”"},
		{"instead", "flu\nflu", "stands once"},
		{"supplier", "nobody", "Choose a supplier"},
		{"pack", "0", "A pack holds 1 to"},
		{"price", "dear", "Give the amount"},
	} {
		page := s.post("/stock/new", 422, but(c.name, c.value)...).Body.String()
		s.holds(c.name+" "+c.value, page, c.says, `value="M-55"`)
	}
	s.post("/stock/new", 303, fields...)
	s.page("/stock/measles-vaccine", "Measles vaccine", "Pack of 10 doses from Medi", "keep at refrigerator temperature", "Influenza vaccine", `href="/stock/measles-vaccine/master"`)
	if w := s.ask("GET", "/stock?q=4000000000020", nil); w.Code != 303 || w.Header().Get("Location") != "/stock/measles-vaccine" {
		t.Errorf("its code leads to %d %q", w.Code, w.Header().Get("Location"))
	}
	s.holds("the item master as a file", s.page("/files/items.csv"), "measles-vaccine,Measles vaccine,dose,04000000000020,10,medi,M-55,9350,2,0,540,vital,refrigerator,flu gloves")

	// It behaves as any other: it is received, used, refilled and proposed.
	s.post("/stock/measles-vaccine/receive", 303, "quantity", "30", "place", "fridge", "number", "X1", "expiry", "2027-09-30")
	if err := s.desk.SetRefill(t.Context(), s.who, reorder.Spot{Item: "measles-vaccine", Place: "fridge"}, policy.Refill{Kind: policy.MinMax, Minimum: 20, Maximum: 60}); err != nil {
		t.Fatal(err)
	}
	s.post("/stock/measles-vaccine/use", 303, "quantity", "15", "place", "fridge")
	if _, err := s.desk.Consider(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.page("/orders/proposals", "Order 50 doses of Measles vaccine", "467.50 EUR")

	// What it is can be said anew; how it is bought stays. Its unit stays too, once it was booked.
	s.page("/stock/measles-vaccine/master", `value="Measles vaccine"`, "flu\ngloves", `value="540"`, `value="vital" selected`, "!Units in a pack")
	change := []string{"name", "Measles vaccine, live", "unit", "dose", "gtin", "04000000000020", "criticality", "essential", "storage", "", "shelf_life", "", "instead", "flu"}
	s.holds("another unit", s.post("/stock/measles-vaccine/master", 422, append([]string{"unit", "vial", "name", "Measles vaccine"}, change[4:]...)...).Body.String(), "booked by the “dose” already", `value="vial"`)
	s.post("/stock/measles-vaccine/master", 303, change...)
	s.page("/stock/measles-vaccine", "Measles vaccine, live", "from Medi", "!keep at refrigerator")
	s.page("/stock?q=measles", "Measles vaccine, live")
	s.page("/stock?supplier=medi&q=measles", "Measles vaccine, live")
	s.page("/stock?supplier=nobody", "No item fits", "!No items yet")
	item, err := s.room.Store.MasterItem(t.Context(), "measles-vaccine")
	if err != nil || item.Price != 9350 || item.Pack != 10 || item.LeastPacks != 2 || item.Criticality != "essential" || len(item.Substitutes) != 1 {
		t.Errorf("%+v %v", item, err)
	}
	var deeds []string
	rows, err := s.db.Query(t.Context(), `SELECT what || ' ' || before || ' ' || after FROM audit WHERE on_thing = 'stock/measles-vaccine' AND what LIKE 'item.%' ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var deed string
		if err := rows.Scan(&deed); err != nil {
			t.Fatal(err)
		}
		deeds = append(deeds, deed)
	}
	if err := rows.Err(); err != nil || len(deeds) != 2 || !strings.HasPrefix(deeds[0], "item.added") || !strings.Contains(deeds[1], `"criticality":"vital"`) || !strings.Contains(deeds[1], `"criticality":"essential"`) {
		t.Errorf("the trail: %q %v", deeds, err)
	}

	s.post("/stock/gone/master", 404, change...)
	for _, role := range []hospital.Role{hospital.Nurse, hospital.Pharmacist, hospital.Auditor} {
		s.who = as(role, "Nora")
		s.post("/stock/new", 403, fields...)
		s.post("/stock/measles-vaccine/master", 403, change...)
		s.page("/stock/measles-vaccine", "!/master")
	}
	s.who = hospital.Person{ID: "sam", Name: "Sam", Roles: []hospital.Role{hospital.SupplyManager}, Limits: hospital.Limits{hospital.SupplyManager: {"ward"}}}.Actor()
	s.post("/stock/new", 403, but("name", "Rabies vaccine")...)
	s.who = as(hospital.Administrator, "Ada")
	s.post("/stock/new", 303, "name", "Swab", "unit", "piece", "pack", "100")
	s.page("/stock/swab", "Nobody sells this here yet", `href="/stock/swab/prices#seller"`)
}
