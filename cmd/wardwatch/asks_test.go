package main

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// hospitalOf has n of whatever a page lists.
func hospitalOf(n int) document.Document {
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "Many", Zone: "Europe/Berlin"},
		Buildings: []document.Building{{ID: "b", Name: "Main"}},
		Floors:    []document.Floor{{ID: "g", Building: "b", Name: "Ground", WidthMetres: 400, HeightMetres: 50}},
		Places:    []document.Place{{ID: "store", Name: "Store"}}}
	for i := range n {
		id := func(kind string) string { return fmt.Sprintf("%s-%02d", kind, i) }
		x := float64(10 * i)
		unit, room, item := hospital.UnitID(id("unit")), hospital.RoomID(id("room")), id("item")
		doc.Units = append(doc.Units, document.Unit{ID: unit, Name: id("Ward")})
		doc.Rooms = append(doc.Rooms, document.Room{ID: room, Floor: "g", Unit: unit, Name: id("Room"), Kind: hospital.CleanUtility,
			Outline: []hospital.Point{{X: x, Y: 0}, {X: x + 8, Y: 0}, {X: x + 8, Y: 8}, {X: x, Y: 8}}})
		doc.Gateways = append(doc.Gateways, document.Gateway{ID: hospital.GatewayID(id("gw")), Name: id("Gateway"), Make: "canonical", Room: room, Reads: hospital.ReadsRoom})
		doc.Assets = append(doc.Assets, document.Asset{ID: id("P"), Kind: "infusion pump", Name: id("Pump"), Model: "Volumat 7", Unit: unit,
			InService: "2024-01-01", Tags: []document.Tag{{ID: fmt.Sprintf("c3000000%04x", i)}}})
		doc.ParLevels = append(doc.ParLevels, document.ParLevel{Unit: unit, Kind: "infusion pump", Target: 2, Critical: 1})
		doc.Plans = append(doc.Plans, document.Plan{Name: id("Plan"), Model: "Volumat 7", EveryDays: 100 + i})
		doc.Fences = append(doc.Fences, document.Fence{ID: id("fence"), Name: id("Fence"), Rule: "keep_out", Rooms: []hospital.RoomID{room}, AfterSeconds: 10, GraceSeconds: 10})
		doc.Fridges = append(doc.Fridges, document.Fridge{ID: id("f"), Name: id("Fridge"), Profile: "refrigerator", Room: room, Unit: unit, Sensors: []document.Sensor{{ID: id("probe")}}})
		doc.Suppliers = append(doc.Suppliers, document.Supplier{ID: id("sup"), Name: id("Supplier"), Email: id("orders") + "@supply.example", Currency: "EUR", LeadDays: 2})
		doc.Places = append(doc.Places, document.Place{ID: id("in-f"), Name: id("In fridge"), Fridge: id("f")})
		doc.Items = append(doc.Items, document.Item{ID: item, Name: id("Vaccine"), UnitOfIssue: "dose", Pack: 10, Supplier: id("sup"), PriceMinor: 900, Storage: "refrigerator",
			Levels: []document.Level{{Place: "store", Minimum: 20, Maximum: 60}}})
		for j := range 2 {
			expiry := document.Date(time.Now().AddDate(0, 0, 20+i).Format(time.DateOnly))
			doc.Stock = append(doc.Stock, document.Lot{Item: item, Place: []string{id("in-f"), "store"}[j], Lot: fmt.Sprintf("L%d-%d", i, j), Expiry: expiry, Quantity: 5})
		}
		doc.People = append(doc.People, document.Person{ID: hospital.PersonID(id("nurse")), Name: id("Nurse"), Email: id("nurse") + "@linden.example", Roles: []hospital.Role{hospital.Nurse}, Unit: unit})
	}
	return doc
}

// workday is a time, or the same of the Friday before: daily checks are asked for on workdays alone.
func workday(at time.Time) time.Time {
	for at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		at = at.AddDate(0, 0, -1)
	}
	return at
}

