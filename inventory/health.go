package inventory

// Health is how stock does on a day, counted over items.
type Health struct {
	Items int
	// Empty have nothing that may be used today; Low are at or under a reorder point.
	Empty, Low int
	// Cover counts items by how long what is usable lasts at the present use.
	Cover [len(coverBands)]int
	// Idle are used nowhere, as far as the forecast knows.
	Idle int
	// Expired and Expiring count lots on the shelves that are past their day, or will be
	// within ExpiringDays; Held those that wait for a decision.
	Expired, Expiring, Held int
}

// CoverBand is a stretch of days that stock lasts: from, and up to but without, To; 0: no end.
type CoverBand struct{ From, To float64 }

var coverBands = [...]CoverBand{{0, 3}, {3, 7}, {7, 14}, {14, 30}, {30, 90}, {90, 0}}

// CoverBands are the stretches that Health.Cover counts, in its order.
func CoverBands() []CoverBand { return coverBands[:] }

// Available is the share of items of which something may be used today, 0 to 1; 1 of none.
func (h Health) Available() float64 {
	if h.Items == 0 {
		return 1
	}
	return float64(h.Items-h.Empty) / float64(h.Items)
}
