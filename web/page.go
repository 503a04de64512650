package web

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// show draws body as a page with a title.
func (d *Door) show(c echo.Context, title string, body templ.Component) error {
	return d.showAs(c, http.StatusOK, title, body)
}

// showAs is show with a status: 422 for a form that came back.
func (d *Door) showAs(c echo.Context, status int, title string, body templ.Component) error {
	c.Response().Header().Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
	c.Response().WriteHeader(status)
	return body.Render(c.Request().Context(), c.Response())
}

// showFailure is the page for a request that failed.
func (d *Door) showFailure(c echo.Context, status int, sentence, reference string) error {
	return c.String(status, sentence+"\nReference: "+reference+"\n")
}
