package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/views"
)

func (d *Door) emergencyRoutes() []route {
	return []route{
		{post, "/me/emergency", SignedIn, d.breakGlass},
		{post, "/me/emergency/end", SignedIn, d.endEmergency},
		{get, "/admin/emergencies", hospital.ManagePeople, d.emergencies},
		{post, "/admin/emergencies/:id/review", hospital.ManagePeople, d.reviewEmergency},
	}
}

// breakGlass gives whoever asks emergency access, with her reason and her password.
func (d *Door) breakGlass(c echo.Context) error {
	minutes, _ := strconv.Atoi(c.FormValue("minutes")) // what is no number is refused as no time
	e, err := d.People.Porter.BreakGlass(c.Request().Context(), d.actor(c), c.FormValue("why"), time.Duration(minutes)*time.Minute, d.typedAgain(c), d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		return d.showMe(c, status, wrong)
	}
	if err != nil {
		return err
	}
	d.say(c, "You have emergency access until "+e.EndsAt.In(d.Register.Current().Site.Location()).Format("15:04")+". The administrators were told.")
	return d.seeOther(c, "/")
}

func (d *Door) endEmergency(c echo.Context) error {
	if err := d.People.Porter.EndEmergency(c.Request().Context(), d.actor(c)); err != nil {
		return err
	}
	d.say(c, "Your emergency access is over.")
	return d.seeOther(c, "/")
}

func (d *Door) emergencies(c echo.Context) error { return d.showEmergencies(c, http.StatusOK, "") }

func (d *Door) showEmergencies(c echo.Context, status int, wrong string) error {
	all, err := d.People.Porter.Emergencies(c.Request().Context(), d.actor(c))
	if err == nil {
		err = d.People.Porter.Looked(c.Request().Context(), d.actor(c), account.LookAtEmergencies, "emergencies")
	}
	if err != nil {
		return err
	}
	return d.showAs(c, status, "Emergency access", views.Emergencies(views.EmergenciesProps{All: all, Wrong: wrong, Actor: d.actor(c)}))
}

func (d *Door) reviewEmergency(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return hospital.ErrUnknown
	}
	err = d.People.Porter.ReviewEmergency(c.Request().Context(), d.actor(c), id, c.FormValue("found"))
	if status, wrong := formFault(err); wrong != "" {
		return d.showEmergencies(c, status, wrong)
	}
	if err != nil {
		return err
	}
	d.say(c, "Kept.")
	return d.seeOther(c, "/admin/emergencies")
}
