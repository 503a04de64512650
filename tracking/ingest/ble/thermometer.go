package ble

// Names of the thermometers' own formats.
const (
	FormatPVVX    = "pvvx"
	FormatATC1441 = "atc1441"
	FormatMinewHT = "minew-ht"
	FormatMinew   = "minew" // battery and motion of the tags that measure nothing
)

// thermometer tells the two firmwares that share UUID 0x181A apart by length
// (pvvx/ATC_MiThermometer, README "Advertising formats").
func (a *Advert) thermometer(d []byte) bool {
	switch len(d) {
	case 15:
		a.MAC = macOfReversed(d)
		a.measured(Sensor{
			Format:      FormatPVVX,
			Celsius:     Some(scaled(leI16(d[6:]), 100)),
			HumidityPct: Some(scaled(int(le16(d[8:])), 100)),
			BatteryMV:   Some(int(le16(d[10:]))),
			BatteryPct:  Some(int(d[12])),
			Counter:     Some(int(d[13])),
		})
	case 13:
		a.MAC = macOf(d)
		a.measured(Sensor{
			Format:      FormatATC1441,
			Celsius:     Some(scaled(beI16(d[6:]), 10)),
			HumidityPct: Some(float64(d[8])),
			BatteryPct:  Some(int(d[9])),
			BatteryMV:   Some(int(be16(d[10:]))),
			Counter:     Some(int(d[12])),
		})
	default:
		return false
	}
	return true
}

// minew reads the frames of Minew's own service data: A1, frame, battery, values
// big-endian, address reversed (reelyactive/advlib-ble-services). Only the
// thermometer's frame and the battery of the others concern us.
func (a *Advert) minew(d []byte) bool {
	if len(d) < 3 || d[0] != 0xA1 {
		return false
	}
	switch d[1] {
	case 0x01:
		if len(d) < 13 {
			return false
		}
		a.MAC = macOfReversed(d[7:])
		a.measured(Sensor{
			Format:      FormatMinewHT,
			BatteryPct:  percent(d[2]),
			Celsius:     Some(scaled(beI16(d[3:]), 256)),
			HumidityPct: Some(scaled(int(be16(d[5:])), 256)),
		})
	case 0x03, 0x02, 0x05, 0x08, 0x11:
		a.measured(Sensor{Format: FormatMinew, BatteryPct: percent(d[2])})
		if d[1] == 0x11 && len(d) >= 5 {
			a.Sensor.Motion = Some(int(d[4]))
		}
	default:
		return false
	}
	return true
}

// percent takes 0 for "not known": Minew's tags send it where they have no gauge.
func percent(b byte) Maybe[int] {
	if b == 0 || b > 100 {
		return Maybe[int]{}
	}
	return Some(int(b))
}
