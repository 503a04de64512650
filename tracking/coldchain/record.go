package coldchain

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
)

// ReasonConflict is why a reading is set aside whose instant the record holds with
// another value.
const ReasonConflict = "the record holds another value of this moment; this one is kept beside it"

// MaxConflicts is how many other values of one moment are kept beside the first.
const MaxConflicts = 16

// RecordTx is what the record of signs, flags and conflicts needs of a transaction.
type RecordTx interface {
	// PointAt is the stored reading of a moment; false when there is none.
	PointAt(ctx context.Context, sensor SensorID, at time.Time) (Point, bool, error)
	// KeepConflict keeps another value of a moment, once, at most MaxConflicts of a moment.
	KeepConflict(context.Context, SensorID, OriginID, Reading) error
	// FridgeOf is the fridge that a device watches with any of its channels; false when
	// nobody has adopted it, empty when it watches none.
	FridgeOf(ctx context.Context, device string) (FridgeID, bool, error)
	// SignAt is the newest sign of a device and kind at or before a moment; false when there is none.
	SignAt(ctx context.Context, device string, kind SignKind, at time.Time) (Sign, bool, error)
	// AddSign stores a sign of a device in a fridge; one of the same moment stays as it was first said.
	AddSign(context.Context, FridgeID, Sign) error
	// NoteStrangeSign lists a device for adoption that tells of a door or the mains alone.
	NoteStrangeSign(context.Context, Sign) error
	// KeepLayout keeps how a logger's CSV files are to be read.
	KeepLayout(ctx context.Context, by hospital.Actor, serial, layout string) error
	// OpenFlagsOf are a stream's open flags.
	OpenFlagsOf(context.Context, SensorID) ([]Flag, error)
	// AddFlag stores a flag, or the end of an open one.
	AddFlag(context.Context, SensorID, Flag) error
	EndFlag(context.Context, SensorID, Flag) error
}

// RecordStore is where signs and flags are read.
type RecordStore interface {
	// LoggerLayout is how a logger's CSV files are to be read; empty when nobody has said.
	LoggerLayout(ctx context.Context, serial string) (string, error)
	// SignsNow are the newest signs of every device and kind by fridge; of one fridge, or all with an empty id.
	SignsNow(context.Context, FridgeID) (map[FridgeID][]Sign, error)
	// SignsDuring are the signs of a fridge with from <= At < to, oldest first; of more than limit the newest.
	SignsDuring(ctx context.Context, fridge FridgeID, from, to time.Time, limit int) ([]Sign, error)
	// SignAt is the newest sign of a device and kind at or before a moment; false when there is none.
	SignAt(ctx context.Context, device string, kind SignKind, at time.Time) (Sign, bool, error)
	// Signs of a fridge, newest first.
	Signs(ctx context.Context, fridge FridgeID, limit int) ([]Sign, error)
	// FlagsNow are the open flags of every fridge; of one, or all with an empty id.
	FlagsNow(context.Context, FridgeID) (map[FridgeID][]Flag, error)
	// Flags of a fridge, newest first.
	Flags(ctx context.Context, fridge FridgeID, limit int) ([]Flag, error)
}

