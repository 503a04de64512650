package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/gs1"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
	"wardwatch/web/live"
)

func (d *Door) stockRoutes() []route {
	if d.Stock == nil {
		return nil
	}
	return []route{
		{get, "/inventory", hospital.SeeStock, d.oldStock},
		{get, "/stock", hospital.SeeStock, d.stockList},
		{get, "/stock/:item", hospital.SeeStock, d.stockItem},
		{get, "/stock/reorder", hospital.ApproveOrders, d.reordered},
		{post, "/stock/reorder", hospital.ApproveOrders, d.reorderChosen},
		{post, "/stock/:item/use", hospital.UseStock, d.stockForm("use")},
		{post, "/stock/:item/return", hospital.UseStock, d.stockForm("return")},
		{post, "/stock/:item/move", hospital.UseStock, d.stockForm("move")},
		{post, "/stock/:item/count", hospital.CountStock, d.stockForm("count")},
		{post, "/stock/:item/discard", hospital.CountStock, d.stockForm("discard")},
		{post, "/stock/:item/take-back", hospital.UseStock, d.takeBack},
		{post, "/stock/:item/receive", hospital.ReceiveStock, d.stockForm("receive")},
		{post, "/stock/:item/ask", hospital.UseStock, d.stockForm("ask")},
		{get, "/holds", hospital.SeeStock, d.holds},
		{post, "/holds/:id", hospital.DecideLots, d.decideHold},
	}
}

func (d *Door) stockSources() []live.Source {
	if d.Stock == nil {
		return nil
	}
	const listEvery = 2 * time.Second
	return []live.Source{
		{Prefix: "stock/", Permission: hospital.SeeStock, Render: d.drawStock},
		{Prefix: "stock", Permission: hospital.SeeStock, Every: listEvery, Render: func(ctx context.Context, _ string) ([]live.Fragment, error) {
			text := "Stock changed at " + views.Clock(ctx, d.Now()) + ". Load the page anew to see it."
			return drawAll(ctx, leaf{"stock-changed", views.StockChanged(text)})
		}},
	}
}

func (d *Door) oldStock(c echo.Context) error {
	return c.Redirect(http.StatusMovedPermanently, "/stock?"+c.QueryString())
}

// stockQuery is what a list of items asks for.
func (d *Door) stockQuery(c echo.Context) inventory.Query {
	from, _ := strconv.Atoi(c.QueryParam("from"))
	return inventory.Query{Text: strings.TrimSpace(c.QueryParam("q")), Filter: inventory.Filter(c.QueryParam("show")), Supplier: inventory.SupplierID(c.QueryParam("supplier")), Today: d.Stock.Today(d.Now()), Offset: max(from, 0)}
}

// stockList lists items. A scanned code leads straight to its item.
func (d *Door) stockList(c echo.Context) error {
	ctx := c.Request().Context()
	q := d.stockQuery(c)
	if scan, err := gs1.Parse(q.Text); err == nil && scan.GTIN() != "" {
		if what, err := d.Stock.Read(ctx, q.Text, d.Now()); err == nil {
			return d.seeOther(c, "/stock/"+url.PathEscape(string(what.Item.ID)))
		}
	}
	lines, total, err := d.Stock.Store.Lines(ctx, q)
	if err != nil {
		return err
	}
	sellers, err := d.Desk.Store.Sellers(ctx)
	if err != nil {
		return err
	}
	return d.show(c, "Inventory", views.Stock(views.StockPage{Actor: d.actor(c), Query: q, Lines: lines, Total: total, Sellers: sellers}), "stock")
}

// reorderChosen proposes the items that were ticked, and leads to what came of it.
func (d *Door) reorderChosen(c echo.Context) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	var items []inventory.ItemID
	for _, id := range form["item"] {
		items = append(items, inventory.ItemID(id))
	}
	if len(items) == 0 {
		d.say(c, "Tick what to reorder first.")
		return d.seeOther(c, "/stock?"+c.QueryString()) // the list as it was filtered
	}
	all, err := d.Desk.Reorder(c.Request().Context(), d.actor(c), items)
	if err != nil {
		return err
	}
	came := url.Values{}
	for _, one := range all {
		if one.Proposal > 0 {
			came.Add("made", strconv.FormatInt(int64(one.Proposal), 10))
			continue
		}
		came.Add("item", string(one.Item))
		came.Add("place", string(one.Place))
		came.Add("why", string(one.Why))
	}
	return d.seeOther(c, "/stock/reorder?"+came.Encode())
}

