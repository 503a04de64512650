package gateway

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/ingest/ble"
)

// byBytes tells the envelopes that are no JSON by how they begin; empty for the rest.
func byBytes(body []byte) Format {
	switch {
	case bytes.HasPrefix(body, minewMagic):
		return Minew
	case bytes.HasPrefix(body, []byte("$GPRP,")), bytes.HasPrefix(body, []byte("$LRAD,")), bytes.HasPrefix(body, []byte("$1MAD,")):
		return Ingics
	case bytes.HasPrefix(body, []byte("data:")), bytes.HasPrefix(body, []byte(":keep-alive")):
		return Cassia
	case isRaddec(body):
		return Raddec
	case isMessagePackMap(body):
		return AprilBrother
	case isArubaTelemetry(body):
		return Aruba
	}
	return ""
}

// binaryReader is the way to read a body that is no JSON; nil when the format is JSON.
func (r *reader) binaryReader(body []byte) func([]byte) error {
	switch {
	case r.Format == Minew && bytes.HasPrefix(body, minewMagic):
		return r.minewBinary
	case r.Format == Ingics:
		return r.ingics
	case r.Format == Cassia && kindOf(bytes.TrimSpace(body)) != '{':
		return r.cassiaStream
	case r.Format == Raddec && isRaddec(body):
		return r.raddecBinary
	case r.Format == AprilBrother && isMessagePackMap(body):
		return r.aprilBrotherPacked
	case r.Format == SparkplugB:
		return r.sparkplug
	case r.Format == Aruba && kindOf(bytes.TrimSpace(body)) != '{':
		return r.arubaTelemetry
	}
	return nil
}

// wire reads big-endian fields one after another; bad is set once one is missing.
type wire struct {
	rest []byte
	bad  bool
}

func (w *wire) take(n int) []byte {
	if n < 0 || n > len(w.rest) {
		w.bad = true
		w.rest = nil
		return nil
	}
	field := w.rest[:n]
	w.rest = w.rest[n:]
	return field
}

