package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) budgetRoutes() []route {
	if d.Desk == nil {
		return nil
	}
	return []route{
		{get, "/orders/budgets", hospital.SeePrices, d.spending},
		{post, "/orders/budgets", hospital.ManageHospital, d.setBudget},
		{get, "/orders/stand-ins", hospital.SeeOrders, d.deputies},
		{post, "/orders/stand-ins", hospital.SeeOrders, d.nameDeputy},
		{post, "/orders/stand-ins/:id/end", hospital.SeeOrders, d.endDeputy},
	}
}

// budgetDays is how far back and ahead the page of budgets looks.
const budgetDays = 366

func (d *Door) spending(c echo.Context) error {
	return d.showSpending(c, http.StatusOK, views.SpendingPage{})
}

// showSpending shows them, with the one to change in the form, or with what was typed.
func (d *Door) showSpending(c echo.Context, status int, page views.SpendingPage) (err error) {
	page.Today = d.Stock.Today(d.Now())
	page.May, page.Units = d.actor(c).May(hospital.ManageHospital), d.Register.Current().Units
	if page.All, err = d.Desk.Store.Budgets(c.Request().Context(), page.Today-budgetDays, page.Today+budgetDays); err != nil {
		return err
	}
	for _, b := range page.All {
		if page.Error == "" && strconv.FormatInt(int64(b.ID), 10) == c.QueryParam("id") {
			page.Typed, page.Worth = b, fmt.Sprintf("%d.%02d", b.Amount/100, b.Amount%100)
		}
	}
	return d.showAs(c, status, "Budgets", views.Spending(page), "proposals")
}

func (d *Door) setBudget(c echo.Context) error {
	b, err := readBudget(c)
	if err == nil {
		_, err = d.Desk.SetBudget(c.Request().Context(), d.actor(c), b)
	}
	if err == nil {
		d.say(c, b.Name+" is saved.")
		return d.seeOther(c, "/orders/budgets")
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	return d.showSpending(c, status, views.SpendingPage{Typed: b, Worth: c.FormValue("amount"), Error: sentence})
}

func readBudget(c echo.Context) (b reorder.Budget, err error) {
	b = reorder.Budget{Name: c.FormValue("name"), Unit: hospital.UnitID(c.FormValue("unit")), Currency: strings.ToUpper(strings.TrimSpace(c.FormValue("currency")))}
	id, err := strconv.ParseInt("0"+c.FormValue("id"), 10, 64)
	if err != nil {
		return b, reorder.ErrUnknownBudget
	}
	b.ID = reorder.BudgetID(id)
	if b.Version, err = strconv.ParseInt("0"+c.FormValue("version"), 10, 64); err != nil {
		return b, reorder.ErrUnknownBudget
	}
	if b.From, b.Until, err = readPeriod(c); err != nil {
		return b, err
	}
	b.Amount, err = readAmount(c.FormValue("amount"))
	return b, err
}

func readPeriod(c echo.Context) (from, until inventory.Date, err error) {
	if from, err = inventory.ParseDate(c.FormValue("from")); err == nil {
		until, err = inventory.ParseDate(c.FormValue("until"))
	}
	if err != nil {
		return 0, 0, hospital.Refuse(hospital.ErrInvalid, "Give the days like 2027-03-31.")
	}
	return from, until, nil
}

// readAmount reads "25000", "25000.5" or "25,000.50" as cents.
func readAmount(text string) (int64, error) {
	whole, cents, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(text), ",", ""), ".")
	cents += "00"[:max(2-len(cents), 0)]
	n, err := strconv.ParseUint(whole+cents, 10, 62)
	if err != nil || whole == "" || len(cents) != 2 {
		return 0, hospital.Refuse(hospital.ErrInvalid, "Give the amount like 25000.00.")
	}
	return int64(n), nil
}

func (d *Door) deputies(c echo.Context) error {
	return d.showDeputies(c, http.StatusOK, views.DeputiesPage{})
}

// deputiesShown is how many stand-ins the page shows.
const deputiesShown = 50

func (d *Door) showDeputies(c echo.Context, status int, page views.DeputiesPage) (err error) {
	ctx := c.Request().Context()
	page.Actor, page.Today = d.actor(c), d.Stock.Today(d.Now())
	if page.All, err = d.Desk.Store.Deputies(ctx, deputiesShown); err != nil {
		return err
	}
	page.People, err = d.Desk.Store.Colleagues(ctx)
	if err != nil {
		return err
	}
	return d.showAs(c, status, "Who stands in", views.Deputies(page))
}

func (d *Door) nameDeputy(c echo.Context) error {
	by := d.actor(c)
	s := reorder.Deputy{Away: hospital.PersonID(c.FormValue("away")), StandsIn: hospital.PersonID(c.FormValue("stands_in")), Why: c.FormValue("why")}
	if s.Away == "" {
		s.Away = by.ID
	}
	var err error
	if s.From, s.Until, err = readPeriod(c); err == nil {
		err = d.Desk.StandIn(c.Request().Context(), by, s)
	}
	if err == nil {
		d.say(c, "Saved.")
		return d.seeOther(c, "/orders/stand-ins")
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	return d.showDeputies(c, status, views.DeputiesPage{Typed: s, Error: sentence})
}

func (d *Door) endDeputy(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return reorder.ErrUnknownDeputy
	}
	if err := d.Desk.EndStandIn(c.Request().Context(), d.actor(c), id); err != nil {
		return err
	}
	d.say(c, "It has ended.")
	return d.seeOther(c, "/orders/stand-ins")
}
