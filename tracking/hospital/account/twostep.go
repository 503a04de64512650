package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // what authenticator apps speak: RFC 6238 §1.2
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"wardwatch/tracking/hospital"
)

const (
	stepSeconds = 30
	// stepSlack is how many steps a phone's clock may be off, either way.
	stepSlack = 1
	codeChars = 6
	// SecretBytes is the length of the secret shared with a phone.
	SecretBytes = 20

	// pendingTime is how long the code may take after the password.
	pendingTime = 5 * time.Minute
	// pendingTries is how many codes may be wrong before the password is asked anew.
	pendingTries = 5
)

// ErrSecondStep: the password was right and the code from the phone is still to come.
var ErrSecondStep = errors.New("the code is needed")

// TwoStep is a person's second step of signing in.
type TwoStep struct {
	Person      hospital.PersonID
	Secret      []byte
	ConfirmedAt time.Time // zero until she has shown that her phone has the secret
	LastStep    int64
}

// On says whether a sign-in needs the second step.
func (t TwoStep) On() bool { return !t.ConfirmedAt.IsZero() }

// Text is the secret as people type it into their phone: groups of four letters and digits.
func (t TwoStep) Text() string {
	var groups []string
	for text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(t.Secret); text != ""; {
		n := min(4, len(text))
		groups, text = append(groups, text[:n]), text[n:]
	}
	return strings.Join(groups, " ")
}

// Link opens an authenticator app on the device that it is opened on.
func (t TwoStep) Link(site, email string) string {
	query := url.Values{"secret": {strings.ReplaceAll(t.Text(), " ", "")}, "issuer": {site}}
	return "otpauth://totp/" + url.PathEscape(site+":"+email) + "?" + query.Encode()
}

// codeAt is the code of a time step: RFC 4226 §5.3.
func codeAt(secret []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac := hmac.New(sha1.New, secret)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeChars, number%1_000_000)
}

// step is the time step that a code is of, near at and after the last one used; false when there is none.
func (t TwoStep) step(code string, at time.Time) (int64, bool) {
	code = strings.ReplaceAll(code, " ", "")
	now, found := at.Unix()/stepSeconds, int64(-1)
	for step := now - stepSlack; step <= now+stepSlack; step++ {
		if subtle.ConstantTimeCompare([]byte(codeAt(t.Secret, step)), []byte(code)) == 1 && step > t.LastStep {
			found = step
		}
	}
	return found, found >= 0
}

var errCode = hospital.Refuse(hospital.ErrInvalid, "The code is not right. Type the six digits that your phone shows now.")

// pending is a sign-in between its two steps.
type pending struct {
	person hospital.PersonID
	until  time.Time
	tries  int
}

// waitingRoom holds sign-ins between their two steps, in memory: who waits there
// over a restart types the password again.
type waitingRoom struct {
	mu      sync.Mutex
	waiting map[Hash]pending
}

func (w *waitingRoom) add(person hospital.PersonID, at time.Time) Secret {
	secret := newSecret("")
	w.mu.Lock()
	defer w.mu.Unlock()
	for hash, p := range w.waiting {
		if len(w.waiting) >= maxRemembered || at.After(p.until) {
			delete(w.waiting, hash)
		}
	}
	if w.waiting == nil {
		w.waiting = map[Hash]pending{}
	}
	w.waiting[secret.Hash()] = pending{person: person, until: at.Add(pendingTime)}
	return secret
}

// try counts an attempt; false when there is nobody waiting or the attempts are used up.
func (w *waitingRoom) try(secret Secret, at time.Time) (hospital.PersonID, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.waiting[secret.Hash()]
	if !ok || at.After(p.until) || p.tries >= pendingTries {
		delete(w.waiting, secret.Hash())
		return "", false
	}
	p.tries++
	w.waiting[secret.Hash()] = p
	return p.person, true
}

func (w *waitingRoom) remove(secret Secret) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting, secret.Hash())
}

// enter starts the session of a person whose password was right, or lets her wait
// for the second step: then the secret is for SecondStep and the error ErrSecondStep.
func (p *Porter) enter(ctx context.Context, who Credential, before Secret, from Origin) (Secret, error) {
	second, err := p.store.TwoStep(ctx, who.Person.ID)
	if err != nil && !errors.Is(err, hospital.ErrUnknown) {
		return "", fmt.Errorf("sign in: %w", err)
	}
	if second.On() {
		return p.waiting.add(who.Person.ID, p.now()), ErrSecondStep
	}
	if err := p.passwordAlone(ctx, who.Person); err != nil {
		return "", err
	}
	return p.begin(ctx, who, before, from)
}

