package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/db/dbtest"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

var (
	noon  = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	nurse = hospital.Person{ID: "p-1", Name: "N. Okafor", Roles: []hospital.Role{hospital.Nurse}}.Actor()
)

// ward is a small house with real storage: a utility room, a patient's room and
// a dirty utility on one floor, a store on the next.
type ward struct {
	t        *testing.T
	db       *db.DB
	at       time.Time
	topics   []string
	register *hospital.Register
	tracker  *tracking.Tracker
	equip    tracking.Equipment
}

func square(x, y float64) []hospital.Point {
	return []hospital.Point{{X: x, Y: y}, {X: x + 6, Y: y}, {X: x + 6, Y: y + 5}, {X: x, Y: y + 5}}
}

func wardDocument() document.Document {
	doc := document.Document{
		Format: document.Format, Site: document.Site{ID: "st-anne", Name: "St Anne", Zone: "Europe/Berlin"},
		Buildings: []document.Building{{ID: "main", Name: "Main"}},
		Floors: []document.Floor{{ID: "f0", Building: "main", Name: "Ground", Level: 0, WidthMetres: 40, HeightMetres: 20},
			{ID: "f1", Building: "main", Name: "First", Level: 1, WidthMetres: 40, HeightMetres: 20}},
		Units: []document.Unit{{ID: "4w", Name: "4 West"}, {ID: "store", Name: "Central store"}},
		Rooms: []document.Room{
			{ID: "clean", Floor: "f0", Unit: "4w", Name: "Clean utility", Kind: hospital.CleanUtility, Outline: square(0, 0), Neighbours: []hospital.RoomID{"hall"}},
			{ID: "bed1", Floor: "f0", Unit: "4w", Name: "Room 1", Kind: hospital.PatientRoom, Outline: square(14, 0), Neighbours: []hospital.RoomID{"hall"}},
			{ID: "dirty", Floor: "f0", Unit: "4w", Name: "Dirty utility", Kind: hospital.DirtyUtility, Outline: square(28, 0), Neighbours: []hospital.RoomID{"hall"}},
			{ID: "hall", Floor: "f0", Name: "Corridor", Kind: hospital.Corridor, Outline: square(14, 8), Neighbours: []hospital.RoomID{"clean", "bed1", "dirty", "depot"}},
			{ID: "depot", Floor: "f1", Unit: "store", Name: "Store B", Kind: hospital.Storage, Outline: square(0, 0), Neighbours: []hospital.RoomID{"hall"}},
		},
		Gateways: []document.Gateway{
			{ID: "g-clean", Name: "Clean", Make: "minew", Room: "clean", Position: &hospital.Point{X: 3, Y: 1}},
			{ID: "g-bed1", Name: "Bed 1", Make: "minew", Room: "bed1", Position: &hospital.Point{X: 17, Y: 1}},
			{ID: "g-dirty", Name: "Dirty", Make: "minew", Room: "dirty", Position: &hospital.Point{X: 31, Y: 1}},
			{ID: "r-door", Name: "Portal", Make: "impinj", Room: "hall", Antennas: map[int]hospital.RoomID{1: "dirty", 2: "bed1"}},
			{ID: "r-clean", Name: "Doorway", Make: "impinj", Room: "clean", Antennas: map[int]hospital.RoomID{1: "clean", 2: "hall"}, Reads: hospital.ReadsDoorway},
			{ID: "ir-bed1", Name: "Infrared", Make: "canonical", Room: "bed1", Reads: hospital.ReadsRoom},
			{ID: "cabinet", Name: "Cabinet", Make: "impinj", Room: "depot", Reads: hospital.ReadsCabinet},
		},
		Assets: []document.Asset{
			{ID: "P-001", Kind: "infusion pump", Name: "Infusion pump 1", Model: "Agilia", Serial: "SN-77", Unit: "4w",
				Tags: []document.Tag{{ID: "c300000000a1", Also: []string{"epc:3034257BF7194E4000000001"}}}},
			{ID: "P-002", Kind: "infusion pump", Name: "Infusion pump 2", Unit: "4w", Tags: []document.Tag{{ID: "c300000000a2"}}},
			{ID: "W-001", Kind: "wheelchair", Name: "Wheelchair 1", Tags: []document.Tag{{ID: "c300000000b1"}}},
			{ID: "X-001", Kind: "ladder", Name: "Ladder without a tag"},
		},
	}
	return doc
}

