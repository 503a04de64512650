package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"wardwatch/tracking/hospital"
)

// post sends a form as a page of ours would.
func (v visitor) post(path string, fields ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Host = "127.0.0.1"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "ward", Value: v.secret.Reveal()})
	answer := httptest.NewRecorder()
	v.house.door.ServeHTTP(answer, r)
	return answer
}

func visitorAs(t *testing.T, all []visitor, role hospital.Role) visitor {
	t.Helper()
	for _, v := range all {
		if v.name == string(role) {
			return v
		}
	}
	t.Fatalf("nobody is %s", role)
	return visitor{}
}

// The administration leads to every page that one may open, and to none that one may not.
func TestTheAdministrationLeadsWhereOneMayGo(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	all := visitors(t, h)
	for role, want := range map[hospital.Role]struct{ there, not []string }{
		hospital.Administrator: {[]string{"/admin/people", "/admin/roles", "/admin/units", "/admin/gateways", "/admin/devices", "/admin/tags", "/admin/tokens", "/admin/certificates",
			"/admin/suppliers", "/admin/health", "/admin/jobs", "/admin/backups", "/admin/notices", "/admin/audit"}, nil},
		hospital.Auditor:            {[]string{"/admin/jobs", "/admin/audit", "/admin/backups"}, []string{"/admin/people", "/admin/units"}},
		hospital.BiomedicalEngineer: {[]string{"/admin/gateways", "/admin/tags"}, []string{"/admin/jobs", "/admin/audit", "/admin/suppliers"}},
	} {
		v := visitorAs(t, all, role)
		status, home := v.see("/admin")
		_, body, _ := strings.Cut(home, "<main")
		for _, href := range want.there {
			if !strings.Contains(body, `href="`+href+`"`) {
				t.Errorf("the %s is not led to %s", role, href)
			}
			if status, _ := v.see(href); status != http.StatusOK {
				t.Errorf("%s answers the %s %d", href, role, status)
			}
		}
		for _, href := range want.not {
			if strings.Contains(body, `href="`+href+`"`) {
				t.Errorf("the %s is led to %s", role, href)
			}
		}
		if status != http.StatusOK {
			t.Errorf("the home answers the %s %d", role, status)
		}
	}
	if status, _ := visitorAs(t, all, hospital.Nurse).see("/admin"); status != http.StatusForbidden {
		t.Errorf("a nurse: %d", status)
	}
}

// Units and suppliers are changed at once; what can't be so comes back with a sentence
// and with what was typed.
func TestUnitsAndSuppliersAreChangedWithoutARestart(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	administrator := visitorAs(t, visitors(t, h), hospital.Administrator)
	expect := func(answer *httptest.ResponseRecorder, status int, says ...string) {
		t.Helper()
		if answer.Code != status {
			t.Fatalf("answered %d: %.300s", answer.Code, answer.Body.String())
		}
		for _, text := range says {
			if !strings.Contains(answer.Body.String(), text) {
				t.Errorf("it does not say %q", text)
			}
		}
	}
	expect(administrator.post("/admin/units", "new", "yes", "id", "ward-z", "name", "Ward Z"), http.StatusSeeOther)
	expect(administrator.ask("GET", "/admin/units"), http.StatusOK, "Ward Z", "ward-z")
	expect(administrator.post("/admin/units", "id", "ward-z", "name", "Ward Zed"), http.StatusSeeOther)
	if unit, ok := h.register.Current().Unit("ward-z"); !ok || unit.Name != "Ward Zed" {
		t.Errorf("the register has %+v", unit)
	}
	expect(administrator.post("/admin/units", "new", "yes", "id", "ward-z", "name", "Another"), http.StatusUnprocessableEntity, "of that short name already", `value="Another"`)
	expect(administrator.post("/admin/units", "new", "yes", "id", "not a name!", "name", "X"), http.StatusUnprocessableEntity, `value="not a name!"`)
	supplier := []string{"id", "s-new", "name", "New Supplies", "email", "orders@new.example", "currency", "eur", "lead_days", "4", "minimum", "5000"}
	expect(administrator.post("/admin/suppliers", supplier...), http.StatusSeeOther)
	expect(administrator.ask("GET", "/admin/suppliers?id=s-new"), http.StatusOK, "New Supplies", "orders@new.example", `value="5000"`)
	supplier[9] = "soon"
	expect(administrator.post("/admin/suppliers", supplier...), http.StatusUnprocessableEntity, "whole numbers", "New Supplies")
	expect(administrator.ask("GET", "/admin/audit"), http.StatusOK, "hospital.import")
	expect(administrator.post("/admin/jobs", "job", verifyJob), http.StatusSeeOther)
	expect(administrator.ask("GET", "/admin/jobs"), http.StatusOK, "About to run", "every day from 02:00", "every 10 minutes.", "every minute.", "every hour.")
	expect(administrator.post("/admin/jobs", "job", "none"), http.StatusNotFound)
	expect(administrator.ask("GET", "/admin/backups"), http.StatusOK, "No copies are made")
	expect(administrator.ask("GET", "/admin/certificates"), http.StatusOK, "No certificate was ever shown")
	expect(administrator.ask("GET", "/admin/health"), http.StatusOK, "Works")
	expect(administrator.ask("GET", "/admin/notices"), http.StatusOK, "No notice yet")
	expect(administrator.ask("GET", "/admin/roles"), http.StatusOK, "Approve orders")
	expect(administrator.ask("GET", "/admin/tags"), http.StatusOK, "P-001")
	expect(administrator.ask("GET", "/admin/audit/checkpoint"), http.StatusNotFound)
	if err := h.checkpoint(t.Context(), h.now()); err != nil {
		t.Fatal(err)
	}
	expect(administrator.ask("GET", "/admin/audit/checkpoint"), http.StatusOK, "wardwatch/", "— wardwatch ")
	expect(administrator.ask("GET", "/admin/audit/key"), http.StatusOK, "wardwatch+")
}
