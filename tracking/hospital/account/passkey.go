package account

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"wardwatch/tracking/hospital"
)

// A passkey is a key pair on a person's phone, computer or security key, unlocked
// there by her finger, face or PIN: possession and person in one, so no code is
// asked for beside it. It is bound to our address: a page that only looks like
// ours gets nothing from it.

const (
	// MaxPasskeys is how many passkeys a person may have.
	MaxPasskeys = 10
	// maxCeremony is the most that a browser may answer.
	maxCeremony = 16 << 10
)

// Passkey is one passkey of a person.
type Passkey struct {
	ID         []byte
	Person     hospital.PersonID
	Name       string
	Credential string // the library's record of the public key, as JSON
	CreatedAt  time.Time
	LastUsedAt time.Time // zero for never
}

// Text is the id as it stands in a form.
func (k Passkey) Text() string { return base64.RawURLEncoding.EncodeToString(k.ID) }

// Ceremony is what a browser needs to make or use a passkey.
type Ceremony struct {
	// Waiting is handed back with the browser's answer.
	Waiting Secret
	// Options is the JSON of navigator.credentials' argument.
	Options json.RawMessage
}

// ceremony is one that has begun.
type ceremony struct {
	session webauthn.SessionData
	origin  string
	person  hospital.PersonID // who makes a passkey, or proves who she is; empty for signing in
	proves  bool
	until   time.Time
}

// ceremonies are remembered in memory; each can be ended once.
type ceremonies struct {
	mu     sync.Mutex
	bySeal map[Hash]ceremony
}

func (c *ceremonies) begin(one ceremony, at time.Time) Secret {
	seal := newSecret("")
	one.until = at.Add(pendingTime)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bySeal == nil {
		c.bySeal = map[Hash]ceremony{}
	}
	makeRoom(c.bySeal, func(old ceremony) bool { return at.After(old.until) })
	c.bySeal[seal.Hash()] = one
	return seal
}

func (c *ceremonies) end(seal Secret, at time.Time) (ceremony, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one, ok := c.bySeal[seal.Hash()]
	delete(c.bySeal, seal.Hash())
	return one, ok && !at.After(one.until)
}

// relyingParty is this house as a browser at an origin sees it: "https://wards.example".
// A passkey needs a name; an address of numbers has none.
func relyingParty(origin string) (*webauthn.WebAuthn, error) {
	at, err := url.Parse(origin)
	if err != nil || at.Hostname() == "" || !strings.ContainsFunc(at.Hostname(), unicode.IsLetter) {
		return nil, hospital.Refuse(hospital.ErrInvalid, "Passkeys need the hospital's own address, by https.")
	}
	return webauthn.New(&webauthn.Config{RPID: at.Hostname(), RPDisplayName: "Wardwatch", RPOrigins: []string{origin}})
}

// holder is a person as the library knows her. Her handle says nothing of her.
type holder struct {
	person hospital.Person
	keys   []webauthn.Credential
}

func (h holder) WebAuthnID() []byte {
	sum := sha256.Sum256([]byte("wardwatch person " + h.person.ID))
	return sum[:]
}
func (h holder) WebAuthnName() string                       { return h.person.Email }
func (h holder) WebAuthnDisplayName() string                { return h.person.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func (p *Porter) holder(ctx context.Context, id hospital.PersonID) (holder, error) {
	person, err := p.store.Person(ctx, id)
	if err != nil {
		return holder{}, err
	}
	keys, err := p.store.Passkeys(ctx, id)
	h := holder{person: person}
	for _, k := range keys {
		var credential webauthn.Credential
		if err := json.Unmarshal([]byte(k.Credential), &credential); err != nil {
			return h, fmt.Errorf("read passkey of %s: %w", id, err)
		}
		h.keys = append(h.keys, credential)
	}
	return h, err
}

// Passkeys lists a person's own passkeys.
func (p *Porter) Passkeys(ctx context.Context, by hospital.Actor) ([]Passkey, error) {
	return p.store.Passkeys(ctx, by.ID)
}

// BeginPasskey begins to make a passkey on the browser that asks, at an origin.
func (p *Porter) BeginPasskey(ctx context.Context, by hospital.Actor, origin string) (Ceremony, error) {
	party, err := relyingParty(origin)
	if err != nil {
		return Ceremony{}, err
	}
	h, err := p.holder(ctx, by.ID)
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin a passkey: %w", err)
	}
	if len(h.keys) >= MaxPasskeys {
		return Ceremony{}, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("You have %d passkeys already. Remove one first.", MaxPasskeys))
	}
	known := webauthn.Credentials(h.keys).CredentialDescriptors()
	options, session, err := party.BeginRegistration(h, webauthn.WithExclusions(known), webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
		ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired}))
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin a passkey: %w", err)
	}
	return p.ceremony(options, ceremony{session: *session, origin: origin, person: by.ID})
}

func (p *Porter) ceremony(options any, one ceremony) (Ceremony, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, fmt.Errorf("write a ceremony: %w", err)
	}
	return Ceremony{Waiting: p.ceremonies.begin(one, p.now()), Options: text}, nil
}

var errCeremony = hospital.Refuse(hospital.ErrInvalid, "The passkey was not taken. Try again.")

