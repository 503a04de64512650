package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"sync"
	"time"
)

// selfSignedFor is how long a self-made certificate is good: long enough to try things out.
const selfSignedFor = 90 * 24 * time.Hour

// certificates are the house's own certificate and the authorities whose clients
// are let in, each read anew when its file has changed: a renewal needs no restart.
// Connections that stand are not disturbed.
type certificates struct {
	certFile, keyFile, clientFile string
	log                           *slog.Logger

	mu      sync.Mutex
	own     *tls.Certificate
	clients *x509.CertPool
	stamps  [3]fileStamp
}

// fileStamp tells whether a file is the one that was read.
type fileStamp struct {
	changed time.Time
	size    int64
}

func stampOf(file string) (fileStamp, error) {
	if file == "" {
		return fileStamp{}, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return fileStamp{}, err
	}
	return fileStamp{info.ModTime(), info.Size()}, nil
}

// openCertificates reads the files that the settings name; nil where TLS is off.
func openCertificates(c config, log *slog.Logger) (*certificates, error) {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return nil, usageError{errors.New("--tls-cert and --tls-key belong together: give both")}
	case c.TLSCert != "" && c.TLSSelfSigned:
		return nil, usageError{errors.New("--tls-self-signed makes a certificate of its own: leave --tls-cert and --tls-key out")}
	case c.TLSCert == "" && !c.TLSSelfSigned:
		if c.MQTTTLS != "" || c.ClientCA != "" || c.HTTPRedirect != "" {
			return nil, usageError{errors.New("--mqtt-tls, --client-ca and --http-redirect need a certificate: give --tls-cert and --tls-key, or --tls-self-signed to try it out")}
		}
		return nil, nil
	}
	files := &certificates{certFile: c.TLSCert, keyFile: c.TLSKey, clientFile: c.ClientCA, log: log}
	if c.TLSSelfSigned {
		own, err := selfSigned(time.Now(), c.HTTP, c.MQTTTLS)
		if err != nil {
			return nil, err
		}
		files.own = own
	}
	return files, files.read()
}

// read takes in the files as they stand. What can't be read leaves what was read before.
func (f *certificates) read() error {
	var stamps [3]fileStamp
	for i, file := range []string{f.certFile, f.keyFile, f.clientFile} {
		var err error
		if stamps[i], err = stampOf(file); err != nil {
			return adviseOnCertificate(file, err)
		}
	}
	if stamps == f.stamps {
		return nil
	}
	own, clients := f.own, f.clients
	if f.certFile != "" {
		pair, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
		if err != nil {
			return adviseOnCertificate(f.certFile, err)
		}
		own = &pair
	}
	if f.clientFile != "" {
		authorities, err := os.ReadFile(f.clientFile)
		if err != nil {
			return adviseOnCertificate(f.clientFile, err)
		}
		clients = x509.NewCertPool()
		if !clients.AppendCertsFromPEM(authorities) {
			return adviseOnCertificate(f.clientFile, errors.New("it holds no certificate in PEM form"))
		}
	}
	f.own, f.clients, f.stamps = own, clients, stamps
	return nil
}

func adviseOnCertificate(file string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return usageError{fmt.Errorf("there is no file %s: look at --tls-cert, --tls-key and --client-ca", file)}
	}
	return fmt.Errorf("read certificate %s: %w", file, err)
}

// current is what stands in the files, or, while they can't be read, what last stood there.
func (f *certificates) current() (*tls.Certificate, *x509.CertPool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.stamps
	switch err := f.read(); {
	case err != nil:
		f.log.Warn("a changed certificate can't be used; the one before stays", "error", err)
	case before != f.stamps:
		f.log.Info("took in a changed certificate", "until", f.own.Leaf.NotAfter)
	}
	return f.own, f.clients
}

// until is when the house's own certificate ends.
func (f *certificates) until() time.Time {
	own, _ := f.current()
	return own.Leaf.NotAfter
}

// settings are TLS as our listeners speak it. Each connection gets what the files
// hold at that moment. A client that shows a certificate must have it from one of
// the authorities; one that shows none needs its token.
func (f *certificates) settings(protocols ...string) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		own, clients := f.current()
		settings := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*own}, NextProtos: protocols}
		if clients != nil {
			settings.ClientAuth, settings.ClientCAs = tls.VerifyClientCertIfGiven, clients
		}
		return settings, nil
	}}
}

// selfSigned makes a certificate for this machine and the addresses that we listen
// at. Nobody vouches for it: a browser warns, as it should.
func selfSigned(now time.Time, addresses ...string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Wardwatch, self-signed"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(selfSignedFor), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}}
	if name, err := os.Hostname(); err == nil {
		template.DNSNames = append(template.DNSNames, name)
	}
	for _, address := range addresses {
		host, _, _ := net.SplitHostPort(address)
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else if host != "" {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	return &pair, err
}
