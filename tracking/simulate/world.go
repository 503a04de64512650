package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
)

// Intervals of the made-up devices.
const (
	movingEvery = 2 * time.Second  // adverts of a tag whose accelerometer stirs
	stillEvery  = 10 * time.Second // adverts of a tag at rest
	probeEvery  = 10 * time.Second // as often as gateways relay a probe
	labelEvery  = 2 * time.Second  // reads of a label in a portal's field
	portalReach = 4.5              // metres

	// recordEvery is the rhythm of the temperatures in the history, recentEvery
	// that of its last stretch.
	recordEvery = 10 * time.Minute
	recentEvery = time.Minute
	recent      = 2 * time.Hour

	// walksBefore is how long equipment has walked about when the story begins.
	walksBefore = 4 * 24 * time.Hour
)

// Story is what is bound to happen while somebody watches. The zero Story is a quiet day.
type Story struct {
	// Fridge is the one that fails; empty for none.
	Fridge string
	// Limit is the temperature in °C that its profile allows, Delay for how long it may be exceeded.
	Limit float64
	Delay time.Duration
	// RingAfter is when the alarm falls due, counted from the start: the warming
	// begins in the history, as early as the profile's delay demands.
	RingAfter time.Duration
	// RepairAfter is when the compressor runs again; 0 for never.
	RepairAfter time.Duration
	// CutAfter is when one gateway loses its power; 0 for never.
	CutAfter time.Duration
}

// faultLead is how long before the limit is passed the compressor stops.
const faultLead = 75 * time.Minute

// Options say which day of which hospital a World is.
type Options struct {
	Seed  uint64
	Start time.Time
	// History is how far back the record of temperatures goes.
	History time.Duration
	Story   Story
}

// World is a hospital in motion. It is not safe for concurrent use.
type World struct {
	drawing   *Drawing
	options   Options
	now       time.Time
	house     *building
	receivers []*receiver
	portals   []int // of receivers
	cabinets  []int
	infrared  []int
	nextStock time.Time
	walkers   []*walker
	chillers  []*chiller
	adverts   []beacon
	probes    []beacon
	strangers []stranger
	radio     *rand.Rand
	greeted   bool
	record    []Temperature
	stays     []stay
	doomed    hospital.GatewayID
	dead      []hospital.GatewayID
	skew      map[hospital.GatewayID]time.Duration
}

// beacon is the transmitting half of a tag or probe.
type beacon struct {
	next, nextRead time.Time
	count          uint32
	room           int // of a probe
}

// stranger is a tag that nobody has enrolled: it is heard and waits for adoption.
type stranger struct {
	mac  string
	room int
	next time.Time
}

// Temperature is one line of a probe's record before the story begins.
type Temperature struct {
	Sensor      string
	At          time.Time
	Celsius     float64
	HumidityPct float64
	BatteryPct  int
}

// Stay is an asset's arrival in a room where it then remained for a while.
type Stay struct {
	Asset string
	Room  hospital.RoomID
	At    time.Time
}

// NewWorld sets a drawing in motion. It lives through the history at once, so it
// takes a moment: a fifth of a second for thirty days of the middle size.
func NewWorld(d *Drawing, o Options) *World {
	w := &World{drawing: d, options: o, now: o.Start, house: newBuilding(d),
		radio: rand.New(rand.NewPCG(o.Seed, 0x7ad10)), skew: map[hospital.GatewayID]time.Duration{}}
	w.hangReceivers()
	w.liveUntilStart()
	w.coolUntilStart()
	w.addStrangers()
	return w
}

// Now is the instant that the world has reached.
func (w *World) Now() time.Time { return w.now }

// Record is the temperatures of the history, sensor by sensor, oldest first.
func (w *World) Record() []Temperature { return w.record }

// Stays lists where equipment went in the days before the start, oldest first, as
// far as gateways can have known: not since a tag fell silent, and of passive
// labels only where a portal read them.
func (w *World) Stays() []Stay {
	portal := map[hospital.RoomID]bool{}
	for _, p := range slices.Concat(w.portals, w.cabinets) {
		for _, room := range w.receivers[p].gateway.Antennas {
			portal[room] = true
		}
	}
	var stays []Stay
	for _, s := range w.stays {
		asset, room := w.drawing.Assets[s.asset], w.drawing.Rooms[s.room].ID
		if Silent(asset) && w.options.Start.Sub(s.at) < silentFor || asset.Format == Passive && !portal[room] {
			continue
		}
		stays = append(stays, Stay{Asset: asset.ID, Room: room, At: s.at})
	}
	return stays
}

