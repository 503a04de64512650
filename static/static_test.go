package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func load(t *testing.T) *Files {
	t.Helper()
	files, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func ask(files *Files, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	files.ServeHTTP(w, r)
	return w
}

// TestVendoredFilesAreWhatWasLocked hashes every vendored file again; one that
// the lock does not know, and one that is missing, are faults too.
func TestVendoredFilesAreWhatWasLocked(t *testing.T) {
	var lock struct {
		Packages []struct{ Name, Version, Licence, Tarball string }
		Files    []struct{ File, Package, From, SHA256 string }
	}
	text, err := embedded.ReadFile("vendor/LOCK.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	locked := map[string]string{}
	for _, f := range lock.Files {
		locked["vendor/"+f.File] = f.SHA256
		if !slices.ContainsFunc(lock.Packages, func(p struct{ Name, Version, Licence, Tarball string }) bool {
			return p.Name == f.Package && p.Version != "" && p.Licence != "" && strings.HasPrefix(p.Tarball, "sha512-")
		}) {
			t.Errorf("%s comes from %q, which the lock does not describe", f.File, f.Package)
		}
	}
	files := load(t)
	for _, name := range files.Names() {
		if !strings.HasPrefix(name, "vendor/") || name == "vendor/LOCK.json" {
			continue
		}
		want, known := locked[name]
		sum := sha256.Sum256(files.byName[name].plain)
		if got := hex.EncodeToString(sum[:]); !known || got != want {
			t.Errorf("%s is not what was locked (known %v): %s", name, known, got)
		}
		delete(locked, name)
	}
	for name := range locked {
		t.Errorf("%s is locked and missing", name)
	}
}

func TestAddressesLastAsLongAsTheBytes(t *testing.T) {
	files := load(t)
	url := files.URL("css/app.css")
	if !regexp.MustCompile(`^/static/css/app\.[0-9a-f]{12}\.css$`).MatchString(url) {
		t.Fatalf("address %q", url)
	}
	lasting := ask(files, url)
	if lasting.Code != 200 || !strings.Contains(lasting.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("lasting address: %d %q", lasting.Code, lasting.Header())
	}
	plain := ask(files, "/static/css/app.css")
	if plain.Code != 200 || plain.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("plain address: %d %q", plain.Code, plain.Header())
	}
	if !bytes.Equal(lasting.Body.Bytes(), plain.Body.Bytes()) {
		t.Error("the two addresses differ")
	}
	if w := ask(files, "/static/css/app.css", "If-None-Match", plain.Header().Get("ETag")); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("asked again: %d, %d bytes", w.Code, w.Body.Len())
	}
	for _, missing := range []string{"/static/css/app.000000000000.css", "/static/", "/static/../static.go", "/static/css", "/static/nothing.js"} {
		if w := ask(files, missing); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", missing, w.Code)
		}
	}
}

func TestCompressedIsTheSame(t *testing.T) {
	files := load(t)
	plain, zipped := ask(files, "/static/vendor/htmx.min.js"), ask(files, "/static/vendor/htmx.min.js", "Accept-Encoding", "gzip, br")
	if zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Body.Len() >= plain.Body.Len() {
		t.Fatalf("not compressed: %v, %d of %d bytes", zipped.Header(), zipped.Body.Len(), plain.Body.Len())
	}
	reader, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := io.ReadAll(reader)
	if err != nil || !bytes.Equal(unzipped, plain.Body.Bytes()) {
		t.Errorf("unzipped differs: %v", err)
	}
}

func TestStaticFilesAreOnlyRead(t *testing.T) {
	w := httptest.NewRecorder()
	load(t).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/static/css/app.css", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

// TestFirstVisitStaysLight holds what a phone on a ward's network loads first.
func TestFirstVisitStaysLight(t *testing.T) {
	const budget = 44 << 10 // bytes, compressed
	files, sum := load(t), 0
	for _, name := range []string{"css/app.css", "js/ui.js", "js/live.js", "vendor/htmx.min.js", "vendor/icons.svg"} {
		sum += len(files.byName[name].zipped())
	}
	if sum > budget {
		t.Errorf("a first visit loads %d bytes, the budget is %d", sum, budget)
	}
	t.Logf("first visit: %d bytes", sum)
}

// TestStylesKeepToThePolicy: the policy allows our own files only.
func TestStylesKeepToThePolicy(t *testing.T) {
	files := load(t)
	for _, name := range files.Names() {
		if strings.HasPrefix(name, "vendor/") {
			continue
		}
		content := string(files.byName[name].plain)
		for _, bad := range []string{"https://", "eval(", "new Function", "@import", ".innerHTML +=", "document.write"} {
			if strings.Contains(content, bad) {
				t.Errorf("%s contains %q", name, bad)
			}
		}
	}
}