func openWard(t *testing.T) *ward {
	t.Helper()
	w := &ward{t: t, at: noon}
	w.db = dbtest.Open(t, db.Options{Now: func() time.Time { return w.at }, Announce: func(topics []string) { w.topics = append(w.topics, topics...) }})
	if _, err := (db.Hospital{DB: w.db}).Import(t.Context(), hospital.Job("test"), wardDocument(), true); err != nil {
		t.Fatal(err)
	}
	directory, err := db.Hospital{DB: w.db}.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.register = hospital.NewRegister(directory)
	w.restart()
	return w
}

// restart forgets everything that is not stored.
func (w *ward) restart() {
	w.t.Helper()
	var err error
	now := func() time.Time { return w.at }
	if w.tracker, err = tracking.NewTracker(w.t.Context(), w.register, db.Equipment{DB: w.db}, tracking.TrackerOptions{Now: now}); err != nil {
		w.t.Fatal(err)
	}
	w.equip = tracking.Equipment{Register: w.register, Store: db.Equipment{DB: w.db}, Tracker: w.tracker, Now: now}
}

// work lets the tracker take what it was handed, and stop: all of it is stored then.
func (w *ward) work() {
	w.t.Helper()
	ended, stop := context.WithCancel(w.t.Context())
	stop()
	if err := w.tracker.Run(ended); err != nil {
		w.t.Fatal(err)
	}
}

// hear lets the seconds pass in which gateways hear a tag so loudly.
func (w *ward) hear(seconds int, tag string, signals map[hospital.GatewayID]float64) {
	w.t.Helper()
	var all []tracking.Sighting
	for range seconds {
		w.at = w.at.Add(time.Second)
		for gateway, dbm := range signals {
			all = append(all, tracking.Sighting{Tag: tag, Gateway: gateway, RSSIdBm: dbm, HasRSSI: true, ReceivedAt: w.at, BatteryPct: tracking.NoBattery})
		}
	}
	if err := w.tracker.Sight(w.t.Context(), all); err != nil {
		w.t.Fatal(err)
	}
	w.work()
}

func (w *ward) asset(id tracking.AssetID) tracking.Asset {
	w.t.Helper()
	hit, err := w.equip.Asset(w.t.Context(), nurse, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return hit.Asset
}

func (w *ward) timeline(id tracking.AssetID) []string {
	w.t.Helper()
	moments, err := w.equip.Timeline(w.t.Context(), nurse, id, time.Time{})
	if err != nil {
		w.t.Fatal(err)
	}
	var told []string
	for _, m := range slices.Backward(moments) {
		told = append(told, strings.TrimSpace(fmt.Sprintf("%s %s>%s %s", m.Kind, m.From, m.To, m.Status)))
	}
	return told
}

var (
	nearClean = map[hospital.GatewayID]float64{"g-clean": -58, "g-bed1": -84}
	nearBed   = map[hospital.GatewayID]float64{"g-bed1": -58, "g-clean": -84, "g-dirty": -85}
	nearDirty = map[hospital.GatewayID]float64{"g-dirty": -57, "g-bed1": -84}
)

func TestPumpGoesFromCleanUtilityToBedAndOn(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearClean)
	if a := w.asset("P-001"); a.Place.Room != "clean" || a.Place.Floor != "f0" || a.Status != tracking.Free || a.Place.Gateway != "g-clean" {
		t.Fatalf("after ten seconds near the clean utility: %+v", a)
	}
	w.topics = nil
	w.hear(20, "c300000000a1", nearBed)
	if a := w.asset("P-001"); a.Place.Room != "bed1" || a.Status != tracking.InUse || a.StatusBy != "" {
		t.Fatalf("by the bed it should be in use on the room's word: %+v", a)
	}
	for _, topic := range []string{"asset/P-001", "room/clean", "room/bed1", "floor/f0"} {
		if !slices.Contains(w.topics, topic) {
			t.Errorf("topic %s was not announced: %v", topic, w.topics)
		}
	}
	w.hear(20, "c300000000a1", nearDirty)
	if a := w.asset("P-001"); a.Status != tracking.NeedsCleaning {
		t.Fatalf("in the dirty utility it needs cleaning: %+v", a)
	}
	want := []string{"arrival >clean", "move clean>bed1", "mark > in_use", "move bed1>dirty", "mark > needs_cleaning"}
	if got := w.timeline("P-001"); !slices.Equal(got, want) {
		t.Errorf("timeline %q, want %q", got, want)
	}
}

