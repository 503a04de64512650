package web

import (
	"github.com/labstack/echo/v4"

	"wardwatch/views"
)

// home is the first page: a search box, and what this person's role looks at first.
func (d *Door) home(c echo.Context) error {
	return d.show(c, "Home", views.Home(views.HomeProps{Actor: d.actor(c)}))
}
