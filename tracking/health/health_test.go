package health

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func nobody(notify.Kind, string) bool { return false }

// twoFloors has three gateways on the ground floor and two on the first.
func twoFloors() Devices {
	floors := []hospital.Floor{{ID: "g", Name: "Ground floor"}, {ID: "1", Name: "First floor", Level: 1}}
	var rooms []hospital.Room
	d := Devices{Began: noon.Add(-time.Hour)}
	for i, floor := range []hospital.FloorID{"g", "g", "g", "1", "1"} {
		room := hospital.Room{ID: hospital.RoomID(fmt.Sprint("r", i)), Floor: floor, Name: fmt.Sprint("Room ", i)}
		rooms = append(rooms, room)
		d.Gateways = append(d.Gateways, Gateway{Gateway: hospital.Gateway{ID: hospital.GatewayID(fmt.Sprint("gw", i)), Name: fmt.Sprint("Gateway ", i), Room: room.ID},
			Floor: floor, LastHeard: noon.Add(-10 * time.Second), Tags: 40})
	}
	d.Directory = hospital.NewDirectory(hospital.Site{}, nil, floors, nil, rooms, nil)
	return d
}

func (d *Devices) silence(which ...int) {
	for _, i := range which {
		d.Gateways[i].LastHeard = noon.Add(-OfflineAfter - time.Second)
	}
}

func said(troubles []notify.Trouble) string {
	var lines []string
	for _, t := range troubles {
		lines = append(lines, fmt.Sprintf("%s %s %s", t.Severity, t.Kind, t.Subject))
	}
	return strings.Join(lines, "\n")
}

func TestADeadGatewayIsOneTroubleAndNotOneForEveryTag(t *testing.T) {
	d := twoFloors()
	seen := noon.Add(-25 * time.Hour)
	d.Gateways[1].LastHeard = seen.Add(time.Minute)
	for i := range 300 { // all of them fell silent with it
		place := tracking.Place{Room: "r1", Floor: "g", SeenAt: seen, Gateway: "gw1", BatteryPct: tracking.NoBattery}
		d.Tags = append(d.Tags, Tag{Asset: tracking.AssetID(fmt.Sprint("p", i)), Place: place, Silence: tracking.SilenceOf(place, noon, heardOf(d.Gateways))})
	}
	troubles := Troubles(d, nobody, noon)
	if got := said(troubles); got != "warning gateway offline gateway/gw1" {
		t.Fatalf("got\n%s", got)
	}
	if text := troubles[0].Text; !strings.Contains(text, "in Room 1") || !strings.Contains(text, "40 pieces of equipment were heard by it last") {
		t.Errorf("it says %q", text)
	}
}

func TestAFloorOrAHouseWithoutGatewaysIsOneCause(t *testing.T) {
	d := twoFloors()
	d.silence(3, 4)
	if got := said(Troubles(d, nobody, noon)); got != "serious gateways offline floor/1" {
		t.Errorf("a dead floor: %s", got)
	}
	d.silence(0)
	if got := said(Troubles(d, nobody, noon)); got != "serious gateways offline floor/1\nwarning gateway offline gateway/gw0" {
		t.Errorf("a dead floor and another gateway: %s", got)
	}
	d.silence(0, 1, 2)
	troubles := Troubles(d, nobody, noon)
	if got := said(troubles); got != "serious gateways offline devices/gateways" || !strings.Contains(troubles[0].Text, "all 5 are silent at once") {
		t.Errorf("a dead house: %s %s", got, troubles[0].Text)
	}
}

func TestWhoWasNeverHeardOrHadNoTimeYetIsNotBlamed(t *testing.T) {
	d := twoFloors()
	d.Gateways[0].LastHeard = time.Time{}
	d.silence(1)
	d.Began = noon.Add(-time.Minute) // the server started a minute ago
	if got := said(Troubles(d, nobody, noon)); got != "" {
		t.Errorf("blamed %s", got)
	}
	// What rang before the restart goes on ringing.
	rang := func(kind notify.Kind, subject string) bool { return kind == KindGateway && subject == "gateway/gw1" }
	if got := said(Troubles(d, rang, noon)); got != "warning gateway offline gateway/gw1" {
		t.Errorf("after a restart: %s", got)
	}
	d.Gateways[1].Told = true // by the cold chain, which names the fridges
	if got := said(Troubles(d, rang, noon)); got != "" {
		t.Errorf("told twice: %s", got)
	}
}

func tagOf(n int, silence tracking.Silence, battery int, seen time.Time) Tag {
	return Tag{Asset: tracking.AssetID(fmt.Sprintf("p-%d", n)), Name: fmt.Sprintf("Pump %d", n), Silence: silence, HasBattery: battery != tracking.NoBattery,
		Place: tracking.Place{Room: "r1", Floor: "g", SeenAt: seen, BatteryPct: battery}}
}