func TestLastPlaceSurvivesRestartAndAMonthOfSilence(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearBed)
	w.at = w.at.Add(30 * 24 * time.Hour)
	w.restart()
	w.work()
	hit, err := w.equip.Asset(t.Context(), nurse, "P-001")
	if err != nil {
		t.Fatal(err)
	}
	if hit.Asset.Place.Room != "bed1" || !hit.Silence.Lost() {
		t.Fatalf("a month later it should be last seen in bed1 and lost: %+v", hit)
	}
	before := len(w.timeline("P-001"))
	w.hear(5, "c300000000a1", nearBed)
	if got := w.timeline("P-001"); len(got) != before {
		t.Errorf("heard again in the same room is no move: %q", got)
	}
}

func TestPortalReadMovesAtOnce(t *testing.T) {
	w := openWard(t)
	w.hear(60, "c300000000a1", nearBed)
	read := tracking.Sighting{Tag: "epc:3034257BF7194E4000000001", Gateway: "r-door", Antenna: 1, RSSIdBm: -50, HasRSSI: true,
		ReceivedAt: w.at.Add(time.Second), BatteryPct: tracking.NoBattery}
	if err := w.tracker.Sight(t.Context(), []tracking.Sighting{read}); err != nil {
		t.Fatal(err)
	}
	w.work()
	if a := w.asset("P-001"); a.Place.Room != "dirty" || a.Place.Why != "room read" {
		t.Fatalf("one portal read puts it behind the door: %+v", a.Place)
	}
}

func TestPersonOverridesRoomAndBrokenStays(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearBed)
	if err := w.equip.Mark(t.Context(), nurse, "P-001", tracking.Broken, "alarm won't stop"); err != nil {
		t.Fatal(err)
	}
	w.hear(30, "c300000000a1", nearClean)
	if a := w.asset("P-001"); a.Place.Room != "clean" || a.Status != tracking.Broken || a.StatusBy != "N. Okafor" || a.StatusNote != "alarm won't stop" {
		t.Fatalf("a room never mends a broken pump: %+v", a)
	}
	auditor := hospital.Person{ID: "p-2", Name: "A. Auditor", Roles: []hospital.Role{hospital.Auditor}}.Actor()
	if err := w.equip.Mark(t.Context(), auditor, "P-001", tracking.Free, ""); !errors.Is(err, hospital.ErrForbidden) {
		t.Fatalf("an auditor marks nothing: %v", err)
	}
	if err := w.equip.Mark(t.Context(), nurse, "P-404", tracking.Free, ""); !errors.Is(err, hospital.ErrUnknown) {
		t.Fatalf("an asset that nobody has: %v", err)
	}
}

