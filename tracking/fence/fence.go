// Package fence says where equipment may be and raises the alarm when it is not:
// an exit alarm when a pump stands at the way out, a geofence alarm when a piece
// that belongs to a floor, a unit or some rooms has left them.
//
// The path of data: tracking stores a move → Guard asks each Fence whether the
// place breaks it → State.Step (pure: state, fact and time in, state and event
// out) waits for the fence's After before it rings and for its Grace before it
// is over → one transaction holds the state, the alarm of tracking/notify with
// its notices, and the audit trail.
package fence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// What a caller can do about a refusal.
var (
	// ErrUnknownFence: there is no fence of this id.
	ErrUnknownFence = fmt.Errorf("fence %w", hospital.ErrUnknown)
)

// Limits of one fence, and of how many there are.
const (
	MaxFences = 200
	MaxNamed  = 200 // kinds, assets, floors, units or rooms of one fence
	MaxName   = 80  // characters
	// MaxAfter bounds how long a breach may last before it rings.
	MaxAfter = 24 * time.Hour
	// MaxGrace bounds how long a piece must be back before the alarm is over.
	MaxGrace = 24 * time.Hour
)

// What DefaultAfter and DefaultGrace are good for: somebody who carries a pump
// past a door does not ring, and a tag that flickers at the border rings once.
const (
	DefaultAfter = 30 * time.Second
	DefaultGrace = time.Minute
)

// ID is a fence's short name, as the hospital document has it.
type ID string

// Rule says which side of the border is wrong.
type Rule string

// The rules.
const (
	// StayIn: the equipment may be in the area and nowhere else.
	StayIn Rule = "stay_in"
	// KeepOut: the equipment must not be in the area: exits, the MRI suite.
	KeepOut Rule = "keep_out"
)

// The kinds of alarm, as people read them.
const (
	// KindExit is a breach of a KeepOut fence, KindArea one of a StayIn fence.
	KindExit notify.Kind = "at an exit"
	KindArea notify.Kind = "outside its area"
)

// Fence is one rule about where equipment may be.
type Fence struct {
	ID   ID
	Name string
	Rule Rule
	// Kinds and Assets are what it is about; with neither it is about everything that bears a tag.
	Kinds  []string
	Assets []tracking.AssetID
	// The area is all of these together.
	Floors    []hospital.FloorID
	Units     []hospital.UnitID
	Rooms     []hospital.RoomID
	RoomKinds []hospital.RoomKind
	// After is how long it must be broken before the alarm rings, Grace how long
	// it must be kept again before the alarm is over.
	After, Grace time.Duration
	Serious      bool // rings as serious; else as a warning
	Off          bool // kept, but not watched
}

// Kind is the kind of alarm that a breach raises.
func (f Fence) Kind() notify.Kind {
	if f.Rule == KeepOut {
		return KindExit
	}
	return KindArea
}

// Severity is how much somebody is needed.
func (f Fence) Severity() notify.Severity {
	if f.Serious {
		return notify.Serious
	}
	return notify.Warning
}

// About says whether the fence is about an asset.
func (f Fence) About(a tracking.Asset) bool {
	if len(f.Kinds)+len(f.Assets) == 0 {
		return true
	}
	return slices.Contains(f.Kinds, a.Kind) || slices.Contains(f.Assets, a.ID)
}

// Holds says whether a room lies in the fence's area.
func (f Fence) Holds(room hospital.Room) bool {
	return slices.Contains(f.Rooms, room.ID) || slices.Contains(f.Floors, room.Floor) ||
		room.Unit != "" && slices.Contains(f.Units, room.Unit) || slices.Contains(f.RoomKinds, room.Kind)
}

