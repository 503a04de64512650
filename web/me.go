package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
)

// themeFor is how long a browser remembers its colours: a year, in seconds.
const themeFor = 365 * 24 * 60 * 60

func theme(c echo.Context) string {
	cookie, err := c.Cookie(themeCookie)
	if err != nil || (cookie.Value != "light" && cookie.Value != "dark") {
		return ""
	}
	return cookie.Value
}

// chooseTheme sets this browser's colours: light, dark, or as the device likes it.
func (d *Door) chooseTheme(c echo.Context) error {
	chosen := &http.Cookie{Name: themeCookie, Value: c.FormValue("theme"), Path: "/", MaxAge: themeFor,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.IsTLS()}
	switch chosen.Value {
	case "light", "dark":
	case "":
		chosen.MaxAge = -1
	default:
		return hospital.Refuse(hospital.ErrInvalid, "Colours are light, dark or as the device likes them.")
	}
	c.SetCookie(chosen)
	return d.seeOther(c, back(c))
}

// back is the page of ours that the form stood on; home when that is not known.
func back(c echo.Context) string {
	from, err := url.Parse(c.Request().Referer())
	if err != nil || from.Host != c.Request().Host || !strings.HasPrefix(from.Path, "/") || strings.HasPrefix(from.Path, "//") {
		return "/"
	}
	return from.RequestURI()
}
