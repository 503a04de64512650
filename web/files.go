package web

import (
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/views"
)

// keepable is a table that people can keep as a file, under /files/NAME.csv, .xlsx and .pdf.
type keepable struct {
	name       string
	permission hospital.Permission
	columns    []column
	rows       func(echo.Context) (iter.Seq2[[]any, error], error)
}

// filesKept is how far back a file of readings goes when nobody says.
const filesKept = 31 * 24 * time.Hour

func (d *Door) fileRoutes() []route {
	if d.Lists == nil {
		return nil
	}
	var routes []route
	for _, k := range d.keepables() {
		routes = append(routes,
			route{get, "/files/" + k.name + ".csv", k.permission, d.keepCSV(k)},
			route{get, "/files/" + k.name + ".xlsx", k.permission, d.keepXLSX(k)},
			route{get, "/files/" + k.name + ".pdf", k.permission, d.keepPDF(k)})
	}
	return routes
}

func (d *Door) keepables() []keepable {
	var all []keepable
	if d.Equipment != nil {
		all = append(all, d.equipmentFile())
	}
	all = append(all, d.fleetFiles()...)
	if d.Levels != nil {
		all = append(all, d.unitsFile())
	}
	if d.Service != nil {
		all = append(all, d.serviceFile())
	}
	if d.Fences != nil {
		all = append(all, d.fencesFile())
	}
	if d.Health != nil {
		all = append(all, d.worklistFile())
	}
	if d.ColdChain != nil && d.Alarms != nil {
		all = append(all, d.readingsFile(), d.excursionsFile(), d.alarmsFile(), d.forewarningsFile(), d.complianceFile())
	}
	if d.Stock != nil {
		all = append(all, d.lotsFile(), d.linesFile(), d.ledgerFile(), d.stockHealthFile(), d.healthDaysFile())
	}
	if d.Storeroom != nil {
		all = append(all, d.itemsFile(), d.usageFile(), d.usageItemsFile())
	}
	if d.Desk != nil {
		all = append(all, d.ordersFile(), d.lateFile(), d.suppliersFile())
	}
	return all
}

func (d *Door) sheetOf(c echo.Context, k keepable) (sheet, string, error) {
	rows, err := k.rows(c)
	if err != nil {
		return sheet{}, "", err
	}
	stamp := d.Now().In(d.Register.Current().Site.Location()).Format("2006-01-02")
	return sheet{columns: k.columns, rows: within(maxSheetRows, rows)}.in(d.data(c).Say), k.name + "-" + stamp, nil
}

func (d *Door) keepCSV(k keepable) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, name, err := d.sheetOf(c, k)
		if err != nil {
			return err
		}
		attach(c, name+".csv", "text/csv; charset=utf-8")
		return d.finish(c, s.writeCSV(c.Response()))
	}
}

func (d *Door) keepXLSX(k keepable) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, name, err := d.sheetOf(c, k)
		if err != nil {
			return err
		}
		attach(c, name+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
		return d.finish(c, s.writeXLSX(c.Response(), k.name))
	}
}

func (d *Door) keepPDF(k keepable) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, name, err := d.sheetOf(c, k)
		if err != nil {
			return err
		}
		narrowed, err := d.chosen(c, k.name)
		if err != nil {
			return err
		}
		paper := d.paper(c)
		head := paperHead{title: views.Capital(strings.ReplaceAll(k.name, "-", " ")), chosen: toldChoices(narrowed, paper.Site.Location(), paper.Word)}
		attach(c, name+".pdf", "application/pdf")
		return d.finish(c, s.writePDF(c.Response(), head, paper))
	}
}

// finish breaks a file off that failed half-way: a file that only looks whole is worse than none.
func (d *Door) finish(c echo.Context, err error) error {
	if err == nil || !c.Response().Committed {
		if err != nil {
			c.Response().Header().Del(echo.HeaderContentType)
			c.Response().Header().Del(echo.HeaderContentDisposition)
		}
		return err
	}
	d.Log.Warn("a file was broken off", "path", c.Path(), "error", err)
	panic(http.ErrAbortHandler)
}

