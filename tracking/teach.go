package tracking

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

// Limits of teaching a room.
const (
	// TeachFor is how long a person stands with an asset in a room.
	TeachFor = time.Minute
	// LeastTaught is how many steps must be heard for a lesson to be worth keeping.
	LeastTaught = 10
	// ListenFor is how long gateways listen after a person's word on where an asset
	// is: no longer than her word holds against radio.
	ListenFor = 20 * time.Second
	// LeastHeard is how many steps must be heard then for the room to be told by them.
	LeastHeard = 5
	// relearnEvery is how often the model is made anew of what people confirmed.
	relearnEvery = 5 * time.Minute
	// maxTaught bounds the signals of one lesson.
	maxTaught = 20_000
	// MaxLessons bounds the lessons that a model is made of; those that were taught
	// count before those that were confirmed, then the newest.
	MaxLessons = 2000
	// lessonsWaiting is how many finished lessons may wait to be stored.
	lessonsWaiting = 64
)

// Lesson is what gateways heard of an asset while a person stood with it in a room.
type Lesson struct {
	ID    int64
	Room  hospital.RoomID
	Asset AssetID
	By    string
	At    time.Time
	// Steps are the signals in dBm by gateway, a step for each third of a second.
	Steps []map[hospital.GatewayID]float64
	// Alive are the gateways that worked at the time.
	Alive []hospital.GatewayID
	Kind  LessonKind
	// Said is the room that gateways had answered before a person spoke; empty: none had.
	Said hospital.RoomID
	// Visit says how the asset came and went; nil unless somebody walked with it.
	Visit *Visit
}

// LessonKind is how a lesson came about.
type LessonKind string

// A person taught the room, or confirmed in passing that an asset is in it, or
// looked for one there and did not find it.
const (
	Taught    LessonKind = "taught"
	FoundHere LessonKind = "here"
	FoundAway LessonKind = "not here"
)

// Class is the lesson that a room is being given, or was given last since the start.
type Class struct {
	Asset AssetID
	Until time.Time
	// Steps is how many were heard; it counts once the class is Over: the lesson is
	// stored and the model is made of it, or it never will be.
	Steps int
	Over  bool
	// Kept says that the lesson is stored; else too little was heard, or storing it
	// failed, which Failed says.
	Kept, Failed bool
}

// class is a lesson in progress, in the hands of the asset's shard.
type class struct {
	room    hospital.RoomID
	by      hospital.Actor
	kind    LessonKind
	said    hospital.RoomID
	untilMS int64
	heard   []locate.Observation
	tour    *tour // nil unless kind is Walked
}

// RoomTrial says how well a model that was taught one half of the lessons knew
// the room in the other half.
type RoomTrial struct {
	Room  hospital.RoomID
	Steps int
	Right int
	// With is the room that it was taken for most often, WithSteps how often; empty: none.
	With      hospital.RoomID
	WithSteps int
	// Confirmed and Denied is how often people said that an answer which named the
	// room was right, and that it was wrong.
	Confirmed, Denied int
}

// Accuracy is the share of steps that were right.
func (r RoomTrial) Accuracy() float64 { return float64(r.Right) / float64(max(r.Steps, 1)) }

// Teach has gateways listen for a minute to an asset that a person holds in a
// room; the model is better for it afterwards. It also says that the asset is there.
func (e Equipment) Teach(ctx context.Context, by hospital.Actor, id AssetID, room hospital.RoomID) error {
	if err := by.Need(hospital.ManageEquipment); err != nil {
		return err
	}
	asset, err := e.audible(ctx, id, room)
	if err != nil {
		return fmt.Errorf("teach room %s: %w", room, err)
	}
	at := e.Now()
	e.Tracker.begin(asset.ID, room, by, at)
	err = e.Store.InTx(ctx, func(tx Tx) error {
		tx.Announce("room/" + string(room))
		return tx.Record(ctx, hospital.Deed{By: by, What: "room.teach", On: "room/" + string(room), After: fact("asset", string(id))})
	})
	if err != nil {
		return fmt.Errorf("teach room %s: %w", room, err)
	}
	return nil
}

