package gateway

import (
	"bytes"
	"strconv"
	"strings"

	"wardwatch/tracking"
	"wardwatch/tracking/ingest/rfid"
)

// openMQTT reads OpenMQTTGateway and Theengs: home/GATEWAY/BTtoMQTT/MAC, …/undecoded
// and home/GATEWAY/LWT (docs.openmqttgateway.com, theengs.github.io/gateway).
// Older firmware writes numbers as texts and leaves the id to the topic.
func (r *reader) openMQTT(documents [][]byte) error {
	for _, document := range documents {
		if err := r.each(document, r.rows(r.openMQTTDevice)); err != nil {
			return err
		}
	}
	return nil
}

// openMQTTWill reads the gateway's last will.
func (b *Batch) openMQTTWill(topic string, body []byte) bool {
	if !strings.HasSuffix(topic, "/LWT") {
		return false
	}
	b.Status = Offline
	if string(bytes.TrimSpace(body)) == "online" {
		b.Status = Online
	}
	return true
}

func (r *reader) openMQTTDevice(record int, row []byte) {
	v := pick(row, "id", "rssi", "presence", "tempc", "hum", "batt", "manufacturerdata", "servicedata", "servicedatauuid", "uuid", "major", "minor")
	if v[2] != nil {
		return // "absent": no sighting, and no reason to forget the place
	}
	h, ok := r.hear(record, nil, v[1], nil, nil)
	if !ok {
		return
	}
	id, _ := textBytes(v[0])
	if h.mac, ok = mac(id); !ok {
		h.mac, _ = mac(lastPart(r.message.Topic))
	}
	r.openMQTTAdvert(&h, v[6], v[7], v[8])
	r.said(&h, v[3], v[4])
	h.battery = battery(number(v[5]))
	if tag, ok := beaconID(v[9], v[10], v[11]); ok && len(h.advert.Tags) == 0 {
		h.also = []string{tag}
	}
	if h.mac == "" && len(h.also) == 0 && len(h.advert.Tags) == 0 {
		r.refuse(record, "neither id nor topic names the device")
		return
	}
	if !h.hasRSSI && !h.advert.Sensor.Celsius.Known {
		r.refuse(record, "neither a signal strength nor a temperature")
		return
	}
	r.take(h)
}

// openMQTTAdvert puts the pieces of an advert together again, so that the one decoder reads them.
func (r *reader) openMQTTAdvert(h *heard, manufacturer, service, uuid []byte) {
	var whole []byte
	if m, ok := textBytes(manufacturer); ok {
		whole = appendStructure(whole, "ff", m)
	}
	if s, ok := textBytes(service); ok {
		if u, ok := textBytes(uuid); ok {
			if u = bytes.TrimPrefix(u, []byte("0x")); len(u) == 4 {
				whole = appendStructure(whole, "16", append([]byte{u[2], u[3], u[0], u[1]}, s...))
			}
		}
	}
	if len(whole) > 0 {
		h.advert, _ = r.advert(whole)
	}
}

// appendStructure writes an AD structure in hex; one that can't be is left out.
func appendStructure(to []byte, kind string, data []byte) []byte {
	if size := 1 + len(data)/2; len(data)%2 == 0 && size <= 0xFF {
		to = append(to, hexByte(byte(size))...)
		to = append(to, kind...)
		to = append(to, data...)
	}
	return to
}

func hexByte(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[b>>4], digits[b&0x0F]})
}

// beaconID is an iBeacon that the gateway decoded: a UUID with or without dashes, major and minor.
func beaconID(uuid, major, minor []byte) (string, bool) {
	u, ok := text(uuid)
	major64, okMajor := number(major)
	minor64, okMinor := number(minor)
	u = strings.ReplaceAll(u, "-", "")
	if !ok || len(u) != 32 || !okMajor || !okMinor || major64 < 0 || major64 > 0xFFFF || minor64 < 0 || minor64 > 0xFFFF {
		return "", false
	}
	return Identity("ibeacon:" + u[:8] + "-" + u[8:12] + "-" + u[12:16] + "-" + u[16:20] + "-" + u[20:] +
		":" + strconv.Itoa(int(major64)) + ":" + strconv.Itoa(int(minor64))), true
}

