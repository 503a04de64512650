package web

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/coldchain/report"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) caseRoutes() []route {
	return []route{
		{post, "/excursions/:id/steps", hospital.Acknowledge, d.takeCaseStep},
		{post, "/excursions/:id/close", hospital.DecideLots, d.closeCase},
		{post, "/excursions/:id/move", hospital.UseStock, d.moveCase},
		{get, "/excursions/:id/label.pdf", hospital.SeeColdChain, d.caseLabel},
		{get, "/coldchain/policy", hospital.SeeColdChain, d.coldPolicy},
		{post, "/coldchain/policy", hospital.ManageColdChain, d.setColdPolicy},
	}
}

// caseTold is a case with the holds that its lots are told from.
type caseTold struct {
	report.Case
	Held []inventory.HeldLot
}

// caseWork is what is done about an excursion, and what is left to do.
func (d *Door) caseWork(c echo.Context, told caseTold) (views.CaseWork, error) {
	ctx := c.Request().Context()
	w := views.CaseWork{Case: told.Work, Actor: d.actor(c)}
	for _, h := range told.Held {
		if h.Waiting > 0 && h.Open() {
			w.Pick = append(w.Pick, views.CasePick{Item: h.ItemName, Lot: h.LotNumber, Place: h.PlaceName, Quantity: views.Quantity(h.Waiting, h.Unit)})
		}
	}
	if !told.Excursion.Running() && told.Standing.Condition == coldchain.InRange {
		w.Pick = nil // the fridge is cold again
	}
	var err error
	if len(w.Pick) > 0 {
		if w.Refuges, err = d.ColdChain.Refuges(ctx, told.Excursion.Fridge, d.Now()); err != nil {
			return w, err
		}
	}
	if d.People != nil && w.Actor.May(hospital.DecideLots) {
		w.Sign, err = d.signForm(c)
	}
	return w, err
}

// judgeHold decides a held lot, with a signature where accounts are kept.
func (d *Door) judgeHold(c echo.Context, id inventory.HoldID, j inventory.Judgement) (bool, error) {
	if d.Stock.Signed {
		var err error
		if j.Proof, err = d.proof(c); err != nil {
			return false, asForm(err)
		}
	}
	return d.Stock.Judge(c.Request().Context(), d.actor(c), id, j)
}

// asForm makes what was typed wrong into a signature a fault of the form it stood in.
func asForm(err error) error {
	if _, wrong := formFault(err); wrong != "" {
		return hospital.Refuse(hospital.ErrInvalid, wrong)
	}
	return err
}

// caseAgain shows the case with a form that came back.
func (d *Door) caseAgain(c echo.Context, err error, form string) error {
	if !errors.Is(err, hospital.ErrInvalid) && !errors.Is(err, hospital.ErrStale) && !errors.Is(err, inventory.ErrShort) {
		return err
	}
	status, sentence := outcome(err)
	return d.showExcursion(c, status, func(w *views.CaseWork) {
		w.Failed, w.Error, w.Note = form, sentence, c.FormValue("note")+c.FormValue("arrived")
	})
}

func (d *Door) takeCaseStep(c echo.Context) error {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return coldchain.ErrUnknownExcursion
	}
	step := coldchain.Step(c.FormValue("step"))
	if err := d.ColdChain.TakeStep(c.Request().Context(), d.actor(c), coldchain.ExcursionID(n), step, c.FormValue("note")); err != nil {
		return d.caseAgain(c, err, string(step))
	}
	d.say(c, "Noted.")
	return d.seeOther(c, fmt.Sprintf("/excursions/%d#checklist", n))
}

// closeCase closes a case with a signature over all that its page shows.
func (d *Door) closeCase(c echo.Context) error {
	told, err := d.caseOf(c)
	if err != nil {
		return err
	}
	proof, err := d.proof(c)
	if err == nil {
		_, err = d.ColdChain.CloseCase(c.Request().Context(), d.actor(c), told.Excursion.ID, told.CaseLots(), proof)
	}
	if err != nil {
		return d.caseAgain(c, asForm(err), "close")
	}
	d.say(c, "Closed and signed.")
	return d.seeOther(c, fmt.Sprintf("/excursions/%d#close", told.Excursion.ID))
}

