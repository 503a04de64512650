package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

func (p *pharmacy) mind() {
	p.t.Helper()
	p.must(p.stock.MindClocks(p.t.Context(), notify.DefaultLadder(), p.now()))
}

// A product is said to keep two hours once thawed; ten doses are thawed, go first,
// and are out of use the moment the time is over. It rings until they are discarded.
func TestThawedDosesGoFirstAndAreOutOfUseOnTime(t *testing.T) {
	p, ctx := open(t), t.Context()
	start := inventory.Starting{Kind: inventory.Thawed, Taking: inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-2", Quantity: 10}}
	if _, err := p.stock.StartClock(ctx, nora, start); !refusedWith(err, hospital.ErrInvalid, "Nobody has said how long") {
		t.Errorf("a clock of which nobody has said anything: %v", err)
	}
	keeping := inventory.Keeping{Bands: []inventory.Stability{{FromCelsius: 8, ToCelsius: 25, Hours: 72, Source: "leaflet 2026-01"}},
		Clocks: []inventory.BeyondUse{{Kind: inventory.Thawed, Hours: 2, Source: "leaflet 2026-01"}}}
	if _, err := p.stock.SaveKeeping(ctx, nora, "flu", keeping, time.Time{}, "new leaflet"); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse changes how a product keeps: %v", err)
	}
	_, err := p.stock.SaveKeeping(ctx, pharmacist, "flu", keeping, time.Time{}, "new leaflet")
	p.must(err)
	part, err := p.stock.StartClock(ctx, nora, start)
	p.must(err)
	if part.Printed() != "B2" || !strings.Contains(part.Number, "thawed, use by 2 Mar 11:00") || part.Expiry.String() != "2026-03-02" {
		t.Fatalf("the part is %+v", part)
	}
	p.expect("flu", 50, 0, 50)
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 4}))
	all, err := p.stock.Store.Balances(ctx, "flu")
	p.must(err)
	if all[0].Lot.ID != part.ID || all[0].Free != 6 {
		t.Errorf("what was thawed is not used first: %+v", all)
	}
	p.pass(2*time.Hour - time.Minute)
	p.mind()
	p.expect("flu", 46, 0, 46)
	p.pass(time.Minute)
	if err := p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Lot: part.ID, Quantity: 1}); !errors.Is(err, inventory.ErrUnusable) {
		t.Errorf("used when its time was over: %v", err)
	}
	p.mind()
	p.expect("flu", 46, 0, 40)
	alarms := db.Alarms{DB: p.db}
	open, err := alarms.OpenAlarms(ctx)
	p.must(err)
	if len(open) != 1 || open[0].Kind != inventory.KindBeyondUse || !strings.Contains(open[0].Text, "6 at Pharmacy fridge 1, lot B2 · thawed") {
		t.Fatalf("alarms: %+v", open)
	}
	p.must(p.stock.Discard(ctx, pharmacist, inventory.Taking{Item: "flu", Place: "fridge-1", Lot: part.ID, Quantity: 6, Why: "its time was over"}))
	p.mind()
	if open, err = alarms.OpenAlarms(ctx); err != nil || len(open) != 1 || open[0].ReturnedAt.IsZero() {
		t.Errorf("after the discard: %+v, %v", open, err)
	}
	if waits, err := p.stock.Store.ClocksWait(ctx, p.now()); err != nil || waits {
		t.Errorf("something still waits: %v, %v", waits, err)
	}
	p.sound()
}

