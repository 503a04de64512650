// Package reorder is the desk where orders are proposed, approved, sent and
// received.
//
//	a movement, the nightly run ─▶ Desk.Consider ─▶ policy.Decide ─▶ Proposal, with its reason
//	supply manager ─▶ Approve ─▶ a line of the supplier's draft Order ─▶ Send ─▶ Mail (PDF)
//	goods in ─▶ Receive ─▶ ledger ─▶ Order closed
//
// There is one open proposal for an item and a place, and what it proposes is
// counted as if it were on its way, so running the desk again proposes nothing.
//
// Approvals gather in one draft order for each supplier, which is sent by a
// person or by the daily job: fewer deliveries, the supplier's least order is
// reached sooner, and until it is sent an approval can still be looked at.
package reorder

import (
	"fmt"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// What goes wrong at the desk.
var (
	// ErrUnknownProposal, ErrUnknownOrder: there is none of that number.
	ErrUnknownProposal = fmt.Errorf("proposal %w", hospital.ErrUnknown)
	ErrUnknownOrder    = fmt.Errorf("order %w", hospital.ErrUnknown)
	// ErrDecided: somebody else has decided or changed it since it was shown.
	ErrDecided = fmt.Errorf("proposal %w", hospital.ErrStale)
	// ErrOver: more came in than was ordered, and nobody has said that it is kept.
	ErrOver = fmt.Errorf("more than ordered: %w", hospital.ErrInvalid)
)

// ProposalID numbers proposals.
type ProposalID int64

// Status is where a proposal stands.
type Status string

// The states of a proposal.
const (
	Waiting Status = "waiting"
	// HalfApproved: its amount needs a second approver, and one has approved.
	HalfApproved Status = "half approved"
	Approved     Status = "approved"
	Declined     Status = "declined"
)

// Proposal is what the desk, or a person, wants ordered. Its reason is frozen at
// the moment it was raised.
type Proposal struct {
	ID       ProposalID
	Item     inventory.Item
	Place    inventory.Place
	Supplier inventory.Supplier
	Status   Status
	Version  int64 // rises with every change; an answer to an older one is refused
	Quantity int64 // units of issue
	// Suggested is what the policy computed; Quantity differs once a person has changed it.
	Suggested int64
	Pack      int64
	Price     int64 // of a pack, in minor units
	Cause     string
	Reason    string
	Figures   []policy.Figure
	IfNot     string
	Offers    []Offer // what other places could give instead, as it stood then
	// UseDays is the use of the last days, oldest first; PerDay the forecast.
	UseDays  []int64
	PerDay   float64
	SDPerDay float64
	DaysLeft float64 // negative: no end in sight
	RaisedAt time.Time
	RaisedBy hospital.PersonID
	// RaisedName is the person's or the job's name.
	RaisedName  string
	ChangedWhy  string
	ChangedName string
	FirstBy     hospital.PersonID // who approved first, where two are needed
	FirstName   string
	FirstFor    hospital.PersonID // in whose place; empty: her own right
	DecidedAt   time.Time
	DecidedBy   hospital.PersonID
	DecidedName string
	DecidedFor  hospital.PersonID // in whose place; empty: her own right
	DecidedWhy  string
	Order       string // the order's number, once approved
	// Together marks those that were approved with one button; empty: it was decided alone.
	Together string
	// PutOffUntil is the day on which the inbox shows it again; zero: it is not put off.
	PutOffUntil inventory.Date
	// OverBudget names the budgets that it would break, as they stood when it was looked at; it is not kept.
	OverBudget []string
	// Budgets are those that it would be charged to, as they stood when it was looked at; not kept.
	Budgets []Charged
}

// Open says whether the proposal still waits.
func (p Proposal) Open() bool { return p.Status == Waiting || p.Status == HalfApproved }

// Packs is the quantity in whole packs.
func (p Proposal) Packs() int64 { return (p.Quantity + p.Pack - 1) / p.Pack }

// Cost is what the quantity costs.
func (p Proposal) Cost() inventory.Money {
	return inventory.Money{Minor: p.Packs() * p.Price, Currency: p.Supplier.Currency}
}

// Limits say how much one person may approve alone.
type Limits struct {
	// Alone is the greatest cost, in minor units, that one approver is enough for.
	// Above it a second person has to approve. 0 means DefaultAlone.
	Alone int64
	// Signed has every approval signed with the approver's password: 21 CFR Part 11.
	Signed bool
}

// DefaultAlone is 5,000.00.
const DefaultAlone = 500_000

// NeedsTwo says whether a cost needs a second approver: one that is above the
// limit does, one that is equal to it does not.
func (l Limits) NeedsTwo(cost inventory.Money) bool {
	alone := l.Alone
	if alone == 0 {
		alone = DefaultAlone
	}
	return cost.Minor > alone
}

// NeedsTwo says whether the proposal needs a second approver, for its amount or
// because it breaks a budget.
func (p Proposal) NeedsTwo(limits Limits) bool {
	return limits.NeedsTwo(p.Cost()) || len(p.OverBudget) > 0
}

// Approve says what an approval by a person makes of a proposal: Approved, or
// HalfApproved when a second person is needed. Whoever raised it may not approve
// it, nor may her stand-in in her place, and nobody is both approvers. What breaks
// a budget is approved last by somebody who approves for the whole hospital.
func (p Proposal) Approve(by hospital.Actor, limits Limits) (Status, error) {
	if err := by.Need(hospital.ApproveOrders); err != nil {
		return p.Status, err
	}
	switch {
	case !p.Open():
		return p.Status, hospital.Refuse(ErrDecided, fmt.Sprintf("%s has already %s this.", p.DecidedName, p.Status))
	case p.RaisedBy == by.Answers():
		return p.Status, hospital.Refuse(hospital.ErrForbidden, "You asked for this yourself. Somebody else has to approve it.")
	case !p.NeedsTwo(limits):
		return Approved, nil
	case p.Status == Waiting:
		return HalfApproved, nil
	case p.FirstBy == by.Answers():
		return p.Status, hospital.Refuse(hospital.ErrForbidden, "You have approved this already. It needs a second person.")
	case p.FirstFor != "" && p.FirstFor == by.Answers():
		return p.Status, hospital.Refuse(hospital.ErrForbidden, "It was approved in your place already. It needs a second person.")
	case len(p.OverBudget) > 0 && !by.Reach(hospital.ApproveOrders).Everywhere:
		return p.Status, hospital.Refuse(hospital.ErrForbidden, "It breaks a budget. Somebody who approves for the whole hospital has to say yes.")
	}
	return Approved, nil
}

// OrderStatus is where an order stands.
type OrderStatus string

// The states of an order.
const (
	Draft        OrderStatus = "draft"
	Sent         OrderStatus = "sent"
	PartReceived OrderStatus = "part received"
	Closed       OrderStatus = "closed"
	Cancelled    OrderStatus = "cancelled"
)

// Order is what one supplier is asked to deliver.
type Order struct {
	Number    string // "2026-0007": the year of the hospital's calendar and a running number
	Supplier  inventory.Supplier
	Status    OrderStatus
	Version   int64
	CreatedAt time.Time
	SentAt    time.Time
	SentBy    string
	Expected  inventory.Date // zero while it is a draft
	ClosedAt  time.Time
	Note      string
	Lines     []Line
}

// Line is one item of an order, for one place.
type Line struct {
	ID        int64
	No        int // within the order, from 1
	Item      inventory.Item
	Place     inventory.Place
	Pack      int64
	Price     int64 // of a pack, in minor units
	Ordered   int64 // units of issue
	Received  int64
	Cancelled int64
	// Returned went back for credit; what went back for a new one is outstanding again.
	Returned int64
	// Expected is the line's own day; zero: the order's.
	Expected inventory.Date
	Proposal ProposalID
}

// Outstanding is what may still come.
func (l Line) Outstanding() int64 { return max(l.Ordered-l.Received-l.Cancelled, 0) }

// Packs is what was ordered in packs.
func (l Line) Packs() int64 { return (l.Ordered + l.Pack - 1) / l.Pack }

// Cost is the price of what was ordered, in minor units.
func (l Line) Cost() int64 { return l.Packs() * l.Price }

// Total is the price of the whole order.
func (o Order) Total() inventory.Money {
	sum := inventory.Money{Currency: o.Supplier.Currency}
	for _, l := range o.Lines {
		sum.Minor += l.Cost()
	}
	return sum
}

// Outstanding is how many units may still come, of all lines.
func (o Order) Outstanding() int64 {
	var sum int64
	for _, l := range o.Lines {
		sum += l.Outstanding()
	}
	return sum
}

// Late says whether something that should have come by now is outstanding.
func (o Order) Late(today inventory.Date) bool {
	return len(o.LateLines(today)) > 0
}

// BelowMinimum says whether the order is worth less than the supplier takes.
func (o Order) BelowMinimum() bool { return o.Total().Minor < o.Supplier.Minimum }

// MailStatus is where an outgoing message stands.
type MailStatus string

// The states of a message. Unsure: the connection broke at the very end, so the
// supplier may or may not have it; it is not sent again unless a person says so.
const (
	MailWaiting MailStatus = "waiting"
	MailSending MailStatus = "sending"
	MailSent    MailStatus = "sent"
	MailUnsure  MailStatus = "unsure"
	MailFailed  MailStatus = "failed"
)

// Mail is an order on its way to the supplier.
type Mail struct {
	ID        int64
	Number    string
	MessageID string // without angle brackets; the same at every attempt
	Recipient string
	Subject   string
	Body      string
	Paper     []byte // PDF
	Way       Way
	// Change: it tells of a change, the order itself went before.
	Change bool
	// FileName and File are what a channel carries; empty for mail.
	FileName string
	File     []byte
	// Supplier and Channel are to whom it goes and how, as it is agreed now.
	Supplier  inventory.SupplierID
	Channel   inventory.Channel
	Status    MailStatus
	Attempts  int
	NextAt    time.Time
	CreatedAt time.Time
	SentAt    time.Time
	Trouble   string // what the last attempt met
}
