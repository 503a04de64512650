package simulate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"wardwatch/tracking/hospital"
)

// Every storey has the same bones, like most ward blocks: rooms along the north
// and south fronts, two long corridors, and between them three blocks of service
// rooms parted by two links. Lifts and stairs stand in the same place on every
// storey. All measures are metres from the top left corner.
const (
	storeyWidth  = 66.0
	storeyHeight = 33.0

	northCorridorTop = 7.0
	coreTop          = 10.0
	coreMiddle       = 16.5
	southCorridorTop = 23.0
	southRoomsTop    = 26.0

	westLink = 21.0
	eastLink = 42.0
	linkWide = 3.0

	// storeyRise is the height from one storey's floor to the next.
	storeyRise = 4.0
)

// Makes of gateways, as hospital.Gateway names it.
const (
	minew     = "minew"
	espresens = "espresense"
	ruuvi     = "ruuvi"
	impinj    = "impinj"
	zebra     = "zebra"     // an RFID cabinet
	infrared  = "canonical" // a receiver that speaks our own format
)

// slot is one room of a row, from west to east.
type slot struct {
	name    string
	kind    hospital.RoomKind
	unit    hospital.UnitID
	wide    float64
	gateway string // make, or empty
}

// storey is one floor as its architect lists it: eight rows of rooms.
type storey struct {
	id, name     string
	level        int
	north, south []slot
	west, middle [2][]slot // facing north, facing south
	east         [2][]slot
	unit         hospital.UnitID // who owns the corridors
}

// Drawing is a hospital at rest: what is where, before anything moves.
type Drawing struct {
	Size      Size
	Site      hospital.Site
	Buildings []hospital.Building
	Floors    []hospital.Floor
	Units     []hospital.Unit
	Rooms     []hospital.Room
	Gateways  []hospital.Gateway
	Assets    []Asset
	Fridges   []Fridge
	Suppliers []Supplier
	Items     []Item
	People    []hospital.Person
}

// Draw makes the hospital of a size. The same size is always the same hospital.
func Draw(size Size) *Drawing {
	d := &Drawing{
		Size:   size,
		Site:   hospital.Site{ID: "lindenhof", Name: "Lindenhof General", Zone: "Europe/London"},
		Units:  drawUnits(),
		People: drawPeople(),
	}
	for _, house := range houses(size) {
		d.addHouse(house)
	}
	d.joinHouses()
	d.aimPortals()
	d.hangReaders()
	d.isolate()
	d.Units = d.unitsInUse()
	d.Fridges = drawFridges(d)
	d.Assets = drawAssets(d)
	d.Suppliers, d.Items = drawStock(d)
	return d
}

// isolate makes the last bed of each ward a room for infectious patients.
func (d *Drawing) isolate() {
	last := map[hospital.UnitID]int{}
	for i, room := range d.Rooms {
		if room.Kind == hospital.PatientRoom && room.Unit != "imaging" && room.Unit != "clinics" {
			last[room.Unit] = i
		}
	}
	for _, i := range last {
		d.Rooms[i].Isolation = true
	}
}

// addHouse lays out every storey of a house and joins them by lifts and stairs.
func (d *Drawing) addHouse(h house) {
	d.Buildings = append(d.Buildings, hospital.Building{ID: h.id, Site: d.Site.ID, Name: h.name})
	below := map[string]int{} // shaft name → index of its room one storey down
	for _, s := range h.storeys {
		floor := hospital.Floor{ID: hospital.FloorID(s.id), Building: h.id, Name: s.name, Level: s.level,
			WidthMetres: storeyWidth, HeightMetres: storeyHeight}
		d.Floors = append(d.Floors, floor)
		first := len(d.Rooms)
		d.addStorey(s)
		for i := first; i < len(d.Rooms); i++ {
			room := d.Rooms[i]
			if room.Kind != hospital.Lift && room.Kind != hospital.Stairs {
				continue
			}
			if down, ok := below[room.Name]; ok {
				d.join(down, i)
			}
			below[room.Name] = i
		}
	}
}

// addStorey lays out one storey and hangs its gateways.
func (d *Drawing) addStorey(s storey) {
	northern := d.corridors(s, "North corridor", northCorridorTop, coreTop)
	southern := d.corridors(s, "South corridor", southCorridorTop, southRoomsTop)
	for i, x := range []float64{westLink, eastLink} {
		name := []string{"West link", "East link"}[i]
		link := d.addRoom(s, slot{name: name, kind: hospital.Corridor, unit: s.unit, wide: linkWide}, x, coreTop, southCorridorTop)
		for _, end := range [][]int{northern, southern} {
			d.join(end[i], link)
			d.join(end[i+1], link)
		}
	}
	d.row(s, s.north, 0, 0, northCorridorTop, northern)
	d.row(s, s.south, 0, southRoomsTop, storeyHeight, southern)
	for _, block := range []struct {
		rows [2][]slot
		x    float64
	}{{s.west, 0}, {s.middle, westLink + linkWide}, {s.east, eastLink + linkWide}} {
		d.row(s, block.rows[0], block.x, coreTop, coreMiddle, northern)
		d.row(s, block.rows[1], block.x, coreMiddle, southCorridorTop, southern)
	}
}

