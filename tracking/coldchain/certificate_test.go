package coldchain_test

import (
	"bytes"
	"errors"
	"testing"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// What a certificate's bytes say counts, not its name; one byte over the limit is too much.
func TestACertificateIsWhatItsBytesSay(t *testing.T) {
	pdf, png := []byte("%PDF-1.7\n"), []byte("\x89PNG\r\n\x1a\n....")
	for name, data := range map[string][]byte{`C:\papers\cal 7.pdf`: pdf, "x.exe": png} {
		if f, err := coldchain.NewPaperFile(name, data); err != nil || f.Name != map[string]string{"x.exe": "x.exe"}[name] && f.Name != "cal 7.pdf" {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for name, data := range map[string][]byte{"cal.pdf": []byte("<html><script>"), "empty.pdf": nil} {
		if _, err := coldchain.NewPaperFile(name, data); !errors.Is(err, hospital.ErrInvalid) {
			t.Errorf("%s with %q is kept: %v", name, data, err)
		}
	}
	large := append(bytes.Clone(pdf), make([]byte, coldchain.MaxPaperFile-len(pdf))...)
	if _, err := coldchain.NewPaperFile("cal.pdf", large); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := coldchain.NewPaperFile("cal.pdf", append(large, 0)); !errors.Is(err, hospital.ErrInvalid) {
		t.Errorf("over the limit: %v", err)
	}
}
