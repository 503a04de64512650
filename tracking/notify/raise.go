package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Tx is what an alarm needs of the transaction that it is raised in.
type Tx interface {
	Now() time.Time
	Announce(topics ...string)
	Record(context.Context, hospital.Deed) error
	// OngoingAlarm is the alarm of a kind and subject that has neither returned nor been closed.
	OngoingAlarm(ctx context.Context, kind Kind, subject string) (Alarm, bool, error)
	// Alarm is one alarm; ErrUnknownAlarm when there is none.
	Alarm(context.Context, AlarmID) (Alarm, error)
	// AddAlarm stores a new alarm and numbers it.
	AddAlarm(context.Context, Alarm) (AlarmID, error)
	// ChangeAlarm stores a changed alarm; ErrStaleAlarm when its Version is not the stored one's successor.
	ChangeAlarm(context.Context, Alarm) error
	AddNotices(context.Context, []Notice) error
	// StopNotices stops those of an alarm that have not been sent.
	StopNotices(ctx context.Context, alarm AlarmID, why string) error
	// Rota is the hospital's newest rota and the zone that its hours are told in; false when none was stored.
	Rota(context.Context) (Rota, *time.Location, bool, error)
	AddRota(context.Context, hospital.Actor, RotaVersion) error
	// Recipients are the people in use, with an address, who work as one of the roles; each once.
	Recipients(context.Context, []hospital.Role) ([]hospital.Person, error)
}

// Trouble is what is wrong with a thing, as its finder tells it.
type Trouble struct {
	Kind     Kind
	Subject  string
	Name     string
	Text     string
	Severity Severity
	By       hospital.Actor // the job that found it
}

// Raise raises an alarm within the caller's transaction, with all notices of the
// ladder. While one of the same kind and subject is going on it is answered
// instead, and rings anew only when the trouble has become worse.
func Raise(ctx context.Context, tx Tx, ladder Ladder, t Trouble) (Alarm, error) {
	alarm, ongoing, err := tx.OngoingAlarm(ctx, t.Kind, t.Subject)
	if err != nil {
		return Alarm{}, fmt.Errorf("raise %s of %s: %w", t.Kind, t.Subject, err)
	}
	if ongoing {
		alarm, err = aggravate(ctx, tx, ladder, alarm, t)
	} else {
		alarm, err = begin(ctx, tx, ladder, t)
	}
	if err != nil {
		return Alarm{}, fmt.Errorf("raise %s of %s: %w", t.Kind, t.Subject, err)
	}
	return alarm, nil
}

func begin(ctx context.Context, tx Tx, ladder Ladder, t Trouble) (Alarm, error) {
	alarm := Alarm{Kind: t.Kind, Subject: t.Subject, Name: t.Name, Text: t.Text, Severity: t.Severity, RaisedAt: tx.Now(), Version: 1}
	var err error
	if alarm.ID, err = tx.AddAlarm(ctx, alarm); err != nil {
		return Alarm{}, err
	}
	if err := climb(ctx, tx, ladder, alarm, tx.Now()); err != nil {
		return Alarm{}, err
	}
	tx.Announce(Topic)
	return alarm, tx.Record(ctx, hospital.Deed{By: t.By, What: "alarm.raise", On: alarm.Topic(), Why: t.Text})
}

// aggravate takes note that an alarm's trouble has become worse.
func aggravate(ctx context.Context, tx Tx, ladder Ladder, alarm Alarm, t Trouble) (Alarm, error) {
	if t.Severity <= alarm.Severity {
		return alarm, nil
	}
	alarm.Severity, alarm.Text, alarm.Ack = t.Severity, t.Text, Acknowledgement{}
	alarm.Version++
	if err := tx.ChangeAlarm(ctx, alarm); err != nil {
		return Alarm{}, err
	}
	if err := tx.StopNotices(ctx, alarm.ID, "it became worse"); err != nil {
		return Alarm{}, err
	}
	if err := climb(ctx, tx, ladder, alarm, tx.Now()); err != nil {
		return Alarm{}, err
	}
	tx.Announce(Topic)
	return alarm, tx.Record(ctx, hospital.Deed{By: t.By, What: "alarm.worsen", On: alarm.Topic(), Why: t.Text})
}

