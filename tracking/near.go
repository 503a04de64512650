package tracking

import (
	"container/heap"
	"fmt"
	"math"
	"slices"

	"wardwatch/tracking/hospital"
)

// What a walk costs where nobody has drawn the rooms, and what a storey costs.
const (
	undrawnMetres = 8.0
	storeyMetres  = 20.0 // waiting for a lift or climbing, as metres of corridor
)

// Walk is how far every room is on foot from where somebody stands.
type Walk struct {
	directory *hospital.Directory
	from      []hospital.RoomID
	metres    map[hospital.RoomID]float64
	rooms     []hospital.RoomID
}

// NewWalk measures from the given rooms (a unit's, or the one she stands in),
// through the doors that the hospital document names. Without any room, or for
// rooms that no door leads to, distance is not known.
func NewWalk(d *hospital.Directory, from ...hospital.RoomID) Walk {
	w := Walk{directory: d, from: from, metres: make(map[hospital.RoomID]float64, len(d.Rooms))}
	var open paths
	for _, room := range from {
		heap.Push(&open, path{room: room})
	}
	for open.Len() > 0 {
		next := heap.Pop(&open).(path)
		if _, been := w.metres[next.room]; been {
			continue
		}
		room, ok := d.Room(next.room)
		if !ok {
			continue
		}
		w.metres[next.room] = next.metres
		w.rooms = append(w.rooms, next.room)
		for _, id := range room.Neighbours {
			if neighbour, ok := d.Room(id); ok {
				heap.Push(&open, path{room: id, metres: next.metres + stretch(room, neighbour)})
			}
		}
	}
	for _, room := range d.Rooms {
		if _, been := w.metres[room.ID]; !been {
			w.rooms = append(w.rooms, room.ID)
		}
	}
	return w
}

// UnitRooms are the rooms of a unit.
func UnitRooms(d *hospital.Directory, unit hospital.UnitID) []hospital.RoomID {
	var rooms []hospital.RoomID
	for _, room := range d.Rooms {
		if unit != "" && room.Unit == unit {
			rooms = append(rooms, room.ID)
		}
	}
	return rooms
}

// Rooms lists all rooms, nearest first; those that no door leads to come last.
func (w Walk) Rooms() []hospital.RoomID { return w.rooms }

// Metres is the distance to a room; false when it is not known.
func (w Walk) Metres(room hospital.RoomID) (float64, bool) {
	m, ok := w.metres[room]
	return m, ok
}

// Reason says in words how near a room is: "in this room", "same unit", "same
// floor, 40 m", "2 floors up, 90 m". Empty when nobody said where she stands.
func (w Walk) Reason(id hospital.RoomID) string {
	room, ok := w.directory.Room(id)
	if !ok || len(w.from) == 0 {
		return ""
	}
	if slices.Contains(w.from, id) && len(w.from) == 1 {
		return "in this room"
	}
	here, _ := w.directory.Room(w.from[0])
	if here.Unit != "" && here.Unit == room.Unit {
		return "same unit" + w.far(id)
	}
	if here.Floor == room.Floor {
		return "same floor" + w.far(id)
	}
	below, _ := w.directory.Floor(here.Floor)
	above, _ := w.directory.Floor(room.Floor)
	if below.Building != above.Building {
		return "another building" + w.far(id)
	}
	storeys := above.Level - below.Level
	direction := "up"
	if storeys < 0 {
		storeys, direction = -storeys, "down"
	}
	floors := "floors"
	if storeys == 1 {
		floors = "floor"
	}
	return fmt.Sprintf("%d %s %s%s", storeys, floors, direction, w.far(id))
}

func (w Walk) far(id hospital.RoomID) string {
	metres, ok := w.metres[id]
	if !ok || metres < 1 {
		return ""
	}
	return fmt.Sprintf(", %.0f m", math.Ceil(metres/5)*5)
}

func stretch(a, b hospital.Room) float64 {
	if a.Floor != b.Floor {
		return storeyMetres
	}
	from, ok := a.Centre()
	to, ok2 := b.Centre()
	if !ok || !ok2 {
		return undrawnMetres
	}
	return math.Hypot(from.X-to.X, from.Y-to.Y)
}

type path struct {
	room   hospital.RoomID
	metres float64
}

// paths is a heap of the shortest first.
type paths []path

func (p paths) Len() int           { return len(p) }
func (p paths) Less(i, j int) bool { return p[i].metres < p[j].metres }
func (p paths) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *paths) Push(x any)        { *p = append(*p, x.(path)) }
func (p *paths) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}
