package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/coldchain/report"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/views"
)

// checkFridge notes that somebody has looked at a fridge.
func (d *Door) checkFridge(c echo.Context) error {
	id := coldchain.FridgeID(c.Param("id"))
	_, err := d.ColdChain.Look(c.Request().Context(), d.actor(c), id, c.FormValue("note"))
	if errors.Is(err, hospital.ErrInvalid) {
		status, sentence := outcome(err)
		return d.showFridge(c, status, &views.FridgeForms{Zone: d.Register.Current().Site.Zone, CheckNote: c.FormValue("note"), CheckError: sentence})
	}
	if err != nil {
		return err
	}
	d.say(c, "Checked.")
	return d.seeOther(c, "/fridges/"+string(id))
}

// openFridge plans an opening for a number of minutes, from now on.
func (d *Door) openFridge(c echo.Context) error {
	id := coldchain.FridgeID(c.Param("id"))
	minutes, _ := strconv.Atoi(c.FormValue("minutes")) // what is no number is refused as no time
	_, err := d.ColdChain.Open(c.Request().Context(), d.actor(c), id, time.Duration(minutes)*time.Minute, c.FormValue("why"))
	if errors.Is(err, hospital.ErrInvalid) {
		status, sentence := outcome(err)
		return d.showFridge(c, status, &views.FridgeForms{Zone: d.Register.Current().Site.Zone, OpenWhy: c.FormValue("why"), OpenError: sentence})
	}
	if err != nil {
		return err
	}
	d.say(c, "Opened on purpose.")
	return d.seeOther(c, "/fridges/"+string(id))
}

// fridgeMonth is a fridge's record of a month: ?month=2026-05&as=pdf or csv.
func (d *Door) fridgeMonth(c echo.Context) error {
	id := coldchain.FridgeID(c.Param("id"))
	month, err := d.ColdChain.Month(c.Request().Context(), id, c.QueryParam("month"), d.Now())
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s", id, c.QueryParam("month"))
	if c.QueryParam("as") == "csv" {
		text, err := report.MonthCSV(month)
		return d.file(c, err, name+".csv", "text/csv; charset=utf-8", text)
	}
	paper, err := report.Month(month, d.paper(c))
	return d.file(c, err, name+".pdf", "application/pdf", paper)
}

// paper says where, when and by whom a report is made.
func (d *Door) paper(c echo.Context) report.Paper {
	return report.Paper{Site: d.Register.Current().Site, At: d.Now(), By: d.actor(c).Name, Version: d.Version, Demo: d.Demo != nil, Say: d.reader(c).Say}
}

func (d *Door) file(c echo.Context, err error, name, kind string, content []byte) error {
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, fmt.Sprintf("inline; filename=%q", name))
	return c.Blob(http.StatusOK, kind, content)
}

// contents is what stands in a fridge; nil for those who may not see stock.
func (d *Door) contents(c echo.Context, id coldchain.FridgeID) (templ.Component, error) {
	if d.Stock == nil || !d.actor(c).May(hospital.SeeStock) {
		return nil, nil
	}
	there, err := d.Stock.Store.InFridge(c.Request().Context(), id)
	if err != nil {
		return nil, err
	}
	lots := make([]views.FridgeContent, len(there))
	for i, lot := range there {
		lots[i] = views.FridgeContent{ItemHref: "/stock/" + string(lot.Item.ID), Item: lot.Item.Name, Lot: lot.Lot.Number, Expiry: views.DateWord(lot.Lot.Expiry),
			Quantity: views.Quantity(lot.OnHand(), lot.Item.Unit)}
		if lot.Held > 0 {
			lots[i].Held = strconv.FormatInt(lot.Held, 10)
		}
	}
	return views.FridgeContents(lots), nil
}

// excursion is what happened, what it touched and who decided what.
func (d *Door) excursion(c echo.Context) error {
	return d.showExcursion(c, http.StatusOK, func(*views.CaseWork) {})
}

// showExcursion is excursion, with a form that came back.
func (d *Door) showExcursion(c echo.Context, status int, back func(*views.CaseWork)) error {
	told, err := d.caseOf(c)
	if err != nil {
		return err
	}
	p := views.ExcursionPageProps{Excursion: told.Excursion, Former: told.Former, Standing: told.Standing, Chart: told.Chart, Alarms: told.Alarms, Trail: told.Trail, SeesLots: d.Stock == nil || d.actor(c).May(hospital.SeeStock)}
	for _, lot := range told.Lots {
		p.Lots = append(p.Lots, views.ExcursionLot(lot))
	}
	if p.Work, err = d.caseWork(c, told); err != nil {
		return err
	}
	back(&p.Work)
	return d.showAs(c, status, fmt.Sprintf("Excursion %d", told.Excursion.ID), views.ExcursionPage(p), told.Excursion.Fridge.Topic(), notify.Topic)
}

