package notify

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// Store is where alarms and notices are kept.
type Store interface {
	InTx(context.Context, func(Tx) error) error
	// Alarm is one alarm; ErrUnknownAlarm when there is none.
	Alarm(context.Context, AlarmID) (Alarm, error)
	// OpenAlarms are those not closed, worst and newest first, at most MaxListed.
	OpenAlarms(context.Context) ([]Alarm, error)
	// ClosedAlarms are at most limit, last closed first, numbered below before (0: from the newest).
	ClosedAlarms(ctx context.Context, before AlarmID, limit int) ([]Alarm, error)
	// AlarmsOf are the newest of one subject, at most limit.
	AlarmsOf(ctx context.Context, subject string, limit int) ([]Alarm, error)
	// Notices of one alarm, in the order they fall due.
	Notices(context.Context, AlarmID) ([]Notice, error)
	// NoticeOfLink is the notice that a link of this hash came with; ErrUnknownLink.
	NoticeOfLink(ctx context.Context, hash [sha256.Size]byte) (Linked, error)
	// Rotas are the versions of the hospital's rota, newest first.
	Rotas(context.Context) ([]RotaVersion, error)
	// Proven is, by way, when a notice was last taken and when one last failed.
	Proven(context.Context) (map[Way]Proof, error)
}

// MaxListed is the most alarms that the inbox shows.
const MaxListed = 500

// maxNote is the longest note, in bytes.
const maxNote = 2000

// Desk is where people answer alarms.
type Desk struct {
	Store  Store
	Ladder Ladder
	// Phones is where people's numbers are kept; nil: nobody gives one.
	Phones Phones
	// Now is the clock that ages are told by; changes take their own transaction's instant.
	Now func() time.Time
}

// Answer is what a person says to an alarm.
type Answer struct {
	Reason Reason
	Note   string
	// For is how long the ladder keeps quiet while the trouble goes on; 0: the ladder's own Silence.
	For time.Duration
	// Version is the alarm's version that the person looked at; 0 skips the check.
	Version int
}

func (a Answer) check() error {
	a.Note = strings.TrimSpace(a.Note)
	switch {
	case !a.Reason.known():
		return hospital.Refuse(ErrNoReason, "Choose a reason.")
	case a.Reason == OtherReason && a.Note == "":
		return hospital.Refuse(ErrNoReason, "Say in a note what it was.")
	case len(a.Note) > maxNote:
		return hospital.Refuse(hospital.ErrInvalid, "The note is too long: 2,000 characters are possible.")
	case a.For < 0 || a.For > MaxSilence:
		return hospital.Refuse(hospital.ErrInvalid, "An alarm can be kept quiet for eight hours at most.")
	}
	return nil
}

// Acknowledge says that by has seen the alarm and why it is. It may be done
// while the trouble goes on. It stops every notice at once, for everybody; if
// the trouble still goes on when the silence ends, the ladder begins anew.
func (d Desk) Acknowledge(ctx context.Context, by hospital.Actor, id AlarmID, answer Answer) (Alarm, error) {
	if err := by.Need(hospital.Acknowledge); err != nil {
		return Alarm{}, err
	}
	return d.acknowledge(ctx, by, id, answer)
}

func (d Desk) acknowledge(ctx context.Context, by hospital.Actor, id AlarmID, answer Answer) (Alarm, error) {
	if err := answer.check(); err != nil {
		return Alarm{}, err
	}
	return d.change(ctx, id, answer.Version, func(tx Tx, alarm Alarm) (Alarm, error) {
		silence, err := d.silence(ctx, tx, answer)
		if err != nil {
			return Alarm{}, err
		}
		before := alarm.Ack
		alarm.Ack = Acknowledgement{At: tx.Now(), By: by.ID, ByName: by.Name, Reason: answer.Reason,
			Note: strings.TrimSpace(answer.Note), Until: tx.Now().Add(silence)}
		if err := tx.StopNotices(ctx, alarm.ID, by.Name+" acknowledged"); err != nil {
			return Alarm{}, err
		}
		if alarm.ReturnedAt.IsZero() {
			if err := climb(ctx, tx, d.Ladder, alarm, alarm.Ack.Until); err != nil {
				return Alarm{}, err
			}
		}
		return alarm, tx.Record(ctx, hospital.Deed{By: by, What: "alarm.acknowledge", On: alarm.Topic(),
			Why: answer.why(), Before: before.JSON(), After: alarm.Ack.JSON()})
	})
}

