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

	"github.com/wneessen/go-mail"

	"wardwatch/tracking/notify"
	"wardwatch/tracking/notify/smtp"
)

// Server is the mail server that notices are handed to.
type Server smtp.Server

// Send hands one message over. A refusal that will not change (a 5xx answer, an
// address that is none) wraps notify.ErrRefused.
func (s Server) Send(ctx context.Context, m notify.Message) error {
	message, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("e-mail to %s: %w", m.To, errors.Join(notify.ErrRefused, err))
	}
	if err := smtp.Server(s).Send(ctx, message); err != nil {
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
