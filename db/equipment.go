package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
)

// Equipment keeps assets, their tags, last places and timelines. It is tracking's Store.
type Equipment struct{ *DB }

var _ tracking.Store = Equipment{}

// equipmentTx is a change to equipment in progress.
type equipmentTx struct{ *Tx }

// InTx runs change in a transaction and returns once it is durable.
func (e Equipment) InTx(ctx context.Context, change func(tracking.Tx) error) error {
	return e.DB.InTx(ctx, func(tx *Tx) error { return change(equipmentTx{tx}) })
}

const assetColumns = `
	a.id, a.kind, a.name, a.model, a.serial, a.unit_id,
	a.status, a.status_by, a.status_at, a.status_note,
	a.room_id, a.floor_id, a.since, a.seen_at, a.confidence, a.second_id, a.second_conf, a.why, a.heard_by,
	a.gateway_id, a.battery_pct, a.battery_at, a.gone_at, a.doubted_by, a.doubted_at`

func scanAsset(row scanner) (tracking.Asset, error) {
	var a tracking.Asset
	var statusAt, since, seen, battery, gone, doubted int64
	p := &a.Place
	err := row.Scan(&a.ID, &a.Kind, &a.Name, &a.Model, &a.Serial, &a.Unit,
		&a.Status, &a.StatusBy, &statusAt, &a.StatusNote,
		&p.Room, &p.Floor, &since, &seen, &p.Confidence, &p.Second, &p.SecondConfidence, &p.Why, &p.Heard,
		&p.Gateway, &p.BatteryPct, &battery, &gone, &p.DoubtedBy, &doubted)
	a.StatusAt, p.Since, p.SeenAt, p.BatteryAt = fromMS(statusAt), fromMS(since), fromMS(seen), fromMS(battery)
	p.GoneAt, p.DoubtedAt = fromMS(gone), fromMS(doubted)
	return a, err
}

func scanAssets(rows *sql.Rows, err error) ([]tracking.Asset, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var assets []tracking.Asset
	for rows.Next() {
		a, err := scanAsset(rows)
		if err != nil {
			return nil, err
		}
		assets = append(assets, a)
	}
	return assets, rows.Err()
}