// reordered says what was proposed and what was skipped, as the address names it: so it can
// be loaded again and come back to.
func (d *Door) reordered(c echo.Context) error {
	ctx, came := c.Request().Context(), c.QueryParams()
	items, places, whys := came["item"], came["place"], came["why"]
	if len(places) != len(items) || len(whys) != len(items) || len(items)+len(came["made"]) > reordersShown || len(items)+len(came["made"]) == 0 {
		return hospital.Refuse(hospital.ErrInvalid, "This address is not whole. Go back to the inventory.")
	}
	skipped, asked := map[reorder.Spot]reorder.Needless{}, make([]inventory.ItemID, len(items))
	for i := range items {
		asked[i] = inventory.ItemID(items[i])
		skipped[reorder.Spot{Item: asked[i], Place: inventory.PlaceID(places[i])}] = reorder.Needless(whys[i])
	}
	var made []reorder.ProposalID
	for _, text := range came["made"] {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return reorder.ErrUnknownProposal
		}
		made = append(made, reorder.ProposalID(n))
	}
	spots, err := d.Desk.Store.SpotsOf(ctx, asked)
	if err != nil {
		return err
	}
	var page views.ReorderedPage
	for _, one := range spots {
		if why, there := skipped[one.Spot]; there {
			one.Why = why
			page.Skipped = append(page.Skipped, one)
		}
	}
	if page.Made, err = d.Desk.Store.ProposalsNumbered(ctx, made); err != nil {
		return err
	}
	found := len(page.Skipped) + len(page.Made)
	if page.Gone = found < len(items)+len(made); found == 0 {
		return hospital.Refuse(hospital.ErrUnknown, "Nothing that this address names is there any more. Go back to the inventory.")
	}
	return d.show(c, "Reorder selected", views.Reordered(page))
}

// reordersShown bounds how many places one reorder answers for.
const reordersShown = 20 * reorder.MaxChosen

func (d *Door) stockItem(c echo.Context) error {
	page, err := d.itemPage(c.Request().Context(), inventory.ItemID(c.Param("item")), c.QueryParam("before"))
	if err != nil {
		return err
	}
	page.Actor = d.actor(c)
	return d.show(c, page.Item.Name, views.Item(page), "stock/"+string(page.Item.ID))
}

const (
	// ledgerPage is how many movements an item's page shows.
	ledgerPage = 25
	// useDays is how much use its chart shows.
	useDays = 56
	// proposalsShown is how many of an item's proposals its page shows.
	proposalsShown = 5
)

func (d *Door) itemPage(ctx context.Context, id inventory.ItemID, before string) (p views.ItemPage, err error) {
	store := d.Stock.Store
	if p.Item, err = store.FindItem(ctx, id); err != nil {
		return p, err
	}
	p.Today, p.Key = d.Stock.Today(d.Now()), rand.Text()
	if p.Balances, err = store.Balances(ctx, id); err != nil {
		return p, err
	}
	if p.Places, err = store.Places(ctx); err != nil {
		return p, err
	}
	if p.Failing, err = d.failingPlaces(ctx, p.Places); err != nil {
		return p, err
	}
	if p.Outlooks, err = store.Outlooks(ctx, id); err != nil {
		return p, err
	}
	if d.Storeroom != nil {
		if p.Instead, err = d.Storeroom.Store.Instead(ctx, id, p.Today); err != nil {
			return p, err
		}
		if p.Packings, err = d.Storeroom.Store.Packings(ctx, id); err != nil {
			return p, err
		}
	}
	seq, _ := strconv.ParseInt(before, 10, 64)
	if p.Movements, err = store.Movements(ctx, id, seq, ledgerPage); err != nil {
		return p, err
	}
	lines := make([]int64, len(p.Movements))
	for i, m := range p.Movements {
		lines[i] = m.Seq
	}
	if p.TakenBack, err = store.TakenBack(ctx, lines); err != nil {
		return p, err
	}
	if n := len(p.Movements); n == ledgerPage {
		p.Older = fmt.Sprintf("/stock/%s?before=%d#ledger", url.PathEscape(string(id)), p.Movements[n-1].Seq)
	}
	if p.Proposals, err = d.Desk.Store.ProposalsOf(ctx, id, proposalsShown); err != nil {
		return p, err
	}
	if p.Item.Supplier != "" {
		seller, err := d.Desk.Store.SupplierNamed(ctx, p.Item.Supplier)
		if err != nil {
			return p, err
		}
		p.Supplier = seller.Name
	}
	p.UseDays, err = d.useOf(ctx, id, p.Today)
	return p, err
}

// useOf is the use of the last days, oldest first; empty when there was none.
func (d *Door) useOf(ctx context.Context, id inventory.ItemID, today inventory.Date) ([]int64, error) {
	use, err := d.Stock.Store.UseByDay(ctx, id, today-useDays)
	if err != nil || len(use) == 0 {
		return nil, err
	}
	days := make([]int64, 0, useDays+1)
	for day := today - useDays; day <= today; day++ {
		days = append(days, max(use[day], 0))
	}
	return days, nil
}

