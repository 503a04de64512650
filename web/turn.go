package web

import (
	"context"
	"net/http"
	"path"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/web/api"
)

const (
	// fewestTurns is how many pages are made at once however few processors there are: as
	// many as the database is read by at once (see db). More would make none of them sooner,
	// and each holds what it has read so far.
	fewestTurns = 4
	// longestTurn is how long a page waits to be made before its reader is told to try again.
	longestTurn = 30 * time.Second
)

// lanes keep people from waiting for programs, and for files that take long to write.
type lanes struct{ people, programs turns }

func newLanes() lanes { return lanes{newTurns(), newTurns()} }

// of is the lane of a route.
func (l lanes) of(where string) turns {
	if ext := path.Ext(where); ext != "" && ext != ".json" || strings.HasPrefix(where, api.Root+"/") {
		return l.programs
	}
	return l.people
}

// turns lets so many pages be made at once; the others wait in the order in which they came.
type turns chan struct{}

func newTurns() turns { return make(turns, max(fewestTurns, runtime.NumCPU())) }

// take waits for a turn and gives back what ends it, which may be called again and again.
// It is context.DeadlineExceeded when none came within the patience.
func (t turns) take(ctx context.Context, patience time.Duration) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case t <- struct{}{}:
		return sync.OnceFunc(func() { <-t }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inTurn makes a page when its turn has come: in a crowd pages wait, and take no memory
// meanwhile. The turn is over with the first byte that is sent, so that nobody's slow line
// is waited for. Forms, sockets and what is answered to everybody have no turns.
func (d *Door) inTurn(r route) echo.HandlerFunc {
	guarded := d.guard(r.permission, r.handle)
	if r.method != http.MethodGet || r.permission == Public || r.permission == ByToken || strings.HasSuffix(r.path, "/live") {
		return guarded
	}
	return func(c echo.Context) error {
		done, err := d.lanes.of(r.path).take(c.Request().Context(), longestTurn)
		if err != nil {
			c.Response().Header().Set(echo.HeaderRetryAfter, "5")
			return err
		}
		defer done()
		c.Response().Before(done)
		return guarded(c)
	}
}
