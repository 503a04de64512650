// Package lorawan reads the payloads of LoRaWAN temperature sensors: Dragino LHT65,
// Milesight EM300, EM310 and EM320, Elsys.
//
// It is pure: bytes in, values out. Which device sent them, and when, is the word of
// the network server, see package gateway. Makers share ports and carry no mark of
// their own, so the port and a hint, the device's profile or name, tell the layout.
package lorawan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// MaxPayload is the longest payload that LoRaWAN carries, in bytes.
const MaxPayload = 242

// ErrPayload says that bytes are no payload that is known here.
var ErrPayload = errors.New("not a payload of a sensor that is known here")

// Channels of a device: what hangs in the fridge, and the sensor in the case outside it.
const (
	Probe    = "probe"
	Internal = "internal"
)

// Value is one measurement.
type Value struct {
	Channel string
	Celsius float64
	// Fault is set where the device says that the probe is not there or not right.
	Fault       bool
	HumidityPct *float64
	// At is set for a stored record that is sent later; else zero.
	At time.Time
	// DoorOpen is what a stored record says of the magnet; what holds now is the Uplink's.
	DoorOpen *bool
}

// Uplink is what one payload says.
type Uplink struct {
	Values     []Value
	BatteryMV  int // 0: not said
	BatteryPct *int
	DoorOpen   *bool
}

// Decode reads a payload. The hint is any text that may name the model.
func Decode(port int, hint string, b []byte) (Uplink, error) {
	hint = strings.ToUpper(hint)
	switch {
	case len(b) == 0 || len(b) > MaxPayload:
		return Uplink{}, fmt.Errorf("%w: %d bytes", ErrPayload, len(b))
	case strings.Contains(hint, "LHT"), port == 2 && len(b) == 11:
		return dragino(b)
	case strings.Contains(hint, "ELSYS"), strings.Contains(hint, "ERS"), port == 5:
		return elsys(b)
	case strings.Contains(hint, "EM3"), port == 85:
		return milesight(hint, b)
	}
	return Uplink{}, fmt.Errorf("%w: port %d of %q", ErrPayload, port, hint)
}

func tenths(n int16) float64     { return math.Round(float64(n)*100) / 1000 }
func hundredths(n int16) float64 { return math.Round(float64(n)*10) / 1000 }

// none is what a field holds that was not measured.
const none = 0x7FFF

// dragino reads the LHT65: two bits of status and 14 of millivolts, the built-in
// sensor, then the external probe, which is what hangs in the fridge. A stored record
// has the probe in place of the battery, and the time at its end.
func dragino(b []byte) (Uplink, error) {
	if len(b) != 11 {
		return Uplink{}, fmt.Errorf("%w: an LHT65 sends 11 bytes, not %d", ErrPayload, len(b))
	}
	const notConnected, polled, stored = 0x80, 0x40, 9
	kind := b[6]
	probe := Value{Channel: Probe, Fault: kind&notConnected != 0}
	raw := int16(binary.BigEndian.Uint16(b[7:]))
	u := Uplink{}
	inside := Value{Channel: Internal}
	humidity := float64(binary.BigEndian.Uint16(b[4:])&0xFFF) / 10
	inside.HumidityPct = &humidity
	if kind&^(notConnected|polled) == stored {
		raw = int16(binary.BigEndian.Uint16(b))
		probe.At = time.Unix(int64(binary.BigEndian.Uint32(b[7:])), 0).UTC()
		inside.At = probe.At
	} else {
		u.BatteryMV = int(binary.BigEndian.Uint16(b) & 0x3FFF)
	}
	probe.Fault = probe.Fault || raw == none
	if !probe.Fault {
		probe.Celsius = hundredths(raw)
	}
	u.Values = append(u.Values, probe)
	if in := int16(binary.BigEndian.Uint16(b[2:])); in != none {
		inside.Celsius = hundredths(in)
		u.Values = append(u.Values, inside)
	}
	return u, nil
}

// milesight reads EM300 and EM320: a channel, a type, a value, little-endian. A stored
// record is longer by one byte on an EM300, the magnet or nothing.
func milesight(hint string, b []byte) (Uplink, error) {
	var u Uplink
	live := Value{Channel: Probe}
	measured := false
	for len(b) > 0 {
		value, rest, err := milesightValue(hint, b)
		if err != nil {
			return u, err
		}
		switch uint16(b[0])<<8 | uint16(b[1]) {
		case 0x0175:
			pct := int(value[0])
			u.BatteryPct = &pct
		case 0x0367, 0x8367:
			live.Celsius, measured = tenths(int16(binary.LittleEndian.Uint16(value))), true
		case 0x0468:
			pct := float64(value[0]) / 2
			live.HumidityPct = &pct
		case 0x0600:
			open := value[0] != 0
			u.DoorOpen = &open
		case milesightStored:
			u.Values = append(u.Values, milesightRecord(value, strings.Contains(hint, "MCS")))
		}
		b = rest
	}
	if measured {
		u.Values = append(u.Values, live)
	}
	return u, nil
}

