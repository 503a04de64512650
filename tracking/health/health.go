// Package health says how the devices that tell of equipment do: gateways that
// have fallen silent, tags that are not heard, batteries that run empty. It finds
// the one cause of many silences, raises its alarm, and lists what to mend, the
// nearest first.
//
// The path of data: the tracker's and the ingest's notes → Devices → Troubles
// (pure: devices and time in, what is wrong out; a dead gateway is one trouble,
// the tags that only it heard are none) → Keeper compares it with the alarms that
// go on and raises or returns the difference in one transaction.
package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// When a device needs somebody.
const (
	// OfflineAfter is how long a gateway may be silent before the alarm rings. Pages
	// call it silent sooner (tracking.QuietGateway).
	OfflineAfter = 5 * time.Minute
	// SilentAfter is how long a tag may be silent while its gateways hear others.
	SilentAfter = 24 * time.Hour
	// LowBatteryPct raises the alarm of a battery, FullBatteryPct ends it.
	LowBatteryPct  = tracking.LowBatteryPct
	FullBatteryPct = 20
	// MaxSingles is how many tags ring one by one; more are one alarm.
	MaxSingles = 2
	// leastGateways is how many gateways make a common cause.
	leastGateways = 2
)

// The kinds of alarm, as people read them.
const (
	KindGateway   notify.Kind = "gateway offline"
	KindGateways  notify.Kind = "gateways offline" // of a floor or the whole house
	KindTag       notify.Kind = "tag silent"
	KindTags      notify.Kind = "tags silent" // many
	KindBattery   notify.Kind = "tag battery"
	KindBatteries notify.Kind = "tag batteries" // many
)

// Kinds are all kinds of alarm that this package raises and returns.
func Kinds() []notify.Kind {
	return []notify.Kind{KindGateway, KindGateways, KindTag, KindTags, KindBattery, KindBatteries}
}

// Gateway is what is known of one gateway's life.
type Gateway struct {
	hospital.Gateway
	Floor hospital.FloorID
	// LastHeard is zero for one that never spoke: it is not installed yet.
	LastHeard time.Time
	// Offset is how far its clock is off.
	Offset time.Duration
	// Tags is how many assets it heard last.
	Tags int
	// Told is true where another alarm tells of its silence already.
	Told bool
}

// Tag is one asset's tag as far as it may need somebody.
type Tag struct {
	Asset      tracking.AssetID
	Name       string
	Kind       string
	Place      tracking.Place
	Silence    tracking.Silence
	HasBattery bool
}

// Devices is all that the rules look at.
type Devices struct {
	Directory *hospital.Directory
	Gateways  []Gateway
	Tags      []Tag
	// Began is when this server began to listen: before that nobody was heard.
	Began time.Time
}

// Ongoing says whether an alarm of a kind and subject goes on: what rings keeps
// ringing until it is well again, not until it is a little better.
type Ongoing func(kind notify.Kind, subject string) bool

// Troubles are what is wrong at a time, each cause once. A whole floor without a
// gateway is one trouble, and a house without any is one.
func Troubles(d Devices, ongoing Ongoing, at time.Time) []notify.Trouble {
	troubles := gatewayTroubles(d, ongoing, at)
	return append(troubles, tagTroubles(d, ongoing, at)...)
}

// dead says whether a gateway has been silent for too long. While the server is
// young, only one that rang before is: the others had no time yet to speak.
func (g Gateway) dead(began time.Time, ongoing bool, at time.Time) bool {
	if g.LastHeard.IsZero() || at.Sub(g.LastHeard) <= OfflineAfter {
		return false
	}
	return ongoing || at.Sub(began) > OfflineAfter
}

func gatewayTroubles(d Devices, ongoing Ongoing, at time.Time) []notify.Trouble {
	byFloor := map[hospital.FloorID]*census{}
	house := &census{}
	var floors []hospital.FloorID
	for _, g := range d.Gateways {
		if g.LastHeard.IsZero() {
			continue
		}
		if byFloor[g.Floor] == nil {
			byFloor[g.Floor] = &census{}
			floors = append(floors, g.Floor)
		}
		rang := ongoing(KindGateway, "gateway/"+string(g.ID)) || ongoing(KindGateways, "floor/"+string(g.Floor)) || ongoing(KindGateways, wholeHouse)
		for _, c := range []*census{byFloor[g.Floor], house} {
			c.note(g, g.dead(d.Began, rang, at))
		}
	}
	if house.common() && len(floors) > 1 {
		return []notify.Trouble{house.trouble(wholeHouse, "All gateways", "the broker, the network or the server's own connection")}
	}
	var troubles []notify.Trouble
	slices.Sort(floors)
	for _, id := range floors {
		c := byFloor[id]
		if floor, known := d.Directory.Floor(id); known && c.common() {
			troubles = append(troubles, c.trouble("floor/"+string(id), "Gateways of "+floor.Name, "the floor's switch or power"))
			continue
		}
		for _, g := range c.dead {
			if !g.Told {
				troubles = append(troubles, g.trouble(d.Directory))
			}
		}
	}
	return troubles
}

