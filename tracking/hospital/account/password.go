package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"wardwatch/tracking/hospital"
)

const (
	// LeastPassword and MostPassword are in characters: OWASP ASVS 5.0 6.2.1 and 6.2.9.
	LeastPassword = 8
	MostPassword  = 128
	// leastStrength is zxcvbn's 3 of 4: ten thousand million guesses or more.
	leastStrength = 3
	// weighedChars is how much of a password is weighed; more can't make it weaker and costs time.
	weighedChars = 64

	maxHashing    = 4  // hashings at once: each takes 19 MB
	maxInLine     = 64 // those who wait for one; who comes then is told to try again
	saltBytes     = 16
	hashBytes     = 32
	encodedFormat = "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s"
)

// cost is what one hashing takes: OWASP ASVS 5.0 appendix C.
type cost struct {
	memoryKiB uint32
	passes    uint32
	lanes     uint8
}

// todaysCost is what new passwords are hashed with. Older ones are hashed anew at the next sign-in.
var todaysCost = cost{memoryKiB: 19456, passes: 2, lanes: 1}

// normal is the password as it is hashed: the same characters however a keyboard composed them.
func normal(password Secret) []byte { return norm.NFC.Bytes([]byte(password)) }

// CheckPassword says what is wrong with a new password; about are words that it
// must not be made of, such as the person's name. The error is a hospital.Refusal.
func CheckPassword(password Secret, about ...string) error {
	chars := utf8.RuneCount(normal(password))
	switch {
	case !utf8.ValidString(string(password)):
		return hospital.Refuse(hospital.ErrInvalid, "The password holds something that is not text.")
	case chars < LeastPassword:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The password needs at least %d characters; 15 or more are better.", LeastPassword))
	case chars > MostPassword:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The password may have %d characters at most.", MostPassword))
	}
	weighed := []rune(string(normal(password)))
	weighed = weighed[:min(len(weighed), weighedChars)]
	if zxcvbn.PasswordStrength(string(weighed), words(about)).Score < leastStrength {
		return hospital.Refuse(hospital.ErrInvalid, "The password is too easy to guess: it is common, a pattern, or made of your name or the hospital's. Four words that have nothing to do with each other are good.")
	}
	return nil
}

// words are the parts of names that a password must not be made of.
func words(about []string) []string {
	all := []string{"wardwatch", "hospital", "password"}
	for _, text := range about {
		text = strings.ToLower(text)
		all = append(all, text)
		all = append(all, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" .@-_,", r) })...)
	}
	return all
}

// hasher hashes few passwords at once, so that a crowd can't exhaust the memory.
type hasher struct {
	working chan struct{}
	inLine  chan struct{}
	dummy   string
}

func newHasher() (*hasher, error) {
	h := &hasher{working: make(chan struct{}, maxHashing), inLine: make(chan struct{}, maxInLine)}
	var err error
	h.dummy, err = h.hash(context.Background(), newSecret(""))
	return h, err
}

// slot waits until one may hash; the answer gives the place back.
func (h *hasher) slot(ctx context.Context) (leave func(), err error) {
	select {
	case h.inLine <- struct{}{}:
	default:
		return nil, hospital.Refuse(ErrTooMany, "Many people are signing in at this moment. Try again in a few seconds.")
	}
	defer func() { <-h.inLine }()
	select {
	case h.working <- struct{}{}:
		return func() { <-h.working }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash is the encoded form of a password, with a salt of its own.
func (h *hasher) hash(ctx context.Context, password Secret) (string, error) {
	leave, err := h.slot(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	c := todaysCost
	sum := argon2.IDKey(normal(password), salt, c.passes, c.memoryKiB, c.lanes, hashBytes)
	return fmt.Sprintf(encodedFormat, argon2.Version, c.memoryKiB, c.passes, c.lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum)), nil
}

// matches says whether the password is the encoded one. With nothing encoded it
// takes the same time and answers false.
func (h *hasher) matches(ctx context.Context, password Secret, encoded string) (bool, error) {
	known := encoded != ""
	if !known {
		encoded = h.dummy
	}
	c, salt, sum, err := decode(encoded)
	if err != nil {
		return false, err
	}
	leave, err := h.slot(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	got := argon2.IDKey(normal(password), salt, c.passes, c.memoryKiB, c.lanes, uint32(len(sum)))
	return subtle.ConstantTimeCompare(got, sum) == 1 && known, nil
}

// outdated says whether an encoded password was hashed at another cost than today's.
func outdated(encoded string) bool {
	c, _, _, err := decode(encoded)
	return err != nil || c != todaysCost
}

var errEncoding = errors.New("the stored password is not an argon2id hash")

func decode(encoded string) (c cost, salt, sum []byte, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return c, nil, nil, errEncoding
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return c, nil, nil, errEncoding
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memoryKiB, &c.passes, &c.lanes); err != nil || c.memoryKiB == 0 || c.passes == 0 || c.lanes == 0 {
		return c, nil, nil, errEncoding
	}
	salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return c, nil, nil, errEncoding
	}
	sum, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(sum) < hashBytes {
		return c, nil, nil, errEncoding
	}
	return c, salt, sum, nil
}
