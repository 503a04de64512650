package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
	"wardwatch/tracking/ingest"
	"wardwatch/tracking/ingest/gateway"
	"wardwatch/views"
)

const (
	startPath = "/admin/start"
	// startAssets is among how many pieces the set-up looks for one that is located.
	startAssets = 50
	// maxStartRooms is how many rooms the set-up takes at once.
	maxStartRooms = 200
)

// startSteps are the steps in their order.
var startSteps = []string{"house", "gateway", "asset", "fridge", "item"}

func (d *Door) firstRunRoutes() []route {
	if !d.setsUp() {
		return nil
	}
	return []route{
		{get, startPath, hospital.ManageHospital, d.start},
		{post, startPath + "/:step", hospital.ManageHospital, d.takeStart},
	}
}

func (d *Door) start(c echo.Context) error {
	return d.showStart(c, http.StatusOK, views.StartPage{Open: c.QueryParam("step")})
}

func (d *Door) showStart(c echo.Context, status int, page views.StartPage) (err error) {
	if page.Steps, err = d.startSteps(c.Request().Context(), d.actor(c)); err != nil {
		return err
	}
	if !slices.Contains(startSteps, page.Open) {
		page.Open = ""
		for _, s := range page.Steps {
			if !s.Done && !s.Entered {
				page.Open = s.ID
				break
			}
		}
	}
	if !page.Steps[0].Done { // everything else stands in a room
		page.Open = "house"
	}
	page.House, page.Makes, page.Profiles = d.house(), document.GatewayMakes(), document.Profiles()
	if d.Desk != nil {
		if page.Sellers, err = d.Desk.Store.Sellers(c.Request().Context()); err != nil {
			return err
		}
	}
	return d.showAs(c, status, "Set up", views.Start(page))
}

// setUp is how far the set-up is, for whoever does it and while it is not done: what was
// found done once is not looked at again.
func (d *Door) setUp(ctx context.Context, by hospital.Actor) (views.SetUp, error) {
	if d.setUpDone.Load() || !d.setsUp() || !by.May(hospital.ManageHospital) {
		return views.SetUp{}, nil
	}
	steps, err := d.startSteps(ctx, by)
	if err != nil {
		return views.SetUp{}, err
	}
	done := views.StartPage{Steps: steps}.StartDone()
	d.setUpDone.Store(done == len(steps))
	return views.SetUp{Done: done, Steps: len(steps)}, nil
}

// setsUp says whether this house has all that the set-up leads to.
func (d *Door) setsUp() bool {
	return d.Administration != nil && d.Devices != nil && d.Stock != nil && d.ColdChain != nil && d.Lists != nil
}

