package db_test

import (
	"fmt"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
)

// Two pumps bear tags that count their movements, as RuuviTags do, and are heard alike. The
// one that is pushed into the next room counts on and is followed; the other has somebody
// standing before its gateway, its count stands still, and it is left where it is.
func TestATagsCountOfMovementsReachesTheFilter(t *testing.T) {
	w := openWard(t)
	hear := func(tag string, count int, signals map[hospital.GatewayID]int) {
		for id, dbm := range signals {
			b, err := gateway.Decode(gateway.Message{Topic: "ruuvi/" + string(id) + "/" + tag, ReceivedAt: w.at,
				Body: fmt.Appendf(nil, `{"rssi":%d,"data":"0201061bff990405ff9c4e20c35000000000000ab036%02x0102%s"}`, dbm, count, tag)})
			w.must(err)
			b.Sightings[0].Gateway = id // by its name here, and not by an address
			w.must(w.tracker.Sight(t.Context(), b.Sightings))
		}
	}
	for range 60 {
		w.at = w.at.Add(time.Second)
		hear("c300000000a1", 254, map[hospital.GatewayID]int{"g-clean": -58, "g-bed1": -84})
		hear("c300000000a2", 20, map[hospital.GatewayID]int{"g-clean": -58, "g-bed1": -84})
	}
	w.work()
	for second := range 180 {
		w.at = w.at.Add(time.Second)
		hear("c300000000a1", 254, map[hospital.GatewayID]int{"g-clean": -76, "g-bed1": -66})
		hear("c300000000a2", 20+second, map[hospital.GatewayID]int{"g-clean": -76, "g-bed1": -66})
		w.work()
		if w.asset("P-002").Place.Room == "bed1" {
			break
		}
	}
	if rests, pushed := w.asset("P-001").Place, w.asset("P-002").Place; rests.Room != "clean" || pushed.Room != "bed1" {
		t.Errorf("the one that rests is in %s, the one that is pushed in %s", rests.Room, pushed.Room)
	}
}
