package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) roundRoutes() []route {
	if d.Equipment == nil {
		return nil
	}
	return []route{
		{get, "/rooms/:id/round", hospital.MarkEquipment, d.round},
		{post, "/rooms/:id/round", hospital.MarkEquipment, d.walkRound},
	}
}

// round begins a round of a room: nothing is scanned yet.
func (d *Door) round(c echo.Context) error { return d.showRound(c, http.StatusOK, nil, "", "") }

// showRound compares what was scanned so far with what was last seen in the room.
func (d *Door) showRound(c echo.Context, status int, scanned []tracking.AssetID, code, wrong string) error {
	found, err := d.Equipment.Round(c.Request().Context(), d.actor(c), hospital.RoomID(c.Param("id")), scanned)
	if err != nil {
		return err
	}
	return d.showAs(c, status, "Check "+found.Room.Name, views.Round(views.RoundPage{Round: found, House: d.house(), Code: code, Error: wrong}))
}

// walkRound adds what was scanned to the round, takes it out again, or notes the round.
// What was scanned so far travels with the form: nothing is kept until it is noted.
func (d *Door) walkRound(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return hospital.Refuse(hospital.ErrInvalid, "The form could not be read.")
	}
	var scanned []tracking.AssetID
	for _, id := range form["seen"] {
		scanned = append(scanned, tracking.AssetID(id))
	}
	if dropped, is := strings.CutPrefix(c.FormValue("do"), "drop:"); is {
		return d.showRound(c, http.StatusOK, slices.DeleteFunc(scanned, func(id tracking.AssetID) bool { return string(id) == dropped }), "", "")
	}
	code := strings.TrimSpace(c.FormValue("code"))
	if code != "" {
		id, known, err := d.Equipment.ByCode(c.Request().Context(), d.actor(c), code)
		if err != nil {
			return err
		}
		if !known {
			return d.showRound(c, http.StatusUnprocessableEntity, scanned, code, "No equipment has this code.")
		}
		scanned = append(scanned, id)
	}
	if c.FormValue("do") != "note" {
		return d.showRound(c, http.StatusOK, scanned, "", "")
	}
	return d.noteRound(c, scanned)
}

func (d *Door) noteRound(c echo.Context, scanned []tracking.AssetID) error {
	id := hospital.RoomID(c.Param("id"))
	noted, err := d.Equipment.NoteRound(c.Request().Context(), d.actor(c), id, scanned)
	if errors.Is(err, hospital.ErrInvalid) && len(scanned) <= tracking.MaxRound {
		return d.showRound(c, http.StatusUnprocessableEntity, scanned, "", hospital.Sentence(err))
	}
	if err != nil {
		return err
	}
	d.say(c, fmt.Sprintf("Noted: %s here, %d of them said to be elsewhere; %d not found.",
		views.Plural(len(noted.Found)+len(noted.Surplus), "piece is", "pieces are"), len(noted.Surplus), len(noted.Missing)))
	return d.seeOther(c, "/rooms/"+url.PathEscape(string(id)))
}
