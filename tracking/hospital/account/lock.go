package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// A session at which nobody sat for a while, or that its person locked, lets
// nobody in and is not forgotten: the page stays as it is behind a lock, with
// what was typed. The same person unlocks it with her password or PIN; a
// colleague takes over with hers, on a fresh page. Whoever unlocks gets a new
// session, and the old one ends.

// ErrLocked: the session is locked. It is an ErrSignedOut too: nothing may be done with it.
var ErrLocked = fmt.Errorf("locked: %w", ErrSignedOut)

const (
	// LeastPIN and MostPIN are in digits. Ten thousand PINs of four would be too
	// few; six with five tries a shift are one in two hundred thousand.
	LeastPIN, MostPIN = 6, 12
	// pinTries is how many wrong PINs cost somebody her seat at a workstation.
	pinTries = 5
	// maxBadge is how long a badge's number may be.
	maxBadge = 64
)

// PIN is a short number for shared workstations. It is good only at a workstation
// where its person signed in fully this shift.
type PIN struct {
	Person   hospital.PersonID
	Encoded  string // argon2id
	HasBadge bool
	SetAt    time.Time
}

// Seat is somebody who signed in fully at a workstation this shift and has a PIN.
type Seat struct {
	Person hospital.PersonID
	Name   string
	Since  time.Time
	Badge  Hash // zero where she has none
}

// Desk is what the lock page of a workstation shows.
type Desk struct {
	// Person is whose session is locked; the zero Person when none is.
	Person hospital.Person
	Seats  []Seat
}

// Lock locks a person's own session; open pages of it close.
func (p *Porter) Lock(ctx context.Context, by hospital.Actor, here Secret) error {
	err := p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.LockSession(ctx, here.Hash()); err != nil {
			return err
		}
		tx.Announce(Topic(by.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "account.lock", On: "person/" + string(by.ID)})
	})
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	return nil
}

// Desk is who may unlock this workstation, by its locked session and its people of this shift.
func (p *Porter) Desk(ctx context.Context, here, station Secret) (Desk, error) {
	var desk Desk
	if here != "" {
		session, person, err := p.store.Session(ctx, here.Hash())
		if err != nil && !errors.Is(err, hospital.ErrUnknown) {
			return desk, fmt.Errorf("look at the locked session: %w", err)
		}
		if err == nil && session.Stands(p.now(), p.limits) && person.DisabledAt.IsZero() {
			desk.Person = person
		}
	}
	if station == "" {
		return desk, nil
	}
	var err error
	desk.Seats, err = p.store.Seats(ctx, station.Hash(), p.now().Add(-p.limits.Absolute))
	return desk, err
}

var errWrongPIN = hospital.Refuse(hospital.ErrInvalid, "The PIN is not right, or you have not signed in with your password here this shift.")

// TakeOver starts a session by PIN, for somebody who signed in fully at this
// workstation this shift; who is her id, or the number of her badge. The session
// that was here before ends. After five wrong PINs she signs in fully again.
func (p *Porter) TakeOver(ctx context.Context, who string, pin, before Secret, from Origin) (Secret, hospital.Person, error) {
	if from.Station == "" {
		return "", hospital.Person{}, errWrongPIN
	}
	desk, err := p.Desk(ctx, "", from.Station)
	if err != nil {
		return "", hospital.Person{}, err
	}
	badge := badgeHash(who)
	i := slices.IndexFunc(desk.Seats, func(s Seat) bool { return s.Person == hospital.PersonID(who) || s.Badge == badge && badge != (Hash{}) })
	var seat Seat
	if i >= 0 {
		seat = desk.Seats[i]
	}
	right, err := p.tryPIN(ctx, seat, pin, from)
	if err != nil {
		return "", hospital.Person{}, err
	}
	if !right {
		return "", hospital.Person{}, errors.Join(errWrongPIN, p.missPIN(ctx, seat, from))
	}
	return p.takeSeat(ctx, seat, before, from)
}

// tryPIN compares a PIN as often as the throttle lets this address.
func (p *Porter) tryPIN(ctx context.Context, seat Seat, pin Secret, from Origin) (bool, error) {
	leave, ok := p.throttle.enter(from.Address)
	if !ok {
		return false, hospital.Refuse(ErrTooMany, "Too many attempts at once. Wait 1 second and try again.")
	}
	defer leave()
	key := "pin:" + string(seat.Person)
	if wait := p.throttle.attempt(key, from.Address, p.now()); wait > 0 {
		return false, hospital.Refuse(ErrTooMany, fmt.Sprintf("Too many attempts. Wait %s and try again.", inWords(wait)))
	}
	stored, err := p.store.PIN(ctx, seat.Person)
	if err != nil && !errors.Is(err, hospital.ErrUnknown) {
		return false, fmt.Errorf("prove PIN: %w", err)
	}
	if len(pin) > MostPIN {
		pin = ""
	}
	right, err := p.hasher.matches(ctx, pin, stored.Encoded)
	if right {
		p.throttle.succeeded(key, from.Address, p.now())
	}
	return right, err
}

