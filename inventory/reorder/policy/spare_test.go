package policy_test

import (
	"testing"

	"wardwatch/inventory/reorder/policy"

	"pgregory.net/rapid"
)

func TestWhatAPlaceCanSpare(t *testing.T) {
	lots := []policy.LotLeft{{Quantity: 0, Days: 1}, {Quantity: 40, Days: 10}, {Quantity: 60, Days: policy.NeverExpires}}
	for name, c := range map[string]struct {
		reserved int64
		level    policy.Level
		perDay   float64
		need     int64
		taker    float64
		want     int64
		expiring bool
	}{
		"twenty would expire":                 {0, policy.Level{}, 2, 100, 9, 20, true},
		"the taker could not use them either": {0, policy.Level{}, 2, 100, 0.5, 5, true},
		"fifteen of them are promised":        {15, policy.Level{}, 2, 100, 9, 5, true},
		"seventy stand above the target":      {0, policy.Set(10, 30), 2, 100, 9, 70, false},
		"no more than is needed":              {0, policy.Set(10, 30), 2, 12, 9, 12, true},
		"nothing above, nothing expires":      {0, policy.Set(50, 100), 4, 100, 9, 0, false},
	} {
		spare := policy.SpareOf(policy.Position{OnHand: 100, Reserved: c.reserved}, c.level, lots, c.perDay)
		if got, expiring := spare.For(c.need, c.taker); got != c.want || expiring != c.expiring {
			t.Errorf("%s: %d, expiring %v of %+v", name, got, expiring, spare)
		}
	}
}

// A place that gives keeps what it orders up to, or gives only what it would lose.
func TestAGiverIsNeverLeftShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lots []policy.LotLeft
		var onHand int64
		for range rapid.IntRange(0, 4).Draw(t, "lots") {
			lot := policy.LotLeft{Quantity: rapid.Int64Range(0, 90).Draw(t, "quantity"), Days: rapid.IntRange(1, 500).Draw(t, "days")}
			lots, onHand = append(lots, lot), onHand+lot.Quantity
		}
		p := policy.Position{OnHand: onHand, Reserved: rapid.Int64Range(0, 50).Draw(t, "reserved")}
		level := policy.Set(rapid.Int64Range(0, 50).Draw(t, "minimum"), rapid.Int64Range(0, 100).Draw(t, "maximum"))
		perDay := rapid.Float64Range(0, 5).Draw(t, "use")
		need := rapid.Int64Range(1, 300).Draw(t, "need")
		given, expiring := policy.SpareOf(p, level, lots, perDay).For(need, rapid.Float64Range(0, 9).Draw(t, "taker"))
		switch left := onHand - p.Reserved - given; {
		case given < 0 || given > need || given > onHand:
			t.Fatalf("gives %d of %d", given, onHand)
		case given > 0 && !expiring && left < level.Target:
			t.Fatalf("gives %d and keeps %d of %d", given, left, level.Target)
		case expiring && given > policy.Waste(lots, perDay, 365):
			t.Fatalf("gives %d that would be used", given)
		}
	})
}
