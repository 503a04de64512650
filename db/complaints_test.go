package db_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// What users of other systems complain about most, one test each. Beside these stand
// TestAmountsAtTheLimit (a threshold at its boundary) and the tests of gs1 (lost separators).

func TestComplaintEveryRunOrdersAgain(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 250}))
	_, err := p.desk.Ask(ctx, nora, reorder.Spot{Item: "swabs", Place: "store"}, 100, "somebody has asked by hand")
	p.must(err)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if err := p.desk.Nightly(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for range 3 {
		p.must(p.desk.Nightly(ctx))
		p.pass(24 * time.Hour)
	}
	sums := map[inventory.ItemID]int{}
	for _, waits := range p.open() {
		sums[waits.Item.ID]++
	}
	if sums["gloves"] != 1 || sums["swabs"] != 1 {
		t.Errorf("open proposals %v", sums)
	}
}

func TestComplaintQuantitiesThatNobodyCanOrder(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 201}))
	p.must(p.desk.Nightly(ctx))
	for _, waits := range p.open() {
		if waits.Quantity%waits.Item.Pack != 0 {
			t.Errorf("%s: %d is not whole packs of %d", waits.Item.ID, waits.Quantity, waits.Item.Pack)
		}
		if waits.Item.ID == "gloves" && waits.Quantity != 800 { // 299 + 800 is the first that reaches 1000
			t.Errorf("gloves: %d", waits.Quantity)
		}
	}
}

func TestComplaintNobodyKnowsWhyItWasOrdered(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 250}))
	p.must(p.desk.Nightly(ctx))
	for _, waits := range p.open() {
		figures := map[string]int64{}
		for _, f := range waits.Figures {
			var n int64
			if _, err := fmt.Sscan(f.Value, &n); err == nil {
				figures[f.Name] = n
			}
		}
		missing := figures["Order up to"] - figures["Position"]
		pack := figures["Pack"]
		if figures["Position"] > figures["Reorder point"] || waits.Quantity < missing || waits.Quantity-missing >= max(pack, 1)*max(waits.Item.LeastPacks, 1) {
			t.Errorf("%s: %d does not follow from %v", waits.Item.ID, waits.Quantity, figures)
		}
	}
}

// Fifty scanners at once: nothing is lost and nothing is booked twice.
func TestComplaintScannersThatLoseOrDouble(t *testing.T) {
	p, ctx := open(t), t.Context()
	var all sync.WaitGroup
	var mu sync.Mutex
	var received, used int64
	for scanner := range 50 {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(7, uint64(scanner)))
			for scan := range 8 {
				key := fmt.Sprintf("s%d-%d", scanner, scan)
				n := dice.Int64N(20) + 1
				for range 1 + dice.IntN(2) { // every second scan is sent twice
					var err error
					if scan%2 == 0 {
						err = p.stock.Receive(ctx, manager, inventory.Receiving{Item: "gloves", Place: "store", Quantity: n, Key: key})
					} else {
						err = p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: n, Key: key})
					}
					if err != nil {
						t.Error(err)
					}
				}
				mu.Lock()
				if scan%2 == 0 {
					received += n
				} else {
					used += n
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	want := 500 + received - used
	p.expect("gloves", want, 0, want)
	p.sound()
}

func TestComplaintExpiredStockIsCountedOrGivenOut(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.pass(9 * 24 * time.Hour) // 11 March: lot A1 expired yesterday
	p.expect("flu", 50, 0, 20)
	take := inventory.Taking{Item: "flu", Place: "fridge-1", Lot: "lot-1", Quantity: 1, Why: "expired"}
	if err := p.stock.Use(ctx, nora, take); !errors.Is(err, inventory.ErrUnusable) {
		t.Errorf("it was given out: %v", err)
	}
	if err := p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 21}); !errors.Is(err, inventory.ErrShort) {
		t.Errorf("it was picked: %v", err)
	}
	p.must(p.stock.Discard(ctx, manager, take)) // as a loss it may go
	p.must(p.desk.Nightly(ctx))
	if waiting := p.open(); len(waiting) == 0 || waiting[0].Item.ID != "flu" {
		t.Error("expired stock hides that it runs low")
	}
}

// One predicate decides at midnight, in zones far from each other and on days that
// have 23 or 25 hours.
func TestComplaintTheDayBeginsAtTheWrongHour(t *testing.T) {
	for zone, expiry := range map[string]string{"America/Los_Angeles": "2026-03-08", "Pacific/Auckland": "2026-04-05", "Europe/Berlin": "2026-10-25", "Asia/Kathmandu": "2026-06-30", "Pacific/Apia": "2026-01-01"} {
		place, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := inventory.ParseDate(expiry)
		if err != nil {
			t.Fatal(err)
		}
		lot := inventory.Lot{ID: "l", Expiry: day}
		date := day.Time()
		for at, usable := range map[time.Time]bool{
			time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, place):           true,
			time.Date(date.Year(), date.Month(), date.Day(), 23, 59, 59, 0, place):        true,
			time.Date(date.Year(), date.Month(), date.Day()+1, 0, 0, 0, 0, place):         false,
			time.Date(date.Year(), date.Month(), date.Day()-1, 23, 59, 59, 0, place):      true,
			time.Date(date.Year(), date.Month(), date.Day()+1, 0, 0, 0, 0, place).Add(-1): true,
		} {
			today := inventory.DateOf(at, place)
			shelf := []inventory.Balance{{Lot: lot, Free: 5}}
			_, err := inventory.Pick(shelf, 1, today)
			if lot.Usable(today) != usable || (err == nil) != usable || (shelf[0].Usable(today) == 5) != usable {
				t.Errorf("%s, %s: usable %v, picked %v", zone, at, lot.Usable(today), err)
			}
		}
	}
}

