package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/audit"
	"wardwatch/views"
	"wardwatch/web/auth"
)

// People is what the door needs to know about accounts; nil where there are none.
type People struct {
	Porter *account.Porter
	Keys   *account.Keys
	Guard  *auth.Guard
	Trail  audit.Trail
	// SSO is the hospital's own sign-in; nil where there is none.
	SSO *auth.SSO
	// PublicURL begins the links that are handed over; empty: as the browser asked.
	PublicURL string
}

func (d *Door) peopleRoutes() []route {
	if d.People == nil {
		return nil
	}
	routes := []route{
		{get, "/me", SignedIn, d.me},
		{post, "/me/reading", SignedIn, d.chooseHabits},
		{get, "/admin/people", hospital.ManagePeople, d.people},
		{post, "/admin/people", hospital.ManagePeople, d.addPerson},
		{get, "/admin/people/:id", hospital.ManagePeople, d.person},
		{post, "/admin/people/:id", hospital.ManagePeople, d.alterPerson},
		{post, "/admin/people/:id/link", hospital.ManagePeople, d.invitePerson},
		{post, "/admin/people/:id/two-step-reset", hospital.ManagePeople, d.resetTwoStep},
		{post, "/admin/people/:id/disable", hospital.ManagePeople, d.disablePerson},
		{post, "/admin/people/:id/enable", hospital.ManagePeople, d.enablePerson},
		{get, "/admin/tokens", hospital.SeeDevices, d.tokens},
		{post, "/admin/tokens", hospital.ManageDevices, d.addToken},
		{post, "/admin/tokens/:id/rotate", hospital.ManageDevices, d.rotateToken},
		{post, "/admin/tokens/:id/revoke", hospital.ManageDevices, d.revokeToken},
		{get, "/admin/audit", hospital.SeeAudit, d.audit},
		{post, "/admin/audit/export", hospital.SeeAudit, d.exportAudit},
	}
	routes = append(routes, d.emergencyRoutes()...)
	routes = append(routes, d.assertRoutes()...)
	if d.Demo != nil {
		return append(routes, route{get, "/sign-in", Public, d.goHome}, route{post, "/sign-out", Public, d.goHome})
	}
	routes = slices.Concat(routes, d.lockRoutes(), d.passkeyRoutes(), d.againRoutes(), d.signInRuleRoutes(), d.ssoRoutes(), d.scimRoutes())
	return append(routes,
		route{get, "/sign-in", Public, d.signInPage},
		route{post, "/sign-in", Public, d.signIn},
		route{post, "/sign-in/code", Public, d.signInCode},
		route{post, "/sign-out", Public, d.signOut},
		route{get, "/setup/:link", Public, d.setupPage},
		route{post, "/setup/:link", Public, d.setup},
		route{post, "/me/password", SignedIn, d.changePassword},
		route{post, "/me/two-step", SignedIn, d.beginTwoStep},
		route{post, "/me/two-step/confirm", SignedIn, d.confirmTwoStep},
		route{post, "/me/two-step/end", SignedIn, d.endTwoStep},
		route{post, "/me/sign-out-elsewhere", SignedIn, d.signOutElsewhere},
		route{get, "/me/unit", SignedIn, d.chooseUnit},
		route{post, "/me/unit", SignedIn, d.workIn},
	)
}

// goHome answers for sign-in and sign-out where nobody needs an account.
func (d *Door) goHome(c echo.Context) error { return d.seeOther(c, "/") }

func (d *Door) signInPage(c echo.Context) error {
	next := auth.Next(c.QueryParam("next"))
	if d.actor(c).ID != "" {
		return d.seeOther(c, next)
	}
	return d.showLock(c, http.StatusOK, next, "")
}

