package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Limits of what one page shows.
const (
	MaxListed  = 500
	MaxNote    = 500 // characters of a note
	MaxRange   = 400 // days of one report
	maxMoments = 400 // of one asset after a stay
	// MaxTrail is how many stays one trail shows.
	MaxTrail = 500
)

// DayUse is the use of one kind of one unit on one day.
type DayUse struct {
	Day string
	Owner
	Use
}

// Store is where the desk reads.
type Store interface {
	Ledger
	// DayUses between two days, both included, by day.
	DayUses(ctx context.Context, from, to string) ([]DayUse, error)
	// Added is the sum of the days between two, both included, without their use, and how many they are.
	Added(ctx context.Context, from, to string) (Summary, int, error)
	// Have counts the pieces of each kind, and those of them that are broken.
	Have(context.Context) (have, broken map[string]int, err error)
	// Idle are free pieces that nobody moved or marked since a time, longest first.
	Idle(ctx context.Context, since time.Time, limit int) ([]tracking.Asset, error)
	// Lost are pieces that nobody heard or saw since a time, longest first.
	Lost(ctx context.Context, since time.Time, limit int) ([]tracking.Asset, error)
	// Stays in rooms that began between two times, newest first.
	Stays(ctx context.Context, rooms []hospital.RoomID, from, to time.Time, limit int) ([]Near, error)
	// Later are the moments of an asset from a time on, oldest first.
	Later(ctx context.Context, id tracking.AssetID, from time.Time, limit int) ([]tracking.Moment, error)
	// Records are the words that an asset was cleaned, oldest first.
	Records(ctx context.Context, id tracking.AssetID, from time.Time) ([]Record, error)
	// PlacesAt is where every piece was at a time, by the last moment before it.
	PlacesAt(ctx context.Context, at time.Time) ([]PlaceThen, error)
	// Clean keeps the word that a piece was cleaned.
	Clean(ctx context.Context, by hospital.Actor, id tracking.AssetID, room hospital.RoomID, note string) error
}

// PlaceThen is where a piece was at a time.
type PlaceThen struct {
	Asset tracking.AssetID
	Name  string
	Kind  string
	Room  hospital.RoomID
	Since time.Time
	Gone  bool // its tag was silent then
}

// Desk is where a manager looks.
type Desk struct {
	Store    Store
	Register *hospital.Register
	Now      func() time.Time
}

// Report is how equipment was used between two days.
type Report struct {
	From, To string
	Days     int
	// Lines are by kind; with a kind given, by unit. Weeks are the chosen pieces' weeks, oldest first.
	Lines []UseLine
	Weeks []UseLine
	Total Use
}

// UseLine is a name and its use.
type UseLine struct {
	Name string
	Kind string
	Unit hospital.UnitID
	Use
}

// Utilisation is how equipment was used between two days of the site (both
// included): of one kind, of one unit, or of all.
func (d *Desk) Utilisation(ctx context.Context, by hospital.Actor, from, to, kind string, unit hospital.UnitID) (Report, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return Report{}, err
	}
	days, err := d.Store.DayUses(ctx, from, to)
	if err != nil {
		return Report{}, fmt.Errorf("utilisation: %w", err)
	}
	report := Report{From: from, To: to}
	lines, weeks, seen := map[Owner]*UseLine{}, map[string]*UseLine{}, map[string]bool{}
	for _, day := range days {
		seen[day.Day] = true
		if kind != "" && day.Kind != kind || unit != "" && day.Unit != unit {
			continue
		}
		key := Owner{Kind: day.Kind}
		if kind != "" {
			key = day.Owner
		}
		if lines[key] == nil {
			lines[key] = &UseLine{Name: d.lineName(key, kind != ""), Kind: key.Kind, Unit: key.Unit}
		}
		lines[key].add(day.Use)
		week := weekOf(day.Day)
		if weeks[week] == nil {
			weeks[week] = &UseLine{Name: week}
		}
		weeks[week].add(day.Use)
		report.Total.add(day.Use)
	}
	report.Days = len(seen)
	for _, line := range lines {
		report.Lines = append(report.Lines, *line)
	}
	slices.SortFunc(report.Lines, func(a, b UseLine) int {
		return cmp.Or(cmp.Compare(b.Share(b.InUse), a.Share(a.InUse)), cmp.Compare(a.Name, b.Name))
	})
	for _, week := range weeks {
		report.Weeks = append(report.Weeks, *week)
	}
	slices.SortFunc(report.Weeks, func(a, b UseLine) int { return cmp.Compare(a.Name, b.Name) })
	return report, nil
}

