package dbtest

import (
	"os"
	"syscall"
	"testing"
)

// inMemory is a file system that Linux keeps in memory; enough is the room that it must have.
const (
	inMemory = "/dev/shm"
	enough   = 1 << 30
)

// Folder is a folder of the test's own, in memory where there is room: what is written
// there waits for no disk.
func Folder(t testing.TB) string {
	t.Helper()
	var stat syscall.Statfs_t
	if err := syscall.Statfs(inMemory, &stat); err != nil || int64(stat.Bavail)*stat.Bsize < enough {
		return t.TempDir()
	}
	folder, err := os.MkdirTemp(inMemory, "wardwatch-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}
