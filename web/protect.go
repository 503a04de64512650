package web

import (
	"compress/gzip"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

const (
	// smallestPacked is the length in bytes below which compressing costs more than it saves.
	smallestPacked = 1024
	// maxForm is the largest body that a form may send.
	maxForm = "1M"
	// policy lets a page load only what this house serves, and no inline script or style.
	policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// protect puts what every request passes before the table of routes.
func (d *Door) protect() {
	d.echo.IPExtractor = echo.ExtractIPDirect()
	d.echo.Use(d.behindProxies, nameRequest, d.log, d.secureHeaders, packPages(), d.contain, limitForms(), sameOrigin())
}

// packPages sends pages compressed: a list is a tenth as long then. Sockets, what is
// packed already and what programs fetch stay as they are. What a page says of itself
// can't be guessed from its length by another site: the cookie is not sent with what
// another site asks for.
func packPages() echo.MiddlewareFunc {
	return middleware.GzipWithConfig(middleware.GzipConfig{Level: gzip.BestSpeed, MinLength: smallestPacked,
		Skipper: func(c echo.Context) bool {
			switch p := c.Path(); {
			case strings.HasPrefix(p, "/static/"), strings.HasSuffix(p, "/live"), p == ingestPath, p == "/metrics":
				return true
			default:
				ext := path.Ext(p)
				return ext == ".pdf" || ext == ".xlsx"
			}
		}})
}

// limitForms refuses bodies that no form sends. POST /ingest, logger files,
// imports and pictures keep limits of their own.
func limitForms() echo.MiddlewareFunc {
	return middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Limit: maxForm,
		Skipper: func(c echo.Context) bool {
			return c.Path() == ingestPath || c.Path() == loggerPath || c.Path() == pictureForm || c.Path() == papersPath || c.Path() == deliveriesPath || c.Path() == importsPath
		}})
}

// nameRequest gives the request the reference number that its failure is found by.
func nameRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, rand.Text()[:10])
		return next(c)
	}
}

// log writes one line for each request that was answered: what changed something
// as information, what only looked for those who debug. Never a query or a body:
// people search for what they should not have to hide.
func (d *Door) log(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		err := next(c)
		if err != nil {
			c.Error(err) // so that the status below is the one sent
		}
		level := slog.LevelDebug
		if method := c.Request().Method; method != http.MethodGet && method != http.MethodHead && c.Path() != ingestPath {
			level = slog.LevelInfo
		}
		d.Log.Log(c.Request().Context(), level, "request", "method", c.Request().Method, "path", loggedPath(c),
			"status", c.Response().Status, "took", time.Since(start).Round(time.Microsecond), "actor", d.actor(c).ID,
			"reference", c.Response().Header().Get(echo.HeaderXRequestID))
		return nil
	}
}

// loggedPath is the request's path, without the secret where a path holds one.
func loggedPath(c echo.Context) string {
	if strings.HasPrefix(c.Path(), "/setup/") || strings.HasPrefix(c.Path(), displayPath) {
		return c.Path()
	}
	return c.Request().URL.Path
}

// yearOfHTTPS makes a browser that came over https come back over nothing else.
const yearOfHTTPS = "max-age=31536000; includeSubDomains"

func (d *Door) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		if d.People != nil && d.People.Guard.OverHTTPS(c.Request()) {
			h.Set("Strict-Transport-Security", yearOfHTTPS)
		}
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		return next(c)
	}
}

// contain turns a handler's panic into a failure of its request alone.
func (d *Door) contain(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if reason := recover(); reason != nil {
				if reason == http.ErrAbortHandler {
					panic(reason)
				}
				err = fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
			}
		}()
		return next(c)
	}
}

// sameOrigin refuses forms that another site's page sends in this browser's name.
func sameOrigin() echo.MiddlewareFunc {
	protection := http.NewCrossOriginProtection()
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := protection.Check(c.Request()); err != nil {
				return echo.NewHTTPError(http.StatusForbidden, "This form was sent from another site. Open the page here and try again.")
			}
			return next(c)
		}
	}
}
