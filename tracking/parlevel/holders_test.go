package parlevel

import (
	"slices"
	"testing"

	"wardwatch/tracking/hospital"
)

func TestWhoHasMostBeyondTheTargetIsAskedFirst(t *testing.T) {
	line := func(unit hospital.UnitID, kind string, have, target int) Line {
		return Line{Level: Level{Unit: unit, Kind: kind, Target: target}, Count: Count{Have: have}}
	}
	lines := []Line{line("enough", "pump", 4, 4), line("two", "pump", 6, 4), line("beds", "bed", 9, 0), line("five", "pump", 5, 0),
		line("one", "pump", 2, 1), line("two-too", "pump", 3, 1)}
	var units []hospital.UnitID
	for _, holder := range Holders(lines, []string{"pump"}) {
		units = append(units, holder.Unit)
	}
	if want := []hospital.UnitID{"five", "two", "two-too"}; !slices.Equal(units, want) {
		t.Errorf("asked are %v, want %v", units, want)
	}
}
