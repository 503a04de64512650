package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/views"
	"wardwatch/web/live"
)

// checkTime is how long one check of /readyz may take.
const checkTime = 2 * time.Second

// healthz says that the process is alive.
func (d *Door) healthz(c echo.Context) error { return c.String(http.StatusOK, "alive\n") }

// readyz says whether every part can do its work, and names those that can't.
func (d *Door) readyz(c echo.Context) error {
	status, parts := http.StatusOK, map[string]string{}
	for _, check := range d.Checks {
		ctx, cancel := context.WithTimeout(c.Request().Context(), checkTime)
		err := check.Work(ctx)
		cancel()
		parts[check.Name] = "ready"
		if err != nil {
			d.Log.Error("not ready", "part", check.Name, "error", err)
			status, parts[check.Name] = http.StatusServiceUnavailable, "not ready"
			if trouble := upkeep.TroubleOf(err); trouble != "" {
				parts[check.Name] = "not ready: " + trouble.Error()
			}
		}
	}
	return c.JSON(status, parts)
}

// metrics are for programs on this machine, and elsewhere for those that show a
// token: they tell how busy the hospital is.
func (d *Door) metrics(c echo.Context) error {
	if err := d.needsToken(c.Request()); err != nil {
		return err
	}
	promhttp.HandlerFor(d.Metrics, promhttp.HandlerOpts{}).ServeHTTP(c.Response(), c.Request())
	return nil
}

func (d *Door) needsToken(r *http.Request) error {
	if d.People == nil || d.Demo != nil || d.People.Guard.Local(r) {
		return nil
	}
	secret := bearerToken(r)
	if secret == "" {
		return echo.NewHTTPError(http.StatusUnauthorized, "Show a token: Authorization: Bearer …; wardwatch token add makes one.")
	}
	gateway, err := d.People.Keys.Check(r.Context(), secret)
	if err == nil && gateway != "" {
		return hospital.Refuse(hospital.ErrForbidden, "A gateway's token reads nothing. Make a program's: wardwatch token add.")
	}
	if errors.Is(err, hospital.ErrForbidden) { // or a program's that reads
		_, err = d.People.Keys.WhoAsks(r.Context(), secret)
	}
	return err
}

func (d *Door) version(c echo.Context) error { return c.String(http.StatusOK, d.Version+"\n") }

// storageTopic changes when storing stops working, and when it works again.
const storageTopic = "storage"

// trouble is why nothing can be stored; empty when all is well.
func (d *Door) trouble() upkeep.Trouble {
	if d.Storage == nil {
		return ""
	}
	return d.Storage().Trouble
}

// storageSources tell every open page when nothing can be stored. Every role may see equipment.
func (d *Door) storageSources() []live.Source {
	return []live.Source{{Prefix: storageTopic, Permission: hospital.SeeEquipment, Render: func(ctx context.Context, _ string) ([]live.Fragment, error) {
		return drawAll(ctx, leaf{"trouble-strip", views.TroubleStrip(d.trouble())})
	}}}
}
