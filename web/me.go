package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
)

// themeFor is how long a browser remembers its colours: a year, in seconds.
const themeFor = 365 * 24 * 60 * 60

// themes are the colours that somebody may choose, beside those that the device likes.
var themes = []string{"light", "dark", "contrast"}

func theme(c echo.Context) string {
	cookie, err := c.Cookie(themeCookie)
	if err != nil || !slices.Contains(themes, cookie.Value) {
		return ""
	}
	return cookie.Value
}

// chooseTheme sets this browser's colours: one of the themes, or as the device likes it.
func (d *Door) chooseTheme(c echo.Context) error {
	chosen := &http.Cookie{Name: themeCookie, Value: c.FormValue("theme"), Path: "/", MaxAge: themeFor,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.IsTLS()}
	switch {
	case chosen.Value == "":
		chosen.MaxAge = -1
	case !slices.Contains(themes, chosen.Value):
		return hospital.Refuse(hospital.ErrInvalid, "Colours are light, dark, of high contrast, or as the device likes them.")
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
