package web

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) stockScanRoutes() []route {
	if d.Stock == nil {
		return nil
	}
	return []route{
		{get, "/stock/scan", hospital.SeeStock, d.stockScanPage},
		{post, "/stock/scan", hospital.SeeStock, d.stockScan},
		{get, "/stock/scan/cards", hospital.SeeStock, d.scanCards},
	}
}

// stockScanPage is the page for a hand scanner; its address keeps the settings.
func (d *Door) stockScanPage(c echo.Context) error {
	page := views.StockScanPage{Task: inventory.ScanTask(c.QueryParam("task")), Place: inventory.PlaceID(c.QueryParam("place")),
		To: inventory.PlaceID(c.QueryParam("to")), Kind: c.QueryParam("kind"), Quantity: c.QueryParam("quantity"), Why: c.QueryParam("why")}
	if page.Task == "" {
		page.Task = inventory.ScanFind
	}
	if started := inventory.LotID(c.QueryParam("started")); started != "" {
		clock, runs, err := d.Stock.Store.ClockOf(c.Request().Context(), started)
		if err != nil {
			return err
		}
		if runs {
			page.Started = &clock
		}
	}
	return d.showScan(c, 200, page)
}

func (d *Door) showScan(c echo.Context, status int, page views.StockScanPage) (err error) {
	if page.Places, err = d.Stock.Store.Places(c.Request().Context()); err != nil {
		return err
	}
	page.Actor, page.Key = d.actor(c), rand.Text()
	return d.showAs(c, status, "Scan and book", views.StockScan(page))
}

// stockScan carries one scan out. Whoever may not do what the task says is refused by the domain.
func (d *Door) stockScan(c echo.Context) error {
	page := views.StockScanPage{Task: inventory.ScanTask(c.FormValue("task")), Place: inventory.PlaceID(c.FormValue("place")), To: inventory.PlaceID(c.FormValue("to")),
		Quantity: strings.TrimSpace(c.FormValue("quantity")), Why: c.FormValue("why"), Code: c.FormValue("code"), Kind: c.FormValue("kind")}
	if code, is := reorder.BinCode(page.Code); is && d.Desk != nil {
		return d.scanBin(c, page, code)
	}
	if said, is, err := d.scanSetting(c, &page); err != nil {
		return d.scanBack(c, page, inventory.Scanned{}, err)
	} else if is {
		d.say(c, said)
		return d.seeOther(c, "/stock/scan?"+settingsOf(page).Encode())
	}
	in := inventory.Scanning{Task: page.Task, Code: page.Code, Place: page.Place, To: page.To, Why: page.Why, Key: c.FormValue("key"), Kind: inventory.ClockKind(page.Kind)}
	var err error
	if page.Quantity != "" {
		in.Quantity, err = wholeNumber(page.Quantity)
	}
	var what inventory.Scanned
	var n int64
	if err == nil {
		what, n, err = d.Stock.Scan(c.Request().Context(), d.actor(c), in, d.Now())
	}
	if err != nil {
		return d.scanBack(c, page, what, err)
	}
	if page.Task == inventory.ScanFind {
		return d.seeOther(c, "/stock/"+url.PathEscape(string(what.Item.ID)))
	}
	said := fmt.Sprintf("%s: %s of %s", views.ScanWord(page.Task), views.Quantity(n, what.Item.Unit), what.Item.Name)
	if what.Number != "" {
		said += ", lot " + what.Number
	}
	d.say(c, strings.Join(append([]string{said + "."}, what.Warnings...), " "))
	next := url.Values{"task": {string(page.Task)}, "place": {string(page.Place)}, "to": {string(page.To)}}
	if page.Task == inventory.ScanStart {
		next.Set("kind", page.Kind)
		next.Set("started", string(what.Lot.ID))
	}
	return d.seeOther(c, "/stock/scan?"+next.Encode())
}

// scanBin notes that the bin of a scanned card is empty, whatever the task.
func (d *Door) scanBin(c echo.Context, page views.StockScanPage, code string) error {
	said, err := d.sayEmpty(c, code)
	if err != nil {
		return d.scanBack(c, page, inventory.Scanned{}, err)
	}
	d.say(c, said)
	return d.seeOther(c, "/stock/scan?"+url.Values{"task": {string(page.Task)}, "place": {string(page.Place)}, "to": {string(page.To)}}.Encode())
}

// scanBack shows the page with what was refused; a code that nobody knows is told there too.
func (d *Door) scanBack(c echo.Context, page views.StockScanPage, what inventory.Scanned, refused error) error {
	status, sentence := outcome(refused)
	if status < 400 || status >= 500 || status == 403 {
		return refused
	}
	page.Error, page.Warnings = sentence, what.Warnings
	return d.showScan(c, status, page)
}
