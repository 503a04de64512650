package gateway

import (
	"math"

	"wardwatch/tracking"
	"wardwatch/tracking/ingest/rfid"
)

// impinj reads the R700's events: one object over MQTT, one a line in its stream,
// an array or {"events":[…]} from its webhook (Impinj IoT device interface 1.x).
func (r *reader) impinj(documents [][]byte) error {
	for _, document := range documents {
		if events := member(document, "events"); kindOf(events) == '[' {
			document = events
		}
		if kind := kindOf(document); kind != '[' && kind != '{' {
			return ErrWrongShape
		}
		if err := r.each(document, r.impinjEvent); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) impinjEvent(record int, row []byte) {
	if fault := notAnObject(row); fault != "" {
		r.refuse(record, "%s", fault)
		return
	}
	read := member(row, "tagInventoryEvent")
	if read == nil {
		return // the reader's word on itself: no tag in it
	}
	s, fault := impinjRead(read)
	if sent, ok := instant(member(row, "timestamp")); ok && !sent.IsZero() {
		r.SentAt = sent
		if s.At.IsZero() {
			s.At = sent
		}
	} else {
		note(&fault, ok, "timestamp is no time")
	}
	if host, ok := text(member(row, "hostname")); ok && host != "" {
		s.Gateway = gatewayID(host)
		if r.Gateway == "" {
			r.Gateway = s.Gateway
		}
	}
	if fault != "" {
		r.refuse(record, "%s", fault)
		return
	}
	r.sight(record, s)
}

// impinjRead reads one tagInventoryEvent. A presence read counts even without rssi.
func impinjRead(row []byte) (tracking.Sighting, string) {
	s := tracking.Sighting{BatteryPct: tracking.NoBattery}
	fault := notAnObject(row)
	members(row, func(key, value []byte) {
		switch string(key) {
		case "epcHex":
			epc, _ := text(value)
			id, err := rfid.FromHex(epc)
			note(&fault, err == nil, "epcHex is no EPC in hex")
			s.Tag = id
		case "epc":
			if s.Tag == "" {
				epc, _ := text(value)
				id, err := rfid.FromBase64(epc)
				note(&fault, err == nil, "epc is no EPC in base64")
				s.Tag = id
			}
		case "antennaPort":
			n, ok := number(value)
			note(&fault, ok && n >= 1 && n <= 255 && n == math.Trunc(n), "antennaPort is no port number")
			s.Antenna = int(n)
		case "peakRssiCdbm":
			cdbm, ok := number(value)
			note(&fault, ok && cdbm >= weakestRSSI*100 && cdbm <= loudestRSSI*100, "peakRssiCdbm is no signal strength")
			s.RSSIdBm, s.HasRSSI = cdbm/100, ok
		case "lastSeenTime":
			at, ok := instant(value)
			note(&fault, ok, "lastSeenTime is no time")
			s.At = at
		}
	})
	note(&fault, s.Tag != "", "the event names no EPC")
	return s, fault
}
