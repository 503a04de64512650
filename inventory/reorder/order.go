package reorder

import (
	"context"
	"fmt"
	"strings"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// Send writes the order's message into the outbox and marks it as sent, in one
// transaction; the dispatcher of package supplier carries it out.
func (d *Desk) Send(ctx context.Context, by hospital.Actor, number string, version int64) error {
	if err := by.NeedEverywhere(hospital.ApproveOrders); err != nil {
		return err
	}
	o, err := d.Store.FindOrder(ctx, number)
	if err == nil {
		err = o.sendable(version)
	}
	if err != nil {
		return fmt.Errorf("send order %s: %w", number, err)
	}
	site, at := d.Register.Current().Site, d.Now()
	o.Status, o.SentAt, o.SentBy, o.Expected = Sent, at, by.Name, d.expected(o.Supplier, at)
	mail, err := d.outgoing(o, site, at)
	if err != nil {
		return err
	}
	err = d.Store.InTx(ctx, func(tx Tx) error {
		if err := tx.SaveOrder(ctx, o); err != nil {
			return err
		}
		if err := tx.AddMail(ctx, mail); err != nil {
			return err
		}
		after := fmt.Sprintf(`{"supplier":%q,"lines":%d,"total_minor":%d,"expected":%q}`, o.Supplier.ID, len(o.Lines), o.Total().Minor, o.Expected)
		return tx.Record(ctx, hospital.Deed{By: by, What: "order.send", On: "order/" + number, After: after})
	})
	if err != nil {
		return fmt.Errorf("send order %s: %w", number, err)
	}
	return nil
}

func (o Order) sendable(version int64) error {
	switch {
	case o.Status != Draft:
		return hospital.Refuse(hospital.ErrStale, "This order has been sent already.")
	case o.Version != version:
		return hospital.Refuse(hospital.ErrStale, "A line was added to this order since you opened it. Look at it again, then send it.")
	case len(o.Lines) == 0:
		return hospital.Refuse(hospital.ErrInvalid, "This order has no lines.")
	case Address(o.Supplier) == "":
		return hospital.Refuse(hospital.ErrInvalid, "The supplier has neither an e-mail address nor a channel.")
	}
	return nil
}

// letter is the message's text; the same lines stand in the PDF.
func (d *Desk) letter(o Order, site hospital.Site) string {
	var b strings.Builder
	b.WriteString(d.word(site.Name+" orders the following. The order is attached as a PDF.") + "\n\n" + d.word("Order number") + ": " + o.Number + "\n")
	if o.Supplier.Account != "" {
		b.WriteString(d.word("Our customer number") + ": " + o.Supplier.Account + "\n")
	}
	b.WriteString(d.word("Wanted by") + ": " + o.Expected.String() + "\n\n")
	for _, l := range o.Lines {
		fmt.Fprintf(&b, "%d. %s: %s", l.No, d.word(fmt.Sprintf("%d packs of %d %s", l.Packs(), l.Pack, l.Item.Unit)), l.Item.Name)
		if l.Item.SupplierCode != "" {
			fmt.Fprintf(&b, " (%s)", l.Item.SupplierCode)
		}
		b.WriteString(", " + d.word("deliver to") + " " + l.Place.Name + "\n")
	}
	b.WriteString("\n" + d.word("Total") + ": " + d.word(o.Total().String()) + "\n\n" + d.word("Please confirm this order and its delivery date.") + "\n")
	return b.String()
}

// word is a text of a letter in the language that letters are written in.
func (d *Desk) word(text string) string {
	if d.Say == nil {
		return text
	}
	return d.Say(text)
}

// Receipt is what came in for an order.
type Receipt struct {
	Number  string
	Version int64
	Parts   []Part
	// Over: more than was ordered is kept. Without it ErrOver.
	Over bool
	Why  string // needed when Over
	Key  string // makes a repeated request harmless
}

// Part is one lot of one line; a line that came in two lots has two parts.
type Part struct {
	Line     int64 // the line's ID
	Quantity int64 // units of issue
	Lot      string
	Expiry   inventory.Date
	Place    inventory.PlaceID // where it was put; the line's own place when empty
}

// Receive books what came in: the ledger, the lines and the order's state, all or
// nothing. The order closes when nothing is outstanding.
func (d *Desk) Receive(ctx context.Context, by hospital.Actor, r Receipt) error {
	if err := by.Need(hospital.ReceiveStock); err != nil {
		return err
	}
	if len(r.Parts) == 0 {
		return hospital.Refuse(hospital.ErrInvalid, "Say what came in: a quantity for at least one line.")
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		first, err := tx.FirstTime(ctx, r.Key)
		if err != nil || !first {
			return err
		}
		o, err := tx.Order(ctx, r.Number)
		if err != nil {
			return err
		}
		if err := o.receivable(r); err != nil {
			return err
		}
		for _, part := range r.Parts {
			if err := d.receivePart(ctx, tx, by, &o, r, part); err != nil {
				return err
			}
		}
		o.settle(tx)
		if err := tx.SaveOrder(ctx, o); err != nil {
			return err
		}
		after := fmt.Sprintf(`{"parts":%d,"outstanding":%d,"status":%q}`, len(r.Parts), o.Outstanding(), o.Status)
		return tx.Record(ctx, hospital.Deed{By: by, What: "order.receive", On: "order/" + r.Number, Why: r.Why, After: after})
	})
	if err != nil {
		return fmt.Errorf("receive order %s: %w", r.Number, err)
	}
	return nil
}