// startSteps tells each step from what there is.
func (d *Door) startSteps(ctx context.Context, by hospital.Actor) ([]views.StartStep, error) {
	directory := d.Register.Current()
	house := views.StartStep{ID: "house", Title: "The house", About: "A floor, a unit and its rooms.", Done: len(directory.Rooms) > 0}
	if house.Done {
		house.Says, house.Href = views.Plural(len(directory.Rooms), "room", "rooms")+" entered.", "/floors"
	}
	steps := []views.StartStep{house}
	for _, tell := range []func(context.Context, hospital.Actor) (views.StartStep, error){d.startGateway, d.startAsset, d.startFridge, d.startItem} {
		step, err := tell(ctx, by)
		if err != nil {
			return nil, fmt.Errorf("set-up: %w", err)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func (d *Door) startGateway(ctx context.Context, by hospital.Actor) (views.StartStep, error) {
	step := views.StartStep{ID: "gateway", Title: "The first gateway", About: "It hears tags and probes, and tells us."}
	lines, err := d.Devices.Gateways(ctx, by)
	if err != nil || len(lines) == 0 {
		return step, err
	}
	step.Entered, step.Href = true, setupOf(lines[0].ID)
	step.Says = "Make its token on its page, and enter it in the gateway."
	for _, line := range lines {
		if !line.State.LastHeard.IsZero() && line.Condition != ingest.NeverHeard {
			step.Done, step.Says, step.Href = true, line.Name+" is heard.", setupOf(line.ID)
		}
	}
	return step, nil
}

func (d *Door) startAsset(ctx context.Context, _ hospital.Actor) (views.StartStep, error) {
	step := views.StartStep{ID: "asset", Title: "The first asset", About: "Equipment with a tag, found by its room."}
	assets, err := d.Lists.Assets(ctx, tracking.Selection{}, startAssets)
	if err != nil || len(assets) == 0 {
		return step, err
	}
	step.Entered, step.Href, step.Says = true, "/assets/"+url.PathEscape(string(assets[0].ID)), "No tag was heard in a room yet."
	for _, a := range assets {
		if a.Place.Known() {
			room, _ := d.Register.Current().Room(a.Place.Room)
			step.Done, step.Href, step.Says = true, "/assets/"+url.PathEscape(string(a.ID)), a.Name+" was seen in "+room.Name+"."
		}
	}
	return step, nil
}

func (d *Door) startFridge(ctx context.Context, _ hospital.Actor) (views.StartStep, error) {
	step := views.StartStep{ID: "fridge", Title: "The first fridge", About: "A fridge with a probe in it."}
	board, err := d.ColdChain.Board(ctx, d.Now())
	if err != nil || len(board) == 0 {
		return step, err
	}
	step.Entered, step.Href, step.Says = true, "/fridges/"+url.PathEscape(string(board[0].Fridge.ID)), "Its probe has told nothing yet."
	for _, s := range board {
		if !s.Last.At.IsZero() {
			step.Done, step.Href, step.Says = true, "/fridges/"+url.PathEscape(string(s.Fridge.ID)), s.Fridge.Name+" is at "+views.Temperature(s.Last.Temp)+"."
		}
	}
	return step, nil
}

func (d *Door) startItem(ctx context.Context, _ hospital.Actor) (views.StartStep, error) {
	step := views.StartStep{ID: "item", Title: "The first item", About: "Something that is held, used up and ordered again."}
	told, err := d.Stock.Store.Health(ctx, d.Stock.Today(d.Now()))
	if err == nil && told.Items > 0 {
		step.Done, step.Says, step.Href = true, views.Plural(told.Items, "item", "items")+" entered.", "/stock"
	}
	return step, err
}

// takeStart takes a step's form: it adds to the hospital's document and takes that in.
func (d *Door) takeStart(c echo.Context) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	for name, values := range typed {
		for i, v := range values {
			typed[name][i] = strings.TrimSpace(v)
		}
	}
	step := c.Param("step")
	add, next, said := startDeed(step, typed)
	if add == nil {
		return hospital.Refuse(hospital.ErrUnknown, "There is no such step.")
	}
	var wrong string
	if directory := d.Register.Current(); len(directory.Floors) == 0 && len(directory.Units) == 0 { // nothing was ever taken in
		wrong, err = d.begin(c, add)
	} else {
		wrong, err = d.change(c, add)
	}
	if err != nil {
		return err
	}
	if wrong != "" {
		return d.showStart(c, http.StatusUnprocessableEntity, views.StartPage{Open: step, Typed: typed, Error: wrong})
	}
	d.say(c, said)
	return d.seeOther(c, next)
}

// begin is change for a house in which there is nothing yet.
func (d *Door) begin(c echo.Context, alter func(*document.Document) error) (wrong string, err error) {
	doc := document.Document{Format: document.Format}
	if err := alter(&doc); err != nil {
		return hospital.Sentence(err), nil
	}
	return d.takeDocument(c, doc)
}

// startDeed is what a step adds, where it leads next and what is said; nil for no such step.
func startDeed(step string, typed url.Values) (add func(*document.Document) error, next, said string) {
	switch step {
	case "house":
		return func(doc *document.Document) error { return addHouse(doc, typed) }, startPath, "The house is entered."
	case "gateway":
		id := hospital.GatewayID(gateway.Identity(typed.Get("id")))
		return func(doc *document.Document) error {
			doc.Gateways = append(doc.Gateways, document.Gateway{ID: id, Name: typed.Get("name"), Make: typed.Get("make"), Room: hospital.RoomID(typed.Get("room"))})
			return nil
		}, setupOf(id), typed.Get("name") + " is entered. It needs a token to speak; then go on with the set-up."
	case "asset":
		return func(doc *document.Document) error {
			doc.Assets = append(doc.Assets, document.Asset{ID: typed.Get("id"), Kind: typed.Get("kind"), Name: views.Capital(typed.Get("kind")) + " " + typed.Get("id"),
				Tags: []document.Tag{{ID: typed.Get("tag")}}})
			return nil
		}, startPath, typed.Get("id") + " is entered. It appears in a room as soon as its tag is heard there."
	case "fridge":
		id := freshID(typed.Get("name"))
		return func(doc *document.Document) error {
			doc.Fridges = append(doc.Fridges, document.Fridge{ID: id, Name: typed.Get("name"), Profile: typed.Get("profile"), Room: hospital.RoomID(typed.Get("room")),
				Sensors: []document.Sensor{{ID: typed.Get("sensor")}}})
			return nil
		}, "/fridges/" + url.PathEscape(id), typed.Get("name") + " is watched as soon as its probe is heard. Go on under Administration, Set up."
	case "item":
		said = typed.Get("name") + " is entered."
		if typed.Get("supplier")+typed.Get("seller") == "" {
			said = typed.Get("name") + " is entered. Nobody sells it yet: whoever orders supplies chooses a supplier on its page."
		}
		return func(doc *document.Document) error { return addItem(doc, typed) }, startPath, said
	}
	return nil, "", ""
}

// freshID makes an identifier of a name; "x" where a name has no letter that one can hold.
func freshID(name string) string {
	if id := slug(name); id != "" {
		return id
	}
	return "x"
}

// addHouse adds a floor with a unit and its rooms.
func addHouse(doc *document.Document, typed url.Values) error {
	rooms := strings.FieldsFunc(typed.Get("rooms"), func(r rune) bool { return r == '\n' || r == '\r' })
	rooms = slices.DeleteFunc(rooms, func(name string) bool { return strings.TrimSpace(name) == "" })
	if len(rooms) == 0 || len(rooms) > maxStartRooms {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Name 1 to %d rooms, one a line.", maxStartRooms))
	}
	if doc.Site.ID == "" {
		doc.Site = document.Site{ID: hospital.SiteID(freshID(typed.Get("site"))), Name: typed.Get("site"), Zone: typed.Get("zone")}
	}
	building, floor, unit := hospital.BuildingID("main"), hospital.FloorID(freshID(typed.Get("floor"))), hospital.UnitID(freshID(typed.Get("unit")))
	doc.Buildings = append(doc.Buildings, document.Building{ID: building, Name: "Main building"})
	doc.Floors = append(doc.Floors, document.Floor{ID: floor, Building: building, Name: typed.Get("floor"), WidthMetres: 40, HeightMetres: 20})
	doc.Units = append(doc.Units, document.Unit{ID: unit, Name: typed.Get("unit")})
	for _, name := range rooms {
		name = strings.TrimSpace(name)
		doc.Rooms = append(doc.Rooms, document.Room{ID: hospital.RoomID(string(floor) + "-" + freshID(name)), Floor: floor, Unit: unit, Name: name, Kind: hospital.KindNamed(name)})
	}
	return nil
}

// sellerOf is who was chosen to sell an item, or the new supplier that was typed, which it
// adds; empty where there is neither.
func sellerOf(doc *document.Document, typed url.Values) (string, error) {
	name := typed.Get("seller")
	if name == "" {
		return typed.Get("supplier"), nil
	}
	days, err := strconv.Atoi(typed.Get("lead_days"))
	if err != nil {
		return "", hospital.Refuse(hospital.ErrInvalid, "Say in how many days a delivery comes, as a whole number.")
	}
	id := freshID(name)
	doc.Suppliers = append(doc.Suppliers, document.Supplier{ID: id, Name: name, Email: typed.Get("email"), Currency: strings.ToUpper(typed.Get("currency")), LeadDays: days})
	return id, nil
}

// addItem adds an item with the place that holds it, and what is there now.
func addItem(doc *document.Document, typed url.Values) error {
	pack, err := strconv.Atoi(typed.Get("pack"))
	if err != nil {
		return hospital.Refuse(hospital.ErrInvalid, "A pack holds a whole number.")
	}
	id, room := freshID(typed.Get("name")), hospital.RoomID(typed.Get("room"))
	item := document.Item{ID: id, Name: typed.Get("name"), UnitOfIssue: typed.Get("unit"), Pack: pack}
	if item.Supplier, err = sellerOf(doc, typed); err != nil {
		return err
	}
	if typed.Get("price") != "" {
		if item.PriceMinor, err = readAmount(typed.Get("price")); err != nil {
			return err
		}
	}
	doc.Items = append(doc.Items, item)
	at := slices.IndexFunc(doc.Places, func(p document.Place) bool { return p.Room == room })
	if at < 0 {
		name := string(room)
		for _, r := range doc.Rooms {
			if r.ID == room {
				name = r.Name
			}
		}
		doc.Places = append(doc.Places, document.Place{ID: "place-" + string(room), Name: name, Room: room})
		at = len(doc.Places) - 1
	}
	if typed.Get("quantity") == "" {
		return nil
	}
	quantity, err := wholeNumber(typed.Get("quantity"))
	if err != nil {
		return err
	}
	doc.Stock = append(doc.Stock, document.Lot{Item: id, Place: doc.Places[at].ID, Lot: typed.Get("lot"), Quantity: quantity})
	return nil
}
