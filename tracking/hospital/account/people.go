package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wardwatch/tracking/hospital"
)

const (
	maxName  = 120
	maxEmail = 254
)

// FirstLink makes the link that makes the first administrator; false when there
// is one already. Links given out before end.
func (p *Porter) FirstLink(ctx context.Context) (link Secret, needed bool, err error) {
	link = newSecret("")
	err = p.store.InTx(ctx, func(tx Tx) error {
		n, err := tx.Administrators(ctx)
		if err != nil || n > 0 {
			return err
		}
		needed = true
		return tx.AddLink(ctx, Link{Hash: link.Hash(), ExpiresAt: tx.Now().Add(p.limits.Link)})
	})
	if err != nil || !needed {
		return "", false, err
	}
	return link, true, nil
}

// Invited is whom a link is for: a person who sets her password, or, when it is
// for the first administrator, nobody yet. A link that can't be used is hospital.ErrUnknown.
func (p *Porter) Invited(ctx context.Context, link Secret) (person hospital.Person, first bool, err error) {
	found, err := p.store.Link(ctx, link.Hash())
	if err == nil && !found.Usable(p.now()) {
		err = hospital.ErrUnknown
	}
	if err != nil {
		return person, false, hospital.Refuse(hospital.ErrUnknown, "This link was used already or is too old. Ask your administrator for a new one.")
	}
	if found.Person == "" {
		return person, true, nil
	}
	person, err = p.store.Person(ctx, found.Person)
	return person, false, err
}

// Newcomer is what somebody says of herself on the page of a one-time link.
type Newcomer struct {
	Name, Email string // asked of the first administrator alone
	Password    Secret
}

// Redeem uses a link: it sets the password, makes the first administrator where
// the link is for her, ends older sessions and signs in as SignIn does.
func (p *Porter) Redeem(ctx context.Context, link Secret, n Newcomer, from Origin) (Secret, hospital.Person, error) {
	person, first, err := p.Invited(ctx, link)
	if err != nil {
		return "", person, err
	}
	if first {
		person = hospital.Person{Name: strings.TrimSpace(n.Name), Email: strings.ToLower(strings.TrimSpace(n.Email)), Roles: []hospital.Role{hospital.Administrator}}
		person.ID = idFrom(person.Email)
		if err := check(person); err != nil {
			return "", person, err
		}
	}
	encoded, err := p.encode(ctx, n.Password, person)
	if err != nil {
		return "", person, err
	}
	if err := p.redeem(ctx, link, &person, first, encoded, from); err != nil {
		return "", person, err
	}
	secret, err := p.enter(ctx, Credential{Person: person}, "", from)
	return secret, person, err
}

func (p *Porter) redeem(ctx context.Context, link Secret, person *hospital.Person, first bool, encoded string, from Origin) error {
	by, what := person.Actor(), "account.set-password"
	if first {
		by, what = stranger(from), "account.first-administrator"
	}
	err := p.store.InTx(ctx, func(tx Tx) error {
		if err := tx.UseLink(ctx, link.Hash()); err != nil {
			return err
		}
		if first {
			if err := putFirst(ctx, tx, person); err != nil {
				return err
			}
		}
		if err := tx.PutPassword(ctx, person.ID, encoded); err != nil {
			return err
		}
		if err := tx.EndSessions(ctx, person.ID, Hash{}); err != nil {
			return err
		}
		tx.Announce(Topic(person.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: what, On: "person/" + string(person.ID)})
	})
	if err != nil {
		return fmt.Errorf("use link: %w", err)
	}
	return nil
}

// putFirst makes the first administrator, unless somebody was faster.
func putFirst(ctx context.Context, tx Tx, person *hospital.Person) error {
	n, err := tx.Administrators(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		return hospital.Refuse(hospital.ErrStale, "There is an administrator already. Sign in instead.")
	}
	if person.ID, err = freeID(ctx, tx, person.ID); err != nil {
		return err
	}
	return tx.PutPerson(ctx, *person)
}

// People lists everybody with an account, by name.
func (p *Porter) People(ctx context.Context, by hospital.Actor) ([]hospital.Person, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return nil, err
	}
	return p.store.People(ctx)
}

// Person is one person with an account.
func (p *Porter) Person(ctx context.Context, by hospital.Actor, id hospital.PersonID) (hospital.Person, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return hospital.Person{}, err
	}
	return p.store.Person(ctx, id)
}

