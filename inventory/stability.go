package inventory

import (
	"fmt"
	"strings"
	"time"

	"wardwatch/tracking/coldchain"
)

// Exposure is the time that a lot spent out of its range in one excursion, with
// the temperature that was farthest out. Time that nobody measured counts too.
type Exposure struct {
	Excursion coldchain.ExcursionID
	Minutes   int64
	Peak      coldchain.MilliCelsius
}

// ExposureTo is what an excursion that is over has done to the lots that stood in it.
func ExposureTo(e coldchain.Excursion) Exposure {
	peak := e.Max
	if e.Direction == coldchain.TooCold {
		peak = e.Min
	}
	spent := max(e.Possible, e.Known)
	return Exposure{Excursion: e.ID, Minutes: int64((spent + time.Minute - 1) / time.Minute), Peak: peak}
}

// Before is the budget as it was before an excursion, After with it: what later
// excursions did is in neither.
func (h HeldLot) Before() Budget {
	if h.Weighed != nil {
		return h.Weighed.Before
	}
	return BudgetOf(h.Stability, h.until(h.Excursion))
}

// After is Before with the excursion itself.
func (h HeldLot) After() Budget {
	if h.Weighed != nil {
		return h.Weighed.After
	}
	return BudgetOf(h.Stability, h.until(h.Excursion+1))
}

func (h HeldLot) until(id coldchain.ExcursionID) []Exposure {
	var all []Exposure
	for _, e := range h.Exposures {
		if e.Excursion < id {
			all = append(all, e)
		}
	}
	return all
}

// Said is the budget in words: "3 h 20 min of 24 h at 8 to 15 °C left".
func (b Budget) Said() string {
	var said []string
	for _, band := range b.Bands {
		left, word := band.Left, "left"
		if left < 0 {
			left, word = -left, "too much"
		}
		said = append(said, fmt.Sprintf("%d h %02d min of %g h at %g to %g °C %s", int(left.Hours()), int(left.Minutes())%60, band.Hours, band.FromCelsius, band.ToCelsius, word))
	}
	if len(b.Bands) == 0 {
		return "no stability data stored"
	}
	if len(b.Unknown) > 0 {
		said = append(said, "and a temperature of which the maker says nothing")
	}
	return strings.Join(said, "; ")
}

// BandSpent is how much of one band's time a lot has used up.
type BandSpent struct {
	Stability
	Spent time.Duration
	Left  time.Duration // negative when it is over
}

// BandExposure is the time that a lot spent in one band of its product: before an
// excursion, during it and since, and what is left of the band's time now.
type BandExposure struct {
	Stability
	// Open is true for what lay beyond every band: nobody has said how long it is borne.
	Open bool
	// Peak is the farthest temperature there; of an Open band alone.
	Peak                  coldchain.MilliCelsius
	Before, During, Since time.Duration
	Left                  time.Duration // negative when it is over; 0 of an Open band
}

// Bands are the lot's exposures, one for each band of its product, and a last one for
// what lay beyond them all, where any did. Of a band that counts each stay by itself the
// times are the longest stay of their part. Nil where nobody has asked Histories.
func (h HeldLot) Bands() []BandExposure {
	if h.Weighed == nil {
		return nil
	}
	w := h.Weighed
	all := make([]BandExposure, len(w.Now.Bands))
	for i, now := range w.Now.Bands {
		all[i] = BandExposure{Stability: now.Stability, Before: w.Before.Bands[i].Spent, During: w.During.Bands[i].Spent, Since: w.Since.Bands[i].Spent, Left: now.Left}
	}
	if len(w.Now.Unknown) > 0 {
		open := BandExposure{Open: true, Before: w.Before.beyond(), During: w.During.beyond(), Since: w.Since.beyond()}
		for _, e := range w.Now.Unknown {
			open.Peak = e.Peak
		}
		all = append(all, open)
	}
	return all
}

// beyond is the time at temperatures of which the maker says nothing.
func (b Budget) beyond() time.Duration {
	var sum time.Duration
	for _, e := range b.Unknown {
		sum += time.Duration(e.Minutes) * time.Minute
	}
	return sum
}

// Budget is what exposures have left of a lot's stability.
type Budget struct {
	Bands []BandSpent
	// Unknown are exposures at temperatures of which the maker says nothing.
	Unknown []Exposure
}

// Within says whether the maker's data cover everything that happened.
func (b Budget) Within() bool {
	for _, band := range b.Bands {
		if band.Left < 0 {
			return false
		}
	}
	return len(b.Unknown) == 0
}

// BudgetOf charges each exposure, whole, to the band that its peak lies in: the
// strictest reading of the record. Where bands overlap the shorter one is charged.
func BudgetOf(bands []Stability, exposures []Exposure) Budget {
	var b Budget
	for _, band := range bands {
		b.Bands = append(b.Bands, BandSpent{Stability: band})
	}
	for _, e := range exposures {
		at := -1
		for i, band := range bands {
			celsius := float64(e.Peak) / 1000
			if celsius >= band.FromCelsius && celsius <= band.ToCelsius && (at < 0 || band.Hours < bands[at].Hours) {
				at = i
			}
		}
		if at < 0 {
			b.Unknown = append(b.Unknown, e)
			continue
		}
		b.Bands[at].Spent += time.Duration(e.Minutes) * time.Minute
	}
	for i, band := range b.Bands {
		b.Bands[i].Left = time.Duration(band.Hours*float64(time.Hour)) - band.Spent
	}
	return b
}
