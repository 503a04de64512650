package db

import (
	"context"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/certificate"
	"wardwatch/tracking/notify"
)

// Certificates keeps gateways' client certificates; it is a certificate.Store.
type Certificates struct{ *DB }

var _ certificate.Store = Certificates{}

type certificatesTx struct{ *Tx }

// InTx runs a change to certificates in a transaction and returns once it is durable.
func (c Certificates) InTx(ctx context.Context, change func(certificate.Tx) error) error {
	return c.DB.InTx(ctx, func(tx *Tx) error { return change(certificatesTx{tx}) })
}

const certificateColumns = `fingerprint, gateway, issuer, ends_at, first_shown, last_shown, blocked_at`

func scanCertificate(s scanner) (c certificate.Certificate, err error) {
	var ends, first, last, blocked int64
	err = s.Scan(&c.Fingerprint, &c.Gateway, &c.Issuer, &ends, &first, &last, &blocked)
	c.EndsAt, c.FirstShown, c.LastShown, c.BlockedAt = fromMS(ends), fromMS(first), fromMS(last), fromMS(blocked)
	return c, err
}

// Certificate is one of them, or hospital.ErrUnknown.
func (c Certificates) Certificate(ctx context.Context, f certificate.Fingerprint) (certificate.Certificate, error) {
	const q = `
		SELECT ` + certificateColumns + `
		FROM client_certificates
		WHERE fingerprint = $1`
	return found(scanCertificate(c.QueryRow(ctx, q, f)))(hospital.ErrUnknown, "certificate "+string(f))
}

// Certificates are all, by gateway, the newest first.
func (c Certificates) Certificates(ctx context.Context) ([]certificate.Certificate, error) {
	const q = `
		SELECT ` + certificateColumns + `
		FROM client_certificates
		ORDER BY gateway, first_shown DESC`
	rows, err := c.Query(ctx, q)
	all, err := scanAll(rows, err, scanCertificate)
	if err != nil {
		return nil, fmt.Errorf("list client certificates: %w", err)
	}
	return all, nil
}

// AddCertificate notes one that was never shown before; two connections may show it at once.
func (tx certificatesTx) AddCertificate(ctx context.Context, c certificate.Certificate) error {
	const q = `
		INSERT INTO client_certificates (fingerprint, gateway, issuer, ends_at, first_shown, last_shown)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (fingerprint) DO NOTHING`
	_, err := tx.Exec(ctx, q, c.Fingerprint, c.Gateway, c.Issuer, ms(c.EndsAt), ms(c.FirstShown), ms(c.LastShown))
	return err
}

// TouchCertificate notes a use.
func (tx certificatesTx) TouchCertificate(ctx context.Context, f certificate.Fingerprint) error {
	const q = `
		UPDATE client_certificates
		SET last_shown = max(last_shown, $2)
		WHERE fingerprint = $1`
	_, err := tx.Exec(ctx, q, f, ms(tx.Now()))
	return err
}

// BlockCertificate sets since when it is blocked.
func (tx certificatesTx) BlockCertificate(ctx context.Context, f certificate.Fingerprint, since time.Time) error {
	const q = `
		UPDATE client_certificates
		SET blocked_at = $2
		WHERE fingerprint = $1`
	result, err := tx.Exec(ctx, q, f, ms(since))
	if err != nil {
		return err
	}
	return oneRow(result, hospital.ErrUnknown)
}

// OngoingSubjects are the things that an alarm of a kind rings for.
func (tx *Tx) OngoingSubjects(ctx context.Context, kind notify.Kind) ([]string, error) {
	const q = `
		SELECT subject
		FROM alarms
		WHERE kind = $1 AND returned_at IS NULL AND closed_at IS NULL
		ORDER BY subject`
	rows, err := tx.Query(ctx, q, kind)
	return scanAll(rows, err, func(s scanner) (subject string, err error) { return subject, s.Scan(&subject) })
}
