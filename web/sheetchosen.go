package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// choice is one thing by which a list was narrowed, as the head of its paper tells it: a title
// of ours, or none, and what was chosen, which is a day, a word of ours, or was typed.
type choice struct {
	title string
	value any
}

// stretch is a time as its first and its last day; either may be the zero time, for no end.
type stretch struct{ from, last time.Time }

// chosen is by what a list was narrowed: of two papers with the same title nobody could say
// later which was the fridge's of March.
func (d *Door) chosen(c echo.Context, list string) ([]choice, error) {
	switch list {
	case "readings", "excursions", "forewarnings":
		return d.fridgeChosen(c, list == "readings")
	case "cold-chain-compliance":
		period, err := coldchain.ParsePeriod(d.periodAsked(c), d.Register.Current().Site.Location())
		return []choice{{"", stretch{period.From, period.To().Add(-time.Second)}}}, err
	case "ledger":
		days, err := d.daysChosen(c)
		return append(typedChoices(c, choice{"Item", "item"}), days...), err
	case "fleet-use", "fleet-size", "fleet-rooms", "fleet-idle", "fleet-lost", "fleet-near":
		return d.fleetChosen(c, list)
	case "equipment":
		floor, _ := d.house().Floor(hospital.FloorID(c.QueryParam("floor")))
		return kept(append(typedChoices(c, choice{"Kind", "kind"}), choice{"Floor", floor.Name})...), nil
	case "worklist":
		return kept(choice{"Near", d.house().RoomName(hospital.RoomID(c.QueryParam("room")))}), nil
	case "inventory":
		return linesChosen(d.stockQuery(c)), nil
	case "stock-health-days":
		return []choice{{"", d.lastDays(healthDays(c))}}, nil
	case "use-and-waste", "use-and-waste-items":
		return []choice{{"", d.lastDays(usageDays(c))}}, nil
	case "orders":
		return kept(choice{"Status", ours(c.QueryParam("status"))}), nil
	}
	return typedChoices(c, choice{"Item", "item"}, choice{"Thing", "subject"}), nil
}

// fridgeChosen are the fridge and the days of what is told of fridges.
func (d *Door) fridgeChosen(c echo.Context, bounded bool) (all []choice, err error) {
	if id := coldchain.FridgeID(c.QueryParam("fridge")); id != "" {
		s, err := d.ColdChain.Standing(c.Request().Context(), id, d.Now())
		if err != nil {
			return nil, err
		}
		all = append(all, choice{"Fridge", s.Fridge.Name})
	}
	days, err := d.daysChosen(c)
	if len(days) == 0 && bounded {
		days = []choice{{"", stretch{d.Now().Add(-filesKept), d.Now()}}}
	}
	return append(all, days...), err
}

func (d *Door) daysChosen(c echo.Context) ([]choice, error) {
	from, to, err := d.typedStretch(c)
	if err != nil || from.IsZero() && to.IsZero() {
		return nil, err
	}
	if !to.IsZero() {
		to = to.Add(-time.Second) // the last day is a whole one
	}
	return []choice{{"", stretch{from, to}}}, nil
}

func (d *Door) fleetChosen(c echo.Context, list string) ([]choice, error) {
	usual := map[string]int{"fleet-idle": idleDays, "fleet-lost": lostDays, "fleet-near": nearDays}[list]
	if usual == 0 {
		usual = fleetDays
	}
	ask, zone := d.fleetAsk(c, usual), d.Register.Current().Site.Location()
	from, err := time.ParseInLocation(time.DateOnly, ask.From, zone)
	if err != nil {
		return nil, err
	}
	last, err := time.ParseInLocation(time.DateOnly, ask.To, zone)
	days := choice{"", stretch{from, last}}
	unit, _ := d.house().Unit(ask.Unit)
	switch list {
	case "fleet-use":
		return kept(days, choice{"Kind", ask.Kind}, choice{"Unit", unit.Name}), err
	case "fleet-rooms":
		return kept(days, choice{"Kind", ask.Kind}), err
	case "fleet-idle", "fleet-lost":
		return kept(choice{"Days", strconv.Itoa(ask.Days)}), nil
	case "fleet-near":
		return kept(choice{"", stretch{d.nearFrom(ask), d.Now()}}, choice{"Room", d.house().RoomName(ask.Room)}), nil
	}
	return kept(days), err
}

func linesChosen(q inventory.Query) []choice {
	shown := map[inventory.Filter]ours{inventory.Low: "Low", inventory.Expiring: "Expires within 30 days", inventory.OnHold: "On hold", inventory.Expired: "Expired"}
	return kept(choice{"", shown[q.Filter]}, choice{"Search", q.Text}, choice{"Supplier", string(q.Supplier)})
}

func (d *Door) lastDays(days int) stretch {
	return stretch{d.Now().AddDate(0, 0, 1-days), d.Now()}
}

// typedChoices are what an address names, each by its title and the name of its field.
func typedChoices(c echo.Context, asked ...choice) (all []choice) {
	for _, ask := range asked {
		all = append(all, choice{ask.title, c.QueryParam(ask.value.(string))})
	}
	return kept(all...)
}

// kept leaves out what was not chosen.
func kept(all ...choice) (some []choice) {
	for _, one := range all {
		if one.value != "" && one.value != ours("") {
			some = append(some, one)
		}
	}
	return some
}

// toldChoices is the line of a paper's head, worded as its reader reads; "" for all there is.
func toldChoices(all []choice, zone *time.Location, say func(string) string) string {
	var parts []string
	for _, one := range all {
		told := ""
		switch v := one.value.(type) {
		case stretch:
			told = say(v.told(zone))
		case ours:
			told = say(string(v))
		case string:
			told = v
		}
		if one.title != "" {
			told = say(one.title) + ": " + told
		}
		parts = append(parts, told)
	}
	return strings.Join(parts, " · ")
}

// told is "from 1 Mar 2026 to 31 Mar 2026", or the only day of it.
func (s stretch) told(zone *time.Location) string {
	from, last := s.from.In(zone).Format("2 Jan 2006"), s.last.In(zone).Format("2 Jan 2006")
	switch {
	case s.last.IsZero():
		return "from " + from
	case s.from.IsZero():
		return "until " + last
	case from == last:
		return from
	}
	return "from " + from + " to " + last
}
