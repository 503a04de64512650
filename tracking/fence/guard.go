package fence

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// Topic is announced when a fence is set, changed or removed.
const Topic = "fences"

const (
	// checkEvery is how often waits are looked at; a move is looked at when it is stored.
	checkEvery = time.Second
	// movesAtOnce is how many moves one look takes.
	movesAtOnce = 500
)

// Store is where fences and how equipment stands to them are kept.
type Store interface {
	InTx(context.Context, func(Tx) error) error
	// Fences are all of them, by name.
	Fences(context.Context) ([]Fence, error)
	// States are the assets that break a fence or did until just now.
	States(context.Context) (map[Key]State, error)
	// LastMoment is the number of the newest moment of any timeline.
	LastMoment(context.Context) (int64, error)
	// MovedAfter are the assets of the moments numbered after one, each once, and the number of the last.
	MovedAfter(ctx context.Context, moment int64, limit int) ([]tracking.AssetID, int64, error)
	// Located are the given assets with their places; all that have a place when there are none.
	Located(ctx context.Context, assets []tracking.AssetID) ([]tracking.Asset, error)
}

// Tx is a change in progress.
type Tx interface {
	notify.Tx
	// SetFence keeps a fence; DropFence forgets it with its states.
	SetFence(context.Context, Fence) error
	DropFence(context.Context, ID) error
	// SetState keeps a state; the zero state is forgotten.
	SetState(context.Context, Key, State) error
}

// Key is an asset and a fence.
type Key struct {
	Fence ID
	Asset tracking.AssetID
}

// Guard watches the fences. One goroutine runs it; Set and Drop may be called by any.
type Guard struct {
	Store    Store
	Register *hospital.Register
	// Ladder is who is told of an alarm.
	Ladder func() notify.Ladder
	Now    func() time.Time
	Log    *slog.Logger

	fences []Fence
	states map[Key]State
	moment int64
}

var guardian = hospital.Job("fences")

// Run looks whenever wake tells of a change to equipment or fences, and every
// second while something waits, until ctx ends.
func (g *Guard) Run(ctx context.Context, moved, changed <-chan struct{}) error {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		var err error
		if g.states == nil {
			err = g.Begin(ctx)
		} else {
			err = g.Check(ctx)
		}
		if err != nil && ctx.Err() == nil {
			g.Log.Error("the fences could not be watched; it is tried again", "error", err)
			g.states = nil
		}
		if err := g.rest(ctx, tick.C, moved, changed); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// rest returns when there may be something to look at.
func (g *Guard) rest(ctx context.Context, tick <-chan time.Time, moved, changed <-chan struct{}) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			g.states = nil // the fences are others: look at everything anew
			return nil
		case <-moved:
			return nil
		case <-tick:
			if g.states == nil || g.waits() {
				return nil
			}
		}
	}
}

func (g *Guard) waits() bool {
	for _, s := range g.states {
		if s.Waits() {
			return true
		}
	}
	return false
}

// Begin reads fences and states, and looks at every asset once: it may have
// moved while nobody watched.
func (g *Guard) Begin(ctx context.Context) (err error) {
	if g.moment, err = g.Store.LastMoment(ctx); err != nil {
		return fmt.Errorf("begin to watch fences: %w", err)
	}
	if g.fences, err = g.Store.Fences(ctx); err != nil {
		return fmt.Errorf("begin to watch fences: %w", err)
	}
	states, err := g.Store.States(ctx)
	if err != nil {
		return fmt.Errorf("begin to watch fences: %w", err)
	}
	var all []tracking.Asset
	if len(g.fences) > 0 {
		if all, err = g.Store.Located(ctx, nil); err != nil {
			return fmt.Errorf("begin to watch fences: %w", err)
		}
	}
	g.states = states
	return g.look(ctx, all)
}

