package api

import (
	"context"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/audit"
)

// Money is an amount in minor units: 123450 EUR is 1,234.50 EUR.
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency" doc:"ISO 4217."`
}

// wireMoney is an amount for whoever may see prices; nil, which is left out, for others.
func wireMoney(ctx context.Context, m inventory.Money) *Money {
	if !hospital.Shown(ctx, hospital.SeePrices) {
		return nil
	}
	return &Money{m.Minor, m.Currency}
}

// Proposal is what the desk, or a person, wants ordered.
type Proposal struct {
	ID           reorder.ProposalID   `json:"id"`
	Item         inventory.ItemID     `json:"item"`
	ItemName     string               `json:"item_name"`
	Unit         string               `json:"unit"`
	Place        inventory.PlaceID    `json:"place"`
	Supplier     inventory.SupplierID `json:"supplier"`
	SupplierName string               `json:"supplier_name"`
	Status       reorder.Status       `json:"status"`
	Version      int64                `json:"version" doc:"Rises with each change. Send it back with an answer."`
	Quantity     int64                `json:"quantity" doc:"In units of issue."`
	Suggested    int64                `json:"suggested" doc:"What was computed; quantity differs once a person has changed it."`
	Pack         int64                `json:"pack"`
	Cost         *Money               `json:"cost,omitempty" doc:"For who may see prices."`
	Cause        string               `json:"cause"`
	Reason       string               `json:"reason" doc:"Why, in words, as it was when it was raised."`
	Figures      []Figure             `json:"figures" doc:"The numbers that the reason is made of."`
	IfNot        string               `json:"if_not,omitempty" doc:"What happens if nothing is ordered."`
	DaysLeft     *float64             `json:"days_left,omitempty"`
	RaisedAt     time.Time            `json:"raised_at"`
	RaisedBy     string               `json:"raised_by"`
	ChangedBy    string               `json:"changed_by,omitempty"`
	ChangedWhy   string               `json:"changed_why,omitempty"`
	FirstBy      string               `json:"first_approval_by,omitempty" doc:"Who approved first, where two are needed."`
	DecidedAt    time.Time            `json:"decided_at,omitzero"`
	DecidedBy    string               `json:"decided_by,omitempty"`
	DecidedWhy   string               `json:"decided_why,omitempty"`
	Order        string               `json:"order,omitempty" doc:"The order's number, once it is approved."`
	Together     string               `json:"together,omitempty" doc:"Names those that were approved in one go."`
}

// Figure is one number of a reason.
type Figure struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func wireProposal(ctx context.Context, p reorder.Proposal) Proposal {
	out := Proposal{ID: p.ID, Item: p.Item.ID, ItemName: p.Item.Name, Unit: p.Item.Unit, Place: p.Place.ID, Supplier: p.Supplier.ID,
		SupplierName: p.Supplier.Name, Status: p.Status, Version: p.Version, Quantity: p.Quantity, Suggested: p.Suggested, Pack: p.Pack,
		Cost: wireMoney(ctx, p.Cost()), Cause: p.Cause, Reason: p.Reason, Figures: []Figure{}, IfNot: p.IfNot, DaysLeft: daysLeft(p.DaysLeft),
		RaisedAt: p.RaisedAt, RaisedBy: p.RaisedName, ChangedBy: p.ChangedName, ChangedWhy: p.ChangedWhy, FirstBy: p.FirstName,
		DecidedAt: p.DecidedAt, DecidedBy: p.DecidedName, DecidedWhy: p.DecidedWhy, Order: p.Order, Together: p.Together}
	for _, f := range p.Figures {
		out.Figures = append(out.Figures, Figure{f.Name, f.Value})
	}
	return out
}

// ProposalsIn chooses proposals.
type ProposalsIn struct {
	Open   bool             `query:"open" doc:"Only those that wait for an answer."`
	Status reorder.Status   `query:"status"`
	Item   inventory.ItemID `query:"item"`
	Part
}

