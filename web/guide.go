package web

import (
	"slices"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// guide is the printable page of a role: that of who asks, or one that is named.
func (d *Door) guide(c echo.Context) error {
	by, role := d.actor(c), hospital.Role(c.QueryParam("role"))
	if !slices.Contains(hospital.Roles(), role) {
		role = hospital.Nurse
		if len(by.Roles) > 0 {
			role = by.Roles[0]
		}
	}
	return d.show(c, "Guide", views.Guide(role, by.Is(role)))
}