func TestTagsRingForThemselvesUntilTheyAreMany(t *testing.T) {
	d := twoFloors()
	d.Tags = []Tag{tagOf(1, tracking.TagSilent, tracking.NoBattery, noon.Add(-SilentAfter-time.Second)),
		tagOf(2, tracking.TagSilent, tracking.NoBattery, noon.Add(-SilentAfter)), // not yet long enough
		tagOf(3, tracking.FlatBattery, 4, noon.Add(-2*time.Hour)),
		tagOf(4, tracking.Fresh, LowBatteryPct, noon), tagOf(5, tracking.Fresh, LowBatteryPct+1, noon),
		tagOf(6, tracking.GatewayOffline, 3, noon.Add(-time.Hour))}
	want := "notice tag silent asset/p-1\nnotice tag battery asset/p-3\nnotice tag battery asset/p-4"
	if got := said(Troubles(d, nobody, noon)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// A battery that rings rings until it is charged or replaced, not until it is warm again.
	rang := func(kind notify.Kind, subject string) bool { return subject == "asset/p-5" }
	one := d
	one.Tags = d.Tags[4:5]
	if got := said(Troubles(one, rang, noon)); !strings.Contains(got, "asset/p-5") {
		t.Errorf("a battery at %d %% stopped ringing: %s", LowBatteryPct+1, got)
	}
	for n := range MaxSingles {
		d.Tags = append(d.Tags, tagOf(100+n, tracking.TagSilent, tracking.NoBattery, noon.Add(-48*time.Hour)))
	}
	if got := said(Troubles(d, nobody, noon)); !strings.HasPrefix(got, "warning tags silent devices/tags\n") || strings.Contains(got, "tag silent asset") {
		t.Errorf("many silent tags: %s", got)
	}
}

// TestNoCauseIsToldTwice: whatever is dead, no subject has two alarms of a kind,
// and no gateway is named beside the floor or house that explains it.
func TestNoCauseIsToldTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := twoFloors()
		for i := range d.Gateways {
			d.Gateways[i].LastHeard = noon.Add(-time.Duration(rapid.IntRange(0, 600).Draw(t, "age")) * time.Second)
		}
		explained, seen := map[string]bool{}, map[string]bool{}
		for _, trouble := range Troubles(d, nobody, noon) {
			at := string(trouble.Kind) + trouble.Subject
			if seen[at] {
				t.Fatalf("%s twice", at)
			}
			seen[at] = true
			for _, g := range d.Gateways {
				if trouble.Subject == "gateway/"+string(g.ID) || trouble.Subject == "floor/"+string(g.Floor) || trouble.Subject == wholeHouse {
					if explained[string(g.ID)] {
						t.Fatalf("%s has two causes", g.ID)
					}
					explained[string(g.ID)] = true
				}
			}
		}
		for _, g := range d.Gateways {
			if dead := noon.Sub(g.LastHeard) > OfflineAfter; dead != explained[string(g.ID)] {
				t.Fatalf("%s dead %v, told %v", g.ID, dead, explained[string(g.ID)])
			}
		}
	})
}

func TestTheWorklistBeginsNextDoor(t *testing.T) {
	d := twoFloors()
	d.silence(2)
	d.Gateways[3].LastHeard = time.Time{}
	d.Gateways[4].Offset = -2 * time.Minute
	d.Tags = []Tag{tagOf(1, tracking.FlatBattery, 4, noon.Add(-time.Hour)), tagOf(2, tracking.Fresh, 8, noon), tagOf(3, tracking.NeverHeard, -1, time.Time{}), tagOf(4, tracking.Fresh, 80, noon)}
	var rooms []hospital.Room
	for i := range 5 { // a row of rooms with a door to the next
		room, _ := d.Directory.Room(hospital.RoomID(fmt.Sprint("r", i)))
		for _, next := range []int{i - 1, i + 1} {
			if next >= 0 && next < 5 {
				room.Neighbours = append(room.Neighbours, hospital.RoomID(fmt.Sprint("r", next)))
			}
		}
		rooms = append(rooms, room)
	}
	d.Directory = hospital.NewDirectory(hospital.Site{}, nil, d.Directory.Floors, nil, rooms, nil)
	var lines []string
	for _, job := range Worklist(d, tracking.NewWalk(d.Directory, "r4"), noon) {
		lines = append(lines, job.What+" "+job.Subject)
	}
	want := "Gateway's clock wrong gateway/gw4\nGateway never heard gateway/gw3\nGateway silent gateway/gw2\nTag battery empty asset/p-1\nTag battery 8 % asset/p-2\nTag never heard asset/p-3"
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if first := Worklist(d, tracking.NewWalk(d.Directory), noon)[0]; first.Subject != "gateway/gw2" || first.Near != "" {
		t.Errorf("where nobody said where she stands, %+v comes first", first)
	}
}
