// Package tracking knows where equipment is: it takes what gateways hear, asks
// the filter in tracking/locate which room each tag is in, and keeps every
// arrival, move and departure.
//
// The path of data: ingest hands over Sightings → Tracker (sharded by tag, one
// goroutine a shard) → locate (pure) → one transaction holding places, moves
// and topics → the pages of the hub.
package tracking

import (
	"time"

	"wardwatch/tracking/hospital"
)

// NoBattery is what Sighting.BatteryPct says when the advert carried none.
const NoBattery = -1

// PressedDBm is how loud a pressed button must be heard for the tag to stand in the
// gateway's own room: within about two metres of it.
const PressedDBm = -62

// Sighting is one gateway hearing one tag once.
type Sighting struct {
	// Tag is the identity heard: a MAC as 12 lower-case hex digits,
	// "ibeacon:UUID:major:minor", "eddystone:NAMESPACE:INSTANCE" or "epc:HEX"
	// with upper-case hex.
	Tag string
	// Also are other identities that the same advert carried.
	Also []string
	// Gateway is the receiver that heard it.
	Gateway hospital.GatewayID
	// Antenna is the port of an RFID reader, from 1; 0 when the receiver has but one.
	Antenna int
	// RSSIdBm is the signal's strength; it means nothing unless HasRSSI.
	RSSIdBm float64
	HasRSSI bool
	// At is the device's own time, which may be zero; ReceivedAt is ours, and orders.
	At         time.Time
	ReceivedAt time.Time
	// BatteryPct is 0 to 100, or NoBattery when the advert said nothing.
	BatteryPct int
	// Moving is the tag's accelerometer bit; nil when the advert carried none.
	Moving *bool
	// Movements is how often the tag has moved by its own count, which runs over; it means
	// nothing unless HasMovements.
	Movements    int
	HasMovements bool
	// Pressed says that a person pressed the tag's button as it was heard.
	Pressed bool
}
