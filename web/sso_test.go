package web

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
	"wardwatch/web/auth"
)

// provider is an identity provider of our own: it speaks OpenID Connect over
// HTTP, and can be told to lie.
type provider struct {
	t      *testing.T
	server *httptest.Server
	key    *rsa.PrivateKey
	now    func() time.Time
	// claims are of who signs in; forge changes the token before it is signed.
	claims map[string]any
	forge  func(header, claims map[string]any, p *provider)
	sign   func(signed []byte) []byte
	asked  url.Values // what the browser was sent with
	codes  int
}

func newProvider(t *testing.T, now func() time.Time) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, now: now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.say(w, map[string]any{"issuer": p.server.URL, "authorization_endpoint": p.server.URL + "/authorize", "token_endpoint": p.server.URL + "/token",
			"jwks_uri": p.server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.say(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1",
			"n": b64.EncodeToString(p.key.N.Bytes()), "e": b64.EncodeToString(big.NewInt(int64(p.key.E)).Bytes())}}})
	})
	mux.HandleFunc("POST /token", p.token)
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func (p *provider) say(w http.ResponseWriter, what any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(what); err != nil {
		p.t.Error(err)
	}
}

// token exchanges the code for whoever has the verifier and the client's secret.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	if r.FormValue("code") != "the-code" || p.asked.Get("code_challenge_method") != "S256" || b64.EncodeToString(challenge[:]) != p.asked.Get("code_challenge") ||
		id != "wardwatch" || secret != "hush" || r.FormValue("redirect_uri") != p.asked.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		p.say(w, map[string]any{"error": "invalid_grant"})
		return
	}
	p.codes++
	header := map[string]any{"alg": "RS256", "kid": "k1", "typ": "JWT"}
	claims := map[string]any{"iss": p.server.URL, "aud": "wardwatch", "exp": p.now().Add(5 * time.Minute).Unix(), "iat": p.now().Unix(), "nonce": p.asked.Get("nonce")}
	for name, value := range p.claims {
		claims[name] = value
	}
	p.sign = p.rs256
	if p.forge != nil {
		p.forge(header, claims, p)
	}
	h, _ := json.Marshal(header)
	c, _ := json.Marshal(claims)
	signed := []byte(b64.EncodeToString(h) + "." + b64.EncodeToString(c))
	p.say(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": string(signed) + "." + b64.EncodeToString(p.sign(signed))})
}

func (p *provider) rs256(signed []byte) []byte {
	sum := sha256.Sum256(signed)
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return signature
}

// withProvider is a house whose people sign in at a provider.
func withProvider(t *testing.T) (*ward, *provider) {
	t.Helper()
	w := newWard(t, true)
	w.host, w.people.PublicURL = "wards.example", "https://wards.example"
	p := newProvider(t, func() time.Time { return w.now })
	roles, err := account.ParseRoleMap(map[string]string{"ward-nurses": "nurse", "it": "administrator,auditor"})
	if err != nil {
		t.Fatal(err)
	}
	w.people.SSO = auth.NewSSO(auth.SSOSettings{Issuer: p.server.URL, Name: "Linden ID", ClientID: "wardwatch", ClientSecret: "hush",
		PublicURL: "https://wards.example", GroupsClaim: "groups", Roles: roles}, func() time.Time { return w.now })
	p.claims = map[string]any{"sub": "u-1", "email": "nora@linden.example", "email_verified": true, "name": "Nora Ode", "groups": []string{"ward-nurses", "choir"}}
	w.firstAdministrator()
	return w, p
}

// goes sends the browser to the provider; the answer is what it comes back with.
func (w *ward) goes(p *provider, next string) url.Values {
	w.t.Helper()
	away := w.get("/sign-in/sso?next=" + url.QueryEscape(next))
	w.expect(away, 303, p.server.URL+"/authorize")
	address, err := url.Parse(away.Header().Get("Location"))
	if err != nil {
		w.t.Fatal(err)
	}
	p.asked = address.Query()
	return url.Values{"code": {"the-code"}, "state": {p.asked.Get("state")}, "iss": {p.server.URL}}
}

