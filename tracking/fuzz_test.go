package tracking

import "testing"

// FuzzCode looks any scanned code up: as a number, a link, a tag.
func FuzzCode(f *testing.F) {
	for _, code := range []string{"P-001", "https://ward.example/assets/P-001", "c3:00:00:00:00:a1", "urn:epc:3034257BF7194E4000000001", "]C1\x1d0195", "://", "http://[::1"} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		for _, number := range numbersOf(code) {
			if number == "" && code != "" {
				t.Errorf("%q may be the asset without a number", code)
			}
		}
		if len(tagsOf(code)) > 8 {
			t.Errorf("%q may be %d tags", code, len(tagsOf(code)))
		}
	})
}
