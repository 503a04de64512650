package gateway

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/ingest/lorawan"
)

// What follows are sensors that speak for themselves, or through a server of their
// own, rather than through a gateway that hears them: no sightings, only readings.

// chirpStack reads ChirpStack v4's "up" events; status events carry nothing that is
// recorded. Only the device's bytes are used.
func (r *reader) chirpStack(documents [][]byte) error {
	for _, document := range documents {
		record, err := r.next()
		if err != nil {
			return err
		}
		v := pick(document, "deviceInfo", "data", "fPort", "fCnt", "time")
		if v[1] == nil {
			continue // a status, a join, an acknowledgement
		}
		d := pick(v[0], "devEui", "deviceProfileName", "deviceName")
		r.uplink(record, uplink{eui: d[0], hint: hintOf(d[1], d[2]), port: v[2], counter: v[3], at: v[4], payload: v[1]})
	}
	return nil
}

// theThings reads The Things Stack v3's uplinks; empty and zero members are omitted.
func (r *reader) theThings(documents [][]byte) error {
	for _, document := range documents {
		record, err := r.next()
		if err != nil {
			return err
		}
		ids := pick(member(document, "end_device_ids"), "dev_eui", "device_id")
		message := member(document, "uplink_message")
		if fault := notAnObject(message); fault != "" && !isNull(message) {
			r.refuse(record, "%s", fault)
			continue
		}
		v := pick(message, "frm_payload", "f_port", "f_cnt", "received_at")
		if v[0] == nil {
			continue
		}
		r.uplink(record, uplink{eui: ids[0], hint: hintOf(ids[1]), port: v[1], counter: v[2], at: v[3], payload: v[0]})
	}
	return nil
}

func hintOf(names ...[]byte) string {
	var hint []string
	for _, raw := range names {
		name, _ := text(raw)
		hint = append(hint, name)
	}
	return strings.Join(hint, " ")
}

// uplink is a LoRaWAN message as both network servers tell of it.
type uplink struct {
	eui, port, counter, at, payload []byte
	hint                            string
}

func (r *reader) uplink(record int, u uplink) {
	eui, _ := text(u.eui)
	eui = strings.ToLower(eui)
	port, _ := number(u.port)
	at, timed := instant(u.at)
	encoded, _ := text(u.payload)
	payload, err := base64.StdEncoding.DecodeString(encoded)
	switch {
	case len(eui) != 16:
		r.refuse(record, "the device's EUI is no 16 hex digits")
		return
	case err != nil:
		r.refuse(record, "the payload is no base64")
		return
	case !timed:
		r.refuse(record, "the time is none: RFC 3339 or a count since 1970")
		return
	}
	said, err := lorawan.Decode(int(port), u.hint, payload)
	if err != nil {
		r.refuse(record, "%s: %s", eui, err)
	}
	counter := NoCounter
	if n, ok := number(u.counter); ok {
		counter = int(n)
	}
	if isLive := func(v lorawan.Value) bool { return v.At.IsZero() }; said.DoorOpen != nil && !slices.ContainsFunc(said.Values, isLive) {
		r.sign(coldchain.Sign{Sensor: eui, Kind: coldchain.SignDoor, On: *said.DoorOpen, At: at})
	}
	if said.BatteryPct != nil {
		r.sign(coldchain.Sign{Sensor: eui, Kind: coldchain.SignBattery, On: *said.BatteryPct <= lowBattery, At: at})
	}
	for _, v := range said.Values {
		r.uplinkValue(Origin{Record: record, Counter: counter}, eui, at, said, v)
	}
}

func (r *reader) uplinkValue(origin Origin, eui string, at time.Time, said lorawan.Uplink, v lorawan.Value) {
	door := v.DoorOpen
	if v.At.IsZero() {
		door = said.DoorOpen
	} else {
		at, origin.Counter = v.At, NoCounter // a stored record goes by its own time
	}
	if v.Channel == lorawan.Probe {
		r.sign(coldchain.Sign{Sensor: eui, Kind: coldchain.SignProbeOut, On: v.Fault, At: at})
	}
	if v.Fault {
		r.refuse(origin.Record, "sensor %s reports no valid temperature: it is at fault", eui)
		return
	}
	if sentence := implausible(v.Celsius); sentence != "" {
		r.refuse(origin.Record, "%s: %s", eui, sentence)
		return
	}
	r.measure(origin, coldchain.Reading{Sensor: eui, Channel: v.Channel, Temp: coldchain.FromCelsius(v.Celsius),
		HumidityPct: v.HumidityPct, BatteryPct: said.BatteryPct, DoorOpen: door, MeasuredAt: at})
}

// Values of a DS18B20 that are no temperature: just switched on, and not connected.
const (
	ds18b20PowerOn      = 85
	ds18b20Disconnected = -127
)

