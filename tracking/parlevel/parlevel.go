// Package parlevel keeps units stocked with equipment: how many of a kind should
// stand ready in a unit, how many do, and what to carry from where to where.
//
// A Level says how many free pieces of a kind a unit wants (Target) and below how
// many somebody must know (Critical). The Snapshot is what is so at an instant:
// levels, counts by where the tags are, tasks that are open. Review decides purely
// what follows: tasks that are done because the tags arrived, tasks that nobody
// needs any more, new tasks, alarms. The Desk loads a snapshot, asks Review and
// writes its Outcome in one transaction; a job does so every few seconds.
package parlevel

import (
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// What a caller can do about a refusal.
var (
	// ErrUnknownTask: no such task. It may be done; look at the list.
	ErrUnknownTask = fmt.Errorf("task %w", hospital.ErrUnknown)
	// ErrTaskEnded: the task is done or taken back and nothing can be added to it.
	ErrTaskEnded = fmt.Errorf("the task has ended: %w", hospital.ErrStale)
)

// Limits of what is kept and how long is waited.
const (
	// MaxTarget is the most pieces of a kind that a unit may want.
	MaxTarget = 999
	// DefaultGrace is how long a unit is short before a task or an alarm is
	// raised: a pump that is fetched and brought back is no shortage.
	DefaultGrace = 10 * time.Minute
	// WayTime is how long a piece that left its giver counts as on its way.
	WayTime = time.Hour
	// DeclinedFor is how long a way that somebody called impossible is not proposed again.
	DeclinedFor = 4 * time.Hour
	// MaxTasks is the most tasks that one list shows.
	MaxTasks = 200
)

// Shortage is the kind of the alarm that a unit has fewer free pieces than its critical number.
const Shortage notify.Kind = "equipment shortage"

// Topic changes with every level and task.
const Topic = "units"

// Level is how many pieces of a kind should stand ready in a unit.
type Level struct {
	Unit hospital.UnitID
	Kind string
	// Target is how many free ones the unit wants; Critical, at most Target, is
	// how many it must not fall below. A target of 0 is a store that gives all.
	Target, Critical int
}

// Check refuses a level that can't be.
func (l Level) Check() error {
	switch {
	case l.Target < 0 || l.Target > MaxTarget:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The target is a whole number from 0 to %d.", MaxTarget))
	case l.Critical < 0 || l.Critical > l.Target:
		return hospital.Refuse(hospital.ErrInvalid, "The critical number is at least 0 and at most the target.")
	}
	return nil
}

// Key tells levels apart.
type Key struct {
	Unit hospital.UnitID
	Kind string
}

// Key is the level's key.
func (l Level) Key() Key { return Key{l.Unit, l.Kind} }

// Count is how many pieces stand in a unit's rooms. Have are all that are heard
// there, whatever their state; Free can be taken; Silent were last seen there and
// are not heard any more: nobody counts on those.
type Count struct{ Have, Free, Silent int }

// Since is when a unit began to be short; zero while it is not.
type Since struct{ Short, Critical time.Time }

// TaskID numbers tasks.
type TaskID int64

// State is where a task is in its life.
type State string

// The life of a task. Done, Withdrawn and Declined are its ends.
const (
	Open      State = "open"
	Done      State = "done"      // the tags arrived
	Withdrawn State = "withdrawn" // nobody needs it any more
	Declined  State = "declined"  // a person said that it can't be done
)

// Task is "take 2 infusion pumps from Store B to ICU".
type Task struct {
	ID       TaskID
	Kind     string
	From, To hospital.UnitID
	Quantity int
	RaisedAt time.Time
	State    State
	// TakenBy is who said that she does it; empty while nobody has.
	TakenBy string
	TakenAt time.Time
	// EndedAt, EndedBy and Why tell of its end; zero while it is open.
	EndedAt time.Time
	EndedBy string
	Why     string
	// Arrived are the pieces that came from the giver since the task was raised.
	Arrived []tracking.AssetID
	// OnTheWay are pieces that left the giver within WayTime and have not arrived.
	OnTheWay []tracking.AssetID
	Version  int
}

// Left is how many pieces have still to come.
func (t Task) Left() int { return max(0, t.Quantity-len(t.Arrived)) }

// Snapshot is what is so at an instant.
type Snapshot struct {
	Levels []Level
	Counts map[Key]Count
	Since  map[Key]Since
	// Open are the open tasks, with what their tags say.
	Open []Task
	// Declined are tasks that somebody called impossible within DeclinedFor.
	Declined []Task
}

// Line is one kind on a unit's board.
type Line struct {
	Level
	Count
	Began Since
	// Coming and Going are pieces that open tasks bring and take.
	Coming, Going int
}

// Short is how many free pieces are missing to the target.
func (l Line) Short() int { return max(0, l.Target-l.Free) }

// Spare is how many free pieces are beyond the target.
func (l Line) Spare() int { return max(0, l.Free-l.Target) }

// IsCritical says whether fewer are free than must be.
func (l Line) IsCritical() bool { return l.Free < l.Critical }

// mostHolders is how many units are named that hold more than they should.
const mostHolders = 3

// Holders are the units that have more pieces of some kinds than they should, free or not, the most
// first: whom to ask when none is free.
func Holders(lines []Line, kinds []string) []Line {
	var holders []Line
	for _, line := range lines {
		if line.Have > line.Target && slices.Contains(kinds, line.Kind) {
			holders = append(holders, line)
		}
	}
	slices.SortStableFunc(holders, func(a, b Line) int { return (b.Have - b.Target) - (a.Have - a.Target) })
	return holders[:min(mostHolders, len(holders))]
}

// Lines are the boards of all units, in the order of the levels.
func (s Snapshot) Lines() []Line {
	lines := make([]Line, len(s.Levels))
	for i, level := range s.Levels {
		lines[i] = Line{Level: level, Count: s.Counts[level.Key()], Began: s.Since[level.Key()]}
		for _, task := range s.Open {
			if task.Kind == level.Kind && task.To == level.Unit {
				lines[i].Coming += task.Left()
			}
			if task.Kind == level.Kind && task.From == level.Unit {
				lines[i].Going += task.Left()
			}
		}
	}
	return lines
}
