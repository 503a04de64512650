package audit

import (
	"crypto/sha256"
	"testing"
)

// FuzzReadCheckpoint reads any text as a checkpoint, signed or not.
func FuzzReadCheckpoint(f *testing.F) {
	f.Add(notary+"/st-anna\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n2026-03-01T00:00:00Z\n", "ward+12345678+AbCd")
	f.Add(notary+"\n-1\n=\nyesterday\n", "")
	f.Fuzz(func(t *testing.T, text, public string) {
		if c, err := parseCheckpoint(text); err == nil && (c.Seq < 1 || len(c.Hash) != sha256.Size || c.Origin == "") {
			t.Errorf("%q was taken as %+v", text, c)
		}
		if c, err := ReadCheckpoint(text, public); err == nil && c.Seq < 1 {
			t.Errorf("%q was taken as %+v", text, c)
		}
	})
}
