package reorder

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// Store keeps proposals, orders and outgoing mail beside the stock.
type Store interface {
	InTx(ctx context.Context, change func(Tx) error) error
	Reader
}

// Tx is one change in progress.
type Tx interface {
	inventory.Tx

	// Sign keeps a person's signature.
	Sign(ctx context.Context, by hospital.Actor, s hospital.Signing) (hospital.Signature, error)

	// MarkDue has spots looked at again.
	MarkDue(ctx context.Context, spots []Spot) error
	// TakeDue takes at most limit of what has to be looked at.
	TakeDue(ctx context.Context, limit int) ([]Spot, error)
	// Situation is all that the policy needs to know of a spot; use since a day.
	Situation(ctx context.Context, spot Spot, since inventory.Date) (Situation, error)
	SaveOutlooks(ctx context.Context, all []inventory.Outlook) error
	// Propose adds a proposal; false when the spot has an open one.
	Propose(ctx context.Context, p Proposal) (ProposalID, bool, error)
	// Proposal answers ErrUnknownProposal.
	Proposal(ctx context.Context, id ProposalID) (Proposal, error)
	// SaveProposal stores p over its version; ErrDecided when it is no longer that.
	SaveProposal(ctx context.Context, p Proposal) error
	// Reopen makes a decided proposal wait again; ErrDecided when the spot has another open one.
	Reopen(ctx context.Context, p Proposal) error
	// ApprovedTogether are those that carry a mark, the first raised first.
	ApprovedTogether(ctx context.Context, mark string) ([]Proposal, error)
	// DropLine takes a proposal's line out of a draft and raises the order's version.
	DropLine(ctx context.Context, number string, id ProposalID) error
	// KeepQuiet has the desk propose nothing for a spot until a day.
	KeepQuiet(ctx context.Context, spot Spot, until inventory.Date, why string) error

	// DraftFor is the supplier's draft order, made with a number of the year when there is none.
	DraftFor(ctx context.Context, supplier inventory.Supplier, year int) (Order, error)
	// AddLine adds to an order and raises its version.
	AddLine(ctx context.Context, number string, l Line) error
	// Order answers ErrUnknownOrder.
	Order(ctx context.Context, number string) (Order, error)
	// SaveOrder stores an order's own fields over its version; hospital.ErrStale when it is no longer that.
	SaveOrder(ctx context.Context, o Order) error
	SaveLine(ctx context.Context, l Line) error
	AddMail(ctx context.Context, m Mail) error
	// MailAgain has the order's last message tried anew, if it was given up or is in doubt.
	MailAgain(ctx context.Context, number, recipient string, way Way) (bool, error)

	// Holders are places that hold free stock of an item, at most limit of them.
	Holders(ctx context.Context, item inventory.ItemID, limit int) ([]inventory.PlaceID, error)
	AddTransfer(ctx context.Context, t Transfer) error
	// Transfer answers ErrUnknownTransfer.
	Transfer(ctx context.Context, id TransferID) (Transfer, error)
	EndTransfer(ctx context.Context, t Transfer) error

	// SaveSurges stores what the night of a day found, and ends what it did not find again.
	SaveSurges(ctx context.Context, all []Surge, today inventory.Date) error
	// ExplainSurge answers ErrUnknownSurge.
	ExplainSurge(ctx context.Context, id SurgeID, note, by string) (inventory.ItemID, error)

	RefillTx
	ReplyTx
	PurchaseTx
	// SetPrices keeps what a pack of an item costs, and what it costs in larger orders.
	SetPrices(ctx context.Context, item inventory.ItemID, price int64, breaks []inventory.PriceBreak) error

	// Budgets are those whose period shares a day with the one asked for, as they stand.
	Budgets(ctx context.Context, from, until inventory.Date) ([]Budget, error)
	// SaveBudget adds one without a number; hospital.ErrStale when another version is stored.
	SaveBudget(ctx context.Context, b Budget) (BudgetID, error)
	// Colleague answers hospital.ErrUnknown.
	Colleague(ctx context.Context, id hospital.PersonID) (hospital.Person, error)
	AddDeputy(ctx context.Context, s Deputy, by hospital.PersonID, begins, ends time.Time) error
	// EndDeputy answers ErrUnknownDeputy when it is over.
	EndDeputy(ctx context.Context, id int64, name string) (Deputy, error)

	AddSaid(ctx context.Context, number string, s Said) error
	AddSentBack(ctx context.Context, s SentBack) error
	// Charged is how many packs of each line of an order are on invoices.
	Charged(ctx context.Context, number string) (map[int64]int64, error)
	// AddInvoice answers hospital.ErrStale when the supplier's number is there already.
	AddInvoice(ctx context.Context, v Invoice) (InvoiceID, error)
	// EndInvoice answers ErrUnknownInvoice when it does not wait.
	EndInvoice(ctx context.Context, id InvoiceID, status InvoiceStatus, name, why string) (Invoice, error)

	// AddDelivery keeps how long something took to come.
	AddDelivery(ctx context.Context, d Delivery) error
	SaveMethods(ctx context.Context, all []Method, on inventory.Date) error
	// ReviewLevels raises reviews, or renews those that wait; not of a level that was kept since an instant.
	ReviewLevels(ctx context.Context, all []LevelReview, since time.Time) error
	// DecideReview ends a review, and sets its level when it is taken; ErrUnknownReview when it does not wait.
	DecideReview(ctx context.Context, id ReviewID, by hospital.Actor, why string, take bool) (LevelReview, error)
}

