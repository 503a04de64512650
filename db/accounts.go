package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// Accounts keeps people, passwords, sessions, links and tokens; it is an account.Store.
type Accounts struct{ *DB }

var (
	_ account.Store = Accounts{}
	_ account.Tx    = accountsTx{}
)

// accountsTx is an account.Tx.
type accountsTx struct{ *Tx }

// InTx is DB.InTx with what accounts need of a change.
func (a Accounts) InTx(ctx context.Context, change func(account.Tx) error) error {
	return a.DB.InTx(ctx, func(tx *Tx) error { return change(accountsTx{tx}) })
}

// unknown turns an answer of no rows into hospital.ErrUnknown with the thing's name.
func unknown(err error, thing string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", thing, hospital.ErrUnknown)
	}
	return err
}

func hashOf(stored []byte) (h account.Hash) {
	copy(h[:], stored)
	return h
}

// Session is a session and its person.
func (a Accounts) Session(ctx context.Context, hash account.Hash) (s account.Session, p hospital.Person, err error) {
	const q = `
		SELECT ` + personColumns + `, s.started_at, s.seen_at, s.locked_at, s.address, s.browser,
			COALESCE((SELECT max(ends_at) FROM emergencies WHERE person = p.id AND ended_at IS NULL), 0),
			` + mustEnrol + `, p.language, p.degrees, p.clock, p.letters
		FROM sessions s
		JOIN people p ON p.id = s.person
		WHERE s.hash = $1`
	var started, seen, emergency int64
	var locked sql.NullInt64
	var language string
	var habits hospital.Habits
	p, err = scanPerson(a.QueryRow(ctx, q, hash[:]).Scan, &started, &seen, &locked, &s.Origin.Address, &s.Origin.Browser, &emergency, &s.MustEnrol, &language, &habits.Degrees, &habits.Clock, &habits.Letters)
	if err != nil {
		return s, p, unknown(err, "session")
	}
	p.Language, p.Habits = language, habits
	s.EmergencyUntil = fromMS(emergency)
	if p.StandsIn, err = a.standsIn(ctx, p.ID, a.now()); err != nil {
		return s, p, err
	}
	s.Hash, s.Person, s.StartedAt, s.SeenAt, s.LockedAt = hash, p.ID, fromMS(started), fromMS(seen), fromNullMS(locked)
	return s, p, nil
}

// Sessions lists a person's sessions, the last used first.
func (a Accounts) Sessions(ctx context.Context, person hospital.PersonID) ([]account.Session, error) {
	const q = `
		SELECT hash, started_at, seen_at, locked_at, address, browser
		FROM sessions
		WHERE person = $1
		ORDER BY seen_at DESC`
	rows, err := a.Query(ctx, q, person)
	return gather(rows, err, func(rows *sql.Rows) (account.Session, error) {
		s := account.Session{Person: person}
		var hash []byte
		var started, seen int64
		var locked sql.NullInt64
		err := rows.Scan(&hash, &started, &seen, &locked, &s.Origin.Address, &s.Origin.Browser)
		s.Hash, s.StartedAt, s.SeenAt, s.LockedAt = hashOf(hash), fromMS(started), fromMS(seen), fromNullMS(locked)
		return s, err
	})
}

// Credential is the account of an e-mail address in lower case.
func (a Accounts) Credential(ctx context.Context, email string) (c account.Credential, err error) {
	const q = `
		SELECT ` + personColumns + `, COALESCE(w.password, '')
		FROM people p
		LEFT JOIN passwords w ON w.person = p.id
		WHERE p.email = $1`
	c.Person, err = scanPerson(a.QueryRow(ctx, q, email).Scan, &c.Password)
	return c, unknown(err, "account")
}

