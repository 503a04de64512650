package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

const tripColumns = `id, fridge, asset, purpose, bound_for, started_at, started_by, started_name, ended_at, ended_by, ended_name, note`

func scanTrip(row scanner) (coldchain.Trip, error) {
	var t coldchain.Trip
	var started int64
	var ended sql.NullInt64
	err := row.Scan(&t.ID, &t.Fridge, &t.Asset, &t.Purpose, &t.To, &started, &t.StartedBy, &t.StartedName, &ended, &t.EndedBy, &t.EndedName, &t.Note)
	t.StartedAt, t.EndedAt = fromMS(started), fromNullMS(ended)
	return t, err
}

// AddTrip stores a trip and numbers it.
func (tx fridgesTx) AddTrip(ctx context.Context, t coldchain.Trip) (id coldchain.TripID, err error) {
	const running = `
		SELECT count(*)
		FROM fridge_trips
		WHERE fridge = $1 AND ended_at IS NULL`
	const q = `
		INSERT INTO fridge_trips (fridge, asset, purpose, bound_for, started_at, started_by, started_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		RETURNING id`
	var n int
	if err := tx.QueryRow(ctx, running, t.Fridge).Scan(&n); err != nil {
		return 0, fmt.Errorf("add trip: %w", err)
	}
	if n > 0 {
		return 0, hospital.Refuse(hospital.ErrInvalid, "This carrier is on its way already. Say first that it has arrived.")
	}
	err = tx.QueryRow(ctx, q, t.Fridge, t.Asset, t.Purpose, t.To, ms(t.StartedAt), t.StartedBy, t.StartedName).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("add trip: %w", err)
	}
	return id, nil
}

