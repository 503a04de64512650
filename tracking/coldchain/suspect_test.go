package coldchain

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// recorded is a reading every step from a fixed morning on.
func recorded(step time.Duration, temps ...float64) []Point {
	begin := time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC)
	points := make([]Point, len(temps))
	for i, c := range temps {
		points[i] = Point{At: begin.Add(time.Duration(i) * step), Temp: FromCelsius(c)}
	}
	return points
}

func repeated(c float64, n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = c
	}
	return all
}

func flagsOf(points []Point) string {
	var s Suspect
	var lines []string
	for _, p := range points {
		var told []Flag
		s, told = s.Step(p)
		for _, f := range told {
			line := fmt.Sprintf("%s at %s since %s", f.Kind, p.At.Format("15:04"), f.Since.Format("15:04"))
			if !f.Open() {
				line = fmt.Sprintf("%s over at %s", f.Kind, f.Until.Format("15:04"))
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

func TestReadingsThatLookLikeAFaultAreFlagged(t *testing.T) {
	half := 30 * time.Minute
	for _, c := range []struct {
		name   string
		points []Point
		want   string
	}{
		{"a fridge that swings", recorded(half, 4, 4.1, 4.3, 4.2, 4, 3.9, 4), ""},
		{"a value that stands for twelve hours", recorded(half, repeated(-0.5, 25)...), "flat line at 18:00 since 06:00"},
		{"not before", recorded(half, repeated(4, 24)...), ""},
		{"nor with too few readings", recorded(time.Hour, repeated(4, 23)...), ""},
		{"it moves again", recorded(half, append(repeated(4, 25), 4.1)...), "flat line at 18:00 since 06:00; flat line over at 18:30"},
		{"a jump", recorded(time.Minute, 4, 9.1, 9.2), "jump at 06:01 since 06:01"},
		{"a jump below zero", recorded(time.Minute, 4, -5, -5.1), "jump at 06:01 since 06:01"},
		{"at the edge it is one", recorded(time.Minute, 4, 9), "jump at 06:01 since 06:01"},
		{"just below it is none", recorded(time.Minute, 4, 8.999), ""},
		{"as far, but slowly", recorded(2*time.Minute, 4, 10), ""},
		{"readings too far apart say nothing", recorded(16*time.Minute, 4, 100), ""},
		{"a jump and back are two", recorded(time.Minute, 4, 40, 4), "jump at 06:01 since 06:01; jump over at 06:02; jump at 06:02 since 06:02"},
		{"an hour later nobody speaks of it", recorded(time.Minute, append([]float64{4}, repeated(40, 61)...)...), "jump at 06:01 since 06:01; jump over at 07:01"},
	} {
		if got := flagsOf(c.points); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestADeviceThatSendsTheSameMeasurementAgainIsStuck(t *testing.T) {
	var s Suspect
	begin := recorded(time.Minute, 4)[0]
	if _, told := s.Again(begin.At); told != nil {
		t.Error("before anything came it was stuck")
	}
	s, _ = s.Step(begin)
	if _, told := s.Again(begin.At.Add(StuckAfter - time.Second)); told != nil {
		t.Error("a repetition a moment later is a network's, not a fault")
	}
	s, told := s.Again(begin.At.Add(StuckAfter))
	if len(told) != 1 || told[0].Kind != FlagStuck || !told[0].Since.Equal(begin.At) || told[0].Temp != begin.Temp {
		t.Fatalf("told %+v", told)
	}
	if _, again := s.Again(begin.At.Add(2 * StuckAfter)); again != nil {
		t.Error("it was told twice")
	}
	_, told = s.Step(Point{At: begin.At.Add(3 * StuckAfter), Temp: begin.Temp})
	if len(told) != 1 || told[0].Open() {
		t.Errorf("a newer measurement ends it: %+v", told)
	}
}

// Whatever comes, a flag that ends was open, none is open twice, and going on from what
// was stored of the open ones tells the same.
func TestFlagsOpenAndEndInTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Suspect
		at := time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC)
		open := map[FlagKind]bool{}
		for i := range rapid.IntRange(1, 80).Draw(t, "readings") {
			at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 5, 20, 45}).Draw(t, "minutes")) * time.Minute)
			var told []Flag
			if rapid.IntRange(0, 4).Draw(t, "again") == 0 {
				s, told = s.Again(at)
			} else {
				s, told = s.Step(Point{At: at, Temp: MilliCelsius(rapid.SampledFrom([]int{4000, 4000, 4000, 4100, 12000}).Draw(t, "temp"))})
			}
			for _, f := range told {
				if open[f.Kind] == f.Open() {
					t.Fatalf("step %d: %s told out of turn", i, f.Kind)
				}
				if !f.Open() && f.Until.Before(f.Since) {
					t.Fatalf("%+v ends before it began", f)
				}
				open[f.Kind] = f.Open()
			}
		}
	})
}
