package db_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/db"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// modelAsset is a piece of equipment as it must be.
type modelAsset struct {
	room    hospital.RoomID
	status  tracking.Status
	doubted bool
	moves   int // arrivals and movements of its timeline
	marks   int
	doubts  int
}

func modelAssets() map[tracking.AssetID]*modelAsset {
	return map[tracking.AssetID]*modelAsset{"P-001": {status: tracking.Free}, "P-002": {status: tracking.Free}, "W-001": {status: tracking.Free}}
}

// modelReads are the readers that say for certain where a tag is: an antenna that covers
// one room alone, an infrared one in its room, a cabinet.
var modelReads = []struct {
	asset   tracking.AssetID
	tag     string
	gateway hospital.GatewayID
	antenna int
	room    hospital.RoomID
}{
	{"P-001", "epc:3034257BF7194E4000000001", "r-door", 1, "dirty"}, {"P-001", "epc:3034257BF7194E4000000001", "r-door", 2, "bed1"},
	{"P-001", "c300000000a1", "ir-bed1", 0, "bed1"}, {"P-001", "epc:3034257BF7194E4000000001", "cabinet", 0, "depot"},
	{"P-002", "c300000000a2", "ir-bed1", 0, "bed1"}, {"W-001", "c300000000b1", "ir-bed1", 0, "bed1"},
}

func (m *machine) openEquipment(now func() time.Time) {
	var err error
	m.tracker, err = tracking.NewTracker(context.Background(), m.register, db.Equipment{DB: m.db}, tracking.TrackerOptions{Now: now, Shards: 2})
	m.must(nil, err)
	m.equip = tracking.Equipment{Register: m.register, Store: db.Equipment{DB: m.db}, Tracker: m.tracker, Now: now}
}

// sight hands a read over and lets the tracker store what comes of it.
func (m *machine) sight(tag string, gateway hospital.GatewayID, antenna int, at time.Time) {
	m.must(nil, m.tracker.Sight(context.Background(), []tracking.Sighting{{Tag: tag, Gateway: gateway, Antenna: antenna, RSSIdBm: -50, HasRSSI: true,
		At: at, ReceivedAt: at, BatteryPct: tracking.NoBattery}}))
	ended, stop := context.WithCancel(context.Background())
	stop()
	m.must(nil, m.tracker.Run(ended))
}

// comes puts an asset of the model into a room: the room's kind may give it a status.
func (m *machine) comes(a *modelAsset, room hospital.RoomID) {
	if a.doubted = false; a.room == room {
		return
	}
	a.room = room
	a.moves++
	kind, _ := m.register.Current().Room(room)
	if status, changes := a.status.Entering(kind.Kind); changes {
		a.status = status
		a.marks++
	}
}

// read is a reader that says for certain where a tag is, long enough after the last one
// that a single read counts.
func (m *machine) read(t *rapid.T) {
	r := rapid.SampledFrom(modelReads).Draw(t, "read")
	m.at = m.at.Add(10 * time.Second)
	m.sight(r.tag, r.gateway, r.antenna, m.at)
	m.comes(m.model.assets[r.asset], r.room)
}

// readLate is a read from before all that is known of an asset that has been seen: it
// changes nothing.
func (m *machine) readLate(t *rapid.T) {
	r := rapid.SampledFrom(modelReads).Draw(t, "read")
	if m.model.assets[r.asset].room == "" {
		return
	}
	m.sight(r.tag, r.gateway, r.antenna, modelStart.Add(-time.Hour))
}

// mark, here and notHere are people's words.
func (m *machine) mark(t *rapid.T) {
	id, a := m.anAsset(t)
	status := rapid.SampledFrom(tracking.Statuses()).Draw(t, "status")
	m.must(nil, m.equip.Mark(context.Background(), nurse, id, status, "checked"))
	a.status = status
	a.marks++
}

func (m *machine) here(t *rapid.T) {
	id, a := m.anAsset(t)
	room := rapid.SampledFrom([]hospital.RoomID{"clean", "bed1", "dirty", "hall", "depot"}).Draw(t, "room")
	m.at = m.at.Add(time.Second)
	m.must(nil, m.equip.Here(context.Background(), nurse, id, room))
	m.comes(a, room)
}

func (m *machine) notHere(t *rapid.T) {
	id, a := m.anAsset(t)
	m.at = m.at.Add(time.Second)
	err := m.equip.NotHere(context.Background(), nurse, id, "looked everywhere")
	if known := a.room != ""; known != (err == nil) {
		m.differ("%s is known to be somewhere: %v, not finding it answers %v", id, known, err)
	}
	if err == nil {
		a.doubted = true
		a.doubts++
	}
}

func (m *machine) anAsset(t *rapid.T) (tracking.AssetID, *modelAsset) {
	id := rapid.SampledFrom([]tracking.AssetID{"P-001", "P-002", "W-001"}).Draw(t, "asset")
	return id, m.model.assets[id]
}

// checkEquipment: each asset stands where it was last seen for certain, is what it was
// last said to be, and its timeline tells of each change once.
func (m *machine) checkEquipment(t *rapid.T) {
	for id, want := range m.model.assets {
		is, err := m.equip.Store.Asset(context.Background(), id)
		m.must(nil, err)
		if is.Place.Room != want.room || is.Status != want.status || is.Place.Doubted() != want.doubted {
			m.differ("%s is %s in %q, doubted %v; should be %+v", id, is.Status, is.Place.Room, is.Place.Doubted(), *want)
		}
		moments, err := m.equip.Store.Timeline(context.Background(), id, m.at.Add(time.Hour), 1<<20)
		m.must(nil, err)
		told := map[string]int{}
		for _, moment := range moments {
			told[moment.Kind]++
		}
		if told[tracking.Arrival]+told[tracking.Movement] != want.moves || told[tracking.Marked] != want.marks || told[tracking.Doubted] != want.doubts || told[tracking.Departure] != 0 {
			m.differ("the timeline of %s tells %v; should be %+v", id, told, *want)
		}
	}
}

// A person saw it, the server starts anew, and a reader tells of an hour before: found by
// the model test. The tracker stored the place without the time that she saw it, and the
// old read moved it back.
func TestWhatAPersonSawIsNotMovedBackByAnOldRead(t *testing.T) {
	w := openWard(t)
	if err := w.equip.Here(t.Context(), nurse, "P-002", "hall"); err != nil {
		t.Fatal(err)
	}
	w.work()
	if seen := w.asset("P-002").Place.SeenAt; !seen.Equal(w.at) {
		t.Errorf("seen at %v, want %v", seen, w.at)
	}
	w.restart()
	if err := w.tracker.Sight(t.Context(), []tracking.Sighting{{Tag: "c300000000a2", Gateway: "ir-bed1", RSSIdBm: -50, HasRSSI: true,
		ReceivedAt: w.at.Add(-time.Hour), BatteryPct: tracking.NoBattery}}); err != nil {
		t.Fatal(err)
	}
	w.work()
	if room := w.asset("P-002").Place.Room; room != "hall" {
		t.Errorf("an old read moved it to %s", room)
	}
}