// Reader answers what pages ask.
type Reader interface {
	RefillReader
	PurchaseReader
	ReplyReader
	// EachSituation calls look with every spot that stock lies at, is used at or is
	// meant for; with the use since a day. An open proposal comes with its quantity alone.
	EachSituation(ctx context.Context, since inventory.Date, look func(Situation)) error
	FindProposal(ctx context.Context, id ProposalID) (Proposal, error)
	// OpenProposals are those that wait, the most urgent first.
	OpenProposals(ctx context.Context) ([]Proposal, error)
	// OpenBrief are the same with what is needed of all of them where a few are shown:
	// version, quantity, price, whose they are, the place's unit and the supplier's name.
	OpenBrief(ctx context.Context) ([]Proposal, error)
	// ProposalsNumbered are those, in the order of their numbers as asked.
	ProposalsNumbered(ctx context.Context, ids []ProposalID) ([]Proposal, error)
	// SpotsOf are the places that order each item, with their names; an item that none orders comes without a place.
	SpotsOf(ctx context.Context, items []inventory.ItemID) ([]Chosen, error)
	// CountOpen is how many proposals wait and are not put off on a day.
	CountOpen(ctx context.Context, today inventory.Date) (int, error)
	// DecidedBy are the proposals that a person has decided since an instant, newest first.
	DecidedBy(ctx context.Context, who hospital.PersonID, since time.Time) ([]Proposal, error)
	// ProposalsOf an item, newest first.
	ProposalsOf(ctx context.Context, item inventory.ItemID, limit int) ([]Proposal, error)
	FindOrder(ctx context.Context, number string) (Order, error)
	// Orders are those in a state, newest first; all when it is empty.
	Orders(ctx context.Context, status OrderStatus, limit int) ([]Order, error)
	// Signatures lists what was signed of a subject, such as an Ordering.
	Signatures(ctx context.Context, subject string) ([]hospital.Signature, error)
	// SignaturesOf several subjects at once, by subject.
	SignaturesOf(ctx context.Context, subjects []string) (map[string][]hospital.Signature, error)
	// MailOf an order, newest first, without papers.
	MailOf(ctx context.Context, number string) ([]Mail, error)
	// SendingsOf an order are all tries to send it, newest first.
	SendingsOf(ctx context.Context, number string) ([]Sending, error)
	// SaidOf an order is what was confirmed and changed, newest first.
	SaidOf(ctx context.Context, number string) ([]Said, error)
	// SentBackOf an order is what went back, newest first.
	SentBackOf(ctx context.Context, number string) ([]SentBack, error)
	// LotsOf an order is what lies free of its items.
	LotsOf(ctx context.Context, number string) ([]inventory.Balance, error)
	// ChargedBeside is how many packs of each line are on other invoices than one.
	ChargedBeside(ctx context.Context, number string, but InvoiceID) (map[int64]int64, error)
	InvoicesOf(ctx context.Context, number string) ([]Invoice, error)
	// Invoices are those in a state, newest first; all when it is empty.
	Invoices(ctx context.Context, status InvoiceStatus, limit int) ([]Invoice, error)
	// Late are orders of which something should have come by now, with their lines.
	Late(ctx context.Context, today inventory.Date) ([]Order, error)
	// CountLate is how many those are.
	CountLate(ctx context.Context, today inventory.Date) (int, error)
	// Performances are all suppliers', by name, since a day.
	Performances(ctx context.Context, since, today inventory.Date) ([]Performance, error)
	// Budgets are those whose period shares a day with the one asked for, the newest first.
	Budgets(ctx context.Context, from, until inventory.Date) ([]Budget, error)
	// Deputies are those of now and to come, then those that are over, at most limit of them.
	Deputies(ctx context.Context, limit int) ([]Deputy, error)
	// Colleagues are all people, by name.
	Colleagues(ctx context.Context) ([]hospital.Person, error)
	// Transfers are those that wait, oldest first, then those that ended last.
	Transfers(ctx context.Context, limit int) ([]Transfer, error)
	// Surges are those that are not over, the largest first.
	Surges(ctx context.Context) ([]Surge, error)
	// LevelReviews are those that wait.
	LevelReviews(ctx context.Context) ([]LevelReview, error)
	// PricesOf an item: the item with its breaks and whose prices they are; inventory.ErrUnknownItem.
	PricesOf(ctx context.Context, item inventory.ItemID) (inventory.Item, inventory.Supplier, error)
	// Paper is the PDF that was sent for an order; nil when none was.
	Paper(ctx context.Context, number string) ([]byte, error)
}

