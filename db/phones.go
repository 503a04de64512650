package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

var _ notify.Phones = Alarms{}

// PhoneOf is a person's number for text messages; empty when she gave none.
func (a Alarms) PhoneOf(ctx context.Context, person hospital.PersonID) (number string, err error) {
	const q = `
		SELECT number
		FROM person_phones
		WHERE person = $1`
	err = a.QueryRow(ctx, q, person).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("phone of %s: %w", person, err)
	}
	return number, nil
}

// SetPhone keeps a person's number, or forgets it when it is empty.
func (a Alarms) SetPhone(ctx context.Context, person hospital.PersonID, number string, deed hospital.Deed) error {
	const forget = `
		DELETE FROM person_phones
		WHERE person = $1`
	const set = `
		INSERT INTO person_phones (person, number, set_at)
		VALUES ($1, $2, $3)`
	return a.DB.InTx(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, forget, person); err != nil {
			return err
		}
		if number != "" {
			if _, err := tx.Exec(ctx, set, person, number, ms(tx.Now())); err != nil {
				return err
			}
		}
		return tx.Record(ctx, deed)
	})
}