// Person is one person.
func (a Accounts) Person(ctx context.Context, id hospital.PersonID) (hospital.Person, error) {
	const q = `
		SELECT ` + personColumns + `
		FROM people p
		WHERE p.id = $1`
	p, err := scanPerson(a.QueryRow(ctx, q, id).Scan)
	return p, unknown(err, "person "+string(id))
}

// People lists everybody by name, those whose account is disabled last.
func (a Accounts) People(ctx context.Context) ([]hospital.Person, error) {
	const q = `
		SELECT ` + personColumns + `
		FROM people p
		ORDER BY p.disabled_at IS NOT NULL, p.name, p.id`
	rows, err := a.Query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (hospital.Person, error) { return scanPerson(rows.Scan) })
}

// Link is a one-time link.
func (a Accounts) Link(ctx context.Context, hash account.Hash) (account.Link, error) {
	const q = `
		SELECT COALESCE(person, ''), expires_at, used_at
		FROM account_links
		WHERE hash = $1`
	l := account.Link{Hash: hash}
	var expires int64
	var used sql.NullInt64
	err := a.QueryRow(ctx, q, hash[:]).Scan(&l.Person, &expires, &used)
	l.ExpiresAt, l.UsedAt = fromMS(expires), fromNullMS(used)
	return l, unknown(err, "link")
}

// twoStep reads a person's second step by DB or Tx.
func twoStep(row Row, id hospital.PersonID) (account.TwoStep, error) {
	t := account.TwoStep{Person: id}
	var confirmed sql.NullInt64
	err := row.Scan(&t.Secret, &confirmed, &t.LastStep)
	t.ConfirmedAt = fromNullMS(confirmed)
	return t, unknown(err, "second step of "+string(id))
}

const qTwoStep = `
	SELECT secret, confirmed_at, last_step
	FROM two_step
	WHERE person = $1`

// TwoStep is a person's second step of signing in.
func (a Accounts) TwoStep(ctx context.Context, id hospital.PersonID) (account.TwoStep, error) {
	return twoStep(a.QueryRow(ctx, qTwoStep, id), id)
}

func (tx accountsTx) TwoStep(ctx context.Context, id hospital.PersonID) (account.TwoStep, error) {
	return twoStep(tx.QueryRow(ctx, qTwoStep, id), id)
}

func (tx accountsTx) PutTwoStep(ctx context.Context, t account.TwoStep) error {
	const q = `
		INSERT INTO two_step (person, secret, confirmed_at, last_step)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (person) DO UPDATE
		SET secret = excluded.secret, confirmed_at = excluded.confirmed_at, last_step = excluded.last_step`
	_, err := tx.Exec(ctx, q, t.Person, t.Secret, nullMS(t.ConfirmedAt), t.LastStep)
	return err
}

func (tx accountsTx) DropTwoStep(ctx context.Context, id hospital.PersonID) error {
	const q = `
		DELETE FROM two_step
		WHERE person = $1`
	_, err := tx.Exec(ctx, q, id)
	return err
}

const tokenColumns = `id, name, COALESCE(gateway, ''), COALESCE(role, ''), scim, COALESCE(public_keys, ''), COALESCE(supplier, ''), hash, created_at, created_by, last_used_at, revoked_at, ends_at`

func scanToken(scan func(...any) error) (t account.Token, err error) {
	var hash []byte
	var created int64
	var used, revoked, ends sql.NullInt64
	err = scan(&t.ID, &t.Name, &t.Gateway, &t.Role, &t.SCIM, &t.PublicKeys, &t.Supplier, &hash, &created, &t.CreatedBy, &used, &revoked, &ends)
	t.Hash, t.CreatedAt, t.LastUsedAt, t.RevokedAt = hashOf(hash), fromMS(created), fromNullMS(used), fromNullMS(revoked)
	t.EndsAt = fromNullMS(ends)
	return t, err
}

