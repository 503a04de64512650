package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/gs1"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// masterRoutes are where an item is entered, and where it is said anew what it is.
func (d *Door) masterRoutes() []route {
	if d.Storeroom == nil || d.Desk == nil || d.ColdChain == nil {
		return nil
	}
	return []route{
		{get, "/stock/new", hospital.ManageItems, d.newItem},
		{post, "/stock/new", hospital.ManageItems, d.addItem},
		{get, "/stock/:item/master", hospital.ManageItems, d.itemMaster},
		{post, "/stock/:item/master", hospital.ManageItems, d.changeItem},
	}
}

// newItem is the form for an item; what was searched for or scanned in vain stands in it.
func (d *Door) newItem(c echo.Context) error {
	form := views.MasterForm{New: true, Pack: "1", Name: c.QueryParam("name")}
	if scan, err := gs1.Parse(form.Name); err == nil && scan.GTIN() != "" {
		form.Name, form.GTIN = "", scan.GTIN()
	}
	return d.showMaster(c, http.StatusOK, form)
}

func (d *Door) showMaster(c echo.Context, status int, form views.MasterForm) (err error) {
	ctx, page := c.Request().Context(), views.MasterPage{Form: form}
	if page.Sellers, err = d.Desk.Store.Sellers(ctx); err != nil {
		return err
	}
	if page.Storage, err = d.ColdChain.KnownProfiles(ctx, d.Now()); err != nil {
		return err
	}
	title := "New item"
	if !form.New {
		title = form.Name
	}
	return d.showAs(c, status, title, views.Master(page))
}

func typedMaster(c echo.Context) views.MasterForm {
	typed := func(name string) string { return strings.TrimSpace(c.FormValue(name)) }
	form := views.MasterForm{ID: typed("id"), Name: typed("name"), Unit: typed("unit"), GTIN: typed("gtin"), Criticality: typed("criticality"), Storage: typed("storage"),
		ShelfLife: typed("shelf_life"), Review: typed("review"), Instead: c.FormValue("instead"),
		Supplier: typed("supplier"), Code: typed("code"), Pack: typed("pack"), Least: typed("least"), Price: typed("price")}
	if scan, err := gs1.Parse(form.GTIN); err == nil && scan.GTIN() != "" { // the whole code was scanned
		form.GTIN = scan.GTIN()
	}
	return form
}

// readMaster is what was typed as an item; hospital.ErrInvalid for a number that is none.
func readMaster(f views.MasterForm) (m inventory.MasterItem, err error) {
	m.Item = inventory.Item{ID: inventory.ItemID(f.ID), Name: f.Name, Unit: f.Unit, GTIN: f.GTIN, Criticality: f.Criticality, Storage: f.Storage,
		Supplier: inventory.SupplierID(f.Supplier), SupplierCode: f.Code, Pack: 1}
	days := map[*int]string{&m.ShelfLife: f.ShelfLife, &m.ReviewDays: f.Review}
	for into, text := range days {
		n, err := wholeOrNone(text)
		if err != nil {
			return m, err
		}
		*into = int(n)
	}
	if m.LeastPacks, err = wholeOrNone(f.Least); err != nil {
		return m, err
	}
	if f.Pack != "" {
		if m.Pack, err = wholeNumber(f.Pack); err != nil {
			return m, err
		}
	}
	if f.Price != "" {
		m.Price, err = readAmount(f.Price)
	}
	return m, err
}

// wholeOrNone is a whole number, 0 where nothing was typed.
func wholeOrNone(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	return wholeNumber(text)
}

func (d *Door) addItem(c echo.Context) error {
	form := typedMaster(c)
	form.New = true
	m, err := readMaster(form)
	if err == nil {
		if m.ID == "" {
			m.ID = inventory.ItemID(freshID(form.Name))
		}
	}
	if err == nil {
		err = d.Storeroom.AddItem(c.Request().Context(), d.actor(c), m, lines(form.Instead))
	}
	if err == nil {
		d.say(c, "It is entered. Book what is there, and say how it is refilled.")
		return d.seeOther(c, "/stock/"+url.PathEscape(string(m.ID)))
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	form.Error = sentence
	return d.showMaster(c, status, form)
}

func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
}

func (d *Door) itemMaster(c echo.Context) error {
	m, err := d.Storeroom.Store.MasterItem(c.Request().Context(), inventory.ItemID(c.Param("item")))
	if err != nil {
		return err
	}
	form := views.MasterForm{ID: string(m.ID), Name: m.Name, Unit: m.Unit, GTIN: m.GTIN, Criticality: m.Criticality, Storage: m.Storage,
		ShelfLife: numberTyped(m.ShelfLife), Review: numberTyped(m.ReviewDays)}
	names := make([]string, len(m.Substitutes))
	for i, id := range m.Substitutes {
		names[i] = string(id)
	}
	form.Instead = strings.Join(names, "\n")
	return d.showMaster(c, http.StatusOK, form)
}

// numberTyped is a number as a field holds it; none for 0.
func numberTyped(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func (d *Door) changeItem(c echo.Context) error {
	form := typedMaster(c)
	form.ID = c.Param("item")
	m, err := readMaster(form)
	if err == nil {
		err = d.Storeroom.ChangeItem(c.Request().Context(), d.actor(c), m, lines(form.Instead))
	}
	if err == nil {
		d.say(c, "Saved.")
		return d.seeOther(c, "/stock/"+url.PathEscape(form.ID))
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	form.Error = sentence
	return d.showMaster(c, status, form)
}
