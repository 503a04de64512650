package reorder

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/tracking/hospital"
)

// ReplyID numbers the answers of suppliers here.
type ReplyID int64

// ErrUnknownReply: there is none of that number, or it is decided.
var ErrUnknownReply = fmt.Errorf("answer %w", hospital.ErrUnknown)

// Says is what a supplier's answer says of an order, or of a line.
type Says string

// What an answer can say.
const (
	SaysSeen    Says = "seen"    // it has the order, and says no more yet
	SaysYes     Says = "yes"     // as it was ordered
	SaysChanged Says = "changed" // as its lines say
	SaysNo      Says = "no"
	SaysMore    Says = "more" // a line that was not ordered
)

// ReplyStatus is where an answer stands.
type ReplyStatus string

// The states of an answer.
const (
	ReplyNoted     ReplyStatus = "noted"     // it changes nothing
	ReplyApplied   ReplyStatus = "applied"   // it says yes, and is booked as a confirmation
	ReplyWaiting   ReplyStatus = "waiting"   // it departs from the order; a person decides
	ReplyAccepted  ReplyStatus = "accepted"  // so it is, then
	ReplyRefused   ReplyStatus = "refused"   // the order stands, and the supplier is told so
	ReplyOvertaken ReplyStatus = "overtaken" // a newer answer came before anybody decided
)

// ByUpload is how an answer came that a person brought. ByHTTPS it was delivered by
// the supplier's program, BySFTP it was fetched from its folder.
const ByUpload Way = "upload"

// Reply is a supplier's answer to an order: what its file says, and what became of it.
type Reply struct {
	ID       ReplyID
	Supplier inventory.Supplier
	Order    string // our order's number, as the answer names it
	Number   string // the supplier's own number of the answer: it is taken once
	// Reference is the supplier's number of the order.
	Reference string
	Says      Says
	Note      string
	Currency  string         // of its prices; empty: the order's
	Expected  inventory.Date // of all lines that say no day of their own
	Lines     []ReplyLine
	Format    inventory.Format
	Way       Way
	File      []byte // as it came; empty in lists
	Digest    string // of the file
	Status    ReplyStatus
	TakenAt   time.Time
	TakenName string
	DecidedAt time.Time
	// DecidedName decided, and Why she did.
	DecidedName, Why string
}

// ReplyLine is what an answer says of one line of the order.
type ReplyLine struct {
	No       int            `json:"no"` // the order's line; 0: of none
	Says     Says           `json:"says"`
	Quantity int64          `json:"quantity"` // to come in all; −1: it says none
	Pieces   bool           `json:"pieces,omitempty"`
	Price    int64          `json:"price"` // of Base, in ten-thousandths of the currency; −1: it says none
	Base     int64          `json:"base,omitempty"`
	PerPiece bool           `json:"per_piece,omitempty"` // Base counts units of issue, else packs
	Expected inventory.Date `json:"expected,omitempty"`
	Note     string         `json:"note,omitempty"`
}

// ReplyTx is what taking answers needs of a transaction.
type ReplyTx interface {
	// Reply answers ErrUnknownReply.
	Reply(ctx context.Context, id ReplyID) (Reply, error)
	// ReplyNumbered is a supplier's answer of that number; ErrUnknownReply when none was taken.
	ReplyNumbered(ctx context.Context, supplier inventory.SupplierID, number string) (Reply, error)
	AddReply(ctx context.Context, r Reply) (ReplyID, error)
	// EndReply answers ErrUnknownReply when it does not wait.
	EndReply(ctx context.Context, id ReplyID, status ReplyStatus, name, why string) error
	// OvertakeReplies ends the answers about an order that wait.
	OvertakeReplies(ctx context.Context, order string) error
	// LastMessage is the number of the message that an order was last sent by, and how many told of changes.
	LastMessage(ctx context.Context, order string) (message string, changes int, err error)
}

