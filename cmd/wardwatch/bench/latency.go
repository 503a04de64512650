package bench

import (
	"slices"
	"sync"
	"time"
)

// maxLatencies is how many durations are kept; beyond it they are counted only.
const maxLatencies = 4_000_000

// latencies gathers how long things took. It may be used by any goroutine.
type latencies struct {
	mu    sync.Mutex
	all   []time.Duration
	count int
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if len(l.all) < maxLatencies {
		l.all = append(l.all, d)
	}
}

// reset forgets all, so that a warm-up does not count.
func (l *latencies) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all, l.count = nil, 0
}

func (l *latencies) n() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// at is the duration in milliseconds that a share of all stayed within; 0 for none.
func (l *latencies) at(share float64) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return 0
	}
	slices.Sort(l.all)
	i := min(int(share*float64(len(l.all))), len(l.all)-1)
	return l.all[i].Seconds() * 1000
}
