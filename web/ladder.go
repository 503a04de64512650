package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
	"wardwatch/views"
)

func (d *Door) ladderRoutes() []route {
	return []route{
		{get, "/ladder", hospital.SeeColdChain, d.ladder},
		{post, "/ladder", hospital.ManageHospital, d.changeLadder},
		{post, "/ladder/test", hospital.ManageHospital, d.testLadder},
		// The link of a message is a secret of its own: who has it was told by the ladder.
		{get, answerPath, Public, d.answerByLink},
		{post, answerPath, Public, d.takeAnswer},
	}
}

const (
	answerPath = "/answer/:link"
	// maxAnswer is how much a program may send to the link of a message.
	maxAnswer = 4096
)

// ladder is who is told of an alarm.
func (d *Door) ladder(c echo.Context) error {
	return d.showLadder(c, http.StatusOK, views.LadderPageProps{})
}

// showLadder is ladder with what was typed; a Rota without shifts shows the stored one.
func (d *Door) showLadder(c echo.Context, status int, p views.LadderPageProps) (err error) {
	ctx := c.Request().Context()
	if p.Versions, err = d.Alarms.Store.Rotas(ctx); err != nil {
		return err
	}
	holds := notify.RotaOf(d.Alarms.Ladder)
	if len(p.Versions) > 0 {
		holds = p.Versions[0].Rota
	}
	if p.Error == "" {
		p.Rota = holds
	}
	p.Shift = holds.At(d.Now(), d.Register.Current().Site.Location()).Name
	if p.Would, err = d.Alarms.WouldTell(ctx); err != nil {
		return err
	}
	if p.Proven, err = d.Alarms.Store.Proven(ctx); err != nil {
		return err
	}
	p.SetUp, p.Actor = d.Alarms.Ladder.Ways, d.actor(c)
	return d.showAs(c, status, "Who is told", views.LadderPage(p))
}

func (d *Door) changeLadder(c echo.Context) error {
	rota, err := typedRota(c)
	if err == nil {
		err = d.Alarms.SaveRota(c.Request().Context(), d.actor(c), rota, c.FormValue("why"))
	}
	if errors.Is(err, hospital.ErrInvalid) {
		status, sentence := outcome(err)
		return d.showLadder(c, status, views.LadderPageProps{Rota: rota, Why: c.FormValue("why"), Error: sentence})
	}
	if err != nil {
		return err
	}
	d.say(c, "Saved. Alarms that ring from now on climb this ladder.")
	return d.seeOther(c, "/ladder")
}

func (d *Door) testLadder(c echo.Context) error {
	alarm, err := d.Alarms.Test(c.Request().Context(), d.actor(c))
	if err != nil {
		return err
	}
	d.say(c, "The test alarm is on its way.")
	return d.seeOther(c, fmt.Sprintf("/alarms/%d", alarm.ID))
}

// typedRota is the ladder as it was typed.
func typedRota(c echo.Context) (notify.Rota, error) {
	form, err := readForm(c)
	if err != nil {
		return notify.Rota{}, err
	}
	t := &typing{}
	rota := notify.Rota{SilenceMinutes: t.number("Quiet minutes", form.Get("silence")), Holidays: strings.Fields(form.Get("holidays")), TestDays: t.days(form["test"])}
	for i := range notify.MaxShifts {
		at := fmt.Sprintf("shift%d-", i)
		shift := notify.Shift{Name: strings.TrimSpace(form.Get(at + "name")), Days: t.days(form[at+"day"]), Holidays: form.Get(at+"holiday") != ""}
		if shift.Name == "" {
			continue
		}
		shift.From, shift.To = t.clock(form.Get(at+"from")), t.clock(form.Get(at+"to"))
		for j := range notify.MaxRungs {
			of := fmt.Sprintf("%srung%d-", at, j)
			if after := strings.TrimSpace(form.Get(of + "after")); after != "" {
				shift.Rungs = append(shift.Rungs, notify.Rung{AfterMinutes: t.number("After minutes", after), Roles: as[hospital.Role](form[of+"role"]),
					Ways: as[notify.Way](form[of+"way"]), Phones: parted(form.Get(of + "phones")), Addresses: parted(form.Get(of + "addresses"))})
			}
		}
		rota.Shifts = append(rota.Shifts, shift)
	}
	return rota, t.err
}