func (d *Door) equipmentFile() keepable {
	return keepable{"equipment", hospital.SeeEquipment,
		[]column{{"Number", 12}, {"Kind", 20}, {"Name", 28}, {"Model", 16}, {"Serial", 16}, {"Owner", 18}, {"Status", 15}, {"Status by", 18},
			{"Status since (UTC)", 20}, {"Room", 22}, {"Floor", 16}, {"Last heard (UTC)", 20}, {"Place is", 16}, {"Battery %", 10}, {"Tags", 40}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ctx, s := c.Request().Context(), tracking.Selection{Kind: c.QueryParam("kind"), Floor: hospital.FloorID(c.QueryParam("floor"))}
			return inParts(func(last *tracking.Asset, limit int) ([]tracking.Asset, error) {
				if last != nil {
					s.After = last.ID
				}
				return d.Lists.Assets(ctx, s, limit)
			}, d.equipmentRow), nil
		}}
}

func (d *Door) equipmentRow(a tracking.Asset) [][]any {
	house := d.house()
	unit, _ := house.Unit(a.Unit)
	floor, _ := house.Floor(a.Place.Floor)
	room, _ := house.Room(a.Place.Room)
	var battery any
	if a.Place.Known() && a.Place.BatteryPct != tracking.NoBattery {
		battery = int64(a.Place.BatteryPct)
	}
	return row(string(a.ID), a.Kind, a.Name, a.Model, a.Serial, unit.Name, ours(a.Status.Word()), a.StatusBy, a.StatusAt, room.Name, floor.Name,
		a.Place.SeenAt, ours(tracking.SilenceOf(a.Place, d.Now(), d.Equipment.Tracker.GatewayHeard)), battery, strings.Join(a.Tags, " "))
}

// typedStretch reads ?from= and ?until=, days of the site; until is the last day. Zero for none.
func (d *Door) typedStretch(c echo.Context) (from, to time.Time, err error) {
	zone := d.Register.Current().Site.Location()
	from, wrongFrom := typedDay(c.QueryParam("from"), zone, 0)
	to, wrongTo := typedDay(c.QueryParam("until"), zone, 1)
	if wrongFrom || wrongTo {
		err = echo.NewHTTPError(http.StatusBadRequest, "A day is written 2026-03-31.")
	}
	return from, to, err
}

func (d *Door) readingsFile() keepable {
	return keepable{"readings", hospital.SeeColdChain,
		[]column{{"Fridge", 14}, {"Sensor", 18}, {"Channel", 12}, {"Measured (UTC)", 20}, {"Celsius", 10}, {"Received (UTC)", 20}, {"Gateway", 14}, {"Source", 10}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			from, to, err := d.typedStretch(c)
			if err != nil {
				return nil, err
			}
			if from.IsZero() {
				from = d.Now().Add(-filesKept)
			}
			ctx, ask := c.Request().Context(), coldchain.ReadingQuery{Fridge: coldchain.FridgeID(c.QueryParam("fridge")), From: from, To: to}
			if _, err := d.ColdChain.Standing(ctx, ask.Fridge, d.Now()); err != nil {
				return nil, err
			}
			return inParts(func(last *coldchain.Recorded, limit int) ([]coldchain.Recorded, error) {
				if last != nil {
					ask.AfterSensor, ask.AfterAt = last.Sensor, last.At
				}
				return d.Lists.Readings(ctx, ask, limit)
			}, func(r coldchain.Recorded) [][]any {
				return row(string(ask.Fridge), r.Key.Sensor, r.Key.Channel, r.At, degrees(r.Temp), r.ReceivedAt, string(r.Gateway), r.Source)
			}), nil
		}}
}

