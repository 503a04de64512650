package inventory_test

import (
	"testing"

	"wardwatch/inventory"
)

func TestWhatIsWorthMostAndNeededMostIsCountedMost(t *testing.T) {
	subjects := []inventory.CountSubject{
		{Item: "insulin", YearlyUse: 1000, Price: 900, Pack: 1, Criticality: "vital"},
		{Item: "gloves", YearlyUse: 50_000, Price: 450, Pack: 100, Criticality: "essential"},
		{Item: "adrenaline", YearlyUse: 4, Price: 300, Pack: 10, Criticality: "vital"},
		{Item: "swabs", YearlyUse: 900, Price: 300, Pack: 50},
		{Item: "posters", YearlyUse: 3, Price: 100, Pack: 1, Criticality: "desirable"},
	}
	want := []inventory.CountClass{inventory.ClassA, inventory.ClassB, inventory.ClassB, inventory.ClassC, inventory.ClassC}
	for i, class := range inventory.ClassifyCounts(subjects) {
		if class != want[i] {
			t.Errorf("%s is %s, want %s", subjects[i].Item, class, want[i])
		}
	}
	if a, b, c := inventory.ClassA.Every(), inventory.ClassB.Every(), inventory.ClassC.Every(); a >= b || b >= c {
		t.Errorf("every %d, %d, %d days", a, b, c)
	}
	counted := inventory.CountSubject{Item: "x", Place: "p", CountedOn: 20_000}
	if due := counted.Due(inventory.ClassA, 20_010); due != 20_030 {
		t.Errorf("due on %d", due)
	}
	days := map[inventory.Date]int{}
	for i := range 300 {
		days[inventory.CountSubject{Item: inventory.ItemID(string(rune('a'+i%26)) + string(rune('a'+i/26))), Place: "p"}.Due(inventory.ClassA, 20_000)]++
	}
	if len(days) < 25 {
		t.Errorf("300 items that were never counted fall on %d days", len(days))
	}
}

func TestWhenACountStands(t *testing.T) {
	line := func(class inventory.CountClass, counted ...int64) inventory.CountLine {
		l := inventory.CountLine{Class: class}
		for _, n := range counted {
			l.Counted = append(l.Counted, inventory.CountTally{N: n})
		}
		return l
	}
	for name, c := range map[string]struct {
		line   inventory.CountLine
		ledger int64
		stands bool
	}{
		"nothing counted":              {line(inventory.ClassA), 0, false},
		"A that fits":                  {line(inventory.ClassA, 100), 100, true},
		"A that is one off":            {line(inventory.ClassA, 99), 100, false},
		"B at its limit":               {line(inventory.ClassB, 98), 100, true},
		"B over its limit":             {line(inventory.ClassB, 97), 100, false},
		"C at its limit":               {line(inventory.ClassC, 105), 100, true},
		"C over its limit":             {line(inventory.ClassC, 106), 100, false},
		"twice the same":               {line(inventory.ClassA, 90, 90), 100, true},
		"twice something else":         {line(inventory.ClassA, 90, 91), 100, false},
		"the third stands as it is":    {line(inventory.ClassA, 90, 91, 92), 100, true},
		"nothing there, nothing found": {line(inventory.ClassA, 0), 0, true},
	} {
		if c.line.Stands(c.ledger) != c.stands {
			t.Errorf("%s: %v", name, !c.stands)
		}
	}
}