// Roster is every asset that has a tag, with its identities and last place.
func (e Equipment) Roster(ctx context.Context) ([]tracking.Asset, error) {
	const q = `
		SELECT ` + assetColumns + `
		FROM assets a
		WHERE EXISTS (SELECT 1 FROM asset_tags t WHERE t.asset_id = a.id)
		ORDER BY a.id`
	assets, err := scanAssets(e.Query(ctx, q))
	if err != nil {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	tags, err := e.allTags(ctx)
	if err != nil {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	for i := range assets {
		assets[i].Tags = tags[assets[i].ID]
	}
	return assets, nil
}

func (e Equipment) allTags(ctx context.Context) (map[tracking.AssetID][]string, error) {
	const q = `
		SELECT asset_id, identity
		FROM asset_tags
		ORDER BY asset_id, identity`
	rows, err := e.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	tags := make(map[tracking.AssetID][]string)
	for rows.Next() {
		var id tracking.AssetID
		var identity string
		if err := rows.Scan(&id, &identity); err != nil {
			return nil, err
		}
		tags[id] = append(tags[id], identity)
	}
	return tags, rows.Err()
}

// Asset is one asset with everything.
func (e Equipment) Asset(ctx context.Context, id tracking.AssetID) (tracking.Asset, error) {
	return readAsset(ctx, e.DB, id)
}

// Asset is the asset as this change sees it.
func (tx equipmentTx) Asset(ctx context.Context, id tracking.AssetID) (tracking.Asset, error) {
	return readAsset(ctx, tx.Tx, id)
}

func readAsset(ctx context.Context, from asker, id tracking.AssetID) (tracking.Asset, error) {
	const q = `
		SELECT ` + assetColumns + `
		FROM assets a
		WHERE a.id = $1`
	asset, err := scanAsset(from.QueryRow(ctx, q, id))
	if errors.Is(err, sql.ErrNoRows) {
		return tracking.Asset{}, fmt.Errorf("asset %s: %w", id, tracking.ErrUnknownAsset)
	}
	if err == nil {
		asset.Tags, err = tagsOf(ctx, from, id)
	}
	if err != nil {
		return tracking.Asset{}, fmt.Errorf("read asset %s: %w", id, err)
	}
	return asset, nil
}

func tagsOf(ctx context.Context, from asker, id tracking.AssetID) ([]string, error) {
	const q = `
		SELECT identity
		FROM asset_tags
		WHERE asset_id = $1
		ORDER BY identity`
	rows, err := from.Query(ctx, q, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tags []string
	for rows.Next() {
		var identity string
		if err := rows.Scan(&identity); err != nil {
			return nil, err
		}
		tags = append(tags, identity)
	}
	return tags, rows.Err()
}

// Timeline lists what happened to an asset before a time, newest first.
func (e Equipment) Timeline(ctx context.Context, id tracking.AssetID, before time.Time, limit int) ([]tracking.Moment, error) {
	const q = `
		SELECT kind, at, from_room, to_room, why, status, by_name, note
		FROM asset_moments
		WHERE asset_id = $1 AND at < $2
		ORDER BY at DESC, id DESC
		LIMIT 0 + $3`
	rows, err := e.Query(ctx, q, id, ms(before), limit)
	if err != nil {
		return nil, fmt.Errorf("timeline of asset %s: %w", id, err)
	}
	defer rows.Close()
	var moments []tracking.Moment
	for rows.Next() {
		var m tracking.Moment
		var at int64
		if err := rows.Scan(&m.Kind, &at, &m.From, &m.To, &m.Why, &m.Status, &m.By, &m.Note); err != nil {
			return nil, fmt.Errorf("timeline of asset %s: %w", id, err)
		}
		m.At = fromMS(at)
		moments = append(moments, m)
	}
	return moments, rows.Err()
}

// Kinds lists every kind of equipment, by name.
func (e Equipment) Kinds(ctx context.Context) ([]string, error) {
	const q = `
		SELECT kind
		FROM asset_kinds
		ORDER BY kind`
	rows, err := e.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("kinds of equipment: %w", err)
	}
	defer rows.Close()
	var kinds []string
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			return nil, fmt.Errorf("kinds of equipment: %w", err)
		}
		kinds = append(kinds, kind)
	}
	return kinds, rows.Err()
}

// InRooms lists assets of the kinds (none: any) and the status (empty: any) in the rooms, free ones first.
func (e Equipment) InRooms(ctx context.Context, kinds []string, status tracking.Status, rooms []hospital.RoomID, limit int) ([]tracking.Asset, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	var q strings.Builder
	var args []any
	q.WriteString(`SELECT ` + assetColumns + ` FROM assets a WHERE a.room_id IN `)
	args = among(&q, args, rooms)
	if len(kinds) > 0 {
		q.WriteString(` AND a.kind IN `)
		args = among(&q, args, kinds)
	}
	statuses := []tracking.Status{status}
	if status == "" {
		statuses = tracking.Statuses()
	}
	q.WriteString(` AND a.status IN `)
	args = among(&q, args, statuses)
	args = append(args, limit)
	fmt.Fprintf(&q, ` ORDER BY (CASE a.status WHEN 'free' THEN 0 ELSE 1 END), a.seen_at DESC LIMIT 0 + $%d`, len(args))
	assets, err := scanAssets(e.Query(ctx, q.String(), args...))
	if err != nil {
		return nil, fmt.Errorf("assets in %d rooms: %w", len(rooms), err)
	}
	return assets, nil
}

// among writes a list of placeholders and appends its values. The last value is
// repeated up to the next of a few lengths, so that the number of different
// queries, which are all kept prepared, stays small.
func among[T any](q *strings.Builder, args []any, values []T) []any {
	length := 1
	for length < len(values) {
		length *= 4
	}
	for i := range length {
		before := `, `
		if i == 0 {
			before = `(`
		}
		args = append(args, values[min(i, len(values)-1)])
		fmt.Fprintf(q, `%s$%d`, before, len(args))
	}
	q.WriteString(`)`)
	return args
}

