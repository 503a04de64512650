package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// Cards that set what is done with the next scans: with them somebody receives, uses,
// moves and counts with the scanner alone. Their codes are plain text, so that every
// scanner reads them: WW-DO-USE, WW-AT-store, WW-TO-ward, WW-N-12, WW-WHY-3.
const (
	cardDo, cardAt, cardTo, cardNumber, cardWhy = "WW-DO-", "WW-AT-", "WW-TO-", "WW-N-", "WW-WHY-"
	// maxCardPlaces is how many places have cards on the sheet.
	maxCardPlaces = 200
)

// cardNumbers are the quantities that have cards; 0 is "as the code says".
var cardNumbers = []int{0, 1, 2, 5, 10, 20, 50, 100}

// cardOf is what stands behind a card's beginning; scanners may change the case.
func cardOf(code, beginning string) (string, bool) {
	code = strings.TrimSpace(code)
	if len(code) <= len(beginning) || !strings.EqualFold(code[:len(beginning)], beginning) {
		return "", false
	}
	return code[len(beginning):], true
}

// scanSetting takes a card: it changes what the page is set to and books nothing. false
// for any other code.
func (d *Door) scanSetting(c echo.Context, page *views.StockScanPage) (said string, is bool, err error) {
	if task, is := cardOf(page.Code, cardDo); is {
		page.Task = inventory.ScanTask(strings.ToLower(task))
		if !slices.ContainsFunc(views.ScanTasks(d.actor(c)), func(o views.Option) bool { return o.Value == string(page.Task) }) {
			return "", false, hospital.Refuse(hospital.ErrInvalid, "This card is for something that your role does not do.")
		}
		return views.ScanTaskSaid(page.Task), true, nil
	}
	if n, is := cardOf(page.Code, cardNumber); is {
		number, err := wholeNumber(n)
		if page.Quantity = strconv.FormatInt(number, 10); number == 0 {
			page.Quantity = ""
		}
		return "Quantity: " + views.NumberOr(page.Quantity, "as the code says") + ".", err == nil, err
	}
	if n, is := cardOf(page.Code, cardWhy); is {
		reasons := inventory.CountReasons()
		at, err := strconv.Atoi(n)
		if err != nil || at < 1 || at > len(reasons) {
			return "", false, hospital.Refuse(hospital.ErrInvalid, "This card is of no reason that is known here.")
		}
		page.Why = reasons[at-1]
		return "Reason: " + page.Why + ".", true, nil
	}
	return d.scanPlace(c, page)
}

// scanPlace takes the card of a place.
func (d *Door) scanPlace(c echo.Context, page *views.StockScanPage) (said string, is bool, err error) {
	for beginning, into := range map[string]*inventory.PlaceID{cardAt: &page.Place, cardTo: &page.To} {
		id, is := cardOf(page.Code, beginning)
		if !is {
			continue
		}
		places, err := d.Stock.Store.Places(c.Request().Context())
		if err != nil {
			return "", false, err
		}
		at := slices.IndexFunc(places, func(p inventory.Place) bool { return strings.EqualFold(string(p.ID), id) })
		if at < 0 {
			return "", false, hospital.Refuse(inventory.ErrUnknownPlace, "This card is of no place that is known here.")
		}
		*into = places[at].ID
		if beginning == cardTo {
			return "Move to: " + places[at].Name + ".", true, nil
		}
		return "Place: " + places[at].Name + ".", true, nil
	}
	return "", false, nil
}

// settingsOf are the page's settings, as its address keeps them.
func settingsOf(p views.StockScanPage) url.Values {
	all := url.Values{"task": {string(p.Task)}, "place": {string(p.Place)}, "to": {string(p.To)}}
	for name, value := range map[string]string{"quantity": p.Quantity, "why": p.Why, "kind": p.Kind} {
		if value != "" {
			all.Set(name, value)
		}
	}
	return all
}

// scanCards is the sheet of cards, to be printed and hung where stock is booked.
func (d *Door) scanCards(c echo.Context) error {
	places, err := d.Stock.Store.Places(c.Request().Context())
	if err != nil {
		return err
	}
	var cards []views.ScanCard
	add := func(about, name, code string) {
		cards = append(cards, views.ScanCard{About: about, Name: name, Code: code})
	}
	for _, task := range views.ScanTasks(d.actor(c)) {
		add("What to do", task.Label, cardDo+strings.ToUpper(task.Value))
	}
	for _, n := range cardNumbers {
		add("Quantity", views.NumberOr(map[bool]string{true: "", false: strconv.Itoa(n)}[n == 0], "as the code says"), fmt.Sprint(cardNumber, n))
	}
	for i, reason := range inventory.CountReasons() {
		add("Reason", reason, fmt.Sprint(cardWhy, i+1))
	}
	for _, place := range places[:min(len(places), maxCardPlaces)] {
		add("Place", place.Name, cardAt+string(place.ID))
		add("Move to", place.Name, cardTo+string(place.ID))
	}
	for i := range cards {
		if cards[i].Path, cards[i].Side, err = qrPath(cards[i].Code); err != nil {
			return err
		}
	}
	return d.show(c, "Cards for the scanner", views.ScanCards(cards))
}
