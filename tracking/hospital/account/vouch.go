package account

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"wardwatch/tracking/hospital"
)

// A signed-in person can show again who she is without a password: with a passkey, or
// at the hospital's own sign-in, which is asked to see her anew (OpenID Connect Core
// §3.1.2.1: prompt=login, max_age=0) and says when it did (auth_time).

// vouchSlack is how far the provider's clock may run behind ours.
const vouchSlack = 30 * time.Second

// vouched is that a provider has seen a person anew, for one use by one session.
type vouched struct {
	person hospital.PersonID
	until  time.Time
}

type vouches struct {
	mu        sync.Mutex
	bySession map[Hash]vouched
}

func (v *vouches) put(session Secret, id hospital.PersonID, at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.bySession == nil {
		v.bySession = map[Hash]vouched{}
	}
	makeRoom(v.bySession, func(old vouched) bool { return at.After(old.until) })
	v.bySession[session.Hash()] = vouched{id, at.Add(ProofTime)}
}

func (v *vouches) stands(session Secret, id hospital.PersonID, at time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	one, ok := v.bySession[session.Hash()]
	return ok && one.person == id && !at.After(one.until)
}

func (v *vouches) take(session Secret, id hospital.PersonID, at time.Time) bool {
	stands := session != "" && v.stands(session, id, at)
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.bySession, session.Hash())
	return stands
}

// Vouch takes what the provider says of somebody who was sent there at an instant to be
// seen anew: it must be the person of this session, seen since. What she does next with
// this session is done by her; anything else is hospital.ErrInvalid, and recorded.
func (p *Porter) Vouch(ctx context.Context, by hospital.Actor, session Secret, c Claims, sent time.Time) error {
	err := p.store.InTx(ctx, func(tx Tx) error {
		person, err := tx.BySubject(ctx, c.Issuer, c.Subject)
		if err != nil && !errors.Is(err, hospital.ErrUnknown) {
			return err
		}
		if err != nil || person.ID != by.ID || !person.DisabledAt.IsZero() {
			return hospital.Refuse(hospital.ErrInvalid, "The hospital's sign-in says that you are somebody else. Nothing was signed.")
		}
		if c.AuthTime.Before(sent.Add(-vouchSlack).Truncate(time.Second)) {
			return hospital.Refuse(hospital.ErrInvalid, "The hospital's sign-in did not ask you anew who you are, so nothing can be signed with it. Tell an administrator.")
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "account.confirm-single-sign-on", On: "person/" + string(by.ID)})
	})
	if err != nil {
		if hospital.Sentence(err) != "" {
			err = errors.Join(err, p.noteRefusal(ctx, by))
		}
		return fmt.Errorf("vouch for %s: %w", by.ID, err)
	}
	p.vouches.put(session, by.ID, p.now())
	return nil
}

// Vouched says whether the provider has just seen the person of a session anew.
func (p *Porter) Vouched(by hospital.Actor, session Secret) bool {
	return p.vouches.stands(session, by.ID, p.now())
}

// HasPassword says whether somebody has a password here.
func (p *Porter) HasPassword(ctx context.Context, by hospital.Actor) (bool, error) {
	return p.store.HasPassword(ctx, by.ID)
}

// BeginPasskeyProof begins to have a signed-in person show again who she is, with one of her passkeys.
func (p *Porter) BeginPasskeyProof(ctx context.Context, by hospital.Actor, origin string) (Ceremony, error) {
	party, err := relyingParty(origin)
	if err != nil {
		return Ceremony{}, err
	}
	h, err := p.holder(ctx, by.ID)
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin a proof by passkey: %w", err)
	}
	if len(h.keys) == 0 {
		return Ceremony{}, hospital.Refuse(hospital.ErrInvalid, "You have no passkey yet. Make one under Your account.")
	}
	options, session, err := party.BeginLogin(h, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin a proof by passkey: %w", err)
	}
	return p.ceremony(options, ceremony{session: *session, origin: origin, person: by.ID, proves: true})
}

// provePasskey ends what BeginPasskeyProof began.
func (p *Porter) provePasskey(ctx context.Context, by hospital.Actor, again Again) error {
	one, ok := p.ceremonies.end(again.Waiting, p.now())
	if !ok || !one.proves || one.person != by.ID || len(again.Answer) > maxCeremony {
		return errCeremony
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(again.Answer)
	if err != nil {
		return errCeremony
	}
	h, err := p.holder(ctx, by.ID)
	if err != nil {
		return fmt.Errorf("prove by passkey: %w", err)
	}
	party, err := relyingParty(one.origin)
	if err != nil {
		return err
	}
	credential, err := party.ValidateLogin(h, one.session, parsed)
	if err != nil || credential.Authenticator.CloneWarning {
		return errCeremony
	}
	return p.keepUse(ctx, by.ID, credential)
}
