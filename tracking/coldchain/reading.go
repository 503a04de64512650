package coldchain

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"wardwatch/tracking/hospital"
)

// MilliCelsius is a temperature in thousandths of a degree Celsius.
type MilliCelsius int32

// FromCelsius rounds to the nearest thousandth of a degree.
func FromCelsius(c float64) MilliCelsius { return MilliCelsius(math.Round(c * 1000)) }

// Celsius is the temperature in degrees.
func (m MilliCelsius) Celsius() float64 { return float64(m) / 1000 }

// String is the temperature with one decimal as pages show it: "4.2 °C". Rules judge the raw value.
func (m MilliCelsius) String() string {
	// Rounded half away from zero on the integer, so that -40 m°C is "0.0" and never "-0.0".
	tenths := (abs(m) + 50) / 100
	sign := ""
	if m < 0 && tenths > 0 {
		sign = "-"
	}
	return fmt.Sprintf("%s%d.%d °C", sign, tenths/10, tenths%10)
}

func abs(m MilliCelsius) int64 {
	if m < 0 {
		return -int64(m)
	}
	return int64(m)
}

// DoorChannel is the channel of a device that tells of a door or the mains and measures nothing.
const DoorChannel = "door"

// Probe is the channel of a sensor that has only one; an empty channel means it.
const Probe = "probe"

// Reading is one temperature that a sensor measured.
type Reading struct {
	// Sensor is the device's own identity: a MAC in 12 lower-case hex digits for
	// a BLE probe, else any string.
	Sensor string
	// Channel tells the probes of one device apart; empty means Probe.
	Channel string
	Temp    MilliCelsius
	// HumidityPct is relative humidity, 0 to 100; nil when the device has none.
	HumidityPct *float64
	// BatteryPct is 0 to 100; nil when the device does not say.
	BatteryPct *int
	// DoorOpen is what a contact on the door says; nil when there is none.
	DoorOpen *bool
	// MeasuredAt is when the device measured, its clock already corrected by the
	// gateway's; the record is ordered by it.
	MeasuredAt time.Time
	// DeviceAt is what the device's own clock said, when that was corrected; else zero.
	DeviceAt time.Time
	// ReceivedAt is when we got it, by our own clock.
	ReceivedAt time.Time
	// Gateway is who passed it on; empty for files.
	Gateway hospital.GatewayID
	// Source is how it came: "mqtt", "http", "file".
	Source string
}

// Verdict is what became of one reading.
type Verdict string

// The verdicts.
const (
	// Accepted: it is in the record, durably.
	Accepted Verdict = "accepted"
	// Duplicate: the record has this sensor, channel and time already.
	Duplicate Verdict = "duplicate"
	// Refused: it is not in the record; the reason says why.
	Refused Verdict = "refused"
)

// Outcome is the verdict on one reading of a batch, in the batch's order.
type Outcome struct {
	Verdict Verdict
	// Reason says why a reading was refused: ReasonUnknownSensor and its like; else empty.
	Reason string
}

// Reasons for refusal, as an administrator reads them.
const (
	ReasonUnknownSensor = "unknown sensor"
	ReasonNoSensor      = "no sensor named"
	ReasonNoTime        = "no time of measurement"
	ReasonFuture        = "measured in the future"
	ReasonImpossible    = "impossible temperature"
	ReasonTooOld        = "older than any record that is kept"
)

// Bounds of what a probe in a hospital can measure: liquid nitrogen to an
// autoclave. What lies outside (-273, 6553.5, 85-with-a-fault codes of other
// ranges) is a device's way of saying "no value".
const (
	coldestPossible MilliCelsius = -200_000
	hottestPossible MilliCelsius = 150_000
)

// FridgeID is the hospital's own name of a fridge, freezer or cold box.
type FridgeID string

// Topic is what changed when this fridge did: "fridge/f-03".
func (id FridgeID) Topic() string { return "fridge/" + string(id) }

// SensorKey names one stream of readings: a sensor's channel.
type SensorKey struct {
	Sensor  string
	Channel string // never empty
}

// Key is the stream the reading belongs to.
func (r Reading) Key() SensorKey {
	if r.Channel == "" {
		return SensorKey{Sensor: r.Sensor, Channel: Probe}
	}
	return SensorKey{Sensor: r.Sensor, Channel: r.Channel}
}

// String is the key as lists show it: the sensor, and its channel when it has several.
func (k SensorKey) String() string {
	if k.Channel == Probe {
		return k.Sensor
	}
	return k.Sensor + " " + strconv.Quote(k.Channel)
}

// Judged says whether a stream measures the goods. A channel that is named for
// the room around the fridge is recorded and never rings.
func (k SensorKey) Judged() bool {
	switch k.Channel {
	case "ambient", "room", "outside", DoorChannel:
		return false
	}
	return true
}
