// Package notify is whom to tell, when, until somebody answers.
//
// Whoever finds something wrong calls Raise inside its own transaction. That
// writes the Alarm and, by the Ladder, every Notice that will fall due: at once
// to the first people, later to the next. The Dispatcher sends what is due and
// notes each outcome. Acknowledge stops the ladder for everybody, for a time;
// Return says that the trouble is over; Close ends the alarm. All of it is rows
// in tables, so that a crash at any point loses no notice and sticks nowhere.
package notify

import (
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
)

// What a caller can do about a refusal.
var (
	ErrUnknownAlarm = fmt.Errorf("alarm %w", hospital.ErrUnknown)
	ErrStaleAlarm   = fmt.Errorf("alarm was %w", hospital.ErrStale)
	// ErrNoReason: an acknowledgement says why, by a preset reason or in words.
	ErrNoReason = fmt.Errorf("a reason is missing: %w", hospital.ErrInvalid)
	// ErrClosed: the alarm is closed and nothing can be added to it.
	ErrClosed = fmt.Errorf("alarm is closed: %w", hospital.ErrInvalid)
	// ErrStillWrong: an alarm can be closed once what it tells of is over.
	ErrStillWrong = fmt.Errorf("what the alarm tells of is not over: %w", hospital.ErrInvalid)
)

// Topic is what changes with every alarm.
const Topic = "alarms"

// Severity orders what needs somebody.
type Severity int

// The severities, least first.
const (
	Informative Severity = iota
	Warning
	Serious
	Critical
)

// String is the severity in a word.
func (s Severity) String() string {
	return [...]string{"notice", "warning", "serious", "critical"}[min(max(s, Informative), Critical)]
}

// Kind is what is wrong. Each package that raises alarms names its own kinds.
type Kind string

// AlarmID numbers alarms.
type AlarmID int64

// Alarm is one trouble of one thing, from the moment it was found until somebody closes it.
type Alarm struct {
	ID   AlarmID
	Kind Kind
	// Subject is the topic of the thing: "fridge/f-03", "gateway/g-17".
	Subject string
	// Name is the thing as people call it.
	Name string
	// Text is what is wrong, in a sentence without the thing's name: "9.4 °C, limit 8.0 °C".
	Text     string
	Severity Severity
	RaisedAt time.Time
	// Ack is the newest acknowledgement; earlier ones are in the audit trail.
	Ack Acknowledgement
	// ReturnedAt is when the trouble was over; zero while it goes on.
	ReturnedAt time.Time
	Closing    Closing
	// Version rises with each change; a form that carries an older one is stale.
	Version int
}

// Acknowledgement is somebody's word that she has seen the alarm and why it is.
type Acknowledgement struct {
	At     time.Time // zero while nobody has
	By     hospital.PersonID
	ByName string
	Reason Reason
	Note   string
	// Until is when the ladder begins anew if the trouble goes on: nothing is silenced for ever.
	Until time.Time
}

// Closing is the end of an alarm.
type Closing struct {
	At     time.Time // zero while it is open
	By     hospital.PersonID
	ByName string
	Note   string
}

// Life is where an alarm is in its life.
type Life string

// The life of an alarm.
const (
	Active       Life = "active"       // nobody has acknowledged it, or the acknowledgement has run out
	Acknowledged Life = "acknowledged" // somebody is on it
	Returned     Life = "returned"     // over, but not yet closed
	Closed       Life = "closed"
)

// Life is where the alarm is at a moment.
func (a Alarm) Life(at time.Time) Life {
	switch {
	case !a.Closing.At.IsZero():
		return Closed
	case !a.ReturnedAt.IsZero():
		return Returned
	case !a.Ack.At.IsZero() && at.Before(a.Ack.Until):
		return Acknowledged
	}
	return Active
}

// Waits is true while somebody must still acknowledge: a trouble that went away
// by itself stays in view until a person has seen it.
func (a Alarm) Waits(at time.Time) bool {
	switch a.Life(at) {
	case Active:
		return true
	case Returned:
		return a.Ack.At.IsZero()
	}
	return false
}

// Reason is a preset answer to an alarm.
type Reason string

