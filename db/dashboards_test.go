package db_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// TestAMonthOfAFridgeIsAddedUp: half an hour beyond the limit, a night of which nobody knows,
// a case that nobody closed, and one workday's look of two.
func TestAMonthOfAFridgeIsAddedUp(t *testing.T) {
	w := newColdWard(t) // Monday noon
	w.live(slices.Repeat([]float64{4}, 12)...)
	w.live(slices.Repeat([]float64{10}, 6)...)
	w.live(slices.Repeat([]float64{4}, 12)...)
	if _, err := w.monitor.Look(t.Context(), eva, "f-1", "the door stood open"); err != nil {
		t.Fatal(err)
	}
	measured := w.at
	w.at = time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	told, err := w.monitor.Compliance(t.Context(), "2026-03", w.at)
	if err != nil || len(told.Fridges) != 1 {
		t.Fatalf("%+v %v", told, err)
	}
	f := told.Fridges[0]
	if f.Total != 72*time.Hour || f.Beyond < 25*time.Minute || f.Beyond > 40*time.Minute {
		t.Errorf("of %v it was beyond for %v", f.Total, f.Beyond)
	}
	seen := measured.Sub(coldNoon)
	if known := f.Total - f.Unknown; known < seen-10*time.Minute || known > seen+45*time.Minute {
		t.Errorf("known are %v, measured were %v", known, seen)
	}
	share, known := f.Share()
	if !known || share < 0.7 || share >= 0.9 {
		t.Errorf("in range for %v of the known time", share)
	}
	if f.Excursions != 1 || f.Open != 1 || f.Workdays != 2 || f.Checked != 1 {
		t.Errorf("%+v", f)
	}
	if whole := told.Whole(); whole.Kept != f.Kept || whole.Open != 1 {
		t.Errorf("the whole is %+v", whole)
	}
	if before, err := w.monitor.Compliance(t.Context(), "2026-02", w.at); err != nil || before.Fridges[0].Excursions != 0 || before.Fridges[0].Beyond != 0 {
		t.Errorf("the month before: %+v %v", before, err)
	} else if _, known := before.Fridges[0].Share(); known {
		t.Error("something is known of a month without readings")
	}
	for _, wrong := range []string{"2026-04", "March", ""} {
		if _, err := w.monitor.Compliance(t.Context(), wrong, w.at); !errors.Is(err, hospital.ErrInvalid) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// TestStockHealthCountsWhatNeedsSomebody: an item that ran out is counted as empty, one whose
// only lot has expired too, and every item stands in one stretch of how long it lasts.
func TestStockHealthCountsWhatNeedsSomebody(t *testing.T) {
	p, ctx := open(t), t.Context()
	today := p.stock.Today(p.now())
	before, err := p.stock.Store.Health(ctx, today)
	p.must(err)
	if before.Items == 0 || before.Available() > 1 || before.Available() <= 0 {
		t.Fatalf("%+v", before)
	}
	lines, _, err := p.stock.Store.Lines(ctx, inventory.Query{Text: "Gloves", Today: today})
	p.must(err)
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: lines[0].Usable()}))
	p.must(p.desk.Nightly(ctx))
	after, err := p.stock.Store.Health(ctx, today)
	p.must(err)
	if after.Empty != before.Empty+1 || after.Items != before.Items || after.Available() >= before.Available() {
		t.Errorf("after the last gloves: %+v, before %+v", after, before)
	}
	counted := after.Idle
	for _, n := range after.Cover {
		counted += n
	}
	if counted != after.Items {
		t.Errorf("%d of %d items stand in a stretch: %+v", counted, after.Items, after)
	}
	far, err := p.stock.Store.Health(ctx, today+20_000)
	p.must(err)
	if far.Expired == 0 || far.Empty < after.Empty {
		t.Errorf("in fifty years nothing has expired: %+v", far)
	}
}