// silence is how long an answer keeps quiet: as it says, else as the rota says, else as the ladder does.
func (d Desk) silence(ctx context.Context, tx Tx, answer Answer) (time.Duration, error) {
	if answer.For != 0 {
		return answer.For, nil
	}
	rota, _, stored, err := tx.Rota(ctx)
	if err != nil || !stored || !d.Ladder.Rota {
		return d.Ladder.Silence, err
	}
	return time.Duration(rota.SilenceMinutes) * time.Minute, nil
}

func (a Answer) why() string {
	return strings.TrimSuffix(a.Reason.String()+": "+strings.TrimSpace(a.Note), ": ")
}

// Close ends an alarm whose trouble is over, with what was done about it.
func (d Desk) Close(ctx context.Context, by hospital.Actor, id AlarmID, note string, version int) (Alarm, error) {
	if err := by.Need(hospital.Acknowledge); err != nil {
		return Alarm{}, err
	}
	note = strings.TrimSpace(note)
	if note == "" || len(note) > maxNote {
		return Alarm{}, hospital.Refuse(hospital.ErrInvalid, "Say in at most 2,000 characters what was done.")
	}
	return d.change(ctx, id, version, func(tx Tx, alarm Alarm) (Alarm, error) {
		if alarm.ReturnedAt.IsZero() {
			return Alarm{}, hospital.Refuse(ErrStillWrong, "It is not over yet. Acknowledge it now, and close it once the temperature is back.")
		}
		alarm.Closing = Closing{At: tx.Now(), By: by.ID, ByName: by.Name, Note: note}
		return alarm, tx.Record(ctx, hospital.Deed{By: by, What: "alarm.close", On: alarm.Topic(), Why: note})
	})
}

func (d Desk) change(ctx context.Context, id AlarmID, version int, do func(Tx, Alarm) (Alarm, error)) (Alarm, error) {
	var after Alarm
	err := d.Store.InTx(ctx, func(tx Tx) error {
		alarm, err := tx.Alarm(ctx, id)
		if err != nil {
			return err
		}
		if version != 0 && version != alarm.Version {
			return hospital.Refuse(ErrStaleAlarm, alarm.meanwhile())
		}
		if !alarm.Closing.At.IsZero() {
			return hospital.Refuse(ErrClosed, "The alarm is closed already.")
		}
		if after, err = do(tx, alarm); err != nil {
			return err
		}
		after.Version++
		tx.Announce(Topic, alarm.Subject)
		return tx.ChangeAlarm(ctx, after)
	})
	if err != nil {
		return Alarm{}, fmt.Errorf("alarm %d: %w", id, err)
	}
	return after, nil
}

// meanwhile says what somebody else did while a person was looking at an older version.
func (a Alarm) meanwhile() string {
	switch {
	case !a.Closing.At.IsZero():
		return a.Closing.ByName + " closed this meanwhile."
	case !a.ReturnedAt.IsZero():
		return "It came back into range meanwhile. Look at it as it stands now."
	case !a.Ack.At.IsZero():
		return a.Ack.ByName + " acknowledged this meanwhile."
	}
	return "The alarm has changed meanwhile. Look at it as it stands now."
}

// Standing is what every page tells of the alarms.
type Standing struct {
	// Waiting counts those that somebody must still acknowledge.
	Waiting int
	// Acknowledged counts the other open ones.
	Acknowledged int
	// Worst is the worst and newest that waits, Newest the newest; nil when none waits.
	Worst, Newest *Alarm
	// Open are all open alarms, worst and newest first.
	Open []Alarm
}

// Standing is how the open alarms stand now.
func (d Desk) Standing(ctx context.Context) (Standing, error) {
	open, err := d.Store.OpenAlarms(ctx)
	if err != nil {
		return Standing{}, err
	}
	s, now := Standing{Open: open}, d.Now()
	for i := range open {
		if !open[i].Waits(now) {
			s.Acknowledged++
			continue
		}
		s.Waiting++
		if s.Worst == nil {
			s.Worst = &open[i]
		}
		if s.Newest == nil || open[i].ID > s.Newest.ID {
			s.Newest = &open[i]
		}
	}
	return s, nil
}

// JSON is the acknowledgement as the audit trail keeps it; empty for none.
func (a Acknowledgement) JSON() string {
	if a.At.IsZero() {
		return ""
	}
	text, err := json.Marshal(struct {
		By     hospital.PersonID `json:"by"`
		Reason Reason            `json:"reason"`
		Note   string            `json:"note,omitempty"`
		Until  time.Time         `json:"until"`
	}{a.By, a.Reason, a.Note, a.Until})
	if err != nil {
		return ""
	}
	return string(text)
}
