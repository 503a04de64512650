package db_test

import (
	"errors"
	"slices"
	"testing"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Two rooms that sound alike do worst and name each other; one that sounds like no
// other does well; those that nobody taught come last.
func TestRoomsThatAreConfusedAreNamed(t *testing.T) {
	w := openWard(t)
	alike := map[hospital.GatewayID]float64{"g-bed1": -70, "g-clean": -70}
	for _, lesson := range []struct {
		room    hospital.RoomID
		signals map[hospital.GatewayID]float64
	}{{"bed1", alike}, {"clean", alike}, {"dirty", nearDirty}} {
		for range 2 {
			if err := w.equip.Teach(t.Context(), engineer, "P-001", lesson.room); err != nil {
				t.Fatal(err)
			}
			w.hear(61, "c300000000a1", lesson.signals)
		}
	}
	known, err := w.equip.Known(t.Context(), engineer)
	if err != nil || len(known) != 5 {
		t.Fatalf("%+v, %v", known, err)
	}
	worst := known[0]
	best := known[slices.IndexFunc(known, func(k tracking.Known) bool { return k.Room == "dirty" })]
	if worst.Room != "bed1" && worst.Room != "clean" || worst.With != "bed1" && worst.With != "clean" || worst.With == worst.Room || worst.Accuracy() > 0.6 {
		t.Errorf("the beds and the clean utility sound alike: %+v", worst)
	}
	if best.Room != "dirty" || best.Accuracy() < 0.8 || best.Taught != 2 {
		t.Errorf("the dirty utility sounds like no other: %+v", best)
	}
	if last := known[4]; last.Steps != 0 || last.Taught != 0 {
		t.Errorf("nobody taught the last: %+v", last)
	}
	if _, err := w.equip.Known(t.Context(), nurse); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse asks: %v", err)
	}
}
