package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
)

// ProofTime is how long a proof is good for a signature.
const ProofTime = 2 * time.Minute

// Again is how a signed-in person shows again who she is: 21 CFR 11.200(a).
type Again struct {
	Password Secret
	// Code is from her phone; asked of who signs in with two steps.
	Code string
	// Waiting and Answer are of a passkey, in place of a password: see BeginPasskeyProof.
	Waiting Secret
	Answer  []byte
	// Session is her session, for which the hospital's own sign-in may have vouched: see Vouch.
	Session Secret
}

var errNoPassword = hospital.Refuse(hospital.ErrInvalid, "You have no password here. Show who you are with a passkey, or at the hospital's own sign-in.")

// Confirm has a signed-in person show again who she is, and answers with a proof
// that is good for one signature. What is not right is hospital.ErrInvalid with a
// sentence, too many attempts ErrTooMany; both are recorded: 21 CFR 11.300(d).
// Programs and jobs can't sign: hospital.ErrForbidden.
func (p *Porter) Confirm(ctx context.Context, by hospital.Actor, again Again, from Origin) (hospital.Proof, error) {
	person, err := p.again(ctx, by, again, from)
	if err != nil {
		return "", err
	}
	proof := hospital.Proof(newSecret("").Reveal())
	err = p.store.InTx(ctx, func(tx Tx) error {
		return tx.AddProof(ctx, person.ID, proof, tx.Now().Add(ProofTime))
	})
	if err != nil {
		return "", fmt.Errorf("confirm %s: %w", by.ID, err)
	}
	return proof, nil
}

// again has her show who she is: with a passkey, by her provider's word, or with her
// password and the code where one is asked for.
func (p *Porter) again(ctx context.Context, by hospital.Actor, again Again, from Origin) (hospital.Person, error) {
	person, err := p.store.Person(ctx, by.ID)
	if errors.Is(err, hospital.ErrUnknown) {
		return person, hospital.Refuse(hospital.ErrForbidden, "Only a person with an account can do this.")
	}
	if err != nil {
		return person, fmt.Errorf("who confirms: %w", err)
	}
	if len(again.Answer) > 0 {
		if err := p.provePasskey(ctx, by, again); err != nil {
			return person, errors.Join(err, p.noteRefusal(ctx, by))
		}
		return person, nil
	}
	if again.Password == "" && p.vouches.take(again.Session, by.ID, p.now()) {
		return person, nil
	}
	return person, p.againByPassword(ctx, by, person, again, from)
}

func (p *Porter) againByPassword(ctx context.Context, by hospital.Actor, person hospital.Person, again Again, from Origin) error {
	if has, err := p.store.HasPassword(ctx, by.ID); err != nil || !has {
		return errors.Join(err, errNoPassword)
	}
	second, err := p.twoStepOf(ctx, by.ID)
	if err != nil {
		return err
	}
	_, right, err := p.tryPassword(ctx, person.Email, again.Password, from)
	if err != nil {
		return err
	}
	if right && second.On() {
		if err := p.useCode(ctx, by, again.Code, "account.confirm-code"); err != nil {
			if errors.Is(err, hospital.ErrInvalid) {
				return errors.Join(err, p.noteWrongCode(ctx, by.ID, from))
			}
			return err
		}
	}
	if !right {
		return errors.Join(errPresent, p.noteRefusal(ctx, by))
	}
	p.throttle.succeeded(person.Email, from.Address, p.now())
	return nil
}

func (p *Porter) noteRefusal(ctx context.Context, by hospital.Actor) error {
	return p.store.InTx(ctx, func(tx Tx) error {
		return tx.Record(ctx, hospital.Deed{By: by, What: "account.confirm-refused", On: "person/" + string(by.ID)})
	})
}

// GiveAll sets one password for many people, for a made-up hospital where
// everybody should be able to sign. It takes the right to manage people.
func (p *Porter) GiveAll(ctx context.Context, by hospital.Actor, people []hospital.Person, password Secret) error {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return err
	}
	encoded, err := p.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return p.store.InTx(ctx, func(tx Tx) error {
		for _, person := range people {
			if err := tx.PutPassword(ctx, person.ID, encoded); err != nil {
				return err
			}
			if err := tx.Record(ctx, hospital.Deed{By: by, What: "account.set-password", On: "person/" + string(person.ID)}); err != nil {
				return err
			}
		}
		return nil
	})
}
