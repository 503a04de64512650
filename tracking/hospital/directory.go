package hospital

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Directory is one hospital as it stands. It is never changed once built; every
// look-up is by identifier and answers false when there is no such thing.
type Directory struct {
	Site      Site
	Buildings []Building
	Floors    []Floor // lowest first
	Units     []Unit
	Rooms     []Room
	Gateways  []Gateway

	floors   map[FloorID]int
	units    map[UnitID]int
	rooms    map[RoomID]int
	gateways map[GatewayID]int
}

// NewDirectory indexes the parts; it keeps the slices.
func NewDirectory(site Site, buildings []Building, floors []Floor, units []Unit, rooms []Room, gateways []Gateway) *Directory {
	slices.SortStableFunc(floors, func(a, b Floor) int { return cmp.Compare(a.Level, b.Level) })
	return &Directory{
		Site: site, Buildings: buildings, Floors: floors, Units: units, Rooms: rooms, Gateways: gateways,
		floors:   indexBy(floors, func(f Floor) FloorID { return f.ID }),
		units:    indexBy(units, func(u Unit) UnitID { return u.ID }),
		rooms:    indexBy(rooms, func(r Room) RoomID { return r.ID }),
		gateways: indexBy(gateways, func(g Gateway) GatewayID { return g.ID }),
	}
}

func indexBy[T any, K comparable](things []T, key func(T) K) map[K]int {
	index := make(map[K]int, len(things))
	for i, thing := range things {
		index[key(thing)] = i
	}
	return index
}

func find[T any, K comparable](things []T, index map[K]int, key K) (T, bool) {
	i, ok := index[key]
	if !ok {
		var none T
		return none, false
	}
	return things[i], true
}

// Floor looks up a floor.
func (d *Directory) Floor(id FloorID) (Floor, bool) { return find(d.Floors, d.floors, id) }

// Unit looks up a unit.
func (d *Directory) Unit(id UnitID) (Unit, bool) { return find(d.Units, d.units, id) }

// Room looks up a room.
func (d *Directory) Room(id RoomID) (Room, bool) { return find(d.Rooms, d.rooms, id) }

// Gateway looks up a gateway.
func (d *Directory) Gateway(id GatewayID) (Gateway, bool) { return find(d.Gateways, d.gateways, id) }

// RoomsOn lists the rooms of a floor in the document's order.
func (d *Directory) RoomsOn(floor FloorID) []Room {
	var on []Room
	for _, room := range d.Rooms {
		if room.Floor == floor {
			on = append(on, room)
		}
	}
	return on
}

// Register hands out the newest Directory; an import replaces it in one step.
type Register struct {
	current  atomic.Pointer[Directory]
	mu       sync.Mutex
	replaced chan struct{} // closed by the next Replace
}

// NewRegister starts with a directory; nil means an empty hospital.
func NewRegister(d *Directory) *Register {
	r := &Register{}
	r.Replace(d)
	return r
}

// Current is the newest directory, never nil.
func (r *Register) Current() *Directory { return r.current.Load() }

// Replace makes d the newest directory; nil makes the hospital empty.
func (r *Register) Replace(d *Directory) {
	if d == nil {
		d = NewDirectory(Site{ID: "main", Name: "Hospital", Zone: "UTC"}, nil, nil, nil, nil, nil)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current.Store(d)
	if r.replaced != nil {
		close(r.replaced)
	}
	r.replaced = make(chan struct{})
}

// Await waits until the newest directory fits: who has just changed the hospital sees
// the change. It gives up with ctx and its error.
func (r *Register) Await(ctx context.Context, fits func(*Directory) bool) error {
	for {
		r.mu.Lock()
		replaced := r.replaced
		r.mu.Unlock()
		if fits(r.Current()) {
			return nil
		}
		select {
		case <-replaced:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
