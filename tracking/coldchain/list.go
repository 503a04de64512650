package coldchain

import (
	"time"

	"wardwatch/tracking/hospital"
)

// ReadingQuery chooses readings of a fridge for a list: one probe after the other,
// each from the oldest reading to the newest.
type ReadingQuery struct {
	Fridge   FridgeID
	From, To time.Time // From <= At < To
	// After is the last reading of the list's part before; the zero value begins the list.
	AfterSensor SensorID
	AfterAt     time.Time
}

// Recorded is a reading as the record holds it.
type Recorded struct {
	Sensor         SensorID
	Key            SensorKey
	Judged         bool
	At, ReceivedAt time.Time
	Temp           MilliCelsius
	Gateway        hospital.GatewayID
	Source         string
}

// ExcursionQuery chooses excursions for a list, the last found first.
type ExcursionQuery struct {
	Fridge   FridgeID  // empty: of all
	Running  bool      // only those that have not ended
	From, To time.Time // From <= Start < To; zero: no bound
	Before   ExcursionID
}

// ForewarningQuery chooses forewarnings for a list, the last said first.
type ForewarningQuery struct {
	Fridge   FridgeID  // empty: of all
	From, To time.Time // From <= At < To; zero: no bound
	Before   ForewarningID
}
