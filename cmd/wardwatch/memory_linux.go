package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// unmapOwn gives back what of the program's own file lies in memory: most of its code and
// tables served only to put the house together, and what goes on being needed comes back by
// itself, from the system's cache of the file. Only what can't be written is given back, and
// where the system does not let it, it stays.
func unmapOwn() {
	own, err := os.Executable()
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		from, to, ok := ownPages(lines.Text(), own)
		if ok {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
		}
	}
}

// ownPages reads a line of /proc/self/maps: from where to where the program's own file is
// mapped, if it is and nobody can write there.
func ownPages(line, own string) (from, to uintptr, ok bool) {
	var rights string
	if n, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil || n != 3 {
		return 0, 0, false
	}
	return from, to, from < to && !strings.Contains(rights, "w") && strings.HasSuffix(line, " "+own)
}
