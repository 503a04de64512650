package ble

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Names of the formats of makers that put their values into manufacturer data
// (Bluetooth-Devices/govee-ble, inkbird-ble, sensorpush-ble, bluemaestro-ble).
const (
	FormatGoveeH5074  = "govee-h5074"
	FormatGoveeH5075  = "govee-h5075"
	FormatGoveeH5100  = "govee-h5100"
	FormatGoveeH5179  = "govee-h5179"
	FormatInkbird     = "inkbird-ibs-th"
	FormatSensorPush  = "sensorpush-htw"
	FormatBlueMaestro = "blue-maestro"
)

// Bounds of what these thermometers can measure; beyond is a probe at fault.
const (
	coldestThermometer = -60
	hottestThermometer = 150
)

// thermometerMakers reads manufacturer data of makers that have no company id of
// their own, or share one, and are told by their name; then those with one.
func (a *Advert) thermometerMakers(company uint16, d []byte) bool {
	switch {
	case a.Name == "sps" || a.Name == "tps":
		return a.inkbird(company, d)
	case strings.HasPrefix(a.Name, "SensorPush") || a.sensorPush:
		return a.sensorPushHTw(company, d)
	case company == 0x0001:
		return goveeByName(a.Name) && a.goveeH5100(d)
	case company == 0xEC88:
		return a.govee(d)
	case company == 0x8801:
		return a.goveeH5179(d)
	case company == 0x0133:
		return a.blueMaestro(d)
	}
	return false
}

// govee tells the two layouts of one company id apart by length.
func (a *Advert) govee(d []byte) bool {
	switch {
	case (len(d) == 7 || len(d) == 9) && d[0] == 0:
		s := Sensor{Format: FormatGoveeH5074, HumidityPct: Some(scaled(int(le16(d[3:])), 100)), BatteryPct: percent(d[5])}
		s.within(scaled(leI16(d[1:]), 100))
		a.measured(s)
	case len(d) == 6 && d[0] == 0:
		s := Sensor{Format: FormatGoveeH5075, BatteryPct: percent(d[4])}
		s.packed(d[1:4])
		a.measured(s)
	default:
		return false
	}
	return true
}

// goveeByName tells Govee's thermometers that use a company id that isn't theirs.
func goveeByName(name string) bool {
	for _, model := range []string{"GVH5100", "GVH5101", "GVH5102", "GVH5103", "GVH5104", "GVH5105", "GVH5174", "GVH5177"} {
		if strings.HasPrefix(name, model) {
			return true
		}
	}
	return false
}

// goveeH5100: 01 01, three bytes packed, battery whose top bit says that the probe is at fault.
func (a *Advert) goveeH5100(d []byte) bool {
	if len(d) < 6 || d[0] != 1 || d[1] != 1 {
		return false
	}
	s := Sensor{Format: FormatGoveeH5100, BatteryPct: percent(d[5] & 0x7F)}
	if d[5]&0x80 != 0 {
		s.Fault = true
	} else {
		s.packed(d[2:5])
	}
	a.measured(s)
	return true
}

func (a *Advert) goveeH5179(d []byte) bool {
	if len(d) < 9 || !bytes.HasPrefix(d, []byte{0xEC, 0, 1, 1}) {
		return false
	}
	s := Sensor{Format: FormatGoveeH5179, HumidityPct: Some(scaled(int(le16(d[6:])), 100)), BatteryPct: percent(d[8])}
	s.within(scaled(leI16(d[4:]), 100))
	a.measured(s)
	return true
}

// packed reads 24 bits: the top one is the sign, the thousands are tenths of a
// degree, the rest is tenths of a percent. The rest goes before the division: a known
// decoder that forgets it shows -7.3481 °C.
func (s *Sensor) packed(d []byte) {
	n := int(d[0]&0x7F)<<16 | int(d[1])<<8 | int(d[2])
	tenths := n / 1000
	if d[0]&0x80 != 0 {
		tenths = -tenths
	}
	s.within(scaled(tenths, 10))
	s.HumidityPct = Some(scaled(n%1000, 10))
}

// within takes a temperature, or a fault where no thermometer could measure it.
func (s *Sensor) within(celsius float64) {
	if celsius < coldestThermometer || celsius > hottestThermometer {
		s.Fault = true
		return
	}
	s.Celsius = Some(celsius)
}

// inkbird has its temperature where others have their company id; a checksum keeps
// other makers' data out. "tps" has no humidity.
func (a *Advert) inkbird(company uint16, d []byte) bool {
	if len(d) < 6 {
		return false
	}
	checked := binary.LittleEndian.AppendUint16(nil, company)
	checked = append(checked, d[:3]...)
	if crcModbus(checked) != le16(d[3:]) {
		return false
	}
	s := Sensor{Format: FormatInkbird, BatteryPct: percent(d[5])}
	s.within(scaled(int(int16(company)), 100))
	if a.Name == "sps" {
		s.HumidityPct = Some(scaled(int(le16(d)), 100))
	}
	a.measured(s)
	return true
}

// crcModbus is CRC-16/MODBUS.
func crcModbus(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, c := range b {
		crc ^= uint16(c)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low != 0 {
				crc ^= 0xA001
			}
		}
	}
	return crc
}

// sensorPushHTw starts where others have their company id: two bits of page and six
// of type, then one number in mixed radix: 66,001 steps of temperature, the rest humidity.
func (a *Advert) sensorPushHTw(company uint16, d []byte) bool {
	const page, htw = 0b11, 1
	head := byte(company)
	if len(d) < 3 || head&page != 0 || head>>2 != htw {
		return false
	}
	n := uint32(company>>8) | uint32(d[0])<<8 | uint32(d[1])<<16 | uint32(d[2])<<24
	s := Sensor{Format: FormatSensorPush, HumidityPct: Some(scaled(int(n/66001), 400))}
	s.within(scaled(int(n%66001)-16000, 400))
	a.measured(s)
	return true
}

// blueMaestro reads the Tempo Disc THD: version 23, battery, interval, count of its
// log, then tenths big-endian.
func (a *Advert) blueMaestro(d []byte) bool {
	if len(d) < 12 || d[0] != 23 {
		return false
	}
	s := Sensor{Format: FormatBlueMaestro, BatteryPct: percent(d[1]), Counter: Some(int(be16(d[4:]))),
		HumidityPct: Some(scaled(int(be16(d[8:])), 10))}
	s.within(scaled(beI16(d[6:]), 10))
	a.measured(s)
	return true
}
