package db_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// postbag is a way that keeps what it was given, or fails.
type postbag struct {
	mu   sync.Mutex // all that is due goes out at once, in any order
	got  []notify.Message
	fail error
}

func (p *postbag) Send(_ context.Context, m notify.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	p.got = append(p.got, m)
	slices.SortStableFunc(p.got, func(a, b notify.Message) int { return cmp.Compare(a.ID, b.ID) }) // as they were written, not as they went out
	return nil
}

// withRota makes the tower follow a rota of one shift: a telephone and a list at once, the pager after ten minutes.
func withRota(t *testing.T) (*tower, *postbag, *notify.Dispatcher) {
	w := newTower(t)
	w.ladder.Ways, w.ladder.Rota = notify.Ways(), true
	w.desk.Ladder = w.ladder
	rota := notify.Rota{SilenceMinutes: 30, TestDays: []time.Weekday{time.Monday}, Shifts: []notify.Shift{{Name: "Always", Rungs: []notify.Rung{
		{Phones: []string{"+49 30 12345"}, Addresses: []string{"oncall@lindenhof.example"}, Ways: []notify.Way{notify.SMS, notify.Email}},
		{AfterMinutes: 10, Roles: []hospital.Role{hospital.Nurse}, Ways: []notify.Way{notify.Webhook}},
	}}}}
	if err := w.desk.SaveRota(t.Context(), pat, rota, "on call since May"); !errors.Is(err, hospital.ErrForbidden) {
		t.Fatalf("a pharmacist changes the ladder: %v", err)
	}
	if err := w.desk.SaveRota(t.Context(), hospital.Job("test"), rota, "on call since May"); err != nil {
		t.Fatal(err)
	}
	bag := &postbag{}
	return w, bag, &notify.Dispatcher{Outbox: w.kept, Now: func() time.Time { return w.at }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		URL: "https://ward.example", Ways: map[notify.Way]notify.Sender{notify.SMS: bag, notify.Email: bag, notify.Webhook: bag}}
}

func deliver(t *testing.T, d *notify.Dispatcher) {
	t.Helper()
	for {
		if n, err := d.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		} else if n == 0 {
			return
		}
	}
}

// linkIn is the secret of the link in a message.
func linkIn(m notify.Message) notify.Link {
	return notify.Link(strings.TrimPrefix(m.Answer, "https://ward.example/answer/"))
}

func TestAnAnswerByLinkStopsTheLadderForEverybody(t *testing.T) {
	w, bag, d := withRota(t)
	alarm := w.raise(notify.Serious)
	deliver(t, d)
	if len(bag.got) != 2 || bag.got[0].To != "+493012345" || bag.got[1].To != "oncall@lindenhof.example" {
		t.Fatalf("told %+v", bag.got)
	}
	link := linkIn(bag.got[0])
	if _, err := w.desk.AcknowledgeByLink(t.Context(), link+"x", notify.Answer{Reason: notify.OnIt}); !errors.Is(err, notify.ErrUnknownLink) {
		t.Errorf("a guessed link: %v", err)
	}
	if _, err := w.desk.AcknowledgeByLink(t.Context(), link, notify.Answer{}); !errors.Is(err, notify.ErrNoReason) {
		t.Errorf("no reason: %v", err)
	}
	acked, err := w.desk.AcknowledgeByLink(t.Context(), link, notify.Answer{Reason: notify.OnIt})
	if err != nil || acked.Ack.ByName != "+493012345, by the link in a message" || !acked.Ack.Until.Equal(w.at.Add(30*time.Minute)) {
		t.Fatalf("%+v, %v", acked.Ack, err)
	}
	w.at = w.at.Add(29 * time.Minute)
	deliver(t, d)
	if len(bag.got) != 2 {
		t.Errorf("told in the silence: %+v", bag.got[2:])
	}
	w.at = w.at.Add(time.Minute) // the silence ends and the trouble goes on
	deliver(t, d)
	if len(bag.got) != 4 || bag.got[2].Alarm.ID != alarm.ID {
		t.Errorf("after the silence: %d messages", len(bag.got))
	}
	w.at = w.at.Add(8 * 24 * time.Hour)
	if _, err := w.desk.AcknowledgeByLink(t.Context(), link, notify.Answer{Reason: notify.OnIt}); !errors.Is(err, notify.ErrUnknownLink) {
		t.Errorf("a link of last week: %v", err)
	}
}

