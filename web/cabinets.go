package web

import (
	"crypto/rand"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// cabinets lists the places whose readers book by themselves.
func (d *Door) cabinets(c echo.Context) error { return d.showCabinets(c, 200, "") }

func (d *Door) showCabinets(c echo.Context, status int, sentence string) (err error) {
	ctx := c.Request().Context()
	page := views.CabinetsPage{May: d.actor(c).May(hospital.ManageItems), Error: sentence, Place: c.FormValue("place"), Gateway: c.FormValue("gateway")}
	if page.All, err = d.Storeroom.Store.Cabinets(ctx); err != nil {
		return err
	}
	if page.Troubles, err = d.Storeroom.Store.TagTroubles(ctx, ""); err != nil {
		return err
	}
	if page.Places, err = d.Stock.Store.Places(ctx); err != nil {
		return err
	}
	page.Readers = d.Register.Current().Gateways
	return d.showAs(c, status, "RFID cabinets", views.Cabinets(page), "stock")
}

func (d *Door) setCabinet(c echo.Context) error {
	err := d.Storeroom.SetCabinet(c.Request().Context(), d.actor(c), inventory.PlaceID(c.FormValue("place")), hospital.GatewayID(c.FormValue("gateway")))
	if err == nil {
		d.say(c, "Set.")
		return d.seeOther(c, "/stock/cabinets")
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	return d.showCabinets(c, status, sentence)
}

// cabinet is what one cabinet holds by its tags, and what it could not book.
func (d *Door) cabinet(c echo.Context) error { return d.showCabinet(c, 200, views.TagForm{}) }

func (d *Door) showCabinet(c echo.Context, status int, form views.TagForm) error {
	ctx, by, place := c.Request().Context(), d.actor(c), inventory.PlaceID(c.Param("place"))
	all, err := d.Storeroom.Store.Cabinets(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(cabinet inventory.Cabinet) bool { return cabinet.Place.ID == place })
	if at < 0 {
		return inventory.ErrUnknownCabinet
	}
	page := views.CabinetPage{Cabinet: all[at], Form: form, MayTag: by.May(hospital.UseStock), MayResolve: by.May(hospital.CountStock), Key: rand.Text()}
	if page.Tags, err = d.Storeroom.Store.CabinetTags(ctx, place); err != nil {
		return err
	}
	if page.Troubles, err = d.Storeroom.Store.TagTroubles(ctx, place); err != nil {
		return err
	}
	if page.Places, err = d.Stock.Store.Places(ctx); err != nil {
		return err
	}
	return d.showAs(c, status, page.Cabinet.Place.Name, views.Cabinet(page), "stock")
}

// tagCabinet says what a tag is on. The item is typed or scanned; its lot is the one
// that the code names, or the one of that number.
func (d *Door) tagCabinet(c echo.Context) error {
	ctx, place := c.Request().Context(), inventory.PlaceID(c.Param("place"))
	form := views.TagForm{EPC: c.FormValue("epc"), Item: c.FormValue("item"), Lot: strings.TrimSpace(c.FormValue("lot")), Quantity: c.FormValue("quantity"), From: c.FormValue("from")}
	what, err := d.Stock.Read(ctx, form.Item, d.Now())
	lot := what.Lot
	if err == nil && lot.ID == "" {
		lot, err = d.Stock.Store.FindLot(ctx, what.Item.ID, form.Lot)
	}
	var n int64
	if err == nil {
		n, err = wholeNumber(form.Quantity)
	}
	if err == nil {
		err = d.Storeroom.Tag(ctx, d.actor(c), inventory.Tagging{Place: place, EPC: form.EPC, Item: what.Item.ID, Lot: lot.ID, Quantity: n, From: inventory.PlaceID(form.From), Key: c.FormValue("key")})
	}
	if err == nil {
		d.say(c, "Noted: "+views.Quantity(n, what.Item.Unit)+" of "+what.Item.Name+".")
		return d.seeOther(c, "/stock/cabinets/"+url.PathEscape(string(place)))
	}
	status, sentence := outcome(err)
	if status >= 500 || status == 403 {
		return err
	}
	form.Error = sentence
	return d.showCabinet(c, status, form)
}

// resolveTag ends what a cabinet could not book with what a person says of it.
func (d *Door) resolveTag(c echo.Context) error {
	place := inventory.PlaceID(c.Param("place"))
	err := d.Storeroom.Resolve(c.Request().Context(), d.actor(c), inventory.TagTrouble{Place: place, EPC: c.FormValue("epc"), Kind: c.FormValue("kind")}, c.FormValue("why"))
	if err == nil {
		d.say(c, "Resolved.")
		return d.seeOther(c, "/stock/cabinets/"+url.PathEscape(string(place)))
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	return d.showCabinet(c, status, views.TagForm{Error: sentence, Failed: c.FormValue("epc")})
}

// usesShown is how many uses of consigned goods the page shows.
const usesShown = 200

func (d *Door) consignment(c echo.Context) error {
	return d.showConsignment(c, 200, views.ConsignmentPage{})
}

func (d *Door) showConsignment(c echo.Context, status int, page views.ConsignmentPage) (err error) {
	ctx, by := c.Request().Context(), d.actor(c)
	page.MaySet, page.MayBill = by.May(hospital.ManageItems), by.May(hospital.ApproveOrders)
	if page.All, err = d.Storeroom.Store.Consignments(ctx); err != nil {
		return err
	}
	if page.Uses, err = d.Storeroom.Store.ConsignedUses(ctx, usesShown); err != nil {
		return err
	}
	if page.Places, err = d.Stock.Store.Places(ctx); err != nil {
		return err
	}
	return d.showAs(c, status, "Consignment", views.Consignments(page), "stock")
}

// setConsignment says that an item at a place belongs to the one who sells it, or to us.
func (d *Door) setConsignment(c echo.Context) error {
	ctx := c.Request().Context()
	page := views.ConsignmentPage{Item: c.FormValue("item"), Place: c.FormValue("place"), Ours: c.FormValue("ours") != ""}
	what, err := d.Stock.Read(ctx, page.Item, d.Now())
	if err == nil && what.Item.Supplier == "" {
		err = hospital.Refuse(hospital.ErrInvalid, "Nobody sells this item. Give it a supplier first.")
	}
	owner := what.Item.Supplier
	if page.Ours {
		owner = ""
	}
	if err == nil {
		err = d.Storeroom.SetConsignment(ctx, d.actor(c), what.Item.ID, inventory.PlaceID(page.Place), owner)
	}
	if err == nil {
		d.say(c, "Set.")
		return d.seeOther(c, "/stock/consignment")
	}
	status, sentence := outcome(err)
	if status >= 500 || status == 403 {
		return err
	}
	page.Error = sentence
	return d.showConsignment(c, status, page)
}

func (d *Door) billConsigned(c echo.Context) error {
	n, err := d.Storeroom.BillConsigned(c.Request().Context(), d.actor(c), inventory.SupplierID(c.FormValue("supplier")), c.FormValue("bill"))
	if err == nil {
		d.say(c, views.Plural(n, "use is", "uses are")+" on that bill now.")
		return d.seeOther(c, "/stock/consignment")
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	return d.showConsignment(c, status, views.ConsignmentPage{Error: sentence})
}

// restock is the list of a round: what a cart lacks of its par, and what is there to bring.
func (d *Door) restock(c echo.Context) error { return d.showRestock(c, 200, views.RestockPage{}) }

func (d *Door) showRestock(c echo.Context, status int, page views.RestockPage) (err error) {
	ctx := c.Request().Context()
	page.Place, page.From = inventory.PlaceID(c.FormValue("place")), inventory.PlaceID(c.FormValue("from"))
	page.May, page.Key = d.actor(c).May(hospital.UseStock), rand.Text()
	if page.Places, err = d.Stock.Store.Places(ctx); err != nil {
		return err
	}
	if page.Place != "" {
		if page.Lines, err = d.Storeroom.Store.ParLines(ctx, page.Place, page.From, d.Stock.Today(d.Now())); err != nil {
			return err
		}
	}
	return d.showAs(c, status, "Restock", views.Restock(page), "stock")
}

func (d *Door) bringRestock(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return hospital.Refuse(hospital.ErrInvalid, "This form can't be read.")
	}
	page := views.RestockPage{Typed: map[inventory.ItemID]string{}}
	var all []inventory.Bringing
	var err error
	for name, values := range c.Request().PostForm {
		id, is := strings.CutPrefix(name, "bring-")
		if !is || strings.TrimSpace(values[0]) == "" || strings.TrimSpace(values[0]) == "0" {
			continue
		}
		page.Typed[inventory.ItemID(id)] = values[0]
		n, wrong := wholeNumber(values[0])
		if wrong != nil {
			err = wrong
		}
		all = append(all, inventory.Bringing{Item: inventory.ItemID(id), Quantity: n})
	}
	slices.SortFunc(all, func(a, b inventory.Bringing) int { return strings.Compare(string(a.Item), string(b.Item)) })
	place, from := inventory.PlaceID(c.FormValue("place")), inventory.PlaceID(c.FormValue("from"))
	if err == nil {
		err = d.Storeroom.Restock(c.Request().Context(), d.actor(c), place, from, all, c.FormValue("key"))
	}
	if err == nil {
		d.say(c, views.Plural(len(all), "item was", "items were")+" brought.")
		return d.seeOther(c, "/stock/restock?"+url.Values{"place": {string(place)}, "from": {string(from)}}.Encode())
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	page.Error = sentence
	return d.showRestock(c, status, page)
}

// expiringWithin are the choices of how far the list of what will expire looks, in days.
var expiringWithin = []int{30, 90, 180}

// expiring lists the lots that expire soon with what of each nobody will have used.
func (d *Door) expiring(c echo.Context) error {
	within, _ := strconv.Atoi(c.QueryParam("within"))
	if !slices.Contains(expiringWithin, within) {
		within = expiringWithin[0]
	}
	today := d.Stock.Today(d.Now())
	all, err := d.Storeroom.WillExpire(c.Request().Context(), today, today+inventory.Date(within), expiringShown)
	if err != nil {
		return err
	}
	page := views.ExpiringPage{Within: within, Choices: expiringWithin, Today: today, Total: len(all), All: all[:min(len(all), expiringShown)], Worth: inventory.Worths(all)}
	return d.show(c, "Will expire", views.WillExpire(page), "stock")
}

const (
	// expiringShown is how many lots the list shows, those first that waste most.
	expiringShown = 100
	// usageTop is how many lines each table of the dashboard has.
	usageTop = 10
)

// usage is the dashboard of use and waste.
func (d *Door) usage(c echo.Context) error {
	page, err := d.usageAsked(c, usageTop)
	if err != nil {
		return err
	}
	return d.show(c, "Use and waste", views.Usage(page), "stock")
}

// usageAsked is the use and waste of the days and in the currency that were asked for.
func (d *Door) usageAsked(c echo.Context, top int) (views.UsagePage, error) {
	days, today := usageDays(c), d.Stock.Today(d.Now())
	u, err := d.Storeroom.Store.Usage(c.Request().Context(), today-inventory.Date(days-1), today, c.QueryParam("currency"), top)
	return views.UsagePage{Days: days, Usage: u}, err
}

func usageDays(c echo.Context) int {
	days, err := strconv.Atoi(c.QueryParam("days"))
	if err != nil || !slices.Contains(views.UsageDays(), days) {
		return views.UsageDays()[1]
	}
	return days
}

// usageFile is use and waste month by month.
func (d *Door) usageFile() keepable {
	return keepable{"use-and-waste", hospital.SeePrices,
		[]column{{"Month", 12}, {"Used", 14}, {"Discarded", 14}, {"Missing", 14}, {"Currency", 10}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			page, err := d.usageAsked(c, 0)
			return listed(page.Usage.Months, err, func(m inventory.MonthSum) [][]any {
				return row(m.Month, money(m.Used), money(m.Wasted), money(m.Lost), page.Usage.Currency)
			})
		}}
}

// usageItemsFile is each item that was used or discarded, those worth most first.
func (d *Door) usageItemsFile() keepable {
	return keepable{"use-and-waste-items", hospital.SeePrices,
		[]column{{"What", 12}, {"Item", 14}, {"Name", 34}, {"Quantity", 10}, {"Unit", 10}, {"Worth", 14}, {"Currency", 10}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			page, err := d.usageAsked(c, maxSheetRows)
			type went struct {
				how ours
				all []inventory.TopItem
			}
			return listed([]went{{"used", page.Usage.Used}, {"discarded", page.Usage.Wasted}}, err, func(w went) (rows [][]any) {
				for _, t := range w.all {
					rows = append(rows, []any{w.how, string(t.Item.ID), t.Item.Name, t.Quantity, t.Item.Unit, money(t.Minor), page.Usage.Currency})
				}
				return rows
			})
		}}
}
