package web

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) levelRoutes() []route {
	if d.Desk == nil {
		return nil
	}
	return []route{
		{get, "/orders/levels", hospital.SeeOrders, d.levels},
		{post, "/orders/levels/:id", hospital.ApproveOrders, d.decideLevel},
	}
}

// levels lists the reorder levels that no longer fit the use.
func (d *Door) levels(c echo.Context) error {
	page, err := d.levelsPage(c)
	if err != nil {
		return err
	}
	return d.show(c, "Levels to review", views.Levels(page), "proposals")
}

func (d *Door) levelsPage(c echo.Context) (views.LevelsPage, error) {
	waiting, err := d.Desk.Store.LevelReviews(c.Request().Context())
	return views.LevelsPage{Waiting: waiting, May: d.actor(c).May(hospital.ApproveOrders)}, err
}

// decideLevel takes or keeps a level; a form that is refused comes back with what was typed.
func (d *Door) decideLevel(c echo.Context) error {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return reorder.ErrUnknownReview
	}
	ctx, by, id, why := c.Request().Context(), d.actor(c), reorder.ReviewID(n), c.FormValue("why")
	said, decide := "The level is set.", d.Desk.TakeLevel
	if c.FormValue("decision") == "keep" {
		said, decide = "The level stays.", d.Desk.KeepLevel
	}
	if err = decide(ctx, by, id, why); err == nil {
		d.say(c, said)
		return d.seeOther(c, "/orders/levels")
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	page, err := d.levelsPage(c)
	if err != nil {
		return err
	}
	page.Failed, page.Error, page.Why = id, sentence, why
	return d.showAs(c, status, "Levels to review", views.Levels(page), "proposals")
}