func oneTrip(ctx context.Context, ask asker, id coldchain.TripID) (coldchain.Trip, error) {
	const q = `
		SELECT ` + tripColumns + `
		FROM fridge_trips
		WHERE id = $1`
	t, err := scanTrip(ask.QueryRow(ctx, q, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = coldchain.ErrUnknownTrip
	}
	if err != nil {
		return coldchain.Trip{}, fmt.Errorf("trip %d: %w", id, err)
	}
	return t, nil
}

// Trip is one trip, as this change has left it.
func (tx fridgesTx) Trip(ctx context.Context, id coldchain.TripID) (coldchain.Trip, error) {
	return oneTrip(ctx, tx.Tx, id)
}

// OneTrip is one trip.
func (f Fridges) OneTrip(ctx context.Context, id coldchain.TripID) (coldchain.Trip, error) {
	return oneTrip(ctx, f.DB, id)
}

// EndTrip stores a trip's end.
func (tx fridgesTx) EndTrip(ctx context.Context, t coldchain.Trip) error {
	const q = `
		UPDATE fridge_trips
		SET ended_at = $2, ended_by = $3, ended_name = $4, note = $5
		WHERE id = $1`
	if _, err := tx.Exec(ctx, q, t.ID, ms(t.EndedAt), t.EndedBy, t.EndedName, t.Note); err != nil {
		return fmt.Errorf("end trip %d: %w", t.ID, err)
	}
	return nil
}

// AssetKnown says whether there is such an asset.
func (tx fridgesTx) AssetKnown(ctx context.Context, asset string) (known bool, err error) {
	const q = `
		SELECT EXISTS (SELECT 1 FROM assets WHERE id = $1)`
	return known, tx.QueryRow(ctx, q, asset).Scan(&known)
}

// Trips are those that run, then the newest.
func (f Fridges) Trips(ctx context.Context, id coldchain.FridgeID, limit int) ([]coldchain.Trip, error) {
	const q = `
		SELECT ` + tripColumns + `
		FROM fridge_trips
		WHERE $1 = '' OR fridge = $1
		ORDER BY ended_at IS NOT NULL, started_at DESC, id DESC
		LIMIT 0 + $2`
	rows, err := f.Query(ctx, q, id, limit)
	trips, err := scanAll(rows, err, scanTrip)
	if err != nil {
		return nil, fmt.Errorf("trips: %w", err)
	}
	return trips, nil
}

// CarrierTrips is coldchain.TripStore.
func (f Fridges) CarrierTrips(ctx context.Context, from, to time.Time) (map[coldchain.FridgeID][]coldchain.Trip, error) {
	const q = `
		SELECT f.id, t.started_at, t.ended_at
		FROM fridges f
		LEFT JOIN fridge_trips t ON t.fridge = f.id AND t.started_at >= $1 AND t.started_at < $3 AND COALESCE(t.ended_at, $3) > $2
		WHERE EXISTS (SELECT 1 FROM fridge_trips e WHERE e.fridge = f.id)
			OR (SELECT c.pqs FROM fridge_facts c WHERE c.fridge = f.id ORDER BY c.seq DESC LIMIT 1) LIKE $4 || '%'
		ORDER BY f.id, t.started_at`
	rows, err := f.Query(ctx, q, ms(from.Add(-coldchain.MaxTrip)), ms(from), ms(to), coldchain.CarrierPQS)
	moves := map[coldchain.FridgeID][]coldchain.Trip{}
	_, err = scanAll(rows, err, func(row scanner) (t coldchain.Trip, err error) {
		var started, ended sql.NullInt64
		if err = row.Scan(&t.Fridge, &started, &ended); err != nil {
			return t, err
		}
		t.StartedAt, t.EndedAt = fromNullMS(started), fromNullMS(ended)
		if started.Valid {
			moves[t.Fridge] = append(moves[t.Fridge], t)
		} else {
			moves[t.Fridge] = nil
		}
		return t, nil
	})
	if err != nil {
		return nil, fmt.Errorf("trips of carriers: %w", err)
	}
	return moves, nil
}

// Passings are the rooms that an asset was in between two times.
func (f Fridges) Passings(ctx context.Context, asset string, from, to time.Time) ([]coldchain.Passing, error) {
	const q = `
		SELECT to_room, at
		FROM asset_moments
		WHERE asset_id = $1 AND kind IN ('arrival', 'move', 'departure') AND at < $3
			AND id >= COALESCE((
				SELECT id
				FROM asset_moments
				WHERE asset_id = $1 AND kind IN ('arrival', 'move', 'departure') AND at <= $2
				ORDER BY at DESC, id DESC
				LIMIT 1), 0)
			AND at >= COALESCE((
				SELECT max(at)
				FROM asset_moments
				WHERE asset_id = $1 AND kind IN ('arrival', 'move', 'departure') AND at <= $2), 0)
		ORDER BY at, id
		LIMIT 0 + $4`
	rows, err := f.Query(ctx, q, asset, ms(from), ms(to), maxPassings)
	passings, err := scanAll(rows, err, func(row scanner) (p coldchain.Passing, err error) {
		var at int64
		err = row.Scan(&p.Room, &at)
		p.At = fromMS(at)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("ways of %s: %w", asset, err)
	}
	return passings, nil
}

// maxPassings is how many rooms of a trip are told of.
const maxPassings = 1000

// WhereNow are the rooms that carriers on a trip are in.
func (f Fridges) WhereNow(ctx context.Context) (map[coldchain.FridgeID]hospital.RoomID, error) {
	const q = `
		SELECT t.fridge, a.room_id
		FROM fridge_trips t
		JOIN assets a ON a.id = t.asset
		WHERE t.ended_at IS NULL AND a.room_id <> ''`
	rows, err := f.Query(ctx, q)
	where := map[coldchain.FridgeID]hospital.RoomID{}
	if err == nil {
		_, err = scanAll(rows, nil, func(row scanner) (room hospital.RoomID, err error) {
			var fridge coldchain.FridgeID
			err = row.Scan(&fridge, &room)
			where[fridge] = room
			return room, err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("where carriers are: %w", err)
	}
	return where, nil
}
