package gateway

import (
	"slices"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/ingest/ble"
)

// heard is one advert as a BLE gateway tells of it, before it becomes a sighting
// and, where the device measures, a reading.
type heard struct {
	record  int
	mac     string // empty when the gateway does not say
	rssi    float64
	hasRSSI bool
	at      time.Time
	battery int // percent or tracking.NoBattery
	advert  ble.Advert
	// identities that the gateway decoded for itself
	also []string
}

// take turns an advert into what it means.
func (r *reader) take(h heard) {
	s := h.advert.Sensor
	if h.mac == "" {
		h.mac = h.advert.MAC
	}
	if h.battery == tracking.NoBattery {
		h.battery = battery(float64(s.BatteryPct.Value), s.BatteryPct.Known)
	}
	if h.hasRSSI {
		r.sightHeard(h)
	}
	if h.mac == "" {
		return
	}
	if s.Fault {
		r.refuse(h.record, "sensor %s reports no valid temperature: it is at fault", h.mac)
	}
	if s.Celsius.Known {
		r.measureHeard(h)
	}
}

func (r *reader) sightHeard(h heard) {
	sighting := tracking.Sighting{Tag: h.mac, RSSIdBm: h.rssi, HasRSSI: true, At: h.at,
		BatteryPct: h.battery, Moving: h.advert.Sensor.Moving(),
		Pressed: h.advert.Sensor.Button.Known && h.advert.Sensor.Button.Value}
	sighting.Movements, sighting.HasMovements = h.advert.Sensor.Movements()
	for _, names := range [2][]string{h.also, h.advert.Tags} {
		for _, name := range names {
			known(&sighting, name)
		}
	}
	if h.advert.MAC != "" {
		known(&sighting, h.advert.MAC)
	}
	r.sight(h.record, sighting)
}

// measureHeard makes the readings of an advert that carries a temperature.
func (r *reader) measureHeard(h heard) {
	s := h.advert.Sensor
	counter := NoCounter
	if s.Counter.Known {
		counter = s.Counter.Value
	}
	if s.At.After(firstPlausible) { // a stored measurement goes by its own time, and came in no order
		h.at, counter = s.At, NoCounter
	}
	humidity := r.humidityHeard(h)
	for i, c := range append([]float64{s.Celsius.Value}, s.MoreCelsius...) {
		if sentence := implausible(c); sentence != "" {
			r.refuse(h.record, "%s: %s", h.mac, sentence)
			continue
		}
		reading := coldchain.Reading{Sensor: h.mac, Channel: probeName(s.Channel(), i), Temp: coldchain.FromCelsius(c), MeasuredAt: h.at, HumidityPct: humidity}
		if h.battery != tracking.NoBattery {
			reading.BatteryPct = &h.battery
		}
		if s.DoorOpen.Known {
			reading.DoorOpen = &s.DoorOpen.Value
		}
		r.measure(Origin{Record: h.record, Counter: counter}, reading)
	}
}

// humidityHeard is the humidity of an advert; one that cannot be is set aside, and what
// else the device says is taken.
func (r *reader) humidityHeard(h heard) *float64 {
	pct := h.advert.Sensor.HumidityPct
	if !pct.Known {
		return nil
	}
	if !(pct.Value >= 0 && pct.Value <= 100) { // nor is NaN any
		r.refuse(h.record, "%s: impossible humidity, it is left out", h.mac)
		return nil
	}
	return &pct.Value
}

// probeName numbers a second and further probe of one device: probe, probe-2, probe-3.
func probeName(channel string, i int) string {
	if i == 0 {
		return channel
	}
	return channel + "-" + string(rune('1'+min(i, 8)))
}

// known adds an identity of the tag that was heard.
func known(s *tracking.Sighting, name string) {
	switch {
	case s.Tag == "":
		s.Tag = name
	case s.Tag != name && !slices.Contains(s.Also, name):
		s.Also = append(s.Also, name)
	}
}
