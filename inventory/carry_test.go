package inventory_test

import (
	"testing"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
)

// The nearest fridge is offered first, after those that have room; one without a place of the stock never.
func TestFridgesWithRoomAreOfferedBeforeNearerOnesWithout(t *testing.T) {
	fridge := func(id coldchain.FridgeID, units, used int64, place inventory.PlaceID) inventory.Refuge {
		return inventory.Refuge{Standing: coldchain.Standing{Fridge: coldchain.Fridge{ID: id}}, Units: units, Used: used, Place: place}
	}
	near := []inventory.Refuge{fridge("full", 100, 71, "a"), fridge("unknown", 0, 500, "b"), fridge("room", 100, 70, "c"), fridge("nowhere", 900, 0, ""), fridge("hall", 900, 0, "d")}
	ranked := inventory.Rank(near, 30)
	want := []coldchain.FridgeID{"room", "hall", "unknown", "full"}
	for i, r := range ranked {
		if len(ranked) != len(want) || r.Fridge.ID != want[i] {
			t.Fatalf("offered %v at %d of %d, want %v", r.Fridge.ID, i, len(ranked), want)
		}
	}
	if ranked[0].Room(30) != inventory.Fits || ranked[0].Room(31) != inventory.RoomNot || ranked[2].Room(31) != inventory.RoomMaybe {
		t.Error("30 free units hold 30, not 31, and nobody knows of the third")
	}
}
