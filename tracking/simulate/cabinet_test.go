package simulate

import (
	"testing"
	"time"

	"wardwatch/tracking/hospital"
)

// The cabinet's reader counts what lies in it, and the infrared receiver sees what
// stands in its room: each of them knows the room, and says nothing of any other.
func TestACabinetCountsWhatLiesInItAndInfraredStaysInItsRoom(t *testing.T) {
	for _, size := range []Size{Small, Hospital} {
		d := Draw(size)
		w := NewWorld(d, Options{Seed: 3, Start: noon})
		reads := map[hospital.GatewayID]hospital.Reads{}
		for _, g := range d.Gateways {
			reads[g.ID] = g.Reads
		}
		assets := map[string]Asset{}
		for _, a := range d.Assets {
			for _, id := range a.Identities() {
				assets[id] = a
			}
		}
		counted, glimpsed, out := 0, 0, false
		for step := 0; step < 8*60 && (step < 60 || !out || counted == 0 || glimpsed == 0); step++ {
			for _, m := range w.Step(30 * time.Second) {
				of := reads[m.Gateway]
				if of != hospital.ReadsCabinet && of != hospital.ReadsRoom {
					continue
				}
				for _, s := range decode(t, m).Sightings {
					asset, known := assets[s.Tag]
					if !known {
						t.Fatalf("%s reads the tag %s, which nobody has", m.Gateway, s.Tag)
					}
					if of == hospital.ReadsCabinet {
						counted++
						if place, _ := w.Truth(asset.ID); place.Room != d.cabinetRoom() || place.Moving {
							t.Fatalf("%s: the cabinet reads %s, which is in %s", size, asset.Name, place.Room)
						}
						continue
					}
					glimpsed++
					if s.HasRSSI {
						t.Errorf("infrared says how loud it saw %s", asset.Name)
					}
				}
			}
			for _, a := range d.Assets {
				if place, _ := w.Truth(a.ID); a.Kind == "endoscope" && place.Room != d.cabinetRoom() {
					out = true
				}
			}
		}
		if counted == 0 || glimpsed == 0 || !out {
			t.Errorf("%s: within four hours the cabinet counted %d labels, infrared saw %d tags, anything taken out: %v", size, counted, glimpsed, out)
		}
	}
}
