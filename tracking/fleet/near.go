package fleet

import (
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Near is a piece that stood in an isolation room.
type Near struct {
	Asset     tracking.AssetID
	Name      string
	Kind      string
	Room      hospital.RoomID
	From      time.Time
	Until     time.Time // zero while it is there
	Now       hospital.RoomID
	NowStatus tracking.Status
	Cleaning  Cleaning
}

// Cleaning says whether a piece was cleaned since.
type Cleaning struct {
	State CleaningState
	At    time.Time
	By    string
	Note  string
}

// CleaningState is how far the cleaning has got.
type CleaningState string

// The states. Only a person's word makes a piece clean: the way through a dirty
// utility room is a hint, not a proof.
const (
	StillThere CleaningState = "still there"
	NotCleaned CleaningState = "not cleaned"
	InCleaning CleaningState = "in the dirty utility since" // it went there, nobody has said more
	Cleaned    CleaningState = "cleaned"
)

// Record is somebody's word that a piece was cleaned.
type Record struct {
	Asset tracking.AssetID
	At    time.Time
	By    string
	Note  string
}

// CleaningOf judges what happened after a stay that ended at a time: later are
// the asset's moments since, oldest first, records the words that it was cleaned.
func CleaningOf(until time.Time, later []tracking.Moment, records []Record, rooms Rooms) Cleaning {
	if until.IsZero() {
		return Cleaning{State: StillThere}
	}
	for _, r := range records {
		if !r.At.Before(until) {
			return Cleaning{State: Cleaned, At: r.At, By: r.By, Note: r.Note}
		}
	}
	verdict := Cleaning{State: NotCleaned}
	for _, m := range later {
		if m.At.Before(until) {
			continue
		}
		switch {
		case (m.Kind == tracking.Arrival || m.Kind == tracking.Movement) && rooms(m.To) == hospital.DirtyUtility && verdict.State == NotCleaned:
			verdict = Cleaning{State: InCleaning, At: m.At}
		case m.Kind == tracking.Marked && m.By != "" && m.Status == tracking.Free && verdict.State == InCleaning:
			return Cleaning{State: Cleaned, At: m.At, By: m.By, Note: m.Note}
		}
	}
	return verdict
}