// moveCase books what a failing fridge held into the fridge that it arrived in.
func (d *Door) moveCase(c echo.Context) error {
	told, err := d.caseOf(c)
	if err != nil {
		return err
	}
	to := coldchain.FridgeID(c.FormValue("to"))
	if arrived := strings.TrimSpace(c.FormValue("arrived")); arrived != string(to) && !strings.HasSuffix(arrived, "/fridges/"+string(to)) {
		return d.caseAgain(c, hospital.Refuse(hospital.ErrInvalid, "That is not the label of the fridge that you chose. Nothing was booked."), "move")
	}
	if err := d.carryAll(c.Request().Context(), d.actor(c), told, to); err != nil {
		return d.caseAgain(c, err, "move")
	}
	if err := d.ColdChain.TakeStep(c.Request().Context(), d.actor(c), told.Excursion.ID, coldchain.StepMoved, "Carried to "+string(to)+", arrival scanned."); err != nil && !errors.Is(err, hospital.ErrForbidden) {
		return err
	}
	d.say(c, "Booked. What is on hold stays on hold there.")
	return d.seeOther(c, fmt.Sprintf("/excursions/%d", told.Excursion.ID))
}

// carryAll moves every lot of the case that waits for a decision into a fridge.
func (d *Door) carryAll(ctx context.Context, by hospital.Actor, told caseTold, to coldchain.FridgeID) error {
	refuges, err := d.ColdChain.Refuges(ctx, told.Excursion.Fridge, d.Now())
	if err != nil {
		return err
	}
	cold := false
	for _, s := range refuges {
		cold = cold || s.Fridge.ID == to
	}
	if !cold {
		return hospital.Refuse(hospital.ErrInvalid, "That fridge is not in range any more. Choose another.")
	}
	places, err := d.Stock.Store.Places(ctx)
	if err != nil {
		return err
	}
	for _, place := range places {
		if place.Fridge != to {
			continue
		}
		for _, h := range told.Held {
			if h.Waiting == 0 || !h.Open() || h.Place == place.ID {
				continue
			}
			moving := inventory.Moving{To: place.ID, Taking: inventory.Taking{Item: h.Item, Place: h.Place, Lot: h.Lot, Quantity: h.Waiting,
				Why: told.Excursion.Subject(), Source: "emergency move"}}
			if err := d.Stock.Move(ctx, by, moving); err != nil {
				return err
			}
		}
		return nil
	}
	return hospital.Refuse(hospital.ErrInvalid, "No place of the stock is in that fridge, so nothing can be booked there.")
}

// caseLabel is the "do not use" label of an excursion.
func (d *Door) caseLabel(c echo.Context) error {
	told, err := d.caseOf(c)
	if err != nil {
		return err
	}
	paper, err := report.Label(told.Case, d.paper(c))
	return d.file(c, err, fmt.Sprintf("do-not-use-%d.pdf", told.Excursion.ID), "application/pdf", paper)
}

func (d *Door) coldPolicy(c echo.Context) error {
	p, err := d.ColdChain.Policy(c.Request().Context())
	if err != nil {
		return err
	}
	return d.show(c, "Cold chain policy", views.ColdPolicyPage(p, d.actor(c), "", ""))
}

func (d *Door) setColdPolicy(c echo.Context) error {
	checks, _ := strconv.Atoi(c.FormValue("checks")) // what is no number is refused as no choice
	p := coldchain.Policy{SecondRelease: c.FormValue("second_release") != "", ChecksADay: checks}
	err := d.ColdChain.SetPolicy(c.Request().Context(), d.actor(c), p, c.FormValue("why"))
	if errors.Is(err, hospital.ErrInvalid) {
		status, sentence := outcome(err)
		return d.showAs(c, status, "Cold chain policy", views.ColdPolicyPage(p, d.actor(c), c.FormValue("why"), sentence))
	}
	if err != nil {
		return err
	}
	d.say(c, "Saved.")
	return d.seeOther(c, "/coldchain/policy")
}