func (d *Door) signIn(c echo.Context) error {
	guard, r := d.People.Guard, c.Request()
	form := views.SignInForm{Email: c.FormValue("email"), Next: auth.Next(c.FormValue("next"))}
	if !guard.Safe(r) {
		form.Unsafe = true
		return d.showAs(c, http.StatusForbidden, "Sign in", views.SignIn(form))
	}
	secret, person, err := d.People.Porter.SignIn(r.Context(), form.Email, account.Secret(c.FormValue("password")), guard.Secret(r), d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		form.Wrong = wrong
		return d.showForm(c, status, "Sign in", views.SignIn(form))
	}
	if errors.Is(err, account.ErrSecondStep) {
		return d.showForm(c, http.StatusOK, "Sign in", views.SignInCode(views.CodeForm{Waiting: secret.Reveal(), Next: form.Next}))
	}
	if err != nil {
		return err
	}
	return d.letIn(c, secret, person, form.Next)
}

// signInCode is the second step of a sign-in.
func (d *Door) signInCode(c echo.Context) error {
	guard, r := d.People.Guard, c.Request()
	form := views.CodeForm{Waiting: c.FormValue("waiting"), Next: auth.Next(c.FormValue("next"))}
	secret, person, err := d.People.Porter.SecondStep(r.Context(), account.Secret(form.Waiting), c.FormValue("code"), guard.Secret(r), d.origin(c))
	if errors.Is(err, account.ErrSignedOut) {
		return d.showAs(c, http.StatusForbidden, "Sign in", views.SignIn(views.SignInForm{Next: form.Next, Wrong: "That took too long, or too many codes were wrong. Begin again."}))
	}
	if status, wrong := formFault(err); wrong != "" {
		form.Wrong = wrong
		return d.showAs(c, status, "Sign in", views.SignInCode(form))
	}
	if err != nil {
		return err
	}
	return d.letIn(c, secret, person, form.Next)
}

// formFault is what a form that comes back says, with its status; empty for
// errors that are not the typing person's.
func formFault(err error) (status int, wrong string) {
	switch {
	case errors.Is(err, account.ErrTooMany):
		return http.StatusTooManyRequests, hospital.Sentence(err)
	case errors.Is(err, hospital.ErrInvalid):
		return http.StatusUnprocessableEntity, hospital.Sentence(err)
	case errors.Is(err, hospital.ErrStale), errors.Is(err, hospital.ErrClock):
		return http.StatusConflict, hospital.Sentence(err)
	}
	return 0, ""
}

func (d *Door) signOut(c echo.Context) error {
	guard, r := d.People.Guard, c.Request()
	if by := d.actor(c); by.ID != "" {
		if err := d.People.Porter.SignOut(r.Context(), by, guard.Secret(r)); err != nil {
			return err
		}
	}
	guard.Take(c.Response(), r)
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return d.seeOther(c, "/sign-in")
}

func (d *Door) setupPage(c echo.Context) error {
	form, err := d.setupForm(c)
	if err != nil {
		return err
	}
	return d.show(c, "Welcome", views.Setup(form))
}

func (d *Door) setupForm(c echo.Context) (views.SetupForm, error) {
	person, first, err := d.People.Porter.Invited(c.Request().Context(), account.Secret(c.Param("link")))
	if err != nil {
		return views.SetupForm{}, err
	}
	return views.SetupForm{First: first, Name: person.Name, Email: person.Email, Unsafe: !d.People.Guard.Safe(c.Request())}, nil
}

func (d *Door) setup(c echo.Context) error {
	guard, r := d.People.Guard, c.Request()
	form, err := d.setupForm(c)
	if err != nil {
		return err
	}
	if form.First {
		form.Name, form.Email = c.FormValue("name"), c.FormValue("email")
	}
	if form.Unsafe {
		return d.showAs(c, http.StatusForbidden, "Welcome", views.Setup(form))
	}
	newcomer := account.Newcomer{Name: form.Name, Email: form.Email, Password: account.Secret(c.FormValue("password"))}
	secret, _, err := d.People.Porter.Redeem(r.Context(), account.Secret(c.Param("link")), newcomer, d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		form.Wrong = wrong
		return d.showAs(c, status, "Welcome", views.Setup(form))
	}
	if errors.Is(err, account.ErrSecondStep) {
		return d.show(c, "Sign in", views.SignInCode(views.CodeForm{Waiting: secret.Reveal(), Next: "/"}))
	}
	if err != nil {
		return err
	}
	guard.Give(c.Response(), r, secret)
	d.say(c, "Welcome to Wardwatch.")
	return d.seeOther(c, "/")
}

