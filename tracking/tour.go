package tracking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

// Limits of a walk through rooms.
const (
	// TourRests is how long a walk waits for its next room. Then it is over, and the
	// last room teaches nothing, for nobody knows when she left it.
	TourRests = 10 * time.Minute
	// LeastVisit is how many steps must be heard in a room for the visit to be kept.
	LeastVisit = 5
	// MaxStays bounds the rooms of one walk.
	MaxStays = 200
	// maxWalked bounds the signals of one walk.
	maxWalked = 100_000
	// leadMS is how much of the room before goes with a visit: a little more than receivers remember.
	leadMS = 10_000
)

// Walked is how a lesson comes about by a person who walks through rooms with an asset.
// It is kept as Taught, with its Visit.
const Walked LessonKind = "walked"

// Visit says how an asset came into a room and left it.
type Visit struct {
	// Lead is how many of the lesson's steps were heard in the room before.
	Lead int `json:"lead"`
	// AtMS is when each step began, in milliseconds since the first.
	AtMS []int64 `json:"at"`
	// Entered and Left say that the asset came through a door before the first step in
	// the room, and went through one after the last.
	Entered bool `json:"entered"`
	Left    bool `json:"left"`
}

// Stay is a room of a walk, and since when.
type Stay struct {
	Room hospital.RoomID
	At   time.Time
}

// Tour is a person's walk through rooms with a tagged asset, in progress or the last since the start.
type Tour struct {
	Asset AssetID
	By    string
	Stays []Stay
	// Until is when it is over, unless she goes on.
	Until time.Time
	// Over: its visits are stored and the model is made of them, or never will be. Kept
	// counts them; in Short rooms too little was heard. Failed: storing them failed.
	Over        bool
	Kept, Short int
	Failed      bool
}

// tour is what the asset's shard knows of a walk.
type tour struct {
	stays []stay
	ends  bool // by her word, when she left the last room
}

type stay struct {
	room   hospital.RoomID
	fromMS int64
}

// TourInto says that a person has just come into a room with a tagged asset. The first
// room begins a walk; what was heard in each is a whole visit, which teaches how tags come and go.
func (e Equipment) TourInto(ctx context.Context, by hospital.Actor, id AssetID, room hospital.RoomID) error {
	if err := by.Need(hospital.ManageEquipment); err != nil {
		return err
	}
	asset, err := e.audible(ctx, id, room)
	if err != nil {
		return fmt.Errorf("walk into room %s: %w", room, err)
	}
	at := e.Now()
	if err := e.Tracker.step(asset.ID, room, by, at); err != nil {
		return err
	}
	err = e.Store.InTx(ctx, func(tx Tx) error {
		tx.Announce("tour/" + string(asset.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "room.teach", On: "room/" + string(room), After: fact("asset", string(asset.ID))})
	})
	if err != nil {
		return fmt.Errorf("walk into room %s: %w", room, err)
	}
	return nil
}

// EndTour says that a person leaves the last room of her walk just now, and goes no further.
func (e Equipment) EndTour(_ context.Context, by hospital.Actor, id AssetID) error {
	if err := by.Need(hospital.ManageEquipment); err != nil {
		return err
	}
	w, under := e.Tracker.Tour(id)
	if !under || w.Over {
		return hospital.Refuse(hospital.ErrStale, "This walk is over already.")
	}
	at := e.Now()
	e.Tracker.noteTour(id, func(w *Tour) { w.Until = at })
	e.Tracker.tell(word{asset: id, at: at, class: &class{by: by, kind: Walked, untilMS: at.UnixMilli(), tour: &tour{ends: true}}})
	return nil
}

// Tour is the walk with an asset; false when there was none since the start.
func (t *Tracker) Tour(id AssetID) (Tour, bool) {
	t.classesMu.Lock()
	defer t.classesMu.Unlock()
	w, ok := t.tours[id]
	w.Stays = slices.Clone(w.Stays)
	return w, ok
}

// endTour notes what became of a tour, unless another with the asset has begun since.
func (t *Tracker) endTour(f finished, change func(*Tour)) {
	t.noteTour(f.lesson.Asset, func(w *Tour) {
		if len(w.Stays) > 0 && w.Stays[0].At.Equal(f.lesson.At) {
			change(w)
		}
	})
}

func (t *Tracker) noteTour(id AssetID, change func(*Tour)) {
	t.classesMu.Lock()
	defer t.classesMu.Unlock()
	w := t.tours[id]
	change(&w)
	t.tours[id] = w
}

// step begins a walk, or goes on with it.
func (t *Tracker) step(id AssetID, room hospital.RoomID, by hospital.Actor, at time.Time) error {
	at = at.Truncate(time.Millisecond) // as the shard has it
	until := at.Add(TourRests)
	var refused error
	t.noteTour(id, func(w *Tour) {
		if w.Over || len(w.Stays) == 0 || !at.Before(w.Until) {
			*w = Tour{Asset: id}
		}
		switch n := len(w.Stays); {
		case n == MaxStays:
			refused = hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A walk has %d rooms at most. End it, and begin another.", MaxStays))
			return
		case n > 0 && w.Stays[n-1].Room == room:
			w.Until = until // she is there still
		default:
			w.Stays, w.Until = append(w.Stays, Stay{Room: room, At: at}), until
		}
		w.By = by.Name
	})
	if refused == nil {
		t.tell(word{asset: id, room: room, at: at, class: &class{room: room, by: by, kind: Walked, untilMS: until.UnixMilli(),
			tour: &tour{stays: []stay{{room: room, fromMS: at.UnixMilli()}}}}})
	}
	return refused
}

