package web

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestForwardedHeadersAreBelievedOfOurProxiesAlone(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.5", "192.168.7.0/24", "2001:db8::/64"})
	if err != nil {
		t.Fatal(err)
	}
	d := &Door{Parts: Parts{Proxies: proxies}}
	for name, c := range map[string]struct{ remote, says, proto, from, scheme string }{
		"our proxy":                       {"10.0.0.5:99", "203.0.113.7", "https", "203.0.113.7", "https"},
		"two of ours in a row":            {"10.0.0.5:99", "203.0.113.7, 192.168.7.9", "https", "203.0.113.7", "https"},
		"a browser that makes up a chain": {"10.0.0.5:99", "127.0.0.1, 203.0.113.7", "https", "203.0.113.7", "https"},
		"over IPv6":                       {"[2001:db8::1]:99", "2001:db8:1::2", "http", "2001:db8:1::2", ""},
		"a stranger who claims":           {"203.0.113.9:99", "127.0.0.1", "https", "203.0.113.9", ""},
		"our proxy says nonsense":         {"10.0.0.5:99", "unknown", "HTTPS?", "10.0.0.5", ""},
		"our proxy says nothing":          {"10.0.0.5:99", "", "", "10.0.0.5", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		for name, value := range map[string]string{"X-Forwarded-For": c.says, "X-Forwarded-Proto": c.proto, "X-Forwarded-Host": "evil.example", "X-Real-Ip": "127.0.0.1"} {
			r.Header.Set(name, value)
		}
		context := echo.New().NewContext(r, httptest.NewRecorder())
		if err := d.behindProxies(func(echo.Context) error { return nil })(context); err != nil {
			t.Fatal(err)
		}
		from, _ := remoteOf(r.RemoteAddr)
		if from.String() != c.from || r.Header.Get("X-Forwarded-Proto") != c.scheme || r.Header.Get("X-Forwarded-Host")+r.Header.Get("X-Real-Ip") != "" {
			t.Errorf("%s: from %s, scheme %q, %v", name, from, r.Header.Get("X-Forwarded-Proto"), r.Header)
		}
	}
	for _, wrong := range []string{"", "proxy.example", "10.0.0.0/99", "10.0.0"} {
		if _, err := ParseProxies([]string{wrong}); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func TestPlainHTTPLeadsToHTTPS(t *testing.T) {
	for name, c := range map[string]struct{ public, port, method, url, to string }{
		"same host":            {"", "8443", "GET", "http://ward.example/stock?q=a%20b", "https://ward.example:8443/stock?q=a%20b"},
		"the usual port":       {"", "443", "GET", "http://ward.example:80/", "https://ward.example/"},
		"where we are known":   {"https://ward.example", "8443", "HEAD", "http://evil.example/", "https://ward.example/"},
		"by IPv6":              {"", "8443", "GET", "http://[::1]:80/", "https://[::1]:8443/"},
		"two slashes":          {"", "8443", "GET", "http://ward.example//evil.example", "https://ward.example:8443//evil.example"},
		"a form has been read": {"", "8443", "POST", "http://ward.example/sign-in", ""},
	} {
		w := httptest.NewRecorder()
		ToHTTPS(c.public, c.port).ServeHTTP(w, httptest.NewRequest(c.method, c.url, nil))
		if got := w.Header().Get("Location"); got != c.to || (c.to == "") != (w.Code == http.StatusForbidden) {
			t.Errorf("%s: %d to %q", name, w.Code, got)
		}
	}
}
