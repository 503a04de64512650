package db

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// clockLookBack is how many of the trail's last lines the clock is held against.
const clockLookBack = 1000

// Sign keeps a person's signature and its audit line, in the transaction of the
// deed that it is for. It uses up the proof. A proof that is not hers, was used or
// is too old is hospital.ErrForbidden; a clock that went backwards hospital.ErrClock.
func (tx *Tx) Sign(ctx context.Context, by hospital.Actor, s hospital.Signing) (hospital.Signature, error) {
	signature, err := tx.sign(ctx, by, s)
	if err != nil {
		return signature, fmt.Errorf("sign %s: %w", s.Subject, err)
	}
	return signature, nil
}

func (tx *Tx) sign(ctx context.Context, by hospital.Actor, s hospital.Signing) (hospital.Signature, error) {
	if s.Subject == "" || !slices.Contains(hospital.Meanings(), s.Meaning) || s.Content == (hospital.Content{}) {
		return hospital.Signature{}, fmt.Errorf("a signature needs a subject, a meaning and content: %w", hospital.ErrInvalid)
	}
	if err := tx.clockIsRight(ctx); err != nil {
		return hospital.Signature{}, err
	}
	if err := tx.useProof(ctx, by.ID, s.Proof); err != nil {
		return hospital.Signature{}, err
	}
	person, err := personByID(ctx, tx, by.ID)
	if err != nil {
		return hospital.Signature{}, err
	}
	signature := hospital.Signature{ID: "sig-" + strings.ToLower(rand.Text()[:12]), Subject: s.Subject, Meaning: s.Meaning,
		Person: person.ID, Name: person.Name, At: tx.now, Content: s.Content, Why: s.Why}
	if err := tx.siteTime(ctx, &signature); err != nil {
		return signature, err
	}
	if err := tx.addSignature(ctx, &signature); err != nil {
		return signature, err
	}
	return signature, tx.Record(ctx, hospital.Deed{By: by, What: "signature.sign", On: s.Subject, Why: s.Why, After: signedAs(signature)})
}

// signedAs is a signature as its audit line keeps it.
func signedAs(s hospital.Signature) string {
	text, err := json.Marshal(map[string]any{"signature": s.ID, "meaning": s.Meaning, "name": s.Name, "local": s.Local,
		"content": fmt.Sprintf("%x", s.Content)})
	if err != nil {
		return "" // only texts come here
	}
	return string(text)
}

// clockIsRight refuses when the trail's last lines or the last signature are of later than now.
func (tx *Tx) clockIsRight(ctx context.Context) error {
	const q = `
		WITH accepted AS (
			SELECT COALESCE(max(audit_seq), 0) AS audit_seq, COALESCE(max(signature_seq), 0) AS signature_seq
			FROM clock_accepted
		)
		SELECT max(
			COALESCE((SELECT max(at) FROM (SELECT seq, at FROM audit ORDER BY seq DESC LIMIT 0 + $1) WHERE seq > (SELECT audit_seq FROM accepted)), 0),
			COALESCE((SELECT max(at) FROM signatures WHERE seq > (SELECT signature_seq FROM accepted)), 0))`
	var latest int64
	if err := tx.QueryRow(ctx, q, clockLookBack).Scan(&latest); err != nil {
		return err
	}
	if ms(tx.now) < latest {
		return hospital.Refuse(hospital.ErrClock, "The server's clock went backwards, so nothing can be signed. Ask whoever looks after the server to set it right.")
	}
	return nil
}

// AcceptClock takes the clock as right from now on, whatever earlier records say.
func (d *DB) AcceptClock(ctx context.Context, by hospital.Actor, why string) error {
	if err := by.Need(hospital.ManageHospital); err != nil {
		return err
	}
	return d.InTx(ctx, func(tx *Tx) error {
		if err := tx.Record(ctx, hospital.Deed{By: by, What: "clock.accept", On: "clock", Why: why}); err != nil {
			return err
		}
		const q = `
			INSERT INTO clock_accepted (at, audit_seq, signature_seq)
			SELECT $1, (SELECT COALESCE(max(seq), 0) FROM audit), (SELECT COALESCE(max(seq), 0) FROM signatures)`
		_, err := tx.Exec(ctx, q, ms(tx.now))
		return err
	})
}

