package tracking

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestSilentTagFlatBatteryAndOfflineGatewayAreThreeThings(t *testing.T) {
	seen := Place{Room: "bed1", SeenAt: noon, Gateway: "g1", BatteryPct: NoBattery}
	flat := seen
	flat.BatteryPct = LowBatteryPct
	for _, c := range []struct {
		name    string
		place   Place
		after   time.Duration
		gateway time.Time
		want    Silence
	}{
		{"a minute has not passed", seen, FreshFor - 1, noon, Fresh},
		{"a minute has passed", seen, FreshFor, noon, Ageing},
		{"not yet ten minutes", seen, LostFor - 1, noon, Ageing},
		{"its gateway hears others", seen, LostFor, noon.Add(LostFor), TagSilent},
		{"its gateway hears others, its battery was low", flat, LostFor, noon.Add(LostFor), FlatBattery},
		{"its gateway fell silent with it", seen, LostFor, noon.Add(time.Second), GatewayOffline},
		{"its gateway fell silent with it, its battery was low", flat, LostFor, noon, GatewayOffline},
		{"its gateway fell silent much later", seen, time.Hour, noon.Add(30 * time.Minute), TagSilent},
		{"a reader at a door saw it once", Place{Room: "bed1", SeenAt: noon, Gateway: "g1", BatteryPct: NoBattery, Why: "room read"}, time.Hour, noon.Add(time.Hour), Ageing},
		{"a person saw it once", Place{Room: "bed1", SeenAt: noon, BatteryPct: NoBattery, Why: "confirmed"}, time.Hour, noon, Ageing},
		{"nobody ever heard it", Place{BatteryPct: NoBattery}, time.Hour, noon, NeverHeard},
	} {
		got := SilenceOf(c.place, noon.Add(c.after), func(hospital.GatewayID) time.Time { return c.gateway })
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if got.Lost() != (got.Sentence() != "") {
			t.Errorf("%s: a lost asset needs a sentence, another none: %q", c.name, got.Sentence())
		}
	}
}

func TestCrossReadsAtAPortalDoNotMoveTheTag(t *testing.T) {
	const here, there = 1, 2
	var p portal
	if !p.admits(here, -50, 1000) {
		t.Fatal("the first read places the tag")
	}
	for i := range int64(10) { // both antennas read it in turn, equally loud
		p.admits(here, -50, 1100+i*100)
		if p.admits(there, -50, 1150+i*100) {
			t.Fatal("a cross-read of the neighbouring antenna moved the tag")
		}
	}
	if p.admits(there, -40, 2200) {
		t.Fatal("one louder read alone moved the tag")
	}
	if !p.admits(there, -40, 2300) {
		t.Fatal("two louder reads are a passage")
	}
	if !p.admits(here, -60, 2300+portalFreshMS+1) {
		t.Fatal("after a long silence the first read counts")
	}
	if p.admits(there, -30, 2000) {
		t.Fatal("a read from before moved the tag")
	}
}

func TestTagCarriedThroughAPortalWithoutSignalStrength(t *testing.T) {
	var p portal
	p.admits(1, 0, 1000)
	if p.admits(2, 0, 1500) || p.admits(2, 0, 2000) {
		t.Fatal("equal reads within 1.25 s are cross-reads")
	}
	if p.admits(2, 0, 2300) {
		t.Fatal("one read is not enough")
	}
	if !p.admits(2, 0, 2400) {
		t.Fatal("the second read after the first antenna fell silent is a passage")
	}
	if p.room != 2 {
		t.Fatalf("room %d", p.room)
	}
}