// SecondStep ends a sign-in with the code from the person's phone. A wrong code is
// hospital.ErrInvalid; after five of them, or five minutes, it is ErrSignedOut.
func (p *Porter) SecondStep(ctx context.Context, waiting Secret, code string, before Secret, from Origin) (Secret, hospital.Person, error) {
	id, ok := p.waiting.try(waiting, p.now())
	if !ok {
		return "", hospital.Person{}, ErrSignedOut
	}
	person, err := p.store.Person(ctx, id)
	if err != nil {
		return "", person, fmt.Errorf("second step: %w", err)
	}
	if err := p.useCode(ctx, person.Actor(), code, "account.second-step"); err != nil {
		if errors.Is(err, hospital.ErrInvalid) {
			return "", person, errors.Join(err, p.noteWrongCode(ctx, id, from))
		}
		return "", person, err
	}
	p.waiting.remove(waiting)
	secret, err := p.begin(ctx, Credential{Person: person}, before, from)
	return secret, person, err
}

func (p *Porter) noteWrongCode(ctx context.Context, id hospital.PersonID, from Origin) error {
	return p.store.InTx(ctx, func(tx Tx) error {
		return tx.Record(ctx, hospital.Deed{By: stranger(from), What: "account.second-step-refused", On: "person/" + string(id)})
	})
}

// useCode takes a code, once.
func (p *Porter) useCode(ctx context.Context, by hospital.Actor, code, what string) error {
	err := p.store.InTx(ctx, func(tx Tx) error {
		second, err := tx.TwoStep(ctx, by.ID)
		if err != nil {
			return err
		}
		step, right := second.step(code, tx.Now())
		if !right {
			return errCode
		}
		second.LastStep = step
		if second.ConfirmedAt.IsZero() {
			second.ConfirmedAt = tx.Now()
		}
		if err := tx.PutTwoStep(ctx, second); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: what, On: "person/" + string(by.ID)})
	})
	if err != nil {
		return fmt.Errorf("take code: %w", err)
	}
	return nil
}

// TwoStep is the person's own second step; the zero TwoStep when she has none.
func (p *Porter) TwoStep(ctx context.Context, by hospital.Actor) (TwoStep, error) {
	return p.twoStepOf(ctx, by.ID)
}

func (p *Porter) twoStepOf(ctx context.Context, id hospital.PersonID) (TwoStep, error) {
	second, err := p.store.TwoStep(ctx, id)
	if errors.Is(err, hospital.ErrUnknown) {
		return TwoStep{}, nil
	}
	return second, err
}

// HasTwoStep says whether somebody signs in with two steps.
func (p *Porter) HasTwoStep(ctx context.Context, by hospital.Actor, id hospital.PersonID) (bool, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return false, err
	}
	second, err := p.twoStepOf(ctx, id)
	return second.On(), err
}

// BeginTwoStep makes a secret for the person's phone, after she has shown again who she
// is. Nothing is asked of her until ConfirmTwoStep has seen that the phone has it.
func (p *Porter) BeginTwoStep(ctx context.Context, by hospital.Actor, again Again, from Origin) error {
	if _, err := p.again(ctx, by, again, from); err != nil {
		return err
	}
	secret := make([]byte, SecretBytes)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the program instead
	err := p.store.InTx(ctx, func(tx Tx) error {
		old, err := tx.TwoStep(ctx, by.ID)
		if err != nil && !errors.Is(err, hospital.ErrUnknown) {
			return err
		}
		if old.On() {
			return hospital.Refuse(hospital.ErrInvalid, "You sign in with two steps already. Turn it off first to use another phone.")
		}
		return tx.PutTwoStep(ctx, TwoStep{Person: by.ID, Secret: secret})
	})
	if err != nil {
		return fmt.Errorf("begin two-step sign-in: %w", err)
	}
	return nil
}

// ConfirmTwoStep turns the second step on, once a code shows that the phone has the secret.
func (p *Porter) ConfirmTwoStep(ctx context.Context, by hospital.Actor, code string) error {
	return p.useCode(ctx, by, code, "account.two-step-on")
}

// EndTwoStep turns the second step off; the password is asked again first.
func (p *Porter) EndTwoStep(ctx context.Context, by hospital.Actor, password Secret, from Origin) error {
	person, err := p.store.Person(ctx, by.ID)
	if err != nil {
		return fmt.Errorf("end two-step sign-in: %w", err)
	}
	_, right, err := p.tryPassword(ctx, person.Email, password, from)
	if err != nil {
		return err
	}
	if !right {
		return errPresent
	}
	p.throttle.succeeded(person.Email, from.Address, p.now())
	return p.dropTwoStep(ctx, by, by.ID, "account.two-step-off")
}

// ResetTwoStep turns somebody's second step off, for who has lost the phone. Whoever
// does it shows again who she is.
func (p *Porter) ResetTwoStep(ctx context.Context, by hospital.Actor, id hospital.PersonID, again Again, from Origin) error {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return err
	}
	if _, err := p.again(ctx, by, again, from); err != nil {
		return err
	}
	return p.dropTwoStep(ctx, by, id, "person.two-step-reset")
}

func (p *Porter) dropTwoStep(ctx context.Context, by hospital.Actor, id hospital.PersonID, what string) error {
	err := p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.DropTwoStep(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: what, On: "person/" + string(id)})
	})
	if err != nil {
		return fmt.Errorf("end two-step sign-in of %s: %w", id, err)
	}
	return nil
}