// kontakt reads Kontakt.io's telemetry stream (developer.kontakt.io). 65535 stands for
// never, or longer ago than it can count.
func (r *reader) kontakt(documents [][]byte) error {
	for _, document := range documents {
		if err := r.each(document, r.rows(r.kontaktRow)); err != nil {
			return err
		}
	}
	return nil
}

// movedLately is how many seconds after its last movement a tag still counts as moving.
const movedLately = 10

func (r *reader) kontaktRow(record int, row []byte) {
	v := pick(row, "trackingId", "rssi", "timestamp", "sourceId", "batteryLevel", "temperature", "humidity", "timeSinceMovement", "movementCounter")
	h, ok := r.hear(record, v[0], v[1], v[2], nil)
	if !ok {
		return
	}
	if h.mac == "" {
		r.refuse(record, "trackingId is missing")
		return
	}
	h.battery = battery(number(v[4]))
	r.said(&h, v[5], v[6])
	if source, ok := text(v[3]); ok && source != "" {
		r.Gateway = gatewayID(Identity(source))
	}
	before := len(r.Sightings)
	r.take(h)
	if seconds, ok := number(v[7]); ok && len(r.Sightings) > before && seconds != 65535 {
		moving := seconds <= movedLately
		r.Sightings[before].Moving = &moving
	} else if count, ok := number(v[8]); ok && len(r.Sightings) > before {
		r.Sightings[before].Movements, r.Sightings[before].HasMovements = int(count), true
	}
}

