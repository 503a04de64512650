package web

import (
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking"
	"wardwatch/tracking/fence"
	"wardwatch/tracking/health"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) fenceRoutes() []route {
	var routes []route
	if d.Fences != nil {
		routes = append(routes,
			route{get, "/fences", hospital.SeeEquipment, d.fences},
			route{get, "/fences/new", hospital.ManageEquipment, d.newFence},
			route{post, "/fences", hospital.ManageEquipment, d.addFence},
			route{get, "/fences/:id", hospital.ManageEquipment, d.fence},
			route{post, "/fences/:id", hospital.ManageEquipment, d.alterFence},
			route{post, "/fences/:id/remove", hospital.ManageEquipment, d.dropFence})
	}
	if d.Health != nil {
		routes = append(routes, route{get, "/admin/worklist", hospital.SeeDevices, d.worklist})
	}
	return routes
}

// fences lists where equipment may be.
func (d *Door) fences(c echo.Context) error {
	by := d.actor(c)
	list, err := d.Fences.List(c.Request().Context(), by)
	if err != nil {
		return err
	}
	return d.show(c, "Fences", views.Fences(list, d.house(), by.May(hospital.ManageEquipment)))
}

func (d *Door) newFence(c echo.Context) error {
	f := fence.Fence{Rule: fence.StayIn, After: fence.DefaultAfter, Grace: fence.DefaultGrace}
	return d.showFence(c, http.StatusOK, views.FencePage{Fence: f, New: true})
}

func (d *Door) fence(c echo.Context) error {
	f, err := d.Fences.Fence(c.Request().Context(), d.actor(c), fence.ID(c.Param("id")))
	if err != nil {
		return err
	}
	return d.showFence(c, http.StatusOK, views.FencePage{Fence: f})
}

func (d *Door) showFence(c echo.Context, status int, p views.FencePage) error {
	kinds, err := d.Equipment.Store.Kinds(c.Request().Context())
	if err != nil {
		return err
	}
	p.Kinds, p.House = kinds, d.house()
	title := p.Fence.Name
	if p.New {
		title = "New fence"
	}
	return d.showAs(c, status, title, views.FenceForm(p))
}

// typedFence reads the form; its waits are kept as they were typed too.
func typedFence(c echo.Context) (views.FencePage, error) {
	form, err := readForm(c)
	if err != nil {
		return views.FencePage{}, err
	}
	f := fence.Fence{Name: strings.TrimSpace(form.Get("name")), Rule: fence.Rule(form.Get("rule")),
		Kinds: chosen[string](form, "kind"), Assets: chosenWords[tracking.AssetID](form.Get("assets")),
		Floors: chosen[hospital.FloorID](form, "floor"), Units: chosen[hospital.UnitID](form, "unit"),
		Rooms: chosen[hospital.RoomID](form, "room"), RoomKinds: chosen[hospital.RoomKind](form, "room_kind"),
		After: seconds(form.Get("after")), Grace: seconds(form.Get("grace")),
		Serious: form.Get("serious") != "", Off: form.Get("off") != ""}
	return views.FencePage{Fence: f, After: form.Get("after"), Grace: form.Get("grace")}, nil
}

func chosen[T ~string](form url.Values, name string) []T {
	var all []T
	for _, value := range form[name] {
		if value != "" {
			all = append(all, T(value))
		}
	}
	return all
}

func chosenWords[T ~string](text string) []T {
	var all []T
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }) {
		all = append(all, T(word))
	}
	return all
}

// seconds is a typed wait; what is no number is one that no fence may have.
func seconds(text string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 || n > int(fence.MaxAfter.Seconds()) {
		return -1
	}
	return time.Duration(n) * time.Second
}

