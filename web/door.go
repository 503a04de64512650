package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/static"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/fence"
	"wardwatch/tracking/fleet"
	"wardwatch/tracking/health"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/certificate"
	"wardwatch/tracking/hospital/display"
	"wardwatch/tracking/hospital/floorplan"
	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/maintain"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/parlevel"
	"wardwatch/web/api"
	"wardwatch/web/live"
)

// Who may come in without one of the hospital's permissions.
const (
	// Public routes answer anybody: sign-in, health, static files.
	Public hospital.Permission = "public"
	// SignedIn routes answer every member of staff.
	SignedIn hospital.Permission = "signed in"
	// ByToken routes check a device's or program's token themselves.
	ByToken hospital.Permission = "by token"
)

// Parts is all that the door opens onto.
type Parts struct {
	// Register is the hospital as it stands.
	Register *hospital.Register
	// WhoAsks tells who sends a request; false for a stranger.
	WhoAsks func(*http.Request) (hospital.Actor, bool)
	// Proxies are believed when they say for whom they ask.
	Proxies Proxies
	// Now is the clock that pages tell ages by.
	Now func() time.Time
	// Log receives what an operator should know.
	Log *slog.Logger
	// Metrics is served at /metrics.
	Metrics *prometheus.Registry
	// Administration is what the pages of the house itself read and change; nil: no such pages.
	Administration *Administration
	// Upkeep knows the jobs; Backups the copies there are. Nil: no such pages.
	Upkeep  *upkeep.Desk
	Backups func() upkeep.Backups
	// Storage says whether anything can be stored; nil: always.
	Storage func() upkeep.Storage
	// Checks say whether the house can do its work; /readyz names those that fail.
	Checks []Check
	// People are accounts, tokens and the audit trail; nil where there are none.
	People *People
	// Demo is nil in a real hospital; else its visitors need no account.
	Demo *Demo
	// Around is what stands on every page that this person opens; nil: nothing.
	Around func(context.Context, hospital.Actor) (Around, error)
	// Displays are the screens on walls; nil: none.
	Displays *display.Desk
	// Devices is where gateways and unknown devices are looked after; nil where there are none.
	Devices *ingest.Desk
	// Broker is where gateways reach us over MQTT.
	Broker Broker
	// Intake takes what POST /ingest brings; Tokens says who sends it.
	Intake Intake
	Tokens ingest.Tokens
	// Certificates knows gateways by the client certificates that TLS has verified; nil: by tokens alone.
	Certificates *certificate.Desk
	// ColdChain is how cold it is; Alarms is where people answer.
	ColdChain *coldchain.Monitor
	Alarms    *notify.Desk
	// Stock is what the hospital holds, and Desk where it is ordered; nil: no such pages.
	Stock *inventory.Stock
	Desk  *reorder.Desk
	// Storeroom is counting and packs; nil: no such pages.
	Storeroom *inventory.Storeroom
	// Lists is where programs and files read long lists; nil: no API and no files.
	Lists api.Lists
	// Version names the build.
	Version string
	// Patience is how long a form waits for long work before a page says how far it is; zero: a second.
	Patience time.Duration
	// Service is the biomedical engineer's work; nil: no such pages.
	Service *maintain.Desk
	// Levels is what equipment units should have; nil: no such pages.
	Levels *parlevel.Desk
	// Equipment finds and marks assets; nil hides its pages.
	Equipment *tracking.Equipment
	// Fences say where equipment may be, Health how its devices do; nil hides their pages.
	Fences *fence.Guard
	// Board is where floors are drawn; nil: nowhere.
	Board *floorplan.Board
	// Fleet is how equipment is used, and where it was.
	Fleet  *fleet.Desk
	Health *health.Keeper
}

// Check is one thing that must work before the house takes work.
type Check struct {
	Name string
	Work func(context.Context) error
}

// Broker is where the MQTT broker listens, with TLS at the safe one; empty where it does not.
type Broker struct{ Address, SafeAddress string }

// Door is the http.Handler of the house.
type Door struct {
	Parts
	echo   *echo.Echo
	table  []Route
	static *static.Files
	hub    *live.Hub
	// uploads are logger files that wait to be read; errands is long work that people started.
	uploads uploads
	errands upkeep.Errands
	// laid are forms that wait until their senders come back from the identity provider.
	laid laidAside
	// limiters know how much each asked for lately.
	limiters limiters
	// lanes are where pages wait for their turn to be made.
	lanes lanes
	api   *api.API
	// setUpDone is true once each step of the set-up was seen done.
	setUpDone atomic.Bool
}

