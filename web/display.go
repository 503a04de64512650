package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/display"
	"wardwatch/views"
	"wardwatch/web/live"
)

const (
	// displayPath begins the links of displays; what follows is a secret.
	displayPath = "/wall/t/"
	// wallEquipmentTopic has a unit, or wholeHouse, behind it.
	wallEquipmentTopic = "wall/equipment/"
	wallOrdersTopic    = "wall/orders"
)

func (d *Door) displayRoutes() []route {
	if d.Displays == nil {
		return nil
	}
	return []route{
		{get, displayPath + ":link", Public, d.openDisplay},
		{get, displayPath + ":link/live", Public, d.displayLive},
		{get, displayPath + ":link/live.json", Public, d.displayPoll},
		{get, "/admin/displays", hospital.SeeDevices, d.displays},
		{post, "/admin/displays", hospital.ManageHospital, d.addDisplay},
		{post, "/admin/displays/:id/end", hospital.ManageHospital, d.endDisplay},
	}
}

// displayOf is the display whose link was asked for; from here on it is who asks.
func (d *Door) displayOf(c echo.Context) (display.Display, error) {
	n, err := d.Displays.Open(c.Request().Context(), c.Param("link"))
	if err != nil {
		c.Set(actorKey, hospital.Actor{})
		return n, err
	}
	c.Set(actorKey, n.Actor())
	c.SetRequest(c.Request().WithContext(hospital.Looking(c.Request().Context(), n.Actor())))
	return n, nil
}

// openDisplay shows a display's boards, to whoever has its link.
func (d *Door) openDisplay(c echo.Context) error {
	n, err := d.displayOf(c)
	if errors.Is(err, hospital.ErrUnknown) {
		ctx := d.scene(c.Request().Context())
		page := views.Page{Title: "Switched off", Site: d.Register.Current().Site, Wall: true, Version: d.Version}
		return d.write(c, http.StatusGone, ctx, views.Shell(page, views.DisplayOff()))
	}
	if err != nil {
		return err
	}
	ctx := d.scene(c.Request().Context())
	wall, topics, err := d.displayed(ctx, n)
	if err != nil {
		return err
	}
	page, err := d.frame(ctx, c, n.Name, topics)
	if err != nil {
		return err
	}
	page.Wall, page.LiveAt = true, displayPath+c.Param("link")+"/live"
	return d.write(c, http.StatusOK, ctx, views.Shell(page, views.Displayed(wall)))
}

// displayed gathers what a display's boards show, and what they listen to.
func (d *Door) displayed(ctx context.Context, n display.Display) (wall views.DisplayWall, topics []string, err error) {
	unit, _ := d.Register.Current().Unit(n.Unit)
	wall = views.DisplayWall{Display: n, Unit: unit.Name}
	var boards []display.Board
	for _, board := range n.Boards {
		switch {
		case board == display.ColdChain && d.ColdChain != nil:
			topics = append(topics, wallTopic)
			wall.Fridges, err = d.fridgeTiles(ctx)
		case board == display.Equipment && d.Equipment != nil:
			key := unitKey(n.Unit)
			topics = append(topics, wallEquipmentTopic+key)
			wall.Equipment, err = d.wallEquipment(ctx, key)
		case board == display.OneUnit && d.Levels != nil && unit.ID != "":
			topics = append(topics, wallUnitTopic+string(unit.ID), wallUnitFridge+string(unit.ID))
			wall.OneUnit, err = d.unitWall(ctx, n.Actor(), unit.ID)
		case board == display.Orders && d.Desk != nil:
			topics = append(topics, wallOrdersTopic)
			wall.Orders, err = d.wallOrders(ctx)
		default: // this house has no such thing, or no longer
			continue
		}
		if err != nil {
			return wall, nil, err
		}
		boards = append(boards, board)
	}
	wall.Display.Boards = boards
	return wall, topics, nil
}

// unitKey is a unit as the last part of a topic.
func unitKey(unit hospital.UnitID) string {
	if unit == "" {
		return wholeHouse
	}
	return string(unit)
}

func (d *Door) wallEquipment(ctx context.Context, key string) (p views.WallEquipmentProps, err error) {
	unit := hospital.UnitID(key)
	if key == wholeHouse {
		unit = ""
	}
	if d.Levels != nil {
		all, err := d.Levels.Overview(ctx, onlooker)
		if err != nil {
			return p, err
		}
		for _, board := range d.boards(all.Lines) {
			if unit == "" || board.Unit.ID == unit {
				p.Units = append(p.Units, board)
			}
		}
	}
	counts, err := d.Equipment.FreeByKind(ctx, onlooker, unit)
	p.Kinds = kindTiles(counts)
	return p, err
}