func (d *Door) excursionsFile() keepable {
	return keepable{"excursions", hospital.SeeColdChain,
		[]column{{"Number", 10}, {"Fridge", 14}, {"Sensor", 18}, {"Rule", 10}, {"Direction", 12}, {"Severity", 10}, {"Limit °C", 10}, {"Began (UTC)", 20},
			{"Ended (UTC)", 20}, {"Proved minutes", 14}, {"Possible minutes", 14}, {"Lowest °C", 10}, {"Highest °C", 10}, {"MKT °C", 10}, {"Found late", 10},
			{"Revisions", 10}, {"Withdrawn", 10}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			from, to, err := d.typedStretch(c)
			ctx, ask := c.Request().Context(), coldchain.ExcursionQuery{Fridge: coldchain.FridgeID(c.QueryParam("fridge")), From: from, To: to}
			return inParts(func(last *coldchain.Excursion, limit int) ([]coldchain.Excursion, error) {
				if last != nil {
					ask.Before = last.ID
				}
				return d.Lists.Excursions(ctx, ask, limit)
			}, func(e coldchain.Excursion) [][]any {
				return row(int64(e.ID), string(e.Fridge), e.Sensor.String(), e.Rule, ours(e.Direction), ours(e.Severity.String()), degrees(e.Limit), e.Start, e.End,
					rounded(e.Known.Minutes(), 0), rounded(e.Possible.Minutes(), 0), degrees(e.Min), degrees(e.Max), degrees(e.MKT), yesNo(e.FoundLate), int64(e.Revision), yesNo(e.Withdrawn))
			}), err
		}}
}

func yesNo(yes bool) ours {
	if yes {
		return "yes"
	}
	return "no"
}

func (d *Door) alarmsFile() keepable {
	return keepable{"alarms", hospital.SeeColdChain,
		[]column{{"Number", 10}, {"What", 18}, {"Thing", 18}, {"Name", 24}, {"Text", 30}, {"Severity", 10}, {"State", 14}, {"Raised (UTC)", 20},
			{"Acknowledged (UTC)", 20}, {"Acknowledged by", 20}, {"Reason", 18}, {"Note", 30}, {"Over (UTC)", 20}, {"Closed (UTC)", 20}, {"Closed by", 20}, {"What was done", 30}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ctx, s, now := c.Request().Context(), notify.Selection{Subject: c.QueryParam("subject")}, d.Now()
			return inParts(func(last *notify.Alarm, limit int) ([]notify.Alarm, error) {
				if last != nil {
					s.Before = last.ID
				}
				return d.Lists.Alarms(ctx, s, limit)
			}, func(a notify.Alarm) [][]any {
				return row(int64(a.ID), ours(a.Kind), a.Subject, a.Name, ours(a.Text), ours(a.Severity.String()), ours(a.Life(now)), a.RaisedAt,
					a.Ack.At, a.Ack.ByName, ours(a.Ack.Reason.String()), a.Ack.Note, a.ReturnedAt, a.Closing.At, a.Closing.ByName, a.Closing.Note)
			}), nil
		}}
}

func (d *Door) lotsFile() keepable {
	return keepable{"stock", hospital.SeeStock,
		[]column{{"Item", 14}, {"Name", 32}, {"Lot", 16}, {"Expiry", 12}, {"Place", 24}, {"Unit", 10}, {"Usable", 10}, {"Held", 10}, {"Expired", 10}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ctx, s, today := c.Request().Context(), inventory.LotSelection{Item: inventory.ItemID(c.QueryParam("item"))}, d.Stock.Today(d.Now())
			return inParts(func(last *inventory.Shelved, limit int) ([]inventory.Shelved, error) {
				if last != nil {
					s.AfterLot, s.AfterPlace = last.Lot.ID, last.Place
				}
				return d.Lists.Lots(ctx, s, limit)
			}, func(b inventory.Shelved) [][]any {
				return row(string(b.Lot.Item), b.ItemName, b.Lot.Number, b.Lot.Expiry.String(), b.PlaceName, b.Unit, b.Usable(today), b.Held, b.Expired(today))
			}), nil
		}}
}

