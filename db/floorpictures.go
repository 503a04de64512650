package db

import (
	"context"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/floorplan"
)

var _ floorplan.Keeper = Hospital{}

// Picture of a floor; ErrNoPicture when there is none.
func (h Hospital) Picture(ctx context.Context, floor hospital.FloorID) (floorplan.Picture, error) {
	const q = `
		SELECT media_type, wide, high, bytes, at
		FROM floor_pictures
		WHERE floor = $1`
	var p floorplan.Picture
	var at int64
	err := h.QueryRow(ctx, q, floor).Scan(&p.MediaType, &p.Wide, &p.High, &p.Bytes, &at)
	p.At = fromMS(at)
	return found(p, err)(floorplan.ErrNoPicture, "floor "+string(floor))
}

// HasPicture says when a floor's picture was uploaded; zero for never.
func (h Hospital) HasPicture(ctx context.Context, floor hospital.FloorID) (time.Time, error) {
	const q = `
		SELECT COALESCE(MAX(at), 0)
		FROM floor_pictures
		WHERE floor = $1`
	var at int64
	if err := h.QueryRow(ctx, q, floor).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("look for a picture of floor %s: %w", floor, err)
	}
	return fromMS(at), nil
}

// SetPicture keeps a floor's picture, and its plan's size in metres with it.
func (h Hospital) SetPicture(ctx context.Context, by hospital.Actor, floor hospital.FloorID, p floorplan.Picture, width, height float64) error {
	return h.InTx(ctx, func(tx *Tx) error {
		const q = `
			INSERT INTO floor_pictures (floor, media_type, wide, high, bytes, at)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (floor) DO UPDATE SET media_type = excluded.media_type, wide = excluded.wide, high = excluded.high,
				bytes = excluded.bytes, at = excluded.at`
		if _, err := tx.Exec(ctx, q, floor, p.MediaType, p.Wide, p.High, p.Bytes, ms(tx.Now())); err != nil {
			return fmt.Errorf("keep picture of floor %s: %w", floor, err)
		}
		const qSize = `
			UPDATE floors
			SET width_metres = $2, height_metres = $3
			WHERE id = $1`
		if _, err := tx.Exec(ctx, qSize, floor, width, height); err != nil {
			return fmt.Errorf("size of floor %s: %w", floor, err)
		}
		tx.Announce("floor/" + string(floor))
		if err := bumpHospital(ctx, tx); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "floor.picture", On: "floor/" + string(floor),
			After: fmt.Sprintf(`{"wide":%d,"high":%d,"width_metres":%.2f,"height_metres":%.2f}`, p.Wide, p.High, width, height)})
	})
}
