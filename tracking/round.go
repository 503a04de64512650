package tracking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"wardwatch/tracking/hospital"
)

// MaxRound bounds how much one round of a room may scan.
const MaxRound = 200

// Round is what somebody who scanned everything in a room found, beside what was
// said to be there. Each part is by number.
type Round struct {
	Room hospital.Room
	// Found was said to be here, and is. Surplus is here, but was said to be elsewhere,
	// or nobody knew. Missing was said to be here, and was not scanned.
	Found, Surplus, Missing []Asset
	// Left are of the missing those of another unit, which she can't speak for.
	Left []Asset
}

// Round compares what was scanned in a room with what was last seen there. Nothing is
// noted yet. Numbers of nothing are left out.
func (e Equipment) Round(ctx context.Context, by hospital.Actor, id hospital.RoomID, scanned []AssetID) (Round, error) {
	hits, err := e.InRoom(ctx, by, id)
	if err != nil {
		return Round{}, err
	}
	if len(scanned) > MaxRound {
		return Round{}, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A round has %d pieces at most. Note these, and go on with another.", MaxRound))
	}
	var here, seen []Asset
	for _, hit := range hits {
		here = append(here, hit.Asset)
	}
	for _, number := range scanned {
		asset, err := e.Store.Asset(ctx, number)
		if errors.Is(err, ErrUnknownAsset) {
			continue
		}
		if err != nil {
			return Round{}, fmt.Errorf("round of room %s: %w", id, err)
		}
		seen = append(seen, asset)
	}
	room, _ := e.Register.Current().Room(id)
	round := compareRound(room, here, seen)
	round.Missing, round.Left = e.mine(by, round.Missing)
	return round, nil
}

// compareRound sorts what was said to be in a room and what was seen there.
func compareRound(room hospital.Room, here, seen []Asset) Round {
	round := Round{Room: room}
	was := make(map[AssetID]bool, len(here))
	for _, asset := range here {
		was[asset.ID] = true
	}
	is := make(map[AssetID]bool, len(seen))
	for _, asset := range seen {
		switch {
		case is[asset.ID]: // scanned twice
		case was[asset.ID]:
			round.Found = append(round.Found, asset)
		default:
			round.Surplus = append(round.Surplus, asset)
		}
		is[asset.ID] = true
	}
	for _, asset := range here {
		if !is[asset.ID] {
			round.Missing = append(round.Missing, asset)
		}
	}
	for _, part := range [][]Asset{round.Found, round.Surplus, round.Missing} {
		slices.SortFunc(part, func(a, b Asset) int { return cmp.Compare(a.ID, b.ID) })
	}
	return round
}

// mine parts the assets into those that the actor may speak for and the others.
func (e Equipment) mine(by hospital.Actor, all []Asset) (may, others []Asset) {
	for _, asset := range all {
		if e.within(by, asset, "") == nil {
			may = append(may, asset)
		} else {
			others = append(others, asset)
		}
	}
	return may, others
}

// NoteRound notes a round as it was walked: what was scanned is in the room, and what
// was said to be there was looked for and not found. It is one change.
func (e Equipment) NoteRound(ctx context.Context, by hospital.Actor, id hospital.RoomID, scanned []AssetID) (Round, error) {
	if err := e.may(by, ""); err != nil {
		return Round{}, err
	}
	round, err := e.Round(ctx, by, id, scanned)
	if err != nil {
		return Round{}, err
	}
	if len(round.Found)+len(round.Surplus) == 0 {
		return Round{}, hospital.Refuse(hospital.ErrInvalid, "Scan what is here first. What is not here at all is said on its own page.")
	}
	seen := slices.Concat(round.Found, round.Surplus)
	err = e.Store.InTx(ctx, func(tx Tx) error {
		for _, asset := range seen {
			if err := e.hereIn(ctx, tx, by, asset.ID, round.Room, nil); err != nil {
				return err
			}
		}
		for _, asset := range round.Missing {
			if err := e.missing(ctx, tx, by, asset.ID, "not found on a round of "+round.Room.Name, nil); err != nil {
				return err
			}
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "room.round", On: "room/" + string(id),
			After: facts("found", strconv.Itoa(len(round.Found)), "surplus", strconv.Itoa(len(round.Surplus)), "missing", strconv.Itoa(len(round.Missing)))})
	})
	if err != nil {
		return Round{}, fmt.Errorf("note the round of room %s: %w", id, err)
	}
	for _, asset := range seen {
		e.Tracker.confirm(asset.ID, asset.Place, id, by, e.Now())
	}
	for _, asset := range round.Missing {
		e.Tracker.doubt(asset.ID, asset.Place, by, e.Now())
	}
	return round, nil
}
