// Package simulate is a made-up hospital that publishes what real gateways publish.
//
// Nothing in it is special to the rest of Wardwatch: Draw makes a hospital (floors
// that tile like a ward plan, gateways of four makes, equipment, fridges, stock,
// people) as the same document that `import hospital` reads. A World is that
// hospital in motion: equipment is fetched, used, cleaned and put back along the
// doors; fridges cool and warm; batteries run down; one gateway is out of order.
// Each Step gives the messages that the gateways would have sent meanwhile, in
// their makers' own envelopes, and a Fleet carries them to a broker over MQTT.
//
// A World is a function of its drawing, its seed and its start: the same three
// give the same bytes. It never looks at a clock.
package simulate

import (
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
)

// Size says how much hospital to draw.
type Size string

// The sizes.
const (
	// Small is two floors of a district hospital: enough to try things out.
	Small Size = "small"
	// Hospital is three floors with theatres and intensive care.
	Hospital Size = "hospital"
	// Campus is two houses with ten floors between them.
	Campus Size = "campus"
)

// Sizes lists every size, smallest first.
func Sizes() []Size { return []Size{Small, Hospital, Campus} }

// ParseSize reads a size by its name.
func ParseSize(name string) (Size, error) {
	for _, size := range Sizes() {
		if string(size) == name {
			return size, nil
		}
	}
	return "", fmt.Errorf("size %q is none of %v: %w", name, Sizes(), hospital.ErrInvalid)
}

// Message is what one gateway sends at one instant.
type Message struct {
	Gateway hospital.GatewayID
	Topic   string
	Payload []byte
	// QoS is the MQTT quality of service that this make uses: 0 or 1.
	QoS byte
	// Retain asks the broker to keep it for late subscribers.
	Retain bool
	// At is the simulated instant of sending.
	At time.Time
}
