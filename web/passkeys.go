package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital/account"
	"wardwatch/web/auth"
)

func (d *Door) passkeyRoutes() []route {
	return []route{
		{post, "/sign-in/passkey/begin", Public, d.beginPasskeySignIn},
		{post, "/sign-in/passkey", Public, d.signInByPasskey},
		{post, "/me/passkeys/begin", SignedIn, d.beginPasskey},
		{post, "/me/passkeys", SignedIn, d.addPasskey},
		{post, "/me/passkeys/remove", SignedIn, d.removePasskey},
	}
}

// ownOrigin is where people reach us, as a browser names it.
func (d *Door) ownOrigin(c echo.Context) string {
	if base := strings.TrimSuffix(d.People.PublicURL, "/"); base != "" {
		return base
	}
	return c.Scheme() + "://" + c.Request().Host
}

// beginCeremony answers script with what the browser needs.
func beginCeremony(c echo.Context, begun account.Ceremony, err error) error {
	if status, wrong := formFault(err); wrong != "" {
		return echo.NewHTTPError(status, wrong)
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"waiting": begun.Waiting.Reveal(), "options": begun.Options})
}

func (d *Door) beginPasskeySignIn(c echo.Context) error {
	begun, err := d.People.Porter.BeginPasskeySignIn(d.ownOrigin(c))
	return beginCeremony(c, begun, err)
}

// signInByPasskey takes the browser's answer, which script put into the form.
func (d *Door) signInByPasskey(c echo.Context) error {
	r, next := c.Request(), auth.Next(c.FormValue("next"))
	secret, person, err := d.People.Porter.SignInByPasskey(r.Context(), account.Secret(c.FormValue("waiting")), []byte(c.FormValue("answer")), d.People.Guard.Secret(r), d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		return d.showLock(c, status, next, wrong)
	}
	if err != nil {
		return err
	}
	return d.letIn(c, secret, person, next)
}

func (d *Door) beginPasskey(c echo.Context) error {
	begun, err := d.People.Porter.BeginPasskey(c.Request().Context(), d.actor(c), d.ownOrigin(c))
	return beginCeremony(c, begun, err)
}

func (d *Door) addPasskey(c echo.Context) error {
	err := d.People.Porter.AddPasskey(c.Request().Context(), d.actor(c), account.Secret(c.FormValue("waiting")), []byte(c.FormValue("answer")),
		c.FormValue("name"), d.typedAgain(c), d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		return d.showMe(c, status, wrong)
	}
	if err != nil {
		return err
	}
	d.say(c, "From now on you can sign in with this passkey.")
	return d.seeOther(c, "/me")
}

func (d *Door) removePasskey(c echo.Context) error {
	err := d.People.Porter.RemovePasskey(c.Request().Context(), d.actor(c), c.FormValue("id"), d.typedAgain(c), d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		return d.showMe(c, status, wrong)
	}
	if err != nil {
		return err
	}
	d.say(c, "The passkey is removed. Delete it on its device, too.")
	return d.seeOther(c, "/me")
}
