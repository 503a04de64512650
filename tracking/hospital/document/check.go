package document

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// check finds what a schema can't: names that point nowhere, things said twice,
// things that contradict each other. A document stands on its own: everything
// that it refers to is in it.
func (d Document) check() Faults {
	c := &checker{doc: d}
	c.index()
	c.site()
	c.floorsAndRooms()
	c.gateways()
	c.assets()
	c.parLevels()
	c.plans()
	c.fridges()
	c.channels()
	c.items()
	c.places()
	c.stock()
	c.budgets()
	c.people()
	c.fences()
	c.profiles()
	c.ladder()
	return c.faults
}

type checker struct {
	doc    Document
	faults Faults

	buildings, units, fridgeIDs, suppliers, itemIDs, placeIDs, gatewayIDs set
	floors                                                                map[hospital.FloorID]Floor
	rooms                                                                 map[hospital.RoomID]Room
}

type set map[string]bool

// say adds a fault at a path given by its steps: say("There …", "rooms", 3, "floor").
func (c *checker) say(says string, steps ...any) {
	path := make([]string, len(steps))
	for i, step := range steps {
		path[i] = fmt.Sprint(step)
	}
	c.faults = append(c.faults, Fault{Path: pointer(path), Says: says})
}

// unique refuses an identifier that an earlier thing of the list has, and answers with all of them.
func unique[T any](c *checker, section, field string, things []T, key func(T) string) set {
	seen := make(set, len(things))
	for i, thing := range things {
		id := key(thing)
		if id != "" && seen[id] {
			c.say(fmt.Sprintf("%q stands in %s more than once.", id, section), section, i, field)
		}
		seen[id] = true
	}
	return seen
}

// known refuses a name that points nowhere; an empty one points nowhere on purpose.
func (c *checker) known(all set, what, id string, steps ...any) {
	if id != "" && !all[id] {
		c.say(fmt.Sprintf("There is no %s %q in the document.", what, id), steps...)
	}
}

func (c *checker) knownRoom(id hospital.RoomID, steps ...any) {
	if _, ok := c.rooms[id]; id != "" && !ok {
		c.say(fmt.Sprintf("There is no room %q in the document.", id), steps...)
	}
}

func (c *checker) index() {
	d := c.doc
	c.buildings = unique(c, "buildings", "id", d.Buildings, func(b Building) string { return string(b.ID) })
	c.units = unique(c, "units", "id", d.Units, func(u Unit) string { return string(u.ID) })
	c.fridgeIDs = unique(c, "fridges", "id", d.Fridges, func(f Fridge) string { return f.ID })
	c.suppliers = unique(c, "suppliers", "id", d.Suppliers, func(s Supplier) string { return s.ID })
	c.itemIDs = unique(c, "items", "id", d.Items, func(i Item) string { return i.ID })
	c.placeIDs = unique(c, "places", "id", d.Places, func(p Place) string { return p.ID })
	unique(c, "floors", "id", d.Floors, func(f Floor) string { return string(f.ID) })
	unique(c, "rooms", "id", d.Rooms, func(r Room) string { return string(r.ID) })
	c.gatewayIDs = unique(c, "gateways", "id", d.Gateways, func(g Gateway) string { return string(g.ID) })
	unique(c, "assets", "id", d.Assets, func(a Asset) string { return a.ID })
	unique(c, "people", "id", d.People, func(p Person) string { return string(p.ID) })
	unique(c, "people", "email", d.People, func(p Person) string { return strings.ToLower(p.Email) })
	unique(c, "items", "gtin", d.Items, func(i Item) string { return fullGTIN(i.GTIN) })
	c.floors = make(map[hospital.FloorID]Floor, len(d.Floors))
	for _, f := range d.Floors {
		c.floors[f.ID] = f
	}
	c.rooms = make(map[hospital.RoomID]Room, len(d.Rooms))
	for _, r := range d.Rooms {
		c.rooms[r.ID] = r
	}
}

func (c *checker) site() {
	zone := c.doc.Site.Zone
	if _, err := time.LoadLocation(zone); zone != "" && (err != nil || zone == "Local") {
		c.say(fmt.Sprintf("%q is not a time zone of the IANA list, such as Europe/Berlin.", zone), "site", "zone")
	}
}

func (c *checker) floorsAndRooms() {
	for i, f := range c.doc.Floors {
		c.known(c.buildings, "building", string(f.Building), "floors", i, "building")
	}
	for i, r := range c.doc.Rooms {
		floor, ok := c.floors[r.Floor]
		if !ok && r.Floor != "" {
			c.say(fmt.Sprintf("There is no floor %q in the document.", r.Floor), "rooms", i, "floor")
		}
		c.known(c.units, "unit", string(r.Unit), "rooms", i, "unit")
		c.neighbours(i, r)
		if len(r.Outline) > 0 {
			c.outline(i, r, floor, ok)
		}
	}
}