func (a *API) proposals(ctx context.Context, _ hospital.Actor, in ProposalsIn) (none List[Proposal], err error) {
	s := reorder.Selection{Open: in.Open, Status: in.Status, Item: in.Item}
	if err := keysOf(in.Cursor, "proposals", (*int64)(&s.Before)); err != nil {
		return none, err
	}
	proposals, err := a.Lists.Proposals(ctx, s, in.limit()+1)
	return listOf(in.Part, "proposals", proposals, func(p reorder.Proposal) []string { return []string{number(p.ID)} },
		func(p reorder.Proposal) Proposal { return wireProposal(ctx, p) }), err
}

// ProposalIn names a proposal.
type ProposalIn struct {
	ID reorder.ProposalID `path:"id" json:"-"`
}

func (a *API) proposal(ctx context.Context, _ hospital.Actor, in ProposalIn) (Proposal, error) {
	p, err := a.Desk.Store.FindProposal(ctx, in.ID)
	return told(ctx, p, err)
}

// told is a proposal as it then stands, unless it was refused.
func told(ctx context.Context, p reorder.Proposal, err error) (Proposal, error) {
	if err != nil {
		return Proposal{}, err
	}
	return wireProposal(ctx, p), nil
}

// ApproveIn is a yes.
type ApproveIn struct {
	ProposalIn
	Version  int64  `json:"version" doc:"The version that was looked at. Another one is refused with 409."`
	Quantity int64  `json:"quantity,omitempty" doc:"Another quantity, in units of issue; it needs why."`
	Why      string `json:"why,omitempty"`
}

func (a *API) approve(ctx context.Context, by hospital.Actor, in ApproveIn) (Proposal, error) {
	p, err := a.Desk.Approve(ctx, by, reorder.Answer{ID: in.ID, Version: in.Version, Quantity: in.Quantity, Why: in.Why})
	return told(ctx, p, err)
}

// ChangeIn is another quantity.
type ChangeIn struct {
	ProposalIn
	Version  int64  `json:"version" doc:"The version that was looked at. Another one is refused with 409."`
	Quantity int64  `json:"quantity" doc:"In units of issue; rounded up to packs."`
	Why      string `json:"why"`
}

func (a *API) change(ctx context.Context, by hospital.Actor, in ChangeIn) (Proposal, error) {
	p, err := a.Desk.Change(ctx, by, reorder.Answer{ID: in.ID, Version: in.Version, Quantity: in.Quantity, Why: in.Why})
	return told(ctx, p, err)
}

// DeclineIn is a no.
type DeclineIn struct {
	ProposalIn
	Version int64  `json:"version" doc:"The version that was looked at. Another one is refused with 409."`
	Why     string `json:"why"`
}

func (a *API) decline(ctx context.Context, by hospital.Actor, in DeclineIn) (Proposal, error) {
	p, err := a.Desk.Decline(ctx, by, reorder.Answer{ID: in.ID, Version: in.Version, Why: in.Why})
	return told(ctx, p, err)
}

// Order is what one supplier is asked to deliver.
type Order struct {
	Number       string               `json:"number"`
	Supplier     inventory.SupplierID `json:"supplier"`
	SupplierName string               `json:"supplier_name"`
	Status       reorder.OrderStatus  `json:"status"`
	Version      int64                `json:"version"`
	CreatedAt    time.Time            `json:"created_at"`
	SentAt       time.Time            `json:"sent_at,omitzero"`
	SentBy       string               `json:"sent_by,omitempty"`
	Expected     Day                  `json:"expected,omitempty"`
	ClosedAt     time.Time            `json:"closed_at,omitzero"`
	Note         string               `json:"note,omitempty"`
	Total        *Money               `json:"total,omitempty" doc:"For who may see prices."`
	Lines        []OrderLine          `json:"lines"`
}

// OrderLine is one item of an order, for one place.
type OrderLine struct {
	Line        int                `json:"line"`
	Item        inventory.ItemID   `json:"item"`
	ItemName    string             `json:"item_name"`
	Unit        string             `json:"unit"`
	Place       inventory.PlaceID  `json:"place"`
	Pack        int64              `json:"pack"`
	Ordered     int64              `json:"ordered" doc:"In units of issue, as are the others."`
	Received    int64              `json:"received"`
	Cancelled   int64              `json:"cancelled"`
	Outstanding int64              `json:"outstanding"`
	Cost        *Money             `json:"cost,omitempty" doc:"For who may see prices."`
	Proposal    reorder.ProposalID `json:"proposal,omitempty"`
}

