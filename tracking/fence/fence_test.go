package fence

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func house() *hospital.Directory {
	return hospital.NewDirectory(hospital.Site{}, nil, []hospital.Floor{{ID: "g"}, {ID: "1", Level: 1}}, []hospital.Unit{{ID: "icu"}},
		[]hospital.Room{{ID: "bed", Floor: "1", Unit: "icu", Kind: hospital.PatientRoom}, {ID: "hall", Floor: "1", Kind: hospital.Corridor},
			{ID: "door", Floor: "g", Kind: hospital.Exit}, {ID: "shop", Floor: "g", Kind: hospital.Workshop}}, nil)
}

func in(room hospital.RoomID) tracking.Place {
	return tracking.Place{Room: room, Confidence: 0.9, Why: "radio", SeenAt: noon}
}

func TestWhereAFenceIsBroken(t *testing.T) {
	stay := Fence{Rule: StayIn, Units: []hospital.UnitID{"icu"}, Rooms: []hospital.RoomID{"shop"}}
	exits := Fence{Rule: KeepOut, RoomKinds: []hospital.RoomKind{hospital.Exit}}
	doubtful := func(room, second hospital.RoomID) tracking.Place {
		p := in(room)
		p.Confidence, p.Second = 0.5, second
		return p
	}
	for name, c := range map[string]struct {
		fence Fence
		place tracking.Place
		want  bool
	}{
		"in its unit":                       {stay, in("bed"), false},
		"in a room that is named":           {stay, in("shop"), false},
		"in the hall":                       {stay, in("hall"), true},
		"nobody knows where":                {stay, tracking.Place{}, false},
		"a room that is gone":               {stay, in("torn-down"), false},
		"probably in the hall, or at home":  {stay, doubtful("hall", "bed"), false},
		"probably in the hall, or downtown": {stay, doubtful("hall", "door"), true},
		"at the exit":                       {exits, in("door"), true},
		"not at the exit":                   {exits, in("hall"), false},
		"switched off":                      {Fence{Rule: KeepOut, RoomKinds: exits.RoomKinds, Off: true}, in("door"), false},
	} {
		if got := c.fence.Broken(house(), c.place); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhomAFenceIsAbout(t *testing.T) {
	pump := tracking.Asset{ID: "p-1", Kind: "infusion pump"}
	for want, f := range map[bool]Fence{true: {}, false: {Kinds: []string{"wheelchair"}, Assets: []tracking.AssetID{"p-2"}}} {
		if f.About(pump) != want {
			t.Errorf("%+v is about it: %v", f, !want)
		}
	}
	if !(Fence{Kinds: []string{"infusion pump"}}).About(pump) || !(Fence{Assets: []tracking.AssetID{"p-1"}}).About(pump) {
		t.Error("neither the kind nor the piece is found")
	}
}

func TestAFenceRingsAfterItsWaitAndIsOverAfterItsGrace(t *testing.T) {
	f := Fence{After: 30 * time.Second, Grace: time.Minute}
	var s State
	for _, c := range []struct {
		second int
		broken bool
		want   Event
	}{
		{0, true, Nothing}, {29, true, Nothing}, {30, true, Rings}, {31, true, Nothing},
		{40, false, Nothing}, {60, true, Nothing}, // back for a moment only: it goes on
		{70, false, Nothing}, {129, false, Nothing}, {130, false, Over},
		{140, true, Nothing}, {150, false, Nothing}, // out for a moment only: it never rings
		{200, true, Nothing}, {230, true, Rings},
	} {
		var got Event
		if s, got = s.Step(f, c.broken, noon.Add(time.Duration(c.second)*time.Second)); got != c.want {
			t.Errorf("after %d s, broken %v: %v, want %v", c.second, c.broken, got, c.want)
		}
	}
}

// TestAlarmsComeInPairs: whatever an asset does, an alarm rings only after a
// breach of at least After, and is over only after at least Grace on the right
// side; the two alternate.
func TestAlarmsComeInPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Fence{After: time.Duration(rapid.IntRange(0, 60).Draw(t, "after")) * time.Second,
			Grace: time.Duration(rapid.IntRange(0, 60).Draw(t, "grace")) * time.Second}
		var s State
		at, since, last, ringing := noon, noon, false, false
		for i := range rapid.IntRange(1, 60).Draw(t, "looks") {
			at = at.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "wait")) * time.Second)
			broken := rapid.Bool().Draw(t, "broken")
			if i == 0 || broken != last {
				since, last = at, broken
			}
			var event Event
			switch s, event = s.Step(f, broken, at); {
			case event == Rings && (ringing || !broken || at.Sub(since) < f.After):
				t.Fatalf("rings after %v, ringing %v", at.Sub(since), ringing)
			case event == Over && (!ringing || broken || at.Sub(since) < f.Grace):
				t.Fatalf("over after %v, ringing %v", at.Sub(since), ringing)
			case event == Nothing && broken && !ringing && at.Sub(since) >= f.After, event == Nothing && !broken && ringing && at.Sub(since) >= f.Grace:
				t.Fatalf("nothing happens after %v", at.Sub(since))
			}
			if event != Nothing {
				ringing = event == Rings
			}
		}
	})
}

func TestWhatAFenceMayBe(t *testing.T) {
	good := Fence{ID: "pumps", Name: "Pumps stay", Rule: StayIn, Floors: []hospital.FloorID{"1"}, After: MaxAfter, Grace: MaxGrace}
	if err := good.Check(house()); err != nil {
		t.Fatal(err)
	}
	many := make([]hospital.RoomID, MaxNamed+1)
	for name, change := range map[string]func(*Fence){
		"id":        func(f *Fence) { f.ID = "-x" },
		"no name":   func(f *Fence) { f.Name = " " },
		"rule":      func(f *Fence) { f.Rule = "perhaps" },
		"no area":   func(f *Fence) { f.Floors = nil },
		"floor":     func(f *Fence) { f.Floors = []hospital.FloorID{"9"} },
		"unit":      func(f *Fence) { f.Units = []hospital.UnitID{"er"} },
		"room":      func(f *Fence) { f.Rooms = []hospital.RoomID{"attic"} },
		"room kind": func(f *Fence) { f.RoomKinds = []hospital.RoomKind{"attic"} },
		"too many":  func(f *Fence) { f.Rooms = many },
		"too long":  func(f *Fence) { f.After = MaxAfter + 1 },
		"grace":     func(f *Fence) { f.Grace = -1 },
	} {
		f := good
		change(&f)
		if err := f.Check(house()); !errors.Is(err, hospital.ErrInvalid) || hospital.Sentence(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for id, want := range map[string]bool{"a": true, "": false, "a b": false, "ä": false, ".a": false, fmt.Sprintf("%064d", 1): true, fmt.Sprintf("%065d", 1): false} {
		if ValidID(id) != want {
			t.Errorf("%q is valid: %v", id, !want)
		}
	}
}
