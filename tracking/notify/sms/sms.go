// Package sms sends notices as text messages, through a provider's HTTP interface or
// a modem gateway in the house: both take a number and a text in a request of their
// own shape, so that shape is a setting.
//
// The places {to}, {text} and {id} of the address, the headers' values and the body
// are filled for each message, escaped for where they stand. {id} is the same at every
// try of one notice, and so is the header Idempotency-Key. Redirects are not followed.
package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"wardwatch/tracking/notify"
)

const (
	// MaxText is the longest text, in characters: two messages of GSM's alphabet.
	MaxText = 300
	// maxAnswer is how much of the other side's answer is read.
	maxAnswer = 4096
)

// ErrSetting: what was set is no way to send text messages.
var ErrSetting = errors.New("the text messages' setting")

// Settings are the shape of a request.
type Settings struct {
	// URL is the address, such as "https://sms.example/send?to={to}&text={text}". Its host holds no places.
	URL string
	// Method is POST, or GET for gateways that know no other.
	Method string
	// Headers are "Name: value", such as an authorization.
	Headers []string
	// Body is sent with POST; empty: none.
	Body string
	// ContentType says how the places of the body are escaped: application/json,
	// application/x-www-form-urlencoded, or text otherwise.
	ContentType string
	// Success is a text that the answer holds when the message was taken; empty: any answer of 2xx.
	Success string
}

// Gateway sends text messages.
type Gateway struct {
	settings Settings
	headers  http.Header
	client   *http.Client
}

// New checks the settings; what is wrong with them wraps ErrSetting.
func New(s Settings) (*Gateway, error) {
	if s.Method == "" {
		s.Method = http.MethodPost
	}
	if s.Method != http.MethodPost && s.Method != http.MethodGet {
		return nil, fmt.Errorf("%w: the method is POST or GET", ErrSetting)
	}
	address, err := url.Parse(strings.NewReplacer("{", "%7B", "}", "%7D").Replace(s.URL))
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" || strings.ContainsAny(address.Host, "{}%") {
		return nil, fmt.Errorf("%w: the address is no http or https URL with a fixed host", ErrSetting)
	}
	if all := s.URL + s.Body; !strings.Contains(all, "{to}") || !strings.Contains(all, "{text}") {
		return nil, fmt.Errorf("%w: neither address nor body holds {to} and {text}", ErrSetting)
	}
	g := &Gateway{settings: s, headers: http.Header{}, client: &http.Client{Transport: guarded(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for _, header := range s.Headers {
		name, value, found := strings.Cut(header, ":")
		if name = strings.TrimSpace(name); !found || name == "" || strings.ContainsAny(header, "\r\n") {
			return nil, fmt.Errorf("%w: a header is not Name: value", ErrSetting)
		}
		g.headers.Set(name, strings.TrimSpace(value))
	}
	return g, nil
}

// guarded is a transport that connects to no address where only a machine's own keeper
// answers: link-local ones, where clouds hand out keys, and those that are nobody's.
// The house's own network is allowed: a modem gateway stands there.
func guarded() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DialContext = (&net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %w", notify.ErrRefused, err)
		}
		if ip := to.Addr().Unmap(); ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || ip == netip.MustParseAddr("fd00:ec2::254") {
			return fmt.Errorf("%w: %s is no address of a gateway", notify.ErrRefused, ip)
		}
		return nil
	}}).DialContext
	return transport
}

// Send hands one message over. 2xx, and the text of success where one is set, mean that
// the other side has taken it; 4xx other than 408, 425 and 429 wraps notify.ErrRefused.
func (g *Gateway) Send(ctx context.Context, m notify.Message) error {
	if _, ok := notify.PhoneNumber(m.To); !ok {
		return fmt.Errorf("text message: %w: the number is none", notify.ErrRefused)
	}
	request, err := g.request(ctx, m)
	if err != nil {
		return fmt.Errorf("text message: %w", errors.Join(notify.ErrRefused, err))
	}
	answer, err := g.client.Do(request)
	if err != nil {
		return fmt.Errorf("text message: %w", withoutAddress(err))
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return g.verdict(answer.StatusCode, said)
}

// withoutAddress leaves out the URL, which may hold a key.
func withoutAddress(err error) error {
	if failed, is := errors.AsType[*url.Error](err); is {
		return failed.Err
	}
	return err
}

func (g *Gateway) verdict(status int, said []byte) error {
	switch {
	case status >= 200 && status < 300 && bytes.Contains(said, []byte(g.settings.Success)):
		return nil
	case status >= 200 && status < 300:
		return errors.New("text message: the gateway answered, but not that it took the message")
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly || status == http.StatusTooManyRequests || status >= 500:
		return fmt.Errorf("text message: the gateway answered %d", status)
	}
	return fmt.Errorf("text message: the gateway answered %d: %w", status, notify.ErrRefused)
}

func (g *Gateway) request(ctx context.Context, m notify.Message) (*http.Request, error) {
	values := map[string]string{"{to}": m.To, "{text}": Text(m), "{id}": strconv.FormatInt(int64(m.ID), 10)}
	var body io.Reader
	if g.settings.Body != "" && g.settings.Method == http.MethodPost {
		body = strings.NewReader(fill(g.settings.Body, values, escapeFor(g.settings.ContentType)))
	}
	r, err := http.NewRequestWithContext(ctx, g.settings.Method, fill(g.settings.URL, values, url.QueryEscape), body)
	if err != nil {
		return nil, errors.New("the address can't be filled in")
	}
	for name, all := range g.headers {
		r.Header.Set(name, fill(all[0], values, url.QueryEscape))
	}
	if g.settings.ContentType != "" {
		r.Header.Set("Content-Type", g.settings.ContentType)
	}
	r.Header.Set("Idempotency-Key", "wardwatch-notice-"+values["{id}"])
	return r, nil
}

// fill puts values into their places at once: a text that says {to} stays as it is.
func fill(template string, values map[string]string, escape func(string) string) string {
	var pairs []string
	for place, value := range values {
		pairs = append(pairs, place, escape(value))
	}
	return strings.NewReplacer(pairs...).Replace(template)
}

func escapeFor(contentType string) func(string) string {
	switch kind, _, _ := strings.Cut(contentType, ";"); strings.TrimSpace(kind) {
	case "application/json":
		return func(s string) string {
			quoted, err := json.Marshal(s)
			if err != nil {
				return ""
			}
			return string(quoted[1 : len(quoted)-1])
		}
	case "application/x-www-form-urlencoded":
		return url.QueryEscape
	}
	return func(s string) string { return s }
}

// Text is a notice in as few words as it takes: what, where, since when, and the link.
func Text(m notify.Message) string {
	said := m.Subject + ". " + m.Alarm.Text + "."
	if m.Step > 0 {
		said += " " + m.Word("Nobody has acknowledged it yet.")
	}
	said = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, said)
	room := MaxText
	link := m.Answer // whoever gets it answers by it, without signing in
	if link == "" {
		link = m.URL
	}
	if link != "" {
		room -= utf8.RuneCountInString(link) + 1
	}
	if letters := []rune(said); len(letters) > max(room, 0) {
		said = string(letters[:max(room-1, 0)]) + "…"
	}
	return strings.TrimSpace(said + " " + link)
}
