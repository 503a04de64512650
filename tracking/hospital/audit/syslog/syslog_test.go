package syslog

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wardwatch/tracking/hospital/audit"
)

const patience = 2 * time.Minute

// trail is a store in memory.
type trail struct {
	mu        sync.Mutex
	lines     []audit.Line
	forwarded int64
}

func newTrail(n int) *trail {
	t := &trail{}
	for i := range n {
		t.lines = append(t.lines, audit.Line{Seq: int64(i + 1), At: time.Date(2026, 3, 1, 8, 0, i%60, 0, time.UTC), By: "nora", Name: "Nora Ode", Deed: "alarm.acknowledge", Thing: "alarm/7"})
	}
	return t
}

func (t *trail) After(_ context.Context, seq int64, limit int) ([]audit.Line, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rest := t.lines[seq:]
	return rest[:min(limit, len(rest))], nil
}

func (t *trail) Forwarded(context.Context, string) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.forwarded, nil
}

func (t *trail) NoteForwarded(_ context.Context, _ string, seq int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forwarded = seq
	return nil
}

// read reads n messages framed by their length.
func read(conn io.Reader, n int) (all []string, err error) {
	in := bufio.NewReader(conn)
	for range n {
		length, err := in.ReadString(' ')
		if err != nil {
			return all, err
		}
		size, err := strconv.Atoi(strings.TrimSpace(length))
		if err != nil {
			return all, err
		}
		message := make([]byte, size)
		if _, err := io.ReadFull(in, message); err != nil {
			return all, err
		}
		all = append(all, string(message))
	}
	return all, nil
}

func forwarder(store Store, network, address string) *Forwarder {
	return &Forwarder{Store: store, Network: network, Address: address, Host: "ward", Log: slog.New(slog.DiscardHandler)}
}

func TestEveryLineArrivesInOrderOverTCP(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	const lines = MaxBatch + 50
	heard := make(chan []string, 1)
	go func() {
		conn, err := server.Accept()
		if err != nil {
			t.Error(err)
			heard <- nil
			return
		}
		defer conn.Close()
		all, err := read(conn, lines)
		if err != nil {
			t.Error(err)
		}
		heard <- all
	}()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- forwarder(newTrail(lines), "tcp", server.Addr().String()).Run(ctx) }()
	all := <-heard
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for i, message := range all {
		if !strings.Contains(message, fmt.Sprintf(`seq="%d"`, i+1)) {
			t.Fatalf("message %d is %s", i, message)
		}
	}
	const want = `^<85>1 2026-03-01T08:00:00\.000Z ward wardwatch - alarm\.acknowledge \[wardwatch@32473 seq="1" who="nora" name="Nora Ode" deed="alarm\.acknowledge" thing="alarm/7"\] \x{feff}Nora Ode alarm\.acknowledge alarm/7$`
	if len(all) != lines || !regexp.MustCompile(want).MatchString(all[0]) {
		t.Errorf("the first of %d is %q", len(all), all[0])
	}
}

func TestALogServerThatWasAwayMissesNothing(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	store := newTrail(3)
	f := forwarder(store, "tcp", server.Addr().String())
	defer f.hangUp()
	if _, err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if all, err := read(first, 3); err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	_ = first.Close()
	store.lines = append(store.lines, newTrail(5).lines[3:]...)
	deadline := time.Now().Add(patience)
	for store.forwarded != 5 && time.Now().Before(deadline) { // until the end of the connection has arrived
		if _, err := f.Step(t.Context()); err != nil {
			f.hangUp()
		}
	}
	second, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if all, err := read(second, 2); err != nil || !strings.Contains(all[0], `seq="4"`) {
		t.Error(all, err)
	}
}

func TestOverTLSTheServerMustBeTheRightOne(t *testing.T) {
	helper := httptest.NewUnstartedServer(nil) // for its certificate
	helper.StartTLS()
	defer helper.Close()
	server, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: helper.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	heard := make(chan []string, 2)
	go func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			if all, err := read(conn, 1); err == nil {
				heard <- all
			}
			_ = conn.Close()
		}
	}()
	f := forwarder(newTrail(1), "tls", server.Addr().String())
	f.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
	if _, err := f.Step(t.Context()); err == nil {
		t.Error("a stranger was told")
	}
	f.TLS.RootCAs.AddCert(helper.Certificate())
	f.TLS = &tls.Config{RootCAs: f.TLS.RootCAs, ServerName: "example.com"}
	if _, err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer f.hangUp()
	if all := <-heard; len(all) != 1 {
		t.Error(all)
	}
}

func TestOverUDPEachLineIsADatagram(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	f := forwarder(newTrail(2), "udp", server.LocalAddr().String())
	defer f.hangUp()
	if _, err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = server.SetReadDeadline(time.Now().Add(patience))
	buffer := make([]byte, MaxMessage+1)
	for i := range 2 {
		n, _, err := server.ReadFrom(buffer)
		if err != nil || !strings.HasPrefix(string(buffer[:n]), "<85>1 ") || !strings.Contains(string(buffer[:n]), fmt.Sprintf(`seq="%d"`, i+1)) {
			t.Errorf("%q %v", buffer[:n], err)
		}
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{"tls://log.example": "tls log.example:6514", "tcp://10.0.0.1:9": "tcp 10.0.0.1:9", "udp://[::1]": "udp [::1]:514",
		"http://x": "", "log.example": "", "tls://": "", "tls://u:p@h": "", "tls://:6514": "", "tcp://h/x": ""} {
		network, address, err := Parse(text)
		if got := strings.TrimSpace(network + " " + address); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q %v", text, got, err)
		}
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("x\n<85>1 forged", `a"]b\`, "\x1b[31m")
	f.Add(strings.Repeat(`\`, 3000), strings.Repeat(`"]`, 3000), strings.Repeat("é\u2028", 3000))
	f.Fuzz(func(t *testing.T, name, why, deed string) {
		message := Format(audit.Line{Seq: 1, At: time.Unix(0, 0), Name: name, Why: why, Deed: deed, Thing: name, Before: why, After: deed}, name)
		if len(message) > MaxMessage || strings.ContainsAny(message, "\n\r\x00\x1b") {
			t.Errorf("%d bytes: %q", len(message), message)
		}
		rest := regexp.MustCompile(`^<85>1 \S+ [!-~]+ wardwatch - [!-~]+ \[wardwatch@32473( [a-z]+="([^"\\\]]|\\.)*")+\] \x{feff}`).FindString(message)
		if rest == "" {
			t.Errorf("not of RFC 5424: %q", message)
		}
	})
}