func (d *Door) me(c echo.Context) error { return d.showMe(c, http.StatusOK, "") }

func (d *Door) showMe(c echo.Context, status int, wrong string) error {
	by := d.actor(c)
	props := views.MeProps{Person: by, Wrong: wrong, HasAccount: d.Demo == nil,
		Habits: d.habits(c), Language: d.reader(c).Language, Theme: theme(c)}
	if props.HasAccount {
		sessions, err := d.People.Porter.Sessions(c.Request().Context(), by)
		if err != nil {
			return err
		}
		props.Sessions, props.Here = sessions, d.People.Guard.Secret(c.Request()).Hash()
		if props.TwoStep, err = d.People.Porter.TwoStep(c.Request().Context(), by); err != nil {
			return err
		}
		if props.PIN, err = d.People.Porter.PIN(c.Request().Context(), by); err != nil {
			return err
		}
		if props.Passkeys, err = d.People.Porter.Passkeys(c.Request().Context(), by); err != nil {
			return err
		}
		if props.Sign, err = d.signForm(c); err != nil {
			return err
		}
		props.Site = d.Register.Current().Site.Name
		if props.Phone, err = d.phoneCard(c, by); err != nil {
			return err
		}
	}
	return d.showAs(c, status, "Your account", views.Me(props))
}

func (d *Door) changePassword(c echo.Context) error {
	guard, r := d.People.Guard, c.Request()
	err := d.People.Porter.ChangePassword(r.Context(), d.actor(c), guard.Secret(r),
		account.Secret(c.FormValue("old")), account.Secret(c.FormValue("new")), guard.Origin(r))
	if status, wrong := formFault(err); wrong != "" {
		return d.showMe(c, status, wrong)
	}
	if err != nil {
		return err
	}
	d.say(c, "Your password is changed. You are signed out everywhere else.")
	return d.seeOther(c, "/me")
}

func (d *Door) beginTwoStep(c echo.Context) error {
	err := d.People.Porter.BeginTwoStep(c.Request().Context(), d.actor(c), d.typedAgain(c), d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		return d.showMe(c, status, wrong)
	}
	if err != nil {
		return err
	}
	return d.seeOther(c, "/me#two-step")
}

func (d *Door) confirmTwoStep(c echo.Context) error {
	err := d.People.Porter.ConfirmTwoStep(c.Request().Context(), d.actor(c), c.FormValue("code"))
	if status, wrong := formFault(err); wrong != "" {
		return d.showMe(c, status, wrong)
	}
	if err != nil {
		return err
	}
	d.say(c, "From now on you sign in with your password and a code from your phone.")
	return d.seeOther(c, "/me")
}

func (d *Door) endTwoStep(c echo.Context) error {
	err := d.People.Porter.EndTwoStep(c.Request().Context(), d.actor(c), account.Secret(c.FormValue("password")), d.People.Guard.Origin(c.Request()))
	if status, wrong := formFault(err); wrong != "" {
		return d.showMe(c, status, wrong)
	}
	if err != nil {
		return err
	}
	d.say(c, "You sign in with your password alone.")
	return d.seeOther(c, "/me")
}

func (d *Door) resetTwoStep(c echo.Context) error {
	id := hospital.PersonID(c.Param("id"))
	err := d.People.Porter.ResetTwoStep(c.Request().Context(), d.actor(c), id, d.typedAgain(c), d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		person, err := d.People.Porter.Person(c.Request().Context(), d.actor(c), id)
		if err != nil {
			return err
		}
		return d.showPerson(c, status, views.PersonProps{Person: person, Wrong: wrong})
	}
	if err != nil {
		return err
	}
	d.say(c, "She signs in with her password alone until she sets her phone up again.")
	return d.seeOther(c, "/admin/people/"+url.PathEscape(string(id)))
}

func (d *Door) signOutElsewhere(c echo.Context) error {
	if err := d.People.Porter.SignOutElsewhere(c.Request().Context(), d.actor(c), d.People.Guard.Secret(c.Request())); err != nil {
		return err
	}
	d.say(c, "You are signed out everywhere else.")
	return d.seeOther(c, "/me")
}