// route is one line of the table in routes.go.
type route struct {
	method     string
	path       string
	permission hospital.Permission
	handle     echo.HandlerFunc
}

// New hangs the door. It is an error when a route names no known permission or is named twice.
func New(parts Parts) (*Door, error) {
	files, err := static.Load()
	if err != nil {
		return nil, err
	}
	d := &Door{Parts: parts, echo: echo.New(), static: files, lanes: newLanes()}
	if d.Now == nil {
		d.Now = time.Now
	}
	d.errands.Now = d.Now
	if d.WhoAsks == nil && d.People != nil {
		d.WhoAsks = d.People.Guard.WhoAsks
	}
	if d.Demo != nil {
		d.WhoAsks = d.Demo.player
	}
	if d.WhoAsks == nil {
		d.WhoAsks = func(*http.Request) (hospital.Actor, bool) { return hospital.Actor{}, false }
	}
	d.hub = d.newHub()
	d.api = d.newAPI()
	d.echo.HideBanner, d.echo.HidePort = true, true
	d.echo.HTTPErrorHandler = d.fail
	d.protect()
	return d, d.hang(d.routes())
}

// ServeHTTP answers a request.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.echo.ServeHTTP(w, r) }

// Route is a line of the table of routes, for those who check it.
type Route struct {
	Method, Path string
	Permission   hospital.Permission
}

// Routes lists every route with the permission that it needs.
func (d *Door) Routes() []Route { return slices.Clone(d.table) }

func (d *Door) hang(routes []route) error {
	known := append(hospital.Permissions(), Public, SignedIn, ByToken)
	seen := map[string]bool{}
	for _, r := range routes {
		name := r.method + " " + r.path
		if !slices.Contains(known, r.permission) {
			return fmt.Errorf("route %s declares no known permission (%q)", name, r.permission)
		}
		if seen[name] {
			return fmt.Errorf("route %s is declared twice", name)
		}
		seen[name] = true
		d.echo.Add(r.method, r.path, d.inTurn(r))
		d.table = append(d.table, Route{r.method, r.path, r.permission})
	}
	return nil
}

const actorKey = "actor"

// guard lets a request through to handle only when whoever asks has the permission.
func (d *Door) guard(permission hospital.Permission, handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		// Before anything is read: what changes later must reach the page.
		c.Set(cursorKey, d.hub.Cursor())
		by, known, err := d.whoAsks(c)
		if err != nil {
			return err
		}
		if known {
			c.Set(actorKey, by)
			c.SetRequest(c.Request().WithContext(hospital.Looking(c.Request().Context(), by)))
		}
		open := permission == Public || permission == ByToken
		if !open && !known {
			return d.askToSignIn(c)
		}
		if !open && by.MustEnrol && !mayEnrol(c.Path()) {
			return d.leadToEnrol(c)
		}
		if !open && permission != SignedIn {
			if err := by.Need(permission); err != nil {
				return err
			}
		}
		if known { // a refusal costs nothing, so only what is done is counted
			if err := d.limit(c, string(by.ID)); err != nil {
				return err
			}
			if answered, err := d.layAside(c); answered || err != nil {
				return err
			}
		}
		return handle(c)
	}
}

// askToSignIn sends a person to the sign-in page and back; a program is told 401.
func (d *Door) askToSignIn(c echo.Context) error {
	r := c.Request()
	if answered, err := d.keepForm(c); answered || err != nil {
		return err
	}
	page := "/sign-in"
	if r.Method == http.MethodGet {
		page += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	if r.Header.Get("HX-Request") == "true" {
		// Script that knows of the lock puts it over the page; else the browser goes there.
		if _, locked, err := d.lockForm(c, "/"); err != nil {
			return err
		} else if !locked {
			c.Response().Header().Set("HX-Redirect", page)
		}
		return c.NoContent(http.StatusUnauthorized)
	}
	if wantsJSON(r) || r.Header.Get("Upgrade") != "" {
		return echo.NewHTTPError(http.StatusUnauthorized, "Sign in first.")
	}
	return c.Redirect(http.StatusSeeOther, page)
}

// actor is who asks; the zero Actor, who may do nothing, on public pages.
func (d *Door) actor(c echo.Context) hospital.Actor {
	by, _ := c.Get(actorKey).(hospital.Actor)
	return by
}

// seeOther answers a form: the browser fetches the page at path anew, with or without htmx.
func (d *Door) seeOther(c echo.Context, path string) error {
	return c.Redirect(http.StatusSeeOther, path)
}

func wantsJSON(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, api.Root+"/") || r.URL.Path == "/ingest" ||
		strings.Contains(r.Header.Get("Accept"), "json")
}