func TestComplaintReceiptsLeaveOrdersHanging(t *testing.T) {
	p, ctx := open(t), t.Context()
	onOrder := func() int64 {
		t.Helper()
		lines, _, err := p.stock.Store.Lines(ctx, inventory.Query{Text: "Gloves", Today: p.stock.Today(p.now())})
		p.must(err)
		return lines[0].OnOrder
	}
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 250}))
	p.must(p.desk.Nightly(ctx))
	done, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: p.open()[0].ID, Version: 1})
	p.must(err)
	order := func() reorder.Order {
		t.Helper()
		o, err := p.desk.Store.FindOrder(ctx, done.Order)
		p.must(err)
		return o
	}
	o := order()
	p.must(p.desk.Send(ctx, manager, o.Number, o.Version))
	if n := onOrder(); n != 800 {
		t.Errorf("sent: %d on order", n)
	}
	o = order()
	receipt := reorder.Receipt{Number: o.Number, Version: o.Version, Parts: []reorder.Part{{Line: o.Lines[0].ID, Quantity: 300, Lot: "L1"}}}
	p.must(p.desk.Receive(ctx, manager, receipt))
	if err := p.desk.Receive(ctx, manager, receipt); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("the same delivery twice: %v", err)
	}
	if n := onOrder(); n != 500 {
		t.Errorf("after a part: %d on order", n)
	}
	o = order()
	p.must(p.desk.CloseShort(ctx, manager, o.Number, o.Version, "no more comes"))
	if n := onOrder(); n != 0 {
		t.Errorf("closed short: %d on order", n)
	}
	p.sound()
}

func TestComplaintApprovalsThatOnePersonCanGiveTwice(t *testing.T) {
	p, ctx := open(t), t.Context()
	id, err := p.desk.Ask(ctx, manager, reorder.Spot{Item: "swabs", Place: "store"}, 100, "a course")
	p.must(err)
	if _, err := p.desk.Approve(ctx, manager, reorder.Answer{ID: id, Version: 1}); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("her own: %v", err)
	}
	_, err = p.desk.Approve(ctx, second, reorder.Answer{ID: id, Version: 1})
	p.must(err)
	if _, err := p.desk.Approve(ctx, second, reorder.Answer{ID: id, Version: 1}); !errors.Is(err, hospital.ErrStale) && !errors.Is(err, reorder.ErrDecided) {
		t.Errorf("a double click: %v", err)
	}
}

func TestComplaintTwoScreensTellTwoFigures(t *testing.T) {
	p, ctx := open(t), t.Context()
	p.chain.events = append(p.chain.events, excursion(1, "began", 5, "f-01"))
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "flu", Place: "fridge-1", Quantity: 3}))
	p.must(p.desk.Nightly(ctx))
	today := p.stock.Today(p.now())
	lines, _, err := p.stock.Store.Lines(ctx, inventory.Query{Today: today})
	p.must(err)
	for _, line := range lines {
		onHand, held, usable := p.holds(line.Item.ID)
		if line.OnHand != onHand || line.Held != held || line.Usable() != usable {
			t.Errorf("%s: the list says %d, %d, %d, its page %d, %d, %d", line.Item.ID, line.OnHand, line.Held, line.Usable(), onHand, held, usable)
		}
		outlooks, err := p.stock.Store.Outlooks(ctx, line.Item.ID)
		p.must(err)
		for _, o := range outlooks {
			if o.Place == "store" && o.Usable != usable {
				t.Errorf("%s: the desk says %d, the page %d", line.Item.ID, o.Usable, usable)
			}
		}
	}
}

// A scanner that swallows the separators is repaired, and says so.
func TestComplaintScansThatLoseTheirSeparators(t *testing.T) {
	p, ctx := open(t), t.Context()
	for name, code := range map[string]string{
		"whole":                     "\x1d0104000000000013172704301" + "0A1\x1d30100",
		"separator swallowed":       "010400000000001317270430" + "10A1",
		"as brackets":               "(01)04000000000013(17)270430(10)A1",
		"symbology and separator":   "]d2010400000000001317270430" + "10A1",
		"a Digital Link":            "https://id.gs1.org/01/04000000000013/10/A1?17=270430",
		"Alt+029 typed as a symbol": "]d201040000000000131" + "727043010A1",
	} {
		what, err := p.stock.Read(ctx, code, p.now())
		if err != nil || what.Item.ID != "flu" || what.Number != "A1" {
			t.Errorf("%s: %+v %v", name, what, err)
		}
	}
	what, err := p.stock.Read(ctx, "010400000000001310A117270430", p.now())
	if err != nil || len(what.Warnings) == 0 || !strings.Contains(strings.ToLower(strings.Join(what.Warnings, " ")), "separator") {
		t.Errorf("a repair is not said: %+v %v", what, err)
	}
}
