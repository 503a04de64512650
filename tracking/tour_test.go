package tracking

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

// What a walk teaches is what a recording of it would: the model that a hospital has is the
// one that the recordings were tried with.
func TestAWalkTeachesWhatARecordingOfItWould(t *testing.T) {
	plan := locate.Plan{Rooms: []locate.Room{{ID: "a", Doors: []int{1}}, {ID: "b", Doors: []int{0, 2}}, {ID: "c", Doors: []int{1}}},
		Receivers: []locate.Receiver{{ID: "g-a", Room: 0}, {ID: "g-b", Room: 1}, {ID: "g-c", Room: 2}}}
	loud := map[string][]float64{"a": {-55, -70, -85}, "b": {-70, -54, -71}, "c": {-86, -72, -56}}
	noise, at := rand.New(rand.NewPCG(7, 8)), int64(1_700_000_000_000)
	c := &class{by: hospital.Actor{Name: "Eva"}, kind: Walked, tour: &tour{ends: true}}
	var truth []locate.Truth
	for _, room := range []hospital.RoomID{"a", "b", "c", "b"} {
		c.tour.stays = append(c.tour.stays, stay{room: room, fromMS: at})
		from := at
		for range 90 { // half a minute
			for g, receiver := range plan.Receivers {
				if noise.Float64() < 0.6 {
					c.heard = append(c.heard, locate.Observation{AtMS: at, Receiver: receiver.ID, Tag: "P", DBm: math.Round(loud[string(room)][g] + 4*noise.NormFloat64())})
				}
			}
			at += 360
		}
		truth = append(truth, locate.Truth{Tag: "P", FromMS: from, ToMS: at - 1, Room: string(room)})
	}
	c.untilMS = at
	visits, short := c.visits("P")
	for i := range visits {
		visits[i].Alive = []hospital.GatewayID{"g-a", "g-b", "g-c"}
	}
	newest := []Lesson{visits[3], visits[2], visits[1], visits[0]}
	got, want := lessonsFor(plan, newest), locate.Teach(&plan, c.heard, truth, locate.DefaultTuning().StepMS)
	if len(got) != len(want) || len(got) != 4 || short != 0 {
		t.Fatalf("%d visits, %d of the recording, %d short", len(got), len(want), short)
	}
	for i := range got {
		g, w := got[i], want[i]
		if g.Room != w.Room || g.Entered != w.Entered || g.Left != w.Left || !reflect.DeepEqual(g.Steps, w.Steps) {
			t.Fatalf("visit %d: room %d, %v, %v, %d steps; the recording's %d, %v, %v, %d", i, g.Room, g.Entered, g.Left, len(g.Steps), w.Room, w.Entered, w.Left, len(w.Steps))
		}
		for j := range g.Steps {
			if math.Abs(float64(g.Changes[j]-w.Changes[j])) > 0.5+0.02*float64(w.Changes[j]) || len(g.Before[j]) != len(w.Before[j]) {
				t.Fatalf("visit %d, step %d: changes %v, %v, remembers %v, %v", i, j, g.Changes[j], w.Changes[j], g.Before[j], w.Before[j])
			}
			for k, before := range g.Before[j] {
				if off := float64(before.MeanDBm - w.Before[j][k].MeanDBm); before.Receiver != w.Before[j][k].Receiver || math.Abs(off) > 3 {
					t.Fatalf("visit %d, step %d: remembers %+v, the recording %+v", i, j, before, w.Before[j][k])
				}
			}
		}
	}
}

// Of a walk that nobody ended, the last room teaches nothing; one that was passed in a
// moment teaches nothing either, and says so.
func TestARoomThatNobodyLeftTeachesNothing(t *testing.T) {
	c := &class{kind: Walked, untilMS: 700_000, tour: &tour{stays: []stay{{"a", 100_000}, {"b", 130_000}, {"c", 131_000}, {"d", 160_000}}}}
	for at := int64(100_000); at < 200_000; at += 400 {
		c.heard = append(c.heard, locate.Observation{AtMS: at, Receiver: "g", DBm: -60})
	}
	visits, short := c.visits("P")
	if len(visits) != 2 || visits[0].Room != "a" || visits[1].Room != "c" || short != 1 {
		t.Fatalf("%d visits, %d short: %+v", len(visits), short, visits)
	}
	first, second := visits[0], visits[1]
	if first.Visit.Entered || !first.Visit.Left || first.Visit.Lead != 0 || first.Heard() != 75 || first.At.Sub(time.UnixMilli(130_000)) != 0 {
		t.Errorf("the first: %+v", first.Visit)
	}
	if !second.Visit.Entered || !second.Visit.Left || second.Visit.Lead != 25 || second.Visit.AtMS[0] != 0 {
		t.Errorf("the second: %+v", second.Visit)
	}
	c.tour.ends, c.untilMS = true, 180_000
	if visits, _ := c.visits("P"); len(visits) != 3 || visits[2].Room != "d" || visits[2].Visit.Left || visits[2].Heard() != 50 {
		t.Errorf("ended by her word: %+v", visits)
	}
}
