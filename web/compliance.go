package web

import (
	"cmp"
	"iter"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

// complianceMonths is how many months the page offers.
const complianceMonths = 12

func (d *Door) complianceRoutes() []route {
	if d.ColdChain == nil {
		return nil
	}
	return []route{{get, "/coldchain/compliance", hospital.SeeColdChain, d.compliance}}
}

// periodAsked is the month, week or day that was asked for; this month where none was.
func (d *Door) periodAsked(c echo.Context) string {
	return cmp.Or(c.QueryParam("span"), c.QueryParam("month"), d.Now().In(d.Register.Current().Site.Location()).Format("2006-01"))
}

// compliance is how each fridge kept its band in a month, a week or a day.
func (d *Door) compliance(c echo.Context) error {
	zone := d.Register.Current().Site.Location()
	period, err := coldchain.ParsePeriod(d.periodAsked(c), zone)
	if err != nil {
		return err
	}
	told, err := d.ColdChain.Compliance(c.Request().Context(), period.Name(), d.Now())
	if err != nil {
		return err
	}
	page := views.CompliancePage{Period: period, Now: d.Now().In(zone), Told: told}
	this := coldchain.PeriodOf(coldchain.PeriodMonth, page.Now)
	for i := range complianceMonths {
		page.Months = append(page.Months, this.Next(-i).From)
	}
	return d.show(c, "Compliance", views.CompliancePageBody(page))
}

func (d *Door) complianceFile() keepable {
	return keepable{"cold-chain-compliance", hospital.SeeColdChain,
		[]column{{"Fridge", 14}, {"Name", 26}, {"Room", 22}, {"In range %", 10}, {"Hours beyond", 12}, {"Hours unknown", 12}, {"Known %", 10}, {"Excursions", 10},
			{"Cases open", 10}, {"Workdays", 10}, {"Checked", 10}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			told, err := d.ColdChain.Compliance(c.Request().Context(), d.periodAsked(c), d.Now())
			return listed(told.Fridges, err, func(f coldchain.FridgeCompliance) [][]any {
				var share any
				if s, known := f.Share(); known {
					share = shareKept(s, 1)
				}
				cells := []any{string(f.Fridge.ID), f.Fridge.Name, f.Room.Name, share, hours(f.Beyond), hours(f.Unknown), shareKept(f.Seen(), 0)}
				return [][]any{numbered(cells, f.Excursions, f.Open, f.Workdays, f.Checked)}
			})
		}}
}