// Spot is an item at a place.
type Spot struct {
	Item  inventory.ItemID
	Place inventory.PlaceID
}

// Situation is what is known of a spot.
type Situation struct {
	Item     inventory.Item
	Place    inventory.Place
	Supplier inventory.Supplier // zero when nobody sells the item
	// Ordered for: false where other places order the item and this one is filled from them.
	OrderedFor bool
	// Minimum and Maximum are set by people; HasLevel is false when nobody has.
	Minimum, Maximum int64
	HasLevel         bool
	// Refill is how people want the place refilled; zero when nobody has said.
	Refill   policy.Refill
	Shelf    []inventory.Balance
	OnOrder  int64     // with what is to be carried here
	Reserved int64     // to be carried elsewhere
	Open     *Proposal // the open one
	Use      []DayUse  // oldest first
	// Like is what a new item's use is forecast from; empty: from its own.
	Like       string
	FirstUse   inventory.Date // of the spot's whole history; zero when never used
	Empty      []Stretch      // days without stock, oldest first
	Took       []float64      // days that the supplier's last deliveries took, newest first
	Choice     *policy.Choice // how use is forecast; nil while there is too little history
	QuietUntil inventory.Date
	// Excursions name the fridge and excursion for which stock is held here.
	Excursions []string
}

// DeliveriesKept is how many of a supplier's newest deliveries say how long the next takes.
const DeliveriesKept = 20

// Stretch is whole days on which nothing lay there, both included; no Until: it still is so.
type Stretch struct{ Since, Until inventory.Date }

// DayUse is what one day used.
type DayUse struct {
	Day      inventory.Date
	Quantity int64
}