// ReplyReader answers what pages ask of answers.
type ReplyReader interface {
	// RepliesOf an order, the newest first, without their files.
	RepliesOf(ctx context.Context, order string) ([]Reply, error)
	// RepliesWaiting are those that a person has to decide, the oldest first, without their files.
	RepliesWaiting(ctx context.Context, limit int) ([]Reply, error)
	// SupplierNamed is one; hospital.ErrUnknown when there is none.
	SupplierNamed(ctx context.Context, id inventory.SupplierID) (inventory.Supplier, error)
	// Answering are the suppliers in whose folders answers may lie.
	Answering(ctx context.Context) ([]inventory.Supplier, error)
	// FindReply is one with its file; ErrUnknownReply.
	FindReply(ctx context.Context, id ReplyID) (Reply, error)
}

// Departure is a line of an order as an answer would have it.
type Departure struct {
	Line     Line // as it stands; the zero Line: the answer's is of none
	Quantity int64
	Expected inventory.Date
	Price    int64 // of a pack
	Note     string
	// Was is what stands: to come in all, and when.
	Was    int64
	WasDay inventory.Date
	// Fault says why it can't be taken as it is said; empty when it can.
	Fault string
}

// Less, More, Later, Dearer and Cheaper say in what it departs.
func (d Departure) Less() bool    { return d.Quantity < d.Was }
func (d Departure) More() bool    { return d.Quantity > d.Was }
func (d Departure) Later() bool   { return d.Expected > d.WasDay }
func (d Departure) Dearer() bool  { return d.Price > d.Line.Price }
func (d Departure) Cheaper() bool { return d.Price < d.Line.Price }

// Departs says whether somebody has to look at it. That something comes earlier is no trouble.
func (d Departure) Departs() bool {
	return d.Less() || d.More() || d.Later() || d.Dearer() || d.Cheaper() || d.Fault != ""
}

// Against lays an answer beside its order: each line that is open, or that the answer
// speaks of, as the answer would have it.
func (r Reply) Against(o Order) (all []Departure) {
	said := map[int]ReplyLine{}
	for _, l := range r.Lines {
		if o.numbered(l.No) == nil {
			all = append(all, Departure{Note: l.Note, Fault: "This was not ordered. Accepting leaves it out; what is wanted of it takes a proposal of its own."})
			continue
		}
		said[l.No] = l
	}
	for _, l := range o.Lines {
		if l.Ordered == l.Cancelled {
			continue
		}
		spoken, is := said[l.No]
		if !is {
			spoken = ReplyLine{No: l.No, Says: r.Says, Quantity: -1, Price: -1}
		}
		all = append(all, r.beside(o, l, spoken))
	}
	return all
}

// numbered is the line of that number; nil when there is none.
func (o Order) numbered(no int) *Line {
	for i := range o.Lines {
		if o.Lines[i].No == no {
			return &o.Lines[i]
		}
	}
	return nil
}

func (r Reply) beside(o Order, l Line, said ReplyLine) Departure {
	d := Departure{Line: l, Was: l.Ordered - l.Cancelled, WasDay: o.ExpectedOf(l), Note: said.Note, Price: l.Price}
	d.Quantity, d.Expected = d.Was, cmp.Or(said.Expected, r.Expected, d.WasDay)
	switch {
	case said.Says == SaysNo:
		d.Quantity, d.Expected = l.Received, d.WasDay
	case said.Quantity >= 0:
		if d.Quantity = said.Quantity; !said.Pieces {
			d.Quantity *= l.Pack
		}
	}
	if said.Price >= 0 && said.Says != SaysNo {
		d.Price = said.ofPack(l.Pack)
	}
	switch {
	case d.Quantity < l.Received:
		d.Fault = fmt.Sprintf("%d have come in already; accepting closes the line there.", l.Received)
	case d.More():
		d.Fault = "More than was ordered takes a proposal of its own; accepting takes what was ordered."
	}
	return d
}

