package db

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/fleet"
	"wardwatch/tracking/hospital"
)

// Fleet keeps how equipment was used, a row a day. It is fleet's Store.
type Fleet struct{ *DB }

var _ fleet.Store = Fleet{}

// LastDay is the last day that was added up.
func (f Fleet) LastDay(ctx context.Context) (string, bool, error) {
	const q = `
		SELECT MAX(day)
		FROM fleet_days`
	var day sql.NullString
	if err := f.QueryRow(ctx, q).Scan(&day); err != nil {
		return "", false, fmt.Errorf("read the last day: %w", err)
	}
	return day.String, day.Valid, nil
}

// FirstMoment is when history begins.
func (f Fleet) FirstMoment(ctx context.Context) (time.Time, bool, error) {
	const q = `
		SELECT MIN(at)
		FROM asset_moments`
	var at sql.NullInt64
	if err := f.QueryRow(ctx, q).Scan(&at); err != nil {
		return time.Time{}, false, fmt.Errorf("read the first moment: %w", err)
	}
	return fromNullMS(at), at.Valid, nil
}

// Pieces are all assets, by what the days are added up by.
func (f Fleet) Pieces(ctx context.Context) (map[tracking.AssetID]fleet.Piece, error) {
	const q = `
		SELECT id, kind, unit_id
		FROM assets`
	rows, err := f.Query(ctx, q)
	pieces := map[tracking.AssetID]fleet.Piece{}
	_, err = scanAll(rows, err, func(row scanner) (id tracking.AssetID, err error) {
		var p fleet.Piece
		err = row.Scan(&id, &p.Kind, &p.Unit)
		pieces[id] = p
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("read pieces: %w", err)
	}
	return pieces, nil
}

// Ends is how each piece stood at the end of the last day that was added up.
func (f Fleet) Ends(ctx context.Context) (map[tracking.AssetID]fleet.State, error) {
	const q = `
		SELECT asset, room, status, heard
		FROM fleet_ends`
	rows, err := f.Query(ctx, q)
	ends := map[tracking.AssetID]fleet.State{}
	_, err = scanAll(rows, err, func(row scanner) (id tracking.AssetID, err error) {
		var s fleet.State
		err = row.Scan(&id, &s.Room, &s.Status, &s.Heard)
		ends[id] = s
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("read how pieces stood: %w", err)
	}
	return ends, nil
}

// Events of a stretch of time, in their order.
func (f Fleet) Events(ctx context.Context, from, to time.Time) ([]fleet.Event, error) {
	const q = `
		SELECT asset_id, kind, at, to_room, status
		FROM asset_moments
		WHERE at >= $1 AND at < $2 AND kind <> 'doubt'
		ORDER BY at, id`
	rows, err := f.Query(ctx, q, ms(from), ms(to))
	events, err := scanAll(rows, err, func(row scanner) (e fleet.Event, err error) {
		var at int64
		err = row.Scan(&e.Asset, &e.Kind, &at, &e.To, &e.Status)
		e.At = fromMS(at)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return events, nil
}

// KeepDay stores a day's summary and how pieces stood at its end; a day is kept once.
func (f Fleet) KeepDay(ctx context.Context, day string, s fleet.Summary, ends map[tracking.AssetID]fleet.State) error {
	return f.InTx(ctx, func(tx *Tx) error {
		const q = `
			INSERT INTO fleet_days (day, made)
			VALUES ($1, $2)
			ON CONFLICT (day) DO NOTHING`
		done, err := tx.Exec(ctx, q, day, ms(tx.Now()))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err // another process was faster
		}
		if err := keepSummary(ctx, tx, day, s); err != nil {
			return err
		}
		return keepEnds(ctx, tx, ends)
	})
}

func keepSummary(ctx context.Context, tx *Tx, day string, s fleet.Summary) error {
	const qUse = `
		INSERT INTO fleet_use (day, kind, unit, free_ms, in_use_ms, dirty_ms, broken_ms, unheard_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	for owner, u := range s.Use {
		if _, err := tx.Exec(ctx, qUse, day, owner.Kind, owner.Unit, u.Free.Milliseconds(), u.InUse.Milliseconds(), u.Dirty.Milliseconds(),
			u.Broken.Milliseconds(), u.Unheard.Milliseconds()); err != nil {
			return err
		}
	}
	const qLevel = `
		INSERT INTO fleet_levels (day, kind, level, ms)
		VALUES ($1, $2, $3, $4)`
	for kind, levels := range s.Levels {
		for level, d := range levels {
			if d < time.Millisecond {
				continue
			}
			if _, err := tx.Exec(ctx, qLevel, day, kind, level, d.Milliseconds()); err != nil {
				return err
			}
		}
	}
	const qDwell = `
		INSERT INTO fleet_dwell (day, kind, room_kind, ms, times)
		VALUES ($1, $2, $3, $4, $5)`
	for spot, stay := range s.Dwell {
		if _, err := tx.Exec(ctx, qDwell, day, spot.Kind, spot.Room, stay.Time.Milliseconds(), stay.Times); err != nil {
			return err
		}
	}
	return nil
}

func keepEnds(ctx context.Context, tx *Tx, ends map[tracking.AssetID]fleet.State) error {
	const q = `
		INSERT INTO fleet_ends (asset, room, status, heard)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (asset) DO UPDATE SET room = excluded.room, status = excluded.status, heard = excluded.heard
		WHERE room <> excluded.room OR status <> excluded.status OR heard <> excluded.heard`
	for id, s := range ends {
		if _, err := tx.Exec(ctx, q, id, s.Room, s.Status, number(s.Heard)); err != nil {
			return err
		}
	}
	return nil
}

// DayUses between two days, both included, by day.
func (f Fleet) DayUses(ctx context.Context, from, to string) ([]fleet.DayUse, error) {
	const q = `
		SELECT day, kind, unit, free_ms, in_use_ms, dirty_ms, broken_ms, unheard_ms
		FROM fleet_use
		WHERE day >= $1 AND day <= $2
		ORDER BY day, kind, unit`
	rows, err := f.Query(ctx, q, from, to)
	uses, err := scanAll(rows, err, func(row scanner) (u fleet.DayUse, err error) {
		var free, used, dirty, broken, unheard int64
		err = row.Scan(&u.Day, &u.Kind, &u.Unit, &free, &used, &dirty, &broken, &unheard)
		u.Use = fleet.Use{Free: spanOf(free), InUse: spanOf(used), Dirty: spanOf(dirty), Broken: spanOf(broken), Unheard: spanOf(unheard)}
		return u, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the use of %s to %s: %w", from, to, err)
	}
	return uses, nil
}

func spanOf(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// Added is the sum of the days between two, both included, without their use.
func (f Fleet) Added(ctx context.Context, from, to string) (fleet.Summary, int, error) {
	s := fleet.Summary{Use: map[fleet.Owner]fleet.Use{}, Levels: map[string]map[int]time.Duration{}, Dwell: map[fleet.Spot]fleet.Stay{}}
	const qLevels = `
		SELECT kind, level, SUM(ms)
		FROM fleet_levels
		WHERE day >= $1 AND day <= $2
		GROUP BY kind, level`
	rows, err := f.Query(ctx, qLevels, from, to)
	_, err = scanAll(rows, err, func(row scanner) (kind string, err error) {
		var level int
		var ms int64
		if err := row.Scan(&kind, &level, &ms); err != nil {
			return kind, err
		}
		if s.Levels[kind] == nil {
			s.Levels[kind] = map[int]time.Duration{}
		}
		s.Levels[kind][level] = spanOf(ms)
		return kind, nil
	})
	if err != nil {
		return s, 0, fmt.Errorf("read levels of %s to %s: %w", from, to, err)
	}
	const qDwell = `
		SELECT kind, room_kind, SUM(ms), SUM(times)
		FROM fleet_dwell
		WHERE day >= $1 AND day <= $2
		GROUP BY kind, room_kind`
	rows, err = f.Query(ctx, qDwell, from, to)
	_, err = scanAll(rows, err, func(row scanner) (spot fleet.Spot, err error) {
		var ms int64
		var stay fleet.Stay
		err = row.Scan(&spot.Kind, &spot.Room, &ms, &stay.Times)
		stay.Time = spanOf(ms)
		s.Dwell[spot] = stay
		return spot, err
	})
	if err != nil {
		return s, 0, fmt.Errorf("read stays of %s to %s: %w", from, to, err)
	}
	const qDays = `
		SELECT COUNT(*)
		FROM fleet_days
		WHERE day >= $1 AND day <= $2`
	var days int
	err = f.QueryRow(ctx, qDays, from, to).Scan(&days)
	return s, days, err
}

// Have counts the pieces of each kind, and those of them that are broken.
func (f Fleet) Have(ctx context.Context) (have, broken map[string]int, err error) {
	const q = `
		SELECT kind, COUNT(*), SUM(CASE status WHEN 'broken' THEN 1 ELSE 0 END)
		FROM assets
		GROUP BY kind`
	have, broken = map[string]int{}, map[string]int{}
	rows, err := f.Query(ctx, q)
	_, err = scanAll(rows, err, func(row scanner) (kind string, err error) {
		var all, wrong int
		err = row.Scan(&kind, &all, &wrong)
		have[kind], broken[kind] = all, wrong
		return kind, err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("count pieces: %w", err)
	}
	return have, broken, nil
}

// Idle are free pieces that nobody moved or marked since a time, longest first.
func (f Fleet) Idle(ctx context.Context, since time.Time, limit int) ([]tracking.Asset, error) {
	const q = `
		SELECT ` + assetColumns + `
		FROM assets a
		WHERE a.status = 'free' AND a.room_id <> '' AND a.gone_at = 0 AND a.since <= $1 AND a.status_at <= $1
		ORDER BY MAX(a.since, a.status_at), a.id
		LIMIT 0 + $2`
	assets, err := scanAssets(f.Query(ctx, q, ms(since), limit))
	if err != nil {
		return nil, fmt.Errorf("read idle pieces: %w", err)
	}
	return assets, nil
}

// Lost are pieces that nobody heard or saw since a time, longest first.
func (f Fleet) Lost(ctx context.Context, since time.Time, limit int) ([]tracking.Asset, error) {
	const q = `
		SELECT ` + assetColumns + `
		FROM assets a
		WHERE a.seen_at > 0 AND a.seen_at <= $1
		ORDER BY a.seen_at, a.id
		LIMIT 0 + $2`
	assets, err := scanAssets(f.Query(ctx, q, ms(since), limit))
	if err != nil {
		return nil, fmt.Errorf("read lost pieces: %w", err)
	}
	return assets, nil
}

// Stays in rooms that began between two times, newest first.
func (f Fleet) Stays(ctx context.Context, rooms []hospital.RoomID, from, to time.Time, limit int) ([]fleet.Near, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	var q strings.Builder
	args := []any{ms(from), ms(to), limit}
	q.WriteString(`
		SELECT m.asset_id, a.name, a.kind, m.to_room, m.at,
			COALESCE((SELECT MIN(n.at) FROM asset_moments n
				WHERE n.asset_id = m.asset_id AND n.at > m.at AND n.kind IN ('arrival', 'move') AND n.to_room <> m.to_room), 0),
			a.room_id, a.status
		FROM asset_moments m
		JOIN assets a ON a.id = m.asset_id
		WHERE m.at >= $1 AND m.at <= $2 AND m.kind IN ('arrival', 'move') AND m.to_room <> '' AND m.to_room IN `)
	args = among(&q, args, rooms)
	q.WriteString(` ORDER BY m.at DESC, m.id DESC LIMIT 0 + $3`)
	rows, err := f.Query(ctx, q.String(), args...)
	stays, err := scanAll(rows, err, func(row scanner) (n fleet.Near, err error) {
		var at, left int64
		err = row.Scan(&n.Asset, &n.Name, &n.Kind, &n.Room, &at, &left, &n.Now, &n.NowStatus)
		n.From, n.Until = fromMS(at), fromMS(left)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("read stays in %d rooms: %w", len(rooms), err)
	}
	return stays, nil
}

// Later are the moments of an asset from a time on, oldest first.
func (f Fleet) Later(ctx context.Context, id tracking.AssetID, from time.Time, limit int) ([]tracking.Moment, error) {
	const q = `
		SELECT kind, at, from_room, to_room, why, status, by_name, note
		FROM asset_moments
		WHERE asset_id = $1 AND at >= $2
		ORDER BY at, id
		LIMIT 0 + $3`
	rows, err := f.Query(ctx, q, id, ms(from), limit)
	moments, err := scanAll(rows, err, func(row scanner) (m tracking.Moment, err error) {
		var at int64
		err = row.Scan(&m.Kind, &at, &m.From, &m.To, &m.Why, &m.Status, &m.By, &m.Note)
		m.At = fromMS(at)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what happened to %s since: %w", id, err)
	}
	return moments, nil
}

// Records are the words that an asset was cleaned, oldest first.
func (f Fleet) Records(ctx context.Context, id tracking.AssetID, from time.Time) ([]fleet.Record, error) {
	const q = `
		SELECT asset, at, by_name, note
		FROM cleanings
		WHERE asset = $1 AND at >= $2
		ORDER BY at, id`
	rows, err := f.Query(ctx, q, id, ms(from))
	records, err := scanAll(rows, err, func(row scanner) (r fleet.Record, err error) {
		var at int64
		err = row.Scan(&r.Asset, &at, &r.By, &r.Note)
		r.At = fromMS(at)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("read cleanings of %s: %w", id, err)
	}
	return records, nil
}

// PlacesAt is where every piece was at a time, by the last moment before it: one
// step into the index of each piece's timeline, however long history is.
func (f Fleet) PlacesAt(ctx context.Context, at time.Time) ([]fleet.PlaceThen, error) {
	const q = `
		SELECT a.id, a.name, a.kind, m.kind, m.at, m.from_room, m.to_room
		FROM assets a
		JOIN asset_moments m ON m.id = (
			SELECT n.id
			FROM asset_moments n
			WHERE n.asset_id = a.id AND n.at <= $1 AND n.kind IN ('arrival', 'move', 'departure')
			ORDER BY n.at DESC, n.id DESC
			LIMIT 1)
		ORDER BY a.id`
	rows, err := f.Query(ctx, q, ms(at))
	places, err := scanAll(rows, err, func(row scanner) (p fleet.PlaceThen, err error) {
		var kind string
		var since int64
		var from hospital.RoomID
		err = row.Scan(&p.Asset, &p.Name, &p.Kind, &kind, &since, &from, &p.Room)
		p.Since = fromMS(since)
		if kind == tracking.Departure {
			p.Room, p.Gone = from, true
		}
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("read where everything was: %w", err)
	}
	return places, nil
}

// Clean keeps the word that a piece was cleaned.
func (f Fleet) Clean(ctx context.Context, by hospital.Actor, id tracking.AssetID, room hospital.RoomID, note string) error {
	return f.InTx(ctx, func(tx *Tx) error {
		if _, err := readAsset(ctx, tx, id); err != nil {
			return err
		}
		const q = `
			INSERT INTO cleanings (asset, room, at, by_id, by_name, note)
			VALUES ($1, $2, $3, $4, $5, $6)`
		if _, err := tx.Exec(ctx, q, id, room, ms(tx.Now()), by.ID, by.Name, note); err != nil {
			return fmt.Errorf("keep cleaning of %s: %w", id, err)
		}
		tx.Announce("asset/" + string(id))
		return tx.Record(ctx, hospital.Deed{By: by, What: "asset.clean", On: "asset/" + string(id), Why: note})
	})
}
