// Package beside finds the reference material that may lie beside the project
// while it is being built. Nothing of it is part of the project: a test that wants
// it skips, saying so, when it is not there.
package beside

import (
	"os"
	"path/filepath"
	"testing"
)

// File is the content of a reference file, named from the folder "shared" on.
func File(t testing.TB, name string) []byte {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; root != filepath.Dir(root); root = filepath.Dir(root) {
		b, err := os.ReadFile(filepath.Join(root, "shared", filepath.FromSlash(name)))
		if err == nil {
			return b
		}
	}
	t.Skipf("the reference file shared/%s is not beside the project", name)
	return nil
}
