package web_test

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// A full inbox comes page by page; all of a supplier is approved from any of them, a
// refused form comes back whichever page its proposal is on, and whoever answers goes
// on where she was.
func TestAFullInboxComesPageByPage(t *testing.T) {
	s := openStoreroom(t)
	const many = 260
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"}, Places: []document.Place{{ID: "attic", Name: "Attic"}},
		Suppliers: []document.Supplier{{ID: "bulk", Name: "Bulk", Email: "orders@bulk.example", Currency: "EUR", LeadDays: 3}}}
	for i := range many {
		doc.Items = append(doc.Items, document.Item{ID: fmt.Sprintf("b%03d", i), Name: fmt.Sprintf("Thing %03d", i), UnitOfIssue: "piece", Pack: 1, Supplier: "bulk", PriceMinor: 100,
			Levels: []document.Level{{Place: "attic", Minimum: 5, Maximum: 10}}})
		doc.Stock = append(doc.Stock, document.Lot{Item: doc.Items[i].ID, Place: "attic", Lot: "L", Quantity: 1})
	}
	if _, err := (db.Hospital{DB: s.db}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.desk.Consider(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.who = as(hospital.SupplyManager, "Sam")
	cards := func(path string) []string {
		t.Helper()
		w := s.ask("GET", path, nil)
		return regexp.MustCompile(`data-proposal="(\d+)"`).FindAllString(w.Body.String(), -1)
	}
	first, second, last := cards("/orders/proposals"), cards("/orders/proposals?from=20"), cards("/orders/proposals?from=250")
	if len(first) != 20 || len(second) != 20 || len(last) == 0 || len(last) >= 20 || first[0] == second[0] {
		t.Fatalf("%d, %d and %d cards", len(first), len(second), len(last))
	}
	s.page("/orders/proposals?from=20", "21–40 of", "Approve the first 200 of", `href="/orders/proposals"`, `from=40`, `name="from" value="20"`)
	id := strings.Trim(strings.TrimPrefix(last[len(last)-1], "data-proposal="), `"`)
	s.holds("refused", s.post("/orders/proposals/"+id+"/decline", 422, "version", "1", "why", "").Body.String(), `data-proposal="`+id+`"`)
	if w := s.post("/orders/proposals/"+id+"/approve", 303, "version", "1", "quantity", "9", "from", "50"); w.Header().Get("Location") != "/orders/proposals?from=50" {
		t.Errorf("goes on at %s", w.Header().Get("Location"))
	}
	number := func(card string) string { return strings.Trim(strings.TrimPrefix(card, "data-proposal="), `"`) }
	if w := s.ask("POST", "/orders/proposals/approve-all", url.Values{"one": {number(first[0]) + ":1", number(first[1]) + ":1"}}); w.Code != 303 {
		t.Fatalf("approve all: %d %s", w.Code, w.Body)
	}
	s.page("/orders/proposals", "2 proposals approved just now for Bulk", "Undo all 2", "Undo one of them")
	together := regexp.MustCompile(`/orders/proposals/together/\w+/undo`).FindString(s.ask("GET", "/orders/proposals", nil).Body.String())
	s.who = as(hospital.SupplyManager, "Mo")
	s.page("/orders/proposals", "!approved just now for")
	s.holds("another's", s.post(together, 409).Body.String(), "a decision of your own")
	s.who = as(hospital.SupplyManager, "Sam")
	s.post(together, 303)
	s.page("/orders/proposals", first[0], first[1], "!approved just now for Bulk")
	s.holds("twice", s.post(together, 409).Body.String(), "Nothing of this is left to take back")
	brief, err := s.desk.Store.OpenBrief(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := s.desk.Store.OpenProposals(t.Context())
	if err != nil || len(brief) != len(whole) {
		t.Fatalf("%d and %d: %v", len(brief), len(whole), err)
	}
	for i := range whole {
		if brief[i].ID != whole[i].ID || brief[i].Cost() != whole[i].Cost() || brief[i].Reason != "" || whole[i].Reason == "" || len(whole[i].Figures) == 0 {
			t.Fatalf("%d: %+v beside %+v", i, brief[i], whole[i])
		}
	}
	two, err := s.desk.Store.ProposalsNumbered(t.Context(), []reorder.ProposalID{whole[3].ID, whole[1].ID})
	if err != nil || len(two) != 2 || two[0].ID != whole[3].ID || two[1].Reason != whole[1].Reason {
		t.Errorf("%+v %v", two, err)
	}
}

// What a pack costs, and costs in larger orders, is set on the item; a break that is
// none is refused with all that was typed.
func TestPriceBreaksAreSetOnTheItem(t *testing.T) {
	s := openStoreroom(t)
	s.who = as(hospital.Nurse, "Nora")
	s.page("/stock/flu", "!/stock/flu/prices")
	if w := s.ask("GET", "/stock/flu/prices", nil); w.Code != 403 {
		t.Errorf("prices for a nurse: %d", w.Code)
	}
	s.who = as(hospital.SupplyManager, "Sam")
	s.page("/stock/flu", `href="/stock/flu/prices"`)
	s.page("/stock/flu/prices", "Prices of Influenza vaccine", `value="90.00"`)
	form := func(want int, pairs ...string) string {
		t.Helper()
		values := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			values.Add("packs", pairs[i])
			values.Add("price", pairs[i+1])
		}
		w := s.ask("POST", "/stock/flu/prices", values)
		if w.Code != want {
			t.Errorf("%v: %d %.300s", pairs, w.Code, w.Body)
		}
		return w.Body.String()
	}
	s.holds("dearer", form(422, "1", "90", "10", "95"), "a pack costs less", `value="95"`)
	s.holds("out of order", form(422, "1", "90", "10", "80", "5", "70"), "stand in order", `value="70"`)
	s.holds("no number", form(422, "1", "much"), `value="much"`)
	form(303, "1", "91.50", "10", "80", "50", "70.25", "", "")
	s.page("/stock/flu/prices", `value="91.50"`, `value="70.25"`, `value="50"`)
	item, supplier, err := s.desk.Store.PricesOf(t.Context(), "flu")
	if err != nil || item.Price != 9150 || len(item.Breaks) != 2 || item.Breaks[1] != (inventory.PriceBreak{Packs: 50, Price: 7025}) || supplier.Currency != "EUR" {
		t.Errorf("%+v %+v %v", item, supplier, err)
	}
	doc, err := db.Hospital{DB: s.db}.Describe(t.Context(), hospital.Job("test"))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range doc.Items {
		if i.ID == "flu" && (i.PriceMinor != 9150 || len(i.PriceBreaks) != 2) {
			t.Errorf("in the document: %+v", i)
		}
	}
}

// Who sells an item is chosen on the page of its prices. While nobody does, its page says
// so and nothing is proposed; once somebody does, what runs low is.
func TestWhoSellsAnItemIsChosenAndThenItIsProposed(t *testing.T) {
	s := openStoreroom(t)
	s.who = as(hospital.SupplyManager, "Sam")
	s.page("/stock/gloves", "!Nobody sells this", "from Medi")
	s.post("/stock/gloves/supplier", 303, "supplier", "", "pack", "100")
	s.page("/stock/gloves", "Nobody sells this here yet", `href="/stock/gloves/prices#seller"`, "!from Medi")
	s.page("/stock/gloves/prices", "Nobody sells it here yet", "!/admin/suppliers")
	s.post("/stock/gloves/use", 303, "quantity", "250", "place", "store")
	raised := func() int {
		t.Helper()
		if _, err := s.desk.Consider(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := s.desk.Store.ProposalsOf(t.Context(), "gloves", 5)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if n := raised(); n != 0 {
		t.Errorf("%d proposals of what nobody sells", n)
	}
	s.holds("a stranger", s.post("/stock/gloves/supplier", 422, "supplier", "nobody", "pack", "10", "code", "X-1").Body.String(), "Choose a supplier from the list", `value="X-1"`)
	s.holds("no pack", s.post("/stock/gloves/supplier", 422, "supplier", "medi", "pack", "0").Body.String(), "A pack holds 1 to", `value="0"`)
	s.holds("text", s.post("/stock/gloves/supplier", 422, "supplier", "medi", "pack", "ten").Body.String(), "whole number", `value="ten"`)
	s.holds("long", s.post("/stock/gloves/supplier", 422, "supplier", "medi", "pack", "10", "code", strings.Repeat("X", 81)).Body.String(), "at most 80 characters")
	s.post("/stock/gloves/supplier", 303, "supplier", "medi", "pack", "20", "least", "2", "code", "M-7")
	if n := raised(); n != 1 {
		t.Errorf("%d proposals once somebody sells it", n)
	}
	item, supplier, err := s.desk.Store.PricesOf(t.Context(), "gloves")
	if err != nil || supplier.ID != "medi" || item.Pack != 20 || item.LeastPacks != 2 || item.SupplierCode != "M-7" {
		t.Errorf("%+v %+v %v", item, supplier, err)
	}
	s.who = as(hospital.Nurse, "Nora")
	s.post("/stock/gloves/supplier", 403, "supplier", "medi", "pack", "10")
}

// How stock stood is drawn day by day, of the whole hospital or of a place, and kept as a
// file that says the same.
func TestHowStockStoodIsDrawnAndKeptAsAFile(t *testing.T) {
	s := openStoreroom(t)
	s.page("/stock/health", "Nothing is noted yet")
	s.post("/stock/gloves/use", 303, "quantity", "500", "place", "store")
	for range 2 {
		s.at = s.at.Add(24 * time.Hour)
		if err := s.desk.Nightly(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.stock.KeepHealth(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	page := s.page("/stock/health", "How it stood, day by day", `<rect class="lost"`, "Pale days were told", "/files/stock-health-days.csv?days=90", "Whole hospital", "4 May 2026", "6 May 2026", "50.0 %")
	s.page("/stock/health?days=30&place=store", "Store &lt;B&gt;", "/files/stock-health-days.xlsx?days=30&amp;place=store", "0.0 %")
	if strings.Count(page, `<rect class="lost"`) != 2 {
		t.Error("gloves were missing on two mornings")
	}
	w := s.ask("GET", "/files/stock-health-days.csv?days=30", nil)
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\r\n")
	if w.Code != 200 || len(lines) != 4 || !strings.HasPrefix(lines[1], "2026-05-04,Whole hospital,") || !strings.HasSuffix(lines[1], ",,,,,yes") || !strings.HasPrefix(lines[3], "2026-05-06,Whole hospital,2,50") {
		t.Errorf("%d %q", w.Code, lines)
	}
	for _, kind := range []string{"xlsx", "pdf"} {
		if w := s.ask("GET", "/files/stock-health-days."+kind+"?place=store", nil); w.Code != 200 || w.Body.Len() < 500 {
			t.Errorf("%s: %d, %d bytes", kind, w.Code, w.Body.Len())
		}
	}
}

// How long an item lasts is told in whole days, as on the page, in every kind of file.
func TestFilesOfItemsSayHowLongTheyLast(t *testing.T) {
	s := openStoreroom(t)
	for day := range 14 { // seven on some days, six on others: it lasts a broken number of days
		s.post("/stock/gloves/use", 303, "quantity", strconv.Itoa(6+day%2), "place", "store")
		s.at = s.at.Add(24 * time.Hour)
	}
	if err := s.desk.Nightly(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"stock-health", "inventory"} {
		for _, kind := range []string{"xlsx", "pdf"} {
			if w := s.ask("GET", "/files/"+file+"."+kind, nil); w.Code != 200 || w.Body.Len() < 500 {
				t.Errorf("%s.%s: %d", file, kind, w.Code)
			}
		}
		rows, err := csv.NewReader(s.ask("GET", "/files/"+file+".csv", nil).Body).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Fatal(file, err, rows)
		}
		days := slices.Index(rows[0], "Days left")
		if !slices.ContainsFunc(rows[1:], func(row []string) bool {
			n, err := strconv.Atoi(row[days])
			return row[0] == "gloves" && err == nil && n > 0
		}) {
			t.Errorf("%s: %q", file, rows)
		}
	}
}

// A proposal says what is left of the budgets that it would be charged to, before it and after.
func TestACardSaysWhatIsLeftOfTheBudget(t *testing.T) {
	s := openStoreroom(t)
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"}, Places: []document.Place{{ID: "attic", Name: "Attic"}},
		Suppliers: []document.Supplier{{ID: "bulk", Name: "Bulk", Email: "orders@bulk.example", Currency: "EUR", LeadDays: 3}},
		Items: []document.Item{{ID: "b1", Name: "Thing", UnitOfIssue: "piece", Pack: 1, Supplier: "bulk", PriceMinor: 100,
			Levels: []document.Level{{Place: "attic", Minimum: 5, Maximum: 10}}}},
		Stock: []document.Lot{{Item: "b1", Place: "attic", Lot: "L", Quantity: 1}}}
	if _, err := (db.Hospital{DB: s.db}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.desk.Consider(t.Context()); err != nil {
		t.Fatal(err)
	}
	today := s.desk.Stock.Today(s.desk.Now())
	budget := reorder.Budget{Name: "This quarter", Currency: "EUR", From: today, Until: today + 30, Amount: 1500}
	id, err := s.desk.SetBudget(t.Context(), as(hospital.Administrator, "Ada"), budget)
	if err != nil {
		t.Fatal(err)
	}
	s.who = as(hospital.SupplyManager, "Sam")
	s.page("/orders/proposals", "This quarter: 15.00 EUR of 15.00 EUR left, 6.00 EUR after this.", "!This breaks the budget")
	budget.ID, budget.Version, budget.Amount = id, 1, 800
	if _, err := s.desk.SetBudget(t.Context(), as(hospital.Administrator, "Ada"), budget); err != nil {
		t.Fatal(err)
	}
	s.page("/orders/proposals", "This quarter: 8.00 EUR of 8.00 EUR left, this takes 1.00 EUR more.", "This breaks the budget")
	s.who = as(hospital.Pharmacist, "Pia")
	s.page("/orders/proposals", "!8.00 EUR", "!data-budget")
	s.who = as(hospital.SupplyManager, "Sam")
	budget.Version, budget.Currency = 2, "CHF"
	if _, err := s.desk.SetBudget(t.Context(), as(hospital.Administrator, "Ada"), budget); err != nil {
		t.Fatal(err)
	}
	s.page("/orders/proposals", "!data-budget")
}