func (w *ward) comesBack(answer url.Values) *httptest.ResponseRecorder {
	return w.get(auth.SSOPath + "?" + answer.Encode())
}

func TestSigningInWithTheHospitalsAccount(t *testing.T) {
	w, p := withProvider(t)
	nora := w.another()
	nora.expect(nora.get("/sign-in"), 200, "Sign in with Linden ID")
	answer := nora.goes(p, "/me")
	if p.asked.Get("response_type") != "code" || p.asked.Get("redirect_uri") != "https://wards.example/sign-in/sso/back" || !strings.Contains(p.asked.Get("scope"), "openid") {
		t.Errorf("asked with %v", p.asked)
	}
	nora.expect(nora.comesBack(answer), 303, "/me")
	nora.expect(nora.get("/me"), 200, "Nora Ode", "Nurse")
	nora.expect(nora.get("/admin/people"), 403)
	nora.expect(nora.comesBack(answer), 403, "Try again") // the same answer twice

	// She is known by the provider's name for her, whatever else changes.
	p.claims["email"], p.claims["name"], p.claims["groups"] = "nora.falk@linden.example", "Nora Falk", []string{"it"}
	again := w.another()
	again.expect(again.comesBack(again.goes(p, "/me")), 303, "/me")
	again.expect(again.get("/me"), 200, "Nora Falk", "Administrator")
	people, err := w.people.Porter.People(t.Context(), hospital.Job("test"))
	if err != nil || len(people) != 2 {
		t.Errorf("%d people, %v", len(people), err)
	}
	if err := w.people.Porter.Disable(t.Context(), hospital.Job("test"), "nora"); err != nil {
		t.Fatal(err)
	}
	again.expect(again.comesBack(again.goes(p, "/me")), 422, "disabled")
}

func TestWhoTheProviderKnowsAndWeDoNot(t *testing.T) {
	w, p := withProvider(t)
	other := w.another()
	p.claims["groups"] = []string{"choir"}
	other.expect(other.comesBack(other.goes(p, "/")), 422, "none of your groups")
	p.claims["groups"] = "ward-nurses" // no list
	other.expect(other.comesBack(other.goes(p, "/")), 422, "none of your groups")
	p.claims["groups"], p.claims["email"] = []string{"it"}, "ada@linden.example" // a local account's address
	other.expect(other.comesBack(other.goes(p, "/")), 422, "account with your address already")
	p.server.Close()
	fresh := w.another()
	fresh.people.SSO = auth.NewSSO(w.people.SSO.Settings(), func() time.Time { return w.now })
	fresh.expect(fresh.get("/sign-in/sso"), 502, "does not answer", "Password")
}