// The reasons. OtherReason needs a note.
const (
	DoorOpen    Reason = "door"
	MovingStock Reason = "stock"
	Power       Reason = "power"
	Defrost     Reason = "defrost"
	SensorFault Reason = "sensor"
	Battery     Reason = "battery"
	OutOfReach  Reason = "reach"
	// Of equipment that is where it should not be, and of what a unit lacks.
	MeantThere   Reason = "meant"
	BringingBack Reason = "back"
	WrongPlace   Reason = "wrong-place"
	OnItsWay     Reason = "on-its-way"
	NotNeeded    Reason = "not-needed"
	OnIt         Reason = "on-it"
	OtherReason  Reason = "other"
)

var reasonWords = map[Reason]string{
	DoorOpen: "Door was open", MovingStock: "Moving stock", Power: "Power", Defrost: "Defrost",
	SensorFault: "Sensor fault", Battery: "Battery", OutOfReach: "Out of reach", MeantThere: "It is meant to be there", BringingBack: "It is being brought back",
	WrongPlace: "It is not there", OnItsWay: "More is on its way", NotNeeded: "Not needed now", OnIt: "I am on it", OtherReason: "Other",
}

// String is the reason in words.
func (r Reason) String() string { return reasonWords[r] }

func (r Reason) known() bool { return reasonWords[r] != "" }

// Step is a rung of the ladder.
type Step struct {
	// After is how long after the alarm the rung is reached.
	After time.Duration
	Roles []hospital.Role
}

// Ladder is who is told, and when, while nobody acknowledges. The inbox shows
// every alarm at once and needs no rung.
type Ladder struct {
	Steps []Step
	// Ways are how people are reached; none: the inbox alone.
	Ways []Way
	// Webhook is the one address for the Webhook way.
	Webhook string
	// Numbers are telephones that text messages of every rung go to, beside people's own:
	// the one that whoever is on duty carries.
	Numbers []string
	// Silence is how long an acknowledgement keeps the ladder quiet while the trouble goes on.
	Silence time.Duration
	// Rota is true where the hospital's own rota, once there is one, holds instead of Steps and Silence.
	Rota bool
}

// MaxSilence is the longest that one acknowledgement may keep an alarm quiet.
const MaxSilence = 8 * time.Hour

// DefaultLadder tells nurses and pharmacists at once, the biomedical engineer
// after a quarter of an hour and administrators after half an hour.
func DefaultLadder(ways ...Way) Ladder {
	return Ladder{
		Steps: []Step{
			{0, []hospital.Role{hospital.Nurse, hospital.Pharmacist}},
			{15 * time.Minute, []hospital.Role{hospital.Pharmacist, hospital.BiomedicalEngineer}},
			{30 * time.Minute, []hospital.Role{hospital.Administrator, hospital.SupplyManager}},
		},
		Ways: ways, Silence: time.Hour,
	}
}

// Way is how somebody is reached.
type Way string

// The ways.
const (
	Email   Way = "email"
	Webhook Way = "webhook"
	SMS     Way = "text message"
)

// Word is what pages call a way.
func (w Way) Word() string {
	switch w {
	case Email:
		return "E-mail"
	case SMS:
		return "SMS"
	}
	return "Webhook"
}

// Ways lists every way, in the order pages show them.
func Ways() []Way { return []Way{Email, Webhook, SMS} }

func (l Ladder) uses(w Way) bool { return slices.Contains(l.Ways, w) }

// NoticeID numbers notices.
type NoticeID int64

// Status is what became of a notice.
type Status string

// The life of a notice: waiting until due, sending while a dispatcher has it;
// sent, failed for good, or stopped because somebody acknowledged.
const (
	Waiting Status = "waiting"
	Sending Status = "sending"
	Sent    Status = "sent"
	Failed  Status = "failed"
	Stopped Status = "stopped"
)

// Notice is one message to one address, about one alarm.
type Notice struct {
	ID      NoticeID
	Alarm   AlarmID
	Step    int // which rung, from 0
	Way     Way
	To      string // an e-mail address or a URL
	ToName  string
	DueAt   time.Time
	Status  Status
	Tries   int
	TryAt   time.Time // when it may be tried next; while Sending, when the dispatcher that has it is given up
	DoneAt  time.Time // when it was sent, failed or stopped
	Outcome string    // what the last try said
}
