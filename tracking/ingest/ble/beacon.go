package ble

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// Names of the formats that identify rather than measure.
const (
	FormatIBeacon      = "ibeacon"
	FormatAltBeacon    = "altbeacon"
	FormatEddystoneUID = "eddystone-uid"
	FormatEddystoneTLM = "eddystone-tlm"
)

// iBeacon: 02 15, UUID 16, major, minor big-endian, power at 1 m
// (Apple, Proximity Beacon Specification R1).
func (a *Advert) iBeacon(d []byte) bool {
	if len(d) < 23 || d[0] != 0x02 || d[1] != 0x15 {
		return false
	}
	a.beaconed(FormatIBeacon, proximity("ibeacon:", d[2:22]), signed(d[22]))
	return true
}

// altBeacon: after the code BEAC an identity of 20 bytes, the power at 1 m and a
// byte for the maker, under any company id (AltBeacon specification 1.0).
func (a *Advert) altBeacon(d []byte) bool {
	if len(d) < 21 {
		return false
	}
	a.beaconed(FormatAltBeacon, proximity("altbeacon:", d[:20]), signed(d[20]))
	return true
}

// proximity writes prefix, UUID, major and minor.
func proximity(prefix string, id []byte) string {
	b := make([]byte, 0, len(prefix)+36+12)
	b = append(b, prefix...)
	b = appendUUID(b, id[:16])
	b = append(b, ':')
	b = strconv.AppendUint(b, uint64(binary.BigEndian.Uint16(id[16:])), 10)
	b = append(b, ':')
	b = strconv.AppendUint(b, uint64(binary.BigEndian.Uint16(id[18:])), 10)
	return string(b)
}

func appendUUID(b, id []byte) []byte {
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:16]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// eddystone reads the frames UID and TLM (Google, Eddystone protocol specification).
// URL and EID carry nothing that we use.
func (a *Advert) eddystone(d []byte) bool {
	switch {
	case len(d) >= 18 && d[0] == 0x00:
		// The power is meant for 0 m, 41 dB above the value at 1 m that iBeacon gives.
		tag := "eddystone:" + hex.EncodeToString(d[2:12]) + ":" + hex.EncodeToString(d[12:18])
		a.beaconed(FormatEddystoneUID, tag, signed(d[1]))
		return true
	case len(d) >= 14 && d[0] == 0x20 && d[1] == 0x00:
		a.measured(telemetry(d))
		return true
	case len(d) >= 2 && d[0] == 0x20 && d[1] == 0x01:
		a.measured(Sensor{Format: FormatEddystoneTLM, Encrypted: true})
		return true
	}
	return false
}

// telemetry: millivolts, chip temperature as signed 8.8, adverts since power-on,
// tenths of a second since then; big-endian. 0 mV and 0x8000 mean "not supported".
func telemetry(d []byte) Sensor {
	s := Sensor{Format: FormatEddystoneTLM, Counter: Some(int(binary.BigEndian.Uint32(d[6:])))}
	if mv := be16(d[2:]); mv != 0 {
		s.BatteryMV = Some(int(mv))
	}
	if be16(d[4:]) != 0x8000 {
		s.Celsius = Some(scaled(beI16(d[4:]), 256))
	}
	return s
}
