// Package maintain is the biomedical engineer's work: what is due, recalled,
// broken or rented, and what was done about it.
//
// A Plan says how often a model wants work: every so many days, every so many
// hours of use, or once for a batch. Due is pure: a piece's papers and its last
// work in, when it is next due out. Everything done is a record that is never
// changed: Work, ticks of recalls, steps of repairs, returns of rentals, tags
// given. Desk is where it is asked and done; Route puts a list in walking order.
package maintain

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// What a caller can do about a refusal.
var (
	// ErrUnknown: no such plan or recall.
	ErrUnknown = fmt.Errorf("plan or recall %w", hospital.ErrUnknown)
	// ErrClosed: it has ended, and nothing can be added.
	ErrClosed = fmt.Errorf("it has ended: %w", hospital.ErrStale)
)

// Limits of what is typed and listed.
const (
	MaxText  = 120 // characters of a name
	MaxNote  = 500 // characters of a note
	MaxDays  = 3660
	MaxHours = 100_000
	// MaxListed is the most pieces that one list shows.
	MaxListed = 300
	// MaxAtOnce is the most pieces whose work is recorded in one go.
	MaxAtOnce = 100
	// SoonDays is how long before its day a piece is listed as due soon.
	SoonDays = 14
	// soonShare of the hours used up lists a piece as due soon.
	soonShare = 0.9
)

// Topic changes with everything of this package.
const Topic = "service"

// Papers are what is known of a piece beyond where it is. Zero values are not known.
type Papers struct {
	// Lot is the batch that it was made in.
	Lot string
	// InService and LastService begin its intervals where no work is recorded here.
	InService, LastService time.Time
	// RentedFrom is its owner, DueBack the day to give it back; empty for the house's own.
	RentedFrom string
	DueBack    time.Time
	// Used is how long it was in use since its status is followed, up to InUseSince
	// if that is set: it is in use now.
	Used       time.Duration
	InUseSince time.Time
}

// UsedBy is how long the piece was in use up to a time.
func (p Papers) UsedBy(at time.Time) time.Duration {
	if p.InUseSince.IsZero() || at.Before(p.InUseSince) {
		return p.Used
	}
	return p.Used + at.Sub(p.InUseSince)
}

// Piece is one asset with its papers.
type Piece struct {
	tracking.Asset
	Papers
}

// PlanID numbers plans.
type PlanID int64

// Plan says how often pieces of a model want work.
type Plan struct {
	ID   PlanID
	Name string // "Safety check"
	// Model is exactly whose; Lot narrows it to one batch.
	Model, Lot string
	// EveryDays and EveryHours (of use) are intervals; the one that ends first
	// counts. Both 0: the work is done once.
	EveryDays, EveryHours int
	// Calibration wants a certificate's number and a signature.
	Calibration bool
}

// Covers says whether a piece falls under the plan.
func (p Plan) Covers(piece Piece) bool {
	return p.Model == piece.Model && (p.Lot == "" || p.Lot == piece.Lot)
}

// Check refuses a plan that can't be.
func (p Plan) Check() error {
	switch {
	case !fits(p.Name, 1, MaxText) || !fits(p.Model, 1, MaxText) || !fits(p.Lot, 0, MaxText):
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A plan has a name and a model, of %d characters at most.", MaxText))
	case p.EveryDays < 0 || p.EveryDays > MaxDays:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The interval is 1 to %d days, or empty.", MaxDays))
	case p.EveryHours < 0 || p.EveryHours > MaxHours:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The hours of use are 1 to %d, or empty.", MaxHours))
	case p.EveryDays == 0 && p.EveryHours == 0 && p.Lot == "":
		return hospital.Refuse(hospital.ErrInvalid, "Say after how many days or hours of use, or of which batch it is done once.")
	}
	return nil
}