// A recall that names the printed number finds what was thawed of the lot, and a scan of the box uses what was thawed first.
func TestWhatWasThawedIsStillItsLot(t *testing.T) {
	p, ctx := open(t), t.Context()
	_, err := p.stock.SaveKeeping(ctx, pharmacist, "flu", inventory.Keeping{Clocks: []inventory.BeyondUse{{Kind: inventory.Opened, Hours: 30 * 24, Source: "leaflet"}}}, time.Time{}, "leaflet")
	p.must(err)
	part, err := p.stock.StartClock(ctx, nora, inventory.Starting{Kind: inventory.Opened, Taking: inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-2", Quantity: 5}})
	p.must(err)
	what, n, err := p.stock.Scan(ctx, nora, inventory.Scanning{Task: inventory.ScanUse, Code: "010400000000001310B2", Place: "fridge-1"}, p.now())
	p.must(err)
	if what.Lot.ID != part.ID || n != 1 {
		t.Errorf("the scan used %+v", what.Lot)
	}
	_, err = p.stock.Recall(ctx, pharmacist, inventory.Recall{Item: inventory.Item{ID: "flu"}, Numbers: []string{"B2"}, Notice: "R-1", Why: "glass"})
	p.must(err)
	p.expect("flu", 49, 19, 30)
	p.sound()
}

// A budget that is set ahead takes over when its time comes; each version and its reason stay.
func TestABudgetTakesOverWhenItsTimeComes(t *testing.T) {
	p, ctx := open(t), t.Context()
	ahead := inventory.Keeping{Bands: []inventory.Stability{{FromCelsius: 8, ToCelsius: 25, Hours: 12, Source: "leaflet 2026-04"}}}
	_, err := p.stock.SaveKeeping(ctx, pharmacist, "flu", ahead, p.now().Add(48*time.Hour), "from April on")
	p.must(err)
	hours := func() float64 {
		item, err := p.stock.Store.FindItem(ctx, "flu")
		p.must(err)
		return item.Stability[0].Hours
	}
	p.mind()
	if hours() != 3 {
		t.Errorf("before its time the budget is %g h", hours())
	}
	p.pass(48 * time.Hour)
	p.mind()
	if hours() != 12 {
		t.Errorf("when its time has come the budget is %g h", hours())
	}
	if _, err := p.stock.SaveKeeping(ctx, pharmacist, "flu", ahead, time.Time{}, "again"); !refusedWith(err, hospital.ErrInvalid, "Nothing was changed") {
		t.Errorf("the same again: %v", err)
	}
	if _, err := p.stock.SaveKeeping(ctx, pharmacist, "flu", inventory.Keeping{}, p.now().Add(-time.Hour), "back"); !refusedWith(err, hospital.ErrInvalid, "Choose a later time") {
		t.Errorf("into the past: %v", err)
	}
}

// A lot that is carried out of a failing fridge has its history in both, minute by
// minute, and is charged for the minutes that it was there.
func TestALotCarriesItsOwnHistory(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.fridges("f-01", "f-02")
	monitor := coldchain.NewMonitor(db.Fridges{DB: p.db}, notify.DefaultLadder(), p.stock.Register)
	measure := func(fridge string, celsius float64) {
		t.Helper()
		_, err := monitor.Observe(ctx, []coldchain.Reading{{Sensor: "probe-" + fridge, Temp: coldchain.FromCelsius(celsius), MeasuredAt: p.now(), Source: "mqtt"}})
		p.must(err)
	}
	for i := range 24 { // two hours, a reading every five minutes
		p.pass(5 * time.Minute)
		warm := 5.0
		if i >= 6 {
			warm = 12
		}
		measure("f-01", warm)
		measure("f-02", 4)
		if i == 11 {
			p.must(p.stock.Move(ctx, nora, inventory.Moving{Taking: inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-1", Quantity: 30, Why: "carried to safety"}, To: "fridge-2"}))
		}
	}
	told := &inventory.Histories{Store: p.stock.Store, Thermometer: monitor, Now: p.now()}
	bands := []inventory.Stability{{FromCelsius: 8, ToCelsius: 15, Hours: 3}}
	for lot, want := range map[inventory.LotID]time.Duration{"lot-1": 25 * time.Minute, "lot-2": 85 * time.Minute} {
		place := map[inventory.LotID]inventory.PlaceID{"lot-1": "fridge-2", "lot-2": "fridge-1"}[lot]
		went, err := told.Went(ctx, lot, place, p.now())
		p.must(err)
		if spent := inventory.Charge(bands, went).Bands[0].Spent; spent != want {
			t.Errorf("%s was out of range for %v, want %v: %+v", lot, spent, want, went)
		}
	}
}

// fridges makes the fridges that the places are in, each with a probe.
func (p *pharmacy) fridges(ids ...string) {
	p.t.Helper()
	for _, id := range ids {
		p.must(p.db.InTx(p.t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(p.t.Context(), `INSERT INTO fridges (id, name, profile) VALUES ($1, $1, 'refrigerator')`, id)
			return err
		}))
	}
	p.must(db.Fridges{DB: p.db}.InTx(p.t.Context(), func(tx coldchain.Tx) error {
		for _, id := range ids {
			if _, err := tx.Attach(p.t.Context(), coldchain.Sensor{Key: coldchain.SensorKey{Sensor: "probe-" + id, Channel: coldchain.Probe},
				Fridge: coldchain.FridgeID(id), Judged: true, AttachedAt: tx.Now()}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// whereabouts are the rooms that a test has a box come through.
type whereabouts map[string][]coldchain.Passing

func (w whereabouts) Passings(_ context.Context, asset string, _, _ time.Time) ([]coldchain.Passing, error) {
	return w[asset], nil
}

// What a failing fridge holds sets out with a pick list. A scan of one box books its
// lot, and the rest is booked when the readers hear the tagged box in the fridge's room.
func TestWhatIsCarriedIsBookedWhenItArrives(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.fridges("f-01", "f-02")
	p.must(p.db.InTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO assets (id, kind, name) VALUES ('box-1', 'cold box', 'Cold box 1')`)
		return err
	}))
	p.chain.events = append(p.chain.events, excursion(1, coldchain.ExcursionBegan, 12, "f-01"))
	_, err := p.follow.CatchUp(ctx)
	p.must(err)
	move := inventory.Carry{Excursion: 12, From: "f-01", To: "f-02", Place: "fridge-2", Box: "box-9",
		Lines: []inventory.CarryLine{{Lot: "lot-1", Place: "fridge-1", Quantity: 30}, {Lot: "lot-2", Place: "fridge-1", Quantity: 20}}}
	if _, err := p.stock.StartCarry(ctx, nora, move); !refusedWith(err, hospital.ErrInvalid, "no tagged box") {
		t.Errorf("a box that nobody knows: %v", err)
	}
	move.Box = "box-1"
	id, err := p.stock.StartCarry(ctx, nora, move)
	p.must(err)
	p.expect("flu", 50, 50, 0)
	if _, err := p.stock.Arrive(ctx, nora, id, "Z9", inventory.ByScan); !refusedWith(err, hospital.ErrInvalid, "not on the pick list") {
		t.Errorf("a lot that is not carried: %v", err)
	}
	whole, err := p.stock.Arrive(ctx, nora, id, "A1", inventory.ByScan)
	p.must(err)
	if whole {
		t.Error("one of two lots is not all")
	}
	started := p.now()
	p.pass(time.Minute)
	var told []inventory.CarryID
	where := whereabouts{"box-1": {{Room: "cold-room", At: started.Add(-time.Hour)}, {Room: "corridor", At: started.Add(20 * time.Second)}}}
	porter := &inventory.Porter{Stock: p.stock, Where: where, Register: p.stock.Register, Now: p.now,
		Room: func(context.Context, coldchain.FridgeID) (hospital.RoomID, error) { return "cold-room", nil },
		Arrived: func(_ context.Context, c inventory.Carry, _ hospital.Room) error {
			told = append(told, c.ID)
			return nil
		}}
	if n, err := porter.Look(ctx); err != nil || n != 0 {
		t.Fatalf("a box that stood there before it set out has arrived: %d, %v", n, err)
	}
	where["box-1"] = append(where["box-1"], coldchain.Passing{Room: "cold-room", At: started.Add(40 * time.Second)})
	for range 2 { // the second look finds nothing left
		if _, err := porter.Look(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 1 {
		t.Errorf("told of %v", told)
	}
	carries, err := p.stock.Store.CarriesOf(ctx, 12)
	p.must(err)
	if c := carries[0]; c.Running() || c.Lines[0].How != inventory.ByScan || c.Lines[0].By != "Nora" || c.Lines[1].How != inventory.ByTag || c.Lines[1].Arrived != 20 {
		t.Errorf("the move is %+v", c)
	}
	there, err := p.stock.Store.InFridge(ctx, "f-02")
	p.must(err)
	if len(there) != 2 || there[0].Held != 30 || there[1].Held != 20 {
		t.Errorf("in the cold fridge there are %+v", there)
	}
	p.sound()
}

// A logger that travelled with a delivery shows 9 °C: what came with it is on hold at
// once, what comes in under the same order later is too, and a pharmacist decides.
func TestWhatCameTooWarmIsHeld(t *testing.T) {
	p, ctx := open(t), t.Context()
	receive := func(lot string) {
		t.Helper()
		p.must(p.stock.Receive(ctx, manager, inventory.Receiving{Item: "flu", Place: "fridge-2", Number: lot, Expiry: 21_000, Quantity: 10, Source: "order", Ref: "order/2026-0001"}))
	}
	receive("C3")
	p.must(p.db.InTx(ctx, func(tx *db.Tx) error { // the order that it came with
		for _, q := range []string{`INSERT INTO purchase_orders (number, supplier, status, version, currency, created_at) VALUES ('2026-0001', 'vax', 'sent', 1, 'EUR', 1)`,
			`INSERT INTO order_lines (number, line, item, place, pack, price_minor, ordered) VALUES ('2026-0001', 1, 'flu', 'fridge-2', 10, 1, 20)`} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	}))
	way := func(celsius ...float64) coldchain.Travelled {
		var points []coldchain.Point
		for i, c := range celsius {
			points = append(points, coldchain.Point{At: p.now().Add(time.Duration(i-len(celsius)) * 5 * time.Minute), Temp: coldchain.FromCelsius(c)})
		}
		return coldchain.TravelledBy(coldchain.Refrigerator(), points)
	}
	if _, err := p.stock.Deliver(ctx, nora, inventory.Delivery{Ref: "order/2026-0001", Source: "file x", Travelled: way(5)}); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse attaches a delivery: %v", err)
	}
	if _, err := p.stock.Deliver(ctx, manager, inventory.Delivery{Ref: "order/2026-0001", Source: "file x", Travelled: way()}); !refusedWith(err, hospital.ErrInvalid, "no readings") {
		t.Errorf("a file without readings: %v", err)
	}
	_, err := p.stock.Deliver(ctx, manager, inventory.Delivery{Ref: "order/2026-0001", Source: "file ok", Travelled: way(5, 8, 2)})
	p.must(err)
	p.expect("flu", 60, 0, 60)
	id, err := p.stock.Deliver(ctx, manager, inventory.Delivery{Ref: "order/2026-0001", Source: "file warm", Travelled: way(5, 6, 9), File: []byte("csv")})
	p.must(err)
	p.expect("flu", 60, 10, 50)
	receive("C4")
	p.expect("flu", 70, 20, 50)
	held, err := p.stock.Store.HeldLots(ctx, "")
	p.must(err)
	if from, is := held[0].Delivery(); len(held) != 2 || !is || from != id || held[0].Running() {
		t.Fatalf("held %+v", held)
	}
	p.must(p.stock.Decide(ctx, pharmacist, held[0].ID, inventory.ReleaseLot, "the maker allows an hour at 9 °C"))
	p.expect("flu", 70, 10, 60)
	kept, err := p.stock.Store.FindDelivery(ctx, id)
	p.must(err)
	if string(kept.File) != "csv" || !kept.Out || kept.Tally.Max != 9000 || kept.Tally.Points != 3 {
		t.Errorf("kept %+v", kept)
	}
	p.sound()
}

// How a product keeps goes out with the hospital document and comes in with it, as
// another version; the same document changes nothing.
func TestHowAProductKeepsTravelsWithTheDocument(t *testing.T) {
	p, ctx := open(t), t.Context()
	keeping := inventory.Keeping{Bands: []inventory.Stability{{FromCelsius: 8, ToCelsius: 25, Hours: 72, Source: "leaflet", Single: true, Then: inventory.ThenCallFor}},
		Clocks: []inventory.BeyondUse{{Kind: inventory.Opened, Hours: 672, Source: "leaflet"}}}
	_, err := p.stock.SaveKeeping(ctx, pharmacist, "flu", keeping, time.Time{}, "leaflet")
	p.must(err)
	doc, err := (db.Hospital{DB: p.db}).Describe(ctx, hospital.Job("test"))
	p.must(err)
	take := func(p *pharmacy) {
		t.Helper()
		_, err := (db.Hospital{DB: p.db}).Import(ctx, hospital.Job("import"), doc, true)
		p.must(err)
		versions, err := p.stock.Store.Keepings(ctx, "flu")
		p.must(err)
		item, err := p.stock.Store.FindItem(ctx, "flu")
		p.must(err)
		if now := item.KeepingAt(versions, p.now()); len(versions) != 1 || len(now.Clocks) != 1 || now.Clocks[0] != keeping.Clocks[0] || now.Bands[0] != keeping.Bands[0] || item.Stability[0] != keeping.Bands[0] {
			t.Errorf("it is %+v, the item %+v, in %d versions", now, item.Stability, len(versions))
		}
	}
	take(p)
	take(open(t))
}
