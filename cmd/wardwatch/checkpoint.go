package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"wardwatch/db"
	"wardwatch/tracking/hospital/audit"
	"wardwatch/tracking/hospital/audit/syslog"
)

// auditKeyFile is where the key of checkpoints lies: beside the database, not in it,
// unless --audit-key names a better place.
func auditKeyFile(c config) string {
	if c.AuditKey != "" {
		return c.AuditKey
	}
	return strings.TrimPrefix(c.DB, "sqlite:") + ".audit-key"
}

// openNotary reads the key of checkpoints, or makes it where there is none.
func openNotary(file string) (*audit.Notary, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = newNotaryKey(file)
	}
	if err != nil {
		return nil, fmt.Errorf("the key of the audit trail's checkpoints (choose its file with --audit-key): %w", err)
	}
	return audit.OpenNotary(string(text))
}

func newNotaryKey(file string) ([]byte, error) {
	private, public, err := audit.NewKey()
	if err != nil {
		return nil, err
	}
	text := []byte(private + "\n" + public + "\n")
	made, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = made.Write(text)
	return text, errors.Join(err, made.Sync(), made.Close())
}

// checkpoint signs the end of the audit trail, keeps it, and writes it to the log,
// where an intruder into the database can't reach it.
func (h *house) checkpoint(ctx context.Context, at time.Time) error {
	anchor, err := h.db.AuditAnchor(ctx)
	if err != nil || anchor.Seq == 0 {
		return err
	}
	c := audit.Checkpoint{Origin: audit.Origin(h.register.Current().Site.ID), Seq: anchor.Seq, Hash: anchor.Hash, At: at}
	text, err := h.parts.People.Trail.Notary.Sign(c)
	if err != nil {
		return err
	}
	if err := (db.Trail{DB: h.db}).KeepCheckpoint(ctx, c, text); err != nil {
		return err
	}
	h.upkeep.Say(checkpointJob, fmt.Sprintf("signed at line %d", c.Seq))
	h.log.Info("audit anchor; check it with wardwatch verify --anchor", "anchor", anchor.String(), "checkpoint", text)
	return nil
}

const checkpointJob = "audit checkpoint"

type auditKeyCommand struct {
	databaseFlag `embed:""`
	AuditKey     string `type:"path" placeholder:"FILE" help:"The key's file, where the server was given another than the usual one."`
}

// Run prints the public key.
func (c auditKeyCommand) Run(p process) error {
	file := auditKeyFile(config{DB: c.DB, AuditKey: c.AuditKey})
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return usageError{fmt.Errorf("there is no key %s yet: the server makes it when it starts; look at --db and --audit-key", file)}
	}
	if err != nil {
		return err
	}
	notary, err := audit.OpenNotary(string(text))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, notary.Public())
	return err
}

// holdsCheckpoint checks a checkpoint that somebody kept outside against the trail.
func holdsCheckpoint(ctx context.Context, d *db.DB, file, public string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return usageError{err}
	}
	if key, err := os.ReadFile(public); err == nil {
		public = string(key)
	}
	c, err := audit.ReadCheckpoint(string(text), public)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return d.HoldsAnchor(ctx, db.Anchor{Seq: c.Seq, Hash: c.Hash})
}

// wireSyslog hands the audit trail on to the hospital's log server.
func (h *house) wireSyslog(context.Context) error {
	if h.config.Syslog == "" {
		return nil
	}
	network, address, err := syslog.Parse(h.config.Syslog)
	if err != nil {
		return usageError{err}
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if h.config.SyslogCA != "" {
		text, err := os.ReadFile(h.config.SyslogCA)
		if err != nil {
			return adviseOnCertificate(h.config.SyslogCA, err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(text) {
			return adviseOnCertificate(h.config.SyslogCA, errors.New("it holds no certificate in PEM form"))
		}
	}
	wake := make(chan struct{}, 1)
	h.listeners = append(h.listeners, func([]string) {
		select {
		case wake <- struct{}{}:
		default: // it will look already
		}
	})
	host, _ := os.Hostname() // without one we call ourselves "-"
	forwarder := &syslog.Forwarder{Store: db.Trail{DB: h.db}, Network: network, Address: address, TLS: settings, Host: host, Log: h.log, Wake: wake}
	h.work = append(h.work, task{"syslog", forwarder.Run})
	return nil
}