// Token is the token with a secret's hash.
func (a Accounts) Token(ctx context.Context, hash account.Hash) (account.Token, error) {
	const q = `
		SELECT ` + tokenColumns + `
		FROM tokens
		WHERE hash = $1`
	t, err := scanToken(a.QueryRow(ctx, q, hash[:]).Scan)
	return t, unknown(err, "token")
}

// Tokens lists all tokens, those that are good first, then by name.
func (a Accounts) Tokens(ctx context.Context) ([]account.Token, error) {
	const q = `
		SELECT ` + tokenColumns + `
		FROM tokens
		ORDER BY revoked_at IS NOT NULL, name, id`
	rows, err := a.Query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (account.Token, error) { return scanToken(rows.Scan) })
}

func (tx accountsTx) Administrators(ctx context.Context) (int, error) {
	return administrators(ctx, tx.Tx)
}

func (tx accountsTx) Person(ctx context.Context, id hospital.PersonID) (hospital.Person, error) {
	return personByID(ctx, tx.Tx, id)
}

func (tx accountsTx) PutPerson(ctx context.Context, p hospital.Person) error {
	if p.Unit != "" {
		const q = `
			SELECT 1
			FROM units
			WHERE id = $1`
		var one int
		if err := tx.QueryRow(ctx, q, p.Unit).Scan(&one); errors.Is(err, sql.ErrNoRows) {
			return hospital.Refuse(hospital.ErrInvalid, "There is no such unit.")
		} else if err != nil {
			return err
		}
	}
	return putPerson(ctx, tx.Tx, p)
}

// PutLanguage keeps what a person reads pages in.
func (tx accountsTx) PutLanguage(ctx context.Context, id hospital.PersonID, language string) error {
	const q = `
		UPDATE people
		SET language = $2
		WHERE id = $1`
	_, err := tx.Exec(ctx, q, id, language)
	return err
}

// PutHabits keeps how a person likes pages shown.
func (tx accountsTx) PutHabits(ctx context.Context, id hospital.PersonID, h hospital.Habits) error {
	const q = `
		UPDATE people
		SET degrees = $2, clock = $3, letters = $4
		WHERE id = $1`
	_, err := tx.Exec(ctx, q, id, h.Degrees, h.Clock, h.Letters)
	return err
}

func (tx accountsTx) Disable(ctx context.Context, id hospital.PersonID, at time.Time) error {
	const q = `
		UPDATE people
		SET disabled_at = $2
		WHERE id = $1`
	_, err := tx.Exec(ctx, q, id, nullMS(at))
	return err
}

func (tx accountsTx) PutPassword(ctx context.Context, id hospital.PersonID, encoded string) error {
	const q = `
		INSERT INTO passwords (person, password, set_at)
		VALUES ($1, $2, $3)
		ON CONFLICT (person) DO UPDATE SET password = excluded.password, set_at = excluded.set_at`
	_, err := tx.Exec(ctx, q, id, encoded, ms(tx.Now()))
	return err
}

func (tx accountsTx) StartSession(ctx context.Context, s account.Session) error {
	const q = `
		INSERT INTO sessions (hash, person, started_at, seen_at, address, browser)
		VALUES ($1, $2, $3, $4, $5, $6)`
	_, err := tx.Exec(ctx, q, s.Hash[:], s.Person, ms(s.StartedAt), ms(s.SeenAt), s.Origin.Address, s.Origin.Browser)
	return err
}

func (tx accountsTx) TouchSession(ctx context.Context, hash account.Hash, at time.Time) error {
	const q = `
		UPDATE sessions
		SET seen_at = $2
		WHERE hash = $1`
	_, err := tx.Exec(ctx, q, hash[:], ms(at))
	return err
}

func (tx accountsTx) EndSession(ctx context.Context, hash account.Hash) error {
	const q = `
		DELETE FROM sessions
		WHERE hash = $1`
	_, err := tx.Exec(ctx, q, hash[:])
	return err
}

