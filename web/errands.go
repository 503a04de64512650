package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/views"
)

const (
	// errandPatience is how long a form waits for its work: what is quick answers at once.
	errandPatience = time.Second
	// errandRefresh is how often, in seconds, a page without script looks again.
	errandRefresh = 3
	// refreshKey is where a page that looks again by itself says how often.
	refreshKey = "refresh"
	errandPath = "/work/"
)

func (d *Door) errandRoutes() []route {
	return []route{
		{get, errandPath + ":id", SignedIn, d.errand},
		{post, errandPath + ":id", SignedIn, d.stopErrand},
	}
}

// RunErrands waits until ctx ends; then it stops what is under way and waits for its end.
func (d *Door) RunErrands(ctx context.Context) error { return d.errands.Run(ctx) }

// longWork is what a form asks for that may take its time.
type longWork struct {
	upkeep.Task
	work upkeep.Work
	// failed answers with the form where the file is at fault; nil or its error: with a failure.
	failed func(error) error
}

// undertake does long work. What is done within errandPatience is answered as any form;
// else the page of the errand says how far it is, and can stop it.
func (d *Door) undertake(c echo.Context, w longWork) error {
	id, err := d.errands.Start(c.Request().Context(), d.actor(c), w.Task, w.work)
	if err != nil {
		return err
	}
	now, ended := d.errands.Wait(c.Request().Context(), id, cmp.Or(d.Patience, errandPatience))
	switch {
	case !ended:
		return d.seeOther(c, errandPath+id)
	case now.Err != nil && w.failed != nil:
		return w.failed(now.Err)
	case now.Err != nil:
		return now.Err
	}
	return d.followErrand(c, now)
}

// followErrand leads to what came of an errand.
func (d *Door) followErrand(c echo.Context, done upkeep.Errand) error {
	if done.Outcome.Said != "" {
		d.say(c, done.Outcome.Said)
	}
	return d.seeOther(c, done.Outcome.Href)
}

// errand shows how far an errand is, or leads to what came of it.
func (d *Door) errand(c echo.Context) error {
	now, err := d.errands.Find(d.actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	ended := !now.Ended.IsZero()
	switch {
	case asksForPart(c) && ended:
		c.Response().Header().Set("HX-Refresh", "true")
		return c.NoContent(http.StatusOK)
	case asksForPart(c):
		return d.part(c, http.StatusOK, views.ErrandStep(now))
	case ended && now.Err == nil:
		return d.followErrand(c, now)
	case !ended:
		c.Set(refreshKey, errandRefresh)
	}
	return d.show(c, now.Title, views.ErrandPage(now, d.errandSentence(c, now.Err)))
}

// errandSentence says why an errand came to nothing; empty for one that did not, or was stopped.
func (d *Door) errandSentence(c echo.Context, err error) string {
	if err == nil || errors.Is(err, upkeep.ErrStopped) {
		return ""
	}
	status, sentence := outcome(err)
	if said := loggerSentence(err); said != "" {
		return said
	}
	if status >= http.StatusInternalServerError {
		d.Log.Error("an errand failed", "path", c.Path(), "actor", d.actor(c).ID, "error", err)
	}
	return sentence
}

// stopErrand asks an errand to end before it is done.
func (d *Door) stopErrand(c echo.Context) error {
	if err := d.errands.Stop(d.actor(c), c.Param("id")); err != nil {
		return err
	}
	// It ends within a moment: then the page says so at once.
	d.errands.Wait(c.Request().Context(), c.Param("id"), cmp.Or(d.Patience, errandPatience))
	return d.seeOther(c, errandPath+c.Param("id"))
}
