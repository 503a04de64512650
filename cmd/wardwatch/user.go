package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

type userCommand struct {
	Add     userAddCommand     `cmd:"" help:"Make an account and print the one-time link with which its person sets a password."`
	List    userListCommand    `cmd:"" help:"List everybody with an account."`
	Disable userDisableCommand `cmd:"" help:"Disable an account; its sessions end at once."`
	Enable  userEnableCommand  `cmd:"" help:"Enable a disabled account."`
	Link    userLinkCommand    `cmd:"" help:"Print a new one-time link for somebody who forgot the password."`
}

// atTheConsole is whoever runs the program on the server: who can do that owns the database.
var atTheConsole = hospital.Job("console")

func newPorter(d *db.DB) (*account.Porter, error) {
	return account.NewPorter(db.Accounts{DB: d}, account.DefaultLimits(), d.Now)
}

// withPorter opens the database for one command about people.
func (f databaseFlag) withPorter(p process, work func(context.Context, *account.Porter) error) error {
	return f.withDatabase(p, func(ctx context.Context, d *db.DB) error {
		porter, err := newPorter(d)
		if err != nil {
			return err
		}
		return work(ctx, porter)
	})
}

// linkTo is a one-time link as a person opens it.
func linkTo(publicURL string, secret account.Secret) string {
	return strings.TrimSuffix(publicURL, "/") + "/setup/" + secret.Reveal()
}

type clockCommand struct {
	databaseFlag `embed:""`
	Why          string `required:"" help:"What was done to the clock; it is kept in the audit trail."`
}

// Run takes the clock as right from now on, so that people can sign again.
func (c clockCommand) Run(p process) error {
	return c.withDatabase(p, func(ctx context.Context, d *db.DB) error { return d.AcceptClock(ctx, atTheConsole, c.Why) })
}

type userAddCommand struct {
	databaseFlag `embed:""`
	Email        string   `arg:"" help:"E-mail address that she signs in with."`
	Name         string   `required:"" help:"Name as colleagues read it."`
	Role         []string `required:"" help:"What she works as: nurse, pharmacist, supply_manager, biomedical_engineer, administrator or auditor; say it again for more."`
	Unit         string   `help:"Unit where she works."`
	PublicURL    string   `name:"public-url" default:"http://127.0.0.1:8080" help:"Address that people reach the pages at."`
}

// Run adds a person.
func (c userAddCommand) Run(p process) error {
	person := hospital.Person{Name: c.Name, Email: c.Email, Unit: hospital.UnitID(c.Unit)}
	for _, role := range c.Role {
		person.Roles = append(person.Roles, hospital.Role(role))
	}
	return c.withPorter(p, func(ctx context.Context, porter *account.Porter) error {
		added, link, err := porter.Add(ctx, atTheConsole, person)
		if err != nil {
			return plainly(err)
		}
		_, err = fmt.Fprintf(p.stdout, "%s\t%s\n", added.ID, linkTo(c.PublicURL, link))
		return err
	})
}

type userListCommand struct {
	databaseFlag `embed:""`
}

// Run lists people.
func (c userListCommand) Run(p process) error {
	return c.withPorter(p, func(ctx context.Context, porter *account.Porter) error {
		people, err := porter.People(ctx, atTheConsole)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, person := range people {
			roles := make([]string, len(person.Roles))
			for i, role := range person.Roles {
				roles[i] = string(role)
			}
			state := "active"
			if !person.DisabledAt.IsZero() {
				state = "disabled " + person.DisabledAt.Format(time.DateOnly)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", person.ID, person.Name, person.Email, strings.Join(roles, ","), state)
		}
		return table.Flush()
	})
}

type userDisableCommand struct {
	databaseFlag `embed:""`
	ID           string `arg:"" help:"Whose account, as wardwatch user list shows it."`
}

// Run disables an account.
func (c userDisableCommand) Run(p process) error {
	return c.withPorter(p, func(ctx context.Context, porter *account.Porter) error {
		return personNamed(c.ID, porter.Disable(ctx, atTheConsole, hospital.PersonID(c.ID)))
	})
}

type userEnableCommand struct {
	databaseFlag `embed:""`
	ID           string `arg:"" help:"Whose account, as wardwatch user list shows it."`
}

// Run enables an account.
func (c userEnableCommand) Run(p process) error {
	return c.withPorter(p, func(ctx context.Context, porter *account.Porter) error {
		return personNamed(c.ID, porter.Enable(ctx, atTheConsole, hospital.PersonID(c.ID)))
	})
}

type userLinkCommand struct {
	databaseFlag `embed:""`
	ID           string `arg:"" help:"Whose account, as wardwatch user list shows it."`
	PublicURL    string `name:"public-url" default:"http://127.0.0.1:8080" help:"Address that people reach the pages at."`
}

// Run prints a new link.
func (c userLinkCommand) Run(p process) error {
	return c.withPorter(p, func(ctx context.Context, porter *account.Porter) error {
		link, err := porter.Invite(ctx, atTheConsole, hospital.PersonID(c.ID))
		if err != nil {
			return personNamed(c.ID, err)
		}
		_, err = fmt.Fprintln(p.stdout, linkTo(c.PublicURL, link))
		return err
	})
}

// personNamed says what to do about an account that is not there.
func personNamed(id string, err error) error {
	if errors.Is(err, hospital.ErrUnknown) {
		return fmt.Errorf("there is no account %q; wardwatch user list shows them all", id)
	}
	return plainly(err)
}

// plainly is the sentence that a refusal holds for people, where it holds one.
func plainly(err error) error {
	if sentence := hospital.Sentence(err); sentence != "" {
		return errors.New(sentence)
	}
	return err
}
