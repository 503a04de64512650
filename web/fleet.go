package web

import (
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/fleet"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// What a page about the fleet shows where nobody says otherwise.
const (
	fleetDays = 28
	idleDays  = 7
	lostDays  = 3
	nearDays  = 1
)

func (d *Door) fleetRoutes() []route {
	if d.Fleet == nil {
		return nil
	}
	return []route{
		{get, "/fleet", hospital.SeeEquipment, d.fleetUse},
		{get, "/fleet/size", hospital.SeeEquipment, d.fleetSize},
		{get, "/fleet/rooms", hospital.SeeEquipment, d.fleetDwell},
		{get, "/fleet/idle", hospital.SeeEquipment, d.fleetIdle},
		{get, "/fleet/lost", hospital.SeeEquipment, d.fleetLost},
		{get, "/fleet/near", hospital.SeeEquipment, d.fleetNear},
		{post, "/fleet/near/clean", hospital.MarkEquipment, d.fleetClean},
		{get, "/assets/:id/trail", hospital.SeeEquipment, d.trail},
		{get, "/floors/:id/replay", hospital.SeeEquipment, d.replay},
	}
}

// fleetAsk is what a page about the fleet was asked for.
func (d *Door) fleetAsk(c echo.Context, usual int) views.FleetAsk {
	ask := views.FleetAsk{Days: usual, Kind: c.QueryParam("kind"), Unit: hospital.UnitID(c.QueryParam("unit")), Room: hospital.RoomID(c.QueryParam("room"))}
	if n, err := strconv.Atoi(c.QueryParam("days")); err == nil && n >= 1 && n <= fleet.MaxRange {
		ask.Days = n
	}
	today := d.Now().In(d.Register.Current().Site.Location())
	ask.To = today.AddDate(0, 0, -1).Format(time.DateOnly)
	ask.From = today.AddDate(0, 0, -ask.Days).Format(time.DateOnly)
	return ask
}

func (d *Door) fleetUse(c echo.Context) error {
	ctx, ask := c.Request().Context(), d.fleetAsk(c, fleetDays)
	report, err := d.Fleet.Utilisation(ctx, d.actor(c), ask.From, ask.To, ask.Kind, ask.Unit)
	if err != nil {
		return err
	}
	kinds, err := d.Equipment.Store.Kinds(ctx)
	if err != nil {
		return err
	}
	return d.show(c, "Fleet", views.FleetUse(views.FleetUsePage{Ask: ask, Report: report, Kinds: kinds, House: d.house()}))
}

func (d *Door) fleetSize(c echo.Context) error {
	ask := d.fleetAsk(c, fleetDays)
	sizes, err := d.Fleet.Sizes(c.Request().Context(), d.actor(c), ask.From, ask.To)
	if err != nil {
		return err
	}
	return d.show(c, "Fleet size", views.FleetSizes(ask, sizes))
}

func (d *Door) fleetDwell(c echo.Context) error {
	ctx, ask := c.Request().Context(), d.fleetAsk(c, fleetDays)
	lines, err := d.Fleet.Dwell(ctx, d.actor(c), ask.From, ask.To, ask.Kind)
	if err != nil {
		return err
	}
	kinds, err := d.Equipment.Store.Kinds(ctx)
	if err != nil {
		return err
	}
	return d.show(c, "Where equipment stands", views.FleetDwell(ask, lines, kinds))
}

func (d *Door) fleetIdle(c echo.Context) error {
	ask := d.fleetAsk(c, idleDays)
	assets, err := d.Fleet.Idle(c.Request().Context(), d.actor(c), ask.Days)
	if err != nil {
		return err
	}
	return d.show(c, "Idle equipment", views.FleetIdle(ask, assets, d.house()))
}

func (d *Door) fleetLost(c echo.Context) error {
	ask := d.fleetAsk(c, lostDays)
	assets, err := d.Fleet.Lost(c.Request().Context(), d.actor(c), ask.Days)
	if err != nil {
		return err
	}
	return d.show(c, "Lost equipment", views.FleetLost(ask, assets, d.house()))
}

func (d *Door) fleetNear(c echo.Context) error {
	ask := d.fleetAsk(c, nearDays)
	list, err := d.Fleet.Near(c.Request().Context(), d.actor(c), ask.Room, d.nearFrom(ask))
	if err != nil {
		return err
	}
	return d.show(c, "Isolation rooms", views.FleetNear(views.FleetNearPage{Ask: ask, List: list, Rooms: d.Fleet.IsolationRooms(), House: d.house(),
		May: d.actor(c).May(hospital.MarkEquipment)}))
}

func (d *Door) nearFrom(ask views.FleetAsk) time.Time {
	return d.Now().Add(-time.Duration(ask.Days) * 24 * time.Hour)
}

func (d *Door) fleetClean(c echo.Context) error {
	id, room := tracking.AssetID(c.FormValue("asset")), hospital.RoomID(c.FormValue("room"))
	if err := d.Fleet.Clean(c.Request().Context(), d.actor(c), id, room, c.FormValue("note")); err != nil {
		return err
	}
	d.say(c, string(id)+" is noted as clean.")
	return d.seeOther(c, "/fleet/near")
}

// day is a day of the site that was asked for, today where none was; and whether it is one.
func (d *Door) dayAsked(c echo.Context) time.Time {
	zone := d.Register.Current().Site.Location()
	if day, err := time.ParseInLocation(time.DateOnly, c.QueryParam("day"), zone); err == nil && !day.After(d.Now()) {
		return day
	}
	y, m, n := d.Now().In(zone).Date()
	return time.Date(y, m, n, 0, 0, 0, 0, zone)
}

// trail is where one piece was on a day, with one step of it pointed out.
func (d *Door) trail(c echo.Context) error {
	ctx, by, id := c.Request().Context(), d.actor(c), tracking.AssetID(c.Param("id"))
	hit, err := d.Equipment.Asset(ctx, by, id)
	if err != nil {
		return err
	}
	day := d.dayAsked(c)
	steps, err := d.Fleet.Trail(ctx, by, id, day, day.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	step, err := strconv.Atoi(c.QueryParam("step"))
	if err != nil || step < 1 || step > len(steps) {
		step = len(steps)
	}
	page := views.TrailPage{Asset: hit.Asset, Day: day, Steps: steps, Step: step, House: d.house(), Today: d.Now()}
	if step > 0 {
		room, _ := d.Register.Current().Room(steps[step-1].Room)
		page.Map = d.planOf(room.Floor)
	}
	return d.show(c, "Trail of "+hit.Asset.Name, views.Trail(page))
}

// replay is a floor as it was at a minute of a day.
func (d *Door) replay(c echo.Context) error {
	ctx, by, id := c.Request().Context(), d.actor(c), hospital.FloorID(c.Param("id"))
	floor, ok := d.Register.Current().Floor(id)
	if !ok {
		return fmt.Errorf("floor %s: %w", id, hospital.ErrUnknown)
	}
	page := views.ReplayPage{Map: d.planOf(id), House: d.house(), Day: d.dayAsked(c), Kind: c.QueryParam("kind"), Today: d.Now()}
	page.Map.Blind = nil // that is how it is now
	page.Minute = d.minuteAsked(c, page.Day)
	places, err := d.Fleet.Then(ctx, by, page.At().Add(time.Minute-time.Millisecond)) // what the minute ended with
	if err != nil {
		return err
	}
	if page.Kinds, err = d.Equipment.Store.Kinds(ctx); err != nil {
		return err
	}
	for _, p := range places {
		room, _ := d.Register.Current().Room(p.Room)
		if room.Floor == id && (page.Kind == "" || p.Kind == page.Kind) {
			page.Map.Pins = append(page.Map.Pins, tracking.Pin{Asset: p.Asset, Kind: p.Kind, Room: p.Room, Status: tracking.InUse, Gone: p.Gone})
		}
	}
	if c.Request().Header.Get("HX-Request") == "true" {
		return d.part(c, 200, views.ReplayPlan(page))
	}
	return d.show(c, floor.Name+" as it was", views.Replay(page))
}

// minuteAsked is the minute of a day that was asked for: now, or noon of another day, where none was.
func (d *Door) minuteAsked(c echo.Context, day time.Time) int {
	const minutes = 24 * 60
	if n, err := strconv.Atoi(c.QueryParam("minute")); err == nil {
		return max(0, min(n, minutes-1))
	}
	if now := d.Now(); now.Before(day.AddDate(0, 0, 1)) {
		local := now.In(day.Location())
		return local.Hour()*60 + local.Minute()
	}
	return minutes / 2
}

// fleetFiles are the fleet's lists as files to keep.
func (d *Door) fleetFiles() []keepable {
	if d.Fleet == nil {
		return nil
	}
	return []keepable{d.useFile(), d.sizeFile(), d.dwellFile(), d.idleFile(), d.lostFile(), d.nearFile()}
}

// listed gives the rows of a list that is read as a whole.
func listed[T any](list []T, err error, cells func(T) [][]any) (iter.Seq2[[]any, error], error) {
	return func(yield func([]any, error) bool) {
		for _, line := range list {
			for _, row := range cells(line) {
				if !yield(row, nil) {
					return
				}
			}
		}
	}, err
}

func (d *Door) useFile() keepable {
	return keepable{"fleet-use", hospital.SeeEquipment,
		[]column{{"Day", 12}, {"Kind", 20}, {"Unit", 20}, {"In use h", 10}, {"Free h", 10}, {"Needs cleaning h", 14}, {"Broken h", 10}, {"Not heard h", 12}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ask := d.fleetAsk(c, fleetDays)
			days, err := d.Fleet.Store.DayUses(c.Request().Context(), ask.From, ask.To)
			return listed(days, err, func(u fleet.DayUse) [][]any {
				if ask.Kind != "" && u.Kind != ask.Kind || ask.Unit != "" && u.Unit != ask.Unit {
					return nil // as on the page
				}
				unit, _ := d.Register.Current().Unit(u.Unit)
				return row(u.Day, u.Kind, unit.Name, hours(u.InUse), hours(u.Free), hours(u.Dirty), hours(u.Broken), hours(u.Unheard))
			})
		}}
}

func (d *Door) sizeFile() keepable {
	return keepable{"fleet-size", hospital.SeeEquipment,
		[]column{{"Kind", 20}, {"There are", 10}, {"Broken", 10}, {"Most at once", 12}, {"Enough for 99 %", 16}, {"Enough for half", 16}, {"Not ready %", 12},
			{"Advice", 10}, {"Spare", 10}, {"Days", 8}, {"Because", 80}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ask := d.fleetAsk(c, fleetDays)
			sizes, err := d.Fleet.Sizes(c.Request().Context(), d.actor(c), ask.From, ask.To)
			return listed(sizes, err, func(s fleet.Size) [][]any {
				var advice, spare any
				if s.Known() {
					advice, spare = int64(s.Advice), int64(s.Spare())
				}
				return row(s.Kind, int64(s.Have), int64(s.Broken), int64(s.Peak), int64(s.Busy), int64(s.Half), rounded(100*s.NotReady, 0), advice, spare, int64(s.Days), ours(s.Because()))
			})
		}}
}

func (d *Door) dwellFile() keepable {
	return keepable{"fleet-rooms", hospital.SeeEquipment,
		[]column{{"Kind", 20}, {"Kind of room", 18}, {"Hours", 12}, {"Share %", 10}, {"Stays", 10}, {"Mean hours", 12}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ask := d.fleetAsk(c, fleetDays)
			lines, err := d.Fleet.Dwell(c.Request().Context(), d.actor(c), ask.From, ask.To, ask.Kind)
			return listed(lines, err, func(l fleet.DwellLine) [][]any {
				return row(l.Kind, string(l.Room), hours(l.Time), rounded(100*l.Share, 0), int64(l.Times), hours(l.Mean()))
			})
		}}
}

func (d *Door) idleFile() keepable {
	return d.assetFile("fleet-idle", "Idle since (UTC)", func(c echo.Context) ([]tracking.Asset, error) {
		return d.Fleet.Idle(c.Request().Context(), d.actor(c), d.fleetAsk(c, idleDays).Days)
	}, fleet.IdleSince)
}

func (d *Door) lostFile() keepable {
	return d.assetFile("fleet-lost", "Last heard (UTC)", func(c echo.Context) ([]tracking.Asset, error) {
		return d.Fleet.Lost(c.Request().Context(), d.actor(c), d.fleetAsk(c, lostDays).Days)
	}, func(a tracking.Asset) time.Time { return a.Place.SeenAt })
}

func (d *Door) assetFile(name, since string, read func(echo.Context) ([]tracking.Asset, error), at func(tracking.Asset) time.Time) keepable {
	return keepable{name, hospital.SeeEquipment,
		[]column{{"Number", 12}, {"Kind", 20}, {"Name", 28}, {"Model", 16}, {"Serial", 16}, {"Owner", 18}, {"Status", 15}, {"Room", 22}, {"Floor", 16}, {since, 20}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			assets, err := read(c)
			return listed(assets, err, func(a tracking.Asset) [][]any {
				house := d.house()
				unit, _ := house.Unit(a.Unit)
				return row(string(a.ID), a.Kind, a.Name, a.Model, a.Serial, unit.Name, ours(a.Status.Word()), house.RoomName(a.Place.Room), house.FloorName(a.Place.Room), at(a))
			})
		}}
}

func (d *Door) nearFile() keepable {
	return keepable{"fleet-near", hospital.SeeEquipment,
		[]column{{"Number", 12}, {"Kind", 20}, {"Name", 28}, {"Isolation room", 22}, {"From (UTC)", 20}, {"Until (UTC)", 20}, {"Is now in", 22}, {"Cleaning", 26},
			{"Since (UTC)", 20}, {"By", 20}, {"Note", 30}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ask := d.fleetAsk(c, nearDays)
			list, err := d.Fleet.Near(c.Request().Context(), d.actor(c), ask.Room, d.nearFrom(ask))
			return listed(list, err, func(n fleet.Near) [][]any {
				house := d.house()
				return row(string(n.Asset), n.Kind, n.Name, house.RoomName(n.Room), n.From, n.Until, house.RoomName(n.Now), ours(n.Cleaning.State),
					n.Cleaning.At, n.Cleaning.By, n.Cleaning.Note)
			})
		}}
}
