package coldchain

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAStretchOfTimeIsSummedUpWithItsGaps(t *testing.T) {
	begin := time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC)
	at := func(minute int, c float64) Point {
		return Point{At: begin.Add(time.Duration(minute) * time.Minute), Temp: FromCelsius(c)}
	}
	p := Refrigerator()
	points := []Point{at(-5, 5), at(5, 9), at(10, -0.5), at(15, 5)}
	gap := p.MaxGap()
	got := sumUp(p, points, begin, begin.Add(2*time.Hour))
	if got.Above != 5*time.Minute || got.Below != 5*time.Minute || got.Tally.Points != 3 || got.Tally.Min != -500 || got.Tally.Max != 9_000 || got.Gap != 2*time.Hour-15*time.Minute-gap {
		t.Errorf("%+v", got)
	}
	if none := sumUp(p, nil, begin, begin.Add(time.Hour)); none.Gap != time.Hour || none.Tally.Points != 0 {
		t.Errorf("without a reading %+v", none)
	}
}

// Whatever was measured, the parts of a stretch add up to the whole, and known and gap fill it.
func TestThePartsOfATripAddUp(t *testing.T) {
	begin := time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var points []Point
		at := begin.Add(-time.Hour)
		for range rapid.IntRange(0, 30).Draw(t, "readings") {
			at = at.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "minutes")) * time.Minute)
			points = append(points, Point{At: at, Temp: MilliCelsius(rapid.IntRange(-2000, 12_000).Draw(t, "temp"))})
		}
		end := begin.Add(time.Duration(rapid.IntRange(2, 600).Draw(t, "long")) * time.Minute)
		middle := begin.Add(time.Duration(rapid.IntRange(1, int(end.Sub(begin)/time.Minute)-1).Draw(t, "middle")) * time.Minute)
		p := Refrigerator()
		whole, first, second := sumUp(p, points, begin, end), sumUp(p, points, begin, middle), sumUp(p, points, middle, end)
		if whole.Gap+whole.Tally.Held != end.Sub(begin) {
			t.Fatalf("known %v and gap %v do not fill %v", whole.Tally.Held, whole.Gap, end.Sub(begin))
		}
		if whole.Gap != first.Gap+second.Gap || whole.Above != first.Above+second.Above || whole.Below != first.Below+second.Below || whole.Tally.Points != first.Tally.Points+second.Tally.Points {
			t.Fatalf("whole %+v, parts %+v and %+v", whole, first, second)
		}
	})
}
