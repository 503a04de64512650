// Package hospital holds the nouns that everybody shares: sites, buildings,
// floors, units, rooms, gateways, people, roles and permissions.
//
// It knows nothing of equipment, fridges or stock; those know it. A Directory
// is one hospital as it stands, read-only and cheap to share; a Register hands
// out the newest one.
package hospital

import (
	"sync"
	"time"
)

// Identifiers are the hospital's own short names, unique within one kind. They
// are what the hospital document uses, so importing it twice changes nothing.
type (
	SiteID     string
	BuildingID string
	FloorID    string
	UnitID     string
	RoomID     string
	GatewayID  string
	PersonID   string
)

// Site is one hospital campus with one legal clock.
type Site struct {
	ID   SiteID
	Name string
	// Zone is the IANA time zone whose calendar decides "today" here.
	Zone string
	// Language is what pages are worded in where neither a person nor her browser says, and
	// what messages and orders go out in: "en", "de".
	Language string
	// Fahrenheit shows temperatures so; they are measured, judged and kept in Celsius all the same.
	Fahrenheit bool
}

// zones are the clocks that were asked for, by IANA name: reading one takes longer than
// most rules that ask for it. Only names the machine knows are kept, a few hundred at most.
var zones sync.Map

// Location is the site's clock; UTC when the zone is not known to this machine.
func (s Site) Location() *time.Location {
	if known, ok := zones.Load(s.Zone); ok {
		return known.(*time.Location)
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil || s.Zone == "" {
		return time.UTC
	}
	zones.Store(s.Zone, zone)
	return zone
}

// Building is a house of a site.
type Building struct {
	ID   BuildingID
	Site SiteID
	Name string
}

// Floor is one storey. Its plan's origin is the top left corner, in metres.
type Floor struct {
	ID       FloorID
	Building BuildingID
	Name     string
	// Level orders floors from the lowest up; the ground floor is 0.
	Level        int
	WidthMetres  float64
	HeightMetres float64
}

// Unit is a ward or department that has rooms, equipment and stock.
type Unit struct {
	ID   UnitID
	Site SiteID
	Name string
}

// RoomKind says what a room is for; equipment takes its status from it.
type RoomKind string

// The kinds of room that the rules tell apart.
const (
	PatientRoom  RoomKind = "patient_room"
	CleanUtility RoomKind = "clean_utility"
	DirtyUtility RoomKind = "dirty_utility"
	NurseStation RoomKind = "nurse_station"
	Corridor     RoomKind = "corridor"
	Storage      RoomKind = "storage"
	Pharmacy     RoomKind = "pharmacy"
	Theatre      RoomKind = "theatre"
	Workshop     RoomKind = "workshop"
	Lift         RoomKind = "lift"
	Stairs       RoomKind = "stairs"
	Exit         RoomKind = "exit"
	Office       RoomKind = "office"
	Laboratory   RoomKind = "laboratory"
)

// RoomKinds lists every kind, in the order pages show them.
func RoomKinds() []RoomKind {
	return []RoomKind{PatientRoom, CleanUtility, DirtyUtility, NurseStation, Corridor, Storage, Pharmacy,
		Theatre, Workshop, Lift, Stairs, Exit, Office, Laboratory}
}

// Point is a place on a floor's plan, in metres from its top left corner.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Room is a place that equipment can be in.
type Room struct {
	ID    RoomID
	Floor FloorID
	Unit  UnitID // empty for rooms that no unit owns
	Name  string
	Kind  RoomKind
	// Outline is a simple polygon; empty while nobody has drawn the room.
	Outline []Point
	// Neighbours are the rooms that one can walk into directly, by door, lift or stairs.
	Neighbours []RoomID
	// Isolation rooms hold infectious patients: what stood there needs cleaning.
	Isolation bool
}

// Centre is the mean of the outline's corners; false when the room has none.
func (r Room) Centre() (Point, bool) {
	if len(r.Outline) == 0 {
		return Point{}, false
	}
	var sum Point
	for _, p := range r.Outline {
		sum.X += p.X
		sum.Y += p.Y
	}
	n := float64(len(r.Outline))
	return Point{X: sum.X / n, Y: sum.Y / n}, true
}

// Gateway is a fixed receiver: a BLE gateway, or an RFID reader.
type Gateway struct {
	ID   GatewayID
	Name string
	// Make is the envelope it speaks, as ingest/gateway names it: minew, espresense, ruuvi, impinj, canonical, …
	Make string
	// Room is where it hangs; empty when nobody has said.
	Room RoomID
	// Position is on the plan of the room's floor; nil when nobody has measured it.
	Position *Point
	// Antennas maps an RFID reader's antenna port to the room it reads.
	Antennas map[int]RoomID
	// Reads is what its hearing a tag says; empty for a gateway that hears from afar.
	Reads Reads
}

// Reads is what a reader's hearing a tag says of where the tag is. Without it a
// gateway hears from afar, and only passive labels are known to be at its antenna.
type Reads string

// A room's reader hears nothing from outside it: infrared, ultrasound, a button
// beside the door. A doorway's has an antenna on either side. A cabinet's reads all
// that stands in it, again and again.
const (
	ReadsRoom    Reads = "room"
	ReadsDoorway Reads = "doorway"
	ReadsCabinet Reads = "cabinet"
)

// AllReads lists them.
func AllReads() []Reads { return []Reads{ReadsRoom, ReadsDoorway, ReadsCabinet} }
