package web

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"
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
		}
	}
	return c.JSON(status, parts)
}

func (d *Door) metrics(c echo.Context) error {
	promhttp.HandlerFor(d.Metrics, promhttp.HandlerOpts{}).ServeHTTP(c.Response(), c.Request())
	return nil
}

func (d *Door) version(c echo.Context) error { return c.String(http.StatusOK, d.Version+"\n") }
