package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/gateway"
	"wardwatch/views"
	"wardwatch/web/live"
)

// gatewaysEvery is how often open pages redraw gateways: they are heard all the time.
const gatewaysEvery = 2 * time.Second

func (d *Door) deviceRoutes() []route {
	if d.Devices == nil {
		return nil
	}
	return []route{
		{get, "/admin/gateways", hospital.SeeDevices, d.gateways},
		{get, "/admin/devices", hospital.SeeDevices, d.unknownDevices},
		{get, "/admin/devices/refused", hospital.SeeDevices, d.refused},
		{post, "/admin/devices/gateways", hospital.ManageDevices, d.adoptGateway},
		{post, "/admin/devices/gateways/name", hospital.ManageDevices, d.nameGateway},
		{post, "/admin/devices/tags", hospital.ManageDevices, d.adoptTag},
		{post, "/admin/devices/sensors", hospital.ManageDevices, d.adoptSensor},
		{post, "/admin/devices/dismiss", hospital.ManageDevices, d.dismissDevice},
	}
}

// gateways lists the hospital's gateways and how they do.
func (d *Door) gateways(c echo.Context) error {
	return d.showGateways(c, http.StatusOK, hospital.Gateway{}, "")
}

// showGateways draws the list, with the form for a new one as it was typed where it was refused.
func (d *Door) showGateways(c echo.Context, status int, typed hospital.Gateway, wrong string) error {
	ctx, by := c.Request().Context(), d.actor(c)
	lines, err := d.Devices.Gateways(ctx, by)
	if err != nil {
		return err
	}
	unknown, err := d.Devices.Unknown(ctx, by)
	if err != nil {
		return err
	}
	return d.showAs(c, status, "Devices", views.Gateways(views.GatewaysPage{Lines: lines, Unknown: unknown.Count(), House: d.house(),
		May: by.May(hospital.ManageDevices), Rate: d.rate(), Typed: typed, Wrong: wrong}), "gateways")
}

// rate is what tells how many sightings a minute a gateway brings.
func (d *Door) rate() views.SightingRate {
	if d.Health == nil {
		return nil
	}
	return d.Health.Rate
}

// unknownDevices lists devices that speak but that nobody has enrolled.
func (d *Door) unknownDevices(c echo.Context) error {
	return d.showUnknown(c, http.StatusOK, views.UnknownPage{})
}

func (d *Door) showUnknown(c echo.Context, status int, page views.UnknownPage) error {
	by := d.actor(c)
	unknown, err := d.Devices.Unknown(c.Request().Context(), by)
	if err != nil {
		return err
	}
	page.Unknown, page.House, page.May = unknown, d.house(), by.May(hospital.ManageDevices)
	return d.showAs(c, status, "Unknown devices", views.Unknown(page))
}

// refused lists what was not taken in.
func (d *Door) refused(c echo.Context) error {
	ctx, by := c.Request().Context(), d.actor(c)
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // anything else begins at the top
	refusals, older, err := d.Devices.Refused(ctx, by, before)
	if err != nil {
		return err
	}
	unknown, err := d.Devices.Unknown(ctx, by)
	if err != nil {
		return err
	}
	page := views.RefusedPage{Refusals: refusals, Unknown: unknown.Count()}
	if before > 0 {
		page.Pager.Newer = "/admin/devices/refused"
	}
	if older > 0 {
		page.Pager.Older = "/admin/devices/refused?before=" + strconv.FormatInt(older, 10)
	}
	return d.show(c, "Refused messages", views.Refused(page))
}

// adoptGateway makes an unknown gateway one of the hospital's, and leads on to its token.
func (d *Door) adoptGateway(c echo.Context) error {
	g := hospital.Gateway{ID: hospital.GatewayID(c.FormValue("id")), Name: c.FormValue("name"), Make: c.FormValue("make"),
		Room: hospital.RoomID(c.FormValue("room"))}
	err := d.Devices.AdoptGateway(c.Request().Context(), d.actor(c), g)
	if status, wrong := formFault(err); wrong != "" && !d.heardUnknown(c, string(g.ID)) {
		return d.showGateways(c, status, g, wrong)
	}
	return d.adopted(c, err, g.Name+" is one of the hospital's gateways now. It needs a token to speak.",
		setupOf(hospital.GatewayID(gateway.Identity(string(g.ID)))))
}

