package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

const (
	// roleCookie is the part that a visitor of the demo plays; unitCookie is where.
	roleCookie = "wardwatch-demo-role"
	unitCookie = "wardwatch-demo-unit"
)

// Demo is what a made-up hospital has besides a real one. Only cmd's demo command makes one.
type Demo struct {
	// Speed is how much faster than the wall clock its time runs now.
	Speed func() float64
	// Players are its people; a visitor plays one of them without an account.
	Players []hospital.Person
	// Password is what all of them sign with, so that a visitor can.
	Password string
	// Levers are what a visitor may do to the hospital, to see what comes of it.
	Levers []Lever
}

// Lever is something that a visitor of the demo makes happen.
type Lever struct {
	ID   string
	Name string // on the button: "Make a fridge fail"
	// Pull makes it happen and says in a sentence what did.
	Pull func(context.Context) (string, error)
}

// player is the person that the visitor plays: the first with the role of the cookie, else the first.
func (d *Demo) player(r *http.Request) (hospital.Actor, bool) {
	if len(d.Players) == 0 {
		return hospital.Actor{}, false
	}
	chosen := d.Players[0]
	if cookie, err := r.Cookie(roleCookie); err == nil {
		for _, p := range d.Players {
			if p.Actor().Is(hospital.Role(cookie.Value)) {
				chosen = p
				break
			}
		}
	}
	actor := chosen.Actor()
	if cookie, err := r.Cookie(unitCookie); err == nil {
		actor.Unit = hospital.UnitID(cookie.Value)
	}
	return actor, true
}

func (d *Demo) strip() *views.Demo {
	strip := &views.Demo{Action: "/demo/role", Speed: d.Speed(), LeverAction: "/demo/lever"}
	for _, p := range d.Players {
		for _, role := range p.Roles {
			if !slices.Contains(strip.Roles, role) {
				strip.Roles = append(strip.Roles, role)
			}
		}
	}
	for _, lever := range d.Levers {
		strip.Levers = append(strip.Levers, views.DemoLever{ID: lever.ID, Name: lever.Name})
	}
	if strip.Speed != 1 {
		strip.Note = "clock × " + strconv.FormatFloat(strip.Speed, 'f', -1, 64)
	}
	return strip
}

func (d *Door) demoRoutes() []route {
	if d.Demo == nil {
		return nil
	}
	return []route{
		{post, "/demo/role", Public, d.playRole},
		{post, "/demo/lever", Public, d.pullLever},
		{post, "/me/unit", Public, d.playUnit},
		{get, "/gallery", SignedIn, d.gallery},
	}
}

// gallery draws every component with made-up things.
func (d *Door) gallery(c echo.Context) error {
	return d.show(c, "Gallery", views.Gallery(views.NewGallery(d.Now())))
}

// playRole changes the part that the visitor plays.
func (d *Door) playRole(c echo.Context) error {
	role := hospital.Role(c.FormValue("role"))
	for _, p := range d.Demo.Players {
		if p.Actor().Is(role) {
			rememberInBrowser(c, roleCookie, string(role))
			rememberInBrowser(c, unitCookie, string(p.Unit))
			d.say(c, "You look as "+p.Name+", "+views.RoleName(role)+".")
			return d.seeOther(c, back(c))
		}
	}
	return hospital.Refuse(hospital.ErrInvalid, "Nobody in this demo has that role.")
}

// pullLever makes something happen to the made-up hospital.
func (d *Door) pullLever(c echo.Context) error {
	for _, lever := range d.Demo.Levers {
		if lever.ID != c.FormValue("lever") {
			continue
		}
		said, err := lever.Pull(c.Request().Context())
		if err != nil {
			return err
		}
		d.say(c, said)
		return d.seeOther(c, back(c))
	}
	return hospital.Refuse(hospital.ErrInvalid, "This demo has no such button.")
}

// playUnit says where the visitor works today; empty is the whole hospital.
func (d *Door) playUnit(c echo.Context) error {
	unit := hospital.UnitID(c.FormValue("unit"))
	if _, known := d.Register.Current().Unit(unit); unit != "" && !known {
		return hospital.Refuse(hospital.ErrInvalid, "There is no such unit.")
	}
	rememberInBrowser(c, unitCookie, string(unit))
	return d.seeOther(c, back(c))
}

// rememberInBrowser keeps a choice until the browser is closed.
func rememberInBrowser(c echo.Context, name, value string) {
	c.SetCookie(&http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.IsTLS()})
}
