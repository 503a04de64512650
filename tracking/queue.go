package tracking

import (
	"sync"

	"wardwatch/tracking/locate"
)

// MaxQueued is how many sightings may wait in one shard. When more come, the
// oldest are dropped and counted: a newer sighting says more than an older one.
const MaxQueued = 1 << 16

// heard is a sighting with its names looked up in a book.
type heard struct {
	book     *book // that its numbers are of
	atMS     int64
	dbm      float32
	asset    int32
	receiver int16
	certain  int16 // the one room it can have come from, or locate.NoRoom
	battery  int8
	motion   locate.Motion
	counts   bool // movements is the tag's own count
	doorway  bool // certain is one side of a doorway
	// movements is how often the tag has moved by its own count
	movements int32
	readMS    int64 // by the reader's own clock, which orders what it read
}

// firstRing is how large a ring is before it has to grow.
const firstRing = 512

// How many elements an emptied buffer has room for at most: what the first minute needed,
// in which every tag is found, is not held for ever after. A flood fills keptBatch again
// and again and must not make it anew each time.
const (
	keptMoves = 256
	keptBatch = maxBatch / 2
)

// calm empties a buffer for its next use, and lets one go that has room for more than it may keep.
func calm[T any](buffer []T, keep int) []T {
	if cap(buffer) > keep {
		return nil
	}
	return buffer[:0]
}

// calmFor is how often in a row a ring must have been almost empty to become small again.
const calmFor = 256

// queue is a bounded ring, as large as it lately had to be. put never waits; take empties it.
type queue struct {
	mu      sync.Mutex
	limit   int
	ring    []heard
	first   int
	filled  int
	calm    int // how often in a row take found little
	dropped uint64
	wake    chan struct{}
}

func newQueue(size int) *queue {
	return &queue{limit: size, ring: make([]heard, min(size, firstRing)), wake: make(chan struct{}, 1)}
}

// put adds sightings and says how many old ones had to go.
func (q *queue) put(hs []heard) (dropped int) {
	q.mu.Lock()
	q.makeRoom(len(hs))
	for _, h := range hs {
		if q.filled == len(q.ring) {
			q.first = (q.first + 1) % len(q.ring)
			q.filled--
			dropped++
		}
		q.ring[(q.first+q.filled)%len(q.ring)] = h
		q.filled++
	}
	q.dropped += uint64(dropped)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return dropped
}

// makeRoom has the ring grow, within its limit, for so many more; q.mu is held.
func (q *queue) makeRoom(more int) {
	want := min(q.filled+more, q.limit)
	if want <= len(q.ring) {
		return
	}
	ring := make([]heard, min(max(want, 2*len(q.ring)), q.limit))
	n := copy(ring, q.ring[q.first:min(q.first+q.filled, len(q.ring))])
	copy(ring[n:], q.ring[:q.filled-n])
	q.ring, q.first = ring, 0
}

// take appends up to limit of what waits to into, oldest first.
func (q *queue) take(into []heard, limit int) []heard {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.calm++; q.filled > len(q.ring)/8 {
		q.calm = 0
	}
	for range min(q.filled, limit) {
		into = append(into, q.ring[q.first])
		q.first = (q.first + 1) % len(q.ring)
		q.filled--
	}
	if q.calm > calmFor && q.filled == 0 && len(q.ring) > firstRing {
		q.ring, q.first, q.calm = make([]heard, firstRing), 0, 0
	}
	return into
}

func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.filled
}
