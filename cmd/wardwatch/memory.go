package main

import (
	"context"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/ccojocar/zxcvbn-go/frequency"
)

// heapGrowth is by how many per cent the heap may grow before it is collected. Go's own
// 100 holds twice of what is in use, and a hospital's server stands beside others on one
// small machine; at 25 a flood of sightings cost nearly twice the processor's time. Under
// a mixed load 50 stays within 128 MiB. Whoever sets GOGC wins.
const heapGrowth = 50

// unmapEvery is how often the pages of the program's own file are given back that a rare page
// or the start of something has had read. What is in use comes back within a millisecond.
const unmapEvery = 10 * time.Second

// economiseOn keeps giving back, until ctx ends.
func economiseOn(ctx context.Context) error {
	tick := time.NewTicker(unmapEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			unmapOwn()
		case <-ctx.Done():
			return nil
		}
	}
}

// forgetLists lets go of the lists of common passwords: what passwords are weighed by was
// made of them as the program began, and nothing reads them again.
var forgetLists = sync.OnceFunc(func() { clear(frequency.Lists) })

// economise gives back what putting the house together has taken, and keeps the heap
// small from then on.
func economise() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	forgetLists()
	debug.FreeOSMemory()
	unmapOwn()
}