func TestNotHereIsKeptUntilItIsFound(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearBed)
	if err := w.equip.NotHere(t.Context(), nurse, "P-001", ""); err != nil {
		t.Fatal(err)
	}
	if p := w.asset("P-001").Place; p.Room != "bed1" || p.DoubtedBy != "N. Okafor" {
		t.Fatalf("the last place stays and says who looked: %+v", p)
	}
	w.hear(10, "c300000000a1", nearBed)
	if p := w.asset("P-001").Place; p.DoubtedBy == "" {
		t.Fatalf("radio saying the same again does not take the doubt away: %+v", p)
	}
	if err := w.equip.Here(t.Context(), nurse, "P-001", "depot"); err != nil {
		t.Fatal(err)
	}
	w.work()
	if p := w.asset("P-001").Place; p.Room != "depot" || p.Floor != "f1" || p.DoubtedBy != "" || p.Why != "confirmed" {
		t.Fatalf("found by a person: %+v", p)
	}
	want := []string{"arrival >bed1", "mark > in_use", "doubt bed1>", "move bed1>depot", "mark > free"}
	if got := w.timeline("P-001"); !slices.Equal(got, want) {
		t.Errorf("timeline %q, want %q", got, want)
	}
	w.hear(10, "c300000000a1", nearBed)
	if p := w.asset("P-001").Place; p.Room != "depot" {
		t.Fatalf("a person's word holds against radio for half a minute: %+v", p)
	}
}

func TestStrangersAreNotFollowed(t *testing.T) {
	w := openWard(t)
	w.hear(5, "aabbccddeeff", nearBed)
	if c := w.tracker.Counts(); c.Strange == 0 || c.Taken != 0 || w.tracker.Enrolled("aabbccddeeff") {
		t.Fatalf("a stranger's telephone is counted and forgotten: %+v", c)
	}
}

func TestNearestFreePumpComesFirstWithItsReason(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearBed)
	w.hear(10, "c300000000a2", nearClean)
	if err := w.equip.Here(t.Context(), nurse, "W-001", "depot"); err != nil {
		t.Fatal(err)
	}
	found, err := w.equip.Search(t.Context(), nurse, tracking.Query{Text: "pumps", Status: tracking.Free, Room: "hall"})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Hits) != 1 || found.Hits[0].Asset.ID != "P-002" || found.Hits[0].Reason != "same floor, 20 m" {
		t.Fatalf("the free pump in the clean utility, not the one in use: %+v", found)
	}
	found, err = w.equip.Search(t.Context(), nurse, tracking.Query{Text: "pump", Unit: "4w"})
	if err != nil || len(found.Hits) != 2 || !strings.HasPrefix(found.Hits[0].Reason, "same unit") {
		t.Fatalf("both pumps are in her unit: %+v, %v", found.Hits, err)
	}
	found, err = w.equip.Search(t.Context(), nurse, tracking.Query{Text: "pump", Room: "bed1"})
	if err != nil || len(found.Hits) != 2 || found.Hits[0].Asset.ID != "P-002" || found.Hits[1].Asset.ID != "P-001" {
		t.Fatalf("the free pump before the one in use beside her: %+v, %v", found.Hits, err)
	}
	found, err = w.equip.Search(t.Context(), nurse, tracking.Query{Text: "wheelchair", Room: "hall"})
	if err != nil || len(found.Hits) != 1 || found.Hits[0].Reason != "1 floor up, 20 m" {
		t.Fatalf("one floor up: %+v, %v", found.Hits, err)
	}
	for text, want := range map[string]tracking.AssetID{"sn-77": "P-001", "p-002": "P-002", "c300000000b1": "W-001", "agil": "P-001", "ladder": "X-001"} {
		found, err := w.equip.Search(t.Context(), nurse, tracking.Query{Text: text})
		if err != nil || len(found.Hits) != 1 || found.Hits[0].Asset.ID != want {
			t.Errorf("search for %q: %+v, %v", text, found.Hits, err)
		}
	}
}