// Check looks at what has moved since the last look and at what waits.
func (g *Guard) Check(ctx context.Context) error {
	for {
		moved, last, err := g.Store.MovedAfter(ctx, g.moment, movesAtOnce)
		if err != nil {
			return fmt.Errorf("watch fences: %w", err)
		}
		if len(g.fences) == 0 {
			moved = nil
		}
		assets := g.waiting()
		for _, id := range moved {
			assets[id] = true
		}
		if err := g.lookAt(ctx, assets); err != nil {
			return err
		}
		g.moment = last
		if len(moved) < movesAtOnce {
			return nil
		}
	}
}

func (g *Guard) waiting() map[tracking.AssetID]bool {
	assets := map[tracking.AssetID]bool{}
	for key, state := range g.states {
		if state.Waits() {
			assets[key.Asset] = true
		}
	}
	return assets
}

func (g *Guard) lookAt(ctx context.Context, ids map[tracking.AssetID]bool) error {
	if len(ids) == 0 {
		return nil
	}
	list := make([]tracking.AssetID, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	assets, err := g.Store.Located(ctx, list)
	if err != nil {
		return fmt.Errorf("watch fences: %w", err)
	}
	return g.look(ctx, assets)
}

// step is a state that changed.
type step struct {
	key   Key
	fence Fence
	asset tracking.Asset
	state State
	event Event
}

// look steps the states of assets and stores in one transaction what changed.
func (g *Guard) look(ctx context.Context, assets []tracking.Asset) error {
	at, directory := g.Now(), g.Register.Current()
	var steps []step
	for _, asset := range assets {
		for _, f := range g.fences {
			key := Key{f.ID, asset.ID}
			before := g.states[key]
			from, broken := before, f.About(asset) && f.Broken(directory, asset.Place)
			if broken && from.OutSince.IsZero() {
				from.OutSince = sinceWhen(asset.Place, at)
			}
			if after, event := from.Step(f, broken, at); after != before {
				steps = append(steps, step{key, f, asset, after, event})
			}
		}
	}
	return g.store(ctx, directory, steps)
}

// sinceWhen is since when an asset stands where it stands: its coming into the
// room, which may lie before the look.
func sinceWhen(p tracking.Place, at time.Time) time.Time {
	if p.Since.IsZero() || p.Since.After(at) {
		return at
	}
	return p.Since
}

func (g *Guard) store(ctx context.Context, d *hospital.Directory, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	states := maps.Clone(g.states)
	for _, s := range steps {
		if s.state == (State{}) {
			delete(states, s.key)
		} else {
			states[s.key] = s.state
		}
	}
	err := g.Store.InTx(ctx, func(tx Tx) error {
		for _, s := range steps {
			if err := tx.SetState(ctx, s.key, s.state); err != nil {
				return err
			}
			if err := g.tell(ctx, tx, d, states, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep %d states of fences: %w", len(steps), err)
	}
	g.states = states
	return nil
}

// tell raises or returns the alarm of an asset; states are as they stand after the look.
func (g *Guard) tell(ctx context.Context, tx Tx, d *hospital.Directory, states map[Key]State, s step) error {
	subject := "asset/" + string(s.asset.ID)
	switch s.event {
	case Rings:
		_, err := notify.Raise(ctx, tx, g.Ladder(), notify.Trouble{Kind: s.fence.Kind(), Subject: subject, Name: s.asset.Name,
			Text: said(d, s), Severity: s.fence.Severity(), By: guardian})
		return err
	case Over:
		for key, other := range states { // another fence of the kind may still be broken
			if key.Asset == s.asset.ID && other.Ringing && g.kindOf(key.Fence) == s.fence.Kind() {
				return nil
			}
		}
		return notify.Return(ctx, tx, guardian, s.fence.Kind(), subject)
	}
	return nil
}

func (g *Guard) kindOf(id ID) notify.Kind {
	for _, f := range g.fences {
		if f.ID == id {
			return f.Kind()
		}
	}
	return ""
}

// said is the breach in a sentence.
func said(d *hospital.Directory, s step) string {
	room, _ := d.Room(s.asset.Place.Room)
	floor, _ := d.Floor(room.Floor)
	return fmt.Sprintf("in %s, %s; the rule is “%s”", room.Name, floor.Name, s.fence.Name)
}

// List are all fences and how many assets break each.
func (g *Guard) List(ctx context.Context, by hospital.Actor) ([]Standing, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return nil, err
	}
	fences, err := g.Store.Fences(ctx)
	if err != nil {
		return nil, fmt.Errorf("list fences: %w", err)
	}
	states, err := g.Store.States(ctx)
	if err != nil {
		return nil, fmt.Errorf("list fences: %w", err)
	}
	list := make([]Standing, len(fences))
	for i, f := range fences {
		list[i].Fence = f
		for key, state := range states {
			if key.Fence != f.ID {
				continue
			}
			if list[i].Waiting++; state.Ringing {
				list[i].Waiting--
				list[i].Ringing++
			}
		}
	}
	return list, nil
}

// Standing is a fence and how many break it.
type Standing struct {
	Fence
	Ringing int // alarms that go on
	Waiting int // broken, but not yet for long enough
}

// Fence is one of them; ErrUnknownFence when there is none.
func (g *Guard) Fence(ctx context.Context, by hospital.Actor, id ID) (Fence, error) {
	list, err := g.List(ctx, by)
	if err != nil {
		return Fence{}, err
	}
	for _, f := range list {
		if f.ID == id {
			return f.Fence, nil
		}
	}
	return Fence{}, fmt.Errorf("%s: %w", id, ErrUnknownFence)
}

// Set makes or changes a fence.
func (g *Guard) Set(ctx context.Context, by hospital.Actor, f Fence) error {
	if err := by.Need(hospital.ManageEquipment); err != nil {
		return err
	}
	if err := f.Check(g.Register.Current()); err != nil {
		return err
	}
	fences, err := g.Store.Fences(ctx)
	if err != nil {
		return fmt.Errorf("set fence %s: %w", f.ID, err)
	}
	before, known := "", false
	for _, other := range fences {
		if other.ID == f.ID {
			before, known = other.JSON(), true
		}
	}
	if !known && len(fences) >= MaxFences {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("There are %d fences already; remove one first.", MaxFences))
	}
	err = g.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.SetFence(ctx, f); err != nil {
			return err
		}
		tx.Announce(Topic)
		return tx.Record(ctx, hospital.Deed{By: by, What: "fence.set", On: "fence/" + string(f.ID), Before: before, After: f.JSON()})
	})
	if err != nil {
		return fmt.Errorf("set fence %s: %w", f.ID, err)
	}
	return nil
}

