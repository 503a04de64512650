package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital/account"
	"wardwatch/tracking/hospital/audit"
	"wardwatch/web"
	"wardwatch/web/auth"
)

func (h *house) wirePeople(context.Context) error {
	notary, err := openNotary(auditKeyFile(h.config))
	if err != nil {
		return err
	}
	porter, err := account.NewPorter(db.Accounts{DB: h.db}, account.DefaultLimits(), h.now)
	if err != nil {
		return err
	}
	h.parts.People = &web.People{
		Porter:    porter,
		Keys:      account.NewKeys(db.Accounts{DB: h.db}, h.now),
		Guard:     auth.NewGuard(porter, h.tls != nil || strings.HasPrefix(h.config.PublicURL, "https://"), h.log),
		Trail:     audit.Trail{Store: db.Trail{DB: h.db}, Notary: notary},
		PublicURL: h.config.PublicURL,
	}
	if h.config.OIDCIssuer == "" {
		return nil
	}
	return h.wireSSO()
}

// wireSSO lets people in with the hospital's identity provider.
func (h *house) wireSSO() error {
	c := h.config
	if c.OIDCClientID == "" || c.PublicURL == "" {
		return errors.New("--oidc-issuer needs --oidc-client-id, and --public-url to come back to")
	}
	roles, err := account.ParseRoleMap(c.OIDCRoles)
	if err != nil {
		return fmt.Errorf("--oidc-role: %w", err)
	}
	h.parts.People.SSO = auth.NewSSO(auth.SSOSettings{Issuer: c.OIDCIssuer, Name: c.OIDCName, ClientID: c.OIDCClientID,
		ClientSecret: account.Secret(c.OIDCClientSecret.reveal()), PublicURL: strings.TrimSuffix(c.PublicURL, "/"), GroupsClaim: c.OIDCGroupsClaim, Roles: roles}, h.now)
	return nil
}

// welcome prints the one-time link that makes the first administrator, while
// there is none. It goes to the operator's terminal, never to the log.
func (h *house) welcome(ctx context.Context, to io.Writer) error {
	link, needed, err := h.parts.People.Porter.FirstLink(ctx)
	if err != nil || !needed {
		return err
	}
	address := h.config.PublicURL
	if address == "" {
		address = h.address()
	}
	_, err = fmt.Fprintf(to, "Nobody can sign in yet. Open this link within 24 hours to become the first administrator:\n%s\n", linkTo(address, link))
	return err
}

// tidySessions forgets sessions that ended by themselves.
func (h *house) tidySessions(ctx context.Context, _ time.Time) error {
	return h.parts.People.Porter.Tidy(ctx)
}
