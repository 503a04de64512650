package coldchain

import (
	"context"
	"fmt"
	"time"
)

// Stay is a time in which a sensor watched one fridge. A reading is judged for the
// fridge that its sensor watched when it was measured, however late it comes.
type Stay struct {
	Fridge FridgeID // empty: none
	From   time.Time
	To     time.Time // zero: it is there still
}

// covers is true for a moment within the stay.
func (s Stay) covers(at time.Time) bool {
	return !at.Before(s.From) && (s.To.IsZero() || at.Before(s.To))
}

// Attendance is a stream with the times in which it watched one fridge.
type Attendance struct {
	Watched
	Stays []Stay // oldest first
}

// pointsOf are the readings of an attendance, oldest first, stay by stay: what a
// probe measured elsewhere is not of this fridge.
func (m *Monitor) pointsOf(ctx context.Context, a Attendance) ([][]Point, error) {
	var all [][]Point
	for _, stay := range a.Stays {
		points, err := m.store.Points(ctx, a.Sensor.ID, stay.From, stay.To)
		if err != nil {
			return nil, err
		}
		if len(points) > 0 {
			all = append(all, points)
		}
	}
	return all, nil
}

// hoursOf are the hours of an attendance. An hour in which the probe was moved
// speaks for its part in this fridge alone.
func (m *Monitor) hoursOf(ctx context.Context, a Attendance) ([]Hour, error) {
	var all []Hour
	for _, stay := range a.Stays {
		hours, err := m.hours(ctx, a.Sensor.ID, stay.From, stay.To)
		if err != nil {
			return nil, err
		}
		all = append(all, hours...)
	}
	return all, nil
}

// StayTx is what stays need of a transaction.
type StayTx interface {
	// Stays are a sensor's stays, oldest first; each ends where the next begins.
	Stays(context.Context, SensorID) ([]Stay, error)
	// PastDuring is the record of one stream in from <= at < to; a zero to is no end.
	PastDuring(sensor SensorID, from, to time.Time) Record
}

// past is the part of the record that is judged for the watch's fridge.
func (w *watch) past(tx Tx) Record { return tx.PastDuring(w.sensor.ID, w.stay.From, w.stay.To) }

// loadStay finds since when the sensor watches its fridge.
func (w *watch) loadStay(ctx context.Context, tx Tx) error {
	stays, err := tx.Stays(ctx, w.sensor.ID)
	if err == nil && len(stays) > 0 {
		w.stay = stays[len(stays)-1]
	}
	return err
}

// before is true for a reading of an earlier stay.
func (w *watch) before(at time.Time) bool { return at.Before(w.stay.From) }

// rejudgeFormer judges late readings of the sensor's earlier stays, for the fridges
// that it watched then, and leaves those of the present stay.
func (m *Monitor) rejudgeFormer(ctx context.Context, tx Tx, w *watch) error {
	var here []time.Time
	late := map[int][]time.Time{}
	stays, err := tx.Stays(ctx, w.sensor.ID)
	if err != nil {
		return err
	}
	for _, at := range w.late {
		if !w.before(at) {
			here = append(here, at)
			continue
		}
		for i, stay := range stays {
			if stay.covers(at) {
				late[i] = append(late[i], at)
			}
		}
	}
	w.late = here
	for i, stay := range stays {
		for _, block := range blocks(late[i]) {
			if err := m.rejudgeStay(ctx, tx, w, stay, block); err != nil {
				return fmt.Errorf("judge what came late for %s: %w", stay.Fridge, err)
			}
		}
	}
	return nil
}

// rejudgeStay judges one block of an earlier stay. What still ran at its end is cut off there.
func (m *Monitor) rejudgeStay(ctx context.Context, tx Tx, w *watch, stay Stay, late block) error {
	if err := tx.SumHours(ctx, w.sensor.ID, late.from, late.to); err != nil {
		return err
	}
	if stay.Fridge == "" || !w.sensor.Key.Judged() {
		return nil
	}
	fridge, err := tx.Fridge(ctx, stay.Fridge)
	if err != nil {
		return err
	}
	former := &watch{sensor: w.sensor, fridge: fridge, plan: fridge.plan(), stay: stay}
	former.sensor.Fridge, former.sensor.Judged = stay.Fridge, true
	judged, err := Rejudge(former.plan, former.past(tx), late.from, late.to)
	if err != nil {
		return err
	}
	former.state.hold(judged.State, former.plan)
	var over []Revision
	for _, revision := range judged.Revisions {
		if revision, changed := revision.cutOff(judged.State.Last.At); changed {
			over = append(over, revision)
		}
	}
	return m.reviseAll(ctx, tx, former, over)
}

// cutOff is the revision of a stay that is over: nothing runs on after its last reading.
// It is false when that is how it stood before.
func (r Revision) cutOff(last time.Time) (Revision, bool) {
	if r.Kind == ExcursionWithdrawn || !r.After.Running() {
		return r, true
	}
	r.After.End, r.After.ClearedAt, r.After.Cut = last, last, true
	if r.Kind == excursionWentOn {
		r.Kind = ExcursionRevised
	}
	return r, r.Before != r.After
}
