package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
	"wardwatch/tracking/ingest/logger"
	"wardwatch/views"
)

const (
	// maxDeliveries is how many cold deliveries the page lists, and how many trips it offers.
	maxDeliveries = 100
	// maxDeliveryForm bounds the form with its file, in bytes.
	maxDeliveryForm = inventory.MaxDeliveryFile + 64<<10
)

func (d *Door) deliveryRoutes() []route {
	if d.Stock == nil || d.ColdChain == nil {
		return nil
	}
	return []route{
		{get, deliveriesPath, hospital.SeeStock, d.deliveries},
		{post, deliveriesPath, hospital.ReceiveStock, d.takeColdDelivery},
		{get, "/deliveries/:id", hospital.SeeStock, d.delivery},
		{get, "/deliveries/:id/file", hospital.SeeStock, d.deliveryFile},
	}
}

func (d *Door) deliveries(c echo.Context) error {
	return d.showDeliveries(c, http.StatusOK, views.DeliveriesPage{Ref: c.QueryParam("ref")})
}

func (d *Door) showDeliveries(c echo.Context, status int, p views.DeliveriesPage) (err error) {
	ctx := c.Request().Context()
	p.Actor = d.actor(c)
	if p.Deliveries, err = d.Stock.Store.Deliveries(ctx, "", maxDeliveries); err != nil {
		return err
	}
	if p.Profiles, err = d.ColdChain.KnownProfiles(ctx, d.Now()); err != nil {
		return err
	}
	if p.Actor.May(hospital.SeeColdChain) {
		if p.Trips, err = d.ColdChain.Trips(ctx, "", maxDeliveries); err != nil {
			return err
		}
		fridges, err := d.ColdChain.Fridges(ctx)
		if err != nil {
			return err
		}
		p.Carriers = map[coldchain.FridgeID]string{}
		for _, f := range fridges {
			p.Carriers[f.ID] = f.Name
		}
	}
	return d.showAs(c, status, "Cold deliveries", views.Deliveries(p), "stock")
}

// takeColdDelivery attaches a logger's file or a trip to what came in.
func (d *Door) takeColdDelivery(c echo.Context) error {
	c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, maxDeliveryForm)
	file, name, err := deliveryFileOf(c)
	p := views.DeliveriesPage{Ref: strings.TrimSpace(c.FormValue("ref")), Profile: c.FormValue("profile"), Trip: c.FormValue("trip"), Note: c.FormValue("note")}
	failed := func(err error) error {
		status, sentence, back := comesBack(err)
		if !back {
			return err
		}
		p.Error = sentence
		return d.showDeliveries(c, status, p)
	}
	if err != nil {
		return failed(err)
	}
	by := d.actor(c)
	return d.undertake(c, longWork{Task: upkeep.Task{Title: "Take in a file", Of: name, Back: deliveriesPath + "?ref=" + url.QueryEscape(p.Ref)}, failed: failed, work: func(ctx context.Context, says upkeep.Says) (upkeep.Outcome, error) {
		delivery, err := d.travelled(ctx, p, file, name, says)
		if err != nil {
			return upkeep.Outcome{}, err
		}
		id, err := d.Stock.Deliver(ctx, by, delivery)
		return upkeep.Outcome{Said: "Attached.", Href: fmt.Sprintf("/deliveries/%d", id)}, err
	}})
}

func deliveryFileOf(c echo.Context) ([]byte, string, error) {
	header, err := c.FormFile("file")
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, "", hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The file is larger than %d MB.", inventory.MaxDeliveryFile>>20))
	}
	if err != nil || header.Size == 0 {
		return nil, "", nil // a trip may be chosen instead
	}
	file, err := header.Open()
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, inventory.MaxDeliveryFile+1))
	return data, header.Filename, err
}

// deliverySteps are reading a logger's file, and holding what it tells.
const deliverySteps = 2

