package tracking

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wardwatch/tracking/hospital"
)

// Mark sets an asset's status on a person's word. It stands until the asset
// comes into a room whose kind says otherwise; broken stands until a person
// says otherwise.
func (e Equipment) Mark(ctx context.Context, by hospital.Actor, id AssetID, status Status, note string) error {
	if err := e.may(by, note); err != nil {
		return err
	}
	if !slices.Contains(Statuses(), status) {
		return hospital.Refuse(hospital.ErrInvalid, "Choose one of: free, in use, needs cleaning, broken.")
	}
	err := e.Store.InTx(ctx, func(tx Tx) error {
		before, err := tx.Asset(ctx, id)
		if err != nil {
			return err
		}
		if err := e.within(by, before, status); err != nil {
			return err
		}
		if err := tx.SetStatus(ctx, id, status, by.Name, note, tx.Now()); err != nil {
			return err
		}
		announceAsset(tx, before)
		return tx.Record(ctx, hospital.Deed{By: by, What: "asset.mark", On: "asset/" + string(id), Why: note,
			Before: fact("status", string(before.Status)), After: fact("status", string(status))})
	})
	if err != nil {
		return fmt.Errorf("mark asset %s: %w", id, err)
	}
	return nil
}

// NotHere notes that somebody looked where the asset was said to be and did not
// find it. Radio decides anew; until it does the page says who looked and when.
func (e Equipment) NotHere(ctx context.Context, by hospital.Actor, id AssetID, note string) error {
	if err := e.may(by, note); err != nil {
		return err
	}
	var was Place
	err := e.Store.InTx(ctx, func(tx Tx) error { return e.missing(ctx, tx, by, id, note, &was) })
	if err != nil {
		return fmt.Errorf("doubt asset %s: %w", id, err)
	}
	e.Tracker.doubt(id, was, by, e.Now())
	return nil
}

// missing notes in a change that an asset was not found where it was said to be; was,
// unless nil, becomes its place of before.
func (e Equipment) missing(ctx context.Context, tx Tx, by hospital.Actor, id AssetID, note string, was *Place) error {
	asset, err := tx.Asset(ctx, id)
	if err != nil {
		return err
	}
	if was != nil {
		*was = asset.Place
	}
	if err := e.within(by, asset, ""); err != nil {
		return err
	}
	if !asset.Place.Known() {
		return hospital.Refuse(hospital.ErrInvalid, "Nobody has said yet where this is, so it can't be missing there.")
	}
	if err := tx.Doubt(ctx, id, asset.Place.Room, by.Name, note, tx.Now()); err != nil {
		return err
	}
	announceAsset(tx, asset)
	return tx.Record(ctx, hospital.Deed{By: by, What: "asset.not-here", On: "asset/" + string(id), Why: note,
		Before: fact("room", string(asset.Place.Room))})
}

// Here notes that a person sees the asset in a room. It overrides radio at once.
func (e Equipment) Here(ctx context.Context, by hospital.Actor, id AssetID, room hospital.RoomID) error {
	if err := e.may(by, ""); err != nil {
		return err
	}
	in, ok := e.Register.Current().Room(room)
	if !ok {
		return hospital.Refuse(hospital.ErrInvalid, "Choose the room that you see it in.")
	}
	var was Place
	err := e.Store.InTx(ctx, func(tx Tx) error { return e.hereIn(ctx, tx, by, id, in, &was) })
	if err != nil {
		return fmt.Errorf("confirm asset %s: %w", id, err)
	}
	e.Tracker.confirm(id, was, room, by, e.Now())
	return nil
}

// hereIn notes in a change that an asset is in a room; was, unless nil, becomes its
// place of before.
func (e Equipment) hereIn(ctx context.Context, tx Tx, by hospital.Actor, id AssetID, in hospital.Room, was *Place) error {
	asset, err := tx.Asset(ctx, id)
	if err != nil {
		return err
	}
	if was != nil {
		*was = asset.Place
	}
	if err := e.placeByWord(ctx, tx, asset, in); err != nil {
		return err
	}
	return tx.Record(ctx, hospital.Deed{By: by, What: "asset.here", On: "asset/" + string(id),
		Before: fact("room", string(asset.Place.Room)), After: fact("room", string(in.ID))})
}

func (e Equipment) placeByWord(ctx context.Context, tx Tx, asset Asset, in hospital.Room) error {
	was, place := asset.Place, asset.Place
	if place.Room != in.ID {
		place.Since = tx.Now()
	}
	place.Room, place.Floor, place.Confidence, place.Why = in.ID, in.Floor, 0.99, "confirmed"
	place.Second, place.SecondConfidence = "", 0
	place.SeenAt = tx.Now()
	place.GoneAt = time.Time{}
	if err := tx.EndDoubt(ctx, asset.ID, tx.Now()); err != nil {
		return err
	}
	return e.storeWord(ctx, tx, asset.ID, was, place)
}

func (e Equipment) storeWord(ctx context.Context, tx Tx, id AssetID, was, place Place) error {
	if err := tx.SetPlace(ctx, id, place); err != nil {
		return err
	}
	if was.Room == place.Room {
		tx.Announce("asset/" + string(id))
		return nil
	}
	kind := Movement
	if !was.Known() {
		kind = Arrival
	}
	return storeMove(ctx, tx, e.Register.Current(), Move{Asset: id, Kind: kind, From: was.Room, To: place.Room,
		FromFloor: was.Floor, ToFloor: place.Floor, At: tx.Now(), Confidence: place.Confidence, Why: place.Why})
}

// within is nil when the actor may change the asset: it stands in one of her
// units, or belongs to one, or to none; or she takes it, wherever it is.
func (e Equipment) within(by hospital.Actor, a Asset, status Status) error {
	reach, directory := by.Reach(hospital.MarkEquipment), e.Register.Current()
	stands := directory.UnitOf("", a.Place.Room)
	if reach.Everywhere || status == InUse || reach.Has(a.Unit) || reach.Has(stands) || a.Unit == "" && stands == "" {
		return nil
	}
	return hospital.Refuse(hospital.ErrForbidden, "This belongs to another unit and stands there. Only who works there can change it; you can take it into use.")
}

func (e Equipment) may(by hospital.Actor, note string) error {
	if err := by.Need(hospital.MarkEquipment); err != nil {
		return err
	}
	if utf8.RuneCountInString(note) > MaxNote {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A note may have %d characters at most.", MaxNote))
	}
	if strings.ContainsRune(note, 0) || !utf8.ValidString(note) {
		return hospital.Refuse(hospital.ErrInvalid, "The note holds characters that can't be kept.")
	}
	return nil
}

func announceAsset(tx Tx, asset Asset) {
	tx.Announce("asset/" + string(asset.ID))
	if asset.Place.Room != "" {
		tx.Announce("room/"+string(asset.Place.Room), "floor/"+string(asset.Place.Floor))
	}
}

// fact is a small JSON object for the audit trail.
func fact(name, value string) string { return facts(name, value) }

// facts is the same of several names and values in turn.
func facts(pairs ...string) string {
	object := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		object[pairs[i]] = pairs[i+1]
	}
	b, err := json.Marshal(object)
	if err != nil {
		return "" // strings always marshal
	}
	return string(b)
}