func TestDirectionThroughADoorwayIsTheOrderOfItsAntennas(t *testing.T) {
	const ward, hall = 1, 2
	reads := func(all ...heard) *passage {
		p := &passage{}
		for i := range all {
			all[i].readMS = all[i].atMS
			if begun := p.read(&all[i]); begun != (i == 0) {
				t.Fatalf("read %d of %+v begins a passage: %v", i, all, begun)
			}
		}
		return p
	}
	outward := []heard{{certain: ward, dbm: -50, atMS: 1000}, {certain: hall, dbm: -66, atMS: 1020}, {certain: ward, dbm: -48, atMS: 1200},
		{certain: hall, dbm: -55, atMS: 1400}, {certain: ward, dbm: -60, atMS: 1500}, {certain: hall, dbm: -49, atMS: 1700}}
	if got := reads(outward...).to(); got != hall {
		t.Errorf("carried out, with cross-reads: room %d", got)
	}
	inward := slices.Clone(outward)
	for i := range inward {
		inward[i].certain = ward + hall - inward[i].certain
	}
	if got := reads(inward...).to(); got != ward {
		t.Errorf("carried in: room %d", got)
	}
	if got := reads(heard{certain: ward, atMS: 1}, heard{certain: ward, atMS: 900}).to(); got != ward {
		t.Errorf("one side alone read it: room %d", got)
	}
	if got := reads(heard{certain: ward, atMS: 1}, heard{certain: hall, atMS: 20}, heard{certain: hall, atMS: 120}, heard{certain: ward, atMS: 140}).to(); got != locate.NoRoom {
		t.Errorf("both sides read it at once: room %d", got)
	}
	p := reads(outward...)
	if p.over(1700+passageGapMS-1) || !p.over(1700+passageGapMS) {
		t.Error("a passage is over when its antennas have been silent for a while")
	}
	p.read(&heard{certain: ward, atMS: 1000 + longestPassageMS})
	if !p.over(1000 + longestPassageMS) {
		t.Error("what stands in the doorway is asked again")
	}
}

// A reader that sends all reads of a passage in one message still tells their order by its own clock.
func TestDirectionIsByTheReadersClock(t *testing.T) {
	var p passage
	for _, h := range []heard{{certain: 2, readMS: 5_800, atMS: 9_000}, {certain: 1, readMS: 5_000, atMS: 9_000}, {certain: 2, readMS: 6_000, atMS: 9_000}} {
		p.read(&h)
	}
	if got := p.to(); got != 2 {
		t.Errorf("room %d", got)
	}
}

func TestFullQueueDropsTheOldest(t *testing.T) {
	q := newQueue(4)
	if dropped := q.put([]heard{{atMS: 1}, {atMS: 2}, {atMS: 3}, {atMS: 4}}); dropped != 0 || q.waiting() != 4 {
		t.Fatalf("a queue holds what it is made for: dropped %d", dropped)
	}
	if dropped := q.put([]heard{{atMS: 5}, {atMS: 6}}); dropped != 2 {
		t.Fatalf("dropped %d, want 2", dropped)
	}
	var at []int64
	for _, h := range q.take(nil, 3) {
		at = append(at, h.atMS)
	}
	for _, h := range q.take(nil, 3) {
		at = append(at, h.atMS)
	}
	if !slices.Equal(at, []int64{3, 4, 5, 6}) {
		t.Fatalf("took %v", at)
	}
}

// However often it grows and comes round, a queue gives out what a plain list would.
func TestAQueueGrowsAsItHasTo(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		limit := rapid.IntRange(1, 3*firstRing).Draw(r, "limit")
		q, n := newQueue(limit), int64(0)
		var list []int64
		for range rapid.IntRange(1, 12).Draw(r, "turns") {
			var more []heard
			for range rapid.IntRange(0, firstRing).Draw(r, "put") {
				n++
				more, list = append(more, heard{atMS: n}), append(list, n)
			}
			gone := max(len(list)-limit, 0)
			if dropped := q.put(more); dropped != gone {
				r.Fatalf("dropped %d, want %d", dropped, gone)
			}
			list = list[gone:]
			taken := q.take(nil, rapid.IntRange(0, firstRing).Draw(r, "take"))
			for _, h := range taken {
				if h.atMS != list[0] {
					r.Fatalf("took %d, want %d", h.atMS, list[0])
				}
				list = list[1:]
			}
			if q.waiting() != len(list) || len(q.ring) > max(limit, 1) {
				r.Fatalf("%d wait in a ring of %d, want %d", q.waiting(), len(q.ring), len(list))
			}
		}
	})
}

