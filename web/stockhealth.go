package web

import (
	"iter"

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
	return d.show(c, "Stock health", views.StockHealth(views.StockHealthPage{Health: told, Worst: worst[:min(len(worst), healthWorst)], Today: today,
		MayUsage: d.actor(c).May(hospital.SeePrices)}), "stock")
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
		days = l.DaysLeft
	}
	if l.NextDay != 0 {
		next = l.NextDay.String()
	}
	return []any{string(l.Item.ID), l.Item.Name, l.Usable(), l.Held, l.Expired, l.OnOrder, l.Proposed, yesNo(l.Low), days, next}
}
