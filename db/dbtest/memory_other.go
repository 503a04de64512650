//go:build !linux

package dbtest

import "testing"

// Folder is a folder of the test's own.
func Folder(t testing.TB) string { return t.TempDir() }