// linesFile is the list of items as its filters narrow it.
func (d *Door) linesFile() keepable {
	return keepable{"inventory", hospital.SeeStock,
		[]column{{"Item", 14}, {"Name", 32}, {"Unit", 10}, {"Usable", 10}, {"Held", 10}, {"Reorder point", 10}, {"Days left", 10}, {"Next expiry", 12}, {"On order", 10}, {"Proposed", 10}, {"Supplier", 14}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ctx, s := c.Request().Context(), inventory.ItemSelection{Query: d.stockQuery(c)}
			return inParts(func(last *inventory.Line, limit int) ([]inventory.Line, error) {
				if last != nil {
					s.After = last.Item.ID
				}
				return d.Lists.Items(ctx, s, limit)
			}, func(l inventory.Line) [][]any {
				var level, days any = "", ""
				if l.OrderedAt > 0 {
					level = l.Reorder
				}
				if l.DaysLeft >= 0 {
					days = int64(l.DaysLeft)
				}
				return row(string(l.Item.ID), l.Item.Name, l.Item.Unit, l.Usable(), l.Held, level, days, l.NextDay.String(), l.OnOrder, l.Proposed, string(l.Item.Supplier))
			}), nil
		}}
}

func (d *Door) ledgerFile() keepable {
	return keepable{"ledger", hospital.SeeStock,
		[]column{{"Number", 10}, {"At (UTC)", 20}, {"What", 12}, {"Item", 14}, {"Name", 32}, {"Lot", 16}, {"Expiry", 12}, {"Place", 24}, {"Quantity", 10},
			{"Free", 10}, {"Held", 10}, {"Unit", 10}, {"By", 20}, {"Why", 30}, {"Source", 12}, {"Belongs to", 16}, {"Other place", 16}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			from, to, err := d.typedStretch(c)
			ctx, s := c.Request().Context(), inventory.LedgerSelection{Item: inventory.ItemID(c.QueryParam("item")), From: from, To: to}
			return inParts(func(last *inventory.Entry, limit int) ([]inventory.Entry, error) {
				if last != nil {
					s.Before = last.Seq
				}
				return d.Lists.Ledger(ctx, s, limit)
			}, func(e inventory.Entry) [][]any {
				return row(e.Seq, e.At, ours(e.Kind), string(e.Item), e.ItemName, e.LotNumber, e.Expiry.String(), e.PlaceName, e.Quantity(), e.Free, e.Held,
					e.Unit, e.ByName, e.Why, e.Source, e.Ref, string(e.Other))
			}), err
		}}
}

func (d *Door) ordersFile() keepable {
	return keepable{"orders", hospital.SeeOrders,
		[]column{{"Order", 12}, {"Supplier", 24}, {"Status", 14}, {"Made (UTC)", 20}, {"Sent (UTC)", 20}, {"Sent by", 20}, {"Expected", 12}, {"Closed (UTC)", 20},
			{"Line", 6}, {"Item", 14}, {"Name", 32}, {"Place", 24}, {"Unit", 10}, {"Ordered", 10}, {"Received", 10}, {"Cancelled", 10}, {"Outstanding", 10},
			{"Cost", 12}, {"Currency", 8}}, // the cost is empty for who may not see it
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ctx, s := c.Request().Context(), reorder.OrderSelection{Status: reorder.OrderStatus(c.QueryParam("status"))}
			return inParts(func(last *reorder.Order, limit int) ([]reorder.Order, error) {
				if last != nil {
					s.Before = last.Number
				}
				return d.Lists.Orders(ctx, s, limit)
			}, func(o reorder.Order) [][]any { return orderRows(o, hospital.Shown(ctx, hospital.SeePrices)) }), nil
		}}
}

// orderRows are an order's lines, each with what is said of the whole order.
func orderRows(o reorder.Order, priced bool) (rows [][]any) {
	for _, l := range o.Lines {
		var cost any
		if priced {
			cost = money(l.Cost())
		}
		rows = append(rows, []any{o.Number, o.Supplier.Name, ours(o.Status), o.CreatedAt, o.SentAt, o.SentBy, o.Expected.String(), o.ClosedAt,
			int64(l.No), string(l.Item.ID), l.Item.Name, l.Place.Name, l.Item.Unit, l.Ordered, l.Received, l.Cancelled, l.Outstanding(),
			cost, o.Supplier.Currency})
	}
	return rows
}
