package tracking

import (
	"hash/fnv"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

// book is all that a sighting is looked up in: who bears a tag, which room an
// antenna covers, and the filter's model. A new book replaces the old one whole.
type book struct {
	directory *hospital.Directory
	model     *locate.Model
	assets    []AssetID
	homes     []int32 // by asset: the shard that owns it, which a new book never changes
	byAsset   map[AssetID]int32
	byTag     map[string]int32
	covers    map[port]int16                // RFID antennas that cover one room
	clocks    map[hospital.GatewayID]*clock // when each gateway was last heard
	reads     map[hospital.GatewayID]hospital.Reads
}

// port is one antenna of a reader.
type port struct {
	gateway hospital.GatewayID
	antenna int
}

// clock is a time that many goroutines may set and read.
type clock struct{ ms atomic.Int64 }

func (c *clock) set(at time.Time) {
	if ms := at.UnixMilli(); ms > c.ms.Load() {
		c.ms.Store(ms)
	}
}

func (c *clock) time() time.Time {
	ms := c.ms.Load()
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// newBook writes the book of a hospital and its tagged assets; what the
// gateways' clocks say is carried over from the book before.
func newBook(directory *hospital.Directory, roster []Asset, lessons []Lesson, shards int, before *book) *book {
	plan := PlanOf(directory)
	b := &book{directory: directory, model: locate.NewModel(plan, locate.DefaultTuning(), lessonsFor(plan, lessons)...),
		byAsset: make(map[AssetID]int32, len(roster)), byTag: make(map[string]int32, len(roster)),
		covers: make(map[port]int16), clocks: make(map[hospital.GatewayID]*clock), reads: make(map[hospital.GatewayID]hospital.Reads)}
	for _, asset := range roster {
		index := int32(len(b.assets))
		b.assets = append(b.assets, asset.ID)
		b.homes = append(b.homes, homeOf(asset.ID, shards))
		b.byAsset[asset.ID] = index
		for _, tag := range asset.Tags {
			b.byTag[tag] = index
		}
	}
	for _, gateway := range directory.Gateways {
		b.cover(gateway)
		if gateway.Reads != "" {
			b.reads[gateway.ID] = gateway.Reads
		}
		b.clocks[gateway.ID] = &clock{}
		if before != nil && before.clocks[gateway.ID] != nil {
			b.clocks[gateway.ID] = before.clocks[gateway.ID]
		}
	}
	return b
}

func homeOf(id AssetID, shards int) int32 {
	h := fnv.New32a()
	h.Write([]byte(id)) // a hash never fails to write
	return int32(h.Sum32() % uint32(shards))
}

func (b *book) cover(gateway hospital.Gateway) {
	for antenna, room := range gateway.Antennas {
		if index, ok := b.model.Room(string(room)); ok {
			b.covers[port{gateway.ID, antenna}] = int16(index)
		}
	}
	if index, ok := b.model.Room(string(gateway.Room)); ok {
		b.covers[port{gateway.ID, 0}] = int16(index)
	}
}

// bearer is the asset that bears any of a sighting's identities.
func (b *book) bearer(s *Sighting) (int32, bool) {
	if index, ok := b.byTag[s.Tag]; ok {
		return index, true
	}
	for _, also := range s.Also {
		if index, ok := b.byTag[also]; ok {
			return index, true
		}
	}
	return 0, false
}

// certain is the one room that a sighting can have come from. A passive RFID label
// answers only within a reader's field, which is one antenna's room; some readers
// hear nothing from outside their room; and who presses a tag's button beside a
// gateway stands there.
func (b *book) certain(s *Sighting) int16 {
	if _, known := b.reads[s.Gateway]; !known && !strings.HasPrefix(s.Tag, "epc:") && !s.pressedBeside() {
		return locate.NoRoom
	}
	if room, ok := b.covers[port{s.Gateway, s.Antenna}]; ok {
		return room
	}
	if room, ok := b.covers[port{s.Gateway, 0}]; ok {
		return room
	}
	return locate.NoRoom
}

// pressedBeside says whether the tag's button was pressed so near the gateway that
// no wall can stand between.
func (s *Sighting) pressedBeside() bool {
	return s.Pressed && s.HasRSSI && s.RSSIdBm >= PressedDBm
}

// offline are the receivers that have been quiet for too long at a time.
func (b *book) offline(at time.Time) []int {
	var quiet []int
	for i, gateway := range b.directory.Gateways {
		if at.Sub(b.clocks[gateway.ID].time()) > QuietGateway {
			quiet = append(quiet, i)
		}
	}
	return quiet
}

func (b *book) room(index int) hospital.RoomID { return hospital.RoomID(b.model.RoomID(index)) }

func (b *book) floorOf(room hospital.RoomID) hospital.FloorID {
	r, _ := b.directory.Room(room)
	return r.Floor
}

// PlanOf is a hospital as the filter sees it: rooms with their doors and
// outlines, gateways in the directory's order.
func PlanOf(d *hospital.Directory) locate.Plan {
	var plan locate.Plan
	indices := make(map[hospital.RoomID]int, len(d.Rooms))
	for i, room := range d.Rooms {
		indices[room.ID] = i
	}
	for _, room := range d.Rooms {
		floor, _ := d.Floor(room.Floor)
		r := locate.Room{ID: string(room.ID), Level: floor.Level}
		for _, p := range room.Outline {
			r.Outline = append(r.Outline, locate.Point{X: p.X, Y: p.Y})
		}
		plan.Rooms = append(plan.Rooms, r)
	}
	for i, room := range d.Rooms {
		for _, neighbour := range room.Neighbours {
			if j, ok := indices[neighbour]; ok && j != i {
				addDoor(&plan.Rooms[i], j)
				addDoor(&plan.Rooms[j], i)
			}
		}
	}
	for _, gateway := range d.Gateways {
		plan.Receivers = append(plan.Receivers, receiverOf(d, gateway, indices))
	}
	return plan
}

func addDoor(room *locate.Room, to int) {
	if !slices.Contains(room.Doors, to) {
		room.Doors = append(room.Doors, to)
	}
}

func receiverOf(d *hospital.Directory, gateway hospital.Gateway, indices map[hospital.RoomID]int) locate.Receiver {
	r := locate.Receiver{ID: string(gateway.ID), Room: locate.NoRoom}
	index, ok := indices[gateway.Room]
	if !ok {
		return r
	}
	r.Room = index
	floor, _ := d.Floor(d.Rooms[index].Floor)
	r.Level = floor.Level
	at := gateway.Position
	if centre, drawn := d.Rooms[index].Centre(); at == nil && drawn {
		at = &centre // nobody measured it: the middle of its room is a fair guess
	}
	if at != nil {
		r.At = &locate.Point{X: at.X, Y: at.Y}
	}
	return r
}
