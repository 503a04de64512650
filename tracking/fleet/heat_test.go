package fleet

import (
	"testing"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// TestARoomIsAsHotAsPiecesStoodInIt: one that was there before, one that came and went, and
// one that nobody heard any more.
func TestARoomIsAsHotAsPiecesStoodInIt(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	hour := func(n int) time.Time { return from.Add(time.Duration(n) * time.Hour) }
	start := []PlaceThen{{Asset: "P-1", Room: "store"}, {Asset: "P-2", Room: "ward"}, {Asset: "P-3", Room: "lift", Gone: true}}
	events := []Event{{Asset: "P-1", Kind: tracking.Movement, At: hour(4), To: "ward"}, {Asset: "P-1", Kind: tracking.Marked, At: hour(5)},
		{Asset: "P-2", Kind: tracking.Departure, At: hour(6)}, {Asset: "P-3", Kind: tracking.Arrival, At: hour(20), To: "store"}}
	got := Heat(start, events, from, hour(24))
	want := map[hospital.RoomID]time.Duration{"store": 4*time.Hour + 4*time.Hour, "ward": 20*time.Hour + 6*time.Hour}
	for room, d := range want {
		if got[room] != d {
			t.Errorf("%s: %v, want %v", room, got[room], d)
		}
	}
	if len(got) != len(want) {
		t.Errorf("rooms %v", got)
	}
}
