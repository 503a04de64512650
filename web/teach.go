package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) teachRoutes() []route {
	if d.Equipment == nil {
		return nil
	}
	return []route{
		{get, "/rooms/known", hospital.ManageEquipment, d.known},
		{get, "/rooms/walk", hospital.ManageEquipment, d.tour},
		{post, "/rooms/walk", hospital.ManageEquipment, d.tourInto},
		{post, "/rooms/walk/end", hospital.ManageEquipment, d.endTour},
		{get, "/rooms/:id/teach", hospital.ManageEquipment, d.teach},
		{post, "/rooms/:id/teach", hospital.ManageEquipment, d.beginLesson},
		{post, "/rooms/:id/lessons/:lesson/undo", hospital.ManageEquipment, d.undoLesson},
	}
}

// known shows how well every room is known.
func (d *Door) known(c echo.Context) error {
	rooms, err := d.Equipment.Known(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	return d.show(c, "How well rooms are known", views.Known(views.KnownPage{Known: rooms, House: d.house()}))
}

// teach shows how well a room is known, and takes a new lesson.
func (d *Door) teach(c echo.Context) error { return d.showTeach(c, http.StatusOK, "", "") }

func (d *Door) showTeach(c echo.Context, status int, asset, wrong string) error {
	id := hospital.RoomID(c.Param("id"))
	lessons, trial, err := d.Equipment.Lessons(c.Request().Context(), d.actor(c), id)
	if err != nil {
		return err
	}
	class, held := d.Equipment.Tracker.Class(id)
	house := d.house()
	room, _ := house.Room(id)
	page := views.TeachPage{Room: room, House: house, Lessons: lessons, Trial: trial, Class: class, Held: held, Asset: asset, Error: wrong}
	return d.showAs(c, status, "Teach "+room.Name, views.Teach(page), "room/"+string(id))
}

// beginLesson has gateways listen to an asset for a minute.
func (d *Door) beginLesson(c echo.Context) error {
	asset := strings.TrimSpace(c.FormValue("asset"))
	id, err := d.scannedAsset(c, asset)
	if err == nil {
		err = d.Equipment.Teach(c.Request().Context(), d.actor(c), id, hospital.RoomID(c.Param("id")))
	}
	if errors.Is(err, hospital.ErrInvalid) {
		return d.showTeach(c, http.StatusUnprocessableEntity, asset, hospital.Sentence(err))
	}
	if err != nil {
		return err
	}
	return d.backToLessons(c)
}

// scannedAsset is the asset that a typed number, a scanned label or a scanned tag means;
// what means none is handed on as it is, to be refused.
func (d *Door) scannedAsset(c echo.Context, code string) (tracking.AssetID, error) {
	id, known, err := d.Equipment.ByCode(c.Request().Context(), d.actor(c), code)
	if err != nil || known {
		return id, err
	}
	return tracking.AssetID(code), nil
}

// undoLesson takes a lesson back.
func (d *Door) undoLesson(c echo.Context) error {
	lesson, err := strconv.ParseInt(c.Param("lesson"), 10, 64)
	if err != nil {
		return hospital.ErrUnknown
	}
	if err := d.Equipment.Unteach(c.Request().Context(), d.actor(c), hospital.RoomID(c.Param("id")), lesson); err != nil {
		return err
	}
	d.say(c, "Taken back. The room is told by what remains.")
	return d.backToLessons(c)
}

func (d *Door) backToLessons(c echo.Context) error {
	return d.seeOther(c, "/rooms/"+url.PathEscape(c.Param("id"))+"/teach")
}
