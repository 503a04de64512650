// Package ble reads what a Bluetooth Low Energy device advertises: beacon
// identities, and the values of sensors that put them into the advert itself.
//
// It is pure: bytes in, an Advert out. An advertising payload is a row of AD
// structures (length, type, data; Bluetooth Core 5.4, Vol 3 Part C §11); each
// structure that we know is read, each that we do not is named in Unknown.
// Who heard the advert, when and how loud is the envelope's matter, see package gateway.
package ble

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// MaxPayload is the longest payload that is read, in bytes: a whole chain of
// BLE 5 extended adverts may carry 1,650 (Core 5.4, Vol 4 Part E §7.7.65.13).
const MaxPayload = 1650

// What is wrong with a payload.
var (
	ErrTruncated = errors.New("the advert ends inside a structure")
	ErrTooLong   = errors.New("the advert is longer than Bluetooth allows")
	ErrEmpty     = errors.New("the advert is empty")
)

// Maybe is a value that a payload may or may not carry. The zero Maybe is
// "not carried" and is left out of JSON by omitzero.
type Maybe[T any] struct {
	Value T
	Known bool
}

// Some is a value that was carried.
func Some[T any](v T) Maybe[T] { return Maybe[T]{Value: v, Known: true} }

// MarshalJSON writes the bare value, or null.
func (m Maybe[T]) MarshalJSON() ([]byte, error) {
	if !m.Known {
		return []byte("null"), nil
	}
	return json.Marshal(m.Value)
}

// Advert is what one advertising payload says.
type Advert struct {
	// Tags are the beacon identities, such as "ibeacon:UUID:major:minor".
	Tags []string
	// MAC is the sender's address where the payload itself carries it: 12
	// lower-case hex digits, or empty.
	MAC string
	// Name is the device's local name, or empty.
	Name string
	// Sensor is what the device measured; its Format is empty when it is no sensor.
	Sensor Sensor
	// Unknown names the structures that were not understood: "ff:004c:1006…" is
	// type, company or service, data.
	Unknown []string

	sensorPush bool // the advert lists SensorPush's own service
}

// Sensor holds the values of one advert, each only if it was carried.
type Sensor struct {
	// Format names the layout that was read: "ruuvi-5", "bthome-2", "eddystone-tlm", …
	Format      string         `json:"format"`
	Celsius     Maybe[float64] `json:"celsius,omitzero"`
	MoreCelsius []float64      `json:"more_celsius,omitempty"` // further probes, in the advert's order
	HumidityPct Maybe[float64] `json:"humidity_pct,omitzero"`
	PressureHPa Maybe[float64] `json:"pressure_hpa,omitzero"`
	BatteryMV   Maybe[int]     `json:"battery_mv,omitzero"`
	BatteryPct  Maybe[int]     `json:"battery_pct,omitzero"`
	// Motion is a movement counter (RuuviTag) or 1 and 0 for moving and still.
	Motion   Maybe[int]  `json:"motion,omitzero"`
	Button   Maybe[bool] `json:"button,omitzero"`
	DoorOpen Maybe[bool] `json:"door_open,omitzero"`
	// Counter numbers the advert, so that the same one heard twice is recognised.
	Counter    Maybe[int] `json:"counter,omitzero"`
	TxPowerDBm Maybe[int] `json:"tx_power_dbm,omitzero"`
	// At is when the device measured, by its own clock, where the advert says so: a
	// stored measurement that is sent later. Zero: now.
	At time.Time `json:"at,omitzero"`
	// Fault is set where the device itself says that it has no valid temperature.
	Fault bool `json:"fault,omitempty"`
	// Encrypted is set where the values can't be read without the device's key.
	Encrypted bool `json:"encrypted,omitempty"`
}

// Channel names where the temperature was taken: "chip" and "air" are never a
// fridge's; everything else is a "probe".
func (s Sensor) Channel() string {
	switch s.Format {
	case FormatEddystoneTLM:
		return "chip"
	case FormatRuuvi6, FormatRuuviE1:
		return "air"
	default:
		return "probe"
	}
}

// Moving says whether the device reports that it moves now; nil when it does not say.
func (s Sensor) Moving() *bool {
	if !s.Motion.Known || s.Format == FormatRuuvi5 {
		return nil
	}
	moving := s.Motion.Value != 0
	return &moving
}

// Movements is how often the device has moved by its own count; false when it keeps none.
func (s Sensor) Movements() (int, bool) {
	return s.Motion.Value, s.Motion.Known && s.Format == FormatRuuvi5
}

// AD types that are read (Bluetooth Assigned Numbers §2.3).
const (
	adSomeServices128  = 0x06
	adServices128      = 0x07
	adShortName        = 0x08
	adCompleteName     = 0x09
	adServiceData16    = 0x16
	adManufacturerData = 0xFF
)

