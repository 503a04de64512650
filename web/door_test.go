package web

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"wardwatch/tracking/hospital"
)

func newDoor(t *testing.T, who hospital.Actor, known bool, extra ...route) *Door {
	t.Helper()
	d, err := New(Parts{Register: hospital.NewRegister(nil), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry(),
		WhoAsks: func(*http.Request) (hospital.Actor, bool) { return who, known }, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.hang(extra); err != nil {
		t.Fatal(err)
	}
	return d
}

func ask(d *Door, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func fine(c echo.Context) error { return c.String(http.StatusOK, "fine") }

func TestARouteWithoutPermissionKeepsTheServerFromStarting(t *testing.T) {
	d := newDoor(t, hospital.Actor{}, false)
	for _, bad := range []route{{get, "/open", "", fine}, {get, "/typo", "see equipmnt", fine}} {
		if err := d.hang([]route{bad}); err == nil || !strings.Contains(err.Error(), bad.path) {
			t.Errorf("%s: %v", bad.path, err)
		}
	}
	if err := d.hang([]route{{get, "/a", Public, fine}, {get, "/a", Public, fine}}); err == nil {
		t.Error("a route declared twice was taken")
	}
}

func TestWhoMayPass(t *testing.T) {
	nurse := hospital.Actor{ID: "n", Name: "Nora", Roles: []hospital.Role{hospital.Nurse}}
	routes := []route{{get, "/x-see", hospital.SeeEquipment, fine}, {get, "/x-approve", hospital.ApproveOrders, fine},
		{get, "/x-me", SignedIn, fine}, {get, "/x-all", Public, fine}}
	for _, c := range []struct {
		path  string
		known bool
		want  int
	}{
		{"/x-see", true, 200}, {"/x-approve", true, 403}, {"/x-me", true, 200}, {"/x-all", true, 200},
		{"/x-see", false, 303}, {"/x-approve", false, 303}, {"/x-me", false, 303}, {"/x-all", false, 200},
	} {
		if got := ask(newDoor(t, nurse, c.known, routes...), get, c.path).Code; got != c.want {
			t.Errorf("%s, known %v: %d, want %d", c.path, c.known, got, c.want)
		}
	}
	stranger := newDoor(t, hospital.Actor{}, false, routes...)
	if to := ask(stranger, get, "/x-see?a=1").Header().Get("Location"); to != "/sign-in?next=%2Fx-see%3Fa%3D1" {
		t.Errorf("sent to %q", to)
	}
	if w := ask(stranger, get, "/x-see", "Accept", "application/json"); w.Code != 401 {
		t.Errorf("a program was answered %d", w.Code)
	}
	if w := ask(stranger, get, "/x-see", "HX-Request", "true"); w.Header().Get("HX-Redirect") == "" {
		t.Error("htmx was not sent to the sign-in page")
	}
}

func TestWhatGoesWrongIsSaidWithoutInternals(t *testing.T) {
	secret := errors.New("dial tcp 10.1.2.3: password=hunter2")
	for name, c := range map[string]struct {
		err  error
		code int
		says string
	}{
		"internal": {fmt.Errorf("load: %w", secret), 500, "Nothing was changed"},
		"stale":    {fmt.Errorf("approve: %w", hospital.ErrStale), 409, "Somebody changed this"},
		"unknown":  {fmt.Errorf("asset x: %w", hospital.ErrUnknown), 404, "no such thing"},
		"refused":  {fmt.Errorf("use: %w", hospital.Refuse(hospital.ErrInvalid, "Use at least 1.")), 422, "Use at least 1."},
	} {
		d := newDoor(t, hospital.Actor{}, false, route{get, "/x", Public, func(echo.Context) error { return c.err }})
		for _, accept := range []string{"text/html", "application/json"} {
			w := ask(d, get, "/x", "Accept", accept)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) || strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("%s as %s: %d %q", name, accept, w.Code, w.Body)
			}
		}
	}
	d := newDoor(t, hospital.Actor{}, false, route{get, "/x", Public, func(echo.Context) error { panic("hunter2") }})
	if w := ask(d, get, "/x"); w.Code != 500 || strings.Contains(w.Body.String(), "hunter2") {
		t.Errorf("a panic: %d %q", w.Code, w.Body)
	}
}

func TestAnotherSitesFormIsRefused(t *testing.T) {
	d := newDoor(t, hospital.Actor{}, false, route{post, "/x", Public, fine})
	if w := ask(d, post, "/x", "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("got %d", w.Code)
	}
	if w := ask(d, post, "/x", "Sec-Fetch-Site", "same-origin"); w.Code != 200 {
		t.Errorf("got %d", w.Code)
	}
}
