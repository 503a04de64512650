package db_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// A monitor that pages ask again and again answers as one that was never asked before:
// after readings that came in turn, late, twice, by another process, and ahead of the clock.
func TestWhatPagesAskAgainIsAsAFirstLook(t *testing.T) {
	w := newColdWard(t)
	chance := rand.New(rand.NewPCG(8, 2))
	for step := range 300 {
		w.at = w.at.Add(time.Duration(chance.IntN(240)) * time.Second)
		measured := w.at
		switch chance.IntN(6) {
		case 0:
			measured = measured.Add(-time.Duration(chance.IntN(90)) * time.Minute)
		case 1:
			measured = measured.Add(time.Duration(chance.IntN(120)) * time.Second)
		}
		for range 1 + chance.IntN(3) {
			w.observe(coldReading(measured, 4+float64(step)/80+chance.Float64()/2))
		}
		if chance.IntN(20) == 0 {
			other := coldchain.NewMonitor(db.Fridges{DB: w.db}, notify.DefaultLadder(notify.Email), hospital.NewRegister(nil))
			if _, err := other.Observe(t.Context(), []coldchain.Reading{coldReading(w.at.Add(-7*time.Minute), 2)}); err != nil {
				t.Fatal(err)
			}
			if err := other.Forget(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.observe(coldReading(w.at.Add(-time.Second), 4)) // the next reading shows it
		}
		// What is foretold may be half a minute of the record old.
		w.at = w.at.Add(30 * time.Second)
		w.observe(coldReading(w.at, 4+float64(step)/80))
		board := []coldchain.Standing{w.standing()}
		fresh := coldchain.NewMonitor(db.Fridges{DB: w.db}, notify.DefaultLadder(notify.Email), hospital.NewRegister(nil))
		again, err := w.monitor.Glances(t.Context(), board, w.at)
		if err != nil {
			t.Fatal(err)
		}
		first, err := fresh.Glances(t.Context(), board, w.at)
		if err != nil || !reflect.DeepEqual(again, first) {
			t.Fatalf("after %d readings it shows %+v, at a first look %+v, %v", step, again, first, err)
		}
	}
}
