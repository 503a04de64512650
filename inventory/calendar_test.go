package inventory_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/inventory"
)

// weekly takes orders on Monday and Thursday until two, delivers on working days
// after two of them, and rests on 25 and 26 December.
var weekly = inventory.Calendar{OrderDays: []time.Weekday{time.Monday, time.Thursday}, CutOff: 14 * time.Hour, WorkingDays: true,
	Holidays: []inventory.Date{day("2026-12-25"), day("2026-12-26")}}

func day(text string) inventory.Date {
	d, err := inventory.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// An order of a minute too late is taken on the next order day, and what comes is
// counted from there, past weekends and holidays.
func TestOrdersAreTakenUntilTheCutOff(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ sent, taken, arrives string }{
		{"2026-12-14 09:00:00", "2026-12-14", "2026-12-16"}, // a Monday
		{"2026-12-14 13:59:59", "2026-12-14", "2026-12-16"},
		{"2026-12-14 14:00:00", "2026-12-17", "2026-12-21"}, // at the cut-off: Thursday's, two working days on
		{"2026-12-16 09:00:00", "2026-12-17", "2026-12-21"},
		{"2026-12-24 13:00:00", "2026-12-24", "2026-12-29"}, // both holidays and the weekend do not count
		{"2026-12-24 14:01:00", "2026-12-28", "2026-12-30"},
		{"2026-03-29 03:30:00", "2026-03-30", "2026-04-01"}, // the clock's change
	} {
		at, err := time.ParseInLocation(time.DateTime, c.sent, berlin)
		if err != nil {
			t.Fatal(err)
		}
		taken := weekly.Taken(at)
		if taken.String() != c.taken || weekly.Arrives(taken, 2).String() != c.arrives {
			t.Errorf("sent %s: taken %s, comes %s; want %s, %s", c.sent, taken, weekly.Arrives(taken, 2), c.taken, c.arrives)
		}
		if weekly.Open(at) != (c.sent[:10] == c.taken) {
			t.Errorf("sent %s: open %v", c.sent, weekly.Open(at))
		}
	}
	if gap := weekly.Gap(); gap != 4 {
		t.Errorf("from one order day to the next are %d days at most", gap)
	}
	if gap := (inventory.Calendar{OrderDays: []time.Weekday{time.Tuesday}}).Gap(); gap != 7 {
		t.Errorf("with one order day they are %d", gap)
	}
	before := time.Date(2026, 12, 14, 13, 50, 0, 0, berlin)
	if !weekly.ClosesWithin(before, 15*time.Minute) || weekly.ClosesWithin(before, 5*time.Minute) || weekly.ClosesWithin(before.Add(11*time.Minute), 15*time.Minute) {
		t.Error("the cut-off is not seen to come")
	}
}

// Whoever has no calendar takes everything at once, and a calendar never delivers
// before the lead time nor on a day on which nobody comes.
func TestCalendarsNeverDeliverTooEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := inventory.Date(rapid.Int32Range(20_000, 22_000).Draw(t, "from"))
		lead := rapid.IntRange(0, 40).Draw(t, "lead")
		if got := (inventory.Calendar{}).Arrives(from, lead); got != from+inventory.Date(lead) {
			t.Fatalf("no calendar: %d days become %d", lead, got-from)
		}
		c := inventory.Calendar{WorkingDays: rapid.Bool().Draw(t, "working"),
			DeliveryDays: rapid.SliceOfDistinct(rapid.Map(rapid.IntRange(0, 6), func(n int) time.Weekday { return time.Weekday(n) }), rapid.ID).Draw(t, "days"),
			Holidays:     []inventory.Date{from + 1, from + 5}}
		got := c.Arrives(from, lead)
		if got < from+inventory.Date(lead) {
			t.Fatalf("%d days become %d", lead, got-from)
		}
		if got == from+1 || got == from+5 {
			t.Fatal("it comes on a holiday")
		}
	})
}

func TestPriceBreaks(t *testing.T) {
	item := inventory.Item{Price: 450, Breaks: []inventory.PriceBreak{{Packs: 10, Price: 400}, {Packs: 50, Price: 380}}}
	for packs, price := range map[int64]int64{1: 450, 9: 450, 10: 400, 49: 400, 50: 380, 5000: 380} {
		if got := item.PriceOf(packs); got != price {
			t.Errorf("one of %d packs costs %d, want %d", packs, got, price)
		}
	}
}
