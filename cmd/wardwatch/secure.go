package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
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

// certificateEnds is the alarm of a certificate that ends soon.
const certificateEnds notify.Kind = "certificate ends"

// checkCertificates rings before the house's own certificate, or one that a gateway
// uses, comes to its end, and stops once there is a newer one.
func (h *house) checkCertificates(ctx context.Context, at time.Time) error {
	ending, err := h.certified.Ending(ctx)
	if err != nil {
		return err
	}
	var troubles []notify.Trouble
	if h.tls != nil && h.tls.until().Sub(at) < expiryWarning {
		troubles = append(troubles, notify.Trouble{Subject: "server/certificate", Name: "The server's certificate", Text: endsOn(h.tls.until(), at)})
	}
	for _, c := range ending {
		troubles = append(troubles, notify.Trouble{Subject: "gateway/" + string(c.Gateway), Name: "The certificate of gateway " + string(c.Gateway), Text: endsOn(c.EndsAt, at)})
	}
	return h.db.InTx(ctx, func(tx *db.Tx) error { return ringCertificates(ctx, tx, h.operators(), troubles) })
}

// endsOn says when a certificate ends; what ends within a week is serious.
func endsOn(end, at time.Time) string {
	if end.Before(at) {
		return "it ended on " + end.Format(time.DateOnly) + ": put a new one in its file"
	}
	return fmt.Sprintf("it ends on %s, in %d days: put a new one in its file", end.Format(time.DateOnly), int(end.Sub(at).Hours()/24))
}

func ringCertificates(ctx context.Context, tx *db.Tx, ladder notify.Ladder, troubles []notify.Trouble) error {
	by := hospital.Job("certificates")
	ringing, err := tx.OngoingSubjects(ctx, certificateEnds)
	if err != nil {
		return err
	}
	for _, t := range troubles {
		t.Kind, t.Severity, t.By = certificateEnds, notify.Warning, by
		if _, err := notify.Raise(ctx, tx, ladder, t); err != nil {
			return err
		}
		ringing = slices.DeleteFunc(ringing, func(subject string) bool { return subject == t.Subject })
	}
	for _, subject := range ringing {
		if err := notify.Return(ctx, tx, by, certificateEnds, subject); err != nil {
			return err
		}
	}
	return nil
}