func as[T ~string](texts []string) []T {
	all := make([]T, len(texts))
	for i, text := range texts {
		all[i] = T(text)
	}
	return all
}

// parted are the parts of a text with commas between.
func parted(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// typing reads what was typed and keeps the first fault.
type typing struct{ err error }

func (t *typing) number(label, text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil && t.err == nil {
		t.err = hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s: %q is no whole number.", label, text))
	}
	return n
}

func (t *typing) clock(text string) int {
	at, err := time.Parse("15:04", text)
	if err != nil && t.err == nil {
		t.err = hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%q is no time of day.", text))
	}
	return at.Hour()*60 + at.Minute()
}

func (t *typing) days(texts []string) []time.Weekday {
	var days []time.Weekday
	for _, text := range texts {
		if n := t.number("Day", text); n >= 0 && n <= 6 && !slices.Contains(days, time.Weekday(n)) {
			days = append(days, time.Weekday(n))
		}
	}
	return days
}

// answerByLink shows the alarm that a message was about. Opening it changes nothing:
// mail servers open links by themselves.
func (d *Door) answerByLink(c echo.Context) error {
	return d.showAnswer(c, http.StatusOK, views.AnswerPageProps{Answered: c.QueryParam("done") != ""})
}

func (d *Door) showAnswer(c echo.Context, status int, p views.AnswerPageProps) (err error) {
	c.Response().Header().Set("Referrer-Policy", "no-referrer")
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	p.Link = c.Param("link")
	if p.Linked, err = d.Alarms.Linked(c.Request().Context(), notify.Link(p.Link)); err != nil {
		return err
	}
	return d.showAs(c, status, p.Linked.Alarm.Name, views.AnswerPage(p))
}

// takeAnswer acknowledges from a form, or from a program that was posted the notice.
func (d *Door) takeAnswer(c echo.Context) error {
	program := strings.HasPrefix(c.Request().Header.Get(echo.HeaderContentType), echo.MIMEApplicationJSON)
	answer, err := answerSent(c, program)
	if err != nil {
		return err
	}
	_, err = d.Alarms.AcknowledgeByLink(c.Request().Context(), notify.Link(c.Param("link")), answer)
	if program && err == nil {
		return c.NoContent(http.StatusNoContent)
	}
	if !program && errors.Is(err, hospital.ErrInvalid) {
		status, sentence := outcome(err)
		linked, err := d.Alarms.Linked(c.Request().Context(), notify.Link(c.Param("link")))
		if err != nil {
			return err
		}
		back := views.AlarmAnswer{Alarm: linked.Alarm.ID, Note: c.FormValue("note"), Quiet: c.FormValue("quiet"), Error: sentence}
		return d.showAnswer(c, status, views.AnswerPageProps{Back: back})
	}
	if err != nil {
		return err
	}
	return d.seeOther(c, "/answer/"+c.Param("link")+"?done=1")
}

func answerSent(c echo.Context, program bool) (notify.Answer, error) {
	if !program {
		return answerOf(c), nil
	}
	var said struct {
		Reason  notify.Reason `json:"reason"`
		Note    string        `json:"note"`
		Minutes int           `json:"minutes"`
	}
	if err := json.NewDecoder(io.LimitReader(c.Request().Body, maxAnswer)).Decode(&said); err != nil {
		return notify.Answer{}, echo.NewHTTPError(http.StatusBadRequest, `Send {"reason":"on-it","note":"…","minutes":60}.`)
	}
	if said.Minutes < 0 || said.Minutes > int(notify.MaxSilence.Minutes()) {
		said.Minutes = -1
	}
	return notify.Answer{Reason: said.Reason, Note: said.Note, For: time.Duration(said.Minutes) * time.Minute}, nil
}