// wholeHouse is the subject of an alarm about every gateway.
const wholeHouse = "devices/gateways"

// census counts the gateways of a floor or of the house.
type census struct {
	all, tags int
	dead      []Gateway
}

func (c *census) note(g Gateway, dead bool) {
	c.all++
	if dead {
		c.dead = append(c.dead, g)
		c.tags += g.Tags
	}
}

// common says whether all are dead, and so many that it is one cause.
func (c *census) common() bool { return len(c.dead) == c.all && c.all >= leastGateways }

func (c *census) trouble(subject, name, lookAt string) notify.Trouble {
	return notify.Trouble{Kind: KindGateways, Subject: subject, Name: name, Severity: notify.Serious,
		Text: fmt.Sprintf("all %d are silent at once; look at %s first; %s heard there last", c.all, lookAt, pieces(c.tags))}
}

func (g Gateway) trouble(d *hospital.Directory) notify.Trouble {
	where := ""
	if room, ok := d.Room(g.Room); ok {
		where = " in " + room.Name
	}
	return notify.Trouble{Kind: KindGateway, Subject: "gateway/" + string(g.ID), Name: g.Gateway.Name, Severity: notify.Warning,
		Text: fmt.Sprintf("silent for more than %d minutes%s; look at its power and its network; %s heard by it last",
			int(OfflineAfter.Minutes()), where, pieces(g.Tags))}
}

func pieces(n int) string {
	switch n {
	case 0:
		return "no equipment was"
	case 1:
		return "1 piece of equipment was"
	}
	return fmt.Sprintf("%d pieces of equipment were", n)
}

// tagTroubles are the tags that are themselves at fault. One that fell silent with
// its gateway is not.
func tagTroubles(d Devices, ongoing Ongoing, at time.Time) []notify.Trouble {
	var silent, empty []Tag
	for _, t := range d.Tags {
		switch {
		case t.flat(ongoing):
			empty = append(empty, t)
		case t.Silence == tracking.TagSilent && at.Sub(t.Place.SeenAt) > SilentAfter:
			silent = append(silent, t)
		}
	}
	troubles := each(d.Directory, silent, ongoing, KindTag, KindTags, notify.Warning, "silent for more than a day while gateways near it hear other tags")
	return append(troubles, each(d.Directory, empty, ongoing, KindBattery, KindBatteries, notify.Informative, "replace the battery")...)
}

// flat says whether the battery needs replacing.
func (t Tag) flat(ongoing Ongoing) bool {
	if t.Silence == tracking.FlatBattery {
		return true
	}
	if !t.HasBattery || t.Silence == tracking.GatewayOffline {
		return false
	}
	limit := LowBatteryPct
	if ongoing(KindBattery, t.subject()) {
		limit = FullBatteryPct - 1
	}
	return t.Place.BatteryPct <= limit
}

func (t Tag) subject() string { return "asset/" + string(t.Asset) }

// allTags is the subject of an alarm about many tags.
const allTags = "devices/tags"

// each makes one trouble of each tag, or one of them all, which may be graver, when they are many.
func each(d *hospital.Directory, tags []Tag, ongoing Ongoing, one, many notify.Kind, grave notify.Severity, text string) []notify.Trouble {
	singles := MaxSingles
	if ongoing(many, allTags) {
		singles = MaxSingles / 2 // it does not change back and forth at the limit
	}
	if len(tags) > singles {
		return []notify.Trouble{{Kind: many, Subject: allTags, Name: "Tags", Severity: grave,
			Text: fmt.Sprintf("%d tags: %s; the worklist names them", len(tags), strings.Replace(text, "the battery", "their batteries", 1))}}
	}
	var troubles []notify.Trouble
	for _, t := range tags {
		troubles = append(troubles, notify.Trouble{Kind: one, Subject: t.subject(), Name: t.Name, Severity: notify.Informative, Text: t.said(d, text)})
	}
	return troubles
}

func (t Tag) said(d *hospital.Directory, text string) string {
	var said []string
	if t.HasBattery {
		said = append(said, fmt.Sprintf("battery %d %%", t.Place.BatteryPct))
	}
	said = append(said, text)
	if room, ok := d.Room(t.Place.Room); ok {
		said = append(said, "last in "+room.Name)
	}
	return strings.Join(said, "; ")
}
