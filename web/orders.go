package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/gs1"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
	"wardwatch/web/live"
)

func (d *Door) orderRoutes() []route {
	if d.Desk == nil {
		return nil
	}
	return []route{
		{get, "/orders", hospital.SeeOrders, d.orders},
		{get, "/orders/proposals", hospital.SeeOrders, d.proposals},
		{post, "/orders/proposals/approve-all", hospital.ApproveOrders, d.approveAll},
		{post, "/orders/proposals/:id/undo", hospital.ApproveOrders, d.undoAnswer},
		{post, "/orders/proposals/together/:mark/undo", hospital.ApproveOrders, d.undoTogether},
		{post, "/orders/proposals/:id/put-off", hospital.ApproveOrders, d.answer("put-off")},
		{post, "/orders/proposals/:id/approve", hospital.ApproveOrders, d.answer("approve")},
		{post, "/orders/proposals/:id/change", hospital.ApproveOrders, d.answer("change")},
		{post, "/orders/proposals/:id/decline", hospital.ApproveOrders, d.answer("decline")},
		{get, "/orders/:number", hospital.SeeOrders, d.order},
		{get, "/orders/:number/order.pdf", hospital.SeePrices, d.orderPaper},
		{post, "/orders/:number/send", hospital.ApproveOrders, d.sendOrder},
		{post, "/orders/:number/again", hospital.ApproveOrders, d.sendAgain},
		{post, "/orders/:number/receive", hospital.ReceiveStock, d.receiveOrder},
		{post, "/orders/:number/close", hospital.ApproveOrders, d.closeOrder},
	}
}

func (d *Door) orderSources() []live.Source {
	if d.Desk == nil {
		return nil
	}
	return []live.Source{
		{Prefix: "order/", Permission: hospital.SeeOrders, Render: d.drawOrder},
		{Prefix: "proposals", Permission: hospital.SeeOrders, Render: func(ctx context.Context, _ string) ([]live.Fragment, error) {
			open, err := d.Desk.Store.CountOpen(ctx, d.Stock.Today(d.Now()))
			if err != nil {
				return nil, err
			}
			return drawAll(ctx, leaf{"proposals-count", views.ProposalsCount(open)})
		}},
	}
}

// proposals is the inbox of those who approve.
func (d *Door) proposals(c echo.Context) error {
	one, _ := strconv.ParseInt(c.QueryParam("proposal"), 10, 64) // none: the first page
	page, err := d.proposalsPage(c, reorder.ProposalID(one))
	if err != nil {
		return err
	}
	return d.show(c, "Orders to approve", views.Proposals(page), "proposals")
}

// inboxShown is how many proposals one page of the inbox shows: as many as weigh little on a first visit.
const inboxShown = 20

// proposalsPage is a part of the inbox; must is one that is shown whichever part it is in.
func (d *Door) proposalsPage(c echo.Context, must reorder.ProposalID) (p views.ProposalsPage, err error) {
	ctx, by, today := c.Request().Context(), d.actor(c), d.Stock.Today(d.Now())
	p = views.ProposalsPage{May: by.May(hospital.ApproveOrders), Actor: by, Limits: d.Desk.Limits, All: c.QueryParam("show") == "all"}
	if p.Limits.Signed {
		if p.Sign, err = d.signForm(c); err != nil {
			return p, err
		}
	}
	open, err := d.Desk.Store.OpenBrief(ctx)
	if err != nil {
		return p, err
	}
	for _, one := range open {
		if one.PutOffOn(today) && !p.All {
			p.PutOff++
			continue
		}
		p.Waiting = append(p.Waiting, one)
	}
	if err := d.Desk.WithBudgets(ctx, p.Waiting); err != nil {
		return p, err
	}
	if err := d.inboxPart(c, &p, must); err != nil || !p.May {
		return p, err
	}
	recent, err := d.Desk.Store.DecidedBy(ctx, by.ID, d.Now().Add(-reorder.UndoFor))
	for _, one := range recent {
		if one.CanUndo(by, d.Now()) {
			p.Undo = append(p.Undo, one)
		}
	}
	return p, err
}