// Sign takes note of what devices say of doors, the mains, batteries and probes. It
// returns once what is new of it is durable. What says nothing new costs no writing.
func (m *Monitor) Sign(ctx context.Context, signs []Sign) error {
	if signs = m.news(signs); len(signs) == 0 {
		return nil
	}
	err := m.store.InTx(ctx, func(tx Tx) error {
		tx.IfUndone(m.forgetAll)
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, s := range signs {
			if err := m.sign(ctx, tx, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note %d signs: %w", len(signs), err)
	}
	return nil
}

// signKey names what one device tells of one kind.
type signKey struct {
	device string
	kind   SignKind
}

// news leaves out what is known already, and gives the rest their times, oldest first.
func (m *Monitor) news(signs []Sign) []Sign {
	m.mu.Lock()
	defer m.mu.Unlock()
	var fresh []Sign
	for _, s := range signs {
		if s.At.IsZero() {
			s.At = s.ReceivedAt
		}
		s.At = s.At.UTC().Truncate(time.Millisecond)
		last, known := m.signs[signKey{s.Sensor, s.Kind}]
		if s.Sensor == "" || s.At.IsZero() || known && !s.At.Before(last.At) && s.On == last.On && s.Text == last.Text {
			continue
		}
		fresh = append(fresh, s)
	}
	slices.SortStableFunc(fresh, func(a, b Sign) int { return a.At.Compare(b.At) })
	return fresh
}

func (m *Monitor) sign(ctx context.Context, tx Tx, s Sign) error {
	if s.At.After(tx.Now().Add(futureTolerance)) || s.At.Year() < oldestYear {
		return nil // a clock that was never set: its readings say so
	}
	if s.ReceivedAt.IsZero() {
		s.ReceivedAt = tx.Now()
	}
	fridge, known, err := tx.FridgeOf(ctx, s.Sensor)
	if err != nil {
		return err
	}
	if !known {
		return tx.NoteStrangeSign(ctx, s)
	}
	before, any, err := tx.SignAt(ctx, s.Sensor, s.Kind, s.At)
	if err != nil {
		return err
	}
	if any && before.On == s.On && before.Text == s.Text {
		m.rememberSign(s)
		return nil
	}
	if err := tx.AddSign(ctx, fridge, s); err != nil {
		return err
	}
	m.rememberSign(s)
	if fridge != "" {
		tx.Announce(Topic, fridge.Topic())
	}
	return nil
}

// maxSignsKnown is how many devices' newest signs are remembered.
const maxSignsKnown = 20_000

func (m *Monitor) rememberSign(s Sign) {
	key := signKey{s.Sensor, s.Kind}
	last, known := m.signs[key]
	if !known && len(m.signs) >= maxSignsKnown {
		return
	}
	if !known || !s.At.Before(last.At) {
		m.signs[key] = s
	}
}

// again judges a reading whose moment the record holds already: the same value is a
// repetition, another one is kept beside it.
func (m *Monitor) again(ctx context.Context, tx Tx, w *watch, came OriginID, r Reading) (Outcome, error) {
	is, _, err := tx.PointAt(ctx, w.sensor.ID, r.MeasuredAt)
	if err != nil {
		return Outcome{}, err
	}
	if is.Temp != r.Temp {
		return Outcome{Verdict: Refused, Reason: ReasonConflict}, tx.KeepConflict(ctx, w.sensor.ID, came, r)
	}
	if r.MeasuredAt.Equal(w.state.last.At) && !w.sensor.Logger {
		suspect, told := w.suspect.Again(r.ReceivedAt)
		w.suspect = suspect
		return Outcome{Verdict: Duplicate}, m.flag(ctx, tx, w, told)
	}
	return Outcome{Verdict: Duplicate}, nil
}

// look flags a reading that is newer than all before it.
func (m *Monitor) look(ctx context.Context, tx Tx, w *watch, r Reading) error {
	suspect, told := w.suspect.Step(Point{At: r.MeasuredAt, Temp: r.Temp})
	w.suspect = suspect
	return m.flag(ctx, tx, w, told)
}

func (m *Monitor) flag(ctx context.Context, tx Tx, w *watch, told []Flag) error {
	for _, f := range told {
		f.Sensor, f.Fridge = w.sensor.Key, w.fridge.ID
		store := tx.EndFlag
		if f.Open() {
			store = tx.AddFlag
		}
		if err := store(ctx, w.sensor.ID, f); err != nil {
			return err
		}
		if w.fridge.ID != "" {
			tx.Announce(Topic, w.fridge.ID.Topic())
		}
	}
	return nil
}

// loadSuspect looks again at what the flags go by.
func (m *Monitor) loadSuspect(ctx context.Context, tx Tx, w *watch, last Point) error {
	err := tx.PastOf(ctx, w.sensor.ID).Each(last.At.Add(-FlatAfter-time.Hour), func(p Point) bool {
		w.suspect, _ = w.suspect.Step(p)
		return true
	})
	if err != nil {
		return err
	}
	open, err := tx.OpenFlagsOf(ctx, w.sensor.ID)
	w.suspect = w.suspect.with(open)
	return err
}

// Signs and Flags of a fridge, newest first.
func (m *Monitor) Signs(ctx context.Context, id FridgeID, limit int) ([]Sign, error) {
	return m.store.Signs(ctx, id, limit)
}

// Flags of a fridge, newest first.
func (m *Monitor) Flags(ctx context.Context, id FridgeID, limit int) ([]Flag, error) {
	return m.store.Flags(ctx, id, limit)
}

// Detach takes a probe off its fridge: what it sends is recorded and judged for none
// any more. An excursion that runs by it ends where its last reading was.
func (m *Monitor) Detach(ctx context.Context, by hospital.Actor, from FridgeID, key SensorKey, why string) error {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return err
	}
	if why == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say why the probe is taken off.")
	}
	err := m.store.InTx(ctx, func(tx Tx) error {
		is, known, err := tx.SensorByKey(ctx, key)
		switch {
		case err != nil:
			return err
		case !known:
			return ErrUnknownSensor
		case is.Fridge != from:
			return hospital.Refuse(hospital.ErrStale, "This probe watches the fridge no longer; somebody was faster.")
		}
		fridge, err := tx.Fridge(ctx, from)
		if err != nil {
			return err
		}
		if err := m.within(by, hospital.ManageDevices, fridge); err != nil {
			return err
		}
		is.Fridge, is.AttachedAt = "", tx.Now()
		if _, err := tx.Attach(ctx, is); err != nil {
			return err
		}
		tx.Announce(Topic, from.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "sensor.detach", On: from.Topic(), Before: key.String(), Why: why})
	})
	if err != nil {
		return fmt.Errorf("detach sensor %s: %w", key, err)
	}
	return m.leftBehind(ctx)
}

// leftBehind ends the excursions of probes that watch their fridge no longer, however
// they came to be moved: by hand, by the hospital document, by another process.
func (m *Monitor) leftBehind(ctx context.Context) error {
	running, err := m.store.Running(ctx)
	if err != nil {
		return err
	}
	for _, e := range running {
		is, err := m.store.Sensor(ctx, e.Sensor)
		if err != nil {
			return err
		}
		if is.Fridge == e.Fridge && is.Judged {
			continue
		}
		if err := m.wake(ctx, e.Sensor); err != nil {
			return err
		}
	}
	return nil
}

// wake loads a stream anew, which ends what it left behind.
func (m *Monitor) wake(ctx context.Context, key SensorKey) error {
	return m.store.InTx(ctx, func(tx Tx) error {
		tx.IfUndone(m.forgetAll)
		m.mu.Lock()
		defer m.mu.Unlock()
		if err := m.refresh(ctx, tx); err != nil {
			return err
		}
		delete(m.watches, key)
		_, err := m.watch(ctx, tx, key)
		return err
	})
}
