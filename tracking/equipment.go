package tracking

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"wardwatch/tracking/hospital"
)

// Limits of what is asked and answered.
const (
	MaxQuery   = 100 // characters of a search
	MaxHits    = 50  // answers to one search
	MaxMoments = 50  // lines of a timeline's page
	MaxNote    = 500 // characters of a note
	maxWords   = 6
)

// Equipment is what people do with assets: find them, say what state they are
// in, and say where they are or are not.
type Equipment struct {
	Register *hospital.Register
	Store    Store
	Tracker  *Tracker
	// Now is the hospital's clock.
	Now func() time.Time
}

// Query is what somebody looks for. All of it may be empty.
type Query struct {
	Text   string // a kind, a name, a number, a tag
	Status Status
	Floor  hospital.FloorID
	// Room or Unit is where she stands; the nearest comes first.
	Room hospital.RoomID
	Unit hospital.UnitID
}

// Hit is one answer to a query.
type Hit struct {
	Asset   Asset
	Silence Silence
	// Reason says how near it is; empty when nobody said where she stands.
	Reason string
	metres float64
}

// Found is the answer to a query.
type Found struct {
	Hits []Hit
	// Kinds are the kinds of equipment that the text named.
	Kinds []string
	// Meant are the kinds that the text may have meant, where it names nothing.
	Meant []string
	// NoneFree: free pieces of a kind were wanted before others, or alone, and there are none.
	NoneFree bool
	// FreeFirst: a kind was asked for, so what can be had comes before what is nearer.
	FreeFirst bool
	// More is true when there are more than MaxHits.
	More bool
}

// Search finds assets, the nearest first; a kind ranks before a number. Who asks
// for a kind, whatever its status, is shown the nearest free ones first. Of equally
// near ones the free come first, then those whose room is sure, then those heard most recently.
func (e Equipment) Search(ctx context.Context, by hospital.Actor, q Query) (Found, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return Found{}, err
	}
	words := wordsOf(q.Text)
	known, err := e.Store.Kinds(ctx)
	if err != nil {
		return Found{}, fmt.Errorf("search equipment: %w", err)
	}
	kinds := kindsOf(known, words)
	walk := e.walk(q)
	found := Found{Kinds: kinds, FreeFirst: len(kinds) > 0 && q.Status == ""}
	var assets []Asset
	switch {
	case found.FreeFirst:
		assets, err = e.nearestFreeFirst(ctx, kinds, q, walk)
	case len(kinds) > 0 || len(words) == 0:
		assets, err = e.nearest(ctx, kinds, q, walk)
	default:
		assets, err = e.Store.ByWords(ctx, words, 4*MaxHits)
	}
	if err != nil {
		return Found{}, fmt.Errorf("search equipment: %w", err)
	}
	found.Hits = e.rank(assets, q, walk, found.FreeFirst)
	if found.More = len(found.Hits) > MaxHits; found.More {
		found.Hits = found.Hits[:MaxHits]
	}
	free := func(hit Hit) bool { return hit.Asset.Status == Free }
	found.NoneFree = len(kinds) > 0 && (found.FreeFirst || q.Status == Free) && !slices.ContainsFunc(found.Hits, free)
	if len(assets) == 0 && len(kinds) == 0 {
		found.Meant = meant(known, words)
	}
	return found, nil
}

func (e Equipment) walk(q Query) Walk {
	d := e.Register.Current()
	if _, ok := d.Room(q.Room); ok {
		return NewWalk(d, q.Room)
	}
	return NewWalk(d, UnitRooms(d, q.Unit)...)
}

// nearestFreeFirst is nearest, with as many free ones as there are, however far.
func (e Equipment) nearestFreeFirst(ctx context.Context, kinds []string, q Query, walk Walk) ([]Asset, error) {
	free := q
	free.Status = Free
	all, err := e.nearest(ctx, kinds, free, walk)
	if err != nil || len(all) > MaxHits {
		return all, err
	}
	others, err := e.nearest(ctx, kinds, q, walk)
	for _, asset := range others {
		if asset.Status != Free {
			all = append(all, asset)
		}
	}
	return all, err
}

