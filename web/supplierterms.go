package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital/document"
)

// readTerms reads a supplier's calendar and channel from its form.
func readTerms(c echo.Context, s *document.Supplier) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	typed := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	calendar := document.Calendar{OrderDays: form["order_days"], CutOff: typed("cut_off"), DeliveryDays: form["delivery_days"], WorkingDays: typed("working_days") != ""}
	for _, day := range strings.Fields(strings.ReplaceAll(typed("holidays"), ",", " ")) {
		calendar.Holidays = append(calendar.Holidays, document.Date(day))
	}
	if len(calendar.OrderDays)+len(calendar.DeliveryDays)+len(calendar.Holidays) > 0 || calendar.CutOff != "" || calendar.WorkingDays {
		s.Calendar = &calendar
	}
	if typed("url") != "" || typed("format") != "" {
		s.Channel = &document.Channel{Format: typed("format"), URL: typed("url"), OurID: typed("our_id"), TheirID: typed("their_id"), HostKey: typed("host_key"), Answers: typed("answers")}
	}
	return nil
}

// sendAgain has an order tried once more that a person has to decide about.
func (d *Door) sendAgain(c echo.Context) error {
	number := c.Param("number")
	if err := d.Desk.SendAgain(c.Request().Context(), d.actor(c), number); err != nil {
		return d.orderBack(c, err)
	}
	d.say(c, "It is tried again, under the same number.")
	return d.seeOther(c, "/orders/"+number)
}
