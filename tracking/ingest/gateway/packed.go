package gateway

import (
	"encoding/binary"
	"fmt"
	"math"
)

// isMessagePackMap says whether a body can be a MessagePack map: what it begins with
// begins no JSON text.
func isMessagePackMap(body []byte) bool {
	return len(body) > 1 && (body[0]&0xF0 == 0x80 || body[0] == 0xDE || body[0] == 0xDF)
}

// aprilBrotherPacked reads the MessagePack form of April Brother's gateway, which is its
// default: {v, mid, time, ip, mac, devices: [bytes]}.
func (r *reader) aprilBrotherPacked(body []byte) error {
	p := &packed{wire: wire{rest: body}}
	n := p.mapSize()
	for range n {
		key := p.text()
		switch key {
		case "mac":
			if s := p.text(); s != "" {
				r.Gateway = gatewayID(Identity(s))
			}
		case "time":
			if sent, ok := sinceEpoch(p.number()); ok && !sent.Before(firstPlausible) {
				r.SentAt = sent
			}
		case "devices":
			if err := r.packedDevices(p); err != nil {
				return err
			}
		default:
			p.skip(0)
		}
		if p.bad {
			return fmt.Errorf("%w: the MessagePack ends too early or holds what is not expected", ErrWrongShape)
		}
	}
	return nil
}

func (r *reader) packedDevices(p *packed) error {
	for range p.arraySize() {
		record, err := r.next()
		if err != nil {
			return err
		}
		raw := p.bytes()
		if p.bad {
			return nil
		}
		r.aprilBrotherBytes(record, raw)
	}
	return nil
}

// packed reads MessagePack values one after another (github.com/msgpack/msgpack, spec.md).
type packed struct{ wire }

func (p *packed) mapSize() int {
	switch c := p.u8(); {
	case c&0xF0 == 0x80:
		return c & 0x0F
	case c == 0xDE:
		return p.u16()
	}
	p.bad = true
	return 0
}

func (p *packed) arraySize() int {
	switch c := p.u8(); {
	case c&0xF0 == 0x90:
		return c & 0x0F
	case c == 0xDC:
		return p.u16()
	}
	p.bad = true
	return 0
}

// bytes reads a text or binary value.
func (p *packed) bytes() []byte {
	switch c := p.u8(); {
	case c&0xE0 == 0xA0:
		return p.take(c & 0x1F)
	case c == 0xC4, c == 0xD9:
		return p.take(p.u8())
	case c == 0xC5, c == 0xDA:
		return p.take(p.u16())
	case c == 0xC0:
		return nil
	}
	p.bad = true
	return nil
}

func (p *packed) text() string { return string(p.bytes()) }

// number reads an integer or float.
func (p *packed) number() float64 {
	switch c := p.u8(); {
	case c < 0x80:
		return float64(c)
	case c >= 0xE0:
		return float64(int8(c))
	case c == 0xCC:
		return float64(p.u8())
	case c == 0xCD:
		return float64(p.u16())
	case c == 0xCE:
		return float64(p.u32())
	case c == 0xCA:
		return float64(math.Float32frombits(p.u32()))
	case c == 0xCB:
		return math.Float64frombits(p.u64())
	case c == 0xCF, c == 0xD3:
		return float64(int64(p.u64()))
	case c == 0xD0:
		return float64(int8(p.u8()))
	case c == 0xD1:
		return float64(int16(p.u16()))
	case c == 0xD2:
		return float64(int32(p.u32()))
	}
	p.bad = true
	return 0
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
	switch c := int(p.rest[0]); {
	case c&0xF0 == 0x80, c == 0xDE:
		for range 2 * p.mapSize() {
			if p.skip(depth + 1); p.bad {
				return
			}
		}
	case c&0xF0 == 0x90, c == 0xDC:
		for range p.arraySize() {
			if p.skip(depth + 1); p.bad {
				return
			}
		}
	case c == 0xC0, c == 0xC2, c == 0xC3:
		p.u8()
	case c&0xE0 == 0xA0, c == 0xC4, c == 0xC5, c == 0xD9, c == 0xDA:
		p.bytes()
	default:
		p.number()
	}
}