// Add makes an account and the one-time link with which its person sets her password.
func (p *Porter) Add(ctx context.Context, by hospital.Actor, person hospital.Person) (hospital.Person, Secret, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return person, "", err
	}
	person.Name, person.Email = strings.TrimSpace(person.Name), strings.ToLower(strings.TrimSpace(person.Email))
	if person.ID == "" {
		person.ID = idFrom(person.Email)
	}
	if err := check(person); err != nil {
		return person, "", err
	}
	link := newSecret("")
	err := p.store.InTx(ctx, func(tx Tx) error {
		id, err := freeID(ctx, tx, person.ID)
		if err != nil {
			return err
		}
		person.ID = id
		if err := tx.PutPerson(ctx, person); err != nil {
			return err
		}
		if err := tx.AddLink(ctx, Link{Hash: link.Hash(), Person: person.ID, ExpiresAt: tx.Now().Add(p.limits.Link)}); err != nil {
			return err
		}
		tx.Announce(Topic(person.ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "person.add", On: "person/" + string(person.ID), After: describe(person)})
	})
	if err != nil {
		return person, "", fmt.Errorf("add %s: %w", person.Name, err)
	}
	return person, link, nil
}

// Invite makes a new one-time link for a person; the links that she had before end.
func (p *Porter) Invite(ctx context.Context, by hospital.Actor, id hospital.PersonID) (Secret, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return "", err
	}
	link := newSecret("")
	err := p.store.InTx(ctx, func(tx Tx) error {
		person, err := tx.Person(ctx, id)
		if err != nil {
			return err
		}
		if !person.DisabledAt.IsZero() {
			return hospital.Refuse(hospital.ErrInvalid, "The account is disabled. Enable it first.")
		}
		if err := tx.AddLink(ctx, Link{Hash: link.Hash(), Person: id, ExpiresAt: tx.Now().Add(p.limits.Link)}); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "person.invite", On: "person/" + string(id)})
	})
	if err != nil {
		return "", fmt.Errorf("invite %s: %w", id, err)
	}
	return link, nil
}

// Alter changes a person's name, e-mail address, unit and roles. One administrator always stays.
func (p *Porter) Alter(ctx context.Context, by hospital.Actor, person hospital.Person) error {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return err
	}
	person.Name, person.Email = strings.TrimSpace(person.Name), strings.ToLower(strings.TrimSpace(person.Email))
	if err := check(person); err != nil {
		return err
	}
	return p.change(ctx, by, person.ID, "person.change", func(tx Tx, before hospital.Person) (hospital.Person, error) {
		person.DisabledAt = before.DisabledAt
		return person, tx.PutPerson(ctx, person)
	})
}

// WorkIn says in which unit a person works today; empty for the whole hospital.
func (p *Porter) WorkIn(ctx context.Context, by hospital.Actor, unit hospital.UnitID) error {
	err := p.store.InTx(ctx, func(tx Tx) error {
		person, err := tx.Person(ctx, by.ID)
		if err != nil || person.Unit == unit {
			return err
		}
		before := jsonOf(map[string]any{"unit": person.Unit})
		person.Unit = unit
		if err := tx.PutPerson(ctx, person); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "person.work-in", On: "person/" + string(by.ID), Before: before, After: jsonOf(map[string]any{"unit": unit})})
	})
	if err != nil {
		return fmt.Errorf("work in %s: %w", unit, err)
	}
	return nil
}

// ReadIn keeps the language that the actor reads pages in, "en" or "de"; empty: as her browser asks for.
func (p *Porter) ReadIn(ctx context.Context, by hospital.Actor, language string) error {
	if !slices.Contains([]string{"", "en", "de"}, language) {
		return hospital.Refuse(hospital.ErrInvalid, "There is no such language here.")
	}
	err := p.store.InTx(ctx, func(tx Tx) error {
		if _, err := tx.Person(ctx, by.ID); err != nil {
			return err
		}
		if err := tx.PutLanguage(ctx, by.ID, language); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "person.read-in", On: "person/" + string(by.ID), After: jsonOf(map[string]any{"language": language})})
	})
	if err != nil {
		return fmt.Errorf("read in %q: %w", language, err)
	}
	return nil
}

// ShowAs keeps how the actor likes pages shown.
func (p *Porter) ShowAs(ctx context.Context, by hospital.Actor, habits hospital.Habits) error {
	if !habits.Known() {
		return hospital.Refuse(hospital.ErrInvalid, "Pages can't be shown like that. Choose from the lists.")
	}
	err := p.store.InTx(ctx, func(tx Tx) error {
		if _, err := tx.Person(ctx, by.ID); err != nil {
			return err
		}
		if err := tx.PutHabits(ctx, by.ID, habits); err != nil {
			return err
		}
		told := func(h hospital.Habits) string {
			return jsonOf(map[string]any{"degrees": h.Degrees, "clock": h.Clock, "letters": h.Letters})
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "person.show-as", On: "person/" + string(by.ID), Before: told(by.Habits), After: told(habits)})
	})
	if err != nil {
		return fmt.Errorf("show pages as %+v: %w", habits, err)
	}
	return nil
}

