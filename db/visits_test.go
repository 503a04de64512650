package db_test

import (
	"errors"
	"testing"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// An engineer walks through three rooms with a pump. Each is a lesson of a whole visit, which
// stays over a restart, tells where a pump is that comes the same way, and can be taken back.
func TestAWalkThroughRoomsTeachesEach(t *testing.T) {
	w := openWard(t)
	nearHall := map[hospital.GatewayID]float64{"g-clean": -72, "g-bed1": -71, "g-dirty": -74}
	if err := w.equip.TourInto(t.Context(), nurse, "P-001", "clean"); !errors.Is(err, hospital.ErrForbidden) {
		t.Fatalf("a nurse teaches no room: %v", err)
	}
	for id, room := range map[tracking.AssetID]hospital.RoomID{"X-001": "clean", "P-404": "clean"} {
		if err := w.equip.TourInto(t.Context(), engineer, id, room); !errors.Is(err, hospital.ErrInvalid) {
			t.Errorf("with %s: %v", id, err)
		}
	}
	if err := w.equip.TourInto(t.Context(), engineer, "P-001", "attic"); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("into a room that is none: %v", err)
	}
	way := []struct {
		room    hospital.RoomID
		signals map[hospital.GatewayID]float64
		seconds int
	}{{"clean", nearClean, 60}, {"hall", nearHall, 15}, {"bed1", nearBed, 60}, {"hall", nearHall, 2}}
	for _, stay := range way {
		if err := w.equip.TourInto(t.Context(), engineer, "P-001", stay.room); err != nil {
			t.Fatal(err)
		}
		w.hear(stay.seconds, "c300000000a1", stay.signals)
	}
	if tour, under := w.tracker.Tour("P-001"); !under || tour.Over || len(tour.Stays) != 4 || tour.By != "Eva" {
		t.Fatalf("on the way: %+v", tour)
	}
	if err := w.equip.EndTour(t.Context(), engineer, "P-001"); err != nil {
		t.Fatal(err)
	}
	w.hear(1, "c300000000a1", nearHall)
	if tour, _ := w.tracker.Tour("P-001"); !tour.Over || tour.Kept != 3 || tour.Short != 1 || tour.Failed {
		t.Fatalf("at its end: %+v", tour)
	}
	if err := w.equip.EndTour(t.Context(), engineer, "P-001"); !errors.Is(err, hospital.ErrStale) {
		t.Errorf("ended twice: %v", err)
	}
	w.restart()
	lessons, trial, err := w.equip.Lessons(t.Context(), nurse, "bed1")
	if err != nil || len(lessons) != 1 || lessons[0].Visit == nil || !lessons[0].Visit.Entered || !lessons[0].Visit.Left || lessons[0].Visit.Lead < 8 || lessons[0].Heard() < 58 {
		t.Fatalf("lessons %+v, %v", lessons, err)
	}
	if trial.Steps == 0 || trial.Accuracy() < 0.8 {
		t.Errorf("it should tell the other half: %+v", trial)
	}
	w.hear(20, "c300000000a2", nearClean)
	w.hear(10, "c300000000a2", nearHall)
	w.hear(20, "c300000000a2", nearBed)
	if p := w.asset("P-002").Place; p.Room != "bed1" || p.Confidence < 0.8 {
		t.Errorf("a pump that comes the same way: %+v", p)
	}
	if err := w.equip.Unteach(t.Context(), engineer, "bed1", lessons[0].ID); err != nil {
		t.Fatal(err)
	}
	if lessons, _, err := w.equip.Lessons(t.Context(), nurse, "bed1"); err != nil || len(lessons) != 0 {
		t.Errorf("after taking it back: %+v, %v", lessons, err)
	}
}

// Whoever is called away in the middle of a walk loses the room that she stood in, and no other.
func TestAWalkThatNobodyEndsIsOverByItself(t *testing.T) {
	w := openWard(t)
	if err := w.equip.TourInto(t.Context(), engineer, "P-001", "clean"); err != nil {
		t.Fatal(err)
	}
	w.hear(20, "c300000000a1", nearClean)
	if err := w.equip.TourInto(t.Context(), engineer, "P-001", "bed1"); err != nil {
		t.Fatal(err)
	}
	w.hear(20, "c300000000a1", nearBed)
	w.at = w.at.Add(tracking.TourRests)
	w.work()
	if tour, _ := w.tracker.Tour("P-001"); !tour.Over || tour.Kept != 1 || tour.Short != 0 {
		t.Fatalf("ten minutes later: %+v", tour)
	}
	if err := w.equip.TourInto(t.Context(), engineer, "P-001", "clean"); err != nil {
		t.Fatal(err)
	}
	if tour, _ := w.tracker.Tour("P-001"); tour.Over || len(tour.Stays) != 1 || tour.Until.Sub(w.at) > tracking.TourRests+time.Second {
		t.Errorf("the next walk: %+v", tour)
	}
}
