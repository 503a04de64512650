package web

import (
	"net/http"
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
	// Speed is how much faster than the wall clock its time runs.
	Speed float64
	// Players are its people; a visitor plays one of them without an account.
	Players []hospital.Person
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
	strip := &views.Demo{Action: "/demo/role", Speed: d.Speed}
	for _, p := range d.Players {
		strip.Roles = append(strip.Roles, p.Roles...)
	}
	if d.Speed > 1 {
		strip.Note = "clock × " + strconv.FormatFloat(d.Speed, 'f', -1, 64)
	}
	return strip
}

func (d *Door) demoRoutes() []route {
	if d.Demo == nil {
		return nil
	}
	return []route{
		{post, "/demo/role", Public, d.playRole},
		{post, "/me/unit", Public, d.playUnit},
	}
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
