package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// A program that signs for itself gets its access token here: SMART Backend Services,
// RFC 6749 §4.4 with RFC 7523 §2.2.
const (
	assertPath = "/oauth/token"
	assertType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// aboutAssert is where a program reads how.
	aboutAssert = "/.well-known/smart-configuration"
)

func (d *Door) assertRoutes() []route {
	return []route{
		{post, assertPath, ByToken, d.assert},
		{get, aboutAssert, ByToken, d.aboutAssertions},
	}
}

// aboutAssertions tells programs where and how they are let in.
func (d *Door) aboutAssertions(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]any{
		"token_endpoint":                                   d.ownOrigin(c) + assertPath,
		"grant_types_supported":                            []string{"client_credentials"},
		"token_endpoint_auth_methods_supported":            []string{"private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": account.AssertedBy(),
		"capabilities":                                     []string{"client-confidential-asymmetric"},
	})
}

// assertFault is RFC 6749 §5.2's answer; it says no more than that.
func assertFault(c echo.Context, status int, fault, says string) error {
	return c.JSON(status, map[string]string{"error": fault, "error_description": says})
}

// assert takes what a program has signed and answers with an access token.
func (d *Door) assert(c echo.Context) error {
	from := d.People.Guard.Origin(c.Request())
	if !d.People.Guard.Safe(c.Request()) {
		return assertFault(c, http.StatusForbidden, "invalid_request", "Come over https.")
	}
	if err := d.slowDown(c, asserting, from.Address); err != nil {
		return err
	}
	form, err := c.FormParams()
	switch {
	case err != nil || !strings.HasPrefix(c.Request().Header.Get(echo.HeaderContentType), echo.MIMEApplicationForm):
		return assertFault(c, http.StatusBadRequest, "invalid_request", "Send a form.")
	case form.Get("grant_type") != "client_credentials":
		return assertFault(c, http.StatusBadRequest, "unsupported_grant_type", "The grant type is client_credentials.")
	case form.Get("client_assertion_type") != assertType || len(form["client_assertion"]) != 1:
		return assertFault(c, http.StatusBadRequest, "invalid_request", "Send one client_assertion of the type "+assertType+".")
	}
	access, err := d.People.Keys.Assert(c.Request().Context(), form.Get("client_assertion"), d.ownOrigin(c)+assertPath, from)
	if errors.Is(err, hospital.ErrForbidden) {
		d.Log.Warn("a program's assertion was refused", "address", from.Address)
		return assertFault(c, http.StatusUnauthorized, "invalid_client", "The assertion is no good: unknown program or key, another audience, too old, too far in the future, or shown before.")
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"access_token": access.Reveal(), "token_type": "Bearer", "expires_in": int(account.AccessTime.Seconds())})
}
