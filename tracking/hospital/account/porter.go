package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
)

// touchEvery is how exact the time is at which a session or token was last used:
// a write for every request would cost more than it tells.
const touchEvery = time.Minute

// Porter lets people in. Its methods may be called by any goroutine.
type Porter struct {
	store    Store
	limits   Limits
	now      func() time.Time
	hasher   *hasher
	throttle *throttle
	waiting  waitingRoom

	ceremonies ceremonies
	vouches    vouches
	stopgap    stopgap
}

// NewPorter is a porter who keeps accounts in store.
func NewPorter(store Store, limits Limits, now func() time.Time) (*Porter, error) {
	h, err := newHasher()
	if err != nil {
		return nil, fmt.Errorf("prepare for passwords: %w", err)
	}
	return &Porter{store: store, limits: limits, now: now, hasher: h, throttle: newThrottle()}, nil
}

// Limits are how long things last here.
func (p *Porter) Limits() Limits { return p.limits }

// errWrong is the one answer to a sign-in that fails, whatever was wrong.
var errWrong = hospital.Refuse(hospital.ErrInvalid, "The e-mail address or the password is not right.")

// errPresent is for who is signed in and is asked for the password again.
var errPresent = hospital.Refuse(hospital.ErrInvalid, "Your present password is not right.")

// stranger is the actor of attempts by people who are not known yet.
func stranger(from Origin) hospital.Actor {
	return hospital.Actor{ID: "stranger", Name: "somebody at " + from.Address}
}

// SignIn starts a session. The session that the browser had before, if any, ends.
// A refusal is hospital.ErrInvalid with the same words whatever was wrong, or
// ErrTooMany. ErrSecondStep says that the code is still needed: the secret is
// then no session but what SecondStep is called with.
func (p *Porter) SignIn(ctx context.Context, email string, password, before Secret, from Origin) (Secret, hospital.Person, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	found, right, err := p.tryPassword(ctx, email, password, from)
	if err != nil {
		return "", hospital.Person{}, err
	}
	if !right {
		return "", hospital.Person{}, p.refuse(ctx, found.Person, from)
	}
	if outdated(found.Password) {
		if found.Password, err = p.hasher.hash(ctx, password); err != nil {
			return "", hospital.Person{}, fmt.Errorf("sign in: %w", err)
		}
	} else {
		found.Password = "" // as it was
	}
	secret, err := p.enter(ctx, found, before, from)
	return secret, found.Person, err
}

// tryPassword proves a password, as often and as many at once as the throttle lets
// this address. Even a right one counts as a failure until throttle.succeeded: who
// has the password must not guess codes without end.
func (p *Porter) tryPassword(ctx context.Context, email string, password Secret, from Origin) (Credential, bool, error) {
	leave, ok := p.throttle.enter(from.Address)
	if !ok {
		return Credential{}, false, hospital.Refuse(ErrTooMany, "Too many attempts at once. Wait 1 second and try again.")
	}
	defer leave()
	if wait := p.throttle.attempt(email, from.Address, p.now()); wait > 0 {
		return Credential{}, false, hospital.Refuse(ErrTooMany, fmt.Sprintf("Too many attempts. Wait %s and try again.", inWords(wait)))
	}
	found, right, err := p.prove(ctx, email, password)
	if err != nil {
		return Credential{}, false, fmt.Errorf("prove password: %w", err)
	}
	return found, right, nil
}

// prove looks the account up and compares the password, in the same time whether there is one or not.
func (p *Porter) prove(ctx context.Context, email string, password Secret) (Credential, bool, error) {
	found, err := p.store.Credential(ctx, email)
	if err != nil && !errors.Is(err, hospital.ErrUnknown) {
		return Credential{}, false, err
	}
	if len(password) > 4*MostPassword {
		password = "" // longer than any that can be set; hashing it would be a gift
	}
	right, err := p.hasher.matches(ctx, password, found.Password)
	return found, right && found.Person.DisabledAt.IsZero(), err
}

// refuse records a failed attempt, on the account where there is one.
func (p *Porter) refuse(ctx context.Context, tried hospital.Person, from Origin) error {
	on := "person/" + string(tried.ID)
	if tried.ID == "" {
		on = "person/unknown"
	}
	err := p.store.InTx(ctx, func(tx Tx) error {
		return tx.Record(ctx, hospital.Deed{By: stranger(from), What: "account.sign-in-refused", On: on})
	})
	if err != nil {
		return fmt.Errorf("record a refused sign-in: %w", err)
	}
	return errWrong
}

// begin starts the session of a person who has proved who she is.
func (p *Porter) begin(ctx context.Context, who Credential, before Secret, from Origin) (Secret, error) {
	secret := newSecret("")
	err := p.store.InTx(ctx, func(tx Tx) error {
		person, err := tx.Person(ctx, who.Person.ID)
		if err != nil {
			return err
		}
		if !person.DisabledAt.IsZero() {
			return errWrong // disabled between the look and now
		}
		if who.Password != "" {
			if err := tx.PutPassword(ctx, person.ID, who.Password); err != nil {
				return err
			}
		}
		if err := tx.EndSession(ctx, before.Hash()); err != nil {
			return err
		}
		session := Session{Hash: secret.Hash(), Person: person.ID, StartedAt: tx.Now(), SeenAt: tx.Now(), Origin: from}
		if err := tx.StartSession(ctx, session); err != nil {
			return err
		}
		if from.Station != "" {
			if err := tx.TakeSeat(ctx, from.Station.Hash(), person.ID); err != nil {
				return err
			}
		}
		return tx.Record(ctx, hospital.Deed{By: person.Actor(), What: "account.sign-in", On: "person/" + string(person.ID), After: jsonOf(map[string]string{"address": from.Address})})
	})
	if upkeep.TroubleOf(err) != "" {
		return p.beginInMemory(ctx, who, secret, from)
	}
	if err != nil {
		return "", fmt.Errorf("start session: %w", err)
	}
	p.throttle.succeeded(who.Person.Email, from.Address, p.now())
	return secret, nil
}

