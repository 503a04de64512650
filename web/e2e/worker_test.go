package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
)

// cacheOf is what the worker keeps: the names of its caches, and the addresses in them.
const cacheOf = `caches.keys().then(async (names) => names.join(" ") + "\n" + (await Promise.all(names.map(async (n) => (await (await caches.open(n)).keys()).map((r) => new URL(r.url).pathname)))).flat().join("\n"))`

// untilWorker opens home until the worker answers for the page. A worker takes the pages that are
// there when it is ready; one that is just arriving is passed over, and one left while its worker
// was set up may have cut that short: in both cases the next page has it.
func (b *tab) untilWorker() {
	b.t.Helper()
	const atWork = `!!navigator.serviceWorker.controller`
	for try := 0; try < 3 && b.eval(atWork) != "true"; try++ {
		b.open("/")
		b.awaits(`Promise.race([navigator.serviceWorker.ready.then(() => "ready"), new Promise((tired) => setTimeout(() => tired("not yet"), 20000))])`)
	}
	b.until("the worker is at work", atWork)
}

// nextBuild stands in front of a server; once it is told to, it serves the worker and the style
// sheet of another build.
func nextBuild(t *testing.T, s *server, is *atomic.Bool) *httptest.Server {
	t.Helper()
	to, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	version, sheet := regexp.MustCompile(`const version = "wardwatch-\w+"`), regexp.MustCompile(`/static/css/app\.\w+\.css`)
	var known atomic.Value // where the style sheet is, of the build that there is
	front := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		switch r.In.URL.Path {
		case "/sw.js":
			r.Out.Header.Del("Accept-Encoding")
		case "/static/css/app.next.css":
			r.Out.URL.Path = known.Load().(string)
		}
	}, ModifyResponse: func(answer *http.Response) error {
		if answer.Request.URL.Path != "/sw.js" {
			return nil
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		known.Store(sheet.FindString(string(text)))
		if is.Load() {
			text = sheet.ReplaceAll(version.ReplaceAll(text, []byte(`const version = "wardwatch-next"`)), []byte("/static/css/app.next.css"))
		}
		answer.Body = io.NopCloser(strings.NewReader(string(text)))
		answer.ContentLength = int64(len(text))
		answer.Header.Del("Content-Length")
		return nil
	}}
	server := httptest.NewServer(front)
	t.Cleanup(server.Close)
	return server
}

// TestANewBuildTakesTheOldOnesPlace: while a page is open with half a form typed, the house
// gets another build. Its worker takes over with its own shell, what the old one kept is gone,
// and the text stands where it stood; without a connection it is the new worker that says so.
func TestANewBuildTakesTheOldOnesPlace(t *testing.T) {
	s, link := house(t)
	var is atomic.Bool
	front := nextBuild(t, s, &is)
	b := (&server{t: t, url: front.URL}).look(t, "", desk)
	b.tolerate = []string{"WebSocket", "ERR_CONNECTION_REFUSED", "/live", "Failed to load", "net::"}
	b.open(link)
	b.put(`input[name="name"]`, "Ada Root")
	b.put(`input[name="email"]`, "ada@linden.example")
	b.put(`input[name="password"]`, "tiger-lamp-cloud-seven")
	b.click(`main form button.primary`)
	b.until("she is in", `location.pathname === "/"`)
	b.untilWorker()
	b.open("/admin/start")
	b.put("#start-house-site", "Linden, half typed")
	before, old, _ := strings.Cut(b.awaits(cacheOf), "\n")
	if !strings.HasPrefix(before, "wardwatch-") || strings.Contains(before, " ") || !strings.Contains(old, "/static/css/app.") {
		t.Fatalf("the first build keeps %s: %s", before, old)
	}
	is.Store(true)
	b.eval(`window.taken = 0; navigator.serviceWorker.addEventListener("controllerchange", () => window.taken++); navigator.serviceWorker.getRegistration().then((r) => r.update()); ""`)
	b.until("the new worker takes over", `window.taken > 0`)
	b.eval(`(async function look() { window.kept = (await caches.keys()).join(" "); setTimeout(look, 50); })(); ""`)
	b.until("what the old one kept is gone", `window.kept === "wardwatch-next"`)
	_, now, _ := strings.Cut(b.awaits(cacheOf), "\n")
	if !strings.Contains(now, "/offline") || !strings.Contains(now, "/static/css/app.next.css") || strings.Count(now, "/static/css/") != 1 {
		t.Errorf("the new build keeps %s", now)
	}
	if typed := b.eval(`document.querySelector("#start-house-site").value`); typed != "Linden, half typed" {
		t.Errorf("typed is %q", typed)
	}
	front.CloseClientConnections()
	front.Close()
	b.do(chromedp.Navigate(front.URL + "/coldchain"))
	b.until("the new worker says that there is no connection", `/^No connection since \d\d:\d\d/.test((document.getElementById("offline-since") || {textContent: ""}).textContent)`)
}