func (o Order) receivable(r Receipt) error {
	switch {
	case o.Status != Sent && o.Status != PartReceived:
		return hospital.Refuse(hospital.ErrStale, fmt.Sprintf("This order is %s: nothing is expected for it.", o.Status))
	case o.Version != r.Version:
		return hospital.Refuse(hospital.ErrStale, "Somebody has received for this order since you opened it. Look at it again.")
	case r.Over && strings.TrimSpace(r.Why) == "":
		return hospital.Refuse(hospital.ErrInvalid, "Say why more than was ordered is kept.")
	}
	return nil
}

func (d *Desk) receivePart(ctx context.Context, tx Tx, by hospital.Actor, o *Order, r Receipt, part Part) error {
	for i := range o.Lines {
		l := &o.Lines[i]
		if l.ID != part.Line {
			continue
		}
		if part.Quantity > l.Outstanding() && !r.Over {
			return hospital.Refuse(ErrOver, fmt.Sprintf("%s: %d came in, %d were outstanding. Keep them with a reason, or send them back.",
				l.Item.Name, part.Quantity, l.Outstanding()))
		}
		l.Received += part.Quantity
		if err := tx.SaveLine(ctx, *l); err != nil {
			return err
		}
		if err := tx.AddDelivery(ctx, Delivery{Supplier: o.Supplier.ID, Number: o.Number, Line: l.ID, Sent: d.Stock.Today(o.SentAt),
			Expected: o.Expected, Arrived: d.Stock.Today(tx.Now()), Quantity: part.Quantity}); err != nil {
			return err
		}
		place := part.Place
		if place == "" {
			place = l.Place.ID
		}
		if err := inventory.Within(ctx, tx, by, hospital.ReceiveStock, place); err != nil {
			return err
		}
		return d.Stock.ReceiveIn(ctx, tx, by, inventory.Receiving{Item: l.Item.ID, Place: place, Number: part.Lot, Expiry: part.Expiry,
			Quantity: part.Quantity, Why: r.Why, Source: "order", Ref: "order/" + o.Number})
	}
	return hospital.Refuse(ErrUnknownOrder, "This order has no such line.")
}

// settle moves the order's state on.
func (o *Order) settle(tx Tx) {
	if o.Outstanding() > 0 {
		o.Status = PartReceived
		return
	}
	o.Status, o.ClosedAt = Closed, tx.Now()
}

// CloseShort ends an order of which something will not come: what is outstanding
// no longer counts as on order, so that the desk may propose it anew.
func (d *Desk) CloseShort(ctx context.Context, by hospital.Actor, number string, version int64, why string) error {
	if err := by.NeedEverywhere(hospital.ApproveOrders); err != nil {
		return err
	}
	if why = strings.TrimSpace(why); why == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say why the rest will not come.")
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		o, err := tx.Order(ctx, number)
		if err != nil {
			return err
		}
		if o.Version != version || o.Status == Closed || o.Status == Cancelled {
			return hospital.Refuse(hospital.ErrStale, "This order was changed since you opened it. Look at it again.")
		}
		short := o.Outstanding()
		for _, l := range o.Lines {
			l.Cancelled += l.Outstanding()
			if err := tx.SaveLine(ctx, l); err != nil {
				return err
			}
		}
		if o.Status == Draft {
			o.Status = Cancelled
		} else {
			o.Status = Closed
		}
		o.ClosedAt, o.Note = tx.Now(), why
		if err := tx.SaveOrder(ctx, o); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "order.close short", On: "order/" + number, Why: why,
			After: fmt.Sprintf(`{"not_coming":%d,"status":%q}`, short, o.Status)})
	})
	if err != nil {
		return fmt.Errorf("close order %s: %w", number, err)
	}
	return nil
}
