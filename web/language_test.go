package web

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"wardwatch/tracking/hospital"
)

// askIn asks for the sign-in page as a browser that prefers a language.
func (w *ward) askIn(path, languages string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(get, path, nil)
	r.Header.Set("Accept-Language", languages)
	return w.send(r)
}

// A page is worded as the account says, else as this browser chose, else as the
// browser asks, else as the site has it.
func TestWhoseLanguageIsSpoken(t *testing.T) {
	w := newWard(t, false)
	w.expect(w.get("/sign-in"), http.StatusOK, `<html lang="en"`, "Password")
	w.expect(w.askIn("/sign-in", "de-CH,de;q=0.9,en;q=0.5"), http.StatusOK, `<html lang="de"`, "Passwort", "Anmelden")
	w.expect(w.askIn("/sign-in", "fr,it;q=0.5"), http.StatusOK, `<html lang="en"`)

	w.firstAdministrator()
	colleague, stranger := w.colleague("Olga Frost", "olga@ward.example", "nurse"), w.another()
	w.door.Register.Replace(hospital.NewDirectory(hospital.Site{ID: "s", Name: "St Anne", Zone: "Europe/Berlin", Language: "de"}, nil, nil, nil, nil, nil))
	stranger.expect(stranger.get("/sign-in"), http.StatusOK, `<html lang="de"`)
	stranger.expect(stranger.askIn("/sign-in", "en-GB"), http.StatusOK, `<html lang="en"`)

	w.expect(w.post("/me/language", "language", "en"), http.StatusSeeOther)
	w.expect(w.askIn("/me", "de"), http.StatusOK, `<html lang="en"`, "Your account")
	w.expect(w.post("/me/language", "language", "de"), http.StatusSeeOther)
	w.expect(w.get("/me"), http.StatusOK, `<html lang="de"`, "Ihr Konto", "Bisheriges Passwort")

	// What her browser chose is not another person's: the account goes first.
	colleague.cookies[languageCookie] = "de"
	colleague.expect(colleague.post("/me/language", "language", "en"), http.StatusSeeOther)
	colleague.cookies[languageCookie] = "de"
	colleague.expect(colleague.get("/me"), http.StatusOK, `<html lang="en"`)

	for _, unknown := range []string{"fr", "", "qps-ploc", "<script>"} {
		if answer := w.post("/me/language", "language", unknown); answer.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d", unknown, answer.Code)
		}
	}
	stranger.cookies[languageCookie] = "qps-ploc" // the pseudo-locale is the demo's alone
	stranger.expect(stranger.get("/sign-in"), http.StatusOK, `<html lang="de"`)
}

// What a form refuses, and what it says when it is done, is worded like its page.
func TestARefusalSpeaksTheReadersLanguage(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	w.expect(w.post("/me/language", "language", "de"), http.StatusSeeOther)
	w.expect(w.post("/me/password", "old", "wrong", "new", "short"), http.StatusUnprocessableEntity, "Passwort")
	w.expect(w.get("/nothing-here"), http.StatusNotFound, "Unter dieser Adresse gibt es keine Seite", `<html lang="de"`)
}

// A site that reads Fahrenheit is shown it; what is stored and typed stays Celsius.
func TestASiteReadsFahrenheit(t *testing.T) {
	w := newWard(t, false)
	w.door.Register.Replace(hospital.NewDirectory(hospital.Site{ID: "s", Name: "Room at 4.0 °C", Zone: "Europe/Berlin", Fahrenheit: true}, nil, nil, nil, nil, nil))
	w.expect(w.get("/sign-in"), http.StatusOK, "39.2\u00a0°F")
}

// How she likes pages shown is kept with her account, is nobody else's, and stands in the trail.
func TestPagesAreShownAsTheirReaderLikes(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	colleague := w.colleague("Olga Frost", "olga@ward.example", "nurse")
	w.door.Register.Replace(hospital.NewDirectory(hospital.Site{ID: "s", Name: "Round at 14:30, 4.0 °C", Zone: "Europe/Berlin"}, nil, nil, nil, nil, nil))
	w.expect(w.post("/me/reading", "degrees", "F", "clock", "12", "letters", "largest"), http.StatusSeeOther, "/me")
	hers := []string{"Round at 2:30\u00a0PM, 39.2\u00a0°F", `data-letters="largest"`, `data-hours="12"`, `<option value="F" selected`}
	w.expect(w.get("/me"), http.StatusOK, hers...)
	elsewhere := w.another()
	elsewhere.expect(elsewhere.post("/sign-in", "email", "ada@linden.example", "password", passphrase), http.StatusSeeOther)
	elsewhere.expect(elsewhere.get("/me"), http.StatusOK, hers...)
	colleague.cookies[habitsCookie] = "F.12.largest" // a cookie counts in the demo alone
	colleague.expect(colleague.get("/me"), http.StatusOK, "Round at 14:30, 4.0 °C")
	w.expect(w.get("/admin/audit?deed=person.show-as"), http.StatusOK, "person.show-as", "largest")

	for _, bad := range [][]string{{"degrees", "K"}, {"clock", "13"}, {"letters", "huge"}} {
		w.expect(w.post("/me/reading", bad...), http.StatusUnprocessableEntity, "be shown like that")
	}
	w.expect(w.get("/me"), http.StatusOK, hers...)

	// Who chose Celsius reads it where the site has Fahrenheit.
	w.door.Register.Replace(hospital.NewDirectory(hospital.Site{ID: "s", Name: "Round at 14:30, 4.0 °C", Zone: "Europe/Berlin", Fahrenheit: true}, nil, nil, nil, nil, nil))
	colleague.expect(colleague.get("/me"), http.StatusOK, "39.2\u00a0°F")
	colleague.expect(colleague.post("/me/reading", "degrees", "C"), http.StatusSeeOther)
	colleague.expect(colleague.get("/me"), http.StatusOK, "Round at 14:30, 4.0 °C")
}