const (
	// HistoryDays is how much use the forecast looks at.
	HistoryDays = 365
	// chartDays is how much of it a proposal's chart shows.
	chartDays = 56
	// outlooksAtOnce is how many outlooks the nightly run stores in a transaction.
	outlooksAtOnce = 5000
	// considerAtOnce is how many spots share a transaction.
	considerAtOnce = 100
	// quietDays is how long the desk says nothing where a person has declined, or ordered less.
	quietDays = 7
)

// Desk is where reorders are decided.
type Desk struct {
	Store    Store
	Stock    *inventory.Stock
	Register *hospital.Register
	Limits   Limits
	Now      func() time.Time
	// Paper draws the order that the supplier gets.
	Paper func(o Order, site hospital.Site, at time.Time) ([]byte, error)
	// Say words what letters to suppliers say; nil: as it was written, in English.
	Say func(string) string
	// File writes the order for its supplier's channel, under the message's number; nil where there are no channels.
	File func(o Order, site hospital.Site, at time.Time, message string) ([]byte, error)
	// ChangeFile writes an order as it is after a change; Answer reads what a supplier answers. Nil as File is.
	ChangeFile func(o Order, site hospital.Site, at time.Time, c ChangeNote) ([]byte, error)
	Answer     func(file []byte) (Reply, error)
	Log        *slog.Logger
}

// Nightly looks at everything that is ordered for, in one sweep past the readers,
// stores what changed, chooses anew how a part of it is forecast, and has those
// spots considered where something is due. It is what the job runs.
func (d *Desk) Nightly(ctx context.Context) error {
	today := d.Stock.Today(d.Now())
	var seen []inventory.Outlook
	var due []Spot
	lesson, watch := &lesson{today: today}, &watch{today: today, where: d.Register.Current()}
	err := d.Store.EachSituation(ctx, today-HistoryDays, func(s Situation) {
		watch.hear(s)
		if !s.OrderedFor {
			return
		}
		lesson.hear(s)
		advice := s.Advise(today)
		seen = append(seen, s.outlook(advice))
		if advice.Due() && s.Supplier.ID != "" && !s.quiet(today) {
			due = append(due, Spot{s.Item.ID, s.Place.ID})
		}
	})
	if err != nil {
		return fmt.Errorf("nightly reorder run: %w", err)
	}
	for part := range slices.Chunk(seen, outlooksAtOnce) {
		if err := d.Store.InTx(ctx, func(tx Tx) error { return tx.SaveOutlooks(ctx, part) }); err != nil {
			return fmt.Errorf("nightly reorder run: %w", err)
		}
	}
	if err := d.Store.InTx(ctx, func(tx Tx) error { return tx.MarkDue(ctx, due) }); err != nil {
		return fmt.Errorf("nightly reorder run: %w", err)
	}
	watch.judge()
	if err := d.Store.InTx(ctx, func(tx Tx) error { return tx.SaveSurges(ctx, watch.found, today) }); err != nil {
		return fmt.Errorf("look for unusual use: %w", err)
	}
	if err := d.learn(ctx, lesson); err != nil {
		return fmt.Errorf("choose how use is forecast: %w", err)
	}
	_, err = d.Consider(ctx)
	return err
}

// Consider looks at every spot whose stock has changed since it was last looked
// at, and proposes what is due. It answers how many proposals it raised.
func (d *Desk) Consider(ctx context.Context) (raised int, err error) {
	for {
		var looked, fresh int
		err := d.Store.InTx(ctx, func(tx Tx) error {
			spots, err := tx.TakeDue(ctx, considerAtOnce)
			looked, fresh = len(spots), 0
			for _, spot := range spots {
				raised, err := d.consider(ctx, tx, spot)
				if err != nil {
					return fmt.Errorf("%s at %s: %w", spot.Item, spot.Place, err)
				}
				if raised {
					fresh++
				}
			}
			return err
		})
		if err != nil {
			return raised, fmt.Errorf("consider reorders: %w", err)
		}
		raised += fresh
		if looked < considerAtOnce {
			return raised, nil
		}
	}
}

