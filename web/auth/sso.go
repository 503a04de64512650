package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"wardwatch/tracking/hospital/account"
)

// SSOSettings are how people sign in with the hospital's identity provider.
type SSOSettings struct {
	// Issuer is the provider's name, an https address; people know it by Name.
	Issuer, Name string
	ClientID     string
	ClientSecret account.Secret
	// PublicURL is where the provider sends people back to.
	PublicURL string
	// GroupsClaim names the claim that lists groups; Roles says what they mean here.
	GroupsClaim string
	Roles       account.RoleMap
}

// SSO signs people in with OpenID Connect: authorisation code with PKCE (RFC 7636),
// state and nonce, and a token whose issuer, audience, time, algorithm and
// signature are checked. The provider is asked for when it is first needed, so
// that the house starts without it.
type SSO struct {
	settings SSOSettings
	client   *http.Client
	now      func() time.Time

	mu       sync.Mutex
	provider *oidc.Provider
	begun    map[account.Hash]journey
}

// journey is a person's way to the provider and back.
type journey struct {
	state, nonce, verifier string
	until                  time.Time
	errand                 Errand
}

// Errand is what somebody was sent to the provider for.
type Errand struct {
	// Next is the page of ours that she wants to go on to.
	Next string
	// Again is true for who is signed in and shows again who she is; Sent is when she was sent.
	Again bool
	Sent  time.Time
}

const (
	// SSOPath is where a provider sends people back to.
	SSOPath = "/sign-in/sso/back"
	// journeyTime is how long somebody may take to sign in at the provider.
	journeyTime = 10 * time.Minute
	maxJourneys = 10_000
	ssoSuffix   = "-sso"
	// providerTime is how long the provider may take to answer us.
	providerTime = 10 * time.Second
)

// signedBy are the algorithms that a token may be signed with: never none, never a shared secret.
var signedBy = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// ErrJourney: the answer is not to what this browser was sent with, or took too long.
var ErrJourney = errors.New("not the answer to this browser's sign-in")

// NewSSO is single sign-on with these settings.
func NewSSO(s SSOSettings, now func() time.Time) *SSO {
	return &SSO{settings: s, client: &http.Client{Timeout: providerTime}, now: now, begun: map[account.Hash]journey{}}
}

// Settings are how it was set up; the client's secret prints as stars.
func (s *SSO) Settings() SSOSettings { return s.settings }

// Roles are what groups mean here.
func (s *SSO) Roles() account.RoleMap { return s.settings.Roles }

func (s *SSO) asked(ctx context.Context) (*oidc.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider == nil {
		// The provider fetches keys later on: it must not end with this request.
		provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), s.client), s.settings.Issuer)
		if err != nil {
			return nil, fmt.Errorf("ask %s how it signs people in: %w", s.settings.Issuer, err)
		}
		s.provider = provider
	}
	return s.provider, nil
}

