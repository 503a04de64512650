package parlevel

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// maxWhy is the longest reason, in characters.
const maxWhy = 500

// Reader is what can be read, in and outside of a change.
type Reader interface {
	// Snapshot is what is so at an instant.
	Snapshot(ctx context.Context, at time.Time) (Snapshot, error)
	// Task is one task with what its tags say; ErrUnknownTask when there is none.
	Task(ctx context.Context, id TaskID, at time.Time) (Task, error)
}

// Store is where levels and tasks are kept. Package db satisfies it.
type Store interface {
	Reader
	InTx(ctx context.Context, change func(Tx) error) error
	// Ended are the tasks that ended last, at most limit.
	Ended(ctx context.Context, limit int) ([]Task, error)
	// Kinds are all kinds of equipment, by name.
	Kinds(ctx context.Context) ([]string, error)
}

// Tx is a change in progress. It is a notify.Tx too: an alarm is raised in it.
type Tx interface {
	notify.Tx
	Reader
	// SetLevel adds or changes a level; false when it was so already.
	SetLevel(ctx context.Context, l Level) (changed bool, err error)
	// RemoveLevel takes a level away; hospital.ErrUnknown when there is none.
	RemoveLevel(ctx context.Context, key Key) error
	// SetSince notes since when a unit is short.
	SetSince(ctx context.Context, key Key, since Since) error
	// AddTask raises a task, or adds to the open one of the same kind and units.
	AddTask(ctx context.Context, t Transfer) (TaskID, error)
	// SaveTask stores a changed task; ErrTaskEnded when its Version is not the stored one's successor.
	SaveTask(ctx context.Context, t Task) error
	// AddArrivals notes pieces that came; those known already are left out. It answers how many were new.
	AddArrivals(ctx context.Context, task TaskID, pieces []tracking.AssetID) (int, error)
}

// Desk is where people see and say what units need, and where a job reviews it.
type Desk struct {
	Register *hospital.Register
	Store    Store
	Ladder   notify.Ladder
	// Now is the hospital's clock.
	Now func() time.Time
	// Grace is how long a unit is short before anybody is asked; DefaultGrace when zero.
	Grace time.Duration
}

// Reviewer is the job that reviews the levels.
var Reviewer = hospital.Job("par levels")

// DefaultLadder tells the ward at once and the biomedical engineer after half an hour.
func DefaultLadder(like notify.Ladder) notify.Ladder {
	like.Steps = []notify.Step{
		{After: 0, Roles: []hospital.Role{hospital.Nurse}},
		{After: 30 * time.Minute, Roles: []hospital.Role{hospital.BiomedicalEngineer}},
	}
	return like
}

// Review looks at all levels and writes what follows. It writes nothing when
// nothing does, and may be called as often as one likes.
func (d Desk) Review(ctx context.Context) error {
	grace, at := d.grace(), d.Now()
	seen, err := d.Store.Snapshot(ctx, at)
	if err != nil {
		return fmt.Errorf("review par levels: %w", err)
	}
	metres := d.metres()
	if seen.Review(at, grace, metres).Empty() && !seen.arrived() {
		return nil
	}
	err = d.Store.InTx(ctx, func(tx Tx) error {
		now, err := tx.Snapshot(ctx, tx.Now())
		if err != nil {
			return err
		}
		if err := noteArrivals(ctx, tx, now); err != nil {
			return err
		}
		return d.write(ctx, tx, now.Review(tx.Now(), grace, metres))
	})
	if err != nil {
		return fmt.Errorf("review par levels: %w", err)
	}
	return nil
}

func (d Desk) grace() time.Duration {
	if d.Grace == 0 {
		return DefaultGrace
	}
	return d.Grace
}

// arrived says whether any task saw pieces come; the store knows which are new.
func (s Snapshot) arrived() bool {
	return slices.ContainsFunc(s.Open, func(t Task) bool { return len(t.Arrived) > 0 })
}

func noteArrivals(ctx context.Context, tx Tx, s Snapshot) error {
	for _, task := range s.Open {
		if len(task.Arrived) == 0 {
			continue
		}
		fresh, err := tx.AddArrivals(ctx, task.ID, task.Arrived)
		if err != nil {
			return err
		}
		if fresh > 0 {
			tx.Announce(Topic)
		}
	}
	return nil
}