func wireOrder(ctx context.Context, o reorder.Order) Order {
	out := Order{Number: o.Number, Supplier: o.Supplier.ID, SupplierName: o.Supplier.Name, Status: o.Status, Version: o.Version,
		CreatedAt: o.CreatedAt, SentAt: o.SentAt, SentBy: o.SentBy, Expected: dayOf(o.Expected), ClosedAt: o.ClosedAt, Note: o.Note,
		Total: wireMoney(ctx, o.Total()), Lines: []OrderLine{}}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, OrderLine{Line: l.No, Item: l.Item.ID, ItemName: l.Item.Name, Unit: l.Item.Unit, Place: l.Place.ID, Pack: l.Pack,
			Ordered: l.Ordered, Received: l.Received, Cancelled: l.Cancelled, Outstanding: l.Outstanding(),
			Cost: wireMoney(ctx, inventory.Money{Minor: l.Cost(), Currency: o.Supplier.Currency}), Proposal: l.Proposal})
	}
	return out
}

// OrdersIn chooses orders.
type OrdersIn struct {
	Status reorder.OrderStatus `query:"status"`
	Part
}

func (a *API) orders(ctx context.Context, _ hospital.Actor, in OrdersIn) (none List[Order], err error) {
	s := reorder.OrderSelection{Status: in.Status}
	if err := keysOf(in.Cursor, "orders", &s.Before); err != nil {
		return none, err
	}
	orders, err := a.Lists.Orders(ctx, s, in.limit()+1)
	return listOf(in.Part, "orders", orders, func(o reorder.Order) []string { return []string{o.Number} },
		func(o reorder.Order) Order { return wireOrder(ctx, o) }), err
}

// OrderIn names an order.
type OrderIn struct {
	Number string `path:"number" json:"-" doc:"Such as 2026-0007."`
}

func (a *API) order(ctx context.Context, _ hospital.Actor, in OrderIn) (Order, error) {
	o, err := a.Desk.Store.FindOrder(ctx, in.Number)
	if err != nil {
		return Order{}, err
	}
	return wireOrder(ctx, o), nil
}

// AuditIn chooses lines of the trail.
type AuditIn struct {
	Who   string    `query:"who" doc:"Part of a name or identifier."`
	Deed  string    `query:"deed" doc:"The beginning of a deed: alarm, or alarm.acknowledge."`
	Thing string    `query:"thing" doc:"The beginning of a thing: fridge/, or fridge/f-03."`
	From  time.Time `query:"from" doc:"At this time or later."`
	To    time.Time `query:"to" doc:"Before this time."`
	Part
}

// AuditLine is one line of the trail. It is never altered.
type AuditLine struct {
	Seq    int64             `json:"seq"`
	At     time.Time         `json:"at"`
	By     hospital.PersonID `json:"by"`
	Name   string            `json:"name" doc:"As the person was called at the time."`
	Deed   string            `json:"deed"`
	Thing  string            `json:"thing"`
	Why    string            `json:"why,omitempty"`
	Before string            `json:"before,omitempty" doc:"A small JSON object, as text."`
	After  string            `json:"after,omitempty" doc:"A small JSON object, as text."`
}

// WireAudit is a line of the trail as it leaves the house.
func WireAudit(l audit.Line) AuditLine {
	return AuditLine{Seq: l.Seq, At: l.At, By: l.By, Name: l.Name, Deed: l.Deed, Thing: l.Thing, Why: l.Why, Before: l.Before, After: l.After}
}

func (a *API) audit(ctx context.Context, by hospital.Actor, in AuditIn) (none List[AuditLine], err error) {
	if err := by.Need(hospital.SeeAudit); err != nil {
		return none, err
	}
	var before int64
	if err := keysOf(in.Cursor, "audit", &before); err != nil {
		return none, err
	}
	lines, err := a.Trail.Store.Lines(ctx, audit.Filter{Who: in.Who, Deed: in.Deed, Thing: in.Thing, From: in.From, Until: in.To}, before, in.limit()+1)
	return listOf(in.Part, "audit", lines, func(l audit.Line) []string { return []string{number(l.Seq)} }, WireAudit), err
}
