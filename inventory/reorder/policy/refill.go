package policy

import "fmt"

// Kind is how a place is refilled with an item.
type Kind string

// The kinds. Without one a place is refilled by the level that people have set for
// it, or by what its use asks for.
const (
	ByUse  Kind = ""        // as MinMax where a level is set, else as SS
	MinMax Kind = "min/max" // looked at after every movement: at or under the minimum, up to the maximum
	Par    Kind = "par"     // looked at every few days: whatever is missing, up to the par
	SS     Kind = "(s,S)"   // as min/max, with both computed from the use
	RS     Kind = "(R,S)"   // as par, with the par computed from the use
	Kanban Kind = "kanban"  // a bin that was scanned empty is ordered, one bin for one scan
)

// Kinds lists what people may choose.
func Kinds() []Kind { return []Kind{ByUse, MinMax, Par, SS, RS, Kanban} }

// ByBins is the basis of a kanban level.
const ByBins = "bins"

const (
	// MostReviewDays is the longest time between two looks.
	MostReviewDays = 90
	// MostBins is how many bins of an item one place may have.
	MostBins = 20
)

// Refill is what people have said of how a place is refilled with an item.
type Refill struct {
	Kind Kind
	// Minimum and Maximum of MinMax; Maximum alone of Par.
	Minimum, Maximum int64
	// ReviewDays are those between two looks of Par and RS, counted from Since, a
	// day since 1970.
	ReviewDays, Since int
	// Bins of BinSize units each, Empty of them scanned and not refilled.
	Bins, BinSize, Empty int64
}

// Fault says in a sentence what is wrong with a rule; empty when nothing is.
func (r Refill) Fault() string {
	switch r.Kind {
	case ByUse, SS:
		return ""
	case MinMax:
		if r.Minimum < 0 || r.Maximum <= r.Minimum {
			return "The maximum must be above the minimum, or the same order would come back for ever."
		}
		return ""
	case Par, RS:
		if r.ReviewDays < 1 || r.ReviewDays > MostReviewDays {
			return fmt.Sprintf("The days between two looks are 1 to %d.", MostReviewDays)
		}
		if r.Kind == Par && r.Maximum < 1 {
			return "A par is 1 or more."
		}
		return ""
	case Kanban:
		if r.Bins < 2 || r.Bins > MostBins || r.BinSize < 1 {
			return fmt.Sprintf("Kanban needs 2 to %d bins of at least 1 each: one is used while the other is refilled.", MostBins)
		}
		return ""
	}
	return "Choose how this place is refilled."
}

// Periodic says whether the place is looked at on some days alone.
func (r Refill) Periodic() bool { return r.Kind == Par || r.Kind == RS }

// DueOn says whether a day (since 1970) is one on which the place is looked at.
func (r Refill) DueOn(day int) bool {
	if !r.Periodic() || r.ReviewDays <= 1 {
		return true
	}
	return ((day-r.Since)%r.ReviewDays+r.ReviewDays)%r.ReviewDays == 0
}

// Terms are t with the rule's own days between two looks.
func (r Refill) Terms(t Terms) Terms {
	if r.Periodic() {
		t.ReviewDays = float64(r.ReviewDays)
	}
	return t
}

// Level is the rule's level. computed is what the use asks for under r.Terms; its
// reorder point covers L + R days, which is what (R,S) orders up to.
func (r Refill) Level(computed Level) Level {
	switch r.Kind {
	case MinMax:
		return Set(r.Minimum, r.Maximum)
	case Par:
		return Set(r.Maximum-1, r.Maximum)
	case RS:
		if computed.Target <= 0 {
			return computed
		}
		computed.Target = max(computed.Reorder, 1)
		computed.Reorder = computed.Target - 1
		return computed
	case Kanban:
		return Level{Reorder: r.Bins*r.BinSize - 1, Target: r.Bins * r.BinSize, Basis: ByBins}
	}
	return computed
}

// Decide is what the rule says of a position. Kanban believes the bins and not the
// ledger: an empty bin is ordered once, less what is on its way already.
func (r Refill) Decide(p Position, d Demand, t Terms, level Level) Advice {
	if r.Kind != Kanban {
		return Decide(p, d, t, level)
	}
	a := Advice{Position: p, Demand: d, Terms: t, Level: level}
	a.Packs, a.Quantity = RoundUp(r.missing(p), t.Pack, t.LeastPacks)
	return a
}

// missing is what the empty bins hold less what comes.
func (r Refill) missing(p Position) int64 { return r.Empty*r.BinSize - p.OnOrder - p.Proposed }

// inBins is what the full bins hold, with what comes.
func (r Refill) inBins(p Position) int64 { return (r.Bins-r.Empty)*r.BinSize + p.OnOrder }

// Counted is the position that a list compares with the level's reorder point: the
// bins' of kanban, else the ledger's; open proposals left out.
func (r Refill) Counted(p Position) int64 {
	if r.Kind == Kanban {
		return r.inBins(p)
	}
	return p.Projected() - p.Proposed
}

// Sentence is a kanban's reason in words and figures that recompute to the quantity.
func (r Refill) Sentence(a Advice, unit string) string {
	s := fmt.Sprintf("%d of %d bins of %d %s scanned empty", r.Empty, r.Bins, r.BinSize, plural(unit, r.BinSize))
	if r.Empty == 1 {
		s = fmt.Sprintf("1 of %d bins of %d %s was scanned empty", r.Bins, r.BinSize, plural(unit, r.BinSize))
	}
	if on := a.Position.OnOrder; on > 0 {
		s += fmt.Sprintf(", %d on the way", on)
	}
	return s + fmt.Sprintf(": %s of %d.", packs(a.Packs), max(a.Terms.Pack, 1))
}

// Plain is the rule without what its kind does not ask for.
func (r Refill) Plain() Refill {
	plain := Refill{Kind: r.Kind, Since: r.Since}
	switch r.Kind {
	case MinMax:
		plain.Minimum, plain.Maximum = r.Minimum, r.Maximum
	case Par:
		plain.Maximum, plain.ReviewDays = r.Maximum, r.ReviewDays
	case RS:
		plain.ReviewDays = r.ReviewDays
	case Kanban:
		plain.Bins, plain.BinSize = r.Bins, r.BinSize
	}
	return plain
}
