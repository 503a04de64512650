// Package syslog hands the audit trail on, line by line, to the hospital's log
// server: RFC 5424 messages over TLS (RFC 5425), TCP (octet counting, RFC 6587) or
// UDP (RFC 5426).
//
// The trail itself is the queue. What was handed on is noted in the database, so that
// a server that was away, or a restart of the house, costs no line; in memory there is
// never more than one batch. A line may come twice after a broken connection; its
// number tells.
package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wardwatch/tracking/hospital/audit"
)

const (
	// MaxBatch is how many lines are in memory at once.
	MaxBatch = 200
	// MaxMessage is how long a message may be, in bytes; UDP must carry it in one datagram.
	MaxMessage = 8 << 10
	// lookEvery is how often new lines are looked for, should nobody wake us.
	lookEvery = 5 * time.Second
	// writeTime is how long the server may take to accept one batch.
	writeTime = 10 * time.Second
	// longestPause is how long we wait at most for a server that is away.
	longestPause = time.Minute
	// authpriv and notice: "security/authorization messages (private)", normal but significant.
	priority = 10*8 + 5
	// enterprise is the number that RFC 5612 sets aside for documentation and the like.
	enterprise = "wardwatch@32473"
)

// Store is where the trail is read and where it is noted how far it was handed on.
type Store interface {
	After(ctx context.Context, seq int64, limit int) ([]audit.Line, error)
	Forwarded(ctx context.Context, target string) (int64, error)
	NoteForwarded(ctx context.Context, target string, seq int64) error
}

// Forwarder hands the trail on to one server.
type Forwarder struct {
	Store Store
	// Network is tls, tcp or udp; Address is HOST:PORT.
	Network, Address string
	TLS              *tls.Config // for tls
	Host             string      // what we call ourselves; "-" when empty
	Log              *slog.Logger
	// Wake is told that there may be new lines; nil: we look now and then.
	Wake <-chan struct{}

	conn net.Conn
}

// ErrAddress says that an address can't be.
var ErrAddress = errors.New("--syslog takes tls://HOST:6514, tcp://HOST:601 or udp://HOST:514")

// Parse reads "tls://HOST:PORT".
func Parse(text string) (network, address string, err error) {
	at, err := url.Parse(text)
	if err != nil || at.Hostname() == "" || at.Path != "" || at.User != nil {
		return "", "", ErrAddress
	}
	port, known := map[string]string{"tls": "6514", "tcp": "601", "udp": "514"}[at.Scheme]
	if !known {
		return "", "", ErrAddress
	}
	if at.Port() != "" {
		port = at.Port()
	}
	address = net.JoinHostPort(at.Hostname(), port)
	if _, _, err := net.SplitHostPort(address); err != nil { // a bracket within a name
		return "", "", ErrAddress
	}
	return at.Scheme, address, nil
}

func (f *Forwarder) target() string { return f.Network + "://" + f.Address }

// Run hands lines on until ctx ends. A server that is away is tried again, ever less often.
func (f *Forwarder) Run(ctx context.Context) error {
	defer f.hangUp()
	pause := time.Duration(0)
	for {
		more, err := f.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			f.hangUp()
			pause = min(longestPause, max(time.Second, 2*pause))
			f.Log.Warn("the audit trail can't be handed on; it is tried again", "target", f.target(), "error", err)
		case more:
			pause = 0
			continue
		default:
			pause = lookEvery
		}
		if !f.sleep(ctx, pause, err == nil) {
			return nil
		}
	}
}

// sleep waits, or less when there may be new lines; false when ctx has ended.
func (f *Forwarder) sleep(ctx context.Context, pause time.Duration, wakeable bool) bool {
	wake := f.Wake
	if !wakeable {
		wake = nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
		return false
	}
	return true
}

