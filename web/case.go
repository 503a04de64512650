package web

import (
	"errors"
	"fmt"
	"strconv"

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
		{post, "/excursions/:id/carry", hospital.UseStock, d.setOut},
		{post, "/excursions/:id/carry/:carry", hospital.UseStock, d.arrived},
		{get, "/excursions/:id/label.pdf", hospital.SeeColdChain, d.caseLabel},
		{get, "/coldchain/policy", hospital.SeeColdChain, d.coldPolicy},
		{post, "/coldchain/policy", hospital.ManageColdChain, d.setColdPolicy},
	}
}

// caseTold is a case with the holds that its lots are told from.
type caseTold struct {
	report.Case
	Held    []inventory.HeldLot
	Carried []inventory.Carry
}

// caseWork is what is done about an excursion, and what is left to do.
func (d *Door) caseWork(c echo.Context, told caseTold) (views.CaseWork, error) {
	ctx := c.Request().Context()
	w := views.CaseWork{Case: told.Work, Actor: d.actor(c), Carries: told.Carried}
	var sum int64
	for _, h := range told.toCarry() {
		w.Pick = append(w.Pick, views.CasePick{Item: h.ItemName, Lot: h.LotNumber, Place: h.PlaceName, Quantity: views.Quantity(h.Waiting, h.Unit), N: h.Waiting})
		sum += h.Waiting
	}
	var err error
	if len(w.Pick) > 0 {
		if w.Refuges, err = d.refuges(ctx, told.Excursion.Fridge, sum); err != nil {
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
		w.Failed, w.Error, w.Note = form, sentence, c.FormValue("note")
		carry, _ := strconv.ParseInt(c.Param("carry"), 10, 64)
		w.Move = views.MoveForm{To: c.FormValue("to"), Box: c.FormValue("box"), Code: c.FormValue("code"), Carry: inventory.CarryID(carry)}
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
