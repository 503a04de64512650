package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

func (tx accountsTx) LockSession(ctx context.Context, hash account.Hash) error {
	const q = `
		UPDATE sessions
		SET locked_at = COALESCE(locked_at, $2)
		WHERE hash = $1`
	_, err := tx.Exec(ctx, q, hash[:], ms(tx.Now()))
	return err
}

// PIN is a person's PIN for shared workstations.
func (a Accounts) PIN(ctx context.Context, id hospital.PersonID) (account.PIN, error) {
	const q = `
		SELECT pin, badge IS NOT NULL, set_at
		FROM pins
		WHERE person = $1`
	pin := account.PIN{Person: id}
	var set int64
	err := a.QueryRow(ctx, q, id).Scan(&pin.Encoded, &pin.HasBadge, &set)
	pin.SetAt = fromMS(set)
	return pin, unknown(err, "PIN of "+string(id))
}

// Seats are who signed in fully at a workstation after a time and has a PIN, by name.
func (a Accounts) Seats(ctx context.Context, station account.Hash, since time.Time) ([]account.Seat, error) {
	const q = `
		SELECT p.id, p.name, s.at, n.badge
		FROM station_people s
		JOIN people p ON p.id = s.person AND p.disabled_at IS NULL
		JOIN pins n ON n.person = s.person
		WHERE s.station = $1 AND s.at > $2
		ORDER BY p.name, p.id`
	rows, err := a.Query(ctx, q, station[:], ms(since))
	return gather(rows, err, func(rows *sql.Rows) (s account.Seat, err error) {
		var at int64
		var badge []byte
		err = rows.Scan(&s.Person, &s.Name, &at, &badge)
		s.Since = fromMS(at)
		if len(badge) > 0 {
			s.Badge = hashOf(badge)
		}
		return s, err
	})
}

func (tx accountsTx) PutPIN(ctx context.Context, id hospital.PersonID, encoded string, badge account.Hash) error {
	const q = `
		INSERT INTO pins (person, pin, badge, set_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (person) DO UPDATE SET pin = excluded.pin, badge = excluded.badge, set_at = excluded.set_at`
	var stored []byte
	if badge != (account.Hash{}) {
		if err := tx.badgeIsFree(ctx, id, badge); err != nil {
			return err
		}
		stored = badge[:]
	}
	_, err := tx.Exec(ctx, q, id, encoded, stored, ms(tx.Now()))
	return err
}

func (tx accountsTx) badgeIsFree(ctx context.Context, id hospital.PersonID, badge account.Hash) error {
	const q = `
		SELECT 1
		FROM pins
		WHERE badge = $1 AND person <> $2`
	var one int
	err := tx.QueryRow(ctx, q, badge[:], id).Scan(&one)
	if err == nil {
		return hospital.Refuse(hospital.ErrInvalid, "This badge is somebody else's.")
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func (tx accountsTx) DropPIN(ctx context.Context, id hospital.PersonID) error {
	const q = `
		DELETE FROM pins
		WHERE person = $1`
	_, err := tx.Exec(ctx, q, id)
	return err
}

func (tx accountsTx) TakeSeat(ctx context.Context, station account.Hash, id hospital.PersonID) error {
	const q = `
		INSERT INTO station_people (station, person, at)
		VALUES ($1, $2, $3)
		ON CONFLICT (station, person) DO UPDATE SET at = excluded.at, wrong = 0`
	_, err := tx.Exec(ctx, q, station[:], id, ms(tx.Now()))
	return err
}

func (tx accountsTx) MissPIN(ctx context.Context, station account.Hash, id hospital.PersonID, most int) error {
	const q = `
		UPDATE station_people
		SET wrong = wrong + 1
		WHERE station = $1 AND person = $2`
	if _, err := tx.Exec(ctx, q, station[:], id); err != nil {
		return err
	}
	const qLose = `
		DELETE FROM station_people
		WHERE station = $1 AND person = $2 AND wrong >= $3`
	_, err := tx.Exec(ctx, qLose, station[:], id, most)
	return err
}

func (tx accountsTx) HitPIN(ctx context.Context, station account.Hash, id hospital.PersonID) error {
	const q = `
		UPDATE station_people
		SET wrong = 0
		WHERE station = $1 AND person = $2`
	_, err := tx.Exec(ctx, q, station[:], id)
	return err
}

func (tx accountsTx) LeaveSeats(ctx context.Context, id hospital.PersonID, before time.Time) error {
	const q = `
		DELETE FROM station_people
		WHERE ($1 = '' OR person = $1) AND at <= $2`
	_, err := tx.Exec(ctx, q, id, ms(before))
	return err
}
