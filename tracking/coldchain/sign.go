package coldchain

import (
	"time"

	"wardwatch/tracking/hospital"
)

// SignKind is what a device tells of a fridge beside how cold it is.
type SignKind string

// The kinds of signs.
const (
	// SignDoor is on while the door stands open.
	SignDoor SignKind = "door"
	// SignPower is on while the mains are away.
	SignPower SignKind = "power"
	// SignBattery is on while the device says that its battery is low.
	SignBattery SignKind = "battery"
	// SignProbeOut is on while the probe is not plugged in.
	SignProbeOut SignKind = "probe out"
	// SignDevice is on while the device rings itself, by limits of its own.
	SignDevice SignKind = "device alarm"
)

// SignKinds are all kinds, those that need somebody first.
func SignKinds() []SignKind {
	return []SignKind{SignPower, SignProbeOut, SignDoor, SignDevice, SignBattery}
}

// Sign is a device's word that something began or ended.
type Sign struct {
	// Sensor is the device, as in Reading; a sign speaks of all its channels.
	Sensor string
	Kind   SignKind
	// On is true from this moment on, or false.
	On bool
	// Text is what a SignDevice says, in the device's own words.
	Text string
	// At and ReceivedAt are as in Reading; a zero At means ReceivedAt.
	At, ReceivedAt time.Time
	Gateway        hospital.GatewayID
	Source         string
}