// nearest asks for the nearest rooms first, and for more at once as long as there
// are not enough.
func (e Equipment) nearest(ctx context.Context, kinds []string, q Query, walk Walk) ([]Asset, error) {
	const roomsFirst, roomsMore = 4, 4 // four rooms, then four times as many
	rooms := walk.Rooms()
	if q.Floor != "" {
		rooms = slices.DeleteFunc(slices.Clone(rooms), func(id hospital.RoomID) bool {
			room, _ := e.Register.Current().Room(id)
			return room.Floor != q.Floor
		})
	} else {
		rooms = append(slices.Clone(rooms), "") // last: what nobody has located yet
	}
	var all []Asset
	for at, n := 0, roomsFirst; at < len(rooms) && len(all) <= MaxHits; at, n = at+n, n*roomsMore {
		some, err := e.Store.InRooms(ctx, kinds, q.Status, rooms[at:min(at+n, len(rooms))], 2*MaxHits)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (e Equipment) rank(assets []Asset, q Query, walk Walk, freeFirst bool) []Hit {
	at := e.Now()
	var hits []Hit
	for _, asset := range assets {
		if q.Status != "" && asset.Status != q.Status || q.Floor != "" && asset.Place.Floor != q.Floor {
			continue
		}
		metres, known := walk.Metres(asset.Place.Room)
		if !known {
			metres = 1e6
		}
		hits = append(hits, Hit{Asset: asset, Silence: SilenceOf(asset.Place, at, e.Tracker.GatewayHeard),
			Reason: walk.Reason(asset.Place.Room), metres: metres})
	}
	slices.SortStableFunc(hits, func(a, b Hit) int {
		taken := order(a.Asset.Status != Free, b.Asset.Status != Free)
		first := 0
		if freeFirst {
			first = taken
		}
		return cmp.Or(order(a.Silence.Lost(), b.Silence.Lost()), first, cmp.Compare(a.metres, b.metres), taken,
			order(a.Asset.Place.unsure(), b.Asset.Place.unsure()),
			b.Asset.Place.SeenAt.Compare(a.Asset.Place.SeenAt),
			cmp.Compare(a.Asset.ID, b.Asset.ID))
	})
	return hits
}

// order puts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// kindsOf are the kinds of which every word that was typed begins a word.
func kindsOf(all, words []string) (named []string) {
	if len(words) == 0 {
		return nil
	}
	const kindsAtOnce = 8
	for _, kind := range all {
		of := wordsOf(kind)
		every := !slices.ContainsFunc(words, func(word string) bool {
			return !slices.ContainsFunc(of, func(w string) bool { return strings.HasPrefix(w, singular(word)) })
		})
		if every && len(named) < kindsAtOnce {
			named = append(named, kind)
		}
	}
	return named
}

// singular takes a plural's s off, so that "pumps" finds a pump.
func singular(word string) string {
	if len(word) > 3 && strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") {
		return word[:len(word)-1]
	}
	return word
}

// wordsOf splits what was typed into lower-case words.
func wordsOf(text string) []string {
	if runes := []rune(text); len(runes) > MaxQuery {
		text = string(runes[:MaxQuery])
	}
	words := Words(text)
	return words[:min(len(words), maxWords)]
}

// Words splits a text into the lower-case words that search knows it by.
func Words(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;()[]/\"'", r)
	})
	slices.Sort(words)
	return slices.Compact(words)
}

// Asset is one asset and how fresh its place is.
func (e Equipment) Asset(ctx context.Context, by hospital.Actor, id AssetID) (Hit, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return Hit{}, err
	}
	asset, err := e.Store.Asset(ctx, id)
	if err != nil {
		return Hit{}, err
	}
	return Hit{Asset: asset, Silence: SilenceOf(asset.Place, e.Now(), e.Tracker.GatewayHeard)}, nil
}

// Timeline lists what happened to an asset before a time (zero: now), newest first.
func (e Equipment) Timeline(ctx context.Context, by hospital.Actor, id AssetID, before time.Time) ([]Moment, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	if before.IsZero() {
		before = e.Now().Add(time.Hour)
	}
	return e.Store.Timeline(ctx, id, before, MaxMoments)
}