// busyHouse is a house with n of everything in which each fridge is too warm, each asset
// was seen, each item is short and the clock's work is done. What it is asked is overheard.
func busyHouse(t *testing.T, n int) (h *house) {
	t.Helper()
	c := config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: "sqlite:" + filepath.Join(t.TempDir(), "w.db"), MailFrom: "wardwatch@linden.example"}
	now := workday(time.Now().Truncate(time.Minute))
	kept, err := db.Open(t.Context(), c.DB, db.Options{Now: func() time.Time { return now }})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	_, err = db.Hospital{DB: kept}.Import(t.Context(), hospital.Job("test"), hospitalOf(n), true)
	must(err)
	must(kept.Close())
	h, err = build(t.Context(), c, newLog(io.Discard, slog.LevelError), func() time.Time { return now }) // nothing is judged anew because time went by
	must(err)
	t.Cleanup(func() { must(h.close()) })
	for i := range n {
		var readings []coldchain.Reading
		for minute := range 90 {
			temp := coldchain.MilliCelsius(5000)
			if minute > 30 && i%2 == 0 { // every other is too warm; what is in range is looked ahead for
				temp = 12_000
			}
			readings = append(readings, coldchain.Reading{Sensor: fmt.Sprintf("probe-%02d", i), Temp: temp, MeasuredAt: now.Add(time.Duration(minute-89) * time.Minute), Source: "mqtt"})
		}
		_, err := h.monitor.Observe(t.Context(), readings)
		must(err)
		must(h.tracker.Sight(t.Context(), []tracking.Sighting{{Tag: fmt.Sprintf("c3000000%04x", i), Gateway: hospital.GatewayID(fmt.Sprintf("gw-%02d", i)), RSSIdBm: -50, HasRSSI: true, At: now, ReceivedAt: now, BatteryPct: 5}}))
	}
	_, err = (&inventory.Follower{Chain: db.Fridges{DB: h.db}, Stock: h.parts.Stock, Log: h.log}).CatchUp(t.Context())
	must(err)
	for _, j := range h.jobs() {
		if !slices.Contains([]string{backupJob, drillJob, verifyJob}, j.name) {
			_ = j.run(t.Context(), now)
		}
	}
	orderSome(t, h, n)
	return h
}

// orderSome approves every other proposal, and recalls every other item.
func orderSome(t *testing.T, h *house, n int) {
	t.Helper()
	open, err := h.parts.Lists.Proposals(t.Context(), reorder.Selection{Open: true}, 1000)
	if err != nil || len(open) < n {
		t.Fatalf("%d proposals of %d items: %v", len(open), n, err)
	}
	manager := hospital.Person{ID: "s", Name: "S", Roles: []hospital.Role{hospital.SupplyManager, hospital.Pharmacist}}.Actor()
	for i, p := range open {
		if i%2 == 1 {
			continue
		}
		if _, err := h.parts.Desk.Approve(t.Context(), manager, reorder.Answer{ID: p.ID, Version: p.Version}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.parts.Stock.Recall(t.Context(), manager, inventory.Recall{Item: p.Item, Notice: fmt.Sprint("FSCA-", i), Why: "glass in vials"}); err != nil {
			t.Fatal(err)
		}
	}
}

// manyOf are pages with parameters whose lists grow too, by one thing of the hospital.
var manyOf = map[string]string{"/floors/:id": "/floors/g", "/units/:id": "/units/unit-00", "/rooms/:id": "/rooms/room-00", "/fridges/:id": "/fridges/f-00",
	"/assets/:id": "/assets/P-00", "/excursions/:id": "/excursions/1", "/alarms/:id": "/alarms/1", "/stock/:item": "/stock/item-00",
	"/floors/:id/replay": "/floors/g/replay", "/fridges/:id/month": "/fridges/f-00/month"}

// asked counts by its text what each page and each list for programs asks the database for.
func asked(t *testing.T, n int) map[string]map[string]int {
	t.Helper()
	h := busyHouse(t, n)
	var mu sync.Mutex
	queries := map[string]int{}
	h.db.Overhear(func(query string) {
		mu.Lock()
		defer mu.Unlock()
		queries[strings.Join(strings.Fields(query), " ")]++
	})
	defer h.db.Overhear(nil)
	pages := map[string]map[string]int{}
	var somebody visitor
	looked := 0
	for _, r := range h.door.Routes() {
		path := r.Path
		if strings.ContainsAny(path, ":*") {
			path = manyOf[path]
		}
		if r.Method != http.MethodGet || path == "" || path == "/live" || path == "/live.json" || path == "/metrics" || path == "/lock" {
			continue
		}
		if looked%12 == 0 { // before the last one is told that she asks too often
			somebody = newVisitorOf(t, h, fmt.Sprint("ada-", looked), hospital.Roles(), nil)
		}
		looked++
		for range 2 { // the second time nothing is met for the first time
			mu.Lock()
			queries = map[string]int{}
			mu.Unlock()
			if answer := somebody.sendOnce(http.MethodGet, path, ""); answer.Code >= http.StatusInternalServerError || answer.Code == http.StatusTooManyRequests {
				t.Errorf("%s answers %d", path, answer.Code)
			} else if answer.Code == http.StatusOK {
				pages[path] = queries
			}
		}
	}
	return pages
}

// No page, no file and no list asks the database more often because there is more to
// show: with twice of everything each asks the same.
func TestNoPageAsksMoreOftenForMore(t *testing.T) {
	t.Parallel()
	few, many := asked(t, 4), asked(t, 8)
	looked := 0
	for _, path := range slices.Sorted(maps.Keys(few)) {
		if many[path] == nil {
			t.Errorf("%s is not shown where there is more", path)
			continue
		}
		looked++
		for query, times := range many[path] {
			if times > few[path][query] && few[path][query] > 0 {
				t.Errorf("%s asks %d times instead of %d: %s", path, times, few[path][query], query)
			}
		}
	}
	t.Logf("%d pages, files and lists", looked)
	if looked < 180 {
		t.Errorf("only %d pages, files and lists were looked at", looked)
	}
}
