// Package auth is who is asking over HTTP: it reads the session's cookie, gives
// it to a browser that signed in and takes it away again.
//
// Over https the cookie is __Host-ward, which a browser sends to this host alone
// and never in the clear. Over plain http, which is for this machine only, it is
// named ward. A password is not taken over plain http from elsewhere.
package auth

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

const (
	secureCookie = "__Host-ward"
	plainCookie  = "ward"
	// stationCookie knows a workstation for a shift, so that a PIN is good there alone.
	stationSuffix = "-station"
	stationFor    = 12 * time.Hour
	// maxBrowser is how much of what a browser calls itself is kept.
	maxBrowser = 200
	maxStation = 64
)

// Guard knows browsers by their cookie.
type Guard struct {
	porter *account.Porter
	https  bool
	log    *slog.Logger
}

// NewGuard asks porter. https says that people reach the pages over https, by
// way of a proxy or of our own listener.
func NewGuard(porter *account.Porter, https bool, log *slog.Logger) *Guard {
	return &Guard{porter: porter, https: https, log: log}
}

// WhoAsks is who sends a request; false for a stranger.
func (g *Guard) WhoAsks(r *http.Request) (hospital.Actor, bool) {
	secret := g.Secret(r)
	if secret == "" {
		return hospital.Actor{}, false
	}
	person, err := g.porter.WhoAsks(r.Context(), secret, onlyOpen(r))
	if err != nil {
		if !errors.Is(err, account.ErrSignedOut) && r.Context().Err() == nil {
			g.log.Error("could not find out who asks", "error", err)
		}
		return hospital.Actor{}, false
	}
	return person.Actor(), true
}

// onlyOpen is true for what an open page asks by itself: it must not keep a
// session alive at which nobody sits.
func onlyOpen(r *http.Request) bool {
	return r.Header.Get("Upgrade") != "" || r.URL.Path == "/live.json"
}

// Secret is the secret of the browser's session; empty when it shows none.
func (g *Guard) Secret(r *http.Request) account.Secret {
	cookie, err := r.Cookie(g.name(r))
	if err != nil {
		return ""
	}
	return account.Secret(cookie.Value)
}

// Give lets the browser keep a session until it is closed; the server ends it earlier.
func (g *Guard) Give(w http.ResponseWriter, r *http.Request, secret account.Secret) {
	http.SetCookie(w, g.cookie(r, secret.Reveal(), 0))
}

// Take makes the browser forget its session.
func (g *Guard) Take(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, g.cookie(r, "", -1))
}

func (g *Guard) cookie(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: g.name(r), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true,
		Secure: g.secure(r), SameSite: http.SameSiteLaxMode}
}

func (g *Guard) name(r *http.Request) string {
	if g.secure(r) {
		return secureCookie
	}
	return plainCookie
}

func (g *Guard) secure(r *http.Request) bool { return g.https || overTLS(r) }

// overTLS: the door lets X-Forwarded-Proto stand only where a trusted proxy wrote it.
func overTLS(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// OverHTTPS says whether the request came over https to another machine than the
// browser's own: there a browser may be told to come back over nothing else.
func (g *Guard) OverHTTPS(r *http.Request) bool { return g.secure(r) && !onThisMachine(r.Host) }

// Safe says whether a password may travel the way that the request came.
func (g *Guard) Safe(r *http.Request) bool { return g.secure(r) || onThisMachine(r.Host) }

// Local says whether a program on this machine asks, and not for somebody
// elsewhere: a proxy beside us passes on the name that a browser asked for.
func (g *Guard) Local(r *http.Request) bool {
	return onThisMachine(r.RemoteAddr) && onThisMachine(r.Host) && r.Header.Get("X-Forwarded-For") == ""
}

// onThisMachine says whether a host, with or without a port, is this machine by its loopback.
func onThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// AtStation is Origin with the workstation's own cookie; a browser that has none is given one.
func (g *Guard) AtStation(w http.ResponseWriter, r *http.Request) account.Origin {
	from := g.Origin(r)
	if from.Station != "" {
		return from
	}
	from.Station = account.Secret(rand.Text())
	cookie := g.cookie(r, from.Station.Reveal(), int(stationFor.Seconds()))
	cookie.Name += stationSuffix
	http.SetCookie(w, cookie)
	return from
}

// Origin is where a request comes from. The door has put in the address that a
// trusted proxy asked for; other forwarded headers are not believed.
func (g *Guard) Origin(r *http.Request) account.Origin {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	browser := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(r.UserAgent(), "?"))
	if runes := []rune(browser); len(runes) > maxBrowser {
		browser = string(runes[:maxBrowser])
	}
	from := account.Origin{Address: address, Browser: browser}
	if cookie, err := r.Cookie(g.name(r) + stationSuffix); err == nil && len(cookie.Value) <= maxStation {
		from.Station = account.Secret(cookie.Value)
	}
	return from
}

// Next is where to go after signing in: a page of ours, else home. A browser
// reads "//host" and "/\host" as another site.
func Next(wished string) string {
	if !strings.HasPrefix(wished, "/") || strings.HasPrefix(wished, "//") || strings.ContainsFunc(wished, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
		return "/"
	}
	return wished
}
