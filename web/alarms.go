package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/views"
	"wardwatch/web/live"
)

// alarmPage is how many closed alarms stand on one page.
const alarmPage = 50

// alarms is the inbox: ?tab=acknowledged, ?tab=closed&before=ID.
func (d *Door) alarms(c echo.Context) error {
	ctx := c.Request().Context()
	standing, err := d.Alarms.Standing(ctx)
	if err != nil {
		return err
	}
	p, err := d.inbox(c, c.QueryParam("tab"), standing)
	if err != nil {
		return err
	}
	if p.Fridges, err = d.standings(ctx, p.Alarms...); err != nil {
		return err
	}
	p.Precedents = make(map[notify.AlarmID]*notify.Alarm)
	for _, alarm := range p.Alarms {
		p.Precedents[alarm.ID] = alarm.Precedent(standing.Open, d.unitOf(p.Fridges))
	}
	return d.show(c, "Alarms", views.AlarmsPage(p), notify.Topic, coldchain.Topic)
}

func (d *Door) inbox(c echo.Context, tab string, standing notify.Standing) (views.AlarmsPageProps, error) {
	ctx := c.Request().Context()
	p := views.AlarmsPageProps{Tab: tab, Open: standing.Waiting, Acknowledged: standing.Acknowledged, Newest: standing.Newest, Actor: d.actor(c)}
	switch tab {
	case "closed":
		before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // what is no number means the newest
		closed, err := d.Alarms.Store.ClosedAlarms(ctx, notify.AlarmID(before), alarmPage)
		if len(closed) == alarmPage {
			p.Older = fmt.Sprintf("/alarms?tab=closed&before=%d", closed[len(closed)-1].ID)
		}
		p.Alarms = closed
		return p, err
	case "acknowledged":
	default:
		p.Tab = "open"
	}
	for _, alarm := range standing.Open {
		if alarm.Waits(d.Now()) == (p.Tab == "open") {
			p.Alarms = append(p.Alarms, alarm)
		}
	}
	if p.Tab == "open" && len(p.Alarms) == 0 {
		closed, err := d.Alarms.Store.ClosedAlarms(ctx, 0, 1)
		if err != nil {
			return p, err
		}
		if len(closed) > 0 {
			p.LastClosed = &closed[0]
		}
	}
	return p, nil
}

// unitOf says which unit the fridge of an alarm belongs to; none for what is no fridge.
func (d *Door) unitOf(fridges map[coldchain.FridgeID]coldchain.Standing) func(notify.Alarm) string {
	directory := d.Register.Current()
	return func(a notify.Alarm) string {
		s, known := fridges[views.AlarmFridge(a)]
		if !known {
			return ""
		}
		return string(directory.UnitOf(s.Fridge.Unit, s.Fridge.Room))
	}
}

// alarm is one alarm and who was told of it.
func (d *Door) alarm(c echo.Context) error {
	return d.showAlarm(c, http.StatusOK, nil)
}

func (d *Door) showAlarm(c echo.Context, status int, failed *views.AlarmAnswer) error {
	ctx := c.Request().Context()
	id, err := alarmID(c)
	if err != nil {
		return err
	}
	alarm, err := d.Alarms.Store.Alarm(ctx, id)
	if err != nil {
		return err
	}
	notices, err := d.Alarms.Store.Notices(ctx, id)
	if err != nil {
		return err
	}
	p := views.AlarmPageProps{Alarm: alarm, Notices: notices, Actor: d.actor(c), Failed: failed}
	if p.Fridges, err = d.standings(ctx, alarm); err != nil {
		return err
	}
	standing, err := d.Alarms.Standing(ctx)
	if err != nil {
		return err
	}
	p.Precedent = alarm.Precedent(standing.Open, d.unitOf(p.Fridges))
	return d.showAs(c, status, alarm.Name, views.AlarmPage(p), notify.Topic, coldchain.Topic)
}

// standings are how the fridges stand that alarms are about, by their identifiers.
func (d *Door) standings(ctx context.Context, alarms ...notify.Alarm) (map[coldchain.FridgeID]coldchain.Standing, error) {
	if !slices.ContainsFunc(alarms, func(a notify.Alarm) bool { return views.AlarmFridge(a) != "" }) {
		return nil, nil
	}
	board, err := d.ColdChain.Board(ctx, d.Now())
	if err != nil {
		return nil, err
	}
	byID := make(map[coldchain.FridgeID]coldchain.Standing, len(board))
	for _, s := range board {
		byID[s.Fridge.ID] = s
	}
	return byID, nil
}

