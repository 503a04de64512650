package locate

// Tuning holds the numbers that decide how stubborn the filter is. They are
// about how equipment moves and how radio lies, and the same for every house.
type Tuning struct {
	// StepMS is the time over which what one receiver hears is averaged.
	StepMS int64
	// ChangeDB2 is the mean square by which signals must change from step to step for
	// each step to count in full, and LeastNews what counts when nothing changes:
	// readings of a tag that stands still are alike, and counting them as independent
	// would make confidence lie.
	ChangeDB2, LeastNews float64
	// Calmness scales what a tag's steadiness says of its place: steady seconds are
	// alike, and a tag that rests says so again and again.
	Calmness float64
	// Memory scales what the last seconds were like says of a place: they are nearly the
	// same in the next step.
	Memory float64
	// TemperUntaught scales each step's evidence where geometry is all that is known:
	// what it gets wrong it gets wrong every second anew.
	TemperUntaught float64
	// OddNews is what remains of a step's evidence while the tag is heard as hardly any
	// lesson was: another kind of tag, a hand around it. See Model.oddest.
	OddNews float64
	// LoudestPerDB is how much less likely, as a logarithm, a room that nobody drew is for
	// each dB by which its own receivers hear the tag fainter than the loudest of all.
	LoudestPerDB float64
	// LeavePerSecond is the chance that a tag leaves its room within a second.
	LeavePerSecond float64
	// WanderPerSecond is the chance of going to another part of the room.
	WanderPerSecond float64
	// Moving and Resting scale it when the tag's accelerometer says so. What a moving tag
	// says is new by at least MovingNews, and RestingNews of what one says that has rested
	// for RestAfterMS: the step before, it may have been on its way.
	Moving, Resting         float64
	MovingNews, RestingNews float64
	RestAfterMS             int64
	// SettledAfterMS is the dwell after which leaving is Settled times as likely.
	SettledAfterMS int64
	Settled        float64
	// ThroughDoors is the share of leaving that goes to a neighbouring room; the rest
	// goes anywhere near, and to another storey AcrossFloors times as often.
	ThroughDoors float64
	AcrossFloors float64
	// UnknownLog is the log-likelihood of one signal heard where nobody taught.
	UnknownLog float64
	// Lost is the chance within a second of going where nobody taught.
	Lost float64
	// MostEvidence bounds what one step can say, as a log-likelihood ratio.
	MostEvidence float64
	// A challenger takes over once it is Margin times as likely as the room that
	// stands, in Wins steps running; WinsDense while the pauses between steps are no
	// longer than DenseMS; WinsAcrossFloors between storeys.
	Margin           float64
	MarginUntaught   float64 // the same where geometry is all that is known
	Wins             int
	WinsDense        int
	DenseMS          int64
	WinsAcrossFloors int
	// HoldMS is how long a room-level read or a person's word holds against radio.
	HoldMS int64
}

// DefaultTuning suits equipment on wheels, carried and parked.
func DefaultTuning() Tuning {
	return Tuning{
		StepMS: 350, ChangeDB2: 10, LeastNews: 0.1, TemperUntaught: 0.5, OddNews: 0.5, LoudestPerDB: 0.1, MostEvidence: 8, Calmness: 0.6, Memory: 0.15,
		LeavePerSecond: 0.01, WanderPerSecond: 0.03, Moving: 4, Resting: 0.1, MovingNews: 0.6, RestingNews: 0.1, RestAfterMS: 20_000,
		SettledAfterMS: 10 * 60_000, Settled: 0.2,
		ThroughDoors: 0.9, AcrossFloors: 0.1, Lost: 0.0005, UnknownLog: -5.9,
		Margin: 1, MarginUntaught: 8, Wins: 2, WinsDense: 1, DenseMS: 3000, WinsAcrossFloors: 4,
		HoldMS: 30_000,
	}
}
