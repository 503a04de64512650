package web

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/views"
	"wardwatch/web/live"
)

// heatSpan is how far back the heat of a floor goes.
const heatSpan = 24 * time.Hour

func (d *Door) floorRoutes() []route {
	if d.Equipment == nil {
		return nil
	}
	return []route{
		{get, "/floors", hospital.SeeEquipment, d.floors},
		{get, "/floors/:id", hospital.SeeEquipment, d.floor},
		{get, "/rooms/:id", hospital.SeeEquipment, d.room},
	}
}

// floors lists the floors, the highest first.
func (d *Door) floors(c echo.Context) error {
	house, err := d.Equipment.House(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	slices.Reverse(house)
	return d.show(c, "Map", views.Floors(house, d.actor(c).May(hospital.ManageEquipment)), houseTopic)
}

// drawHouse draws the clusters and counts of every floor.
func (d *Door) drawHouse(ctx context.Context, _ string) ([]live.Fragment, error) {
	house, err := d.Equipment.House(ctx, onlooker)
	if err != nil {
		return nil, err
	}
	var leaves []leaf
	for _, s := range house {
		id := string(s.Floor.ID)
		leaves = append(leaves, leaf{"house-" + id + "-count", views.StoreyCount(s)}, leaf{"house-" + id + "-clusters", views.StoreyClusters(s)},
			leaf{"house-" + id + "-units", views.StoreyUnits(s)})
	}
	return drawAll(ctx, leaves...)
}

// floor is the map of one floor.
func (d *Door) floor(c echo.Context) error {
	id := hospital.FloorID(c.Param("id"))
	seen, err := d.Equipment.Map(c.Request().Context(), d.actor(c), id)
	if err != nil {
		return err
	}
	page := views.FloorPage{Map: seen, Floors: d.Register.Current().Floors, Focus: hospital.RoomID(c.QueryParam("room")), Zoom: 1, MayHeat: d.Fleet != nil}
	if zoom, err := strconv.Atoi(c.QueryParam("zoom")); err == nil && slices.Contains(views.Zooms(), zoom) {
		page.Zoom = zoom
	}
	if d.Fleet != nil && c.QueryParam("show") == "heat" {
		if page.Heat, err = d.Fleet.Heat(c.Request().Context(), d.actor(c), heatSpan); err != nil {
			return err
		}
	}
	if d.Board != nil {
		page.MayDraw = d.actor(c).May(hospital.ManageHospital)
		at, err := d.Board.Keeper.HasPicture(c.Request().Context(), id)
		if err != nil {
			return err
		}
		page.Picture = pictureHref(id, at.UnixMilli(), !at.IsZero())
	}
	return d.show(c, seen.Floor.Name, views.Floor(page), "floor/"+string(id))
}

// room lists what was last seen in one room.
func (d *Door) room(c echo.Context) error {
	id := hospital.RoomID(c.Param("id"))
	hits, err := d.Equipment.InRoom(c.Request().Context(), d.actor(c), id)
	if err != nil {
		return err
	}
	house := d.house()
	room, _ := house.Room(id)
	page := views.RoomPage{Room: room, House: house, Hits: hits, Map: d.planOf(room.Floor),
		MayTeach: d.actor(c).May(hospital.ManageEquipment), MayMark: d.actor(c).May(hospital.MarkEquipment)}
	return d.show(c, room.Name, views.Room(page), "room/"+string(id))
}

// drawRoom draws the list on a room's page.
func (d *Door) drawRoom(ctx context.Context, key string) ([]live.Fragment, error) {
	hits, err := d.Equipment.InRoom(ctx, onlooker, hospital.RoomID(key))
	if err != nil {
		return nil, orNothing(err)
	}
	class, held := d.Equipment.Tracker.Class(hospital.RoomID(key))
	return drawAll(ctx,
		leaf{"room-" + key + "-list", views.RoomList(hospital.RoomID(key), hits, d.house())},
		leaf{"room-" + key + "-class", views.TeachState(hospital.RoomID(key), class, held)},
	)
}

// drawFloor draws the dots of a map and the counts beside it.
func (d *Door) drawFloor(ctx context.Context, key string) ([]live.Fragment, error) {
	seen, err := d.Equipment.Map(ctx, onlooker, hospital.FloorID(key))
	if err != nil {
		return nil, orNothing(err)
	}
	leaves := []leaf{{"floor-" + key + "-pins", views.FloorPins(seen)}, {"floor-" + key + "-heard", views.FloorHeard(seen)}}
	for _, room := range seen.Rooms {
		leaves = append(leaves, leaf{"room-" + string(room.ID) + "-count", views.RoomCount(seen, room)})
	}
	return drawAll(ctx, leaves...)
}

// leaf is a component and the id of its element.
type leaf struct {
	id        string
	component templ.Component
}

func drawAll(ctx context.Context, leaves ...leaf) ([]live.Fragment, error) {
	fragments := make([]live.Fragment, 0, len(leaves))
	for _, l := range leaves {
		fragment, err := live.Draw(ctx, l.id, l.component)
		if err != nil {
			return nil, err
		}
		fragments = append(fragments, fragment)
	}
	return fragments, nil
}

// orNothing lets a topic of a thing that does not exist (any more) be empty.
func orNothing(err error) error {
	if errors.Is(err, hospital.ErrUnknown) {
		return nil
	}
	return err
}
