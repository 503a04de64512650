package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/certificate"
)

// authority signs certificates for tests.
type authority struct {
	t    *testing.T
	leaf *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	a := authority{t: t}
	a.key, a.leaf = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, time.Hour)
	return a
}

func (a authority) sign(template *x509.Certificate, lasts time.Duration) (*ecdsa.PrivateKey, *x509.Certificate) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		a.t.Fatal(err)
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(lasts)
	parent, signer := a.leaf, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return key, leaf
}

// server is a certificate for this machine, client one for a gateway.
func (a authority) server(lasts time.Duration) tls.Certificate {
	key, leaf := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "ward"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{{127, 0, 0, 1}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, lasts)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

func (a authority) client(gateway string) tls.Certificate {
	key, leaf := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: gateway}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, 20*24*time.Hour)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.leaf)
	return pool
}

// write puts a certificate and its key into files, changed at an instant.
func write(t *testing.T, certFile, keyFile string, c tls.Certificate, at time.Time) {
	t.Helper()
	var chain []byte
	for _, der := range c.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string][]byte{certFile: chain, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// secured is a house over TLS with the small hospital in it, running.
type secured struct {
	*house
	authority         authority
	certFile, keyFile string
	log               *lockedBuffer
}

func openSecured(t *testing.T) secured {
	t.Helper()
	folder := t.TempDir()
	s := secured{authority: newAuthority(t, "Linden authority"), certFile: filepath.Join(folder, "ward.crt"), keyFile: filepath.Join(folder, "ward.key"), log: &lockedBuffer{}}
	write(t, s.certFile, s.keyFile, s.authority.server(time.Hour), time.Now().Add(-time.Hour))
	clients := filepath.Join(folder, "clients.crt")
	if err := os.WriteFile(clients, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.authority.leaf.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := config{HTTP: "127.0.0.1:0", MQTT: "127.0.0.1:0", MQTTTLS: "127.0.0.1:0", TLSCert: s.certFile, TLSKey: s.keyFile, ClientCA: clients,
		HTTPRedirect: "127.0.0.1:0", DB: "sqlite:" + filepath.Join(folder, "w.db")}
	importSmallHospital(t, c.DB)
	var err error
	if s.house, err = build(t.Context(), c, newLog(s.log, 0), time.Now); err != nil {
		t.Fatal(err)
	}
	runHouse(t, s.house)
	return s
}

// startHouse builds a house and runs it until the test ends.
func startHouse(t *testing.T, c config) *house {
	t.Helper()
	h, err := build(t.Context(), c, newLog(io.Discard, 0), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	runHouse(t, h)
	return h
}

func runHouse(t *testing.T, h *house) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.run(ctx, io.Discard); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
}

// showing insists on showing a certificate, whoever's authority the server names.
func showing(of authority, certificates ...tls.Certificate) *tls.Config {
	return &tls.Config{RootCAs: of.pool(), GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if len(certificates) == 0 {
			return &tls.Certificate{}, nil
		}
		return &certificates[0], nil
	}}
}

// visit fetches a page over a connection of its own.
func (s secured) visit(t *testing.T, method, path string, body io.Reader, shows ...tls.Certificate) (*http.Response, error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: showing(s.authority, shows...)}}
	r, err := http.NewRequestWithContext(t.Context(), method, s.address()+path, body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(said))
	return answer, err
}

