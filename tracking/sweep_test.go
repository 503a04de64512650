package tracking_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// bay is a house of one room and one gateway, with two pumps.
type bay struct {
	t       *testing.T
	at      time.Time
	told    []string
	kept    db.Equipment
	tracker *tracking.Tracker
}

func openBay(t *testing.T) *bay {
	t.Helper()
	b := &bay{t: t, at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return b.at }
	base := dbtest.Open(t, db.Options{Now: now, Announce: func(topics []string) { b.told = append(b.told, topics...) }})
	doc := document.Document{Format: document.Format, Site: document.Site{ID: "s", Name: "S", Zone: "UTC"},
		Buildings: []document.Building{{ID: "b", Name: "B"}}, Floors: []document.Floor{{ID: "f", Building: "b", Name: "F", WidthMetres: 30, HeightMetres: 10}},
		Rooms: []document.Room{{ID: "bay", Floor: "f", Name: "Bay", Kind: hospital.Corridor}}, // a room that says nothing of its pumps
		Gateways: []document.Gateway{{ID: "g", Name: "g", Make: "minew", Room: "bay"},
			{ID: "cabinet", Name: "cabinet", Make: "impinj", Room: "bay", Reads: hospital.ReadsCabinet}},
		Assets: []document.Asset{{ID: "P-1", Kind: "pump", Name: "Pump", Tags: []document.Tag{{ID: "c30000000001"}}},
			{ID: "P-2", Kind: "pump", Name: "Pump", Tags: []document.Tag{{ID: "c30000000002"}}},
			{ID: "S-1", Kind: "scope", Name: "Scope", Tags: []document.Tag{{ID: "epc:3034257BF7194E4000000001"}}},
			{ID: "S-2", Kind: "scope", Name: "Scope", Tags: []document.Tag{{ID: "epc:3034257BF7194E4000000002"}}}}}
	if _, err := (db.Hospital{DB: base}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: base}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.kept = db.Equipment{DB: base}
	b.tracker, err = tracking.NewTracker(t.Context(), hospital.NewRegister(directory), b.kept, tracking.TrackerOptions{Now: now, Shards: 2})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// takesStock is a cabinet's reader reading the labels that stand in it.
func (b *bay) takesStock(labels ...string) {
	b.t.Helper()
	for _, label := range labels {
		read := tracking.Sighting{Tag: label, Gateway: "cabinet", ReceivedAt: b.at, BatteryPct: tracking.NoBattery}
		if err := b.tracker.Sight(b.t.Context(), []tracking.Sighting{read}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bay) work() {
	b.t.Helper()
	ended, stop := context.WithCancel(b.t.Context())
	stop()
	if err := b.tracker.Run(ended); err != nil {
		b.t.Fatal(err)
	}
}

// heard hands over one sighting of each tag.
func (b *bay) heard(tags ...string) {
	b.t.Helper()
	var heard []tracking.Sighting
	for _, tag := range tags {
		heard = append(heard, tracking.Sighting{Tag: tag, Gateway: "g", RSSIdBm: -55, HasRSSI: true, ReceivedAt: b.at, BatteryPct: tracking.NoBattery})
	}
	if err := b.tracker.Sight(b.t.Context(), heard); err != nil {
		b.t.Fatal(err)
	}
}

// hear lets five seconds pass in which the gateway hears the tags, and the tracker work.
func (b *bay) hear(tags ...string) {
	b.t.Helper()
	for range 5 {
		b.at = b.at.Add(time.Second)
		b.heard(tags...)
	}
	b.work()
}

func (b *bay) last(id tracking.AssetID) (tracking.Moment, tracking.Asset) {
	b.t.Helper()
	moments, err := b.kept.Timeline(b.t.Context(), id, b.at.Add(time.Hour), 1)
	if err != nil || len(moments) != 1 {
		b.t.Fatalf("%+v, %v", moments, err)
	}
	asset, err := b.kept.Asset(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return moments[0], asset
}

// The gateway hears the other pump all the time, so it is this pump's tag that is silent.
func TestSilentTagDepartsAndItsPlaceIsKept(t *testing.T) {
	b := openBay(t)
	b.hear("c30000000001", "c30000000002")
	last := b.at
	b.tracker.SweepAt(t.Context(), b.at)
	b.at = last.Add(tracking.LostFor)
	b.heard("c30000000002")
	b.tracker.SweepAt(t.Context(), b.at.Add(-time.Millisecond))
	if moment, _ := b.last("P-1"); moment.Kind != tracking.Arrival {
		t.Fatalf("given up before %s of silence: %+v", tracking.LostFor, moment)
	}
	b.tracker.SweepAt(t.Context(), b.at)
	moment, pump := b.last("P-1")
	if moment.Kind != tracking.Departure || moment.From != "bay" || moment.Why != string(tracking.TagSilent) {
		t.Errorf("%+v", moment)
	}
	if p := pump.Place; p.Room != "bay" || !p.SeenAt.Equal(last) || !p.GoneAt.Equal(b.at) {
		t.Errorf("last seen in the bay at %s, given up at %s: %+v", last, b.at, p)
	}
	b.hear("c30000000001")
	if moment, pump := b.last("P-1"); moment.Kind != tracking.Arrival || !pump.Place.GoneAt.IsZero() {
		t.Errorf("heard again it has come back: %+v", moment)
	}
}

func TestDeadGatewayIsToldOnceAndItsPumpIsNotCalledMissing(t *testing.T) {
	b := openBay(t)
	b.hear("c30000000001")
	b.tracker.SweepAt(t.Context(), b.at)
	b.told = nil
	b.tracker.SweepAt(t.Context(), b.at)
	if len(b.told) > 0 {
		t.Errorf("nothing changed, yet %v was told", b.told)
	}
	b.at = b.at.Add(tracking.QuietGateway + time.Second)
	b.tracker.SweepAt(t.Context(), b.at)
	if !slices.Contains(b.told, "floor/f") || !slices.Contains(b.told, "room/bay") {
		t.Errorf("the map should go blind: told %v", b.told)
	}
	b.told = nil
	b.tracker.SweepAt(t.Context(), b.at)
	if len(b.told) > 0 {
		t.Errorf("a dead gateway was told twice: %v", b.told)
	}
	b.at = b.at.Add(tracking.LostFor)
	b.tracker.SweepAt(t.Context(), b.at)
	moments, err := b.kept.Timeline(t.Context(), "P-1", b.at.Add(time.Hour), 1)
	if err != nil || len(moments) != 1 || moments[0].Kind != tracking.Departure || moments[0].Why != string(tracking.GatewayOffline) {
		t.Errorf("the pump's last moment should be a departure for the gateway's sake: %+v, %v", moments, err)
	}
	b.told = nil
	b.hear("c30000000001")
	b.tracker.SweepAt(t.Context(), b.at)
	if !slices.Contains(b.told, "floor/f") {
		t.Errorf("the map should see again: told %v", b.told)
	}
	asset, err := b.kept.Asset(t.Context(), "P-1")
	if err != nil || asset.Place.Room != "bay" || !asset.Place.GoneAt.IsZero() {
		t.Errorf("heard again, the pump is back: %+v, %v", asset.Place, err)
	}
}

const (
	scope1 = "epc:3034257BF7194E4000000001"
	scope2 = "epc:3034257BF7194E4000000002"
)

// A cabinet's reader takes stock again and again. What it no longer reads was taken
// out; while the reader itself is silent, nobody knows.
func TestWhatACabinetNoLongerReadsWasTakenOut(t *testing.T) {
	b := openBay(t)
	b.takesStock(scope1, scope2)
	b.work()
	if moment, scope := b.last("S-1"); moment.Kind != tracking.Arrival || scope.Place.Room != "bay" {
		t.Fatalf("%+v", moment)
	}
	begun := b.at
	b.at = begun.Add(tracking.OutFor - time.Second)
	b.takesStock(scope2)
	b.tracker.SweepAt(t.Context(), b.at)
	if moment, _ := b.last("S-1"); moment.Kind != tracking.Arrival {
		t.Fatalf("missed for less than %s: %+v", tracking.OutFor, moment)
	}
	b.at = begun.Add(tracking.OutFor)
	b.tracker.SweepAt(t.Context(), b.at)
	moment, scope := b.last("S-1")
	if moment.Kind != tracking.Departure || moment.Why != string(tracking.TakenOut) || scope.Place.Room != "bay" {
		t.Errorf("%+v of %+v", moment, scope.Place)
	}
	if got := tracking.SilenceOf(scope.Place, b.at, b.tracker.GatewayHeard); got != tracking.TakenOut {
		t.Errorf("its page says %q", got)
	}
	b.at = b.at.Add(time.Hour) // the reader fell silent as well
	b.tracker.SweepAt(t.Context(), b.at)
	if moment, _ := b.last("S-2"); moment.Kind != tracking.Arrival {
		t.Errorf("a silent reader says nothing of what stands in its cabinet: %+v", moment)
	}
	b.takesStock(scope1, scope2)
	b.work()
	if moment, scope := b.last("S-1"); moment.Kind != tracking.Arrival || !scope.Place.GoneAt.IsZero() {
		t.Errorf("put back: %+v", moment)
	}
}

// A pump that stands still and is heard every second is stored every twenty seconds; one
// that was heard once more and never again, too.
func TestWhatStandsStillIsNotStoredAtEverySweep(t *testing.T) {
	b := openBay(t)
	b.hear("c30000000001")
	_, pump := b.last("P-1")
	stored, times := pump.Place.SeenAt, 0
	for range 60 {
		b.at = b.at.Add(time.Second)
		if times < 2 {
			b.heard("c30000000001")
		}
		b.tracker.SweepAt(t.Context(), b.at)
		if _, pump := b.last("P-1"); !pump.Place.SeenAt.Equal(stored) {
			if since := pump.Place.SeenAt.Sub(stored); since < 20*time.Second && times < 2 || b.at.Sub(stored) > 41*time.Second {
				t.Errorf("stored %s after the last time, at %s", since, b.at)
			}
			stored, times = pump.Place.SeenAt, times+1
		}
	}
	if times != 2 {
		t.Errorf("stored %d times in a minute, of which it was heard for forty seconds", times)
	}
}