func fits(text string, least, most int) bool {
	n := utf8.RuneCountInString(text)
	return n >= least && n <= most && utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// Last is the last work of a plan on a piece; zero when none is recorded.
type Last struct {
	At   time.Time
	Used time.Duration // of the piece, when it was done
}

// Urgency orders what is due.
type Urgency int

// The urgencies, least first.
const (
	Later Urgency = iota
	Soon
	Overdue
)

// Due is when a piece wants a plan's work.
type Due struct {
	Urgency Urgency
	// On is the day by the interval; zero when the plan has none.
	On time.Time
	// HoursUsed since the last work; HoursLeft may be negative. Both 0 without an interval in hours.
	HoursUsed, HoursLeft float64
}

// DueOf says when a piece wants a plan's work. Intervals begin with the last work,
// else with what the papers say; a piece of which nobody knows anything is due now.
func DueOf(p Plan, papers Papers, last Last, at time.Time, zone *time.Location) Due {
	began, used := last.At, papers.UsedBy(at)-last.Used
	if began.IsZero() {
		began = papers.LastService
		if began.IsZero() {
			began = papers.InService
		}
	}
	if p.EveryDays == 0 && p.EveryHours == 0 { // once
		if last.At.IsZero() {
			return Due{Urgency: Overdue}
		}
		return Due{}
	}
	var due Due
	if p.EveryDays > 0 {
		due.Urgency, due.On = byDays(p.EveryDays, began, at, zone)
	}
	if p.EveryHours > 0 {
		due.HoursUsed = used.Hours()
		due.HoursLeft = float64(p.EveryHours) - due.HoursUsed
		switch {
		case due.HoursLeft <= 0:
			due.Urgency = Overdue
		case due.HoursUsed >= soonShare*float64(p.EveryHours):
			due.Urgency = max(due.Urgency, Soon)
		}
	}
	return due
}

// byDays counts calendar days of the site: work of 1 March that is due every 30
// days is due on the 31st, whatever the clocks do meanwhile.
func byDays(days int, began, at time.Time, zone *time.Location) (Urgency, time.Time) {
	today := dayOf(at, zone)
	if began.IsZero() {
		return Overdue, today
	}
	on := dayOf(began, zone).AddDate(0, 0, days)
	switch {
	case on.Before(today):
		return Overdue, on
	case !on.After(today.AddDate(0, 0, SoonDays)):
		return Soon, on
	}
	return Later, on
}

func dayOf(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
}

// Task is one piece that wants work.
type Task struct {
	Piece Piece
	Plan  Plan
	Due   Due
}

// Result is how work ended.
type Result string

// The results. What failed is marked as broken.
const (
	Passed Result = "passed"
	Failed Result = "failed"
)

// Work is what was done on one piece; a record.
type Work struct {
	Asset       tracking.AssetID
	Plan        PlanID
	PlanName    string
	At          time.Time
	By          string
	Result      Result
	Certificate string
	Note        string
	Used        time.Duration
	Signed      string // the signature's number; empty without one
}

// Stage is where a broken piece is in its repair.
type Stage string

// The stages of a repair. Reported needs no step: it is what broken means. Fit
// and Retired end it.
const (
	Reported   Stage = "reported"
	InWorkshop Stage = "workshop"
	AwaitParts Stage = "parts"
	External   Stage = "external"
	Fit        Stage = "fit"
	Retired    Stage = "retired"
)

// Stages are those that a person can choose.
func Stages() []Stage { return []Stage{InWorkshop, AwaitParts, External, Fit, Retired} }

// Word is the stage as a person says it.
func (s Stage) Word() string {
	switch s {
	case InWorkshop:
		return "In the workshop"
	case AwaitParts:
		return "Waits for parts"
	case External:
		return "With the maker"
	case Fit:
		return "Fit for use"
	case Retired:
		return "Retired"
	}
	return "Reported"
}

// Step is one step of a repair; a record.
type Step struct {
	Asset tracking.AssetID
	At    time.Time
	Stage Stage
	By    string
	Note  string
}

// Repair is a broken piece with how far its repair is.
type Repair struct {
	Piece Piece
	Stage Stage
	// Last is the newest step since it broke; zero when there is none.
	Last Step
}

// RecallID numbers recalls.
type RecallID int64

// Recall asks to find every piece of a model, a range of serial numbers or a lot.
type Recall struct {
	ID RecallID
	// Title is what is wrong, Reference the maker's or authority's number.
	Title, Reference string
	// Model, Lot and the serials are what narrows it; empty ones do not.
	Model, Lot, FromSerial, ToSerial string
	OpenedAt                         time.Time
	OpenedBy                         string
	ClosedAt                         time.Time
	ClosedBy                         string
}

// Check refuses a recall that would name everything.
func (r Recall) Check() error {
	for _, text := range []string{r.Title, r.Reference, r.Model, r.Lot, r.FromSerial, r.ToSerial} {
		if !fits(text, 0, MaxText) {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Each line may have %d characters at most.", MaxText))
		}
	}
	switch {
	case r.Title == "":
		return hospital.Refuse(hospital.ErrInvalid, "Say what the recall is about.")
	case r.Model == "" && r.Lot == "" && r.FromSerial == "" && r.ToSerial == "":
		return hospital.Refuse(hospital.ErrInvalid, "Say which: a model, serial numbers or a lot.")
	case r.FromSerial != "" && r.ToSerial != "" && CompareSerials(r.FromSerial, r.ToSerial) > 0:
		return hospital.Refuse(hospital.ErrInvalid, "The first serial number comes after the last.")
	}
	return nil
}

// Covers says whether a piece is recalled. A piece without a serial number is not
// in a range of them.
func (r Recall) Covers(p Piece) bool {
	ranged := r.FromSerial != "" || r.ToSerial != ""
	return (r.Model == "" || r.Model == p.Model) && (r.Lot == "" || r.Lot == p.Lot) &&
		(!ranged || p.Serial != "" && (r.FromSerial == "" || CompareSerials(p.Serial, r.FromSerial) >= 0) &&
			(r.ToSerial == "" || CompareSerials(p.Serial, r.ToSerial) <= 0))
}

// Tick is one piece that a recall is done with; a record.
type Tick struct {
	Asset   tracking.AssetID
	At      time.Time
	By      string
	Outcome string // what was done: "updated", "returned to the maker"
}

// Recalled is one piece of a recall.
type Recalled struct {
	Piece Piece
	// Tick is zero while it is open.
	Tick Tick
}

// Done says whether the piece was ticked off.
func (r Recalled) Done() bool { return !r.Tick.At.IsZero() }

// CompareSerials orders serial numbers as people do: runs of digits by their
// number, so that B-9 comes before B-10; letters without regard to their case.
func CompareSerials(a, b string) int {
	a, b = strings.ToUpper(a), strings.ToUpper(b)
	for a != "" && b != "" {
		partA, restA, numberA := leading(a)
		partB, restB, numberB := leading(b)
		var c int
		if numberA && numberB {
			c = compareNumbers(partA, partB)
		} else {
			c = strings.Compare(partA, partB)
		}
		if c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return strings.Compare(a, b)
}

// leading is the run of digits, or of anything else, that a text begins with.
func leading(text string) (part, rest string, number bool) {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	number = digit(text[0])
	end := 1
	for end < len(text) && digit(text[end]) == number {
		end++
	}
	return text[:end], text[end:], number
}

func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// Stop is a room on the way, with how many metres it is from the one before.
type Stop struct {
	Room   hospital.RoomID
	Metres float64
}

// Route orders rooms for a walk from one room: always on to the nearest that is
// left, through the doors, lifts and stairs that the hospital names. That is not
// the shortest way there is, but one that nobody has to explain. Rooms that no way
// leads to come last, with 0 metres. Each room comes once.
func Route(d *hospital.Directory, from hospital.RoomID, rooms []hospital.RoomID) []Stop {
	left := map[hospital.RoomID]bool{}
	for _, room := range rooms {
		left[room] = true
	}
	var stops []Stop
	for here := from; len(left) > 0; {
		walk := tracking.NewWalk(d, here)
		next, found := hospital.RoomID(""), false
		for _, room := range walk.Rooms() { // the nearest first
			if _, reached := walk.Metres(room); left[room] && (reached || here == "") {
				next, found = room, true
				break
			}
		}
		if !found {
			break
		}
		metres, _ := walk.Metres(next)
		stops = append(stops, Stop{next, metres})
		delete(left, next)
		here = next
	}
	for _, room := range rooms {
		if left[room] {
			stops = append(stops, Stop{Room: room})
			delete(left, room)
		}
	}
	return stops
}