// ofPack is the answer's price of a pack in minor units, rounded to the nearest.
func (l ReplyLine) ofPack(pack int64) int64 {
	units := int64(1)
	if l.PerPiece {
		units = max(pack, 1)
	}
	base := max(l.Base, 1) * 100
	return (l.Price*units + base/2) / base
}

// terms is what accepting makes of the line.
func (d Departure) terms() LineTerms {
	return LineTerms{Line: d.Line.ID, Quantity: max(min(d.Quantity, d.Was), d.Line.Received), Expected: d.Expected, Price: d.Price}
}

// TakeReply takes a supplier's answer: what says yes is booked as a confirmation, what
// departs from the order waits for a person, and one that was taken before changes
// nothing. from is the supplier that is known to have sent it: its answers touch its
// own orders alone. Without it by is the person who brings the file.
func (d *Desk) TakeReply(ctx context.Context, by hospital.Actor, from inventory.SupplierID, way Way, file []byte) (Reply, error) {
	if err := by.NeedEverywhere(hospital.ApproveOrders); err != nil {
		return Reply{}, err
	}
	if d.Answer == nil {
		return Reply{}, hospital.Refuse(hospital.ErrInvalid, "This Wardwatch reads no answers of suppliers.")
	}
	r, err := d.Answer(file)
	if err != nil {
		return r, fmt.Errorf("read an answer: %w", err)
	}
	sum := sha256.Sum256(file)
	r.Way, r.File, r.Digest = way, file, hex.EncodeToString(sum[:])
	err = d.Store.InTx(ctx, func(tx Tx) error {
		o, err := tx.Order(ctx, r.Order)
		if err != nil || from != "" && o.Supplier.ID != from || o.Status == Draft {
			return hospital.Refuse(ErrUnknownOrder, fmt.Sprintf("No order %s was sent to this supplier.", r.Order))
		}
		r, err = d.takeReply(ctx, tx, by, o, r)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("take an answer about order %s: %w", r.Order, err)
	}
	return r, nil
}

func (d *Desk) takeReply(ctx context.Context, tx Tx, by hospital.Actor, o Order, r Reply) (Reply, error) {
	before, err := tx.ReplyNumbered(ctx, o.Supplier.ID, r.Number)
	if err == nil && before.Digest == r.Digest {
		return before, nil
	}
	if err == nil {
		return r, hospital.Refuse(hospital.ErrStale, fmt.Sprintf("Another answer of the number %s was taken already. A changed answer needs a number of its own.", r.Number))
	}
	if r.Currency != "" && r.Currency != o.Supplier.Currency {
		return r, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The answer is in %s, the order in %s.", r.Currency, o.Supplier.Currency))
	}
	r.Supplier, r.TakenAt, r.TakenName = o.Supplier, tx.Now(), by.Name
	if r.Status, r.Why = r.standing(o); r.Status == ReplyApplied {
		if err := d.bookReply(ctx, tx, by, &o, r, ""); err != nil {
			return r, err
		}
	}
	if r.Status != ReplyNoted {
		if err := tx.OvertakeReplies(ctx, o.Number); err != nil {
			return r, err
		}
	}
	if r.ID, err = tx.AddReply(ctx, r); err != nil {
		return r, err
	}
	tx.Announce("order/"+o.Number, "proposals")
	return r, tx.Record(ctx, hospital.Deed{By: by, What: "order.answer", On: "order/" + o.Number,
		After: fmt.Sprintf(`{"answer":%q,"says":%q,"by":%q,"status":%q}`, r.Number, r.Says, r.Way, r.Status)})
}

// standing is what an answer comes to without anybody's decision, with its reason.
func (r Reply) standing(o Order) (ReplyStatus, string) {
	if o.Status != Sent && o.Status != PartReceived {
		return ReplyNoted, fmt.Sprintf("The order was %s already.", o.Status)
	}
	if r.Says == SaysSeen {
		return ReplyNoted, ""
	}
	if r.Says == SaysChanged && len(r.Lines) == 0 && r.Expected.IsZero() {
		return ReplyWaiting, "" // it says that something changes, and not what
	}
	for _, line := range r.Against(o) {
		if line.Departs() {
			return ReplyWaiting, ""
		}
	}
	return ReplyApplied, ""
}

// bookReply gives the lines the answer's terms, as a confirmation does.
func (d *Desk) bookReply(ctx context.Context, tx Tx, by hospital.Actor, o *Order, r Reply, why string) error {
	for _, line := range r.Against(*o) {
		if line.Line.ID == 0 {
			continue
		}
		said := Said{Kind: Confirmed, Reference: cmp.Or(r.Reference, r.Number), Why: why}
		if err := d.settleLine(ctx, tx, by, o, line.terms(), said); err != nil {
			return err
		}
	}
	if o.Outstanding() == 0 {
		o.Status, o.ClosedAt = Closed, tx.Now()
	}
	return tx.SaveOrder(ctx, *o)
}

// DecideReply accepts what an answer would change, or refuses it: then the order
// stands as it is and the supplier is told so. A refusal needs a reason, and so does
// a price that rose.
func (d *Desk) DecideReply(ctx context.Context, by hospital.Actor, id ReplyID, version int64, accept bool, why string) error {
	if err := by.NeedEverywhere(hospital.ApproveOrders); err != nil {
		return err
	}
	if why = strings.TrimSpace(why); why == "" && !accept {
		return hospital.Refuse(hospital.ErrInvalid, "Say why it is refused; the supplier is told.")
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		r, err := tx.Reply(ctx, id)
		if err != nil {
			return err
		}
		o, err := tx.Order(ctx, r.Order)
		if err != nil {
			return err
		}
		switch {
		case r.Status != ReplyWaiting:
			return hospital.Refuse(hospital.ErrStale, "This answer waits no longer: it was decided, or a newer one came.")
		case o.Version != version || o.Status != Sent && o.Status != PartReceived:
			return hospital.Refuse(hospital.ErrStale, "This order was changed since you opened it. Look at it again.")
		}
		return d.decideReply(ctx, tx, by, o, r, accept, why)
	})
	if err != nil {
		return fmt.Errorf("decide answer %d: %w", id, err)
	}
	return nil
}

