//go:build !linux

package main

// unmapOwn does nothing where the system has no way for it.
func unmapOwn() {}
