package reorder

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking/hospital"
)

// SurgeID numbers surges.
type SurgeID int64

// Surge is use beyond what chance explains. It ends by itself when a week is
// ordinary again.
type Surge struct {
	ID      SurgeID
	Item    inventory.Item
	FoundOn inventory.Date
	LastOn  inventory.Date
	policy.Surge
	Places  []SurgePlace // where it began first
	Note    string       // what a person said of it
	NotedBy string
}

// SurgePlace is a place that uses more than it did.
type SurgePlace struct {
	Place inventory.PlaceID `json:"place"`
	Name  string            `json:"name"`
	// Unit is the name of the unit that the place belongs to; empty for none.
	Unit     string         `json:"unit,omitempty"`
	Since    inventory.Date `json:"since"`
	Used     float64        `json:"used"`
	Expected float64        `json:"expected"`
}

// ErrUnknownSurge: there is none of that number that still runs.
var ErrUnknownSurge = fmt.Errorf("surge %w", hospital.ErrUnknown)

// watch adds the use of an item up over its places, during the nightly sweep,
// which goes item by item.
type watch struct {
	today  inventory.Date
	item   inventory.Item
	days   []float64
	places []SurgePlace
	found  []Surge
	where  *hospital.Directory
}

// hear takes the use of one place in.
func (w *watch) hear(s Situation) {
	if s.Item.ID != w.item.ID {
		w.judge()
		w.item, w.days, w.places = s.Item, make([]float64, HistoryDays), nil
	}
	days := s.days(w.today)
	for i, y := range days {
		w.days[HistoryDays-len(days)+i] += max(y, 0)
	}
	if surge, unusual := policy.SurgeOf(days); unusual {
		w.places = append(w.places, SurgePlace{Place: s.Place.ID, Name: s.Place.Name, Unit: w.unitOf(s.Place), Since: w.today - inventory.Date(surge.Began(days)),
			Used: surge.Used, Expected: surge.Expected})
	}
}

// unitOf names the unit of a place: its own, or its room's.
func (w *watch) unitOf(p inventory.Place) string {
	if w.where == nil {
		return ""
	}
	unit, _ := w.where.Unit(w.where.UnitOf(p.Unit, p.Room))
	return unit.Name
}

// judge looks at the item that is complete.
func (w *watch) judge() {
	surge, unusual := policy.SurgeOf(fromFirstUse(w.days))
	if w.item.ID == "" || !unusual {
		return
	}
	slices.SortStableFunc(w.places, func(a, b SurgePlace) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(b.Used-b.Expected, a.Used-a.Expected))
	})
	w.found = append(w.found, Surge{Item: w.item, FoundOn: w.today, LastOn: w.today, Surge: surge, Places: w.places})
}

// fromFirstUse drops the days before an item was used for the first time.
func fromFirstUse(days []float64) []float64 {
	return days[slices.IndexFunc(append(slices.Clip(days), 1), func(y float64) bool { return y > 0 }):]
}

// ExplainSurge notes what a surge is about; it stays listed until it is over.
func (d *Desk) ExplainSurge(ctx context.Context, by hospital.Actor, id SurgeID, note string) error {
	if err := by.Need(hospital.CountStock); err != nil {
		return err
	}
	if note = strings.TrimSpace(note); note == "" {
		return hospital.Refuse(hospital.ErrInvalid, "Say what it is about.")
	}
	err := d.Store.InTx(ctx, func(tx Tx) error {
		item, err := tx.ExplainSurge(ctx, id, note, by.Name)
		if err != nil {
			return err
		}
		return tx.Record(ctx, hospital.Deed{By: by, What: "surge.explain", On: "stock/" + string(item), Why: note})
	})
	if err != nil {
		return fmt.Errorf("explain surge %d: %w", id, err)
	}
	return nil
}
