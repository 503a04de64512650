package coldchain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
)

// Condition is how a fridge is, in one word.
type Condition int

// The conditions, the one that needs nobody first.
const (
	InRange  Condition = iota
	NoProbe            // nothing watches it
	Drifting           // beyond a limit, not yet for long enough
	Silent             // nobody knows any more
	OutOfRange
	Freezing
)

// Standing is how a fridge stands now.
type Standing struct {
	Fridge    Fridge
	Room      hospital.Room // zero when nobody has said
	Profile   Profile
	Condition Condition
	// Direction is the side that is wrong while Drifting or OutOfRange.
	Direction Direction
	// Stale is true when the newest reading is older than it should be, whatever the condition.
	Stale bool
	// Last is the reading that the condition goes by; zero At when nothing has come yet.
	Last Point
	// Probes are all streams of the fridge.
	Probes []Watched
	// Running are its excursions, the worst first.
	Running []Excursion
	// Signs is what its devices say now of doors, the mains, batteries and probes.
	Signs []Sign
	// Flags are its probes' readings that look like a fault.
	Flags []Flag
}

// loggerStale is how old a logger's newest reading may be and still say how its
// fridge stands: it is read out once a workday.
const loggerStale = 36 * time.Hour

// stand says how a fridge stands, from what is stored of it.
func stand(f Fridge, probes []Watched, running []Excursion, at time.Time) Standing {
	s := Standing{Fridge: f, Profile: f.JudgedBy(at), Probes: probes, Running: running}
	slices.SortStableFunc(s.Running, func(a, b Excursion) int { return cmp.Compare(b.Severity, a.Severity) })
	s.Condition, s.Stale = NoProbe, true
	for _, w := range probes {
		if w.Sensor.Judged {
			s = s.with(w, at)
		}
	}
	return s
}

// with takes a probe in: the worst condition wins, and of equals the one further from the band's middle.
func (s Standing) with(w Watched, at time.Time) Standing {
	silent := w.Last.At.IsZero() || w.SilentAt(s.Profile, at) || w.Sensor.Logger && at.Sub(w.Last.At) > loggerStale
	s.Stale = s.Stale && silent
	condition, direction := s.conditionOf(w, silent)
	if condition < s.Condition && s.Condition != NoProbe {
		return s
	}
	if condition == s.Condition && s.Profile.offCentre(w.Last.Temp) <= s.Profile.offCentre(s.Last.Temp) && !s.Last.At.IsZero() {
		return s
	}
	s.Condition, s.Direction, s.Last = condition, direction, w.Last
	return s
}

func (s Standing) conditionOf(w Watched, silent bool) (Condition, Direction) {
	i := slices.IndexFunc(s.Running, func(e Excursion) bool { return e.Sensor == w.Sensor.Key })
	switch {
	case i >= 0 && s.Running[i].Rule == freezeRule:
		return Freezing, TooCold
	case i >= 0:
		return OutOfRange, s.Running[i].Direction
	case silent:
		return Silent, ""
	}
	for _, rule := range s.Profile.Rules {
		if rule.Beyond(w.Last.Temp) {
			return Drifting, rule.Direction
		}
	}
	return InRange, ""
}

func (p Profile) offCentre(t MilliCelsius) MilliCelsius {
	centre := (p.Low + p.High) / 2
	return max(t-centre, centre-t)
}

// Board is how all fridges stand, worst first.
func (m *Monitor) Board(ctx context.Context, at time.Time) ([]Standing, error) {
	fridges, err := m.store.Fridges(ctx)
	if err != nil {
		return nil, err
	}
	watched, err := m.store.Watched(ctx)
	if err != nil {
		return nil, err
	}
	running, err := m.store.Running(ctx)
	if err != nil {
		return nil, err
	}
	signs, err := m.store.SignsNow(ctx, "")
	if err != nil {
		return nil, err
	}
	flags, err := m.store.FlagsNow(ctx, "")
	if err != nil {
		return nil, err
	}
	where, err := m.store.WhereNow(ctx)
	if err != nil {
		return nil, err
	}
	probes := groupBy(watched, func(w Watched) FridgeID { return w.Sensor.Fridge })
	excursions := groupBy(running, func(e Excursion) FridgeID { return e.Fridge })
	directory := m.register.Current()
	board := make([]Standing, len(fridges))
	for i, f := range fridges {
		board[i] = stand(f, probes[f.ID], excursions[f.ID], at)
		board[i].Room, _ = directory.Room(f.Room)
		if room, moves := where[f.ID]; moves {
			board[i].Room, _ = directory.Room(room)
		}
		board[i].Signs, board[i].Flags = signs[f.ID], flags[f.ID]
	}
	slices.SortStableFunc(board, func(a, b Standing) int { return cmp.Compare(b.Condition, a.Condition) })
	return board, nil
}

func groupBy[T any, K comparable](things []T, key func(T) K) map[K][]T {
	groups := map[K][]T{}
	for _, thing := range things {
		groups[key(thing)] = append(groups[key(thing)], thing)
	}
	return groups
}

// Standing is how one fridge stands; ErrUnknownFridge when there is none.
func (m *Monitor) Standing(ctx context.Context, id FridgeID, at time.Time) (Standing, error) {
	f, err := m.store.Fridge(ctx, id)
	if err != nil {
		return Standing{}, err
	}
	probes, err := m.store.WatchedIn(ctx, id)
	if err != nil {
		return Standing{}, err
	}
	running, err := m.store.Running(ctx)
	if err != nil {
		return Standing{}, err
	}
	s := stand(f, probes, groupBy(running, func(e Excursion) FridgeID { return e.Fridge })[id], at)
	s.Room, _ = m.register.Current().Room(f.Room)
	signs, err := m.store.SignsNow(ctx, id)
	if err != nil {
		return Standing{}, err
	}
	flags, err := m.store.FlagsNow(ctx, id)
	s.Signs, s.Flags = signs[id], flags[id]
	return s, err
}

// Excursions of a fridge, newest first, withdrawn ones included.
func (m *Monitor) Excursions(ctx context.Context, id FridgeID, limit int) ([]Excursion, error) {
	return m.store.Excursions(ctx, id, limit)
}

// Quarantined are a fridge's newest readings that were set aside as impossible.
func (m *Monitor) Quarantined(ctx context.Context, id FridgeID, limit int) ([]Quarantined, error) {
	return m.store.Quarantined(ctx, id, limit)
}

// Strange are the sensors that wait for adoption, last heard first.
func (m *Monitor) Strange(ctx context.Context) ([]StrangeSensor, error) { return m.store.Strange(ctx) }

// Adopt makes a sensor watch a fridge from now on; what it sends is then recorded and judged.
func (m *Monitor) Adopt(ctx context.Context, by hospital.Actor, key SensorKey, id FridgeID) error {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return err
	}
	err := m.store.InTx(ctx, func(tx Tx) error {
		fridge, err := tx.Fridge(ctx, id)
		if err != nil {
			return err
		}
		if _, err := tx.Attach(ctx, Sensor{Key: key, Fridge: fridge.ID, Judged: key.Judged(), AttachedAt: tx.Now()}); err != nil {
			return err
		}
		tx.Announce(Topic, id.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "sensor.adopt", On: id.Topic(), After: key.String()})
	})
	if err != nil {
		return fmt.Errorf("adopt sensor %s: %w", key, err)
	}
	return nil
}
