package locate

// Tuning holds the numbers that decide how stubborn the filter is. They are
// about how equipment moves and how radio lies, and the same for every house.
type Tuning struct {
	// StepMS is the time over which what one receiver hears is averaged.
	StepMS int64
	// Temper scales each step's evidence: readings a second apart are alike, and
	// counting them as independent would make confidence lie.
	Temper float64
	// LeavePerSecond is the chance that a tag leaves its room within a second.
	LeavePerSecond float64
	// Moving and Resting scale it when the tag's accelerometer says so.
	Moving, Resting float64
	// SettledAfterMS is the dwell after which leaving is Settled times as likely.
	SettledAfterMS int64
	Settled        float64
	// ThroughDoors is the share of leaving that goes to a neighbouring room; the rest
	// goes anywhere near, and to another storey AcrossFloors times as often.
	ThroughDoors float64
	AcrossFloors float64
	// Lost is the chance within a second of going where nobody taught.
	Lost float64
	// A challenger takes over once it is Margin times as likely as the room that
	// stands, in Wins steps running; WinsAcrossFloors between storeys.
	Margin           float64
	Wins             int
	WinsAcrossFloors int
	// HoldMS is how long a room-level read or a person's word holds against radio.
	HoldMS int64
	// ProbablyBelow is the confidence under which a page says "probably".
	ProbablyBelow float64
}

// DefaultTuning suits equipment on wheels, carried and parked.
func DefaultTuning() Tuning {
	return Tuning{
		StepMS: 1000, Temper: 0.25, LeavePerSecond: 0.004, Moving: 4, Resting: 0.1,
		SettledAfterMS: 10 * 60_000, Settled: 0.4,
		ThroughDoors: 0.9, AcrossFloors: 0.1, Lost: 0.0005,
		Margin: 5, Wins: 2, WinsAcrossFloors: 4, HoldMS: 30_000, ProbablyBelow: 0.7,
	}
}