// audible is the asset of a number, if gateways can hear it in a room that there is.
func (e Equipment) audible(ctx context.Context, id AssetID, room hospital.RoomID) (Asset, error) {
	if _, ok := e.Register.Current().Room(room); !ok {
		return Asset{}, hospital.ErrUnknown
	}
	asset, err := e.Store.Asset(ctx, id)
	if errors.Is(err, hospital.ErrUnknown) {
		return Asset{}, hospital.Refuse(hospital.ErrInvalid, "There is no asset of that number. Type the number on its label.")
	}
	if err == nil && len(asset.Tags) == 0 {
		err = hospital.Refuse(hospital.ErrInvalid, "This asset has no tag, so no gateway can hear it. Take another.")
	}
	return asset, err
}

// Unteach takes a lesson back; the model forgets it.
func (e Equipment) Unteach(ctx context.Context, by hospital.Actor, room hospital.RoomID, lesson int64) error {
	if err := by.Need(hospital.ManageEquipment); err != nil {
		return err
	}
	err := e.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.UndoLesson(ctx, room, lesson, by.Name, tx.Now()); err != nil {
			return err
		}
		tx.Announce("room/" + string(room))
		return tx.Record(ctx, hospital.Deed{By: by, What: "room.unteach", On: "room/" + string(room), Before: fact("lesson", fmt.Sprint(lesson))})
	})
	if err != nil {
		return fmt.Errorf("take back lesson %d of room %s: %w", lesson, room, err)
	}
	return e.Tracker.Reload(ctx)
}

// Lessons lists the lessons of a room that count, newest first, and how well the
// room is known by them.
func (e Equipment) Lessons(ctx context.Context, by hospital.Actor, room hospital.RoomID) ([]Lesson, RoomTrial, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, RoomTrial{}, err
	}
	if _, ok := e.Register.Current().Room(room); !ok {
		return nil, RoomTrial{}, fmt.Errorf("lessons of room %s: %w", room, hospital.ErrUnknown)
	}
	lessons, err := e.Store.Lessons(ctx, room, MaxLessons)
	return lessons, e.Tracker.Trial(room), err
}

// Class is the lesson that a room is being given; false when there was none since the start.
func (t *Tracker) Class(room hospital.RoomID) (Class, bool) {
	t.classesMu.Lock()
	defer t.classesMu.Unlock()
	c, ok := t.classes[room]
	return c, ok
}

// Trial is how well the model knows a room.
func (t *Tracker) Trial(room hospital.RoomID) RoomTrial {
	b := t.book.Load()
	index, ok := b.model.Room(string(room))
	if !ok {
		return RoomTrial{Room: room}
	}
	trial := b.model.Trial(index)
	words := b.model.Words(index)
	r := RoomTrial{Room: room, Steps: trial.Steps, Right: trial.Right, Confirmed: words.Right, Denied: words.Wrong}
	if trial.With != locate.NoRoom {
		r.With, r.WithSteps = b.room(trial.With), trial.WithSteps
	}
	return r
}

func (t *Tracker) begin(id AssetID, room hospital.RoomID, by hospital.Actor, at time.Time) {
	t.note(room, Class{Asset: id, Until: at.Add(TeachFor)})
	t.tell(word{asset: id, room: room, at: at, class: &class{room: room, by: by, kind: Taught, untilMS: at.Add(TeachFor).UnixMilli()}})
}

func (t *Tracker) note(room hospital.RoomID, c Class) {
	t.classesMu.Lock()
	defer t.classesMu.Unlock()
	t.classes[room] = c
}

// ring ends the classes that have lasted long enough.
func (s *shard) ring(at time.Time) {
	s.taught = slices.DeleteFunc(s.taught, func(index int32) bool {
		t := s.assets[index]
		if t == nil || t.class == nil {
			return true
		}
		if at.UnixMilli() < t.class.untilMS {
			return false
		}
		s.dismiss(s.book.assets[index], t.class)
		t.class = nil
		return true
	})
}

