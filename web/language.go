package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/views/words"
)

// languageCookie remembers a browser's language before anybody signs in, and in the demo.
const languageCookie = "wardwatch-language"

// reader is in which language and units whoever asks reads pages: as her account says,
// else this browser's choice, else what the browser asks for, else as the site has it.
func (d *Door) reader(c echo.Context) words.Reader {
	site := d.Register.Current().Site
	return words.Reader{Language: d.language(c, site), Fahrenheit: site.Fahrenheit}
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
