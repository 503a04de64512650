package notify

import "testing"

func TestTelephoneNumbersHaveOneForm(t *testing.T) {
	for given, want := range map[string]string{"+49 170 1234567": "+491701234567", "0049 (0)170/123-4567": "+491701234567", "+1 (212) 555.0100": "+12125550100", "0170 1234567": "", "+49": "", "+4917012345678901234": "", "call me": "", "+0123456789": ""} {
		if got, ok := PhoneNumber(given); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v", given, got, ok)
		}
	}
}

func FuzzPhoneNumber(f *testing.F) {
	f.Add("+49 170 1234567")
	f.Fuzz(func(t *testing.T, said string) {
		if got, ok := PhoneNumber(said); ok && !number.MatchString(got) {
			t.Fatalf("%q became %q", said, got)
		}
	})
}
