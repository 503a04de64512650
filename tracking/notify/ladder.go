package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Proof is when a way last worked, and when it last did not.
type Proof struct {
	Taken, Failed time.Time // zero: never
	Outcome       string    // of the failure
}

// Works says whether the way's last word was a good one; false when it was never tried.
func (p Proof) Works() bool { return !p.Taken.IsZero() && p.Taken.After(p.Failed) }

// SaveRota stores the next version of the hospital's ladder; alarms that are
// raised from then on climb it.
func (d Desk) SaveRota(ctx context.Context, by hospital.Actor, rota Rota, why string) error {
	if err := by.Need(hospital.ManageHospital); err != nil {
		return err
	}
	if why = strings.TrimSpace(why); why == "" || len(why) > maxNote {
		return hospital.Refuse(hospital.ErrInvalid, "Say in a few words why the ladder is changed.")
	}
	if err := rota.Validate(); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.AddRota(ctx, by, RotaVersion{Rota: rota, MadeAt: tx.Now(), By: by.Name, Why: why}); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "ladder.save", On: "ladder", Why: why, After: rota.said()})
	})
	if err != nil {
		return fmt.Errorf("save the ladder: %w", err)
	}
	return nil
}

// said is the rota in short, for the audit trail; its versions hold it whole.
func (r Rota) said() string {
	var names []string
	for _, s := range r.Shifts {
		names = append(names, fmt.Sprintf("%q:%d", s.Name, len(s.Rungs)))
	}
	return fmt.Sprintf(`{"shifts":{%s},"silence_minutes":%d}`, strings.Join(names, ","), r.SilenceMinutes)
}

// Told is whom a rung would tell.
type Told struct {
	After time.Duration
	To    []string // names with their way
}

// WouldTell is whom an alarm would reach that rang now, in the order they are told.
func (d Desk) WouldTell(ctx context.Context) (all []Told, err error) {
	err = d.Store.InTx(ctx, func(tx Tx) error {
		all = nil
		calls, err := callsOf(ctx, tx, d.Ladder, tx.Now())
		if err != nil {
			return err
		}
		for _, c := range calls {
			notices, err := c.notices(ctx, tx, d.Ladder)
			if err != nil {
				return err
			}
			told := Told{After: c.due.Sub(tx.Now())}
			for _, n := range notices {
				told.To = append(told.To, n.ToName+" ("+n.Way.Word()+")")
			}
			all = append(all, told)
		}
		return nil
	})
	return all, err
}

const (
	// KindTest is an alarm that only proves that the ways work.
	KindTest Kind = "test alarm"
	// testSubject is what a test alarm is about.
	testSubject = "ladder/test"
)

// Test raises a test alarm: everybody on the shift's rungs is told at once, by
// every way. It waits in the inbox as a notice.
func (d Desk) Test(ctx context.Context, by hospital.Actor) (Alarm, error) {
	if err := by.Need(hospital.ManageHospital); err != nil {
		return Alarm{}, err
	}
	var alarm Alarm
	err := d.Store.InTx(ctx, func(tx Tx) error {
		calls, err := callsOf(ctx, tx, d.Ladder, tx.Now())
		if err != nil {
			return err
		}
		quiet := Ladder{} // its notices are all due at once
		alarm, err = Raise(ctx, tx, quiet, Trouble{Kind: KindTest, Subject: testSubject, Name: "Test of the alarm ladder",
			Text: "this is a test, nothing is wrong; acknowledge it to prove that the answer arrives", Severity: Informative, By: by})
		if err != nil {
			return err
		}
		var notices []Notice
		for _, c := range calls {
			of, err := c.notices(ctx, tx, d.Ladder)
			if err != nil {
				return err
			}
			for _, n := range of {
				n.Alarm, n.Step, n.DueAt, n.TryAt, n.Status = alarm.ID, c.step, tx.Now(), tx.Now(), Waiting
				if !slices.ContainsFunc(notices, func(o Notice) bool { return o.To == n.To && o.Way == n.Way }) {
					notices = append(notices, n)
				}
			}
		}
		return tx.AddNotices(ctx, notices)
	})
	if err != nil {
		return Alarm{}, fmt.Errorf("test the ladder: %w", err)
	}
	return alarm, nil
}

// SettleTest ends a test alarm once every notice has its outcome: with what was
// taken and what was not. A way that failed leaves a warning in the inbox.
func (d Desk) SettleTest(ctx context.Context, by hospital.Actor) error {
	open, err := d.Store.OpenAlarms(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(open, func(a Alarm) bool { return a.Kind == KindTest && a.ReturnedAt.IsZero() })
	if i < 0 {
		return nil
	}
	notices, err := d.Store.Notices(ctx, open[i].ID)
	if err != nil {
		return err
	}
	sent, failed := 0, 0
	for _, n := range notices {
		switch n.Status {
		case Waiting, Sending:
			return nil
		case Sent:
			sent++
		case Failed:
			failed++
		}
	}
	return d.Store.InTx(ctx, func(tx Tx) error { return d.endTest(ctx, tx, by, open[i].ID, sent, failed) })
}

func (d Desk) endTest(ctx context.Context, tx Tx, by hospital.Actor, id AlarmID, sent, failed int) error {
	alarm, err := tx.Alarm(ctx, id)
	if err != nil || !alarm.ReturnedAt.IsZero() {
		return err
	}
	alarm.Version++
	alarm.ReturnedAt = tx.Now()
	switch {
	case failed > 0:
		alarm.Severity, alarm.Text = Warning, fmt.Sprintf("%d of %d test messages could not be delivered; see who was told", failed, sent+failed)
	case sent == 0:
		alarm.Severity, alarm.Text = Warning, "there was nobody to tell: no way is set up, or nobody of the roles has an address"
	default:
		alarm.Closing = Closing{At: tx.Now(), By: by.ID, ByName: by.Name, Note: fmt.Sprintf("all %d test messages were taken", sent)}
	}
	if err := tx.ChangeAlarm(ctx, alarm); err != nil {
		return err
	}
	tx.Announce(Topic)
	return tx.Record(ctx, hospital.Deed{By: by, What: "ladder.test", On: alarm.Topic(), After: fmt.Sprintf(`{"taken":%d,"failed":%d}`, sent, failed)})
}

// TestDue says whether a test alarm is due on a day, by the newest rota.
func (d Desk) TestDue(ctx context.Context, day time.Weekday) (bool, error) {
	rotas, err := d.Store.Rotas(ctx)
	if err != nil || len(rotas) == 0 {
		return false, err
	}
	return slices.Contains(rotas[0].Rota.TestDays, day), nil
}
