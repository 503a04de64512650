package db

import (
	"context"
	"database/sql"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

const passkeyColumns = `id, person, name, credential, created_at, last_used_at`

func scanPasskey(scan func(...any) error) (k account.Passkey, err error) {
	var created int64
	var used sql.NullInt64
	err = scan(&k.ID, &k.Person, &k.Name, &k.Credential, &created, &used)
	k.CreatedAt, k.LastUsedAt = fromMS(created), fromNullMS(used)
	return k, err
}

// Passkeys lists a person's passkeys, the oldest first.
func (a Accounts) Passkeys(ctx context.Context, id hospital.PersonID) ([]account.Passkey, error) {
	const q = `
		SELECT ` + passkeyColumns + `
		FROM passkeys
		WHERE person = $1
		ORDER BY created_at, id`
	rows, err := a.Query(ctx, q, id)
	return gather(rows, err, func(rows *sql.Rows) (account.Passkey, error) { return scanPasskey(rows.Scan) })
}

// Passkey is the passkey of a credential's id.
func (a Accounts) Passkey(ctx context.Context, id []byte) (account.Passkey, error) {
	const q = `
		SELECT ` + passkeyColumns + `
		FROM passkeys
		WHERE id = $1`
	k, err := scanPasskey(a.QueryRow(ctx, q, id).Scan)
	return k, unknown(err, "passkey")
}

func (tx accountsTx) AddPasskey(ctx context.Context, k account.Passkey) error {
	const q = `
		INSERT INTO passkeys (id, person, name, credential, created_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO NOTHING`
	done, err := tx.Exec(ctx, q, k.ID, k.Person, k.Name, k.Credential, ms(tx.Now()))
	if err != nil {
		return err
	}
	return changed(done, hospital.Refuse(hospital.ErrInvalid, "This passkey is known here already."))
}

func (tx accountsTx) UsePasskey(ctx context.Context, k account.Passkey) error {
	const q = `
		UPDATE passkeys
		SET credential = $2, last_used_at = $3
		WHERE id = $1`
	done, err := tx.Exec(ctx, q, k.ID, k.Credential, ms(tx.Now()))
	if err != nil {
		return err
	}
	return changed(done, hospital.ErrUnknown)
}

func (tx accountsTx) DropPasskey(ctx context.Context, person hospital.PersonID, id []byte) error {
	const q = `
		DELETE FROM passkeys
		WHERE person = $1 AND id = $2`
	done, err := tx.Exec(ctx, q, person, id)
	if err != nil {
		return err
	}
	return changed(done, hospital.ErrUnknown)
}