// ByWords lists assets of which every word begins a word of theirs.
func (e Equipment) ByWords(ctx context.Context, words []string, limit int) ([]tracking.Asset, error) {
	if len(words) == 0 {
		return nil, nil
	}
	var q strings.Builder
	var args []any
	q.WriteString(`SELECT ` + assetColumns + ` FROM assets a WHERE `)
	for i, word := range words {
		if i > 0 {
			q.WriteString(` AND `)
		}
		args = append(args, word, word+"\uffff")
		fmt.Fprintf(&q, `a.id IN (SELECT w.asset_id FROM asset_words w WHERE w.word >= $%d AND w.word < $%d)`, len(args)-1, len(args))
	}
	args = append(args, limit)
	fmt.Fprintf(&q, ` LIMIT 0 + $%d`, len(args))
	assets, err := scanAssets(e.Query(ctx, q.String(), args...))
	if err != nil {
		return nil, fmt.Errorf("assets by %d words: %w", len(words), err)
	}
	return assets, nil
}

// RoomCounts counts assets by the room that they were last seen in.
func (e Equipment) RoomCounts(ctx context.Context) ([]tracking.RoomCount, error) {
	return Lists(e).RoomCounts(ctx)
}

// Pins lists what was last seen on a floor, by room and number.
func (e Equipment) Pins(ctx context.Context, floor hospital.FloorID, limit int) ([]tracking.Pin, error) {
	const q = `
		SELECT id, kind, room_id, status, gone_at, seen_at
		FROM assets
		WHERE floor_id = $1
		ORDER BY room_id, id
		LIMIT 0 + $2`
	rows, err := e.Query(ctx, q, floor, limit)
	if err != nil {
		return nil, fmt.Errorf("pins of floor %s: %w", floor, err)
	}
	defer rows.Close()
	var pins []tracking.Pin
	for rows.Next() {
		var p tracking.Pin
		var gone, seen int64
		if err := rows.Scan(&p.Asset, &p.Kind, &p.Room, &p.Status, &gone, &seen); err != nil {
			return nil, fmt.Errorf("pins of floor %s: %w", floor, err)
		}
		p.Gone, p.SeenAt = gone != 0, fromMS(seen)
		pins = append(pins, p)
	}
	return pins, rows.Err()
}

// FreeByKind counts equipment of each kind in the rooms; in the whole house when there are none.
// Of one whose place nobody has ever known a nurse can take nothing: it is no free one.
func (e Equipment) FreeByKind(ctx context.Context, rooms []hospital.RoomID) ([]tracking.KindCount, error) {
	var q strings.Builder
	var args []any
	q.WriteString(`SELECT kind, SUM(status = 'free' AND room_id <> ''), COUNT(*) FROM assets`)
	if len(rooms) > 0 {
		q.WriteString(` WHERE room_id IN `)
		args = among(&q, args, rooms)
	}
	q.WriteString(` GROUP BY kind ORDER BY COUNT(*) DESC, kind`)
	found, err := e.Query(ctx, q.String(), args...)
	if err != nil {
		return nil, fmt.Errorf("count kinds: %w", err)
	}
	defer found.Close()
	var counts []tracking.KindCount
	for found.Next() {
		var c tracking.KindCount
		if err := found.Scan(&c.Kind, &c.Free, &c.Total); err != nil {
			return nil, fmt.Errorf("count kinds: %w", err)
		}
		counts = append(counts, c)
	}
	return counts, found.Err()
}

// SetPlace overwrites an asset's last place, but for a person's doubt.
func (tx equipmentTx) SetPlace(ctx context.Context, id tracking.AssetID, p tracking.Place) error {
	const q = `
		UPDATE assets
		SET room_id = $2, floor_id = $3, since = $4, seen_at = $5,
		    confidence = $6, second_id = $7, why = $8, second_conf = $9, heard_by = $10,
		    gateway_id = $11, battery_pct = $12, battery_at = $13, gone_at = $14
		WHERE id = $1`
	_, err := tx.Exec(ctx, q, id, p.Room, p.Floor, ms(p.Since), ms(p.SeenAt),
		share(p.Confidence), p.Second, p.Why, share(p.SecondConfidence), p.Heard,
		p.Gateway, p.BatteryPct, ms(p.BatteryAt), ms(p.GoneAt))
	if err != nil {
		return fmt.Errorf("place asset %s: %w", id, err)
	}
	return nil
}