// useProof takes a proof, once.
func (tx *Tx) useProof(ctx context.Context, person hospital.PersonID, proof hospital.Proof) error {
	const q = `
		UPDATE signing_proofs
		SET used_at = $3
		WHERE hash = $1 AND person = $2 AND used_at IS NULL AND ends_at > $3`
	hash := proof.Hash()
	done, err := tx.Exec(ctx, q, hash[:], person, ms(tx.now))
	if err != nil {
		return err
	}
	return changed(done, hospital.Refuse(hospital.ErrForbidden, "A signature needs your password again, within two minutes. Nothing was signed."))
}

// AddProof keeps a proof that ends at a time, and forgets those that ended a day before.
func (tx *Tx) AddProof(ctx context.Context, person hospital.PersonID, proof hospital.Proof, ends time.Time) error {
	const qForget = `
		DELETE FROM signing_proofs
		WHERE ends_at < $1`
	if _, err := tx.Exec(ctx, qForget, ms(tx.now.AddDate(0, 0, -1))); err != nil {
		return err
	}
	const q = `
		INSERT INTO signing_proofs (hash, person, ends_at)
		VALUES ($1, $2, $3)`
	hash := proof.Hash()
	_, err := tx.Exec(ctx, q, hash[:], person, ms(ends))
	return err
}

// siteTime notes the instant by the site's clock.
func (tx *Tx) siteTime(ctx context.Context, s *hospital.Signature) error {
	const q = `
		SELECT zone
		FROM sites
		ORDER BY id
		LIMIT 1`
	err := tx.QueryRow(ctx, q).Scan(&s.Zone)
	if errors.Is(err, sql.ErrNoRows) {
		s.Zone, err = "UTC", nil
	}
	s.Local = s.At.In(hospital.Site{Zone: s.Zone}.Location()).Format(time.RFC3339)
	return err
}

func (tx *Tx) addSignature(ctx context.Context, s *hospital.Signature) error {
	const q = `
		INSERT INTO signatures (seq, id, subject, meaning, person, name, at, local, zone, content, why)
		SELECT COALESCE(max(seq), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
		FROM signatures
		RETURNING seq`
	return tx.QueryRow(ctx, q, s.ID, s.Subject, s.Meaning, s.Person, s.Name, ms(s.At), s.Local, s.Zone, s.Content[:], s.Why).Scan(&s.Seq)
}

const signatureColumns = `seq, id, subject, meaning, person, name, at, local, zone, content, why`

func scanSignature(rows *sql.Rows) (s hospital.Signature, err error) {
	var at int64
	var content []byte
	err = rows.Scan(&s.Seq, &s.ID, &s.Subject, &s.Meaning, &s.Person, &s.Name, &at, &s.Local, &s.Zone, &content, &s.Why)
	s.At = fromMS(at)
	copy(s.Content[:], content)
	return s, err
}

const qSignatures = `
	SELECT ` + signatureColumns + `
	FROM signatures
	WHERE subject = $1
	ORDER BY seq`

// Signatures lists what was signed of a record, the first first. Ask each whether
// it Stands over the record's present content.
func (d *DB) Signatures(ctx context.Context, subject string) ([]hospital.Signature, error) {
	rows, err := d.Query(ctx, qSignatures, subject)
	return gather(rows, err, scanSignature)
}

// SignaturesOf are those of several records at once, by their subject.
func (d *DB) SignaturesOf(ctx context.Context, subjects []string) (map[string][]hospital.Signature, error) {
	const q = `
		SELECT ` + signatureColumns + `
		FROM signatures
		WHERE subject IN (SELECT value FROM json_each($1))
		ORDER BY seq`
	asked, err := json.Marshal(subjects)
	if err != nil {
		return nil, err
	}
	rows, err := d.Query(ctx, q, string(asked))
	all, err := gather(rows, err, scanSignature)
	of := map[string][]hospital.Signature{}
	for _, s := range all {
		of[s.Subject] = append(of[s.Subject], s)
	}
	return of, err
}

// Signatures is DB.Signatures within a change.
func (tx *Tx) Signatures(ctx context.Context, subject string) ([]hospital.Signature, error) {
	rows, err := tx.Query(ctx, qSignatures, subject)
	return gather(rows, err, scanSignature)
}
