package main

import (
	"os"
	"runtime/debug"
)

// heapGrowth is by how many per cent the heap may grow before it is collected. Go's own
// 100 holds twice of what is in use; a hospital's server stands beside others on one
// small machine, and what is in use is so little that collecting it more often costs
// some per cent of its processor's time: less than two runs under a mixed load differ
// by. Whoever sets GOGC wins.
const heapGrowth = 25

// economise gives back what putting the house together has taken, and keeps the heap
// small from then on.
func economise() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	debug.FreeOSMemory()
	unmapOwn()
}
