package inventory_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardwatch/inventory"
)

func TestWhatASnapshotOfACabinetMeans(t *testing.T) {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ago := func(s int) time.Time { return at.Add(-time.Duration(s) * time.Second) }
	known := []inventory.CabinetTag{{EPC: "READ", Inside: true}, {EPC: "SHADED", Inside: true}, {EPC: "GONE", Inside: true}, {EPC: "NEVER", Inside: true},
		{EPC: "BACK", ChangedAt: ago(600)}, {EPC: "OUT", ChangedAt: ago(600)}, {EPC: "LEAVING", ChangedAt: ago(5)}}
	seen := map[string]time.Time{"READ": ago(1), "SHADED": ago(59), "GONE": ago(60), "BACK": ago(2), "LEAVING": ago(10), "STRANGER": ago(3), "PASSED BY": ago(90)}
	epcs := func(tags []inventory.CabinetTag) (out []string) {
		for _, tag := range tags {
			out = append(out, tag.EPC)
		}
		return out
	}
	taken, back, strange := inventory.CompareCabinet(known, seen, ago(3600), at)
	if !slices.Equal(epcs(taken), []string{"GONE", "NEVER"}) || !slices.Equal(epcs(back), []string{"BACK"}) || !slices.Equal(strange, []string{"STRANGER"}) {
		t.Errorf("taken %v, back %v, strange %v", epcs(taken), epcs(back), strange)
	}
	if taken, _, _ = inventory.CompareCabinet(known, seen, ago(30), at); len(taken) != 0 {
		t.Errorf("half a minute after the reader came back %v are gone", epcs(taken))
	}
}

func TestWhatWillBeWastedOfALot(t *testing.T) {
	today := inventory.Date(20_000)
	lot := func(id string, n int64, days inventory.Date) inventory.Balance {
		return inventory.Balance{Lot: inventory.Lot{ID: inventory.LotID(id), Expiry: today + days - 1}, Free: n}
	}
	endless := inventory.Balance{Lot: inventory.Lot{ID: "z"}, Free: 50}
	for name, c := range map[string]struct {
		lots []inventory.Balance
		use  float64
		want []int64
	}{
		"used in time":                         {[]inventory.Balance{lot("a", 10, 10)}, 1, []int64{0}},
		"one too many":                         {[]inventory.Balance{lot("a", 11, 10)}, 1, []int64{1}},
		"the first takes the second's days":    {[]inventory.Balance{lot("b", 10, 12), lot("a", 10, 10)}, 1, []int64{8, 0}},
		"nobody uses it":                       {[]inventory.Balance{lot("a", 7, 100), endless}, 0, []int64{7, 0}},
		"a lot that lasts for ever comes last": {[]inventory.Balance{endless, lot("a", 5, 5)}, 1, []int64{0, 0}},
	} {
		if waste := inventory.ExpectedWaste(c.lots, c.use, today); !slices.Equal(waste, c.want) {
			t.Errorf("%s: %v, want %v", name, waste, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var lots []inventory.Balance
		for i := range rapid.IntRange(0, 6).Draw(t, "lots") {
			lots = append(lots, lot(string(rune('a'+i)), rapid.Int64Range(0, 50).Draw(t, "n"), inventory.Date(rapid.IntRange(1, 60).Draw(t, "days"))))
		}
		use := rapid.Float64Range(0, 10).Draw(t, "use")
		more := inventory.ExpectedWaste(lots, use+1, today)
		for i, w := range inventory.ExpectedWaste(lots, use, today) {
			if w < 0 || w > lots[i].Free {
				t.Fatalf("%d of %d are wasted", w, lots[i].Free)
			}
		}
		sum := func(all []int64) (n int64) {
			for _, w := range all {
				n += w
			}
			return n
		}
		if sum(more) > sum(inventory.ExpectedWaste(lots, use, today)) {
			t.Fatal("more use wastes more")
		}
	})
}
