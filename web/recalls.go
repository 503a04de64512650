package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) recallRoutes() []route {
	if d.Stock == nil {
		return nil
	}
	return []route{
		{get, "/stock/recalls", hospital.SeeStock, d.recalls},
		{post, "/stock/recalls", hospital.CountStock, d.raiseRecall},
		{get, "/stock/recalls/:id", hospital.SeeStock, d.recall},
		{post, "/stock/recalls/:id/tick", hospital.CountStock, d.tickRecalled},
		{post, "/stock/recalls/:id/end", hospital.CountStock, d.endRecall},
	}
}

// recallsShown is how many recalls the page shows, open ones first.
const recallsShown = 100

func (d *Door) recalls(c echo.Context) error {
	return d.showRecalls(c, 200, views.RecallForm{Item: c.QueryParam("item"), Numbers: c.QueryParam("lot")})
}

func (d *Door) showRecalls(c echo.Context, status int, form views.RecallForm) error {
	all, err := d.Stock.Store.Recalls(c.Request().Context(), recallsShown)
	if err != nil {
		return err
	}
	page := views.RecallsPage{All: all, May: d.actor(c).May(hospital.CountStock), Form: form}
	return d.showAs(c, status, "Recalls", views.Recalls(page), "stock")
}

// raiseRecall recalls what the form names: an item by its number, GTIN or a scan
// of the box, which names the lot too.
func (d *Door) raiseRecall(c echo.Context) error {
	ctx := c.Request().Context()
	form := views.RecallForm{Item: c.FormValue("item"), Numbers: c.FormValue("numbers"), Notice: c.FormValue("notice"), Why: c.FormValue("why")}
	scanned, err := d.Stock.Read(ctx, form.Item, d.Now())
	var id inventory.RecallID
	if err == nil {
		numbers := lotNumbers(form.Numbers)
		if len(numbers) == 0 && scanned.Number != "" {
			numbers = []string{scanned.Number}
		}
		id, err = d.Stock.Recall(ctx, d.actor(c), inventory.Recall{Item: scanned.Item, Numbers: numbers, Notice: form.Notice, Why: form.Why})
	}
	if err == nil {
		d.say(c, "Recalled. Everything of it that lies anywhere is on hold.")
		return d.seeOther(c, fmt.Sprintf("/stock/recalls/%d", id))
	}
	status, sentence := outcome(err)
	if status >= 500 || status == 403 {
		return err
	}
	form.Error = sentence
	return d.showRecalls(c, status, form)
}

// lotNumbers are the numbers of a text that parts them by commas, semicolons or lines.
func lotNumbers(text string) []string {
	var numbers []string
	for _, number := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\n\r", r) }) {
		if number = strings.TrimSpace(number); number != "" {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

func (d *Door) recall(c echo.Context) error { return d.showRecall(c, 200, "") }

func (d *Door) showRecall(c echo.Context, status int, wrong string) error {
	id, err := recallID(c)
	if err != nil {
		return err
	}
	r, lies, went, err := d.Stock.Store.FindRecall(c.Request().Context(), id)
	if err != nil {
		return err
	}
	page := views.RecallPage{Recall: r, Lies: lies, Went: went, May: d.actor(c).May(hospital.CountStock), Error: wrong}
	return d.showAs(c, status, "Recall "+r.Notice, views.RecallOne(page), "stock/"+string(r.Item.ID))
}

func recallID(c echo.Context) (inventory.RecallID, error) {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return 0, inventory.ErrUnknownRecall
	}
	return inventory.RecallID(n), nil
}

// tickRecalled books what became of one lot at one place.
func (d *Door) tickRecalled(c echo.Context) error {
	return d.onRecall(c, "Ticked off.", func(id inventory.RecallID) error {
		return d.Stock.TickRecalled(c.Request().Context(), d.actor(c), id, inventory.LotID(c.FormValue("lot")), inventory.PlaceID(c.FormValue("place")),
			inventory.Outcome(c.FormValue("outcome")), c.FormValue("why"))
	})
}

// endRecall closes a recall as done, or as withdrawn.
func (d *Door) endRecall(c echo.Context) error {
	return d.onRecall(c, "The recall is closed.", func(id inventory.RecallID) error {
		return d.Stock.EndRecall(c.Request().Context(), d.actor(c), id, c.FormValue("as") == "withdrawn", c.FormValue("why"))
	})
}

func (d *Door) onRecall(c echo.Context, said string, do func(inventory.RecallID) error) error {
	id, err := recallID(c)
	if err != nil {
		return err
	}
	if err = do(id); err == nil {
		d.say(c, said)
		return d.seeOther(c, "/stock/recalls/"+url.PathEscape(c.Param("id")))
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	return d.showRecall(c, status, sentence)
}
