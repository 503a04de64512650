package inventory_test

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"wardwatch/inventory"
)

func TestPacksAreWholeUnitsOrRefused(t *testing.T) {
	box, unit := inventory.Packing{Name: "box", Units: 10}, inventory.Packing{}
	for text, want := range map[string]int64{"2": 20, "1.5": 15, "0,5": 5, " 3 ": 30, "2.50": 25, "1000000": 10_000_000, ".1": 1} {
		if n, err := box.Amount(text); err != nil || n != want {
			t.Errorf("%q boxes of 10: %d %v, want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"0.25", "1.33", "", "two", "-1", "1e3", "1000001", "0.0001", "1.-5", "999999999999", "1.2.3", "+2"} {
		if n, err := box.Amount(text); err == nil {
			t.Errorf("%q boxes of 10 are %d", text, n)
		}
	}
	if n, err := unit.Amount("12"); err != nil || n != 12 {
		t.Errorf("12 units: %d %v", n, err)
	}
	if n, err := unit.Amount("1.5"); err == nil {
		t.Errorf("1.5 units are %d", n)
	}
}

// What is booked in packs and read back in units never gains or loses anything.
func TestNoPackIsEverRounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := inventory.Packing{Name: "box", Units: rapid.Int64Range(2, 500).Draw(t, "units")}
		thousandths := rapid.Int64Range(0, 5_000_000).Draw(t, "thousandths")
		text := strconv.FormatInt(thousandths/1000, 10) + "." + strconv.FormatInt(1000+thousandths%1000, 10)[1:]
		n, err := p.Amount(text)
		if whole := thousandths*p.Units%1000 == 0; whole != (err == nil) {
			t.Fatalf("%s of %d: %d %v", text, p.Units, n, err)
		}
		if err == nil && n*1000 != thousandths*p.Units {
			t.Fatalf("%s of %d became %d", text, p.Units, n)
		}
	})
}

func FuzzAmount(f *testing.F) {
	for _, text := range []string{"2", "1.5", "0,5", "", "-", "1.2.3", "99999999.999"} {
		f.Add(text, int64(10))
	}
	f.Fuzz(func(t *testing.T, text string, units int64) {
		n, err := inventory.Packing{Units: units}.Amount(text)
		if err == nil && (n < 0 || n > inventory.MaxQuantity) {
			t.Errorf("%q of %d is %d", text, units, n)
		}
	})
}
