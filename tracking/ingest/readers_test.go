package ingest

import (
	"encoding/hex"
	"errors"
	"testing"

	"wardwatch/tracking/ingest/gateway"
	"wardwatch/tracking/ingest/rfid"
)

func TestReadsOfAReaderBecomeSightings(t *testing.T) {
	w := &ward{sighted: make(chan struct{}, 10)}
	in, _ := open(t, w)
	reader := in.Reader("gw-a", "127.0.0.1:5084")
	epc, _ := hex.DecodeString("30340000000000000000abcd")
	reader.Changed(nil)
	reader.Heard([]rfid.Read{{EPC: epc, Antenna: 2, RSSIdBm: -57, HasRSSI: true, FirstSeen: morning.Add(-1e9)}, {EPC: make([]byte, rfid.MaxEPC+1)},
		{EPC: epc, FirstSeen: morning.Add(-2e9), LastSeen: morning.Add(-1e9)}}, morning)
	<-w.sighted
	if len(w.sightings) != 2 {
		t.Fatalf("%d sightings", len(w.sightings))
	}
	if s := w.sightings[0]; s.Tag != "epc:30340000000000000000ABCD" || s.Gateway != "gw-a" || s.Antenna != 2 || s.RSSIdBm != -57 || !s.At.Equal(morning.Add(-1e9)) {
		t.Errorf("sighting %+v", s)
	}
	if s := w.sightings[1]; s.HasRSSI || !s.At.Equal(morning.Add(-1e9)) {
		t.Errorf("a read without strength: %+v", s)
	}
	reader.Refused(errors.New("it broke off"))
	reader.Changed(errors.New("no route to host"))
	if err := in.Book.Write(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.notes.Gateways) != 1 || w.notes.Gateways[0].Format != LLRP || w.notes.Gateways[0].Status != gateway.Online || w.notes.Links["gw-a"] != gateway.Offline {
		t.Errorf("gateways %+v, links %v", w.notes.Gateways, w.notes.Links)
	}
	if len(w.notes.Refusals) != 3 {
		t.Errorf("refusals %+v", w.notes.Refusals)
	}
}
