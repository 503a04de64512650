package web

import (
	"crypto/rand"
	"strconv"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) transferRoutes() []route {
	if d.Desk == nil {
		return nil
	}
	return []route{
		{post, "/orders/proposals/:id/transfer", hospital.ApproveOrders, d.answer("transfer")},
		{get, "/stock/transfers", hospital.SeeStock, d.transfers},
		{post, "/stock/transfers/:id/carried", hospital.UseStock, d.endTransfer("carried")},
		{post, "/stock/transfers/:id/cancel", hospital.ApproveOrders, d.endTransfer("cancel")},
	}
}

// transfersShown is how many transfers the page shows, those that wait first.
const transfersShown = 100

// transfers lists what is to be carried from one place to another.
func (d *Door) transfers(c echo.Context) error {
	page, err := d.transfersPage(c)
	if err != nil {
		return err
	}
	return d.show(c, "Transfers", views.Transfers(page), "stock")
}

func (d *Door) transfersPage(c echo.Context) (views.TransfersPage, error) {
	by := d.actor(c)
	all, err := d.Desk.Store.Transfers(c.Request().Context(), transfersShown)
	return views.TransfersPage{All: all, MayCarry: by.May(hospital.UseStock), MayCancel: by.May(hospital.ApproveOrders), Key: rand.Text()}, err
}

// endTransfer books that it was carried, or takes it back; a form that is refused
// comes back with what was typed.
func (d *Door) endTransfer(what string) echo.HandlerFunc {
	return func(c echo.Context) error {
		n, err := strconv.ParseInt(c.Param("id"), 10, 64)
		if err != nil {
			return reorder.ErrUnknownTransfer
		}
		ctx, by, id, said := c.Request().Context(), d.actor(c), reorder.TransferID(n), "Booked: it is there."
		if what == "cancel" {
			said, err = "Called off.", d.Desk.CancelTransfer(ctx, by, id, c.FormValue("why"))
		} else {
			err = d.Desk.CarryTransfer(ctx, by, id, c.FormValue("key"))
		}
		if err == nil {
			d.say(c, said)
			return d.seeOther(c, "/stock/transfers")
		}
		status, sentence, back := comesBack(err)
		if !back {
			return err
		}
		page, err := d.transfersPage(c)
		if err != nil {
			return err
		}
		page.Failed, page.Error, page.Why = id, sentence, c.FormValue("why")
		return d.showAs(c, status, "Transfers", views.Transfers(page), "stock")
	}
}

// askTransfer has stock carried from the place that the form names.
func (d *Door) askTransfer(c echo.Context, a reorder.Answer) (said string, err error) {
	p, err := d.Desk.AskTransfer(c.Request().Context(), d.actor(c), a, inventory.PlaceID(c.FormValue("from")))
	if p.Status == reorder.Declined {
		return "Asked for. Nothing has to be bought: " + p.DecidedWhy + ".", err
	}
	return "Asked for. The rest still waits to be bought.", err
}
