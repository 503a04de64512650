package web

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) paperRoutes() []route {
	if d.Desk == nil {
		return nil
	}
	return []route{
		{get, "/orders/late", hospital.SeeOrders, d.lateOrders},
		{get, "/orders/suppliers", hospital.SeeOrders, d.supplierPerformance},
		{get, "/orders/invoices", hospital.SeePrices, d.invoices},
		{post, "/orders/invoices/:id", hospital.ApproveOrders, d.decideInvoice},
		{post, "/orders/:number/confirm", hospital.ApproveOrders, d.orderTerms},
		{post, "/orders/:number/change", hospital.ApproveOrders, d.orderTerms},
		{post, "/orders/:number/back", hospital.ReceiveStock, d.sendGoodsBack},
		{post, "/orders/:number/invoices", hospital.ApproveOrders, d.enterInvoice},
	}
}

// invoicesShown is how many invoices the list shows.
const invoicesShown = 200

// papersOf is what belongs to an order beside its lines.
func (d *Door) papersOf(ctx context.Context, o reorder.Order) (p views.Papers, err error) {
	store := d.Desk.Store
	if p.Said, err = store.SaidOf(ctx, o.Number); err != nil {
		return p, err
	}
	if p.Back, err = store.SentBackOf(ctx, o.Number); err != nil {
		return p, err
	}
	if p.Lots, err = store.LotsOf(ctx, o.Number); err != nil {
		return p, err
	}
	if p.Replies, err = store.RepliesOf(ctx, o.Number); err != nil {
		return p, err
	}
	if p.Invoices, err = store.InvoicesOf(ctx, o.Number); err != nil {
		return p, err
	}
	p.Wrong = map[reorder.InvoiceID][]reorder.Mismatch{}
	for _, v := range p.Invoices {
		if v.Status != reorder.Pending {
			continue
		}
		charged, err := store.ChargedBeside(ctx, o.Number, v.ID)
		if err != nil {
			return p, err
		}
		p.Wrong[v.ID] = reorder.Match(o, charged, v)
	}
	return p, nil
}

func (d *Door) lateOrders(c echo.Context) error {
	today := d.Stock.Today(d.Now())
	late, err := d.Desk.Store.Late(c.Request().Context(), today)
	if err != nil {
		return err
	}
	return d.show(c, "Late deliveries", views.Late(views.LatePage{Orders: late, Today: today}), "proposals")
}

func (d *Door) supplierPerformance(c echo.Context) error {
	today := d.Stock.Today(d.Now())
	all, err := d.Desk.Store.Performances(c.Request().Context(), today-performanceDays, today)
	if err != nil {
		return err
	}
	return d.show(c, "How suppliers do", views.SupplierPerformance(all))
}

func (d *Door) invoices(c echo.Context) error {
	page := views.InvoicesPage{Status: reorder.Pending}
	if c.QueryParam("show") == "all" {
		page.Status = ""
	}
	var err error
	if page.All, err = d.Desk.Store.Invoices(c.Request().Context(), page.Status, invoicesShown); err != nil {
		return err
	}
	return d.show(c, "Invoices", views.Invoices(page))
}

// orderTerms takes a supplier's confirmation, or a change of ours, line by line.
func (d *Door) orderTerms(c echo.Context) error {
	number := c.Param("number")
	o, err := d.Desk.Store.FindOrder(c.Request().Context(), number)
	if err != nil {
		return err
	}
	said, change := "Noted.", d.Desk.Confirm
	if strings.HasSuffix(c.Request().URL.Path, "/change") {
		said, change = "Changed. The supplier is told the way the order went.", d.Desk.Amend
	}
	terms, err := readLineTerms(c, o)
	if err == nil {
		err = change(c.Request().Context(), d.actor(c), terms)
	}
	if err != nil {
		return d.orderBack(c, err)
	}
	d.say(c, said)
	return d.seeOther(c, "/orders/"+number)
}

// readLineTerms reads the lines that the form names; of what it leaves out nothing changes.
func readLineTerms(c echo.Context, o reorder.Order) (t reorder.Confirmation, err error) {
	t = reorder.Confirmation{Number: o.Number, Reference: c.FormValue("reference"), Why: c.FormValue("why")}
	if t.Version, err = wholeNumber(c.FormValue("version")); err != nil {
		return t, err
	}
	for _, l := range o.Lines {
		field := func(name string) string {
			return strings.TrimSpace(c.FormValue(name + "-" + strconv.FormatInt(l.ID, 10)))
		}
		if field("total") == "" {
			continue
		}
		one := reorder.LineTerms{Line: l.ID, Price: -1}
		if one.Quantity, err = wholeNumber(field("total")); err != nil {
			return t, err
		}
		if one.Expected, err = inventory.ParseDate(field("by")); err != nil {
			return t, hospital.Refuse(hospital.ErrInvalid, "Give the day of "+l.Item.Name+" like 2027-03-31.")
		}
		if field("price") != "" {
			if one.Price, err = readAmount(field("price")); err != nil {
				return t, err
			}
		}
		if one.Quantity != l.Ordered-l.Cancelled || one.Expected != o.ExpectedOf(l) || one.Price >= 0 || t.Reference != "" {
			t.Lines = append(t.Lines, one)
		}
	}
	if len(t.Lines) == 0 {
		return t, hospital.Refuse(hospital.ErrInvalid, "Nothing is different. Change a quantity or a day.")
	}
	return t, nil
}