func TestForgedTokensAreRefused(t *testing.T) {
	w, p := withProvider(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	mac := func(key []byte) func([]byte) []byte {
		return func(signed []byte) []byte {
			sum := hmac.New(sha256.New, key)
			sum.Write(signed)
			return sum.Sum(nil)
		}
	}
	for name, forge := range map[string]func(header, claims map[string]any, p *provider){
		"another issuer":                func(_, c map[string]any, _ *provider) { c["iss"] = "https://evil.example" },
		"for another client":            func(_, c map[string]any, _ *provider) { c["aud"] = "payroll" },
		"for two, without saying whose": func(_, c map[string]any, _ *provider) { c["aud"] = []string{"wardwatch", "payroll"} },
		"for two, asked for by the other": func(_, c map[string]any, _ *provider) {
			c["aud"], c["azp"] = []string{"wardwatch", "payroll"}, "payroll"
		},
		"too old":                         func(_, c map[string]any, p *provider) { c["exp"] = p.now().Add(-time.Minute).Unix() },
		"without an end":                  func(_, c map[string]any, _ *provider) { delete(c, "exp") },
		"not good yet":                    func(_, c map[string]any, p *provider) { c["nbf"] = p.now().Add(time.Hour).Unix() },
		"another nonce":                   func(_, c map[string]any, _ *provider) { c["nonce"] = "another" },
		"no nonce":                        func(_, c map[string]any, _ *provider) { delete(c, "nonce") },
		"nobody":                          func(_, c map[string]any, _ *provider) { c["sub"] = "" },
		"signed by nobody":                func(h, _ map[string]any, p *provider) { h["alg"], p.sign = "none", func([]byte) []byte { return nil } },
		"signed with the client's secret": func(h, _ map[string]any, p *provider) { h["alg"], p.sign = "HS256", mac([]byte("hush")) },
		"signed with the public key":      func(h, _ map[string]any, p *provider) { h["alg"], p.sign = "HS256", mac(p.key.N.Bytes()) },
		"signed by a stranger":            func(_, _ map[string]any, p *provider) { p.sign = (&provider{t: t, key: stranger}).rs256 },
		"signed by a key that nobody knows": func(h, _ map[string]any, p *provider) {
			h["kid"], p.sign = "k9", (&provider{t: t, key: stranger}).rs256
		},
		"changed after it was signed": func(_, _ map[string]any, p *provider) {
			p.sign = func(b []byte) []byte { return p.rs256(b[:len(b)-1]) }
		},
	} {
		browser := w.another()
		answer := browser.goes(p, "/me")
		p.forge = forge
		got := browser.comesBack(answer)
		p.forge = nil
		if got.Code != 403 || browser.cookies["__Host-ward"] != "" {
			t.Errorf("%s: %d %v", name, got.Code, browser.cookies)
		}
	}
	honest := w.another()
	honest.expect(honest.comesBack(honest.goes(p, "/me")), 303, "/me")
}

func TestAnAnswerIsOfThisBrowsersQuestion(t *testing.T) {
	w, p := withProvider(t)
	for name, change := range map[string]func(browser *ward, answer url.Values){
		"another state":          func(_ *ward, a url.Values) { a.Set("state", "x") },
		"no state":               func(_ *ward, a url.Values) { a.Del("state") },
		"another provider's":     func(_ *ward, a url.Values) { a.Set("iss", "https://evil.example") },
		"a refusal":              func(_ *ward, a url.Values) { a.Set("error", "access_denied") },
		"another code":           func(_ *ward, a url.Values) { a.Set("code", "stolen") },
		"no code":                func(_ *ward, a url.Values) { a.Del("code") },
		"another browser's":      func(b *ward, _ url.Values) { delete(b.cookies, "__Host-ward-sso") },
		"without its verifier":   func(_ *ward, _ url.Values) { p.asked.Set("code_challenge", "x") },
		"an answer that is late": func(*ward, url.Values) { w.now = w.now.Add(11 * time.Minute) },
	} {
		browser := w.another()
		answer, before := browser.goes(p, "/me"), p.codes
		change(browser, answer)
		if got := browser.comesBack(answer); got.Code != 403 || browser.cookies["__Host-ward"] != "" || p.codes != before {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	// It leads to a page of ours alone.
	browser := w.another()
	browser.expect(browser.comesBack(browser.goes(p, "//evil.example")), 303, "/")
}

func TestWhatGroupsMean(t *testing.T) {
	roles, err := account.ParseRoleMap(map[string]string{"a": "nurse@ward-a+ward-b", "b": "nurse@ward-c", "boss": "nurse", "it": "administrator, auditor"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		groups []string
		roles  string
		limits string
	}{{nil, "[]", "null"}, {[]string{"a"}, `["nurse"]`, `{"nurse":["ward-a","ward-b"]}`}, {[]string{"a", "b"}, `["nurse"]`, `{"nurse":["ward-a","ward-b","ward-c"]}`},
		{[]string{"a", "boss"}, `["nurse"]`, "null"}, {[]string{"it", "a"}, `["administrator","auditor","nurse"]`, `{"nurse":["ward-a","ward-b"]}`}} {
		got, limits := roles.Roles(c.groups)
		if got == nil {
			got = []hospital.Role{}
		}
		g, _ := json.Marshal(got)
		l, _ := json.Marshal(limits)
		if string(g) != c.roles || string(l) != c.limits {
			t.Errorf("%v: %s %s", c.groups, g, l)
		}
	}
	for _, bad := range []string{"", "king", "nurse@", "nurse@+", "nurse,"} {
		if _, err := account.ParseRoleMap(map[string]string{"g": bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
