// Package email sends notices over SMTP.
//
// Each notice is one message to one person. Its Message-ID is made from the
// notice's number, so that a mailbox can tell a message that was sent twice
// because the server died between the sending and the noting.
package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/wneessen/go-mail"

	"wardwatch/tracking/notify"
)

// implicitTLS is the port on which mail servers expect TLS from the first byte (RFC 8314).
const implicitTLS = 465

// Server is the mail server to hand messages to.
type Server struct {
	// Address is HOST:PORT. Port 465 speaks TLS at once; others use STARTTLS where the server offers it.
	Address string
	// User and Password are sent only over TLS, or to this machine; empty: no sign-in.
	User, Password string
	// From is the sender's address.
	From string
}

// Send hands one message over. A refusal that will not change (a 5xx answer, an
// address that is none) wraps notify.ErrRefused.
func (s Server) Send(ctx context.Context, m notify.Message) error {
	message, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("e-mail to %s: %w", m.To, errors.Join(notify.ErrRefused, err))
	}
	client, err := s.client()
	if err != nil {
		return fmt.Errorf("e-mail to %s: %w", m.To, err)
	}
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		if failed, is := errors.AsType[*mail.SendError](err); is && failed.ErrorCode() >= 500 {
			err = errors.Join(notify.ErrRefused, err)
		}
		return fmt.Errorf("e-mail to %s: %w", m.To, err)
	}
	return nil
}

func (s Server) compose(m notify.Message) (*mail.Msg, error) {
	message := mail.NewMsg()
	if err := message.From(s.From); err != nil {
		return nil, err
	}
	if err := message.AddToFormat(m.ToName, m.To); err != nil {
		return nil, err
	}
	message.SetMessageIDWithValue(fmt.Sprintf("notice-%d.alarm-%d.%d@wardwatch", m.ID, m.Alarm.ID, m.Alarm.RaisedAt.UnixMilli()))
	message.SetDate()
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Alarm.Severity >= notify.Serious {
		message.SetImportance(mail.ImportanceUrgent)
	}
	message.Subject(m.Subject)
	message.SetBodyString(mail.TypeTextPlain, m.Body)
	return message, nil
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
	options := []mail.Option{mail.WithPort(port), mail.WithTLSPolicy(s.tls(host))}
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
