package coldchain

import (
	"time"

	"wardwatch/tracking/notify"
)

// ExcursionID numbers excursions; it stays the same when late data revises one.
type ExcursionID int64

// Direction is the side of a limit that is wrong.
type Direction string

// The directions.
const (
	TooWarm Direction = "too warm"
	TooCold Direction = "too cold"
)

// Severity orders what needs somebody: a freeze spoils in minutes, warmth in hours.
type Severity = notify.Severity

// The severities, least first.
const (
	Notice   = notify.Informative
	Warning  = notify.Warning
	Serious  = notify.Serious
	Critical = notify.Critical
)

// Excursion is a time that one probe of a fridge spent beyond a rule's limit for
// longer than the rule allows.
type Excursion struct {
	ID     ExcursionID
	Fridge FridgeID
	Sensor SensorKey
	// Rule is the profile's name of the rule: "warm", "cold", "freeze".
	Rule      string
	Direction Direction
	Severity  Severity
	Limit     MilliCelsius
	// Start is the first reading beyond the limit, not the moment of the alarm.
	Start time.Time
	// ConfirmedAt is when the rule's duration was up and the excursion began to count.
	ConfirmedAt time.Time
	// End is the first reading back in range; zero while the excursion runs.
	End time.Time
	// ClearedAt is the reading at which the return had been held for long enough
	// and the excursion was over; zero while it runs.
	ClearedAt time.Time
	// Known is the time that readings prove to be beyond the limit; Possible adds
	// the gaps during which nobody knows. Budgets are charged with Possible.
	Known, Possible time.Duration
	Min, Max        MilliCelsius
	// MKT is the mean kinetic temperature from Start to End (USP <1079.2>). It
	// informs; it never releases a lot.
	MKT MilliCelsius
	// FoundLate: late data showed it after it was over; it never rang.
	FoundLate bool
	// Revision counts how often late data has changed it; 0 at first.
	Revision int
	// Withdrawn: late data showed that it never was one. It stays readable.
	Withdrawn bool
	// Cut: the probe was taken off before it was over. It ends at the last reading;
	// what came after nobody knows.
	Cut bool
}

// Running is true while the temperature has not come back.
func (e Excursion) Running() bool { return e.End.IsZero() && !e.Withdrawn }

// EventKind is what happened to an excursion.
type EventKind string

// The kinds of event.
const (
	ExcursionBegan     EventKind = "excursion began"
	ExcursionEnded     EventKind = "excursion ended"
	ExcursionRevised   EventKind = "excursion revised"
	ExcursionWithdrawn EventKind = "excursion withdrawn"
)

// Event is one link of the chain that others follow: it is appended in the
// transaction of the excursion's own change, and never altered.
type Event struct {
	// Seq rises by at least one with each event; a follower keeps the last it has dealt with.
	Seq    int64
	At     time.Time
	Kind   EventKind
	Fridge FridgeID
	// Excursion is as it stood at the event.
	Excursion Excursion
}