func (w *wire) u8() int {
	if b := w.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (w *wire) u16() int {
	if b := w.take(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (w *wire) u32() uint32 {
	if b := w.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

var minewMagic, minewEnd = []byte{0xBB, 0x01}, []byte{0xDD}

// minewBinary reads binary-long: BB 01, u32 length, gateway, u16 tags; each tag: address,
// u16 packets; each packet: u8 length, advert, u8 address type, i8 rssi; DD. The length
// counts from the gateway's address to the closing DD's end, or to before it: firmware differs,
// so the structure itself decides.
func (r *reader) minewBinary(body []byte) error {
	w := &wire{rest: body[len(minewMagic):]}
	w.u32()
	address := w.take(6)
	packets := w.minewPackets()
	// What a wrong count or length shifts would be heard as tags that nobody has.
	if end := w.rest; w.bad || len(end) > 0 && !bytes.Equal(end, minewEnd) {
		return fmt.Errorf("%w: its counts and lengths do not fit its %d bytes", ErrWrongShape, len(body))
	}
	r.Gateway = gatewayID(hex.EncodeToString(address))
	for _, p := range packets {
		record, err := r.next()
		if err != nil {
			return err
		}
		r.heardBytes(record, hex.EncodeToString(p.tag), float64(p.rssi), p.advert)
	}
	return nil
}

// minewPacket is one advert of a tag as binary-long has it.
type minewPacket struct {
	tag, advert []byte
	rssi        int8
}

// minewPackets reads all tags with their packets; w is bad when they end too early.
func (w *wire) minewPackets() (packets []minewPacket) {
	for range w.u16() {
		tag := w.take(6)
		for range w.u16() {
			p := minewPacket{tag: tag, advert: w.take(w.u8())}
			w.u8() // the address's type
			if p.rssi = int8(w.u8()); w.bad {
				return nil
			}
			packets = append(packets, p)
		}
		if w.bad {
			return nil
		}
	}
	return packets
}

// heardBytes takes an advert that came as bytes; an empty one is a sighting all the same.
func (r *reader) heardBytes(record int, address string, dbm float64, payload []byte) {
	if dbm < weakestRSSI || dbm > loudestRSSI || dbm == 0 {
		r.refuse(record, "rssi is no signal strength between -127 and 20 dBm")
		return
	}
	if len(payload) > ble.MaxPayload {
		r.refuse(record, "the advert has %d bytes, more than any can have", len(payload))
		return
	}
	h := heard{record: record, mac: address, rssi: dbm, hasRSSI: true, battery: tracking.NoBattery}
	if len(payload) > 0 {
		h.advert, _ = ble.Decode(payload)
	}
	r.take(h)
}

// ingics reads iGS lines: $GPRP,TAG,GATEWAY,RSSI,ADVERT[,UNIX]; several to a message.
func (r *reader) ingics(body []byte) error {
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		record, err := r.next()
		if err != nil {
			return err
		}
		r.ingicsLine(record, strings.Split(line, ","))
	}
	return nil
}

func (r *reader) ingicsLine(record int, field []string) {
	if len(field) < 5 || len(field) > 6 || !strings.HasPrefix(field[0], "$") {
		r.refuse(record, "the line is not $GPRP,TAG,GATEWAY,RSSI,ADVERT[,UNIX]")
		return
	}
	quote := func(s string) []byte { return []byte(`"` + s + `"`) }
	var at []byte
	if len(field) == 6 {
		at = []byte(field[5])
	}
	if _, ok := smallInt(at); at != nil && !ok {
		at = quote(field[5])
	}
	h, ok := r.hear(record, quote(field[1]), quote(field[3]), at, quote(field[4]))
	if !ok {
		return
	}
	gateway, ok := mac(field[2])
	if !ok {
		r.refuse(record, "the gateway's address is no 12 hex digits")
		return
	}
	r.Gateway = gatewayID(gateway)
	r.take(h)
}

// cassiaStream reads Cassia's scan as it is streamed: server-sent events, an object
// each; lines that begin with a colon only keep the connection alive.
func (r *reader) cassiaStream(body []byte) error {
	for line := range bytes.Lines(body) {
		line = bytes.TrimSpace(line)
		data, ok := bytes.CutPrefix(line, []byte("data:"))
		if !ok && isAboutStream(line) {
			continue
		}
		documents, err := documentsOf(data)
		if !ok {
			err = fmt.Errorf("%w: the line is no event of a stream", ErrWrongShape)
		}
		if err != nil {
			record, full := r.next()
			if full != nil {
				return full
			}
			r.refuse(record, "%s", err)
			continue
		}
		if err := r.cassia(documents); err != nil {
			return err
		}
	}
	return nil
}

// isAboutStream says whether a line of server-sent events carries no data, as the standard has it.
func isAboutStream(line []byte) bool {
	field, _, _ := bytes.Cut(line, []byte(":"))
	switch string(field) {
	case "", "event", "id", "retry":
		return true
	}
	return false
}

// cassia reads its objects: two dialects of one scan. The gateway is the connection.
func (r *reader) cassia(documents [][]byte) error {
	for _, document := range documents {
		if err := r.each(document, r.rows(r.cassiaScan)); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) cassiaScan(record int, row []byte) {
	v := pick(row, "bdaddrs", "rssi", "scanData", "adData")
	payload := v[3]
	if payload == nil {
		payload = v[2]
	}
	h, ok := r.hear(record, member(firstObject(v[0]), "bdaddr"), v[1], nil, payload)
	if !ok {
		return
	}
	if h.mac == "" {
		r.refuse(record, "bdaddrs names no address")
		return
	}
	r.take(h)
}

// isRaddec says whether a body is reelyActive's binary raddec: 0x10 and its own length.
func isRaddec(body []byte) bool {
	return len(body) >= 12 && body[0] == 0x10 && int(binary.BigEndian.Uint16(body[1:])) == len(body)
}

// raddecProperties is the least that the head of a property behind the receivers is: it
// is no strength that a receiver could begin with.
const raddecProperties = 0xF0

// raddecIDSizes are the bytes of an identity by its type.
var raddecIDSizes = map[int]int{0: 0, 1: 8, 2: 6, 3: 6, 4: 12, 5: 12}

// raddecBinary reads a raddec of one device: type, id, receivers with rssi + 127,
// decodings, type and id each, options, and the sum of all bytes before it at the end.
func (r *reader) raddecBinary(body []byte) error {
	sum := byte(0)
	for _, b := range body[:len(body)-1] {
		sum += b
	}
	if sum != body[len(body)-1] {
		return fmt.Errorf("%w: its checksum is wrong", ErrWrongShape)
	}
	record, err := r.next()
	if err != nil {
		return err
	}
	w := &wire{rest: body[3 : len(body)-1]}
	kind := w.u8()
	tag, ok := raddecTag(kind, hex.EncodeToString(w.take(raddecIDSizes[kind])))
	if !ok || w.bad {
		return fmt.Errorf("%w: its transmitter is no identity", ErrWrongShape)
	}
	first := len(r.Sightings)
	for range w.u8() {
		strength := float64(w.u8()) - 127
		w.u8() // decodings
		size, known := raddecIDSizes[w.u8()]
		id := w.take(size)
		if w.bad || !known {
			r.refuse(record, "the message ends inside a receiver of %s, or it is of a kind that is not known: it and those behind it are left out", tag)
			return nil
		}
		if size == 0 {
			r.refuse(record, "a receiver of %s has no identity", tag)
			continue
		}
		if strength > loudestRSSI || strength == 0 {
			r.refuse(record, "a receiver of %s says %g dBm, which is no signal strength", tag, strength)
			continue
		}
		r.sight(record, tracking.Sighting{Tag: tag, Gateway: gatewayID(hex.EncodeToString(id)), RSSIdBm: strength, HasRSSI: true, BatteryPct: tracking.NoBattery})
	}
	if len(w.rest) > 0 && w.rest[0] < raddecProperties {
		r.refuse(record, "%d bytes are left behind the receivers of %s that it counts", len(w.rest), tag)
		return nil
	}
	at := w.raddecTime()
	if w.bad {
		r.refuse(record, "what is told of %s behind its receivers ends too early: when it was heard is not known", tag)
		return nil
	}
	for i := range r.Sightings[first:] {
		r.Sightings[first+i].At = at
	}
	return nil
}

// raddecTime reads the properties behind the receivers for when the device was heard: zero
// when none says so. Behind one that is not known nothing can be read.
func (w *wire) raddecTime() (at time.Time) {
	for len(w.rest) > 0 {
		switch w.u8() {
		case 0xF0: // milliseconds
			at = sinceEpochMS(uint64(w.u16())<<32 | uint64(w.u32()))
		case 0xF1: // the adverts themselves
			for range w.u8() {
				w.take(w.u8())
			}
		case 0xF2: // events
			w.u8()
		default:
			return at
		}
	}
	return at
}

// aprilBrother reads April Brother's V4 gateway: devices are rows of bytes in hex
// (type, address, rssi, advert) or [type, address, rssi, advert].
func (r *reader) aprilBrother(documents [][]byte) error {
	for _, document := range documents {
		r.named(member(document, "mac"))
		if sent, ok := instant(member(document, "time")); ok {
			r.SentAt = sent
		}
		devices := member(document, "devices")
		if kindOf(devices) != '[' {
			return ErrWrongShape
		}
		if err := r.each(devices, r.aprilBrotherDevice); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) aprilBrotherDevice(record int, row []byte) {
	if kindOf(row) == '[' {
		var v [4][]byte
		_ = elements(row, func(i int, value []byte) error {
			if i < len(v) {
				v[i] = value
			}
			return nil
		})
		h, ok := r.hear(record, v[1], v[2], nil, v[3])
		switch {
		case !ok:
		case h.mac == "":
			r.refuse(record, "the record names no tag")
		default:
			r.take(h)
		}
		return
	}
	s, _ := textBytes(row)
	raw, err := hex.DecodeString(string(s))
	if err != nil {
		r.refuse(record, "the device is no hex")
		return
	}
	r.aprilBrotherBytes(record, raw)
}

// aprilBrotherBytes reads a device as bytes; its rssi is a byte whose sign was lost.
func (r *reader) aprilBrotherBytes(record int, raw []byte) {
	if len(raw) < 8 {
		r.refuse(record, "the device has %d bytes, its head alone has 8", len(raw))
		return
	}
	r.heardBytes(record, hex.EncodeToString(raw[1:7]), float64(int8(raw[7])), raw[8:])
}
