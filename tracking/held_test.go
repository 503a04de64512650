package tracking

import (
	"testing"
	"time"
	"unsafe"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

// What a shard holds of a place comes out as it went in, but for the floor, which is the
// room's, and for who doubted it, which storage knows.
func TestAHeldPlaceIsStoredAsItWas(t *testing.T) {
	directory := hospital.NewDirectory(hospital.Site{}, nil, []hospital.Floor{{ID: "f1"}}, nil, []hospital.Room{{ID: "bed1", Floor: "f1"}, {ID: "bed2", Floor: "f1"}}, nil)
	b := newBook(directory, nil, nil, 1, nil)
	at := func(minute int) time.Time { return time.Date(2026, 5, 4, 10, minute, 0, 0, time.UTC) }
	for name, want := range map[string]Place{
		"everything": {Room: "bed1", Floor: "f1", Since: at(1), SeenAt: at(9), Confidence: 0.75, Second: "bed2", SecondConfidence: 0.125,
			Why: locate.Radio.String(), Heard: locate.MaxHeard, Gateway: "g1", BatteryPct: 100, BatteryAt: at(5), GoneAt: at(30)},
		"never heard": {BatteryPct: NoBattery},
	} {
		h := hold(want)
		if got := h.place(b); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
	}
	doubted := hold(Place{Room: "bed1", DoubtedBy: "ann", DoubtedAt: at(3)})
	if !doubted.doubted() {
		t.Error("a doubt of before a restart is forgotten")
	}
}

// A house of 50,000 tags holds as many of these: see README for what it takes.
func TestATrackedAssetStaysSmall(t *testing.T) {
	if size := unsafe.Sizeof(tracked{}); size > 416 {
		t.Errorf("%d bytes, which the next larger class of memory takes", size)
	}
}