// inboxPart reads the proposals of one page whole.
func (d *Door) inboxPart(c echo.Context, p *views.ProposalsPage, must reorder.ProposalID) error {
	from, err := strconv.Atoi(c.FormValue("from"))
	if err != nil || from < 0 || from >= len(p.Waiting) {
		from = 0
	}
	p.From, p.Part = from, inboxShown
	part := p.Waiting[from:min(from+inboxShown, len(p.Waiting))]
	ids, waiting := make([]reorder.ProposalID, 0, len(part)+1), map[reorder.ProposalID]reorder.Proposal{}
	for _, one := range p.Waiting {
		waiting[one.ID] = one
	}
	for _, one := range part {
		ids = append(ids, one.ID)
	}
	if _, waits := waiting[must]; waits && !slices.Contains(ids, must) {
		ids = append([]reorder.ProposalID{must}, ids...)
	}
	p.Open, err = d.Desk.Store.ProposalsNumbered(c.Request().Context(), ids)
	for i := range p.Open {
		brief := waiting[p.Open[i].ID]
		p.Open[i].OverBudget, p.Open[i].Budgets = brief.OverBudget, brief.Budgets
	}
	return err
}

// inbox is where whoever answered goes on: the page that she was on.
func inbox(c echo.Context) string {
	if from, err := strconv.Atoi(c.FormValue("from")); err == nil && from > 0 {
		return "/orders/proposals?from=" + strconv.Itoa(from)
	}
	return "/orders/proposals"
}

// approveAll approves what one supplier would be sent, as it was shown.
func (d *Door) approveAll(c echo.Context) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	var answers []reorder.Answer
	for _, one := range form["one"] {
		var a reorder.Answer
		if _, err := fmt.Sscanf(one, "%d:%d", &a.ID, &a.Version); err != nil {
			return hospital.Refuse(hospital.ErrInvalid, "The form is not whole. Load the page again.")
		}
		answers = append(answers, a)
	}
	batch, err := d.Desk.ApproveAll(c.Request().Context(), d.actor(c), answers)
	said := fmt.Sprintf("%d of %d approved.", batch.Approved, len(answers))
	if err != nil {
		_, sentence, back := comesBack(err)
		if !back {
			return err
		}
		said += " " + sentence
	}
	d.say(c, said)
	return d.seeOther(c, "/orders/proposals")
}

// undoAnswer takes a decision of the last minute back.
func (d *Door) undoAnswer(c echo.Context) error {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return reorder.ErrUnknownProposal
	}
	if err := d.Desk.Undo(c.Request().Context(), d.actor(c), reorder.ProposalID(n)); err != nil {
		return err
	}
	d.say(c, "Taken back. It waits again.")
	return d.seeOther(c, "/orders/proposals")
}

// undoTogether takes back what one button approved in the last minute.
func (d *Door) undoTogether(c echo.Context) error {
	back, err := d.Desk.UndoAll(c.Request().Context(), d.actor(c), c.Param("mark"))
	said := fmt.Sprintf("%d of %d taken back. They wait again.", back.Many, back.All)
	if err != nil {
		_, sentence, partly := comesBack(err)
		if !partly || back.Many == 0 {
			return err
		}
		said = fmt.Sprintf("%d of %d taken back. The others stay approved.", back.Many, back.All) + " " + sentence
	}
	d.say(c, said)
	return d.seeOther(c, "/orders/proposals")
}

// answer approves, changes or declines a proposal; a form that is refused comes
// back with what was typed, beside the proposal as it stands now.
func (d *Door) answer(what string) echo.HandlerFunc {
	return func(c echo.Context) error {
		n, err := strconv.ParseInt(c.Param("id"), 10, 64)
		if err != nil {
			return reorder.ErrUnknownProposal
		}
		said, err := d.giveAnswer(c, what, reorder.ProposalID(n))
		if err == nil {
			d.say(c, said)
			return d.seeOther(c, inbox(c))
		}
		status, sentence, back := comesBack(err)
		if !back {
			return err
		}
		page, err := d.proposalsPage(c, reorder.ProposalID(n))
		if err != nil {
			return err
		}
		page.Failed, page.Error, page.Quantity, page.Why = reorder.ProposalID(n), sentence, c.FormValue("quantity"), c.FormValue("why")
		return d.showAs(c, status, "Orders to approve", views.Proposals(page), "proposals")
	}
}