// TestComplianceOfAWeekAndADay: the day's hours add up to the day, the week's days to the week,
// and what was beyond a limit lies in the hour in which it was.
func TestComplianceOfAWeekAndADay(t *testing.T) {
	w := newColdWard(t) // Monday noon
	w.live(slices.Repeat([]float64{4}, 12)...)
	w.live(slices.Repeat([]float64{10}, 6)...)
	w.live(slices.Repeat([]float64{4}, 12)...)
	w.at = time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	for asked, want := range map[string]struct{ parts, worst int }{"2026-03-02": {24, 13}, "2026-W10": {2, 0}, "2026-03": {3, 1}} {
		told, err := w.monitor.Compliance(t.Context(), asked, w.at)
		if err != nil {
			t.Fatal(err)
		}
		sum, worst := time.Duration(0), 0
		for i, part := range told.Parts {
			if sum += part.Beyond; part.Beyond > told.Parts[worst].Beyond {
				worst = i
			}
		}
		if len(told.Parts) != want.parts || worst != want.worst || sum != told.Fridges[0].Beyond || sum == 0 {
			t.Errorf("%s: %d parts, the worst %d, %v of %v", asked, len(told.Parts), worst, sum, told.Fridges[0].Beyond)
		}
	}
	if _, err := w.monitor.Compliance(t.Context(), "2026-W11", w.at); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("next week: %v", err)
	}
}

// TestHowStockStoodIsKeptADayAtATime: the first note also tells the days before from when
// places were empty; each day is noted once, agrees with the page of today, and is let go
// when it is old.
func TestHowStockStoodIsKeptADayAtATime(t *testing.T) {
	p, ctx := open(t), t.Context()
	first := p.stock.Today(p.now())
	p.must(p.stock.Use(ctx, nora, inventory.Taking{Item: "gloves", Place: "store", Quantity: 500}))
	p.pass(3 * 24 * time.Hour)
	night := func() inventory.Date {
		t.Helper()
		p.must(p.desk.Nightly(ctx))
		p.must(p.stock.KeepHealth(ctx))
		return p.stock.Today(p.now())
	}
	of := func(place inventory.PlaceID) []inventory.HealthDay {
		t.Helper()
		days, err := p.stock.Store.HealthDays(ctx, place, 0)
		p.must(err)
		return days
	}
	today := night()
	night()
	days := of("")
	if len(days) != 4 || days[0].Day != first || days[3].Day != today {
		t.Fatalf("%+v", days)
	}
	for i, empty := range []int{0, 1, 1} { // the day on which the last went had some
		if d := days[i]; !d.Told || d.Empty != empty || d.Items != 3 || d.Low != -1 || d.Held != -1 {
			t.Errorf("told of day %d: %+v", i, d)
		}
	}
	now, err := p.stock.Store.Health(ctx, today)
	p.must(err)
	if d := days[3]; d.Told || d.Items != now.Items || d.Empty != now.Empty || d.Low != now.Low || d.Expiring != now.Expiring || d.Low < 1 || d.Available() != now.Available() {
		t.Errorf("today %+v, the page says %+v", d, now)
	}
	if store := of("store"); len(store) != 4 || store[1].Empty != 1 || store[3].Empty != 1 || store[3].Items != 2 || store[3].Expired != -1 {
		t.Errorf("the store: %+v", store)
	}
	p.must(p.stock.Receive(ctx, manager, inventory.Receiving{Item: "gloves", Place: "store", Quantity: 500}))
	p.pass(24 * time.Hour)
	night()
	if days = of(""); len(days) != 5 || days[4].Empty != 0 || days[3].Empty != 1 {
		t.Errorf("after a delivery: %+v", days)
	}
	p.pass(inventory.HealthKept * 24 * time.Hour)
	today = night()
	if days = of(""); len(days) != 2 || days[0].Day != today-inventory.HealthKept || days[1].Day != today {
		t.Errorf("two years later: %+v", days)
	}
}
