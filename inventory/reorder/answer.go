package reorder

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// Said is what a supplier confirmed of a line, or what we changed of it.
type Said struct {
	Line      int64
	Item      string
	Kind      SaidKind
	Reference string // the supplier's own number
	Before    int64  // units that were to come in all
	Quantity  int64  // that are to come in all
	Expected  inventory.Date
	OldPrice  int64 // of a pack
	Price     int64
	Why       string
	At        time.Time
	ByName    string
}

// SaidKind tells a supplier's word from ours.
type SaidKind string

// The kinds.
const (
	Confirmed SaidKind = "confirmed"
	Changed   SaidKind = "changed"
)

// LineTerms is what is to come of a line from now on, in all: what is on the way and
// what came in already.
type LineTerms struct {
	Line     int64
	Quantity int64          // units; not less than came in
	Expected inventory.Date // zero: as it was
	Price    int64          // of a pack; negative: as it was
}

// Confirmation is a supplier's answer to an order.
type Confirmation struct {
	Number    string
	Version   int64
	Reference string // the supplier's own number; may be empty
	Why       string // needed where a price rose
	Lines     []LineTerms
}

// Confirm notes what the supplier says will come, when, and for how much. What
// will not come no longer counts as on order, so the desk may propose it anew; a
// price above the one that was ordered at needs a reason. More than was ordered is
// refused: that takes a proposal of its own.
func (d *Desk) Confirm(ctx context.Context, by hospital.Actor, c Confirmation) error {
	return d.say(ctx, by, c.Number, c.Version, "order.confirm", c.Why, func(tx Tx, o *Order) error {
		for _, t := range c.Lines {
			if err := d.settleLine(ctx, tx, by, o, t, Said{Kind: Confirmed, Reference: strings.TrimSpace(c.Reference), Why: strings.TrimSpace(c.Why)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Amend changes an order that was sent: less of a line, or none, or another day;
// and tells the supplier so by a letter with the order as it is now.
func (d *Desk) Amend(ctx context.Context, by hospital.Actor, c Confirmation) error {
	if strings.TrimSpace(c.Why) == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say why the order changes; the supplier is told.")
	}
	return d.say(ctx, by, c.Number, c.Version, "order.change", c.Why, func(tx Tx, o *Order) error {
		for _, t := range c.Lines {
			t.Price = -1 // prices are the supplier's to say
			if err := d.settleLine(ctx, tx, by, o, t, Said{Kind: Changed, Why: strings.TrimSpace(c.Why)}); err != nil {
				return err
			}
		}
		return d.tellChange(ctx, tx, *o, c.Why)
	})
}

// say runs one change of an order that is with its supplier.
func (d *Desk) say(ctx context.Context, by hospital.Actor, number string, version int64, what, why string, change func(Tx, *Order) error) error {
	if err := by.NeedEverywhere(hospital.ApproveOrders); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		o, err := tx.Order(ctx, number)
		if err != nil {
			return err
		}
		switch {
		case o.Status != Sent && o.Status != PartReceived:
			return hospital.Refuse(hospital.ErrStale, fmt.Sprintf("This order is %s: it is not with its supplier.", o.Status))
		case o.Version != version:
			return hospital.Refuse(hospital.ErrStale, "This order was changed since you opened it. Look at it again.")
		}
		before := o.Outstanding()
		if err := change(tx, &o); err != nil {
			return err
		}
		if o.Outstanding() == 0 {
			o.Status, o.ClosedAt = Closed, tx.Now()
		}
		if err := tx.SaveOrder(ctx, o); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: what, On: "order/" + number, Why: strings.TrimSpace(why),
			Before: fmt.Sprintf(`{"outstanding":%d}`, before), After: fmt.Sprintf(`{"outstanding":%d,"total_minor":%d,"status":%q}`, o.Outstanding(), o.Total().Minor, o.Status)})
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, number, err)
	}
	return nil
}

// settleLine gives a line its new terms, and keeps what was said.
func (d *Desk) settleLine(ctx context.Context, tx Tx, by hospital.Actor, o *Order, t LineTerms, said Said) error {
	l := o.line(t.Line)
	if l == nil {
		return hospital.Refuse(ErrUnknownOrder, "This order has no such line.")
	}
	was := l.Ordered - l.Cancelled
	switch {
	case t.Quantity > was:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s: %d were ordered. More takes a proposal of its own.", l.Item.Name, was))
	case t.Quantity < l.Received:
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s: %d have come in already.", l.Item.Name, l.Received))
	case t.Price > l.Price && said.Why == "":
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s costs more than was ordered. Say why that is taken.", l.Item.Name))
	}
	said.Line, said.Before, said.Quantity, said.OldPrice, said.Price, said.At, said.ByName = l.ID, was, t.Quantity, l.Price, l.Price, tx.Now(), by.Name
	if t.Price >= 0 {
		said.Price = t.Price
	}
	if said.Expected = t.Expected; t.Expected.IsZero() {
		said.Expected = o.ExpectedOf(*l)
	}
	l.Cancelled, l.Price, l.Expected = l.Ordered-t.Quantity, said.Price, said.Expected
	if err := tx.SaveLine(ctx, *l); err != nil {
		return err
	}
	return tx.AddSaid(ctx, o.Number, said)
}

// line is one of the order's, nil when there is none of that number.
func (o *Order) line(id int64) *Line {
	for i := range o.Lines {
		if o.Lines[i].ID == id {
			return &o.Lines[i]
		}
	}
	return nil
}

// ExpectedOf is when a line should come: its own day, or the order's.
func (o Order) ExpectedOf(l Line) inventory.Date {
	if l.Expected.IsZero() {
		return o.Expected
	}
	return l.Expected
}

// LateLines are the lines that should have come by now.
func (o Order) LateLines(today inventory.Date) (late []Line) {
	if o.Status != Sent && o.Status != PartReceived {
		return nil
	}
	for _, l := range o.Lines {
		if on := o.ExpectedOf(l); l.Outstanding() > 0 && !on.IsZero() && on < today {
			late = append(late, l)
		}
	}
	return late
}

// ChangeNote is what a message that tells of a change says beside the order.
type ChangeNote struct {
	No      int    // the first change is 1
	Message string // its own number, the same at every try
	Of      string // the number of the message before
	Why     string
}

// tellChange has the supplier told of a change by the way that its orders go: by a
// letter, or by a file for its channel.
func (d *Desk) tellChange(ctx context.Context, tx Tx, o Order, why string) error {
	if Address(o.Supplier) == "" {
		return nil
	}
	site, at := d.Register.Current().Site, tx.Now()
	paper, err := d.Paper(o, site, at)
	if err != nil {
		return fmt.Errorf("draw order %s: %w", o.Number, err)
	}
	note := ChangeNote{Why: strings.TrimSpace(why)}
	if note.Of, note.No, err = tx.LastMessage(ctx, o.Number); err != nil {
		return err
	}
	note.No++
	note.Message = fmt.Sprintf("order-%s.change-%d.%d@%s.wardwatch", o.Number, note.No, at.UnixMilli(), site.ID)
	m := Mail{Number: o.Number, MessageID: note.Message, Recipient: Address(o.Supplier), Subject: d.word("Change of order " + o.Number + " from " + site.Name),
		Body: d.changeLetter(o, site, note.Why), Paper: paper, Status: MailWaiting, NextAt: at, CreatedAt: at, Way: wayTo(o.Supplier), Change: true}
	if m.Way != ByMail {
		if d.ChangeFile == nil {
			return hospital.Refuse(hospital.ErrInvalid, "This Wardwatch writes no files for suppliers' channels.")
		}
		m.FileName = fmt.Sprintf("order-%s-change-%d.xml", o.Number, note.No)
		if m.File, err = d.ChangeFile(o, site, at.In(site.Location()), note); err != nil {
			return fmt.Errorf("write the change of order %s as %s: %w", o.Number, o.Supplier.Channel.Format, err)
		}
	}
	return tx.AddMail(ctx, m)
}

// changeLetter is what a person at the supplier's reads.
func (d *Desk) changeLetter(o Order, site hospital.Site, why string) string {
	var b strings.Builder
	b.WriteString(d.word(site.Name+" changes its order "+o.Number) + ": " + why + "\n\n" + d.word("What is to come in all, from now on:") + "\n")
	for _, l := range o.Lines {
		fmt.Fprintf(&b, "%d. %s: %s\n", l.No, l.Item.Name, d.word(fmt.Sprintf("%d %s instead of %d, by %s", l.Ordered-l.Cancelled, l.Item.Unit, l.Ordered, o.ExpectedOf(l))))
	}
	b.WriteString("\n" + d.word("Please confirm this change.") + "\n")
	return b.String()
}

// SentBack is what goes back to the supplier of a line.
type SentBack struct {
	Number   string
	Version  int64
	Line     int64
	Lot      inventory.LotID
	LotName  string // for pages
	Item     string // for pages
	Place    inventory.PlaceID
	Quantity int64
	// Replaced: it is to come anew. Else it is credited.
	Replaced bool
	Why      string
	At       time.Time
	ByName   string
	Key      string // makes a repeated request harmless
}

// SendBack takes a part of what came in out of the stock again, because it goes
// back: for a new one, which is then outstanding again, or for credit, which an
// invoice is matched with.
func (d *Desk) SendBack(ctx context.Context, by hospital.Actor, s SentBack) error {
	if err := by.Need(hospital.ReceiveStock); err != nil {
		return err
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		first, err := tx.FirstTime(ctx, s.Key)
		if err != nil || !first {
			return err
		}
		o, err := tx.Order(ctx, s.Number)
		if err != nil {
			return err
		}
		l := o.line(s.Line)
		switch {
		case l == nil:
			return hospital.Refuse(ErrUnknownOrder, "This order has no such line.")
		case o.Version != s.Version:
			return hospital.Refuse(hospital.ErrStale, "This order was changed since you opened it. Look at it again.")
		case s.Quantity > l.Received-l.Returned:
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s: only %d came in and are still here by this order.", l.Item.Name, l.Received-l.Returned))
		}
		err = d.Stock.SendBackIn(ctx, tx, by, inventory.Taking{Item: l.Item.ID, Place: s.Place, Lot: s.Lot, Quantity: s.Quantity, Why: s.Why, Source: "order"}, "order/"+o.Number)
		if err != nil {
			return err
		}
		return d.sendBack(ctx, tx, by, o, l, s)
	})
	if err != nil {
		return fmt.Errorf("send back of order %s: %w", s.Number, err)
	}
	return nil
}

func (d *Desk) sendBack(ctx context.Context, tx Tx, by hospital.Actor, o Order, l *Line, s SentBack) error {
	if s.Replaced {
		l.Received -= s.Quantity
		o.Status, o.ClosedAt = PartReceived, time.Time{}
	} else {
		l.Returned += s.Quantity
	}
	if err := tx.SaveLine(ctx, *l); err != nil {
		return err
	}
	s.At, s.ByName, s.Why = tx.Now(), by.Name, strings.TrimSpace(s.Why)
	if err := tx.AddSentBack(ctx, s); err != nil {
		return err
	}
	if err := tx.SaveOrder(ctx, o); err != nil {
		return err
	}
	return tx.Record(ctx, hospital.Deed{By: by, What: "order.send back", On: "order/" + o.Number, Why: s.Why,
		After: fmt.Sprintf(`{"item":%q,"lot":%q,"quantity":%d,"replaced":%v}`, l.Item.ID, s.Lot, s.Quantity, s.Replaced)})
}
