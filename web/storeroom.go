package web

import (
	"crypto/rand"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) storeroomRoutes() []route {
	if d.Storeroom == nil {
		return nil
	}
	return []route{
		{get, "/stock/:item/packs", hospital.SeeStock, d.packs},
		{post, "/stock/:item/packs", hospital.ManageItems, d.setPack},
		{get, "/stock/cabinets", hospital.SeeStock, d.cabinets},
		{post, "/stock/cabinets", hospital.ManageItems, d.setCabinet},
		{get, "/stock/cabinets/:place", hospital.SeeStock, d.cabinet},
		{post, "/stock/cabinets/:place/tag", hospital.UseStock, d.tagCabinet},
		{post, "/stock/cabinets/:place/resolve", hospital.CountStock, d.resolveTag},
		{get, "/stock/consignment", hospital.SeeOrders, d.consignment},
		{post, "/stock/consignment", hospital.ManageItems, d.setConsignment},
		{post, "/stock/consignment/bill", hospital.ApproveOrders, d.billConsigned},
		{get, "/stock/restock", hospital.SeeStock, d.restock},
		{post, "/stock/restock", hospital.UseStock, d.bringRestock},
		{get, "/stock/expiring", hospital.SeeStock, d.expiring},
		{get, "/stock/usage", hospital.SeePrices, d.usage},
		{get, "/stock/counts", hospital.SeeStock, d.counts},
		{post, "/stock/counts", hospital.CountStock, d.openCount},
		{get, "/stock/counts/:id", hospital.SeeStock, d.countSheet},
		{post, "/stock/counts/:id", hospital.CountStock, d.enterCount},
	}
}

// packs are the packs of an item with their versions.
func (d *Door) packs(c echo.Context) error { return d.showPacks(c, 200, views.PackForm{}) }

func (d *Door) showPacks(c echo.Context, status int, form views.PackForm) error {
	ctx := c.Request().Context()
	item, err := d.Stock.Store.FindItem(ctx, inventory.ItemID(c.Param("item")))
	if err != nil {
		return err
	}
	page := views.PacksPage{Item: item, Form: form, May: d.actor(c).May(hospital.ManageItems)}
	if page.Now, err = d.Storeroom.Store.Packings(ctx, item.ID); err != nil {
		return err
	}
	if page.Ever, err = d.Storeroom.Store.PackingsEver(ctx, item.ID); err != nil {
		return err
	}
	return d.showAs(c, status, "Packs of "+item.Name, views.Packs(page), "stock/"+string(item.ID))
}

func (d *Door) setPack(c echo.Context) error {
	form := views.PackForm{Name: c.FormValue("name"), Units: c.FormValue("units"), GTIN: strings.TrimSpace(c.FormValue("gtin"))}
	id := inventory.ItemID(c.Param("item"))
	units, err := wholeNumber(form.Units)
	if err == nil {
		err = d.Storeroom.SetPacking(c.Request().Context(), d.actor(c), inventory.Packing{Item: id, Name: form.Name, Units: units, GTIN: form.GTIN})
	}
	if err == nil {
		d.say(c, "Set. What was booked before stays as it was, in units.")
		return d.seeOther(c, "/stock/"+url.PathEscape(string(id))+"/packs")
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	form.Error = sentence
	return d.showPacks(c, status, form)
}

// countsShown is how many counts that ended the page shows.
const countsShown = 20

// counts lists what is due to be counted where.
func (d *Door) counts(c echo.Context) error {
	ctx := c.Request().Context()
	due, err := d.Storeroom.Store.CountsDue(ctx, d.Stock.Today(d.Now()))
	if err != nil {
		return err
	}
	ended, err := d.Storeroom.Store.Counts(ctx, countsShown)
	if err != nil {
		return err
	}
	return d.show(c, "Counts", views.Counts(views.CountsPage{Due: due, Ended: ended, May: d.actor(c).May(hospital.CountStock)}), "stock")
}

func (d *Door) openCount(c echo.Context) error {
	id, err := d.Storeroom.OpenCount(c.Request().Context(), d.actor(c), inventory.PlaceID(c.FormValue("place")))
	if err != nil {
		return err
	}
	return d.seeOther(c, fmt.Sprintf("/stock/counts/%d", id))
}

// countSheet is a count: blind, what the ledger says is not on the page.
func (d *Door) countSheet(c echo.Context) error { return d.showCount(c, 200, views.CountPage{}) }

func (d *Door) showCount(c echo.Context, status int, page views.CountPage) error {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return inventory.ErrUnknownCount
	}
	if page.Sheet, err = d.Storeroom.Store.FindCount(c.Request().Context(), inventory.CountID(n)); err != nil {
		return err
	}
	page.May, page.Key = d.actor(c).May(hospital.CountStock), rand.Text()
	return d.showAs(c, status, "Count of "+page.Sheet.Place.Name, views.Count(page), "stock")
}