func (s *SSO) oauth(provider *oidc.Provider) oauth2.Config {
	return oauth2.Config{ClientID: s.settings.ClientID, ClientSecret: s.settings.ClientSecret.Reveal(), Endpoint: provider.Endpoint(),
		RedirectURL: s.settings.PublicURL + SSOPath, Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
}

// Begin is the provider's address to send a person to; g lets her browser keep
// what tells her answer from another's.
func (s *SSO) Begin(g *Guard, w http.ResponseWriter, r *http.Request, next string) (string, error) {
	return s.begin(g, w, r, Errand{Next: Next(next), Sent: s.now()})
}

// BeginAgain is Begin for somebody who is signed in: the provider is told to see her
// anew, whatever it remembers of her, and to say when it did.
func (s *SSO) BeginAgain(g *Guard, w http.ResponseWriter, r *http.Request, next string) (string, error) {
	return s.begin(g, w, r, Errand{Next: Next(next), Sent: s.now(), Again: true},
		oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
}

func (s *SSO) begin(g *Guard, w http.ResponseWriter, r *http.Request, errand Errand, more ...oauth2.AuthCodeOption) (string, error) {
	provider, err := s.asked(r.Context())
	if err != nil {
		return "", err
	}
	j := journey{state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), errand: errand, until: s.now().Add(journeyTime)}
	seal := account.Secret(rand.Text())
	s.remember(seal, j)
	cookie := g.cookie(r, seal.Reveal(), int(journeyTime.Seconds()))
	cookie.Name += ssoSuffix
	http.SetCookie(w, cookie)
	config := s.oauth(provider)
	more = append(more, oidc.Nonce(j.nonce), oauth2.S256ChallengeOption(j.verifier))
	return config.AuthCodeURL(j.state, more...), nil
}

func (s *SSO) remember(seal account.Secret, j journey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, other := range s.begun {
		if s.now().After(other.until) || len(s.begun) >= maxJourneys {
			delete(s.begun, old)
		}
	}
	s.begun[seal.Hash()] = j
}

// take ends the journey of a browser, once.
func (s *SSO) take(g *Guard, w http.ResponseWriter, r *http.Request) (journey, bool) {
	name := g.name(r) + ssoSuffix
	sealed, err := r.Cookie(name)
	if err != nil {
		return journey{}, false
	}
	gone := g.cookie(r, "", -1)
	gone.Name = name
	http.SetCookie(w, gone)
	hash := account.Secret(sealed.Value).Hash()
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.begun[hash]
	delete(s.begun, hash)
	return j, ok && !s.now().After(j.until)
}

// Back is whom the provider vouches for, and what she was sent for. ErrJourney
// when the answer is not to this browser's question.
func (s *SSO) Back(g *Guard, w http.ResponseWriter, r *http.Request) (account.Claims, Errand, error) {
	j, ok := s.take(g, w, r)
	query := r.URL.Query()
	if !ok || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(j.state)) != 1 {
		return account.Claims{}, Errand{Next: "/"}, ErrJourney
	}
	if issuer := query.Get("iss"); issuer != "" && issuer != s.settings.Issuer { // RFC 9207
		return account.Claims{}, j.errand, ErrJourney
	}
	if query.Get("error") != "" || query.Get("code") == "" {
		return account.Claims{}, j.errand, fmt.Errorf("%w: the provider says %.60q", ErrJourney, query.Get("error"))
	}
	claims, err := s.exchange(r.Context(), query, j)
	return claims, j.errand, err
}

func (s *SSO) exchange(ctx context.Context, query url.Values, j journey) (account.Claims, error) {
	provider, err := s.asked(ctx)
	if err != nil {
		return account.Claims{}, err
	}
	ctx = oidc.ClientContext(ctx, s.client)
	config := s.oauth(provider)
	tokens, err := config.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(j.verifier))
	if err != nil {
		return account.Claims{}, errors.Join(ErrJourney, fmt.Errorf("exchange the code: %w", err))
	}
	raw, _ := tokens.Extra("id_token").(string)
	verifier := provider.Verifier(&oidc.Config{ClientID: s.settings.ClientID, SupportedSigningAlgs: signedBy, Now: s.now})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return account.Claims{}, errors.Join(ErrJourney, fmt.Errorf("verify the token: %w", err))
	}
	return s.claims(token, j)
}

// claims are what a verified token says, if it answers this journey.
func (s *SSO) claims(token *oidc.IDToken, j journey) (account.Claims, error) {
	var said map[string]any
	if err := token.Claims(&said); err != nil {
		return account.Claims{}, errors.Join(ErrJourney, err)
	}
	party, named := said["azp"].(string)
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(j.nonce)) != 1 || token.Subject == "" ||
		len(token.Audience) > 1 && !named || named && party != s.settings.ClientID {
		return account.Claims{}, fmt.Errorf("%w: the token is of another sign-in", ErrJourney)
	}
	c := account.Claims{Issuer: token.Issuer, Subject: token.Subject}
	c.Email, _ = said["email"].(string)
	c.EmailVerified, _ = said["email_verified"].(bool)
	c.Name, _ = said["name"].(string)
	if seen, ok := said["auth_time"].(float64); ok {
		c.AuthTime = time.Unix(int64(seen), 0)
	}
	groups, _ := said[s.settings.GroupsClaim].([]any)
	for _, group := range groups {
		if name, ok := group.(string); ok {
			c.Groups = append(c.Groups, name)
		}
	}
	return c, nil
}
