package web_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/web"
)

// wholesale is the door of a store of 20,000 items, a tenth of which are ordered for
// by levels, some expired, some on kanban.
func wholesale(b *testing.B) *web.Door {
	b.Helper()
	const items = 20_000
	now := func() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }
	kept := dbtest.Open(b, db.Options{Now: now})
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin"},
		Suppliers: []document.Supplier{{ID: "medi", Name: "Medi", Email: "orders@medi.example", Currency: "EUR", LeadDays: 3}},
		Places:    []document.Place{{ID: "store", Name: "Store"}, {ID: "ward", Name: "Ward"}, {ID: "cart", Name: "Cart"}}}
	for i := range items {
		id := fmt.Sprintf("i%05d", i)
		item := document.Item{ID: id, Name: fmt.Sprintf("Item %d of many", i), UnitOfIssue: "piece", Pack: 10, Supplier: "medi", PriceMinor: int64(100 + i%900)}
		if i%10 == 0 {
			item.Levels = []document.Level{{Place: "cart", Minimum: 10, Maximum: 40}}
		}
		doc.Items = append(doc.Items, item)
		day := inventory.Date(20_570 + i%600).Time().Format(time.DateOnly)
		doc.Stock = append(doc.Stock, document.Lot{Item: id, Place: []string{"store", "ward", "cart"}[i%3], Lot: "L" + id, Expiry: document.Date(day), Quantity: int64(5 + i%60)})
	}
	if _, err := (db.Hospital{DB: kept}).Import(b.Context(), hospital.Job("test"), doc, true); err != nil {
		b.Fatal(err)
	}
	directory, err := db.Hospital{DB: kept}.Load(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	register := hospital.NewRegister(directory)
	stock := &inventory.Stock{Store: db.Stock{DB: kept}, Register: register}
	desk := &reorder.Desk{Store: db.Orders{DB: kept}, Stock: stock, Register: register, Now: now, Paper: supplier.Paper, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	room := &inventory.Storeroom{Stock: stock, Store: db.Storeroom{DB: kept}, Now: now}
	sam := as(hospital.SupplyManager, "Sam")
	for i := range 50 {
		spot := reorder.Spot{Item: inventory.ItemID(fmt.Sprintf("i%05d", i*7)), Place: "ward"}
		if err := desk.SetRefill(b.Context(), sam, spot, policy.Refill{Kind: policy.Kanban, Bins: 2, BinSize: 20}); err != nil {
			b.Fatal(err)
		}
	}
	if err := desk.Nightly(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := room.PlanCounts(b.Context()); err != nil {
		b.Fatal(err)
	}
	door, err := web.New(web.Parts{Register: register, Now: now, Version: "bench", Metrics: prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		WhoAsks: func(*http.Request) (hospital.Actor, bool) { return sam, true },
		Stock:   stock, Desk: desk, Storeroom: room, Lists: db.Lists{DB: kept}})
	if err != nil {
		b.Fatal(err)
	}
	return door
}

// BenchmarkPagesOf20000Items says for each page of stock how long it takes at p99;
// the bar is 100 ms.
func BenchmarkPagesOf20000Items(b *testing.B) {
	door := wholesale(b)
	for _, path := range []string{"/stock", "/stock?show=low", "/stock?show=expiring", "/stock?show=expired", "/stock?show=held", "/stock?q=1999", "/stock?from=19950", "/stock/i00070",
		"/stock/i00070/refill", "/stock/i00070/packs", "/stock/bins", "/stock/counts", "/stock/cabinets", "/stock/consignment", "/stock/restock?place=cart&from=store",
		"/stock/expiring", "/stock/expiring?within=180", "/stock/usage?days=365", "/stock/scan", "/stock/transfers", "/stock/recalls", "/stock/surges", "/holds", "/orders/proposals", "/orders", "/orders/levels"} {
		b.Run(path[1:], func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				w := httptest.NewRecorder()
				door.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
				took = append(took, time.Since(began))
				if w.Code != http.StatusOK {
					b.Fatalf("%s: %d", path, w.Code)
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[(len(took)-1)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}