// heardUnknown says whether a gateway of that id stands on the page of unknown devices.
func (d *Door) heardUnknown(c echo.Context, id string) bool {
	unknown, err := d.Devices.Unknown(c.Request().Context(), d.actor(c))
	return err == nil && slices.ContainsFunc(unknown.Gateways, func(s ingest.Stranger) bool { return s.ID == id })
}

// nameGateway says that an unknown gateway is one that the hospital has.
func (d *Door) nameGateway(c echo.Context) error {
	name, id := hospital.GatewayID(c.FormValue("id")), hospital.GatewayID(c.FormValue("gateway"))
	err := d.Devices.NameGateway(c.Request().Context(), d.actor(c), name, id)
	return d.adopted(c, err, "From now on "+string(name)+" is known as "+string(id)+".", "/admin/gateways")
}

// adoptTag gives an asset a tag that was heard.
func (d *Door) adoptTag(c echo.Context) error {
	tag, asset := c.FormValue("tag"), tracking.AssetID(strings.TrimSpace(c.FormValue("asset")))
	err := d.Devices.AdoptTag(c.Request().Context(), d.actor(c), tag, asset)
	if errors.Is(err, tracking.ErrUnknownAsset) {
		err = hospital.Refuse(hospital.ErrInvalid, "There is no asset "+string(asset)+". Look its number up on its label or by search.")
	}
	return d.adopted(c, err, string(asset)+" bears the tag "+tag+" now.", "/admin/devices")
}

// adoptSensor makes a sensor that was heard watch a fridge.
func (d *Door) adoptSensor(c echo.Context) error {
	key := coldchain.SensorKey{Sensor: c.FormValue("sensor"), Channel: c.FormValue("channel")}
	fridge := coldchain.FridgeID(c.FormValue("fridge"))
	err := d.Devices.AdoptSensor(c.Request().Context(), d.actor(c), key, fridge)
	return d.adopted(c, err, "The sensor "+key.String()+" watches its fridge from now on.", "/admin/devices")
}

// dismissDevice takes a device that is not the hospital's off the list.
func (d *Door) dismissDevice(c echo.Context) error {
	id := c.FormValue("id")
	err := d.Devices.Dismiss(c.Request().Context(), d.actor(c), ingest.StrangerKind(c.FormValue("kind")), id)
	return d.adopted(c, err, id+" is not listed any more.", "/admin/devices")
}

// adopted answers a form of the page of unknown devices.
func (d *Door) adopted(c echo.Context, err error, said, next string) error {
	if status, wrong := formFault(err); wrong != "" {
		return d.showUnknown(c, status, views.UnknownPage{Wrong: wrong, On: c.FormValue("tag") + c.FormValue("id"), Typed: c.FormValue("asset") + c.FormValue("name")})
	}
	if err != nil {
		return err
	}
	d.say(c, said)
	return d.seeOther(c, next)
}

func (d *Door) deviceSources() []live.Source {
	if d.Devices == nil {
		return nil
	}
	return []live.Source{{Prefix: "gateways", Permission: hospital.SeeDevices, Every: gatewaysEvery, Render: d.drawGateways}}
}

// drawGateways draws the leaves of every gateway's row.
func (d *Door) drawGateways(ctx context.Context, _ string) ([]live.Fragment, error) {
	lines, err := d.Devices.Gateways(ctx, onlooker)
	if err != nil {
		return nil, err
	}
	var leaves []leaf
	for _, line := range lines {
		for id, component := range views.GatewayLeaves(line, d.rate()) {
			leaves = append(leaves, leaf{id, component})
		}
	}
	return drawAll(ctx, leaves...)
}
