package simulate

import (
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Fridge is one refrigerator or freezer with its probe and its physics.
type Fridge struct {
	ID, Name, Profile, Model, Serial string
	Room                             hospital.RoomID
	Unit                             hospital.UnitID
	// Sensor is the probe's MAC, Format what it says on the air.
	Sensor string
	Format ProbeFormat
	body   body
}

// ProbeFormat is what a temperature probe says on the air.
type ProbeFormat string

// The formats of probes.
const (
	RuuviTag    ProbeFormat = "ruuvi-5"
	BTHomeProbe ProbeFormat = "bthome-2"
	MinewProbe  ProbeFormat = "minew-a101"
)

// body is the thermal half of a fridge: one heat store behind an insulated wall,
// a compressor with a thermostat, and a probe in a bottle of glycol that follows slowly.
type body struct {
	on, off float64 // °C: the compressor starts above on and stops below off
	leak    time.Duration
	pull    float64 // °C a minute that the running compressor would take without leak
	probe   time.Duration
	doors   float64 // openings an hour in the day
	gulp    float64 // °C that one opening lets in
}

// bodyOf gives the physics of a profile. A refrigerator cycles about once an hour
// between 3.4 and 5 °C at the probe, as measured ones do.
func bodyOf(profile string) body {
	switch profile {
	case "freezer":
		return body{on: -20, off: -23.5, leak: 9 * time.Hour, pull: 0.16, probe: 6 * time.Minute, doors: 0.7, gulp: 1.6}
	case "ultracold":
		return body{on: -76.5, off: -81, leak: 16 * time.Hour, pull: 0.27, probe: 5 * time.Minute, doors: 0.25, gulp: 2.2}
	default:
		return body{on: 5.2, off: 3.1, leak: 6 * time.Hour, pull: 0.125, probe: 9 * time.Minute, doors: 2.2, gulp: 0.9}
	}
}

// drawFridges places the fridges in the rooms that this size has.
func drawFridges(d *Drawing) []Fridge {
	listed := []struct{ name, room, profile, model string }{
		{"Vaccine fridge A", "-vaccine-room", "refrigerator", "Polar V400"},
		{"Vaccine fridge B", "-vaccine-room", "refrigerator", "Polar V400"},
		{"Pharmacy fridge", "-pharmacy-store", "refrigerator", "Polar V600"},
		{"Dispensary fridge", "-dispensary", "refrigerator", "Polar V200"},
		{"Pharmacy freezer", "-pharmacy-store", "freezer", "Polar F300"},
		{"Ultra-cold freezer", "-laboratory", "ultracold", "Arktis 80"},
		{"Reagent fridge", "-laboratory", "refrigerator", "Polar V400"},
		{"Plasma freezer", "-blood-bank", "freezer", "Polar F300"},
		{"Blood bank fridge", "-blood-bank", "refrigerator", "Polar B500"},
		{"ICU medicine fridge", "-icu-medicine-room", "refrigerator", "Polar V200"},
		{"Anaesthetic fridge", "-anaesthetic-store", "refrigerator", "Polar V200"},
		{"Ward medicine fridge", "-medicine-room", "refrigerator", "Polar V200"},
	}
	formats := []ProbeFormat{RuuviTag, RuuviTag, MinewProbe, BTHomeProbe}
	var fridges []Fridge
	for _, l := range listed {
		for _, room := range d.Rooms {
			if !strings.HasSuffix(string(room.ID), l.room) || (l.room == "-medicine-room" && room.Unit == "icu") {
				continue
			}
			n := len(fridges) + 1
			f := Fridge{ID: fmt.Sprintf("f-%02d", n), Name: l.name, Profile: l.profile, Model: l.model,
				Serial: fmt.Sprintf("PX%06d", 204417+911*n), Room: room.ID, Unit: room.Unit,
				Sensor: fmt.Sprintf("c2a9%08x", 0x77000000+n), Format: formats[n%len(formats)], body: bodyOf(l.profile)}
			if l.profile == "ultracold" {
				f.Format = BTHomeProbe // a RuuviTag's chip does not live at -80 °C; a wired probe does
			}
			if room.Floor != "1" && room.Floor != "2" && room.Floor != "g" {
				f.Name = room.Name + " fridge, " + string(room.Floor)
			}
			fridges = append(fridges, f)
		}
	}
	return fridges
}