// workIn says where a person works today.
func (d *Door) workIn(c echo.Context) error {
	if err := d.People.Porter.WorkIn(c.Request().Context(), d.actor(c), hospital.UnitID(c.FormValue("unit"))); err != nil {
		return err
	}
	if next := c.FormValue("next"); next != "" {
		return d.seeOther(c, auth.Next(next))
	}
	return d.seeOther(c, back(c))
}

func (d *Door) people(c echo.Context) error {
	return d.showPeople(c, http.StatusOK, views.PersonForm{})
}

func (d *Door) showPeople(c echo.Context, status int, form views.PersonForm) error {
	people, err := d.People.Porter.People(c.Request().Context(), d.actor(c))
	if err == nil {
		err = d.People.Porter.Looked(c.Request().Context(), d.actor(c), account.LookAtPeople, "people")
	}
	if err != nil {
		return err
	}
	return d.showAs(c, status, "People", views.People(views.PeopleProps{People: people, Units: d.Register.Current().Units, Form: form}))
}

// typedPerson is what a form says of a person.
func typedPerson(c echo.Context) (hospital.Person, error) {
	values, err := c.FormParams()
	if err != nil {
		return hospital.Person{}, echo.NewHTTPError(http.StatusBadRequest, "The form can't be read.")
	}
	person := hospital.Person{Name: values.Get("name"), Email: values.Get("email"), Unit: hospital.UnitID(values.Get("unit"))}
	for _, role := range values["role"] {
		person.Roles = append(person.Roles, hospital.Role(role))
		for _, unit := range values[views.LimitField(hospital.Role(role))] {
			if person.Limits == nil {
				person.Limits = hospital.Limits{}
			}
			person.Limits[hospital.Role(role)] = append(person.Limits[hospital.Role(role)], hospital.UnitID(unit))
		}
	}
	return person, nil
}

func (d *Door) addPerson(c echo.Context) error {
	typed, err := typedPerson(c)
	if err != nil {
		return err
	}
	person, link, err := d.People.Porter.Add(c.Request().Context(), d.actor(c), typed)
	if status, wrong := formFault(err); wrong != "" {
		return d.showPeople(c, status, views.PersonForm{Person: typed, Wrong: wrong})
	}
	if err != nil {
		return err
	}
	return d.showPerson(c, http.StatusCreated, views.PersonProps{Person: person, Link: d.linkTo(c, link)})
}

// linkTo is a one-time link as its person opens it.
func (d *Door) linkTo(c echo.Context, secret account.Secret) string {
	base := strings.TrimSuffix(d.People.PublicURL, "/")
	if base == "" {
		base = c.Scheme() + "://" + c.Request().Host
	}
	return base + "/setup/" + secret.Reveal()
}

func (d *Door) person(c echo.Context) error {
	person, err := d.People.Porter.Person(c.Request().Context(), d.actor(c), hospital.PersonID(c.Param("id")))
	if err == nil {
		err = d.People.Porter.Looked(c.Request().Context(), d.actor(c), account.LookAtPerson, "person/"+string(person.ID))
	}
	if err != nil {
		return err
	}
	return d.showPerson(c, http.StatusOK, views.PersonProps{Person: person})
}

func (d *Door) showPerson(c echo.Context, status int, props views.PersonProps) error {
	props.Units = d.Register.Current().Units
	var err error
	if d.Demo == nil {
		if props.Sign, err = d.signForm(c); err != nil {
			return err
		}
	}
	if props.TwoStep, err = d.People.Porter.HasTwoStep(c.Request().Context(), d.actor(c), props.Person.ID); err != nil {
		return err
	}
	return d.showAs(c, status, props.Person.Name, views.PersonPage(props))
}

func (d *Door) alterPerson(c echo.Context) error {
	typed, err := typedPerson(c)
	if err != nil {
		return err
	}
	typed.ID = hospital.PersonID(c.Param("id"))
	err = d.People.Porter.AlterSeen(c.Request().Context(), d.actor(c), typed, d.typedAgain(c), d.origin(c))
	if status, wrong := formFault(err); wrong != "" {
		stored, err := d.People.Porter.Person(c.Request().Context(), d.actor(c), typed.ID)
		if err != nil {
			return err
		}
		typed.DisabledAt = stored.DisabledAt
		return d.showPerson(c, status, views.PersonProps{Person: typed, Wrong: wrong})
	}
	if err != nil {
		return err
	}
	d.say(c, "Saved.")
	return d.seeOther(c, "/admin/people/"+url.PathEscape(string(typed.ID)))
}

