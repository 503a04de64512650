// Package account is about who is asking: people's accounts, passwords and
// sessions, one-time links, and the tokens of gateways and programs.
//
// A sign-in goes through Porter.SignIn: throttle → stored password (or a dummy,
// so that a stranger learns nothing from the time it takes) → new session, whose
// secret is in the browser's cookie and whose hash alone is stored. Each request
// goes through Porter.WhoAsks. Whatever is changed here is written in the
// transaction of its audit line, and ends the sessions that it must end.
package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"time"

	"wardwatch/tracking/hospital"
)

// What a caller can do about a refusal, beside hospital's sentinels.
var (
	// ErrSignedOut: the session is unknown, ended or too old. Sign in again.
	ErrSignedOut = errors.New("signed out")
	// ErrTooMany: too many attempts for now. Wait; the wrapping sentence says how long.
	ErrTooMany = errors.New("too many attempts")
)

// Secret is what a browser, person or device shows to be let in. It prints as
// stars; only its hash is stored.
type Secret string

func (Secret) String() string       { return "***" }
func (Secret) GoString() string     { return "***" }
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

// Reveal is the secret itself, for the one place that hands it over.
func (s Secret) Reveal() string { return string(s) }

// Hash is what is stored of a secret. A plain hash is enough: a secret has 256
// random bits, so nobody finds it by trying.
type Hash [sha256.Size]byte

// Hash is the secret's SHA-256.
func (s Secret) Hash() Hash { return sha256.Sum256([]byte(s)) }

// newSecret is 256 bits from the system's random source, after a prefix that says what it is.
func newSecret(prefix string) Secret {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails: crypto/rand ends the program instead
	return Secret(prefix + base64.RawURLEncoding.EncodeToString(bits[:]))
}

// Origin is where a request comes from.
type Origin struct {
	Address string // IP address without a port
	Browser string // what the browser calls itself; may be anything
	// Station is the workstation's own cookie; empty where there is none. It lets nobody in by itself.
	Station Secret
}

// Session is one browser that a person has signed in with.
type Session struct {
	Hash      Hash
	Person    hospital.PersonID
	StartedAt time.Time
	SeenAt    time.Time
	LockedAt  time.Time // zero while nobody locked it
	// EmergencyUntil is when its person's emergency access ends; it may be over, zero for none.
	EmergencyUntil time.Time
	// MustEnrol is true while its person has still to set up a second step that her role asks for.
	MustEnrol bool
	Origin    Origin
}

// Limits say how long things last.
type Limits struct {
	// Idle locks a session that nobody used: ward stations are shared.
	Idle time.Duration
	// Absolute ends any session: nobody works longer than a shift.
	Absolute time.Duration
	// Link is how long a one-time link can be used.
	Link time.Duration
}

// DefaultLimits are for shared workstations on a ward.
func DefaultLimits() Limits {
	return Limits{Idle: 15 * time.Minute, Absolute: 12 * time.Hour, Link: 24 * time.Hour}
}

// Alive says whether the session still lets its person in.
func (s Session) Alive(at time.Time, l Limits) bool {
	return s.LockedAt.IsZero() && at.Sub(s.SeenAt) < l.Idle && s.Stands(at, l)
}

// Stands says whether the session is there at all: alive, or locked until its person unlocks it.
func (s Session) Stands(at time.Time, l Limits) bool { return at.Sub(s.StartedAt) < l.Absolute }

// Link is a one-time link. With a person it sets her password; without one it
// makes the first administrator.
type Link struct {
	Hash      Hash
	Person    hospital.PersonID // empty for the first administrator
	ExpiresAt time.Time
	UsedAt    time.Time // zero while it can be used
}

// Usable says whether the link can be used.
func (l Link) Usable(at time.Time) bool { return l.UsedAt.IsZero() && at.Before(l.ExpiresAt) }

// Credential is what is stored of a person's way in.
type Credential struct {
	Person   hospital.Person
	Password string // encoded argon2id; empty while she has set none
}

