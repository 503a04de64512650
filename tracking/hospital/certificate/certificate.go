// Package certificate knows gateways by their client certificates.
//
// TLS has verified that one of the hospital's authorities signed the certificate.
// Its common name says which gateway it was made for; the first time that it is
// shown it is noted here, with its end, so that people see it coming, and from then
// on an administrator can block it at once, without waiting for the authority.
package certificate

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
)

const (
	// touchEvery is how exactly the last use is known.
	touchEvery = time.Minute
	// Warning is how long before its end a certificate is warned of.
	Warning = 30 * 24 * time.Hour
	// inUse is how recently a certificate was shown that is worth a warning.
	inUse = 60 * 24 * time.Hour
)

// Fingerprint is the SHA-256 of a certificate, in hexadecimal.
type Fingerprint string

// FingerprintOf is the certificate's.
func FingerprintOf(leaf *x509.Certificate) Fingerprint {
	sum := sha256.Sum256(leaf.Raw)
	return Fingerprint(hex.EncodeToString(sum[:]))
}

// Certificate is one that a gateway has shown.
type Certificate struct {
	Fingerprint Fingerprint
	Gateway     hospital.GatewayID
	Issuer      string // whose authority signed it
	EndsAt      time.Time
	FirstShown  time.Time
	LastShown   time.Time // to the minute
	BlockedAt   time.Time // zero while it is good
}

// Ending says whether somebody should see to a new one: it is in use, is not
// blocked, and ends within Warning.
func (c Certificate) Ending(at time.Time) bool {
	return c.BlockedAt.IsZero() && at.Sub(c.LastShown) < inUse && c.EndsAt.Sub(at) < Warning
}

// Store keeps certificates.
type Store interface {
	InTx(ctx context.Context, change func(Tx) error) error
	// Certificate is one of them, or hospital.ErrUnknown.
	Certificate(ctx context.Context, f Fingerprint) (Certificate, error)
	// Certificates are all, by gateway, the newest first.
	Certificates(ctx context.Context) ([]Certificate, error)
}

// Tx is a change in progress.
type Tx interface {
	Now() time.Time
	AddCertificate(ctx context.Context, c Certificate) error
	TouchCertificate(ctx context.Context, f Fingerprint) error
	// BlockCertificate sets since when it is blocked, the zero time: it is not.
	// hospital.ErrUnknown when there is none.
	BlockCertificate(ctx context.Context, f Fingerprint, since time.Time) error
	Announce(topics ...string)
	Record(ctx context.Context, deed hospital.Deed) error
}

// Desk is where certificates are checked and looked after.
type Desk struct {
	Store    Store
	Register *hospital.Register
	Now      func() time.Time
}

// Check says for which gateway a certificate speaks that TLS has verified;
// hospital.ErrForbidden when its common name is no gateway's, when it has ended
// since the connection began, or when somebody has blocked it.
func (d *Desk) Check(ctx context.Context, leaf *x509.Certificate) (hospital.GatewayID, error) {
	at := d.Now()
	gateway := hospital.GatewayID(leaf.Subject.CommonName)
	if _, known := d.Register.Current().Gateway(gateway); !known || at.After(leaf.NotAfter) {
		return "", fmt.Errorf("certificate of %q: %w", gateway, hospital.ErrForbidden)
	}
	known, err := d.Store.Certificate(ctx, FingerprintOf(leaf))
	switch {
	case errors.Is(err, hospital.ErrUnknown):
		return gateway, d.note(ctx, leaf, gateway)
	case err != nil:
		return "", fmt.Errorf("check certificate of %s: %w", gateway, err)
	case !known.BlockedAt.IsZero():
		return "", fmt.Errorf("certificate of %s is blocked: %w", gateway, hospital.ErrForbidden)
	case at.Sub(known.LastShown) >= touchEvery:
		err = d.Store.InTx(ctx, func(tx Tx) error { return tx.TouchCertificate(ctx, known.Fingerprint) })
	}
	return gateway, err
}

// note remembers a certificate that was never shown before.
func (d *Desk) note(ctx context.Context, leaf *x509.Certificate, gateway hospital.GatewayID) error {
	c := Certificate{Fingerprint: FingerprintOf(leaf), Gateway: gateway, Issuer: leaf.Issuer.String(), EndsAt: leaf.NotAfter}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		c.FirstShown, c.LastShown = tx.Now(), tx.Now()
		if err := tx.AddCertificate(ctx, c); err != nil {
			return err
		}
		tx.Announce("gateways")
		after, err := json.Marshal(map[string]any{"fingerprint": c.Fingerprint, "issuer": c.Issuer, "ends_at": c.EndsAt})
		if err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: hospital.Job("devices"), What: "certificate.first", On: "gateway/" + string(gateway), After: string(after)})
	})
	if err != nil {
		return fmt.Errorf("note certificate of %s: %w", gateway, err)
	}
	return nil
}

// List is every certificate that was ever shown.
func (d *Desk) List(ctx context.Context, by hospital.Actor) ([]Certificate, error) {
	if err := by.Need(hospital.SeeDevices); err != nil {
		return nil, err
	}
	return d.Store.Certificates(ctx)
}

// Block ends a certificate at once; the connections that it opened end within seconds.
func (d *Desk) Block(ctx context.Context, by hospital.Actor, f Fingerprint, why string) error {
	return d.block(ctx, by, f, "certificate.block", why, func(tx Tx) time.Time { return tx.Now() })
}

// Unblock lets a certificate in again.
func (d *Desk) Unblock(ctx context.Context, by hospital.Actor, f Fingerprint, why string) error {
	return d.block(ctx, by, f, "certificate.unblock", why, func(Tx) time.Time { return time.Time{} })
}

func (d *Desk) block(ctx context.Context, by hospital.Actor, f Fingerprint, deed, why string, since func(Tx) time.Time) error {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return err
	}
	c, err := d.Store.Certificate(ctx, f)
	if err != nil {
		return err
	}
	err = d.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.BlockCertificate(ctx, f, since(tx)); err != nil {
			return err
		}
		tx.Announce("gateways")
		return tx.Record(ctx, hospital.Deed{By: by, What: deed, On: "gateway/" + string(c.Gateway), Why: why, After: `{"fingerprint":"` + string(f) + `"}`})
	})
	if err != nil {
		return fmt.Errorf("%s of %s: %w", deed, c.Gateway, err)
	}
	return nil
}

// Ending are the certificates in use that somebody should see to.
func (d *Desk) Ending(ctx context.Context) ([]Certificate, error) {
	all, err := d.Store.Certificates(ctx)
	if err != nil {
		return nil, err
	}
	var ending []Certificate
	for _, c := range all {
		if c.Ending(d.Now()) {
			ending = append(ending, c)
		}
	}
	return ending, nil
}
