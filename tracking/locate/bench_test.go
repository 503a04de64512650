package locate

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// clinic is a house of ten storeys with twenty rooms each, a receiver in every
// room, all of them taught for a minute.
func clinic() (Plan, []Lesson) {
	noise := rand.New(rand.NewPCG(3, 4))
	var plan Plan
	for r := range 200 {
		storey, place := r/20, r%20
		x, y := float64(place%10)*6, float64(place/10)*8
		room := Room{ID: fmt.Sprintf("r%d", r), Level: storey, Outline: box(x, y, 6, 5)}
		for _, door := range []int{r - 1, r + 1} {
			if door >= 0 && door < 200 && door/20 == storey {
				room.Doors = append(room.Doors, door)
			}
		}
		plan.Rooms = append(plan.Rooms, room)
		plan.Receivers = append(plan.Receivers, Receiver{ID: fmt.Sprintf("g%d", r), Room: r, Level: storey, At: &Point{x + 3, y + 2.5}})
	}
	var lessons []Lesson
	for r := range plan.Rooms {
		lesson := Lesson{Room: r}
		for range 170 {
			lesson.Steps = append(lesson.Steps, []Signal{
				{Receiver: r, DBm: -60 + noise.NormFloat64()*4},
				{Receiver: (r + 1) % 200, DBm: -74 + noise.NormFloat64()*4},
				{Receiver: (r + 199) % 200, DBm: -75 + noise.NormFloat64()*4}})
		}
		lessons = append(lessons, lesson)
	}
	return plan, lessons
}

// BenchmarkTaughtFilter is the engine's bar: two million sightings a second on a
// core with 5,000 tags, 200 receivers of which three hear each tag, 200 taught rooms.
func BenchmarkTaughtFilter(b *testing.B) {
	plan, lessons := clinic()
	model := NewModel(plan, DefaultTuning(), lessons...)
	for _, tags := range []int{1_000, 5_000, 100_000} {
		b.Run(fmt.Sprintf("%d tags", tags), func(b *testing.B) { sightings(b, model, tags) })
	}
}

// BenchmarkUntaughtFilter is the same where nobody has taught.
func BenchmarkUntaughtFilter(b *testing.B) {
	plan, _ := clinic()
	sightings(b, NewModel(plan, DefaultTuning()), 5_000)
}

func sightings(b *testing.B, model *Model, tags int) {
	noise := rand.New(rand.NewPCG(5, 6))
	f, states := NewFilter(model), make([]State, tags)
	for i := range states {
		states[i] = NewState()
	}
	rssi := make([]float64, 1024)
	for i := range rssi {
		rssi[i] = noise.NormFloat64() * 4
	}
	b.ReportAllocs()
	b.ResetTimer()
	at := int64(1_700_000_000_000)
	for n := 0; n < b.N; {
		at += 1000
		for tag := range states {
			room := tag % 200
			for k, shift := range [...]int{0, 1, 199} {
				dbm := [...]float64{-60, -74, -75}[k] + rssi[(n+tag)&1023]
				f.Sight(&states[tag], (room+shift)%200, dbm, at)
				n++
			}
			if n >= b.N {
				break
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sightings/s")
}
