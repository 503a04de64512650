package notify

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"wardwatch/tracking/hospital"
)

// number is a telephone number as networks write it, E.164.
var number = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// PhoneNumber brings a telephone number into its one form, "+491701234567"; false for what is none.
func PhoneNumber(said string) (string, bool) {
	said = strings.NewReplacer(" ", "", "-", "", "/", "", "(0)", "", "(", "", ")", "", ".", "").Replace(strings.TrimSpace(said))
	if rest, found := strings.CutPrefix(said, "00"); found {
		said = "+" + rest
	}
	return said, number.MatchString(said)
}

// Phones is where people's numbers for text messages are kept.
type Phones interface {
	// PhoneOf is a person's number; empty when she gave none.
	PhoneOf(context.Context, hospital.PersonID) (string, error)
	// SetPhone keeps a person's number, or forgets it when it is empty, with the deed.
	SetPhone(ctx context.Context, person hospital.PersonID, number string, deed hospital.Deed) error
}

// Sends says whether notices go this way.
func (d Desk) Sends(way Way) bool { return d.Ladder.uses(way) }

// Phone is a person's own number for text messages; empty when she gave none.
func (d Desk) Phone(ctx context.Context, by hospital.Actor) (string, error) {
	if d.Phones == nil {
		return "", nil
	}
	return d.Phones.PhoneOf(ctx, by.ID)
}

// SetPhone makes a number the one that a person's text messages go to; empty: none go.
func (d Desk) SetPhone(ctx context.Context, by hospital.Actor, said string) error {
	if d.Phones == nil || by.ID == "" {
		return hospital.ErrForbidden
	}
	number, ok := PhoneNumber(said)
	if strings.TrimSpace(said) == "" {
		number, ok = "", true
	}
	if !ok {
		return hospital.Refuse(hospital.ErrInvalid, "Write the number with its country, such as +49 170 1234567.")
	}
	what := "phone.set"
	if number == "" {
		what = "phone.forget"
	}
	// The number itself is nobody else's business: the trail says that it changed.
	if err := d.Phones.SetPhone(ctx, by.ID, number, hospital.Deed{By: by, What: what, On: "person/" + string(by.ID)}); err != nil {
		return fmt.Errorf("set phone: %w", err)
	}
	return nil
}
