package coldchain_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/tracking/coldchain"
)

// Every minute of a stretch is in range, beyond the band or not known, as the
// readings say minute by minute, whatever they are.
func TestTimesOutOfRangeAreTheReadingsMinuteByMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		profile := coldchain.Refrigerator()
		from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
		to := from.Add(time.Duration(rapid.IntRange(30, 600).Draw(t, "minutes")) * time.Minute)
		var points []coldchain.Point
		for at := from.Add(-10 * time.Minute); at.Before(to.Add(20 * time.Minute)); {
			points = append(points, coldchain.Point{At: at, Temp: coldchain.MilliCelsius(rapid.IntRange(-2000, 12_000).Draw(t, "temp"))})
			at = at.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "step")) * time.Minute)
		}
		outs := coldchain.OutsidesOf(coldchain.Always(profile), points, from, to)
		for i, o := range outs {
			if !o.From.Before(o.To) || o.From.Before(from) || o.To.After(to) || i > 0 && o.From.Before(outs[i-1].To) {
				t.Fatalf("stretch %d is %+v", i, o)
			}
		}
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			known, beyond := minuteOf(profile, points, at)
			var found *coldchain.Outside
			for i := range outs {
				if !at.Before(outs[i].From) && at.Before(outs[i].To) {
					found = &outs[i]
				}
			}
			if found == nil && (!known || beyond) || found != nil && (found.Known != known || found.Known && found.Beyond != beyond) {
				t.Fatalf("minute %v: known %v, beyond %v, told as %+v", at, known, beyond, found)
			}
		}
	})
}

// minuteOf says of a minute what the newest reading before it says.
func minuteOf(p coldchain.Profile, points []coldchain.Point, at time.Time) (known, beyond bool) {
	for _, point := range points {
		if point.At.After(at) {
			break
		}
		known, beyond = at.Before(point.At.Add(p.MaxGap())), !p.InBand(point.Temp)
	}
	return known, known && beyond
}

// What nobody measured beside a reading out of range is charged at the worse end; between readings in range it is only not known.
func TestAGapBesideHeatCountsAndAGapInRangeDoesNot(t *testing.T) {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	point := func(minute int, celsius float64) coldchain.Point {
		return coldchain.Point{At: at.Add(time.Duration(minute) * time.Minute), Temp: coldchain.FromCelsius(celsius)}
	}
	outs := coldchain.OutsidesOf(coldchain.Always(coldchain.Refrigerator()), []coldchain.Point{point(0, 5), point(60, 5), point(65, 10), point(125, 12), point(130, 4)}, at, at.Add(140*time.Minute))
	var charged, unknown time.Duration
	for _, o := range outs {
		if o.Beyond {
			charged += o.To.Sub(o.From)
		}
		if !o.Known {
			unknown += o.To.Sub(o.From)
		}
		if !o.Known && o.Beyond && o.Temp != 12_000 {
			t.Errorf("a gap from 10 to 12 °C is charged at %v", o.Temp)
		}
	}
	gap := coldchain.Refrigerator().MaxGap()
	if charged != 65*time.Minute || unknown != 2*(60*time.Minute-gap) {
		t.Errorf("charged %v, unknown %v of %+v", charged, unknown, outs)
	}
}
