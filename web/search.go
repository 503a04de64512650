package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/parlevel"
	"wardwatch/views"
)

// elsewhereEach is how many rooms, fridges, items, lots and people stand beside the equipment found.
const elsewhereEach = 6

var orderNumber = regexp.MustCompile(`^\d{4}-\d{4,}$`)

// search finds equipment by what was typed or scanned, the nearest first, and
// rooms, fridges, items, lots, orders and people of that name. A code on a box leads straight to its item.
func (d *Door) search(c echo.Context) error {
	ctx, by := c.Request().Context(), d.actor(c)
	q := tracking.Query{Text: strings.TrimSpace(c.QueryParam("q")), Status: tracking.Status(c.QueryParam("status")),
		Floor: hospital.FloorID(c.QueryParam("floor")), Room: hospital.RoomID(c.QueryParam("room")), Unit: hospital.UnitID(cmp.Or(c.QueryParam("unit"), string(by.Unit)))}
	if kind := c.QueryParam("kind"); kind != "" && q.Text == "" {
		q.Text = kind
	}
	switch id, known, err := d.Equipment.ByCode(ctx, by, q.Text); {
	case err != nil:
		return err
	case known:
		return d.seeOther(c, "/assets/"+url.PathEscape(string(id)))
	}
	if place := d.scanned(ctx, by, q.Text); place != "" {
		return d.seeOther(c, place)
	}
	page, err := d.find(ctx, by, q)
	if err != nil {
		return err
	}
	var topics []string
	for _, hit := range page.Found.Hits {
		topics = append(topics, "asset/"+string(hit.Asset.ID))
	}
	return d.show(c, "Search", views.Search(page), topics...)
}

func (d *Door) find(ctx context.Context, by hospital.Actor, q tracking.Query) (page views.SearchPage, err error) {
	page = views.SearchPage{Query: q, House: d.house(), Asked: q.Text != ""}
	if page.Found, err = d.Equipment.Search(ctx, by, q); err != nil {
		return page, err
	}
	if page.Elsewhere, err = d.elsewhere(ctx, by, q.Text); err != nil || !page.Found.NoneFree || d.Levels == nil {
		return page, err
	}
	levels, err := d.Levels.Overview(ctx, by)
	page.Holders = parlevel.Holders(levels.Lines, page.Found.Kinds)
	return page, err
}

const (
	// leastAsked is how many letters are looked up while somebody types.
	leastAsked = 2
	// answerHits is how many pieces of equipment show below the box, and answersMost how much in all.
	answerHits, answersMost = 5, 9
)

// answersSoon are the first few that are found while somebody types; nothing below leastAsked.
func (d *Door) answersSoon(c echo.Context) error {
	text, by := strings.TrimSpace(c.QueryParam("q")), d.actor(c)
	if len([]rune(text)) < leastAsked {
		return d.part(c, http.StatusOK, views.FoundSoFar(views.SearchPage{}))
	}
	page, err := d.find(c.Request().Context(), by, tracking.Query{Text: text, Unit: by.Unit})
	if err != nil {
		return err
	}
	page.Found.Hits = page.Found.Hits[:min(answerHits, len(page.Found.Hits))]
	page.Elsewhere = page.Elsewhere[:min(answersMost-len(page.Found.Hits), len(page.Elsewhere))]
	return d.part(c, http.StatusOK, views.FoundSoFar(page))
}

// scan is the page for a hand scanner.
func (d *Door) scan(c echo.Context) error {
	return d.show(c, "Scan", views.ScanPage(d.Stock != nil && d.actor(c).May(hospital.SeeStock)))
}

// scanned is where a code that can mean one thing only leads; empty for any other text.
func (d *Door) scanned(ctx context.Context, by hospital.Actor, text string) string {
	if orderNumber.MatchString(text) && d.Desk != nil && by.May(hospital.SeeOrders) {
		if order, err := d.Desk.Store.FindOrder(ctx, text); err == nil {
			return "/orders/" + order.Number
		}
	}
	if d.Stock == nil || !by.May(hospital.SeeStock) {
		return ""
	}
	if code, is := reorder.BinCode(text); is {
		return "/stock/bins/" + url.PathEscape(code)
	}
	scan, err := d.Stock.Read(ctx, text, d.Now())
	if err != nil {
		return "" // words, or a code of something else: the search says so
	}
	return "/stock/" + url.PathEscape(string(scan.Item.ID))
}

