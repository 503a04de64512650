package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// programme signs for itself.
type programme struct {
	t   *testing.T
	key *ecdsa.PrivateKey
	id  string
}

func newProgramme(t *testing.T) *programme {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &programme{t: t, key: key}
}

// public is the JWK Set that it is registered with.
func (p *programme) public() string {
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "k1", Algorithm: "ES384", Use: "sig"}}})
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func signedBy(t *testing.T, key jose.SigningKey, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", "k1"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// says is what it signs, with a number of its own; change alters it first.
func (p *programme) says(at time.Time, change func(map[string]any)) string {
	claims := map[string]any{"iss": p.id, "sub": p.id, "aud": "https://wards.example/oauth/token", "exp": at.Add(4 * time.Minute).Unix(), "iat": at.Unix(), "jti": rand.Text()}
	if change != nil {
		change(claims)
	}
	return signedBy(p.t, jose.SigningKey{Algorithm: jose.ES384, Key: p.key}, claims)
}

func (w *ward) asserts(assertion string) *httptest.ResponseRecorder {
	return w.post(assertPath, "grant_type", "client_credentials", "client_assertion_type", assertType, "client_assertion", assertion)
}

// shows asks the API with an access token.
func (w *ward) shows(access string) (hospital.Actor, error) {
	return w.people.Keys.WhoAsks(w.t.Context(), access)
}

// withProgramme is a house at its own address with a program that signs, registered on the page.
func withProgramme(t *testing.T) (*ward, *programme) {
	t.Helper()
	w := newWard(t, true)
	w.host, w.people.PublicURL = "wards.example", "https://wards.example"
	w.firstAdministrator()
	p := newProgramme(t)
	answer := w.post("/admin/tokens", "name", "Bed board", "role", "nurse", "keys", p.public())
	w.expect(answer, 201, "Bed board is registered", "https://wards.example/oauth/token")
	_, rest, _ := strings.Cut(answer.Body.String(), "<code>t-")
	id, _, _ := strings.Cut(rest, "<")
	p.id = "t-" + id
	return w, p
}

func TestAProgramSignsForItselfAndIsLetInForFiveMinutes(t *testing.T) {
	w, p := withProgramme(t)
	w.expect(w.get(aboutAssert), 200, "private_key_jwt", "ES384", `"token_endpoint":"https://wards.example/oauth/token"`)
	stranger := w.another()
	assertion := p.says(w.now, nil)
	answer := stranger.asserts(assertion)
	stranger.expect(answer, 200, `"token_type":"Bearer"`, `"expires_in":300`)
	var said struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	by, err := w.shows(said.Access)
	if err != nil || by.Name != "Bed board" || !by.Is(hospital.Nurse) || by.May(hospital.ManagePeople) {
		t.Fatalf("%+v, %v", by, err)
	}
	if _, err := w.people.Keys.Check(t.Context(), said.Access); err == nil {
		t.Error("it delivers as well")
	}
	w.expect(w.get("/admin/audit?deed=token.sign-in"), 200, "Bed board", "token.sign-in")

	// The same statement is good once, though the house forgot everything it keeps in memory.
	stranger.expect(stranger.asserts(assertion), 401, "invalid_client")
	w.people.Keys = w.newKeys()
	stranger.expect(stranger.asserts(assertion), 401, "invalid_client")
	if _, err := w.shows(said.Access); err == nil {
		t.Error("an access token outlived the house that gave it")
	}
	again := stranger.asserts(p.says(w.now, nil))
	stranger.expect(again, 200)
	if err := json.Unmarshal(again.Body.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(account.AccessTime - time.Second)
	if _, err := w.shows(said.Access); err != nil {
		t.Errorf("before its end: %v", err)
	}
	w.now = w.now.Add(time.Second)
	if _, err := w.shows(said.Access); err == nil {
		t.Error("an access token has no end")
	}

	// Who revokes the program ends what it was let in with, at once.
	fresh := stranger.asserts(p.says(w.now, nil))
	stranger.expect(fresh, 200)
	if err := json.Unmarshal(fresh.Body.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	w.expect(w.post("/admin/tokens/"+p.id+"/rotate"), 422, "no secret to replace")
	w.expect(w.post("/admin/tokens/"+p.id+"/revoke"), 303)
	if _, err := w.shows(said.Access); err == nil {
		t.Error("a revoked program goes on")
	}
	stranger.expect(stranger.asserts(p.says(w.now, nil)), 401, "invalid_client")
	w.expect(w.get("/admin/audit?deed=token.sign-in-refused"), 200, p.id)
}

// Whatever is not signed by this program, for this house, now and once, gets the same answer.
func TestForgedAssertionsAreRefused(t *testing.T) {
	w, p := withProgramme(t)
	other := newProgramme(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claims := func(change func(map[string]any)) map[string]any {
		var all map[string]any
		p.says(w.now, func(c map[string]any) {
			if change != nil {
				change(c)
			}
			all = c
		})
		return all
	}
	part := func(v any) string { text, _ := json.Marshal(v); return b64.EncodeToString(text) }
	set := func(name string, value any) string {
		return p.says(w.now, func(c map[string]any) {
			if value == nil {
				delete(c, name)
				return
			}
			c[name] = value
		})
	}
	for name, assertion := range map[string]string{
		"of a program that nobody knows":    p.says(w.now, func(c map[string]any) { c["iss"], c["sub"] = "t-none", "t-none" }),
		"another issuer":                    set("iss", "t-none"),
		"another subject":                   set("sub", "t-none"),
		"no subject":                        set("sub", nil),
		"for another house":                 set("aud", "https://evil.example/oauth/token"),
		"for the house, not its address":    set("aud", "https://wards.example"),
		"for an address below it":           set("aud", "https://wards.example/oauth/token/"),
		"for two":                           set("aud", []string{"https://wards.example/oauth/token", "https://evil.example"}),
		"for nobody":                        set("aud", nil),
		"over":                              set("exp", w.now.Unix()),
		"without an end":                    set("exp", nil),
		"good for too long":                 set("exp", w.now.Add(account.AssertionTime+31*time.Second).Unix()),
		"not good yet":                      set("nbf", w.now.Add(time.Minute).Unix()),
		"made in the future":                set("iat", w.now.Add(time.Minute).Unix()),
		"without a number":                  set("jti", nil),
		"with an endless number":            set("jti", strings.Repeat("x", 201)),
		"signed by another":                 signedBy(t, jose.SigningKey{Algorithm: jose.ES384, Key: other.key}, claims(nil)),
		"signed by another kind of key":     signedBy(t, jose.SigningKey{Algorithm: jose.RS384, Key: rsaKey}, claims(nil)),
		"signed with what everybody knows":  signedBy(t, jose.SigningKey{Algorithm: jose.HS384, Key: []byte(p.public())[:64]}, claims(nil)),
		"signed by nobody":                  part(map[string]string{"alg": "none", "typ": "JWT"}) + "." + part(claims(nil)) + ".",
		"with its own key in its head":      part(map[string]any{"alg": "ES384", "jwk": json.RawMessage(other.public())}) + "." + part(claims(nil)) + ".AAAA",
		"nothing":                           "",
		"no token at all":                   "a.b.c",
		"longer than anybody would look at": set("x", strings.Repeat("x", account.MaxAssertion)),
	} {
		w.now = w.now.Add(0)
		stranger := w.another()
		if got := stranger.asserts(assertion); got.Code != 401 || !strings.Contains(got.Body.String(), "invalid_client") || strings.Contains(got.Body.String(), "access_token") {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	// What is asked wrongly is said to be so, before anything is looked at.
	for name, form := range map[string]url.Values{
		"another grant":     {"grant_type": {"password"}, "client_assertion_type": {assertType}, "client_assertion": {p.says(w.now, nil)}},
		"another type":      {"grant_type": {"client_credentials"}, "client_assertion_type": {"saml"}, "client_assertion": {p.says(w.now, nil)}},
		"two of them":       {"grant_type": {"client_credentials"}, "client_assertion_type": {assertType}, "client_assertion": {p.says(w.now, nil), "x"}},
		"none, as a secret": {"grant_type": {"client_credentials"}, "client_id": {p.id}, "client_secret": {"x"}},
	} {
		r := httptest.NewRequest(post, assertPath, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := w.another().send(r); got.Code != 400 || !strings.Contains(got.Body.String(), `"error"`) {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	honest := w.another()
	w.now = w.now.Add(time.Minute)
	honest.expect(honest.asserts(p.says(w.now, nil)), 200)
	for range workLimits[asserting].burst {
		honest.asserts("x")
	}
	honest.expect(honest.asserts("x"), 429)
}

func TestWhichKeysAProgramMayHave(t *testing.T) {
	w, p := withProgramme(t)
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	jwk := func(key any) string {
		text, err := json.Marshal(jose.JSONWebKey{Key: key})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, keys := range map[string]string{"a private key": jwk(p.key), "a shared secret": jwk([]byte(strings.Repeat("x", 64))), "a short key": jwk(short.Public()),
		"nonsense": "{}", "an empty set": `{"keys":[]}`, "a certificate's head": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "too long": strings.Repeat(" ", 1) + strings.Repeat("x", 17<<10)} {
		if got := w.post("/admin/tokens", "name", "x", "role", "nurse", "keys", keys); got.Code != 422 {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	w.expect(w.post("/admin/tokens", "name", "x", "keys", p.public()), 422, "Choose the role")
	w.expect(w.post("/admin/tokens", "name", "x", "role", "nurse", "gateway", "gw-1", "keys", p.public()), 422, "no gateway")
	w.expect(w.post("/admin/tokens", "name", "One key", "role", "auditor", "keys", jwk(p.key.Public())), 201, "is registered")
	w.expect(w.get("/admin/tokens"), 200, "as Nurse, signing with its key", "as Auditor, signing with its key")
}

// Nothing that anybody sends brings the house down or is let in.
func FuzzAssertion(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0LTEiLCJpc3MiOiJ0LTEifQ.")
	f.Add(`{"payload":"e30","signatures":[{"protected":"eyJhbGciOiJFUzM4NCJ9","signature":"AAAA"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		program := account.Token{ID: "t-1", PublicKeys: `{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`}
		if account.TryAssertion(text, program, "https://wards.example/oauth/token", time.Unix(1_800_000_000, 0)) {
			t.Errorf("let in with %q", text)
		}
	})
}

// Keys come from a form.
func FuzzKeys(f *testing.F) {
	f.Add(`{"kty":"oct","k":"AAAA"}`)
	f.Add(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`)
	f.Add("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")
	f.Fuzz(func(t *testing.T, text string) {
		kept, err := account.ParseKeys(text)
		if err != nil {
			return
		}
		if _, err := account.ParseKeys(kept); err != nil {
			t.Errorf("what is kept of %q can't be read: %v", text, err)
		}
	})
}
