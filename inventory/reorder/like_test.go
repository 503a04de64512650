package reorder_test

import (
	"strings"
	"testing"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
)

// A new needle is forecast from the one that it replaces, until it has a history of its own.
func TestANewItemStartsFromItsLike(t *testing.T) {
	const today = inventory.Date(20_000)
	old := reorder.Situation{FirstUse: today - 200}
	for day := today - 200; day < today; day++ {
		old.Use = append(old.Use, reorder.DayUse{Day: day, Quantity: 6})
	}
	s := reorder.Situation{Item: inventory.Item{ID: "new", Unit: "piece", Pack: 10}, Supplier: inventory.Supplier{ID: "s", LeadDays: 5}, OrderedFor: true}
	if a := s.Advise(today); a.Due() || a.Demand.PerDay != 0 {
		t.Fatalf("without a like: %+v", a)
	}
	if !s.New(today) {
		t.Fatal("it is not new")
	}
	a := s.StartedFrom(inventory.Item{Name: "Old needle"}, old).Advise(today)
	if !a.Due() || a.Demand.PerDay < 5.5 || a.Demand.PerDay > 6.5 {
		t.Errorf("with its like: %+v", a)
	}
	s.FirstUse, s.Use = today-10, []reorder.DayUse{{Day: today - 10, Quantity: 2}, {Day: today - 3, Quantity: 2}}
	mixed := s.StartedFrom(inventory.Item{Name: "Old needle"}, old)
	if n := len(mixed.Use); n != 190+2 || mixed.FirstUse != today-200 || !strings.Contains(mixed.Like, "Old") {
		t.Errorf("%d days of use since %d", n, mixed.FirstUse)
	}
	s.FirstUse = today - 28
	if s.New(today) {
		t.Error("after four weeks it still is new")
	}
	if same := s.StartedFrom(inventory.Item{Name: "x"}, reorder.Situation{}); same.Like != "" {
		t.Error("it starts from what was never used")
	}
}
