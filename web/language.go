package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/views/words"
)

// languageCookie remembers a browser's language before anybody signs in, and in the demo.
const languageCookie = "wardwatch-language"

// habitsCookie remembers how a visitor of the demo, who has no account, likes pages shown.
const habitsCookie = "wardwatch-habits"

// reader is in which language and units whoever asks reads pages: as her account says,
// else this browser's choice, else what the browser asks for, else as the site has it.
func (d *Door) reader(c echo.Context) words.Reader {
	site, habits := d.Register.Current().Site, d.habits(c)
	degrees := habits.Degrees
	if degrees == "" && site.Fahrenheit {
		degrees = "F"
	}
	return words.Reader{Language: d.language(c, site), Fahrenheit: degrees == "F", TwelveHours: habits.Clock == "12"}
}

// data is how whoever asks reads a file for programs: its words are worded, its figures
// are as they are measured, whatever she likes on a page.
func (d *Door) data(c echo.Context) words.Reader {
	return words.Reader{Language: d.reader(c).Language}
}

// habits are how whoever asks likes pages shown: as her account says, in the demo as this
// browser does.
func (d *Door) habits(c echo.Context) hospital.Habits {
	if d.Demo == nil {
		return d.actor(c).Habits
	}
	cookie, err := c.Cookie(habitsCookie)
	if err != nil {
		return hospital.Habits{}
	}
	part := strings.Split(cookie.Value, ".")
	if len(part) != 3 {
		return hospital.Habits{}
	}
	chosen := hospital.Habits{Degrees: part[0], Clock: part[1], Letters: part[2]}
	if !chosen.Known() {
		return hospital.Habits{}
	}
	return chosen
}

// chooseHabits shows pages to this person so wherever she signs in.
func (d *Door) chooseHabits(c echo.Context) error {
	chosen := hospital.Habits{Degrees: c.FormValue("degrees"), Clock: c.FormValue("clock"), Letters: c.FormValue("letters")}
	switch {
	case d.Demo == nil:
		if err := d.People.Porter.ShowAs(c.Request().Context(), d.actor(c), chosen); err != nil {
			return err
		}
	case !chosen.Known():
		return hospital.Refuse(hospital.ErrInvalid, "Pages can't be shown like that. Choose from the lists.")
	default:
		c.SetCookie(&http.Cookie{Name: habitsCookie, Value: chosen.Degrees + "." + chosen.Clock + "." + chosen.Letters, Path: "/",
			MaxAge: themeFor, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.IsTLS()})
	}
	d.say(c, "Pages are shown to you like this from now on.")
	return d.seeOther(c, "/me")
}

func (d *Door) language(c echo.Context, site hospital.Site) words.Language {
	if own := words.Language(d.actor(c).Language); own.Known() {
		return own
	}
	if cookie, err := c.Cookie(languageCookie); err == nil {
		if chosen := words.Language(cookie.Value); chosen.Known() && (chosen != words.Pseudo || d.Demo != nil) {
			return chosen
		}
	}
	if asked := words.Asked(c.Request().Header.Get("Accept-Language")); asked != "" {
		return asked
	}
	if usual := words.Language(site.Language); usual.Known() {
		return usual
	}
	return words.English
}

// chooseLanguage words pages for this browser, and for this person wherever she signs in.
func (d *Door) chooseLanguage(c echo.Context) error {
	chosen := words.Language(c.FormValue("language"))
	if !chosen.Known() {
		return hospital.Refuse(hospital.ErrInvalid, "There is no such language here.")
	}
	if by := d.actor(c); by.ID != "" && d.People != nil && d.Demo == nil {
		if err := d.People.Porter.ReadIn(c.Request().Context(), by, string(chosen)); err != nil {
			return err
		}
	}
	c.SetCookie(&http.Cookie{Name: languageCookie, Value: string(chosen), Path: "/", MaxAge: themeFor,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.IsTLS()})
	return d.seeOther(c, back(c))
}
