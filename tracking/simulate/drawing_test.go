package simulate

import (
	"math"
	"testing"

	"wardwatch/tracking/hospital"
)

func TestTheHospitalIsAsLargeAsPromised(t *testing.T) {
	d := Draw(Hospital)
	makes := map[string]bool{}
	for _, g := range d.Gateways {
		makes[g.Make] = true
	}
	kinds, formats := map[string]bool{}, map[TagFormat]bool{}
	for _, a := range d.Assets {
		kinds[a.Kind], formats[a.Format] = true, true
	}
	for _, c := range []struct {
		what     string
		got, min int
	}{
		{"floors", len(d.Floors), 3}, {"rooms", len(d.Rooms), 40}, {"gateways", len(d.Gateways), 40}, {"makes", len(makes), 4},
		{"assets", len(d.Assets), 300}, {"kinds", len(kinds), 12}, {"tag formats", len(formats), 5},
		{"fridges", len(d.Fridges), 12}, {"items", len(d.Items), 80}, {"suppliers", len(d.Suppliers), 4}, {"people", len(d.People), 6},
	} {
		if c.got < c.min {
			t.Errorf("%d %s, want at least %d", c.got, c.what, c.min)
		}
	}
}

func TestRoomsTileEveryFloor(t *testing.T) {
	for _, size := range Sizes() {
		d := Draw(size)
		for _, floor := range d.Floors {
			var area float64
			var on []hospital.Room
			for _, room := range d.Rooms {
				if room.Floor != floor.ID {
					continue
				}
				on = append(on, room)
				area += polygonArea(room.Outline)
			}
			if want := floor.WidthMetres * floor.HeightMetres; math.Abs(area-want) > 0.01 {
				t.Errorf("%s: rooms of %s cover %.2f m², the floor has %.2f", size, floor.Name, area, want)
			}
			for x := 0.25; x < floor.WidthMetres; x += 0.5 {
				for y := 0.25; y < floor.HeightMetres; y += 0.5 {
					if n := roomsAt(on, hospital.Point{X: x, Y: y}); n != 1 {
						t.Fatalf("%s: %d rooms at %.2f, %.2f of %s, want 1", size, n, x, y, floor.Name)
					}
				}
			}
		}
	}
}

func TestEveryRoomCanBeWalkedTo(t *testing.T) {
	for _, size := range Sizes() {
		d := Draw(size)
		at := map[hospital.RoomID]hospital.Room{}
		for _, room := range d.Rooms {
			if _, twice := at[room.ID]; twice {
				t.Errorf("%s: two rooms are called %s", size, room.ID)
			}
			at[room.ID] = room
		}
		seen, queue := map[hospital.RoomID]bool{d.Rooms[0].ID: true}, []hospital.RoomID{d.Rooms[0].ID}
		for len(queue) > 0 {
			room := at[queue[0]]
			queue = queue[1:]
			for _, next := range room.Neighbours {
				if !seen[next] {
					seen[next] = true
					queue = append(queue, next)
				}
			}
		}
		if len(seen) != len(d.Rooms) {
			t.Errorf("%s: %d of %d rooms can be reached from %s", size, len(seen), len(d.Rooms), d.Rooms[0].Name)
		}
	}
}

func TestIdentifiersAreUnique(t *testing.T) {
	for _, size := range Sizes() {
		d := Draw(size)
		seen := map[string]string{}
		once := func(id, what string) {
			if before, twice := seen[id]; twice {
				t.Errorf("%s: %s names %s and %s", size, id, before, what)
			}
			seen[id] = what
		}
		for _, g := range d.Gateways {
			once("gateway "+string(g.ID), g.Name)
		}
		for _, a := range d.Assets {
			once("asset "+a.ID, a.Name)
			for _, id := range a.Identities() {
				once("tag "+id, a.Name)
			}
		}
		for _, f := range d.Fridges {
			once("fridge "+f.ID, f.Name)
			once("tag "+f.Sensor, f.Name)
		}
		for _, i := range d.Items {
			once("item "+i.ID, i.Name)
			once("gtin "+i.GTIN, i.Name)
		}
	}
}

func polygonArea(p []hospital.Point) float64 {
	var twice float64
	for i := range p {
		j := (i + 1) % len(p)
		twice += p[i].X*p[j].Y - p[j].X*p[i].Y
	}
	return math.Abs(twice) / 2
}

func roomsAt(rooms []hospital.Room, at hospital.Point) int {
	n := 0
	for _, room := range rooms {
		inside := false
		for i, j := 0, len(room.Outline)-1; i < len(room.Outline); j, i = i, i+1 {
			a, b := room.Outline[i], room.Outline[j]
			if (a.Y > at.Y) != (b.Y > at.Y) && at.X < (b.X-a.X)*(at.Y-a.Y)/(b.Y-a.Y)+a.X {
				inside = !inside
			}
		}
		if inside {
			n++
		}
	}
	return n
}