// AlterSeen is Alter by somebody at a browser: to give an account another address, which
// is what its person signs in with, she shows again who she is.
func (p *Porter) AlterSeen(ctx context.Context, by hospital.Actor, person hospital.Person, again Again, from Origin) error {
	before, err := p.Person(ctx, by, person.ID)
	if err != nil {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(person.Email), before.Email) {
		if _, err := p.again(ctx, by, again, from); err != nil {
			return err
		}
	}
	return p.Alter(ctx, by, person)
}

// Disable ends a person's account at once, with its sessions and with the tokens
// that let programs act in her name; gateways go on.
func (p *Porter) Disable(ctx context.Context, by hospital.Actor, id hospital.PersonID) error {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return err
	}
	return p.change(ctx, by, id, "person.disable", func(tx Tx, person hospital.Person) (hospital.Person, error) {
		if !person.DisabledAt.IsZero() {
			return person, nil
		}
		person.DisabledAt = tx.Now()
		if err := tx.Disable(ctx, id, person.DisabledAt); err != nil {
			return person, err
		}
		if err := tx.RevokeTokensOf(ctx, id); err != nil {
			return person, err
		}
		if err := tx.LeaveSeats(ctx, id, tx.Now()); err != nil {
			return person, err
		}
		return person, tx.EndSessions(ctx, id, Hash{})
	})
}

// Enable takes Disable back; she signs in with the password that she had.
func (p *Porter) Enable(ctx context.Context, by hospital.Actor, id hospital.PersonID) error {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return err
	}
	return p.change(ctx, by, id, "person.enable", func(tx Tx, person hospital.Person) (hospital.Person, error) {
		person.DisabledAt = time.Time{}
		return person, tx.Disable(ctx, id, time.Time{})
	})
}

// change carries out one change of a person, refuses to leave the house without
// an administrator, and records what was before and after.
func (p *Porter) change(ctx context.Context, by hospital.Actor, id hospital.PersonID, what string, apply func(Tx, hospital.Person) (hospital.Person, error)) error {
	err := p.store.InTx(ctx, func(tx Tx) error {
		before, err := tx.Person(ctx, id)
		if err != nil {
			return err
		}
		had, err := tx.Administrators(ctx)
		if err != nil {
			return err
		}
		after, err := apply(tx, before)
		if err != nil {
			return err
		}
		has, err := tx.Administrators(ctx)
		if err != nil {
			return err
		}
		if had > 0 && has == 0 {
			return hospital.Refuse(hospital.ErrInvalid, "This is the last administrator. Make somebody else an administrator first.")
		}
		tx.Announce(Topic(id))
		return tx.Record(ctx, hospital.Deed{By: by, What: what, On: "person/" + string(id), Before: describe(before), After: describe(after)})
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, id, err)
	}
	return nil
}

// check says what is wrong with what was said of a person.
func check(p hospital.Person) error {
	if utf8.RuneCountInString(p.Name) > maxName || p.Name == "" || strings.ContainsFunc(p.Name, unicode.IsControl) {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Give a name of 1 to %d characters.", maxName))
	}
	address, err := mail.ParseAddress(p.Email)
	if err != nil || address.Address != p.Email || len(p.Email) > maxEmail {
		return hospital.Refuse(hospital.ErrInvalid, "Give an e-mail address, such as nora.ode@hospital.example.")
	}
	if len(p.Roles) == 0 {
		return hospital.Refuse(hospital.ErrInvalid, "Choose at least one role.")
	}
	for _, role := range p.Roles {
		if !slices.Contains(hospital.Roles(), role) {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("There is no role %q.", role))
		}
	}
	for role, units := range p.Limits {
		if len(units) == 0 || !slices.Contains(p.Roles, role) {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Say which units the role %q is limited to, or let it reach the whole hospital.", role))
		}
	}
	return nil
}

// idFrom makes a short name from an e-mail address: what stands before the @.
func idFrom(email string) hospital.PersonID {
	local, _, _ := strings.Cut(email, "@")
	id := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, strings.ToLower(local))
	id = strings.TrimLeft(id, "._-")
	if id == "" {
		id = "person"
	}
	return hospital.PersonID(id[:min(len(id), 40)])
}

// freeID is the wished id, with a number behind it when it is taken.
func freeID(ctx context.Context, tx Tx, wished hospital.PersonID) (hospital.PersonID, error) {
	id := wished
	for n := 2; ; n++ {
		_, err := tx.Person(ctx, id)
		if errors.Is(err, hospital.ErrUnknown) {
			return id, nil
		}
		if err != nil {
			return "", err
		}
		id = hospital.PersonID(fmt.Sprintf("%s-%d", wished, n))
	}
}

// describe is a person as the audit trail keeps her.
func describe(p hospital.Person) string {
	facts := map[string]any{"name": p.Name, "email": p.Email, "roles": p.Roles, "unit": p.Unit, "disabled": !p.DisabledAt.IsZero()}
	if len(p.Limits) > 0 {
		facts["limits"] = p.Limits
	}
	return jsonOf(facts)
}

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "" // only texts and lists of texts come here
	}
	return string(text)
}
