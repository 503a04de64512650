package web

import (
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"wardwatch/web/api"
)

// kindOfWork groups requests that cost alike.
type kindOfWork string

// The kinds of work that are limited for each who asks.
const (
	searching  kindOfWork = "search"
	exporting  kindOfWork = "export"
	asking     kindOfWork = "api"
	delivering kindOfWork = "ingest"
	asserting  kindOfWork = "assertion"
)

// workLimit is how much of a kind one person, program or gateway may ask for: so many a
// second for long, and so many at once.
type workLimit struct {
	every time.Duration // a place is given back so often
	burst int
}

// workLimits are far above what a ward does, and far below what would slow it down.
var workLimits = map[kindOfWork]workLimit{
	searching:  {50 * time.Millisecond, 100},
	exporting:  {time.Second, 30},
	asking:     {20 * time.Millisecond, 300},
	delivering: {5 * time.Millisecond, 1000},
	asserting:  {100 * time.Millisecond, 50},
}

// maxLimited bounds the memory of who asked; beyond it those who are at rest are forgotten.
const maxLimited = 20_000

// limiters remember how much each asked for lately.
type limiters struct {
	mu  sync.Mutex
	who map[string]*rate.Limiter
}

// wait is how long somebody must wait before one more of a kind; 0 to go on.
func (l *limiters) wait(kind kindOfWork, who string, at time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit, key := workLimits[kind], string(kind)+" "+who
	limiter := l.who[key]
	if limiter == nil {
		if l.who == nil {
			l.who = map[string]*rate.Limiter{}
		}
		l.makeRoom(at)
		limiter = rate.NewLimiter(rate.Every(limit.every), limit.burst)
		l.who[key] = limiter
	}
	place := limiter.ReserveN(at, 1)
	wait := place.DelayFrom(at)
	if wait > 0 {
		place.CancelAt(at)
	}
	return wait
}

// makeRoom forgets who is at rest, and when nobody is, everybody.
func (l *limiters) makeRoom(at time.Time) {
	if len(l.who) < maxLimited {
		return
	}
	for key, limiter := range l.who {
		if limiter.TokensAt(at) >= float64(limiter.Burst()) {
			delete(l.who, key)
		}
	}
	if len(l.who) >= maxLimited {
		clear(l.who)
	}
}

// kindOf is the kind of work that a route is; empty for what is not limited.
func kindOf(routePath string) kindOfWork {
	switch {
	case strings.HasPrefix(routePath, api.Root+"/"):
		return asking
	case routePath == "/search", routePath == "/search/answers":
		return searching
	case strings.Contains(path.Base(routePath), "export"), isFile(routePath):
		return exporting
	}
	return ""
}

func isFile(routePath string) bool {
	switch path.Ext(routePath) {
	case ".csv", ".xlsx", ".pdf":
		return true
	}
	return false
}

// limit is nil while who asks may have one more of the route's work, else an answer
// that says when to come back.
func (d *Door) limit(c echo.Context, who string) error {
	kind := kindOf(c.Path())
	if kind == "" || who == "" {
		return nil
	}
	return d.slowDown(c, kind, who)
}

func (d *Door) slowDown(c echo.Context, kind kindOfWork, who string) error {
	wait := d.limiters.wait(kind, who, d.Now())
	if wait <= 0 {
		return nil
	}
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(wait/time.Second)+1))
	return echo.NewHTTPError(http.StatusTooManyRequests, "That was asked too often. Wait a little and try again.")
}
