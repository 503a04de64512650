package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/views"
)

const phoneKey = "phone"

func (d *Door) phoneRoutes() []route {
	return []route{{post, "/me/phone", SignedIn, d.setPhone}}
}

// phoneCard is a person's number, or what came back of the form.
func (d *Door) phoneCard(c echo.Context, by hospital.Actor) (views.PhoneProps, error) {
	if failed, is := c.Get(phoneKey).(views.PhoneProps); is {
		return failed, nil
	}
	if d.Alarms == nil {
		return views.PhoneProps{}, nil
	}
	number, err := d.phoneOf(c.Request().Context(), by)
	return views.PhoneProps{Offered: d.sendsTexts(), Number: number}, err
}

func (d *Door) phoneOf(ctx context.Context, by hospital.Actor) (string, error) {
	return d.Alarms.Phone(ctx, by)
}

func (d *Door) sendsTexts() bool { return d.Alarms.Sends(notify.SMS) }

// setPhone keeps the number that a person's text messages go to.
func (d *Door) setPhone(c echo.Context) error {
	if d.Alarms == nil || d.Demo != nil {
		return hospital.ErrForbidden
	}
	said := c.FormValue("number")
	err := d.Alarms.SetPhone(c.Request().Context(), d.actor(c), said)
	if _, wrong := formFault(err); wrong != "" {
		c.Set(phoneKey, views.PhoneProps{Offered: d.sendsTexts(), Number: said, Error: wrong})
		return d.showMe(c, http.StatusUnprocessableEntity, "")
	}
	if err != nil {
		return err
	}
	d.say(c, "Your number is kept.")
	return d.seeOther(c, "/me")
}