// Of two free pumps in her unit the one whose room is sure comes first, though the other,
// which somebody did not find, was heard since: nobody likes to walk in vain.
func TestTheSurePumpComesBeforeTheDoubtedOne(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a2", nearClean)
	w.hear(20, "c300000000a1", nearClean)
	if err := w.equip.NotHere(t.Context(), nurse, "P-001", ""); err != nil {
		t.Fatal(err)
	}
	found, err := w.equip.Search(t.Context(), nurse, tracking.Query{Text: "pump", Unit: "4w", Status: tracking.Free})
	if err != nil || len(found.Hits) != 2 || found.Hits[0].Asset.ID != "P-002" {
		t.Fatalf("%+v, %v", found.Hits, err)
	}
}

func TestFloorCountsWhatIsThere(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearBed)
	w.hear(10, "c300000000a2", nearBed)
	floor, err := w.equip.Map(t.Context(), nurse, "f0")
	if err != nil || len(floor.ByRoom()["bed1"]) != 2 || len(floor.Pins) != 2 {
		t.Fatalf("two pumps in bed1: %+v, %v", floor.Pins, err)
	}
	house, err := w.equip.House(t.Context(), nurse)
	if err != nil || len(house) == 0 || house[0].Floor.ID != "f0" || house[0].Total != 2 || house[0].Free != 0 {
		t.Fatalf("two assets in use on the ground floor: %+v, %v", house, err)
	}
	if c := house[0].Clusters; len(c) != 1 || c[0].Unit != "4w" || c[0].Total != 2 {
		t.Fatalf("both are a cluster of their unit: %+v", c)
	}
	hits, err := w.equip.InRoom(t.Context(), nurse, "bed1")
	if err != nil || len(hits) != 2 {
		t.Fatalf("in the room: %+v, %v", hits, err)
	}
	kinds, err := w.equip.FreeByKind(t.Context(), nurse, "4w")
	if err != nil || len(kinds) != 1 || kinds[0] != (tracking.KindCount{Kind: "infusion pump", Free: 0, Total: 2}) {
		t.Fatalf("kinds in the unit: %+v, %v", kinds, err)
	}
	blind := w.equip.BlindRooms("f0")
	if _, dark := blind["bed1"]; dark {
		t.Error("bed1's gateway was heard a moment ago")
	}
	if _, dark := blind["hall"]; !dark {
		t.Error("the portal in the hall has never been heard: its room is blind")
	}
}

// A nurse who reads "1 free" finds it: a piece that no gateway has heard yet, and nobody has
// seen, is counted among all and not among the free.
func TestOnlyWhatIsSomewhereIsFree(t *testing.T) {
	w := openWard(t)
	w.hear(30, "c300000000a1", map[hospital.GatewayID]float64{"g-clean": -50})
	kinds, err := w.equip.FreeByKind(t.Context(), nurse, "")
	if err != nil || len(kinds) != 3 {
		t.Fatalf("%+v, %v", kinds, err)
	}
	for _, k := range kinds {
		want := tracking.KindCount{Kind: k.Kind, Total: 1}
		if k.Kind == "infusion pump" {
			want = tracking.KindCount{Kind: k.Kind, Free: 1, Total: 2}
		}
		if k != want {
			t.Errorf("one pump of two was heard, and nothing else: %+v", k)
		}
	}
}

func TestImportingEquipmentTwiceChangesNothing(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearBed)
	changes, err := db.Hospital{DB: w.db}.Import(t.Context(), hospital.Job("test"), wardDocument(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		if change.What != document.Same {
			t.Errorf("%+v", change)
		}
	}
	if a := w.asset("P-001"); a.Place.Room != "bed1" {
		t.Errorf("an import leaves places alone: %+v", a.Place)
	}
}

func TestMovementsRefuseToBeRewritten(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearBed)
	for _, q := range []string{`UPDATE asset_moments SET to_room = 'clean'`, `DELETE FROM asset_moments`} {
		err := w.db.InTx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), q)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", q, err)
		}
	}
}