// stockForm carries out one of the item page's forms; a form that is refused
// comes back with what was typed.
func (d *Door) stockForm(what string) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := inventory.ItemID(c.Param("item"))
		form := views.ItemForm{What: what, Quantity: c.FormValue("quantity"), In: c.FormValue("in"), Lot: c.FormValue("lot"), Place: c.FormValue("place"),
			To: c.FormValue("to"), Number: c.FormValue("number"), Expiry: c.FormValue("expiry"), Why: c.FormValue("why")}
		said, err := d.carryOut(c, id, form)
		if err == nil {
			d.say(c, said)
			return d.seeOther(c, "/stock/"+url.PathEscape(string(id)))
		}
		status, sentence, back := comesBack(err)
		if !back {
			return err
		}
		page, err := d.itemPage(c.Request().Context(), id, "")
		if err != nil {
			return err
		}
		form.Error = sentence
		page.Form, page.Actor = form, d.actor(c)
		return d.showAs(c, status, page.Item.Name, views.Item(page), "stock/"+string(id))
	}
}

// takeBack undoes a line of the ledger that was wrong.
func (d *Door) takeBack(c echo.Context) error {
	line, err := wholeNumber(c.FormValue("line"))
	if err != nil {
		return err
	}
	id := inventory.ItemID(c.Param("item"))
	if err := d.Stock.TakeBack(c.Request().Context(), d.actor(c), inventory.TakingBack{Item: id, Line: line, Why: c.FormValue("why"), Key: c.FormValue("key")}); err != nil {
		return d.takeBackFailed(c, id, views.LineForm{Line: line, Why: c.FormValue("why")}, err)
	}
	d.say(c, "The line was taken back.")
	return d.seeOther(c, "/stock/"+url.PathEscape(string(id))+"#ledger")
}

// takeBackFailed shows the item's page with the form of the line that came back: the ledger
// begins with that line where it is too old for the newest ones.
func (d *Door) takeBackFailed(c echo.Context, id inventory.ItemID, form views.LineForm, failure error) error {
	status, sentence, back := comesBack(failure)
	if !back {
		return failure
	}
	ctx := c.Request().Context()
	page, err := d.itemPage(ctx, id, "")
	if err == nil && !page.Shows(form.Line) {
		page, err = d.itemPage(ctx, id, strconv.FormatInt(form.Line+1, 10))
	}
	if err != nil {
		return err
	}
	form.Error = sentence
	page.Line, page.Actor = form, d.actor(c)
	return d.showAs(c, status, page.Item.Name, views.Item(page), "stock/"+string(id))
}

// comesBack says whether a refusal is one that the form itself should tell of.
func comesBack(err error) (status int, sentence string, back bool) {
	status, sentence = outcome(err)
	return status, sentence, errors.Is(err, hospital.ErrInvalid) || errors.Is(err, hospital.ErrStale)
}

// carryOut does what the form asks and answers with the sentence that says so.
func (d *Door) carryOut(c echo.Context, id inventory.ItemID, form views.ItemForm) (said string, err error) {
	ctx, by := c.Request().Context(), d.actor(c)
	quantity, words, err := d.typedAmount(ctx, id, form)
	if err != nil {
		return "", err
	}
	form.Why = strings.TrimSpace(strings.Join([]string{words, form.Why}, " "))
	t := inventory.Taking{Item: id, Place: inventory.PlaceID(form.Place), Lot: inventory.LotID(form.Lot), Quantity: quantity, Why: form.Why, Key: c.FormValue("key")}
	switch form.What {
	case "use":
		return fmt.Sprintf("%d taken.", quantity), d.Stock.Use(ctx, by, t)
	case "return":
		return fmt.Sprintf("%d put back.", quantity), d.Stock.Return(ctx, by, t)
	case "move":
		return fmt.Sprintf("%d moved.", quantity), d.Stock.Move(ctx, by, inventory.Moving{Taking: t, To: inventory.PlaceID(form.To)})
	case "count":
		return "Counted.", d.Stock.Count(ctx, by, inventory.Counting{Taking: t})
	case "discard":
		return fmt.Sprintf("%d discarded.", quantity), d.Stock.Discard(ctx, by, t)
	case "ask":
		return "Asked for. Somebody else has to approve it.", d.askFor(ctx, by, t)
	}
	expiry, err := inventory.ParseDate(form.Expiry)
	if err != nil {
		return "", hospital.Refuse(hospital.ErrInvalid, "Give the expiry as a date, or leave it empty.")
	}
	return fmt.Sprintf("%d received.", quantity), d.Stock.Receive(ctx, by, inventory.Receiving{Item: id, Place: t.Place, Number: form.Number,
		Expiry: expiry, Quantity: quantity, Why: form.Why, Key: t.Key})
}