// Run considers at the start and whenever it is woken, until ctx ends.
func (d *Desk) Run(ctx context.Context, woken <-chan struct{}) error {
	for {
		if _, err := d.Consider(ctx); err != nil && ctx.Err() == nil {
			d.Log.Error("could not look at reorders", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		}
	}
}

func (d *Desk) consider(ctx context.Context, tx Tx, spot Spot) (raised bool, err error) {
	today := d.Stock.Today(tx.Now())
	s, err := tx.Situation(ctx, spot, today-HistoryDays)
	if err != nil {
		return false, err
	}
	if !s.OrderedFor {
		return false, nil
	}
	advice := s.Advise(today)
	if err := tx.SaveOutlooks(ctx, []inventory.Outlook{s.outlook(advice)}); err != nil {
		return false, err
	}
	if !advice.Due() || s.Supplier.ID == "" || s.quiet(today) {
		return false, nil
	}
	if s.Open != nil {
		return false, d.raiseHigher(ctx, tx, s, advice, today)
	}
	p := s.propose(advice, today)
	p.RaisedAt, p.RaisedBy, p.RaisedName = tx.Now(), reorderJob.ID, "reorder run"
	if p.Offers, err = d.offers(ctx, tx, s, advice, today); err != nil {
		return false, err
	}
	id, fresh, err := tx.Propose(ctx, p)
	if err != nil || !fresh {
		return false, err
	}
	after := fmt.Sprintf(`{"proposal":%d,"place":%q,"quantity":%d,"position":%d,"reorder":%d,"target":%d}`, id, spot.Place,
		p.Quantity, advice.Position.Projected(), advice.Level.Reorder, advice.Level.Target)
	return true, tx.Record(ctx, hospital.Deed{By: reorderJob, What: "proposal.raise", On: "stock/" + string(spot.Item), Why: p.Reason, After: after})
}

var reorderJob = hospital.Job("reorder")

// raiseHigher adds to an open proposal that no longer lifts the position above
// the reorder point, unless a person has already put a hand to it.
func (d *Desk) raiseHigher(ctx context.Context, tx Tx, s Situation, more policy.Advice, today inventory.Date) error {
	p := *s.Open
	if p.Status != Waiting || p.ChangedWhy != "" || p.RaisedBy != reorderJob.ID {
		return nil
	}
	s.Open = nil
	whole := s.Advise(today)
	fresh := s.propose(whole, today)
	if fresh.Quantity <= p.Quantity {
		return nil
	}
	p.Quantity, p.Suggested, p.Cause, p.Reason, p.Figures, p.IfNot = fresh.Quantity, fresh.Suggested, fresh.Cause, fresh.Reason, fresh.Figures, fresh.IfNot
	p.UseDays, p.PerDay, p.SDPerDay, p.DaysLeft, p.Price = fresh.UseDays, fresh.PerDay, fresh.SDPerDay, fresh.DaysLeft, fresh.Price
	var err error
	if p.Offers, err = d.offers(ctx, tx, s, whole, today); err != nil {
		return err
	}
	return tx.SaveProposal(ctx, p)
}

func (s Situation) quiet(today inventory.Date) bool {
	usable := int64(0)
	for _, b := range s.Shelf {
		usable += b.Usable(today)
	}
	return s.QuietUntil > today && usable > 0 || !s.Refill.DueOn(int(today))
}

// Advise asks the policy about the spot as it stands on a day.
func (s Situation) Advise(today inventory.Date) policy.Advice {
	days := s.days(today)
	demand, terms, level := policy.Measure(days), s.terms(), policy.Level{}
	switch {
	case s.HasLevel && s.Refill.Kind == policy.ByUse:
		level = policy.Set(s.Minimum, s.Maximum)
	case s.Choice != nil:
		level, demand = s.Choice.Level(policy.Weekly(days), demand, terms)
	case s.Refill.Kind != policy.ByUse:
		level = policy.LevelFor(demand, terms)
	}
	level = s.Refill.Level(level)
	p := policy.Position{OnOrder: s.OnOrder, Reserved: s.Reserved}
	for _, b := range s.Shelf {
		p.OnHand += b.OnHand()
		p.Held += b.Held
		p.Expired += b.Expired(today)
	}
	if s.Open != nil {
		p.Proposed = s.Open.Quantity
	}
	p.Wasting = policy.Waste(s.lots(today), demand.PerDay, int(terms.LeadDays+max(terms.ReviewDays, 1)))
	return s.Refill.Decide(p, demand, terms, level)
}

// lots are what may be used of each lot, and for how long.
func (s Situation) lots(today inventory.Date) []policy.LotLeft {
	lots := make([]policy.LotLeft, len(s.Shelf))
	for i, b := range s.Shelf {
		lots[i] = policy.LotLeft{Quantity: b.Usable(today), Days: policy.NeverExpires}
		if !b.Lot.Expiry.IsZero() {
			lots[i].Days = int(b.Lot.Expiry-today) + 1
		}
	}
	return lots
}

func (s Situation) terms() policy.Terms {
	lead := policy.LearnLead(s.Supplier.Calendar.LeadDays(s.Supplier.LeadDays), s.Took)
	return s.Refill.Terms(policy.Terms{
		LeadDays: lead.Days, LeadSDDays: lead.SDDays, Deliveries: lead.Deliveries,
		ReviewDays: float64(max(s.Item.ReviewDays, s.Supplier.Calendar.Gap())), Service: s.Item.Service(),
		Pack: s.Item.Pack, LeastPacks: s.Item.LeastPacks, ShelfLifeDays: float64(s.Item.ShelfLife),
	})
}

// days is the use of each day of the history up to yesterday, oldest first. It
// begins with the spot's first use, or a year ago. A day on which nothing was
// there to use is −1.
func (s Situation) days(today inventory.Date) []float64 {
	if s.FirstUse.IsZero() {
		return nil
	}
	use := s.useFrom(max(s.FirstUse, today-HistoryDays), today)
	days := make([]float64, len(use))
	for i, n := range use {
		days[i] = float64(n)
	}
	from := today - inventory.Date(len(days))
	for _, e := range s.Empty {
		until := e.Until
		if until.IsZero() {
			until = today - 1
		}
		for day := max(e.Since, from); day <= min(until, today-1); day++ {
			if days[day-from] == 0 {
				days[day-from] = -1
			}
		}
	}
	return days
}

// useFrom is the use of each day from one up to before another.
func (s Situation) useFrom(from, to inventory.Date) []int64 {
	days := make([]int64, max(int(to-from), 0))
	for _, u := range s.Use {
		if u.Day >= from && u.Day < to {
			days[u.Day-from] += max(u.Quantity, 0)
		}
	}
	return days
}

func (s Situation) outlook(a policy.Advice) inventory.Outlook {
	return inventory.Outlook{Item: s.Item.ID, Place: s.Place.ID, Usable: a.Position.Usable(), Position: s.Refill.Counted(a.Position),
		Reorder: a.Level.Reorder, Target: a.Level.Target, PerDay: a.Demand.PerDay, DaysLeft: finite(a.DaysLeft()), Basis: a.Level.Basis, Evidence: s.evidence()}
}

// evidence says how the chosen method did; empty while none was chosen.
func (s Situation) evidence() string {
	if s.Choice == nil {
		return ""
	}
	return s.Choice.Sentence(s.Item.Unit)
}

// longest is a number of days that nobody plans beyond.
const longest = 99_999

// finite is x, at most longest, or −1 for no end in sight.
func finite(x float64) float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return -1
	}
	return min(x, longest)
}

