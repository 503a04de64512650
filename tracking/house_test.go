package tracking

import (
	"testing"

	"wardwatch/tracking/hospital"
)

// A floor of the whole house is too small for pins: what stands there is a circle a
// unit, in one of its rooms, and circles keep apart.
func TestAFloorsEquipmentIsClusteredByUnit(t *testing.T) {
	room := func(id, unit string, x float64) hospital.Room {
		return hospital.Room{ID: hospital.RoomID(id), Floor: "f1", Unit: hospital.UnitID(unit),
			Outline: []hospital.Point{{X: x, Y: 0}, {X: x + 4, Y: 0}, {X: x + 4, Y: 4}, {X: x, Y: 4}}}
	}
	rooms := []hospital.Room{room("a1", "east", 0), room("a2", "east", 10), room("a3", "east", 20),
		room("b1", "icu", 8), room("b2", "icu", 30), {ID: "c1", Floor: "f1", Unit: "store"}}
	directory := hospital.NewDirectory(hospital.Site{}, nil, nil, []hospital.Unit{{ID: "east", Name: "East"}, {ID: "icu", Name: "ICU"}}, rooms, nil)
	counts := map[hospital.RoomID]RoomCount{"a1": {Total: 2, Free: 1}, "a3": {Total: 1, Free: 1}, "b1": {Total: 9}, "c1": {Total: 1}, "elsewhere": {Total: 5}}
	got := clusters(directory, rooms, counts)
	want := []Cluster{{Unit: "icu", Name: "ICU", Total: 9, At: hospital.Point{X: 32, Y: 2}, Drawn: true},
		{Unit: "east", Name: "East", Total: 3, Free: 2, At: hospital.Point{X: 12, Y: 2}, Drawn: true},
		{Unit: "store", Total: 1}}
	if len(got) != len(want) {
		t.Fatalf("%d clusters: %+v", len(got), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("cluster %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	// ICU's empty rooms keep its place when East's equipment comes and goes.
	if again := clusters(directory, rooms, map[hospital.RoomID]RoomCount{"b1": {Total: 1}}); len(again) != 1 || again[0].At != want[0].At {
		t.Errorf("the circle jumped: %+v", again)
	}
}