func TestReloadTakesUpANewTagAndKeepsStates(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearBed)
	doc := wardDocument()
	doc.Assets = append([]document.Asset{{ID: "A-000", Kind: "bed", Name: "Bed", Tags: []document.Tag{{ID: "c300000000f1"}}}}, doc.Assets...)
	if _, err := (db.Hospital{DB: w.db}).Import(t.Context(), hospital.Job("test"), doc, true); err != nil {
		t.Fatal(err)
	}
	if err := w.tracker.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.hear(10, "c300000000f1", nearClean)
	w.hear(10, "c300000000a1", nearBed)
	if a, b := w.asset("A-000"), w.asset("P-001"); a.Place.Room != "clean" || b.Place.Room != "bed1" {
		t.Fatalf("after the reload: %+v and %+v", a.Place, b.Place)
	}
	if got := w.timeline("P-001"); len(got) != 2 {
		t.Errorf("the pump did not move: %q", got)
	}
}

func TestRoomIsTaughtAndTheLessonTakenBack(t *testing.T) {
	w := openWard(t)
	if err := w.equip.Teach(t.Context(), nurse, "P-001", "bed1"); !errors.Is(err, hospital.ErrForbidden) {
		t.Fatalf("a nurse teaches no room: %v", err)
	}
	for id, want := range map[tracking.AssetID]error{"X-001": hospital.ErrInvalid, "P-404": hospital.ErrInvalid} {
		if err := w.equip.Teach(t.Context(), engineer, id, "bed1"); !errors.Is(err, want) {
			t.Errorf("teaching with %s: %v", id, err)
		}
	}
	for room, signals := range map[hospital.RoomID]map[hospital.GatewayID]float64{"bed1": nearBed, "clean": nearClean} {
		if err := w.equip.Teach(t.Context(), engineer, "P-001", room); err != nil {
			t.Fatal(err)
		}
		w.hear(61, "c300000000a1", signals)
		if class, held := w.tracker.Class(room); !held || !class.Over || !class.Kept {
			t.Fatalf("after a minute in %s: %+v", room, class)
		}
	}
	lessons, trial, err := w.equip.Lessons(t.Context(), nurse, "bed1")
	if err != nil || len(lessons) != 1 || len(lessons[0].Steps) < 59 || lessons[0].By != "Eva" || lessons[0].Steps[3]["g-bed1"] != -58 {
		t.Fatalf("lessons %+v, %v", lessons, err)
	}
	if trial.Steps == 0 || trial.Accuracy() < 0.9 {
		t.Errorf("half a minute's lesson should tell the other half: %+v", trial)
	}
	w.restart()
	w.hear(20, "c300000000a2", nearBed)
	if p := w.asset("P-002").Place; p.Room != "bed1" || p.Confidence < 0.8 {
		t.Errorf("a taught room is told with more confidence: %+v", p)
	}
	if err := w.equip.Unteach(t.Context(), engineer, "clean", lessons[0].ID); !errors.Is(err, hospital.ErrUnknown) {
		t.Errorf("another room's lesson: %v", err)
	}
	if err := w.equip.Unteach(t.Context(), engineer, "bed1", lessons[0].ID); err != nil {
		t.Fatal(err)
	}
	if lessons, _, err := w.equip.Lessons(t.Context(), nurse, "bed1"); err != nil || len(lessons) != 0 {
		t.Errorf("after taking it back: %+v, %v", lessons, err)
	}
}

func TestTooLittleHeardIsNoLesson(t *testing.T) {
	w := openWard(t)
	if err := w.equip.Teach(t.Context(), engineer, "P-001", "bed1"); err != nil {
		t.Fatal(err)
	}
	w.hear(tracking.LeastTaught-1, "c300000000a1", nearBed)
	w.at = w.at.Add(tracking.TeachFor)
	w.work()
	if class, held := w.tracker.Class("bed1"); !held || !class.Over || class.Kept || class.Steps != tracking.LeastTaught-1 {
		t.Errorf("class %+v", class)
	}
}

