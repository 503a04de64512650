package main

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// pricesOf are the ways in which an order's total and a pack's price may be written.
func pricesOf(o reorder.Order) (written []string) {
	for _, minor := range []int64{o.Total().Minor, o.Lines[0].Price} {
		pretty, _, _ := strings.Cut(inventory.Money{Minor: minor}.String(), " ")
		written = append(written, pretty, strconv.FormatInt(minor, 10), strconv.FormatFloat(float64(minor)/100, 'f', -1, 64), strconv.FormatFloat(float64(minor)/100, 'f', 2, 64))
	}
	return written
}

// standsAlone says whether text has the figure as a word of its own, not amid the random
// digits of a form's key or of a reference.
func standsAlone(text, figure string) bool {
	isWord := func(at int) bool {
		return at >= 0 && at < len(text) && (text[at] >= '0' && text[at] <= '9' || text[at]|0x20 >= 'a' && text[at]|0x20 <= 'z')
	}
	for from := 0; ; {
		at := strings.Index(text[from:], figure)
		if at < 0 {
			return false
		}
		at += from
		if !isWord(at-1) && !isWord(at+len(figure)) {
			return true
		}
		from = at + 1
	}
}

// ordered is a house with an order on its way and a proposal that waits, both of the
// vaccine; it answers with the order.
func ordered(t *testing.T, h *house) reorder.Order {
	t.Helper()
	ctx := t.Context()
	taken := inventory.Taking{Item: "mmr", Place: "fridge-1", Quantity: 20, Why: "clinic"}
	if err := h.parts.Stock.Use(ctx, hospital.Person{ID: "p", Name: "P", Roles: []hospital.Role{hospital.Pharmacist}}.Actor(), taken); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		if err := h.reorders.Nightly(ctx); err != nil {
			t.Fatal(err)
		}
		if round > 0 {
			continue
		}
		open, err := h.parts.Lists.Proposals(ctx, reorder.Selection{Open: true}, 1)
		if err != nil || len(open) != 1 {
			t.Fatalf("proposals: %v, %v", open, err)
		}
		manager := hospital.Person{ID: "s", Name: "S", Roles: []hospital.Role{hospital.SupplyManager}}.Actor()
		if _, err := h.parts.Desk.Approve(ctx, manager, reorder.Answer{ID: open[0].ID, Version: open[0].Version}); err != nil {
			t.Fatal(err)
		}
		if err := h.parts.Stock.Use(ctx, hospital.Job("test"), inventory.Taking{Item: "mmr", Place: "fridge-1", Quantity: 12, Why: "clinic"}); err != nil {
			t.Fatal(err)
		}
	}
	orders, err := h.parts.Lists.Orders(ctx, reorder.OrderSelection{}, 1)
	if err != nil || len(orders) != 1 {
		t.Fatalf("orders: %v, %v", orders, err)
	}
	return orders[0]
}

// unpacked is an answer as text; of a spreadsheet, what its sheets hold.
func unpacked(t *testing.T, kind string, body []byte) string {
	t.Helper()
	if !strings.Contains(kind, "spreadsheetml") {
		return string(body)
	}
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, file := range archive.File {
		part, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&text, part); err != nil {
			t.Fatal(err)
		}
		_ = part.Close()
	}
	return text.String()
}

// What an order costs is told to who orders and who checks, on no page, in no file, no
// answer of the API and no live message to anybody else: not to the pharmacist, who
// sees the same orders and receives them.
func TestPricesAreToldToThoseWhoBuyAndThoseWhoCheck(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	order := ordered(t, h)
	number, prices := order.Number, pricesOf(order)
	told, orders := map[string]bool{}, map[string]bool{}
	for _, v := range visitors(t, h) {
		for _, r := range h.door.Routes() {
			if r.Method != http.MethodGet || !needsSession(r) || r.Path == "/live" {
				continue
			}
			path := placeOf(r)
			if strings.Contains(r.Path, "/orders/:number") {
				path = strings.Replace(r.Path, ":number", number, 1)
			}
			if r.Path == "/live.json" {
				path += "?topics=order/" + number + ",proposals,alarms,stock/mmr"
			}
			answer := v.ask(r.Method, path)
			if answer.Code == http.StatusTooManyRequests {
				t.Errorf("GET %s is not looked at: asked too often", r.Path)
			}
			body := unpacked(t, answer.Header().Get("Content-Type"), answer.Body.Bytes())
			if strings.Contains(body, number) {
				orders[v.name] = true
			}
			for _, price := range prices {
				if !standsAlone(body, price) {
					continue
				}
				if told[r.Path] = true; !v.person.Actor().May(hospital.SeePrices) {
					t.Errorf("GET %s tells the %s a price: %s", r.Path, v.name, price)
				}
			}
		}
	}
	for _, path := range []string{"/orders", "/orders/:number", "/api/v1/orders", "/api/v1/orders/:number", "/api/v1/proposals", "/files/orders.csv", "/files/orders.xlsx"} {
		if !told[path] {
			t.Errorf("GET %s tells nobody a price, so nothing was shown of it", path)
		}
	}
	if !orders["pharmacist"] {
		t.Error("the pharmacist does not see the order at all")
	}
}
