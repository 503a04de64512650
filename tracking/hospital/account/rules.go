package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"wardwatch/tracking/hospital"
)

// Rules say how people sign in here.
type Rules struct {
	// SecondStep are the roles that take a code from the phone or a passkey, sorted.
	SecondStep []hospital.Role
	// Lacking counts those of each role who sign in with a password alone.
	Lacking map[hospital.Role]int
}

var errPasskeyAsked = hospital.Refuse(hospital.ErrInvalid, "Your role asks for more than a password. Sign in with your passkey.")

// Rules are as they stand. It takes the right to manage people.
func (p *Porter) Rules(ctx context.Context, by hospital.Actor) (r Rules, err error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return r, err
	}
	if r.SecondStep, err = p.store.SecondStepRoles(ctx); err != nil {
		return r, fmt.Errorf("read the rules of signing in: %w", err)
	}
	if r.Lacking, err = p.store.LackSecondStep(ctx); err != nil {
		return r, fmt.Errorf("count who signs in with a password alone: %w", err)
	}
	return r, nil
}

// AskSecondStep sets the roles that take a second step. Who has none is led to set one up
// at her next step, and can do nothing else until then.
func (p *Porter) AskSecondStep(ctx context.Context, by hospital.Actor, roles []hospital.Role) error {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return err
	}
	roles = slices.Compact(slices.Sorted(slices.Values(roles)))
	for _, role := range roles {
		if err := knownRole(role); err != nil {
			return err
		}
	}
	before, err := p.store.SecondStepRoles(ctx)
	if err != nil {
		return fmt.Errorf("read the rules of signing in: %w", err)
	}
	people, err := p.store.People(ctx)
	if err != nil {
		return fmt.Errorf("whom the rules concern: %w", err)
	}
	err = p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.PutSecondStepRoles(ctx, roles); err != nil {
			return err
		}
		for _, person := range people { // open pages look again whether she may be there
			tx.Announce(Topic(person.ID))
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "sign-in.second-step", On: "site/sign-in",
			Before: jsonOf(map[string]any{"roles": before}), After: jsonOf(map[string]any{"roles": roles})})
	})
	if err != nil {
		return fmt.Errorf("ask for a second step: %w", err)
	}
	return nil
}

// passwordAlone is nil when a password may let a person in who has set up no code: not where
// her role takes a second step and she has made a passkey for it.
func (p *Porter) passwordAlone(ctx context.Context, person hospital.Person) error {
	asked, err := p.store.SecondStepRoles(ctx)
	if err != nil {
		return fmt.Errorf("read the rules of signing in: %w", err)
	}
	if !slices.ContainsFunc(person.Roles, func(r hospital.Role) bool { return slices.Contains(asked, r) }) {
		return nil
	}
	keys, err := p.store.Passkeys(ctx, person.ID)
	if err != nil && !errors.Is(err, hospital.ErrUnknown) {
		return fmt.Errorf("which passkeys: %w", err)
	}
	if len(keys) > 0 {
		return errPasskeyAsked
	}
	return nil // she is led to set one up
}
