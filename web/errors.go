package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/upkeep"
)

// outcomes is the one table from what the domain refuses to what the browser is
// told. A hospital.Refusal's own sentence takes the place of the table's.
var outcomes = []struct {
	err      error
	status   int
	sentence string
}{
	{hospital.ErrForbidden, http.StatusForbidden, "Your role does not include this. Ask a colleague whose role does, or an administrator."},
	{hospital.ErrUnknown, http.StatusNotFound, "There is no such thing here. It may have been removed; search for it by name."},
	{hospital.ErrStale, http.StatusConflict, "Somebody changed this since you opened it. Go back, look at it as it stands now, and decide again."},
	{hospital.ErrClock, http.StatusConflict, "The server's clock went backwards, so nothing can be signed. Ask whoever looks after the server to set it right."},
	{hospital.ErrInvalid, http.StatusUnprocessableEntity, "Something in the form can't be right. Go back and check it."},
	{account.ErrTooMany, http.StatusTooManyRequests, "That was asked too often. Wait a little and try again."},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "That took too long. Try again."},
}

// outcome is the status and the sentence for an error.
func outcome(err error) (status int, sentence string) {
	if refused, ok := errors.AsType[*echo.HTTPError](err); ok {
		return refused.Code, httpSentence(refused)
	}
	if trouble := upkeep.TroubleOf(err); trouble != "" {
		return http.StatusServiceUnavailable, trouble.Sentence()
	}
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			if own := hospital.Sentence(err); own != "" {
				return o.status, own
			}
			return o.status, o.sentence
		}
	}
	return http.StatusInternalServerError, "Wardwatch could not do this. Nothing was changed. Try again; if it stays so, give your administrator the reference number."
}

// httpSentence is what the router or a handler says of the request itself.
func httpSentence(refused *echo.HTTPError) string {
	switch refused.Code {
	case http.StatusNotFound:
		return "There is no page at this address."
	case http.StatusMethodNotAllowed:
		return "This address does not take that kind of request."
	case http.StatusRequestEntityTooLarge:
		return "That is too large."
	}
	if sentence, ok := refused.Message.(string); ok {
		return sentence
	}
	return http.StatusText(refused.Code)
}

// problem is RFC 9457's answer for programs.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Reference string `json:"reference,omitempty"`
}

// statusLeft is what proxies write of a request whose reader left before it was answered.
const statusLeft = 499

// left says that nothing went wrong but that the reader has gone, as from a page that waited
// for its turn. What fails beside her leaving is told all the same.
func left(err error, r *http.Request) bool {
	return errors.Is(err, context.Canceled) && errors.Is(r.Context().Err(), context.Canceled)
}

// fail answers a request whose handler returned an error. What is internal is
// logged under the request's reference number and never shown.
func (d *Door) fail(err error, c echo.Context) {
	if left(err, c.Request()) {
		if !c.Response().Committed {
			c.Response().WriteHeader(statusLeft) // for the log of requests: nobody reads it
		}
		return
	}
	status, sentence := outcome(err)
	reference := c.Response().Header().Get(echo.HeaderXRequestID)
	if status >= http.StatusInternalServerError {
		d.Log.Error("request failed", "method", c.Request().Method, "path", c.Path(), "reference", reference, "error", err)
	}
	if status == http.StatusForbidden {
		d.Log.Warn("refused", "method", c.Request().Method, "path", c.Path(), "actor", d.actor(c).ID, "reference", reference, "why", err)
	}
	if c.Response().Committed {
		return
	}
	if sending := d.sayFailure(c, status, sentence, reference); sending != nil {
		d.Log.Warn("could not answer", "reference", reference, "error", sending)
	}
}

func (d *Door) sayFailure(c echo.Context, status int, sentence, reference string) error {
	if c.Request().Method == http.MethodHead {
		return c.NoContent(status)
	}
	if wantsJSON(c.Request()) {
		c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
		return c.JSON(status, problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: sentence, Reference: reference})
	}
	return d.showFailure(c, status, sentence, reference)
}