// AddPasskey ends what BeginPasskey began, after the password again.
func (p *Porter) AddPasskey(ctx context.Context, by hospital.Actor, waiting Secret, answer []byte, name string, again Again, from Origin) error {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Give the passkey a name of 1 to %d characters.", maxName))
	}
	if _, err := p.again(ctx, by, again, from); err != nil {
		return err
	}
	one, ok := p.ceremonies.end(waiting, p.now())
	if !ok || one.proves || one.person != by.ID || len(answer) > maxCeremony {
		return errCeremony
	}
	credential, err := p.attested(ctx, one, answer)
	if err != nil {
		return err
	}
	text, err := json.Marshal(credential)
	if err != nil {
		return fmt.Errorf("keep a passkey: %w", err)
	}
	err = p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.AddPasskey(ctx, Passkey{ID: credential.ID, Person: by.ID, Name: name, Credential: string(text)}); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "account.passkey-add", On: "person/" + string(by.ID), After: jsonOf(map[string]string{"name": name})})
	})
	if err != nil {
		return fmt.Errorf("add passkey: %w", err)
	}
	return nil
}

// attested is the new key, once the browser's answer was found to be of this ceremony.
func (p *Porter) attested(ctx context.Context, one ceremony, answer []byte) (*webauthn.Credential, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, errCeremony
	}
	h, err := p.holder(ctx, one.person)
	if err != nil {
		return nil, fmt.Errorf("add passkey: %w", err)
	}
	party, err := relyingParty(one.origin)
	if err != nil {
		return nil, err
	}
	credential, err := party.CreateCredential(h, one.session, parsed)
	if err != nil {
		return nil, errCeremony
	}
	return credential, nil
}

// RemovePasskey takes one of a person's own passkeys away, after the password again.
func (p *Porter) RemovePasskey(ctx context.Context, by hospital.Actor, id string, again Again, from Origin) error {
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return hospital.ErrUnknown
	}
	if _, err := p.again(ctx, by, again, from); err != nil {
		return err
	}
	err = p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.DropPasskey(ctx, by.ID, raw); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "account.passkey-remove", On: "person/" + string(by.ID)})
	})
	if err != nil {
		return fmt.Errorf("remove passkey: %w", err)
	}
	return nil
}

// BeginPasskeySignIn begins a sign-in with whichever passkey the browser has for us.
func (p *Porter) BeginPasskeySignIn(origin string) (Ceremony, error) {
	party, err := relyingParty(origin)
	if err != nil {
		return Ceremony{}, err
	}
	options, session, err := party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin a sign-in by passkey: %w", err)
	}
	return p.ceremony(options, ceremony{session: *session, origin: origin})
}

// SignInByPasskey ends what BeginPasskeySignIn began, with a new session. A
// passkey that is unknown, of a disabled account, or whose counter shows a copy
// is hospital.ErrInvalid with the same words.
func (p *Porter) SignInByPasskey(ctx context.Context, waiting Secret, answer []byte, before Secret, from Origin) (Secret, hospital.Person, error) {
	if wait := p.throttle.attempt("passkey", from.Address, p.now()); wait > 0 {
		return "", hospital.Person{}, hospital.Refuse(ErrTooMany, fmt.Sprintf("Too many attempts. Wait %s and try again.", inWords(wait)))
	}
	one, ok := p.ceremonies.end(waiting, p.now())
	if !ok || one.person != "" || len(answer) > maxCeremony {
		return "", hospital.Person{}, errCeremony
	}
	key, person, err := p.asserted(ctx, one, answer)
	if err != nil {
		return "", person, errors.Join(err, p.noteWrongPasskey(ctx, person, from))
	}
	if err := p.store.InTx(ctx, func(tx Tx) error { return tx.UsePasskey(ctx, key) }); err != nil {
		return "", person, fmt.Errorf("sign in by passkey: %w", err)
	}
	p.throttle.succeeded("passkey", from.Address, p.now())
	secret, err := p.begin(ctx, Credential{Person: person}, before, from)
	return secret, person, err
}

// asserted is whose passkey answered, and the passkey as it is to be kept now.
func (p *Porter) asserted(ctx context.Context, one ceremony, answer []byte) (Passkey, hospital.Person, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Passkey{}, hospital.Person{}, errCeremony
	}
	party, err := relyingParty(one.origin)
	if err != nil {
		return Passkey{}, hospital.Person{}, err
	}
	var h holder
	_, credential, err := party.ValidatePasskeyLogin(func(id, _ []byte) (webauthn.User, error) {
		key, err := p.store.Passkey(ctx, id)
		if err != nil {
			return nil, err
		}
		h, err = p.holder(ctx, key.Person)
		return h, err
	}, one.session, parsed)
	if err != nil || credential.Authenticator.CloneWarning || !h.person.DisabledAt.IsZero() {
		return Passkey{}, h.person, errCeremony
	}
	text, err := json.Marshal(credential)
	return Passkey{ID: credential.ID, Person: h.person.ID, Credential: string(text)}, h.person, err
}

func (p *Porter) noteWrongPasskey(ctx context.Context, tried hospital.Person, from Origin) error {
	on := "person/" + string(tried.ID)
	if tried.ID == "" {
		on = "person/unknown"
	}
	return p.store.InTx(ctx, func(tx Tx) error {
		return tx.Record(ctx, hospital.Deed{By: stranger(from), What: "account.passkey-refused", On: on})
	})
}

// keepUse keeps what a passkey counted when it was used.
func (p *Porter) keepUse(ctx context.Context, id hospital.PersonID, used *webauthn.Credential) error {
	text, err := json.Marshal(used)
	if err != nil {
		return fmt.Errorf("write a passkey: %w", err)
	}
	err = p.store.InTx(ctx, func(tx Tx) error {
		return tx.UsePasskey(ctx, Passkey{ID: used.ID, Person: id, Credential: string(text)})
	})
	if err != nil {
		return fmt.Errorf("use a passkey: %w", err)
	}
	return nil
}
