package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) profileRoutes() []route {
	return []route{
		{get, "/profiles", hospital.SeeColdChain, d.profiles},
		{get, "/profiles/new", hospital.ManageColdChain, d.newProfile},
		{post, "/profiles", hospital.ManageColdChain, d.addProfile},
		{get, "/profiles/:id", hospital.SeeColdChain, d.profile},
		{post, "/profiles/:id", hospital.ManageColdChain, d.changeProfile},
		{post, "/fridges/:id/profile", hospital.ManageColdChain, d.giveProfile},
	}
}

func (d *Door) profiles(c echo.Context) error {
	shelves, err := d.ColdChain.Profiles(c.Request().Context(), d.Now())
	if err != nil {
		return err
	}
	return d.show(c, "Profiles", views.ProfilesPage(shelves, d.actor(c)))
}

// newProfile is the form for a copy: ?copy=ID.
func (d *Door) newProfile(c echo.Context) error {
	shelf, err := d.ColdChain.ProfileOn(c.Request().Context(), coldchain.ProfileID(c.QueryParam("copy")), d.Now())
	if err != nil {
		return err
	}
	form := views.FormOf(shelf.Profile)
	form.ID, form.Name, form.New = "", shelf.Profile.Name+", ours", true
	return d.showProfile(c, http.StatusOK, views.ProfilePageProps{Shelf: shelf, Form: form})
}

func (d *Door) profile(c echo.Context) error {
	shelf, err := d.ColdChain.ProfileOn(c.Request().Context(), coldchain.ProfileID(c.Param("id")), d.Now())
	if err != nil {
		return err
	}
	return d.showProfile(c, http.StatusOK, views.ProfilePageProps{Shelf: shelf, Form: views.FormOf(newest(shelf))})
}

// newest is what the next version is made from: the last that was stored, even when it lies ahead.
func newest(s coldchain.ProfileShelf) coldchain.Profile {
	if len(s.Versions) > 0 {
		return s.Versions[0].Profile
	}
	return s.Profile
}

func (d *Door) showProfile(c echo.Context, status int, p views.ProfilePageProps) error {
	var err error
	if p.Fridges, err = d.ColdChain.Fridges(c.Request().Context()); err != nil {
		return err
	}
	if len(p.Form.Rules) < coldchain.MaxRules { // room for another
		p.Form.Rules = append(p.Form.Rules, views.RuleForm{})
	}
	p.Actor = d.actor(c)
	title := p.Shelf.Profile.Name
	if p.Form.New {
		title = "New profile"
	}
	return d.showAs(c, status, title, views.ProfilePage(p))
}

func (d *Door) addProfile(c echo.Context) error {
	form := typedProfile(c)
	form.ID, form.New = strings.TrimSpace(c.FormValue("id")), true
	_, err := d.ColdChain.ProfileOn(c.Request().Context(), coldchain.ProfileID(form.ID), d.Now())
	if err == nil && c.FormValue("do") != "preview" {
		form.Error = "There is a profile of that name already. Choose another."
		return d.showProfile(c, http.StatusUnprocessableEntity, views.ProfilePageProps{Form: form})
	}
	return d.saveProfile(c, form, coldchain.ProfileShelf{})
}

func (d *Door) changeProfile(c echo.Context) error {
	shelf, err := d.ColdChain.ProfileOn(c.Request().Context(), coldchain.ProfileID(c.Param("id")), d.Now())
	if err != nil {
		return err
	}
	form := typedProfile(c)
	form.ID = c.Param("id")
	return d.saveProfile(c, form, shelf)
}

// saveProfile stores what was typed, or shows what it would have found.
func (d *Door) saveProfile(c echo.Context, form views.ProfileForm, shelf coldchain.ProfileShelf) error {
	ctx, page := c.Request().Context(), views.ProfilePageProps{Shelf: shelf, Form: form}
	p, from, err := d.readProfile(form)
	if err == nil && c.FormValue("do") == "preview" {
		preview, wrong := d.ColdChain.Preview(ctx, coldchain.FridgeID(form.Fridge), p, d.Now())
		if err = wrong; err == nil {
			page.Preview = &preview
			return d.showProfile(c, http.StatusOK, page)
		}
	}
	if err == nil {
		_, err = d.ColdChain.SaveProfile(ctx, d.actor(c), p, from, form.Why)
	}
	if errors.Is(err, hospital.ErrInvalid) {
		var status int
		status, page.Form.Error = outcome(err)
		return d.showProfile(c, status, page)
	}
	if err != nil {
		return err
	}
	d.say(c, "Saved: "+p.Name+".")
	return d.seeOther(c, "/profiles/"+string(p.ID))
}

