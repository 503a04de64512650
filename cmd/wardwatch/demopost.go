package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/emersion/go-smtp"
)

// postOffice is a mail server of the demo's own: it takes every letter over SMTP,
// as a hospital's does, and delivers none. Orders and notices thus go all the way
// out of the house, and reach nobody.
type postOffice struct {
	server *smtp.Server
	listen net.Listener
}

// maxLetter is the longest letter that is taken, in bytes.
const maxLetter = 4 << 20

func openPostOffice(log *slog.Logger) (*postOffice, error) {
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the demo's mail server: %w", err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &letter{log: log}, nil }))
	server.Domain, server.AllowInsecureAuth, server.MaxMessageBytes = "lindenhof.example", true, maxLetter
	return &postOffice{server: server, listen: listen}, nil
}

// address is what --smtp would say.
func (o *postOffice) address() string { return o.listen.Addr().String() }

func (o *postOffice) close() error { return o.listen.Close() }

// run takes letters until ctx ends.
func (o *postOffice) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = o.server.Close() })
	defer stop()
	if err := o.server.Serve(o.listen); err != nil && ctx.Err() == nil {
		return err
	}
	return ctx.Err()
}

// letter is one delivery.
type letter struct {
	log *slog.Logger
	to  []string
}

func (l *letter) Mail(string, *smtp.MailOptions) error { return nil }

func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.to = append(l.to, to)
	return nil
}

func (l *letter) Data(r io.Reader) error {
	n, err := io.Copy(io.Discard, r)
	l.log.Info("letter taken and forgotten", "to", l.to, "bytes", n)
	return err
}

func (l *letter) Reset() { l.to = nil }

func (l *letter) Logout() error { return nil }
