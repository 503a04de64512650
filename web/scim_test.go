package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

// directory is a program that brings people in and out.
type directory struct {
	*ward
	token string
}

func withDirectory(t *testing.T) directory {
	t.Helper()
	w := newWard(t, true)
	w.firstAdministrator()
	_, secret, err := w.people.Keys.AddDirectory(t.Context(), hospital.Job("test"), "Linden directory")
	if err != nil {
		t.Fatal(err)
	}
	return directory{w.another(), secret.Reveal()}
}

func (d directory) ask(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/scim+json")
	r.Header.Set("Authorization", "Bearer "+d.token)
	return d.send(r)
}

const joins = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"Nora@Linden.example","externalId":"x-1",
	"name":{"givenName":"Nora","familyName":"Ode"},"emails":[{"value":"other@linden.example"},{"value":"nora@linden.example","primary":true}],"roles":[{"value":"nurse"}],"active":true}`

func TestADirectoryBringsPeopleInAndOut(t *testing.T) {
	d := withDirectory(t)
	joined := d.ask("POST", "/Users", joins)
	d.expect(joined, 201, `"id":"nora"`, `"displayName":"Nora Ode"`, `"active":true`, "/scim/v2/Users/nora")
	if kind := joined.Header().Get("Content-Type"); kind != "application/scim+json" {
		t.Errorf("answered as %s", kind)
	}
	d.expect(d.ask("POST", "/Users", joins), 409, "uniqueness")
	d.expect(d.ask("POST", "/Users", strings.ReplaceAll(strings.ReplaceAll(joins, "Nora@", "ada@"), "nora@", "ada@")), 409) // a local account is not taken over
	d.expect(d.ask("GET", `/Users?filter=`+url.QueryEscape(`userName eq "NORA@linden.example"`), ""), 200, `"totalResults":1`, "nora")
	d.expect(d.ask("GET", `/Users?filter=`+url.QueryEscape(`externalId eq "x-2"`), ""), 200, `"totalResults":0`)
	d.expect(d.ask("GET", `/Users?filter=`+url.QueryEscape(`title co "x"`), ""), 400, "invalidValue")
	d.expect(d.ask("GET", "/Users?startIndex=2&count=5", ""), 200, `"Resources":[]`)
	d.expect(d.ask("GET", "/Users/ada", ""), 404) // whom it did not bring in is none of its business

	// She signs in by a one-time link, and leaves.
	link, err := d.people.Porter.Invite(t.Context(), hospital.Job("test"), "nora")
	if err != nil {
		t.Fatal(err)
	}
	nora := d.another()
	nora.expect(nora.post("/setup/"+link.Reveal(), "password", passphrase), 303)
	nora.expect(nora.get("/me"), 200, "Nora Ode")
	patch := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}`
	d.expect(d.ask("PATCH", "/Users/nora", fmt.Sprintf(patch, `{"op":"Replace","path":"active","value":"False"}`)), 200, `"active":false`)
	nora.expect(nora.get("/me"), 303, "/sign-in")
	nora.expect(nora.post("/sign-in", "email", "nora@linden.example", "password", passphrase), 422)
	d.expect(d.ask("PATCH", "/Users/nora", fmt.Sprintf(patch, `{"op":"replace","value":{"active":true,"displayName":"Nora Falk","emails[type eq \"work\"].value":"falk@linden.example"}},
		{"op":"add","path":"roles","value":[{"value":"Pharmacist"},{"value":"astronaut"}]}`)), 200, `"active":true`, "Nora Falk", "falk@linden.example", "pharmacist")
	nora.expect(nora.post("/sign-in", "email", "falk@linden.example", "password", passphrase), 303)
	d.expect(d.ask("PUT", "/Users/nora", `{"userName":"nora","displayName":"Nora","emails":[{"value":"nora@linden.example"}]}`), 200, `"displayName":"Nora"`, "pharmacist")
	d.expect(d.ask("DELETE", "/Users/nora", ""), 204)
	nora.expect(nora.get("/me"), 303, "/sign-in")
	d.expect(d.ask("GET", "/Users/nora", ""), 200, `"active":false`)
	for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas"} {
		d.expect(d.ask("GET", path, ""), 200, "schemas")
	}
}

func TestADirectoryMayNothingElse(t *testing.T) {
	d := withDirectory(t)
	ask := func(path, token string) int {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		return d.send(r).Code
	}
	if code := ask("/api/v1/assets", d.token); code == 200 {
		t.Error("a directory reads the API")
	}
	if _, err := d.people.Keys.Check(t.Context(), d.token); err == nil {
		t.Error("a directory's token delivers readings")
	}
	_, reader, err := d.people.Keys.AddReader(t.Context(), hospital.Job("test"), "reports", hospital.Administrator)
	if err != nil {
		t.Fatal(err)
	}
	_, gateway, err := d.people.Keys.Add(t.Context(), hospital.Job("test"), "ceiling", "gw-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range d.door.Routes() {
		if !strings.HasPrefix(r.Path, scimRoot) {
			continue
		}
		for _, token := range []string{"", "ww_wrong", reader.Reveal(), gateway.Reveal()} {
			request := httptest.NewRequest(r.Method, r.Path, strings.NewReader("{}"))
			request.Header.Set("Authorization", "Bearer "+token)
			if answer := d.send(request); answer.Code != http.StatusUnauthorized {
				t.Errorf("%s %s answers %d", r.Method, r.Path, answer.Code)
			}
		}
	}
}

func TestWhatADirectoryMayNotSay(t *testing.T) {
	d := withDirectory(t)
	for body, want := range map[string]int{"": 400, "[": 400, "{}": 400, `{"userName":"x"}`: 400, `{"userName":"x@y.example","displayName":"` + strings.Repeat("n", 200) + `"}`: 400,
		`{"userName":"` + strings.Repeat("x", maxSCIM) + `"}`: 413, `{"userName":"x@y.example","active":"maybe"}`: 400} {
		d.expect(d.ask("POST", "/Users", body), want)
	}
	d.expect(d.ask("POST", "/Users", joins), 201)
	for _, body := range []string{`{}`, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"move","path":"active"}]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"password","value":"x"}]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"","value":{"":{}}}]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"userName"}]}`} {
		if answer := d.ask("PATCH", "/Users/nora", body); answer.Code != 400 && answer.Code != 200 {
			t.Errorf("%s: %d", body, answer.Code)
		}
	}
	d.expect(d.ask("GET", "/Users/nora", ""), 200, "nora@linden.example", "Nora Ode")
}

func FuzzSCIM(f *testing.F) {
	f.Add(joins, `userName eq "x"`)
	f.Add(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"emails[type eq \"work\"].value","value":"a"}]}`, `externalId eq "\u0041"`)
	f.Fuzz(func(t *testing.T, body, filter string) {
		_, _ = scimFilter(filter)
		var person scimPerson
		_ = json.Unmarshal([]byte(body), &person)
		var patch scimPatchBody
		if json.Unmarshal([]byte(body), &patch) == nil {
			_ = patch.onto(&person)
		}
	})
}
