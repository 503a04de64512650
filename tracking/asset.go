package tracking

import (
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
)

// What a caller can do about a refusal.
var (
	// ErrUnknownAsset: no asset of that number. Search for it by name.
	ErrUnknownAsset = fmt.Errorf("asset %w", hospital.ErrUnknown)
	// ErrBusy: the tracker's queue is full and the oldest sightings were dropped.
	ErrBusy = errors.New("the tracker is behind; the oldest sightings were dropped")
)

// AssetID is the number on an asset's label.
type AssetID string

// Status is whether somebody can take an asset and use it.
type Status string

// The four states that a nurse tells apart.
const (
	Free          Status = "free"
	InUse         Status = "in_use"
	NeedsCleaning Status = "needs_cleaning"
	Broken        Status = "broken"
)

// Statuses lists them in the order pages show them.
func Statuses() []Status { return []Status{Free, InUse, NeedsCleaning, Broken} }

// Word is the status as a person says it.
func (s Status) Word() string {
	switch s {
	case Free:
		return "Free"
	case InUse:
		return "In use"
	case NeedsCleaning:
		return "Needs cleaning"
	case Broken:
		return "Broken"
	}
	return "Not known"
}

// Asset is one piece of equipment, with where it is and what state it is in.
type Asset struct {
	ID     AssetID
	Kind   string // as people search for it: "infusion pump"
	Name   string
	Model  string
	Serial string
	Unit   hospital.UnitID // who owns it; may be empty
	Tags   []string        // every identity it is heard under

	Status Status
	// StatusBy is the name of the person who set the status; empty when the room did.
	StatusBy   string
	StatusAt   time.Time
	StatusNote string

	Place Place
}

// Place is where an asset was last held to be. It is kept for ever; SeenAt says
// how old it is. The zero Place is an asset that nobody ever heard.
type Place struct {
	Room  hospital.RoomID
	Floor hospital.FloorID
	// Since is when it came to the room, SeenAt when a gateway last heard it.
	Since, SeenAt time.Time
	// Confidence and SecondConfidence are probabilities from 0 to 1.
	Confidence       float64
	Second           hospital.RoomID
	SecondConfidence float64
	// Why is what decided: "radio", "room read", "confirmed".
	Why string
	// Heard is how many receivers heard the tag last; Gateway the loudest of them.
	Heard   int
	Gateway hospital.GatewayID
	// BatteryPct is what the tag last said of its battery, or NoBattery.
	BatteryPct int
	BatteryAt  time.Time
	// GoneAt is when the tag was given up as silent; zero while it is heard.
	GoneAt time.Time
	// DoubtedBy looked in Room at DoubtedAt and did not find it. That is told until
	// the asset is held to be in another room, or certainly in this one.
	DoubtedBy string
	DoubtedAt time.Time
}

// Known says whether the asset was ever held to be in a room.
func (p Place) Known() bool { return p.Room != "" }

// Doubted says whether a person did not find the asset there and radio has not
// decided anew since: nothing speaks for the room then, so its confidence is 0.
func (p Place) Doubted() bool { return !p.DoubtedAt.IsZero() && p.Confidence == 0 }

// ProbablyBelow is the confidence under which a page says "probably" and names
// the second guess.
const ProbablyBelow = 0.7

// Probably says whether the place is too uncertain to be stated flatly.
func (p Place) Probably() bool {
	return p.Known() && p.Why == "radio" && p.Confidence < ProbablyBelow
}

// Leaving says that the asset is likelier in the second room by now: the answer names it
// once that has held for a moment.
func (p Place) Leaving() bool {
	return p.Probably() && p.Second != "" && p.SecondConfidence > p.Confidence
}

// unsure says that whoever walks there may walk in vain.
func (p Place) unsure() bool { return p.Probably() || p.Doubted() || p.Why == OutsideMap }

// What happened to an asset, as its timeline tells it.
const (
	Arrival   = "arrival"   // first heard, or heard again after a departure
	Movement  = "move"      // from one room to another
	Departure = "departure" // not heard any more; the last place is kept
	Marked    = "mark"      // a status was set, by a person or by a room
	Doubted   = "doubt"     // a person did not find it where it was said to be
)

// Move is one arrival, move or departure; stored once and never changed.
type Move struct {
	Asset      AssetID
	Kind       string // Arrival, Movement or Departure
	From, To   hospital.RoomID
	FromFloor  hospital.FloorID
	ToFloor    hospital.FloorID
	At         time.Time
	Confidence float64
	// Why is what decided; of a departure: Silence's word.
	Why string
}

// Moment is one line of an asset's timeline, newest first.
type Moment struct {
	ID       int64  // tells moments of one instant apart; 0 where nobody asks
	Kind     string // Arrival, Movement, Departure, Marked or Doubted
	At       time.Time
	From, To hospital.RoomID
	Why      string
	Status   Status // of a Marked moment
	By       string // who marked or doubted; empty for a room
	Note     string
}

// Entering is the status that an asset of this status takes on when it comes
// into a room of a kind; false when that changes nothing. A broken asset stays
// broken until a person says otherwise.
func (s Status) Entering(kind hospital.RoomKind) (Status, bool) {
	status, says := StatusFromRoom(kind)
	return status, says && status != s && s != Broken
}

// StatusFromRoom is what a room of a kind says of the assets in it; false when
// the kind says nothing.
func StatusFromRoom(kind hospital.RoomKind) (Status, bool) {
	switch kind {
	case hospital.CleanUtility, hospital.Storage:
		return Free, true
	case hospital.PatientRoom, hospital.Theatre:
		return InUse, true
	case hospital.DirtyUtility:
		return NeedsCleaning, true
	}
	return "", false
}