func alarmID(c echo.Context) (notify.AlarmID, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return 0, notify.ErrUnknownAlarm
	}
	return notify.AlarmID(id), nil
}

// acknowledge takes a reason, a note, and the version that the person looked at.
func (d *Door) acknowledge(c echo.Context) error {
	id, err := alarmID(c)
	if err != nil {
		return err
	}
	answer := answerOf(c)
	answer.Version = versionOf(c)
	alarm, err := d.Alarms.Acknowledge(c.Request().Context(), d.actor(c), id, answer)
	if err != nil {
		return d.alarmAgain(c, err, id, false)
	}
	d.say(c, "Acknowledged: "+alarm.Name+".")
	return d.seeOther(c, "/alarms")
}

// answerOf is the answer that was typed. A time that is no number is one that is not possible.
func answerOf(c echo.Context) notify.Answer {
	answer := notify.Answer{Reason: notify.Reason(c.FormValue("reason")), Note: c.FormValue("note")}
	if typed := c.FormValue("quiet"); typed != "" {
		minutes, err := strconv.Atoi(typed)
		if err != nil || minutes < 1 || minutes > int(notify.MaxSilence.Minutes()) {
			minutes = -1
		}
		answer.For = time.Duration(minutes) * time.Minute
	}
	return answer
}

// closeAlarm takes a note of what was done.
func (d *Door) closeAlarm(c echo.Context) error {
	id, err := alarmID(c)
	if err != nil {
		return err
	}
	alarm, err := d.Alarms.Close(c.Request().Context(), d.actor(c), id, c.FormValue("note"), versionOf(c))
	if err != nil {
		return d.alarmAgain(c, err, id, true)
	}
	d.say(c, "Closed: "+alarm.Name+".")
	return d.seeOther(c, "/alarms")
}

// versionOf is the version that the form was drawn with; 0 where it says none.
func versionOf(c echo.Context) int {
	version, _ := strconv.Atoi(c.FormValue("version"))
	return max(version, 0)
}

// alarmAgain shows the alarm as it stands now, with what was typed and what was wrong with it.
func (d *Door) alarmAgain(c echo.Context, err error, id notify.AlarmID, closing bool) error {
	if !errors.Is(err, hospital.ErrInvalid) && !errors.Is(err, hospital.ErrStale) {
		return err
	}
	status, sentence := outcome(err)
	return d.showAlarm(c, status, &views.AlarmAnswer{Alarm: id, Closing: closing,
		Reason: c.FormValue("reason"), Note: c.FormValue("note"), Quiet: c.FormValue("quiet"), Error: sentence})
}

// AroundAlarms is what every page tells of the alarms.
func AroundAlarms(s notify.Standing, at time.Time) Around {
	around := Around{Alarms: s.Waiting}
	if s.Worst != nil && s.Worst.Severity > notify.Informative { // a notice waits in the inbox
		a := *s.Worst
		around.Worst = &views.AlarmLine{Level: views.AlarmLevel(a, at), Text: a.Name + ": " + string(a.Kind) + ", " + a.Text,
			Href: fmt.Sprintf("/alarms#alarm-%d", a.ID), Since: a.RaisedAt}
	}
	return around
}

// liveAlarms are the bell, the strip and the counts of every page, and the leaves of the inbox.
func (d *Door) liveAlarms(ctx context.Context, _ string) ([]live.Fragment, error) {
	s, err := d.Alarms.Standing(ctx)
	if err != nil {
		return nil, err
	}
	return drawAll(ctx, d.alarmLeaves(s)...)
}

func (d *Door) alarmLeaves(s notify.Standing) []leaf {
	leaves := []leaf{
		{"bell", views.Bell(s.Waiting)},
		{"alarm-strip", views.AlarmStrip(AroundAlarms(s, d.Now()).Worst, s.Waiting)},
		{"rail-alarms", views.NavCount("rail-alarms", s.Waiting, true)},
		{"bar-alarms", views.NavCount("bar-alarms", s.Waiting, true)},
		{"alarm-news", views.AlarmNews(s.Newest, s.Waiting)},
	}
	for _, alarm := range s.Open {
		leaves = append(leaves, leaf{fmt.Sprintf("alarm-%d-state", alarm.ID), views.AlarmState(alarm)})
	}
	return leaves
}