func (d *Door) addFence(c echo.Context) error {
	p, err := typedFence(c)
	if err != nil {
		return err
	}
	list, err := d.Fences.List(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	p.Fence.ID, p.New = freshFence(p.Fence.Name, list), true
	return d.setFence(c, p)
}

// freshFence is a short name made of a fence's name that no other has.
func freshFence(name string, list []fence.Standing) fence.ID {
	var short strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			short.WriteRune(r)
		case short.Len() > 0 && !strings.HasSuffix(short.String(), "-"):
			short.WriteByte('-')
		}
		if short.Len() == 40 {
			break
		}
	}
	base := strings.Trim(short.String(), "-")
	if base == "" {
		base = "fence"
	}
	for n := 1; ; n++ {
		id := fence.ID(base)
		if n > 1 {
			id = fence.ID(fmt.Sprintf("%s-%d", base, n))
		}
		taken := false
		for _, other := range list {
			taken = taken || other.ID == id
		}
		if !taken {
			return id
		}
	}
}

func (d *Door) alterFence(c echo.Context) error {
	before, err := d.Fences.Fence(c.Request().Context(), d.actor(c), fence.ID(c.Param("id")))
	if err != nil {
		return err
	}
	p, err := typedFence(c)
	if err != nil {
		return err
	}
	p.Fence.ID = before.ID
	return d.setFence(c, p)
}

func (d *Door) setFence(c echo.Context, p views.FencePage) error {
	err := d.Fences.Set(c.Request().Context(), d.actor(c), p.Fence)
	if status, wrong := formFault(err); wrong != "" {
		p.Wrong = wrong
		return d.showFence(c, status, p)
	}
	if err != nil {
		return err
	}
	d.say(c, "“"+p.Fence.Name+"” is watched from now on.")
	if p.Fence.Off {
		d.say(c, "“"+p.Fence.Name+"” is kept, but not watched.")
	}
	return d.seeOther(c, "/fences")
}

func (d *Door) dropFence(c echo.Context) error {
	if err := d.Fences.Drop(c.Request().Context(), d.actor(c), fence.ID(c.Param("id"))); err != nil {
		return err
	}
	d.say(c, "The fence is removed.")
	return d.seeOther(c, "/fences")
}

// worklist is what to mend of gateways and tags, the nearest first.
func (d *Door) worklist(c echo.Context) error {
	from := hospital.RoomID(c.QueryParam("room"))
	jobs, err := d.Health.Worklist(c.Request().Context(), d.actor(c), from)
	if err != nil {
		return err
	}
	unknown, err := d.Devices.Unknown(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	return d.show(c, "Worklist", views.Worklist(views.WorklistPage{Jobs: jobs, From: from, House: d.house(), Unknown: unknown.Count()}))
}

func (d *Door) fencesFile() keepable {
	return keepable{"fences", hospital.SeeEquipment,
		[]column{{"Fence", 26}, {"Equipment", 40}, {"Rule", 60}, {"Rings after s", 12}, {"Over after s", 12}, {"Ringing", 9}, {"Waiting", 9}, {"Watched", 9}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			list, err := d.Fences.List(c.Request().Context(), d.actor(c))
			return listed(list, err, func(f fence.Standing) [][]any {
				return row(f.Name, ours(views.FenceAbout(f.Fence)), ours(views.FenceRule(f.Fence, d.house())), int64(f.After.Seconds()), int64(f.Grace.Seconds()),
					int64(f.Ringing), int64(f.Waiting), yesNo(!f.Off))
			})
		}}
}

func (d *Door) worklistFile() keepable {
	return keepable{"worklist", hospital.SeeDevices,
		[]column{{"Device", 26}, {"What", 20}, {"Room", 22}, {"Floor", 16}, {"Last heard (UTC)", 20}, {"What to do", 60}, {"Others it mends", 12}},
		func(c echo.Context) (iter.Seq2[[]any, error], error) {
			jobs, err := d.Health.Worklist(c.Request().Context(), d.actor(c), hospital.RoomID(c.QueryParam("room")))
			return listed(jobs, err, func(j health.Job) [][]any {
				house := d.house()
				return row(j.Name, ours(j.What), house.RoomName(j.Room), house.FloorName(j.Room), j.Since, ours(j.Do), int64(j.Causes))
			})
		}}
}
