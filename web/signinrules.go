package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/views"
	"wardwatch/web/auth"
)

func (d *Door) signInRuleRoutes() []route {
	return []route{
		{get, "/admin/sign-in", hospital.ManagePeople, d.signInRules},
		{post, "/admin/sign-in", hospital.ManagePeople, d.setSignInRules},
	}
}

// signInRules is how people sign in here: what is set, and what is set up, without its secrets.
func (d *Door) signInRules(c echo.Context) error {
	ctx, by := c.Request().Context(), d.actor(c)
	rules, err := d.People.Porter.Rules(ctx, by)
	if err != nil {
		return err
	}
	props := views.SignInRulesProps{Rules: rules, Limits: d.People.Porter.Limits(), SCIM: d.ownOrigin(c) + scimRoot}
	if d.People.SSO != nil {
		s := d.People.SSO.Settings()
		props.SSO = &views.SSOFacts{Issuer: s.Issuer, Name: s.Name, ClientID: s.ClientID, Back: s.PublicURL + auth.SSOPath, GroupsClaim: s.GroupsClaim, Secret: s.ClientSecret != "", Roles: s.Roles.Lines()}
	}
	tokens, err := d.People.Keys.Tokens(ctx, by)
	if err != nil {
		return err
	}
	for _, token := range tokens {
		if token.SCIM && token.Good(d.Now()) {
			props.Directories = append(props.Directories, token)
		}
	}
	return d.show(c, "Signing in", views.SignInRules(props))
}

func (d *Door) setSignInRules(c echo.Context) error {
	values, err := c.FormParams()
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "The form can't be read.")
	}
	var roles []hospital.Role
	for _, role := range values["role"] {
		roles = append(roles, hospital.Role(role))
	}
	if err := d.People.Porter.AskSecondStep(c.Request().Context(), d.actor(c), roles); err != nil {
		return err
	}
	d.say(c, "Saved. Who lacks a second step is led to set it up.")
	return d.seeOther(c, "/admin/sign-in")
}
