package inventory

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"wardwatch/tracking/hospital"
)

// CountClass says how often an item is counted at a place, and how far a count may
// be off before it is done again.
type CountClass string

// The classes: few items make most of the worth.
const (
	ClassA CountClass = "A"
	ClassB CountClass = "B"
	ClassC CountClass = "C"
)

// Every is how many days lie between two counts.
func (c CountClass) Every() int {
	switch c {
	case ClassA:
		return 30
	case ClassB:
		return 90
	}
	return 180
}

// Limit is how many units a count may differ from the ledger without being done again.
func (c CountClass) Limit(ledger int64) int64 {
	switch c {
	case ClassA:
		return 0
	case ClassB:
		return ledger * 2 / 100
	}
	return ledger * 5 / 100
}

const (
	// shareA and shareB are the shares of the whole worth that A, and A with B, make up.
	shareA, shareB = 0.80, 0.95
	// MostCounts is after how many counts the last one stands.
	MostCounts = 3
	// linesAtOnce is how many items one sheet asks for.
	linesAtOnce = 25
)

// CountSubject is an item at a place as the plan weighs it.
type CountSubject struct {
	Item        ItemID
	Place       PlaceID
	YearlyUse   int64 // units
	OnHand      int64
	Price, Pack int64 // minor units for so many units
	Criticality string
	CountedOn   Date // zero: never
}

// weight is the money that a year moves, or that lies there where nothing moves,
// times how badly the item is needed.
func (s CountSubject) weight() float64 {
	needed := map[string]float64{"vital": 4, "essential": 2}[s.Criticality]
	return float64(max(s.YearlyUse, s.OnHand)*max(s.Price, 1)) / float64(max(s.Pack, 1)) * max(needed, 1)
}

// ClassifyCounts gives each subject its class: those that make the first 80 % of
// the weight are A, those up to 95 % B, the rest C. What is vital is never C.
func ClassifyCounts(all []CountSubject) []CountClass {
	order, total := make([]int, len(all)), 0.0
	for i, s := range all {
		order[i] = i
		total += s.weight()
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(all[b].weight(), all[a].weight()), cmp.Compare(all[a].Item, all[b].Item), cmp.Compare(all[a].Place, all[b].Place))
	})
	classes, sum := make([]CountClass, len(all)), 0.0
	for _, i := range order {
		switch {
		case sum < shareA*total:
			classes[i] = ClassA
		case sum < shareB*total || all[i].Criticality == "vital":
			classes[i] = ClassB
		default:
			classes[i] = ClassC
		}
		sum += all[i].weight()
	}
	return classes
}

// Due is the day on which a subject of a class is to be counted. What was never
// counted is spread over the class's days, so that no day asks for everything.
func (s CountSubject) Due(class CountClass, today Date) Date {
	if !s.CountedOn.IsZero() {
		return s.CountedOn + Date(class.Every())
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(string(s.Item) + "\x00" + string(s.Place))) // a hash takes everything
	return today + Date(h.Sum32()%uint32(class.Every()))
}

// CountID numbers count sheets.
type CountID int64

// ErrUnknownCount: there is no count of that number.
var ErrUnknownCount = fmt.Errorf("count %w", hospital.ErrUnknown)

// CountSheet is a count of one place.
type CountSheet struct {
	ID       CountID
	Place    Place
	OpenedAt time.Time
	OpenedBy string
	EndedAt  time.Time // zero: it is open
	Lines    []CountLine
}

// Left is how many lines wait to be counted.
func (s CountSheet) Left() int {
	n := 0
	for _, l := range s.Lines {
		if !l.Done {
			n++
		}
	}
	return n
}

// CountTally is one count of a line.
type CountTally struct {
	N  int64             `json:"n"`
	By hospital.PersonID `json:"by"`
}

// CountLine is one lot of a sheet.
type CountLine struct {
	ID      int64
	Item    Item
	Lot     Lot
	Class   CountClass
	Counted []CountTally // one after another
	Done    bool
	Ledger  int64 // when the count was taken
	Reason  string
}

// Again says whether it must be counted once more.
func (l CountLine) Again() bool { return !l.Done && len(l.Counted) > 0 }

// Difference is what a count that is done found.
func (l CountLine) Difference() int64 {
	if !l.Done || len(l.Counted) == 0 {
		return 0
	}
	return l.Counted[len(l.Counted)-1].N - l.Ledger
}

