package db

import (
	"context"
	"database/sql"
	"errors"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// BySubject is the person whom a provider calls by a subject.
func (tx accountsTx) BySubject(ctx context.Context, issuer, subject string) (hospital.Person, error) {
	const q = `
		SELECT ` + personColumns + `
		FROM sso_subjects s
		JOIN people p ON p.id = s.person
		WHERE s.issuer = $1 AND s.subject = $2`
	p, err := scanPerson(tx.QueryRow(ctx, q, issuer, subject).Scan)
	return p, unknown(err, "subject")
}

// Provisioned is the person whom a directory brought in by an external id, or else by her address.
func (tx accountsTx) Provisioned(ctx context.Context, externalID, email string) (hospital.Person, error) {
	const q = `
		SELECT ` + personColumns + `
		FROM scim_people s
		JOIN people p ON p.id = s.person
		WHERE ($1 <> '' AND s.external_id = $1) OR ($2 <> '' AND (s.user_name = $2 OR p.email = $2))
		ORDER BY s.external_id = $1 DESC
		LIMIT 1`
	p, err := scanPerson(tx.QueryRow(ctx, q, externalID, email).Scan)
	return p, unknown(err, "provisioned person")
}

// HasEmail says whether an address is somebody's.
func (tx accountsTx) HasEmail(ctx context.Context, email string) (bool, error) {
	const q = `
		SELECT 1
		FROM people
		WHERE email = $1`
	var one int
	err := tx.QueryRow(ctx, q, email).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (tx accountsTx) LinkSubject(ctx context.Context, issuer, subject string, person hospital.PersonID) error {
	const q = `
		INSERT INTO sso_subjects (issuer, subject, person, at)
		VALUES ($1, $2, $3, $4)`
	_, err := tx.Exec(ctx, q, issuer, subject, person, ms(tx.Now()))
	return err
}

const scimColumns = `s.user_name, s.external_id, s.made_at, s.changed_at`

func scanMember(scan func(...any) error) (m account.Member, err error) {
	var made, changed int64
	m.Person, err = scanPerson(scan, &m.UserName, &m.ExternalID, &made, &changed)
	m.MadeAt, m.ChangedAt = fromMS(made), fromMS(changed)
	return m, err
}

// Member is one person whom a directory looks after.
func (a Accounts) Member(ctx context.Context, id hospital.PersonID) (account.Member, error) {
	const q = `
		SELECT ` + personColumns + `, ` + scimColumns + `
		FROM scim_people s
		JOIN people p ON p.id = s.person
		WHERE s.person = $1`
	m, err := scanMember(a.QueryRow(ctx, q, id).Scan)
	return m, unknown(err, "member "+string(id))
}

// Members are up to limit of those whom a directory looks after, by user name, and how many there are.
func (a Accounts) Members(ctx context.Context, f account.MemberFilter, offset, limit int) (members []account.Member, total int, err error) {
	const where = `
		FROM scim_people s
		JOIN people p ON p.id = s.person
		WHERE ($1 = '' OR s.user_name = lower($1)) AND ($2 = '' OR s.external_id = $2) AND ($3 = '' OR p.email = lower($3))`
	if err := a.QueryRow(ctx, `SELECT count(*)`+where, f.UserName, f.ExternalID, f.Email).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := a.Query(ctx, `SELECT `+personColumns+`, `+scimColumns+where+`
		ORDER BY s.user_name
		LIMIT 0 + $4 OFFSET $5`, f.UserName, f.ExternalID, f.Email, limit, offset)
	members, err = gather(rows, err, func(rows *sql.Rows) (account.Member, error) { return scanMember(rows.Scan) })
	return members, total, err
}

func (tx accountsTx) PutMember(ctx context.Context, m account.Member) error {
	const qTaken = `
		SELECT 1
		FROM scim_people
		WHERE user_name = $1 AND person <> $2`
	var one int
	if err := tx.QueryRow(ctx, qTaken, m.UserName, m.Person.ID).Scan(&one); err == nil {
		return hospital.Refuse(account.ErrTaken, "There is somebody with this user name already.")
	} else if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	const q = `
		INSERT INTO scim_people (person, user_name, external_id, made_at, changed_at)
		VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (person) DO UPDATE SET user_name = excluded.user_name, external_id = excluded.external_id, changed_at = excluded.changed_at`
	_, err := tx.Exec(ctx, q, m.Person.ID, m.UserName, m.ExternalID, ms(tx.Now()))
	return err
}
