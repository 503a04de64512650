package gateway

import (
	"math"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/ingest/rfid"
)

// zebra reads Zebra's fixed readers and hand-helds: the IoT Connector's data events
// (SIMPLE, CUSTOM and its other types, objects joined without a comma), the
// hand-helds' tagData, and the old firmware's tag_reads where every number is a text.
func (r *reader) zebra(documents [][]byte) error {
	for _, document := range documents {
		if err := r.each(document, r.rows(r.zebraEvent)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) zebraEvent(record int, row []byte) {
	if reads := member(row, "tag_reads"); reads != nil {
		r.named(member(row, "mac_address"))
		r.zebraReads(record, row, reads, nil)
		return
	}
	v := pick(row, "data", "timestamp")
	if reads := member(v[0], "tagData"); reads != nil {
		r.zebraReads(record, row, reads, v[1])
		return
	}
	if kindOf(v[0]) != '{' {
		return // the reader's word on itself
	}
	r.named(member(v[0], "MAC"))
	r.zebraRead(record, v[0], v[1])
}

// zebraReads reads a list of reads inside one event; each counts as the event's record.
func (r *reader) zebraReads(record int, _, reads, at []byte) {
	if elements(reads, func(_ int, read []byte) error { r.zebraRead(record, read, at); return nil }) != nil {
		r.refuse(record, "the reads are no list")
	}
}

func (r *reader) zebraRead(record int, read, at []byte) {
	v := pick(read, "idHex", "EPCid", "epc", "antenna", "antennaPort", "peakRssi", "timeStamp")
	s := tracking.Sighting{BatteryPct: tracking.NoBattery}
	fault := notAnObject(read)
	for _, id := range v[:3] {
		if epc, ok := text(id); ok && s.Tag == "" {
			tag, err := rfid.FromHex(epc)
			note(&fault, err == nil, "the EPC is no hex")
			s.Tag = tag
		}
	}
	note(&fault, s.Tag != "", "the read names no EPC")
	for _, port := range v[3:5] {
		if port != nil {
			n, ok := number(port)
			note(&fault, ok && n >= 1 && n <= 255 && n == math.Trunc(n), "the antenna is no port number")
			s.Antenna = int(n)
		}
	}
	if v[5] != nil {
		s.RSSIdBm, s.HasRSSI = rssi(v[5])
		note(&fault, s.HasRSSI, "peakRssi is no signal strength between -127 and 20 dBm")
	}
	var ok bool
	if s.At, ok = instant(at); !ok {
		note(&fault, false, "timestamp is no time")
	}
	if old, is := text(v[6]); is {
		_, ok := zebraLocal(old)
		note(&fault, ok, "timeStamp is no time as D/M/YYYY H:M:S:ms")
	}
	if fault != "" {
		r.refuse(record, "%s", fault)
		return
	}
	r.sight(record, s)
}

// zebraLocal reads the old firmware's stamp. It is the reader's local time without a
// zone, so it is checked but not used: the time of receipt stands in.
func zebraLocal(s string) (time.Time, bool) {
	if i := strings.LastIndexByte(s, ':'); i > 0 {
		s = s[:i] + "." + s[i+1:]
	}
	t, err := time.Parse("2/1/2006 15:4:5", s)
	return t, err == nil
}

// mokoTime reads MOKO's stamp "2026-03-14&17:26:53+08", whose zone may be hours alone.
func mokoTime(raw []byte) (time.Time, bool) {
	s, ok := text(raw)
	if !ok || s == "" {
		return instant(raw)
	}
	for _, layout := range []string{"2006-01-02&15:04:05-07", "2006-01-02&15:04:05-0700", "2006-01-02&15:04:05-07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return instant(raw)
}

// edgeX reads the events of EdgeX's RFID inventory, ms since 1970: a tag arrived at or
// moved to a place that its readers are named for. A departure says that a tag was not
// read for a while, not that it is elsewhere: it is no sighting.
func (r *reader) edgeX(documents [][]byte) error {
	for _, document := range documents {
		if err := r.each(document, r.rows(r.edgeXEvent)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) edgeXEvent(record int, row []byte) {
	v := pick(row, "epc", "timestamp", "location", "new_location", "last_read")
	if v[4] != nil {
		return
	}
	place, _ := text(v[2])
	if moved, ok := text(v[3]); ok {
		place = moved
	}
	place = Identity(place)
	epc, _ := text(v[0])
	tag, err := rfid.FromHex(epc)
	at, ok := instant(v[1])
	if err != nil || !ok || place == "" {
		r.refuse(record, "the event lacks an EPC, a time or a location")
		return
	}
	r.sight(record, tracking.Sighting{Tag: tag, Gateway: gatewayID(place), At: at, BatteryPct: tracking.NoBattery})
}
