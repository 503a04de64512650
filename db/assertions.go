package db

import (
	"context"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// TokenByID is the token of an id, whatever has become of it.
func (a Accounts) TokenByID(ctx context.Context, id string) (account.Token, error) {
	const q = `
		SELECT ` + tokenColumns + `
		FROM tokens
		WHERE id = $1`
	t, err := scanToken(a.QueryRow(ctx, q, id).Scan)
	return t, unknown(err, "token "+id)
}

// UseAssertion notes what a program has signed, once; a repetition is hospital.ErrStale.
// What has ended can't be shown again anyway, and is forgotten.
func (tx accountsTx) UseAssertion(ctx context.Context, token string, jti account.Hash, ends time.Time) error {
	const forget = `
		DELETE FROM assertions
		WHERE ends_at < $1`
	if _, err := tx.Exec(ctx, forget, ms(tx.Now())); err != nil {
		return err
	}
	const q = `
		INSERT INTO assertions (token, jti, ends_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (token, jti) DO NOTHING`
	done, err := tx.Exec(ctx, q, token, jti[:], ms(ends))
	if err != nil {
		return err
	}
	return changed(done, hospital.ErrStale)
}