// travelled is how what came in was kept on its way, by its logger's file or its carrier's trip.
func (d *Door) travelled(ctx context.Context, p views.DeliveriesPage, file []byte, name string, says upkeep.Says) (delivery inventory.Delivery, err error) {
	delivery = inventory.Delivery{Note: p.Note, File: file}
	if delivery.Ref, err = d.deliveryRef(ctx, p.Ref); err != nil {
		return delivery, err
	}
	switch {
	case len(file) > 0:
		shelf, err := d.ColdChain.ProfileOn(ctx, coldchain.ProfileID(p.Profile), d.Now())
		if err != nil {
			return delivery, hospital.Refuse(hospital.ErrInvalid, "Choose how it must be kept.")
		}
		recording, err := logger.Read(upkeep.Reading(ctx, says, file, deliverySteps))
		if ctx.Err() != nil {
			return delivery, context.Cause(ctx)
		}
		if err != nil {
			return delivery, hospital.Refuse(hospital.ErrInvalid, "The file can't be read as a logger's: Fridge-tag, Q-tag, or CSV with a time and a temperature.")
		}
		delivery.Travelled = coldchain.TravelledBy(shelf.Profile, recording.In(d.Register.Current().Site.Location()).Rows)
		delivery.Source = strings.TrimSpace("file " + name)
	case p.Trip != "":
		n, _ := strconv.ParseInt(p.Trip, 10, 64) // what is no number is no trip
		record, err := d.ColdChain.Trip(ctx, coldchain.TripID(n), d.Now())
		if err != nil {
			return delivery, hospital.Refuse(hospital.ErrInvalid, "There is no such trip.")
		}
		delivery.Travelled, delivery.Trip = record.Travelled(d.Now()), record.Trip.ID
		delivery.Source = fmt.Sprintf("trip %d of %s", record.Trip.ID, record.Fridge.Name)
	default:
		return delivery, hospital.Refuse(hospital.ErrInvalid, "Choose the logger's file, or the carrier's trip.")
	}
	return delivery, upkeep.NewPace(ctx, says).Begin("recording what it says", deliverySteps, deliverySteps, 0)
}

// deliveryRef is what came in, by the number of an order or a lot that is there.
func (d *Door) deliveryRef(ctx context.Context, typed string) (string, error) {
	kind, id, _ := strings.Cut(typed, "/")
	var err error
	switch kind {
	case "lot":
		_, err = d.Stock.Store.LotByID(ctx, inventory.LotID(id))
	case "order":
		_, err = d.Desk.Store.FindOrder(ctx, id)
	default:
		if _, err = d.Desk.Store.FindOrder(ctx, typed); err == nil {
			return "order/" + typed, nil
		}
	}
	if err != nil {
		return "", hospital.Refuse(hospital.ErrInvalid, "There is no such order or lot. Write the order's number, or lot/ and the lot's, as its page's address has it.")
	}
	return typed, nil
}

func (d *Door) oneDelivery(c echo.Context) (inventory.Delivery, error) {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return inventory.Delivery{}, inventory.ErrUnknownDelivery
	}
	return d.Stock.Store.FindDelivery(c.Request().Context(), inventory.DeliveryID(n))
}

func (d *Door) delivery(c echo.Context) error {
	one, err := d.oneDelivery(c)
	if err != nil {
		return err
	}
	held, err := d.Stock.Store.HoldsOf(c.Request().Context(), one.ID.Cause())
	if err != nil {
		return err
	}
	return d.show(c, fmt.Sprintf("Delivery %d", one.ID), views.DeliveryDetail(one, held, d.actor(c)), "stock")
}

// deliveryFile is a logger's file as it came.
func (d *Door) deliveryFile(c echo.Context) error {
	one, err := d.oneDelivery(c)
	if err == nil && len(one.File) == 0 {
		err = inventory.ErrUnknownDelivery
	}
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(one.Source, "file ")
	c.Response().Header().Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return c.Blob(http.StatusOK, "application/octet-stream", one.File)
}

// failingPlaces are the places in fridges that are out of range or silent now, by name.
func (d *Door) failingPlaces(ctx context.Context, places []inventory.Place) ([]string, error) {
	if d.ColdChain == nil {
		return nil, nil
	}
	board, err := d.ColdChain.Board(ctx, d.Now())
	if err != nil {
		return nil, err
	}
	failing := map[coldchain.FridgeID]bool{}
	for _, s := range board {
		failing[s.Fridge.ID] = s.Condition != coldchain.InRange || s.Stale
	}
	var names []string
	for _, place := range places {
		if place.Fridge != "" && failing[place.Fridge] {
			names = append(names, place.Name)
		}
	}
	return names, nil
}