// corridors lays the three parts of one long corridor and gives their indexes.
func (d *Drawing) corridors(s storey, name string, top, bottom float64) []int {
	cuts := []float64{0, westLink + linkWide/2, eastLink + linkWide/2, storeyWidth}
	var parts []int
	for i, part := range []string{"west", "middle", "east"} {
		hung := ""
		if i == 1 {
			hung = minew
		}
		room := slot{name: name + " " + part, kind: hospital.Corridor, unit: s.unit, wide: cuts[i+1] - cuts[i], gateway: hung}
		parts = append(parts, d.addRoom(s, room, cuts[i], top, bottom))
		if i > 0 {
			d.join(parts[i-1], parts[i])
		}
	}
	return parts
}

// row lays rooms from west to east; each opens to the corridor part before its middle.
func (d *Drawing) row(s storey, slots []slot, x, top, bottom float64, corridor []int) {
	for _, sl := range slots {
		room := d.addRoom(s, sl, x, top, bottom)
		d.join(room, corridor[partAt(x+sl.wide/2)])
		x += sl.wide
	}
}

func partAt(x float64) int {
	switch {
	case x < westLink+linkWide/2:
		return 0
	case x < eastLink+linkWide/2:
		return 1
	default:
		return 2
	}
}

// addRoom draws a rectangle and, where the architect wants one, hangs a gateway in it.
func (d *Drawing) addRoom(s storey, sl slot, x, top, bottom float64) int {
	room := hospital.Room{
		ID: hospital.RoomID(s.id + "-" + slug(sl.name)), Floor: hospital.FloorID(s.id), Unit: sl.unit,
		Name: sl.name, Kind: sl.kind,
		Outline: []hospital.Point{{X: x, Y: top}, {X: round(x + sl.wide), Y: top}, {X: round(x + sl.wide), Y: bottom}, {X: x, Y: bottom}},
	}
	room.Outline[0].X, room.Outline[3].X = round(x), round(x)
	d.Rooms = append(d.Rooms, room)
	if sl.gateway != "" {
		d.hang(sl.gateway, room)
	}
	return len(d.Rooms) - 1
}

// hang puts a gateway near the middle of a room, under the identity that its make
// writes into its messages: most say their MAC, ESPresense its node name, Impinj its host name.
func (d *Drawing) hang(maker string, room hospital.Room) {
	n := len(d.Gateways) + 1
	centre, _ := room.Centre()
	spot := hospital.Point{X: round(centre.X + 0.6), Y: round(centre.Y - 0.4)}
	g := hospital.Gateway{Make: maker, Room: room.ID, Position: &spot, Name: room.Name}
	switch maker {
	case minew:
		g.ID = hospital.GatewayID(fmt.Sprintf("0a5e10%06x", n))
	case ruuvi:
		g.ID = hospital.GatewayID(fmt.Sprintf("0a5e20%06x", n))
	case espresens:
		g.ID = hospital.GatewayID(room.ID)
	case impinj:
		g.ID = hospital.GatewayID("impinj-" + string(room.ID))
		g.Antennas = map[int]hospital.RoomID{1: room.ID}
	case zebra:
		g.ID, g.Name, g.Reads = hospital.GatewayID("cabinet-"+string(room.ID)), room.Name+" cabinet", hospital.ReadsCabinet
		g.Antennas = map[int]hospital.RoomID{1: room.ID}
	case infrared:
		g.ID, g.Name, g.Reads = hospital.GatewayID("ir-"+string(room.ID)), room.Name+" infrared", hospital.ReadsRoom
	}
	d.Gateways = append(d.Gateways, g)
}

// join makes two rooms neighbours of each other.
func (d *Drawing) join(a, b int) {
	d.Rooms[a].Neighbours = append(d.Rooms[a].Neighbours, d.Rooms[b].ID)
	d.Rooms[b].Neighbours = append(d.Rooms[b].Neighbours, d.Rooms[a].ID)
}

// joinHouses leads a covered way from each further house to the first one's main entrance.
func (d *Drawing) joinHouses() {
	main := -1
	for i, room := range d.Rooms {
		if room.Kind != hospital.Exit || !strings.Contains(room.Name, "Main entrance") {
			continue
		}
		if main < 0 {
			main = i
			continue
		}
		d.join(main, i)
	}
}

// aimPortals adds RFID readers at the doors of the stores where beds and hoists
// wait, and points every portal's second antenna at the corridor before its door,
// so that the order of the two tells the direction.
func (d *Drawing) aimPortals() {
	for _, room := range d.Rooms {
		if slices.Contains([]string{"Equipment bay", "ICU equipment bay", "Bed store", "ED clean utility", "West clean utility"}, room.Name) {
			d.hang(impinj, room)
		}
	}
	for i, g := range d.Gateways {
		if room, ok := d.Room(g.Room); ok && g.Make == impinj {
			d.Gateways[i].Antennas[2] = room.Neighbours[0]
			d.Gateways[i].Reads = hospital.ReadsDoorway
		}
	}
}

// unitsInUse keeps the units that own a room of this drawing.
func (d *Drawing) unitsInUse() []hospital.Unit {
	used := map[hospital.UnitID]bool{}
	for _, room := range d.Rooms {
		used[room.Unit] = true
	}
	var units []hospital.Unit
	for _, unit := range d.Units {
		if used[unit.ID] {
			unit.Site = d.Site.ID
			units = append(units, unit)
		}
	}
	return units
}

// Room looks up a room; false when it is not in this drawing.
func (d *Drawing) Room(id hospital.RoomID) (hospital.Room, bool) {
	for _, room := range d.Rooms {
		if room.ID == id {
			return room, true
		}
	}
	return hospital.Room{}, false
}

// slug makes an identifier of a name: lower case, words joined by hyphens.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "-")
}

// round keeps plans free of binary dust: millimetres are fine enough for a wall.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }
