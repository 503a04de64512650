package db_test

import (
	"math"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
)

// foresee does what the jobs do, once for every reading of the fridge.
func (w *coldWard) foresee(celsius ...float64) {
	w.t.Helper()
	for _, c := range celsius {
		w.live(c)
		if err := w.monitor.Forewarn(w.t.Context(), w.at); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *coldWard) forewarnings() []coldchain.Forewarning {
	w.t.Helper()
	said, err := db.Fridges{DB: w.db}.Forewarnings(w.t.Context(), "f-1", w.at.Add(-coldchain.TrackFor), 10)
	if err != nil {
		w.t.Fatal(err)
	}
	return said
}

// sawtooth are hours of a compressor's cycle of an hour between 3 and 5 °C, which climbs by so much an hour besides.
func sawtooth(hours int, climb float64) (celsius []float64) {
	for i := range hours * 12 {
		celsius = append(celsius, 4+math.Sin(float64(i)/12*2*math.Pi)+climb*float64(i)/12)
	}
	return celsius
}

// A fridge is learnt, its gas leaks out: what is to come is said once, and kept with
// what became of it; what was said of the next drift, which somebody mends, did not
// come true; and what nobody could follow nobody knows.
func TestAForewarningIsKeptWithWhatBecameOfIt(t *testing.T) {
	w := newColdWard(t)
	w.foresee(sawtooth(30, 0)...)
	if said := w.forewarnings(); len(said) != 0 {
		t.Fatalf("a sawtooth was taken for a fault: %+v", said)
	}
	if err := w.monitor.Learn(t.Context(), w.at); err != nil {
		t.Fatal(err)
	}
	standing := w.standing()
	known, err := w.monitor.Foresight(t.Context(), "f-1", standing.Probes[0], w.at)
	if err != nil || known.Habit.Cycle != time.Hour || known.Habit.Peak != 5_000 || known.Habit.Fast == 0 {
		t.Fatalf("learnt %+v, %v", known.Habit, err)
	}
	w.foresee(sawtooth(7, 0.9)...)
	said := w.forewarnings()
	if len(said) != 1 || said[0].Outcome != coldchain.CameTrue || said[0].Rule != "warm" || said[0].CrossedAt.Sub(said[0].At) < 10*time.Minute {
		t.Fatalf("of the leak it says %+v", said)
	}
	if first := said[0]; first.CrossedAt.Before(first.Soonest) || first.CrossedAt.After(first.Latest) {
		t.Errorf("it came at %v, foretold between %v and %v", first.CrossedAt, first.Soonest, first.Latest)
	}
	w.foresee(sawtooth(8, 0)...)
	w.foresee(sawtooth(3, 1)...)
	for range 40 { // somebody shuts the door properly
		w.foresee(5)
		if said := w.forewarnings(); len(said) == 2 && said[0].Outcome != coldchain.StillOpen {
			break
		}
	}
	w.open() // a restart forgets nothing
	if known, err = w.monitor.Foresight(t.Context(), "f-1", standing.Probes[0], w.at); err != nil || known.Track.Right != 1 || known.Track.Wrong != 1 || known.Track.Lead == 0 {
		t.Errorf("its record is %+v, %v; %+v", known.Track, err, known.Recent)
	}
	if _, err := w.db.VerifyDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// While the mains are away, what is said goes by how the fridge itself has warmed.
func TestWithTheMainsAwayTheFridgesOwnWarmingCounts(t *testing.T) {
	w := newColdWard(t)
	w.foresee(sawtooth(30, 0)...)
	if err := w.monitor.Learn(t.Context(), w.at); err != nil {
		t.Fatal(err)
	}
	if err := w.monitor.Sign(t.Context(), []coldchain.Sign{{Sensor: "aabbccddee01", Kind: coldchain.SignPower, On: true, At: w.at, ReceivedAt: w.at}}); err != nil {
		t.Fatal(err)
	}
	w.foresee(5)
	said := w.forewarnings()
	if len(said) != 1 || !said[0].Power || !said[0].Latest.After(said[0].Soonest) || said[0].Soonest.Sub(w.at) < 20*time.Minute {
		t.Fatalf("it says %+v", said)
	}
	w.at = w.at.Add(48 * time.Hour) // the probe is dead, too
	if err := w.monitor.Forewarn(t.Context(), w.at); err != nil {
		t.Fatal(err)
	}
	if said := w.forewarnings(); said[0].Outcome != coldchain.NobodyKnows {
		t.Errorf("it became %+v", said[0])
	}
}
