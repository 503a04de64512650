package web

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) surgeRoutes() []route {
	if d.Desk == nil {
		return nil
	}
	return []route{
		{get, "/stock/surges", hospital.SeeStock, d.surges},
		{post, "/stock/surges/:id", hospital.CountStock, d.explainSurge},
	}
}

// surges lists items that are used more than chance explains.
func (d *Door) surges(c echo.Context) error { return d.showSurges(c, 200, views.SurgesPage{}) }

func (d *Door) showSurges(c echo.Context, status int, page views.SurgesPage) (err error) {
	page.May = d.actor(c).May(hospital.CountStock)
	if page.All, err = d.Desk.Store.Surges(c.Request().Context()); err != nil {
		return err
	}
	return d.showAs(c, status, "Unusual use", views.Surges(page), "stock")
}

func (d *Door) explainSurge(c echo.Context) error {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return reorder.ErrUnknownSurge
	}
	id, note := reorder.SurgeID(n), c.FormValue("note")
	if err = d.Desk.ExplainSurge(c.Request().Context(), d.actor(c), id, note); err == nil {
		d.say(c, "Noted.")
		return d.seeOther(c, "/stock/surges")
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	return d.showSurges(c, status, views.SurgesPage{Failed: id, Error: sentence, Note: note})
}
