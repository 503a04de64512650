package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/ingest/gateway"
)

// binaryDialect is how one make speaks in bytes: what writes a good message, field by field.
type binaryDialect struct {
	dialect
	write func(f *forger, gateway []byte, at time.Time) []byte
}

var binaryDialects = []binaryDialect{
	{dialect{format: gateway.AprilBrother, holds: 4, each: 2}, aprilBrotherBytes},
	{dialect{format: gateway.Aruba, holds: 6, each: 2, not: []string{"advert"}}, arubaBytes},
	{dialect{format: gateway.SparkplugB, topic: "spBv1.0/Hospital/DDATA/GW/fridge", holds: 2, each: 1, not: []string{"name", "null"}}, sparkplugBytes},
	{dialect{format: gateway.Minew, topic: "gw/GW/status", holds: 4, each: 2, not: []string{"advert"}}, minewBytes},
	{dialect{format: gateway.Raddec, holds: 2, each: 1}, raddecBytes},
}

// depth is where a field stands.
type depth int

// The depths.
const (
	head     depth = iota // of the whole message
	record                // one of its records
	inRecord              // a field of one, that shares its bytes with no other record
)

// forgery is one wrong form of a field.
type forgery struct {
	form
	is []byte
}

// form is what a wrong form does to what stands around it.
type form int

// The forms.
const (
	lacking  form = iota // the field says nothing: that is missed by nobody
	wrong                // it says something wrong, and where it ends
	shifting             // what follows it stands elsewhere
	doubled              // it is there twice
)

// forger puts one wrong form in place of one field; a message is written anew for each.
type forger struct {
	at, way, passed int
	name            string // of the field that is wrong
	depth
	forgery
	forms int
}

// field is a field as it is written: right, or wrong where it is its turn.
func (f *forger) field(d depth, name string, right []byte, forms []forgery) []byte {
	if f.passed++; f.passed-1 != f.at {
		return right
	}
	f.name, f.depth, f.forms = name, d, len(forms)
	f.forgery = forms[f.way]
	return f.is
}

// of is who writes a record: those behind the first are written right, and what is wrong
// with the first may cost them nothing.
func (f *forger) of(i int) *forger {
	if i > 0 {
		return &forger{at: -1}
	}
	return f
}

// fixed is a field of a fixed width, and what is wrong with each.
func (f *forger) fixed(d depth, name string, right []byte, value form) []byte {
	return f.field(d, name, right, []forgery{{value, make([]byte, len(right))}, {value, bytes.Repeat([]byte{0xFF}, len(right))}, {value, bytes.Repeat([]byte{0x80}, len(right))},
		{shifting, nil}, {shifting, right[:len(right)/2]}, {shifting, right[:max(len(right)-1, 0)]}, {shifting, slices.Concat(right, right)},
		{shifting, slices.Concat(right, make([]byte, 5000))}, {shifting, slices.Concat(right, bytes.Repeat([]byte{0xFF}, 300))}})
}

// protoForms are the wrong forms of a protobuf field.
func protoForms(number protowire.Number, kind protowire.Type, right []byte) []forgery {
	tag := func(kind protowire.Type) []byte { return protowire.AppendTag(nil, number, kind) }
	text := func(s string) []byte { return protowire.AppendString(tag(protowire.BytesType), s) }
	varint := func(n uint64) []byte { return protowire.AppendVarint(tag(protowire.VarintType), n) }
	fixed32 := func(n uint32) []byte { return protowire.AppendFixed32(tag(protowire.Fixed32Type), n) }
	fixed64 := func(n uint64) []byte { return protowire.AppendFixed64(tag(protowire.Fixed64Type), n) }
	return []forgery{{lacking, nil}, {lacking, text("")}, {wrong, text("wrong")}, {wrong, text(strings.Repeat("\x7f", 5000))}, {wrong, text("\x00\xff\xfe\x80")},
		{wrong, varint(1)}, {wrong, varint(math.MaxUint64)}, {wrong, varint(1 << 63)},
		{wrong, fixed32(0)}, {wrong, fixed32(math.Float32bits(float32(math.NaN())))}, {wrong, fixed32(math.Float32bits(float32(math.Inf(-1))))}, {wrong, fixed32(math.Float32bits(math.MaxFloat32))},
		{wrong, fixed64(0)}, {wrong, fixed64(math.Float64bits(math.NaN()))}, {wrong, fixed64(math.Float64bits(math.Inf(1)))}, {wrong, fixed64(math.MaxUint64 >> 1)},
		{doubled, slices.Concat(right, right)}, {shifting, right[:len(right)-1]}, {shifting, tag(kind)}, {shifting, tag(protowire.StartGroupType)}, {shifting, tag(7)},
		{shifting, protowire.AppendVarint(tag(protowire.BytesType), 1<<40)}, {shifting, slices.Concat(tag(protowire.VarintType), bytes.Repeat([]byte{0xFF}, 11))}}
}