func TestStatusFollowsTheRoom(t *testing.T) {
	for kind, want := range map[hospital.RoomKind]Status{hospital.CleanUtility: Free, hospital.Storage: Free, hospital.PatientRoom: InUse,
		hospital.DirtyUtility: NeedsCleaning, hospital.Corridor: "", hospital.NurseStation: "", hospital.Lift: "", hospital.Workshop: ""} {
		if got, _ := StatusFromRoom(kind); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
}

// A house of two storeys: A and B beside a hall, C above it by the stairs, D in a hut nobody walks to.
func smallHouse() *hospital.Directory {
	at := func(x float64) []hospital.Point {
		return []hospital.Point{{X: x, Y: 0}, {X: x + 2, Y: 0}, {X: x + 2, Y: 2}, {X: x, Y: 2}}
	}
	return hospital.NewDirectory(hospital.Site{ID: "s"}, []hospital.Building{{ID: "b"}, {ID: "hut"}},
		[]hospital.Floor{{ID: "f0", Building: "b"}, {ID: "f1", Building: "b", Level: 1}, {ID: "h0", Building: "hut"}},
		[]hospital.Unit{{ID: "u"}},
		[]hospital.Room{
			{ID: "A", Floor: "f0", Unit: "u", Outline: at(0), Neighbours: []hospital.RoomID{"hall"}},
			{ID: "B", Floor: "f0", Unit: "u", Outline: at(20), Neighbours: []hospital.RoomID{"hall"}},
			{ID: "hall", Floor: "f0", Outline: at(10), Neighbours: []hospital.RoomID{"A", "B", "C"}},
			{ID: "C", Floor: "f1", Outline: at(10), Neighbours: []hospital.RoomID{"hall"}},
			{ID: "D", Floor: "h0", Outline: at(0)},
		}, nil)
}

func TestNearestIsTheNearestOnFoot(t *testing.T) {
	w := NewWalk(smallHouse(), "A")
	if got := w.Rooms(); !slices.Equal(got, []hospital.RoomID{"A", "hall", "B", "C", "D"}) {
		t.Errorf("order %v", got)
	}
	for room, want := range map[hospital.RoomID]string{"A": "in this room", "hall": "same floor, 10 m", "B": "same unit, 20 m",
		"C": "1 floor up, 30 m", "D": "another building", "nowhere": ""} {
		if got := w.Reason(room); got != want {
			t.Errorf("%s: %q, want %q", room, got, want)
		}
	}
	if _, known := w.Metres("D"); known {
		t.Error("nobody can walk to the hut")
	}
	nobody := NewWalk(smallHouse())
	if nobody.Reason("A") != "" || len(nobody.Rooms()) != 5 {
		t.Error("where nobody said where she stands there is no reason, but every room")
	}
}

func TestPlanKnowsDoorsFromBothSides(t *testing.T) {
	d := hospital.NewDirectory(hospital.Site{}, nil, []hospital.Floor{{ID: "f", Level: 2}}, nil,
		[]hospital.Room{{ID: "a", Floor: "f", Neighbours: []hospital.RoomID{"b", "ghost"}}, {ID: "b", Floor: "f"}},
		[]hospital.Gateway{{ID: "g", Room: "b"}, {ID: "lost"}})
	plan := PlanOf(d)
	if !slices.Equal(plan.Rooms[1].Doors, []int{0}) || plan.Rooms[0].Level != 2 {
		t.Errorf("rooms %+v", plan.Rooms)
	}
	if plan.Receivers[0].Room != 1 || plan.Receivers[1].Room != locate.NoRoom {
		t.Errorf("receivers %+v", plan.Receivers)
	}
}

func TestWordsOfASearch(t *testing.T) {
	if got := Words("Infusion PUMP, infusion (SN-77)"); !slices.Equal(got, []string{"infusion", "pump", "sn-77"}) {
		t.Errorf("%q", got)
	}
	if got := len(wordsOf("a b c d e f g h")); got != maxWords {
		t.Errorf("%d words are asked for, the bound is %d", got, maxWords)
	}
	for plural, want := range map[string]string{"pumps": "pump", "glass": "glass", "bus": "bus", "pump": "pump"} {
		if got := singular(plural); got != want {
			t.Errorf("%q became %q", plural, got)
		}
	}
}
