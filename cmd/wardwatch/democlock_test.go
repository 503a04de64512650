package main

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTheDemoClockStandsUntilItIsStartedThenRunsAtItsSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clock demoClock
		past := time.Date(2026, 2, 12, 9, 0, 0, 0, time.UTC)
		clock.set(past)
		time.Sleep(time.Hour) // the bubble's time, not ours
		if got := clock.Now(); !got.Equal(past) {
			t.Errorf("it was set to %v and went on to %v", past, got)
		}
		start := past.AddDate(0, 0, 30)
		clock.start(start, 60)
		time.Sleep(2 * time.Second)
		if got := clock.Now(); !got.Equal(start.Add(2 * time.Minute)) {
			t.Errorf("two seconds at 60 times the speed led to %v", got.Sub(start))
		}
		clock.hasten(1)
		time.Sleep(2 * time.Second)
		if got := clock.Now(); !got.Equal(start.Add(2*time.Minute+2*time.Second)) || clock.pace() != 1 {
			t.Errorf("slowed down again it shows %v, at %v times the speed", got.Sub(start), clock.pace())
		}
	})
}
