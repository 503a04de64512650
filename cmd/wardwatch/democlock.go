package main

import (
	"sync"
	"time"
)

// demoClock is the made-up hospital's time: it stands where it is set while the
// history is written, then runs from the start at its speed.
type demoClock struct {
	mu    sync.RWMutex
	at    time.Time
	since time.Time // by the real clock; zero while it stands
	speed float64
}

// set stops the clock at an instant.
func (c *demoClock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.since = at, time.Time{}
}

// start lets the clock run from an instant.
func (c *demoClock) start(at time.Time, speed float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.since, c.speed = at, time.Now(), speed
}

// hasten lets the clock go on at another speed.
func (c *demoClock) hasten(speed float64) {
	c.start(c.Now(), speed)
}

// pace is how much faster than the real clock it runs.
func (c *demoClock) pace() float64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.speed
}

// Now is the made-up hospital's time.
func (c *demoClock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.since.IsZero() {
		return c.at
	}
	return c.at.Add(time.Duration(float64(time.Since(c.since)) * c.speed))
}
