package simulate

import (
	"fmt"
	"testing"
	"time"

	"wardwatch/tracking/coldchain"
)

// recordOf is what a fridge's probe measures every five minutes.
func recordOf(f Fridge, n int, length time.Duration, mishaps ...Mishap) []coldchain.Point {
	start := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	c := newChiller(f, n, 7, start, start, mishaps)
	var points []coldchain.Point
	for at := start; at.Before(start.Add(length)); at = at.Add(5 * time.Minute) {
		c.advance(at)
		points = append(points, coldchain.Point{At: at, Temp: coldchain.FromCelsius(c.reads())})
	}
	return points
}

// Fridges that work, with doors that open all day, are forewarned of less than once a
// week; those whose compressor stops, whose door stands ajar or whose thermostat
// sticks cross their limit foretold, in most cases.
func TestForesightOnSimulatedFridges(t *testing.T) {
	var wrong, weeks, failed, foretold int
	for n, kind := range []string{"refrigerator", "refrigerator", "refrigerator", "freezer", "ultracold"} {
		f := Fridge{ID: fmt.Sprint("f-", n), Profile: kind, body: bodyOf(kind)}
		p, _ := coldchain.ReadyMadeProfile(coldchain.ProfileID(kind))
		past := recordOf(f, n, 14*24*time.Hour)
		habit := coldchain.LearnHabit(coldchain.HoursOf(past), past[len(past)-288:], past[len(past)-1].At)
		if !habit.Learnt() || habit.Cycle == 0 || habit.Fast == 0 {
			t.Errorf("%s: learnt %+v", kind, habit)
		}
		said := coldchain.TrackOf(coldchain.Backtest(p, habit, past))
		wrong, weeks = wrong+said.Wrong, weeks+2
		for _, mishap := range []MishapKind{CompressorStopped, DoorAjar, Overcooled} {
			if kind != "refrigerator" && mishap == Overcooled {
				continue // it stays far from any limit
			}
			fails := recordOf(f, n, 40*time.Hour, Mishap{Fridge: f.ID, Kind: mishap, From: 30 * time.Hour, To: 40 * time.Hour})
			crossed := false
			for _, point := range fails[30*12:] {
				crossed = crossed || !p.InBand(point.Temp)
			}
			if !crossed {
				continue
			}
			failed++
			if said := coldchain.TrackOf(coldchain.Backtest(p, habit, fails)); said.Right > 0 {
				foretold++
			} else {
				t.Logf("%s, %s: not foretold", kind, mishap)
			}
		}
	}
	t.Logf("%d false forewarnings in %d weeks; %d of %d faults foretold", wrong, weeks, foretold, failed)
	if wrong >= weeks || failed < 8 || 4*foretold < 3*failed {
		t.Errorf("%d false forewarnings in %d weeks of fridges; %d of %d faults foretold", wrong, weeks, foretold, failed)
	}
}