// tasmota reads Tasmota's tele/DEVICE/SENSOR and stat/DEVICE/STATUS8. A probe is known
// by its own Id, because its index moves when another is plugged in; a Bluetooth
// sensor by the end of its address; others by the device's topic. Its clock is local
// and without a zone, so the time of receipt stands in.
func (r *reader) tasmota(documents [][]byte) error {
	for _, document := range documents {
		if status := member(document, "StatusSNS"); status != nil {
			document = status
		}
		if kindOf(document) != '{' {
			return ErrWrongShape
		}
		unit, _ := text(member(document, "TempUnit"))
		var failed error
		members(document, func(name, value []byte) {
			if kindOf(value) != '{' || failed != nil {
				return
			}
			record, err := r.next()
			if err != nil {
				failed = err
				return
			}
			r.tasmotaSensor(record, string(name), unit == "F", value)
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

// tasmotaWill reads the device's last will.
func (b *Batch) tasmotaWill(topic string, body []byte) bool {
	if !strings.HasSuffix(topic, "/LWT") {
		return false
	}
	b.Status = Offline
	if string(bytes.TrimSpace(body)) == "Online" {
		b.Status = Online
	}
	return true
}

func (r *reader) tasmotaSensor(record int, name string, fahrenheit bool, row []byte) {
	v := pick(row, "Temperature", "Id", "Humidity", "Battery")
	if v[0] == nil {
		return // a switch, an energy meter
	}
	celsius, ok := number(v[0])
	if fahrenheit {
		celsius = (celsius - 32) / 1.8
	}
	sensor := r.tasmotaName(name, v[1])
	switch {
	case !ok:
		r.refuse(record, "Temperature of %s is no number", sensor)
		return
	case strings.HasPrefix(name, "DS18B20") && (celsius == ds18b20PowerOn || celsius == ds18b20Disconnected):
		r.refuse(record, "sensor %s reports no valid temperature: it is at fault", sensor)
		r.probeOut(sensor, true)
		return
	}
	r.probeOut(sensor, false)
	r.plainReading(record, sensor, celsius, time.Time{}, v[2], v[3], nil)
}

// probeOut notes whether a device has its probe.
func (r *reader) probeOut(sensor string, out bool) {
	if id := Identity(sensor); id != "" {
		r.sign(coldchain.Sign{Sensor: id, Kind: coldchain.SignProbeOut, On: out})
	}
}

func (r *reader) tasmotaName(name string, id []byte) string {
	if own, ok := text(id); ok && own != "" {
		return strings.ToLower(own)
	}
	if model, suffix, ok := strings.Cut(name, "-"); ok && model != "" && len(suffix) == 6 {
		return strings.ToLower(suffix)
	}
	if r.Gateway != "" {
		return string(r.Gateway) + "/" + name
	}
	return name
}

// plainReading adds a reading of which a server has decoded everything.
func (r *reader) plainReading(record int, sensor string, celsius float64, at time.Time, humidity, charge, door []byte) {
	if Identity(sensor) == "" {
		r.refuse(record, "the record names no sensor")
		return
	}
	if sentence := implausible(celsius); sentence != "" {
		r.refuse(record, "%.60s: %s", sensor, sentence)
		return
	}
	reading := coldchain.Reading{Sensor: Identity(sensor), Channel: coldchain.Probe, Temp: coldchain.FromCelsius(celsius), MeasuredAt: at, HumidityPct: percentOf(humidity)}
	if pct := battery(number(charge)); pct != tracking.NoBattery {
		reading.BatteryPct = &pct
	}
	if shut, ok := boolean(door); ok {
		open := !shut
		reading.DoorOpen = &open
	}
	r.measure(Origin{Record: record, Counter: NoCounter}, reading)
}

// zigbee reads Zigbee2MQTT: zigbee2mqtt/NAME, a flat object without a time. Contact is
// true where a door is closed.
func (r *reader) zigbee(documents [][]byte) error {
	parts := strings.Split(r.message.Topic, "/")
	if len(parts) != 2 {
		return nil // availability and the bridge's word on itself
	}
	for _, document := range documents {
		record, err := r.next()
		if err != nil {
			return err
		}
		v := pick(document, "temperature", "humidity", "battery", "contact", "battery_low")
		sensor := Identity(parts[1])
		if low, ok := boolean(v[4]); ok && sensor != "" {
			r.sign(coldchain.Sign{Sensor: sensor, Kind: coldchain.SignBattery, On: low})
		}
		if v[0] == nil || isNull(v[0]) {
			if shut, ok := boolean(v[3]); ok && sensor != "" { // a door and no thermometer
				r.sign(coldchain.Sign{Sensor: sensor, Kind: coldchain.SignDoor, On: !shut})
			}
			continue
		}
		celsius, ok := number(v[0])
		if !ok {
			r.refuse(record, "temperature of %s is no number", parts[1])
			continue
		}
		r.plainReading(record, parts[1], celsius, time.Time{}, v[1], v[2], v[3])
	}
	return nil
}

// shellyHT reads a Shelly Plus H&T that reports on waking: DEVICE/events/rpc. Its
// battery counts as empty while it is on the mains.
func (r *reader) shellyHT(documents [][]byte) error {
	for _, document := range documents {
		record, err := r.next()
		if err != nil {
			return err
		}
		params := member(document, "params")
		if fault := notAnObject(params); fault != "" && !isNull(params) {
			r.refuse(record, "%s", fault)
			continue
		}
		v := pick(params, "ts", "temperature:0", "humidity:0", "devicepower:0", "sys")
		if v[1] == nil {
			continue
		}
		celsius, ok := number(member(v[1], "tC"))
		at, timed := instant(v[0])
		if !ok || !timed {
			r.refuse(record, "tC is no number, or ts no time")
			continue
		}
		sensor, _ := text(member(v[4], "mac"))
		if sensor == "" {
			source, _ := text(member(document, "src"))
			sensor = source[strings.LastIndexByte(source, '-')+1:]
		}
		charge := member(member(v[3], "battery"), "percent")
		r.plainReading(record, sensor, celsius, at, member(v[2], "rh"), charge, nil)
	}
	return nil
}
