package inventory_test

import (
	"errors"
	"testing"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"

	"pgregory.net/rapid"
)

// A lot is usable through the end of its day, at the hospital's own clock.
func TestExpiryAtTheEdgesOfTheDay(t *testing.T) {
	expiry, err := inventory.ParseDate("2026-03-29")
	if err != nil {
		t.Fatal(err)
	}
	lot := inventory.Lot{Expiry: expiry}
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Pacific/Kiritimati"} {
		clock := hospital.Site{Zone: zone}.Location()
		for at, usable := range map[time.Time]bool{
			time.Date(2026, 3, 29, 0, 0, 0, 0, clock):    true, // the clocks change in Berlin that night
			time.Date(2026, 3, 29, 23, 59, 59, 0, clock): true,
			time.Date(2026, 3, 30, 0, 0, 0, 0, clock):    false,
			time.Date(2026, 3, 28, 12, 0, 0, 0, clock):   true,
		} {
			if lot.Usable(inventory.DateOf(at.UTC(), clock)) != usable {
				t.Errorf("%s at %s: usable should be %v", zone, at, usable)
			}
		}
	}
	if !(inventory.Lot{}).Usable(inventory.DateOf(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), time.UTC)) {
		t.Error("a lot without expiry expired")
	}
}

// What is picked is what was asked for, usable, and never of a lot while one that
// expires sooner has some left; or nothing at all.
func TestPickingTheFirstToExpire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		today := inventory.Date(20000)
		var shelf []inventory.Balance
		var usable int64
		for i := range rapid.IntRange(0, 8).Draw(t, "lots") {
			b := inventory.Balance{Lot: inventory.Lot{ID: inventory.LotID(rune('a' + i))}, Free: rapid.Int64Range(0, 20).Draw(t, "free"), Held: rapid.Int64Range(0, 5).Draw(t, "held")}
			if rapid.Bool().Draw(t, "dated") {
				b.Lot.Expiry = today + inventory.Date(rapid.IntRange(-3, 5).Draw(t, "days"))
			}
			usable += b.Usable(today)
			shelf = append(shelf, b)
		}
		n := rapid.Int64Range(1, 60).Draw(t, "n")
		picked, err := inventory.Pick(shelf, n, today)
		if (err != nil) != (n > usable) || err != nil && !errors.Is(err, inventory.ErrShort) {
			t.Fatalf("%d of %d usable: %v", n, usable, err)
		}
		var sum int64
		for _, p := range picked {
			sum += p.Quantity
			if !p.Lot.Usable(today) || p.Quantity <= 0 {
				t.Fatalf("picked %+v", p)
			}
		}
		if err == nil && sum != n {
			t.Fatalf("picked %d instead of %d", sum, n)
		}
		for i := 1; i < len(picked); i++ {
			a, b := picked[i-1].Lot.Expiry, picked[i].Lot.Expiry
			if a.IsZero() && !b.IsZero() || !a.IsZero() && !b.IsZero() && b < a {
				t.Fatalf("%s before %s", a, b)
			}
		}
		if len(picked) > 1 { // all but the last are emptied
			for _, p := range picked[:len(picked)-1] {
				for _, b := range shelf {
					if b.Lot.ID == p.Lot.ID && b.Free != p.Quantity {
						t.Fatalf("left %d of %s and went on", b.Free-p.Quantity, p.Lot.ID)
					}
				}
			}
		}
	})
}

func TestMoneyIsWrittenInFull(t *testing.T) {
	for minor, want := range map[int64]string{0: "0.00 EUR", 5: "0.05 EUR", 123456789: "1,234,567.89 EUR", -150: "−1.50 EUR"} {
		if got := (inventory.Money{Minor: minor, Currency: "EUR"}).String(); got != want {
			t.Errorf("%d is %q", minor, got)
		}
	}
}

func TestStabilityIsChargedToTheStricterBand(t *testing.T) {
	bands := []inventory.Stability{{FromCelsius: 8, ToCelsius: 25, Hours: 12}, {FromCelsius: 15, ToCelsius: 25, Hours: 2}}
	b := inventory.BudgetOf(bands, []inventory.Exposure{{Excursion: 1, Minutes: 30, Peak: 20000}, {Excursion: 2, Minutes: 60, Peak: 9000}})
	if b.Bands[1].Left != 90*time.Minute || b.Bands[0].Left != 11*time.Hour || !b.Within() {
		t.Errorf("%+v", b)
	}
	if b := inventory.BudgetOf(bands, []inventory.Exposure{{Excursion: 3, Minutes: 1, Peak: -500}}); b.Within() || len(b.Unknown) != 1 {
		t.Errorf("frozen: %+v", b)
	}
}
