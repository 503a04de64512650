package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"wardwatch/views"
	"wardwatch/web/auth"
)

func (d *Door) ssoRoutes() []route {
	return []route{
		{get, "/sign-in/sso", Public, d.goToProvider},
		{get, auth.SSOPath, Public, d.backFromProvider},
	}
}

// goToProvider sends somebody to the hospital's own sign-in.
func (d *Door) goToProvider(c echo.Context) error {
	if d.People.SSO == nil {
		return d.seeOther(c, "/sign-in")
	}
	address, err := d.People.SSO.Begin(d.People.Guard, c.Response(), c.Request(), c.QueryParam("next"))
	if err != nil {
		d.Log.Error("the identity provider does not answer", "error", err)
		return d.showLock(c, http.StatusBadGateway, auth.Next(c.QueryParam("next")), "The hospital's sign-in does not answer. Try again, or sign in with a password.")
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// backFromProvider lets in whom the provider vouches for.
func (d *Door) backFromProvider(c echo.Context) error {
	if d.People.SSO == nil {
		return d.seeOther(c, "/sign-in")
	}
	claims, errand, err := d.People.SSO.Back(d.People.Guard, c.Response(), c.Request())
	if errors.Is(err, auth.ErrJourney) {
		d.Log.Warn("single sign-on refused", "address", d.People.Guard.Origin(c.Request()).Address, "why", err)
		return d.showLock(c, http.StatusForbidden, errand.Next, "The hospital's sign-in did not answer as it should. Try again.")
	}
	if err != nil {
		return err
	}
	if errand.Again {
		return d.backAgain(c, claims, errand)
	}
	secret, person, err := d.People.Porter.SignInBySSO(c.Request().Context(), claims, d.People.SSO.Roles(), d.People.Guard.Secret(c.Request()), d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		return d.showLock(c, status, errand.Next, wrong)
	}
	if err != nil {
		return err
	}
	return d.letIn(c, secret, person, errand.Next)
}

// ways are the other ways in that the sign-in page offers.
func (d *Door) ways(seats []views.Option) views.SignInWays {
	ways := views.SignInWays{Seats: seats}
	if d.People.SSO != nil {
		ways.SSO = d.People.SSO.Settings().Name
	}
	return ways
}