// Drop removes a fence; the alarms that it raised are over.
func (g *Guard) Drop(ctx context.Context, by hospital.Actor, id ID) error {
	if err := by.Need(hospital.ManageEquipment); err != nil {
		return err
	}
	f, err := g.Fence(ctx, by, id)
	if err != nil {
		return err
	}
	states, err := g.Store.States(ctx)
	if err != nil {
		return fmt.Errorf("drop fence %s: %w", id, err)
	}
	err = g.Store.InTx(ctx, func(tx Tx) error {
		for key, state := range states {
			if key.Fence != id || !state.Ringing {
				continue
			}
			if err := notify.Return(ctx, tx, by, f.Kind(), "asset/"+string(key.Asset)); err != nil {
				return err
			}
		}
		if err := tx.DropFence(ctx, id); err != nil {
			return err
		}
		tx.Announce(Topic)
		return tx.Record(ctx, hospital.Deed{By: by, What: "fence.drop", On: "fence/" + string(id), Before: f.JSON()})
	})
	if err != nil {
		return fmt.Errorf("drop fence %s: %w", id, err)
	}
	return nil
}

// JSON is the fence as the audit trail keeps it.
func (f Fence) JSON() string {
	text, err := json.Marshal(f)
	if err != nil {
		return ""
	}
	return string(text)
}
