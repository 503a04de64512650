package ble

// Names of Ruuvi's data formats (docs.ruuvi.com/communication/bluetooth-advertisements).
const (
	FormatRuuvi3  = "ruuvi-3"
	FormatRuuvi5  = "ruuvi-5"
	FormatRuuvi6  = "ruuvi-6"
	FormatRuuviE1 = "ruuvi-e1"
)

func (a *Advert) ruuvi(d []byte) bool {
	switch {
	case len(d) >= 14 && d[0] == 0x03:
		a.measured(ruuvi3(d))
	case len(d) >= 24 && d[0] == 0x05:
		a.measured(ruuvi5(d))
		a.MAC = macOf(d[18:])
	case len(d) >= 20 && d[0] == 0x06:
		a.measured(ruuviAir(d, FormatRuuvi6, int(d[15]), 0xFF))
	case len(d) >= 40 && d[0] == 0xE1:
		counter := int(d[25])<<16 | int(d[26])<<8 | int(d[27])
		a.measured(ruuviAir(d, FormatRuuviE1, counter, 0xFFFFFF))
		a.MAC = macOf(d[34:])
	default:
		return false
	}
	return true
}

// ruuvi3 has its temperature as sign and magnitude, with hundredths in a byte of their own.
func ruuvi3(d []byte) Sensor {
	hundredths := int(d[2]&0x7F)*100 + int(d[3])
	if d[2]&0x80 != 0 {
		hundredths = -hundredths
	}
	return Sensor{
		Format:      FormatRuuvi3,
		HumidityPct: Some(scaled(int(d[1]), 2)),
		Celsius:     Some(scaled(hundredths, 100)),
		PressureHPa: Some(scaled(int(be16(d[4:]))+50000, 100)),
		BatteryMV:   Some(int(be16(d[12:]))),
	}
}

// ruuvi5 gives each field a value of its own for "not available".
func ruuvi5(d []byte) Sensor {
	s := Sensor{Format: FormatRuuvi5}
	s.climate(d)
	power := be16(d[13:])
	if mv := int(power >> 5); mv != 0x7FF {
		s.BatteryMV = Some(mv + 1600)
	}
	if tx := int(power & 0x1F); tx != 0x1F {
		s.TxPowerDBm = Some(tx*2 - 40)
	}
	if d[15] != 0xFF {
		s.Motion = Some(int(d[15]))
	}
	if counter := be16(d[16:]); counter != 0xFFFF {
		s.Counter = Some(int(counter))
	}
	return s
}

// climate is the head that formats 5, 6 and E1 share: temperature × 0.005,
// humidity × 0.0025, pressure + 50,000 Pa.
func (s *Sensor) climate(d []byte) {
	if be16(d[1:]) == 0x8000 {
		s.Fault = true
	} else {
		s.Celsius = Some(scaled(beI16(d[1:]), 200))
	}
	if h := be16(d[3:]); h != 0xFFFF {
		s.HumidityPct = Some(scaled(int(h), 400))
	}
	if p := be16(d[5:]); p != 0xFFFF {
		s.PressureHPa = Some(scaled(int(p)+50000, 100))
	}
}

// ruuviAir reads the part of Ruuvi Air's adverts that concerns us; its gases and
// particles are room air, no fridge's.
func ruuviAir(d []byte, format string, counter, none int) Sensor {
	s := Sensor{Format: format}
	s.climate(d)
	if counter != none {
		s.Counter = Some(counter)
	}
	return s
}