// A doubt is one thing wherever it is asked for: in the shard's hands, in the
// database, after a reload and after a restart.
func TestADoubtIsTheSameAfterReloadAndRestart(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearBed)
	if err := w.equip.NotHere(t.Context(), nurse, "P-001", ""); err != nil {
		t.Fatal(err)
	}
	doubted := func(when string, want bool) {
		t.Helper()
		if p := w.asset("P-001").Place; p.Doubted() != want || p.DoubtedBy != "N. Okafor" || p.Room != "bed1" {
			t.Fatalf("%s the place should be doubted: %v; %+v", when, want, p)
		}
	}
	doubted("at once", true)
	w.work()
	if err := w.tracker.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.work()
	doubted("after a reload", true)
	w.restart()
	w.work()
	doubted("after a restart", true)
	w.hear(20, "c300000000a1", nearBed)
	doubted("once gateways say the same again", false)
	if err := w.tracker.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.work()
	w.restart()
	w.work()
	doubted("and after a restart still", false)
	w.hear(30, "c300000000a1", nearClean)
	if p := w.asset("P-001").Place; p.Room != "clean" || p.DoubtedBy != "" || p.Confidence == 0 {
		t.Fatalf("in another room nobody has looked: %+v", p)
	}
}

// A doubt that comes after the sighting which decided a move outlives that move's
// being stored.
func TestAMoveOfBeforeDoesNotEndADoubt(t *testing.T) {
	w := openWard(t)
	w.hear(10, "c300000000a1", nearBed)
	if err := w.equip.NotHere(t.Context(), nurse, "P-001", ""); err != nil {
		t.Fatal(err)
	}
	err := db.Equipment{DB: w.db}.InTx(t.Context(), func(tx tracking.Tx) error {
		return tx.EndDoubt(t.Context(), "P-001", w.at.Add(-time.Millisecond))
	})
	if err != nil {
		t.Fatal(err)
	}
	if p := w.asset("P-001").Place; p.DoubtedBy == "" {
		t.Errorf("%+v", p)
	}
}

func TestAgeAndConfidenceSurviveARestart(t *testing.T) {
	w := openWard(t)
	w.hear(20, "c300000000a1", nearBed)
	before, err := w.equip.Asset(t.Context(), nurse, "P-001")
	if err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(3 * time.Minute)
	w.restart()
	w.work()
	after, err := w.equip.Asset(t.Context(), nurse, "P-001")
	if err != nil {
		t.Fatal(err)
	}
	if p, q := before.Asset.Place, after.Asset.Place; q != p {
		t.Errorf("before %+v, after %+v", p, q)
	}
	if before.Silence != tracking.Fresh || after.Silence != tracking.Ageing || after.Asset.Place.Confidence < 0.5 {
		t.Errorf("three minutes on the place ages, as sure as before: %q, %q, %+v", before.Silence, after.Silence, after.Asset.Place)
	}
}