// Token lets a gateway or a program in.
type Token struct {
	ID   string
	Name string
	// Gateway is whom the token speaks for; empty for a program that speaks for any.
	Gateway hospital.GatewayID
	// Role is what a program may do over the API. A token with one delivers nothing,
	// and one without reads nothing.
	Role hospital.Role
	// SCIM is true for a directory's token, which brings people in and out.
	SCIM bool
	// Supplier is whose program it is that answers orders, by the identifier of the
	// hospital document; empty for every other token.
	Supplier string
	// PublicKeys are of a program that signs, as a JWK Set; empty for who shows a secret.
	PublicKeys string
	Hash       Hash
	CreatedAt  time.Time
	CreatedBy  hospital.PersonID
	LastUsedAt time.Time // to the minute; zero for never
	RevokedAt  time.Time // zero while it is good
	// EndsAt is when it stops being good by itself, because another took its place; zero for never.
	EndsAt time.Time
}

// Good says whether the token lets its bearer in.
func (t Token) Good(at time.Time) bool {
	return t.RevokedAt.IsZero() && (t.EndsAt.IsZero() || at.Before(t.EndsAt))
}

// Store keeps accounts. Its readers answer with hospital.ErrUnknown when there is no such thing.
type Store interface {
	InTx(ctx context.Context, change func(Tx) error) error
	Session(ctx context.Context, hash Hash) (Session, hospital.Person, error)
	Sessions(ctx context.Context, person hospital.PersonID) ([]Session, error)
	Credential(ctx context.Context, email string) (Credential, error)
	Person(ctx context.Context, id hospital.PersonID) (hospital.Person, error)
	People(ctx context.Context) ([]hospital.Person, error)
	Link(ctx context.Context, hash Hash) (Link, error)
	TwoStep(ctx context.Context, id hospital.PersonID) (TwoStep, error)
	PIN(ctx context.Context, id hospital.PersonID) (PIN, error)
	Passkeys(ctx context.Context, id hospital.PersonID) ([]Passkey, error)
	Passkey(ctx context.Context, id []byte) (Passkey, error)
	// Seats are who signed in fully at a workstation after a time and has a PIN, by name.
	Seats(ctx context.Context, station Hash, since time.Time) ([]Seat, error)
	Emergencies(ctx context.Context) ([]Emergency, error)
	HasPassword(ctx context.Context, id hospital.PersonID) (bool, error)
	SecondStepRoles(ctx context.Context) ([]hospital.Role, error)
	LackSecondStep(ctx context.Context) (map[hospital.Role]int, error)
	Member(ctx context.Context, id hospital.PersonID) (Member, error)
	Members(ctx context.Context, f MemberFilter, offset, limit int) ([]Member, int, error)
	Token(ctx context.Context, hash Hash) (Token, error)
	Tokens(ctx context.Context) ([]Token, error)
	TokenByID(ctx context.Context, id string) (Token, error)
}

