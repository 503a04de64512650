package db

import (
	"context"
	"database/sql"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/notify"
)

// KindEmergency is the alarm that somebody broke the glass; it returns with the review.
const KindEmergency notify.Kind = "emergency access"

const emergencyColumns = `id, person, name, why, at, ends_at, ended_at, reviewed_at, reviewed_by, review`

func scanEmergency(scan func(...any) error) (e account.Emergency, err error) {
	var at, ends int64
	var ended, reviewed sql.NullInt64
	err = scan(&e.ID, &e.Person, &e.Name, &e.Why, &at, &ends, &ended, &reviewed, &e.Reviewer, &e.Review)
	e.At, e.EndsAt, e.EndedAt, e.Reviewed = fromMS(at), fromMS(ends), fromNullMS(ended), fromNullMS(reviewed)
	return e, err
}

// Emergencies lists who broke the glass, those that wait for a review first, then the newest.
func (a Accounts) Emergencies(ctx context.Context) ([]account.Emergency, error) {
	const q = `
		SELECT ` + emergencyColumns + `
		FROM emergencies
		ORDER BY reviewed_at IS NOT NULL, id DESC
		LIMIT 200`
	rows, err := a.Query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (account.Emergency, error) { return scanEmergency(rows.Scan) })
}

func (tx accountsTx) Emergency(ctx context.Context, id int64) (account.Emergency, error) {
	const q = `
		SELECT ` + emergencyColumns + `
		FROM emergencies
		WHERE id = $1`
	e, err := scanEmergency(tx.QueryRow(ctx, q, id).Scan)
	return e, unknown(err, "emergency")
}

// AddEmergency keeps it, rings, and tells every administrator by mail.
func (tx accountsTx) AddEmergency(ctx context.Context, e account.Emergency) (id int64, err error) {
	const q = `
		INSERT INTO emergencies (person, name, why, at, ends_at)
		VALUES ($1, $2, $3, $4, $5)
		RETURNING id`
	if err := tx.QueryRow(ctx, q, e.Person, e.Name, e.Why, ms(e.At), ms(e.EndsAt)).Scan(&id); err != nil {
		return 0, err
	}
	subject := "person/" + string(e.Person)
	if _, ongoing, err := tx.OngoingAlarm(ctx, KindEmergency, subject); err != nil || ongoing {
		return id, err // it rings already
	}
	alarm, err := tx.AddAlarm(ctx, notify.Alarm{Kind: KindEmergency, Subject: subject, Name: e.Name, Text: "emergency access: " + e.Why,
		Severity: notify.Warning, RaisedAt: e.At, Version: 1})
	if err != nil {
		return id, err
	}
	tx.Announce(notify.Topic)
	return id, tx.tellAdministrators(ctx, alarm, e.At)
}

func (tx accountsTx) tellAdministrators(ctx context.Context, alarm notify.AlarmID, at time.Time) error {
	people, err := tx.Recipients(ctx, []hospital.Role{hospital.Administrator})
	if err != nil {
		return err
	}
	var notices []notify.Notice
	for _, p := range people {
		notices = append(notices, notify.Notice{Alarm: alarm, Way: notify.Email, To: p.Email, ToName: p.Name, DueAt: at, Status: notify.Waiting, TryAt: at})
	}
	return tx.AddNotices(ctx, notices)
}

func (tx accountsTx) EndEmergency(ctx context.Context, id hospital.PersonID) error {
	const q = `
		UPDATE emergencies
		SET ended_at = $2
		WHERE person = $1 AND ended_at IS NULL AND ends_at > $2`
	_, err := tx.Exec(ctx, q, id, ms(tx.Now()))
	return err
}

func (tx accountsTx) ReviewEmergency(ctx context.Context, e account.Emergency) error {
	const q = `
		UPDATE emergencies
		SET reviewed_at = $2, reviewed_by = $3, review = $4
		WHERE id = $1`
	if _, err := tx.Exec(ctx, q, e.ID, ms(e.Reviewed), e.Reviewer, e.Review); err != nil {
		return err
	}
	const qWaiting = `
		SELECT count(*)
		FROM emergencies
		WHERE person = $1 AND reviewed_at IS NULL`
	var waiting int
	if err := tx.QueryRow(ctx, qWaiting, e.Person).Scan(&waiting); err != nil || waiting > 0 {
		return err
	}
	return notify.Return(ctx, tx.Tx, hospital.Job("emergency access"), KindEmergency, "person/"+string(e.Person))
}
