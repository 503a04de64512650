package account

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"wardwatch/tracking/hospital"
)

// A program may sign for itself instead of showing a secret that both sides know:
// private_key_jwt of OpenID Connect and of SMART Backend Services, RFC 7523. It is
// registered with its public keys. For each short access token it signs a statement
// that names the program twice (iss, sub), this house's token address (aud), an end
// within five minutes (exp) and a number of its own (jti), which is good once.

const (
	// AssertionTime is the farthest end that a program may write into what it signs.
	AssertionTime = 5 * time.Minute
	// AccessTime is how long the access token is good that it gets for it.
	AccessTime = 5 * time.Minute
	// MaxAssertion is the longest statement that is looked at.
	MaxAssertion = 8 << 10
	// maxKeys is how many public keys a program may have, maxKeyText how long their text is:
	// two are enough to change from one to the next.
	maxKeys    = 5
	maxKeyText = 16 << 10
	// maxNumber is the longest jti.
	maxNumber = 200
	// clockSlack is how far the program's clock may run ahead.
	clockSlack = 30 * time.Second
	// accessPrefix tells an access token from a token that lasts.
	accessPrefix = "wwa_"
	// leastRSA is the least length of an RSA key: NIST SP 800-57.
	leastRSA = 2048
)

// assertedBy are the algorithms that a program may sign with: SMART asks for the two of
// 384 bits. Never none, never a shared secret.
var assertedBy = []jose.SignatureAlgorithm{jose.ES384, jose.RS384, jose.ES256, jose.PS256, jose.PS384, jose.RS256, jose.EdDSA}

// AssertedBy names the algorithms that a program may sign with.
func AssertedBy() (names []string) {
	for _, one := range assertedBy {
		names = append(names, string(one))
	}
	return names
}

// errAssertion is the one answer to a statement that is no good, whatever is wrong.
var errAssertion = fmt.Errorf("no good assertion: %w", hospital.ErrForbidden)

// ParseKeys reads a program's public keys: a JWK Set, one JWK, or a public key in PEM
// form. It answers with the JWK Set as it is kept. A private key, one that is too short,
// or none is hospital.ErrInvalid with a sentence.
func ParseKeys(text string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxKeyText {
		return "", hospital.Refuse(hospital.ErrInvalid, "The public key is too long.")
	}
	set, err := readKeys(text)
	if err != nil || len(set.Keys) == 0 || len(set.Keys) > maxKeys {
		return "", hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Give 1 to %d public keys, as JWK, as JWK Set or in PEM form.", maxKeys))
	}
	for _, key := range set.Keys {
		if !key.IsPublic() {
			return "", hospital.Refuse(hospital.ErrInvalid, "This is a private key, or a shared secret. It belongs to the program alone: make a new pair and give the public key.")
		}
		if sized, ok := key.Key.(interface{ Size() int }); !key.Valid() || ok && sized.Size()*8 < leastRSA {
			return "", hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A key is not valid. RSA keys have %d bits at least.", leastRSA))
		}
	}
	kept, err := json.Marshal(set)
	if err != nil {
		return "", fmt.Errorf("write public keys: %w", err)
	}
	return string(kept), nil
}

func readKeys(text string) (set jose.JSONWebKeySet, err error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		set.Keys = []jose.JSONWebKey{{Key: key}}
		return set, err
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil || len(set.Keys) > 0 {
		return set, err
	}
	var one jose.JSONWebKey
	err = json.Unmarshal([]byte(text), &one)
	set.Keys = []jose.JSONWebKey{one}
	return set, err
}

// AddSigner registers a program that signs, with its public keys, to use the API as a
// role. It takes who may give people their roles. Nobody knows its secret, so nothing
// but what it signs lets it in; the token's id is what it calls itself.
func (k *Keys) AddSigner(ctx context.Context, by hospital.Actor, name string, role hospital.Role, keys string) (Token, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return Token{}, err
	}
	if err := knownRole(role); err != nil {
		return Token{}, err
	}
	kept, err := ParseKeys(keys)
	if err != nil {
		return Token{}, err
	}
	token, _, err := k.addToken(ctx, by, Token{Name: name, Role: role, PublicKeys: kept})
	return token, err
}

// asserted is what a program has signed, once it was found to be good.
type asserted struct {
	number Hash
	ends   time.Time
}

// readAssertion says which program a statement names; nothing is believed of it yet.
func readAssertion(text string) (*jwt.JSONWebToken, string, error) {
	if len(text) > MaxAssertion {
		return nil, "", errAssertion
	}
	signed, err := jwt.ParseSigned(text, assertedBy)
	if err != nil || len(signed.Headers) != 1 {
		return nil, "", errAssertion
	}
	var claims jwt.Claims
	if err := signed.UnsafeClaimsWithoutVerification(&claims); err != nil || claims.Subject == "" || claims.Issuer != claims.Subject {
		return nil, "", errAssertion
	}
	return signed, claims.Subject, nil
}

