package db

import (
	"context"
	"database/sql"

	"wardwatch/tracking/hospital"
)

// mustEnrol is true of a person p whose role takes a second step that she has not set up. Who
// has no password here is vouched for by the hospital's own sign-in, which asks in its way.
const mustEnrol = `
	EXISTS (SELECT 1 FROM person_roles r JOIN second_step_roles s ON s.role = r.role WHERE r.person = p.id)
	AND EXISTS (SELECT 1 FROM passwords w WHERE w.person = p.id)
	AND NOT EXISTS (SELECT 1 FROM two_step t WHERE t.person = p.id AND t.confirmed_at IS NOT NULL)
	AND NOT EXISTS (SELECT 1 FROM passkeys k WHERE k.person = p.id)`

// SecondStepRoles are the roles that take a second step, by name.
func (a Accounts) SecondStepRoles(ctx context.Context) ([]hospital.Role, error) {
	const q = `
		SELECT role
		FROM second_step_roles
		ORDER BY role`
	rows, err := a.Query(ctx, q)
	return gather(rows, err, func(rows *sql.Rows) (role hospital.Role, err error) { return role, rows.Scan(&role) })
}

// LackSecondStep counts those of each role who can sign in with a password alone.
func (a Accounts) LackSecondStep(ctx context.Context) (map[hospital.Role]int, error) {
	const q = `
		SELECT r.role, count(*)
		FROM person_roles r
		JOIN people p ON p.id = r.person
		WHERE p.disabled_at IS NULL
		  AND EXISTS (SELECT 1 FROM passwords w WHERE w.person = p.id)
		  AND NOT EXISTS (SELECT 1 FROM two_step t WHERE t.person = p.id AND t.confirmed_at IS NOT NULL)
		  AND NOT EXISTS (SELECT 1 FROM passkeys k WHERE k.person = p.id)
		GROUP BY r.role`
	rows, err := a.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[hospital.Role]int{}
	for rows.Next() {
		var role hospital.Role
		var count int
		if err := rows.Scan(&role, &count); err != nil {
			return nil, err
		}
		counts[role] = count
	}
	return counts, rows.Err()
}

func (tx accountsTx) PutSecondStepRoles(ctx context.Context, roles []hospital.Role) error {
	const clear = `
		DELETE FROM second_step_roles`
	if _, err := tx.Exec(ctx, clear); err != nil {
		return err
	}
	const q = `
		INSERT INTO second_step_roles (role)
		VALUES ($1)`
	for _, role := range roles {
		if _, err := tx.Exec(ctx, q, role); err != nil {
			return err
		}
	}
	return nil
}

// HasPassword says whether a person can sign in with a password.
func (a Accounts) HasPassword(ctx context.Context, id hospital.PersonID) (has bool, err error) {
	const q = `
		SELECT EXISTS (SELECT 1 FROM passwords WHERE person = $1)`
	err = a.QueryRow(ctx, q, id).Scan(&has)
	return has, err
}