// proto is a field of a protobuf message; bits are those of its number.
func (f *forger) proto(d depth, name string, number protowire.Number, kind protowire.Type, bits uint64, value []byte) []byte {
	right := protowire.AppendTag(nil, number, kind)
	switch kind {
	case protowire.VarintType:
		right = protowire.AppendVarint(right, bits)
	case protowire.Fixed32Type:
		right = protowire.AppendFixed32(right, uint32(bits))
	case protowire.Fixed64Type:
		right = protowire.AppendFixed64(right, bits)
	default:
		right = protowire.AppendBytes(right, value)
	}
	return f.field(d, name, right, protoForms(number, kind, right))
}

func (f *forger) text(d depth, name string, number protowire.Number, value ...[]byte) []byte {
	return f.proto(d, name, number, protowire.BytesType, 0, slices.Concat(value...))
}

func (f *forger) varint(d depth, name string, number protowire.Number, n uint64) []byte {
	return f.proto(d, name, number, protowire.VarintType, n, nil)
}

func advertBytes() []byte { return unhex(shownAdvert) }

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

var tagBytes = [][]byte{unhex("c0ffee000001"), unhex("c0ffee000002")}

// arubaBytes is a Telemetry of Aruba's access points: two adverts, and a device that it decoded.
func arubaBytes(f *forger, gw []byte, at time.Time) []byte {
	loud := protowire.EncodeZigZag(-69)
	m := slices.Concat(f.text(head, "meta", 1, protowire.AppendVarint([]byte{8}, 1)),
		f.text(head, "reporter", 2, f.text(head, "reporter's mac", 2, gw), f.varint(head, "time", 8, uint64(at.Unix()))))
	m = append(m, f.text(record, "reported", 3, f.text(inRecord, "mac", 1, tagBytes[0]), f.varint(inRecord, "lastSeen", 7, uint64(at.Unix())),
		f.text(inRecord, "rssi", 10, f.varint(inRecord, "last", 1, loud)),
		f.text(inRecord, "sensors", 14, f.varint(inRecord, "battery", 2, 80),
			f.proto(inRecord, "temperature", 3, protowire.Fixed32Type, uint64(math.Float32bits(-0.5)), nil), f.varint(inRecord, "humidity", 4, 50)))...)
	for i, tag := range tagBytes {
		f := f.of(i)
		m = append(m, f.text(record, "bleData", 6, f.text(inRecord, "mac", 1, tag), f.text(inRecord, "advert", 3, advertBytes()), f.varint(inRecord, "rssi", 4, loud))...)
	}
	return m
}

// sparkplugBytes is a DDATA of two metrics, a double and a whole number.
func sparkplugBytes(f *forger, _ []byte, at time.Time) []byte {
	ms := uint64(at.UnixMilli())
	properties := f.text(inRecord, "properties", 9, f.text(inRecord, "keys", 1, []byte("engUnit")), f.text(inRecord, "values", 2, f.varint(inRecord, "type", 1, 12), f.text(inRecord, "unit", 8, []byte("C"))))
	return slices.Concat(f.varint(head, "timestamp", 1, ms),
		f.text(record, "metric", 2, f.text(inRecord, "name", 1, []byte("Fridge/Temperature")), f.varint(inRecord, "timestamp", 3, ms), f.varint(inRecord, "datatype", 4, 10),
			f.varint(inRecord, "null", 7, 0), properties, f.proto(inRecord, "double", 13, protowire.Fixed64Type, math.Float64bits(4.5), nil)),
		f.text(record, "metric", 2, f.text(inRecord, "name", 1, []byte("Ambient/Temperature")), f.varint(inRecord, "timestamp", 3, ms), f.varint(inRecord, "datatype", 4, 3),
			f.varint(inRecord, "int", 10, 21)),
		f.varint(head, "seq", 3, 7))
}