// propose writes the advice down with its reason, as it stands now.
func (s Situation) propose(a policy.Advice, today inventory.Date) Proposal {
	a, price, prices := s.atBest(a)
	p := Proposal{Item: s.Item, Place: s.Place, Supplier: s.Supplier, Status: Waiting, Version: 1, Quantity: a.Quantity, Suggested: a.Quantity,
		Pack: max(s.Item.Pack, 1), Price: price, Cause: "low stock", Reason: a.Sentence(s.Item.Unit), Figures: append(a.Figures(s.Item.Unit), prices...),
		IfNot: a.IfNot(s.Item.Unit), PerDay: a.Demand.PerDay, SDPerDay: a.Demand.SDPerDay, DaysLeft: finite(a.DaysLeft())}
	if s.Refill.Kind == policy.Kanban {
		p.Cause, p.Reason = "empty bin", s.Refill.Sentence(a, s.Item.Unit)
	}
	if len(s.Excursions) > 0 {
		p.Cause = "excursion"
		p.Reason += fmt.Sprintf(" %d %s held since %s and not counted.", a.Position.Held, be(a.Position.Held), strings.Join(s.Excursions, " and "))
	}
	if s.Like != "" {
		p.Reason += " It is new here: its use is forecast from that of " + s.Like + "."
	}
	if a.Level.Basis == policy.ByTrying {
		p.Reason += " " + s.evidence()
	}
	p.UseDays = s.useFrom(today-chartDays, today)
	return p
}