func (tx accountsTx) EndSessions(ctx context.Context, id hospital.PersonID, keep account.Hash) error {
	const q = `
		DELETE FROM sessions
		WHERE person = $1 AND hash <> $2`
	_, err := tx.Exec(ctx, q, id, keep[:])
	return err
}

func (tx accountsTx) DropSessions(ctx context.Context, started time.Time) error {
	const q = `
		DELETE FROM sessions
		WHERE started_at <= $1`
	_, err := tx.Exec(ctx, q, ms(started))
	return err
}

func (tx accountsTx) AddLink(ctx context.Context, l account.Link) error {
	const qEnd = `
		UPDATE account_links
		SET used_at = $2
		WHERE COALESCE(person, '') = $1 AND used_at IS NULL`
	if _, err := tx.Exec(ctx, qEnd, l.Person, ms(tx.Now())); err != nil {
		return err
	}
	const q = `
		INSERT INTO account_links (hash, person, created_at, expires_at)
		VALUES ($1, NULLIF($2, ''), $3, $4)`
	_, err := tx.Exec(ctx, q, l.Hash[:], l.Person, ms(tx.Now()), ms(l.ExpiresAt))
	return err
}

func (tx accountsTx) UseLink(ctx context.Context, hash account.Hash) error {
	const q = `
		UPDATE account_links
		SET used_at = $2
		WHERE hash = $1 AND used_at IS NULL AND expires_at > $2`
	done, err := tx.Exec(ctx, q, hash[:], ms(tx.Now()))
	if err != nil {
		return err
	}
	return changed(done, hospital.Refuse(hospital.ErrStale, "This link was used already. Ask your administrator for a new one."))
}

// changed is nil when a statement found its row, else the error given.
func changed(done sql.Result, otherwise error) error {
	n, err := done.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return otherwise
	}
	return nil
}

func (tx accountsTx) AddToken(ctx context.Context, t account.Token) error {
	const q = `
		INSERT INTO tokens (id, name, gateway, role, scim, public_keys, hash, created_at, created_by, supplier)
		VALUES ($1, $2, NULLIF($3, ''), NULLIF($4, ''), $5, NULLIF($6, ''), $7, $8, $9, NULLIF($10, ''))`
	_, err := tx.Exec(ctx, q, t.ID, t.Name, t.Gateway, t.Role, t.SCIM, t.PublicKeys, t.Hash[:], ms(t.CreatedAt), t.CreatedBy, t.Supplier)
	return err
}

func (tx accountsTx) TouchToken(ctx context.Context, id string) error {
	const q = `
		UPDATE tokens
		SET last_used_at = $2
		WHERE id = $1`
	_, err := tx.Exec(ctx, q, id, ms(tx.Now()))
	return err
}

func (tx accountsTx) EndToken(ctx context.Context, id string, at time.Time) (account.Token, error) {
	const q = `
		UPDATE tokens
		SET ends_at = min(COALESCE(ends_at, $2), $2)
		WHERE id = $1 AND revoked_at IS NULL
		RETURNING ` + tokenColumns
	t, err := scanToken(tx.QueryRow(ctx, q, id, ms(at)).Scan)
	return t, unknown(err, "token "+id)
}

func (tx accountsTx) RevokeTokensOf(ctx context.Context, id hospital.PersonID) error {
	const q = `
		UPDATE tokens
		SET revoked_at = $2
		WHERE created_by = $1 AND role IS NOT NULL AND revoked_at IS NULL`
	_, err := tx.Exec(ctx, q, id, ms(tx.Now()))
	return err
}

func (tx accountsTx) RevokeToken(ctx context.Context, id string) error {
	const q = `
		UPDATE tokens
		SET revoked_at = COALESCE(revoked_at, $2)
		WHERE id = $1`
	done, err := tx.Exec(ctx, q, id, ms(tx.Now()))
	if err != nil {
		return err
	}
	return changed(done, fmt.Errorf("token %s: %w", id, hospital.ErrUnknown))
}