// typedAmount is what a form asks for in units of issue: whole units, or packs.
func (d *Door) typedAmount(ctx context.Context, id inventory.ItemID, form views.ItemForm) (int64, string, error) {
	packing, _ := strconv.ParseInt(form.In, 10, 64)
	if d.Storeroom == nil || packing == 0 {
		n, err := wholeNumber(form.Quantity)
		return n, "", err
	}
	n, words, err := d.Storeroom.InUnits(ctx, id, packing, form.Quantity)
	if form.What == "discard" || form.What == "ask" || form.What == "count" {
		words = "" // there the reason is the person's own
	}
	return n, words, err
}

// wholeNumber reads a quantity that a person typed.
func wholeNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, hospital.Refuse(hospital.ErrInvalid, "A quantity is a whole number, such as 12.")
	}
	return n, nil
}

// holds lists the lots that wait for a decision.
func (d *Door) holds(c echo.Context) error {
	page, err := d.holdsPage(c)
	if err != nil {
		return err
	}
	return d.show(c, "Lots on hold", views.Holds(page), "stock")
}

func (d *Door) holdsPage(c echo.Context) (views.HoldsPage, error) {
	fridge := coldchain.FridgeID(c.QueryParam("fridge"))
	held, err := d.Stock.Store.HeldLots(c.Request().Context(), fridge)
	if err == nil {
		err = d.weigh(c.Request().Context(), held)
	}
	page := views.HoldsPage{Held: held, Fridge: string(fridge), May: d.actor(c).May(hospital.DecideLots)}
	if d.Stock.Signed && err == nil && d.actor(c).May(hospital.DecideLots) {
		page.Sign, err = d.signForm(c)
	}
	return page, err
}

// decideHold releases or discards what a hold keeps.
func (d *Door) decideHold(c echo.Context) error {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return inventory.ErrUnknownHold
	}
	id, decision, why := inventory.HoldID(n), inventory.Decision(c.FormValue("decision")), c.FormValue("why")
	waits, err := d.judgeHold(c, id, inventory.Judgement{Decision: decision, Why: why})
	if err == nil {
		said := map[inventory.Decision]string{inventory.ReleaseLot: "Released.", inventory.DiscardLot: "Discarded."}[decision]
		if waits {
			said = "Released by you. A second person must release it too before it can be used."
		}
		d.say(c, said)
		return d.seeOther(c, "/holds")
	}
	status, sentence, back := comesBack(err)
	if !back {
		return err
	}
	page, err := d.holdsPage(c)
	if err != nil {
		return err
	}
	page.Failed, page.Error, page.Decision, page.Why = id, sentence, decision, why
	return d.showAs(c, status, "Lots on hold", views.Holds(page), "stock")
}

// drawStock draws an item's numbers on its page.
func (d *Door) drawStock(ctx context.Context, key string) ([]live.Fragment, error) {
	balances, err := d.Stock.Store.Balances(ctx, inventory.ItemID(key))
	if err != nil {
		return nil, err
	}
	item, err := d.Stock.Store.FindItem(ctx, inventory.ItemID(key))
	if err != nil {
		return nil, orNothing(err)
	}
	page := views.ItemPage{Item: item, Balances: balances, Today: d.Stock.Today(d.Now())}
	return drawAll(ctx,
		leaf{"stock-" + key + "-usable", views.ItemUsable(page)},
		leaf{"stock-" + key + "-held", views.ItemHeld(page)},
		leaf{"stock-" + key + "-expired", views.ItemExpired(page)},
	)
}

// stockLine is what the home page says of supplies; nil for those who may not see them.
func (d *Door) stockLine(ctx context.Context, by hospital.Actor) (*views.StockLine, error) {
	if d.Stock == nil || d.Desk == nil || !by.May(hospital.SeeStock) {
		return nil, nil
	}
	tally, err := d.Stock.Store.Tally(ctx, d.Stock.Today(d.Now()))
	if err != nil {
		return nil, err
	}
	line := &views.StockLine{Low: tally.Low, Expiring: tally.Expiring, Held: tally.Held, MayApprove: by.May(hospital.ApproveOrders)}
	if line.Proposals, err = d.Desk.Store.CountOpen(ctx, d.Stock.Today(d.Now())); err != nil || !line.MayApprove {
		return line, err
	}
	line.Late, err = d.Desk.Store.CountLate(ctx, d.Stock.Today(d.Now()))
	return line, err
}
