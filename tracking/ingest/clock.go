package ingest

import (
	"sync"
	"time"

	"wardwatch/tracking/hospital"
)

// How a gateway's clock is judged by the times that it puts on its messages.
const (
	// clockTolerance is what is left alone: networks and whole seconds blur that much.
	clockTolerance = 2 * time.Second
	// clockSpan is how long a clock must have been the same amount behind before it is
	// believed: a queue of late messages looks like a slow clock, but shrinks as it is sent.
	clockSpan = 20 * time.Second
	// clockSpread is how much those delays may differ.
	clockSpread = 5 * time.Second
	// MaxClockOffset is how far ahead a clock may be and still be corrected. What is
	// dated later than that is refused as dated in the future.
	MaxClockOffset = 24 * time.Hour
	// MaxClocks is how many gateways' clocks are kept: a program's token may speak for
	// gateways under any name. The clock of one more is believed as it is.
	MaxClocks = 10_000
	// clockSamples is how many of the last messages are looked at.
	clockSamples = 8
)

// Clocks keeps how far each gateway's clock is off. What it learns is added to the
// gateway's times; the original stays beside the reading.
type Clocks struct {
	mu    sync.Mutex
	known map[hospital.GatewayID]*gatewayClock
}

// NewClocks starts from offsets learned earlier; nil for none.
func NewClocks(learned map[hospital.GatewayID]time.Duration) *Clocks {
	c := &Clocks{known: map[hospital.GatewayID]*gatewayClock{}}
	for id, offset := range learned {
		c.known[id] = &gatewayClock{offset: offset}
	}
	return c
}

type gatewayClock struct {
	offset  time.Duration // what is added to the gateway's times
	samples [clockSamples]clockSample
	n       int
}

type clockSample struct {
	received time.Time
	delay    time.Duration // received minus sent: the clock's lag and the way here
}

// Offset is what to add to the times of a gateway's message that it sent at its
// own time sent, zero when it does not say, and that arrived at received.
func (c *Clocks) Offset(id hospital.GatewayID, sent, received time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	clock := c.known[id]
	if sent.IsZero() {
		if clock == nil {
			return 0
		}
		return clock.offset
	}
	if clock == nil {
		if len(c.known) >= MaxClocks {
			return 0
		}
		clock = &gatewayClock{}
		c.known[id] = clock
	}
	delay := received.Sub(sent)
	clock.learn(delay, received)
	if delay < clock.offset-clockTolerance && delay >= -MaxClockOffset {
		return delay // nothing arrives before it was sent: this one's clock is ahead
	}
	return clock.offset
}

// learn changes the offset only when the last messages agree: one wild stamp must
// not move the next message's times.
func (k *gatewayClock) learn(delay time.Duration, received time.Time) {
	if delay < -MaxClockOffset {
		return
	}
	k.samples[k.n%clockSamples] = clockSample{received, delay}
	k.n++
	if lag, steady := k.steady(); steady {
		k.offset = 0
		if lag.Abs() > clockTolerance {
			k.offset = lag
		}
	}
}

// steady is the smallest delay of the last messages, when they agree over long enough.
func (k *gatewayClock) steady() (time.Duration, bool) {
	if k.n < clockSamples {
		return 0, false
	}
	first, last := k.samples[0], k.samples[0]
	least, most := first.delay, first.delay
	for _, s := range k.samples[1:] {
		if s.received.Before(first.received) {
			first = s
		}
		if s.received.After(last.received) {
			last = s
		}
		least, most = min(least, s.delay), max(most, s.delay)
	}
	return least, last.received.Sub(first.received) >= clockSpan && most-least <= clockSpread
}