// milesightStored is the channel and type of a stored record.
const milesightStored = 0x20CE

// milesightSizes are the bytes of each value by channel and type: battery, temperature,
// humidity, a temperature with its alarm; leak and magnet of an EM300; distance, tilt and
// position of an EM310; and what a device says of itself when it joins.
var milesightSizes = map[uint16]int{0x0175: 1, 0x0367: 2, 0x0468: 1, 0x8367: 3, 0x0500: 1, 0x0600: 1, 0x0382: 2, 0x8382: 3, 0x03D4: 7, 0x0400: 1,
	0xFF01: 1, 0xFF08: 6, 0xFF09: 2, 0xFF0A: 2, 0xFF0B: 1, 0xFF0F: 1, 0xFF16: 8, 0xFFFE: 1, 0xFFFF: 2}

// milesightValue splits the first value from what follows it.
func milesightValue(hint string, b []byte) (value, rest []byte, err error) {
	if len(b) < 3 {
		return nil, nil, fmt.Errorf("%w: it ends inside a value", ErrPayload)
	}
	kind := uint16(b[0])<<8 | uint16(b[1])
	size, known := milesightSizes[kind]
	switch {
	case kind == milesightStored && strings.Contains(hint, "EM320"):
		size = 7
	case kind == milesightStored:
		size = 8
	case !known:
		return nil, nil, fmt.Errorf("%w: Milesight channel %02x type %02x", ErrPayload, b[0], b[1])
	}
	if len(b) < 2+size {
		return nil, nil, fmt.Errorf("%w: it ends inside a value of channel %02x type %02x", ErrPayload, b[0], b[1])
	}
	return b[2 : 2+size], b[2+size:], nil
}

func milesightRecord(b []byte, magnet bool) Value {
	humidity := float64(b[6]) / 2
	v := Value{Channel: Probe, At: time.Unix(int64(binary.LittleEndian.Uint32(b)), 0).UTC(),
		Celsius: tenths(int16(binary.LittleEndian.Uint16(b[4:]))), HumidityPct: &humidity}
	if magnet && len(b) > 7 {
		open := b[7] != 0
		v.DoorOpen = &open
	}
	return v
}

// elsysSizes are the bytes of each value (elsys.se, payload format).
var elsysSizes = map[byte]int{0x01: 2, 0x02: 1, 0x03: 3, 0x04: 2, 0x05: 1, 0x06: 2, 0x07: 2, 0x08: 2, 0x09: 6, 0x0A: 2, 0x0B: 4,
	0x0C: 2, 0x0D: 1, 0x0E: 2, 0x0F: 1, 0x10: 4, 0x11: 1, 0x12: 1, 0x14: 4, 0x15: 2, 0x16: 2, 0x17: 4, 0x18: 2, 0x19: 2, 0x1A: 1, 0x1B: 4, 0x1C: 2}

// elsys reads a type and a value, big-endian, one after another. External probes are
// what hangs in the fridge.
func elsys(b []byte) (Uplink, error) {
	var u Uplink
	inside := Value{Channel: Internal}
	measured := false
	probes := 0
	for len(b) > 0 {
		size, known := elsysSizes[b[0]]
		if !known || len(b) < 1+size {
			return u, fmt.Errorf("%w: Elsys type %02x", ErrPayload, b[0])
		}
		v := b[1 : 1+size]
		switch b[0] {
		case 0x01:
			inside.Celsius, measured = tenths(int16(binary.BigEndian.Uint16(v))), true
		case 0x02:
			pct := float64(v[0])
			inside.HumidityPct = &pct
		case 0x07:
			u.BatteryMV = int(binary.BigEndian.Uint16(v))
		case 0x0C, 0x19:
			probes++
			channel := Probe
			if probes > 1 {
				channel = fmt.Sprintf("%s-%d", Probe, probes)
			}
			u.Values = append(u.Values, Value{Channel: channel, Celsius: tenths(int16(binary.BigEndian.Uint16(v)))})
		}
		b = b[1+size:]
	}
	if measured {
		u.Values = append(u.Values, inside)
	}
	return u, nil
}
