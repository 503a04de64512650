package simulate

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/ingest/ble"
	"wardwatch/tracking/ingest/gateway"
)

// decode reads a message with the very decoders that the server uses.
func decode(t testing.TB, m Message) gateway.Batch {
	t.Helper()
	batch, err := gateway.Decode(gateway.Message{Topic: m.Topic, Body: m.Payload, ReceivedAt: m.At, Source: "mqtt", Gateway: m.Gateway})
	if err != nil {
		t.Fatalf("%s %q: %v", m.Topic, m.Payload, err)
	}
	return batch
}

// Every message of ten minutes is read back whole: no record is refused, every
// sighting is of an enrolled tag, a probe or a known stranger, and each speaks
// for the gateway that sent it.
func TestEveryMessageIsReadBack(t *testing.T) {
	d := Draw(Hospital)
	w := NewWorld(d, Options{Seed: 11, Start: noon, Story: aStory})
	known := map[string]bool{}
	for _, a := range d.Assets {
		for _, id := range append(a.Identities(), "epc:"+a.EPC()) {
			known[id] = true
		}
	}
	for _, f := range d.Fridges {
		known[f.Sensor] = true
	}
	for _, s := range w.strangers {
		known[s.mac] = true
	}
	heard, measured := map[string]bool{}, map[string]bool{}
	for range 120 {
		for _, m := range w.Step(5 * time.Second) {
			batch := decode(t, m)
			if len(batch.Refused) > 0 {
				t.Fatalf("%s %q: %v", m.Topic, m.Payload, batch.Refused)
			}
			for _, s := range batch.Sightings {
				if s.Gateway != m.Gateway || s.Tag == "" || !known[s.Tag] {
					t.Fatalf("%s: sighting of %q at %q, sent by %q", m.Topic, s.Tag, s.Gateway, m.Gateway)
				}
				heard[s.Tag] = true
				for _, also := range s.Also {
					heard[also] = true
				}
			}
			for _, r := range batch.Readings {
				measured[r.Sensor] = true
			}
		}
	}
	for _, a := range d.Assets {
		if a.Format != Passive && heard[a.Identities()[0]] == Silent(a) {
			t.Errorf("%s: heard %v, silent %v", a.Name, heard[a.Identities()[0]], Silent(a))
		}
	}
	for _, f := range d.Fridges {
		if !measured[f.Sensor] {
			t.Errorf("%s was never measured", f.Name)
		}
	}
}

func TestProbesAreReadBackToTheirResolution(t *testing.T) {
	steps := map[ProbeFormat]float64{RuuviTag: 0.005, BTHomeProbe: 0.01, MinewProbe: 1.0 / 256}
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]ProbeFormat{RuuviTag, BTHomeProbe, MinewProbe}).Draw(t, "format")
		a := air{celsius: rapid.Float64Range(-90, 60).Draw(t, "celsius"), humidity: rapid.Float64Range(0, 100).Draw(t, "humidity"),
			batteryPct: rapid.IntRange(0, 100).Draw(t, "battery"), counter: rapid.Uint16Range(0, math.MaxUint16-1).Draw(t, "counter")}
		advert, err := ble.Decode(probeAdvert(Fridge{Format: format, Sensor: "c2a977000001"}, a))
		if err != nil {
			t.Fatal(err)
		}
		if c := advert.Sensor.Celsius; !c.Known || math.Abs(c.Value-a.celsius) > steps[format]/2+1e-6 {
			t.Fatalf("%s: %v °C came back as %+v", format, a.celsius, c)
		}
		if h := advert.Sensor.HumidityPct; !h.Known || math.Abs(h.Value-a.humidity) > 0.01 {
			t.Fatalf("%s: %v %% came back as %+v", format, a.humidity, h)
		}
	})
}

func TestHalfADegreeBelowZeroKeepsItsSign(t *testing.T) {
	for _, format := range []ProbeFormat{RuuviTag, BTHomeProbe, MinewProbe} {
		p := heard{mac: "c2a977000001", rssi: -61, at: noon, advert: probeAdvert(Fridge{Format: format, Sensor: "c2a977000001"}, air{celsius: -0.5, humidity: 50, batteryPct: 90, counter: 3})}
		for _, relay := range []func() (string, []byte){
			func() (string, []byte) { return minewLong("0a5e10000001", noon, []heard{p}) },
			func() (string, []byte) { return ruuviGateway("0a5e20000001", p) },
		} {
			topic, payload := relay()
			batch := decode(t, Message{Topic: topic, Payload: payload, At: noon})
			if len(batch.Readings) != 1 || batch.Readings[0].Temp != coldchain.FromCelsius(-0.5) || !batch.Readings[0].MeasuredAt.Equal(noon) {
				t.Errorf("%s over %s: %+v", format, topic, batch.Readings)
			}
		}
	}
}

func TestIdentitiesAreReadBack(t *testing.T) {
	d := Draw(Campus)
	w := &World{}
	for _, a := range d.Assets {
		if a.Format == Passive {
			continue
		}
		advert, err := ble.Decode(w.advertOf(a, 1, 80, true))
		if err != nil {
			t.Fatalf("%s: %v", a.Name, err)
		}
		if ids := a.Identities(); len(ids) > 1 && !slices.Contains(advert.Tags, ids[0]) {
			t.Fatalf("%s says %v, it is enrolled as %v", a.Name, advert.Tags, ids)
		}
	}
	for _, a := range d.Assets {
		topic, payload := impinjRead("impinj-g-goods-in-dock", labelRead{epc: a.EPC(), antenna: 2, rssi: -51.5, at: noon})
		batch := decode(t, Message{Topic: topic, Payload: payload, At: noon})
		if len(batch.Sightings) != 1 || batch.Sightings[0].Tag != "epc:"+a.EPC() || batch.Sightings[0].Antenna != 2 || batch.Sightings[0].RSSIdBm != -51.5 {
			t.Fatalf("%s: %+v", a.Name, batch.Sightings)
		}
	}
}
