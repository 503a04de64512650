package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// Alarms keeps alarms and notices. A Tx is itself a notify.Tx, so that whoever
// finds something wrong can raise an alarm in its own transaction.
type Alarms struct{ *DB }

var (
	_ notify.Store  = Alarms{}
	_ notify.Outbox = Alarms{}
	_ notify.Tx     = (*Tx)(nil)
)

// InTx runs change in a transaction.
func (a Alarms) InTx(ctx context.Context, change func(notify.Tx) error) error {
	return a.DB.InTx(ctx, func(tx *Tx) error { return change(tx) })
}

const alarmColumns = `id, kind, subject, name, text, severity, raised_at,
	ack_at, ack_by, ack_by_name, ack_reason, ack_note, ack_until,
	returned_at, closed_at, closed_by, closed_by_name, close_note, version`

func scanAlarm(row scanner) (notify.Alarm, error) {
	var a notify.Alarm
	var raised int64
	var acked, until, returned, closed sql.NullInt64
	err := row.Scan(&a.ID, &a.Kind, &a.Subject, &a.Name, &a.Text, &a.Severity, &raised,
		&acked, &a.Ack.By, &a.Ack.ByName, &a.Ack.Reason, &a.Ack.Note, &until,
		&returned, &closed, &a.Closing.By, &a.Closing.ByName, &a.Closing.Note, &a.Version)
	a.RaisedAt, a.Ack.At, a.Ack.Until = fromMS(raised), fromNullMS(acked), fromNullMS(until)
	a.ReturnedAt, a.Closing.At = fromNullMS(returned), fromNullMS(closed)
	return a, err
}

func scanAlarms(rows *sql.Rows, err error) ([]notify.Alarm, error) {
	return scanAll(rows, err, scanAlarm)
}

const alarmByID = `
	SELECT ` + alarmColumns + `
	FROM alarms
	WHERE id = $1`

func oneAlarm(row Row, id notify.AlarmID) (notify.Alarm, error) {
	a, err := scanAlarm(row)
	if errors.Is(err, sql.ErrNoRows) {
		err = notify.ErrUnknownAlarm
	}
	if err != nil {
		return notify.Alarm{}, fmt.Errorf("alarm %d: %w", id, err)
	}
	return a, nil
}

// Alarm is one alarm.
func (a Alarms) Alarm(ctx context.Context, id notify.AlarmID) (notify.Alarm, error) {
	return oneAlarm(a.QueryRow(ctx, alarmByID, id), id)
}

// OpenAlarms are those not closed, worst and newest first.
func (a Alarms) OpenAlarms(ctx context.Context) ([]notify.Alarm, error) {
	const q = `
		SELECT ` + alarmColumns + `
		FROM alarms
		WHERE closed_at IS NULL
		ORDER BY severity DESC, id DESC
		LIMIT 0 + $1`
	open, err := a.Query(ctx, q, notify.MaxListed)
	alarms, err := scanAlarms(open, err)
	if err != nil {
		return nil, fmt.Errorf("open alarms: %w", err)
	}
	return alarms, nil
}

// ClosedAlarms are those closed, newest first, numbered below before.
func (a Alarms) ClosedAlarms(ctx context.Context, before notify.AlarmID, limit int) ([]notify.Alarm, error) {
	const q = `
		SELECT ` + alarmColumns + `
		FROM alarms
		WHERE closed_at IS NOT NULL AND ($1 = 0 OR id < $1)
		ORDER BY id DESC
		LIMIT 0 + $2`
	rows, err := a.Query(ctx, q, before, limit)
	alarms, err := scanAlarms(rows, err)
	if err != nil {
		return nil, fmt.Errorf("closed alarms: %w", err)
	}
	return alarms, nil
}

// AlarmsOf are the newest of one subject.
func (a Alarms) AlarmsOf(ctx context.Context, subject string, limit int) ([]notify.Alarm, error) {
	const q = `
		SELECT ` + alarmColumns + `
		FROM alarms
		WHERE subject = $1
		ORDER BY id DESC
		LIMIT 0 + $2`
	rows, err := a.Query(ctx, q, subject, limit)
	alarms, err := scanAlarms(rows, err)
	if err != nil {
		return nil, fmt.Errorf("alarms of %s: %w", subject, err)
	}
	return alarms, nil
}

// Alarm is one alarm, as this change has left it.
func (tx *Tx) Alarm(ctx context.Context, id notify.AlarmID) (notify.Alarm, error) {
	return oneAlarm(theirs{tx}.QueryRow(ctx, alarmByID, id), id)
}

