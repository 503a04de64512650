package account

import (
	"context"
	"fmt"
	"slices"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/upkeep"
)

// Looks are what is noted of who looked at accounts, who may do what, and who broke the
// glass: it changes nothing, and is sensitive all the same.
const (
	LookAtPeople      = "people.look"
	LookAtPerson      = "person.look"
	LookAtEmergencies = "emergencies.look"
)

// Looks lists them.
func Looks() []string { return []string{LookAtPeople, LookAtPerson, LookAtEmergencies} }

// Looked notes a sensitive look. While nothing can be stored one may look all the same:
// that is when somebody has to.
func (p *Porter) Looked(ctx context.Context, by hospital.Actor, what, on string) error {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return err
	}
	if !slices.Contains(Looks(), what) {
		return fmt.Errorf("note the look %q: %w", what, hospital.ErrInvalid)
	}
	err := p.store.InTx(ctx, func(tx Tx) error {
		return tx.Record(ctx, hospital.Deed{By: by, What: what, On: on})
	})
	if err != nil && upkeep.TroubleOf(err) == "" {
		return fmt.Errorf("note a look: %w", err)
	}
	return nil
}
