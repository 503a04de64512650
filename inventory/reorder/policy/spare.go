package policy

import "slices"

// Spare is what a place could give away of an item.
type Spare struct {
	// Expiring will expire there before it is used; the first of it in Days days.
	Expiring int64
	Days     int
	// Above stands above what the place orders up to.
	Above int64
}

// aYear is how far ahead a place is asked what it will not have used.
const aYear = 365

// SpareOf looks at a place that may give. What is reserved already is not spare,
// and a place without a target gives only what it would throw away.
func SpareOf(p Position, level Level, lots []LotLeft, perDay float64) Spare {
	s := Spare{Expiring: max(Waste(lots, perDay, aYear)-p.Reserved, 0)}
	if s.Expiring > 0 {
		first := slices.MinFunc(lots, func(a, b LotLeft) int { return a.days() - b.days() })
		s.Days = first.Days
	}
	if level.Target > 0 {
		s.Above = max(p.Usable()-p.Reserved-level.Target, 0)
	}
	return s
}

// days is Days, with lots that hold nothing last of all.
func (l LotLeft) days() int {
	if l.Quantity <= 0 {
		return NeverExpires
	}
	return l.Days
}

// For is how much of it helps a place that needs so much and uses perDay: what
// would expire there too does not.
func (s Spare) For(need int64, perDay float64) (quantity int64, expiring bool) {
	saved := min(s.Expiring, need, int64(perDay*float64(s.Days)))
	if above := min(s.Above, need); above > saved {
		return above, false
	}
	return saved, saved > 0
}