// minewBytes is a Minew gateway's binary-long.
func minewBytes(f *forger, gw []byte, _ time.Time) []byte {
	m := slices.Concat(f.fixed(head, "gateway", gw, wrong), f.fixed(head, "tags", []byte{0, 2}, shifting))
	advert := append(unhex("020106"), advertBytes()...)
	for i, tag := range tagBytes {
		f := f.of(i)
		m = slices.Concat(m, f.fixed(record, "tag", tag, wrong), f.fixed(head, "packets", []byte{0, 1}, shifting), f.fixed(head, "advert's length", []byte{byte(len(advert))}, shifting),
			f.fixed(record, "advert", advert, wrong), f.fixed(record, "address type", []byte{0}, wrong), f.fixed(record, "rssi", []byte{0xC7}, wrong))
	}
	m = append(m, f.fixed(head, "end", []byte{0xDD}, shifting)...)
	return slices.Concat(f.fixed(head, "magic", []byte{0xBB, 0x01}, shifting), f.fixed(head, "length", binary.BigEndian.AppendUint32(nil, uint32(len(m))), wrong), m)
}

// raddecBytes is reelyActive's raddec of one device that a receiver heard twice.
func raddecBytes(f *forger, gw []byte, _ time.Time) []byte {
	m := slices.Concat(f.fixed(head, "kind", []byte{2}, shifting), f.fixed(head, "transmitter", tagBytes[0], wrong), f.fixed(head, "receivers", []byte{2}, shifting))
	for i, strength := range []byte{0x3D, 0x35} {
		f := f.of(i)
		m = slices.Concat(m, f.fixed(record, "rssi", []byte{strength}, wrong), f.fixed(record, "decodings", []byte{1}, wrong), f.fixed(head, "receiver's kind", []byte{2}, shifting), f.fixed(record, "receiver", gw, wrong))
	}
	m = slices.Concat([]byte{0x10}, f.fixed(head, "length", binary.BigEndian.AppendUint16(nil, uint16(len(m)+4)), shifting), m)
	sum := byte(0)
	for _, b := range m {
		sum += b
	}
	return append(m, f.fixed(head, "sum", []byte{sum}, shifting)...)
}

// packedForms are the wrong forms of a MessagePack value.
func packedForms(right []byte) []forgery {
	var all []forgery
	for _, value := range []string{"c3", "00", "ff", "cfffffffffffffffff", "d38000000000000000", "cb7ff8000000000001", "ca7f800000", "cb7e37e43c8800759c", "a577726f6e67", "c403000000", "a4c080fffe",
		"9107", "919107", "81a17801", "d40100", "d801" + strings.Repeat("00", 16), "c7020001ff", "c9000000010007", "db0000000178", "c60000000100", "dd0000000107", "df0000000101c0"} {
		all = append(all, forgery{wrong, unhex(value)})
	}
	long := bytes.Repeat([]byte("x"), 5000)
	for _, empty := range []string{"c0", "90", "dc0000", "dd00000000", "80", "df00000000", "a0", "c400"} {
		all = append(all, forgery{lacking, unhex(empty)})
	}
	return append(all, forgery{wrong, slices.Concat([]byte{0xDA, 0x13, 0x88}, long)}, forgery{wrong, slices.Concat([]byte{0xC5, 0x13, 0x88}, long)},
		forgery{shifting, nil}, forgery{shifting, right[:len(right)-1]}, forgery{shifting, slices.Concat(right, right)}, forgery{shifting, []byte{0xC1}},
		forgery{shifting, slices.Concat([]byte{right[0] + 1}, right[1:])}, forgery{shifting, slices.Concat([]byte{right[0] - 1}, right[1:])},
		forgery{shifting, unhex("c6ffffffff")}, forgery{shifting, unhex("ddffffffff")}, forgery{shifting, unhex("dfffffffff")}, forgery{shifting, unhex("c9ffffffff")})
}

// aprilBrotherBytes is April Brother's MessagePack.
func aprilBrotherBytes(f *forger, gw []byte, at time.Time) []byte {
	packed := func(f *forger, d depth, name string, right ...[]byte) []byte {
		all := slices.Concat(right...)
		return f.field(d, name, all, packedForms(all))
	}
	text := func(s string) []byte { return append([]byte{0xA0 | byte(len(s))}, s...) }
	var devices [][]byte
	for i, tag := range tagBytes {
		f := f.of(i)
		device := slices.Concat([]byte{2}, tag, f.field(inRecord, "rssi", []byte{0xC4}, []forgery{{wrong, []byte{0}}, {wrong, []byte{0x7F}}, {wrong, []byte{0x80}}}), advertBytes())
		devices = append(devices, packed(f, record, "device", []byte{0xC4, byte(len(device))}, device))
	}
	size := func(name string, right byte) []byte {
		return f.field(head, name, []byte{right}, []forgery{{shifting, []byte{right + 1}}, {shifting, []byte{right - 1}}, {shifting, []byte{right & 0xF0}}, {shifting, unhex("c0")}, {shifting, nil}})
	}
	return slices.Concat(size("fields", 0x84), packed(f, head, "key of v", text("v")), packed(f, head, "v", text("1")),
		packed(f, head, "key of the devices", text("devices")), packed(f, head, "devices", size("number of devices", 0x92), slices.Concat(devices...)),
		packed(f, head, "key of the time", text("time")), packed(f, head, "time", binary.BigEndian.AppendUint32([]byte{0xCE}, uint32(at.Unix()))),
		packed(f, head, "key of the mac", text("mac")), packed(f, head, "mac", text(hex.EncodeToString(gw))))
}