// Stands says whether what was counted last is taken: it is near enough to the
// ledger, or the count before said the same, or enough counts were made.
func (l CountLine) Stands(ledger int64) bool {
	n := len(l.Counted)
	if n == 0 {
		return false
	}
	last := l.Counted[n-1].N
	off := max(last-ledger, ledger-last)
	return off <= l.Class.Limit(ledger) || n >= 2 && l.Counted[n-2].N == last || n >= MostCounts
}

// CountReasons are why a count may differ.
func CountReasons() []string {
	return []string{"used and not booked", "miscounted before", "damaged or lost", "found elsewhere", "booked to another lot"}
}

// CountDue is what is to be counted at a place.
type CountDue struct {
	Place  Place
	Due    int // items
	Urgent int // of them of class A
	Oldest Date
	Open   CountID // the sheet that is open; 0: none
}

// CountReader answers what pages ask about counting.
type CountReader interface {
	// CountSubjects are all items at all places, with their use since a day.
	CountSubjects(ctx context.Context, since Date) ([]CountSubject, error)
	// CountsDue are the places where something is due on a day or a sheet is open, the most urgent first.
	CountsDue(ctx context.Context, today Date) ([]CountDue, error)
	// FindCount answers ErrUnknownCount.
	FindCount(ctx context.Context, id CountID) (CountSheet, error)
	// Counts are the sheets that ended last.
	Counts(ctx context.Context, limit int) ([]CountSheet, error)
}

// CountTx is what counting needs of a transaction.
type CountTx interface {
	SaveCountPlan(ctx context.Context, subject CountSubject, class CountClass, due Date) error
	// OpenCount makes a sheet of what is due at a place, at most limit items with all
	// their lots there. It answers the open one where there is one already, and
	// ErrUnknownCount where nothing is due.
	OpenCount(ctx context.Context, place PlaceID, by hospital.Actor, today Date, limit int) (CountID, error)
	// Count is a sheet that the actor may see.
	Count(ctx context.Context, id CountID) (CountSheet, error)
	SaveCountLine(ctx context.Context, l CountLine) error
	// EndCount ends a sheet, and plans the next count of its items.
	EndCount(ctx context.Context, sheet CountSheet, today Date) error
}

// countHistory is how many days of use the plan looks at.
const countHistory = 365