// A nurse sees a pump in the clean utility that gateways hold to be by the bed.
// Her word teaches: the next pump that is heard like this one is found there.
func TestItIsHereTeachesTheRoomAndCanBeTakenBack(t *testing.T) {
	w := openWard(t)
	betweenBoth := map[hospital.GatewayID]float64{"g-bed1": -66, "g-clean": -72, "g-dirty": -88}
	w.hear(20, "c300000000a1", betweenBoth)
	if p := w.asset("P-001").Place; p.Room != "bed1" {
		t.Fatalf("by loudness it is by the bed: %+v", p)
	}
	if err := w.equip.Here(t.Context(), nurse, "P-001", "clean"); err != nil {
		t.Fatal(err)
	}
	w.hear(int(tracking.ListenFor/time.Second)+1, "c300000000a1", betweenBoth)
	lessons, _, err := w.equip.Lessons(t.Context(), nurse, "clean")
	if err != nil || len(lessons) != 1 || lessons[0].Kind != tracking.FoundHere || lessons[0].Said != "bed1" || lessons[0].By != "N. Okafor" || len(lessons[0].Steps) < 15 {
		t.Fatalf("%+v, %v", lessons, err)
	}
	for range 3 { // others confirm it too
		if err := w.equip.Here(t.Context(), nurse, "P-001", "clean"); err != nil {
			t.Fatal(err)
		}
		w.hear(int(tracking.ListenFor/time.Second)+1, "c300000000a1", betweenBoth)
	}
	if err := w.tracker.Relearn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if trial := w.tracker.Trial("bed1"); trial.Denied != 1 || trial.Confirmed != 0 {
		t.Errorf("one answer that named the bed was wrong: %+v", trial)
	}
	w.hear(20, "c300000000a2", betweenBoth)
	if p := w.asset("P-002").Place; p.Room != "clean" {
		t.Errorf("the next pump that is heard so: %+v", p)
	}
	lessons, _, err = w.equip.Lessons(t.Context(), nurse, "clean")
	if err != nil || len(lessons) != 4 {
		t.Fatalf("%d lessons, %v", len(lessons), err)
	}
	if err := w.equip.Unteach(t.Context(), nurse, "clean", lessons[0].ID); !errors.Is(err, hospital.ErrForbidden) {
		t.Errorf("a nurse takes a lesson back: %v", err)
	}
	for _, lesson := range lessons {
		if err := w.equip.Unteach(t.Context(), engineer, "clean", lesson.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.hear(20, "c300000000b1", betweenBoth)
	if p := w.asset("W-001").Place; p.Room != "bed1" {
		t.Errorf("with the lessons taken back loudness decides again: %+v", p)
	}
	if trial := w.tracker.Trial("bed1"); trial.Denied != 0 {
		t.Errorf("the verdict went with its lesson: %+v", trial)
	}
}

func TestNotHereTeachesThatTheAnswerWasWrong(t *testing.T) {
	w := openWard(t)
	w.hear(20, "c300000000a1", nearBed)
	if err := w.equip.NotHere(t.Context(), nurse, "P-001", ""); err != nil {
		t.Fatal(err)
	}
	w.hear(int(tracking.ListenFor/time.Second)+1, "c300000000a1", nearBed)
	lessons, _, err := w.equip.Lessons(t.Context(), nurse, "bed1")
	if err != nil || len(lessons) != 1 || lessons[0].Kind != tracking.FoundAway || lessons[0].Said != "bed1" || len(lessons[0].Steps) < 15 {
		t.Fatalf("%+v, %v", lessons, err)
	}
	before := w.asset("P-001").Place.Confidence
	if err := w.tracker.Relearn(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.hear(20, "c300000000a2", nearBed)
	if p := w.asset("P-002").Place; p.Room != "bed1" || p.Confidence >= before {
		t.Errorf("the bed is still the likeliest, but believed less than %.2f: %+v", before, p)
	}
	w.restart()
	if trial := w.tracker.Trial("bed1"); trial.Denied != 1 {
		t.Errorf("after a restart: %+v", trial)
	}
}

// A word on a place that no gateway had answered says nothing of gateways, and
// where nothing is heard it teaches nothing.
func TestAWordOnAPersonsWordTeachesNothing(t *testing.T) {
	w := openWard(t)
	for range 2 {
		if err := w.equip.Here(t.Context(), nurse, "P-001", "clean"); err != nil {
			t.Fatal(err)
		}
		w.work()
		w.at = w.at.Add(tracking.ListenFor)
		w.work()
	}
	if lessons, _, err := w.equip.Lessons(t.Context(), nurse, "clean"); err != nil || len(lessons) != 0 {
		t.Errorf("%+v, %v", lessons, err)
	}
}
