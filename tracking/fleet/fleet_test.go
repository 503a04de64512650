package fleet

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

var midnight = time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)

func at(hour float64) time.Time { return midnight.Add(time.Duration(hour * float64(time.Hour))) }

func kindOf(room hospital.RoomID) hospital.RoomKind {
	return map[hospital.RoomID]hospital.RoomKind{"store": hospital.Storage, "bed1": hospital.PatientRoom, "bed2": hospital.PatientRoom, "dirty": hospital.DirtyUtility}[room]
}

func moved(hour float64, id tracking.AssetID, to hospital.RoomID) Event {
	return Event{Asset: id, Kind: tracking.Movement, At: at(hour), To: to}
}

func marked(hour float64, id tracking.AssetID, status tracking.Status) Event {
	return Event{Asset: id, Kind: tracking.Marked, At: at(hour), Status: status}
}

var pumps = map[tracking.AssetID]Piece{"p1": {"pump", "icu"}, "p2": {"pump", "icu"}, "w1": {"wheelchair", ""}}

func TestADayOfTwoPumps(t *testing.T) {
	start := map[tracking.AssetID]State{"p1": {"store", tracking.Free, true}, "p2": {"store", tracking.Free, true}, "gone": {"store", tracking.InUse, true}}
	s, end := Fold(pumps, start, []Event{
		moved(8, "p1", "bed1"), marked(8, "p1", tracking.InUse),
		moved(9, "p2", "bed2"), marked(9, "p2", tracking.InUse),
		moved(12, "p1", "dirty"), marked(12, "p1", tracking.NeedsCleaning),
		marked(13, "p1", tracking.Broken),
		{Asset: "p2", Kind: tracking.Departure, At: at(20)},
		moved(22, "w1", "store"),
		moved(23, "stranger", "bed1"),
	}, midnight, at(24), kindOf)
	wantUse := map[Owner]Use{
		{"pump", "icu"}:    {Free: 17 * time.Hour, InUse: 15 * time.Hour, Dirty: time.Hour, Broken: 11 * time.Hour, Unheard: 4 * time.Hour},
		{"wheelchair", ""}: {Free: 2 * time.Hour},
	}
	if !reflect.DeepEqual(s.Use, wantUse) {
		t.Errorf("use %v", s.Use)
	}
	wantLevels := map[int]time.Duration{0: 12 * time.Hour, 1: 9 * time.Hour, 2: 3 * time.Hour}
	if !maps.Equal(s.Levels["pump"], wantLevels) {
		t.Errorf("levels %v", s.Levels["pump"])
	}
	if got := s.Dwell[Spot{"pump", hospital.PatientRoom}]; got != (Stay{15 * time.Hour, 2}) {
		t.Errorf("at the bed %v", got)
	}
	if s.Peak("pump") != 2 || s.Percentile("pump", 0.5) != 0 || s.Percentile("pump", 0.8) != 1 || s.Percentile("pump", 0.99) != 2 || s.Percentile("ladder", 0.5) != 0 {
		t.Errorf("peak %d, percentiles %d %d %d", s.Peak("pump"), s.Percentile("pump", 0.5), s.Percentile("pump", 0.8), s.Percentile("pump", 0.99))
	}
	if want := (State{"dirty", tracking.Broken, true}); end["p1"] != want || len(end) != 3 || end["p2"].Heard {
		t.Errorf("at the end %v", end)
	}
}

// TestTwoHalvesAreTheWhole: wherever a day is cut, its parts add up to it, and
// every piece's time is booked exactly once.
func TestTwoHalvesAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := slices.Sorted(maps.Keys(pumps))
		var events []Event
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			e := Event{Asset: rapid.SampledFrom(ids).Draw(t, "asset"), At: midnight.Add(time.Duration(rapid.IntRange(0, 86399).Draw(t, "second")) * time.Second),
				Kind: rapid.SampledFrom([]string{tracking.Arrival, tracking.Movement, tracking.Departure, tracking.Marked}).Draw(t, "kind")}
			e.To = rapid.SampledFrom([]hospital.RoomID{"store", "bed1", "bed2", "dirty", "attic"}).Draw(t, "to")
			e.Status = rapid.SampledFrom(tracking.Statuses()).Draw(t, "status")
			events = append(events, e)
		}
		slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
		start := map[tracking.AssetID]State{"p1": {"store", tracking.InUse, true}}
		whole, end := Fold(pumps, start, events, midnight, at(24), kindOf)
		cut := midnight.Add(time.Duration(rapid.IntRange(0, 86400).Draw(t, "cut")) * time.Second)
		split, _ := slices.BinarySearchFunc(events, cut, func(e Event, c time.Time) int { return e.At.Compare(c) })
		sum, middle := Fold(pumps, start, events[:split], midnight, cut, kindOf)
		rest, last := Fold(pumps, middle, events[split:], cut, at(24), kindOf)
		sum.Add(rest)
		if whole.Peak("pump") > len(pumps) {
			t.Fatalf("more in use than there are: %d", whole.Peak("pump"))
		}
		if fmt.Sprint(sum) != fmt.Sprint(whole) || !maps.Equal(end, last) {
			t.Fatalf("cut at %v:\n%v\n%v\nwhole:\n%v\n%v", cut, sum, last, whole, end)
		}
		var booked, levels time.Duration
		for _, u := range whole.Use {
			booked += u.Total()
		}
		for _, d := range whole.Levels["pump"] {
			levels += d
		}
		if booked > 3*24*time.Hour || levels != 24*time.Hour {
			t.Fatalf("booked %v, levels of pumps %v", booked, levels)
		}
	})
}

func TestAdviceWithItsEvidence(t *testing.T) {
	s := Summary{Use: map[Owner]Use{{"pump", "icu"}: {InUse: 60, Free: 30, Dirty: 8, Broken: 2}},
		Levels: map[string]map[int]time.Duration{"pump": {10: 515 * time.Minute, 20: 480 * time.Minute, 26: leastPeak, 40: leastPeak / 2, 50: leastPeak/2 - 1}}}
	have := map[string]int{"pump": 40, "bed": 3}
	sizes := Advise(s, 30, have, map[string]int{"pump": 2})
	// 20 × 1.15 ÷ 0.9 = 25.6, and never less than the 26 that were in use at once.
	want := Size{Kind: "pump", Have: 40, Broken: 2, Peak: 26, Busy: 20, Half: 10, NotReady: 0.1, Advice: 26, Days: 30}
	if sizes[0] != want || sizes[0].Spare() != 14 || sizes[1].Kind != "bed" || sizes[1].Advice != 1 {
		t.Errorf("got %+v", sizes)
	}
	if says := sizes[0].Because(); says != "At most 26 were in use at once, 20 were enough for 99 % of the time; 10 % of the time a piece is being cleaned or repaired, and 15 % are kept spare." {
		t.Error(says)
	}
	for days, known := range map[int]bool{EnoughDays - 1: false, EnoughDays: true} {
		if got := Advise(s, days, have, nil)[0].Known(); got != known {
			t.Errorf("after %d days: %v", days, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) { // a fleet that was busier is never advised to be smaller
		n := rapid.IntRange(0, 500).Draw(t, "busy")
		size := Size{Busy: n, Peak: n + rapid.IntRange(0, 50).Draw(t, "more"), NotReady: rapid.Float64Range(0, 1).Draw(t, "not ready")}
		busier := size
		busier.Busy++
		busier.Peak++
		if a, b := enough(size), enough(busier); a < size.Peak || b < a {
			t.Fatalf("%+v: %d, busier %d", size, a, b)
		}
	})
}