func (d *Door) invitePerson(c echo.Context) error {
	ctx, by, id := c.Request().Context(), d.actor(c), hospital.PersonID(c.Param("id"))
	link, err := d.People.Porter.Invite(ctx, by, id)
	if err != nil {
		return err
	}
	person, err := d.People.Porter.Person(ctx, by, id)
	if err != nil {
		return err
	}
	return d.showPerson(c, http.StatusCreated, views.PersonProps{Person: person, Link: d.linkTo(c, link)})
}

func (d *Door) disablePerson(c echo.Context) error {
	id := hospital.PersonID(c.Param("id"))
	if err := d.People.Porter.Disable(c.Request().Context(), d.actor(c), id); err != nil {
		return err
	}
	d.say(c, "The account is disabled.")
	return d.seeOther(c, "/admin/people/"+url.PathEscape(string(id)))
}

func (d *Door) enablePerson(c echo.Context) error {
	id := hospital.PersonID(c.Param("id"))
	if err := d.People.Porter.Enable(c.Request().Context(), d.actor(c), id); err != nil {
		return err
	}
	d.say(c, "The account is enabled.")
	return d.seeOther(c, "/admin/people/"+url.PathEscape(string(id)))
}

func (d *Door) tokens(c echo.Context) error {
	return d.showTokens(c, http.StatusOK, views.TokensProps{Gateway: hospital.GatewayID(c.QueryParam("gateway"))})
}

