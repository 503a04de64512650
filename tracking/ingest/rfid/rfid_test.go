package rfid

import (
	"errors"
	"strings"
	"testing"
)

func TestAnEPCIsTheSameInHexAndBase64(t *testing.T) {
	const want = "epc:30340000000000000000ABCD"
	for _, hex := range []string{"30340000000000000000ABCD", "30340000000000000000abcd"} {
		if got, err := FromHex(hex); got != want || err != nil {
			t.Errorf("%s is %s %v", hex, got, err)
		}
	}
	if got, err := FromBase64("MDQAAAAAAAAAAKvN"); got != want || err != nil {
		t.Errorf("base64 is %s %v", got, err)
	}
	for _, b64 := range []string{"-_8=", "+/8", "-_8"} {
		if got, err := FromBase64(b64); got != "epc:FBFF" || err != nil {
			t.Errorf("%s is %s %v", b64, got, err)
		}
	}
}

func TestWhatIsNoEPCIsRefused(t *testing.T) {
	for _, hex := range []string{"", "3", "zz", strings.Repeat("00", MaxEPC+1)} {
		if got, err := FromHex(hex); !errors.Is(err, ErrEPC) {
			t.Errorf("%q was read as %q", hex, got)
		}
	}
	if _, err := FromHex(strings.Repeat("00", MaxEPC)); err != nil {
		t.Errorf("an EPC of %d bytes: %v", MaxEPC, err)
	}
	if got, err := FromBase64("*"); !errors.Is(err, ErrEPC) {
		t.Errorf("a star was read as %q", got)
	}
}

func FuzzFromBase64(f *testing.F) {
	f.Add("MDQAAAAAAAAAAKvN")
	f.Fuzz(func(t *testing.T, s string) {
		if tag, err := FromBase64(s); err == nil {
			again, err := FromHex(strings.TrimPrefix(tag, "epc:"))
			if again != tag || err != nil {
				t.Fatalf("%q became %q and then %q", s, tag, again)
			}
		}
	})
}

func FuzzFromHex(f *testing.F) {
	for _, seed := range []string{"30340000000000000000ABCD", "30340000000000000000abcd", "", "3", "zz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tag, err := FromHex(s)
		if err != nil {
			if !errors.Is(err, ErrEPC) {
				t.Fatalf("%q is refused as %v", s, err)
			}
			return
		}
		if again, err := FromHex(strings.TrimPrefix(tag, "epc:")); again != tag || err != nil {
			t.Fatalf("%q became %q and then %q (%v)", s, tag, again, err)
		}
	})
}
