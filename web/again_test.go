package web

import (
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/account"
)

// Who comes in by the hospital's own account has no password here. She confirms what she
// sends by being seen anew there, and nothing of it is lost on the way.
func TestWhoHasNoPasswordHereConfirmsAtTheProvider(t *testing.T) {
	w, p := withProvider(t)
	nora := w.another()
	nora.expect(nora.comesBack(nora.goes(p, "/me")), 303, "/me")
	nora.expect(nora.get("/me"), 200, "With Linden ID")
	if strings.Contains(nora.get("/me").Body.String(), `name="sign-password"`) {
		t.Error("she is asked for a password that she does not have")
	}
	nora.expect(nora.post("/me/pin", "pin", "271828", "pin-again", "271828"), 422, "You have no password here")
	pin := []string{"pin", "271828", "pin-again", "271828", "badge", "B-77", "sign-by", "provider"}

	// away sends her form and then her to the provider, and answers with what she brings back.
	away := func(form ...string) url.Values {
		t.Helper()
		nora.expect(nora.post("/me/pin", form...), 200, "Go on with Linden ID", "/me/again")
		out := nora.get("/me/again?next=/me")
		nora.expect(out, 303, p.server.URL+"/authorize", "prompt=login", "max_age=0")
		address, err := url.Parse(out.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		p.asked = address.Query()
		return url.Values{"code": {"the-code"}, "state": {p.asked.Get("state")}}
	}
	refused := func(name string, answer *httptest.ResponseRecorder, says string) {
		t.Helper()
		if answer.Code != 422 || !strings.Contains(answer.Body.String(), says) {
			t.Errorf("%s: %d %.300s", name, answer.Code, answer.Body)
		}
		nora.expect(nora.post("/me/pin", append(pin[:6:6], "sign-by", "provider")...), 200, "Go on with Linden ID") // it is asked again
	}
	delete(p.claims, "auth_time")
	refused("a provider that does not say when", nora.comesBack(away(pin...)), "did not ask you anew")
	p.claims["auth_time"] = w.now.Add(-time.Hour).Unix()
	refused("a provider that saw her an hour ago", nora.comesBack(away(pin...)), "did not ask you anew")
	p.claims["auth_time"], p.claims["sub"] = w.now.Unix(), "u-2"
	refused("somebody else at her computer", nora.comesBack(away(pin...)), "somebody else")
	p.claims["sub"] = "u-1"

	seen := nora.comesBack(away(pin...))
	nora.expect(seen, 200, "Sign it now", "B-77", `action="/me/pin"`)
	if strings.Contains(seen.Body.String(), "271828") {
		t.Error("the PIN was kept on a page")
	}
	// What is secret is typed again; nobody else's session may use what the provider said.
	thief := w.another()
	thief.expect(thief.comesBack(thief.goes(p, "/me")), 303)
	thief.expect(thief.post("/me/pin", pin...), 200, "Go on with Linden ID")
	nora.expect(nora.post("/me/pin", pin...), 303, "/me")
	nora.expect(nora.post("/me/pin", pin...), 200, "Go on with Linden ID") // good once
	nora.comesBack(away(pin...))
	w.now = w.now.Add(account.ProofTime + time.Second)
	nora.expect(nora.post("/me/pin", pin...), 200, "Go on with Linden ID") // and for two minutes
	nora.expect(nora.post("/me/pin", "badge", strings.Repeat("x", maxLaidText), "sign-by", "provider"), 422, "too long")
	w.expect(w.get("/admin/audit?deed=account.confirm"), 200, "account.confirm-single-sign-on", "account.confirm-refused")

	p.claims["auth_time"] = w.now.Unix()

	// The very same confirms a signature.
	nora.comesBack(away(pin...))
	actor := hospital.Actor{ID: "nora", Name: "Nora Ode"}
	proof, err := w.people.Porter.Confirm(t.Context(), actor, account.Again{Session: account.Secret(nora.cookies["__Host-ward"])}, account.Origin{})
	if err != nil || proof == "" {
		t.Errorf("no proof for a signature: %v", err)
	}
}

func TestAPasskeyConfirmsInPlaceOfThePassword(t *testing.T) {
	w, p := atHome(t)
	w.expect(w.get("/me"), 200, "With my password", "With my passkey")
	pin := func(c begun, answer string) *httptest.ResponseRecorder {
		return w.post("/me/pin", "pin", "271828", "pin-again", "271828", "sign-by", "passkey", "sign-waiting", c.Waiting, "sign-answer", answer)
	}
	c := w.begin("/me/passkeys/prove")
	answer := p.get(c)
	w.expect(pin(c, answer), 303, "/me")
	w.expect(pin(c, answer), 422, "not taken") // once
	w.expect(pin(begun{}, ""), 422, "present password is not right")

	signing := w.begin("/sign-in/passkey/begin") // of another ceremony
	w.expect(pin(signing, p.get(signing)), 422, "not taken")
	other := w.colleague("Nora Ode", "nora@linden.example", "nurse")
	other.expect(other.post("/me/passkeys/prove"), 422, "no passkey yet")
	c = w.begin("/me/passkeys/prove")
	other.expect(other.post("/me/pin", "pin", "271828", "pin-again", "271828", "sign-by", "passkey", "sign-waiting", c.Waiting, "sign-answer", p.get(c)), 422, "not taken")
	forged, c := *p, w.begin("/me/passkeys/prove")
	forged.touched = false
	w.expect(pin(c, forged.get(c)), 422, "not taken")
	// A proof makes no session.
	c = w.begin("/me/passkeys/prove")
	thief := w.another()
	thief.expect(thief.post("/sign-in/passkey", "waiting", c.Waiting, "answer", p.get(c)), 422, "not taken")
}

func TestAnotherAddressTakesThePasswordAgain(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	w.colleague("Nora Ode", "nora@linden.example", "nurse")
	same := []string{"name", "Nora Falk", "email", "nora@linden.example", "role", "nurse"}
	w.expect(w.post("/admin/people/nora", same...), 303)
	other := []string{"name", "Nora Falk", "email", "evil@linden.example", "role", "nurse"}
	w.expect(w.post("/admin/people/nora", other...), 422, "present password is not right", "evil@linden.example")
	w.expect(w.post("/admin/people/nora", append(other, "sign-password", "wrong")...), 422, "present password is not right")
	w.expect(w.get("/admin/people/nora"), 200, "nora@linden.example")
	w.expect(w.post("/admin/people/nora", append(other, "sign-password", passphrase)...), 303)
	w.expect(w.get("/admin/people/nora"), 200, "evil@linden.example")
}

// Where a role takes a second step, who has none is led to set it up, and can do nothing else.
func TestWhoLacksTheSecondStepCanDoNothingButSetItUp(t *testing.T) {
	w := newWard(t, true)
	w.host, w.people.PublicURL = "wards.example", "https://wards.example"
	w.firstAdministrator()
	nora := w.colleague("Nora Ode", "nora@linden.example", "administrator")
	nurse := w.colleague("Pia Ray", "pia@linden.example", "nurse")
	w.expect(nurse.post("/admin/sign-in", "role", "nurse"), 403)
	w.expect(w.get("/admin/sign-in"), 200, "2 sign in with a password alone", "Not set up", "https://wards.example/scim/v2")
	w.expect(w.post("/admin/sign-in", "role", "king"), 422, "no role")
	w.expect(w.post("/admin/sign-in", "role", "administrator"), 303, "/admin/sign-in")

	for _, r := range w.door.Routes() {
		if r.Permission == Public || r.Permission == ByToken || mayEnrol(r.Path) {
			continue
		}
		answer := nora.send(httptest.NewRequest(r.Method, strings.ReplaceAll(strings.ReplaceAll(r.Path, ":id", "nora"), "*", "x"), nil))
		led := answer.Code == 303 && strings.HasPrefix(answer.Header().Get("Location"), "/me")
		if !led && answer.Code != 403 {
			t.Errorf("%s %s answers %d %s to who lacks the second step", r.Method, r.Path, answer.Code, answer.Header().Get("Location"))
		}
	}
	nurse.expect(nurse.get("/"), 200)
	nora.expect(nora.get("/me"), 200, "asks for a second step")
	nora.expect(nora.post("/me/two-step", "sign-password", passphrase), 303)
	second, err := w.people.Porter.TwoStep(t.Context(), hospital.Actor{ID: "nora"})
	if err != nil {
		t.Fatal(err)
	}
	nora.expect(nora.post("/me/two-step/confirm", "code", codeOf(second, w.now)), 303)
	nora.expect(nora.get("/admin/people"), 200, "Pia Ray")
	nora.expect(nora.get("/admin/sign-in"), 200, "1 has yet to set it up")

	// Ada makes a passkey instead; from then on her password alone lets nobody in.
	w.expect(w.get("/admin/people"), 303, "/me#two-step")
	key := newPhone(t)
	c := w.begin("/me/passkeys/begin")
	w.expect(w.post("/me/passkeys", "waiting", c.Waiting, "answer", key.create(c), "name", "Key", "sign-password", passphrase), 303)
	w.expect(w.get("/admin/people"), 200)
	stranger := w.another()
	stranger.expect(stranger.post("/sign-in", "email", "ada@linden.example", "password", passphrase), 422, "Sign in with your passkey")
	c = stranger.begin("/sign-in/passkey/begin")
	stranger.expect(stranger.post("/sign-in/passkey", "waiting", c.Waiting, "answer", key.get(c), "next", "/admin/people"), 303, "/admin/people")
	w.expect(w.get("/admin/audit?deed=sign-in.second-step"), 200, "administrator")
	w.expect(w.post("/admin/sign-in"), 303)
	w.expect(w.get("/admin/sign-in"), 200, "Nurse")
	if regexp.MustCompile(`value="administrator"[^>]*checked`).MatchString(w.get("/admin/sign-in").Body.String()) {
		t.Error("the rule stands still")
	}
}

// Settings of single sign-on are shown, its secret is not.
func TestSingleSignOnIsShownWithoutItsSecret(t *testing.T) {
	w, p := withProvider(t)
	page := w.get("/admin/sign-in")
	w.expect(page, 200, p.server.URL, "wardwatch", "ward-nurses: nurse", "it: administrator", "nobody is shown it")
	if strings.Contains(page.Body.String(), "hush") {
		t.Error("the client's secret stands on the page")
	}
}
