package account

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/argon2"

	"wardwatch/tracking/hospital"
)

func TestPasswordRules(t *testing.T) {
	about := []string{"Nora Ode", "nora.ode@linden.example"}
	for password, want := range map[Secret]string{
		"tiger-lamp-cloud": "",
		"xk7-Pq29":         "",
		"übergrößenträger": "",
		"кошка под лиловым снегом":             "",
		"🦊🦊🦊🦊 seven lamps":                     "",
		Secret(strings.Repeat("aB3$x9", 21)):   "",
		"seven77":                              "at least 8",
		"":                                     "at least 8",
		Secret(strings.Repeat("ä", 129)):       "at most",
		"password1234":                         "easy to guess",
		"qwertyuiop[]":                         "easy to guess",
		"123456789012":                         "easy to guess",
		"aaaaaaaaaaaaaaaa":                     "easy to guess",
		"wardwatch123":                         "easy to guess",
		"noraode2026":                          "easy to guess",
		"nora.ode@linden.example":              "easy to guess",
		"not\xfftext-but-quite-long":           "not text",
		Secret(strings.Repeat("p4ssw0rd", 12)): "easy to guess",
	} {
		err := CheckPassword(password, about...)
		if (want == "") != (err == nil) || want != "" && !strings.Contains(hospital.Sentence(err), want) {
			t.Errorf("%q: %v, want %q", password.Reveal(), err, want)
		}
	}
}

func TestAPasswordIsKnownAgainHoweverItIsComposed(t *testing.T) {
	h, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := h.hash(t.Context(), "u\u0308bergro\u0308ssentra\u0308ger") // letters and marks apart
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[Secret]bool{"\u00fcbergr\u00f6ssentr\u00e4ger": true, "ubergrossentrager": false, "": false} {
		if got, err := h.matches(t.Context(), password, encoded); err != nil || got != want {
			t.Errorf("%q: %v %v", password.Reveal(), got, err)
		}
	}
	if again, _ := h.hash(t.Context(), "u\u0308bergro\u0308ssentra\u0308ger"); again == encoded {
		t.Error("two hashes of one password are the same: the salt is missing")
	}
	if !strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$") || outdated(encoded) {
		t.Errorf("encoded as %.40s", encoded)
	}
}

func TestTheDummyIsNobodysPassword(t *testing.T) {
	h, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.matches(t.Context(), "", ""); err != nil || got {
		t.Error(got, err)
	}
}

func TestStoredPasswordsOfOtherCosts(t *testing.T) {
	h, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	if argon2.Version != 19 {
		t.Fatal("the library hashes another version")
	}
	// argon2id of "password" with salt "somesaltsomesalt", from the reference implementation's format at a cost of yesterday.
	yesterday := strings.Replace(h.dummy, "m=19456,t=2", "m=12288,t=3", 1)
	if !outdated(yesterday) || outdated(h.dummy) {
		t.Error("another cost should be hashed anew")
	}
	for _, bad := range []string{"x", "$argon2i$v=19$m=1,t=1,p=1$AA$AA", "$argon2id$v=18$m=1,t=1,p=1$AA$AA", "$argon2id$v=19$m=x$AA$AA", "$argon2id$v=19$m=1,t=1,p=1$!$AA", "$argon2id$v=19$m=1,t=1,p=1$AA$AA"} {
		if _, err := h.matches(t.Context(), "x", bad); !errors.Is(err, errEncoding) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// A crowd waits in line; who comes when the line is full is told so at once.
func TestACrowdCannotExhaustTheMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hasher{working: make(chan struct{}, maxHashing), inLine: make(chan struct{}, maxInLine)}
		var leave []func()
		for range maxHashing {
			done, err := h.slot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, done)
		}
		var waiting sync.WaitGroup
		for range maxInLine {
			waiting.Go(func() {
				done, err := h.slot(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				done()
			})
		}
		synctest.Wait()
		if _, err := h.slot(t.Context()); !errors.Is(err, ErrTooMany) {
			t.Errorf("one more than the line holds: %v", err)
		}
		for _, done := range leave {
			done()
		}
		waiting.Wait()
	})
}

func TestTheThrottlesMemoryIsBounded(t *testing.T) {
	th := newThrottle()
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for i := range maxRemembered + 10 {
		th.attempt("a@b.example", string(rune(i))+"x", at)
	}
	if len(th.strikes) > maxRemembered {
		t.Errorf("%d are remembered", len(th.strikes))
	}
}

func TestNeighboursInOneIPv6NetworkAreOne(t *testing.T) {
	for address, want := range map[string]string{"10.0.0.1": "10.0.0.1", "2001:db8::1": "2001:db8::/64", "2001:db8::ffff": "2001:db8::/64",
		"fe80::1%eth0": "fe80::/64", "::ffff:10.0.0.1": "::ffff:10.0.0.1", "strange": "strange"} {
		if got := networkOf(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func FuzzStoredPassword(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA")
	f.Fuzz(func(t *testing.T, encoded string) {
		c, _, sum, err := decode(encoded)
		if err == nil && (c.memoryKiB == 0 || len(sum) == 0) {
			t.Errorf("taken: %+v", c)
		}
	})
}