// Step hands on one batch; more says whether there may be another one.
func (f *Forwarder) Step(ctx context.Context) (more bool, err error) {
	seq, err := f.Store.Forwarded(ctx, f.target())
	if err != nil {
		return false, err
	}
	lines, err := f.Store.After(ctx, seq, MaxBatch)
	if err != nil || len(lines) == 0 {
		return false, err
	}
	if err := f.send(ctx, lines); err != nil {
		return false, err
	}
	return len(lines) == MaxBatch, f.Store.NoteForwarded(ctx, f.target(), lines[len(lines)-1].Seq)
}

func (f *Forwarder) send(ctx context.Context, lines []audit.Line) error {
	if err := f.dial(ctx); err != nil {
		return err
	}
	if err := f.conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	for _, line := range lines {
		message := Format(line, f.Host)
		if f.Network != "udp" {
			message = strconv.Itoa(len(message)) + " " + message
		}
		if _, err := f.conn.Write([]byte(message)); err != nil {
			return fmt.Errorf("write to %s: %w", f.target(), err)
		}
	}
	return nil
}

// dial connects. A connection that the server has closed is found out first: it says
// nothing, so whatever can be read of it is its end.
func (f *Forwarder) dial(ctx context.Context) error {
	if f.conn != nil && f.Network != "udp" && ended(f.conn) {
		f.hangUp()
	}
	if f.conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	var err error
	if f.Network == "tls" {
		f.conn, err = (&tls.Dialer{Config: f.TLS}).DialContext(ctx, "tcp", f.Address)
	} else {
		f.conn, err = (&net.Dialer{}).DialContext(ctx, f.Network, f.Address)
	}
	if err != nil {
		f.conn = nil
		return fmt.Errorf("reach %s: %w", f.target(), err)
	}
	return nil
}

func ended(conn net.Conn) bool {
	if err := conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return true
	}
	_, err := conn.Read(make([]byte, 1))
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

func (f *Forwarder) hangUp() {
	if f.conn != nil {
		_ = f.conn.Close() // what was written is noted, or is sent again
		f.conn = nil
	}
}

// Format is a line of the trail as an RFC 5424 message of MaxMessage bytes at most.
// What people typed can neither end the message nor begin another one.
func Format(line audit.Line, host string) string {
	if host = header(host, 255); host == "" {
		host = "-"
	}
	deed := header(line.Deed, 32)
	if deed == "" {
		deed = "-"
	}
	var data strings.Builder
	fmt.Fprintf(&data, `[%s seq="%d"`, enterprise, line.Seq)
	for _, part := range [][2]string{{"who", string(line.By)}, {"name", line.Name}, {"deed", line.Deed}, {"thing", line.Thing},
		{"why", line.Why}, {"before", line.Before}, {"after", line.After}} {
		if part[1] != "" {
			fmt.Fprintf(&data, ` %s="%s"`, part[0], parameter(part[1]))
		}
	}
	data.WriteString("]")
	head := fmt.Sprintf("<%d>1 %s %s wardwatch - %s ", priority, line.At.UTC().Format("2006-01-02T15:04:05.000Z"), host, deed)
	text := plain(line.Name+" "+line.Deed+" "+line.Thing, 500)
	return head + data.String() + " \ufeff" + text
}

// maxParameter keeps seven parameters within a message, whatever had to be escaped.
const maxParameter = 1_000

// parameter is a value as structured data holds it, RFC 5424 §6.3.3.
func parameter(text string) string {
	return cut(strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(plain(text, maxParameter)), maxParameter)
}

// cut keeps to a number of bytes, and never between an escape and what it escapes.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	text = text[:most]
	if slashes := len(text) - len(strings.TrimRight(text, `\`)); slashes%2 == 1 {
		text = text[:len(text)-1]
	}
	return text
}

// plain is a text without anything that ends a line or controls a terminal.
func plain(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return cut(text, most)
}

// header is a text as the header holds it: printable ASCII without spaces.
func header(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
	return text[:min(most, len(text))]
}
