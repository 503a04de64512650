package gateway

import (
	"wardwatch/tracking"
	"wardwatch/tracking/ingest/ble"
)

// pick gives the members of an object by name, nil for each that is not there.
func pick(row []byte, names ...string) [][]byte {
	found := make([][]byte, len(names))
	members(row, func(key, value []byte) {
		for i, name := range names {
			if found[i] == nil && string(key) == name {
				found[i] = value
			}
		}
	})
	return found
}

// hear reads what most envelopes say of an advert: who sent it, how loud it was, when,
// and its bytes in hex. Each may be nil. It is false, and the record refused, when
// one is there and can't be read.
func (r *reader) hear(record int, address, strength, at, payload []byte) (heard, bool) {
	h := heard{record: record, battery: tracking.NoBattery}
	if address != nil && !isNull(address) {
		s, _ := textBytes(address)
		var ok bool
		if h.mac, ok = mac(s); !ok {
			r.refuse(record, "the tag's address is no 12 hex digits")
			return h, false
		}
	}
	if strength != nil && !isNull(strength) {
		if h.rssi, h.hasRSSI = bleRSSI(strength); !h.hasRSSI {
			r.refuse(record, "rssi is no signal strength between -127 and 20 dBm")
			return h, false
		}
	}
	var ok bool
	if h.at, ok = instant(at); !ok {
		r.refuse(record, "the time is none: RFC 3339 or a count since 1970")
		return h, false
	}
	if payload != nil && !isNull(payload) {
		raw, isText := textBytes(payload)
		if h.advert, ok = r.advert(raw); !ok && (!isText || len(raw) > 0) {
			r.refuse(record, "the advert is no hex")
			return h, false
		}
	}
	return h, true
}

// celsius reads a temperature that need not be there. One that can't be read is refused
// alone: who sent it was heard all the same.
func (r *reader) celsius(record int, raw []byte) (float64, bool) {
	if s, isText := textBytes(raw); raw == nil || isNull(raw) || isText && len(s) == 0 {
		return 0, false
	}
	c, ok := number(raw)
	if !ok {
		r.refuse(record, "the temperature is no number")
	}
	return c, ok
}

// said takes a temperature and a humidity that the gateway decoded, where the bytes gave none.
func (r *reader) said(h *heard, celsius, humidity []byte) {
	s := &h.advert.Sensor
	if s.Celsius.Known || s.Fault {
		return
	}
	c, ok := r.celsius(h.record, celsius)
	if !ok {
		return
	}
	s.Celsius = ble.Some(c)
	if pct, ok := number(humidity); ok && !s.HumidityPct.Known {
		s.HumidityPct = ble.Some(pct)
	}
}

// named takes the sender's name from a text; an empty one changes nothing.
func (r *reader) named(raw []byte) {
	if s, ok := text(raw); ok && s != "" {
		r.Gateway = gatewayID(Identity(s))
	}
}

// rows refuses what is no object and hands on the rest.
func (r *reader) rows(use func(record int, row []byte)) func(int, []byte) {
	return func(record int, row []byte) {
		if fault := notAnObject(row); fault != "" {
			r.refuse(record, "%s", fault)
			return
		}
		use(record, row)
	}
}
