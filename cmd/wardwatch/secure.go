package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"wardwatch/web"
)

// wireCertificates reads what TLS needs, and opens the plain address that leads to it.
func (h *house) wireCertificates(context.Context) (err error) {
	if h.tls, err = openCertificates(h.config, h.log); err != nil || h.config.HTTPRedirect == "" {
		return err
	}
	plain, err := net.Listen("tcp", h.config.HTTPRedirect)
	if err != nil {
		return fmt.Errorf("listen for browsers that come over plain http (choose another address with --http-redirect): %w", err)
	}
	h.closers = append(h.closers, plain.Close)
	h.intake = append(h.intake, task{"way to https", func(ctx context.Context) error { return h.leadToHTTPS(ctx, plain) }})
	return nil
}

// overTLS is the listener of pages, over TLS where there is a certificate.
func (h *house) overTLS(plain net.Listener) net.Listener {
	if h.tls == nil {
		return plain
	}
	return tls.NewListener(plain, h.tls.settings("http/1.1"))
}

// mqttTLS is nil where gateways speak in the clear alone.
func (h *house) mqttTLS() *tls.Config {
	if h.tls == nil || h.config.MQTTTLS == "" {
		return nil
	}
	return h.tls.settings()
}

// address is where the pages are: "https://127.0.0.1:8443".
func (h *house) address() string {
	scheme := "http://"
	if h.tls != nil {
		scheme = "https://"
	}
	return scheme + h.pages.Addr().String()
}

// safeBroker is " mqtts=ADDRESS" where gateways speak over TLS; else empty.
func (h *house) safeBroker() string {
	if address := h.broker.SafeAddress(); address != "" {
		return " mqtts=" + address
	}
	return ""
}

// leadToHTTPS answers browsers that came over plain http until ctx ends.
func (h *house) leadToHTTPS(ctx context.Context, plain net.Listener) error {
	_, port, _ := net.SplitHostPort(h.pages.Addr().String())
	server := &http.Server{Handler: web.ToHTTPS(h.config.PublicURL, port), ReadHeaderTimeout: headerTime, ReadTimeout: headerTime,
		IdleTimeout: headerTime, MaxHeaderBytes: 16 << 10}
	ended := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer ended()
	if err := server.Serve(plain); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// expiryWarning is how long before its end a certificate is warned of.
const expiryWarning = 30 * 24 * time.Hour