func be(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// Ask raises a proposal in a person's name. Somebody else has to approve it.
func (d *Desk) Ask(ctx context.Context, by hospital.Actor, spot Spot, quantity int64, why string) (ProposalID, error) {
	if err := by.Need(hospital.UseStock); err != nil {
		return 0, err
	}
	if why = strings.TrimSpace(why); why == "" {
		return 0, hospital.Refuse(hospital.ErrInvalid, "Say what it is needed for.")
	}
	if quantity < 1 || quantity > inventory.MaxQuantity {
		return 0, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("A quantity is a whole number from 1 to %d.", inventory.MaxQuantity))
	}
	var id ProposalID
	err := d.Store.InTx(ctx, func(tx Tx) (err error) {
		id, err = d.ask(ctx, tx, by, spot, quantity, why)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ask for %s: %w", spot.Item, err)
	}
	return id, nil
}

func (d *Desk) ask(ctx context.Context, tx Tx, by hospital.Actor, spot Spot, quantity int64, why string) (ProposalID, error) {
	if err := inventory.Within(ctx, tx, by, hospital.UseStock, spot.Place); err != nil {
		return 0, err
	}
	today := d.Stock.Today(tx.Now())
	s, err := tx.Situation(ctx, spot, today-HistoryDays)
	if err != nil {
		return 0, err
	}
	if s.Supplier.ID == "" {
		return 0, hospital.Refuse(hospital.ErrInvalid, "Nobody sells this item. Give it a supplier first.")
	}
	a := s.Advise(today)
	a.Packs, a.Quantity = policy.RoundUp(quantity, s.Item.Pack, s.Item.LeastPacks)
	p := s.propose(a, today)
	p.Cause, p.Reason = "asked for", "Asked for by "+by.Name+": "+why
	p.RaisedAt, p.RaisedBy, p.RaisedName = tx.Now(), by.Answers(), by.Name
	id, fresh, err := tx.Propose(ctx, p)
	if err != nil {
		return 0, err
	}
	if !fresh {
		return 0, hospital.Refuse(ErrDecided, "A proposal for this item and place is waiting already. Change that one.")
	}
	after, err := json.Marshal(map[string]any{"proposal": id, "place": spot.Place, "quantity": p.Quantity})
	if err != nil {
		return 0, err
	}
	return id, tx.Record(ctx, hospital.Deed{By: by, What: "proposal.ask", On: "stock/" + string(spot.Item), Why: why, After: string(after)})
}