// OngoingAlarm is the alarm of a kind and subject that has neither returned nor been closed.
func (tx *Tx) OngoingAlarm(ctx context.Context, kind notify.Kind, subject string) (notify.Alarm, bool, error) {
	const q = `
		SELECT ` + alarmColumns + `
		FROM alarms
		WHERE kind = $1 AND subject = $2 AND returned_at IS NULL AND closed_at IS NULL`
	a, err := scanAlarm(tx.QueryRow(ctx, q, kind, subject))
	if errors.Is(err, sql.ErrNoRows) {
		return notify.Alarm{}, false, nil
	}
	if err != nil {
		return notify.Alarm{}, false, fmt.Errorf("ongoing alarm %s of %s: %w", kind, subject, err)
	}
	return a, true, nil
}

// AddAlarm stores a new alarm.
func (tx *Tx) AddAlarm(ctx context.Context, a notify.Alarm) (notify.AlarmID, error) {
	const q = `
		INSERT INTO alarms (kind, subject, name, text, severity, raised_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		RETURNING id`
	var id notify.AlarmID
	err := tx.QueryRow(ctx, q, a.Kind, a.Subject, a.Name, a.Text, a.Severity, ms(a.RaisedAt), a.Version).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("add alarm %s of %s: %w", a.Kind, a.Subject, err)
	}
	return id, nil
}

// ChangeAlarm stores a changed alarm.
func (tx *Tx) ChangeAlarm(ctx context.Context, a notify.Alarm) error {
	const q = `
		UPDATE alarms
		SET text = $3, severity = $4, ack_at = $5, ack_by = $6, ack_by_name = $7, ack_reason = $8, ack_note = $9, ack_until = $10,
			returned_at = $11, closed_at = $12, closed_by = $13, closed_by_name = $14, close_note = $15, version = $2
		WHERE id = $1 AND version = $2 - 1`
	done, err := tx.Exec(ctx, q, a.ID, a.Version, a.Text, a.Severity,
		nullMS(a.Ack.At), a.Ack.By, a.Ack.ByName, a.Ack.Reason, a.Ack.Note, nullMS(a.Ack.Until),
		nullMS(a.ReturnedAt), nullMS(a.Closing.At), a.Closing.By, a.Closing.ByName, a.Closing.Note)
	if err != nil {
		return fmt.Errorf("change alarm %d: %w", a.ID, err)
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("change alarm %d: %w", a.ID, errors.Join(err, notify.ErrStaleAlarm))
	}
	return nil
}

