package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) priceRoutes() []route {
	if d.Desk == nil {
		return nil
	}
	return []route{
		{get, "/stock/:item/prices", hospital.SeePrices, d.prices},
		{post, "/stock/:item/prices", hospital.ManageItems, d.setPrices},
		{post, "/stock/:item/supplier", hospital.ManageItems, d.setSeller},
	}
}

// breakLines is how many price breaks the form has room for.
const breakLines = 5

func (d *Door) prices(c echo.Context) error {
	return d.showPrices(c, http.StatusOK, "", nil, views.SellerForm{})
}

// showPrices shows what an item costs, or what was typed of it.
func (d *Door) showPrices(c echo.Context, status int, wrong string, typed [][2]string, seller views.SellerForm) error {
	item, supplier, err := d.Desk.Store.PricesOf(c.Request().Context(), inventory.ItemID(c.Param("item")))
	if err != nil {
		return err
	}
	by := d.actor(c)
	page := views.PricesPage{Item: item, Supplier: supplier, Error: wrong, Rows: typed, May: by.May(hospital.ManageItems), MayAdd: by.May(hospital.ManageHospital) && d.Administration != nil, Seller: seller}
	if page.Sellers, err = d.Desk.Store.Sellers(c.Request().Context()); err != nil {
		return err
	}
	if seller.Error == "" {
		page.Seller = views.SellerForm{Supplier: string(item.Supplier), Code: item.SupplierCode, Pack: fmt.Sprint(item.Pack), Least: fmt.Sprint(item.LeastPacks)}
	}
	if typed == nil {
		page.Rows = append(page.Rows, [2]string{"1", amountTyped(item.Price)})
		for _, b := range item.Breaks {
			page.Rows = append(page.Rows, [2]string{fmt.Sprint(b.Packs), amountTyped(b.Price)})
		}
	}
	for len(page.Rows) < breakLines+1 {
		page.Rows = append(page.Rows, [2]string{})
	}
	return d.showAs(c, status, "Prices of "+item.Name, views.Prices(page))
}

// amountTyped is an amount as a field holds it.
func amountTyped(minor int64) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

func (d *Door) setPrices(c echo.Context) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	id := inventory.ItemID(c.Param("item"))
	price, breaks, typed, err := readPrices(form["packs"], form["price"])
	if err == nil {
		err = d.Desk.SetPrices(c.Request().Context(), d.actor(c), id, price, breaks)
	}
	if err == nil {
		d.say(c, "Saved. What is proposed from now on has these prices.")
		return d.seeOther(c, "/stock/"+url.PathEscape(string(id))+"/prices")
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	return d.showPrices(c, status, sentence, typed, views.SellerForm{})
}

// setSeller says who sells an item, and in what packs.
func (d *Door) setSeller(c echo.Context) error {
	typed := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	id, form := inventory.ItemID(c.Param("item")), views.SellerForm{Supplier: typed("supplier"), Code: typed("code"), Pack: typed("pack"), Least: typed("least")}
	bought := reorder.Purchase{Supplier: inventory.SupplierID(form.Supplier), Code: form.Code}
	var err error
	if bought.Pack, err = wholeNumber(form.Pack); err == nil && form.Least != "" {
		bought.LeastPacks, err = wholeNumber(form.Least)
	}
	if err == nil {
		err = d.Desk.SetPurchase(c.Request().Context(), d.actor(c), id, bought)
	}
	if err == nil {
		d.say(c, "Saved. It is proposed on these terms from now on.")
		return d.seeOther(c, "/stock/"+url.PathEscape(string(id))+"/prices")
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	form.Error = sentence
	return d.showPrices(c, status, "", nil, form)
}

// readPrices reads the form's lines: the first is what one pack costs, those that are
// left empty say nothing.
func readPrices(packs, prices []string) (price int64, breaks []inventory.PriceBreak, typed [][2]string, err error) {
	for i := range min(len(packs), len(prices), 2*breakLines) {
		typed = append(typed, [2]string{strings.TrimSpace(packs[i]), strings.TrimSpace(prices[i])})
	}
	if len(typed) == 0 {
		return 0, nil, typed, hospital.Refuse(hospital.ErrInvalid, "Give the price of a pack.")
	}
	if price, err = readAmount(typed[0][1]); err != nil {
		return 0, nil, typed, err
	}
	for _, row := range typed[1:] {
		if row == [2]string{} {
			continue
		}
		var b inventory.PriceBreak
		if b.Packs, err = wholeNumber(row[0]); err != nil {
			return 0, nil, typed, err
		}
		if b.Price, err = readAmount(row[1]); err != nil {
			return 0, nil, typed, err
		}
		breaks = append(breaks, b)
	}
	return price, breaks, typed, nil
}
