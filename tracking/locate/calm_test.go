package locate

import (
	"math/rand/v2"
	"testing"
)

// visits teaches a bay and the passage before it, which sound alike: pumps rest in
// the bay, heard steadily, and are pushed along the passage.
func visits(noise *rand.Rand) *Model {
	steady := []Signal{{Receiver: 0, DBm: -66}, {Receiver: 1, DBm: -66}}
	var lessons []Lesson
	for range 6 {
		rest, pass := Lesson{Room: roomA, Entered: true, Left: true}, Lesson{Room: corridor, Entered: true, Left: true}
		for range 60 {
			rest.Steps, rest.Changes = append(rest.Steps, steady), append(rest.Changes, 0.5)
			pushed := []Signal{{Receiver: 0, DBm: -66 + noise.NormFloat64()}, {Receiver: 1, DBm: -66 + noise.NormFloat64()}}
			pass.Steps, pass.Changes = append(pass.Steps, pushed), append(pass.Changes, 20)
		}
		lessons = append(lessons, rest, pass)
	}
	return NewModel(ward(), DefaultTuning(), lessons...)
}

func TestSteadyPumpIsWherePumpsRest(t *testing.T) {
	w := newWalk(visits(rand.New(rand.NewPCG(7, 8))))
	for second := range 30 {
		swing := 6 * float64(second%2*2-1)
		w.hear(map[int]float64{0: -66 + swing, 1: -66 - swing})
	}
	w.in(t, corridor)
	for second := range 30 {
		w.hear(map[int]float64{0: -66, 1: -66 + float64(second%2)})
	}
	w.in(t, roomA)
}

// A tag of another kind is heard 9 dB fainter than any lesson: the room that
// explains it best is named, but no surer than in a house that nobody has taught.
func TestStrangeTagIsTrustedNoFurtherThanAnUntaughtHouse(t *testing.T) {
	m := taught()
	surest := func(shift float64) float32 {
		w := newWalk(m)
		for second := range 60 {
			swing := 3 * float64(second%2*2-1)
			w.hear(map[int]float64{0: -58 + shift + swing, 1: -74 + shift - swing, 2: -84 + shift})
		}
		w.in(t, roomA)
		return w.s.Answer().Confidence
	}
	known, strange := surest(0), surest(-9)
	if known < 0.9 || strange > untaughtTrust || strange < known/2 {
		t.Fatalf("a tag as taught is placed with %.2f, one of another kind with %.2f", known, strange)
	}
}