func (d *Desk) decideReply(ctx context.Context, tx Tx, by hospital.Actor, o Order, r Reply, accept bool, why string) error {
	status, before := ReplyRefused, o.Outstanding()
	if accept {
		status = ReplyAccepted
		if err := d.bookReply(ctx, tx, by, &o, r, why); err != nil {
			return err
		}
	} else if err := d.tellChange(ctx, tx, o, d.word("Your answer "+r.Number+" is not accepted")+": "+sentenced(why)+" "+d.word("The order stands as follows.")); err != nil {
		return err
	}
	if err := tx.EndReply(ctx, r.ID, status, by.Name, why); err != nil {
		return err
	}
	tx.Announce("order/"+o.Number, "proposals")
	return tx.Record(ctx, hospital.Deed{By: by, What: "order.answer " + string(status), On: "order/" + o.Number, Why: why,
		Before: fmt.Sprintf(`{"outstanding":%d}`, before), After: fmt.Sprintf(`{"answer":%q,"outstanding":%d}`, r.Number, o.Outstanding())})
}

// sentenced is a reason that ends as a sentence does.
func sentenced(why string) string {
	if strings.HasSuffix(why, ".") || strings.HasSuffix(why, "!") || strings.HasSuffix(why, "?") {
		return why
	}
	return why + "."
}

// KnownSupplier is nil when there is a supplier of that name.
func (d *Desk) KnownSupplier(ctx context.Context, id inventory.SupplierID) error {
	_, err := d.Store.SupplierNamed(ctx, id)
	if errors.Is(err, hospital.ErrUnknown) {
		return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("There is no supplier %q.", id))
	}
	return err
}
