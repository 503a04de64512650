package web

import (
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/views"
	"wardwatch/web/auth"
)

// afterSignIn is where somebody goes who has just signed in: nurses say first in
// which unit they work today, because what is nearest is counted from there.
func (d *Door) afterSignIn(person hospital.Person, next string) string {
	if !slices.Contains(person.Roles, hospital.Nurse) || len(d.Register.Current().Units) < 2 {
		return next
	}
	return "/me/unit?next=" + url.QueryEscape(next)
}

// chooseUnit asks where somebody works today.
func (d *Door) chooseUnit(c echo.Context) error {
	return d.show(c, "Working where today?", views.ChooseUnit(views.ChooseUnitPage{Units: d.Register.Current().Units, Now: d.actor(c).Unit, Next: auth.Next(c.QueryParam("next"))}))
}
