package simulate

import (
	"slices"
	"testing"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

// observe runs a world and collects what its gateways say of enrolled tags, and
// where the equipment that stood still really was, every half minute after the first five.
func observe(t *testing.T, w *World, seconds int) (heard []locate.Observation, truth []locate.Truth) {
	t.Helper()
	asset := map[string]string{}
	for _, a := range w.drawing.Assets {
		for _, id := range a.Identities() {
			asset[id] = a.ID
		}
	}
	for second := range seconds {
		for _, m := range w.Step(time.Second) {
			for _, s := range decode(t, m).Sightings {
				if id, enrolled := asset[s.Tag]; enrolled && s.HasRSSI && s.Antenna == 0 {
					heard = append(heard, locate.Observation{AtMS: m.At.UnixMilli(), Receiver: string(s.Gateway), Tag: id, DBm: s.RSSIdBm})
				}
			}
		}
		if second < 300 || second%30 != 0 {
			continue
		}
		for i, a := range w.drawing.Assets {
			if w.walkers[i].hurried {
				continue // it rests for seconds only
			}
			if place, _ := w.Truth(a.ID); !place.Moving {
				at := w.Now().UnixMilli()
				truth = append(truth, locate.Truth{Tag: a.ID, FromMS: at, ToMS: at, Room: string(place.Room)})
			}
		}
	}
	return heard, truth
}

// The server's filter, untaught, finds the made-up equipment from what the
// gateways say: nearly always in the very room, else next door.
func TestTheFilterFindsTheEquipment(t *testing.T) {
	w := NewWorld(Draw(Hospital), Options{Seed: 4, Start: noon})
	d := w.drawing
	directory := hospital.NewDirectory(d.Site, d.Buildings, d.Floors, d.Units, d.Rooms, d.Gateways)
	heard, truth := observe(t, w, 900)
	said := map[string][]locate.Prediction{}
	locate.Replay(locate.NewModel(tracking.PlanOf(directory), locate.DefaultTuning()), heard, func(p locate.Prediction) {
		said[p.Tag] = append(said[p.Tag], p)
	})
	exact, near, all := 0.0, 0.0, 0.0
	for _, is := range truth {
		after := slices.IndexFunc(said[is.Tag], func(p locate.Prediction) bool { return p.AtMS > is.FromMS })
		if after < 0 {
			after = len(said[is.Tag])
		}
		if after == 0 {
			continue // a flat battery, or a label that no portal has read
		}
		all++
		answer := hospital.RoomID(said[is.Tag][after-1].Room)
		if answer == hospital.RoomID(is.Room) {
			exact++
		}
		if withinTwoDoors(directory, hospital.RoomID(is.Room), answer) {
			near++
		}
	}
	t.Logf("%.0f answers: %.1f %% in the very room, %.1f %% within two doors", all, 100*exact/all, 100*near/all)
	if exact/all < 0.9 || near/all < 0.98 || all < 4000 {
		t.Error("the made-up radio and the filter's idea of radio have drifted apart")
	}
}

func withinTwoDoors(d *hospital.Directory, from, to hospital.RoomID) bool {
	if from == to {
		return true
	}
	room, _ := d.Room(from)
	for _, next := range room.Neighbours {
		beyond, _ := d.Room(next)
		if next == to || slices.Contains(beyond.Neighbours, to) {
			return true
		}
	}
	return false
}
