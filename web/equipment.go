package web

import (
	"context"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
	"wardwatch/web/live"
)

func (d *Door) equipmentRoutes() []route {
	if d.Equipment == nil {
		return nil
	}
	return []route{
		{get, "/search", hospital.SeeEquipment, d.search},
		{get, "/search/answers", hospital.SeeEquipment, d.answersSoon},
		{get, "/assets/:id", hospital.SeeEquipment, d.asset},
		{get, "/assets/:id/floor", hospital.SeeEquipment, d.assetFloor},
		{post, "/assets/:id/status", hospital.MarkEquipment, d.markAsset},
		{post, "/assets/:id/not-here", hospital.MarkEquipment, d.assetNotHere},
		{post, "/assets/:id/here", hospital.MarkEquipment, d.assetHere},
	}
}

func (d *Door) house() views.House { return views.House{Directory: d.Register.Current()} }

// asset shows one asset: where it is, its state, its past.
func (d *Door) asset(c echo.Context) error {
	ctx, by, id := c.Request().Context(), d.actor(c), tracking.AssetID(c.Param("id"))
	page, err := d.assetPage(ctx, by, id)
	if err != nil {
		return err
	}
	return d.show(c, page.Hit.Asset.Name, views.Asset(page), "asset/"+string(id))
}

func (d *Door) assetPage(ctx context.Context, by hospital.Actor, id tracking.AssetID) (views.AssetPage, error) {
	hit, err := d.Equipment.Asset(ctx, by, id)
	if err != nil {
		return views.AssetPage{}, err
	}
	moments, err := d.Equipment.Timeline(ctx, by, id, time.Time{})
	if err != nil {
		return views.AssetPage{}, err
	}
	service, err := d.serviceOf(ctx, id)
	if err != nil {
		return views.AssetPage{}, err
	}
	return views.AssetPage{Service: service, Hit: hit, Moments: moments, House: d.house(), Map: d.planOf(hit.Asset.Place.Floor), Now: d.Now(),
		May: by.May(hospital.MarkEquipment)}, nil
}

// planOf is a floor's plan without its assets.
func (d *Door) planOf(id hospital.FloorID) tracking.Map {
	floor, ok := d.Register.Current().Floor(id)
	if !ok {
		return tracking.Map{}
	}
	return tracking.Map{Floor: floor, Rooms: d.Register.Current().RoomsOn(id), Blind: d.Equipment.BlindRooms(id)}
}

// assetFloor leads to the map on which an asset is now.
func (d *Door) assetFloor(c echo.Context) error {
	hit, err := d.Equipment.Asset(c.Request().Context(), d.actor(c), tracking.AssetID(c.Param("id")))
	if err != nil {
		return err
	}
	if !hit.Asset.Place.Known() {
		return d.seeOther(c, "/floors")
	}
	return d.seeOther(c, "/floors/"+url.PathEscape(string(hit.Asset.Place.Floor))+"?room="+url.QueryEscape(string(hit.Asset.Place.Room)))
}

// markAsset sets an asset's status on a person's word.
func (d *Door) markAsset(c echo.Context) error {
	status := tracking.Status(c.FormValue("status"))
	if err := d.Equipment.Mark(c.Request().Context(), d.actor(c), tracking.AssetID(c.Param("id")), status, c.FormValue("note")); err != nil {
		return err
	}
	d.say(c, "Marked: "+status.Word()+".")
	return d.backToAsset(c)
}

// assetNotHere notes that a person looked and did not find it.
func (d *Door) assetNotHere(c echo.Context) error {
	if err := d.Equipment.NotHere(c.Request().Context(), d.actor(c), tracking.AssetID(c.Param("id")), c.FormValue("note")); err != nil {
		return err
	}
	d.say(c, "Thank you. Others now see that it was not there.")
	return d.backToAsset(c)
}

// assetHere notes that a person sees it in a room.
func (d *Door) assetHere(c echo.Context) error {
	room := hospital.RoomID(c.FormValue("room"))
	if err := d.Equipment.Here(c.Request().Context(), d.actor(c), tracking.AssetID(c.Param("id")), room); err != nil {
		return err
	}
	d.say(c, "Noted: it is in "+d.house().RoomName(room)+".")
	return d.backToAsset(c)
}

func (d *Door) backToAsset(c echo.Context) error {
	return d.seeOther(c, "/assets/"+url.PathEscape(c.Param("id")))
}

// onlooker is whom live updates are rendered for: anybody who may see equipment.
var onlooker = hospital.Job("live pages")

func (d *Door) equipmentSources() []live.Source {
	if d.Equipment == nil {
		return nil
	}
	const mapEvery = 100 * time.Millisecond // a busy floor changes many times a second
	return []live.Source{
		{Prefix: "asset/", Permission: hospital.SeeEquipment, Render: d.drawAsset},
		{Prefix: "room/", Permission: hospital.SeeEquipment, Every: mapEvery, Render: d.drawRoom},
		{Prefix: "tour/", Permission: hospital.ManageEquipment, Render: d.drawTour},
		{Prefix: houseTopic, Permission: hospital.SeeEquipment, Every: homeEvery, Render: d.drawHouse},
		{Prefix: "floor/", Permission: hospital.SeeEquipment, Every: mapEvery, Render: d.drawFloor},
	}
}

// drawAsset draws an asset's leaves, on its own page and in search results.
func (d *Door) drawAsset(ctx context.Context, key string) ([]live.Fragment, error) {
	id := tracking.AssetID(key)
	page, err := d.assetPage(ctx, onlooker, id)
	if err != nil {
		return nil, orNothing(err)
	}
	asset, house := page.Hit.Asset, page.House
	return drawAll(ctx,
		leaf{"asset-" + key + "-where", views.AssetWhere(page.Hit, house)},
		leaf{"asset-" + key + "-map", views.AssetMap(asset, page.Map)},
		leaf{"asset-" + key + "-timeline", views.AssetTimeline(id, page.Moments, house)},
		leaf{"hit-" + key + "-place", views.HitPlace(page.Hit, house)},
		leaf{"hit-" + key + "-status", views.HitStatus(asset)},
	)
}