func (d Desk) write(ctx context.Context, tx Tx, out Outcome) error {
	for key, since := range out.Since {
		if err := tx.SetSince(ctx, key, since); err != nil {
			return err
		}
	}
	for _, end := range out.Ends {
		if err := d.end(ctx, tx, Reviewer, end); err != nil {
			return err
		}
	}
	for _, task := range out.Shrunk {
		task.Version++
		if err := tx.SaveTask(ctx, task); err != nil {
			return err
		}
		if err := tx.Record(ctx, deed(Reviewer, "par.task-less", task.ID, "The giver has fewer to spare.", d.sentence(task))); err != nil {
			return err
		}
	}
	for _, transfer := range out.Raised {
		if err := d.raise(ctx, tx, transfer); err != nil {
			return err
		}
	}
	if len(out.Ends)+len(out.Shrunk)+len(out.Raised) > 0 {
		tx.Announce(Topic)
	}
	return d.alarm(ctx, tx, out)
}

func (d Desk) raise(ctx context.Context, tx Tx, transfer Transfer) error {
	id, err := tx.AddTask(ctx, transfer)
	if err != nil {
		return err
	}
	return tx.Record(ctx, deed(Reviewer, "par.task-raise", id, "", d.sentence(Task{Kind: transfer.Kind, From: transfer.From, To: transfer.To, Quantity: transfer.Quantity})))
}

func (d Desk) end(ctx context.Context, tx Tx, by hospital.Actor, end End) error {
	task := end.Task
	task.State, task.Why, task.EndedAt, task.EndedBy = end.State, end.Why, tx.Now(), by.Name
	task.Version++
	if err := tx.SaveTask(ctx, task); err != nil {
		return err
	}
	tx.Announce(Topic)
	return tx.Record(ctx, deed(by, "par.task-"+string(end.State), task.ID, end.Why, d.sentence(task)))
}

func (d Desk) alarm(ctx context.Context, tx Tx, out Outcome) error {
	for _, line := range out.Critical {
		trouble := notify.Trouble{Kind: Shortage, Subject: Subject(line.Key()), Name: d.unitName(line.Unit) + ", " + line.Kind,
			Text: fmt.Sprintf("%d free, at least %d must be, the target is %d", line.Free, line.Critical, line.Target), Severity: notify.Warning, By: Reviewer}
		if line.Free == 0 {
			trouble.Severity = notify.Serious
		}
		if _, err := notify.Raise(ctx, tx, d.Ladder, trouble); err != nil {
			return err
		}
	}
	for _, line := range out.Relieved {
		if err := notify.Return(ctx, tx, Reviewer, Shortage, Subject(line.Key())); err != nil {
			return err
		}
	}
	return nil
}

// Subject is what an alarm of a level is about: "unit/icu/infusion%20pump".
func Subject(key Key) string { return "unit/" + string(key.Unit) + "/" + url.PathEscape(key.Kind) }

func deed(by hospital.Actor, what string, task TaskID, why, after string) hospital.Deed {
	return hospital.Deed{By: by, What: what, On: fmt.Sprintf("task/%d", task), Why: why, After: facts("task", after)}
}

func (d Desk) sentence(t Task) string {
	return Sentence(t, d.unitName(t.From), d.unitName(t.To))
}

// Sentence says what a task asks for: "Take 2 infusion pumps from Store B to ICU".
func Sentence(t Task, from, to string) string {
	kind := t.Kind
	if t.Quantity != 1 && !strings.HasSuffix(kind, "s") {
		kind += "s"
	}
	return fmt.Sprintf("Take %d %s from %s to %s", t.Quantity, kind, from, to)
}

func (d Desk) unitName(id hospital.UnitID) string {
	if unit, ok := d.Register.Current().Unit(id); ok {
		return unit.Name
	}
	return string(id)
}

// metres measures on foot from any room of one unit to the nearest of the other,
// each giver once.
func (d Desk) metres() Metres {
	directory := d.Register.Current()
	walks := map[hospital.UnitID]tracking.Walk{}
	return func(from, to hospital.UnitID) float64 {
		walk, known := walks[to]
		if !known {
			walk = tracking.NewWalk(directory, tracking.UnitRooms(directory, to)...)
			walks[to] = walk
		}
		nearest := math.MaxFloat64
		for _, room := range tracking.UnitRooms(directory, from) {
			if m, ok := walk.Metres(room); ok {
				nearest = min(nearest, m)
			}
		}
		return nearest
	}
}

// Overview are all boards and tasks as they stand.
type Overview struct {
	Lines []Line
	Open  []Task
}

