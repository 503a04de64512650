package supplier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"wardwatch/inventory/reorder"
)

// Outbox is where the dispatcher finds what is to be sent.
type Outbox interface {
	// TakeMail claims the next message that is due and goes one of the ways; false
	// when none is. The claim is durable before the message is sent.
	TakeMail(ctx context.Context, at time.Time, ways ...reorder.Way) (reorder.Mail, bool, error)
	// SaveMail stores what became of it.
	SaveMail(ctx context.Context, m reorder.Mail) error
	// Doubt marks messages whose sending was cut off by a crash.
	Doubt(ctx context.Context) error
}

// Sender carries one message; Server, Poster and Folder do, and Ways choose among them.
type Sender interface {
	Send(ctx context.Context, m reorder.Mail) error
}

const (
	// MaxTries is how often a message is tried before a person has to look.
	MaxTries = 10
	// sendTime is how long one try may take.
	sendTime = 30 * time.Second
	// firstRetry is the pause after the first failure; it doubles up to lastRetry.
	firstRetry = 30 * time.Second
	lastRetry  = 30 * time.Minute
	// look is how often the dispatcher looks for messages whose pause is over.
	look = 2 * time.Second
)

// Dispatcher sends what is in the outbox.
type Dispatcher struct {
	Outbox Outbox
	Sender Sender
	// Go are the ways that there are senders for; none: all.
	Go  []reorder.Way
	Now func() time.Time
	Log *slog.Logger
}

// Run sends until ctx ends; woken has it look at once.
func (d *Dispatcher) Run(ctx context.Context, woken <-chan struct{}) error {
	if err := d.Outbox.Doubt(ctx); err != nil {
		return fmt.Errorf("look for orders whose sending was cut off: %w", err)
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		if _, err := d.SendDue(ctx); err != nil && ctx.Err() == nil {
			d.Log.Error("could not send orders", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		case <-tick.C:
		}
	}
}

// SendDue sends everything that is due, one after the other, and answers how many it tried.
func (d *Dispatcher) SendDue(ctx context.Context) (tried int, err error) {
	for ctx.Err() == nil {
		m, due, err := d.Outbox.TakeMail(ctx, d.Now(), d.Go...)
		if err != nil || !due {
			return tried, err
		}
		tried++
		sending, cancel := context.WithTimeout(ctx, sendTime)
		outcome := d.Sender.Send(sending, m)
		cancel()
		m = After(m, outcome, d.Now())
		if outcome != nil {
			d.Log.Warn("order not sent", "order", m.Number, "status", m.Status, "attempt", m.Attempts, "error", outcome)
		}
		if err := d.Outbox.SaveMail(context.WithoutCancel(ctx), m); err != nil {
			return tried, fmt.Errorf("note what became of order %s: %w", m.Number, err)
		}
	}
	return tried, nil
}

// After is the message as it stands after a try that ended with outcome.
func After(m reorder.Mail, outcome error, at time.Time) reorder.Mail {
	refused, again := troubles(m.Way)
	switch {
	case outcome == nil:
		m.Status, m.SentAt, m.Trouble = reorder.MailSent, at, ""
	case errors.Is(outcome, ErrUnsure):
		m.Status, m.Trouble = reorder.MailUnsure, "The connection broke at the very end. Ask the supplier whether the order arrived."
	case errors.Is(outcome, ErrRefused):
		m.Status, m.Trouble = reorder.MailFailed, refused
	case m.Attempts >= MaxTries:
		m.Status, m.Trouble = reorder.MailFailed, fmt.Sprintf("It could not be sent %d times.", m.Attempts)
	default:
		m.Status, m.NextAt, m.Trouble = reorder.MailWaiting, at.Add(pause(m.Attempts)), again
	}
	return m
}

func pause(attempts int) time.Duration {
	wait := firstRetry
	for range max(attempts-1, 0) {
		if wait *= 2; wait >= lastRetry {
			return lastRetry
		}
	}
	return wait
}
