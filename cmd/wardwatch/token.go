package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

type tokenCommand struct {
	Add    tokenAddCommand    `cmd:"" help:"Make a token for a gateway or a program and print it; it is shown this once."`
	List   tokenListCommand   `cmd:"" help:"List tokens, without their secrets."`
	Rotate tokenRotateCommand `cmd:"" help:"Make a token that takes another's place; for a while both are good."`
	Revoke tokenRevokeCommand `cmd:"" help:"End a token at once."`
}

// withKeys opens the database for one command about tokens.
func (f databaseFlag) withKeys(p process, work func(context.Context, *account.Keys) error) error {
	return f.withDatabase(p, func(ctx context.Context, d *db.DB) error {
		return work(ctx, account.NewKeys(db.Accounts{DB: d}, d.Now))
	})
}

type tokenAddCommand struct {
	databaseFlag `embed:""`
	Name         string `arg:"" help:"What the token is for, for people to read."`
	Gateway      string `help:"The gateway that it speaks for. Without one, and without a role, the token belongs to a program that speaks for any gateway."`
	Directory    bool   `help:"The token belongs to a directory that brings people in and out by SCIM."`
	Supplier     string `help:"The token belongs to a supplier's program, which delivers answers to its orders and does nothing else: the supplier's short name."`
	Role         string `help:"The token belongs to a program that uses the API as this role (nurse, pharmacist, supply_manager, biomedical_engineer, administrator or auditor) and delivers nothing."`
	PublicKey    string `type:"path" placeholder:"FILE" help:"The program signs with its own key instead of showing a secret: its public keys, as JWK, JWK Set or PEM. Needs --role."`
}

// Run prints the new token's id and secret.
func (c tokenAddCommand) Run(p process) error {
	return c.withKeys(p, func(ctx context.Context, keys *account.Keys) error {
		token, secret, err := c.add(ctx, keys)
		if err != nil {
			return plainly(err)
		}
		if c.PublicKey != "" {
			_, err = fmt.Fprintln(p.stdout, token.ID) // there is no secret
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "%s\t%s\n", token.ID, secret.Reveal())
		return err
	})
}

// addSigner registers a program that signs.
func (c tokenAddCommand) addSigner(ctx context.Context, keys *account.Keys) (account.Token, error) {
	if c.Role == "" || c.Gateway != "" || c.Directory {
		return account.Token{}, errors.New("a program that signs uses the API as a role: give --public-key and --role alone")
	}
	text, err := os.ReadFile(c.PublicKey)
	if err != nil {
		return account.Token{}, fmt.Errorf("read the public key: %w", err)
	}
	return keys.AddSigner(ctx, atTheConsole, c.Name, hospital.Role(c.Role), string(text))
}

func (c tokenAddCommand) add(ctx context.Context, keys *account.Keys) (account.Token, account.Secret, error) {
	if c.PublicKey != "" {
		token, err := c.addSigner(ctx, keys)
		return token, "", err
	}
	if c.Directory && (c.Role != "" || c.Gateway != "") {
		return account.Token{}, "", errors.New("a directory's token does nothing else: give --directory alone")
	}
	if c.Directory {
		return keys.AddDirectory(ctx, atTheConsole, c.Name)
	}
	if c.Supplier != "" && (c.Role != "" || c.Gateway != "" || c.Directory) {
		return account.Token{}, "", errors.New("a supplier's token does nothing else: give --supplier alone")
	}
	if c.Supplier != "" {
		return keys.AddSupplier(ctx, atTheConsole, c.Name, c.Supplier)
	}
	if c.Role != "" && c.Gateway != "" {
		return account.Token{}, "", errors.New("a token speaks for a gateway or uses the API as a role: give --gateway or --role, not both")
	}
	if c.Role != "" {
		return keys.AddReader(ctx, atTheConsole, c.Name, hospital.Role(c.Role))
	}
	return keys.Add(ctx, atTheConsole, c.Name, hospital.GatewayID(c.Gateway))
}

type tokenListCommand struct {
	databaseFlag `embed:""`
}

// Run lists tokens.
func (c tokenListCommand) Run(p process) error {
	return c.withKeys(p, func(ctx context.Context, keys *account.Keys) error {
		tokens, err := keys.Tokens(ctx, atTheConsole)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, t := range tokens {
			gateway, used, state := "any gateway", "never used", "good"
			if t.Gateway != "" {
				gateway = string(t.Gateway)
			}
			if t.Role != "" {
				gateway = "reads as " + string(t.Role)
			}
			if t.Supplier != "" {
				gateway = "answers of supplier " + t.Supplier
			}
			if t.SCIM {
				gateway = "brings people in and out"
			}
			if !t.LastUsedAt.IsZero() {
				used = "used " + t.LastUsedAt.Format(time.RFC3339)
			}
			switch {
			case !t.RevokedAt.IsZero():
				state = "revoked " + t.RevokedAt.Format(time.DateOnly)
			case !t.EndsAt.IsZero():
				state = "replaced, good until " + t.EndsAt.Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, gateway, used, state)
		}
		return table.Flush()
	})
}

type tokenRotateCommand struct {
	databaseFlag `embed:""`
	ID           string        `arg:"" help:"Which token, as wardwatch token list shows it."`
	Overlap      time.Duration `default:"24h" help:"How long the old token goes on."`
}

// Run prints the new token's id and secret.
func (c tokenRotateCommand) Run(p process) error {
	return c.withKeys(p, func(ctx context.Context, keys *account.Keys) error {
		token, secret, err := keys.Rotate(ctx, atTheConsole, c.ID, c.Overlap)
		if err != nil {
			return tokenNamed(c.ID, err)
		}
		_, err = fmt.Fprintf(p.stdout, "%s\t%s\n", token.ID, secret.Reveal())
		return err
	})
}

// tokenNamed says what to do about a token that is not there.
func tokenNamed(id string, err error) error {
	if errors.Is(err, hospital.ErrUnknown) {
		return fmt.Errorf("there is no token %q; wardwatch token list shows them all", id)
	}
	return plainly(err)
}

type tokenRevokeCommand struct {
	databaseFlag `embed:""`
	ID           string `arg:"" help:"Which token, as wardwatch token list shows it."`
}

// Run ends a token.
func (c tokenRevokeCommand) Run(p process) error {
	return c.withKeys(p, func(ctx context.Context, keys *account.Keys) error {
		return tokenNamed(c.ID, keys.Revoke(ctx, atTheConsole, c.ID))
	})
}