func (d *Door) giveAnswer(c echo.Context, what string, id reorder.ProposalID) (said string, err error) {
	version, err := wholeNumber(c.FormValue("version"))
	if err != nil {
		return "", err
	}
	a := reorder.Answer{ID: id, Version: version, Why: c.FormValue("why")}
	if text := c.FormValue("quantity"); text != "" && (what == "approve" || what == "change") {
		if a.Quantity, err = wholeNumber(text); err != nil {
			return "", err
		}
	}
	ctx, by := c.Request().Context(), d.actor(c)
	switch what {
	case "approve":
		if d.Desk.Limits.Signed {
			if a.Proof, err = d.proof(c); err != nil {
				return "", err
			}
		}
		p, err := d.Desk.Approve(ctx, by, a)
		if p.Status == reorder.HalfApproved {
			return "Approved by you. The amount needs a second person.", err
		}
		return "Approved: it is on order " + p.Order + ".", err
	case "put-off":
		days := reorder.PutOffDays
		if n, err := strconv.Atoi(c.FormValue("days")); err == nil {
			days = n
		}
		_, err := d.Desk.PutOff(ctx, by, a, days)
		return fmt.Sprintf("Put off for %d days.", days), err
	case "transfer":
		return d.askTransfer(c, a)
	case "change":
		p, err := d.Desk.Change(ctx, by, a)
		return fmt.Sprintf("Changed to %d.", p.Quantity), err
	}
	_, err = d.Desk.Decline(ctx, by, a)
	return "Declined.", err
}

func (d *Door) askFor(ctx context.Context, by hospital.Actor, t inventory.Taking) error {
	_, err := d.Desk.Ask(ctx, by, reorder.Spot{Item: t.Item, Place: t.Place}, t.Quantity, t.Why)
	return err
}

// ordersShown is how many orders the board shows.
const ordersShown = 100

func (d *Door) orders(c echo.Context) error {
	ctx, status := c.Request().Context(), reorder.OrderStatus(c.QueryParam("status"))
	all, err := d.Desk.Store.Orders(ctx, status, ordersShown)
	if err != nil {
		return err
	}
	open, err := d.Desk.Store.CountOpen(ctx, d.Stock.Today(d.Now()))
	if err != nil {
		return err
	}
	answers, err := d.Desk.Store.RepliesWaiting(ctx, answersShown)
	if err != nil {
		return err
	}
	return d.show(c, "Orders", views.Orders(views.OrdersPage{Orders: all, Status: status, Waiting: open, Answers: len(answers), Today: d.Stock.Today(d.Now())}), "proposals")
}

func (d *Door) order(c echo.Context) error {
	page, err := d.orderPage(c.Request().Context(), c.Param("number"))
	if err != nil {
		return err
	}
	page.Actor = d.actor(c)
	return d.show(c, "Order "+page.Order.Number, views.Order(page), "order/"+page.Order.Number)
}

func (d *Door) orderPage(ctx context.Context, number string) (p views.OrderPage, err error) {
	if p.Order, err = d.Desk.Store.FindOrder(ctx, number); err != nil {
		return p, err
	}
	if p.Mail, err = d.Desk.Store.MailOf(ctx, number); err != nil {
		return p, err
	}
	if p.Sendings, err = d.Desk.Store.SendingsOf(ctx, number); err != nil {
		return p, err
	}
	if p.Papers, err = d.papersOf(ctx, p.Order); err != nil {
		return p, err
	}
	p.Today, p.Key = d.Stock.Today(d.Now()), rand.Text()
	if p.Signed, err = d.approvalsOf(ctx, p.Order); err != nil {
		return p, err
	}
	if p.Places, err = d.Stock.Store.Places(ctx); err != nil {
		return p, err
	}
	p.Failing, err = d.failingPlaces(ctx, p.Places)
	return p, err
}

// approvalsOf are the signatures of what an order's lines were approved by.
func (d *Door) approvalsOf(ctx context.Context, o reorder.Order) (all []views.SignedLine, err error) {
	subjects := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		subjects[i] = o.Ordering(l).Subject()
	}
	signatures, err := d.Desk.Store.SignaturesOf(ctx, subjects)
	if err != nil {
		return nil, err
	}
	for i, l := range o.Lines {
		signed := signatures[subjects[i]]
		if l.Proposal == 0 || len(signed) == 0 {
			continue
		}
		content, err := o.Ordering(l).Content()
		if err != nil {
			return nil, err
		}
		all = append(all, views.SignedLine{Item: l.Item.Name, Signed: signed, Now: content})
	}
	return all, nil
}

// orderPaper is the PDF that the supplier got, or would get.
func (d *Door) orderPaper(c echo.Context) error {
	ctx, number := c.Request().Context(), c.Param("number")
	o, err := d.Desk.Store.FindOrder(ctx, number)
	if err != nil {
		return err
	}
	paper, err := d.Desk.Store.Paper(ctx, number)
	if err == nil && paper == nil {
		paper, err = d.Desk.Paper(o, d.Register.Current().Site, o.CreatedAt)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `inline; filename="order-`+o.Number+`.pdf"`)
	return c.Blob(http.StatusOK, "application/pdf", paper)
}