func (p *Porter) missPIN(ctx context.Context, seat Seat, from Origin) error {
	on := "person/" + string(seat.Person)
	if seat.Person == "" {
		on = "person/unknown"
	}
	return p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.MissPIN(ctx, from.Station.Hash(), seat.Person, pinTries); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: stranger(from), What: "account.pin-refused", On: on})
	})
}

// takeSeat starts the session of somebody whose PIN was right. It ends when the
// shift does that she began with her password.
func (p *Porter) takeSeat(ctx context.Context, seat Seat, before Secret, from Origin) (Secret, hospital.Person, error) {
	secret := newSecret("")
	var person hospital.Person
	err := p.store.InTx(ctx, func(tx Tx) (err error) {
		if person, err = tx.Person(ctx, seat.Person); err != nil {
			return err
		}
		if !person.DisabledAt.IsZero() {
			return errWrongPIN // disabled between the look and now
		}
		if err := tx.HitPIN(ctx, from.Station.Hash(), person.ID); err != nil {
			return err
		}
		if err := tx.EndSession(ctx, before.Hash()); err != nil {
			return err
		}
		if err := tx.StartSession(ctx, Session{Hash: secret.Hash(), Person: person.ID, StartedAt: seat.Since, SeenAt: tx.Now(), Origin: from}); err != nil {
			return err
		}
		tx.Announce(Topic(person.ID))
		return tx.Record(ctx, hospital.Deed{By: person.Actor(), What: "account.take-over", On: "person/" + string(person.ID), After: jsonOf(map[string]string{"address": from.Address})})
	})
	if err != nil {
		return "", person, fmt.Errorf("take over: %w", err)
	}
	return secret, person, nil
}

// Unlock starts the locked session's person anew with her password; the code from
// her phone is not asked again on the browser where she gave it this shift.
func (p *Porter) Unlock(ctx context.Context, password, here Secret, from Origin) (Secret, hospital.Person, error) {
	desk, err := p.Desk(ctx, here, "")
	if err != nil {
		return "", hospital.Person{}, err
	}
	if desk.Person.ID == "" {
		return "", hospital.Person{}, ErrSignedOut
	}
	_, right, err := p.tryPassword(ctx, desk.Person.Email, password, from)
	if err != nil {
		return "", desk.Person, err
	}
	if !right {
		return "", desk.Person, errors.Join(errPresent, p.noteRefusal(ctx, desk.Person.Actor()))
	}
	secret, err := p.begin(ctx, Credential{Person: desk.Person}, here, from)
	return secret, desk.Person, err
}

// SetPIN sets a person's PIN, and her badge where one is given, after the password.
func (p *Porter) SetPIN(ctx context.Context, by hospital.Actor, again Again, pin Secret, badge string, from Origin) error {
	if err := checkPIN(pin); err != nil {
		return err
	}
	if len(badge) > maxBadge {
		return hospital.Refuse(hospital.ErrInvalid, "A badge's number has 64 characters at most.")
	}
	if _, err := p.again(ctx, by, again, from); err != nil {
		return err
	}
	encoded, err := p.hasher.hash(ctx, pin)
	if err != nil {
		return err
	}
	err = p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.PutPIN(ctx, by.ID, encoded, badgeHash(badge)); err != nil {
			return err
		}
		if err := tx.TakeSeat(ctx, from.Station.Hash(), by.ID); err != nil { // the password was just right here
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "account.pin-set", On: "person/" + string(by.ID)})
	})
	if err != nil {
		return fmt.Errorf("set PIN: %w", err)
	}
	return nil
}

// DropPIN takes a person's own PIN away.
func (p *Porter) DropPIN(ctx context.Context, by hospital.Actor) error {
	err := p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.DropPIN(ctx, by.ID); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "account.pin-off", On: "person/" + string(by.ID)})
	})
	if err != nil {
		return fmt.Errorf("drop PIN: %w", err)
	}
	return nil
}

// PIN is the person's own PIN; the zero PIN when she has none.
func (p *Porter) PIN(ctx context.Context, by hospital.Actor) (PIN, error) {
	pin, err := p.store.PIN(ctx, by.ID)
	if errors.Is(err, hospital.ErrUnknown) {
		return PIN{}, nil
	}
	return pin, err
}

// checkPIN says what is wrong with a new PIN.
func checkPIN(pin Secret) error {
	text := string(pin)
	if len(text) < LeastPIN || len(text) > MostPIN || strings.Trim(text, "0123456789") != "" {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A PIN has %d to %d digits.", LeastPIN, MostPIN))
	}
	const up, down = "01234567890123456789", "98765432109876543210"
	different := map[rune]bool{}
	for _, digit := range text {
		different[digit] = true
	}
	if len(different) < 3 || strings.Contains(up, text) || strings.Contains(down, text) {
		return hospital.Refuse(hospital.ErrInvalid, "This PIN is too easy to guess. Take digits without a pattern.")
	}
	return nil
}

// badgeHash is what is stored of a badge's number; zero for none.
func badgeHash(number string) Hash {
	if number = strings.TrimSpace(number); number == "" {
		return Hash{}
	}
	return Secret("badge:" + number).Hash()
}
