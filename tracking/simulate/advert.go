package simulate

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
)

// Advertising payloads as devices broadcast them: AD structures of one length
// byte, one type byte and data. Layouts: domain facts of each maker's format.

const (
	adFlags        = 0x01
	adUUIDs        = 0x03
	adServiceData  = 0x16
	adManufacturer = 0xff

	companyApple = 0x004c
	companyRuuvi = 0x0499

	uuidEddystone = 0xfeaa
	uuidBTHome    = 0xfcd2
	uuidMinew     = 0xffe1
)

// powerAtOneMetre is what every tag of the hospital is calibrated to, in dBm.
const powerAtOneMetre = -59

// structure appends one AD structure.
func structure(ad []byte, kind byte, data ...byte) []byte {
	return append(append(ad, byte(len(data)+1), kind), data...)
}

func flags() []byte { return structure(nil, adFlags, 0x06) }

func littleEndian16(v uint16) []byte { return []byte{byte(v), byte(v >> 8)} }

// advertIBeacon is Apple's proximity beacon.
func advertIBeacon(uuid string, major, minor uint16) []byte {
	id, _ := hex.DecodeString(strings.ReplaceAll(uuid, "-", ""))
	data := append(littleEndian16(companyApple), 0x02, 0x15)
	data = append(data, id...)
	data = binary.BigEndian.AppendUint16(data, major)
	data = binary.BigEndian.AppendUint16(data, minor)
	power := int8(powerAtOneMetre)
	return structure(flags(), adManufacturer, append(data, byte(power))...)
}

// advertEddystoneUID says power at 0 m, which is 41 dB above that at 1 m.
func advertEddystoneUID(namespace string, instance uint64) []byte {
	id, _ := hex.DecodeString(namespace)
	power := int8(powerAtOneMetre + 41)
	data := append(littleEndian16(uuidEddystone), 0x00, byte(power))
	data = append(data, id...)
	data = append(data, binary.BigEndian.AppendUint64(nil, instance)[2:]...)
	return structure(eddystoneHead(), adServiceData, append(data, 0, 0)...)
}

// advertEddystoneTLM tells of the tag itself: battery and counters. It has no
// thermometer, and says so as the format wants it.
func advertEddystoneTLM(milliVolts int, adverts, deciSeconds uint32) []byte {
	const noThermometer = 0x8000
	data := append(littleEndian16(uuidEddystone), 0x20, 0x00)
	data = binary.BigEndian.AppendUint16(data, uint16(milliVolts))
	data = binary.BigEndian.AppendUint16(data, noThermometer)
	data = binary.BigEndian.AppendUint32(data, adverts)
	data = binary.BigEndian.AppendUint32(data, deciSeconds)
	return structure(eddystoneHead(), adServiceData, data...)
}

func eddystoneHead() []byte {
	return structure(flags(), adUUIDs, littleEndian16(uuidEddystone)...)
}

// fixed88 is a signed fixed-point number of 8 bits before and 8 after the point.
func fixed88(v float64) uint16 { return uint16(int16(math.Round(v * 256))) }

// air is what a probe measures.
type air struct {
	celsius, humidity float64
	batteryPct        int
	counter           uint16
}

// milliVolts is a coin cell's voltage: 2.4 V when it is as good as flat, 3.0 V when new.
func milliVolts(batteryPct int) int { return 2400 + 6*batteryPct }

// advertRuuvi5 is RuuviTag data format 5 (RAWv2).
func advertRuuvi5(a air, mac string) []byte {
	data := append(littleEndian16(companyRuuvi), 0x05)
	data = binary.BigEndian.AppendUint16(data, uint16(int16(math.Round(a.celsius/0.005))))
	data = binary.BigEndian.AppendUint16(data, uint16(math.Round(a.humidity/0.0025)))
	data = binary.BigEndian.AppendUint16(data, 101_325-50_000)
	for _, milliG := range []int16{4, -12, 1028} {
		data = binary.BigEndian.AppendUint16(data, uint16(milliG))
	}
	const transmitPower = (4 + 40) / 2
	data = binary.BigEndian.AppendUint16(data, uint16(milliVolts(a.batteryPct)-1600)<<5|transmitPower)
	data = append(data, 3)
	data = binary.BigEndian.AppendUint16(data, a.counter)
	return structure(structure(nil, adFlags, 0x06), adManufacturer, append(data, macBytes(mac)...)...)
}

// advertBTHome is an unencrypted BTHome v2 probe: packet id, battery, temperature, humidity.
func advertBTHome(a air) []byte {
	data := append(littleEndian16(uuidBTHome), 0x40, 0x00, byte(a.counter), 0x01, byte(a.batteryPct), 0x02)
	data = append(data, littleEndian16(uint16(int16(math.Round(a.celsius*100))))...)
	data = append(data, 0x03)
	data = append(data, littleEndian16(uint16(math.Round(a.humidity*100)))...)
	return structure(flags(), adServiceData, data...)
}

// advertBTHomeTag is a BTHome v2 tag without a thermometer: packet id, battery, moving or not.
func advertBTHomeTag(counter uint16, batteryPct int, moving bool) []byte {
	data := append(littleEndian16(uuidBTHome), 0x40, 0x00, byte(counter), 0x01, byte(batteryPct), 0x22, 0)
	if moving {
		data[len(data)-1] = 1
	}
	return structure(flags(), adServiceData, data...)
}

// advertMinewProbe is Minew's temperature and humidity frame.
func advertMinewProbe(a air, mac string) []byte {
	data := append(littleEndian16(uuidMinew), 0xa1, 0x01, byte(a.batteryPct))
	data = binary.BigEndian.AppendUint16(data, fixed88(a.celsius))
	data = binary.BigEndian.AppendUint16(data, fixed88(a.humidity))
	return structure(minewHead(), adServiceData, append(data, reversed(macBytes(mac))...)...)
}

// advertMinewInfo is Minew's info frame: battery, MAC, name.
func advertMinewInfo(batteryPct int, mac, name string) []byte {
	data := append(littleEndian16(uuidMinew), 0xa1, 0x08, byte(batteryPct))
	data = append(data, reversed(macBytes(mac))...)
	return structure(minewHead(), adServiceData, append(data, name...)...)
}

func minewHead() []byte { return structure(flags(), adUUIDs, littleEndian16(uuidMinew)...) }

func macBytes(mac string) []byte {
	raw, _ := hex.DecodeString(mac)
	return raw
}

func reversed(b []byte) []byte {
	r := make([]byte, len(b))
	for i, v := range b {
		r[len(b)-1-i] = v
	}
	return r
}
