package supplier_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/supplier"
	"wardwatch/tracking/hospital"
)

var at = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func order() reorder.Order {
	item := inventory.Item{ID: "gloves", Name: "Gloves, nitrile, size M, powder-free, for examination and a very long name", Unit: "pair", SupplierCode: "G-100", GTIN: "04000000000013"}
	o := reorder.Order{Number: "2026-0007", Supplier: inventory.Supplier{Name: "Medi & Söhne", Email: "orders@medi.example", Currency: "EUR", Account: "K-77"},
		Expected: inventory.DateOf(at, time.UTC) + 3}
	for i := range 60 {
		o.Lines = append(o.Lines, reorder.Line{No: i + 1, Item: item, Place: inventory.Place{Name: "Central store"}, Pack: 100, Price: 450, Ordered: 800})
	}
	return o
}

func TestThePaperIsAPDFAndAlwaysTheSame(t *testing.T) {
	one, err := supplier.Paper(order(), hospital.Site{Name: "St Anna", Zone: "Europe/Berlin"}, at)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := supplier.Paper(order(), hospital.Site{Name: "St Anna", Zone: "Europe/Berlin"}, at)
	if !bytes.HasPrefix(one, []byte("%PDF-1.")) || !bytes.Contains(one, []byte("/Count 5")) && !bytes.Contains(one, []byte("/Count 4")) {
		t.Errorf("%d bytes: %.40q", len(one), one)
	}
	if !bytes.Equal(one, two) {
		t.Error("the same order was drawn in two ways")
	}
}

// office is a real SMTP server that keeps what it was sent.
type office struct {
	refuse  *smtp.SMTPError
	letters chan []byte
}

func (o *office) NewSession(*smtp.Conn) (smtp.Session, error) { return session{o}, nil }

type session struct{ office *office }

func (session) Reset()                               {}
func (session) Logout() error                        { return nil }
func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (s session) Rcpt(string, *smtp.RcptOptions) error {
	if s.office.refuse != nil {
		return s.office.refuse
	}
	return nil
}
func (s session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.office.letters <- text
	return err
}

func serve(t *testing.T, o *office) string {
	t.Helper()
	o.letters = make(chan []byte, 9)
	server := smtp.NewServer(o)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return listener.Addr().String()
}

func letter() reorder.Mail {
	return reorder.Mail{ID: 1, Number: "2026-0007", MessageID: "order-2026-0007.1@st-anna.wardwatch", Recipient: "orders@medi.example",
		Subject: "Order 2026-0007 from St Anna", Body: "1. 8 packs\n", Paper: []byte("%PDF-1.3 paper"), Attempts: 1, CreatedAt: at}
}

func TestAnOrderArrivesWithItsPaper(t *testing.T) {
	o := &office{}
	server := supplier.Server{Address: serve(t, o), From: "supply@st-anna.example"}
	if err := server.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	read, err := mail.ReadMessage(bytes.NewReader(<-o.letters))
	if err != nil {
		t.Fatal(err)
	}
	if id := read.Header.Get("Message-ID"); id != "<order-2026-0007.1@st-anna.wardwatch>" {
		t.Errorf("message id %q", id)
	}
	_, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(read.Body, params["boundary"])
	names := ""
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names += part.Header.Get("Content-Type") + " " + part.FileName() + "; "
	}
	if !strings.Contains(names, "text/plain") || !strings.Contains(names, "order-2026-0007.pdf") {
		t.Errorf("parts %s", names)
	}
}

func TestWhatMayBeTriedAgain(t *testing.T) {
	refused := &office{refuse: &smtp.SMTPError{Code: 550, Message: "no such mailbox"}}
	busy := &office{refuse: &smtp.SMTPError{Code: 451, Message: "later"}}
	away, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := away.Addr().String()
	_ = away.Close()
	for name, c := range map[string]struct {
		address string
		want    reorder.MailStatus
	}{"refused": {serve(t, refused), reorder.MailFailed}, "busy": {serve(t, busy), reorder.MailWaiting}, "away": {address, reorder.MailWaiting}} {
		err := supplier.Server{Address: c.address, From: "a@b.example"}.Send(t.Context(), letter())
		if got := supplier.After(letter(), err, at); err == nil || got.Status != c.want {
			t.Errorf("%s: %s (%v)", name, got.Status, err)
		}
	}
}

func TestABrokenEndIsNotSentAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() { // speaks SMTP up to the end of the message, then hangs up
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		say := func(s string) { _, _ = io.WriteString(conn, s+"\r\n") }
		say("220 ready")
		buffer, seen := make([]byte, 4096), ""
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			seen += string(buffer[:n])
			switch line := string(buffer[:n]); {
			case strings.HasSuffix(seen, "\r\n.\r\n"):
				return
			case strings.HasPrefix(line, "EHLO"):
				say("250 here")
			case strings.HasPrefix(line, "DATA"):
				say("354 go on")
			case strings.HasPrefix(line, "MAIL"), strings.HasPrefix(line, "RCPT"), strings.HasPrefix(line, "NOOP"), strings.HasPrefix(line, "RSET"):
				say("250 fine")
			}
		}
	}()
	err = supplier.Server{Address: listener.Addr().String(), From: "a@b.example"}.Send(t.Context(), letter())
	if !errors.Is(err, supplier.ErrUnsure) || supplier.After(letter(), err, at).Status != reorder.MailUnsure {
		t.Errorf("%v", err)
	}
}

// outbox is an outbox of one message in memory; the stored one is tested in package db.
type outbox struct {
	mail    reorder.Mail
	doubted bool
}

func (o *outbox) TakeMail(_ context.Context, now time.Time, _ ...reorder.Way) (reorder.Mail, bool, error) {
	if o.mail.Status != reorder.MailWaiting || o.mail.NextAt.After(now) {
		return reorder.Mail{}, false, nil
	}
	o.mail.Status, o.mail.Attempts = reorder.MailSending, o.mail.Attempts+1
	return o.mail, true, nil
}

func (o *outbox) SaveMail(_ context.Context, m reorder.Mail) error { o.mail = m; return nil }
func (o *outbox) Doubt(context.Context) error                      { o.doubted = true; return nil }

type sender func() error

func (s sender) Send(context.Context, reorder.Mail) error { return s() }

func TestTriesAreSpacedAndEnd(t *testing.T) {
	now, tries := at, 0
	o := &outbox{mail: reorder.Mail{Number: "2026-0007", Status: reorder.MailWaiting, NextAt: at}}
	d := supplier.Dispatcher{Outbox: o, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Sender: sender(func() error { tries++; return errors.New("away") })}
	for range 10_000 {
		if _, err := d.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(30 * time.Second)
	}
	if tries != supplier.MaxTries || o.mail.Status != reorder.MailFailed {
		t.Errorf("%d tries, then %s", tries, o.mail.Status)
	}
}