// dismiss hands a finished lesson over to be stored.
func (s *shard) dismiss(id AssetID, c *class) {
	if c.tour != nil {
		s.walked(id, c)
		return
	}
	lesson := Lesson{Room: c.room, Asset: id, By: c.by.Name, At: time.UnixMilli(c.untilMS).UTC(), Steps: stepsOf(c.heard),
		Kind: c.kind, Said: c.said}
	lesson.Alive = s.alive(lesson.At)
	if c.kind != Taught {
		s.handOver(lesson, c.by)
		return
	}
	if len(lesson.Steps) < LeastTaught {
		s.tracker.note(c.room, lesson.class(false))
		s.topics = append(s.topics, "room/"+string(c.room))
		return
	}
	select {
	case s.tracker.lessons <- finished{lesson: lesson, by: c.by}:
	default:
		s.tracker.log.Error("too many lessons at once; one is dropped", "room", c.room)
		s.tracker.note(c.room, lesson.class(true))
		s.topics = append(s.topics, "room/"+string(c.room))
	}
}

// alive are the gateways that work at a time.
func (s *shard) alive(at time.Time) []hospital.GatewayID {
	var alive []hospital.GatewayID
	offline := s.book.offline(at)
	for i, gateway := range s.book.directory.Gateways {
		if !slices.Contains(offline, i) {
			alive = append(alive, gateway.ID)
		}
	}
	return alive
}

// handOver queues what a person taught in passing: how the room sounds, if enough
// was heard, and whether the answer had been right, if there was one.
func (s *shard) handOver(lesson Lesson, by hospital.Actor) {
	if len(lesson.Steps) < LeastHeard {
		lesson.Steps = nil
	}
	if lesson.Steps == nil && lesson.Said == "" {
		return
	}
	select {
	case s.tracker.lessons <- finished{lesson: lesson, by: by}:
	default:
		s.tracker.log.Error("too many lessons at once; a confirmation is dropped", "room", lesson.Room)
	}
}

// class is the class that gave the lesson, once it is over.
func (l Lesson) class(failed bool) Class {
	return Class{Asset: l.Asset, Until: l.At, Steps: len(l.Steps), Over: true, Kept: !failed && len(l.Steps) >= LeastTaught, Failed: failed}
}

// stepsOf averages what each gateway heard within each step.
func stepsOf(heard []locate.Observation) []map[hospital.GatewayID]float64 {
	steps, _ := timedSteps(heard)
	return steps
}

// timedSteps also says when each step began, in epoch milliseconds.
func timedSteps(heard []locate.Observation) (steps []map[hospital.GatewayID]float64, beganMS []int64) {
	var counts map[hospital.GatewayID]float64
	stepMS, began := locate.DefaultTuning().StepMS, int64(0)
	for _, o := range heard {
		if len(steps) == 0 || o.AtMS >= began+stepMS {
			steps, began = append(steps, make(map[hospital.GatewayID]float64)), o.AtMS
			beganMS = append(beganMS, began)
			counts = make(map[hospital.GatewayID]float64)
		}
		step, gateway := steps[len(steps)-1], hospital.GatewayID(o.Receiver)
		counts[gateway]++
		step[gateway] += (o.DBm - step[gateway]) / counts[gateway]
	}
	for _, step := range steps {
		for gateway, dbm := range step {
			step[gateway] = math.Round(dbm*10) / 10
		}
	}
	return steps, beganMS
}

// finished is a lesson on its way to the store.
type finished struct {
	lesson Lesson
	by     hospital.Actor
	visits []Lesson // of a walk with the lesson's asset, in place of a lesson
	walked bool
}

// learn stores finished lessons and makes a new model of them; of what was
// confirmed in passing only now and then, for people confirm all day.
func (t *Tracker) learn(ctx context.Context) error {
	relearn := time.NewTicker(relearnEvery)
	defer relearn.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-relearn.C:
			if err := t.Relearn(ctx); err != nil {
				t.log.Error("could not learn what people confirmed; it is tried again", "error", err)
			}
		case f := <-t.lessons:
			// Taken from the queue, it must be stored even while the house is going.
			if err := t.learnOne(context.WithoutCancel(ctx), f); err != nil {
				t.log.Error("could not learn a room", "room", f.lesson.Room, "error", err)
			}
		}
	}
}

