package reorder

import (
	"context"
	"fmt"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// InvoiceID numbers invoices.
type InvoiceID int64

// InvoiceStatus is where an invoice stands.
type InvoiceStatus string

// The states of an invoice: it fits what came in and was agreed, or it waits for
// a person, who accepts or disputes it.
const (
	Matched  InvoiceStatus = "matched"
	Pending  InvoiceStatus = "waiting"
	Accepted InvoiceStatus = "accepted"
	Disputed InvoiceStatus = "disputed"
)

// Invoice is what a supplier charges for an order, or for a part of it.
type Invoice struct {
	ID          InvoiceID
	Supplier    inventory.Supplier
	Invoice     string // the supplier's number
	Number      string // our order's
	Day         inventory.Date
	Total       int64 // minor units, as the invoice says
	Status      InvoiceStatus
	Lines       []InvoiceLine
	EnteredAt   time.Time
	EnteredName string
	DecidedAt   time.Time
	DecidedName string
	Why         string
}

// InvoiceLine is what an invoice charges for a line of the order.
type InvoiceLine struct {
	Line  int64
	Packs int64
	Price int64 // of a pack
}

const (
	// priceShare is by how many parts of a thousand a pack may cost more or less than agreed.
	priceShare = 5
	// totalSlack is by how much an invoice's total may differ from its lines, in
	// minor units: rounding, and nothing else.
	totalSlack = 2
	// maxInvoice is how long an invoice's number may be, in bytes.
	maxInvoice = 60
)

// Mismatch is one way in which an invoice does not fit, as a person reads it.
type Mismatch struct {
	Line int64 // zero: of the whole
	Says string
}

// Match compares an invoice with what came in and was agreed. charged is how many
// packs of each line other invoices charge already. Nothing comes back where all fits.
func Match(o Order, charged map[int64]int64, v Invoice) (all []Mismatch) {
	sum := int64(0)
	for _, il := range v.Lines {
		sum += il.Packs * il.Price
		l := o.line(il.Line)
		if l == nil {
			all = append(all, Mismatch{il.Line, "It charges for something that this order has no line of."})
			continue
		}
		all = append(all, l.mismatches(charged[il.Line], il, o.Supplier.Currency)...)
	}
	if off := v.Total - sum; off > totalSlack || off < -totalSlack {
		all = append(all, Mismatch{Says: fmt.Sprintf("The total of %s is not the sum of its lines, %s: freight, tax or a mistake.", money(v.Total, o), money(sum, o))})
	}
	return all
}

func money(minor int64, o Order) inventory.Money {
	return inventory.Money{Minor: minor, Currency: o.Supplier.Currency}
}

// mismatches of one line: a quantity above what came in and stayed, a price that is not the agreed one.
func (l Line) mismatches(charged int64, il InvoiceLine, currency string) (all []Mismatch) {
	pack := max(l.Pack, 1)
	here := (l.Received - l.Returned + pack - 1) / pack // an opened pack is owed whole
	if il.Packs+charged > here {
		says := fmt.Sprintf("%s: %s charged, %s came in and stayed.", l.Item.Name, packsWord(il.Packs+charged), packsWord(here))
		if charged > 0 {
			says += fmt.Sprintf(" %s of them are on other invoices.", packsWord(charged))
		}
		all = append(all, Mismatch{l.ID, says})
	}
	if off := max(il.Price-l.Price, l.Price-il.Price); off*1000 > l.Price*priceShare {
		all = append(all, Mismatch{l.ID, fmt.Sprintf("%s: a pack is charged at %s, agreed was %s.", l.Item.Name,
			inventory.Money{Minor: il.Price, Currency: currency}, inventory.Money{Minor: l.Price, Currency: currency})})
	}
	return all
}

func packsWord(n int64) string {
	if n == 1 {
		return "1 pack"
	}
	return fmt.Sprintf("%d packs", n)
}

// EnterInvoice keeps a supplier's invoice and matches it. One number of a supplier is taken once.
func (d *Desk) EnterInvoice(ctx context.Context, by hospital.Actor, v Invoice) (Invoice, error) {
	if err := by.NeedEverywhere(hospital.ApproveOrders); err != nil {
		return v, err
	}
	v.Invoice = strings.TrimSpace(v.Invoice)
	switch {
	case v.Invoice == "" || len(v.Invoice) > maxInvoice:
		return v, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("Give the invoice's number, of at most %d characters.", maxInvoice))
	case v.Day.IsZero():
		return v, hospital.Refuse(hospital.ErrInvalid, "Give the invoice's date.")
	case len(v.Lines) == 0:
		return v, hospital.Refuse(hospital.ErrInvalid, "Say what it charges: packs and price of at least one line.")
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		o, err := tx.Order(ctx, v.Number)
		if err != nil {
			return err
		}
		if o.Status == Draft || o.Status == Cancelled {
			return hospital.Refuse(hospital.ErrStale, fmt.Sprintf("This order is %s: nothing of it can be charged.", o.Status))
		}
		charged, err := tx.Charged(ctx, v.Number)
		if err != nil {
			return err
		}
		v.Supplier, v.Status, v.EnteredAt, v.EnteredName = o.Supplier, Matched, tx.Now(), by.Name
		wrong := Match(o, charged, v)
		if len(wrong) > 0 {
			v.Status = Pending
		}
		if v.ID, err = tx.AddInvoice(ctx, v); err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "invoice.enter", On: "order/" + v.Number,
			After: fmt.Sprintf(`{"invoice":%q,"total_minor":%d,"status":%q,"mismatches":%d}`, v.Invoice, v.Total, v.Status, len(wrong))})
	})
	if err != nil {
		return v, fmt.Errorf("enter invoice %s: %w", v.Invoice, err)
	}
	return v, nil
}

// DecideInvoice accepts or disputes an invoice that did not match, with a reason.
func (d *Desk) DecideInvoice(ctx context.Context, by hospital.Actor, id InvoiceID, accept bool, why string) error {
	if err := by.NeedEverywhere(hospital.ApproveOrders); err != nil {
		return err
	}
	if why = strings.TrimSpace(why); why == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say why.")
	}
	status, what := Disputed, "invoice.dispute"
	if accept {
		status, what = Accepted, "invoice.accept"
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		v, err := tx.EndInvoice(ctx, id, status, by.Name, why)
		if err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: what, On: "order/" + v.Number, Why: why, After: fmt.Sprintf(`{"invoice":%q}`, v.Invoice)})
	})
	if err != nil {
		return fmt.Errorf("decide invoice %d: %w", id, err)
	}
	return nil
}

// ErrUnknownInvoice: there is none of that number that waits.
var ErrUnknownInvoice = fmt.Errorf("invoice %w", hospital.ErrUnknown)

// Performance is how a supplier did on what it was ordered in a time.
type Performance struct {
	Supplier inventory.Supplier
	Orders   int
	// Deliveries came in, OnTime of them by the day that was expected.
	Deliveries, OnTime int
	// MeanDays and MostDays is how long they took.
	MeanDays float64
	MostDays int
	// Ordered, Came and Returned are units over the lines that are over.
	Ordered, Came, Returned int64
	LateNow                 int // orders that are late today
	Invoices, Mismatched    int
	Sendings, Failed        int // tries to send an order, and those that failed
}

// Share is a part of a whole in percent; 100 of nothing.
func Share(part, whole int64) float64 {
	if whole == 0 {
		return 100
	}
	return 100 * float64(part) / float64(whole)
}
