package coldchain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wardwatch/tracking/hospital"
)

// A carrier is a box with a probe and a tag: a fridge that moves. Its Trip is a record
// with places, from the moves of the tagged asset, and temperatures.

// ErrUnknownTrip: there is no trip of that number.
var ErrUnknownTrip = fmt.Errorf("trip %w", hospital.ErrUnknown)

const (
	// maxTripWords is the longest purpose or destination, in characters.
	maxTripWords = 120
	// MaxTrip is how much of a trip's record is drawn and summed up.
	MaxTrip = 31 * 24 * time.Hour
)

// TripID numbers trips.
type TripID int64

// Trip is a carrier's way from one place to another.
type Trip struct {
	ID     TripID
	Fridge FridgeID
	// Asset is the tagged thing that tells where it is; empty: nobody knows where.
	Asset           string
	Purpose, To     string
	StartedAt       time.Time
	StartedBy       hospital.PersonID
	StartedName     string
	EndedAt         time.Time // zero while it runs
	EndedBy         hospital.PersonID
	EndedName, Note string
}

// Running is true until somebody says that it arrived.
func (t Trip) Running() bool { return t.EndedAt.IsZero() }

// Until is the trip's end, or now while it runs.
func (t Trip) Until(now time.Time) time.Time {
	if t.Running() {
		return now
	}
	return t.EndedAt
}

// Passing is a room that an asset came to.
type Passing struct {
	Room hospital.RoomID // empty: it was heard nowhere any more
	At   time.Time
}

// Leg is the time that a carrier was in one place, with how cold it was there.
type Leg struct {
	Room     hospital.Room
	From, To time.Time
	// Tally is of the carrier's judged probes; no Points when nothing was measured there.
	Tally Tally
}

// TripRecord is a trip with all that is known of it.
type TripRecord struct {
	Trip    Trip
	Fridge  Fridge
	Profile Profile
	Legs    []Leg
	// Tally is of the whole trip; Above, Below and Gap are minutes beyond the profile's
	// band and without a reading, of the probe that fared worst.
	Tally             Tally
	Above, Below, Gap time.Duration
	Excursions        []Excursion
	Chart             Chart
}

// TripTx is what trips need of a transaction.
type TripTx interface {
	// AddTrip stores a trip and numbers it; hospital.ErrInvalid when one of the fridge runs.
	AddTrip(context.Context, Trip) (TripID, error)
	// Trip is one trip; ErrUnknownTrip when there is none.
	Trip(context.Context, TripID) (Trip, error)
	// EndTrip stores a trip's end.
	EndTrip(context.Context, Trip) error
	// AssetKnown says whether there is such an asset.
	AssetKnown(ctx context.Context, asset string) (bool, error)
}

// TripStore is where trips are read.
type TripStore interface {
	// Trips are those that run, then the newest, at most limit; of one fridge, or all with an empty id.
	Trips(ctx context.Context, fridge FridgeID, limit int) ([]Trip, error)
	// CarrierTrips are the trips of each carrier that touched a time and began at most MaxTrip
	// before it: one that nobody ended by then is forgotten. A carrier is what has ever set out,
	// and what WHO's catalogue has among cold boxes and vaccine carriers (E004); one without
	// such trips has an empty list.
	CarrierTrips(ctx context.Context, from, to time.Time) (map[FridgeID][]Trip, error)
	// OneTrip is one trip; ErrUnknownTrip when there is none.
	OneTrip(context.Context, TripID) (Trip, error)
	// Passings are the rooms that an asset was in between two times, oldest first; the first
	// is where it was at the beginning.
	Passings(ctx context.Context, asset string, from, to time.Time) ([]Passing, error)
	// WhereNow are the rooms that carriers on a trip are in.
	WhereNow(context.Context) (map[FridgeID]hospital.RoomID, error)
}

// TripPlan is what a person says when a carrier sets out.
type TripPlan struct {
	Asset, Purpose, To string
}

