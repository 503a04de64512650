package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/web/live"
)

// sources is the table of what open pages can listen to, one block a subject. A
// topic's permission is asked when a page begins to listen.
func (d *Door) sources() []live.Source {
	return slices.Concat(
		d.deviceSources(),
		d.stockSources(),
		d.orderSources(),
		d.homeSources(),
		d.storageSources(),
		d.jobSources(),
		d.wallSources(),
		d.displaySources(),
		d.coldChainSources(),
		d.equipmentSources(),
		d.unitSources(),
		d.wardSources(),
	)
}

func (d *Door) newHub() *live.Hub {
	return live.New(live.Options{Log: d.Log, Now: d.Now, Scene: d.scene, Version: d.Version}, d.sources()...)
}

// Changed tells open pages that these topics changed. Call it after the commit; it never blocks.
func (d *Door) Changed(topics []string) {
	for _, topic := range topics {
		if id, ok := strings.CutPrefix(topic, "person/"); ok {
			d.hub.Recheck(hospital.PersonID(id))
		}
	}
	d.hub.Changed(topics...)
	d.hub.Changed(d.derived(topics)...)
}

// RunLive renders what changed for those who listen, until ctx ends.
func (d *Door) RunLive(ctx context.Context) error { return d.hub.Run(ctx) }

// listen is the websocket that tells an open page what changed.
func (d *Door) listen(c echo.Context) error {
	request, by := lasting(c), d.actor(c)
	return tooMany(d.hub.Serve(c.Response(), request, live.Audience{Actor: by, Reader: d.reader(c), Still: func(context.Context) bool {
		now, known := d.WhoAsks(request)
		return known && now.ID == by.ID && now.MustEnrol == by.MustEnrol && slices.Equal(now.Roles, by.Roles) && now.Limits.Equal(by.Limits)
	}}))
}

// lasting is a request that is asked about after it has been answered.
func lasting(c echo.Context) *http.Request {
	return c.Request().WithContext(context.WithoutCancel(c.Request().Context()))
}

// poll is listen for a network that refuses websockets.
func (d *Door) poll(c echo.Context) error {
	return tooMany(d.hub.Poll(c.Response(), c.Request(), live.Audience{Actor: d.actor(c), Reader: d.reader(c)}))
}

func tooMany(err error) error {
	if errors.Is(err, live.ErrTooMany) {
		return echo.NewHTTPError(http.StatusTooManyRequests, "Too many pages of yours listen already. Close some.")
	}
	return err
}