// write writes a message in which a field is wrong.
func (s *speaker) write(d binaryDialect, f *forger) []byte {
	s.said++
	s.clock.step(2 * time.Second)
	return d.write(f, unhex(string(s.id)), s.clock.now().Truncate(time.Second))
}

// judge holds what became of a message against what its wrong field may cost.
func (s *speaker) judge(f *forger, body []byte, got fate) {
	s.t.Helper()
	shown := func(what string) {
		s.t.Errorf("%s: %s with %s as %.40x: %d of %d taken, %d refused %.100q (%.120x)", what, s.format, f.name, f.is, got.taken, s.holds, got.refused, got.why, body)
	}
	if got.taken < s.holds && got.refused == 0 && f.form != lacking && !slices.Contains(s.not, f.name) {
		shown("nobody hears of what is missing")
	}
	most := s.holds
	if f.form == doubled && f.depth > head { // a record that is there twice is two
		most += s.each
	}
	alone := f.depth == inRecord || f.depth == record && f.form != shifting
	if got.taken > most || alone && got.taken < s.holds-s.each {
		shown("it costs, or brings, others something")
	}
	for _, why := range got.why {
		if len(why) < 10 || !strings.Contains(why, " ") {
			shown("that is no sentence")
		}
	}
}

// wronglyIn sends one field wrong in every way over HTTP, and then all at once over MQTT. It
// is false when the message has no such field.
func (s *speaker) wronglyIn(d binaryDialect, at int) bool {
	s.t.Helper()
	var all fate
	var bodies [][]byte
	f := &forger{forms: 1}
	for way := 0; way < f.forms; way++ {
		f = &forger{at: at, way: way}
		body := s.write(d, f)
		if f.forms == 0 {
			return false
		}
		if len(body) == 0 {
			continue
		}
		got := s.post(body)
		s.judge(f, body, got)
		all.taken, all.refused = all.taken+got.taken, all.refused+got.refused
		bodies = append(bodies, s.write(d, &forger{at: at, way: way}))
	}
	if got := s.publish(bodies...); got.taken != all.taken || got.refused != all.refused {
		s.t.Errorf("%s with %s wrong: over HTTP %d are taken and %d refused, over MQTT %d and %d", s.format, f.name, all.taken, all.refused, got.taken, got.refused)
	}
	s.saysWell(d, f.name)
	return true
}

// saysWell sends a good message both ways.
func (s *speaker) saysWell(d binaryDialect, after string) {
	s.t.Helper()
	right := func() []byte { return s.write(d, &forger{at: -1}) }
	for way, got := range map[string]fate{"HTTP": s.post(right()), "MQTT": s.publish(right())} {
		if got.taken != s.holds || got.refused != 0 {
			s.t.Fatalf("%s after %q was wrong: of a good message over %s %d of %d are taken, %d refused: %q", s.format, after, way, got.taken, s.holds, got.refused, got.why)
		}
	}
}

// What TestEachFieldOfEachDialectSentWrong holds of JSON holds of the makes that send bytes:
// each field is sent of another type, cut off, too long, extreme and twice, and each length
// and count lies.
func TestEachFieldOfEachBinaryDialectSentWrong(t *testing.T) {
	t.Parallel()
	sensors := slices.Clone(sensorsOfDialects)
	for _, channel := range []string{coldchain.Probe, "ambient"} {
		sensors = append(sensors, coldchain.SensorKey{Sensor: "ac233f000002/fridge", Channel: channel})
	}
	h := newDialectsHouse(t, sensors...)
	for i, d := range binaryDialects {
		s := newSpeaker(t, h.house, h.clock, i, d.dialect)
		s.saysWell(d, "nothing")
		for at := 0; s.wronglyIn(d, at); at++ {
		}
		s.isStillHeard()
		h.goesOn(t)
	}
	h.afterwards(t, h.good)
}
