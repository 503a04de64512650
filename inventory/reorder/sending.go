package reorder

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// Way is how an order is carried to its supplier.
type Way string

// The ways. ByHTTPS posts the order's file, BySFTP puts it into a folder.
const (
	ByMail  Way = "mail"
	ByHTTPS Way = "https"
	BySFTP  Way = "sftp"
)

// wayTo is how a supplier takes orders.
func wayTo(s inventory.Supplier) Way {
	switch {
	case strings.HasPrefix(s.Channel.URL, "sftp:"):
		return BySFTP
	case s.Channel.URL != "":
		return ByHTTPS
	}
	return ByMail
}

// Address is where a supplier's orders go.
func Address(s inventory.Supplier) string {
	if s.Channel.URL != "" {
		return s.Channel.URL
	}
	return s.Email
}

// Sending is one try to send an order.
type Sending struct {
	Attempt   int
	At        time.Time
	Way       Way
	Recipient string
	Outcome   MailStatus // waiting: it is tried again
	Trouble   string
}

// cutOffWindow is how long before a supplier's cut-off its draft goes out by itself.
const cutOffWindow = 15 * time.Minute

// local is an instant by the hospital's clock.
func (d *Desk) local(at time.Time) time.Time { return at.In(d.Register.Current().Site.Location()) }

// SendDrafts sends every draft that is worth the supplier's least order and that
// the supplier takes today. It is what the daily job runs; the others wait for
// more, for the next order day, or for a person.
func (d *Desk) SendDrafts(ctx context.Context) error {
	at := d.local(d.Now())
	return d.sendThose(ctx, func(o Order) bool { return o.Supplier.Calendar.Open(at) })
}

// SendBeforeCutOffs sends the drafts of suppliers whose cut-off of today is near.
func (d *Desk) SendBeforeCutOffs(ctx context.Context) error {
	at := d.local(d.Now())
	return d.sendThose(ctx, func(o Order) bool { return o.Supplier.Calendar.ClosesWithin(at, cutOffWindow) })
}

func (d *Desk) sendThose(ctx context.Context, due func(Order) bool) error {
	drafts, err := d.Store.Orders(ctx, Draft, maxDrafts)
	if err != nil {
		return fmt.Errorf("send draft orders: %w", err)
	}
	for _, o := range drafts {
		if o.BelowMinimum() || len(o.Lines) == 0 || !due(o) {
			continue
		}
		if err := d.Send(ctx, hospital.Job("orders"), o.Number, o.Version); err != nil {
			return err
		}
	}
	return nil
}

// maxDrafts is more than there are suppliers.
const maxDrafts = 1000

// expected is the day on which an order that goes out at an instant should come.
func (d *Desk) expected(s inventory.Supplier, at time.Time) inventory.Date {
	return s.Calendar.Arrives(s.Calendar.Taken(d.local(at)), s.LeadDays)
}

// outgoing is the order's message: a letter with a PDF, or a file for a channel.
// Its MessageID stays the same at every try, and a channel's file holds it.
func (d *Desk) outgoing(o Order, site hospital.Site, at time.Time) (Mail, error) {
	paper, err := d.Paper(o, site, at)
	if err != nil {
		return Mail{}, fmt.Errorf("draw order %s: %w", o.Number, err)
	}
	m := Mail{Number: o.Number, MessageID: fmt.Sprintf("order-%s.%d@%s.wardwatch", o.Number, at.UnixMilli(), site.ID), Recipient: Address(o.Supplier),
		Subject: d.word("Order " + o.Number + " from " + site.Name), Body: d.letter(o, site), Paper: paper, Status: MailWaiting, NextAt: at, CreatedAt: at,
		Way: wayTo(o.Supplier)}
	if m.Way == ByMail {
		return m, nil
	}
	if d.File == nil {
		return Mail{}, hospital.Refuse(hospital.ErrInvalid, "This Wardwatch writes no files for suppliers' channels.")
	}
	m.FileName = "order-" + o.Number + ".xml"
	if m.File, err = d.File(o, site, at.In(site.Location()), m.MessageID); err != nil {
		return Mail{}, fmt.Errorf("write order %s as %s: %w", o.Number, o.Supplier.Channel.Format, err)
	}
	return m, nil
}

// SendAgain has a message tried once more that was given up, or of which nobody
// knows whether it arrived. It keeps its number, so that whoever has it already
// can tell.
func (d *Desk) SendAgain(ctx context.Context, by hospital.Actor, number string) error {
	if err := by.NeedEverywhere(hospital.ApproveOrders); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		o, err := tx.Order(ctx, number)
		if err != nil {
			return err
		}
		again, err := tx.MailAgain(ctx, number, Address(o.Supplier), wayTo(o.Supplier))
		if err != nil {
			return err
		}
		if !again {
			return hospital.Refuse(hospital.ErrStale, "Nothing of this order waits for a person: it was sent, or is on its way.")
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "order.send again", On: "order/" + number})
	})
	if err != nil {
		return fmt.Errorf("send order %s again: %w", number, err)
	}
	return nil
}
