package coldchain

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// ForewarningID numbers forewarnings.
type ForewarningID int64

// Forewarned is what became of a forewarning.
type Forewarned string

// What becomes of a forewarning.
const (
	StillOpen Forewarned = ""
	CameTrue  Forewarned = "came true"
	CameNot   Forewarned = "did not"
	// NobodyKnows: the probe fell silent before the time was up.
	NobodyKnows Forewarned = "nobody knows"
)

// Word is the outcome as lists tell it: one that nobody knows yet is "open".
func (f Forewarned) Word() string {
	if f == StillOpen {
		return "open"
	}
	return string(f)
}

// Forewarning is an outlook that was said, and what became of it. It is kept, so that
// whoever reads the next one knows how often the others were right.
type Forewarning struct {
	ID     ForewarningID
	Fridge FridgeID
	Sensor SensorID
	Rule   string
	Power  bool
	At     time.Time
	Temp   MilliCelsius
	// Soonest and Latest are between when and when the crossing was expected.
	Soonest, Latest time.Time
	Outcome         Forewarned
	// CrossedAt is the first reading beyond the limit; zero unless it came true.
	CrossedAt time.Time
}

// ForewarningLeast is how long after a forewarning a crossing still makes it true.
const ForewarningLeast = 90 * time.Minute

// until is when a forewarning that has not come true is given up.
func (f Forewarning) until() time.Time { return later(f.Latest, f.At.Add(ForewarningLeast)) }

// forewarn is an outlook as it is kept.
func forewarn(o Outlook, now Point) Forewarning {
	return Forewarning{Rule: o.Rule.Name, Power: o.Power, At: now.At, Temp: now.Temp, Soonest: now.At.Add(o.Soonest), Latest: now.At.Add(o.Latest)}
}

// Settle says what became of a forewarning, by the readings that came after it, oldest first.
func (f Forewarning) Settle(p Profile, after []Point, at time.Time) Forewarning {
	rule, known := p.Rule(f.Rule)
	for _, point := range after {
		if known && point.At.After(f.At) && !point.At.After(f.until()) && rule.Beyond(point.Temp) {
			f.Outcome, f.CrossedAt = CameTrue, point.At
			return f
		}
	}
	switch last := len(after) - 1; {
	case at.Before(f.until()):
	case !known || last < 0 || f.until().Sub(after[last].At) > p.MaxGap():
		f.Outcome = NobodyKnows
	default:
		f.Outcome = CameNot
	}
	return f
}

// Backtest is what would have been said of a record, and what became of it.
func Backtest(p Profile, h Habit, points []Point) []Forewarning {
	var said []Forewarning
	begin, reach := 0, 2*h.cycle()+outlookStep
	for i, now := range points {
		for points[begin].At.Before(now.At.Add(-reach)) {
			begin++
		}
		if n := len(said) - 1; n >= 0 && said[n].Outcome == StillOpen {
			if said[n] = said[n].Settle(p, points[i:i+1], now.At); said[n].Outcome == StillOpen {
				continue
			}
		}
		if o, warns := Foresee(p, h, points[begin:i+1]); warns {
			said = append(said, forewarn(o, now))
		}
	}
	return said
}

// TrackRecord sums up what became of forewarnings.
type TrackRecord struct {
	Right, Wrong, Unknown, Open int
	// Lead is the median time from a forewarning that came true to the crossing.
	Lead time.Duration
}

// Said is how many have come true or not.
func (t TrackRecord) Said() int { return t.Right + t.Wrong }

// TrackOf sums forewarnings up.
func TrackOf(all []Forewarning) TrackRecord {
	var t TrackRecord
	var leads []time.Duration
	for _, f := range all {
		switch f.Outcome {
		case CameTrue:
			t.Right++
			leads = append(leads, f.CrossedAt.Sub(f.At))
		case CameNot:
			t.Wrong++
		case NobodyKnows:
			t.Unknown++
		default:
			t.Open++
		}
	}
	t.Lead = quantile(leads, 0.5)
	return t
}

// ForesightTx is what forewarnings need of a transaction.
type ForesightTx interface {
	// SaveHabit keeps what a stream's past says, in place of what it said before.
	SaveHabit(context.Context, SensorID, Habit) error
	// AddForewarning keeps a forewarning; false where one of the stream is open.
	AddForewarning(context.Context, Forewarning) (bool, error)
	// SettleForewarning keeps what became of an open one.
	SettleForewarning(context.Context, Forewarning) error
}

// ForesightStore is where habits and forewarnings are read.
type ForesightStore interface {
	// Habit of a stream; the zero Habit where nothing is learnt.
	Habit(context.Context, SensorID) (Habit, error)
	// OpenForewarnings are those of which nobody knows yet what becomes.
	OpenForewarnings(context.Context) ([]Forewarning, error)
	// Forewarnings of a fridge, newest first.
	Forewarnings(ctx context.Context, fridge FridgeID, since time.Time, limit int) ([]Forewarning, error)
}

const (
	// TrackFor is how far back a page counts how often forewarnings were right.
	TrackFor = 90 * 24 * time.Hour
	// maxForewarnings is how many it counts at most.
	maxForewarnings = 500
	// habitAge is how old a habit may grow before it is learnt anew.
	habitAge = 24 * time.Hour
	// maxLearnt is how many streams learn in one waking of the job; the others wait for the next.
	maxLearnt = 100
)

// Foresight is what a fridge's page says of early warnings.
type Foresight struct {
	Habit  Habit
	Track  TrackRecord
	Recent []Forewarning // newest first
}