// EarlierStays lists where equipment went from an instant until the time that
// Stays begins with, oldest first. Nothing else remembers it.
func (w *World) EarlierStays(from time.Time) []Stay {
	until := w.options.Start.Add(-walksBefore)
	var stays []Stay
	for i := range w.drawing.Assets {
		asset := &w.drawing.Assets[i]
		newWalker(asset, i, w.house, w.options.Seed+1, until, from).advance(until, func(room int, at time.Time) {
			stays = append(stays, Stay{Asset: asset.ID, Room: w.drawing.Rooms[room].ID, At: at})
		})
	}
	slices.SortStableFunc(stays, func(a, b Stay) int { return a.At.Compare(b.At) })
	return stays
}

// silentFor is how long the tags whose battery is flat have not been heard.
const silentFor = 3 * 24 * time.Hour

// Place is the truth about an asset that the gateways have to find out.
type Place struct {
	Room   hospital.RoomID
	Moving bool
}

// Truth says where an asset is now; false when there is no such asset.
func (w *World) Truth(asset string) (Place, bool) {
	for _, walker := range w.walkers {
		if walker.asset.ID == asset {
			room, _, moving := walker.where(w.now)
			return Place{Room: w.drawing.Rooms[room].ID, Moving: moving}, true
		}
	}
	return Place{}, false
}

// Silent says whether a tag's battery is flat: it has not been heard for days.
func Silent(a Asset) bool { return a.Format != Passive && a.Number%43 == 17 }

// Dead lists the gateways that have lost their power by now.
func (w *World) Dead() []hospital.GatewayID {
	if cut := w.options.Story.CutAfter; cut > 0 && w.now.Sub(w.options.Start) >= cut && !slices.Contains(w.dead, w.doomed) {
		w.dead = append(w.dead, w.doomed)
	}
	return w.dead
}

// CutGateway takes the power from a gateway that has it, and says from which;
// false when none of the kind that leaves a last will is left.
func (w *World) CutGateway() (hospital.Gateway, bool) {
	for _, r := range w.receivers {
		if r.gateway.Make == espresens && !slices.Contains(w.Dead(), r.gateway.ID) {
			w.dead = append(w.dead, r.gateway.ID)
			return r.gateway, true
		}
	}
	return hospital.Gateway{}, false
}

// failLeak is how fast heat leaks into a refrigerator that somebody makes fail: it
// passes its limit within a quarter of an hour.
const failLeak = 45 * time.Minute

// FailFridge stops the compressor of a refrigerator that works for half an hour,
// and says of which; false when all have failed.
func (w *World) FailFridge() (Fridge, bool) {
	since := w.now.Sub(w.options.Start)
	for _, c := range w.chillers {
		if c.fridge.Profile != "refrigerator" || slices.ContainsFunc(c.mishaps, func(m Mishap) bool { return m.To > since }) {
			continue
		}
		c.mishaps = append(c.mishaps, Mishap{c.fridge.ID, CompressorStopped, since, since + 30*time.Minute})
		c.faultLeak = failLeak
		return c.fridge, true
	}
	return Fridge{}, false
}

func (w *World) hangReceivers() {
	houses := map[hospital.FloorID]hospital.BuildingID{}
	for _, f := range w.drawing.Floors {
		houses[f.ID] = f.Building
	}
	for i, g := range w.drawing.Gateways {
		r := &receiver{gateway: g, room: w.house.index[g.Room], walls: make([]int8, len(w.house.rooms))}
		r.level, r.spot, r.house = w.house.levels[r.room], *g.Position, houses[w.house.rooms[r.room].Floor]
		for room := range r.walls {
			r.walls[room] = -1
		}
		w.receivers = append(w.receivers, r)
		switch g.Reads {
		case hospital.ReadsDoorway:
			w.portals = append(w.portals, i)
		case hospital.ReadsCabinet:
			w.cabinets = append(w.cabinets, i)
		case hospital.ReadsRoom:
			w.infrared = append(w.infrared, i)
		}
		if w.doomed == "" && g.Make == espresens && w.drawing.Rooms[r.room].Kind == hospital.PatientRoom && i > 3 {
			w.doomed = g.ID
		}
		// No clock is quite right; one has not been set for a long time.
		w.skew[g.ID] = time.Duration(i%7-3) * 180 * time.Millisecond
		if i == 8 {
			w.skew[g.ID] = -41 * time.Second
		}
	}
}

// liveUntilStart lets the equipment walk about for some days.
func (w *World) liveUntilStart() {
	from := w.options.Start.Add(-walksBefore)
	for i := range w.drawing.Assets {
		asset := &w.drawing.Assets[i]
		walker := newWalker(asset, i, w.house, w.options.Seed, w.options.Start, from)
		walker.advance(w.options.Start, func(room int, at time.Time) {
			w.stays = append(w.stays, stay{asset: i, room: room, at: at})
		})
		w.walkers = append(w.walkers, walker)
		w.adverts = append(w.adverts, beacon{next: w.options.Start.Add(time.Duration(i*37%100) * stillEvery / 100)})
	}
	slices.SortStableFunc(w.stays, func(a, b stay) int { return a.at.Compare(b.at) })
	w.hurry()
}

