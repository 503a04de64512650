package main

import (
	"os"
	"strings"
	"testing"
)

func TestOnlyOwnPagesThatNobodyCanWriteAreGivenBack(t *testing.T) {
	for line, want := range map[string]bool{
		"00400000-01a3c000 r-xp 00000000 08:01 1234 /opt/ward watch/wardwatch":    true,
		"01a3c000-02f00000 r--p 0163c000 08:01 1234 /opt/ward watch/wardwatch":    true,
		"02f00000-0306a000 rw-p 02b00000 08:01 1234 /opt/ward watch/wardwatch":    false,
		"00400000-01a3c000 r-xp 00000000 08:01 99 /x/opt/ward watch/wardwatch":    false,
		"c000000000-c004000000 rw-p 00000000 00:00 0":                             false,
		"7ffd1c5e6000-7ffd1c5e8000 r-xp 00000000 00:00 0                  [vdso]": false,
		"": false,
	} {
		from, to, ok := ownPages(line, "/opt/ward watch/wardwatch")
		if ok != want || ok && from >= to {
			t.Errorf("%q: %x to %x, %v", line, from, to, ok)
		}
	}
}

// A program that has given back its pages goes on as if nothing were.
func TestAProgramGoesOnWithoutItsPages(t *testing.T) {
	before, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip("this system does not tell what is mapped")
	}
	unmapOwn()
	after, err := os.ReadFile("/proc/self/maps")
	if err != nil || strings.Count(string(after), "r-xp") != strings.Count(string(before), "r-xp") {
		t.Errorf("the maps have changed: %v", err)
	}
}
