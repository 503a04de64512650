package web

import (
	"iter"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
)

// forewarningsFile is every crossing that was foretold, with what became of it.
func (d *Door) forewarningsFile() keepable {
	return keepable{"forewarnings", hospital.SeeColdChain,
		[]column{{"Number", 10}, {"Fridge", 14}, {"Rule", 12}, {"Said (UTC)", 20}, {"Celsius then", 12}, {"Soonest (UTC)", 20}, {"Latest (UTC)", 20},
			{"Without power", 14}, {"Outcome", 14}, {"Crossed (UTC)", 20}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			from, to, err := d.typedStretch(c)
			ctx, ask := c.Request().Context(), coldchain.ForewarningQuery{Fridge: coldchain.FridgeID(c.QueryParam("fridge")), From: from, To: to}
			return inParts(func(last *coldchain.Forewarning, limit int) ([]coldchain.Forewarning, error) {
				if last != nil {
					ask.Before = last.ID
				}
				return d.Lists.Forewarnings(ctx, ask, limit)
			}, func(f coldchain.Forewarning) [][]any {
				return row(int64(f.ID), string(f.Fridge), f.Rule, f.At, degrees(f.Temp), f.Soonest, f.Latest, yesNo(f.Power), ours(f.Outcome.Word()), f.CrossedAt)
			}), err
		}}
}
