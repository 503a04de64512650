package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/maintain"
	"wardwatch/tracking/notify"
	"wardwatch/tracking/parlevel"
	"wardwatch/views"
	"wardwatch/web/live"
)

// homeKinds is how many kinds of equipment the home page counts.
const homeKinds = 8

// homeEvery is how often its counts are made anew at most: they are for planning, not for watching.
const homeEvery = time.Second

// wholeHouse is the key of the topic that counts equipment everywhere.
const wholeHouse = "all"

// home is the first page: search, and what this person's role looks at first.
func (d *Door) home(c echo.Context) error {
	ctx, by, directory := c.Request().Context(), d.actor(c), d.Register.Current()
	unit, _ := directory.Unit(by.Unit)
	page := views.HomeProps{Actor: by, Unit: unit.Name, Now: d.Now().In(directory.Site.Location()), Start: len(directory.Rooms) == 0, Tour: d.Demo != nil}
	var topics []string
	if d.Equipment != nil && by.May(hospital.SeeEquipment) {
		counts, err := d.Equipment.FreeByKind(ctx, by, unit.ID)
		if err == nil && len(counts) == 0 && unit.ID != "" { // an office has no pumps of its own
			unit, page.Unit = hospital.Unit{}, ""
			counts, err = d.Equipment.FreeByKind(ctx, by, "")
		}
		if err != nil {
			return err
		}
		page.Kinds = kindTiles(counts)
		topics = append(topics, equipmentTopic(unit.ID))
	}
	if d.ColdChain != nil && by.May(hospital.SeeColdChain) {
		board, err := d.ColdChain.Board(ctx, d.Now())
		if err != nil {
			return err
		}
		page.Fridges = board
		topics = append(topics, coldchain.Topic)
	}
	var err error
	page.House = d.house()
	if err := d.unitAtHome(ctx, by, &page); err != nil {
		return err
	}
	if page.Board != nil || len(page.Tasks) > 0 {
		topics = append(topics, parlevel.Topic)
	}
	if page.Service, err = d.serviceAtHome(ctx, by); err != nil {
		return err
	}
	if page.SetUp, err = d.setUp(ctx, by); err != nil {
		return err
	}
	stock, err := d.stockLine(ctx, by)
	if err != nil {
		return err
	}
	page.Stock = stock
	if d.ColdChain != nil && d.Alarms != nil && by.Is(hospital.Pharmacist) {
		if page.Needs, err = d.needs(ctx); err != nil {
			return err
		}
		topics = append(topics, needs)
	}
	if stock != nil {
		topics = append(topics, supplies)
	}
	return d.show(c, "Home", views.Home(page), topics...)
}

// kindTiles are the kinds that there are most of, in a steady order: a tile must
// not change its place under a finger.
func kindTiles(counts []tracking.KindCount) []views.KindFree {
	counts = slices.Clone(counts)
	slices.SortStableFunc(counts, func(a, b tracking.KindCount) int { return b.Total - a.Total })
	var tiles []views.KindFree
	for _, count := range counts[:min(homeKinds, len(counts))] {
		tiles = append(tiles, views.KindFree{Kind: count.Kind, Key: slug(count.Kind), Free: count.Free, Total: count.Total})
	}
	return tiles
}

// slug makes a name fit for an id: "IV pump" is "iv-pump".
func slug(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}

func equipmentTopic(unit hospital.UnitID) string {
	if unit == "" {
		unit = wholeHouse
	}
	return "equipment/" + string(unit)
}

// Topics that nobody announces: they follow from others.
const (
	supplies  = "supplies"  // what the home page counts of stock
	approvals = "approvals" // how many orders wait for whoever may approve
	needs     = "needs"     // what the home page counts for a pharmacist
	// houseTopic is what the map of all floors counts.
	houseTopic = "house"
)

