package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/gateway"
)

const (
	ingestPath = "/ingest"
	// ingestPatience is how long POST /ingest waits for room before it sends readings back.
	ingestPatience = 2 * time.Second
	// retryAfter is how long a sender is asked to keep what could not be taken, in seconds.
	retryAfter = 2
)

// Intake is what POST /ingest opens onto.
type Intake interface {
	Take(ctx context.Context, from hospital.GatewayID, m gateway.Message, done func(ingest.Receipt, error)) error
	// TurnAway notes a sender without a good token.
	TurnAway(source, name, remote, why string)
}

func (d *Door) ingestRoutes() []route {
	return []route{{post, ingestPath, ByToken, d.ingest}}
}

// receipt is the answer to POST /ingest.
type receipt struct {
	Accepted   int        `json:"accepted"`
	Duplicates int        `json:"duplicates"`
	Rejected   []rejected `json:"rejected"`
}

type rejected struct {
	Index  int    `json:"index"`
	Reason string `json:"reason"`
}

// ingest takes one message of a gateway or program. It answers 200 only once what
// it names is durable.
func (d *Door) ingest(c echo.Context) error {
	if d.Intake == nil || d.Tokens == nil {
		return echo.NewHTTPError(http.StatusServiceUnavailable, "Nothing is taken in here.")
	}
	from, err := d.bearer(c)
	if err != nil {
		return err
	}
	if err := d.slowDown(c, delivering, string(from)); err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(c.Request().Body, gateway.MaxBody+1)) // one byte too many is enough to refuse it
	if err != nil {
		return fmt.Errorf("read the message: %w", err)
	}
	message := gateway.Message{Topic: c.QueryParam("topic"), Format: gateway.Format(c.QueryParam("format")), Body: body,
		ReceivedAt: d.Now(), Source: "http"}
	taken, err := d.takeIn(c.Request().Context(), from, message)
	if err != nil {
		return d.sendBack(c, err)
	}
	return c.JSON(http.StatusOK, receiptOf(taken))
}

// takeIn hands the message over and waits until it is durable.
func (d *Door) takeIn(ctx context.Context, from hospital.GatewayID, m gateway.Message) (ingest.Receipt, error) {
	type outcome struct {
		receipt ingest.Receipt
		err     error
	}
	durable := make(chan outcome, 1)
	patience, cancel := context.WithTimeout(ctx, ingestPatience)
	defer cancel()
	if err := d.Intake.Take(patience, from, m, func(r ingest.Receipt, err error) { durable <- outcome{r, err} }); err != nil {
		return ingest.Receipt{}, err
	}
	select {
	case o := <-durable:
		if o.err != nil {
			return o.receipt, fmt.Errorf("%w: %w", ingest.ErrBusy, o.err)
		}
		return o.receipt, nil
	case <-ctx.Done():
		return ingest.Receipt{}, ctx.Err()
	}
}

// sendBack tells the sender what it can do.
func (d *Door) sendBack(c echo.Context, err error) error {
	switch {
	case errors.Is(err, ingest.ErrBusy):
		d.Log.Warn("readings were sent back; their sender keeps them", "error", err)
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(retryAfter))
		return echo.NewHTTPError(http.StatusTooManyRequests, "Readings can't be taken just now. Keep them and send them again.")
	case errors.Is(err, ingest.ErrForeign):
		return echo.NewHTTPError(http.StatusForbidden, sentenceOf(err))
	case errors.Is(err, gateway.ErrTooLong):
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge, "The message is longer than 1 MiB. Send it in parts.")
	case errors.Is(err, ingest.ErrUnreadable):
		return echo.NewHTTPError(http.StatusBadRequest, sentenceOf(err))
	}
	return err
}

// sentenceOf is an intake's error as a sentence: it is written to be read by whoever sent the message.
func sentenceOf(err error) string {
	s := []rune(err.Error() + ".")
	if s[0] >= 'a' && s[0] <= 'z' {
		s[0] -= 'a' - 'A'
	}
	return string(s)
}

// bearer says for whom the request's token speaks: "Authorization: Bearer TOKEN", or
// the token as the password of basic authentication, for gateways that know no other.
func (d *Door) bearer(c echo.Context) (hospital.GatewayID, error) {
	token, name := bearerToken(c.Request()), ""
	if user, password, ok := c.Request().BasicAuth(); ok {
		token, name = password, user
	}
	certified, err := d.certified(c)
	if err != nil || certified != "" && token == "" {
		return certified, err
	}
	if token == "" {
		return "", d.noToken(c, name, "Send the gateway's token: Authorization: Bearer TOKEN.")
	}
	from, err := d.Tokens.Check(c.Request().Context(), token)
	if errors.Is(err, hospital.ErrForbidden) {
		return "", d.noToken(c, name, "The token is not known here, or was revoked.")
	}
	if err == nil && certified != "" && certified != from {
		return "", d.noToken(c, string(certified), "The certificate speaks for gateway "+string(certified)+", the token for another.")
	}
	return from, err
}

// certified is the gateway whose client certificate TLS has verified; empty when none was shown.
func (d *Door) certified(c echo.Context) (hospital.GatewayID, error) {
	over := c.Request().TLS
	if over == nil || len(over.VerifiedChains) == 0 || d.Certificates == nil {
		return "", nil
	}
	from, err := d.Certificates.Check(c.Request().Context(), over.VerifiedChains[0][0])
	if errors.Is(err, hospital.ErrForbidden) {
		return "", d.noToken(c, over.VerifiedChains[0][0].Subject.CommonName, "The certificate speaks for no gateway here, or was blocked.")
	}
	return from, err
}

func (d *Door) noToken(c echo.Context, name, sentence string) error {
	d.Intake.TurnAway("http", name, c.RealIP(), sentence)
	c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="wardwatch"`)
	return echo.NewHTTPError(http.StatusUnauthorized, sentence)
}