// climb writes the notices of every rung, counted from a moment.
func climb(ctx context.Context, tx Tx, ladder Ladder, alarm Alarm, from time.Time) error {
	calls, err := callsOf(ctx, tx, ladder, from)
	if err != nil {
		return err
	}
	var notices []Notice
	for _, c := range calls {
		of, err := c.notices(ctx, tx, ladder)
		if err != nil {
			return err
		}
		for _, n := range of {
			n.Alarm, n.Step, n.DueAt, n.TryAt, n.Status = alarm.ID, c.step, c.due, c.due, Waiting
			notices = append(notices, n)
		}
	}
	return tx.AddNotices(ctx, notices)
}

// callsOf are the rungs from a moment on: those of the hospital's rota where the
// ladder follows it and there is one, else its own.
func callsOf(ctx context.Context, tx Tx, ladder Ladder, from time.Time) ([]call, error) {
	if !ladder.Rota {
		return ladder.calls(from), nil
	}
	rota, zone, stored, err := tx.Rota(ctx)
	if err != nil || !stored {
		return ladder.calls(from), err
	}
	return rota.calls(from, zone), nil
}

// notices are whom a rung tells, each way and address once.
func (c call) notices(ctx context.Context, tx Tx, ladder Ladder) ([]Notice, error) {
	tells := func(w Way) bool {
		return ladder.uses(w) && (len(c.ways) == 0 || slices.Contains(c.ways, w))
	}
	var notices []Notice
	told := map[Notice]bool{}
	add := func(way Way, to, name string) {
		if key := (Notice{Way: way, To: to}); to != "" && tells(way) && !told[key] {
			told[key] = true
			notices = append(notices, Notice{Way: way, To: to, ToName: name})
		}
	}
	add(Webhook, ladder.Webhook, "Webhook")
	for _, phone := range c.rung.Phones {
		if number, ok := PhoneNumber(phone); ok {
			add(SMS, number, number)
		}
	}
	if tells(Email) || tells(SMS) {
		people, err := tx.Recipients(ctx, c.roles)
		if err != nil {
			return nil, err
		}
		for _, person := range people {
			add(Email, person.Email, person.Name)
			add(SMS, person.Phone, person.Name)
		}
	}
	for _, address := range c.rung.Addresses {
		add(Email, address, address)
	}
	for _, number := range ladder.Numbers {
		add(SMS, number, "Telephone on duty")
	}
	return notices, nil
}

// Return says, within the caller's transaction, that a trouble is over. What is
// not sent yet is stopped; the alarm stays in view until it is closed. It does
// nothing when no such alarm goes on.
func Return(ctx context.Context, tx Tx, by hospital.Actor, kind Kind, subject string) error {
	alarm, ongoing, err := tx.OngoingAlarm(ctx, kind, subject)
	if err != nil || !ongoing {
		return err
	}
	alarm.ReturnedAt = tx.Now()
	alarm.Version++
	if err := tx.ChangeAlarm(ctx, alarm); err != nil {
		return fmt.Errorf("return %s of %s: %w", kind, subject, err)
	}
	if err := tx.StopNotices(ctx, alarm.ID, "it was over"); err != nil {
		return fmt.Errorf("return %s of %s: %w", kind, subject, err)
	}
	tx.Announce(Topic)
	return tx.Record(ctx, hospital.Deed{By: by, What: "alarm.return", On: alarm.Topic()})
}

// Topic names the alarm as its page does.
func (a Alarm) Topic() string { return fmt.Sprintf("alarm/%d", a.ID) }

// Thing is the kind of thing and its identifier that the alarm is about: "fridge", "f-03".
func (a Alarm) Thing() (kind, id string) {
	kind, id, _ = strings.Cut(a.Subject, "/")
	return kind, id
}
