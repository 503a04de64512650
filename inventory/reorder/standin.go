package reorder

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// Deputy is somebody who approves orders in a colleague's place for some days.
type Deputy struct {
	ID                 int64
	Away, StandsIn     hospital.PersonID
	AwayName, DoesName string
	From, Until        inventory.Date // both within
	Why                string
	SetAt              time.Time
	SetName            string
	EndedAt            time.Time // zero: it ends with Until
	EndedName          string
}

// On says whether it holds on a day.
func (s Deputy) On(today inventory.Date) bool {
	return s.EndedAt.IsZero() && s.From <= today && today <= s.Until
}

// Over says whether it does not hold any more, on a day.
func (s Deputy) Over(today inventory.Date) bool { return !s.EndedAt.IsZero() || s.Until < today }

// MaxAway is for how many days at most somebody stands in.
const MaxAway = 92

// ErrUnknownDeputy: there is none of that number that has not ended.
var ErrUnknownDeputy = fmt.Errorf("stand-in %w", hospital.ErrUnknown)

// StandIn names who approves in somebody's place. She herself may, or whoever
// manages people; the other has to see orders already, for whoever stands in gets
// the approving alone. No right goes on: a stand-in can't name one.
func (d *Desk) StandIn(ctx context.Context, by hospital.Actor, s Deputy) error {
	if by.ID != s.Away && !by.May(hospital.ManagePeople) {
		return hospital.Refuse(hospital.ErrForbidden, "You name who stands in for yourself. For somebody else, ask who manages people.")
	}
	today := d.Stock.Today(d.Now())
	switch s.Why = strings.TrimSpace(s.Why); {
	case s.Why == "":
		return hospital.Refuse(hospital.ErrInvalid, "Say why, such as: holiday.")
	case s.From < today || s.Until < s.From:
		return hospital.Refuse(hospital.ErrInvalid, "Give a first day, of today or later, and a last one.")
	case s.Until-s.From >= MaxAway:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Somebody stands in for at most %d days.", MaxAway))
	case s.Away == s.StandsIn:
		return hospital.Refuse(hospital.ErrInvalid, "Choose somebody else.")
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		away, err := d.colleague(ctx, tx, s.Away)
		if err != nil {
			return err
		}
		does, err := d.colleague(ctx, tx, s.StandsIn)
		if err != nil {
			return err
		}
		if !away.May(hospital.ApproveOrders) {
			return hospital.Refuse(hospital.ErrInvalid, away.Name+" approves no orders.")
		}
		if !does.May(hospital.SeeOrders) {
			return hospital.Refuse(hospital.ErrInvalid, does.Name+" does not see orders, so can't stand in.")
		}
		s.AwayName, s.DoesName, s.SetAt, s.SetName = away.Name, does.Name, tx.Now(), by.Name
		site := d.Register.Current().Site.Location()
		if err := tx.AddDeputy(ctx, s, by.ID, s.From.In(site), (s.Until + 1).In(site)); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "stand-in.name", On: "person/" + string(s.Away), Why: s.Why,
			After: fmt.Sprintf(`{"stands_in":%q,"from":%q,"until":%q}`, s.StandsIn, s.From, s.Until)})
	})
	if err != nil {
		return fmt.Errorf("name who stands in for %s: %w", s.Away, err)
	}
	return nil
}

func (d *Desk) colleague(ctx context.Context, tx Tx, id hospital.PersonID) (hospital.Actor, error) {
	p, err := tx.Colleague(ctx, id)
	switch {
	case errors.Is(err, hospital.ErrUnknown), err == nil && !p.DisabledAt.IsZero():
		return hospital.Actor{}, hospital.Refuse(hospital.ErrInvalid, "Choose who it is from the list.")
	case err != nil:
		return hospital.Actor{}, err
	}
	return p.Actor(), nil
}

// EndStandIn ends it at once. Both people may, and whoever manages people.
func (d *Desk) EndStandIn(ctx context.Context, by hospital.Actor, id int64) error {
	err := d.Store.InTx(ctx, func(tx Tx) error {
		s, err := tx.EndDeputy(ctx, id, by.Name)
		if err != nil {
			return err
		}
		if by.ID != s.Away && by.ID != s.StandsIn && !by.May(hospital.ManagePeople) {
			return hospital.Refuse(hospital.ErrForbidden, "Only the two of them end this, or who manages people.")
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "stand-in.end", On: "person/" + string(s.Away),
			After: fmt.Sprintf(`{"stands_in":%q}`, s.StandsIn)})
	})
	if err != nil {
		return fmt.Errorf("end stand-in %d: %w", id, err)
	}
	return nil
}

// inWhosePlace is for whom an actor approves a proposal: empty when it is her own
// right. Of those who are away, nobody counts who asked for it or has approved it
// already: what she may not do, her stand-in may not do for her.
func (p Proposal) inWhosePlace(by hospital.Actor) (hospital.StandIn, error) {
	if by.Own().Reach(hospital.ApproveOrders).Has(p.Place.Unit) {
		return hospital.StandIn{}, nil
	}
	barred := ""
	for _, s := range by.StandsIn {
		switch {
		case !s.Reach.Has(p.Place.Unit):
		case s.For == p.RaisedBy:
			barred = s.Name + " asked for this, so whoever stands in for her may not approve it either."
		case s.For == p.FirstBy || s.For == p.FirstFor:
			barred = "This has been approved for " + s.Name + " already. Its second person has to be somebody else."
		default:
			return s, nil
		}
	}
	if barred != "" {
		return hospital.StandIn{}, hospital.Refuse(hospital.ErrForbidden, barred)
	}
	return hospital.StandIn{}, nil
}
