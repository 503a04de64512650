package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// phone is an authenticator made of software: it holds one key, and says what a
// phone says after a finger was on it.
type phone struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	handle  []byte
	count   uint32
	origin  string
	rp      string
	touched bool // a finger was on it
}

func newPhone(t *testing.T) *phone {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &phone{t: t, key: key, id: []byte(rand.Text()), origin: "https://wards.example", rp: "wards.example", touched: true}
}

var b64 = base64.RawURLEncoding

// begun is what the server answers to the beginning of a ceremony.
type begun struct {
	Waiting string `json:"waiting"`
	Options struct {
		PublicKey struct {
			Challenge string `json:"challenge"`
			User      struct {
				ID string `json:"id"`
			} `json:"user"`
		} `json:"publicKey"`
	} `json:"options"`
}

func (p *phone) clientData(kind, challenge string) []byte {
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": p.origin, "crossOrigin": false})
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// said is the authenticator's data: WebAuthn 3 §6.1.
func (p *phone) said(attested []byte) []byte {
	p.count++
	rp := sha256.Sum256([]byte(p.rp))
	flags := byte(0x01)
	if p.touched {
		flags |= 0x04
	}
	if attested != nil {
		flags |= 0x40
	}
	data := append(rp[:], flags)
	return append(binary.BigEndian.AppendUint32(data, p.count), attested...)
}

// create answers navigator.credentials.create with attestation "none".
func (p *phone) create(c begun) string {
	public, err := p.key.PublicKey.Bytes()
	if err != nil {
		p.t.Fatal(err)
	}
	cose := slices.Concat([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, public[1:33], []byte{0x22, 0x58, 0x20}, public[33:])
	attested := slices.Concat(make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(p.id))), p.id, cose)
	data := p.said(attested)
	object := slices.Concat([]byte{0xa3, 0x63}, []byte("fmt"), []byte{0x64}, []byte("none"), []byte{0x67}, []byte("attStmt"), []byte{0xa0, 0x68}, []byte("authData"),
		[]byte{0x58, byte(len(data))}, data)
	if p.handle, err = b64.DecodeString(c.Options.PublicKey.User.ID); err != nil {
		p.t.Fatal(err)
	}
	return p.answer(map[string]any{"clientDataJSON": b64.EncodeToString(p.clientData("webauthn.create", c.Options.PublicKey.Challenge)), "attestationObject": b64.EncodeToString(object)})
}

