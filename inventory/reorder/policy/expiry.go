package policy

import (
	"cmp"
	"slices"
)

// LotLeft is what is left of a lot: its usable quantity and the days through
// which it may be used, today counted; NeverExpires for one without a date.
type LotLeft struct {
	Quantity int64
	Days     int
}

// NeverExpires is the Days of a lot without an expiry date.
const NeverExpires = 1 << 30

// Waste is how much of the lots will expire unused within the horizon when every
// day takes perDay units of the lot that expires first.
func Waste(lots []LotLeft, perDay float64, horizonDays int) int64 {
	sorted := slices.SortedFunc(slices.Values(lots), func(a, b LotLeft) int { return cmp.Compare(a.Days, b.Days) })
	wasted, used := int64(0), 0.0
	for _, lot := range sorted {
		if lot.Days > horizonDays || lot.Quantity <= 0 {
			continue
		}
		reach := max(perDay*float64(max(lot.Days, 0))-used, 0)
		taken := min(float64(lot.Quantity), reach)
		used += taken
		wasted += lot.Quantity - int64(taken+1e-9)
	}
	return wasted
}
