package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
)

// readForm is what was sent as a form; hospital.ErrInvalid for a body that is none, and
// http.MaxBytesError for one that is too long.
func readForm(c echo.Context) (url.Values, error) {
	form, err := c.FormParams()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, err
	}
	if err != nil {
		return nil, hospital.Refuse(hospital.ErrInvalid, "The form is not whole. Load the page again.")
	}
	return form, nil
}
