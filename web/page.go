package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"wardwatch/views"
	"wardwatch/web/live"
)

const (
	themeCookie = "wardwatch-theme"
	saidCookie  = "wardwatch-said"
	// saidFor is how long a sentence about a finished form waits for its page.
	saidFor = 30 * time.Second
	// maxSaid keeps such a sentence to what a cookie holds well.
	maxSaid = 300
	// cursorKey is where the hub stood when the request came in.
	cursorKey = "live cursor"
)

// show draws body as a page with a title. The page listens to the topics that
// it names and that its reader may hear.
func (d *Door) show(c echo.Context, title string, body templ.Component, topics ...string) error {
	return d.showAs(c, http.StatusOK, title, body, topics...)
}

// showAs is show with a status: 422 for a form that came back.
func (d *Door) showAs(c echo.Context, status int, title string, body templ.Component, topics ...string) error {
	ctx := d.scene(c.Request().Context())
	page, err := d.frame(ctx, c, title, topics)
	if err != nil {
		return err
	}
	return d.write(c, status, ctx, views.Shell(page, body))
}

// part draws body alone, without the shell: a fragment that htmx asked for.
func (d *Door) part(c echo.Context, status int, body templ.Component) error {
	return d.write(c, status, d.scene(c.Request().Context()), body)
}

// write draws into memory first, so that a fault still gets its own status.
func (d *Door) write(c echo.Context, status int, ctx context.Context, body templ.Component) error {
	html := templ.GetBuffer()
	defer templ.ReleaseBuffer(html)
	if err := body.Render(ctx, html); err != nil {
		return err
	}
	c.Response().Header().Add(echo.HeaderVary, "Accept-Language")
	return c.HTMLBlob(status, views.Untwist(d.reader(c).Page(html.Bytes())))
}

// scene gives components the static addresses, the site's clock and the time.
func (d *Door) scene(ctx context.Context) context.Context {
	return views.WithScene(ctx, views.Scene{
		StaticURL: d.static.URL, Zone: d.Register.Current().Site.Location(), Now: d.Now(),
	})
}

// frame gathers what stands around the body of every page.
func (d *Door) frame(ctx context.Context, c echo.Context, title string, topics []string) (views.Page, error) {
	by, directory := d.actor(c), d.Register.Current()
	page := views.Page{
		Title: title, Nav: views.NavOf(c.Request().URL.Path), Actor: by, Site: directory.Site,
		OwnSearch: slices.Contains([]string{"/", "/search", "/scan"}, c.Path()), Theme: theme(c), Said: takeSaid(c), Version: d.Version,
		Language: d.reader(c).Language, Habits: d.habits(c),
	}
	if d.Demo == nil { // what is forgotten at Ctrl-C leaves nothing in a browser
		page.Worker = workerPath
	}
	page.Passkeys = d.People != nil && d.Demo == nil && !strings.HasPrefix(c.Path(), "/wall")
	if d.Demo != nil {
		page.Demo = d.Demo.strip()
	}
	page.Trouble = d.trouble()
	page.Refresh, _ = c.Get(refreshKey).(int)
	if by.ID == "" {
		return page, nil
	}
	page.Units = directory.Units
	if d.People != nil && d.Demo == nil && !strings.HasPrefix(c.Path(), "/wall") {
		page.LockAfter = d.People.Porter.Limits().Idle
	}
	if d.Around != nil {
		around, err := d.Around(ctx, by)
		if err != nil {
			return page, err
		}
		page.Alarms, page.Worst, page.Proposals = around.Alarms, around.Worst, around.Proposals
	}
	page.Topics = d.hub.Allowed(by, slices.Concat(everywhere, topics))
	page.Topics = page.Topics[:min(live.MaxTopics, len(page.Topics))] // the rest of a long list stands still
	page.Cursor, _ = c.Get(cursorKey).(string)
	return page, nil
}

// everywhere are the topics that every page listens to, for its bell and strips.
var everywhere = []string{"alarms", approvals, storageTopic}

// Around is what every page tells besides its own subject.
type Around struct {
	// Alarms counts open alarms that nobody has acknowledged.
	Alarms int
	// Worst is the one to show first; nil when there is none.
	Worst *views.AlarmLine
	// Proposals counts orders that wait for approval; 0 for those who may not approve.
	Proposals int
}

// showFailure is the page for a request that failed.
func (d *Door) showFailure(c echo.Context, status int, sentence, reference string) error {
	failure := views.Failure{Status: status, Sentence: sentence, Reference: reference, SignedIn: d.actor(c).ID != ""}
	if c.Request().Header.Get("HX-Request") == "true" {
		return d.part(c, status, views.FailureNotice(failure))
	}
	ctx := d.scene(c.Request().Context())
	page, err := d.frame(ctx, c, failure.Title(), nil)
	if err != nil { // what stands around the page may be what failed
		page = views.Page{Title: failure.Title(), Actor: d.actor(c), Theme: theme(c), Trouble: d.trouble()}
	}
	return d.write(c, status, ctx, views.Shell(page, views.FailurePage(failure)))
}

// say leaves one sentence for the page that the form leads to: "Acknowledged."
func (d *Door) say(c echo.Context, sentence string) {
	if len(sentence) > maxSaid {
		sentence = sentence[:maxSaid]
	}
	c.SetCookie(&http.Cookie{Name: saidCookie, Value: url.QueryEscape(sentence), Path: "/", MaxAge: int(saidFor.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.IsTLS()})
}

// takeSaid reads the sentence that say left, once.
func takeSaid(c echo.Context) string {
	cookie, err := c.Cookie(saidCookie)
	if err != nil || cookie.Value == "" {
		return ""
	}
	c.SetCookie(&http.Cookie{Name: saidCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.IsTLS()})
	sentence, err := url.QueryUnescape(cookie.Value)
	if err != nil || len(sentence) > maxSaid {
		return ""
	}
	return sentence
}
