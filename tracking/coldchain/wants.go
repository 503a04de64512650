package coldchain

import (
	"context"
	"time"
)

// CarrierPQS begins the codes of cold boxes and vaccine carriers in WHO's catalogue.
const CarrierPQS = "E004"

// carriers are the fridges that are known to move, each with its trips in a time. A carrier
// that stands empty keeps nothing cold, and nobody looks at it.
type carriers map[FridgeID][]Trip

// carriersWithin reads them.
func (m *Monitor) carriersWithin(ctx context.Context, from, to time.Time) (carriers, error) {
	return m.store.CarrierTrips(ctx, from, to)
}

// wantsLook says whether a fridge wants its daily look at a moment: a fridge or freezer
// always, a carrier while it is on its way with goods in it.
func (c carriers) wantsLook(id FridgeID, at time.Time) bool {
	trips, moves := c[id]
	if !moves {
		return true
	}
	for _, t := range trips {
		if !t.StartedAt.After(at) && (t.Running() || at.Before(t.EndedAt)) {
			return true
		}
	}
	return false
}

// lookedAt are the looks that are wanted of a fridge: so many a day, on workdays, in the
// site's zone. Of a carrier they are wanted on the days at whose end it was on its way: one
// that arrived the same day has its trip's record.
type lookedAt struct {
	fridge FridgeID
	moves  carriers
	zone   *time.Location
	wanted int
}

// workdays are the whole days of a time on which looks are wanted.
func (l lookedAt) workdays(from, to time.Time) []time.Time { return l.missed(nil, from, to) }

// missed are the workdays with fewer looks than are wanted a day.
func (l lookedAt) missed(checks []Check, from, to time.Time) []time.Time {
	looked := map[string][]Check{}
	for _, c := range checks {
		day := c.At.In(l.zone).Format(time.DateOnly)
		looked[day] = append(looked[day], c)
	}
	var missed []time.Time
	for day := from.In(l.zone); !day.AddDate(0, 0, 1).After(to); day = day.AddDate(0, 0, 1) {
		if weekend(day) || counting(looked[day.Format(time.DateOnly)]) >= l.wanted || !l.moves.wantsLook(l.fridge, day.AddDate(0, 0, 1).Add(-time.Millisecond)) {
			continue
		}
		missed = append(missed, day)
	}
	return missed
}

func weekend(day time.Time) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}
