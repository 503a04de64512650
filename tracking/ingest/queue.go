package ingest

import (
	"context"
	"sync"
	"time"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest/gateway"
)

// queue holds sightings until they are handed over. It is bounded: when it is full
// the oldest go, because where a tag was heard last is what counts.
type queue struct {
	limit int
	mu    sync.Mutex
	parts []part // oldest first
	size  int
	ready chan struct{} // holds a token while there is something
	fell  chan struct{} // is closed when fewer than a crowd wait; nil while nobody wants to know
	// joined is room for several messages' sightings; take gives it out each time anew.
	joined []tracking.Sighting
	out    *gateway.Room // of the one message that take gave out last
	rooms  sync.Pool     // of *gateway.Room, for messages to come
}

// part is what one message says, in its room; nil: the sightings stand elsewhere.
type part struct {
	sightings []tracking.Sighting
	room      *gateway.Room
}

// maxKeptRoom is for how many sightings a room may have space that is kept for others: a
// gateway's second. A long message after a silence has its own, and leaves none behind.
const maxKeptRoom = 512

// room is room for one message, to be given back by put or by giveBack.
func (q *queue) room() *gateway.Room {
	if room, ok := q.rooms.Get().(*gateway.Room); ok {
		return room
	}
	return new(gateway.Room)
}

func (q *queue) giveBack(room *gateway.Room) {
	if room != nil && room.Size() <= maxKeptRoom {
		q.rooms.Put(room)
	}
}

func newQueue(limit int) queue { return queue{limit: limit, ready: make(chan struct{}, 1)} }

// put adds sightings, the queue's from now on with their room, and says how many of the oldest had to go.
func (q *queue) put(p part) (dropped int) {
	if len(p.sightings) == 0 {
		q.giveBack(p.room)
		return 0
	}
	q.mu.Lock()
	q.parts = append(q.parts, p)
	q.size += len(p.sightings)
	for q.size > q.limit {
		oldest := &q.parts[0].sightings
		gone := min(len(*oldest), q.size-q.limit)
		if gone == len(*oldest) {
			q.giveBack(q.next().room)
		} else {
			*oldest = (*oldest)[gone:]
		}
		q.size -= gone
		dropped += gone
	}
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
	return dropped
}

// calm waits while a crowd of sightings waits, until ctx ends or patience does.
func (q *queue) calm(ctx context.Context, patience time.Duration) {
	fell := q.crowded()
	if fell == nil {
		return
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for ; fell != nil; fell = q.crowded() {
		select {
		case <-fell:
		case <-late.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// crowded is nil unless a crowd waits, else closed when it does no more.
func (q *queue) crowded() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.size < crowd {
		return nil
	}
	if q.fell == nil {
		q.fell = make(chan struct{})
	}
	return q.fell
}

// take waits for sightings and returns at least one message's, and about most of
// them at once; none when ctx has ended and nothing is left. They are good until the
// next take.
func (q *queue) take(ctx context.Context, most int) []tracking.Sighting {
	for {
		if sightings := q.takeNow(most); len(sightings) > 0 {
			return sightings
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return q.takeNow(most)
		}
	}
}

func (q *queue) takeNow(most int) []tracking.Sighting {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.sayFell()
	q.giveBack(q.out)
	q.out = nil
	if len(q.parts) == 0 {
		return nil
	}
	if len(q.parts) == 1 || len(q.parts[0].sightings)+len(q.parts[1].sightings) > most {
		alone := q.next()
		q.out = alone.room
		q.size -= len(alone.sightings)
		return alone.sightings
	}
	q.joined = q.joined[:0]
	for len(q.parts) > 0 && len(q.joined)+len(q.parts[0].sightings) <= most {
		p := q.next()
		q.joined = append(q.joined, p.sightings...)
		q.giveBack(p.room)
	}
	q.size -= len(q.joined)
	return q.joined
}

// sayFell tells those who wait for it that fewer than a crowd wait; q.mu is held.
func (q *queue) sayFell() {
	if q.fell != nil && q.size < crowd {
		close(q.fell)
		q.fell = nil
	}
}

// next is the oldest message's; q.mu is held.
func (q *queue) next() part {
	oldest := q.parts[0]
	q.parts[0] = part{}
	q.parts = q.parts[1:]
	return oldest
}

// waiting is how many sightings wait.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}

// sameAdvert is how long a device's counter stands for the same advert: short
// enough that a counter of 8 bits does not come round meanwhile.
const sameAdvert = 60 // seconds

// counters recognises one advert that several gateways heard: same device, same
// counter, same value. It knows only what is durable, so that a duplicate's sender
// may be told so at once.
type counters struct {
	mu   sync.Mutex
	last map[coldchain.SensorKey]counted
}

type counted struct {
	counter int
	temp    coldchain.MilliCelsius
	at      int64 // seconds
	by      hospital.GatewayID
}

func (c *counters) note(r coldchain.Reading, counter int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last[r.Key()] = counted{counter, r.Temp, r.MeasuredAt.Unix(), r.Gateway}
}

// passedOnWithin is how far apart, in seconds, the clocks of gateways put one advert.
const passedOnWithin = 2

// passedOn says whether another gateway brought the same value at the same time: both
// heard one advert, and nothing was repeated.
func (c *counters) passedOn(r coldchain.Reading) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.last[r.Key()]
	age := r.MeasuredAt.Unix() - known.at
	return ok && known.by != r.Gateway && known.temp == r.Temp && max(age, -age) <= passedOnWithin
}

func (c *counters) has(r coldchain.Reading, counter int) bool {
	if counter == gateway.NoCounter {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.last[r.Key()]
	age := r.MeasuredAt.Unix() - known.at
	return ok && known.counter == counter && known.temp == r.Temp && max(age, -age) < sameAdvert
}