// most is how many signals a class takes.
func (c *class) most() int {
	if c.tour != nil {
		return maxWalked
	}
	return maxTaught
}

// follow takes a person's word on her walk: that she came into a room, or that it ends.
func (s *shard) follow(index int32, t *tracked, said *class) {
	c := t.class
	if c != nil && c.tour != nil && (c.tour.ends || !said.tour.ends && said.tour.stays[0].fromMS >= c.untilMS) {
		s.walked(s.book.assets[index], c) // the next has begun before it was looked at
		t.class, c = nil, nil
	}
	switch {
	case c == nil || c.tour == nil:
		if !said.tour.ends {
			t.class = said
			s.taught = append(s.taught, index)
		}
		return
	case said.tour.ends:
		c.tour.ends = true
	case c.tour.stays[len(c.tour.stays)-1].room != said.room:
		c.tour.stays = append(c.tour.stays, said.tour.stays...)
	}
	c.by, c.untilMS = said.by, said.untilMS
}

// walked hands the visits of a walk over to be stored.
func (s *shard) walked(id AssetID, c *class) {
	visits, short := c.visits(id)
	for i := range visits {
		visits[i].Alive = s.alive(visits[i].At)
	}
	f := finished{lesson: Lesson{Asset: id, At: time.UnixMilli(c.tour.stays[0].fromMS)}, by: c.by, visits: visits, walked: true}
	s.tracker.endTour(f, func(w *Tour) { w.Short = short })
	select {
	case s.tracker.lessons <- f:
	default:
		s.tracker.log.Error("too many lessons at once; a walk is dropped", "asset", id)
		s.tracker.endTour(f, func(w *Tour) { w.Over, w.Failed = true, true })
		s.topics = append(s.topics, "tour/"+string(id))
	}
}

// visits are the lessons of a walk, and in how many rooms too little was heard.
func (c *class) visits(id AssetID) (visits []Lesson, short int) {
	steps, beganMS := timedSteps(c.heard)
	from := func(ms int64) int {
		i, _ := slices.BinarySearch(beganMS, ms)
		return i
	}
	stays := c.tour.stays
	for i, stay := range stays {
		untilMS, last := c.untilMS, i == len(stays)-1
		if last && !c.tour.ends {
			break // nobody knows when she left
		}
		if !last {
			untilMS = stays[i+1].fromMS
		}
		lead, first, end := from(stay.fromMS), from(stay.fromMS), from(untilMS)
		if i > 0 {
			lead = from(stay.fromMS - leadMS)
		}
		if end-first < LeastVisit {
			short++
			continue
		}
		visit := Visit{Lead: first - lead, Entered: i > 0, Left: !last}
		for _, ms := range beganMS[lead:end] {
			visit.AtMS = append(visit.AtMS, ms-beganMS[lead])
		}
		visits = append(visits, Lesson{Room: stay.room, Asset: id, By: c.by.Name, At: time.UnixMilli(untilMS).UTC(), Steps: steps[lead:end], Kind: Taught, Visit: &visit})
	}
	return visits, short
}

// learnTour stores the visits of a walk, makes a new model of them, and tells that it is over.
func (t *Tracker) learnTour(ctx context.Context, f finished) error {
	id := f.lesson.Asset
	err := t.store.InTx(ctx, func(tx Tx) error {
		for _, visit := range f.visits {
			if err := tx.AddLesson(ctx, visit); err != nil {
				return err
			}
			if err := tx.Record(ctx, hospital.Deed{By: f.by, What: "room.taught", On: "room/" + string(visit.Room),
				After: facts("kind", string(Walked), "asset", string(id), "steps", fmt.Sprint(visit.Heard()))}); err != nil {
				return err
			}
			tx.Announce("room/" + string(visit.Room))
		}
		return nil
	})
	t.endTour(f, func(w *Tour) { w.Over, w.Failed, w.Kept = true, err != nil, len(f.visits) })
	if err == nil && len(f.visits) > 0 {
		err = t.Reload(ctx)
	}
	told := t.store.InTx(ctx, func(tx Tx) error {
		tx.Announce("tour/" + string(id))
		return nil
	})
	if err := errors.Join(err, told); err != nil {
		return fmt.Errorf("learn a walk with %s: %w", id, err)
	}
	return nil
}

// Heard is how many steps were heard in the lesson's room.
func (l Lesson) Heard() int {
	if l.Visit == nil {
		return len(l.Steps)
	}
	return len(l.Steps) - l.Visit.Lead
}

// lesson is a stored visit in the model's terms.
func (v Visit) lesson(plan locate.Plan, steps []map[hospital.GatewayID]float64, l locate.Lesson) locate.Lesson {
	var lead, heard []locate.Step
	for i, step := range steps[:min(len(steps), len(v.AtMS))] {
		signals := signalsOf(plan, step)
		switch {
		case len(signals) == 0:
		case i < v.Lead:
			lead = append(lead, locate.Step{AtMS: v.AtMS[i], Signals: signals})
		default:
			heard = append(heard, locate.Step{AtMS: v.AtMS[i], Signals: signals})
		}
	}
	visit := locate.Visit(l.Room, lead, heard)
	visit.Alive, visit.Verdict, visit.Entered, visit.Left = l.Alive, l.Verdict, v.Entered, v.Left
	return visit
}
