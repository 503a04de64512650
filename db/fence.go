package db

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/fence"
	"wardwatch/tracking/hospital/document"
)

// Fences keeps where equipment may be, and what breaks it. It is fence's Store.
type Fences struct{ *DB }

type fenceTx struct{ *Tx }

var _ fence.Store = Fences{}

// InTx runs change in a transaction and returns once it is durable.
func (f Fences) InTx(ctx context.Context, change func(fence.Tx) error) error {
	return f.DB.InTx(ctx, func(tx *Tx) error { return change(fenceTx{tx}) })
}

// Fences are all of them, by name.
func (f Fences) Fences(ctx context.Context) ([]fence.Fence, error) { return readFences(ctx, f.DB) }

func readFences(ctx context.Context, from asker) ([]fence.Fence, error) {
	const q = `
		SELECT id, name, rule, kinds, assets, floors, units, rooms, room_kinds, after_ms, grace_ms, serious, off
		FROM fences
		ORDER BY name, id`
	rows, err := from.Query(ctx, q)
	fences, err := scanAll(rows, err, func(row scanner) (fence.Fence, error) {
		var one fence.Fence
		var kinds, assets, floors, units, rooms, roomKinds string
		var after, grace int64
		if err := row.Scan(&one.ID, &one.Name, &one.Rule, &kinds, &assets, &floors, &units, &rooms, &roomKinds,
			&after, &grace, &one.Serious, &one.Off); err != nil {
			return one, err
		}
		one.After, one.Grace = time.Duration(after)*time.Millisecond, time.Duration(grace)*time.Millisecond
		for text, into := range map[*string]any{&kinds: &one.Kinds, &assets: &one.Assets, &floors: &one.Floors,
			&units: &one.Units, &rooms: &one.Rooms, &roomKinds: &one.RoomKinds} {
			if *text == "[]" {
				continue
			}
			if err := json.Unmarshal([]byte(*text), into); err != nil {
				return one, fmt.Errorf("fence %s: %w", one.ID, err)
			}
		}
		return one, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read fences: %w", err)
	}
	return fences, nil
}

// States are the assets that break a fence or did until just now.
func (f Fences) States(ctx context.Context) (map[fence.Key]fence.State, error) {
	const q = `
		SELECT fence, asset, out_since, back_since, ringing
		FROM fence_states`
	rows, err := f.Query(ctx, q)
	states := map[fence.Key]fence.State{}
	_, err = scanAll(rows, err, func(row scanner) (k fence.Key, err error) {
		var s fence.State
		var out, back int64
		err = row.Scan(&k.Fence, &k.Asset, &out, &back, &s.Ringing)
		s.OutSince, s.BackSince = fromMS(out), fromMS(back)
		states[k] = s
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("read states of fences: %w", err)
	}
	return states, nil
}

// LastMoment is the number of the newest moment of any timeline; 0 before the first.
func (f Fences) LastMoment(ctx context.Context) (last int64, err error) {
	const q = `
		SELECT COALESCE(MAX(id), 0)
		FROM asset_moments`
	if err := f.QueryRow(ctx, q).Scan(&last); err != nil {
		return 0, fmt.Errorf("read the newest moment: %w", err)
	}
	return last, nil
}

// MovedAfter are the assets of the moments numbered after one, each once, and the number of the last.
func (f Fences) MovedAfter(ctx context.Context, moment int64, limit int) ([]tracking.AssetID, int64, error) {
	const q = `
		SELECT id, asset_id
		FROM asset_moments
		WHERE id > $1
		ORDER BY id
		LIMIT 0 + $2`
	rows, err := f.Query(ctx, q, moment, limit)
	last := moment
	moved, err := scanAll(rows, err, func(row scanner) (asset tracking.AssetID, err error) {
		return asset, row.Scan(&last, &asset)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read moves after %d: %w", moment, err)
	}
	return moved, last, nil
}

// Located are the given assets with their places; all that have a place when there are none.
func (f Fences) Located(ctx context.Context, assets []tracking.AssetID) ([]tracking.Asset, error) {
	var q strings.Builder
	var args []any
	q.WriteString(`SELECT ` + assetColumns + ` FROM assets a WHERE a.room_id <> ''`)
	if len(assets) > 0 {
		q.WriteString(` AND a.id IN `)
		args = among(&q, args, assets)
	}
	located, err := scanAssets(f.Query(ctx, q.String(), args...))
	if err != nil {
		return nil, fmt.Errorf("read places of %d assets: %w", len(assets), err)
	}
	return located, nil
}

// applyFences brings fences to what a document says; one that it does not name stays.
func applyFences(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	old, err := readFences(ctx, tx)
	if err != nil {
		return nil, err
	}
	known := byID(old, func(f fence.Fence) fence.ID { return f.ID })
	var changes []document.Change
	for i, f := range doc.Fences {
		now := fenceOf(f)
		before, there := known[now.ID]
		change := document.Change{Path: pathOfEntry("fences", i), What: document.Add, Thing: "fence " + f.Name}
		switch {
		case there && before.JSON() == now.JSON():
			change.What = document.Same
		case there:
			change.What = document.Alter
		}
		changes = append(changes, change)
		if change.What == document.Same {
			continue
		}
		if err := putFence(ctx, tx, now); err != nil {
			return nil, err
		}
		tx.Announce(fence.Topic)
	}
	return changes, nil
}

func fenceOf(f document.Fence) fence.Fence {
	made := fence.Fence{ID: fence.ID(f.ID), Name: f.Name, Rule: fence.Rule(f.Rule), Kinds: f.Kinds, Floors: f.Floors, Units: f.Units,
		Rooms: f.Rooms, RoomKinds: f.RoomKinds, After: time.Duration(f.AfterSeconds) * time.Second,
		Grace: time.Duration(f.GraceSeconds) * time.Second, Serious: f.Serious, Off: f.Off}
	for _, id := range f.Assets {
		made.Assets = append(made.Assets, tracking.AssetID(id))
	}
	return made
}

func describeFences(ctx context.Context, tx *Tx, doc *document.Document) error {
	fences, err := readFences(ctx, tx)
	for _, f := range fences {
		said := document.Fence{ID: string(f.ID), Name: f.Name, Rule: string(f.Rule), Kinds: f.Kinds, Floors: f.Floors, Units: f.Units,
			Rooms: f.Rooms, RoomKinds: f.RoomKinds, AfterSeconds: int(f.After.Seconds()), GraceSeconds: int(f.Grace.Seconds()), Serious: f.Serious, Off: f.Off}
		for _, id := range f.Assets {
			said.Assets = append(said.Assets, string(id))
		}
		doc.Fences = append(doc.Fences, said)
	}
	return err
}

// SetFence keeps a fence.
func (tx fenceTx) SetFence(ctx context.Context, f fence.Fence) error { return putFence(ctx, tx.Tx, f) }

func putFence(ctx context.Context, tx *Tx, f fence.Fence) error {
	lists := make([]any, 0, 6)
	for _, list := range []any{f.Kinds, f.Assets, f.Floors, f.Units, f.Rooms, f.RoomKinds} {
		text, err := json.Marshal(list)
		if err != nil {
			return err
		}
		if string(text) == "null" {
			text = []byte("[]")
		}
		lists = append(lists, string(text))
	}
	const q = `
		INSERT INTO fences (id, name, rule, kinds, assets, floors, units, rooms, room_kinds, after_ms, grace_ms, serious, off)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, rule = excluded.rule, kinds = excluded.kinds, assets = excluded.assets,
			floors = excluded.floors, units = excluded.units, rooms = excluded.rooms, room_kinds = excluded.room_kinds,
			after_ms = excluded.after_ms, grace_ms = excluded.grace_ms, serious = excluded.serious, off = excluded.off`
	args := append([]any{f.ID, f.Name, f.Rule}, lists...)
	args = append(args, f.After.Milliseconds(), f.Grace.Milliseconds(), number(f.Serious), number(f.Off))
	if _, err := tx.Exec(ctx, q, args...); err != nil {
		return fmt.Errorf("keep fence %s: %w", f.ID, err)
	}
	return nil
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// DropFence forgets a fence with its states.
func (tx fenceTx) DropFence(ctx context.Context, id fence.ID) error {
	for _, q := range []string{`DELETE FROM fence_states WHERE fence = $1`, `DELETE FROM fences WHERE id = $1`} {
		if _, err := tx.Exec(ctx, q, id); err != nil {
			return fmt.Errorf("drop fence %s: %w", id, err)
		}
	}
	return nil
}

// SetState keeps a state; the zero state is forgotten.
func (tx fenceTx) SetState(ctx context.Context, k fence.Key, s fence.State) error {
	var err error
	if s == (fence.State{}) {
		const q = `
			DELETE FROM fence_states
			WHERE fence = $1 AND asset = $2`
		_, err = tx.Exec(ctx, q, k.Fence, k.Asset)
	} else {
		const q = `
			INSERT INTO fence_states (fence, asset, out_since, back_since, ringing)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (fence, asset) DO UPDATE SET out_since = excluded.out_since, back_since = excluded.back_since, ringing = excluded.ringing`
		_, err = tx.Exec(ctx, q, k.Fence, k.Asset, ms(s.OutSince), ms(s.BackSince), number(s.Ringing))
	}
	if err != nil {
		return fmt.Errorf("keep how %s stands to fence %s: %w", k.Asset, k.Fence, err)
	}
	return nil
}
