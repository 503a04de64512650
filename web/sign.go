package web

import (
	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// signForm is what the signing part of a form asks of whoever looks at the page.
func (d *Door) signForm(c echo.Context) (views.SignForm, error) {
	form := views.SignForm{Name: d.actor(c).Name}
	if d.Demo != nil {
		form.Demo = d.Demo.Password
	}
	if d.People == nil {
		return form, nil
	}
	second, err := d.People.Porter.TwoStep(c.Request().Context(), d.actor(c))
	if err != nil || d.Demo != nil {
		return form, err
	}
	form.NeedsCode = second.On()
	has, err := d.People.Porter.HasPassword(c.Request().Context(), d.actor(c))
	if err != nil {
		return form, err
	}
	keys, err := d.People.Porter.Passkeys(c.Request().Context(), d.actor(c))
	form.NoPassword, form.Passkey = !has, len(keys) > 0
	if !has && d.People.SSO != nil {
		form.Provider = d.People.SSO.Settings().Name
	}
	return form, err
}

// proof has whoever sent a form with SignFields show again who she is. What she
// typed wrong comes back as formFault knows it.
func (d *Door) proof(c echo.Context) (hospital.Proof, error) {
	if d.People == nil {
		return "", hospital.ErrForbidden
	}
	return d.People.Porter.Confirm(c.Request().Context(), d.actor(c), d.typedAgain(c), d.People.Guard.Origin(c.Request()))
}
