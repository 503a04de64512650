// Package smtp hands finished messages to the hospital's mail server: notices and
// purchase orders go the same way.
package smtp

import (
	"context"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/wneessen/go-mail"
)

const (
	// implicitTLS is the port on which mail servers expect TLS from the first byte (RFC 8314).
	implicitTLS = 465
	// answerTime is how long the server may take for each of its answers.
	answerTime = 30 * time.Second
)

// Server is the mail server to hand messages to.
type Server struct {
	// Address is HOST:PORT. Port 465 speaks TLS at once; others use STARTTLS where the server offers it.
	Address string
	// User and Password are sent only over TLS, or to this machine; empty: no sign-in.
	User, Password string
	// From is the sender's address.
	From string
}

// Send hands one message over, until ctx ends: a server that takes the connection
// and never answers is hung up on then. It is nil once the server has taken the message,
// even when the good-bye after it fails: sending it again would double it.
func (s Server) Send(ctx context.Context, message *mail.Msg) error {
	var line lifeline
	client, err := s.client(&line)
	if err != nil {
		return err
	}
	defer line.hangUp() // after a server's odd word the library leaves the line open
	defer context.AfterFunc(ctx, line.hangUp)()
	err = client.DialAndSendWithContext(ctx, message)
	if message.IsDelivered() {
		return nil
	}
	return err
}

// lifeline is the connection to the server, to be hung up from outside.
type lifeline struct {
	mu   sync.Mutex
	conn net.Conn
	over bool
}

func (l *lifeline) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.conn != nil {
		_ = l.conn.Close() // whoever reads from it is told
	}
}

// dial opens the connection.
func (l *lifeline) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn = conn; l.over {
		_ = conn.Close()
	}
	return conn, nil
}

func (s Server) client(line *lifeline) (*mail.Client, error) {
	host, portText, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	options := []mail.Option{mail.WithPort(port), mail.WithTLSPolicy(s.tls(host)), mail.WithTimeout(answerTime)}
	if port == implicitTLS {
		options = append(options, mail.WithSSL()) // the library dials by itself, and each answer has its time
	} else {
		options = append(options, mail.WithDialContextFunc(line.dial))
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