func TestATestAlarmProvesTheWays(t *testing.T) {
	w, bag, d := withRota(t)
	if due, err := w.desk.TestDue(t.Context(), time.Monday); err != nil || !due {
		t.Errorf("due on Monday: %v, %v", due, err)
	}
	if due, _ := w.desk.TestDue(t.Context(), time.Tuesday); due {
		t.Error("due on Tuesday")
	}
	job := hospital.Job("test alarm")
	test, err := w.desk.Test(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.desk.SettleTest(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	deliver(t, d)
	if len(bag.got) != 3 { // the second rung does not wait for its minutes
		t.Fatalf("told %d", len(bag.got))
	}
	w.at = w.at.Add(time.Minute)
	if err := w.desk.SettleTest(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if test, _ = w.kept.Alarm(t.Context(), test.ID); test.Closing.Note != "all 3 test messages were taken" {
		t.Errorf("closed as %+v", test)
	}
	proven, err := w.kept.Proven(t.Context())
	if err != nil || !proven[notify.SMS].Works() || !proven[notify.Webhook].Works() {
		t.Errorf("proven %+v, %v", proven, err)
	}

	bag.fail = notify.ErrRefused
	w.at = w.at.Add(time.Hour)
	if test, err = w.desk.Test(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	deliver(t, d)
	if err := w.desk.SettleTest(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	test, _ = w.kept.Alarm(t.Context(), test.ID)
	if test.Severity != notify.Warning || !test.Waits(w.at) || !strings.Contains(test.Text, "3 of 3 test messages could not be delivered") {
		t.Errorf("a failed test is %+v", test)
	}
	if proven, _ := w.kept.Proven(t.Context()); proven[notify.SMS].Works() {
		t.Error("a way that failed last is said to work")
	}
}

// A restart between any two steps loses nothing: every step begins with a new dispatcher over what is stored.
func TestTheLadderSurvivesARestartAtEveryStep(t *testing.T) {
	w, bag, d := withRota(t)
	w.raise(notify.Serious)
	for range 3 { // each try dies before its outcome is noted
		for _, way := range notify.Ways() {
			if _, err := w.kept.Claim(t.Context(), way, 10, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		w.at = w.at.Add(time.Minute)
	}
	deliver(t, d)
	w.at = w.at.Add(10 * time.Minute)
	deliver(t, &notify.Dispatcher{Outbox: w.kept, Now: d.Now, Log: d.Log, Ways: d.Ways})
	var to []string
	for _, m := range bag.got {
		to = append(to, m.To)
	}
	if len(to) != 3 || !slices.Contains(to, "+493012345") || !strings.HasPrefix(to[2], "http://") && !strings.HasPrefix(to[0], "http://") {
		t.Errorf("told %v", to)
	}
}

// What can't tell anybody must not pretend to have rung: the reading comes again.
func TestANoticeThatCantBeStoredUndoesReadingExcursionAndAlarm(t *testing.T) {
	w := newColdWard(t)
	w.live(4, 9, 9, 9)
	w.exec(`CREATE TRIGGER full BEFORE INSERT ON notices BEGIN SELECT RAISE(ABORT, 'no room'); END`)
	w.at = w.at.Add(5 * time.Minute)
	warm := coldReading(w.at, 9)
	if _, err := w.monitor.Observe(t.Context(), []coldchain.Reading{warm}); err == nil {
		t.Fatal("a reading whose notice could not be stored was acknowledged")
	}
	if len(w.excursions()) != 0 || len(w.alarms()) != 0 {
		t.Errorf("left behind: %v, %v", w.excursions(), w.alarms())
	}
	w.exec(`DROP TRIGGER full`)
	if got := w.observe(warm); got[0].Verdict != "accepted" || len(w.excursions()) != 1 || len(w.alarms()) != 1 {
		t.Errorf("when it comes again: %v, %v", got, w.alarms())
	}
}
