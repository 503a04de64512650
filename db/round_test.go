package db_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

func numbers(assets []tracking.Asset) string {
	var ids []string
	for _, a := range assets {
		ids = append(ids, string(a.ID))
	}
	return strings.Join(ids, " ")
}

// A round of the clean utility: one pump is where it was said to be, the other is
// not, and a wheelchair stands there that nobody expected.
func TestARoundOfARoomNamesWhatIsMissingAndWhatIsTooMuch(t *testing.T) {
	w := openWard(t)
	w.hear(60, "c300000000a1", nearClean)
	w.hear(60, "c300000000a2", nearClean)
	w.hear(60, "c300000000b1", nearBed)
	scanned := []tracking.AssetID{"W-001", "P-001", "P-001", "P-404"}
	round, err := w.equip.Round(t.Context(), nurse, "clean", scanned)
	if err != nil || numbers(round.Found) != "P-001" || numbers(round.Surplus) != "W-001" || numbers(round.Missing) != "P-002" {
		t.Fatalf("found %q, surplus %q, missing %q, %v", numbers(round.Found), numbers(round.Surplus), numbers(round.Missing), err)
	}
	if p := w.asset("P-002").Place; p.DoubtedBy != "" {
		t.Fatal("a round that is not noted yet changes nothing")
	}
	if _, err := w.equip.NoteRound(t.Context(), nurse, "clean", nil); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("a round without a scan is answered %v", err)
	}
	if _, err := w.equip.NoteRound(t.Context(), nurse, "nowhere", scanned); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("a round of no room is answered %v", err)
	}
	if _, err := w.equip.Round(t.Context(), nurse, "clean", make([]tracking.AssetID, tracking.MaxRound+1)); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("a round of too much is answered %v", err)
	}
	if _, err := w.equip.NoteRound(t.Context(), hospital.Actor{}, "clean", scanned); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a round by nobody is answered %v", err)
	}
	if _, err := w.equip.NoteRound(t.Context(), nurse, "clean", scanned); err != nil {
		t.Fatal(err)
	}
	w.stands("P-001", "clean", "confirmed")
	w.stands("W-001", "clean", "confirmed")
	if p := w.asset("P-002").Place; p.DoubtedBy != nurse.Name || p.Room != "clean" {
		t.Errorf("the missing pump: %+v", p)
	}
	if got := w.timeline("W-001"); !slices.Contains(got, "move bed1>clean") {
		t.Errorf("the wheelchair's timeline %q", got)
	}
	const q = `SELECT count(*) FROM audit WHERE what IN ('room.round', 'asset.here', 'asset.not-here')`
	var deeds int
	if err := w.db.QueryRow(t.Context(), q).Scan(&deeds); err != nil || deeds != 4 {
		t.Errorf("%d deeds in the trail, %v", deeds, err)
	}
}
