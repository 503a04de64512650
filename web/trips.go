package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/coldchain/report"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// maxTrips is how many trips the page lists.
const maxTrips = 200

func (d *Door) tripRoutes() []route {
	return []route{
		{get, "/trips", hospital.SeeColdChain, d.trips},
		{post, "/trips", hospital.Acknowledge, d.startTrip},
		{get, "/trips/:id", hospital.SeeColdChain, d.trip},
		{post, "/trips/:id/end", hospital.Acknowledge, d.endTrip},
	}
}

// trips lists carriers on their way, and those that arrived.
func (d *Door) trips(c echo.Context) error {
	return d.showTrips(c, http.StatusOK, views.TripsPage{Fridge: coldchain.FridgeID(c.QueryParam("fridge"))})
}

func (d *Door) showTrips(c echo.Context, status int, p views.TripsPage) error {
	ctx := c.Request().Context()
	p.Actor = d.actor(c)
	var err error
	if p.Fridges, err = d.ColdChain.Fridges(ctx); err != nil {
		return err
	}
	if p.Trips, err = d.ColdChain.Trips(ctx, "", maxTrips); err != nil {
		return err
	}
	return d.showAs(c, status, "Trips", views.Trips(p), coldchain.Topic)
}

// startTrip says that a carrier sets out.
func (d *Door) startTrip(c echo.Context) error {
	id := coldchain.FridgeID(c.FormValue("fridge"))
	plan := coldchain.TripPlan{Asset: c.FormValue("asset"), Purpose: c.FormValue("purpose"), To: c.FormValue("to")}
	trip, err := d.ColdChain.StartTrip(c.Request().Context(), d.actor(c), id, plan)
	if status, wrong := formFault(err); wrong != "" {
		return d.showTrips(c, status, views.TripsPage{Fridge: id, Plan: plan, Error: wrong})
	}
	if err != nil {
		return err
	}
	d.say(c, "The carrier is on its way.")
	return d.seeOther(c, fmt.Sprintf("/trips/%d", trip.ID))
}

// trip is one trip, as a page, PDF or CSV.
func (d *Door) trip(c echo.Context) error {
	record, err := d.tripRecord(c)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("trip-%d", record.Trip.ID)
	switch c.QueryParam("as") {
	case "pdf":
		paper, err := report.Trip(record, d.paper(c))
		return d.file(c, err, name+".pdf", "application/pdf", paper)
	case "csv":
		text, err := report.TripCSV(record, d.Register.Current().Site.Location())
		return d.file(c, err, name+".csv", "text/csv; charset=utf-8", text)
	}
	return d.show(c, "Trip", views.TripDetail(views.TripPage{Record: record, Actor: d.actor(c)}), record.Fridge.ID.Topic())
}

func (d *Door) tripRecord(c echo.Context) (coldchain.TripRecord, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return coldchain.TripRecord{}, coldchain.ErrUnknownTrip
	}
	return d.ColdChain.Trip(c.Request().Context(), coldchain.TripID(id), d.Now())
}

// endTrip says that a carrier has arrived.
func (d *Door) endTrip(c echo.Context) error {
	record, err := d.tripRecord(c)
	if err != nil {
		return err
	}
	note := c.FormValue("note")
	_, err = d.ColdChain.EndTrip(c.Request().Context(), d.actor(c), record.Trip.ID, note)
	if status, wrong := formFault(err); wrong != "" {
		return d.showAs(c, status, "Trip", views.TripDetail(views.TripPage{Record: record, Actor: d.actor(c), Note: note, Error: wrong}))
	}
	if err != nil {
		return err
	}
	d.say(c, "The carrier has arrived.")
	return d.seeOther(c, fmt.Sprintf("/trips/%d", record.Trip.ID))
}