// Foresight of one judged probe of a fridge, and of the forewarnings of the whole fridge.
func (m *Monitor) Foresight(ctx context.Context, id FridgeID, w Watched, at time.Time) (Foresight, error) {
	habit, err := m.store.Habit(ctx, w.Sensor.ID)
	if err != nil {
		return Foresight{}, err
	}
	said, err := m.store.Forewarnings(ctx, id, at.Add(-TrackFor), maxForewarnings)
	return Foresight{Habit: habit, Track: TrackOf(said), Recent: said}, err
}

// Track is what became of a fridge's forewarnings of the last TrackFor.
func (m *Monitor) Track(ctx context.Context, id FridgeID, at time.Time) (TrackRecord, error) {
	said, err := m.store.Forewarnings(ctx, id, at.Add(-TrackFor), maxForewarnings)
	return TrackOf(said), err
}

// Forewarn looks ahead for every fridge, keeps what it says, and settles what it said before.
func (m *Monitor) Forewarn(ctx context.Context, at time.Time) error {
	fridges, watched, err := m.judgedNow(ctx)
	if err != nil {
		return fmt.Errorf("look ahead: %w", err)
	}
	open, err := m.store.OpenForewarnings(ctx)
	if err != nil {
		return fmt.Errorf("look ahead: %w", err)
	}
	signs, err := m.store.SignsNow(ctx, "")
	if err != nil {
		return fmt.Errorf("look ahead: %w", err)
	}
	waiting := map[SensorID]bool{}
	for _, f := range open {
		if waiting[f.Sensor], err = m.settleForewarning(ctx, fridges, f, at); err != nil {
			return err
		}
	}
	var ahead []watchedBy
	for _, w := range watched {
		if f := fridges[w.Sensor.Fridge]; !waiting[w.Sensor.ID] {
			ahead = append(ahead, watchedBy{w, f.JudgedBy(at), signs[f.ID]})
		}
	}
	outlooks, err := m.outlooks(ctx, ahead, at)
	if err != nil {
		return fmt.Errorf("look ahead: %w", err)
	}
	for _, w := range ahead {
		o, warns := outlooks[w.Sensor.ID]
		if !warns {
			continue
		}
		said := forewarn(o, w.Last)
		said.Fridge, said.Sensor = w.Sensor.Fridge, w.Sensor.ID
		if err := m.sayForewarning(ctx, said); err != nil {
			return fmt.Errorf("forewarn of %s: %w", said.Fridge, err)
		}
	}
	return nil
}

// judgedNow are the streams that fridges are judged by, and the fridges.
func (m *Monitor) judgedNow(ctx context.Context) (map[FridgeID]Fridge, []Watched, error) {
	all, err := m.store.Fridges(ctx)
	if err != nil {
		return nil, nil, err
	}
	watched, err := m.store.Watched(ctx)
	fridges := map[FridgeID]Fridge{}
	for _, f := range all {
		fridges[f.ID] = f
	}
	return fridges, slices.DeleteFunc(watched, func(w Watched) bool { return !w.Sensor.Judged || w.Sensor.Logger }), err
}

func (m *Monitor) sayForewarning(ctx context.Context, f Forewarning) error {
	return m.store.InTx(ctx, func(tx Tx) error {
		added, err := tx.AddForewarning(ctx, f)
		if err == nil && added {
			tx.Announce(Topic, f.Fridge.Topic())
		}
		return err
	})
}

// settleForewarning is true while it stays open.
func (m *Monitor) settleForewarning(ctx context.Context, fridges map[FridgeID]Fridge, f Forewarning, at time.Time) (bool, error) {
	points, err := m.store.Points(ctx, f.Sensor, f.At, f.until().Add(time.Millisecond))
	if err != nil {
		return false, fmt.Errorf("settle forewarning %d: %w", f.ID, err)
	}
	settled := f.Settle(fridges[f.Fridge].JudgedBy(f.At), points, at)
	if settled.Outcome == StillOpen {
		return true, nil
	}
	err = m.store.InTx(ctx, func(tx Tx) error {
		tx.Announce(f.Fridge.Topic())
		return tx.SettleForewarning(ctx, settled)
	})
	if err != nil {
		return false, fmt.Errorf("settle forewarning %d: %w", f.ID, err)
	}
	return false, nil
}

// Learn learns anew the habits that have grown old, from summaries and the last day's
// readings: at most maxLearnt in one go.
func (m *Monitor) Learn(ctx context.Context, at time.Time) error {
	fridges, watched, err := m.judgedNow(ctx)
	if err != nil {
		return fmt.Errorf("learn habits: %w", err)
	}
	learnt := 0
	for _, w := range watched {
		habit, err := m.store.Habit(ctx, w.Sensor.ID)
		if err != nil {
			return fmt.Errorf("learn habits: %w", err)
		}
		if at.Sub(habit.LearntAt) < habitAge {
			continue
		}
		if err := m.learn(ctx, fridges[w.Sensor.Fridge], w, at); err != nil {
			return fmt.Errorf("learn the habit of %s: %w", w.Sensor.Key, err)
		}
		if learnt++; learnt == maxLearnt {
			return nil
		}
	}
	return nil
}

func (m *Monitor) learn(ctx context.Context, f Fridge, w Watched, at time.Time) error {
	hours, err := m.store.Hours(ctx, w.Sensor.ID, later(w.Since, at.Add(-HabitReach)), at)
	if err != nil {
		return err
	}
	recent, err := m.store.Points(ctx, w.Sensor.ID, later(w.Since, at.Add(-CycleReach)), at)
	if err != nil {
		return err
	}
	asset, err := m.store.Asset(ctx, f)
	if err != nil {
		return err
	}
	habit := LearnHabit(hours, recent, at).HoldOver(f.JudgedBy(at), asset.Facts.HoldOver)
	return m.store.InTx(ctx, func(tx Tx) error { return tx.SaveHabit(ctx, w.Sensor.ID, habit) })
}