// share keeps a probability that rounding has carried off within 0 and 1.
func share(p float64) float64 { return max(0, min(p, 1)) }

// AddMove appends to the movements.
func (tx equipmentTx) AddMove(ctx context.Context, m tracking.Move) error {
	const q = `
		INSERT INTO asset_moments (asset_id, kind, at, from_room, to_room, confidence, why)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	if _, err := tx.Exec(ctx, q, m.Asset, m.Kind, ms(m.At), m.From, m.To, m.Confidence, m.Why); err != nil {
		return fmt.Errorf("add %s of asset %s: %w", m.Kind, m.Asset, err)
	}
	return nil
}

// Status is an asset's status as this change sees it.
func (tx equipmentTx) Status(ctx context.Context, id tracking.AssetID) (tracking.Status, error) {
	const q = `
		SELECT status
		FROM assets
		WHERE id = $1`
	var status tracking.Status
	err := tx.QueryRow(ctx, q, id).Scan(&status)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("asset %s: %w", id, tracking.ErrUnknownAsset)
	}
	if err != nil {
		return "", fmt.Errorf("read status of asset %s: %w", id, err)
	}
	return status, nil
}

// SetStatus sets the status and appends it to the timeline.
func (tx equipmentTx) SetStatus(ctx context.Context, id tracking.AssetID, status tracking.Status, by, note string, at time.Time) error {
	const q = `
		UPDATE assets
		SET status = $2, status_by = $3, status_note = $4, status_at = $5
		WHERE id = $1`
	if _, err := tx.Exec(ctx, q, id, status, by, note, ms(at)); err != nil {
		return fmt.Errorf("set status of asset %s: %w", id, err)
	}
	const add = `
		INSERT INTO asset_moments (asset_id, kind, at, status, by_name, note)
		VALUES ($1, $2, $3, $4, $5, $6)`
	if _, err := tx.Exec(ctx, add, id, tracking.Marked, ms(at), status, by, note); err != nil {
		return fmt.Errorf("add mark of asset %s: %w", id, err)
	}
	return nil
}

// EndDoubt forgets a doubt of no later than a time.
func (tx equipmentTx) EndDoubt(ctx context.Context, id tracking.AssetID, at time.Time) error {
	const q = `
		UPDATE assets
		SET doubted_by = '', doubted_at = 0
		WHERE id = $1 AND doubted_at > 0 AND doubted_at <= $2`
	if _, err := tx.Exec(ctx, q, id, ms(at)); err != nil {
		return fmt.Errorf("end doubt of asset %s: %w", id, err)
	}
	return nil
}

// Doubt notes that a person did not find the asset where it was said to be.
func (tx equipmentTx) Doubt(ctx context.Context, id tracking.AssetID, room hospital.RoomID, by, note string, at time.Time) error {
	const q = `
		UPDATE assets
		SET doubted_by = $2, doubted_at = $3, confidence = 0
		WHERE id = $1`
	if _, err := tx.Exec(ctx, q, id, by, ms(at)); err != nil {
		return fmt.Errorf("doubt asset %s: %w", id, err)
	}
	const add = `
		INSERT INTO asset_moments (asset_id, kind, at, from_room, by_name, note)
		VALUES ($1, $2, $3, $4, $5, $6)`
	if _, err := tx.Exec(ctx, add, id, tracking.Doubted, ms(at), room, by, note); err != nil {
		return fmt.Errorf("add doubt of asset %s: %w", id, err)
	}
	return nil
}

// Announce names topics that have changed.
func (tx equipmentTx) Announce(topics ...string) { tx.Tx.Announce(topics...) }
