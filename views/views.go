// Package views is what people see: templ components that take what they show
// and fetch nothing. The same component serves the page and the live update.
//
// # A page
//
// A handler draws its body and the door wraps it: Shell(Page{…}, body). Every
// body begins with one PageHead (the only h1) and goes on in Sections:
//
//	@PageHead("Cold chain", "18 fridges and freezers") { <a class="button" href="…">Report</a> }
//	@Section("open", "Open excursions") { … }
//
// # Words, icons, colour
//
// A state is always Status(level, word): icon + word + colour. Levels are OK,
// Info, Service, Stale, Warning and Alarm; Normal is quiet, so OK has no fill.
// Numbers that people compare stand in class "number" (right, tabular figures).
// Every number from a sensor has an Age(at). Temperatures use a no-break space:
// Celsius(4250) is "4.2 °C"; ui.js turns ages into "2 min ago" and keeps them so.
//
// # Classes
//
// Layout: "grid" (cards side by side), "stack" (one below another), "row"
// (inline, wraps, gap), "spread" (row with ends apart), "two" (main and aside).
// Surfaces: "card", "tile", "notice". Text: "muted", "small", "number", "big",
// "nowrap", "visually-hidden".
// Controls: "button" with "primary", "danger", "quiet", "small", "wide"; "chips"
// with Chip; "field" by Field, Select, TextArea. Everything is at least 44 px high.
// Tables: <table class="table"> with data-label on each td; below 640 px its
// rows turn into cards. The first cell of a row carries class "lead". Numbers:
// th and td class "number". Row actions: td class "actions".
// Facts: <dl class="facts"> of Fact(term) { … }. Timeline: <ol class="timeline"> of <li>.
// Lists of links: <ul class="list"> of <li>.
// Sheets: Sheet(id, label) { … } is a button that opens a panel, by <details>, without script.
// Drawings: <svg class="chart"> with classes "band", "edge", "series", "gap",
// "excursion", "axis", "mark"; <svg class="plan"> with "room", "room here",
// "room blind", "label", "dot", "gateway". Colour comes from the style sheet
// alone: there is no style attribute anywhere (the content security policy
// refuses it). A bar is <meter> or <progress>.
// On paper: "no-print" and "only-print".
//
// # Live
//
// Only leaves are pushed: an element with an id that holds no control, such as
// <span id="fridge-f-03-temp">. The handler names its topics in Page.Topics; the
// hub's Source renders the very component that drew the leaf. Never put a form,
// a button or a link that has focus inside one.
package views

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// Scene is what every component may need and no handler should pass along:
// where the static files are, whose clock the site goes by, and what time it is.
type Scene struct {
	// StaticURL maps "css/app.css" to its lasting address.
	StaticURL func(name string) string
	Zone      *time.Location
	// Now is fixed for one rendering.
	Now time.Time
}

type sceneKey struct{}

// WithScene gives ctx to components. Without it they use plain static
// addresses, UTC, and dates in full.
func WithScene(ctx context.Context, s Scene) context.Context {
	return context.WithValue(ctx, sceneKey{}, s)
}

// SceneOf is what WithScene put there, with every gap filled.
func SceneOf(ctx context.Context) Scene {
	s, _ := ctx.Value(sceneKey{}).(Scene)
	if s.StaticURL == nil {
		s.StaticURL = func(name string) string { return "/static/" + name }
	}
	s.Zone = cmp.Or(s.Zone, time.UTC)
	return s
}

// Level says how much somebody is needed. It decides colour and icon; the word
// beside them is the page's.
type Level string

// The levels, quietest first.
const (
	OK      Level = "ok"      // as it should be
	Info    Level = "info"    // worth knowing
	Service Level = "service" // under maintenance, on hold
	Stale   Level = "stale"   // not known any more
	Warning Level = "warning" // somebody should look today
	Alarm   Level = "alarm"   // somebody must look now
)

// Icon is the level's own shape, so that it is told apart without colour.
func (l Level) Icon() string {
	switch l {
	case OK:
		return "circle-check"
	case Service:
		return "wrench"
	case Stale:
		return "circle-question-mark"
	case Warning:
		return "triangle-alert"
	case Alarm:
		return "octagon-alert"
	}
	return "info"
}

// Clock is a time of day at the site: "14:02" today, "Tue 08:14" within six
// days, "3 Nov 08:14" this year, else with the year. Zero time gives "never".
func Clock(ctx context.Context, at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	s := SceneOf(ctx)
	local, now := at.In(s.Zone), s.Now.In(s.Zone)
	switch days := calendarDays(local, now); {
	case s.Now.IsZero():
		return local.Format("2 Jan 2006 15:04")
	case days == 0:
		return local.Format("15:04")
	case days > 0 && days < 7:
		return local.Format("Mon 15:04")
	case local.Year() == now.Year():
		return local.Format("2 Jan 15:04")
	}
	return local.Format("2 Jan 2006 15:04")
}

// Day is a calendar day at the site: "21 Nov 2026". Zero gives "–".
func Day(ctx context.Context, at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return at.In(SceneOf(ctx).Zone).Format("2 Jan 2006")
}

// Full is a time that goes on paper: "21 Nov 2026 14:02:09 CET". Zero gives "–".
func Full(ctx context.Context, at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return at.In(SceneOf(ctx).Zone).Format("2 Jan 2006 15:04:05 MST")
}

// calendarDays is how many midnights lie between the two, in their own zone.
func calendarDays(from, to time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(to).Sub(day(from)).Hours() / 24)
}

// Ago is an age in words: "now", "40 s", "12 min", "3 h", "5 days". Negative ages
// (a device's clock runs fast) are "now".
func Ago(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return "now"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + " h"
	}
	return strconv.Itoa(int(d.Hours()/24)) + " days"
}

// Celsius shows thousandths of a degree with one decimal and a no-break space:
// 4250 is "4.3 °C", -18040 is "−18.0 °C". Limits are judged on the raw number.
func Celsius(milli int64) string {
	sign, tenths := "", (abs(milli)+50)/100
	if milli < 0 && tenths > 0 {
		sign = "−"
	}
	return fmt.Sprintf("%s%d.%d °C", sign, tenths/10, tenths%10)
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// Plural counts things: Plural(1, "lot", "lots") is "1 lot".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// Text is a component that shows plain text.
func Text(s string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, templ.EscapeString(s))
		return err
	})
}