func (p TripPlan) trimmed() TripPlan {
	return TripPlan{Asset: strings.TrimSpace(p.Asset), Purpose: strings.TrimSpace(p.Purpose), To: strings.TrimSpace(p.To)}
}

func (p TripPlan) check() error {
	switch {
	case p.Purpose == "" || utf8.RuneCountInString(p.Purpose) > maxTripWords:
		return hospital.Refuse(hospital.ErrInvalid, "Say in a few words what the carrier brings.")
	case p.To == "" || utf8.RuneCountInString(p.To) > maxTripWords:
		return hospital.Refuse(hospital.ErrInvalid, "Say in a few words where it goes.")
	}
	return nil
}

// StartTrip says that a carrier sets out now.
func (m *Monitor) StartTrip(ctx context.Context, by hospital.Actor, id FridgeID, plan TripPlan) (Trip, error) {
	if err := by.Need(hospital.Acknowledge); err != nil {
		return Trip{}, err
	}
	plan = plan.trimmed()
	if err := plan.check(); err != nil {
		return Trip{}, err
	}
	var trip Trip
	err := m.store.InTx(ctx, func(tx Tx) error {
		fridge, err := tx.Fridge(ctx, id)
		if err != nil {
			return err
		}
		if err := m.within(by, hospital.Acknowledge, fridge); err != nil {
			return err
		}
		if plan.Asset != "" {
			if known, err := tx.AssetKnown(ctx, plan.Asset); err != nil || !known {
				return cmpErr(err, hospital.Refuse(hospital.ErrInvalid, "There is no asset of that number. Scan the carrier's tag, or leave it empty."))
			}
		}
		trip = Trip{Fridge: id, Asset: plan.Asset, Purpose: plan.Purpose, To: plan.To, StartedAt: tx.Now(), StartedBy: by.ID, StartedName: by.Name}
		if trip.ID, err = tx.AddTrip(ctx, trip); err != nil {
			return err
		}
		tx.Announce(Topic, id.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "trip.start", On: id.Topic(), Why: plan.Purpose, After: "to " + plan.To})
	})
	if err != nil {
		return Trip{}, fmt.Errorf("start a trip of %s: %w", id, err)
	}
	return trip, nil
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// EndTrip says that a carrier has arrived.
func (m *Monitor) EndTrip(ctx context.Context, by hospital.Actor, id TripID, note string) (Trip, error) {
	if err := by.Need(hospital.Acknowledge); err != nil {
		return Trip{}, err
	}
	if note = strings.TrimSpace(note); len(note) > maxCheckNote {
		return Trip{}, hospital.Refuse(hospital.ErrInvalid, "The note is too long.")
	}
	var trip Trip
	err := m.store.InTx(ctx, func(tx Tx) (err error) {
		if trip, err = tx.Trip(ctx, id); err != nil {
			return err
		}
		fridge, err := tx.Fridge(ctx, trip.Fridge)
		if err != nil {
			return err
		}
		if err := m.within(by, hospital.Acknowledge, fridge); err != nil {
			return err
		}
		if !trip.Running() {
			return hospital.Refuse(hospital.ErrStale, "This trip has ended already.")
		}
		trip.EndedAt, trip.EndedBy, trip.EndedName, trip.Note = tx.Now(), by.ID, by.Name, note
		if err := tx.EndTrip(ctx, trip); err != nil {
			return err
		}
		tx.Announce(Topic, trip.Fridge.Topic())
		return tx.Record(ctx, hospital.Deed{By: by, What: "trip.end", On: trip.Fridge.Topic(), Why: note})
	})
	if err != nil {
		return Trip{}, fmt.Errorf("end trip %d: %w", id, err)
	}
	return trip, nil
}

// Trips are those that run, then the newest; of one fridge, or all with an empty id.
func (m *Monitor) Trips(ctx context.Context, id FridgeID, limit int) ([]Trip, error) {
	return m.store.Trips(ctx, id, limit)
}

