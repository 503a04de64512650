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

// clockHouse is the small hospital, in Europe/Berlin, whose clock can be set, with its keeper and its pager.
type clockHouse struct {
	*steppedClock
	*house
	token, path string
	keeper      *keeper
	pager       *pager
}

func newClockHouse(t *testing.T, at time.Time) clockHouse {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ward.db")
	c := clockHouse{steppedClock: &steppedClock{}, path: path, token: furnishFile(t, "sqlite:"+path), keeper: newKeeper(t, "sqlite:"+path), pager: newPager(t)}
	c.set(at)
	h, err := build(t.Context(), config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", DB: "sqlite:" + path, WebhookURL: c.pager.url, WebhookSecret: "s"},
		newLog(io.Discard, 0), c.steppedClock.now)
	if err != nil {
		t.Fatal(err)
	}
	c.house = h
	runHouse(t, h)
	return c
}

// warm tells of a fridge that has been too warm until now for as long as it takes to ring.
func (c clockHouse) warm(t *testing.T) (readings int) {
	t.Helper()
	const minutes = 18
	var told []any
	for minute := range minutes {
		reading := oneProbe(c.steppedClock.now().Add(time.Duration(minute+1-minutes) * time.Minute).UnixMilli())
		reading["celsius"] = 12.5
		told = append(told, reading)
	}
	take(t, c.house, c.token, told...)
	return len(told)
}

// afterwards looks at what is left: so many readings, each once, the store as its keeper was
// answered, every call of the pager's, and nothing that verify --deep finds.
func (c clockHouse) afterwards(t *testing.T, readings int) {
	t.Helper()
	if stored := storedReadings(t, c.path); len(stored) != readings {
		t.Errorf("%d readings are stored of %d", len(stored), readings)
	}
	c.keeper.settle(c.address())
	c.keeper.check(c.path)
	c.pager.settleBy(c.steppedClock.now, "sqlite:"+c.path, c.steppedClock)
	c.pager.check(c.path, c.steppedClock.now())
	sound(t, c.path)
}

// String is what a house says whose clock is set.
func (c *steppedClock) String() string { return "its clock shows " + c.now().String() }

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
			c := newClockHouse(t, night.begins)
			c.pager.answer()
			for range night.hours {
				var hour []any
				for range 60 {
					hour = append(hour, c.reading())
					c.step(time.Minute)
				}
				take(t, c.house, c.token, hour...)
				c.keeper.keep(c.address(), 1)
			}
			c.pager.ring()
			if said := c.steppedClock.now().In(c.register.Current().Site.Location()).Format("15:04"); said != "00:00" {
				t.Fatalf("after %d hours the ward's clock shows %s", night.hours, said)
			}
			c.afterwards(t, night.hours*60)
		})
	}
}

// The server's own clock is set forward and back under it, while its pager does not answer. What
// was stored stays as it was judged, and every call is made. While the clock is hours behind, a
// reading is refused as dated in the future, with that reason, and taken when its gateway tells
// its history again.
func TestTheServersClockIsSet(t *testing.T) {
	t.Parallel()
	c := newClockHouse(t, time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC))
	sent := c.warm(t)
	c.pager.ring()
	for _, by := range []time.Duration{time.Minute, 26 * time.Hour, -150 * time.Second, 40 * 24 * time.Hour, -time.Second, time.Minute} {
		c.step(by)
		for range 5 {
			take(t, c.house, c.token, c.reading())
			c.step(time.Minute)
			sent++
		}
		c.keeper.keep(c.address(), 4)
	}
	right, late := c.steppedClock.now(), c.reading()
	c.step(-3 * time.Hour)
	status, text := post(t, c.house, c.token, string(bodyOf(t, late)))
	if status != http.StatusOK || !strings.Contains(text, `"accepted":0`) || !strings.Contains(text, "dated in the future") {
		t.Errorf("with its clock behind the server answers %d %s", status, text)
	}
	c.keeper.keep(c.address(), 4)
	c.set(right.Add(time.Minute))
	take(t, c.house, c.token, late)
	c.afterwards(t, sent+1)
}
