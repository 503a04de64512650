package account

import (
	"strings"
	"testing"
	"time"
)

// RFC 6238 appendix B, the SHA-1 rows; an app of six digits shows the last six.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130"} {
		if got := codeAt(secret, at/stepSeconds); got != want[2:] {
			t.Errorf("at %d: %s, want %s", at, got, want[2:])
		}
	}
}

func TestACodeIsTakenNearItsTimeAndOnce(t *testing.T) {
	second := TwoStep{Secret: []byte("12345678901234567890")}
	at := time.Unix(1_234_567_890, 0)
	for name, c := range map[string]struct {
		from time.Duration
		want bool
	}{
		"now": {0, true}, "the one before": {-30 * time.Second, true}, "the one after": {30 * time.Second, true},
		"too old": {-60 * time.Second, false}, "too new": {60 * time.Second, false},
	} {
		code := codeAt(second.Secret, at.Add(c.from).Unix()/stepSeconds)
		if _, ok := second.step(code[:3]+" "+code[3:], at); ok != c.want {
			t.Errorf("%s: %v", name, ok)
		}
	}
	step, _ := second.step(codeAt(second.Secret, at.Unix()/stepSeconds), at)
	second.LastStep = step
	if _, again := second.step(codeAt(second.Secret, at.Unix()/stepSeconds), at); again {
		t.Error("a code was taken twice")
	}
	for _, bad := range []string{"", "000000", "12345", "1234567", strings.Repeat("9", 1000)} {
		if _, ok := second.step(bad, at); ok {
			t.Errorf("%.10q was taken", bad)
		}
	}
}

func TestTheSecretIsShownInGroups(t *testing.T) {
	second := TwoStep{Secret: []byte("12345678901234567890")}
	if got := second.Text(); got != "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ" {
		t.Errorf("got %s", got)
	}
	if got := second.Link("Linden Hospital", "nora@linden.example"); got != "otpauth://totp/Linden%20Hospital:nora@linden.example?issuer=Linden+Hospital&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Errorf("got %s", got)
	}
}

// CodeAt is codeAt for the tests of other packages' stories in this one.
func CodeAt(second TwoStep, at time.Time) string { return codeAt(second.Secret, at.Unix()/stepSeconds) }
