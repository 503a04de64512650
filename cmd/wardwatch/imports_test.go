package main

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
)

// importFile sends a file as the form of imports does.
func (v visitor) importFile(kind, name, file string) *httptest.ResponseRecorder {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("kind", kind)
	if name != "" {
		part, _ := form.CreateFormFile("file", name)
		_, _ = part.Write([]byte(file))
	}
	_ = form.Close()
	r := httptest.NewRequest(http.MethodPost, "/admin/imports", &body)
	r.Host = "127.0.0.1"
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(&http.Cookie{Name: "ward", Value: v.secret.Reveal()})
	answer := httptest.NewRecorder()
	v.house.door.ServeHTTP(answer, r)
	return answer
}

// said is the sentence that an answer leaves for the page that it leads to.
func said(answer *httptest.ResponseRecorder) string {
	text, _ := url.QueryUnescape(answer.Header().Get("Set-Cookie"))
	return text
}

// shown is the page that an answer leads to.
func (v visitor) shown(t *testing.T, answer *httptest.ResponseRecorder) (path, page string) {
	t.Helper()
	path = answer.Header().Get("Location")
	if answer.Code != http.StatusSeeOther {
		t.Fatalf("answered %d: %.400s", answer.Code, answer.Body)
	}
	_, page = v.see(path)
	return path, page
}

// TestAFileIsLookedAtBeforeItIsTakenIn: what it would change is said, and everything that is
// wrong with it; taken in it is when somebody has seen that.
func TestAFileIsLookedAtBeforeItIsTakenIn(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	ada := visitorAs(t, visitors(t, h), hospital.Administrator)
	h.door.Patience = time.Minute
	says := func(page string, all ...string) {
		t.Helper()
		for _, want := range all {
			if text, not := strings.CutPrefix(want, "!"); strings.Contains(page, text) == not {
				t.Errorf("%q is there: %v", text, not)
			}
		}
	}
	_, page := ada.see("/admin/imports")
	says(page, "The whole hospital", "par_levels", "quantity</code>")
	path, page := ada.shown(t, ada.importFile("assets", "new pumps.csv", "id,kind,name\nX-900,infusion pump,New one\nX-901,infusion pump,Newer one\n"))
	says(page, "new pumps.csv", ">2</span>", "infusion pump X-900", "row 2", "Take it in")
	if status, _ := ada.see("/assets/X-900"); status != http.StatusNotFound {
		t.Errorf("a look has taken it in: %d", status)
	}
	taken := ada.post(path)
	if says(said(taken), "Taken in: 2 added, 0 changed, 0 as they were."); taken.Header().Get("Location") != "/admin/imports" {
		t.Errorf("led to %s", taken.Header().Get("Location"))
	}
	if status, _ := ada.see("/assets/X-900"); status != http.StatusOK {
		t.Errorf("it is not there: %d", status)
	}
	if status, _ := ada.see(path); status != http.StatusNotFound {
		t.Errorf("the file waits on: %d", status)
	}
	_, page = ada.shown(t, ada.importFile("assets", "again.csv", "id,kind,name\nX-900,infusion pump,New one\n"))
	says(page, "The file changes nothing", "!Take it in")
	bad, page := ada.shown(t, ada.importFile("assets", "bad.csv", "id,kind,name\n"+strings.Repeat("X-9,infusion pump,One of many\n", 30)))
	says(page, "Nothing can be taken in: 29 faults", "row 3", "and 9 more", "!Take it in", "All faults (CSV)", "!row 31", bad+"/faults.csv")
	_, page = ada.see(bad + "/faults.csv")
	says(page, "row 3,", "stands in row 2 already.", "row 31,", "!row 32")
	_, page = ada.shown(t, ada.importFile("use", "use.csv", "item,place,date,quantity\nmmr,nowhere,2026-01-05,3\n"))
	says(page, "Nothing can be taken in: 1 fault.")
	_, page = ada.shown(t, ada.importFile("floorplan", "plan.json", "{}"))
	says(page, "no plan that can be read")
	_, page = ada.shown(t, ada.importFile("hospital", "other.json", `{"format":"wardwatch-hospital/1","site":{"id":"another","name":"Another","zone":"UTC"}}`))
	says(page, "a database holds one site")
	for _, answer := range []*httptest.ResponseRecorder{ada.importFile("assets", "", ""), ada.importFile("secrets", "x", "y")} {
		if answer.Code != http.StatusUnprocessableEntity {
			t.Errorf("answered %d", answer.Code)
		}
	}
	if _, page := ada.see("/admin/audit"); !strings.Contains(page, "hospital.import") {
		t.Error("the trail does not tell who took it in")
	}
}

// TestAnImportThatTakesItsTimeCanBeStopped: its page says so; stopped, nothing is changed and
// the file still waits.
func TestAnImportThatTakesItsTimeCanBeStopped(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	ada := visitorAs(t, visitors(t, h), hospital.Administrator)
	h.door.Patience = time.Minute
	preview, _ := ada.shown(t, ada.importFile("assets", "pumps.csv", "id,kind,name\nX-900,infusion pump,New one\n"))
	held, release, writing := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		writing <- h.db.InTx(context.Background(), func(*db.Tx) error { close(held); <-release; return nil })
	}()
	<-held
	h.door.Patience = time.Millisecond
	work, page := ada.shown(t, ada.post(preview))
	if !strings.HasPrefix(work, "/work/") || !strings.Contains(page, "pumps.csv") || !strings.Contains(page, ">Stop</button>") {
		t.Fatalf("%s: %.600s", work, page)
	}
	if _, page := ada.see("/admin/imports"); !strings.Contains(page, "pumps.csv") || !strings.Contains(page, `href="`+work+`"`) {
		t.Errorf("nothing leads back to it: %.600s", page)
	}
	ada.post(work)
	close(release)
	if err := <-writing; err != nil {
		t.Fatal(err)
	}
	h.door.Patience = time.Minute
	if _, page := ada.shown(t, ada.post(work)); !strings.Contains(page, "Stopped. Nothing was changed.") {
		t.Errorf("%.600s", page)
	}
	if status, _ := ada.see("/assets/X-900"); status != http.StatusNotFound {
		t.Errorf("it was taken in: %d", status)
	}
	if text := said(ada.post(preview)); !strings.Contains(text, "Taken in: 1 added") {
		t.Errorf("the file waits no longer: %q", text)
	}
	if _, page := ada.see("/admin/imports"); !strings.Contains(page, "Taken in: 1 added") || strings.Contains(page, preview) {
		t.Errorf("what came of it is not told, or the file still waits: %.600s", page)
	}
}
