package account

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// ErrTaken: somebody else has this name already.
var ErrTaken = fmt.Errorf("taken: %w", hospital.ErrInvalid)

// Member is a person whom a directory looks after (SCIM, RFC 7643): who joins gets
// an account, who leaves loses it within the directory's next message.
type Member struct {
	Person hospital.Person
	// UserName is her name in the directory, in lower case; mostly her address.
	UserName   string
	ExternalID string
	MadeAt     time.Time
	ChangedAt  time.Time
}

// MemberFilter chooses members; what is empty chooses all.
type MemberFilter struct{ UserName, ExternalID, Email string }

// Members lists those whom a directory looks after.
func (p *Porter) Members(ctx context.Context, by hospital.Actor, f MemberFilter, offset, limit int) ([]Member, int, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return nil, 0, err
	}
	return p.store.Members(ctx, f, offset, limit)
}

// Member is one of them; hospital.ErrUnknown for anybody else.
func (p *Porter) Member(ctx context.Context, by hospital.Actor, id hospital.PersonID) (Member, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return Member{}, err
	}
	return p.store.Member(ctx, id)
}

// Join makes an account for a member. A directory does not take over an account
// that was made here: ErrTaken.
func (p *Porter) Join(ctx context.Context, by hospital.Actor, m Member) (Member, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return m, err
	}
	if err := m.check(); err != nil {
		return m, err
	}
	err := p.store.InTx(ctx, func(tx Tx) (err error) {
		taken, err := tx.HasEmail(ctx, m.Person.Email)
		if err != nil {
			return err
		}
		if taken {
			return hospital.Refuse(ErrTaken, "There is an account with this address already.")
		}
		if m.Person.ID, err = freeID(ctx, tx, idFrom(m.Person.Email)); err != nil {
			return err
		}
		if err := p.putMember(ctx, tx, m); err != nil {
			return err
		}
		m.MadeAt, m.ChangedAt = tx.Now(), tx.Now()
		return tx.Record(ctx, hospital.Deed{By: by, What: "person.add", On: "person/" + string(m.Person.ID), After: describe(m.Person)})
	})
	if err != nil {
		return m, fmt.Errorf("join %s: %w", m.UserName, err)
	}
	return m, nil
}

func (p *Porter) putMember(ctx context.Context, tx Tx, m Member) error {
	if err := tx.PutPerson(ctx, m.Person); err != nil {
		return err
	}
	if err := tx.PutMember(ctx, m); err != nil {
		return err
	}
	if err := tx.Disable(ctx, m.Person.ID, m.Person.DisabledAt); err != nil {
		return err
	}
	tx.Announce(Topic(m.Person.ID))
	return nil
}

// AlterMember is what the directory says of a member now. Who is not active any
// more is out at once, with her sessions and tokens. One administrator always stays.
func (p *Porter) AlterMember(ctx context.Context, by hospital.Actor, m Member, active bool) (Member, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return m, err
	}
	if err := m.check(); err != nil {
		return m, err
	}
	err := p.change(ctx, by, m.Person.ID, "person.change", func(tx Tx, before hospital.Person) (hospital.Person, error) {
		m.Person.Unit, m.Person.DisabledAt = before.Unit, before.DisabledAt
		switch {
		case active:
			m.Person.DisabledAt = time.Time{}
		case before.DisabledAt.IsZero():
			m.Person.DisabledAt = tx.Now()
		}
		m.ChangedAt = tx.Now()
		if err := p.putMember(ctx, tx, m); err != nil || active {
			return m.Person, err
		}
		return m.Person, errors.Join(tx.RevokeTokensOf(ctx, m.Person.ID), tx.LeaveSeats(ctx, m.Person.ID, tx.Now()), tx.EndSessions(ctx, m.Person.ID, Hash{}))
	})
	return m, err
}

// check is account.check for a member, who may have no role yet: her first sign-in says.
func (m Member) check() error {
	if m.UserName == "" || m.UserName != strings.ToLower(m.UserName) || len(m.UserName) > maxEmail {
		return hospital.Refuse(hospital.ErrInvalid, "A member needs a userName.")
	}
	if len(m.ExternalID) > maxEmail {
		return hospital.Refuse(hospital.ErrInvalid, "The externalId is too long.")
	}
	if len(m.Person.Roles) > 0 {
		return check(m.Person)
	}
	if _, err := mail.ParseAddress(m.Person.Email); err != nil {
		return hospital.Refuse(hospital.ErrInvalid, "A member needs an e-mail address, as userName or among emails.")
	}
	if m.Person.Name == "" || len(m.Person.Name) > maxName {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A member needs a name of 1 to %d characters.", maxName))
	}
	return nil
}

// AddDirectory makes a token for a directory that brings people in and out by SCIM, and does nothing else.
func (k *Keys) AddDirectory(ctx context.Context, by hospital.Actor, name string) (Token, Secret, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return Token{}, "", err
	}
	return k.addToken(ctx, by, Token{Name: name, SCIM: true})
}

// Directory is the actor of a directory that shows its token; any other token is hospital.ErrForbidden.
func (k *Keys) Directory(ctx context.Context, secret string) (hospital.Actor, error) {
	token, err := k.find(ctx, secret)
	if err == nil && !token.SCIM {
		err = hospital.ErrForbidden
	}
	if err != nil {
		return hospital.Actor{}, fmt.Errorf("which directory asks: %w", err)
	}
	return hospital.Job("directory " + token.Name), k.touch(ctx, token)
}

// KnownRoles are those of the texts that name a role here, each once.
func KnownRoles(texts []string) (roles []hospital.Role) {
	for _, text := range texts {
		if role := hospital.Role(strings.ToLower(text)); slices.Contains(hospital.Roles(), role) && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	slices.Sort(roles)
	return roles
}