func (d *Door) sendOrder(c echo.Context) error {
	number := c.Param("number")
	version, err := wholeNumber(c.FormValue("version"))
	if err != nil {
		return err
	}
	if err := d.Desk.Send(c.Request().Context(), d.actor(c), number, version); err != nil {
		return d.orderBack(c, err)
	}
	d.say(c, "The order is on its way to the supplier.")
	return d.seeOther(c, "/orders/"+number)
}

func (d *Door) closeOrder(c echo.Context) error {
	number := c.Param("number")
	version, err := wholeNumber(c.FormValue("version"))
	if err != nil {
		return err
	}
	if err := d.Desk.CloseShort(c.Request().Context(), d.actor(c), number, version, c.FormValue("why")); err != nil {
		return d.orderBack(c, err)
	}
	d.say(c, "Closed. What is outstanding no longer counts as on order.")
	return d.seeOther(c, "/orders/"+number)
}

// orderBack shows the order with what was refused and all that was typed.
func (d *Door) orderBack(c echo.Context, refused error) error {
	status, sentence, back := comesBack(refused)
	if !back {
		return refused
	}
	page, err := d.orderPage(c.Request().Context(), c.Param("number"))
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	page.Actor, page.Error, page.Typed = d.actor(c), sentence, map[string]string{}
	for name := range form {
		page.Typed[name] = form.Get(name)
	}
	return d.showAs(c, status, "Order "+page.Order.Number, views.Order(page), "order/"+page.Order.Number)
}

// receiveOrder books in what the form says came in.
func (d *Door) receiveOrder(c echo.Context) error {
	number := c.Param("number")
	o, err := d.Desk.Store.FindOrder(c.Request().Context(), number)
	if err != nil {
		return err
	}
	receipt, err := d.readReceipt(c, o)
	if err == nil {
		err = d.Desk.Receive(c.Request().Context(), d.actor(c), receipt)
	}
	if err != nil {
		return d.orderBack(c, err)
	}
	d.say(c, "Booked in.")
	return d.seeOther(c, "/orders/"+number)
}

// readReceipt reads the lines of the form that say that something came in.
func (d *Door) readReceipt(c echo.Context, o reorder.Order) (r reorder.Receipt, err error) {
	r = reorder.Receipt{Number: o.Number, Over: c.FormValue("over") != "", Why: c.FormValue("why"), Key: c.FormValue("key")}
	if r.Version, err = wholeNumber(c.FormValue("version")); err != nil {
		return r, err
	}
	for _, l := range o.Lines {
		field := func(name string) string {
			return strings.TrimSpace(c.FormValue(name + "-" + strconv.FormatInt(l.ID, 10)))
		}
		if q := field("quantity"); q == "" || q == "0" {
			continue
		}
		part := reorder.Part{Line: l.ID, Lot: field("lot"), Place: inventory.PlaceID(field("place"))}
		if part.Quantity, err = wholeNumber(field("quantity")); err != nil {
			return r, err
		}
		if part.Expiry, err = inventory.ParseDate(field("expiry")); err != nil {
			return r, hospital.Refuse(hospital.ErrInvalid, "Give the expiry of "+l.Item.Name+" as a date, or leave it empty.")
		}
		if err := d.fillFromScan(&part, l, field("scan")); err != nil {
			return r, err
		}
		r.Parts = append(r.Parts, part)
	}
	return r, nil
}

// fillFromScan takes lot and expiry from a scan where they were not typed. A scan
// of another item is refused: somebody holds the wrong box.
func (d *Door) fillFromScan(part *reorder.Part, l reorder.Line, text string) error {
	if text == "" {
		return nil
	}
	scan, err := gs1.Parse(text)
	if err != nil {
		return hospital.Refuse(hospital.ErrInvalid, "The scan of "+l.Item.Name+" can't be read. Type lot and expiry instead.")
	}
	if gtin := scan.GTIN(); gtin != "" && l.Item.GTIN != "" && gtin != l.Item.GTIN {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The box that was scanned (GTIN %s) is not %s.", gtin, l.Item.Name))
	}
	if part.Lot == "" {
		part.Lot = scan.Lot()
	}
	if expiry, ok := scan.Expiry(d.Now()); ok && part.Expiry.IsZero() {
		part.Expiry = inventory.Date(expiry.Unix() / 86400)
	}
	return nil
}

func (d *Door) drawOrder(ctx context.Context, number string) ([]live.Fragment, error) {
	o, err := d.Desk.Store.FindOrder(ctx, number)
	if err != nil {
		return nil, orNothing(err)
	}
	page := views.OrderPage{Order: o, Today: d.Stock.Today(d.Now())}
	return drawAll(ctx, leaf{"order-" + number + "-state", views.OrderState(page)})
}
