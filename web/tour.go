package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
	"wardwatch/web/live"
)

// tour shows a walk through rooms with an asset, and where it goes on.
func (d *Door) tour(c echo.Context) error {
	return d.showTour(c, http.StatusOK, strings.TrimSpace(c.QueryParam("asset")), "", "")
}

func (d *Door) showTour(c echo.Context, status int, asset, room, wrong string) error {
	page := views.TourPage{House: d.house(), Asset: asset, Room: room, Error: wrong}
	page.Tour, page.Held = d.Equipment.Tracker.Tour(tracking.AssetID(asset))
	page.Under = page.Held && !page.Tour.Over && d.Now().Before(page.Tour.Until)
	var topics []string
	if page.Held {
		topics = append(topics, "tour/"+asset)
	}
	return d.showAs(c, status, "Walk through rooms", views.Tour(page), topics...)
}

// tourInto takes the room that a person has just come into.
func (d *Door) tourInto(c echo.Context) error {
	asset, room := strings.TrimSpace(c.FormValue("asset")), c.FormValue("room")
	if room == "" {
		return d.showTour(c, http.StatusUnprocessableEntity, asset, "", "Choose the room that you are in.")
	}
	id, err := d.scannedAsset(c, asset)
	if err == nil {
		err = d.Equipment.TourInto(c.Request().Context(), d.actor(c), id, hospital.RoomID(room))
	}
	if errors.Is(err, hospital.ErrInvalid) {
		return d.showTour(c, http.StatusUnprocessableEntity, asset, room, hospital.Sentence(err))
	}
	if err != nil {
		return err
	}
	return d.backToTour(c, string(id))
}

// endTour takes that a person leaves the last room just now.
func (d *Door) endTour(c echo.Context) error {
	asset := strings.TrimSpace(c.FormValue("asset"))
	if err := d.Equipment.EndTour(c.Request().Context(), d.actor(c), tracking.AssetID(asset)); err != nil {
		return err
	}
	return d.backToTour(c, asset)
}

func (d *Door) backToTour(c echo.Context, asset string) error {
	return d.seeOther(c, "/rooms/walk?asset="+url.QueryEscape(asset))
}

// drawTour draws how a walk goes, on its page.
func (d *Door) drawTour(ctx context.Context, key string) ([]live.Fragment, error) {
	tour, held := d.Equipment.Tracker.Tour(tracking.AssetID(key))
	if !held {
		return nil, nil
	}
	return drawAll(ctx, leaf{"tour-" + key + "-state", views.TourState(tour, d.house())})
}
