package sms

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"wardwatch/tracking/notify"
)

// provider is a gateway that records what it was sent and answers as it is told.
type provider struct {
	*httptest.Server
	mu     sync.Mutex
	seen   []*http.Request
	bodies []string
	answer func(w http.ResponseWriter, r *http.Request)
}

func newProvider(t *testing.T, answer func(http.ResponseWriter, *http.Request)) *provider {
	t.Helper()
	p := &provider{answer: answer}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		p.seen, p.bodies = append(p.seen, r), append(p.bodies, string(body))
		p.mu.Unlock()
		p.answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func taken(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"status":"queued"}`) }

var warm = notify.Message{ID: 7, To: "+491701234567", Subject: `Fridge "1": too warm, serious`, URL: "https://ward.example/alarms#alarm-3",
	Alarm: notify.Alarm{ID: 3, Text: "9.4 °C,\nlimit 8.0 °C & {to}"}}

const said = `Fridge "1": too warm, serious. 9.4 °C, limit 8.0 °C & {to}. https://ward.example/alarms#alarm-3`

func TestAMessageGoesInTheShapeThatAProviderWants(t *testing.T) {
	p := newProvider(t, taken)
	for _, c := range []struct {
		name     string
		settings Settings
		check    func(r *http.Request, body string) bool
	}{
		{"JSON", Settings{URL: p.URL + "/v1/send", Body: `{"to":"{to}","text":"{text}","ref":"{id}"}`, ContentType: "application/json", Headers: []string{"Authorization: Bearer k3y"}, Success: "queued"},
			func(r *http.Request, body string) bool {
				var got map[string]string
				return json.Unmarshal([]byte(body), &got) == nil && got["to"] == warm.To && got["text"] == said && got["ref"] == "7" && r.Header.Get("Authorization") == "Bearer k3y"
			}},
		{"a form", Settings{URL: p.URL, Body: "To={to}&Body={text}", ContentType: "application/x-www-form-urlencoded"},
			func(_ *http.Request, body string) bool {
				got, err := url.ParseQuery(body)
				return err == nil && got.Get("To") == warm.To && got.Get("Body") == said
			}},
		{"a modem gateway's address", Settings{URL: p.URL + "/cgi?number={to}&message={text}", Method: "GET"},
			func(r *http.Request, body string) bool {
				return body == "" && r.URL.Query().Get("number") == warm.To && r.URL.Query().Get("message") == said && r.Method == "GET"
			}},
		{"plain text", Settings{URL: p.URL + "/{to}", Body: "{text}"},
			func(r *http.Request, body string) bool { return body == said && r.URL.Path == "/"+warm.To }},
	} {
		g, err := New(c.settings)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if err := g.Send(t.Context(), warm); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		last := len(p.seen) - 1
		if r := p.seen[last]; !c.check(r, p.bodies[last]) || r.Header.Get("Idempotency-Key") != "wardwatch-notice-7" {
			t.Errorf("%s: %s %s\n%s", c.name, r.Method, r.URL, p.bodies[last])
		}
	}
}

func TestAProvidersAnswerDecidesWhetherToTryAgain(t *testing.T) {
	status, text := 200, "OK"
	p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		if status == http.StatusFound {
			http.Redirect(w, r, "/elsewhere", status)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
	g, err := New(Settings{URL: p.URL, Body: "{to} {text}", Success: "OK"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status          int
		text            string
		failed, forGood bool
	}{{200, "OK", false, false}, {202, "id OK 7", false, false}, {200, "ERROR credit", true, false}, {302, "", true, true}, {400, "", true, true}, {401, "", true, true},
		{408, "", true, false}, {429, "", true, false}, {500, "", true, false}, {503, "", true, false}} {
		status, text = c.status, c.text
		err := g.Send(t.Context(), warm)
		if (err != nil) != c.failed || errors.Is(err, notify.ErrRefused) != c.forGood {
			t.Errorf("%d %q: %v", c.status, c.text, err)
		}
	}
	for _, r := range p.seen {
		if r.URL.Path == "/elsewhere" {
			t.Error("a redirect was followed")
		}
	}
}

func TestAProviderThatHangsIsGivenUpAndOneThatIsGoneIsTriedAgain(t *testing.T) {
	release := make(chan struct{})
	reached := make(chan struct{})
	p := newProvider(t, func(http.ResponseWriter, *http.Request) { close(reached); <-release })
	defer close(release)
	g, err := New(Settings{URL: p.URL + "/?key=k3y", Body: "{to} {text}"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }() // as the dispatcher's patience ends
	if err := g.Send(ctx, warm); !errors.Is(err, context.Canceled) || errors.Is(err, notify.ErrRefused) || strings.Contains(err.Error(), "k3y") {
		t.Errorf("hanging: %v", err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	if g, err = New(Settings{URL: gone.URL + "/?key=k3y", Body: "{to} {text}"}); err != nil {
		t.Fatal(err)
	}
	if err := g.Send(t.Context(), warm); err == nil || errors.Is(err, notify.ErrRefused) || strings.Contains(err.Error(), "k3y") {
		t.Errorf("gone: %v", err)
	}
}

func TestNoMessageGoesWhereAMachinesKeysAre(t *testing.T) {
	for _, address := range []string{"http://169.254.169.254/latest", "http://[fe80::1]/", "http://0.0.0.0:1/", "http://[::ffff:169.254.1.1]/", "http://224.0.0.1/"} {
		g, err := New(Settings{URL: address, Body: "{to} {text}"})
		if err != nil {
			t.Fatal(address, err)
		}
		if err := g.Send(t.Context(), warm); !errors.Is(err, notify.ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestWrongSettingsAreRefused(t *testing.T) {
	for _, s := range []Settings{{}, {URL: "ftp://x/{to}{text}"}, {URL: "http://{to}.example/{text}"}, {URL: "http://x/", Body: "{to}"}, {URL: "http://x/{to}{text}", Method: "PUT"},
		{URL: "http://x/{to}{text}", Headers: []string{"no colon"}}, {URL: "http://x/{to}{text}", Headers: []string{"A: b\r\nC: d"}}, {URL: "/{to}{text}"}} {
		if _, err := New(s); !errors.Is(err, ErrSetting) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestATextFitsAndKeepsItsLink(t *testing.T) {
	long := warm
	long.Alarm.Text, long.Step = strings.Repeat("ü", 500), 1
	if text := Text(long); utf8.RuneCountInString(text) != MaxText || !strings.HasSuffix(text, "… "+warm.URL) {
		t.Errorf("%d characters: %s", utf8.RuneCountInString(text), text)
	}
	if err := (&Gateway{}).Send(t.Context(), notify.Message{To: "12"}); !errors.Is(err, notify.ErrRefused) {
		t.Errorf("to nobody: %v", err)
	}
}