// derived are the topics that change because others did: whatever moves or
// changes its state may change every unit's counts.
func (d *Door) derived(changed []string) (also []string) {
	equipment, units, stock, orders, cold, waits := false, false, false, false, false, false
	for _, topic := range changed {
		kind, _, _ := strings.Cut(topic, "/")
		equipment = equipment || kind == "asset" || kind == "room" || kind == "floor"
		units = units || equipment || topic == parlevel.Topic || topic == maintain.Topic
		stock = stock || kind == "stock"
		orders = orders || topic == "proposals" || kind == "order"
		cold = cold || topic == coldchain.Topic
		waits = waits || topic == notify.Topic || topic == coldchain.Topic
	}
	if equipment {
		also = append(also, equipmentTopic(""), houseTopic, parlevel.Topic)
		for _, unit := range d.Register.Current().Units {
			also = append(also, equipmentTopic(unit.ID))
		}
	}
	if cold {
		also = append(also, wallTopic)
	}
	if waits {
		also = append(also, needs)
	}
	also = append(also, d.displayTopics(equipment, orders)...)
	also = append(also, d.unitTopics(units, cold)...)
	if stock || orders {
		also = append(also, supplies)
	}
	if orders {
		also = append(also, approvals)
	}
	return also
}

// homeSources are the leaves of the home page, and the rail's count of orders.
func (d *Door) homeSources() (sources []live.Source) {
	if d.Equipment != nil {
		sources = append(sources, live.Source{Prefix: "equipment/", Permission: hospital.SeeEquipment, Every: homeEvery, Render: d.drawKinds})
	}
	if d.Stock != nil && d.Desk != nil {
		sources = append(sources,
			live.Source{Prefix: supplies, Permission: hospital.SeeStock, Every: homeEvery, Render: d.drawSupplies},
			live.Source{Prefix: approvals, Permission: hospital.ApproveOrders, Every: homeEvery, Render: d.drawApprovals})
	}
	if d.ColdChain != nil && d.Alarms != nil {
		sources = append(sources, live.Source{Prefix: needs, Permission: hospital.ManageColdChain, Every: homeEvery, Render: d.drawNeeds})
	}
	return sources
}

// needs counts what waits for a pharmacist.
func (d *Door) needs(ctx context.Context) (*views.Needs, error) {
	standing, err := d.Alarms.Standing(ctx)
	if err != nil {
		return nil, err
	}
	missing, err := d.ColdChain.MissingChecks(ctx, d.Now())
	return &views.Needs{Alarms: standing.Waiting, Checks: len(missing)}, err
}

func (d *Door) drawNeeds(ctx context.Context, _ string) ([]live.Fragment, error) {
	n, err := d.needs(ctx)
	if err != nil {
		return nil, err
	}
	return drawAll(ctx, slices.Concat(
		homeLeaves("home-alarms", n.Alarms),
		homeLeaves("home-checks", n.Checks))...)
}

// homeLeaves are the number and the words of a tile: "1 alarm", "2 alarms".
func homeLeaves(id string, count int) []leaf {
	return []leaf{{id, views.HomeCount(id, count)}, {id + "-label", views.HomeLabel(id, count)}}
}

func (d *Door) drawSupplies(ctx context.Context, _ string) ([]live.Fragment, error) {
	line, err := d.stockLine(ctx, onlooker)
	if err != nil {
		return nil, err
	}
	return drawAll(ctx, slices.Concat(
		homeLeaves("home-low", line.Low),
		homeLeaves("home-expiring", line.Expiring),
		homeLeaves("home-held", line.Held),
		homeLeaves("home-decide", line.Held))...)
}

func (d *Door) drawApprovals(ctx context.Context, _ string) ([]live.Fragment, error) {
	open, err := d.Desk.Store.CountOpen(ctx, d.Stock.Today(d.Now()))
	if err != nil {
		return nil, err
	}
	late, err := d.Desk.Store.CountLate(ctx, d.Stock.Today(d.Now()))
	if err != nil {
		return nil, err
	}
	return drawAll(ctx, slices.Concat(
		homeLeaves("home-late", late),
		[]leaf{{"rail-orders", views.NavCount("rail-orders", open, false)}},
		homeLeaves("home-proposals", open))...)
}

func (d *Door) drawKinds(ctx context.Context, key string) ([]live.Fragment, error) {
	unit := hospital.UnitID(key)
	if key == wholeHouse {
		unit = ""
	}
	counts, err := d.Equipment.FreeByKind(ctx, onlooker, unit)
	if err != nil {
		return nil, err
	}
	var fragments []live.Fragment
	for _, tile := range kindTiles(counts) {
		fragment, err := live.Draw(ctx, "free-"+tile.Key, views.KindCount(tile))
		if err != nil {
			return nil, err
		}
		fragments = append(fragments, fragment)
	}
	return fragments, nil
}
