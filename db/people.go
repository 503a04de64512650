package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// personColumns and personTables read a person with her roles, in the order of the alphabet.
const personColumns = `
	p.id, p.name, p.email, COALESCE(p.unit, ''), p.disabled_at,
	COALESCE((SELECT group_concat(role, ',') FROM (SELECT role FROM person_roles WHERE person = p.id ORDER BY role)), ''),
	COALESCE((SELECT json_group_array(json_array(role, unit)) FROM (SELECT role, unit FROM person_role_units WHERE person = p.id ORDER BY role, unit)), '[]')`

func scanPerson(scan func(...any) error, more ...any) (p hospital.Person, err error) {
	var disabled sql.NullInt64
	var roles, limits string
	if err := scan(append([]any{&p.ID, &p.Name, &p.Email, &p.Unit, &disabled, &roles, &limits}, more...)...); err != nil {
		return p, err
	}
	if p.Limits, err = readLimits(limits); err != nil {
		return p, err
	}
	p.DisabledAt = fromNullMS(disabled)
	for role := range strings.SplitSeq(roles, ",") {
		if role != "" {
			p.Roles = append(p.Roles, hospital.Role(role))
		}
	}
	return p, nil
}

// readLimits reads pairs of a role and a unit.
func readLimits(text string) (hospital.Limits, error) {
	var pairs [][2]string
	if err := json.Unmarshal([]byte(text), &pairs); err != nil || len(pairs) == 0 {
		return nil, err
	}
	limits := hospital.Limits{}
	for _, pair := range pairs {
		role := hospital.Role(pair[0])
		limits[role] = append(limits[role], hospital.UnitID(pair[1]))
	}
	return limits, nil
}

func personByID(ctx context.Context, tx *Tx, id hospital.PersonID) (hospital.Person, error) {
	const q = `
		SELECT ` + personColumns + `
		FROM people p
		WHERE p.id = $1`
	p, err := scanPerson(tx.QueryRow(ctx, q, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("person %s: %w", id, hospital.ErrUnknown)
	}
	return p, err
}

// putPerson writes a person and her roles, but not whether she is disabled.
func putPerson(ctx context.Context, tx *Tx, p hospital.Person) error {
	p.Email = strings.ToLower(p.Email)
	const qTaken = `
		SELECT id
		FROM people
		WHERE email = $1 AND id <> $2`
	var other string
	switch err := tx.QueryRow(ctx, qTaken, p.Email, p.ID).Scan(&other); {
	case err == nil:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The e-mail address %s belongs to %s already.", p.Email, other))
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	const q = `
		INSERT INTO people (id, name, email, unit)
		VALUES ($1, $2, $3, NULLIF($4, ''))
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, unit = excluded.unit`
	if _, err := tx.Exec(ctx, q, p.ID, p.Name, p.Email, p.Unit); err != nil {
		return fmt.Errorf("person %s: %w", p.ID, err)
	}
	return putRoles(ctx, tx, p.ID, p.Roles, p.Limits)
}

func putRoles(ctx context.Context, tx *Tx, id hospital.PersonID, roles []hospital.Role, limits hospital.Limits) error {
	const qClear = `
		DELETE FROM person_roles
		WHERE person = $1`
	if _, err := tx.Exec(ctx, qClear, id); err != nil {
		return fmt.Errorf("roles of %s: %w", id, err)
	}
	const q = `
		INSERT INTO person_roles (person, role)
		VALUES ($1, $2)`
	for _, role := range roles {
		if _, err := tx.Exec(ctx, q, id, role); err != nil {
			return fmt.Errorf("role %s of %s: %w", role, id, err)
		}
		if err := putLimits(ctx, tx, id, role, limits[role]); err != nil {
			return err
		}
	}
	return nil
}

func putLimits(ctx context.Context, tx *Tx, id hospital.PersonID, role hospital.Role, units []hospital.UnitID) error {
	const q = `
		INSERT INTO person_role_units (person, role, unit)
		SELECT $1, $2, id
		FROM units
		WHERE id = $3`
	for _, unit := range slices.Compact(slices.Sorted(slices.Values(units))) {
		done, err := tx.Exec(ctx, q, id, role, unit)
		if err != nil {
			return fmt.Errorf("unit %s of %s: %w", unit, id, err)
		}
		if err := changed(done, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("There is no unit %q.", unit))); err != nil {
			return err
		}
	}
	return nil
}

// keptLimits are the limits of roles that somebody keeps.
func keptLimits(limits hospital.Limits, roles []hospital.Role) hospital.Limits {
	kept := hospital.Limits{}
	for role, units := range limits {
		if slices.Contains(roles, role) {
			kept[role] = units
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// administrators counts the people who can sign in and manage people.
func administrators(ctx context.Context, tx *Tx) (n int, err error) {
	const q = `
		SELECT count(*)
		FROM people p
		JOIN person_roles r ON r.person = p.id AND r.role = 'administrator'
		JOIN passwords w ON w.person = p.id
		WHERE p.disabled_at IS NULL`
	return n, tx.QueryRow(ctx, q).Scan(&n)
}

// applyPeople takes in the people of a document. It never touches passwords, and
// refuses a document that would leave the house without an administrator.
func applyPeople(ctx context.Context, tx *Tx, doc document.Document) ([]document.Change, error) {
	before, err := administrators(ctx, tx)
	if err != nil {
		return nil, err
	}
	changes := make([]document.Change, 0, len(doc.People))
	for i, p := range doc.People {
		if err := tx.pace.On(1); err != nil {
			return nil, err
		}
		change, err := applyPerson(ctx, tx, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pathOfEntry("people", i), err)
		}
		change.Path = pathOfEntry("people", i)
		changes = append(changes, change)
	}
	after, err := administrators(ctx, tx)
	if err != nil {
		return nil, err
	}
	if before > 0 && after == 0 {
		return nil, hospital.Refuse(hospital.ErrInvalid, "The document takes the role of administrator from everybody who has it; leave it to one person at least.")
	}
	return changes, nil
}

func applyPerson(ctx context.Context, tx *Tx, p document.Person) (document.Change, error) {
	person := hospital.Person{ID: p.ID, Name: p.Name, Email: strings.ToLower(p.Email), Roles: slices.Sorted(slices.Values(p.Roles)), Unit: p.Unit}
	change := document.Change{What: document.Add, Thing: person.Name}
	before, err := personByID(ctx, tx, p.ID)
	switch {
	case err == nil:
		change.What = document.Alter
		person.DisabledAt = before.DisabledAt
		person.Limits = keptLimits(before.Limits, person.Roles) // a document that says nothing of units takes none away
		if reflect.DeepEqual(before, person) {
			change.What = document.Same
			return change, nil
		}
	case !errors.Is(err, hospital.ErrUnknown):
		return change, err
	}
	return change, putPerson(ctx, tx, person)
}
