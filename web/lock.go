package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/views"
	"wardwatch/web/auth"
)

const (
	// signedInHeader tells lock.js who unlocked, so that it knows whether the page is hers.
	signedInHeader = "X-Wardwatch-Person"
	// lockedHeader tells it that there is something to unlock.
	lockedHeader = "X-Wardwatch-Locked"
	// maxCarried is how many fields a form that met a locked session may carry along.
	maxCarried = 200
)

func (d *Door) lockRoutes() []route {
	return []route{
		{post, "/lock", SignedIn, d.lock},
		{post, "/unlock", Public, d.unlock},
		{post, "/unlock/pin", Public, d.takeOver},
		{post, "/me/here", SignedIn, func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }},
		{post, "/me/pin", SignedIn, d.setPIN},
		{post, "/me/pin/end", SignedIn, d.dropPIN},
	}
}

// asksForPart says whether script asks for a form alone, to put it over the page.
func asksForPart(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// showForm draws a form of the door's: the page, or the part that script asked for.
func (d *Door) showForm(c echo.Context, status int, title string, body templ.Component) error {
	if asksForPart(c) {
		return d.part(c, status, body)
	}
	return d.showAs(c, status, title, body)
}

// letIn gives the browser its session and goes on: to the next page, or back to
// the page that lay behind the lock.
func (d *Door) letIn(c echo.Context, secret account.Secret, person hospital.Person, next string) error {
	d.People.Guard.Give(c.Response(), c.Request(), secret)
	if asksForPart(c) {
		c.Response().Header().Set(signedInHeader, string(person.ID))
		return c.NoContent(http.StatusNoContent)
	}
	return d.seeOther(c, d.afterSignIn(person, next))
}

// lock locks the session that asks.
func (d *Door) lock(c echo.Context) error {
	if d.Demo != nil {
		return d.seeOther(c, "/")
	}
	if err := d.People.Porter.Lock(c.Request().Context(), d.actor(c), d.People.Guard.Secret(c.Request())); err != nil {
		return err
	}
	if asksForPart(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return d.seeOther(c, "/sign-in?next="+url.QueryEscape(back(c)))
}

// lockForm is what the lock asks, where there is something to unlock.
func (d *Door) lockForm(c echo.Context, next string) (views.LockForm, bool, error) {
	if d.People == nil || d.Demo != nil {
		return views.LockForm{}, false, nil
	}
	guard, r := d.People.Guard, c.Request()
	desk, err := d.People.Porter.Desk(r.Context(), guard.Secret(r), guard.Origin(r).Station)
	form := views.LockForm{Person: desk.Person, Next: next, Unsafe: !guard.Safe(r)}
	for _, seat := range desk.Seats {
		form.Seats = append(form.Seats, views.Option{Value: string(seat.Person), Label: seat.Name})
	}
	if desk.Person.ID != "" {
		c.Response().Header().Set(lockedHeader, string(desk.Person.ID))
	}
	return form, desk.Person.ID != "", err
}

// showLock draws the lock, or the sign-in page where nothing is locked.
func (d *Door) showLock(c echo.Context, status int, next, wrong string) error {
	form, locked, err := d.lockForm(c, next)
	if err != nil {
		return err
	}
	form.Wrong, form.Carried, form.To = wrong, carriedOn(c), c.FormValue("carry-to")
	if !locked {
		return d.showForm(c, status, "Sign in", views.SignIn(views.SignInForm{Next: next, Wrong: wrong, Unsafe: form.Unsafe, Ways: d.ways(form.Seats)}))
	}
	return d.showForm(c, status, "Locked", views.Lock(form))
}

// unlock takes the password of whose session is locked.
func (d *Door) unlock(c echo.Context) error {
	guard, r := d.People.Guard, c.Request()
	next := auth.Next(c.FormValue("next"))
	if !guard.Safe(r) {
		return d.showLock(c, http.StatusForbidden, next, "")
	}
	secret, person, err := d.People.Porter.Unlock(r.Context(), account.Secret(c.FormValue("password")), guard.Secret(r), d.origin(c))
	if errors.Is(err, account.ErrSignedOut) {
		return d.showLock(c, http.StatusForbidden, next, "That took too long. Sign in again.")
	}
	return d.unlocked(c, secret, person, next, err)
}

// takeOver takes a PIN, of whoever signed in fully here this shift.
func (d *Door) takeOver(c echo.Context) error {
	guard, r := d.People.Guard, c.Request()
	next := auth.Next(c.FormValue("next"))
	if !guard.Safe(r) {
		return d.showLock(c, http.StatusForbidden, next, "")
	}
	before, locked, err := d.lockForm(c, next)
	if err != nil {
		return err
	}
	who := strings.TrimSpace(c.FormValue("badge"))
	if who == "" {
		who = c.FormValue("person")
	}
	secret, person, err := d.People.Porter.TakeOver(r.Context(), who, account.Secret(c.FormValue("pin")), guard.Secret(r), d.origin(c))
	if err == nil && (!locked || before.Person.ID != person.ID) {
		return d.letIn(c, secret, person, "/") // a colleague begins on a fresh page
	}
	return d.unlocked(c, secret, person, next, err)
}

// unlocked goes on after the lock: with the form that met it, where there was one.
func (d *Door) unlocked(c echo.Context, secret account.Secret, person hospital.Person, next string, err error) error {
	if status, wrong := formFault(err); wrong != "" {
		return d.showLock(c, status, next, wrong)
	}
	if err != nil {
		return err
	}
	to := c.FormValue("carry-to")
	if to == "" || auth.Next(to) != to || asksForPart(c) {
		return d.letIn(c, secret, person, next)
	}
	d.People.Guard.Give(c.Response(), c.Request(), secret)
	return d.showForm(c, http.StatusOK, "Go on", views.CarryOn(views.LockForm{To: to, Carried: carriedOn(c)}))
}

// keepForm answers a form that met a locked session: with the lock, and with
// what was typed carried along.
func (d *Door) keepForm(c echo.Context) (answered bool, err error) {
	r := c.Request()
	if r.Method != http.MethodPost || wantsJSON(r) || asksForPart(c) {
		return false, nil
	}
	form, locked, err := d.lockForm(c, back(c))
	if err != nil || !locked {
		return false, err
	}
	values, err := c.FormParams()
	if err != nil {
		return false, nil // what can't be read can't be kept
	}
	form.To, form.Carried = r.URL.RequestURI(), nil
	for name, all := range values {
		for _, value := range all {
			if !secretField(name) && len(form.Carried) < maxCarried {
				form.Carried = append(form.Carried, views.Carried{Name: name, Value: value})
			}
		}
	}
	sortCarried(form.Carried)
	return true, d.showAs(c, http.StatusUnauthorized, "Locked", views.Lock(form))
}

// secretField says whether a field holds what no page may hold: it is typed again.
func secretField(name string) bool {
	for _, word := range []string{"password", "pin", "code", "old", "new", "secret"} {
		if name == word || name == word+"-again" || strings.HasSuffix(name, "-"+word) {
			return true
		}
	}
	return false
}

// carriedOn are the fields that a form carried to the lock.
func carriedOn(c echo.Context) (carried []views.Carried) {
	values, err := c.FormParams()
	if err != nil {
		return nil
	}
	for name, all := range values {
		own, is := strings.CutPrefix(name, views.CarryPrefix)
		for _, value := range all {
			if is && len(carried) < maxCarried {
				carried = append(carried, views.Carried{Name: own, Value: value})
			}
		}
	}
	sortCarried(carried)
	return carried
}

func sortCarried(carried []views.Carried) {
	slices.SortStableFunc(carried, func(a, b views.Carried) int { return strings.Compare(a.Name, b.Name) })
}

func (d *Door) setPIN(c echo.Context) error {
	if c.FormValue("pin") != c.FormValue("pin-again") {
		return d.showMe(c, http.StatusUnprocessableEntity, "The two PINs differ.")
	}
	err := d.People.Porter.SetPIN(c.Request().Context(), d.actor(c), d.typedAgain(c), account.Secret(c.FormValue("pin")), c.FormValue("badge"), d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		return d.showMe(c, status, wrong)
	}
	if err != nil {
		return err
	}
	d.say(c, "Your PIN is set. It is good on computers where you signed in with your password this shift.")
	return d.seeOther(c, "/me")
}

func (d *Door) dropPIN(c echo.Context) error {
	if err := d.People.Porter.DropPIN(c.Request().Context(), d.actor(c)); err != nil {
		return err
	}
	d.say(c, "Your PIN is gone.")
	return d.seeOther(c, "/me")
}

// origin is where a sign-in comes from, with the workstation's own cookie: one
// is given to a browser that has none.
func (d *Door) origin(c echo.Context) account.Origin {
	return d.People.Guard.AtStation(c.Response(), c.Request())
}
