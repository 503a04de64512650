package locate

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// comings teaches two rooms that sound alike in one breath, by visits that came from
// either side: into A tags come from the one receiver, into the corridor from the other.
func comings(intoA, intoCorridor int) *Model {
	alike := []Signal{{Receiver: 0, DBm: -66}, {Receiver: 1, DBm: -66}}
	from := func(loud, faint int) []Recollection {
		return []Recollection{{Receiver: loud, MeanDBm: -61, SpreadDB: 4}, {Receiver: faint, MeanDBm: -71, SpreadDB: 4}}
	}
	var lessons []Lesson
	for range 6 {
		a, c := Lesson{Room: roomA, Entered: true, Left: true}, Lesson{Room: corridor, Entered: true, Left: true}
		for range 20 {
			a.Steps, a.Changes, a.Before = append(a.Steps, alike), append(a.Changes, 20), append(a.Before, from(intoA, intoCorridor))
			c.Steps, c.Changes, c.Before = append(c.Steps, alike), append(c.Changes, 20), append(c.Before, from(intoCorridor, intoA))
		}
		lessons = append(lessons, a, c)
	}
	return NewModel(ward(), DefaultTuning(), lessons...)
}

func TestWhereATagCameFromTellsWhereItIs(t *testing.T) {
	comeFrom := func(m *Model, loud, faint int) *walk {
		w := newWalk(m)
		for _, off := range []float64{10, 10, 8, 6, 4, 2, 0} {
			w.hear(map[int]float64{loud: -66 + off, faint: -66 - off})
		}
		return w
	}
	m := comings(0, 1)
	comeFrom(m, 0, 1).in(t, roomA)
	comeFrom(m, 1, 0).in(t, corridor)
	m = comings(1, 0) // the same, but tags come the other way
	comeFrom(m, 0, 1).in(t, corridor)
	comeFrom(m, 1, 0).in(t, roomA)
}

// A minute of standing in a room says nothing of how tags come there: memories count
// neither for nor against it.
func TestALessonOfAMinuteTeachesNoMemories(t *testing.T) {
	if m := taught(); m.recalls != nil {
		t.Fatal("lessons that are no visits made memories count")
	}
}

func TestMemoryHoldsEightSeconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		heard := rapid.SliceOfN(rapid.Float64Range(-110, -20), 1, 30).Draw(t, "dBm")
		var m memory
		for _, dbm := range heard {
			m = m.age(1).hear(float32(dbm))
		}
		last := heard[max(len(heard)-seconds, 0):]
		var sum float64
		for _, dbm := range last {
			sum += dbm
		}
		if mean, _ := m.sum(); math.Abs(float64(mean)-sum/float64(len(last))) > 0.5 {
			t.Fatalf("the last seconds of %v are remembered as %.1f dBm", heard, mean)
		}
		if m.age(-1) != m || m.age(seconds) != 0 {
			t.Fatal("a memory outlives its seconds, or a clock put back undoes it")
		}
	})
}

// blindHouse is two rooms with a receiver each, and one that hangs nobody knows where;
// nothing is drawn or taught.
func blindHouse() Plan {
	return Plan{Rooms: []Room{{ID: "A"}, {ID: "B"}},
		Receivers: []Receiver{{ID: "a", Room: 0}, {ID: "b", Room: 1}, {ID: "attic", Room: NoRoom}}}
}

func TestWhereEachRoomHasAReceiverTheLoudestOfLateTells(t *testing.T) {
	w := newWalk(NewModel(blindHouse(), DefaultTuning()))
	w.hearFor(20, map[int]float64{0: -60, 1: -72, 2: -50})
	w.in(t, 0)
	if sure := w.s.Answer().Confidence; sure > untaughtTrust {
		t.Fatalf("nobody taught, yet it is %.2f sure", sure)
	}
	w.hearFor(10, map[int]float64{0: -66, 1: -65.5, 2: -50})
	w.in(t, 0) // half a decibel louder is not louder
	w.hearFor(3, map[int]float64{0: -66, 1: -60, 2: -50})
	w.in(t, 1)
	w.hearFor(20, map[int]float64{2: -50})
	w.in(t, 1) // who hangs nobody knows where moves nothing
	lost := blindHouse()
	lost.Rooms = append(lost.Rooms, Room{ID: "C"})
	if NewModel(blindHouse(), DefaultTuning()).blind == NewModel(lost, DefaultTuning()).blind {
		t.Fatal("a room that no receiver hangs in is never the loudest, so the loudest can't be asked")
	}
}

func TestATagHeardForTheFirstTimeIsShownAtOnce(t *testing.T) {
	var said []Prediction
	heard := []Observation{{AtMS: 5000, Receiver: "g0", Tag: "pump", DBm: -58}, {AtMS: 5000, Receiver: "g1", Tag: "pump", DBm: -74}, {AtMS: 5000, Receiver: "g2", Tag: "pump", DBm: -84}}
	plan := ward()
	for i := range heard {
		heard[i].Receiver = plan.Receivers[i].ID
	}
	Replay(NewModel(plan, DefaultTuning()), heard, func(p Prediction) { said = append(said, p) })
	if len(said) != 1 || said[0].AtMS != 5000 || said[0].Room != plan.Rooms[roomA].ID {
		t.Fatalf("three receivers heard it at 5000, and was told %+v", said)
	}
}