// get answers navigator.credentials.get.
func (p *phone) get(c begun) string {
	client, data := p.clientData("webauthn.get", c.Options.PublicKey.Challenge), p.said(nil)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(slices.Concat(data, hash[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, sum[:])
	if err != nil {
		p.t.Fatal(err)
	}
	return p.answer(map[string]any{"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data),
		"signature": b64.EncodeToString(signature), "userHandle": b64.EncodeToString(p.handle)})
}

func (p *phone) answer(response map[string]any) string {
	text, err := json.Marshal(map[string]any{"id": b64.EncodeToString(p.id), "rawId": b64.EncodeToString(p.id), "type": "public-key",
		"response": response, "clientExtensionResults": map[string]any{}})
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func (w *ward) begin(path string) (c begun) {
	w.t.Helper()
	answer := w.post(path)
	w.expect(answer, 200)
	if err := json.Unmarshal(answer.Body.Bytes(), &c); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// atHome is a house at its own address, with an administrator whose phone holds a passkey.
func atHome(t *testing.T) (*ward, *phone) {
	t.Helper()
	w := newWard(t, true)
	w.host, w.people.PublicURL = "wards.example", "https://wards.example/"
	w.firstAdministrator()
	p := newPhone(t)
	c := w.begin("/me/passkeys/begin")
	w.expect(w.post("/me/passkeys", "waiting", c.Waiting, "answer", p.create(c), "name", "My phone", "sign-password", passphrase), 303, "/me")
	w.expect(w.get("/me"), 200, "My phone")
	return w, p
}

func TestSigningInWithAPasskey(t *testing.T) {
	w, p := atHome(t)
	w.expect(w.get("/me"), 200, "never")
	browser := w.another()
	c := browser.begin("/sign-in/passkey/begin")
	answer := p.get(c)
	browser.expect(browser.post("/sign-in/passkey", "waiting", c.Waiting, "answer", answer, "next", "/me"), 303, "/me")
	browser.expect(browser.get("/me"), 200, "Ada Root")
	// The same answer again is worth nothing: each ceremony ends once.
	thief := w.another()
	thief.expect(thief.post("/sign-in/passkey", "waiting", c.Waiting, "answer", answer), 422, "not taken")
	thief.expect(thief.get("/me"), 303, "/sign-in")

	w.expect(w.post("/me/passkeys/remove", "id", b64.EncodeToString(p.id), "sign-password", "wrong"), 422, "password is not right")
	w.expect(w.post("/me/passkeys/remove", "id", b64.EncodeToString(p.id), "sign-password", passphrase), 303)
	c = browser.begin("/sign-in/passkey/begin")
	thief.expect(thief.post("/sign-in/passkey", "waiting", c.Waiting, "answer", p.get(c)), 422, "not taken")
}

// What is not of this house, this ceremony, this key or this person is refused with the same words.
func TestForgedPasskeysAreRefused(t *testing.T) {
	w, good := atHome(t)
	for name, forge := range map[string]func(*phone, *begun){
		"a page that looks like ours": func(p *phone, _ *begun) { p.origin = "https://wards-example.evil" },
		"another party's key":         func(p *phone, _ *begun) { p.rp = "evil.example" },
		"no finger on it":             func(p *phone, _ *begun) { p.touched = false },
		"another challenge": func(_ *phone, c *begun) {
			c.Options.PublicKey.Challenge = b64.EncodeToString([]byte("of another ceremony......"))
		},
		"another key of the same name": func(p *phone, _ *begun) { p.key = newPhone(t).key },
		"a key that nobody knows":      func(p *phone, _ *begun) { p.id = []byte("unknown") },
		"somebody else's handle":       func(p *phone, _ *begun) { p.handle = make([]byte, 32) },
		"no handle":                    func(p *phone, _ *begun) { p.handle = nil },
		"a copy, behind its original":  func(p *phone, _ *begun) { p.count = 0 },
	} {
		w.now = w.now.Add(time.Hour) // the throttle has forgotten
		honest := w.begin("/sign-in/passkey/begin")
		w.expect(w.post("/sign-in/passkey", "waiting", honest.Waiting, "answer", good.get(honest)), 303)
		forged, c := *good, w.begin("/sign-in/passkey/begin")
		forge(&forged, &c)
		stranger := w.another()
		answer := stranger.post("/sign-in/passkey", "waiting", c.Waiting, "answer", forged.get(c))
		if answer.Code != 422 || !strings.Contains(answer.Body.String(), "not taken") || stranger.cookies["__Host-ward"] != "" {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
	}
	for _, nonsense := range []string{"", "{}", "null", "[", strings.Repeat("x", 20_000)} {
		w.now = w.now.Add(time.Hour)
		c := w.begin("/sign-in/passkey/begin")
		w.expect(w.post("/sign-in/passkey", "waiting", c.Waiting, "answer", nonsense), 422)
	}
}

func TestWhoMayMakeAPasskey(t *testing.T) {
	w, _ := atHome(t)
	c := w.begin("/me/passkeys/begin")
	w.expect(w.post("/me/passkeys", "waiting", c.Waiting, "answer", newPhone(t).create(c), "name", "x", "sign-password", "wrong"), 422, "password is not right")
	w.now = w.now.Add(6 * time.Minute)
	w.expect(w.post("/me/passkeys", "waiting", c.Waiting, "answer", newPhone(t).create(c), "name", "x", "sign-password", passphrase), 422, "not taken")

	other := w.colleague("Nora Ode", "nora@linden.example", "nurse")
	c = w.begin("/me/passkeys/begin") // Ada's
	other.expect(other.post("/me/passkeys", "waiting", c.Waiting, "answer", newPhone(t).create(c), "name", "x", "sign-password", passphrase), 422, "not taken")
	for range 9 {
		c = w.begin("/me/passkeys/begin")
		w.expect(w.post("/me/passkeys", "waiting", c.Waiting, "answer", newPhone(t).create(c), "name", "x", "sign-password", passphrase), 303)
	}
	w.expect(w.post("/me/passkeys/begin"), 422, "10 passkeys")
	w.host = "10.0.0.7"
	w.people.PublicURL = ""
	w.expect(w.post("/me/passkeys/begin"), 422, "own address")
}