func (d *Desk) lineName(key Owner, byUnit bool) string {
	if !byUnit {
		return key.Kind
	}
	if unit, ok := d.Register.Current().Unit(key.Unit); ok {
		return unit.Name
	}
	return "Nobody's"
}

// weekOf is the week of a day as ISO 8601 counts: "2026-W07".
func weekOf(day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	year, week := at.ISOWeek()
	return fmt.Sprintf("%d-W%02d", year, week)
}

// Sizes are how many pieces of each kind are needed, by the days between two.
func (d *Desk) Sizes(ctx context.Context, by hospital.Actor, from, to string) ([]Size, error) {
	summary, days, err := d.added(ctx, by, from, to)
	if err != nil {
		return nil, err
	}
	uses, err := d.Store.DayUses(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("fleet sizes: %w", err)
	}
	for _, u := range uses {
		summary.Add(Summary{Use: map[Owner]Use{u.Owner: u.Use}})
	}
	have, broken, err := d.Store.Have(ctx)
	if err != nil {
		return nil, fmt.Errorf("fleet sizes: %w", err)
	}
	return Advise(summary, days, have, broken), nil
}

func (d *Desk) added(ctx context.Context, by hospital.Actor, from, to string) (Summary, int, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return Summary{}, 0, err
	}
	summary, days, err := d.Store.Added(ctx, from, to)
	if err != nil {
		return Summary{}, 0, fmt.Errorf("add up %s to %s: %w", from, to, err)
	}
	return summary, days, nil
}

// DwellLine is how long a kind of equipment stood in a kind of room.
type DwellLine struct {
	Spot
	Stay
	// Share is the part of the kind's time that it spent there.
	Share float64
}

// Mean is how long one stay lasted; 0 when none began in the time.
func (l DwellLine) Mean() time.Duration {
	if l.Times == 0 {
		return 0
	}
	return l.Time / time.Duration(l.Times)
}

// Dwell is where a kind of equipment (empty: all) stood between two days, longest first.
func (d *Desk) Dwell(ctx context.Context, by hospital.Actor, from, to, kind string) ([]DwellLine, error) {
	summary, _, err := d.added(ctx, by, from, to)
	if err != nil {
		return nil, err
	}
	total := map[string]time.Duration{}
	for spot, stay := range summary.Dwell {
		total[spot.Kind] += stay.Time
	}
	var lines []DwellLine
	for spot, stay := range summary.Dwell {
		if kind != "" && spot.Kind != kind {
			continue
		}
		line := DwellLine{Spot: spot, Stay: stay}
		if all := total[spot.Kind]; all > 0 {
			line.Share = float64(stay.Time) / float64(all)
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b DwellLine) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(b.Time, a.Time), cmp.Compare(a.Room, b.Room))
	})
	return lines, nil
}

// Idle are free pieces that stood untouched for at least so many days, longest first.
func (d *Desk) Idle(ctx context.Context, by hospital.Actor, days int) ([]tracking.Asset, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	return d.Store.Idle(ctx, d.daysAgo(days), MaxListed)
}

// IdleSince is since when a free piece stands untouched.
func IdleSince(a tracking.Asset) time.Time {
	if a.StatusAt.After(a.Place.Since) {
		return a.StatusAt
	}
	return a.Place.Since
}

// Lost are pieces that were not heard or seen for at least so many days, longest first.
func (d *Desk) Lost(ctx context.Context, by hospital.Actor, days int) ([]tracking.Asset, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	return d.Store.Lost(ctx, d.daysAgo(days), MaxListed)
}

func (d *Desk) daysAgo(days int) time.Time {
	return d.Now().Add(-time.Duration(max(days, 0)) * 24 * time.Hour)
}

