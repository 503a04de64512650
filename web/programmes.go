package web

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/gateway"
)

// What follows are the addresses that health programmes' equipment and apps send to
// of themselves: the WHO's data standard for vaccine refrigerators (PQS E006/DS01), and
// open-mSupply's cold chain app.

const (
	// emsPath takes deliveries of the WHO's data standard, plain or packed with gzip.
	emsPath = "/ems"
	// mSupplyPath is where open-mSupply's app sends to, below the address it is given.
	mSupplyPath = "/coldchain/v1"
	// mSupplyCookie carries the token that the app signed in with.
	mSupplyCookie = "coldchain"
	// maxSignIn is the longest body of a sign-in by a program, in bytes.
	maxSignIn = 4 << 10
	put       = http.MethodPut
)

func (d *Door) programmeRoutes() []route {
	return []route{
		{post, emsPath, ByToken, d.takeDelivery},
		{post, mSupplyPath + "/login", ByToken, d.mSupplySignIn},
		{put, mSupplyPath + "/sensor", ByToken, d.takeMSupply},
		{put, mSupplyPath + "/temperature-log", ByToken, d.takeMSupply},
		{put, mSupplyPath + "/temperature-breach", ByToken, d.takeMSupply},
	}
}

// takeDelivery takes responsibility for a delivery with 200: what it names is durable.
// One that comes again, or out of order, changes nothing: a reading is known by its
// appliance and time.
func (d *Door) takeDelivery(c echo.Context) error {
	if d.Intake == nil || d.Tokens == nil {
		return echo.NewHTTPError(http.StatusServiceUnavailable, "Nothing is taken in here.")
	}
	from, err := d.bearer(c)
	if err != nil {
		return err
	}
	body, err := unpacked(c.Request())
	if err != nil {
		return err
	}
	return d.answerTaken(c, from, gateway.WHOEMS, body)
}

// unpacked reads a body, of which gzip may have been made, up to one byte more than a
// message may have: enough to refuse it, however much a small packet would unfold to.
func unpacked(r *http.Request) ([]byte, error) {
	from := io.Reader(r.Body)
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		packed, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, echo.NewHTTPError(http.StatusBadRequest, "The body is said to be packed with gzip and is not.")
		}
		defer packed.Close()
		from = packed
	default:
		return nil, echo.NewHTTPError(http.StatusUnsupportedMediaType, "Send the body as it is, or packed with gzip.")
	}
	body, err := io.ReadAll(io.LimitReader(from, gateway.MaxBody+1))
	if err != nil {
		if _, tooLarge := errors.AsType[*echo.HTTPError](err); tooLarge {
			return nil, err
		}
		return nil, echo.NewHTTPError(http.StatusBadRequest, "The body ends before it is whole.")
	}
	return body, nil
}

func (d *Door) answerTaken(c echo.Context, from hospital.GatewayID, format gateway.Format, body []byte) error {
	taken, err := d.takeIn(c.Request().Context(), from, gateway.Message{Format: format, Body: body, ReceivedAt: d.Now(), Source: "http"})
	if err != nil {
		return d.sendBack(c, err)
	}
	return c.JSON(http.StatusOK, receiptOf(taken))
}

func receiptOf(taken ingest.Receipt) receipt {
	answer := receipt{Accepted: taken.Accepted, Duplicates: taken.Duplicates, Rejected: []rejected{}}
	for _, r := range taken.Rejected {
		answer.Rejected = append(answer.Rejected, rejected{r.Index, r.Reason})
	}
	return answer
}

// mSupplySignIn lets the app in with a gateway's token as its password. The app knows
// no bearer tokens: its cookie carries what it signed in with, to these addresses alone.
func (d *Door) mSupplySignIn(c echo.Context) error {
	if d.Intake == nil || d.Tokens == nil {
		return echo.NewHTTPError(http.StatusServiceUnavailable, "Nothing is taken in here.")
	}
	var said struct{ Username, Password string }
	if err := json.NewDecoder(io.LimitReader(c.Request().Body, maxSignIn)).Decode(&said); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "Sign in with JSON: username, and the gateway's token as password.")
	}
	if err := d.checkSender(c, said.Username, said.Password); err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{Name: mSupplyCookie, Value: said.Password, Path: mSupplyPath, HttpOnly: true,
		Secure: c.Scheme() == "https", SameSite: http.SameSiteStrictMode})
	return c.JSON(http.StatusOK, map[string]bool{"success": true})
}

// checkSender says whether a token is good; a sender without one is noted.
func (d *Door) checkSender(c echo.Context, name, token string) error {
	if token == "" {
		return d.noToken(c, name, "Send the gateway's token as the password.")
	}
	_, err := d.Tokens.Check(c.Request().Context(), token)
	if errors.Is(err, hospital.ErrForbidden) {
		return d.noToken(c, name, "The token is not known here, or was revoked.")
	}
	return err
}

// takeMSupply takes the app's sensors, logs and breaches.
func (d *Door) takeMSupply(c echo.Context) error {
	if d.Intake == nil || d.Tokens == nil {
		return echo.NewHTTPError(http.StatusServiceUnavailable, "Nothing is taken in here.")
	}
	if cookie, err := c.Cookie(mSupplyCookie); err == nil && c.Request().Header.Get(echo.HeaderAuthorization) == "" {
		c.Request().Header.Set(echo.HeaderAuthorization, "Bearer "+strings.TrimSpace(cookie.Value))
	}
	from, err := d.bearer(c)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(c.Request().Body, gateway.MaxBody+1))
	if err != nil {
		return fmt.Errorf("read the message: %w", err)
	}
	return d.answerTaken(c, from, gateway.OpenMSupply, body)
}
