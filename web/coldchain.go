package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/views"
	"wardwatch/web/live"
)

func (d *Door) coldChainRoutes() []route {
	return []route{
		{get, "/coldchain", hospital.SeeColdChain, d.fridges},
		{get, "/fridges/:id", hospital.SeeColdChain, d.fridge},
		{post, loggerPath, hospital.ManageColdChain, d.takeLoggerFile},
		{post, "/fridges/:id/checks", hospital.Acknowledge, d.checkFridge},
		{post, "/fridges/:id/openings", hospital.Acknowledge, d.openFridge},
		{get, "/fridges/:id/month", hospital.SeeColdChain, d.fridgeMonth},
		{get, "/excursions/:id", hospital.SeeColdChain, d.excursion},
		{get, "/excursions/:id/case.pdf", hospital.SeeColdChain, d.excursionPaper},
		{get, "/alarms", hospital.SeeColdChain, d.alarms},
		{get, "/alarms/:id", hospital.SeeColdChain, d.alarm},
		{post, "/alarms/:id/acknowledge", hospital.Acknowledge, d.acknowledge},
		{post, "/alarms/:id/close", hospital.Acknowledge, d.closeAlarm},
	}
}

func (d *Door) coldChainSources() []live.Source {
	return []live.Source{
		{Prefix: coldchain.Topic, Permission: hospital.SeeColdChain, Every: boardEvery, Render: d.liveFridges},
		{Prefix: "fridge/", Permission: hospital.SeeColdChain, Render: d.liveFridge},
		{Prefix: "alarms", Permission: hospital.SeeColdChain, Render: d.liveAlarms},
	}
}

const (
	// loggerPath takes a logger's file, at most maxLoggerFile bytes of it.
	loggerPath    = "/fridges/:id/readings"
	maxLoggerFile = 64 << 20
	// boardEvery is how often the whole board is drawn at most.
	boardEvery = time.Second
	// maxExcursions and maxOfFridge are how many rows a fridge's page lists.
	maxExcursions = 100
	maxOfFridge   = 10
)

// fridges is the board: ?from=120 is the page that begins after so many.
func (d *Door) fridges(c echo.Context) error {
	ctx, now := c.Request().Context(), d.Now()
	all, err := d.ColdChain.Board(ctx, now)
	if err != nil {
		return err
	}
	from, _ := strconv.Atoi(c.QueryParam("from"))
	if from < 0 || from >= len(all) {
		from = 0
	}
	tiles, err := d.tilesOf(ctx, all[from:min(from+views.FridgesAPage, len(all))], now)
	if err != nil {
		return err
	}
	return d.show(c, "Cold chain", views.ColdChainBoard(views.FridgeBoard{All: all, Tiles: tiles, From: from}), coldchain.Topic)
}

func (d *Door) fridgeTiles(ctx context.Context) ([]views.FridgeTileProps, error) {
	now := d.Now()
	board, err := d.ColdChain.Board(ctx, now)
	if err != nil {
		return nil, err
	}
	return d.tilesOf(ctx, board, now)
}

// tilesOf are tiles of fridges, in their order.
func (d *Door) tilesOf(ctx context.Context, board []coldchain.Standing, now time.Time) ([]views.FridgeTileProps, error) {
	glances, err := d.ColdChain.Glances(ctx, board, now)
	if err != nil {
		return nil, err
	}
	tiles := make([]views.FridgeTileProps, len(board))
	for i, standing := range board {
		tiles[i] = views.FridgeTileProps{Standing: standing, Trend: glances[i].Trend, Outlook: glances[i].Outlook}
	}
	return tiles, nil
}

func (d *Door) fridgeTile(ctx context.Context, s coldchain.Standing, now time.Time) (views.FridgeTileProps, error) {
	tiles, err := d.tilesOf(ctx, []coldchain.Standing{s}, now)
	if err != nil {
		return views.FridgeTileProps{}, err
	}
	return tiles[0], nil
}

// fridge is one fridge with its chart: ?period=hour, day, week, month or year.
func (d *Door) fridge(c echo.Context) error { return d.showFridge(c, http.StatusOK, nil) }

