package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// singleSignOn is who changes a person as her identity provider says.
var singleSignOn = hospital.Job("single sign-on")

// RoleMap says what the groups of an identity provider mean here.
type RoleMap []Mapping

// Mapping gives a role, in some units or everywhere, to the members of a group.
type Mapping struct {
	Group string
	Role  hospital.Role
	Units []hospital.UnitID // none: the whole hospital
}

// ParseRoleMap reads settings such as "ward-a-nurses" → "nurse@ward-a+ward-b" and
// "it" → "administrator". A group may have several roles, with commas between.
func ParseRoleMap(settings map[string]string) (RoleMap, error) {
	var all RoleMap
	for group, text := range settings {
		for one := range strings.SplitSeq(text, ",") {
			role, units, limited := strings.Cut(strings.TrimSpace(one), "@")
			m := Mapping{Group: group, Role: hospital.Role(role)}
			if !slices.Contains(hospital.Roles(), m.Role) {
				return nil, fmt.Errorf("group %q: there is no role %q; the roles are %v", group, role, hospital.Roles())
			}
			for unit := range strings.SplitSeq(units, "+") {
				if unit != "" {
					m.Units = append(m.Units, hospital.UnitID(unit))
				}
			}
			if limited && len(m.Units) == 0 {
				return nil, fmt.Errorf("group %q: say which units %s@ is limited to", group, role)
			}
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b Mapping) int { return strings.Compare(a.Group+string(a.Role), b.Group+string(b.Role)) })
	return all, nil
}

// Lines says what each group means: "ward-a-nurses: nurse in ward-a, ward-b".
func (m RoleMap) Lines() (lines []string) {
	for _, one := range m {
		line := one.Group + ": " + string(one.Role)
		for i, unit := range one.Units {
			line += map[bool]string{true: " in ", false: ", "}[i == 0] + string(unit)
		}
		lines = append(lines, line)
	}
	return lines
}

// Roles are the roles of who is in these groups, and their limits. A role that one
// group gives everywhere is not limited by another.
func (m RoleMap) Roles(groups []string) (roles []hospital.Role, limits hospital.Limits) {
	everywhere, within := map[hospital.Role]bool{}, hospital.Limits{}
	for _, one := range m {
		if !slices.Contains(groups, one.Group) {
			continue
		}
		if !slices.Contains(roles, one.Role) {
			roles = append(roles, one.Role)
		}
		everywhere[one.Role] = everywhere[one.Role] || len(one.Units) == 0
		within[one.Role] = append(within[one.Role], one.Units...)
	}
	slices.Sort(roles)
	for _, role := range roles {
		if everywhere[role] {
			continue
		}
		if limits == nil {
			limits = hospital.Limits{}
		}
		limits[role] = slices.Compact(slices.Sorted(slices.Values(within[role])))
	}
	return roles, limits
}

// Claims are what an identity provider vouches for, once its token was verified.
type Claims struct {
	Issuer, Subject string
	Email           string
	EmailVerified   bool
	Name            string
	Groups          []string
	// AuthTime is when the provider last saw her sign in; zero where it does not say.
	AuthTime time.Time
}

var errNoRole = hospital.Refuse(hospital.ErrInvalid, "The hospital's sign-in knows you, but none of your groups has a role here. Ask an administrator.")

// SignInBySSO starts a session for whom an identity provider vouches for. She is
// known by issuer and subject alone; at her first sign-in she is whom a directory
// brought in with the same external id or verified address, or a new person. A
// local account with her address is not taken over: hospital.ErrInvalid. Her name,
// roles and limits are what the provider says now.
func (p *Porter) SignInBySSO(ctx context.Context, c Claims, roles RoleMap, before Secret, from Origin) (Secret, hospital.Person, error) {
	var person hospital.Person
	err := p.store.InTx(ctx, func(tx Tx) (err error) {
		if person, err = p.vouchedFor(ctx, tx, c, roles); err != nil {
			return err
		}
		if !person.DisabledAt.IsZero() {
			return hospital.Refuse(hospital.ErrInvalid, "Your account here is disabled. Ask an administrator.")
		}
		return nil
	})
	if err != nil {
		if hospital.Sentence(err) != "" {
			err = errors.Join(err, p.noteSSO(ctx, c, from))
		}
		return "", person, fmt.Errorf("sign in by single sign-on: %w", err)
	}
	secret, err := p.begin(ctx, Credential{Person: person}, before, from)
	return secret, person, err
}

