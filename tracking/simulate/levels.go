package simulate

import (
	"slices"

	"wardwatch/tracking/hospital"
	"wardwatch/tracking/hospital/document"
)

// parLevels is what the made-up units want to stand ready. The equipment library
// and the supply stores give all that they have.
func (d *Drawing) parLevels() []document.ParLevel {
	wanted := []document.ParLevel{
		{Unit: "medical", Kind: "infusion pump", Target: 14, Critical: 4}, {Unit: "medical", Kind: "wheelchair", Target: 3, Critical: 1},
		{Unit: "children", Kind: "infusion pump", Target: 6, Critical: 2}, {Unit: "children", Kind: "feeding pump", Target: 3},
		{Unit: "ed", Kind: "infusion pump", Target: 8, Critical: 3}, {Unit: "ed", Kind: "wheelchair", Target: 2},
		{Unit: "icu", Kind: "infusion pump", Target: 10, Critical: 4}, {Unit: "icu", Kind: "syringe pump", Target: 9, Critical: 3},
		{Unit: "icu", Kind: "ventilator", Target: 4, Critical: 2}, {Unit: "theatres", Kind: "syringe pump", Target: 7, Critical: 2},
		{Unit: "biomed", Kind: "infusion pump"}, {Unit: "supply", Kind: "wheelchair"},
	}
	for i := range wanted {
		wanted[i].Target, wanted[i].Critical = d.share(wanted[i].Target), d.share(wanted[i].Critical)
	}
	return slices.DeleteFunc(wanted, func(l document.ParLevel) bool {
		drawn := slices.ContainsFunc(d.Units, func(u hospital.Unit) bool { return u.ID == l.Unit })
		return !drawn || !slices.ContainsFunc(d.Assets, func(a Asset) bool { return a.Kind == l.Kind })
	})
}

// share is what a number of a middle-sized hospital is in this one; nothing stays nothing.
func (d *Drawing) share(count int) int {
	if count == 0 || d.Size == Campus { // a campus has more wards, not larger ones
		return count
	}
	return d.scaled(count)
}
