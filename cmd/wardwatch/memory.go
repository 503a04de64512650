package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/ccojocar/zxcvbn-go/frequency"
)

// heapGrowth is by how many per cent the heap may grow before it is collected. Go's own
// 100 holds twice of what is in use, and a hospital's server stands beside others on one
// small machine; at 25 a flood of sightings cost nearly twice the processor's time. Under
// a mixed load 50 stays within 128 MiB. Whoever sets GOGC wins.
const heapGrowth = 50

// heldAtMost is what the program strives to hold at most, in bytes, beside its own file and
// what SQLite holds, some 30 MiB each: as it comes near, the heap grows by less before it is
// collected. A hospital of 50,000 tags with a thousand open pages has a limit of 300 MiB.
// Whoever sets GOMEMLIMIT wins.
const heldAtMost = 196 << 20

// leastRoom is the share of what is in use that is left to grow into, however much that is:
// with less, a larger hospital's server would do nothing but collect.
const leastRoom = 8

// unmapEvery is how often the pages of the program's own file are given back that a rare page
// or the start of something has had read. What is in use comes back within a millisecond.
const unmapEvery = 10 * time.Second

// economiseOn keeps giving back, and striving, until ctx ends.
func economiseOn(ctx context.Context) error {
	tick := time.NewTicker(unmapEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			unmapOwn()
			strive()
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
	strive()
	forgetLists()
	debug.FreeOSMemory()
	unmapOwn()
}

// strive sets what the program strives to hold at most by what it uses now.
func strive() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	used := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(used)
	debug.SetMemoryLimit(allowance(used[0].Value.Uint64() + used[1].Value.Uint64()))
}

// allowance is what to strive for with so many bytes in use.
func allowance(used uint64) int64 { return int64(max(heldAtMost, used+used/leastRoom)) }