func TestARenewedCertificateIsTakenInWithoutARestart(t *testing.T) {
	t.Parallel()
	s := openSecured(t)
	first, err := s.visit(t, http.MethodGet, "/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	renewed := s.authority.server(2 * time.Hour)
	write(t, s.certFile, s.keyFile, renewed, time.Now())
	second, err := s.visit(t, http.MethodGet, "/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if before, after := first.TLS.PeerCertificates[0].SerialNumber, second.TLS.PeerCertificates[0].SerialNumber; before.Cmp(after) == 0 || after.Cmp(renewed.Leaf.SerialNumber) != 0 {
		t.Errorf("serial %v, then %v", before, after)
	}
	if err := os.WriteFile(s.certFile, []byte("half of a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	if answer, err := s.visit(t, http.MethodGet, "/healthz", nil); err != nil || answer.TLS.PeerCertificates[0].SerialNumber.Cmp(renewed.Leaf.SerialNumber) != 0 {
		t.Errorf("a broken file cost the one before: %v", err)
	}
	if !strings.Contains(s.log.String(), "the one before stays") {
		t.Error("nobody is told of the broken file")
	}
}

func TestAClientCertificateLetsItsGatewayInAndNobodyElse(t *testing.T) {
	t.Parallel()
	s := openSecured(t)
	stranger := newAuthority(t, "Somebody else")
	reading := `{"sightings":[{"tag":"c0ffee000001","gateway":"gw-01","rssi_dbm":-60}]}`
	for name, c := range map[string]struct {
		shows  []tls.Certificate
		body   string
		status int // 0: not even connected
	}{
		"its own gateway":           {[]tls.Certificate{s.authority.client("gw-01")}, reading, http.StatusOK},
		"another's name":            {[]tls.Certificate{s.authority.client("rd-01")}, reading, http.StatusOK},
		"a gateway that is unknown": {[]tls.Certificate{s.authority.client("gw-99")}, reading, http.StatusUnauthorized},
		"another authority's":       {[]tls.Certificate{stranger.client("gw-01")}, reading, 0},
		"none, and no token":        {nil, reading, http.StatusUnauthorized},
	} {
		answer, err := s.visit(t, http.MethodPost, "/ingest", strings.NewReader(c.body), c.shows...)
		if status := statusOf(answer); status != c.status {
			t.Errorf("%s: %d (%v), want %d", name, status, err, c.status)
		} else if status == http.StatusOK {
			said, _ := io.ReadAll(answer.Body)
			if taken := strings.Contains(string(said), `"accepted":1`); taken != (name == "its own gateway") {
				t.Errorf("%s: answered %s", name, said)
			}
		}
	}
	if answer, _ := s.visit(t, http.MethodGet, "/api/v1/assets", nil, s.authority.client("gw-01")); statusOf(answer) != http.StatusUnauthorized {
		t.Errorf("a gateway's certificate reads: %d", statusOf(answer))
	}
}

func statusOf(answer *http.Response) int {
	if answer == nil {
		return 0
	}
	return answer.StatusCode
}

// dialTLS connects a gateway to the broker over TLS, with a certificate and no token.
func (s secured) dialTLS(name string, shows tls.Certificate, lost func()) (paho.Client, error) {
	options := paho.NewClientOptions().AddBroker("ssl://" + s.broker.SafeAddress()).SetClientID(name).SetAutoReconnect(false).SetConnectTimeout(patience).
		SetTLSConfig(showing(s.authority, shows)).
		SetConnectionLostHandler(func(paho.Client, error) { lost() })
	client := paho.NewClient(options)
	token := client.Connect()
	token.WaitTimeout(patience)
	return client, token.Error()
}

func TestGatewaysSpeakOverTLSUntilTheirCertificateIsBlocked(t *testing.T) {
	t.Parallel()
	s := openSecured(t)
	ours := s.authority.client("gw-01")
	if _, err := s.dialTLS("gw-01", newAuthority(t, "Somebody else").client("gw-01"), func() {}); err == nil {
		t.Fatal("a stranger's certificate was let in")
	}
	if _, err := s.dialTLS("rd-01", ours, func() {}); err == nil {
		t.Error("a gateway was let in under another's name")
	}
	lost := make(chan struct{})
	client, err := s.dialTLS("gw-01", ours, sync.OnceFunc(func() { close(lost) }))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(0)
	listed, err := s.certified.List(t.Context(), atTheConsole)
	if err != nil || len(listed) != 1 || listed[0].Gateway != "gw-01" || listed[0].Issuer != "CN=Linden authority" || !listed[0].Ending(time.Now()) {
		t.Fatalf("listed %+v, %v", listed, err)
	}
	if err := s.certified.Block(t.Context(), atTheConsole, certificate.FingerprintOf(ours.Leaf), "stolen"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-lost:
	case <-time.After(2 * patience):
		t.Fatal("the connection goes on")
	}
	if _, err := s.dialTLS("gw-01", ours, func() {}); err == nil {
		t.Error("a blocked certificate was let in again")
	}
	if err := s.certified.Unblock(t.Context(), hospital.Person{ID: "n", Roles: []hospital.Role{hospital.Nurse}}.Actor(), listed[0].Fingerprint, ""); err == nil {
		t.Error("a nurse let it in again")
	}
}

func TestPagesOverHTTPSComeBackOverHTTPSAlone(t *testing.T) {
	t.Parallel()
	s := openSecured(t)
	answer, err := s.visit(t, http.MethodGet, "/sign-in", nil)
	if err != nil || answer.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("a browser on this machine is bound to https: %v", err)
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.address()+"/sign-in", nil)
	r.Host = "ward.example"
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: s.authority.pool(), ServerName: "localhost"}}}
	if answer, err = client.Do(r); err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if got := answer.Header.Get("Strict-Transport-Security"); got != "max-age=31536000; includeSubDomains" {
		t.Errorf("it says %q", got)
	}
	if _, err := http.Get("http://" + s.pages.Addr().String() + "/healthz"); err != nil {
		t.Error(err) // Go's server answers 400 to plain http on a port of TLS
	}
}

