package hospital_test

import (
	"testing"

	"wardwatch/tracking/hospital"
)

// A labour room is no laboratory: what stands in it is in use.
func TestARoomsNameTellsItsKind(t *testing.T) {
	for name, want := range map[string]hospital.RoomKind{
		"Pharmacy": hospital.Pharmacy, "Store B": hospital.Storage, "Materiallager": hospital.PatientRoom, "Lager 2": hospital.Storage,
		"Clean utility": hospital.CleanUtility, "Dirty utility": hospital.DirtyUtility, "Nurse station": hospital.NurseStation,
		"Lab 3": hospital.Laboratory, "Laboratory": hospital.Laboratory, "Labour room 1": hospital.PatientRoom,
		"Stairs north": hospital.Stairs, "Lift": hospital.Lift, "Room 12": hospital.PatientRoom, "": hospital.PatientRoom,
	} {
		if got := hospital.KindNamed(name); got != want {
			t.Errorf("%q is a %s, want %s", name, got, want)
		}
	}
}
