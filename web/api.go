package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/views"
	"wardwatch/web/api"
	"wardwatch/web/live"
)

func (d *Door) newAPI() *api.API {
	a := &api.API{Lists: d.Lists, Register: d.Register, Equipment: d.Equipment, Fleet: d.Fleet, Levels: d.Levels, Service: d.Service,
		Fences: d.Fences, Health: d.Health, ColdChain: d.ColdChain, Alarms: d.Alarms,
		Stock: d.Stock, Desk: d.Desk, Storeroom: d.Storeroom, Now: d.Now, Actor: d.actor, Live: d.feed, Version: d.Version}
	if d.People != nil {
		a.Trail = &d.People.Trail
	}
	return a
}

// apiRoutes hangs every operation of the API, and what describes them.
func (d *Door) apiRoutes() []route {
	if d.Lists == nil {
		return nil
	}
	operations := d.api.Operations()
	document := api.Describe(d.Version, operations)
	routes := []route{
		{get, api.Root, SignedIn, func(c echo.Context) error { return d.show(c, "API", views.API(api.Page(operations))) }},
		{get, api.Root + "/openapi.json", SignedIn, func(c echo.Context) error { return c.JSON(http.StatusOK, document) }},
	}
	for _, o := range operations {
		routes = append(routes, route{o.Method, o.Path, o.Permission, o.Handle})
	}
	return routes
}

// whoAsks is who sends a request: on the API whoever a program's token names, else
// the person of the browser's session. A token that is no good is refused, whatever
// session comes beside it.
func (d *Door) whoAsks(c echo.Context) (hospital.Actor, bool, error) {
	by, known, err := d.asker(c.Request(), c.Path())
	if errors.Is(err, hospital.ErrForbidden) {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="wardwatch", error="invalid_token"`)
		err = echo.NewHTTPError(http.StatusUnauthorized, "The token is not known here, was revoked, or is one that delivers and reads nothing.")
	}
	return by, known, err
}

// asker is whoAsks of a request to a path of the table; hospital.ErrForbidden for a token that is no good.
func (d *Door) asker(r *http.Request, path string) (hospital.Actor, bool, error) {
	secret := bearerToken(r)
	if secret == "" || d.People == nil || !strings.HasPrefix(path, api.Root) {
		by, known := d.WhoAsks(r)
		return by, known, nil
	}
	by, err := d.People.Keys.WhoAsks(r.Context(), secret)
	return by, err == nil, err
}

// bearerToken is what follows "Authorization: Bearer"; empty where there is none.
func bearerToken(r *http.Request) string {
	const scheme = "Bearer "
	header := r.Header.Get(echo.HeaderAuthorization)
	if len(header) <= len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) {
		return ""
	}
	return header[len(scheme):]
}

// feed is the websocket that tells a program what changed.
func (d *Door) feed(c echo.Context) error {
	request, path, by := lasting(c), c.Path(), d.actor(c)
	err := d.hub.Feed(c.Response(), request, live.Audience{Actor: by, Still: func(context.Context) bool {
		now, known, err := d.asker(request, path)
		return err == nil && known && now.ID == by.ID && slices.Equal(now.Roles, by.Roles) && now.Limits.Equal(by.Limits)
	}})
	if errors.Is(err, live.ErrNoUpgrade) {
		c.Response().Header().Set(echo.HeaderUpgrade, "websocket")
		return echo.NewHTTPError(http.StatusUpgradeRequired, "This address is a websocket.")
	}
	return tooMany(err)
}