// PlanCounts weighs everything anew. It is what the job runs.
func (r *Storeroom) PlanCounts(ctx context.Context) error {
	today := r.Stock.Today(r.Now())
	all, err := r.Store.CountSubjects(ctx, today-countHistory)
	if err != nil {
		return fmt.Errorf("plan counts: %w", err)
	}
	classes := ClassifyCounts(all)
	for from := 0; from < len(all); from += planAtOnce {
		err := r.Store.InTx(ctx, func(tx StoreroomTx) error {
			for i := from; i < min(from+planAtOnce, len(all)); i++ {
				if err := tx.SaveCountPlan(ctx, all[i], classes[i], all[i].Due(classes[i], today)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("plan counts: %w", err)
		}
	}
	return nil
}

// planAtOnce is how many lines of the plan share a transaction.
const planAtOnce = 5000

// OpenCount begins a count of what is due at a place. It needs hospital.CountStock.
func (r *Storeroom) OpenCount(ctx context.Context, by hospital.Actor, place PlaceID) (id CountID, err error) {
	if err := by.Need(hospital.CountStock); err != nil {
		return 0, err
	}
	err = r.Store.InTx(ctx, func(tx StoreroomTx) error {
		if err := Within(ctx, tx, by, hospital.CountStock, place); err != nil {
			return err
		}
		if id, err = tx.OpenCount(ctx, place, by, r.Stock.today(tx), linesAtOnce); err != nil {
			return err
		}
		tx.Announce("stock")
		return tx.Record(ctx, hospital.Deed{By: by, What: "count.open", On: "place/" + string(place), After: fmt.Sprintf(`{"count":%d}`, id)})
	})
	if err != nil {
		return 0, fmt.Errorf("open a count of %s: %w", place, err)
	}
	return id, nil
}

// CountEntry is what somebody counted of a line.
type CountEntry struct {
	Line    int64
	Counted int64
	Reason  string // where it differs
}

// EnterCounts takes what was counted, line by line: what stands is booked, what
// differs too much has to be counted again. It says how many of each there were;
// a line that is refused takes the whole entry back.
func (r *Storeroom) EnterCounts(ctx context.Context, by hospital.Actor, id CountID, entries []CountEntry, key string) (taken, again int, err error) {
	if err := by.Need(hospital.CountStock); err != nil {
		return 0, 0, err
	}
	err = r.Store.InTx(ctx, func(tx StoreroomTx) error {
		taken, again = 0, 0
		first, err := tx.FirstTime(ctx, key)
		if err != nil || !first {
			return err
		}
		sheet, err := tx.Count(ctx, id)
		if err != nil {
			return err
		}
		if err := Within(ctx, tx, by, hospital.CountStock, sheet.Place.ID); err != nil {
			return err
		}
		for _, entry := range entries {
			i := slices.IndexFunc(sheet.Lines, func(l CountLine) bool { return l.ID == entry.Line })
			if i < 0 || sheet.Lines[i].Done {
				return hospital.Refuse(hospital.ErrStale, "Somebody else has entered a line of this count. Look again.")
			}
			if err := r.enter(ctx, tx, by, sheet, &sheet.Lines[i], entry); err != nil {
				return err
			}
			if sheet.Lines[i].Done {
				taken++
			} else {
				again++
			}
		}
		tx.Announce("stock")
		if sheet.Left() > 0 {
			return nil
		}
		return tx.EndCount(ctx, sheet, r.Stock.today(tx))
	})
	if err != nil {
		return 0, 0, fmt.Errorf("enter count %d: %w", id, err)
	}
	return taken, again, nil
}

// enter takes one count of one line.
func (r *Storeroom) enter(ctx context.Context, tx StoreroomTx, by hospital.Actor, sheet CountSheet, l *CountLine, entry CountEntry) error {
	if entry.Counted < 0 || entry.Counted > MaxQuantity {
		return hospital.Refuse(hospital.ErrInvalid, "A count is a whole number, 0 or more.")
	}
	if n := len(l.Counted); n > 0 && l.Class == ClassA && l.Counted[n-1].By == by.ID {
		return hospital.Refuse(hospital.ErrInvalid, l.Item.Name+" is of class A: somebody else has to count it again.")
	}
	b, err := tx.Balance(ctx, l.Lot.ID, sheet.Place.ID)
	if err != nil {
		return err
	}
	l.Counted = append(l.Counted, CountTally{N: entry.Counted, By: by.ID})
	if l.Done = l.Stands(b.OnHand()); !l.Done {
		return tx.SaveCountLine(ctx, *l)
	}
	l.Ledger, l.Reason = b.OnHand(), strings.TrimSpace(entry.Reason)
	if err := r.bookCount(ctx, tx, by, sheet, *l, b); err != nil {
		return err
	}
	return tx.SaveCountLine(ctx, *l)
}

// bookCount writes the difference into the ledger.
func (r *Storeroom) bookCount(ctx context.Context, tx StoreroomTx, by hospital.Actor, sheet CountSheet, l CountLine, b Balance) error {
	difference := l.Difference()
	if difference != 0 {
		if l.Reason == "" {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%s, lot %s differs from the ledger by %+d. Say why.", l.Item.Name, cmp.Or(l.Lot.Number, "without number"), difference))
		}
		if b.Free+difference < 0 {
			return hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("%d of %s are held for a decision. Have them decided before they are counted away.", b.Held, l.Item.Name))
		}
		m := r.Stock.line(tx, by, Taking{Item: l.Item.ID, Place: sheet.Place.ID, Why: l.Reason, Source: "count"}, Count, l.Lot, difference, 0)
		m.Ref = fmt.Sprintf("count/%d", sheet.ID)
		if err := tx.Append(ctx, m); err != nil {
			return err
		}
	}
	return tx.Record(ctx, hospital.Deed{By: by, What: "stock.count", On: "stock/" + string(l.Item.ID), Why: l.Reason,
		After: fmt.Sprintf(`{"count":%d,"place":%q,"lot":%q,"quantity":%d,"difference":%d}`, sheet.ID, sheet.Place.ID, l.Lot.ID, l.Counted[len(l.Counted)-1].N, difference)})
}
