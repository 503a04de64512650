package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	reorders "wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) binRoutes() []route {
	if d.Stock == nil || d.Desk == nil {
		return nil
	}
	return []route{
		{get, "/stock/:item/refill", hospital.SeeStock, d.refill},
		{post, "/stock/:item/refill", hospital.ApproveOrders, d.setRefill},
		{get, "/stock/bins", hospital.SeeStock, d.bins},
		{get, "/stock/bins/:code", hospital.SeeStock, d.bin},
		{post, "/stock/bins/:code/empty", hospital.UseStock, d.emptyBin},
	}
}

// cardsOnSheet is how many cards are printed at once; the filter chooses which.
const cardsOnSheet = 48

// bins lists the kanban bins; the sheet has their cards, to be looked at and printed.
func (d *Door) bins(c echo.Context) error {
	ctx, place := c.Request().Context(), inventory.PlaceID(c.QueryParam("place"))
	all, err := d.Desk.Store.Bins(ctx, place)
	if err != nil {
		return err
	}
	places, err := d.Stock.Store.Places(ctx)
	if err != nil {
		return err
	}
	page := views.BinsPage{Place: place, Places: places, May: d.actor(c).May(hospital.UseStock), MaySet: d.actor(c).May(hospital.ApproveOrders)}
	page.Cards, page.Sheet = make([]views.BinCard, 0, len(all)), c.QueryParam("cards") != ""
	for i, b := range all {
		if !page.Sheet {
			page.Cards = append(page.Cards, views.BinCard{Bin: b})
			continue
		}
		if i == cardsOnSheet {
			break
		}
		path, side, err := qrPath(d.addressOf(c) + "/stock/bins/" + url.PathEscape(b.Code))
		if err != nil {
			return err
		}
		page.Cards = append(page.Cards, views.BinCard{Bin: b, Path: path, Side: side})
	}
	return d.show(c, "Kanban bins", views.Bins(page), "stock")
}

// bin is where a telephone that scanned a bin's card arrives.
func (d *Door) bin(c echo.Context) error {
	code, _ := reorder.BinCode(c.Param("code"))
	b, err := d.Desk.Store.FindBin(c.Request().Context(), code)
	if err != nil {
		return err
	}
	return d.show(c, b.Item.Name, views.BinPage(b, d.actor(c).May(hospital.UseStock)), "stock")
}

func (d *Door) emptyBin(c echo.Context) error {
	code, _ := reorder.BinCode(c.Param("code"))
	said, err := d.sayEmpty(c, code)
	if err != nil {
		return err
	}
	d.say(c, said)
	return d.seeOther(c, "/stock/bins/"+url.PathEscape(code))
}

// sayEmpty notes an empty bin and says what follows.
func (d *Door) sayEmpty(c echo.Context, code string) (string, error) {
	b, asked, err := d.Desk.EmptyBin(c.Request().Context(), d.actor(c), code)
	switch {
	case err != nil:
		return "", err
	case !asked:
		return fmt.Sprintf("Bin %d of %s was scanned empty already, by %s. It is asked for once.", b.Number, b.Item.Name, b.EmptyBy), nil
	}
	return fmt.Sprintf("Bin %d of %s at %s is noted as empty: %s are asked for.", b.Number, b.Item.Name, b.Place.Name, views.Quantity(b.Size, b.Item.Unit)), nil
}

// refill shows how the places of an item are refilled.
func (d *Door) refill(c echo.Context) error {
	return d.showRefill(c, 200, views.RefillForm{Place: inventory.PlaceID(c.QueryParam("place"))})
}

func (d *Door) showRefill(c echo.Context, status int, form views.RefillForm) error {
	ctx, by := c.Request().Context(), d.actor(c)
	item, err := d.Stock.Store.FindItem(ctx, inventory.ItemID(c.Param("item")))
	if err != nil {
		return err
	}
	page := views.RefillPage{Item: item, May: by.May(hospital.ApproveOrders), Form: form}
	if page.Places, err = d.Stock.Store.Places(ctx); err != nil {
		return err
	}
	if page.Outlooks, err = d.Stock.Store.Outlooks(ctx, item.ID); err != nil {
		return err
	}
	if page.Form.Place == "" && len(page.Outlooks) > 0 {
		page.Form.Place = page.Outlooks[0].Place
	}
	all, err := d.Desk.Store.Refills(ctx)
	if err != nil {
		return err
	}
	page.Set = map[inventory.PlaceID]reorders.Refill{}
	for spot, r := range all {
		if spot.Item != item.ID {
			continue
		}
		page.Set[spot.Place] = r
		if !slices.ContainsFunc(page.Outlooks, func(o inventory.Outlook) bool { return o.Place == spot.Place }) {
			page.Outlooks = append(page.Outlooks, inventory.Outlook{Item: item.ID, Place: spot.Place})
		}
	}
	if r, set := page.Set[page.Form.Place]; set && form.Error == "" {
		page.Form.Fill(r)
	}
	return d.showAs(c, status, "How "+item.Name+" is refilled", views.Refill(page), "stock/"+string(item.ID))
}

// setRefill takes the form; one that is refused comes back with what was typed.
func (d *Door) setRefill(c echo.Context) error {
	form := views.RefillForm{Place: inventory.PlaceID(c.FormValue("place")), Kind: c.FormValue("kind"), Minimum: c.FormValue("minimum"), Maximum: c.FormValue("maximum"),
		Days: c.FormValue("days"), Bins: c.FormValue("bins"), Size: c.FormValue("size")}
	r := reorders.Refill{Kind: reorders.Kind(form.Kind)}
	var days int64
	var err error
	for _, field := range []struct {
		typed string
		into  *int64
	}{{form.Minimum, &r.Minimum}, {form.Maximum, &r.Maximum}, {form.Days, &days}, {form.Bins, &r.Bins}, {form.Size, &r.BinSize}} {
		if strings.TrimSpace(field.typed) == "" || err != nil {
			continue
		}
		if *field.into, err = wholeNumber(field.typed); err == nil && (*field.into < 0 || *field.into > inventory.MaxQuantity) {
			err = hospital.Refuse(hospital.ErrInvalid, "A quantity is a whole number from 0 to "+strconv.Itoa(inventory.MaxQuantity)+".")
		}
	}
	r.ReviewDays = int(days)
	spot := reorder.Spot{Item: inventory.ItemID(c.Param("item")), Place: form.Place}
	if err == nil {
		err = d.Desk.SetRefill(c.Request().Context(), d.actor(c), spot, r.Plain())
	}
	if err == nil {
		d.say(c, "Set. What is due by it is proposed at once.")
		return d.seeOther(c, "/stock/"+url.PathEscape(string(spot.Item))+"/refill?"+url.Values{"place": {string(spot.Place)}}.Encode())
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	form.Error = sentence
	return d.showRefill(c, status, form)
}
