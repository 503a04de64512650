package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wardwatch/tracking/hospital"
)

// tokenPrefix makes a token that lies about recognisable to people and to secret scanners.
const tokenPrefix = "ww_"

// Keys gives out the tokens of gateways and programs and checks them.
type Keys struct {
	store    Store
	now      func() time.Time
	accesses accesses
}

// NewKeys keeps tokens in store.
func NewKeys(store Store, now func() time.Time) *Keys { return &Keys{store: store, now: now} }

// Add makes a token and answers with its secret, which is shown this once. A
// token without a gateway belongs to a program that speaks for any gateway.
func (k *Keys) Add(ctx context.Context, by hospital.Actor, name string, gateway hospital.GatewayID) (Token, Secret, error) {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return Token{}, "", err
	}
	return k.add(ctx, by, name, gateway, "")
}

// AddReader makes a token for a program that uses the API as a role, and for
// nothing else. It takes who may give people their roles: a token is another way
// to have one.
func (k *Keys) AddReader(ctx context.Context, by hospital.Actor, name string, role hospital.Role) (Token, Secret, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return Token{}, "", err
	}
	if err := knownRole(role); err != nil {
		return Token{}, "", err
	}
	return k.add(ctx, by, name, "", role)
}

func knownRole(role hospital.Role) error {
	roles := hospital.Roles()
	if slices.Contains(roles, role) {
		return nil
	}
	said := strings.ReplaceAll(strings.Trim(fmt.Sprint(roles), "[]"), " ", ", ")
	return hospital.Refuse(hospital.ErrInvalid, "There is no role "+strconv.Quote(string(role))+". Choose one of "+said+".")
}

func (k *Keys) add(ctx context.Context, by hospital.Actor, name string, gateway hospital.GatewayID, role hospital.Role) (Token, Secret, error) {
	return k.addToken(ctx, by, Token{Name: name, Gateway: gateway, Role: role})
}

func (k *Keys) addToken(ctx context.Context, by hospital.Actor, kind Token) (Token, Secret, error) {
	name := strings.TrimSpace(kind.Name)
	if name == "" || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		return Token{}, "", hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Give the token a name of 1 to %d characters.", maxName))
	}
	secret := newSecret(tokenPrefix)
	token := newToken(name, kind.Gateway, secret, by)
	token.Role, token.SCIM, token.PublicKeys, token.Supplier = kind.Role, kind.SCIM, kind.PublicKeys, kind.Supplier
	err := k.store.InTx(ctx, func(tx Tx) error {
		token.CreatedAt = tx.Now()
		if err := tx.AddToken(ctx, token); err != nil {
			return err
		}
		tx.Announce("gateways")
		about := map[string]string{"name": name, "gateway": string(kind.Gateway)}
		if kind.Role != "" {
			about["role"] = string(kind.Role)
		}
		if kind.SCIM {
			about["for"] = "directory"
		}
		if kind.Supplier != "" {
			about["supplier"] = kind.Supplier
		}
		if kind.PublicKeys != "" {
			about["public_keys"] = kind.PublicKeys
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "token.add", On: "token/" + token.ID, After: jsonOf(about)})
	})
	if err != nil {
		return Token{}, "", fmt.Errorf("add token %q: %w", name, err)
	}
	return token, secret, nil
}

// DefaultOverlap is how long a token that was replaced goes on, so that somebody
// can walk to the gateway.
const (
	DefaultOverlap = 24 * time.Hour
	maxOverlap     = 30 * 24 * time.Hour
)

// Rotate makes a token that takes another's place: for the overlap both are good.
// The new one's secret is shown this once.
func (k *Keys) Rotate(ctx context.Context, by hospital.Actor, id string, overlap time.Duration) (Token, Secret, error) {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return Token{}, "", err
	}
	if overlap < 0 || overlap > maxOverlap {
		return Token{}, "", hospital.Refuse(hospital.ErrInvalid, "The old token can go on for 30 days at most.")
	}
	secret := newSecret(tokenPrefix)
	var token Token
	err := k.store.InTx(ctx, func(tx Tx) error {
		old, err := tx.EndToken(ctx, id, tx.Now().Add(overlap))
		if err != nil {
			return err
		}
		if old.Role != "" || old.SCIM || old.Supplier != "" {
			if err := by.Need(hospital.ManagePeople); err != nil {
				return err
			}
		}
		if old.PublicKeys != "" {
			return hospital.Refuse(hospital.ErrInvalid, "This program signs and has no secret to replace. Register its new key as another program, then revoke this one.")
		}
		token = newToken(old.Name, old.Gateway, secret, by)
		token.Role, token.SCIM, token.Supplier, token.CreatedAt = old.Role, old.SCIM, old.Supplier, tx.Now()
		if err := tx.AddToken(ctx, token); err != nil {
			return err
		}
		tx.Announce("gateways")
		return tx.Record(ctx, hospital.Deed{By: by, What: "token.rotate", On: "token/" + id,
			After: jsonOf(map[string]any{"new": token.ID, "overlap_minutes": int(overlap.Minutes())})})
	})
	if err != nil {
		return Token{}, "", fmt.Errorf("rotate token %s: %w", id, err)
	}
	return token, secret, nil
}

