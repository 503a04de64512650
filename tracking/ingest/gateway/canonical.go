package gateway

import (
	"math"
	"strings"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
)

// canonical reads our own envelope: an object of sightings and readings. On a topic
// that ends in one of the two, an array of records or one record will do.
func (r *reader) canonical(documents [][]byte) error {
	for _, document := range documents {
		if err := r.canonicalDocument(document); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) canonicalDocument(document []byte) error {
	sightings, readings := member(document, "sightings"), member(document, "readings")
	if sightings == nil && readings == nil {
		return r.canonicalRecords(document)
	}
	if sent, ok := instant(member(document, "sent_at")); ok {
		r.SentAt = sent
	}
	for _, part := range []struct {
		raw []byte
		use func(int, []byte)
	}{{sightings, r.canonicalSighting}, {readings, r.canonicalReading}} {
		if part.raw == nil || isNull(part.raw) {
			continue
		}
		// Sightings and readings are numbered each from 0.
		r.records = 0
		if kindOf(part.raw) != '[' {
			return ErrWrongShape
		}
		if err := r.each(part.raw, part.use); err != nil {
			return err
		}
	}
	return nil
}

// canonicalRecords reads bare records; the topic, or else the record, says which kind.
func (r *reader) canonicalRecords(document []byte) error {
	if kind := kindOf(document); kind != '[' && kind != '{' {
		return ErrWrongShape
	}
	return r.each(document, func(record int, row []byte) {
		isReading := strings.HasSuffix(r.message.Topic, "/readings") || member(row, "celsius") != nil
		if isReading && !strings.HasSuffix(r.message.Topic, "/sightings") {
			r.canonicalReading(record, row)
		} else {
			r.canonicalSighting(record, row)
		}
	})
}

func (r *reader) canonicalSighting(record int, row []byte) {
	s := tracking.Sighting{BatteryPct: tracking.NoBattery}
	fault := notAnObject(row)
	members(row, func(key, value []byte) {
		switch string(key) {
		case "tag":
			s.Tag = identityOf(value, "tag", &fault)
		case "gateway":
			s.Gateway = gatewayID(identityOf(value, "gateway", &fault))
		case "rssi_dbm":
			s.RSSIdBm, s.HasRSSI = rssi(value)
			note(&fault, s.HasRSSI || isNull(value), "rssi_dbm is no signal strength between -127 and 20 dBm")
		case "antenna":
			n, ok := number(value)
			note(&fault, ok && n >= 0 && n <= 255 && n == math.Trunc(n), "antenna is no port number")
			s.Antenna = int(n)
		case "at":
			at, ok := instant(value)
			note(&fault, ok, "at is no time: RFC 3339 or epoch milliseconds")
			s.At = at
		case "battery_pct":
			s.BatteryPct = battery(number(value))
		case "movements":
			n, ok := number(value)
			note(&fault, ok && n >= 0 && n <= math.MaxInt32 && n == math.Trunc(n), "movements is no count")
			s.Movements, s.HasMovements = int(n), ok
		case "moving":
			if moving, ok := boolean(value); ok {
				s.Moving = &moving
			}
		}
	})
	note(&fault, s.Tag != "", "tag is missing")
	note(&fault, !s.HasRSSI || s.RSSIdBm != 0 || strings.HasPrefix(s.Tag, "epc:"), "rssi_dbm 0 is what radios send that measured nothing")
	if fault != "" {
		r.refuse(record, "%s", fault)
		return
	}
	r.sight(record, s)
}

func (r *reader) canonicalReading(record int, row []byte) {
	var reading coldchain.Reading
	var celsius bool
	fault := notAnObject(row)
	members(row, func(key, value []byte) {
		switch string(key) {
		case "sensor":
			reading.Sensor = identityOf(value, "sensor", &fault)
		case "channel":
			reading.Channel = identityOf(value, "channel", &fault)
		case "gateway":
			reading.Gateway = gatewayID(identityOf(value, "gateway", &fault))
		case "celsius":
			reading.Temp, celsius = celsiusOf(value, &fault)
		case "humidity_pct":
			reading.HumidityPct = percentOf(value)
		case "battery_pct":
			if pct := percentOf(value); pct != nil {
				whole := int(math.Round(*pct))
				reading.BatteryPct = &whole
			}
		case "door_open":
			if open, ok := boolean(value); ok {
				reading.DoorOpen = &open
			}
		case "at":
			at, ok := instant(value)
			note(&fault, ok, "at is no time: RFC 3339 or epoch milliseconds")
			reading.MeasuredAt = at
		}
	})
	note(&fault, reading.Sensor != "", "sensor is missing")
	note(&fault, celsius, "celsius is missing")
	if fault != "" {
		r.refuse(record, "%s", fault)
		return
	}
	if reading.Channel == "" {
		reading.Channel = coldchain.Probe
	}
	r.measure(Origin{Record: record, Counter: NoCounter}, reading)
}

func notAnObject(row []byte) string {
	if kindOf(row) != '{' {
		return "the record is no JSON object"
	}
	return ""
}

// note keeps the first fault that was found.
func note(fault *string, fine bool, sentence string) {
	if !fine && *fault == "" {
		*fault = sentence
	}
}

// identityOf reads a name; null is no name.
func identityOf(value []byte, what string, fault *string) string {
	if isNull(value) {
		return ""
	}
	s, ok := text(value)
	note(fault, ok, what+" is no text")
	id := Identity(s)
	note(fault, !ok || s == "" || id != "", what+" is longer than 128 bytes or holds control characters")
	return id
}

// celsiusOf reads a temperature. What no thermometer can mean is a fault.
func celsiusOf(value []byte, fault *string) (coldchain.MilliCelsius, bool) {
	c, ok := number(value)
	if !ok || kindOf(value) == '"' {
		note(fault, false, "celsius is no number")
		return 0, true
	}
	if sentence := implausible(c); sentence != "" {
		note(fault, false, sentence)
		return 0, true
	}
	return coldchain.FromCelsius(c), true
}

// implausible says why a temperature can't be one; empty when it can.
func implausible(c float64) string {
	if !(c >= -273.15 && c <= 1000) { // nor is NaN any
		return "impossible temperature, the sensor is at fault"
	}
	return ""
}

func percentOf(value []byte) *float64 {
	pct, ok := number(value)
	if !ok || pct < 0 || pct > 100 {
		return nil
	}
	return &pct
}
