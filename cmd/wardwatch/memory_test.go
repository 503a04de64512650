package main

import "testing"

func TestALargeHospitalKeepsRoomToGrowInto(t *testing.T) {
	for used, want := range map[uint64]int64{0: 196 << 20, 100 << 20: 196 << 20, 168 << 20: 196 << 20, 400 << 20: 450 << 20} {
		if got := allowance(used); got != want {
			t.Errorf("with %d MiB in use it strives for %d MiB, want %d", used>>20, got>>20, want>>20)
		}
	}
}
