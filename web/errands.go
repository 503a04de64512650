package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"path"
	"sync/atomic"
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
	// maxErrandsShown is how many a page leads back to.
	maxErrandsShown = 5
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
	var alone atomic.Bool // nobody waits for its end any more: what fails is logged by itself
	by, at := d.actor(c), c.Path()
	id, err := d.errands.Start(c.Request().Context(), by, w.Task, func(ctx context.Context, says upkeep.Says) (upkeep.Outcome, error) {
		done, err := w.work(ctx, says)
		if status, _ := errandFault(err); status >= http.StatusInternalServerError && alone.Load() {
			d.Log.Error("an errand failed", "path", at, "actor", by.ID, "error", err)
		}
		return done, err
	})
	if err != nil {
		return err
	}
	now, ended := d.errands.Wait(c.Request().Context(), id, cmp.Or(d.Patience, errandPatience))
	switch {
	case !ended:
		alone.Store(true)
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
	_, wrong := errandFault(now.Err)
	return d.show(c, now.Title, views.ErrandPage(now, wrong))
}

// errandFault says why an errand came to nothing; nothing for one that did not, or was stopped.
func errandFault(err error) (status int, sentence string) {
	if err == nil || errors.Is(err, upkeep.ErrStopped) {
		return 0, ""
	}
	if said := loggerSentence(err); said != "" {
		return http.StatusUnprocessableEntity, said
	}
	return outcome(err)
}

// lately are the errands of a page that are under way or ended lately. A file that was looked
// at and waits no longer is none of them: it was taken in, and that is another.
func (d *Door) lately(c echo.Context, page string) (lines []views.ErrandLine) {
	by := d.actor(c)
	for _, one := range d.errands.Lately(by, page) {
		if one.Outcome.Said == "" && one.Outcome.Href != "" {
			if _, waits := d.uploads.get(path.Base(one.Outcome.Href), by.ID, d.Now()); !waits {
				continue
			}
		}
		_, wrong := errandFault(one.Err)
		if lines = append(lines, views.ErrandLine{Errand: one, Wrong: wrong}); len(lines) == maxErrandsShown {
			break
		}
	}
	return lines
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
