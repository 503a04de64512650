package gateway

import (
	"strings"

	"wardwatch/tracking"
	"wardwatch/tracking/ingest/rfid"
)

// omloxPrefix begins the topics of omlox over MQTT; the slash in front is part of them.
const omloxPrefix = "/omlox/json/"

// omlox reads what location providers tell an omlox hub (omlox Hub API 2.0): Proximity and
// Location, one or a list of them, bare or in the frame of a WebSocket. Each names the zone
// that saw the provider, which is a gateway here. Coordinates are in the zone's own frame,
// and a hub of several zones has several: who is in which room is told by the zone, where
// that is set up as a receiver that covers one room.
func (r *reader) omlox(documents [][]byte) error {
	for _, document := range documents {
		if payload := member(document, "payload"); payload != nil {
			document = payload
		}
		if kind := kindOf(document); kind != '[' && kind != '{' {
			return ErrWrongShape
		}
		if err := r.each(document, r.rows(r.omloxUpdate)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) omloxUpdate(record int, row []byte) {
	v := pick(row, "provider_id", "provider_type", "source", "timestamp_generated", "properties")
	id, _ := text(v[0])
	kind, _ := text(v[1])
	source, _ := text(v[2])
	s := tracking.Sighting{Tag: omloxTag(kind, id), BatteryPct: tracking.NoBattery}
	fault := ""
	note(&fault, s.Tag != "", "provider_id names no tag")
	zone := Identity(source)
	note(&fault, zone != "", "source names no zone")
	s.Gateway = gatewayID(zone)
	var ok bool
	s.At, ok = instant(v[3])
	note(&fault, ok, "timestamp_generated is no time")
	if strength := member(v[4], "rssi"); strength != nil {
		s.RSSIdBm, s.HasRSSI = rssi(strength)
	}
	if fault != "" {
		r.refuse(record, "%s", fault)
		return
	}
	r.sight(record, s)
}

// omloxTag is the identity of a provider: of RFID its EPC in hex, of others an address or
// a beacon's identity.
func omloxTag(kind, id string) string {
	if kind == "rfid" && !strings.Contains(id, ":") {
		tag, err := rfid.FromHex(id)
		if err != nil {
			return ""
		}
		return tag
	}
	return Identity(id)
}
