//go:build unix

package db

import (
	"path/filepath"
	"syscall"
)

// freeSpace is how many bytes of the file's disk are left to us; -1 when that can't be told.
func freeSpace(path string) int64 {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &stat); err != nil {
		return -1
	}
	return int64(stat.Bavail) * int64(stat.Bsize)
}
