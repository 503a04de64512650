package simulate

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// aStory fails vaccine fridge B as the demo does.
var aStory = Story{Fridge: "f-02", Limit: 8, Delay: 15 * time.Minute, RingAfter: 30 * time.Second, RepairAfter: 10 * time.Minute}

func digest(w *World, steps int, d time.Duration) string {
	sum := sha256.New()
	for range steps {
		for _, m := range w.Step(d) {
			fmt.Fprintf(sum, "%s %s %x %d %d\n", m.Gateway, m.Topic, m.Payload, m.QoS, m.At.UnixMilli())
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	run := func(seed uint64) string {
		return digest(NewWorld(Draw(Hospital), Options{Seed: seed, Start: noon, History: 3 * time.Hour, Story: aStory}), 60, time.Second)
	}
	first := run(7)
	if again := run(7); again != first {
		t.Error("seed 7 told two different stories")
	}
	if other := run(8); other == first {
		t.Error("seeds 7 and 8 told the same story")
	}
}

func TestAHastenedClockMovesTheSameEquipmentAndTemperatures(t *testing.T) {
	slow := NewWorld(Draw(Hospital), Options{Seed: 7, Start: noon, History: time.Hour, Story: aStory})
	fast := NewWorld(Draw(Hospital), Options{Seed: 7, Start: noon, History: time.Hour, Story: aStory})
	for range 1200 {
		slow.Step(time.Second)
	}
	for range 80 {
		fast.Step(15 * time.Second)
	}
	for _, a := range slow.drawing.Assets {
		s, _ := slow.Truth(a.ID)
		f, _ := fast.Truth(a.ID)
		if s != f {
			t.Errorf("%s is in %v at speed 1 and in %v at speed 15", a.Name, s, f)
		}
	}
	for i, c := range slow.chillers {
		if d := c.probe - fast.chillers[i].probe; d != 0 {
			t.Errorf("%s differs by %g °C", c.fridge.Name, d)
		}
	}
}

func TestFridgesKeepTheirBandOutsideMishaps(t *testing.T) {
	bands := map[string][2]float64{"refrigerator": {2, 8}, "freezer": {-50, -15}, "ultracold": {-90, -60}}
	w := NewWorld(Draw(Hospital), Options{Seed: 1, Start: noon, History: 30 * 24 * time.Hour})
	fridges := map[string]Fridge{}
	for _, f := range w.drawing.Fridges {
		fridges[f.Sensor] = f
	}
	out := map[string]bool{}
	for _, r := range w.Record() {
		f := fridges[r.Sensor]
		band := bands[f.Profile]
		if r.Celsius < band[0] || r.Celsius > band[1] {
			if !duringMishap(w, f.ID, r.At) {
				t.Errorf("%s was at %.2f °C at %v, with nothing wrong", f.Name, r.Celsius, r.At)
			}
			out[f.ID] = true
		}
	}
	for _, id := range []string{"f-04", "f-05", "f-09", "f-11"} {
		if !out[id] {
			t.Errorf("the past mishap of %s never left its band", id)
		}
	}
}

func duringMishap(w *World, fridge string, at time.Time) bool {
	since := at.Sub(w.options.Start)
	return slices.ContainsFunc(w.Mishaps(), func(m Mishap) bool {
		return m.Fridge == fridge && since >= m.From && since < m.To+3*time.Hour
	})
}

func TestTheScriptedFridgePassesItsLimitExactlyADelayBeforeTheAlarm(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3, 99} {
		w := NewWorld(Draw(Hospital), Options{Seed: seed, Start: noon, History: 6 * time.Hour, Story: aStory})
		var sensor string
		for _, f := range w.drawing.Fridges {
			if f.ID == aStory.Fridge {
				sensor = f.Sensor
			}
		}
		first := time.Time{}
		for _, r := range w.Record() {
			if r.Sensor == sensor && r.Celsius > aStory.Limit && first.IsZero() {
				first = r.At
			}
		}
		due := first.Add(aStory.Delay).Sub(noon)
		if first.IsZero() || due < aStory.RingAfter-grain || due > aStory.RingAfter+grain {
			t.Errorf("seed %d: first above the limit at %v, so the alarm is due %v after the start", seed, first, due)
		}
		for range 45 {
			w.Step(time.Minute)
		}
		if c := w.chillers[1]; c.probe > 8 {
			t.Errorf("seed %d: %.2f °C three quarters of an hour after the start, repaired after %v", seed, c.probe, aStory.RepairAfter)
		}
	}
}

func TestAFridgeThatIsMadeToFailWarmsAndRecovers(t *testing.T) {
	w := NewWorld(Draw(Hospital), Options{Seed: 2, Start: noon, History: time.Hour, Story: aStory})
	f, ok := w.FailFridge()
	if !ok || f.ID == aStory.Fridge || f.Profile != "refrigerator" {
		t.Fatalf("%v %v", f, ok)
	}
	c := w.chillers[slices.IndexFunc(w.chillers, func(c *chiller) bool { return c.fridge.ID == f.ID })]
	over, peak := 0, 0.0
	for range 180 {
		w.Step(time.Minute)
		peak = max(peak, c.probe)
		if c.probe > 8 {
			over++
		}
	}
	if over < 15 || over > 90 || peak > 15 || c.probe > 8 {
		t.Errorf("%d minutes over 8 °C, peak %.1f °C, %.1f °C after three hours", over, peak, c.probe)
	}
	for range 12 {
		w.FailFridge()
	}
	if again, ok := w.FailFridge(); ok {
		t.Errorf("%s failed though every refrigerator had", again.Name)
	}
}

func TestEquipmentWalksThroughDoors(t *testing.T) {
	w := NewWorld(Draw(Hospital), Options{Seed: 5, Start: noon})
	last := map[int]int{}
	moved := map[int]bool{}
	for range 1800 {
		w.Step(time.Second)
		for i, walker := range w.walkers {
			room, spot, _ := walker.where(w.now)
			if o := w.house.rooms[room].Outline; spot.X < o[0].X-0.01 || spot.X > o[2].X+0.01 || spot.Y < o[0].Y-0.01 || spot.Y > o[2].Y+0.01 {
				t.Fatalf("%s is in %s but stands at %v", walker.asset.Name, w.house.rooms[room].Name, spot)
			}
			before, known := last[i]
			last[i] = room
			if !known || before == room {
				continue
			}
			moved[i] = true
			if !slices.Contains(w.house.rooms[before].Neighbours, w.house.rooms[room].ID) && !skips(w, before, room) {
				t.Fatalf("%s went from %s to %s through the wall", walker.asset.Name, w.house.rooms[before].ID, w.house.rooms[room].ID)
			}
		}
	}
	if len(moved) < 60 || len(moved) > 290 {
		t.Errorf("%d of %d pieces moved in half an hour", len(moved), len(w.walkers))
	}
	if !moved[0] {
		t.Error("the protagonist stood still")
	}
}

// skips allows a room that is crossed within one second: lifts stand side by side with corridors.
func skips(w *World, a, b int) bool {
	for _, via := range w.house.rooms[a].Neighbours {
		if slices.Contains(w.house.rooms[w.house.index[via]].Neighbours, w.house.rooms[b].ID) {
			return true
		}
	}
	return false
}

func TestThePageHasSomethingToShowWithinTwoSeconds(t *testing.T) {
	w := NewWorld(Draw(Hospital), Options{Seed: 1, Start: noon})
	n := 0
	for range 2 {
		n += len(w.Step(time.Second))
	}
	if n < 50 {
		t.Errorf("only %d messages in the first two seconds", n)
	}
	if p, _ := w.Truth("p-001"); !p.Moving {
		t.Error("the protagonist has not set out")
	}
}

func TestEveryProbeIsHeardByAGatewayThatRelaysIt(t *testing.T) {
	for _, size := range Sizes() {
		w := NewWorld(Draw(size), Options{Seed: 1, Start: noon})
		relays := map[string]int{}
		for range 30 {
			air := airtime{packets: map[int][]heard{}, reads: map[int][]labelRead{}}
			w.now = w.now.Add(probeEvery)
			for i := range w.chillers {
				w.probe(i, &air)
			}
			for i, packets := range air.packets {
				for _, p := range packets {
					if maker := w.receivers[i].gateway.Make; maker == minew || maker == ruuvi {
						relays[p.mac]++
					}
				}
			}
		}
		for _, f := range w.drawing.Fridges {
			if relays[f.Sensor] < 20 {
				t.Errorf("%s: %s was relayed %d times in 30 adverts", size, f.Name, relays[f.Sensor])
			}
		}
	}
}

func TestTheNearestGatewayMostlyHearsLoudest(t *testing.T) {
	w := NewWorld(Draw(Hospital), Options{Seed: 1, Start: noon})
	right, all, heardBy := 0, 0, 0
	for i, walker := range w.walkers {
		if walker.asset.Format == Passive {
			continue
		}
		room, spot, _ := walker.where(w.now)
		best, loudest := math.Inf(-1), 0
		for n, r := range w.receivers {
			if r.gateway.Reads != "" || r.level != w.house.levels[room] {
				continue
			}
			if rssi, ok := r.rssi(w.house, uint64(i), room, spot, w.radio); ok {
				heardBy++
				if rssi > best {
					best, loudest = rssi, n
				}
			}
		}
		all++
		near := func(r *receiver) float64 { return math.Hypot(r.spot.X-spot.X, r.spot.Y-spot.Y) }
		if best > math.Inf(-1) && near(w.receivers[loudest]) < 9 {
			right++
		}
	}
	t.Logf("%.0f %% loudest within 9 m; %.1f gateways hear a tag", 100*float64(right)/float64(all), float64(heardBy)/float64(all))
	if float64(right) < 0.85*float64(all) {
		t.Errorf("only %d of %d tags are heard loudest by a gateway within 9 m", right, all)
	}
}

func TestPortalsReadLabelsThatPass(t *testing.T) {
	w := NewWorld(Draw(Hospital), Options{Seed: 1, Start: noon})
	doorways := map[hospital.GatewayID]bool{}
	for _, g := range w.drawing.Gateways {
		if g.Reads == hospital.ReadsDoorway {
			doorways[g.ID] = true
		}
	}
	reads := map[hospital.GatewayID]int{}
	for step := 0; step < 450 && len(reads) < len(doorways)-1; step++ {
		for _, m := range w.Step(16 * time.Second) {
			if doorways[m.Gateway] {
				reads[m.Gateway]++
			}
		}
	}
	t.Logf("reads within two hours: %v", reads)
	if len(reads) < len(doorways)-1 { // one stands where hardly anything passes
		t.Errorf("of %d portals %d read something in two hours", len(doorways), len(reads))
	}
}