// WhoAsks is the person of a session, ErrLocked while it is locked, or ErrSignedOut. A person's use of it keeps
// the session alive; a page that merely stays open does not.
func (p *Porter) WhoAsks(ctx context.Context, secret Secret, watching bool) (hospital.Person, error) {
	if secret == "" {
		return hospital.Person{}, ErrSignedOut
	}
	session, person, err := p.sessionOf(ctx, secret.Hash())
	if errors.Is(err, hospital.ErrUnknown) {
		return hospital.Person{}, ErrSignedOut
	}
	if err != nil {
		return hospital.Person{}, fmt.Errorf("who asks: %w", err)
	}
	at := p.now()
	switch {
	case !session.Stands(at, p.limits), !person.DisabledAt.IsZero():
		return hospital.Person{}, ErrSignedOut
	case !session.Alive(at, p.limits):
		return hospital.Person{}, ErrLocked
	}
	person.MustEnrol = session.MustEnrol
	if at.Before(session.EmergencyUntil) {
		person = inEmergency(person, session.EmergencyUntil)
	}
	if !watching && at.Sub(session.SeenAt) >= touchEvery {
		err = p.touchSession(ctx, session, person)
	}
	return person, err
}

// SignOut ends a session; to end one that is not there is no fault.
func (p *Porter) SignOut(ctx context.Context, by hospital.Actor, secret Secret) error {
	p.stopgap.forget(secret.Hash())
	err := p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.EndSession(ctx, secret.Hash()); err != nil {
			return err
		}
		tx.Announce(Topic(by.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "account.sign-out", On: "person/" + string(by.ID)})
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// SignOutElsewhere ends all of the person's sessions but the one she asks with.
func (p *Porter) SignOutElsewhere(ctx context.Context, by hospital.Actor, here Secret) error {
	err := p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.EndSessions(ctx, by.ID, here.Hash()); err != nil {
			return err
		}
		if err := tx.LeaveSeats(ctx, by.ID, tx.Now()); err != nil {
			return err
		}
		tx.Announce(Topic(by.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "account.sign-out-elsewhere", On: "person/" + string(by.ID)})
	})
	if err != nil {
		return fmt.Errorf("sign out elsewhere: %w", err)
	}
	return nil
}

// Sessions lists the person's sessions, locked ones too, the last used first.
func (p *Porter) Sessions(ctx context.Context, by hospital.Actor) ([]Session, error) {
	all, err := p.store.Sessions(ctx, by.ID)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	var alive []Session
	for _, s := range all {
		if s.Stands(p.now(), p.limits) {
			alive = append(alive, s)
		}
	}
	return alive, nil
}

// ChangePassword sets a person's own password. Her other sessions end.
func (p *Porter) ChangePassword(ctx context.Context, by hospital.Actor, here, old, fresh Secret, from Origin) error {
	person, err := p.store.Person(ctx, by.ID)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	_, right, err := p.tryPassword(ctx, person.Email, old, from)
	if err != nil {
		return err
	}
	if !right {
		return errPresent
	}
	p.throttle.succeeded(person.Email, from.Address, p.now())
	encoded, err := p.encode(ctx, fresh, person)
	if err != nil {
		return err
	}
	err = p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.PutPassword(ctx, by.ID, encoded); err != nil {
			return err
		}
		if err := tx.EndSessions(ctx, by.ID, here.Hash()); err != nil {
			return err
		}
		if err := tx.LeaveSeats(ctx, by.ID, tx.Now()); err != nil {
			return err
		}
		tx.Announce(Topic(by.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "account.change-password", On: "person/" + string(by.ID)})
	})
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return nil
}

func (p *Porter) encode(ctx context.Context, fresh Secret, person hospital.Person) (string, error) {
	if err := CheckPassword(fresh, person.Name, person.Email, string(person.ID)); err != nil {
		return "", err
	}
	return p.hasher.hash(ctx, fresh)
}

// Tidy forgets sessions that have ended by themselves.
func (p *Porter) Tidy(ctx context.Context) error {
	err := p.store.InTx(ctx, func(tx Tx) error {
		before := tx.Now().Add(-p.limits.Absolute)
		if err := tx.LeaveSeats(ctx, "", before); err != nil {
			return err
		}
		return tx.DropSessions(ctx, before)
	})
	if err != nil {
		return fmt.Errorf("tidy sessions: %w", err)
	}
	return nil
}

// inWords is a wait as people say it.
func inWords(wait time.Duration) string {
	if wait <= time.Minute {
		seconds := int((wait + time.Second - 1) / time.Second)
		if seconds == 1 {
			return "1 second"
		}
		return fmt.Sprintf("%d seconds", seconds)
	}
	return fmt.Sprintf("%d minutes", int((wait+time.Minute-1)/time.Minute))
}
