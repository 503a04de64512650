package locate

import (
	"math"
	"slices"
)

// NoRoom stands where a room's index would, when there is none.
const NoRoom = -1

// Point is a place on a floor's plan, in metres.
type Point struct{ X, Y float64 }

// Room is one place the filter can answer with.
type Room struct {
	ID string
	// Level is the storey, lowest first; rooms of one level share a plan.
	Level int
	// Doors are the indices of the rooms that one can walk into directly.
	Doors []int
	// Outline is the room's polygon on the plan; empty while nobody has drawn it.
	Outline []Point
}

// Receiver is one fixed antenna that hears tags.
type Receiver struct {
	ID string
	// Room is the index of the room it hangs in, or NoRoom.
	Room int
	// Level is the storey it hangs on; it counts only when At is set.
	Level int
	// At is where on the plan it hangs; nil when nobody has measured it.
	At *Point
}

// Plan is what the filter knows of a house before anybody teaches it.
type Plan struct {
	Rooms     []Room
	Receivers []Receiver
}

// everyRoomHears says whether a receiver hangs in each room.
func (p Plan) everyRoomHears() bool {
	hears := make([]bool, len(p.Rooms))
	for _, receiver := range p.Receivers {
		if receiver.Room != NoRoom {
			hears[receiver.Room] = true
		}
	}
	return !slices.Contains(hears, false)
}

// hops counts the doors between every two rooms, up to limit; limit+1 beyond.
func hops(rooms []Room, from, limit int) []int {
	steps := make([]int, len(rooms))
	for i := range steps {
		steps[i] = limit + 1
	}
	steps[from] = 0
	queue := []int{from}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if steps[at] == limit {
			continue
		}
		for _, next := range rooms[at].Doors {
			if steps[next] > steps[at]+1 {
				steps[next] = steps[at] + 1
				queue = append(queue, next)
			}
		}
	}
	return steps
}

func distance(a, b Point) float64 { return math.Hypot(a.X-b.X, a.Y-b.Y) }
