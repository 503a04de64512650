package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wardwatch/tracking/hospital"
)

// Emergency access (45 CFR 164.312(a)(2)(ii)): a member of staff whose role is too
// narrow for what is happening gives herself the whole hospital as a nurse has it,
// with a reason and for minutes. Administrators are told at once, every deed of it
// carries the word, and somebody else looks at it afterwards.

const (
	// EmergencyTime is how long it lasts; MostEmergency the most that may be asked for.
	EmergencyTime = 30 * time.Minute
	MostEmergency = time.Hour
	// leastReason and maxReason are in characters.
	leastReason, maxReason = 10, 500
)

// Emergency is one time that somebody broke the glass.
type Emergency struct {
	ID       int64
	Person   hospital.PersonID
	Name     string
	Why      string
	At       time.Time
	EndsAt   time.Time
	EndedAt  time.Time // zero when it ended, or will end, by itself
	Reviewed time.Time // zero while nobody has looked at it
	Reviewer string
	Review   string
}

// Open says whether it goes on.
func (e Emergency) Open(at time.Time) bool { return e.EndedAt.IsZero() && at.Before(e.EndsAt) }

// Until is when it ended or ends.
func (e Emergency) Until() time.Time {
	if !e.EndedAt.IsZero() {
		return e.EndedAt
	}
	return e.EndsAt
}

// inEmergency is a person with what emergency access gives.
func inEmergency(p hospital.Person, until time.Time) hospital.Person {
	p.Roles, p.Limits, p.EmergencyUntil = slices.Clone(p.Roles), nil, until
	if !slices.Contains(p.Roles, hospital.Nurse) {
		p.Roles = append(p.Roles, hospital.Nurse)
	}
	p.Name += " (emergency)"
	return p
}

// BreakGlass gives a person emergency access, after her password.
func (p *Porter) BreakGlass(ctx context.Context, by hospital.Actor, why string, length time.Duration, again Again, from Origin) (Emergency, error) {
	why = strings.TrimSpace(why)
	if n := utf8.RuneCountInString(why); n < leastReason || n > maxReason {
		return Emergency{}, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Say in %d to %d characters what the emergency is.", leastReason, maxReason))
	}
	if length <= 0 || length > MostEmergency {
		return Emergency{}, hospital.Refuse(hospital.ErrInvalid, "Emergency access lasts an hour at most.")
	}
	person, err := p.again(ctx, by, again, from)
	if err != nil {
		return Emergency{}, err
	}
	var e Emergency
	err = p.store.InTx(ctx, func(tx Tx) (err error) {
		e = Emergency{Person: person.ID, Name: person.Name, Why: why, At: tx.Now(), EndsAt: tx.Now().Add(length)}
		if e.ID, err = tx.AddEmergency(ctx, e); err != nil {
			return err
		}
		tx.Announce(Topic(person.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "emergency.begin", On: "person/" + string(person.ID), Why: why,
			After: jsonOf(map[string]any{"until": e.EndsAt.Format(time.RFC3339)})})
	})
	if err != nil {
		return e, fmt.Errorf("break the glass: %w", err)
	}
	return e, nil
}

// EndEmergency ends a person's own emergency access early.
func (p *Porter) EndEmergency(ctx context.Context, by hospital.Actor) error {
	err := p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.EndEmergency(ctx, by.ID); err != nil {
			return err
		}
		tx.Announce(Topic(by.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "emergency.end", On: "person/" + string(by.ID)})
	})
	if err != nil {
		return fmt.Errorf("end emergency access: %w", err)
	}
	return nil
}

// Emergencies lists who broke the glass, those that wait for a review first.
func (p *Porter) Emergencies(ctx context.Context, by hospital.Actor) ([]Emergency, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return nil, err
	}
	return p.store.Emergencies(ctx)
}

// ReviewEmergency keeps what somebody else found when she looked at an emergency.
func (p *Porter) ReviewEmergency(ctx context.Context, by hospital.Actor, id int64, found string) error {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return err
	}
	if found = strings.TrimSpace(found); found == "" || utf8.RuneCountInString(found) > maxReason {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Say in at most %d characters what you found.", maxReason))
	}
	err := p.store.InTx(ctx, func(tx Tx) error {
		e, err := tx.Emergency(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case e.Person == by.Answers():
			return hospital.Refuse(hospital.ErrInvalid, "This was your own emergency access. Somebody else has to look at it.")
		case !e.Reviewed.IsZero():
			return hospital.Refuse(hospital.ErrStale, e.Reviewer+" has looked at this already.")
		case e.Open(tx.Now()):
			return hospital.Refuse(hospital.ErrInvalid, "It still goes on. Look at it when it is over.")
		}
		e.Reviewed, e.Reviewer, e.Review = tx.Now(), by.Name, found
		if err := tx.ReviewEmergency(ctx, e); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "emergency.review", On: "person/" + string(e.Person), Why: found})
	})
	if err != nil {
		return fmt.Errorf("review emergency %d: %w", id, err)
	}
	return nil
}
