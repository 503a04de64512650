package web

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/views"
	"wardwatch/web/auth"
)

// Who has no password here signs with the hospital's own account: what she sent is laid
// aside, the provider sees her anew, and she sends it on. One laid-aside form is kept a session.

const (
	// laidAsideFor is how long a form waits for its sender to come back from the provider.
	laidAsideFor = 10 * time.Minute
	// maxLaidAside bounds how many wait, maxLaidText how long one is.
	maxLaidAside = 500
	maxLaidText  = 64 << 10
)

// laid is a form that waits.
type laid struct {
	form  views.LockForm
	until time.Time
}

// laidAside are the forms that wait, by session.
type laidAside struct {
	mu        sync.Mutex
	bySession map[account.Hash]laid
}

func (l *laidAside) put(session account.Secret, form views.LockForm, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bySession == nil {
		l.bySession = map[account.Hash]laid{}
	}
	for old, one := range l.bySession {
		if at.After(one.until) || len(l.bySession) >= maxLaidAside {
			delete(l.bySession, old)
		}
	}
	l.bySession[session.Hash()] = laid{form, at.Add(laidAsideFor)}
}

func (l *laidAside) take(session account.Secret, at time.Time) (views.LockForm, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.bySession[session.Hash()]
	delete(l.bySession, session.Hash())
	return one.form, ok && !at.After(one.until)
}

func (d *Door) againRoutes() []route {
	return []route{
		{post, "/me/passkeys/prove", SignedIn, d.beginProof},
		{get, "/me/again", SignedIn, d.goToProviderAgain},
	}
}

func (d *Door) beginProof(c echo.Context) error {
	begun, err := d.People.Porter.BeginPasskeyProof(c.Request().Context(), d.actor(c), d.ownOrigin(c))
	return beginCeremony(c, begun, err)
}

// typedAgain is how somebody shows again who she is: what she typed, her passkey's answer,
// or the session for which the provider has vouched.
func (d *Door) typedAgain(c echo.Context) account.Again {
	again := account.Again{Session: d.People.Guard.Secret(c.Request())}
	switch c.FormValue(views.SignBy) {
	case views.ByPasskey:
		again.Waiting, again.Answer = account.Secret(c.FormValue(views.SignWaiting)), []byte(c.FormValue(views.SignAnswer))
	case views.ByProvider:
	default:
		again.Password, again.Code = account.Secret(c.FormValue(views.SignPassword)), c.FormValue(views.SignCode)
	}
	return again
}

// signs says whether a form brings what a signature needs.
func signs(c echo.Context) bool {
	return c.FormValue(views.SignPassword) != "" || c.FormValue(views.SignBy) != ""
}

// layAside answers a form that is to be signed with the hospital's account, while the
// provider has not seen its sender anew: it leads there and keeps what she sent.
func (d *Door) layAside(c echo.Context) (answered bool, err error) {
	r := c.Request()
	if r.Method != http.MethodPost || d.People == nil || d.People.SSO == nil || !strings.HasPrefix(r.Header.Get(echo.HeaderContentType), echo.MIMEApplicationForm) {
		return false, nil
	}
	session := d.People.Guard.Secret(r)
	if c.FormValue(views.SignBy) != views.ByProvider || session == "" || d.People.Porter.Vouched(d.actor(c), session) {
		return false, nil
	}
	form, length := views.LockForm{To: r.URL.RequestURI(), Signing: true, Next: back(c)}, 0
	for name, all := range r.PostForm {
		for _, value := range all {
			if length += len(name) + len(value); !secretField(name) && len(form.Carried) < maxCarried {
				form.Carried = append(form.Carried, views.Carried{Name: name, Value: value})
			}
		}
	}
	if length > maxLaidText {
		return true, hospital.Refuse(hospital.ErrInvalid, "This form is too long to be kept while you are away. Shorten its text.")
	}
	sortCarried(form.Carried)
	d.laid.put(session, form, d.Now())
	return true, d.showAs(c, http.StatusOK, "Sign", views.AskProvider(d.People.SSO.Settings().Name, form.Next))
}

// goToProviderAgain sends somebody who is signed in to be seen anew.
func (d *Door) goToProviderAgain(c echo.Context) error {
	if d.People.SSO == nil {
		return d.seeOther(c, "/me")
	}
	address, err := d.People.SSO.BeginAgain(d.People.Guard, c.Response(), c.Request(), auth.Next(c.QueryParam("next")))
	if err != nil {
		d.Log.Error("the identity provider does not answer", "error", err)
		return echo.NewHTTPError(http.StatusBadGateway, "The hospital's sign-in does not answer. Nothing was signed; try again.")
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// backAgain goes on with what was laid aside, once the provider has seen its sender anew.
func (d *Door) backAgain(c echo.Context, claims account.Claims, errand auth.Errand) error {
	by, session := d.actor(c), d.People.Guard.Secret(c.Request())
	if by.ID == "" {
		return d.showLock(c, http.StatusForbidden, errand.Next, "Your session ended meanwhile. Sign in again; nothing was signed.")
	}
	if err := d.People.Porter.Vouch(c.Request().Context(), by, session, claims, errand.Sent); err != nil {
		return err
	}
	form, ok := d.laid.take(session, d.Now())
	if !ok {
		d.say(c, "You have shown who you are. Sign within two minutes.")
		return d.seeOther(c, errand.Next)
	}
	return d.showAs(c, http.StatusOK, "Sign", views.CarryOn(form))
}

// mayEnrol says whether a route is open to who has still to set up her second step.
func mayEnrol(path string) bool {
	switch path {
	case "/me", "/me/two-step", "/me/two-step/confirm", "/me/passkeys", "/me/passkeys/begin", "/me/here", "/lock":
		return true
	}
	return false
}

// leadToEnrol is where she is led from everywhere else.
func (d *Door) leadToEnrol(c echo.Context) error {
	const says = "Your role asks for a second step when you sign in. Set it up first, under Your account."
	if r := c.Request(); r.Method != http.MethodGet || wantsJSON(r) || r.Header.Get("Upgrade") != "" || asksForPart(c) {
		return hospital.Refuse(hospital.ErrForbidden, says)
	}
	return d.seeOther(c, "/me#two-step")
}
