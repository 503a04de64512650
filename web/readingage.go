package web

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// readingAgePath is where the hospital says how long raw readings are kept.
const readingAgePath = "/coldchain/keeping"

func (d *Door) readingAgeRoutes() []route {
	return []route{
		{get, readingAgePath, hospital.SeeColdChain, d.readingAge},
		{post, readingAgePath, hospital.ManageColdChain, d.setReadingAge},
		{post, readingAgePath + "/hold", hospital.ManageColdChain, d.holdReadings},
	}
}

func (d *Door) readingAge(c echo.Context) error {
	return d.showReadingAge(c, http.StatusOK, views.RecordKeepingForms{})
}

// showReadingAge is the page with what was typed.
func (d *Door) showReadingAge(c echo.Context, status int, forms views.RecordKeepingForms) error {
	ctx := c.Request().Context()
	p := views.RecordKeepingProps{Actor: d.actor(c), Forms: forms}
	var err error
	if p.Keeping, p.Held, err = d.ColdChain.Keeping(ctx); err != nil {
		return err
	}
	if p.Fridges, err = d.ColdChain.Fridges(ctx); err != nil {
		return err
	}
	return d.showAs(c, status, "How long readings are kept", views.RecordKeepingPage(p))
}

func (d *Door) setReadingAge(c echo.Context) error {
	years, _ := strconv.Atoi(c.FormValue("years")) // what is no number is refused as too few
	err := d.ColdChain.SetKeeping(c.Request().Context(), d.actor(c), years, c.FormValue("why"))
	if errors.Is(err, hospital.ErrInvalid) {
		status, sentence := outcome(err)
		return d.showReadingAge(c, status, views.RecordKeepingForms{Years: c.FormValue("years"), Why: c.FormValue("why"), Error: sentence})
	}
	if err != nil {
		return err
	}
	d.say(c, "Saved.")
	return d.seeOther(c, readingAgePath)
}

func (d *Door) holdReadings(c echo.Context) error {
	fridge, held := coldchain.FridgeID(c.FormValue("fridge")), c.FormValue("held") != "no"
	err := d.ColdChain.Hold(c.Request().Context(), d.actor(c), fridge, held, c.FormValue("why"))
	if errors.Is(err, hospital.ErrInvalid) || errors.Is(err, coldchain.ErrUnknownFridge) {
		status, sentence := outcome(err)
		return d.showReadingAge(c, status, views.RecordKeepingForms{Fridge: string(fridge), HoldWhy: c.FormValue("why"), Lifts: !held, HoldError: sentence})
	}
	if err != nil {
		return err
	}
	d.say(c, "Saved.")
	return d.seeOther(c, readingAgePath)
}
