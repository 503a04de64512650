package supplier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/wneessen/go-mail"

	"wardwatch/inventory/reorder"
)

// What became of a message that was not sent.
var (
	// ErrRefused: the server will never take it. Trying again is of no use.
	ErrRefused = errors.New("refused for good")
	// ErrUnsure: the connection broke after the message was handed over and before
	// the server said that it has it.
	ErrUnsure = errors.New("nobody knows whether it arrived")
)

// implicitTLS is the port on which mail servers expect TLS from the first byte (RFC 8314).
const implicitTLS = 465

// Server is the mail server that orders are handed to.
type Server struct {
	// Address is HOST:PORT. Port 465 speaks TLS at once; others use STARTTLS where the server offers it.
	Address string
	// User and Password are sent only over TLS, or to this machine; empty: no sign-in.
	User, Password string
	From           string
}

// Send hands one order over. ErrRefused and ErrUnsure say that it must not be
// tried again by itself; after any other error it may.
func (s Server) Send(ctx context.Context, m reorder.Mail) error {
	message, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("order %s to %s: %w", m.Number, m.Recipient, errors.Join(ErrRefused, err))
	}
	client, err := s.client()
	if err != nil {
		return fmt.Errorf("order %s to %s: %w", m.Number, m.Recipient, err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() { // what fails after that is only the good-bye
		return nil
	}
	return fmt.Errorf("order %s to %s: %w", m.Number, m.Recipient, judge(err))
}

// judge tells a refusal for good and a doubtful end from what may be tried again.
func judge(err error) error {
	failed, is := errors.AsType[*mail.SendError](err)
	switch {
	case !is:
		return err
	case failed.ErrorCode() >= 500:
		return errors.Join(ErrRefused, err)
	case failed.Reason == mail.ErrSMTPDataClose && failed.ErrorCode() == 0:
		return errors.Join(ErrUnsure, err)
	}
	return err
}

func (s Server) compose(m reorder.Mail) (*mail.Msg, error) {
	message := mail.NewMsg()
	if err := message.From(s.From); err != nil {
		return nil, err
	}
	if err := message.To(m.Recipient); err != nil {
		return nil, err
	}
	message.SetMessageIDWithValue(m.MessageID)
	message.SetDateWithValue(m.CreatedAt)
	message.Subject(m.Subject)
	message.SetBodyString(mail.TypeTextPlain, m.Body)
	return message, message.AttachReader("order-"+m.Number+".pdf", bytes.NewReader(m.Paper), mail.WithFileContentType("application/pdf"))
}

func (s Server) client() (*mail.Client, error) {
	host, portText, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	options := []mail.Option{mail.WithPort(port), mail.WithTLSPolicy(s.tls(host)), mail.WithTimeout(sendTime)}
	if port == implicitTLS {
		options = append(options, mail.WithSSL())
	}
	if s.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(s.Password))
	}
	return mail.NewClient(host, options...)
}

// tls insists on encryption wherever a password would cross a wire.
func (s Server) tls(host string) mail.TLSPolicy {
	ip := net.ParseIP(host)
	if s.User == "" || host == "localhost" || ip != nil && ip.IsLoopback() {
		return mail.TLSOpportunistic
	}
	return mail.TLSMandatory
}
