package web

import (
	"iter"
	"strconv"

	"github.com/labstack/echo/v4"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// healthWorst is how many items the page names.
const healthWorst = 20

func (d *Door) stockHealthRoutes() []route {
	if d.Stock == nil {
		return nil
	}
	return []route{{get, "/stock/health", hospital.SeeStock, d.stockHealth}}
}

// stockHealth is how stock does today, and what needs somebody first.
func (d *Door) stockHealth(c echo.Context) error {
	ctx, today := c.Request().Context(), d.Stock.Today(d.Now())
	told, err := d.Stock.Store.Health(ctx, today)
	if err != nil {
		return err
	}
	worst, _, err := d.Stock.Store.Lines(ctx, inventory.Query{Filter: inventory.Low, Today: today})
	if err != nil {
		return err
	}
	past, err := d.healthPast(c, today)
	if err != nil {
		return err
	}
	return d.show(c, "Stock health", views.StockHealth(views.StockHealthPage{Health: told, Worst: worst[:min(len(worst), healthWorst)], Today: today,
		MayUsage: d.actor(c).May(hospital.SeePrices), Past: past}), "stock")
}

// healthPast is how stock stood day by day, as it was asked for: of the whole hospital, or
// of a place. Who sees some places alone begins with the first of them.
func (d *Door) healthPast(c echo.Context, today inventory.Date) (past views.HealthPast, err error) {
	ctx := c.Request().Context()
	past.Days, past.Place = healthDays(c), inventory.PlaceID(c.QueryParam("place"))
	if past.Places, err = d.Stock.Store.Places(ctx); err != nil {
		return past, err
	}
	past.Whole = hospital.ReachOf(ctx, hospital.SeeStock).Everywhere
	if past.Place == "" && !past.Whole && len(past.Places) > 0 {
		past.Place = past.Places[0].ID
	}
	past.All, err = d.Stock.Store.HealthDays(ctx, past.Place, today-inventory.Date(past.Days)+1)
	return past, err
}

// healthDays is over how many days it was asked for.
func healthDays(c echo.Context) int {
	for _, days := range views.HealthSpans() {
		if c.QueryParam("days") == strconv.Itoa(days) {
			return days
		}
	}
	return views.HealthSpan
}

// healthDaysFile is how stock stood, a line a day.
func (d *Door) healthDaysFile() keepable {
	return keepable{"stock-health-days", hospital.SeeStock,
		[]column{{"Day", 12}, {"Place", 26}, {"Items", 10}, {"Usable %", 10}, {"Nothing usable", 14}, {"Low", 10}, {"Lots expired", 12}, {"Lots expiring", 12}, {"Lots on hold", 12}, {"Told from the ledger", 16}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			past, err := d.healthPast(c, d.Stock.Today(d.Now()))
			return listed(past.All, err, func(h inventory.HealthDay) [][]any {
				cells := []any{h.Day.String(), past.Title(), int64(h.Items), shareKept(h.Available(), 1), int64(h.Empty)}
				for _, n := range []int{h.Low, h.Expired, h.Expiring, h.Held} {
					if n < 0 {
						cells = append(cells, nil)
						continue
					}
					cells = append(cells, int64(n))
				}
				return [][]any{append(cells, yesNo(h.Told))}
			})
		}}
}

func (d *Door) stockHealthFile() keepable {
	return keepable{"stock-health", hospital.SeeStock,
		[]column{{"Item", 14}, {"Name", 34}, {"Usable", 10}, {"Held", 10}, {"Expired", 10}, {"On order", 10}, {"Proposed", 10}, {"Low", 6}, {"Days left", 10}, {"Next expiry", 12}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			ctx, q := c.Request().Context(), inventory.Query{Today: d.Stock.Today(d.Now())}
			return func(yield func([]any, error) bool) {
				for {
					lines, total, err := d.Stock.Store.Lines(ctx, q)
					if err != nil {
						yield(nil, err)
						return
					}
					for _, l := range lines {
						if !yield(healthRow(l), nil) {
							return
						}
					}
					if q.Offset += len(lines); len(lines) == 0 || q.Offset >= total {
						return
					}
				}
			}, nil
		}}
}

func healthRow(l inventory.Line) []any {
	var days, next any
	if l.DaysLeft >= 0 {
		days = int64(l.DaysLeft)
	}
	if l.NextDay != 0 {
		next = l.NextDay.String()
	}
	return []any{string(l.Item.ID), l.Item.Name, l.Usable(), l.Held, l.Expired, l.OnOrder, l.Proposed, yesNo(l.Low), days, next}
}