// Relearn makes the model anew if people have confirmed anything since it was made.
func (t *Tracker) Relearn(ctx context.Context) error {
	if !t.confirmed.Swap(false) {
		return nil
	}
	if err := t.Reload(ctx); err != nil {
		t.confirmed.Store(true)
		return err
	}
	return nil
}

// learnRest stores the lessons that the shards finished last.
func (t *Tracker) learnRest(ctx context.Context) error {
	for {
		select {
		case f := <-t.lessons:
			if err := t.learnOne(ctx, f); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// learnOne stores a lesson, makes a new model of it, and only then tells that the
// room is better known.
func (t *Tracker) learnOne(ctx context.Context, f finished) error {
	if f.walked {
		return t.learnTour(ctx, f)
	}
	err := t.store.InTx(ctx, func(tx Tx) error {
		if err := tx.AddLesson(ctx, f.lesson); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: f.by, What: "room.taught", On: "room/" + string(f.lesson.Room),
			After: facts("kind", string(f.lesson.Kind), "asset", string(f.lesson.Asset), "steps", fmt.Sprint(len(f.lesson.Steps)))})
	})
	if f.lesson.Kind != Taught {
		t.confirmed.Store(true)
		if err != nil {
			err = fmt.Errorf("learn room %s by a confirmation: %w", f.lesson.Room, err)
		}
		return err
	}
	t.note(f.lesson.Room, f.lesson.class(err != nil))
	if err == nil {
		err = t.Reload(ctx)
	}
	told := t.store.InTx(ctx, func(tx Tx) error {
		tx.Announce("room/" + string(f.lesson.Room))
		return nil
	})
	if err := errors.Join(err, told); err != nil {
		return fmt.Errorf("learn room %s: %w", f.lesson.Room, err)
	}
	return nil
}

// lessonsFor are stored lessons in the model's terms; what it does not know is left out.
func lessonsFor(plan locate.Plan, stored []Lesson) []locate.Lesson {
	rooms, receivers := make(map[string]int), make(map[string]int)
	for i, room := range plan.Rooms {
		rooms[room.ID] = i
	}
	for i, receiver := range plan.Receivers {
		receivers[receiver.ID] = i
	}
	var lessons []locate.Lesson
	for _, l := range slices.Backward(stored) { // oldest first
		room, ok := rooms[string(l.Room)]
		if !ok {
			continue
		}
		lesson := locate.Lesson{Room: room, Alive: []int{}, NotThere: l.Kind == FoundAway}
		if said, ok := rooms[string(l.Said)]; ok {
			lesson.Verdict = locate.Verdict{Given: true, Room: said, Right: l.Kind == FoundHere && l.Said == l.Room}
		}
		for _, gateway := range l.Alive {
			if g, ok := receivers[string(gateway)]; ok {
				lesson.Alive = append(lesson.Alive, g)
			}
		}
		if l.Visit != nil {
			lesson = l.Visit.lesson(plan, l.Steps, lesson)
		} else {
			for _, step := range l.Steps {
				if signals := signalsOf(plan, step); len(signals) > 0 {
					lesson.Steps = append(lesson.Steps, signals)
				}
			}
		}
		if len(lesson.Steps) > 0 || lesson.Verdict.Given {
			lessons = append(lessons, lesson)
		}
	}
	return lessons
}

// signalsOf is a step by the plan's receivers; those that it does not know are left out.
func signalsOf(plan locate.Plan, step map[hospital.GatewayID]float64) []locate.Signal {
	var signals []locate.Signal
	for g, receiver := range plan.Receivers {
		if dbm, heard := step[hospital.GatewayID(receiver.ID)]; heard {
			signals = append(signals, locate.Signal{Receiver: g, DBm: dbm})
		}
	}
	return signals
}