// Decode reads one advertising payload. An Advert comes back even with
// ErrTruncated: what stood before the break is still true.
func Decode(payload []byte) (Advert, error) {
	var a Advert
	if len(payload) == 0 {
		return a, ErrEmpty
	}
	if len(payload) > MaxPayload {
		return a, ErrTooLong
	}
	a.lookAhead(payload)
	for rest := payload; len(rest) > 0; {
		size := int(rest[0])
		if size == 0 { // the rest is padding (Core 5.4, Vol 3 Part C §11)
			return a, nil
		}
		if size >= len(rest) {
			return a, fmt.Errorf("%w: %d bytes announced, %d left", ErrTruncated, size, len(rest)-1)
		}
		a.structure(rest[1], rest[2:1+size])
		rest = rest[1+size:]
	}
	return a, nil
}

// sensorPushService is SensorPush's service EF090000-11D6-42BA-93B8-9DD7EC090AB0 as it is on the air.
var sensorPushService = []byte{0xB0, 0x0A, 0x09, 0xEC, 0xD7, 0x9D, 0xB8, 0x93, 0xBA, 0x42, 0xD6, 0x11, 0x00, 0x00, 0x09, 0xEF}

// lookAhead finds what makers can only be told by: the local name, and one service.
func (a *Advert) lookAhead(rest []byte) {
	for len(rest) > 1 {
		size := int(rest[0])
		if size == 0 || size >= len(rest) {
			return
		}
		switch data := rest[2 : 1+size]; rest[1] {
		case adShortName, adCompleteName:
			a.Name = printable(data)
		case adServices128, adSomeServices128:
			a.sensorPush = a.sensorPush || bytes.HasPrefix(data, sensorPushService)
		}
		rest = rest[1+size:]
	}
}

// printable keeps what may be shown to a person and stored as text.
func printable(b []byte) string {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c >= 0x20 && c < 0x7F {
			out = append(out, c)
		}
	}
	return string(out)
}

func (a *Advert) structure(kind byte, data []byte) {
	switch kind {
	case adServiceData16:
		if len(data) < 2 || !a.service(binary.LittleEndian.Uint16(data), data[2:]) {
			a.unknown(kind, data)
		}
	case adManufacturerData:
		if len(data) < 2 || !a.manufacturer(binary.LittleEndian.Uint16(data), data[2:]) {
			a.unknown(kind, data)
		}
	}
}

func (a *Advert) unknown(kind byte, data []byte) {
	if len(data) < 2 {
		a.Unknown = append(a.Unknown, fmt.Sprintf("%02x:%x", kind, data))
		return
	}
	a.Unknown = append(a.Unknown, fmt.Sprintf("%02x:%04x:%x", kind, binary.LittleEndian.Uint16(data), data[2:]))
}

// service reads service data of a 16-bit UUID; false when it is not understood.
func (a *Advert) service(uuid uint16, d []byte) bool {
	switch uuid {
	case 0xFEAA:
		return a.eddystone(d)
	case 0xFCD2:
		return a.bthome(d)
	case 0x181A:
		return a.thermometer(d)
	case 0xFFE1:
		return a.minew(d)
	}
	return false
}

// manufacturer reads manufacturer data; false when it is not understood.
func (a *Advert) manufacturer(company uint16, d []byte) bool {
	if len(d) >= 2 && d[0] == 0xBE && d[1] == 0xAC {
		return a.altBeacon(d[2:])
	}
	switch company {
	case 0x004C:
		return a.iBeacon(d)
	case 0x0499:
		return a.ruuvi(d)
	}
	return a.thermometerMakers(company, d)
}

// measured takes over a sensor's values. A sensor wins over a plain beacon in
// the same payload; the first sensor wins over a second.
func (a *Advert) measured(s Sensor) {
	if a.Sensor.Format == "" || isBeacon(a.Sensor.Format) {
		a.Sensor = s
	}
}

// beaconed notes an identity, and its power where nothing better is known.
func (a *Advert) beaconed(format, tag string, power int) {
	a.Tags = append(a.Tags, tag)
	if a.Sensor.Format == "" {
		a.Sensor = Sensor{Format: format, TxPowerDBm: Some(power)}
	}
}

func isBeacon(format string) bool {
	return format == FormatIBeacon || format == FormatAltBeacon || format == FormatEddystoneUID
}

// macOf writes six bytes as an address; reversed bytes are common on the air.
// An address that nobody filled in is none.
func macOf(b []byte) string {
	if b = b[:6]; allAre(b, 0) || allAre(b, 0xFF) {
		return ""
	}
	return hex.EncodeToString(b)
}

func macOfReversed(b []byte) string {
	return macOf([]byte{b[5], b[4], b[3], b[2], b[1], b[0]})
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func beI16(b []byte) int   { return int(int16(be16(b))) }
func leI16(b []byte) int   { return int(int16(le16(b))) }
func signed(b byte) int    { return int(int8(b)) }

func allAre(b []byte, v byte) bool {
	for _, c := range b {
		if c != v {
			return false
		}
	}
	return true
}

// scaled is n steps of 1/per, rounded so that 0.1 + 0.2 never shows in a value.
func scaled(n int, per float64) float64 {
	return math.Round(float64(n)/per*1e6) / 1e6
}