func (c *checker) neighbours(i int, r Room) {
	seen := make(map[hospital.RoomID]bool, len(r.Neighbours))
	for j, id := range r.Neighbours {
		other, ok := c.rooms[id]
		says := ""
		switch {
		case !ok:
			says = fmt.Sprintf("There is no room %q in the document.", id)
		case id == r.ID:
			says = "A room is not its own neighbour."
		case seen[id]:
			says = fmt.Sprintf("%q is named twice.", id)
		case !slices.Contains(other.Neighbours, r.ID):
			says = fmt.Sprintf("Room %q does not name %q as its neighbour; a door leads both ways.", id, r.ID)
		case c.needsLift(r, other):
			says = fmt.Sprintf("Room %q is on another floor; only a lift or stairs lead there.", id)
		}
		if says != "" {
			c.say(says, "rooms", i, "neighbours", j)
		}
		seen[id] = true
	}
}

// needsLift is true for two rooms above each other of which neither leads up or down.
func (c *checker) needsLift(a, b Room) bool {
	vertical := func(r Room) bool { return r.Kind == hospital.Lift || r.Kind == hospital.Stairs }
	return a.Floor != b.Floor && !vertical(a) && !vertical(b) &&
		c.floors[a.Floor].Building == c.floors[b.Floor].Building
}

func (c *checker) outline(i int, r Room, floor Floor, drawn bool) {
	if a, b, crossed := crossing(r.Outline); crossed {
		c.say(fmt.Sprintf("The outline crosses itself: the side from corner %d meets the side from corner %d.", a, b),
			"rooms", i, "outline")
	} else if area(r.Outline) < leastRoomArea {
		c.say("The outline has no area.", "rooms", i, "outline")
	}
	for j, p := range r.Outline {
		if drawn && !inside(p, floor) {
			c.say(fmt.Sprintf("The corner lies outside floor %q, which is %g by %g metres.", floor.ID, floor.WidthMetres, floor.HeightMetres),
				"rooms", i, "outline", j)
		}
	}
}

// reads says what a reader of a room, a doorway or a cabinet lacks.
func (c *checker) reads(g Gateway, i int) {
	switch g.Reads {
	case "":
	case hospital.ReadsDoorway:
		sides := make(map[hospital.RoomID]bool)
		for _, room := range g.Antennas {
			sides[room] = true
		}
		if len(sides) != 2 {
			c.say("A doorway needs antennas on both sides: name two rooms.", "gateways", i, "antennas")
		}
	case hospital.ReadsRoom, hospital.ReadsCabinet:
		if g.Room == "" && len(g.Antennas) == 0 {
			c.say("Name the room that it reads.", "gateways", i, "room")
		}
	}
}

func (c *checker) gateways() {
	for i, g := range c.doc.Gateways {
		c.knownRoom(g.Room, "gateways", i, "room")
		for _, port := range slices.Sorted(maps.Keys(g.Antennas)) {
			c.knownRoom(g.Antennas[port], "gateways", i, "antennas", port)
		}
		c.reads(g, i)
		if g.Position == nil {
			continue
		}
		if g.Room == "" {
			c.say("A position needs a room; its floor says on which plan it is.", "gateways", i, "position")
			continue
		}
		if floor, ok := c.floors[c.rooms[g.Room].Floor]; ok && !inside(*g.Position, floor) {
			c.say(fmt.Sprintf("The position lies outside floor %q, which is %g by %g metres.", floor.ID, floor.WidthMetres, floor.HeightMetres),
				"gateways", i, "position")
		}
	}
}

func (c *checker) assets() {
	wearer := make(map[string]string)
	for i, a := range c.doc.Assets {
		c.known(c.units, "unit", string(a.Unit), "assets", i, "unit")
		if a.DueBack != "" && a.RentedFrom == "" {
			c.say("A day to give it back needs the owner it is rented from.", "assets", i, "due_back")
		}
		for j, tag := range a.Tags {
			c.tag(wearer, a.ID, tag.ID, "assets", i, "tags", j, "id")
			for k, id := range tag.Also {
				c.tag(wearer, a.ID, id, "assets", i, "tags", j, "also", k)
			}
		}
	}
}

func (c *checker) tag(wearer map[string]string, asset, id string, steps ...any) {
	if other, taken := wearer[id]; taken {
		c.say(fmt.Sprintf("The tag %q is already on asset %q.", id, other), steps...)
		return
	}
	wearer[id] = asset
}

