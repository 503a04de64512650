package gateway

import (
	"encoding/binary"
	"fmt"
	"math"
)

// isMessagePackMap says whether a body can be a MessagePack map: what it begins with
// begins no JSON text.
func isMessagePackMap(body []byte) bool {
	return len(body) > 1 && isPackedMap(body)
}

// aprilBrotherPacked reads the MessagePack form of April Brother's gateway, which is its
// default: {v, mid, time, ip, mac, devices: [bytes]}.
func (r *reader) aprilBrotherPacked(body []byte) error {
	p := &packed{wire: wire{rest: body}}
	var lists []*packed // of devices; read last: a map is in no order, and they need the gateway's name
	for range p.mapSize() {
		key, _ := p.bytes()
		switch string(key) {
		case "mac":
			if s, ok := p.bytes(); ok && len(s) > 0 {
				r.Gateway = gatewayID(Identity(string(s)))
			}
		case "time":
			if n, ok := p.number(); ok {
				if sent, ok := sinceEpoch(n); ok && !sent.Before(firstPlausible) {
					r.SentAt = sent
				}
			}
		case "devices":
			if isPackedArray(p.rest) {
				lists = append(lists, &packed{wire: wire{rest: p.rest}})
			}
			p.skip(0)
		default:
			p.skip(0)
		}
		if p.bad {
			return fmt.Errorf("%w: the MessagePack ends too early or is none", ErrWrongShape)
		}
	}
	if len(lists) == 0 {
		return fmt.Errorf("%w: the MessagePack holds no list of devices", ErrWrongShape)
	}
	for _, devices := range lists {
		if err := r.packedDevices(devices); err != nil {
			return err
		}
	}
	if len(p.rest) > 0 {
		return r.refuseRest(fmt.Sprintf("%d bytes are left behind the end of the MessagePack", len(p.rest)))
	}
	return nil
}

// packedDevices reads a list that was found whole.
func (r *reader) packedDevices(p *packed) error {
	for range p.arraySize() {
		record, err := r.next()
		if err != nil {
			return err
		}
		if raw, ok := p.bytes(); ok {
			r.aprilBrotherBytes(record, raw)
		} else {
			r.refuse(record, "the device is no bytes")
		}
	}
	return nil
}

// packed reads MessagePack values one after another (github.com/msgpack/msgpack, spec.md).
// A value of another kind than was asked for is passed over: each says how long it is.
type packed struct{ wire }

func isPackedMap(b []byte) bool {
	return len(b) > 0 && (b[0]&0xF0 == 0x80 || b[0] == 0xDE || b[0] == 0xDF)
}

func isPackedArray(b []byte) bool {
	return len(b) > 0 && (b[0]&0xF0 == 0x90 || b[0] == 0xDC || b[0] == 0xDD)
}

// mapSize reads the head of a map.
func (p *packed) mapSize() int {
	switch c := p.u8(); {
	case c&0xF0 == 0x80:
		return c & 0x0F
	case c == 0xDE:
		return p.u16()
	case c == 0xDF:
		return int(p.u32())
	}
	p.bad = true
	return 0
}

// arraySize reads the head of an array.
func (p *packed) arraySize() int {
	switch c := p.u8(); {
	case c&0xF0 == 0x90:
		return c & 0x0F
	case c == 0xDC:
		return p.u16()
	case c == 0xDD:
		return int(p.u32())
	}
	p.bad = true
	return 0
}

// bytes reads a text or binary value; nil is an empty one.
func (p *packed) bytes() ([]byte, bool) {
	if len(p.rest) == 0 {
		p.bad = true
		return nil, false
	}
	switch c := p.rest[0]; {
	case c&0xE0 == 0xA0:
		return p.take(p.u8() & 0x1F), true
	case c == 0xC4, c == 0xD9:
		p.u8()
		return p.take(p.u8()), true
	case c == 0xC5, c == 0xDA:
		p.u8()
		return p.take(p.u16()), true
	case c == 0xC6, c == 0xDB:
		p.u8()
		return p.take(int(p.u32())), true
	case c == 0xC0:
		p.u8()
		return nil, true
	}
	p.skip(0)
	return nil, false
}

// number reads an integer or float.
func (p *packed) number() (float64, bool) {
	if len(p.rest) == 0 {
		p.bad = true
		return 0, false
	}
	c := p.rest[0]
	if c >= 0x80 && (c < 0xCA || c > 0xD3) && c < 0xE0 {
		p.skip(0)
		return 0, false
	}
	switch p.u8(); c {
	case 0xCA:
		return float64(math.Float32frombits(p.u32())), true
	case 0xCB:
		return math.Float64frombits(p.u64()), true
	case 0xCC:
		return float64(p.u8()), true
	case 0xCD:
		return float64(p.u16()), true
	case 0xCE:
		return float64(p.u32()), true
	case 0xCF:
		return float64(p.u64()), true
	case 0xD0:
		return float64(int8(p.u8())), true
	case 0xD1:
		return float64(int16(p.u16())), true
	case 0xD2:
		return float64(int32(p.u32())), true
	case 0xD3:
		return float64(int64(p.u64())), true
	}
	return float64(int8(c)), true // a small one is its own head
}

func (p *packed) u64() uint64 {
	if b := p.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// skip passes over a value of any kind.
func (p *packed) skip(depth int) {
	if p.bad || len(p.rest) == 0 || depth > MaxDepth {
		p.bad = true
		return
	}
	values := 0
	switch c := p.rest[0]; {
	case isPackedMap(p.rest):
		values = 2 * p.mapSize()
	case isPackedArray(p.rest):
		values = p.arraySize()
	default:
		p.u8()
		p.take(p.sizeBehind(c))
	}
	for range values {
		if p.skip(depth + 1); p.bad {
			return
		}
	}
}

// sizeBehind is how many bytes follow the head of a value that is no map and no array; what
// the head does not say itself is read.
func (p *packed) sizeBehind(head byte) int {
	switch {
	case head&0xE0 == 0xA0:
		return int(head & 0x1F)
	case head < 0x80, head >= 0xE0:
		return 0
	}
	switch head {
	case 0xC0, 0xC2, 0xC3:
		return 0
	case 0xC4, 0xD9:
		return p.u8()
	case 0xC5, 0xDA:
		return p.u16()
	case 0xC6, 0xDB:
		return int(p.u32())
	case 0xC7: // an extension, with a byte for its type
		return p.u8() + 1
	case 0xC8:
		return p.u16() + 1
	case 0xC9:
		return int(p.u32()) + 1
	case 0xCA, 0xCE, 0xD2:
		return 4
	case 0xCB, 0xCF, 0xD3:
		return 8
	case 0xCC, 0xD0:
		return 1
	case 0xCD, 0xD1:
		return 2
	case 0xD4, 0xD5, 0xD6, 0xD7, 0xD8:
		return 1<<(head-0xD4) + 1
	}
	p.bad = true // 0xC1 is never used
	return 0
}