// oneOf is how many pieces there are for each that is always on its way.
const oneOf = 8

// hurry lets some pieces go from room to room without a rest: the first is the
// story's protagonist, and whoever opens a map sees something move within seconds.
func (w *World) hurry() {
	w.emptyCabinet()
	for i, walker := range w.walkers {
		if i%oneOf != 0 || walker.asset.Format == Passive || Silent(*walker.asset) {
			continue
		}
		walker.hurried = true
		if len(walker.legs) == 0 {
			walker.until = w.options.Start.Add(time.Duration(i%11) * time.Second)
		}
	}
}

// coolUntilStart runs every fridge through the history and keeps its record.
func (w *World) coolUntilStart() {
	start := w.options.Start.Truncate(grain)
	from := start.Add(-w.options.History)
	mishaps := w.Mishaps()
	for i, f := range w.drawing.Fridges {
		c := newChiller(f, i, w.options.Seed, start, from.Add(-2*time.Hour), mishaps)
		c.advance(from)
		for at := from; at.Before(start); at = c.now {
			w.record = append(w.record, w.recordOf(c))
			w.cool(c, at.Add(w.rhythm(c.fridge, start.Sub(at))))
		}
		w.chillers = append(w.chillers, c)
		w.probes = append(w.probes, beacon{next: start.Add(time.Duration(i) * probeEvery / 20), room: w.house.index[f.Room]})
	}
}

// rhythm is how soon the next line of a probe's record follows, some time before
// the start. Near its limit the story's fridge is recorded as often as it is heard,
// so that the alarm falls due when the story says.
func (w *World) rhythm(f Fridge, before time.Duration) time.Duration {
	switch {
	case f.ID == w.options.Story.Fridge && before <= w.options.Story.Delay+recentEvery:
		return grain
	case before <= recent:
		return recentEvery
	default:
		return recordEvery
	}
}

// cool advances a fridge, stopping where the story's fault begins to time it.
func (w *World) cool(c *chiller, to time.Time) {
	s := w.options.Story
	if c.fridge.ID == s.Fridge {
		crosses := c.start.Add(s.RingAfter - s.Delay)
		if begins := crosses.Add(-faultLead); c.now.Before(begins) && !to.Before(begins) {
			c.advance(begins)
			c.timeFault(s.Limit, crosses)
		}
	}
	c.advance(to)
}

// Mishaps are what went wrong in the last thirty days, and what is going wrong now.
func (w *World) Mishaps() []Mishap {
	day := 24 * time.Hour
	past := []Mishap{
		{"f-04", DoorAjar, -21*day + 3*time.Hour, -21*day + 4*time.Hour},
		{"f-09", CompressorStopped, -12*day - 9*time.Hour, -12*day - 2*time.Hour},
		{"f-11", Overcooled, -5*day + 5*time.Hour, -5*day + 10*time.Hour},
		{"f-05", CompressorStopped, -17*day + time.Hour, -17*day + 6*time.Hour},
	}
	s := w.options.Story
	if s.Fridge == "" {
		return past
	}
	past = slices.DeleteFunc(past, func(m Mishap) bool { return m.Fridge == s.Fridge })
	end := 365 * day
	if s.RepairAfter > 0 {
		end = s.RepairAfter
	}
	return append(past, Mishap{s.Fridge, CompressorStopped, s.RingAfter - s.Delay - faultLead, end})
}

func (w *World) recordOf(c *chiller) Temperature {
	return Temperature{Sensor: c.fridge.Sensor, At: c.now, Celsius: c.reads(), HumidityPct: humidity(c), BatteryPct: w.probeBattery(c)}
}

// humidity falls as the air warms on the same water.
func humidity(c *chiller) float64 { return max(12, min(88, 52-1.8*(c.probe-5))) }

func (w *World) probeBattery(c *chiller) int {
	days := c.now.Sub(w.options.Start).Hours() / 24
	return batteryAt(uint64(c.noise>>32)+101, days)
}

// batteryAt is a battery's level some days after the start; a few are nearly flat.
func batteryAt(n uint64, days float64) int {
	first := 40 + 58*(0.5+shade(n, 7)/8)
	if n%29 == 3 {
		first = 9
	}
	return int(math.Round(max(1, min(100, first-days/4))))
}

// addStrangers leaves three unknown tags lying about.
func (w *World) addStrangers() {
	for i := range 3 {
		w.strangers = append(w.strangers, stranger{mac: fmt.Sprintf("c2b3%08x", 0x31000000+i), room: (11 + 17*i) % len(w.house.rooms), next: w.now})
	}
}
