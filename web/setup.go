package web

import (
	"net"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/views"
)

// setupRoutes are a gateway's own page: its token, what to enter in it, and whether it is heard.
func (d *Door) setupRoutes() []route {
	if d.Devices == nil || d.People == nil {
		return nil
	}
	return []route{
		{get, "/admin/gateways/:id", hospital.SeeDevices, d.gatewaySetup},
		{post, "/admin/gateways/:id/token", hospital.ManageDevices, d.gatewayToken},
	}
}

// setupOf is where a gateway's own page is.
func setupOf(id hospital.GatewayID) string { return "/admin/gateways/" + url.PathEscape(string(id)) }

func (d *Door) gatewaySetup(c echo.Context) error {
	line, err := d.gatewayLine(c)
	if err != nil {
		return err
	}
	return d.showSetup(c, http.StatusOK, line, "")
}

// gatewayToken makes a token that speaks for this gateway alone, and shows it once.
func (d *Door) gatewayToken(c echo.Context) error {
	line, err := d.gatewayLine(c)
	if err != nil {
		return err
	}
	_, secret, err := d.People.Keys.Add(c.Request().Context(), d.actor(c), line.Name, line.ID)
	if err != nil {
		return err
	}
	return d.showSetup(c, http.StatusCreated, line, secret.Reveal())
}

func (d *Door) gatewayLine(c echo.Context) (ingest.GatewayLine, error) {
	lines, err := d.Devices.Gateways(c.Request().Context(), d.actor(c))
	if err != nil {
		return ingest.GatewayLine{}, err
	}
	at := slices.IndexFunc(lines, func(line ingest.GatewayLine) bool { return string(line.ID) == c.Param("id") })
	if at < 0 {
		return ingest.GatewayLine{}, hospital.Refuse(hospital.ErrUnknown, "There is no such gateway.")
	}
	return lines[at], nil
}

func (d *Door) showSetup(c echo.Context, status int, line ingest.GatewayLine, fresh string) error {
	setUp, err := d.setUp(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	origin := d.ownOrigin(c)
	host := c.Request().Host
	if known, err := url.Parse(origin); err == nil {
		host = known.Hostname()
	}
	return d.showAs(c, status, line.Name, views.GatewaySetup(views.GatewaySetupPage{Line: line, House: d.house(), SetUp: setUp, Fresh: fresh, May: d.actor(c).May(hospital.ManageDevices),
		Host: host, Port: portOf(d.Broker.Address), SafePort: portOf(d.Broker.SafeAddress), Deliveries: origin + ingestPath}), "gateways")
}

// portOf is the port of a listener's address; empty where nobody listens.
func portOf(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return port
}