// IsolationRooms are the rooms whose equipment needs cleaning.
func (d *Desk) IsolationRooms() []hospital.Room {
	return slices.DeleteFunc(slices.Clone(d.Register.Current().Rooms), func(r hospital.Room) bool { return !r.Isolation })
}

// Near lists what stood in isolation rooms (one, or all of them) from a time on, newest first.
func (d *Desk) Near(ctx context.Context, by hospital.Actor, room hospital.RoomID, from time.Time) ([]Near, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	var rooms []hospital.RoomID
	for _, r := range d.IsolationRooms() {
		if room == "" || r.ID == room {
			rooms = append(rooms, r.ID)
		}
	}
	if len(rooms) == 0 {
		return nil, nil
	}
	stays, err := d.Store.Stays(ctx, rooms, from, d.Now(), MaxListed)
	if err != nil {
		return nil, fmt.Errorf("what stood in isolation rooms: %w", err)
	}
	kinds := RoomsOf(d.Register.Current())
	for i, stay := range stays {
		if stay.Until.IsZero() {
			stays[i].Cleaning = Cleaning{State: StillThere}
			continue
		}
		later, err := d.Store.Later(ctx, stay.Asset, stay.Until, maxMoments)
		if err != nil {
			return nil, fmt.Errorf("what stood in isolation rooms: %w", err)
		}
		records, err := d.Store.Records(ctx, stay.Asset, stay.Until)
		if err != nil {
			return nil, fmt.Errorf("what stood in isolation rooms: %w", err)
		}
		stays[i].Cleaning = CleaningOf(stay.Until, later, records, kinds)
	}
	return stays, nil
}

// Clean is somebody's word that a piece, which stood in an isolation room, is clean now.
func (d *Desk) Clean(ctx context.Context, by hospital.Actor, id tracking.AssetID, room hospital.RoomID, note string) error {
	if err := by.Need(hospital.MarkEquipment); err != nil {
		return err
	}
	note = strings.TrimSpace(note)
	if len([]rune(note)) > MaxNote {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A note has at most %d characters.", MaxNote))
	}
	if _, ok := d.Register.Current().Room(room); !ok {
		return fmt.Errorf("clean %s: room %s: %w", id, room, hospital.ErrUnknown)
	}
	if err := d.Store.Clean(ctx, by, id, room, note); err != nil {
		return fmt.Errorf("clean %s: %w", id, err)
	}
	return nil
}

// Step is one stay of a trail.
type Step struct {
	Room  hospital.RoomID
	From  time.Time
	Until time.Time // zero: it is there still, or nobody knows
	Gone  bool      // its tag fell silent here
}

// Trail is where a piece was between two times, oldest first. Its first step is
// where it stood at the beginning.
func (d *Desk) Trail(ctx context.Context, by hospital.Actor, id tracking.AssetID, from, to time.Time) ([]Step, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	moments, err := d.Store.Later(ctx, id, from, 4*MaxTrail)
	if err != nil {
		return nil, fmt.Errorf("trail of %s: %w", id, err)
	}
	return steps(moments, from, to), nil
}

// steps turns moments into stays.
func steps(moments []tracking.Moment, from, to time.Time) []Step {
	var trail []Step
	end := func(at time.Time, gone bool) {
		if n := len(trail); n > 0 && trail[n-1].Until.IsZero() {
			trail[n-1].Until, trail[n-1].Gone = at, gone
		}
	}
	for _, m := range moments {
		if !m.At.Before(to) || len(trail) == MaxTrail {
			break
		}
		switch m.Kind {
		case tracking.Arrival, tracking.Movement:
			if len(trail) == 0 && m.From != "" && m.Kind == tracking.Movement {
				trail = append(trail, Step{Room: m.From, From: from})
			}
			end(m.At, false)
			trail = append(trail, Step{Room: m.To, From: m.At})
		case tracking.Departure:
			if len(trail) == 0 && m.From != "" {
				trail = append(trail, Step{Room: m.From, From: from})
			}
			end(m.At, true)
		}
	}
	return trail
}

// Then is where everything was at a time.
func (d *Desk) Then(ctx context.Context, by hospital.Actor, at time.Time) ([]PlaceThen, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	places, err := d.Store.PlacesAt(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("where everything was at %s: %w", at.Format(time.RFC3339), err)
	}
	return places, nil
}
