package supplier

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/wneessen/go-mail"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/notify/smtp"
)

// What became of a message that was not sent.
var (
	// ErrRefused: the server will never take it. Trying again is of no use.
	ErrRefused = errors.New("refused for good")
	// ErrUnsure: the message was handed over, and the connection broke before the server
	// said whether it has it, or it said something else.
	ErrUnsure = errors.New("nobody knows whether it arrived")
)

// Server is the mail server that orders are handed to.
type Server smtp.Server

// Send hands one order over. ErrRefused and ErrUnsure say that it must not be
// tried again by itself; after any other error it may.
func (s Server) Send(ctx context.Context, m reorder.Mail) error {
	message, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("order %s to %s: %w", m.Number, m.Recipient, errors.Join(ErrRefused, err))
	}
	if err := smtp.Server(s).Send(ctx, message); err != nil {
		return fmt.Errorf("order %s to %s: %w", m.Number, m.Recipient, judge(err))
	}
	return nil
}

// judge tells a refusal for good and a doubtful end from what may be tried again.
func judge(err error) error {
	failed, is := errors.AsType[*mail.SendError](err)
	switch {
	case !is:
		return err
	case failed.ErrorCode() >= 500:
		return errors.Join(ErrRefused, err)
	case failed.Reason == mail.ErrSMTPDataClose && failed.ErrorCode() < 400: // no answer, or one to something else
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