func (d *Door) sendGoodsBack(c echo.Context) error {
	number := c.Param("number")
	s := reorder.SentBack{Number: number, Replaced: c.FormValue("replaced") != "", Why: c.FormValue("why"), Key: c.FormValue("key")}
	line, rest, _ := strings.Cut(c.FormValue("what"), "|")
	lot, place, _ := strings.Cut(rest, "|")
	s.Lot, s.Place = inventory.LotID(lot), inventory.PlaceID(place)
	err := readNumbers([]string{c.FormValue("version"), line, c.FormValue("quantity")}, &s.Version, &s.Line, &s.Quantity)
	if err == nil {
		err = d.Desk.SendBack(c.Request().Context(), d.actor(c), s)
	}
	if err != nil {
		return d.orderBack(c, err)
	}
	d.say(c, "It is out of the stock.")
	return d.seeOther(c, "/orders/"+number)
}

func (d *Door) enterInvoice(c echo.Context) error {
	ctx, number := c.Request().Context(), c.Param("number")
	o, err := d.Desk.Store.FindOrder(ctx, number)
	if err != nil {
		return err
	}
	v, err := readInvoice(c, o)
	if err == nil {
		v, err = d.Desk.EnterInvoice(ctx, d.actor(c), v)
	}
	if err != nil {
		return d.orderBack(c, err)
	}
	if v.Status == reorder.Matched {
		d.say(c, "The invoice fits.")
	} else {
		d.say(c, "The invoice does not fit. It waits for a decision.")
	}
	return d.seeOther(c, "/orders/"+number+"#invoices")
}

func readInvoice(c echo.Context, o reorder.Order) (v reorder.Invoice, err error) {
	v = reorder.Invoice{Invoice: c.FormValue("invoice"), Number: o.Number}
	if v.Day, err = inventory.ParseDate(c.FormValue("day")); err != nil {
		return v, hospital.Refuse(hospital.ErrInvalid, "Give the invoice's date like 2027-03-31.")
	}
	if v.Total, err = readAmount(c.FormValue("total")); err != nil {
		return v, err
	}
	for _, l := range o.Lines {
		field := func(name string) string {
			return strings.TrimSpace(c.FormValue(name + "-" + strconv.FormatInt(l.ID, 10)))
		}
		if packs := field("packs"); packs == "" || packs == "0" {
			continue
		}
		one := reorder.InvoiceLine{Line: l.ID}
		if one.Packs, err = wholeNumber(field("packs")); err != nil {
			return v, err
		}
		if one.Price, err = readAmount(field("charged")); err != nil {
			return v, err
		}
		v.Lines = append(v.Lines, one)
	}
	return v, nil
}

func (d *Door) decideInvoice(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return reorder.ErrUnknownInvoice
	}
	if err := d.Desk.DecideInvoice(c.Request().Context(), d.actor(c), reorder.InvoiceID(id), c.FormValue("decision") == "accept", c.FormValue("why")); err != nil {
		_, sentence, back := comesBack(err)
		if !back {
			return err
		}
		d.say(c, sentence)
		return d.seeOther(c, "/orders/invoices")
	}
	d.say(c, "Decided.")
	return d.seeOther(c, "/orders/invoices")
}

// readNumbers reads whole numbers, each into its place.
func readNumbers(texts []string, into ...*int64) (err error) {
	for i, text := range texts {
		if *into[i], err = wholeNumber(text); err != nil {
			return err
		}
	}
	return nil
}

// lateFile is the late list, one line each.
func (d *Door) lateFile() keepable {
	return keepable{"late-deliveries", hospital.SeeOrders,
		[]column{{"Order", 12}, {"Supplier", 24}, {"Line", 6}, {"Item", 14}, {"Name", 32}, {"Place", 24}, {"Unit", 10}, {"Outstanding", 12}, {"Expected", 12}, {"Days late", 10}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			today := d.Stock.Today(d.Now())
			late, err := d.Desk.Store.Late(c.Request().Context(), today)
			return func(yield func([]any, error) bool) {
				for _, o := range late {
					for _, l := range o.LateLines(today) {
						if !yield([]any{o.Number, o.Supplier.Name, int64(l.No), string(l.Item.ID), l.Item.Name, l.Place.Name, l.Item.Unit, l.Outstanding(), o.ExpectedOf(l).String(), int64(today - o.ExpectedOf(l))}, nil) {
							return
						}
					}
				}
			}, err
		}}
}

// suppliersFile is how suppliers did in the last year.
func (d *Door) suppliersFile() keepable {
	return keepable{"suppliers", hospital.SeeOrders,
		[]column{{"Supplier", 14}, {"Name", 24}, {"Currency", 8}, {"Orders", 10}, {"Deliveries", 10}, {"On time", 10}, {"Days in the mean", 14}, {"Days at most", 12}, {"Days agreed", 12},
			{"Ordered", 12}, {"Came", 12}, {"Sent back", 10}, {"Late now", 10}, {"Invoices", 10}, {"Invoices off", 12}, {"Sendings", 10}, {"Sendings failed", 14}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			today := d.Stock.Today(d.Now())
			all, err := d.Desk.Store.Performances(c.Request().Context(), today-performanceDays, today)
			return func(yield func([]any, error) bool) {
				for _, s := range all {
					if !yield([]any{string(s.Supplier.ID), s.Supplier.Name, s.Supplier.Currency, int64(s.Orders), int64(s.Deliveries), int64(s.OnTime), rounded(s.MeanDays, 1), int64(s.MostDays), int64(s.Supplier.LeadDays),
						s.Ordered, s.Came, s.Returned, int64(s.LateNow), int64(s.Invoices), int64(s.Mismatched), int64(s.Sendings), int64(s.Failed)}, nil) {
						return
					}
				}
			}, err
		}}
}

// performanceDays is how far back it is looked how suppliers did.
const performanceDays = 365