// checkAssertion holds a statement to the program's keys, to the address that it must be
// meant for, and to the time.
func checkAssertion(signed *jwt.JSONWebToken, program Token, audience string, at time.Time) (asserted, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(program.PublicKeys), &set); err != nil {
		return asserted{}, fmt.Errorf("read public keys of %s: %w", program.ID, err)
	}
	var claims jwt.Claims
	if !verifies(signed, set, &claims) {
		return asserted{}, errAssertion
	}
	exact := len(claims.Audience) == 1 && claims.Audience[0] == audience
	if claims.Issuer != program.ID || claims.Subject != program.ID || !exact || claims.ID == "" || len(claims.ID) > maxNumber || claims.Expiry == nil {
		return asserted{}, errAssertion
	}
	ends := claims.Expiry.Time()
	early := claims.NotBefore != nil && claims.NotBefore.Time().After(at.Add(clockSlack)) || claims.IssuedAt != nil && claims.IssuedAt.Time().After(at.Add(clockSlack))
	if early || !ends.After(at) || ends.After(at.Add(AssertionTime+clockSlack)) {
		return asserted{}, errAssertion
	}
	return asserted{number: Secret(claims.ID).Hash(), ends: ends}, nil
}

// verifies tries the keys that the statement names by kid, or all where it names none.
func verifies(signed *jwt.JSONWebToken, set jose.JSONWebKeySet, claims *jwt.Claims) bool {
	named := signed.Headers[0].KeyID
	for _, key := range set.Keys {
		if named != "" && key.KeyID != "" && key.KeyID != named {
			continue
		}
		if key.Algorithm != "" && key.Algorithm != signed.Headers[0].Algorithm {
			continue
		}
		if signed.Claims(key.Key, claims) == nil {
			return true
		}
	}
	return false
}

// TryAssertion says whether a statement would let a program in, without using it up.
func TryAssertion(text string, program Token, audience string, at time.Time) bool {
	signed, name, err := readAssertion(text)
	if err != nil || name != program.ID {
		return false
	}
	_, err = checkAssertion(signed, program, audience, at)
	return err == nil
}

// Assert takes what a program has signed and answers with an access token, good for
// AccessTime. Whatever is wrong with it, and whatever was shown before, is
// hospital.ErrForbidden.
func (k *Keys) Assert(ctx context.Context, text, audience string, from Origin) (Secret, error) {
	signed, name, err := readAssertion(text)
	if err != nil {
		return "", err
	}
	program, err := k.store.TokenByID(ctx, name)
	if errors.Is(err, hospital.ErrUnknown) {
		return "", errAssertion
	}
	if err != nil {
		return "", fmt.Errorf("assert: %w", err)
	}
	if program.PublicKeys == "" || !program.Good(k.now()) {
		return "", errors.Join(errAssertion, k.noteAssertion(ctx, program, from))
	}
	said, err := checkAssertion(signed, program, audience, k.now())
	if errors.Is(err, hospital.ErrForbidden) {
		return "", errors.Join(err, k.noteAssertion(ctx, program, from))
	}
	if err != nil {
		return "", err
	}
	return k.letIn(ctx, program, said, from)
}

func (k *Keys) letIn(ctx context.Context, program Token, said asserted, from Origin) (Secret, error) {
	err := k.store.InTx(ctx, func(tx Tx) error {
		if err := tx.UseAssertion(ctx, program.ID, said.number, said.ends); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: actorOf(program), What: "token.sign-in", On: "token/" + program.ID, After: jsonOf(map[string]string{"address": from.Address})})
	})
	if errors.Is(err, hospital.ErrStale) {
		return "", errors.Join(errAssertion, k.noteAssertion(ctx, program, from))
	}
	if err != nil {
		return "", fmt.Errorf("assert: %w", err)
	}
	return k.accesses.give(program.ID, k.now()), nil
}

func (k *Keys) noteAssertion(ctx context.Context, program Token, from Origin) error {
	return k.store.InTx(ctx, func(tx Tx) error {
		return tx.Record(ctx, hospital.Deed{By: stranger(from), What: "token.sign-in-refused", On: "token/" + program.ID})
	})
}

// access is a short access token that a program has.
type access struct {
	token string
	until time.Time
}

// accesses are kept in memory, by hash: after a restart a program signs again.
type accesses struct {
	mu     sync.Mutex
	byHash map[Hash]access
}

func (a *accesses) give(token string, at time.Time) Secret {
	secret := newSecret(accessPrefix)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byHash == nil {
		a.byHash = map[Hash]access{}
	}
	makeRoom(a.byHash, func(old access) bool { return !at.Before(old.until) })
	a.byHash[secret.Hash()] = access{token: token, until: at.Add(AccessTime)}
	return secret
}

// of is the token that an access token stands for, while it is good.
func (a *accesses) of(secret string, at time.Time) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one, ok := a.byHash[Secret(secret).Hash()]
	return one.token, ok && at.Before(one.until)
}