// elsewhere are rooms, fridges, items, lots and people whose name contains the text, as
// far as this person may see them.
func (d *Door) elsewhere(ctx context.Context, by hospital.Actor, text string) (lines []views.Elsewhere, err error) {
	if len([]rune(text)) < 2 {
		return nil, nil
	}
	house := d.house()
	for _, room := range house.Rooms {
		if len(lines) < elsewhereEach && contains(room.Name, text) {
			lines = append(lines, views.Elsewhere{Icon: "map-pin", Label: room.Name, About: house.FloorName(room.ID), Href: "/rooms/" + url.PathEscape(string(room.ID))})
		}
	}
	fridges, err := d.fridgesNamed(ctx, by, text)
	if err != nil {
		return nil, err
	}
	items, err := d.itemsNamed(ctx, by, text)
	if err != nil {
		return nil, err
	}
	lots, err := d.lotsNumbered(ctx, by, text)
	if err != nil {
		return nil, err
	}
	people, err := d.peopleNamed(ctx, by, text)
	return slices.Concat(lines, fridges, items, lots, people), err
}

func contains(name, text string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(text))
}

func (d *Door) fridgesNamed(ctx context.Context, by hospital.Actor, text string) (lines []views.Elsewhere, err error) {
	if d.ColdChain == nil || !by.May(hospital.SeeColdChain) {
		return nil, nil
	}
	fridges, err := d.ColdChain.Whereabouts(ctx)
	directory := d.Register.Current()
	for _, f := range fridges {
		if len(lines) < elsewhereEach && contains(f.Name, text) {
			room, _ := directory.Room(f.Room)
			lines = append(lines, views.Elsewhere{Icon: "refrigerator", Label: f.Name, About: room.Name, Href: "/fridges/" + url.PathEscape(string(f.ID))})
		}
	}
	return lines, err
}

func (d *Door) itemsNamed(ctx context.Context, by hospital.Actor, text string) (lines []views.Elsewhere, err error) {
	if d.Stock == nil || !by.May(hospital.SeeStock) {
		return nil, nil
	}
	items, _, err := d.Stock.Store.Lines(ctx, inventory.Query{Text: text, Today: d.Stock.Today(d.Now())})
	for _, line := range items[:min(elsewhereEach, len(items))] {
		about, err := d.usableOrInstead(ctx, line)
		if err != nil {
			return nil, err
		}
		lines = append(lines, views.Elsewhere{Icon: "package", Label: line.Item.Name, About: about,
			Href: "/stock/" + url.PathEscape(string(line.Item.ID))})
	}
	return lines, err
}

// usableOrInstead says how much of an item is usable, and what else there is where it is out.
func (d *Door) usableOrInstead(ctx context.Context, line inventory.Line) (string, error) {
	about := views.Quantity(line.Usable(), line.Item.Unit) + " usable"
	if line.Usable() > 0 || d.Storeroom == nil {
		return about, nil
	}
	instead, err := d.Storeroom.Store.Instead(ctx, line.Item.ID, d.Stock.Today(d.Now()))
	for _, other := range instead {
		if other.Usable() > 0 {
			return about + "; instead: " + other.Item.Name + ", " + views.Quantity(other.Usable(), other.Item.Unit), err
		}
	}
	return about, err
}

// lotsNumbered are the lots whose number begins with the text.
func (d *Door) lotsNumbered(ctx context.Context, by hospital.Actor, text string) (lines []views.Elsewhere, err error) {
	if d.Stock == nil || !by.May(hospital.SeeStock) {
		return nil, nil
	}
	lots, err := d.Stock.Store.LotsNumbered(ctx, text, elsewhereEach)
	for _, lot := range lots {
		lines = append(lines, views.Elsewhere{Icon: "tag", Label: "Lot " + lot.Number, About: lot.ItemName + ", expires " + views.DateWord(lot.Expiry),
			Href: "/stock/" + url.PathEscape(string(lot.Item))})
	}
	return lines, err
}

// peopleNamed are colleagues, for who looks after their accounts.
func (d *Door) peopleNamed(ctx context.Context, by hospital.Actor, text string) (lines []views.Elsewhere, err error) {
	if d.People == nil || !by.May(hospital.ManagePeople) {
		return nil, nil
	}
	people, err := d.People.Porter.People(ctx, by)
	for _, person := range people {
		if len(lines) < elsewhereEach && (contains(person.Name, text) || contains(person.Email, text)) {
			lines = append(lines, views.Elsewhere{Icon: "user", Label: person.Name, About: person.Email, Href: "/admin/people/" + url.PathEscape(string(person.ID))})
		}
	}
	return lines, err
}