// InRoom lists what was last seen in a room, what is heard first.
func (e Equipment) InRoom(ctx context.Context, by hospital.Actor, room hospital.RoomID) ([]Hit, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	if _, ok := e.Register.Current().Room(room); !ok {
		return nil, fmt.Errorf("room %s: %w", room, hospital.ErrUnknown)
	}
	const most = 500
	assets, err := e.Store.InRooms(ctx, nil, "", []hospital.RoomID{room}, most)
	if err != nil {
		return nil, fmt.Errorf("equipment in room %s: %w", room, err)
	}
	return e.rank(assets, Query{}, NewWalk(e.Register.Current()), false), nil
}

// MaxPins bounds the assets drawn on one map.
const MaxPins = 2000

// Map is what a floor's map shows.
type Map struct {
	Floor hospital.Floor
	Rooms []hospital.Room
	Pins  []Pin
	// Blind are rooms whose gateways are offline, with since when (zero: never heard).
	Blind map[hospital.RoomID]time.Time
}

// HeardAt is when anything was last heard on the floor; zero for never.
func (m Map) HeardAt() time.Time {
	var last time.Time
	for _, pin := range m.Pins {
		if pin.SeenAt.After(last) {
			last = pin.SeenAt
		}
	}
	return last
}

// ByRoom sorts the pins into their rooms. They come by room: each room's are a part of
// the same list.
func (m Map) ByRoom() map[hospital.RoomID][]Pin {
	rooms := make(map[hospital.RoomID][]Pin, len(m.Rooms))
	for begin, i := 0, 0; i < len(m.Pins); i++ {
		room := m.Pins[i].Room
		if i+1 < len(m.Pins) && m.Pins[i+1].Room == room {
			continue
		}
		if run := m.Pins[begin : i+1 : i+1]; rooms[room] == nil {
			rooms[room] = run
		} else {
			rooms[room] = append(rooms[room], run...)
		}
		begin = i + 1
	}
	return rooms
}

// Count is how many were last seen in a room.
func (m Map) Count(room hospital.RoomID) (n int) {
	for i := range m.Pins {
		if m.Pins[i].Room == room {
			n++
		}
	}
	return n
}

// Map is what was last seen on a floor.
func (e Equipment) Map(ctx context.Context, by hospital.Actor, id hospital.FloorID) (Map, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return Map{}, err
	}
	floor, ok := e.Register.Current().Floor(id)
	if !ok {
		return Map{}, fmt.Errorf("floor %s: %w", id, hospital.ErrUnknown)
	}
	pins, err := e.Store.Pins(ctx, id, MaxPins)
	if err != nil {
		return Map{}, fmt.Errorf("map of floor %s: %w", id, err)
	}
	return Map{Floor: floor, Rooms: e.Register.Current().RoomsOn(id), Pins: pins, Blind: e.BlindRooms(id)}, nil
}

// FreeByKind counts equipment of each kind in a unit (empty: the whole house).
func (e Equipment) FreeByKind(ctx context.Context, by hospital.Actor, unit hospital.UnitID) ([]KindCount, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	return e.Store.FreeByKind(ctx, UnitRooms(e.Register.Current(), unit))
}

// BlindRooms are the rooms of a floor whose every gateway is offline, with since
// when (zero: never heard). Rooms without a gateway of their own are not in it.
func (e Equipment) BlindRooms(floor hospital.FloorID) map[hospital.RoomID]time.Time {
	at := e.Now()
	blind, seeing := make(map[hospital.RoomID]time.Time), make(map[hospital.RoomID]bool)
	for _, gateway := range e.Register.Current().Gateways {
		heard := e.Tracker.GatewayHeard(gateway.ID)
		for _, room := range append([]hospital.RoomID{gateway.Room}, antennaRooms(gateway)...) {
			if r, ok := e.Register.Current().Room(room); !ok || r.Floor != floor {
				continue
			}
			if at.Sub(heard) <= QuietGateway {
				seeing[room] = true
			} else if blind[room].Before(heard) || blind[room].IsZero() {
				blind[room] = heard
			}
		}
	}
	for room := range seeing {
		delete(blind, room)
	}
	return blind
}

func antennaRooms(gateway hospital.Gateway) []hospital.RoomID {
	var rooms []hospital.RoomID
	for _, room := range gateway.Antennas {
		rooms = append(rooms, room)
	}
	return rooms
}