func (d *Door) showTokens(c echo.Context, status int, props views.TokensProps) error {
	tokens, err := d.People.Keys.Tokens(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	props.Tokens, props.May, props.MayGiveRoles = tokens, d.actor(c).May(hospital.ManageDevices), d.actor(c).May(hospital.ManagePeople)
	return d.showAs(c, status, "Tokens", views.Tokens(props))
}

func (d *Door) addToken(c echo.Context) error {
	name, gateway := c.FormValue("name"), hospital.GatewayID(strings.TrimSpace(c.FormValue("gateway")))
	role, keys := hospital.Role(c.FormValue("role")), strings.TrimSpace(c.FormValue("keys"))
	token, secret, err := d.makeToken(c, name, gateway, role, keys)
	if status, wrong := formFault(err); wrong != "" {
		return d.showTokens(c, status, views.TokensProps{Wrong: wrong, Name: name, Gateway: gateway, Role: role, Keys: keys, Supplier: c.FormValue("supplier")})
	}
	if err != nil {
		return err
	}
	if keys != "" {
		return d.showTokens(c, http.StatusCreated, views.TokensProps{FreshSigner: token.ID, FreshName: token.Name, TokenAddress: d.ownOrigin(c) + assertPath})
	}
	return d.showTokens(c, http.StatusCreated, views.TokensProps{Fresh: secret.Reveal(), FreshName: token.Name})
}

func (d *Door) rotateToken(c echo.Context) error {
	token, secret, err := d.People.Keys.Rotate(c.Request().Context(), d.actor(c), c.Param("id"), account.DefaultOverlap)
	if err != nil {
		return err
	}
	return d.showTokens(c, http.StatusCreated, views.TokensProps{Fresh: secret.Reveal(), FreshName: token.Name})
}

func (d *Door) makeToken(c echo.Context, name string, gateway hospital.GatewayID, role hospital.Role, keys string) (account.Token, account.Secret, error) {
	switch {
	case keys != "" && (gateway != "" || role == "" || role == views.DirectoryToken):
		return account.Token{}, "", hospital.Refuse(hospital.ErrInvalid, "A program that signs uses the API as a role. Choose the role, and no gateway.")
	case keys != "":
		token, err := d.People.Keys.AddSigner(c.Request().Context(), d.actor(c), name, role, keys)
		return token, "", err
	case role == views.SupplierToken:
		return d.addSupplierToken(c, name, gateway)
	case role == views.DirectoryToken && gateway == "":
		return d.People.Keys.AddDirectory(c.Request().Context(), d.actor(c), name)
	case role == "":
		return d.People.Keys.Add(c.Request().Context(), d.actor(c), name, gateway)
	case gateway != "":
		return account.Token{}, "", hospital.Refuse(hospital.ErrInvalid, "A token speaks for a gateway or reads as a role, not both.")
	}
	return d.People.Keys.AddReader(c.Request().Context(), d.actor(c), name, role)
}

func (d *Door) revokeToken(c echo.Context) error {
	if err := d.People.Keys.Revoke(c.Request().Context(), d.actor(c), c.Param("id")); err != nil {
		return err
	}
	d.say(c, "The token is revoked.")
	return d.seeOther(c, "/admin/tokens")
}

// auditFilter is what was asked of the trail, as typed and as it is searched.
func (d *Door) auditFilter(typed func(string) string) (views.AuditProps, audit.Filter) {
	props := views.AuditProps{Who: typed("who"), Deed: typed("deed"), Thing: typed("thing"), From: typed("from"), Until: typed("until")}
	filter := audit.Filter{Who: props.Who, Deed: props.Deed, Thing: props.Thing}
	zone := d.Register.Current().Site.Location()
	var wrongFrom, wrongUntil bool
	filter.From, wrongFrom = typedDay(props.From, zone, 0)
	filter.Until, wrongUntil = typedDay(props.Until, zone, 1)
	if wrongFrom || wrongUntil {
		props.Wrong = "A day is written 2026-03-31; the search went on without it."
	}
	return props, filter
}

// exportAudit writes every line that the search finds as a file: CSV for
// spreadsheets, JSON Lines for programs.
func (d *Door) exportAudit(c echo.Context) error {
	props, filter := d.auditFilter(c.FormValue)
	if props.Wrong != "" {
		return hospital.Refuse(hospital.ErrInvalid, "A day is written 2026-03-31. Nothing was exported.")
	}
	name := "audit-" + d.Now().UTC().Format("20060102-150405")
	if c.FormValue("format") == "jsonl" {
		attach(c, name+".jsonl", "application/jsonl")
		lines := json.NewEncoder(c.Response())
		return d.finish(c, d.People.Trail.Export(c.Request().Context(), d.actor(c), filter, func(l audit.Line) error { return lines.Encode(l) }))
	}
	attach(c, name+".csv", "text/csv; charset=utf-8")
	file, err := newCSV(c.Response(), "number", "at", "who", "name", "deed", "thing", "why", "before", "after")
	if err != nil {
		return err
	}
	err = d.People.Trail.Export(c.Request().Context(), d.actor(c), filter, func(l audit.Line) error {
		return file.Write(plainRow(strconv.FormatInt(l.Seq, 10), l.At.Format(time.RFC3339Nano), string(l.By), l.Name, l.Deed, l.Thing, l.Why, l.Before, l.After))
	})
	file.Flush()
	return d.finish(c, errors.Join(err, file.Error()))
}

// attach makes the answer a file to keep.
func attach(c echo.Context, name, kind string) {
	c.Response().Header().Set(echo.HeaderContentType, kind)
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
}

func (d *Door) audit(c echo.Context) error {
	props, filter := d.auditFilter(c.QueryParam)
	props.Actor = d.actor(c)
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // anything else begins at the top
	page, err := d.People.Trail.Read(c.Request().Context(), d.actor(c), filter, before)
	if err != nil {
		return err
	}
	props.Page = page
	query := c.QueryParams()
	if before > 0 {
		query.Del("before")
		props.Pager.Newer = "/admin/audit?" + query.Encode()
	}
	if page.Older > 0 {
		query.Set("before", strconv.FormatInt(page.Older, 10))
		props.Pager.Older = "/admin/audit?" + query.Encode()
	}
	return d.show(c, "Audit", views.Audit(props))
}

// typedDay is the beginning of a day at the site, some days later; zero when none was typed.
func typedDay(text string, zone *time.Location, later int) (day time.Time, wrong bool) {
	if text == "" {
		return time.Time{}, false
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, true
	}
	return day.AddDate(0, 0, later), false
}