func TestASelfMadeCertificateServesToTryOut(t *testing.T) {
	t.Parallel()
	c := config{HTTP: "127.0.0.1:0", TLSSelfSigned: true}
	files, err := openCertificates(c, newLog(io.Discard, 0))
	if err != nil {
		t.Fatal(err)
	}
	own, clients := files.current()
	if clients != nil || own.Leaf.VerifyHostname("127.0.0.1") != nil || own.Leaf.VerifyHostname("localhost") != nil || own.Leaf.VerifyHostname("ward.example") == nil {
		t.Errorf("it is made for %v %v", own.Leaf.DNSNames, own.Leaf.IPAddresses)
	}
	for name, wrong := range map[string]config{
		"half a pair":          {TLSCert: "x"},
		"two certificates":     {TLSCert: "x", TLSKey: "y", TLSSelfSigned: true},
		"clients without ours": {ClientCA: "x"},
		"no such file":         {TLSCert: "/nowhere/x", TLSKey: "/nowhere/y"},
	} {
		if _, err := openCertificates(wrong, newLog(io.Discard, 0)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// lockedBuffer is a log that many write while a test reads it.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// A certificate is warned of a month before its end, until there is a newer one.
func TestACertificateThatEndsSoonRings(t *testing.T) {
	t.Parallel()
	h, _ := wholeHouse(t)
	var err error
	if h.tls, err = openCertificates(config{HTTP: "127.0.0.1:0", TLSSelfSigned: true}, h.log); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		at            time.Time
		open, ringing int
	}{
		{time.Now(), 0, 0},
		{h.tls.until().Add(-expiryWarning + time.Hour), 1, 1},
		{h.tls.until().Add(time.Hour), 1, 1}, // the same alarm goes on
		{time.Now(), 1, 0},                   // there is a newer one
	} {
		if err := h.checkCertificates(t.Context(), step.at); err != nil {
			t.Fatal(err)
		}
		standing, err := h.desk.Standing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ringing := 0
		for _, alarm := range standing.Open {
			if alarm.Kind == certificateEnds && alarm.ReturnedAt.IsZero() {
				ringing++
			}
		}
		if len(standing.Open) != step.open || ringing != step.ringing {
			t.Errorf("at %s: %+v", step.at, standing.Open)
		}
	}
}