func newToken(name string, gateway hospital.GatewayID, secret Secret, by hospital.Actor) Token {
	return Token{ID: "t-" + strings.ToLower(rand.Text()[:8]), Name: name, Gateway: gateway, Hash: secret.Hash(), CreatedBy: by.ID}
}

// Revoke ends a token at once.
func (k *Keys) Revoke(ctx context.Context, by hospital.Actor, id string) error {
	if err := by.Need(hospital.ManageDevices); err != nil {
		return err
	}
	err := k.store.InTx(ctx, func(tx Tx) error {
		if err := tx.RevokeToken(ctx, id); err != nil {
			return err
		}
		tx.Announce("gateways", Topic(actorOf(Token{ID: id}).ID))
		return tx.Record(ctx, hospital.Deed{By: by, What: "token.revoke", On: "token/" + id})
	})
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	return nil
}

// Tokens lists all tokens, those that are good first, then by name.
func (k *Keys) Tokens(ctx context.Context, by hospital.Actor) ([]Token, error) {
	if err := by.Need(hospital.SeeDevices); err != nil {
		return nil, err
	}
	return k.store.Tokens(ctx)
}

// Check says for which gateway a secret speaks; empty for a program that speaks
// for any. A secret that is unknown, was revoked, has ended or only reads is hospital.ErrForbidden.
func (k *Keys) Check(ctx context.Context, secret string) (hospital.GatewayID, error) {
	token, err := k.find(ctx, secret)
	if err == nil && (token.Role != "" || token.SCIM || token.Supplier != "") {
		err = hospital.ErrForbidden
	}
	if err != nil {
		return "", fmt.Errorf("check token: %w", err)
	}
	return token.Gateway, k.touch(ctx, token)
}

// AddSupplier makes a token for a supplier's program, with which answers about that
// supplier's orders are taken and nothing else. It takes who may give roles: what it
// brings changes orders.
func (k *Keys) AddSupplier(ctx context.Context, by hospital.Actor, name, supplier string) (Token, Secret, error) {
	if err := by.Need(hospital.ManagePeople); err != nil {
		return Token{}, "", err
	}
	if supplier = strings.TrimSpace(supplier); supplier == "" || len(supplier) > maxName {
		return Token{}, "", hospital.Refuse(hospital.ErrInvalid, "Say whose program it is: the supplier's short name.")
	}
	return k.addToken(ctx, by, Token{Name: name, Supplier: supplier})
}

// Supplier is whose program shows a secret; any other token is hospital.ErrForbidden.
func (k *Keys) Supplier(ctx context.Context, secret string) (string, error) {
	token, err := k.find(ctx, secret)
	if err == nil && token.Supplier == "" {
		err = hospital.ErrForbidden
	}
	if err != nil {
		return "", fmt.Errorf("which supplier asks: %w", err)
	}
	return token.Supplier, k.touch(ctx, token)
}

// WhoAsks is the program that shows a secret, with the role of its token. A secret
// that is unknown, was revoked, has ended or has no role is hospital.ErrForbidden.
func (k *Keys) WhoAsks(ctx context.Context, secret string) (hospital.Actor, error) {
	token, err := k.find(ctx, secret)
	if err == nil && token.Role == "" {
		err = hospital.ErrForbidden
	}
	if err != nil {
		return hospital.Actor{}, fmt.Errorf("who shows the token: %w", err)
	}
	return actorOf(token), k.touch(ctx, token)
}

// actorOf is the program as the audit trail names it.
func actorOf(t Token) hospital.Actor {
	return hospital.Actor{ID: hospital.PersonID("token:" + t.ID), Name: t.Name, Roles: []hospital.Role{t.Role}, Owner: t.CreatedBy}
}

// find is the good token of a secret; hospital.ErrForbidden when there is none.
func (k *Keys) find(ctx context.Context, secret string) (Token, error) {
	if id, ok := k.accesses.of(secret, k.now()); ok {
		token, err := k.store.TokenByID(ctx, id)
		if err == nil && !token.Good(k.now()) {
			err = hospital.ErrForbidden
		}
		return token, err
	}
	if !strings.HasPrefix(secret, tokenPrefix) || len(secret) > 100 {
		return Token{}, hospital.ErrForbidden
	}
	token, err := k.store.Token(ctx, Secret(secret).Hash())
	if errors.Is(err, hospital.ErrUnknown) || err == nil && !token.Good(k.now()) {
		return Token{}, hospital.ErrForbidden
	}
	return token, err
}

// touch notes the use, to the minute.
func (k *Keys) touch(ctx context.Context, token Token) error {
	if k.now().Sub(token.LastUsedAt) < touchEvery {
		return nil
	}
	return k.store.InTx(ctx, func(tx Tx) error { return tx.TouchToken(ctx, token.ID) })
}