// Tx is a change to accounts in progress.
type Tx interface {
	Now() time.Time
	Announce(topics ...string)
	Record(ctx context.Context, deed hospital.Deed) error

	// Administrators counts the people who can sign in and manage people.
	Administrators(ctx context.Context) (int, error)
	Person(ctx context.Context, id hospital.PersonID) (hospital.Person, error)
	// PutPerson writes a person and her roles; an e-mail address that is another's is hospital.ErrInvalid.
	PutPerson(ctx context.Context, p hospital.Person) error
	PutPassword(ctx context.Context, id hospital.PersonID, encoded string) error
	// PutLanguage keeps what a person reads pages in; empty: as her browser asks for.
	PutLanguage(ctx context.Context, id hospital.PersonID, language string) error
	// PutHabits keeps how a person likes pages shown.
	PutHabits(ctx context.Context, id hospital.PersonID, habits hospital.Habits) error
	// Disable sets when the account was disabled; the zero time enables it.
	Disable(ctx context.Context, id hospital.PersonID, at time.Time) error

	StartSession(ctx context.Context, s Session) error
	TouchSession(ctx context.Context, hash Hash, at time.Time) error
	EndSession(ctx context.Context, hash Hash) error
	LockSession(ctx context.Context, hash Hash) error
	// EndSessions ends all of a person's sessions but the one that is kept.
	EndSessions(ctx context.Context, id hospital.PersonID, keep Hash) error
	// DropSessions forgets sessions started at this time or before.
	DropSessions(ctx context.Context, started time.Time) error

	PutSecondStepRoles(ctx context.Context, roles []hospital.Role) error
	TwoStep(ctx context.Context, id hospital.PersonID) (TwoStep, error)
	PutTwoStep(ctx context.Context, t TwoStep) error
	DropTwoStep(ctx context.Context, id hospital.PersonID) error
	// PutPIN sets a PIN; a badge that is somebody else's is hospital.ErrInvalid, the zero Hash is none.
	PutPIN(ctx context.Context, id hospital.PersonID, encoded string, badge Hash) error
	DropPIN(ctx context.Context, id hospital.PersonID) error
	// TakeSeat notes that somebody signed in fully at a workstation.
	TakeSeat(ctx context.Context, station Hash, id hospital.PersonID) error
	// MissPIN counts a wrong PIN; with the most of them the seat is lost.
	MissPIN(ctx context.Context, station Hash, id hospital.PersonID, most int) error
	HitPIN(ctx context.Context, station Hash, id hospital.PersonID) error
	// LeaveSeats forgets a person's seats, or everybody's, taken at a time or before.
	LeaveSeats(ctx context.Context, id hospital.PersonID, before time.Time) error

	// BySubject is whom a provider calls so, Provisioned whom a directory brought in;
	// hospital.ErrUnknown for nobody.
	BySubject(ctx context.Context, issuer, subject string) (hospital.Person, error)
	Provisioned(ctx context.Context, externalID, email string) (hospital.Person, error)
	HasEmail(ctx context.Context, email string) (bool, error)
	LinkSubject(ctx context.Context, issuer, subject string, person hospital.PersonID) error
	// PutMember keeps what a directory calls a person; a user name of another's is ErrTaken.
	PutMember(ctx context.Context, m Member) error

	Emergency(ctx context.Context, id int64) (Emergency, error)
	// AddEmergency keeps it, and has administrators told.
	AddEmergency(ctx context.Context, e Emergency) (int64, error)
	EndEmergency(ctx context.Context, id hospital.PersonID) error
	ReviewEmergency(ctx context.Context, e Emergency) error

	// AddPasskey adds one; one that is known is hospital.ErrInvalid.
	AddPasskey(ctx context.Context, k Passkey) error
	// UsePasskey keeps a passkey's new counter.
	UsePasskey(ctx context.Context, k Passkey) error
	DropPasskey(ctx context.Context, person hospital.PersonID, id []byte) error

	// AddProof keeps a proof for one signature until it ends.
	AddProof(ctx context.Context, person hospital.PersonID, proof hospital.Proof, ends time.Time) error

	// AddLink adds a link and ends those that the same person, or nobody, had before.
	AddLink(ctx context.Context, l Link) error
	// UseLink marks a link as used; one that was used already is hospital.ErrStale.
	UseLink(ctx context.Context, hash Hash) error

	AddToken(ctx context.Context, t Token) error
	// UseAssertion notes what a program has signed, once; a repetition is hospital.ErrStale.
	UseAssertion(ctx context.Context, token string, jti Hash, ends time.Time) error
	TouchToken(ctx context.Context, id string) error
	// EndToken lets a token be good until then; an unknown or revoked one is hospital.ErrUnknown.
	EndToken(ctx context.Context, id string, at time.Time) (Token, error)
	// RevokeTokensOf ends the tokens with a role that a person made.
	RevokeTokensOf(ctx context.Context, id hospital.PersonID) error
	// RevokeToken ends a token; an unknown one is hospital.ErrUnknown, an ended one stays as it is.
	RevokeToken(ctx context.Context, id string) error
}

// Topic is announced when a person's account or sessions have changed; open
// pages of hers look again whether she may still be there.
func Topic(id hospital.PersonID) string { return "person/" + string(id) }
