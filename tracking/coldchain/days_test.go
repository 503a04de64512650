package coldchain

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestADayOfAClockChangeHasItsOwnLength(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine has no time zones")
	}
	var points []Point
	for at := time.Date(2026, 3, 28, 0, 0, 0, 0, zone); at.Before(time.Date(2026, 3, 30, 0, 1, 0, 0, zone)); at = at.Add(5 * time.Minute) {
		points = append(points, Point{At: at.UTC(), Temp: 9_000})
	}
	days := Days(Refrigerator(), points, zone)
	if len(days) != 3 || days[0].Above != 24*time.Hour || days[1].Above != 23*time.Hour || days[1].Date() != "2026-03-29" {
		t.Errorf("got %+v", days)
	}
}

func TestMeanKineticTemperatureWeighsHeatMore(t *testing.T) {
	var tally Tally
	for _, c := range []float64{2, 2, 2, 20} {
		tally = tally.see(FromCelsius(c)).hold(FromCelsius(c), time.Hour)
	}
	if mean := tally.Mean(); mean != 6_500 {
		t.Errorf("mean %v", mean)
	}
	// (ΔH/R) / -ln((3·e^(-10000/275.15) + e^(-10000/293.15)) / 4) - 273.15
	if mkt := tally.MKT(); mkt < 10_500 || mkt > 10_900 {
		t.Errorf("mean kinetic temperature %v, want about 10.7 °C", mkt)
	}
}

// Every moment of a record is known on some day, or lies in a gap: nothing is lost at midnight.
func TestDaysLoseNoMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := series(t)
		p := Refrigerator()
		var held, gaps, between time.Duration
		for _, d := range Days(p, points, time.FixedZone("", 5400)) {
			held += d.Tally.Held
			gaps += d.Gap
		}
		for _, g := range Gaps(p, points) {
			between += g.To.Sub(g.From)
		}
		if span := points[len(points)-1].At.Sub(points[0].At); held+gaps != span || gaps != between {
			t.Errorf("held %v, gaps %v, span %v, listed gaps %v", held, gaps, span, between)
		}
	})
}

func FuzzReadProfile(f *testing.F) {
	f.Add(`{"id":"own","low_celsius":2,"high_celsius":8,"rules":[{"name":"warm","direction":"too warm","limit_celsius":8,"minutes":60}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadProfile(strings.NewReader(text))
		if err == nil && p.Validate() != nil {
			t.Errorf("took an invalid profile: %s", text)
		}
	})
}
