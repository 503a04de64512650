package maintain_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/maintain"
)

func TestSerialNumbersAreOrderedAsPeopleDo(t *testing.T) {
	ordered := []string{"7", "0008", "A-9", "a-10", "A-100", "A-100B", "B1"}
	for i, a := range ordered {
		for j, b := range ordered {
			if c := maintain.CompareSerials(a, b); (c < 0) != (i < j) || (c > 0) != (i > j) {
				t.Errorf("%s and %s: %d", a, b, c)
			}
		}
	}
	if maintain.CompareSerials("A-007", "a-7") != 0 {
		t.Error("leading zeros count")
	}
}

func TestTheOrderOfSerialsIsAnOrder(t *testing.T) {
	serial := rapid.StringMatching(`[A-Za-z0-9./ -]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := serial.Draw(t, "a"), serial.Draw(t, "b"), serial.Draw(t, "c")
		if (maintain.CompareSerials(a, b) < 0) != (maintain.CompareSerials(b, a) > 0) || maintain.CompareSerials(a, a) != 0 {
			t.Fatalf("%q and %q", a, b)
		}
		if maintain.CompareSerials(a, b) <= 0 && maintain.CompareSerials(b, c) <= 0 && maintain.CompareSerials(a, c) > 0 {
			t.Fatalf("%q, %q, %q", a, b, c)
		}
	})
}

func TestADayIsADayWhateverTheClocksDo(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	plan := maintain.Plan{EveryDays: 30}
	worked := time.Date(2026, 3, 1, 23, 30, 0, 0, zone) // before the clocks go forward
	for day, want := range map[int]maintain.Urgency{1: maintain.Later, 16: maintain.Later, 17: maintain.Soon, 31: maintain.Soon, 32: maintain.Overdue} {
		at := time.Date(2026, 3, day, 0, 30, 0, 0, zone)
		if due := maintain.DueOf(plan, maintain.Papers{}, maintain.Last{At: worked}, at, zone); due.Urgency != want || due.On.Format(time.DateOnly) != "2026-03-31" {
			t.Errorf("on the %d: %+v", day, due)
		}
	}
	if due := maintain.DueOf(plan, maintain.Papers{}, maintain.Last{}, worked, zone); due.Urgency != maintain.Overdue {
		t.Errorf("of what nobody knows anything: %+v", due)
	}
	once := maintain.Plan{Lot: "L"}
	if maintain.DueOf(once, maintain.Papers{}, maintain.Last{}, worked, zone).Urgency != maintain.Overdue ||
		maintain.DueOf(once, maintain.Papers{}, maintain.Last{At: worked}, worked, zone).Urgency != maintain.Later {
		t.Error("a batch's work is done once")
	}
}

func TestPlansAndRecallsThatCantBeAreRefused(t *testing.T) {
	good := maintain.Plan{Name: "n", Model: "m", EveryDays: maintain.MaxDays, EveryHours: maintain.MaxHours}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for _, change := range []func(*maintain.Plan){
		func(p *maintain.Plan) { p.EveryDays++ }, func(p *maintain.Plan) { p.EveryHours++ }, func(p *maintain.Plan) { p.EveryDays = -1 },
		func(p *maintain.Plan) { p.Name = "" }, func(p *maintain.Plan) { p.Model = "a\x00" }, func(p *maintain.Plan) { p.EveryDays, p.EveryHours = 0, 0 },
	} {
		plan := good
		if change(&plan); plan.Check() == nil {
			t.Errorf("%+v is taken", plan)
		}
	}
	for _, recall := range []maintain.Recall{{}, {Title: "t"}, {Model: "m"}, {Title: "t", FromSerial: "A-10", ToSerial: "A-9"}} {
		if recall.Check() == nil {
			t.Errorf("%+v is taken", recall)
		}
	}
	if err := (maintain.Recall{Title: "t", FromSerial: "A-9", ToSerial: "A-10"}).Check(); err != nil {
		t.Error(err)
	}
}

func TestTheRouteGoesOnToTheNearestRoom(t *testing.T) {
	at := func(x float64) []hospital.Point {
		return []hospital.Point{{X: x}, {X: x + 2}, {X: x + 2, Y: 2}, {X: x, Y: 2}}
	}
	room := func(id hospital.RoomID, x float64, to ...hospital.RoomID) hospital.Room {
		return hospital.Room{ID: id, Floor: "f", Outline: at(x), Neighbours: to}
	}
	d := hospital.NewDirectory(hospital.Site{}, nil, []hospital.Floor{{ID: "f"}}, nil, []hospital.Room{
		room("a", 0, "b"), room("b", 10, "a", "c"), room("c", 20, "b", "d"), room("d", 50, "c"), room("alone", 90)}, nil)
	var order []hospital.RoomID
	var metres float64
	for _, stop := range maintain.Route(d, "b", []hospital.RoomID{"d", "alone", "a", "c", "a"}) {
		order, metres = append(order, stop.Room), metres+stop.Metres
	}
	if want := []hospital.RoomID{"a", "c", "d", "alone"}; !slices.Equal(order, want) && !slices.Equal(order, []hospital.RoomID{"c", "a", "d", "alone"}) || metres < 60 {
		t.Errorf("%v, %.0f m", order, metres)
	}
	if stops := maintain.Route(d, "b", nil); len(stops) != 0 {
		t.Errorf("a walk to nowhere: %v", stops)
	}
}
