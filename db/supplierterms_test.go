package db_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// withTerms is the pharmacy whose supplier of gloves takes orders on Monday and
// Thursday until two o'clock, through a channel, and gives more for less.
func withTerms(t *testing.T, address string) *pharmacy {
	t.Helper()
	p, doc := open(t), stockDocument
	doc.Suppliers, doc.Items = slices.Clone(doc.Suppliers), slices.Clone(doc.Items)
	doc.Suppliers[0].Calendar = &document.Calendar{OrderDays: []string{"monday", "thursday"}, CutOff: "14:00", Holidays: []document.Date{"2026-12-25"}}
	doc.Suppliers[0].Channel = &document.Channel{Format: "peppol", URL: address, OurID: "0088:4035811991014", TheirID: "0088:7300010000001"}
	doc.Items[1].PriceBreaks = []document.PriceBreak{{Packs: 9, PriceMinor: 390}, {Packs: 5000, PriceMinor: 10}}
	for range 2 { // twice says the same
		_, err := (db.Hospital{DB: p.db}).Import(t.Context(), hospital.Job("import"), doc, true)
		p.must(err)
	}
	said, err := (db.Hospital{DB: p.db}).Describe(t.Context(), hospital.Job("test"))
	p.must(err)
	for i, want := range doc.Suppliers {
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(said.Suppliers[i])
		if string(a) != string(b) {
			t.Errorf("the document says %s, was %s", b, a)
		}
	}
	gloves := said.Items[slices.IndexFunc(said.Items, func(i document.Item) bool { return i.ID == "gloves" })]
	if !slices.Equal(gloves.PriceBreaks, doc.Items[1].PriceBreaks) {
		t.Errorf("price breaks are told as %v", gloves.PriceBreaks)
	}
	p.desk.File = supplier.File
	return p
}

// A supplier with a calendar, price breaks and a channel: one more pack costs less
// in all, so it is proposed; the draft waits for Thursday and leaves before the
// cut-off; the supplier's server hangs up, then takes it, under one key; and after
// a crash what was on its way goes again by itself.
func TestAnOrderFollowsItsSuppliersTerms(t *testing.T) {
	var keys []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if keys = append(keys, r.Header.Get("Idempotency-Key")); len(keys) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	p, ctx := withTerms(t, server.URL), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 220}))
	p.pass(24 * time.Hour) // Tuesday
	p.must(p.desk.Nightly(ctx))
	open := p.open()
	if len(open) != 1 || open[0].Quantity != 900 || open[0].Price != 390 || open[0].Cost().Minor != 3510 {
		t.Fatalf("9 packs at 3.90 cost less than the 8 that are needed at 4.50: %+v", open)
	}
	fewer, err := p.desk.Change(ctx, manager, reorder.Answer{ID: open[0].ID, Version: open[0].Version, Quantity: 800, Why: "little room"})
	p.must(err)
	if fewer.Price != 450 {
		t.Errorf("a pack of 8 costs %d", fewer.Price)
	}
	approved, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: open[0].ID, Version: fewer.Version, Quantity: 900, Why: "found some"})
	p.must(err)
	p.must(p.desk.SendDrafts(ctx))
	find := func() reorder.Order {
		o, err := p.desk.Store.FindOrder(ctx, approved.Order)
		p.must(err)
		return o
	}
	if o := find(); o.Status != reorder.Draft || o.Total().Minor != 3510 {
		t.Fatalf("on a Tuesday it is %s", o.Status)
	}
	p.pass(52*time.Hour + 40*time.Minute) // Thursday, 13:40
	p.must(p.desk.SendBeforeCutOffs(ctx))
	if o := find(); o.Status != reorder.Draft {
		t.Fatal("it left too early")
	}
	p.pass(10 * time.Minute)
	p.must(p.desk.SendBeforeCutOffs(ctx))
	if o := find(); o.Status != reorder.Sent || o.Expected.String() != "2026-03-08" {
		t.Fatalf("before the cut-off it is %s, expected %s", o.Status, o.Expected)
	}
	kept := db.Orders{DB: p.db}
	dispatch := func() {
		t.Helper()
		d := supplier.Dispatcher{Outbox: kept, Now: p.now, Log: slog.New(slog.DiscardHandler), Go: []reorder.Way{reorder.ByHTTPS},
			Sender: supplier.Ways{reorder.ByHTTPS: supplier.Poster{Client: server.Client()}}}
		_, err := d.SendDue(ctx)
		p.must(err)
	}
	dispatch()
	p.pass(time.Minute)
	if _, due, err := kept.TakeMail(ctx, p.now(), reorder.ByHTTPS); err != nil || !due { // taken, and then the power fails
		t.Fatalf("due %v, %v", due, err)
	}
	p.must(kept.Doubt(ctx))
	dispatch()
	dispatch()
	if len(keys) != 2 || keys[0] != keys[1] || keys[0] == "" {
		t.Errorf("the supplier was asked with the keys %q", keys)
	}
	sendings, err := p.desk.Store.SendingsOf(ctx, approved.Order)
	p.must(err)
	if len(sendings) != 2 || sendings[0].Outcome != reorder.MailSent || sendings[1].Outcome != reorder.MailWaiting || sendings[1].Way != reorder.ByHTTPS {
		t.Errorf("tries: %+v", sendings)
	}
	if err := p.desk.SendAgain(ctx, manager, approved.Order); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("what was taken is sent again: %v", err)
	}
}