// Overview is what everybody who sees equipment may see.
func (d Desk) Overview(ctx context.Context, by hospital.Actor) (Overview, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return Overview{}, err
	}
	s, err := d.Store.Snapshot(ctx, d.Now())
	if err != nil {
		return Overview{}, fmt.Errorf("overview of par levels: %w", err)
	}
	return Overview{Lines: s.Lines(), Open: s.Open}, nil
}

// SetLevel says how many of a kind should stand ready in a unit.
func (d Desk) SetLevel(ctx context.Context, by hospital.Actor, l Level) error {
	if err := by.Need(hospital.ManageEquipment); err != nil {
		return err
	}
	if err := d.fits(ctx, l); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		changed, err := tx.SetLevel(ctx, l)
		if err != nil || !changed {
			return err
		}
		tx.Announce(Topic)
		return tx.Record(ctx, hospital.Deed{By: by, What: "par.level", On: Subject(l.Key()), After: fmt.Sprintf(`{"target":%d,"critical":%d}`, l.Target, l.Critical)})
	})
	if err != nil {
		return fmt.Errorf("set level of %s in %s: %w", l.Kind, l.Unit, err)
	}
	return nil
}

func (d Desk) fits(ctx context.Context, l Level) error {
	if _, ok := d.Register.Current().Unit(l.Unit); !ok {
		return hospital.Refuse(hospital.ErrInvalid, "Choose a unit.")
	}
	kinds, err := d.Store.Kinds(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(kinds, l.Kind) {
		return hospital.Refuse(hospital.ErrInvalid, "Choose a kind of equipment that the hospital has.")
	}
	return l.Check()
}

// RemoveLevel says that nobody looks after a kind in a unit any more. Its tasks
// end with the next review, and its alarm at once.
func (d Desk) RemoveLevel(ctx context.Context, by hospital.Actor, key Key) error {
	if err := by.Need(hospital.ManageEquipment); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.RemoveLevel(ctx, key); err != nil {
			return err
		}
		if err := notify.Return(ctx, tx, by, Shortage, Subject(key)); err != nil {
			return err
		}
		tx.Announce(Topic)
		return tx.Record(ctx, hospital.Deed{By: by, What: "par.level-remove", On: Subject(key)})
	})
	if err != nil {
		return fmt.Errorf("remove level of %s in %s: %w", key.Kind, key.Unit, err)
	}
	return nil
}

// Take says that a person carries a task out, so that nobody else sets off.
func (d Desk) Take(ctx context.Context, by hospital.Actor, id TaskID) error {
	return d.change(ctx, by, id, func(tx Tx, task Task) error {
		task.TakenBy, task.TakenAt = by.Name, tx.Now()
		task.Version++
		if err := tx.SaveTask(ctx, task); err != nil {
			return err
		}
		return tx.Record(ctx, deed(by, "par.task-take", id, "", d.sentence(task)))
	})
}

// Decline says that a task can't be done, and why. The same way is not proposed
// again for a while; another giver may be.
func (d Desk) Decline(ctx context.Context, by hospital.Actor, id TaskID, why string) error {
	why = strings.TrimSpace(why)
	switch {
	case why == "":
		return hospital.Refuse(hospital.ErrInvalid, "Say why it can't be done.")
	case utf8.RuneCountInString(why) > maxWhy || strings.ContainsRune(why, 0) || !utf8.ValidString(why):
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A reason may have %d characters at most.", maxWhy))
	}
	return d.change(ctx, by, id, func(tx Tx, task Task) error {
		return d.end(ctx, tx, by, End{Task: task, State: Declined, Why: why})
	})
}

func (d Desk) change(ctx context.Context, by hospital.Actor, id TaskID, change func(Tx, Task) error) error {
	if err := by.Need(hospital.MarkEquipment); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		task, err := tx.Task(ctx, id, tx.Now())
		if err != nil {
			return err
		}
		if task.State != Open {
			return hospital.Refuse(ErrTaskEnded, "This task has ended already: "+task.Why)
		}
		tx.Announce(Topic)
		return change(tx, task)
	})
	if err != nil {
		return fmt.Errorf("task %d: %w", id, err)
	}
	return nil
}

// Ended lists the tasks that ended last.
func (d Desk) Ended(ctx context.Context, by hospital.Actor, limit int) ([]Task, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	return d.Store.Ended(ctx, min(limit, MaxTasks))
}

// facts is a small JSON object for the audit trail.
func facts(name, value string) string {
	b, err := json.Marshal(map[string]string{name: value})
	if err != nil {
		return "" // two strings always marshal
	}
	return string(b)
}
