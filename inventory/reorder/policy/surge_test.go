package policy_test

import (
	"math/rand/v2"
	"testing"

	"wardwatch/inventory/reorder/policy"
)

// usual is half a year of a ward's gloves: about ten a day, fewer at weekends.
func usual(seed uint64, days int) []float64 {
	dice := rand.New(rand.NewPCG(seed, 9))
	out := make([]float64, days)
	for i := range out {
		out[i] = float64(6 + dice.IntN(9))
		if i%7 >= 5 {
			out[i] = float64(2 + dice.IntN(5))
		}
	}
	return out
}

func TestAnOutbreakShowsAndAnOrdinaryWeekDoesNot(t *testing.T) {
	for seed := range uint64(300) {
		days := usual(seed, 200)
		if s, surge := policy.SurgeOf(days); surge {
			t.Errorf("seed %d: an ordinary week is a surge: %+v", seed, s)
		}
		for i := range 4 {
			days[len(days)-1-i] += 25
		}
		s, surge := policy.SurgeOf(days)
		if !surge || s.Used < s.Expected+70 || s.Most >= s.Used {
			t.Errorf("seed %d: a hundred more in four days go unnoticed: %+v", seed, s)
		}
		if began := s.Began(days); began < 2 || began > 5 {
			t.Errorf("seed %d: it began %d days ago", seed, began)
		}
	}
}

func TestWhatIsTooLittleOrTooNewIsNoSurge(t *testing.T) {
	rare := make([]float64, 200)
	rare[199] = 3
	if s, surge := policy.SurgeOf(rare); surge {
		t.Errorf("three of what is never used: %+v", s)
	}
	if s, surge := policy.SurgeOf(append(usual(1, 50), 500)); surge {
		t.Errorf("after seven weeks: %+v", s)
	}
}
