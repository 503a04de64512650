package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

const qRotas = `
	SELECT version, content, made_at, by_name, why
	FROM rotas
	ORDER BY version DESC`

func scanRota(row scanner) (v notify.RotaVersion, err error) {
	var content string
	var made int64
	if err := row.Scan(&v.Version, &content, &made, &v.By, &v.Why); err != nil {
		return v, err
	}
	v.MadeAt = fromMS(made)
	return v, json.Unmarshal([]byte(content), &v.Rota)
}

// Rotas are the versions of the hospital's rota, newest first.
func (a Alarms) Rotas(ctx context.Context) ([]notify.RotaVersion, error) {
	rows, err := a.Query(ctx, qRotas)
	versions, err := scanAll(rows, err, scanRota)
	if err != nil {
		return nil, fmt.Errorf("rotas: %w", err)
	}
	return versions, nil
}

// Rota is the newest rota and the zone that its hours are told in.
func (tx *Tx) Rota(ctx context.Context) (notify.Rota, *time.Location, bool, error) {
	v, err := scanRota(tx.QueryRow(ctx, qRotas+" LIMIT 1"))
	if errors.Is(err, sql.ErrNoRows) {
		return notify.Rota{}, nil, false, nil
	}
	if err != nil {
		return notify.Rota{}, nil, false, fmt.Errorf("rota: %w", err)
	}
	const q = `
		SELECT zone
		FROM sites
		ORDER BY id
		LIMIT 1`
	site := hospital.Site{Zone: "UTC"}
	if err := tx.QueryRow(ctx, q).Scan(&site.Zone); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return notify.Rota{}, nil, false, fmt.Errorf("zone of the rota: %w", err)
	}
	return v.Rota, site.Location(), true, nil
}

// AddRota stores the next version of the rota.
func (tx *Tx) AddRota(ctx context.Context, by hospital.Actor, v notify.RotaVersion) error {
	const q = `
		INSERT INTO rotas (version, content, made_at, made_by, by_name, why)
		SELECT COALESCE(max(version), 0) + 1, $1, $2, $3, $4, $5
		FROM rotas`
	content, err := json.Marshal(v.Rota)
	if err == nil {
		_, err = tx.Exec(ctx, q, string(content), ms(v.MadeAt), by.ID, v.By, v.Why)
	}
	if err != nil {
		return fmt.Errorf("add rota: %w", err)
	}
	return nil
}

// AddLink keeps the hash of the link that a try of a notice carries.
func (a Alarms) AddLink(ctx context.Context, notice notify.NoticeID, hash [sha256.Size]byte) error {
	const q = `
		INSERT INTO notice_links (hash, notice, made_at)
		VALUES ($1, $2, $3)`
	return a.DB.InTx(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, q, hash[:], notice, ms(tx.Now()))
		return err
	})
}

// NoticeOfLink is the notice that a link of this hash came with, its alarm, and the person of its address.
func (a Alarms) NoticeOfLink(ctx context.Context, hash [sha256.Size]byte) (notify.Linked, error) {
	const q = `
		SELECT notice, made_at
		FROM notice_links
		WHERE hash = $1`
	const qNotice = `
		SELECT ` + noticeColumns + `
		FROM notices
		WHERE id = $1`
	const qPerson = `
		SELECT id
		FROM people
		WHERE email = lower($1) AND $2 = 'email'`
	var l notify.Linked
	var id notify.NoticeID
	var made int64
	err := a.QueryRow(ctx, q, hash[:]).Scan(&id, &made)
	if errors.Is(err, sql.ErrNoRows) {
		return l, notify.ErrUnknownLink
	}
	l.MadeAt = fromMS(made)
	if err == nil {
		l.Notice, err = scanNotice(a.QueryRow(ctx, qNotice, id))
	}
	if err == nil {
		l.Alarm, err = a.Alarm(ctx, l.Notice.Alarm)
	}
	if err != nil {
		return l, fmt.Errorf("notice of a link: %w", err)
	}
	var person hospital.PersonID
	err = a.QueryRow(ctx, qPerson, l.Notice.To, l.Notice.Way).Scan(&person)
	if errors.Is(err, sql.ErrNoRows) {
		return l, nil
	}
	if err == nil {
		l.Person, err = Accounts(a).Person(ctx, person)
	}
	if err != nil {
		return l, fmt.Errorf("person of a link: %w", err)
	}
	return l, nil
}

// Proven is, by way, when a notice was last taken and when one last failed.
func (a Alarms) Proven(ctx context.Context) (map[notify.Way]notify.Proof, error) {
	const q = `
		SELECT way, status, max(done_at), outcome
		FROM notices
		WHERE status IN ('sent', 'failed')
		GROUP BY way, status`
	proven := map[notify.Way]notify.Proof{}
	rows, err := a.Query(ctx, q)
	_, err = scanAll(rows, err, func(row scanner) (way notify.Way, err error) {
		var status notify.Status
		var at sql.NullInt64
		var outcome string
		err = row.Scan(&way, &status, &at, &outcome)
		p := proven[way]
		if status == notify.Sent {
			p.Taken = fromNullMS(at)
		} else {
			p.Failed, p.Outcome = fromNullMS(at), outcome
		}
		proven[way] = p
		return way, err
	})
	if err != nil {
		return nil, fmt.Errorf("how the ways work: %w", err)
	}
	return proven, nil
}