func (c *checker) parLevels() {
	kinds, seen := make(set), make(map[ParLevel]bool)
	for _, a := range c.doc.Assets {
		kinds[a.Kind] = true
	}
	for i, l := range c.doc.ParLevels {
		c.known(c.units, "unit", string(l.Unit), "par_levels", i, "unit")
		if l.Kind != "" && !kinds[l.Kind] {
			c.say(fmt.Sprintf("No asset in the document is of the kind %q.", l.Kind), "par_levels", i, "kind")
		}
		key := ParLevel{Unit: l.Unit, Kind: l.Kind}
		if seen[key] {
			c.say(fmt.Sprintf("Unit %q has a level for %q already.", l.Unit, l.Kind), "par_levels", i)
		}
		seen[key] = true
		if l.Critical > l.Target {
			c.say("The critical number is at most the target.", "par_levels", i, "critical")
		}
	}
}

func (c *checker) plans() {
	seen := make(map[Plan]bool)
	for i, p := range c.doc.Plans {
		if p.EveryDays == 0 && p.EveryHours == 0 && p.Lot == "" {
			c.say("Say after how many days or hours of use, or of which batch it is done once.", "service_plans", i)
		}
		key := Plan{Name: p.Name, Model: p.Model, Lot: p.Lot}
		if seen[key] {
			c.say(fmt.Sprintf("Model %q has a plan %q already.", p.Model, p.Name), "service_plans", i)
		}
		seen[key] = true
	}
}

func (c *checker) fridges() {
	type probe struct{ id, channel string }
	where := make(map[probe]string)
	for i, f := range c.doc.Fridges {
		c.knownRoom(f.Room, "fridges", i, "room")
		c.knownProfile(f.Profile, "fridges", i, "profile")
		c.calibrations(i, f)
		c.known(c.units, "unit", string(f.Unit), "fridges", i, "unit")
		for j, s := range f.Sensors {
			p := probe{s.ID, s.Channel}
			if other, taken := where[p]; taken {
				c.say(fmt.Sprintf("The sensor %q is already in fridge %q; where it has several probes each needs its channel.", s.ID, other),
					"fridges", i, "sensors", j)
				continue
			}
			where[p] = f.ID
		}
	}
}

func (c *checker) items() {
	for i, item := range c.doc.Items {
		c.known(c.suppliers, "supplier", item.Supplier, "items", i, "supplier")
		c.knownProfile(item.Storage, "items", i, "storage")
		if hospital.ItemNameTaken(item.ID) {
			c.say("A page of ours has this short name. Choose another.", "items", i, "id")
		}
		if item.GTIN != "" && !gtinHolds(item.GTIN) {
			c.say(fmt.Sprintf("The check digit of %q is wrong; one digit was mistyped.", item.GTIN), "items", i, "gtin")
		}
		c.breaks(i, item)
		c.substitutes(i, item)
		for j, s := range item.Stability {
			if s.FromCelsius >= s.ToCelsius {
				c.say("from_celsius must be less than to_celsius.", "items", i, "stability", j)
			}
		}
		c.levels(i, item)
		c.refills(i, item)
		c.packs(i, item)
	}
}

// substitutes checks that they are other items, each once.
func (c *checker) substitutes(i int, item Item) {
	seen := set{item.ID: true}
	for j, id := range item.Substitutes {
		c.known(c.itemIDs, "item", id, "items", i, "substitutes", j)
		if seen[id] {
			c.say("A substitute is another item, and stands once.", "items", i, "substitutes", j)
		}
		seen[id] = true
	}
}

// breaks checks that a larger order is never the dearer one by the pack.
func (c *checker) breaks(i int, item Item) {
	packs, price := int64(1), item.PriceMinor
	for j, b := range item.PriceBreaks {
		if b.Packs <= packs {
			c.say("Price breaks stand in order, each from more packs than the one before.", "items", i, "price_breaks", j, "packs")
		}
		if b.PriceMinor >= price {
			c.say("A break's price of a pack is less than that of fewer packs.", "items", i, "price_breaks", j, "price_minor")
		}
		packs, price = b.Packs, b.PriceMinor
	}
}

