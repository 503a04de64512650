package fleet

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// What the advice rests on.
const (
	// EnoughDays is how many days of history an advice needs.
	EnoughDays = 7
	// Busy is the share of time for which the fleet must be large enough.
	Busy = 0.99
	// Spare is how much more than the busy level is kept: for cleaning, repair and transport.
	Spare = 0.15
)

// Size is how many pieces of a kind are needed, with the evidence.
type Size struct {
	Kind string
	// Have is how many there are, Broken how many of them wait for repair just now.
	Have, Broken int
	// Peak is the most in use at once, Busy what was enough for 99 % of the time, Half for half of it.
	Peak, Busy, Half int
	// NotReady is the share of the time that pieces were dirty or broken: they are
	// there, but nobody can take them.
	NotReady float64
	// Advice is how many are enough; Days on how many days it rests.
	Advice, Days int
}

// Spare is how many pieces could be given away or need not be replaced; negative: so many are missing.
func (s Size) Spare() int { return s.Have - s.Advice }

// Known says whether there is enough history for an advice.
func (s Size) Known() bool { return s.Days >= EnoughDays }

// Because is the advice's reason in a sentence.
func (s Size) Because() string {
	if !s.Known() {
		return fmt.Sprintf("%d of %d days are recorded; an advice needs them all.", s.Days, EnoughDays)
	}
	return fmt.Sprintf("At most %d were in use at once, %d were enough for 99 %% of the time; %.0f %% of the time a piece is being cleaned or repaired, and %.0f %% are kept spare.",
		s.Peak, s.Busy, 100*s.NotReady, 100*Spare)
}

// Advise says how many pieces of each kind are enough: what was in use for 99 %
// of the time, more by the share that is being cleaned or repaired, and a spare.
// It never advises fewer than were in use at once. The kind with most to gain
// comes first.
func Advise(s Summary, days int, have, broken map[string]int) []Size {
	use := map[string]Use{}
	for owner, u := range s.Use {
		sum := use[owner.Kind]
		sum.add(u)
		use[owner.Kind] = sum
	}
	var sizes []Size
	for kind, n := range have {
		u := use[kind]
		size := Size{Kind: kind, Have: n, Broken: broken[kind], Days: days, Peak: s.Peak(kind),
			Busy: s.Percentile(kind, Busy), Half: s.Percentile(kind, 0.5), NotReady: u.Share(u.Dirty + u.Broken)}
		size.Advice = enough(size)
		sizes = append(sizes, size)
	}
	slices.SortFunc(sizes, func(a, b Size) int {
		return cmp.Or(cmp.Compare(b.Spare(), a.Spare()), cmp.Compare(a.Kind, b.Kind))
	})
	return sizes
}

func enough(s Size) int {
	ready := 1 - min(s.NotReady, 0.5) // a fleet that is never ready needs repair, not growth
	return max(int(math.Ceil(float64(s.Busy)*(1+Spare)/ready)), s.Peak, 1)
}