// typedProfile is the form as it was typed.
func typedProfile(c echo.Context) views.ProfileForm {
	f := views.ProfileForm{Name: c.FormValue("name"), Low: c.FormValue("low"), High: c.FormValue("high"), Interval: c.FormValue("interval"),
		Silent: c.FormValue("silent"), Source: c.FormValue("source"), From: c.FormValue("from"), Why: c.FormValue("why"), Fridge: c.FormValue("fridge")}
	for i := range coldchain.MaxRules {
		value := func(name string) string { return strings.TrimSpace(c.FormValue(fmt.Sprintf("rule%d-%s", i, name))) }
		rule := views.RuleForm{Name: value("name"), Direction: value("direction"), Limit: value("limit"), Mode: value("mode"), Minutes: value("minutes"),
			Window: value("window"), Hysteresis: value("hysteresis"), Clear: value("clear"), Severity: value("severity"), Source: value("source"),
			Inclusive: value("inclusive") != ""}
		if rule.Name != "" {
			f.Rules = append(f.Rules, rule)
		}
	}
	return f
}

// readProfile is what was typed as a profile; what can't be read is refused by its label.
func (d *Door) readProfile(f views.ProfileForm) (coldchain.Profile, time.Time, error) {
	n := &numbers{}
	p := coldchain.Profile{ID: coldchain.ProfileID(f.ID), Name: strings.TrimSpace(f.Name), Source: strings.TrimSpace(f.Source),
		Low: n.celsius("From", f.Low), High: n.celsius("To", f.High), Interval: n.minutes("A reading every", f.Interval), SilentAfter: n.minutes("Silent after", f.Silent)}
	for _, typed := range f.Rules {
		p.Rules = append(p.Rules, n.rule(typed))
	}
	var from time.Time
	if n.err == nil && f.From != "" {
		if from, n.err = time.ParseInLocation("2006-01-02T15:04", f.From, d.Register.Current().Site.Location()); n.err != nil {
			n.err = hospital.Refuse(hospital.ErrInvalid, "The time from which it is in force can't be read.")
		}
	}
	return p, from, n.err
}

// numbers reads what was typed and keeps the first fault.
type numbers struct{ err error }

func (n *numbers) read(label, text string) float64 {
	if text = strings.TrimSpace(strings.ReplaceAll(text, ",", ".")); text == "" {
		text = "0"
	}
	value, err := strconv.ParseFloat(strings.ReplaceAll(text, "−", "-"), 64)
	if (err != nil || value < -1e6 || value > 1e6) && n.err == nil {
		n.err = hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s: %q is no number that can be used here.", label, text))
	}
	return value
}

func (n *numbers) celsius(label, text string) coldchain.MilliCelsius {
	value := n.read(label, text)
	if (value < -273.15 || value > 500) && n.err == nil {
		n.err = hospital.Refuse(hospital.ErrInvalid, label+": that is no temperature of a fridge.")
	}
	return coldchain.FromCelsius(value)
}

func (n *numbers) minutes(label, text string) time.Duration {
	return time.Duration(n.read(label, text) * float64(time.Minute)).Round(time.Second)
}

func (n *numbers) rule(f views.RuleForm) coldchain.Rule {
	label := "Rule " + f.Name
	r := coldchain.Rule{Name: f.Name, Direction: coldchain.Direction(f.Direction), Limit: n.celsius(label+", limit", f.Limit), Inclusive: f.Inclusive,
		Mode: coldchain.Mode(f.Mode), Duration: n.minutes(label+", minutes", f.Minutes), Hysteresis: n.celsius(label+", back inside by", f.Hysteresis),
		ClearHold: n.minutes(label+", clear minutes", f.Clear), Source: f.Source, Severity: coldchain.Serious}
	if r.Mode == coldchain.Cumulative {
		r.Window = 60 * n.minutes(label+", hours", f.Window)
	}
	for _, s := range []coldchain.Severity{coldchain.Notice, coldchain.Warning, coldchain.Serious, coldchain.Critical} {
		if s.String() == f.Severity {
			r.Severity = s
		}
	}
	return r
}

// giveProfile has a fridge judged by another profile from now on.
func (d *Door) giveProfile(c echo.Context) error {
	id := coldchain.FridgeID(c.Param("id"))
	err := d.ColdChain.GiveProfile(c.Request().Context(), d.actor(c), id, coldchain.ProfileID(c.FormValue("profile")), c.FormValue("why"))
	if errors.Is(err, hospital.ErrInvalid) {
		status, sentence := outcome(err)
		forms := d.fridgeForms()
		forms.Profile, forms.ProfileWhy, forms.ProfileError = c.FormValue("profile"), c.FormValue("why"), sentence
		return d.showFridge(c, status, &forms)
	}
	if err != nil {
		return err
	}
	d.say(c, "The fridge is judged by another profile from now on.")
	return d.seeOther(c, "/fridges/"+string(id))
}

// fridgeForms are a fridge's forms with nothing typed into them.
func (d *Door) fridgeForms() views.FridgeForms {
	return views.FridgeForms{Zone: d.Register.Current().Site.Zone}
}