// channels checks that an order can be put through, and to nobody else.
func (c *checker) channels() {
	for i, s := range c.doc.Suppliers {
		if s.Channel == nil {
			continue
		}
		to, err := url.Parse(s.Channel.URL)
		switch {
		case err != nil || to.Host == "":
			c.say("This is no address.", "suppliers", i, "channel", "url")
		case to.Scheme == "sftp" && s.Channel.HostKey == "":
			c.say("An SFTP server is known by its key: give host_key as ssh-keygen -l prints it.", "suppliers", i, "channel", "host_key")
		case to.Scheme != "sftp" && s.Channel.Answers != "":
			c.say("Answers are fetched from an SFTP server; by HTTPS the supplier delivers them.", "suppliers", i, "channel", "answers")
		case to.Scheme == "sftp" && to.User.Username() == "":
			c.say("Name the account: sftp://account@host/folder.", "suppliers", i, "channel", "url")
		}
		if err == nil && hasPassword(to) {
			c.say("Passwords are not kept here: start Wardwatch with --supplier-secret.", "suppliers", i, "channel", "url")
		}
	}
}

func hasPassword(to *url.URL) bool {
	_, spoken := to.User.Password()
	return spoken
}

func (c *checker) levels(i int, item Item) {
	seen := make(set)
	for j, level := range item.Levels {
		c.known(c.placeIDs, "place", level.Place, "items", i, "levels", j, "place")
		if seen[level.Place] {
			c.say(fmt.Sprintf("Place %q has a level for this item already.", level.Place), "items", i, "levels", j, "place")
		}
		seen[level.Place] = true
		if level.Maximum <= level.Minimum && level.Maximum > 0 {
			c.say("The maximum must be more than the minimum, or every review would order again.", "items", i, "levels", j, "maximum")
		}
	}
}

func (c *checker) places() {
	for i, p := range c.doc.Places {
		c.knownRoom(p.Room, "places", i, "room")
		c.known(c.fridgeIDs, "fridge", p.Fridge, "places", i, "fridge")
		c.known(c.units, "unit", string(p.Unit), "places", i, "unit")
		c.known(c.gatewayIDs, "gateway", string(p.Reader), "places", i, "reader")
	}
	unique(c, "places", "reader", c.doc.Places, func(p Place) string { return string(p.Reader) })
}

func (c *checker) stock() {
	type batch struct{ item, lot string }
	expiries := make(map[batch]Date)
	seen := make(map[Lot]bool)
	for i, lot := range c.doc.Stock {
		c.known(c.itemIDs, "item", lot.Item, "stock", i, "item")
		c.known(c.placeIDs, "place", lot.Place, "stock", i, "place")
		key := Lot{Item: lot.Item, Place: lot.Place, Lot: lot.Lot}
		if seen[key] {
			c.say(fmt.Sprintf("Lot %q of this item stands at this place already.", lot.Lot), "stock", i)
		}
		seen[key] = true
		b := batch{lot.Item, lot.Lot}
		if expiry, met := expiries[b]; met && expiry != lot.Expiry {
			c.say(fmt.Sprintf("Lot %q of this item has another expiry, %q, further up.", lot.Lot, expiry), "stock", i, "expiry")
		}
		expiries[b] = lot.Expiry
	}
}

func (c *checker) people() {
	for i, p := range c.doc.People {
		c.known(c.units, "unit", string(p.Unit), "people", i, "unit")
	}
}

// fullGTIN is the number as 14 digits, the form in which two of them compare.
func fullGTIN(gtin string) string {
	if gtin == "" {
		return ""
	}
	return strings.Repeat("0", max(0, 14-len(gtin))) + gtin
}

// gtinHolds checks the check digit: GS1 General Specifications §7.9.1.
func gtinHolds(gtin string) bool {
	sum := 0
	for i, digit := range fullGTIN(gtin) {
		if digit < '0' || digit > '9' {
			return false
		}
		weight := 1
		if i%2 == 0 {
			weight = 3
		}
		sum += weight * int(digit-'0')
	}
	return sum%10 == 0
}

func (c *checker) fences() {
	assets := make(set, len(c.doc.Assets))
	for _, a := range c.doc.Assets {
		assets[a.ID] = true
	}
	unique(c, "fences", "id", c.doc.Fences, func(f Fence) string { return f.ID })
	for i, f := range c.doc.Fences {
		if len(f.Floors)+len(f.Units)+len(f.Rooms)+len(f.RoomKinds) == 0 {
			c.say("It names no floor, unit, room or kind of room.", "fences", i)
		}
		for j, id := range f.Assets {
			c.known(assets, "asset", id, "fences", i, "assets", j)
		}
		for j, id := range f.Floors {
			if _, ok := c.floors[id]; !ok {
				c.say(fmt.Sprintf("There is no floor %q in the document.", id), "fences", i, "floors", j)
			}
		}
		for j, id := range f.Units {
			c.known(c.units, "unit", string(id), "fences", i, "units", j)
		}
		for j, id := range f.Rooms {
			c.knownRoom(id, "fences", i, "rooms", j)
		}
	}
}
