package tracking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/locate"
)

// OutsideMap is Place.Why when a tag is heard as in no room that anybody mapped.
const OutsideMap = "outside the map"

// keep stores the moves that were decided, and at a sweep's time (zero: at no sweep) the
// places that have changed. What the database refuses is tried again the next time.
func (s *shard) keep(ctx context.Context, sweep time.Time) {
	var stale []int32
	if !sweep.IsZero() {
		stale = s.staleOnes(sweep, maxSeen)
	}
	if len(s.moves) == 0 && len(stale) == 0 && len(s.topics) == 0 {
		return
	}
	if err := s.store(ctx, stale); err != nil && !errors.Is(err, context.Canceled) {
		s.tracker.counted.failed.Add(1)
		s.tracker.log.Error("could not store where equipment is; it is tried again", "moves", len(s.moves), "error", err)
	}
}

// staleOnes picks up to limit assets whose place is not stored as it is, in turn. Those
// that were only heard again wait until they were stored seenEvery before a time; with
// the zero time they do not.
func (s *shard) staleOnes(at time.Time, limit int) []int32 {
	var stale []int32
	for range s.assets {
		s.sweeping = (s.sweeping + 1) % len(s.assets)
		if t := s.assets[s.sweeping]; t != nil && (t.stale || t.heard && (at.IsZero() || at.UnixMilli()-t.place.storedMS >= seenEvery.Milliseconds())) {
			stale = append(stale, int32(s.sweeping))
		}
		if len(stale) == limit {
			break
		}
	}
	return stale
}

// store writes the moves and the places of moved and stale assets in one transaction.
func (s *shard) store(ctx context.Context, stale []int32) error {
	if len(s.moves) == 0 && len(stale) == 0 && len(s.topics) == 0 {
		return nil
	}
	for _, move := range s.moves {
		if index, ok := s.book.byAsset[move.Asset]; ok && s.assets[index] != nil {
			stale = append(stale, index)
		}
	}
	err := s.tracker.store.InTx(ctx, func(tx Tx) error {
		tx.Announce(s.topics...)
		for _, index := range stale {
			if err := s.storePlace(ctx, tx, index); err != nil {
				return err
			}
		}
		for _, move := range s.moves {
			if err := storeMove(ctx, tx, s.book.directory, move); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store %d moves: %w", len(s.moves), err)
	}
	for _, index := range stale {
		t := s.assets[index]
		t.heard, t.stale, t.certainMS = false, false, 0
	}
	s.moves, s.topics = calm(s.moves, keptMoves), s.topics[:0]
	return nil
}

func (s *shard) storePlace(ctx context.Context, tx Tx, index int32) error {
	t := s.assets[index]
	if t.seenMS > 0 {
		t.place.storedMS = t.seenMS
	}
	if a := t.state.Answer(); a.Room != locate.NoRoom && s.book.room(int(a.Room)) == t.place.room {
		s.stand(t, t.place.room, a)
	}
	id, place := s.book.assets[index], t.place.place(s.book)
	tx.Announce("asset/" + string(id))
	if place.Floor != "" { // its map tells when it was last heard
		tx.Announce("floor/" + string(place.Floor))
	}
	if t.certainMS > 0 {
		if err := tx.EndDoubt(ctx, id, time.UnixMilli(t.certainMS).UTC()); err != nil {
			return err
		}
	}
	return tx.SetPlace(ctx, id, place)
}

// storeMove appends a move, tells the rooms and floors that it concerns, and
// gives the asset the status of the room that it came into.
func storeMove(ctx context.Context, tx Tx, d *hospital.Directory, move Move) error {
	if err := tx.AddMove(ctx, move); err != nil {
		return err
	}
	announceMove(tx, move)
	room, ok := d.Room(move.To)
	if !ok {
		return nil
	}
	if _, says := StatusFromRoom(room.Kind); !says {
		return nil
	}
	was, err := tx.Status(ctx, move.Asset)
	if err != nil {
		return err
	}
	status, changes := was.Entering(room.Kind)
	if !changes {
		return nil
	}
	return tx.SetStatus(ctx, move.Asset, status, "", "", move.At)
}

func announceMove(tx Tx, move Move) {
	tx.Announce("asset/" + string(move.Asset))
	for _, room := range []hospital.RoomID{move.From, move.To} {
		if room != "" {
			tx.Announce("room/" + string(room))
		}
	}
	for _, floor := range []hospital.FloorID{move.FromFloor, move.ToFloor} {
		if floor != "" {
			tx.Announce("floor/" + string(floor))
		}
	}
}
