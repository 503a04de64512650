package ble

import (
	"encoding/binary"
	"time"
)

// FormatBTHome2 is BTHome version 2 (bthome.io/format).
const FormatBTHome2 = "bthome-2"

// bthomeSizes gives the length of every object in bytes. Lengths are not carried
// on the air, so an id that is not here ends the reading of a payload.
var bthomeSizes = map[byte]int{
	0x00: 1, 0x01: 1, 0x02: 2, 0x03: 2, 0x04: 3, 0x05: 3, 0x06: 2, 0x07: 2, 0x08: 2, 0x09: 1, 0x0A: 3, 0x0B: 3,
	0x0C: 2, 0x0D: 2, 0x0E: 2, 0x0F: 1, 0x10: 1, 0x11: 1, 0x12: 2, 0x13: 2, 0x14: 2, 0x15: 1, 0x16: 1, 0x17: 1,
	0x18: 1, 0x19: 1, 0x1A: 1, 0x1B: 1, 0x1C: 1, 0x1D: 1, 0x1E: 1, 0x1F: 1, 0x20: 1, 0x21: 1, 0x22: 1, 0x23: 1,
	0x24: 1, 0x25: 1, 0x26: 1, 0x27: 1, 0x28: 1, 0x29: 1, 0x2A: 1, 0x2B: 1, 0x2C: 1, 0x2D: 1, 0x2E: 1, 0x2F: 1,
	0x3A: 1, 0x3C: 2, 0x3D: 2, 0x3E: 4, 0x3F: 2, 0x40: 2, 0x41: 2, 0x42: 3, 0x43: 2, 0x44: 2, 0x45: 2, 0x46: 1,
	0x47: 2, 0x48: 2, 0x49: 2, 0x4A: 2, 0x4B: 3, 0x4C: 4, 0x4D: 4, 0x4E: 4, 0x4F: 4, 0x50: 4, 0x51: 2, 0x52: 2,
	0x55: 4, 0x56: 2, 0x57: 1, 0x58: 1, 0x59: 1, 0x5A: 2, 0x5B: 4, 0x5C: 4, 0x5D: 2, 0x5E: 2, 0x5F: 2, 0x60: 1,
	0x61: 2, 0x62: 4, 0x63: 4, 0xF0: 2, 0xF1: 4, 0xF2: 3,
}

// bthome reads the info byte (bit 0 encrypted, bits 5–7 the version) and then the
// objects one after another.
func (a *Advert) bthome(d []byte) bool {
	if len(d) == 0 || d[0]>>5 != 2 {
		return false
	}
	s := Sensor{Format: FormatBTHome2}
	if d[0]&1 != 0 {
		s.Encrypted = true
		a.measured(s)
		return true
	}
	rest := d[1:]
	if d[0]&2 != 0 && len(rest) >= 6 { // the sender's address follows, reversed
		a.MAC = macOfReversed(rest)
		rest = rest[6:]
	}
	known := s.objects(rest)
	a.measured(s)
	return known
}

// objects reads on until the payload ends or holds an id of unknown length; false then.
func (s *Sensor) objects(rest []byte) bool {
	for len(rest) > 0 {
		size, known := bthomeSizes[rest[0]]
		if (rest[0] == 0x53 || rest[0] == 0x54) && len(rest) > 1 { // text and raw carry their length
			size, known = 1+int(rest[1]), true
		}
		if !known || len(rest) < 1+size {
			return false
		}
		s.object(rest[0], rest[1:1+size])
		rest = rest[1+size:]
	}
	return true
}

func (s *Sensor) object(id byte, v []byte) {
	switch id {
	case 0x00:
		s.Counter = Some(int(v[0]))
	case 0x01:
		s.BatteryPct = Some(int(v[0]))
	case 0x02:
		s.celsius(scaled(leI16(v), 100))
	case 0x45:
		s.celsius(scaled(leI16(v), 10))
	case 0x57:
		s.celsius(float64(signed(v[0])))
	case 0x58:
		s.celsius(scaled(signed(v[0])*35, 100))
	case 0x03:
		s.HumidityPct = Some(scaled(int(le16(v)), 100))
	case 0x2E:
		s.HumidityPct = Some(float64(v[0]))
	case 0x04:
		s.PressureHPa = Some(scaled(int(v[0])|int(v[1])<<8|int(v[2])<<16, 100))
	case 0x0C:
		s.BatteryMV = Some(int(le16(v)))
	case 0x11, 0x1A, 0x1B, 0x2D: // opening, door, garage door, window
		s.DoorOpen = Some(v[0] != 0)
	case 0x21, 0x22, 0x2C: // motion, moving, vibration
		s.Motion = Some(int(v[0]))
	case 0x3A:
		s.Button = Some(v[0] != 0)
	case 0x50: // of a stored measurement that is sent later: seconds since 1970 by the device's clock
		s.At = time.Unix(int64(binary.LittleEndian.Uint32(v)), 0).UTC()
	}
}

// celsius takes the first temperature as the sensor's, and further ones as more probes.
func (s *Sensor) celsius(v float64) {
	if s.Celsius.Known {
		s.MoreCelsius = append(s.MoreCelsius, v)
		return
	}
	s.Celsius = Some(v)
}
