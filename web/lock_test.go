package web

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wardwatch/tracking/hospital"
)

// seated signs in fully at w's browser once, and sets a PIN there.
func (w *ward) seated(name, pin string) hospital.Person {
	w.t.Helper()
	person, link, err := w.people.Porter.Add(w.t.Context(), hospital.Job("test"), hospital.Person{Name: name, Email: strings.ToLower(name) + "@linden.example", Roles: []hospital.Role{hospital.Nurse}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.expect(w.post("/setup/"+link.Reveal(), "password", passphrase), 303, "/")
	w.expect(w.post("/me/pin", "pin", pin, "pin-again", pin, "badge", "badge-of-"+name, "sign-password", passphrase), 303, "/me")
	return person
}

// part asks as script does, for a form alone.
func (w *ward) part(method, path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("HX-Request", "true")
	return w.send(r)
}

func TestALockedBrowserKeepsWhatWasTyped(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	w.expect(w.get("/me"), 200, `data-lock-after="900"`, `data-person="ada"`)
	before := w.cookies["ward"]
	w.now = w.now.Add(15 * time.Minute)

	answer := w.post("/admin/people", "name", "Nora <Ode>", "email", "nora@linden.example", "role", "nurse", "password", "hidden-thing")
	w.expect(answer, 401, "Locked", "Ada", `name="carry:name" value="Nora &lt;Ode&gt;"`, `name="carry-to" value="/admin/people"`)
	if strings.Contains(answer.Body.String(), "hidden-thing") {
		t.Error("a password was kept in the page")
	}
	carried := []string{"carry-to", "/admin/people", "carry:name", "Nora <Ode>", "carry:email", "nora@linden.example", "carry:role", "nurse", "next", "/me"}
	w.expect(w.post("/unlock", append(carried, "password", "wrong")...), 422, "password is not right", `name="carry:name" value="Nora &lt;Ode&gt;"`)
	w.expect(w.post("/unlock", append(carried, "password", passphrase)...), 200, "Unlocked", `action="/admin/people"`, `name="name" value="Nora &lt;Ode&gt;"`)
	if w.cookies["ward"] == before {
		t.Error("the session is the same as before the lock")
	}
	w.expect(w.post("/admin/people", "name", "Nora <Ode>", "email", "nora@linden.example", "role", "nurse"), 201, "/setup/")

	old := w.another()
	old.cookies["ward"] = before
	old.expect(old.get("/me"), 303, "/sign-in")
	old.expect(old.post("/unlock", "password", passphrase), 403)
}

func TestAFormIsCarriedToAPageOfOursAlone(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
		w.expect(w.post("/lock"), 303, "/sign-in")
		answer := w.post("/unlock", "password", passphrase, "carry-to", to, "carry:a", "b")
		w.expect(answer, 303, "/")
		if strings.Contains(answer.Body.String(), "evil") {
			t.Errorf("%q was taken", to)
		}
	}
}

// What script asks for is a form alone, or who it was that unlocked.
func TestTheLockOverAPage(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	w.expect(w.part("POST", "/me/here"), 204)
	w.expect(w.part("POST", "/lock"), 204)
	w.expect(w.part("POST", "/me/here"), 401)
	form := w.part("GET", "/sign-in")
	w.expect(form, 200, "data-lock-form")
	if form.Header().Get(lockedHeader) != "ada" || strings.Contains(form.Body.String(), "<html") {
		t.Errorf("got %v %s", form.Header(), form.Body)
	}
	w.expect(w.part("POST", "/unlock", "password", "wrong"), 422, "not right")
	opened := w.part("POST", "/unlock", "password", passphrase)
	if w.expect(opened, 204); opened.Header().Get(signedInHeader) != "ada" {
		t.Errorf("unlocked by %q", opened.Header().Get(signedInHeader))
	}
	w.expect(w.get("/me"), 200)
}

func TestAColleagueTakesOverWithAPIN(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	nora := w.seated("Nora", "271828")
	omar := w.seated("Omar", "314159")
	w.expect(w.post("/lock"), 303, "/sign-in")
	w.expect(w.get("/sign-in"), 200, "Omar was here", "Nora", "With a PIN")

	w.expect(w.post("/unlock/pin", "person", string(nora.ID), "pin", "111111"), 422, "PIN is not right")
	w.expect(w.post("/unlock/pin", "person", "ada", "pin", "271828"), 422, "PIN is not right")
	w.expect(w.post("/unlock/pin", "badge", "badge-of-Nora", "pin", "271828", "next", "/me"), 303, "/")
	w.expect(w.get("/me"), 200, "Nora")

	w.expect(w.post("/lock"), 303)
	w.expect(w.post("/unlock/pin", "person", string(nora.ID), "pin", "271828", "next", "/me"), 303, "/me") // her own page again
	w.expect(w.post("/sign-out"), 303)
	w.expect(w.get("/sign-in"), 200, "With a PIN")
	w.expect(w.post("/unlock/pin", "person", string(omar.ID), "pin", "314159"), 303, "/")

	elsewhere := w.another()
	elsewhere.expect(elsewhere.post("/unlock/pin", "person", string(nora.ID), "pin", "271828"), 422, "PIN is not right")
	w.now = w.now.Add(12 * time.Hour)
	w.expect(w.post("/unlock/pin", "person", string(nora.ID), "pin", "271828"), 422, "PIN is not right")
}

func TestFiveWrongPINsTakeThePasswordAgain(t *testing.T) {
	w := newWard(t, false)
	nora := w.seated("Nora", "271828")
	w.expect(w.post("/lock"), 303)
	for range 5 {
		w.expect(w.post("/unlock/pin", "person", string(nora.ID), "pin", "999990"), 422)
	}
	w.now = w.now.Add(5 * time.Minute)
	w.expect(w.post("/unlock/pin", "person", string(nora.ID), "pin", "271828"), 422)
	w.expect(w.post("/unlock", "password", passphrase), 303)
	w.now = w.now.Add(time.Minute)
	w.expect(w.post("/unlock/pin", "person", string(nora.ID), "pin", "271828"), 303)
}

func TestWhatAPINMayBe(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	for pin, want := range map[string]int{"12345": 422, "123456": 422, "987654": 422, "890123": 422, "111111": 422, "121212": 422, "27182a": 422,
		"2718281828459": 422, "271828": 303, "271828182845": 303} {
		w.expect(w.post("/me/pin", "pin", pin, "pin-again", pin, "sign-password", passphrase), want)
	}
	w.expect(w.post("/me/pin", "pin", "271828", "pin-again", "271829", "sign-password", passphrase), 422, "differ")
	w.expect(w.post("/me/pin", "pin", "271828", "pin-again", "271828", "sign-password", "wrong"), 422, "password is not right")
	w.expect(w.post("/me/pin/end"), 303)
	if pin, err := w.people.Porter.PIN(t.Context(), hospital.Actor{ID: "ada"}); err != nil || pin.Encoded != "" {
		t.Errorf("the PIN stayed: %v %v", pin, err)
	}
}

// The workstation's cookie is as hard to steal as the session's, and is no way in.
func TestTheStationsCookie(t *testing.T) {
	w := newWard(t, true)
	w.firstAdministrator()
	if w.cookies["__Host-ward-station"] == "" {
		t.Fatalf("cookies: %v", w.cookies)
	}
	stranger := w.another()
	stranger.cookies["__Host-ward-station"] = w.cookies["__Host-ward-station"]
	stranger.expect(stranger.get("/me"), 303, "/sign-in?"+url.Values{"next": {"/me"}}.Encode())
}
