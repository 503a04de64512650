package email

import (
	"errors"
	"io"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"wardwatch/tracking/notify"
)

// postOffice is a real SMTP server that keeps what it was sent.
type postOffice struct {
	refuse *smtp.SMTPError
	letter chan letter
}

type letter struct {
	from, to, text string
}

func (p *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &counter{office: p}, nil }

type counter struct {
	office *postOffice
	letter letter
}

func (c *counter) Reset()        {}
func (c *counter) Logout() error { return nil }
func (c *counter) Mail(from string, _ *smtp.MailOptions) error {
	c.letter.from = from
	return nil
}
func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	if c.office.refuse != nil {
		return c.office.refuse
	}
	c.letter.to = to
	return nil
}
func (c *counter) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	c.letter.text = string(text)
	c.office.letter <- c.letter
	return err
}

func open(t *testing.T, refuse *smtp.SMTPError) (*postOffice, string) {
	t.Helper()
	office := &postOffice{refuse: refuse, letter: make(chan letter, 1)}
	server := smtp.NewServer(office)
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
	return office, listener.Addr().String()
}

func message() notify.Message {
	return notify.Message{ID: 7, To: "pat@hospital.example", ToName: "Pat Grün", Subject: "Vaccine fridge 3: too warm, serious", Body: "9.4 °C, limit 8.0 °C\n",
		Alarm: notify.Alarm{ID: 3, Severity: notify.Serious, RaisedAt: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}}
}

func TestANoticeArrivesInTheMailbox(t *testing.T) {
	office, address := open(t, nil)
	if err := (Server{Address: address, From: "wardwatch@hospital.example"}).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	got := <-office.letter
	if got.from != "wardwatch@hospital.example" || got.to != "pat@hospital.example" {
		t.Errorf("from %q to %q", got.from, got.to)
	}
	read, err := mail.ReadMessage(strings.NewReader(got.text))
	if err != nil {
		t.Fatal(err)
	}
	if s := read.Header.Get("Subject"); s != "Vaccine fridge 3: too warm, serious" {
		t.Errorf("subject %q", s)
	}
	if id := read.Header.Get("Message-ID"); id != "<notice-7.alarm-3.1772452800000@wardwatch>" {
		t.Errorf("message id %q", id)
	}
	if body, _ := io.ReadAll(read.Body); !strings.Contains(string(body), "limit 8.0") {
		t.Errorf("body %q", body)
	}
}

func TestARefusedMailboxIsNotTriedAgainButABusyServerIs(t *testing.T) {
	_, address := open(t, &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"})
	if err := (Server{Address: address, From: "w@h.example"}).Send(t.Context(), message()); !errors.Is(err, notify.ErrRefused) {
		t.Errorf("550 gave %v", err)
	}
	_, address = open(t, &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try later"})
	if err := (Server{Address: address, From: "w@h.example"}).Send(t.Context(), message()); err == nil || errors.Is(err, notify.ErrRefused) {
		t.Errorf("451 gave %v", err)
	}
	bad := message()
	bad.To = "not an address\r\nBcc: everybody@hospital.example"
	if err := (Server{Address: address, From: "w@h.example"}).Send(t.Context(), bad); !errors.Is(err, notify.ErrRefused) {
		t.Errorf("an address that is none gave %v", err)
	}
}

func TestAServerThatIsAwayIsTriedAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	if err := (Server{Address: address, From: "w@h.example"}).Send(t.Context(), message()); err == nil || errors.Is(err, notify.ErrRefused) {
		t.Errorf("got %v", err)
	}
}
