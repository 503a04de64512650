package web

import (
	"testing"

	"wardwatch/tracking/hospital"
)

// TestANurseSaysAtSignInWhereSheWorks: one tap, then the page that she wanted.
func TestANurseSaysAtSignInWhereSheWorks(t *testing.T) {
	w := newWard(t, false)
	w.firstAdministrator()
	w.door.Register.Replace(hospital.NewDirectory(hospital.Site{Name: "Linden", Zone: "UTC"}, nil, nil, []hospital.Unit{{ID: "ed", Name: "Emergency"}, {ID: "icu", Name: "Intensive care"}}, nil, nil))
	nora := w.colleague("Nora Nurse", "nora@linden.example", "nurse")
	nora.expect(nora.post("/sign-out"), 303)
	nora.expect(nora.post("/sign-in", "email", "nora@linden.example", "password", passphrase, "next", "/me"), 303, "/me/unit?next=%2Fme")
	unit := w.door.Register.Current().Units[1]
	nora.expect(nora.get("/me/unit?next=%2Fme"), 200, "Working where today?", unit.Name, "The whole hospital", `value="/me"`)
	nora.expect(nora.get("/me/unit?next=https://evil.example"), 200, `name="next" value="/"`)
	if answer := nora.post("/me/unit", "unit", "", "next", "/me"); answer.Code != 303 || answer.Header().Get("Location") != "/me" {
		t.Errorf("the choice leads to %d %q", answer.Code, answer.Header().Get("Location"))
	}
}