// AddNotices stores notices that will fall due.
func (tx *Tx) AddNotices(ctx context.Context, notices []notify.Notice) error {
	const q = `
		INSERT INTO notices (alarm, step, way, recipient, recipient_name, due_at, status, tries, try_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	for _, n := range notices {
		if _, err := tx.Exec(ctx, q, n.Alarm, n.Step, n.Way, n.To, n.ToName, ms(n.DueAt), n.Status, n.Tries, ms(n.TryAt)); err != nil {
			return fmt.Errorf("add notice to %s: %w", n.To, err)
		}
	}
	return nil
}

// StopNotices stops those of an alarm that have not been sent.
func (tx *Tx) StopNotices(ctx context.Context, alarm notify.AlarmID, why string) error {
	const q = `
		UPDATE notices
		SET status = 'stopped', done_at = $2, outcome = $3
		WHERE alarm = $1 AND status IN ('waiting', 'sending')`
	if _, err := tx.Exec(ctx, q, alarm, ms(tx.Now()), why); err != nil {
		return fmt.Errorf("stop notices of alarm %d: %w", alarm, err)
	}
	return nil
}

// Recipients are the people in use who work as one of the roles, each once.
func (tx *Tx) Recipients(ctx context.Context, roles []hospital.Role) ([]hospital.Person, error) {
	const q = `
		SELECT p.id, p.name, p.email, COALESCE(n.number, '')
		FROM people p
		JOIN person_roles r ON r.person = p.id
		LEFT JOIN person_phones n ON n.person = p.id
		WHERE r.role = $1 AND p.disabled_at IS NULL
		ORDER BY p.name, p.id`
	var people []hospital.Person
	for _, role := range roles {
		rows, err := tx.Query(ctx, q, role)
		found, err := scanAll(rows, err, func(row scanner) (p hospital.Person, err error) {
			return p, row.Scan(&p.ID, &p.Name, &p.Email, &p.Phone)
		})
		if err != nil {
			return nil, fmt.Errorf("people who work as %s: %w", role, err)
		}
		for _, person := range found {
			if !slices.ContainsFunc(people, func(p hospital.Person) bool { return p.ID == person.ID }) {
				people = append(people, person)
			}
		}
	}
	return people, nil
}

const noticeColumns = `id, alarm, step, way, recipient, recipient_name, due_at, status, tries, try_at, done_at, outcome`

func scanNotice(row scanner) (notify.Notice, error) {
	var n notify.Notice
	var due, try int64
	var done sql.NullInt64
	err := row.Scan(&n.ID, &n.Alarm, &n.Step, &n.Way, &n.To, &n.ToName, &due, &n.Status, &n.Tries, &try, &done, &n.Outcome)
	n.DueAt, n.TryAt, n.DoneAt = fromMS(due), fromMS(try), fromNullMS(done)
	return n, err
}

// Notices of one alarm, in the order they fall due.
func (a Alarms) Notices(ctx context.Context, alarm notify.AlarmID) ([]notify.Notice, error) {
	const q = `
		SELECT ` + noticeColumns + `
		FROM notices
		WHERE alarm = $1
		ORDER BY due_at, id`
	rows, err := a.Query(ctx, q, alarm)
	notices, err := scanAll(rows, err, scanNotice)
	if err != nil {
		return nil, fmt.Errorf("notices of alarm %d: %w", alarm, err)
	}
	return notices, nil
}

// Claim hands over notices that are due, marked as being sent for the length of the lease.
func (a Alarms) Claim(ctx context.Context, way notify.Way, limit int, lease time.Duration) ([]notify.Claimed, error) {
	var claimed []notify.Claimed
	err := a.DB.InTx(ctx, func(tx *Tx) error {
		const q = `
			UPDATE notices
			SET status = 'sending', try_at = $2
			WHERE id IN (
				SELECT id
				FROM notices
				WHERE status IN ('waiting', 'sending') AND try_at <= $1 AND way = $4
				ORDER BY try_at
				LIMIT 0 + $3)
			RETURNING ` + noticeColumns
		rows, err := tx.Query(ctx, q, ms(tx.Now()), ms(tx.Now().Add(lease)), limit, way)
		notices, err := scanAll(rows, err, scanNotice)
		if err != nil {
			return err
		}
		for _, n := range notices {
			alarm, err := tx.Alarm(ctx, n.Alarm)
			if err != nil {
				return err
			}
			claimed = append(claimed, notify.Claimed{Notice: n, Alarm: alarm})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim notices: %w", err)
	}
	return claimed, nil
}

// Done notes the outcome of a try. A notice that was stopped while it was being
// sent keeps its "stopped" unless it did go out.
func (a Alarms) Done(ctx context.Context, n notify.Notice) error {
	err := a.DB.InTx(ctx, func(tx *Tx) error {
		const q = `
			UPDATE notices
			SET status = $2, tries = $3, try_at = $4, done_at = $5, outcome = $6
			WHERE id = $1 AND (status = 'sending' OR (status = 'stopped' AND $2 = 'sent'))`
		if _, err := tx.Exec(ctx, q, n.ID, n.Status, n.Tries, ms(n.TryAt), nullMS(n.DoneAt), n.Outcome); err != nil {
			return err
		}
		tx.Announce(notify.Topic)
		return nil
	})
	if err != nil {
		return fmt.Errorf("note outcome of notice %d: %w", n.ID, err)
	}
	return nil
}

// Release makes notices due again whose sending was cut off by a crash. The
// receiver knows a repeated one by its number.
func (a Alarms) Release(ctx context.Context) error {
	err := a.DB.InTx(ctx, func(tx *Tx) error {
		const q = `
			UPDATE notices
			SET status = 'waiting', try_at = $1
			WHERE status = 'sending'`
		_, err := tx.Exec(ctx, q, ms(tx.Now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("release notices: %w", err)
	}
	return nil
}

// NextTry is when the next notice may be tried.
func (a Alarms) NextTry(ctx context.Context, way notify.Way) (time.Time, bool, error) {
	const q = `
		SELECT min(try_at)
		FROM notices
		WHERE status IN ('waiting', 'sending') AND way = $1`
	var at sql.NullInt64
	if err := a.QueryRow(ctx, q, way).Scan(&at); err != nil {
		return time.Time{}, false, fmt.Errorf("next notice: %w", err)
	}
	return fromNullMS(at), at.Valid, nil
}

// Sent are notices of any alarm older than one, the newest first; 0 begins with the newest of all.
func (a Alarms) Sent(ctx context.Context, before notify.NoticeID, limit int) ([]notify.Notice, error) {
	const q = `
		SELECT ` + noticeColumns + `
		FROM notices
		WHERE $1 <= 0 OR id < $1
		ORDER BY id DESC
		LIMIT 0 + $2`
	rows, err := a.Query(ctx, q, before, limit)
	notices, err := scanAll(rows, err, scanNotice)
	if err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	return notices, nil
}
