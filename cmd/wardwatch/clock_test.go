package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// steppedClock is a server's clock that somebody sets.
type steppedClock struct{ at atomic.Int64 }

func (c *steppedClock) set(at time.Time)        { c.at.Store(at.UnixMilli()) }
func (c *steppedClock) step(by time.Duration)   { c.at.Add(by.Milliseconds()) }
func (c *steppedClock) now() time.Time          { return time.UnixMilli(c.at.Load()).UTC() }
func (c *steppedClock) reading() map[string]any { return oneProbe(c.at.Load()) }

// clockHouse is the small hospital, in Europe/Berlin, with a house whose clock can be set.
func clockHouse(t *testing.T, at time.Time) (h *house, c *steppedClock, token, path string, k *keeper) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ward.db")
	token = furnishFile(t, "sqlite:"+path)
	k = newKeeper(t, "sqlite:"+path)
	c = &steppedClock{}
	c.set(at)
	h, err := build(t.Context(), config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: "sqlite:" + path}, newLog(io.Discard, 0), c.now)
	if err != nil {
		t.Fatal(err)
	}
	runHouse(t, h)
	return h, c, token, path, k
}

// take posts readings and insists that each is accepted once.
func take(t *testing.T, h *house, token string, readings ...any) {
	t.Helper()
	status, text := post(t, h, token, string(bodyOf(t, readings...)))
	var answer posted
	if err := json.NewDecoder(bytes.NewReader([]byte(text))).Decode(&answer); err != nil || status != http.StatusOK || answer.Accepted != len(readings) {
		t.Fatalf("at %s: %d %s %v", h.now(), status, text, err)
	}
}

// sound runs verify --deep beside the running house.
func sound(t *testing.T, path string) {
	t.Helper()
	if code, out, errs := commandLine(t, nil, "verify", "--deep", "--db", "sqlite:"+path); code != exitDone {
		t.Errorf("verify --deep found a fault: %s%s", out, errs)
	}
}

// Both nights of the year in which the ward's clock is moved, minute by minute: no
// reading is lost or doubled, and the day has the hours it had.
func TestTheNightsTheClockIsMoved(t *testing.T) {
	t.Parallel()
	for name, night := range map[string]struct {
		begins time.Time
		hours  int
	}{
		"forward": {time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC), 23},
		"back":    {time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC), 25},
	} {
		t.Run(name, func(t *testing.T) {
			h, c, token, path, k := clockHouse(t, night.begins)
			for range night.hours {
				var hour []any
				for range 60 {
					hour = append(hour, c.reading())
					c.step(time.Minute)
				}
				take(t, h, token, hour...)
				k.keep(h.address(), 1)
			}
			if said := c.now().In(h.register.Current().Site.Location()).Format("15:04"); said != "00:00" {
				t.Fatalf("after %d hours the ward's clock shows %s", night.hours, said)
			}
			if stored := storedReadings(t, path); len(stored) != night.hours*60 {
				t.Errorf("%d readings are stored of %d", len(stored), night.hours*60)
			}
			k.settle(h.address())
			k.check(path)
			sound(t, path)
		})
	}
}

// The server's own clock is set forward and back under it. What was stored stays as it
// was judged. While the clock is hours behind, a reading is refused as dated in the
// future, with that reason, and taken when its gateway tells its history again.
func TestTheServersClockIsSet(t *testing.T) {
	t.Parallel()
	h, c, token, path, k := clockHouse(t, time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC))
	sent := 0
	for _, by := range []time.Duration{time.Minute, 26 * time.Hour, -150 * time.Second, 40 * 24 * time.Hour, -time.Second, time.Minute} {
		c.step(by)
		for range 5 {
			take(t, h, token, c.reading())
			c.step(time.Minute)
			sent++
		}
		k.keep(h.address(), 4)
	}
	right, late := c.now(), c.reading()
	c.step(-3 * time.Hour)
	status, text := post(t, h, token, string(bodyOf(t, late)))
	if status != http.StatusOK || !strings.Contains(text, `"accepted":0`) || !strings.Contains(text, "dated in the future") {
		t.Errorf("with its clock behind the server answers %d %s", status, text)
	}
	k.keep(h.address(), 4)
	c.set(right.Add(time.Minute))
	take(t, h, token, late)
	if stored := storedReadings(t, path); len(stored) != sent+1 {
		t.Errorf("%d readings are stored of %d", len(stored), sent+1)
	}
	k.settle(h.address())
	k.check(path)
	sound(t, path)
}