// excursionPaper is the case as a PDF.
func (d *Door) excursionPaper(c echo.Context) error {
	told, err := d.caseOf(c)
	if err != nil {
		return err
	}
	paper, err := report.Excursion(told.Case, d.paper(c))
	return d.file(c, err, fmt.Sprintf("excursion-%d.pdf", told.Excursion.ID), "application/pdf", paper)
}

func (d *Door) caseOf(c echo.Context) (told caseTold, err error) {
	ctx := c.Request().Context()
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return told, coldchain.ErrUnknownExcursion
	}
	if told.Excursion, told.Former, err = d.ColdChain.Excursion(ctx, coldchain.ExcursionID(n)); err != nil {
		return told, err
	}
	if told.Standing, err = d.ColdChain.Standing(ctx, told.Excursion.Fridge, d.Now()); err != nil {
		return told, err
	}
	if told.Chart, err = d.ColdChain.ExcursionChart(ctx, told.Excursion, d.Now()); err != nil {
		return told, err
	}
	if err = d.alarmsOf(ctx, &told); err != nil {
		return told, err
	}
	if d.Stock != nil && d.actor(c).May(hospital.SeeStock) {
		if told.Held, err = d.Stock.Store.HoldsOf(ctx, told.Excursion.ID); err != nil {
			return told, err
		}
		if err = d.weigh(ctx, told.Held); err != nil {
			return told, err
		}
		if err = d.carriesOf(ctx, &told); err != nil {
			return told, err
		}
		if told.Lots, err = d.lotsOf(ctx, told.Held); err != nil {
			return told, err
		}
	}
	if told.Trail, err = d.ColdChain.CaseTrail(ctx, told.Excursion, told.Alarms); err != nil {
		return told, err
	}
	told.Work, err = d.ColdChain.CaseOf(ctx, told.Excursion, told.CaseLots())
	return told, err
}

// alarmsOf are the alarms that rang for the excursion, with whom they told.
func (d *Door) alarmsOf(ctx context.Context, told *caseTold) error {
	all, err := d.Alarms.Store.AlarmsOf(ctx, told.Excursion.Fridge.Topic(), maxExcursions)
	if err != nil {
		return err
	}
	for _, a := range all {
		if !told.Excursion.Rang(a) {
			continue
		}
		told.Alarms = append(told.Alarms, a)
		notices, err := d.Alarms.Store.Notices(ctx, a.ID)
		if err != nil {
			return err
		}
		told.Notices = append(told.Notices, notices...)
	}
	return nil
}

// lotsOf tells lots with their budgets, decisions and signatures.
func (d *Door) lotsOf(ctx context.Context, held []inventory.HeldLot) ([]report.Lot, error) {
	lots, subjects := make([]report.Lot, len(held)), make([]string, len(held))
	for i, h := range held {
		subjects[i] = h.Subject()
	}
	signatures, err := d.Stock.Store.SignaturesOf(ctx, subjects)
	if err != nil {
		return nil, err
	}
	for i, h := range held {
		lots[i] = report.Lot{Item: h.ItemName, Lot: h.LotNumber, Expiry: h.Expiry.String(), Quantity: views.Quantity(h.Quantity, h.Unit),
			Before: h.Before().Said(), After: h.After().Said(), Bands: bandsOf(h)}
		if h.Weighed != nil && h.Running() && h.Open() {
			lots[i].After += ", and its time runs on"
		}
		lots[i].Signed = signatures[subjects[i]]
		switch h.Decision {
		case inventory.Undecided:
		case inventory.MovedOn:
			lots[i].Decision = "moved to another place"
		default:
			lots[i].Decision = fmt.Sprintf("%sd by %s: “%s”", h.Decision, h.DecidedBy, h.Why)
			if h.Decision == inventory.DiscardLot {
				lots[i].Decision = fmt.Sprintf("discarded by %s: “%s”", h.DecidedBy, h.Why)
			}
		}
	}
	return lots, nil
}

// bandsOf are the times that a lot spent in each band of its budget, in words.
func bandsOf(h inventory.HeldLot) []coldchain.LotBand {
	exposed := h.Bands()
	bands := make([]coldchain.LotBand, len(exposed))
	for i, e := range exposed {
		bands[i] = views.BandSaid(e)
	}
	return bands
}
