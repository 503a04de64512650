package gateway

import (
	"bytes"
	"strings"

	"wardwatch/tracking"
	"wardwatch/tracking/ingest/ble"
)

// espresenseRoom reads what a node says of itself: "online" and "offline" as its
// last will, and its health. The rssi in its health is its own Wi-Fi's, never a sighting.
func (b *Batch) espresenseRoom(topic string, body []byte) bool {
	if !strings.HasPrefix(topic, "espresense/rooms/") && !strings.HasPrefix(topic, "espresense/settings/") {
		return false
	}
	if strings.HasSuffix(topic, "/status") {
		b.Status = Offline
		if string(bytes.TrimSpace(body)) == "online" {
			b.Status = Online
		}
	}
	return true
}

// espresense reads a node's word on one device (ESPresense src/BleFingerprint.cpp).
// It carries no time; its distance is the node's own estimate and is not used.
func (r *reader) espresense(documents [][]byte) error {
	for _, document := range documents {
		record, err := r.next()
		if err != nil {
			return err
		}
		if fault := notAnObject(document); fault != "" {
			r.refuse(record, "%s", fault)
			continue
		}
		r.espresenseDevice(record, document)
	}
	return nil
}

func (r *reader) espresenseDevice(record int, row []byte) {
	h := heard{record: record, battery: tracking.NoBattery}
	id, heardRSSI := "", true
	members(row, func(key, value []byte) {
		switch string(key) {
		case "mac":
			s, _ := textBytes(value)
			h.mac, _ = mac(s)
		case "id":
			id, _ = text(value)
		case "rssi":
			h.rssi, h.hasRSSI = bleRSSI(value)
			heardRSSI = h.hasRSSI
		case "batt":
			h.battery = battery(number(value))
		case "temp":
			if c, ok := r.celsius(record, value); ok {
				h.advert.Sensor.Celsius = ble.Some(c)
			}
		case "rh":
			if pct, ok := number(value); ok {
				h.advert.Sensor.HumidityPct = ble.Some(pct)
			}
		}
	})
	if !heardRSSI {
		r.refuse(record, "rssi is no signal strength between -127 and 20 dBm")
		return
	}
	switch tag := espresenseTag(id); {
	case strings.HasPrefix(tag, "ibeacon:"), strings.HasPrefix(tag, "eddystone:"):
		// The beacon's identity stays when its address changes: it leads.
		s := tracking.Sighting{Tag: tag, RSSIdBm: h.rssi, HasRSSI: h.hasRSSI, BatteryPct: h.battery}
		if h.mac != "" {
			s.Also = []string{h.mac}
		}
		r.sight(record, s)
		r.measureKnown(h)
	case h.mac != "" || tag != "":
		if h.mac == "" {
			h.mac = tag
		}
		r.take(h)
	default:
		r.refuse(record, "neither mac nor id names the device")
	}
}

func (r *reader) measureKnown(h heard) {
	if h.mac != "" && h.advert.Sensor.Celsius.Known {
		r.measureHeard(h)
	}
}

// espresenseTag reads the node's own id of a device: "iBeacon:UUID-MAJOR-MINOR",
// "eddy:NAMESPACE-INSTANCE", or else what stands there.
func espresenseTag(id string) string {
	scheme, rest, _ := strings.Cut(id, ":")
	switch strings.ToLower(scheme) {
	case "ibeacon":
		parts := strings.Split(rest, "-")
		if len(parts) != 7 {
			return ""
		}
		return Identity("ibeacon:" + strings.Join(parts[:5], "-") + ":" + parts[5] + ":" + parts[6])
	case "eddy":
		if namespace, instance, ok := strings.Cut(rest, "-"); ok {
			return Identity("eddystone:" + namespace + ":" + instance)
		}
	}
	return Identity(id)
}