// showFridge is fridge with a form that came back; nil when none did.
func (d *Door) showFridge(c echo.Context, status int, failed *views.FridgeForms) error {
	ctx, id, now := c.Request().Context(), coldchain.FridgeID(c.Param("id")), d.Now()
	standing, err := d.ColdChain.Standing(ctx, id, now)
	if err != nil {
		return err
	}
	p := views.FridgePageProps{Actor: d.actor(c), Forms: d.fridgeForms(), Files: d.lately(c, "/fridges/"+string(id))}
	if failed != nil {
		p.Forms = *failed
	}
	if p.Tile, err = d.fridgeTile(ctx, standing, now); err != nil {
		return err
	}
	if p.Foresight, err = d.foresight(ctx, standing, now); err != nil {
		return err
	}
	length, known := chartPeriods[c.QueryParam("period")]
	if p.Period = c.QueryParam("period"); !known {
		p.Period, length = "day", chartPeriods["day"]
	}
	if err = d.chartOf(c, &p, id, length, now); err != nil {
		return err
	}
	if p.Excursions, err = d.ColdChain.Excursions(ctx, id, maxExcursions); err != nil {
		return err
	}
	if p.SetAside, err = d.ColdChain.Quarantined(ctx, id, maxOfFridge); err != nil {
		return err
	}
	if p.Next, err = d.ColdChain.NextCheck(ctx, id, now); err != nil {
		return err
	}
	if p.Checked, err = d.ColdChain.Checked(ctx, id, now); err != nil {
		return err
	}
	if p.Devices, err = d.devicesOf(ctx, p.Actor, standing); err != nil {
		return err
	}
	p.Devices.Why, p.Devices.Error = p.Forms.ProbeWhy, p.Forms.ProbeError
	opening, opened, err := d.ColdChain.Opened(ctx, id, now)
	if err != nil {
		return err
	}
	if opened {
		p.Opened = &opening
	}
	if p.Profiles, err = d.ColdChain.KnownProfiles(ctx, now); err != nil {
		return err
	}
	p.Month = now.In(d.Register.Current().Site.Location()).Format("2006-01")
	if p.Contents, err = d.contents(c, id); err != nil {
		return err
	}
	if p.Alarms, err = d.Alarms.Store.AlarmsOf(ctx, id.Topic(), maxOfFridge); err != nil {
		return err
	}
	return d.showAs(c, status, standing.Fridge.Name, views.FridgePage(p), id.Topic())
}

// chartOf is a fridge's chart of a length, until now or until what ?until= says.
func (d *Door) chartOf(c echo.Context, p *views.FridgePageProps, id coldchain.FridgeID, length time.Duration, now time.Time) (err error) {
	zone := d.Register.Current().Site.Location()
	to, err := d.localTime(c.QueryParam("until"))
	if err != nil || to.After(now) {
		to = time.Time{} // what can't be read, or has not come, is now
	}
	address := func(at time.Time) string {
		return "/fridges/" + string(id) + "?" + url.Values{"period": {p.Period}, "until": {at.In(zone).Format(typedTime)}}.Encode() + "#chart"
	}
	if to.IsZero() {
		to = now
	} else {
		p.Until, p.Later = to.In(zone).Format(typedTime), address(to.Add(length))
		if !to.Add(length).Before(now) {
			p.Later = "/fridges/" + string(id) + "?period=" + p.Period + "#chart"
		}
	}
	p.Earlier = address(to.Add(-length))
	p.Chart, err = d.ColdChain.Chart(c.Request().Context(), id, to.Add(-length), to)
	return err
}

// foresight is what is known of the first judged probe; nil where there is none.
func (d *Door) foresight(ctx context.Context, s coldchain.Standing, now time.Time) (*coldchain.Foresight, error) {
	for _, probe := range s.Probes {
		if probe.Sensor.Judged {
			f, err := d.ColdChain.Foresight(ctx, s.Fridge.ID, probe, now)
			return &f, err
		}
	}
	return nil, nil
}

var chartPeriods = map[string]time.Duration{
	"hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour, "year": 365 * 24 * time.Hour,
}

func (d *Door) liveFridges(ctx context.Context, _ string) ([]live.Fragment, error) {
	tiles, err := d.fridgeTiles(ctx)
	if err != nil {
		return nil, err
	}
	board, leaves := make([]coldchain.Standing, len(tiles)), make([]leaf, len(tiles))
	for i, tile := range tiles {
		board[i], leaves[i] = tile.Standing, fridgeFace(tile)
	}
	leaves = append(leaves, leaf{"fridges-summary", views.BoardSummary(board)},
		leaf{"cold-summary", views.ColdSummary(board)}) // on the home page, and where the board has more than one
	open, err := d.Alarms.Store.OpenAlarms(ctx)
	if err != nil {
		return nil, err
	}
	return drawAll(ctx, append(leaves, alarmsNow(open, board)...)...)
}

// alarmsNow are the leaves of the inbox that follow the temperature.
func alarmsNow(open []notify.Alarm, board []coldchain.Standing) []leaf {
	var leaves []leaf
	for _, alarm := range open {
		i := slices.IndexFunc(board, func(s coldchain.Standing) bool { return s.Fridge.ID == views.AlarmFridge(alarm) })
		if i >= 0 && alarm.ReturnedAt.IsZero() {
			leaves = append(leaves, leaf{fmt.Sprintf("alarm-%d-now", alarm.ID), views.AlarmNow(alarm, board[i])})
		}
	}
	return leaves
}

func fridgeFace(tile views.FridgeTileProps) leaf {
	return leaf{"fridge-" + string(tile.Standing.Fridge.ID) + "-face", views.FridgeFace(tile)}
}

func (d *Door) liveFridge(ctx context.Context, key string) ([]live.Fragment, error) {
	now := d.Now()
	standing, err := d.ColdChain.Standing(ctx, coldchain.FridgeID(key), now)
	if err != nil {
		return nil, orNothing(err)
	}
	tile, err := d.fridgeTile(ctx, standing, now)
	if err != nil {
		return nil, err
	}
	return drawAll(ctx, fridgeFace(tile))
}