// shelly reads a Shelly that relays its BLU devices: an RPC event whose data is the
// device's BTHome packet, decoded (ALLTERCO/shelly-script-examples, ble/).
func (r *reader) shelly(documents [][]byte) error {
	for _, document := range documents {
		r.named(member(document, "src"))
		info := member(document, "info")
		if info == nil {
			info = member(member(document, "params"), "info")
		}
		data := member(info, "data")
		if kindOf(data) != '{' && kindOf(data) != '[' {
			return ErrWrongShape
		}
		at := member(info, "ts")
		if err := r.each(data, r.rows(func(record int, row []byte) { r.shellyDevice(record, at, row) })); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) shellyDevice(record int, at, row []byte) {
	v := pick(row, "address", "rssi", "pid", "battery", "temperature", "humidity", "window", "button", "motion", "vibration")
	h, ok := r.hear(record, v[0], v[1], at, nil)
	if !ok {
		return
	}
	if h.mac == "" {
		r.refuse(record, "address is missing")
		return
	}
	h.battery = battery(number(v[3]))
	r.said(&h, v[4], v[5])
	s := &h.advert.Sensor
	if pid, ok := number(v[2]); ok {
		s.Counter.Value, s.Counter.Known = int(pid), true
	}
	if open, ok := number(v[6]); ok {
		s.DoorOpen.Value, s.DoorOpen.Known = open != 0, true
	}
	if press, ok := number(v[7]); ok {
		s.Button.Value, s.Button.Known = press != 0, true
	}
	for _, moves := range v[8:10] {
		if moving, ok := number(moves); ok && !(s.Motion.Known && s.Motion.Value != 0) {
			s.Motion.Value, s.Motion.Known = int(moving), true
		}
	}
	r.take(h)
}

// blueCharm reads Blue Charm's BCG04: no address and no gateway, the token names it.
// Type 4 is an iBeacon that it decoded, type 1 an advert's bytes.
func (r *reader) blueCharm(documents [][]byte) error {
	for _, document := range documents {
		if err := r.each(member(document, "obj"), r.rows(r.blueCharmRow)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) blueCharmRow(record int, row []byte) {
	v := pick(row, "rssi", "data1", "uuid", "majorID", "minorID", "mac")
	h, ok := r.hear(record, v[5], v[0], nil, v[1])
	if !ok {
		return
	}
	if tag, ok := beaconID(v[2], v[3], v[4]); ok {
		h.also = []string{tag}
	}
	if h.mac == "" && h.advert.MAC == "" && len(h.also) == 0 && len(h.advert.Tags) == 0 {
		r.refuse(record, "the record names no tag")
		return
	}
	r.take(h)
}

// moko reads MOKO's MKGW: device_info.mac is the gateway, data[].value one advert.
func (r *reader) moko(documents [][]byte) error {
	for _, document := range documents {
		r.named(member(member(document, "device_info"), "mac"))
		data := member(document, "data")
		if kindOf(data) != '[' && kindOf(data) != '{' {
			if data != nil && !isNull(data) {
				return ErrWrongShape
			}
			continue // the gateway's word on itself
		}
		if err := r.each(data, r.rows(r.mokoRow)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) mokoRow(record int, row []byte) {
	if value := member(row, "value"); kindOf(value) == '{' {
		row = value
	}
	v := pick(row, "mac", "rssi", "raw", "timestamp", "battery")
	h, ok := r.hear(record, v[0], v[1], nil, v[2])
	if !ok {
		return
	}
	if h.mac == "" {
		r.refuse(record, "mac is missing")
		return
	}
	if h.at, ok = mokoTime(v[3]); !ok {
		r.refuse(record, "timestamp is no time")
		return
	}
	r.take(h)
}

// raddec reads reelyActive's raddec as JSON, whole or flattened: one device, and every
// receiver that heard it (github.com/reelyactive/raddec).
func (r *reader) raddec(documents [][]byte) error {
	for _, document := range documents {
		if err := r.each(document, r.rows(r.raddecDevice)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) raddecDevice(record int, row []byte) {
	v := pick(row, "transmitterId", "transmitterIdType", "timestamp", "rssiSignature", "packets", "rssi", "receiverId")
	kind, _ := number(v[1])
	id, _ := text(v[0])
	tag, ok := raddecTag(int(kind), id)
	if !ok {
		r.refuse(record, "transmitterId is no identity")
		return
	}
	at, ok := instant(v[2])
	if !ok {
		r.refuse(record, "timestamp is no time")
		return
	}
	h := heard{record: record, mac: tag, at: at, battery: tracking.NoBattery}
	if v[3] == nil {
		r.raddecReceiver(h, v[6], v[5])
		return
	}
	if kindOf(v[3]) != '[' {
		r.refuse(record, "rssiSignature is no list")
		return
	}
	_ = elements(v[3], func(_ int, receiver []byte) error {
		w := pick(receiver, "receiverId", "rssi")
		r.raddecReceiver(h, w[0], w[1])
		return nil
	})
}

func (r *reader) raddecReceiver(h heard, receiver, strength []byte) {
	id, _ := text(receiver)
	id = Identity(id)
	dbm, okRSSI := bleRSSI(strength)
	if id == "" || !okRSSI {
		r.refuse(h.record, "a receiver of %s lacks its id or a signal strength", h.mac)
		return
	}
	r.sight(h.record, tracking.Sighting{Tag: h.mac, Gateway: gatewayID(id), RSSIdBm: dbm, HasRSSI: true, At: h.at, BatteryPct: tracking.NoBattery})
}

// raddecTag is the identity of a transmitter by its type: 2 and 3 are addresses of 48
// bits, 4 and 5 RFID, 1 an EUI-64, 0 unknown.
func raddecTag(kind int, id string) (string, bool) {
	switch kind {
	case 4, 5:
		tag, err := rfid.FromHex(id)
		return tag, err == nil && len(id) == 24
	case 2, 3:
		return mac(id)
	}
	id = strings.ToLower(Identity(id))
	return id, id != ""
}