// enterCount takes the lines that were filled in; a form that is refused comes back
// with all that was typed.
func (d *Door) enterCount(c echo.Context) error {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return inventory.ErrUnknownCount
	}
	ctx, id := c.Request().Context(), inventory.CountID(n)
	sheet, err := d.Storeroom.Store.FindCount(ctx, id)
	if err != nil {
		return err
	}
	page := views.CountPage{Typed: map[int64]views.CountTyped{}}
	var entries []inventory.CountEntry
	var wrong error
	for _, l := range sheet.Lines {
		typed := views.CountTyped{Counted: strings.TrimSpace(c.FormValue(fmt.Sprintf("counted-%d", l.ID))), Reason: c.FormValue(fmt.Sprintf("reason-%d", l.ID))}
		if typed.Counted == "" {
			continue
		}
		page.Typed[l.ID] = typed
		counted, err := wholeNumber(typed.Counted)
		if err != nil {
			wrong = err
		}
		entries = append(entries, inventory.CountEntry{Line: l.ID, Counted: counted, Reason: typed.Reason})
	}
	var taken, again int
	if err = wrong; err == nil {
		taken, again, err = d.Storeroom.EnterCounts(ctx, d.actor(c), id, entries, c.FormValue("key"))
	}
	if err == nil {
		said := fmt.Sprintf("%s taken.", views.Plural(taken, "line", "lines"))
		if again > 0 {
			said += fmt.Sprintf(" %s again: too far from the ledger, or to be counted by somebody else.", views.Plural(again, "line has to be counted", "lines have to be counted"))
		}
		d.say(c, said)
		return d.seeOther(c, fmt.Sprintf("/stock/counts/%d", id))
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	page.Error = sentence
	return d.showCount(c, status, page)
}

// itemsFile is the item master with the columns that "import items" takes in; the
// price is left out for who may not see it.
func (d *Door) itemsFile() keepable {
	return keepable{"items", hospital.SeeStock,
		[]column{{"id", 14}, {"name", 32}, {"unit_of_issue", 12}, {"gtin", 16}, {"pack", 8}, {"supplier", 14}, {"supplier_code", 14}, {"price_minor", 12}, {"minimum_packs", 12},
			{"review_days", 12}, {"shelf_life_days", 14}, {"criticality", 12}, {"storage", 14}, {"substitutes", 30}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ctx, after := c.Request().Context(), inventory.ItemID("")
			prices := hospital.Shown(ctx, hospital.SeePrices)
			return inParts(func(last *inventory.MasterItem, limit int) ([]inventory.MasterItem, error) {
				if last != nil {
					after = last.ID
				}
				return d.Storeroom.Store.ItemsAfter(ctx, after, limit)
			}, func(i inventory.MasterItem) [][]any {
				var price any
				if prices {
					price = i.Price
				}
				others := make([]string, len(i.Substitutes))
				for n, id := range i.Substitutes {
					others[n] = string(id)
				}
				return row(string(i.ID), i.Name, i.Unit, i.GTIN, i.Pack, string(i.Supplier), i.SupplierCode, price, i.LeastPacks,
					int64(i.ReviewDays), int64(i.ShelfLife), i.Criticality, i.Storage, strings.Join(others, " "))
			}), nil
		}}
}