func (p *Porter) noteSSO(ctx context.Context, c Claims, from Origin) error {
	return p.store.InTx(ctx, func(tx Tx) error {
		return tx.Record(ctx, hospital.Deed{By: stranger(from), What: "account.single-sign-on-refused", On: "person/unknown",
			After: jsonOf(map[string]string{"issuer": c.Issuer, "subject": c.Subject})})
	})
}

// vouchedFor is the person of the claims, as the provider says she is now.
func (p *Porter) vouchedFor(ctx context.Context, tx Tx, c Claims, roles RoleMap) (hospital.Person, error) {
	before, err := tx.BySubject(ctx, c.Issuer, c.Subject)
	if errors.Is(err, hospital.ErrUnknown) {
		before, err = p.firstTime(ctx, tx, c)
	}
	if err != nil {
		return before, err
	}
	after := before
	after.Roles, after.Limits = roles.Roles(c.Groups)
	if len(after.Roles) == 0 {
		return before, errNoRole
	}
	if name := strings.TrimSpace(c.Name); name != "" {
		after.Name = name
	}
	if err := check(after); err != nil {
		return before, err
	}
	if describe(after) == describe(before) {
		return before, nil
	}
	return after, p.alterBySSO(ctx, tx, before, after)
}

func (p *Porter) alterBySSO(ctx context.Context, tx Tx, before, after hospital.Person) error {
	had, err := tx.Administrators(ctx)
	if err != nil {
		return err
	}
	if err := tx.PutPerson(ctx, after); err != nil {
		return err
	}
	if has, err := tx.Administrators(ctx); err != nil || had > 0 && has == 0 {
		return errors.Join(err, hospital.Refuse(hospital.ErrInvalid, "You are the last administrator, and your groups say that you are none. Make somebody else an administrator first."))
	}
	tx.Announce(Topic(after.ID))
	return tx.Record(ctx, hospital.Deed{By: singleSignOn, What: "person.change", On: "person/" + string(after.ID), Before: describe(before), After: describe(after)})
}

// firstTime is who signs in by this subject for the first time: one whom a
// directory brought in, or a new person.
func (p *Porter) firstTime(ctx context.Context, tx Tx, c Claims) (hospital.Person, error) {
	email := strings.ToLower(strings.TrimSpace(c.Email))
	verified := email
	if !c.EmailVerified {
		verified = ""
	}
	person, err := tx.Provisioned(ctx, c.Subject, verified)
	if errors.Is(err, hospital.ErrUnknown) {
		person, err = p.newcomer(ctx, tx, c, email)
	}
	if err != nil {
		return person, err
	}
	if err := tx.LinkSubject(ctx, c.Issuer, c.Subject, person.ID); err != nil {
		return person, err
	}
	return person, tx.Record(ctx, hospital.Deed{By: singleSignOn, What: "person.link", On: "person/" + string(person.ID),
		After: jsonOf(map[string]string{"issuer": c.Issuer, "subject": c.Subject})})
}

func (p *Porter) newcomer(ctx context.Context, tx Tx, c Claims, email string) (hospital.Person, error) {
	taken, err := tx.HasEmail(ctx, email)
	if err != nil {
		return hospital.Person{}, err
	}
	if taken {
		return hospital.Person{}, hospital.Refuse(hospital.ErrInvalid, "There is an account with your address already, with a password of its own. Sign in with that, or ask an administrator.")
	}
	person := hospital.Person{ID: idFrom(email), Name: strings.TrimSpace(c.Name), Email: email}
	if person.Name == "" {
		person.Name = email
	}
	if person.ID, err = freeID(ctx, tx, person.ID); err != nil {
		return person, err
	}
	if err := tx.PutPerson(ctx, person); err != nil {
		return person, err
	}
	return person, tx.Record(ctx, hospital.Deed{By: singleSignOn, What: "person.add", On: "person/" + string(person.ID), After: describe(person)})
}