// Trip is a trip with its places and temperatures.
func (m *Monitor) Trip(ctx context.Context, id TripID, now time.Time) (TripRecord, error) {
	trip, err := m.store.OneTrip(ctx, id)
	if err != nil {
		return TripRecord{}, err
	}
	r := TripRecord{Trip: trip}
	if r.Fridge, err = m.store.Fridge(ctx, trip.Fridge); err != nil {
		return TripRecord{}, err
	}
	from, to := trip.StartedAt, trip.Until(now)
	if to.Sub(from) > MaxTrip {
		to = from.Add(MaxTrip)
	}
	r.Profile = r.Fridge.JudgedBy(to)
	if r.Chart, err = m.Chart(ctx, trip.Fridge, from, to); err != nil {
		return TripRecord{}, err
	}
	r.Excursions = r.Chart.Excursions
	var passings []Passing
	if trip.Asset != "" {
		if passings, err = m.store.Passings(ctx, trip.Asset, from, to); err != nil {
			return TripRecord{}, err
		}
	}
	r.Legs = m.legs(passings, from, to)
	return r, m.tripTemperatures(ctx, &r, from, to)
}

// legs are the stays between passings, within the trip.
func (m *Monitor) legs(passings []Passing, from, to time.Time) []Leg {
	if len(passings) == 0 || passings[0].At.After(from) {
		passings = slices.Insert(passings, 0, Passing{At: from})
	}
	var legs []Leg
	for i, p := range passings {
		leg := Leg{From: later(p.At, from), To: to}
		leg.Room, _ = m.register.Current().Room(p.Room)
		if i+1 < len(passings) {
			leg.To = passings[i+1].At
		}
		if leg.To.After(leg.From) {
			legs = append(legs, leg)
		}
	}
	return legs
}

// tripTemperatures sums up the judged probes, over the trip and in each place.
func (m *Monitor) tripTemperatures(ctx context.Context, r *TripRecord, from, to time.Time) error {
	watched, err := m.store.Attended(ctx, r.Fridge.ID, from, to)
	if err != nil {
		return err
	}
	for _, w := range watched {
		if !w.Sensor.Judged {
			continue
		}
		stays, err := m.pointsOf(ctx, w)
		if err != nil {
			return err
		}
		points := slices.Concat(stays...)
		day := sumUp(r.Profile.Fitting(points), points, from, to)
		r.Tally = r.Tally.join(day.Tally)
		r.Above, r.Below, r.Gap = max(r.Above, day.Above), max(r.Below, day.Below), max(r.Gap, day.Gap)
		for i := range r.Legs {
			leg := sumUp(r.Profile.Fitting(points), points, r.Legs[i].From, r.Legs[i].To)
			r.Legs[i].Tally = r.Legs[i].Tally.join(leg.Tally)
		}
	}
	return nil
}

// sumUp sums up the points of one stretch of time. What lies before its first reading,
// and after its last has held for long enough, is a gap.
func sumUp(p Profile, points []Point, from, to time.Time) Day {
	sum := Day{Start: from}
	known := from
	for i, at := range points {
		until := to
		if i+1 < len(points) {
			until = points[i+1].At
		}
		held := at.At.Add(min(until.Sub(at.At), p.MaxGap()))
		begin, end := later(at.At, from), held
		if end.After(to) {
			end = to
		}
		if !at.At.Before(from) && at.At.Before(to) {
			sum.Tally = sum.Tally.see(at.Temp)
		}
		if !end.After(begin) {
			continue
		}
		span := end.Sub(begin)
		sum.Gap += max(begin.Sub(known), 0)
		known = end
		sum.Tally = sum.Tally.hold(at.Temp, span)
		if at.Temp > p.High {
			sum.Above += span
		}
		if at.Temp < p.Low {
			sum.Below += span
		}
	}
	sum.Gap += max(to.Sub(known), 0)
	return sum
}