// Broken says whether an asset's place breaks the fence. A place that nobody
// knows breaks none; one that is only probable breaks it when the second guess
// would break it too. A tag that fell silent counts where it was heard last:
// what left by an exit is not heard any more.
func (f Fence) Broken(d *hospital.Directory, p tracking.Place) bool {
	room, known := d.Room(p.Room)
	if f.Off || !known {
		return false
	}
	if f.Holds(room) != (f.Rule == KeepOut) {
		return false
	}
	if second, ok := d.Room(p.Second); ok && p.Probably() {
		return f.Holds(second) == (f.Rule == KeepOut)
	}
	return true
}

// State is how one asset stands to one fence. The zero value is an asset on the right side.
type State struct {
	// OutSince is since when the fence is broken; zero while it is kept and no alarm goes on.
	OutSince time.Time
	// BackSince is since when it is kept again although the alarm goes on.
	BackSince time.Time
	Ringing   bool
}

// Event is what a step decided.
type Event int

// The events.
const (
	Nothing Event = iota
	Rings         // raise the alarm
	Over          // it is back for good
)

// Step takes note of whether the fence is broken at a time.
func (s State) Step(f Fence, broken bool, at time.Time) (State, Event) {
	switch {
	case broken && !s.Ringing:
		if s.OutSince.IsZero() {
			s.OutSince = at
		}
		if at.Sub(s.OutSince) >= f.After {
			s.Ringing = true
			return s, Rings
		}
	case broken:
		s.BackSince = time.Time{}
	case !s.Ringing:
		return State{}, Nothing
	default:
		if s.BackSince.IsZero() {
			s.BackSince = at
		}
		if at.Sub(s.BackSince) >= f.Grace {
			return State{}, Over
		}
	}
	return s, Nothing
}

// Waits says whether the state may change by time alone.
func (s State) Waits() bool { return !s.OutSince.IsZero() && !s.Ringing || !s.BackSince.IsZero() }

// Check says what is wrong with a fence, for whoever wrote it; nil when nothing is.
func (f Fence) Check(d *hospital.Directory) error {
	refuse := func(sentence string, args ...any) error {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf(sentence, args...))
	}
	switch named := max(len(f.Kinds), len(f.Assets), len(f.Floors), len(f.Units), len(f.Rooms), len(f.RoomKinds)); {
	case !ValidID(string(f.ID)):
		return refuse("A fence's short name has letters, digits, dot, dash and underscore, 64 at most, a letter or digit first.")
	case strings.TrimSpace(f.Name) == "" || len([]rune(f.Name)) > MaxName:
		return refuse("Give the fence a name of at most %d characters.", MaxName)
	case f.Rule != StayIn && f.Rule != KeepOut:
		return refuse("Say whether the equipment must stay in the area or keep out of it.")
	case named > MaxNamed:
		return refuse("A fence may name %d kinds, pieces, floors, units or rooms at most.", MaxNamed)
	case len(f.Floors)+len(f.Units)+len(f.Rooms)+len(f.RoomKinds) == 0:
		return refuse("Choose the floors, units, rooms or kinds of room that make the area.")
	case f.After < 0 || f.After > MaxAfter || f.Grace < 0 || f.Grace > MaxGrace:
		return refuse("A wait is between nothing and 24 hours.")
	}
	return f.checkPlaces(d, refuse)
}

func (f Fence) checkPlaces(d *hospital.Directory, refuse func(string, ...any) error) error {
	for _, id := range f.Floors {
		if _, ok := d.Floor(id); !ok {
			return refuse("There is no floor %q.", id)
		}
	}
	for _, id := range f.Units {
		if _, ok := d.Unit(id); !ok {
			return refuse("There is no unit %q.", id)
		}
	}
	for _, id := range f.Rooms {
		if _, ok := d.Room(id); !ok {
			return refuse("There is no room %q.", id)
		}
	}
	for _, kind := range f.RoomKinds {
		if !slices.Contains(hospital.RoomKinds(), kind) {
			return refuse("There is no kind of room %q.", kind)
		}
	}
	return nil
}

// ValidID says whether a short name is written as the hospital document demands.
func ValidID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i, r := range id {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !plain && (i == 0 || !strings.ContainsRune("._-", r)) {
			return false
		}
	}
	return true
}