func (d *Door) wallOrders(ctx context.Context) (p views.WallOrdersProps, err error) {
	p.Today = d.Stock.Today(d.Now())
	for _, status := range []reorder.OrderStatus{reorder.Sent, reorder.PartReceived} {
		orders, err := d.Desk.Store.Orders(ctx, status, ordersShown)
		if err != nil {
			return p, err
		}
		p.Orders = append(p.Orders, orders...)
	}
	p.Waiting, err = d.Desk.Store.CountOpen(ctx, p.Today)
	return p, err
}

// displaySources are the boards of displays that nothing else draws.
func (d *Door) displaySources() (sources []live.Source) {
	if d.Equipment != nil {
		sources = append(sources, live.Source{Prefix: wallEquipmentTopic, Permission: hospital.SeeEquipment, Every: homeEvery,
			Render: func(ctx context.Context, key string) ([]live.Fragment, error) {
				p, err := d.wallEquipment(ctx, key)
				if err != nil {
					return nil, err
				}
				return drawAll(ctx, leaf{"wall-equipment", views.WallEquipment(p)})
			}})
	}
	if d.Desk != nil && d.Stock != nil {
		sources = append(sources, live.Source{Prefix: wallOrdersTopic, Permission: hospital.SeeOrders, Every: homeEvery,
			Render: func(ctx context.Context, _ string) ([]live.Fragment, error) {
				p, err := d.wallOrders(ctx)
				if err != nil {
					return nil, err
				}
				return drawAll(ctx, leaf{"wall-orders", views.WallOrders(p)})
			}})
	}
	return sources
}

// displayTopics follow from equipment that moved, and from orders.
func (d *Door) displayTopics(equipment, orders bool) (also []string) {
	if d.Displays == nil {
		return nil
	}
	if equipment {
		also = append(also, wallEquipmentTopic+wholeHouse)
		for _, unit := range d.Register.Current().Units {
			also = append(also, wallEquipmentTopic+string(unit.ID))
		}
	}
	if orders {
		also = append(also, wallOrdersTopic)
	}
	return also
}

// displayLive is the websocket of a display; it closes as signed out once its link has ended.
func (d *Door) displayLive(c echo.Context) error {
	n, err := d.displayOf(c)
	if err != nil {
		return endedLink(err)
	}
	return tooMany(d.hub.Serve(c.Response(), c.Request(), live.Audience{Actor: n.Actor(),
		Still: func(ctx context.Context) bool { return d.Displays.Good(ctx, n.ID) }}))
}

// displayPoll is displayLive for a network that refuses websockets.
func (d *Door) displayPoll(c echo.Context) error {
	n, err := d.displayOf(c)
	if err != nil {
		return endedLink(err)
	}
	return tooMany(d.hub.Poll(c.Response(), c.Request(), live.Audience{Actor: n.Actor()}))
}

// endedLink says to a page that listens that it may not any more.
func endedLink(err error) error {
	if errors.Is(err, hospital.ErrUnknown) {
		return echo.NewHTTPError(http.StatusUnauthorized, "This link has ended.")
	}
	return err
}

func (d *Door) displays(c echo.Context) error {
	return d.showDisplays(c, http.StatusOK, views.DisplaysPage{Typed: views.NewDisplay()})
}

func (d *Door) showDisplays(c echo.Context, status int, page views.DisplaysPage) (err error) {
	if page.Displays, err = d.Displays.List(c.Request().Context(), d.actor(c)); err != nil {
		return err
	}
	page.Units, page.May = d.Register.Current().Units, d.actor(c).May(hospital.ManageHospital)
	return d.showAs(c, status, "Wall displays", views.DisplaysPageBody(page))
}

func (d *Door) addDisplay(c echo.Context) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	number := func(name string) int {
		n, err := strconv.Atoi(form.Get(name))
		if err != nil {
			return -1 // no display has it
		}
		return n
	}
	typed := display.Display{Name: form.Get("name"), Unit: hospital.UnitID(form.Get("unit")), Turn: number("turn"), DimFrom: number("dim-from"), DimUntil: number("dim-until")}
	for _, b := range form["board"] {
		typed.Boards = append(typed.Boards, display.Board(b))
	}
	made, secret, err := d.Displays.Add(c.Request().Context(), d.actor(c), typed)
	if status, sentence := formFault(err); sentence != "" {
		return d.showDisplays(c, status, views.DisplaysPage{Typed: typed, Error: sentence})
	}
	if err != nil {
		return err
	}
	page := views.DisplaysPage{Typed: views.NewDisplay(), Fresh: d.addressOf(c) + displayPath + secret, FreshName: made.Name}
	if page.Path, page.Side, err = qrPath(page.Fresh); err != nil {
		return err
	}
	return d.showDisplays(c, http.StatusCreated, page)
}

func (d *Door) endDisplay(c echo.Context) error {
	if err := d.Displays.End(c.Request().Context(), d.actor(c), display.ID(c.Param("id"))); err != nil {
		return err
	}
	d.say(c, "The link has ended; the display is dark.")
	return d.seeOther(c, "/admin/displays")
}
