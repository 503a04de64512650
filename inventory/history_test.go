package inventory_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
)

var historyBegins = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return historyBegins.Add(time.Duration(n) * time.Minute) }

func spell(from, to int, celsius float64) inventory.Spell {
	return inventory.Spell{Outside: coldchain.Outside{From: minute(from), To: minute(to), Temp: coldchain.FromCelsius(celsius), Beyond: true, Known: true}}
}

// Each minute is charged to the band of its own temperature, not of the excursion's peak.
func TestEachMinuteIsChargedToItsOwnBand(t *testing.T) {
	bands := []inventory.Stability{{FromCelsius: 8, ToCelsius: 25, Hours: 72}, {FromCelsius: 25, ToCelsius: 40, Hours: 24}, {FromCelsius: -40, ToCelsius: 0, Hours: 0},
		{FromCelsius: 8, ToCelsius: 15, Hours: 80, Single: true}}
	b := inventory.Charge(bands, []inventory.Spell{spell(0, 30, 9), spell(30, 40, 26), spell(40, 55, 10), spell(90, 95, -1), spell(100, 101, 50)})
	if b.Bands[0].Spent != 45*time.Minute || b.Bands[1].Spent != 10*time.Minute {
		t.Errorf("spent %v and %v", b.Bands[0].Spent, b.Bands[1].Spent)
	}
	if b.Bands[2].Left != -5*time.Minute || b.Within() {
		t.Errorf("five minutes of frost where none is allowed leave %v", b.Bands[2].Left)
	}
	if len(b.Unknown) != 1 || b.Unknown[0].Minutes != 1 || b.Unknown[0].Peak != 50_000 {
		t.Errorf("beyond every band: %+v", b.Unknown)
	}
	single := []inventory.Stability{{FromCelsius: 8, ToCelsius: 25, Hours: 1, Single: true}}
	if b := inventory.Charge(single, []inventory.Spell{spell(0, 20, 9), spell(20, 50, 10), spell(60, 100, 9)}); b.Bands[0].Spent != 50*time.Minute {
		t.Errorf("the longest of two stays is %v", b.Bands[0].Spent)
	}
}

// What was carried from a failing fridge in the middle of its excursion is charged what it was there for, and no more.
func TestWhatWasCarriedAwayInTimeIsChargedForItsOwnTime(t *testing.T) {
	line := func(seq int64, at int, kind inventory.Kind, place, other inventory.PlaceID, n int64) inventory.Movement {
		return inventory.Movement{Seq: seq, At: minute(at), Kind: kind, Place: place, Other: other, Free: n}
	}
	moved := []inventory.Movement{line(1, 0, inventory.Receive, "warm", "", 10), line(2, 20, inventory.MoveOut, "warm", "cold", -4), line(3, 20, inventory.MoveIn, "cold", "warm", 4),
		line(4, 60, inventory.Use, "cold", "", -1)}
	path := inventory.PathTo(moved, "cold", minute(90))
	if len(path) != 2 || path[0].Place != "warm" || !path[0].To.Equal(minute(20)) || path[1].Place != "cold" || !path[1].To.Equal(minute(90)) {
		t.Errorf("what lies in the cold fridge came by %+v", path)
	}
	if path := inventory.PathTo(moved, "warm", minute(90)); len(path) != 1 || !path[0].To.Equal(minute(90)) {
		t.Errorf("what stayed has the path %+v", path)
	}
}

// A place holds some of a lot exactly in the lot's stays there.
func TestStaysAreWhenThereIsStock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := []inventory.PlaceID{"a", "b", "c"}
		sums := map[inventory.PlaceID]int64{}
		var moved []inventory.Movement
		for i := range rapid.IntRange(1, 40).Draw(t, "moves") {
			place := rapid.SampledFrom(places).Draw(t, "place")
			n := rapid.Int64Range(-sums[place], 5).Draw(t, "n")
			sums[place] += n
			moved = append(moved, inventory.Movement{Seq: int64(i), At: minute(i), Place: place, Free: n})
		}
		stays := inventory.Stays(moved)
		for at := range len(moved) + 1 {
			has := map[inventory.PlaceID]int64{}
			for _, m := range moved[:min(at, len(moved))] {
				has[m.Place] += m.Free
			}
			for _, place := range places {
				within := false
				moment := minute(at).Add(-30 * time.Second)
				for _, s := range stays {
					within = within || s.Place == place && !moment.Before(s.From) && (s.To.IsZero() || moment.Before(s.To))
				}
				if within != (has[place] > 0) {
					t.Fatalf("at %d place %s holds %d; stays %+v", at, place, has[place], stays)
				}
			}
		}
	})
}

// A clock never outlasts the lot's last day or the clock that runs already, and a change of the clocks counts.
func TestAClockEndsAtTheEarliestOfWhatHolds(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zones here")
	}
	at := time.Date(2026, 3, 28, 12, 0, 30, 0, berlin) // the night to the 29th has 23 hours
	rule := inventory.BeyondUse{Kind: inventory.Thawed, Hours: 24}
	if c := rule.Begin(inventory.Lot{}, nil, at, berlin); !c.UseBy.Equal(time.Date(2026, 3, 29, 13, 0, 0, 0, berlin)) {
		t.Errorf("24 hours end at %v", c.UseBy.In(berlin))
	}
	last, _ := inventory.ParseDate("2026-03-28")
	if c := rule.Begin(inventory.Lot{Expiry: last}, nil, at, berlin); !c.UseBy.Equal(time.Date(2026, 3, 29, 0, 0, 0, 0, berlin)) {
		t.Errorf("with its expiry it ends at %v", c.UseBy.In(berlin))
	}
	runs := inventory.RunningClock{UseBy: at.Add(2 * time.Hour)}
	if c := rule.Begin(inventory.Lot{}, &runs, at, berlin); !c.UseBy.Equal(runs.UseBy) {
		t.Errorf("with a clock that runs it ends at %v", c.UseBy)
	}
}
