package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

func (tx ordersTx) AddDelivery(ctx context.Context, d reorder.Delivery) error {
	const q = `
		INSERT INTO deliveries (supplier, number, line, sent_day, expected, arrived_day, quantity)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	_, err := tx.Exec(ctx, q, d.Supplier, d.Number, d.Line, d.Sent, d.Expected, d.Arrived, d.Quantity)
	return err
}

func (tx ordersTx) SaveMethods(ctx context.Context, all []reorder.Method, on inventory.Date) error {
	const q = `
		INSERT INTO stock_methods (item, place, chosen_on, choice)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (item, place) DO UPDATE SET chosen_on = excluded.chosen_on, choice = excluded.choice`
	for _, m := range all {
		choice, err := json.Marshal(m.Choice)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, q, m.Item, m.Place, on, string(choice)); err != nil {
			return err
		}
	}
	return nil
}

// ReviewLevels raises the reviews, or renews those that wait; a level that a
// person has kept since the given instant is left alone.
func (tx ordersTx) ReviewLevels(ctx context.Context, all []reorder.LevelReview, since time.Time) error {
	const q = `
		INSERT INTO level_reviews (item, place, status, old_minimum, old_maximum, minimum, maximum, reason, figures, raised_at)
		SELECT $1, $2, 'waiting', $3, $4, $5, $6, $7, $8, $9
		WHERE NOT EXISTS (SELECT 1 FROM level_reviews WHERE item = $1 AND place = $2 AND status = 'kept' AND decided_at > $10)
		ON CONFLICT (item, place) WHERE status = 'waiting' DO UPDATE SET old_minimum = excluded.old_minimum, old_maximum = excluded.old_maximum,
			minimum = excluded.minimum, maximum = excluded.maximum, reason = excluded.reason, figures = excluded.figures`
	for _, r := range all {
		figures, err := json.Marshal(r.Figures)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, q, r.Item.ID, r.Place.ID, r.OldMin, r.OldMax, r.Minimum, r.Maximum, r.Reason, string(figures), ms(tx.Now()), ms(since)); err != nil {
			return err
		}
		tx.Announce("proposals")
	}
	return nil
}

const selectReview = `
		SELECT r.id, r.old_minimum, r.old_maximum, r.minimum, r.maximum, r.reason, r.figures, r.raised_at,
			i.id, i.name, i.unit, i.pack, i.criticality, p.id, p.name
		FROM level_reviews r
		JOIN stock_items i ON i.id = r.item
		JOIN stock_places p ON p.id = r.place`

func scanReview(row scanner) (r reorder.LevelReview, err error) {
	var raised int64
	var figures jsonText
	if err := row.Scan(&r.ID, &r.OldMin, &r.OldMax, &r.Minimum, &r.Maximum, &r.Reason, &figures, &raised,
		&r.Item.ID, &r.Item.Name, &r.Item.Unit, &r.Item.Pack, &r.Item.Criticality, &r.Place.ID, &r.Place.Name); err != nil {
		return r, err
	}
	r.RaisedAt = fromMS(raised)
	return r, json.Unmarshal(figures.raw, &r.Figures)
}

// DecideReview ends a review that waits; when it is taken the place's level is the new one.
func (tx ordersTx) DecideReview(ctx context.Context, id reorder.ReviewID, by hospital.Actor, why string, take bool) (reorder.LevelReview, error) {
	const waiting = selectReview + `
		WHERE r.id = $1 AND r.status = 'waiting'`
	r, err := found(scanReview(theirs{tx.Tx}.QueryRow(ctx, waiting, id)))(reorder.ErrUnknownReview, fmt.Sprint(id))
	if err != nil {
		return r, err
	}
	status := "kept"
	if take {
		status = "taken"
	}
	const decide = `
		UPDATE level_reviews
		SET status = $1, decided_at = $2, decided_by = $3, decided_name = $4, why = $5
		WHERE id = $6`
	_, err = tx.Exec(ctx, decide, status, ms(tx.Now()), by.ID, by.Name, why, id)
	if err == nil && take {
		err = tx.setLevel(ctx, r)
	}
	tx.Announce("proposals", "stock", "stock/"+string(r.Item.ID))
	return r, err
}

func (tx ordersTx) setLevel(ctx context.Context, r reorder.LevelReview) error {
	const q = `
		UPDATE stock_levels
		SET minimum = $1, maximum = $2
		WHERE item = $3 AND place = $4 AND minimum = $5 AND maximum = $6`
	result, err := tx.Exec(ctx, q, r.Minimum, r.Maximum, r.Item.ID, r.Place.ID, r.OldMin, r.OldMax)
	if err != nil {
		return err
	}
	stale := hospital.Refuse(hospital.ErrStale, "Somebody has set this level since. Look at it again.")
	return errors.Join(oneRow(result, stale), tx.MarkDue(ctx, []reorder.Spot{{Item: r.Item.ID, Place: r.Place.ID}}))
}

// LevelReviews is reorder.Reader.
func (o Orders) LevelReviews(ctx context.Context) ([]reorder.LevelReview, error) {
	const q = selectReview + `
		WHERE r.status = 'waiting'
		ORDER BY i.name, p.name
		LIMIT 200`
	rows, err := o.Query(ctx, q)
	return scanAll(rows, err, scanReview)
}

// ImportPastUse takes in what was used before the ledger began, so that use can be
// forecast from the first day. A day of which something is known already stays as
// it is. Unless apply is set nothing is kept. It answers how many days were new;
// ErrUnknownItem and ErrUnknownPlace name the first that nobody knows.
func (s Stock) ImportPastUse(ctx context.Context, by hospital.Actor, all []inventory.PastUse, apply bool) (fresh int, err error) {
	if err := by.Need(hospital.ManageHospital); err != nil {
		return 0, err
	}
	for part := range slices.Chunk(all, pastUseAtOnce) {
		n, err := s.importPastUse(ctx, by, part, apply)
		if err != nil {
			return fresh, fmt.Errorf("import past use: %w", err)
		}
		fresh += n
	}
	return fresh, nil
}

// pastUseAtOnce is how many days of use share a transaction, so that a server that
// runs beside the import can write in between.
const pastUseAtOnce = 10_000

func (s Stock) importPastUse(ctx context.Context, by hospital.Actor, part []inventory.PastUse, apply bool) (fresh int, err error) {
	err = s.DB.InTx(ctx, func(tx *Tx) error {
		fresh = 0
		known := map[reorder.Spot]bool{}
		for _, use := range part {
			n, err := stockTx{tx}.addPastUse(ctx, use, known)
			if err != nil {
				return err
			}
			fresh += n
		}
		if !apply {
			return errDryRun
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "stock.import use", On: "stock", After: fmt.Sprintf(`{"days":%d,"new":%d}`, len(part), fresh)})
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return fresh, err
}

// addPastUse adds a day of use; known are the spots that were asked for before.
func (tx stockTx) addPastUse(ctx context.Context, use inventory.PastUse, known map[reorder.Spot]bool) (fresh int, err error) {
	if spot := (reorder.Spot{Item: use.Item, Place: use.Place}); !known[spot] {
		if _, err := tx.Item(ctx, use.Item); err != nil {
			return 0, err
		}
		if _, err := tx.Place(ctx, use.Place); err != nil {
			return 0, err
		}
		known[spot] = true
	}
	const q = `
		INSERT INTO stock_use (item, place, day, quantity)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (item, place, day) DO NOTHING`
	result, err := tx.Exec(ctx, q, use.Item, use.Place, use.Day, use.Quantity)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}
