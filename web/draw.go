package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/floorplan"
	"wardwatch/views"
)

// maxPictureForm is the largest form that brings a picture: the picture and what stands around it.
const maxPictureForm = floorplan.MaxPicture + 64<<10

func (d *Door) drawRoutes() []route {
	if d.Board == nil {
		return nil
	}
	return []route{
		{get, "/floors/:id/draw", hospital.ManageHospital, d.drawingBoard},
		{get, "/floors/:id/picture", hospital.SeeEquipment, d.floorPicture},
		{post, pictureForm, hospital.ManageHospital, d.takeFloorPicture},
		{post, "/floors/:id/rooms", hospital.ManageHospital, d.takeRoom},
	}
}

// pictureForm takes a larger body than other forms.
const pictureForm = "/floors/:id/picture"

// drawingBoard shows a floor's plan, its rooms, and the form of one of them.
func (d *Door) drawingBoard(c echo.Context) error {
	page, err := d.boardPage(c)
	if err != nil {
		return err
	}
	if room, ok := d.Register.Current().Room(hospital.RoomID(c.QueryParam("room"))); ok && room.Floor == page.Map.Floor.ID {
		page.Room = floorplan.Drawn{ID: room.ID, Name: room.Name, Kind: room.Kind, Unit: room.Unit, Isolation: room.Isolation,
			Corners: views.CornersOf(room.Outline), Doors: room.Neighbours}
	}
	return d.show(c, "Draw "+page.Map.Floor.Name, views.DrawBoard(page))
}

func (d *Door) boardPage(c echo.Context) (views.DrawPage, error) {
	id := hospital.FloorID(c.Param("id"))
	page := views.DrawPage{Map: d.planOf(id), House: d.house(), Room: floorplan.Drawn{Kind: hospital.PatientRoom}}
	if page.Map.Floor.ID == "" {
		return page, fmt.Errorf("floor %s: %w", id, hospital.ErrUnknown)
	}
	page.Map.Blind = nil
	at, err := d.Board.Keeper.HasPicture(c.Request().Context(), id)
	page.Picture = pictureHref(id, at.UnixMilli(), !at.IsZero())
	return page, err
}

// pictureHref is where a floor's picture is; empty for a floor without one.
func pictureHref(id hospital.FloorID, version int64, is bool) string {
	if !is {
		return ""
	}
	return "/floors/" + url.PathEscape(string(id)) + "/picture?v=" + strconv.FormatInt(version, 10)
}

// floorPicture is the picture itself.
func (d *Door) floorPicture(c echo.Context) error {
	p, err := d.Board.Keeper.Picture(c.Request().Context(), hospital.FloorID(c.Param("id")))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "private, max-age=86400")
	c.Response().Header().Set("Content-Disposition", "inline")
	return c.Blob(http.StatusOK, p.MediaType, p.Bytes)
}

// takeFloorPicture takes a picture and how many metres it is wide.
func (d *Door) takeFloorPicture(c echo.Context) error {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxPictureForm)
	id := hospital.FloorID(c.Param("id"))
	data, err := pictureOf(c)
	if err == nil {
		width, _ := strconv.ParseFloat(strings.TrimSpace(c.FormValue("width")), 64) // no number is no width
		err = d.Board.SetPicture(r.Context(), d.actor(c), id, data, width)
	}
	if status, wrong := formFault(err); wrong != "" {
		page, err := d.boardPage(c)
		if err != nil {
			return err
		}
		page.PictureWrong, page.Width = wrong, c.FormValue("width")
		return d.showAs(c, status, "Draw "+page.Map.Floor.Name, views.DrawBoard(page))
	}
	if err != nil {
		return err
	}
	d.say(c, "The picture lies under the plan now.")
	return d.seeOther(c, "/floors/"+url.PathEscape(string(id))+"/draw")
}

func pictureOf(c echo.Context) ([]byte, error) {
	header, err := c.FormFile("picture")
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, hospital.Refuse(hospital.ErrInvalid, "The picture is larger than "+strconv.FormatInt(tooLarge.Limit>>20, 10)+" MB. Save it smaller.")
	}
	if err != nil {
		return nil, hospital.Refuse(hospital.ErrInvalid, "Choose a picture first.")
	}
	file, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, floorplan.MaxPicture+1))
}

// takeRoom makes or changes a room.
func (d *Door) takeRoom(c echo.Context) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	drawn := floorplan.Drawn{ID: hospital.RoomID(form.Get("room")), Name: strings.TrimSpace(form.Get("name")), Kind: hospital.RoomKind(form.Get("kind")),
		Unit: hospital.UnitID(form.Get("unit")), Isolation: form.Get("isolation") != "", Corners: form.Get("corners"), Doors: chosen[hospital.RoomID](form, "door")}
	id := hospital.FloorID(c.Param("id"))
	room, err := d.Board.SetRoom(c.Request().Context(), d.actor(c), id, drawn)
	if status, wrong := formFault(err); wrong != "" {
		page, err := d.boardPage(c)
		if err != nil {
			return err
		}
		page.Room, page.Wrong = drawn, wrong
		return d.showAs(c, status, "Draw "+page.Map.Floor.Name, views.DrawBoard(page))
	}
	if err != nil {
		return err
	}
	d.say(c, drawn.Name+" is drawn.")
	return d.seeOther(c, "/floors/"+url.PathEscape(string(id))+"/draw?room="+url.QueryEscape(string(room)))
}
